"""Compile errors that point at the Python source: file, line, caret, and what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import UnsupportedError

if TYPE_CHECKING:
    from types import CodeType


class SourceError(UnsupportedError):
    """Something at a place in a Python function that cannot be compiled."""

    def __init__(self, message: str, hint: str = "", code: CodeType | None = None, position: Any = None) -> None:
        self.message = message
        self.hint = hint
        self.function = code.co_name if code is not None else ""
        self.filename = code.co_filename if code is not None else ""
        self.line = position[0] if position else 0
        text = message
        if code is not None and self.line:
            text += f"\n  File {self.filename!r}, line {self.line}, in {self.function}"
            text += source_excerpt(self.filename, position)
        if hint:
            text += f"\n  {hint}"
        super().__init__(text)


def source_excerpt(filename: str, position: tuple[int | None, int | None, int | None, int | None]) -> str:
    """The source line with carets below the columns, or nothing where the source is not at hand."""
    import linecache

    line, end_line, column, end_column = position
    if not line:
        return ""
    text = linecache.getline(filename, line).rstrip("\n")
    if not text.strip():
        return ""
    stripped = text.lstrip()
    out = "\n    " + stripped
    if column is not None:
        raw = text.encode()
        start = len(raw[:column].decode(errors="replace")) - (len(text) - len(stripped))
        last = len(raw) if end_line != line or end_column is None else end_column
        width = len(raw[column:last].decode(errors="replace"))
        if start >= 0:
            out += "\n    " + " " * start + "^" * max(width, 1)
    return out
