"""The one name that generated code imports: the error of a total term that no rule matched."""

from __future__ import annotations

from jitpy.backend.errors import CompileError


class Unmatched(CompileError):
    """A term declared neither ``partial`` nor ``multi`` met arguments that no rule matches."""

    def __init__(self, term: str, arguments: tuple[object, ...]) -> None:
        self.term = term
        self.arguments_ = arguments
        super().__init__(
            f"no rule of ISLE term {term!r} matches {arguments!r}; add a rule or declare it partial"
        )
