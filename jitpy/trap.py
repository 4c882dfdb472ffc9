"""`Trap`: what a trap in CLIF becomes in Python."""

from __future__ import annotations


class Trap(Exception):
    """A trap: its ``code`` (``int_divz``, ``heap_oob``, ``user1`` ...), the ``function`` it was in, and the ``line``
    of the CLIF source (0 where unknown). An exception that no ``try_call`` caught has the code ``uncaught``, and ``thrown`` is
    its tag and two payloads; of other traps it is None.
    """

    def __init__(
        self, code: str, function: str = "", line: int = 0, detail: str = "", thrown: tuple[int, int, int] | None = None
    ) -> None:  # fmt: skip
        self.code = code
        self.function = function
        self.line = line
        self.detail = detail
        self.thrown = thrown
        where = f" in %{function}" if function else ""
        if line:
            where += f", line {line}"
        super().__init__(f"{code}{where}{': ' + detail if detail else ''}")

    def __reduce__(self) -> tuple[type[Trap], tuple[str, str, int, str, tuple[int, int, int] | None]]:
        return Trap, (self.code, self.function, self.line, self.detail, self.thrown)
