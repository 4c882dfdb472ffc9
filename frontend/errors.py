"""Compile errors that point at the Python source: file, line, caret, from where it was called, and what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import UnsupportedError

if TYPE_CHECKING:
    from types import CodeType

    Position = tuple[int | None, int | None, int | None, int | None]

#: Places of a chain of calls that are shown: the innermost, and these many of the outermost.
_CALLERS = 3
_COMPREHENSIONS = ("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>")


class SourceError(UnsupportedError):
    """Something at a place in a Python function that cannot be compiled.

    ``message`` and ``hint``; ``function``, ``filename`` and ``line`` of the place; `called_from` adds the calls that led there.
    """

    def __init__(self, message: str, hint: str = "", code: CodeType | None = None, position: Any = None) -> None:
        self.message = message
        self.hint = hint
        self.code = code
        self.function = code.co_name if code is not None else ""
        self.filename = code.co_filename if code is not None else ""
        self.line = 0
        self.place = ""
        self.callers: list[str] = []
        self.innermost = self.function
        self.left = False
        if code is not None and position and position[0]:
            self.line, self.place = _place(code, position)
        super().__init__(str(self))

    def passes(self, code: CodeType, position: Position) -> None:
        """The error passes through a function, which is at this place: its own place if it is there, else a call."""
        if self.left or self.code is not code:
            # A comprehension is part of the function around it.
            if self.innermost not in _COMPREHENSIONS:
                self.callers.append("\n  called from" + _place(code, position)[1][2:])
                self.args = (str(self),)
            self.innermost = code.co_name
        self.left = True

    def __str__(self) -> str:
        callers = self.callers
        if len(callers) > _CALLERS:
            callers = [f"\n  called through {len(callers) - _CALLERS} more functions", *callers[-_CALLERS:]]
        return self.message + self.place + "".join(callers) + (f"\n  {self.hint}" if self.hint else "")


def _place(code: CodeType, position: Position) -> tuple[int, str]:
    """The line and the text of a place. The beginning of a decorated function is its ``def``, not the decorator."""
    import linecache

    line = position[0] or code.co_firstlineno
    if line == code.co_firstlineno and linecache.getline(code.co_filename, line).lstrip().startswith("@"):
        for number in range(line, line + 100):
            if linecache.getline(code.co_filename, number).lstrip().startswith(("def ", "async def ")):
                line = number
                position = (line, None, None, None)
                break
    where = f"\n  File {code.co_filename!r}, line {line}, in {code.co_name}"
    return line, where + source_excerpt(code.co_filename, position)


def source_excerpt(filename: str, position: Position) -> str:
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
