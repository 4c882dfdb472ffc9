"""From a raising kernel to a Python exception with a traceback through the kernel's source lines.

A kernel leaves the address of its site's cell, raw arguments and the cells of the calls it was in
(``docs/contracts.md`` 2). The cells are never read or written: each loaded module is given a range of numbers no
pointer has, and a number maps back to the site.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from types import FunctionType, TracebackType

from jitpy.runtime import values
from jitpy.runtime.layout import word
from jitpy.runtime.record import CTX_ARGUMENTS, CTX_SITE, CTX_TRACE, CTX_TRACE_COUNT, CTX_TRACE_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from jitpy.frontend.module import Site

#: Above every user-space address, below the sign bit.
_FIRST_CELL = 1 << 56

_starts: list[int] = []
_sites: list[Sequence[Site]] = []
_next = _FIRST_CELL


def register_sites(sites: Sequence[Site]) -> int:
    """Give a module's sites their cells; the address of the first."""
    global _next
    start = _next
    _next += 8 * len(sites) + 8
    _starts.append(start)
    _sites.append(sites)
    return start


def forget_sites(start: int) -> None:
    """The module that had its cells at ``start`` is gone."""
    i = bisect_right(_starts, start) - 1
    if i >= 0 and _starts[i] == start:
        del _starts[i], _sites[i]


def site_at(cell: int) -> tuple[Sequence[Site], int]:
    """The module's sites and the index among them of the site with this cell."""
    i = bisect_right(_starts, cell) - 1
    return _sites[i], (cell - _starts[i]) // 8


def make_exception(context: int) -> BaseException:
    """The exception described by a context record, with its traceback. Called by `jitpy_raise`."""
    cell = word(context + CTX_SITE)
    sites, i = site_at(cell)
    site = sites[i]
    cls = site.exc_class or SystemError
    arguments = [values.part(part, context + CTX_ARGUMENTS) for part in site.parts]
    if site.style == "args":
        exception = cls(*arguments)
    elif arguments:
        exception = cls("".join(str(a) for a in arguments))
    else:
        exception = cls()
    cells = [cell]
    for k in range(min(word(context + CTX_TRACE_COUNT), CTX_TRACE_MAX)):
        cells.append(word(context + CTX_TRACE + 8 * k))
    exception.__traceback__ = _traceback(cells)
    return exception


def _traceback(cells: list[int]) -> TracebackType | None:
    """Frames from the innermost cell outwards; calls that were inlined have frames too."""
    chain: TracebackType | None = None
    for cell in cells:
        sites, i = site_at(cell)
        while i >= 0:
            site = sites[i]
            # Instruction 0 and no other: tools that show tracebacks look it up (`executing`, under IPython, for ever).
            chain = TracebackType(chain, _frame(site.function, site.filename, site.line), 0, site.line)
            i = site.caller
    return chain


def _template() -> FrameType:
    return sys._getframe()


def _one_line(units: int) -> bytes:
    """A location table that gives this many code units the function's first line and no columns."""
    table = b""
    while units > 0:
        table += bytes((0x80 | 13 << 3 | min(units, 8) - 1, 0))
        units -= 8
    return table


_LOCATIONS = _one_line(len(_template.__code__.co_code) // 2)


def _frame(function: str, filename: str, line: int) -> FrameType:
    """A frame object that shows this function's name, file and line."""
    code = _template.__code__.replace(
        co_name=function, co_qualname=function, co_filename=filename, co_firstlineno=line, co_linetable=_LOCATIONS
    )
    names = {"__name__": function, "__file__": filename, "sys": sys}
    frame: FrameType = FunctionType(code, names)()
    return frame
