"""The ``set`` lines of a file's header: what they ask for, and what is no setting."""

from __future__ import annotations

import pytest
from jitpy.backend import isa
from jitpy.backend.errors import ParseError
from jitpy.backend.filetests import engines
from jitpy.backend.filetests.header import Header, asking
from jitpy.backend.filetests.outcome import FAIL
from jitpy.backend.filetests.runner import run_text
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_file


def settings(text: str) -> list[Settings]:
    return [engines.settings(line.opt_level, line.settings) for line in Header(parse_file(text)).targets]


def test_they_hold_for_the_target_lines_that_follow() -> None:
    first, second = settings("set is_pic\ntarget x86_64\nset opt_level=speed is_pic=false chaos_seed=0x10\ntarget aarch64\n")
    assert (first.opt_level, first.regalloc, first.is_pic, first.chaos_seed) == ("none", "onepass", True, 0)
    assert (second.opt_level, second.regalloc, second.is_pic, second.chaos_seed) == ("speed", "linear", False, 16)
    (host,) = settings("set regalloc=linear regalloc_checker=0\n")
    assert (host.regalloc, host.regalloc_checker, host.enable_verifier) == ("linear", False, True)


def test_what_asks_for_settings_is_read_back() -> None:
    made = Settings(
        "none", "linear", enable_verifier=True, regalloc_checker=True, align_loops=False, enable_inlining=True,
        enable_nan_canonicalization=True, chaos_seed=3, traps="call", stack_limit=96, is_pic=True,
    )  # fmt: skip
    for asked in (made, Settings(enable_verifier=True, regalloc_checker=True)):
        (again,) = settings("\n".join(asking(asked, isa.lookup("aarch64", {"has_lse": 1}))))
        assert again.key() == asked.key()


def test_a_setting_of_cranelifts_alone_says_nothing() -> None:
    (made,) = settings("set unwind_info=false preserve_frame_pointers\n")
    assert made.key() == engines.settings("none").key()


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("set regaloc=linear", 5, "there is no setting 'regaloc'; there are align_loops, chaos_seed, enable_inlining, "),
        ("set is_pic regalloc=fast", 12, "regalloc is one of linear, onepass"),
        ("set regalloc", 5, "regalloc is one of linear, onepass"),
        ("set chaos_seed", 5, "chaos_seed is a whole number: chaos_seed=1"),
        ("set stack_limit=far", 5, "stack_limit is a whole number: stack_limit=1"),
        ("set is_pic=maybe", 5, "is_pic is true or false"),
    ],
)
def test_wrong_ones_are_refused_where_they_stand(line: str, column: int, message: str) -> None:
    text = f"test run\n{line}\n"
    with pytest.raises(ParseError) as found:
        Header(parse_file(text))
    assert (found.value.line, found.value.column) == (2, column)
    assert found.value.message.startswith(message)
    (outcome,) = run_text(text)
    assert outcome.status == FAIL and message in outcome.detail
