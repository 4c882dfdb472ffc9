"""The errors of compilation: one root, so that a caller can catch them all."""

from __future__ import annotations


class CompileError(TypeError):
    """Something could not be compiled. The message says what, where and what to do instead."""


class ParseError(CompileError):
    """CLIF or ISLE text that does not parse; carries ``line`` and ``column``, both from 1."""

    def __init__(self, message: str, line: int, column: int, path: str = "") -> None:
        self.message = message
        self.line = line
        self.column = column
        self.path = path
        where = f"{path}:{line}:{column}" if path else f"line {line}, column {column}"
        super().__init__(f"{where}: {message}")


class VerifierError(CompileError):
    """A function that breaks CLIF's rules; ``errors`` is a list of (location text, message)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{where}: {what}" for where, what in errors))


class UnsupportedError(CompileError):
    """A construct that is valid but that the target or the frontend does not support."""
