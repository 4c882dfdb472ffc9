"""Errors of ISLE text: positions, one sentence each, and as many of them per run as possible."""

from __future__ import annotations

from typing import NamedTuple

from jitpy.backend.errors import CompileError, ParseError


class Pos(NamedTuple):
    """A place in a source file; line and column count from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Diagnostic(NamedTuple):
    """One thing that is wrong, and where."""

    pos: Pos
    message: str

    def __str__(self) -> str:
        return f"{self.pos}: {self.message}"


class IsleError(CompileError):
    """ISLE text that parses but means nothing; ``errors`` holds all diagnostics of the run."""

    def __init__(self, errors: list[Diagnostic]) -> None:
        self.errors = sorted(errors)
        super().__init__("\n".join(map(str, self.errors)))


class IsleSyntaxError(ParseError):
    """ISLE text that does not parse; ``errors`` holds all of them, the message the first of each form."""

    def __init__(self, errors: list[Diagnostic]) -> None:
        self.errors = sorted(errors)
        first = self.errors[0]
        rest = "".join(f"\n{e}" for e in self.errors[1:])
        super().__init__(first.message + rest, first.pos.line, first.pos.column, first.pos.path)


class Reporter:
    """Collects diagnostics; the same sentence at the same place is kept once."""

    def __init__(self) -> None:
        self.errors: list[Diagnostic] = []
        self._seen: set[Diagnostic] = set()

    def error(self, pos: Pos, message: str) -> None:
        """Record one error and go on."""
        found = Diagnostic(pos, message)
        if found not in self._seen:
            self._seen.add(found)
            self.errors.append(found)

    def check(self) -> None:
        """Raise ``IsleError`` if anything was recorded."""
        if self.errors:
            raise IsleError(self.errors)
