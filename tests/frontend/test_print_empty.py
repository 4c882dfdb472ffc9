"""``print`` with empty strings among its arguments."""

from __future__ import annotations

from jitpy import jit


def test_empty_strings_are_printed(capsys) -> None:
    @jit
    def talk(x):
        print("")
        print("", x, "", sep="-")
        print("", end="!")
        return x

    talk(3)
    assert capsys.readouterr().out == "\n-3-\n!"
