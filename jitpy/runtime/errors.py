"""From a raising kernel to a Python exception with a traceback through the kernel's source lines.

A kernel leaves the address of its site's cell, raw arguments and the cells of the calls it was in
(``docs/contracts.md`` 2). The cells are never read or written: each loaded module is given a range of numbers that no
pointer has, and a number maps back to the site.
"""

from __future__ import annotations

import itertools
import sys
from _thread import get_ident
from types import FunctionType, TracebackType

from jitpy.backend.errors import CompileError
from jitpy.runtime import values
from jitpy.runtime.layout import word
from jitpy.runtime.record import CTX_ARGUMENTS, CTX_SITE, CTX_TRACE, CTX_TRACE_COUNT, CTX_TRACE_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType
    from typing import Any

    from jitpy.frontend.module import Site

#: Cells lie above every user-space address and below the sign bit; a module has so many bytes of them.
_FIRST_CELL = 1 << 56
_MODULE_SHIFT = 24

_modules: dict[int, Sequence[Site]] = {}
_numbers = itertools.count(_FIRST_CELL >> _MODULE_SHIFT)


def register_sites(sites: Sequence[Site]) -> int:
    """Give a module's sites their cells; the address of the first."""
    if len(sites) >= 1 << _MODULE_SHIFT - 3:
        raise CompileError(f"a function with {len(sites)} places that can raise is too long to be compiled")
    number = next(_numbers)
    _modules[number] = sites
    return number << _MODULE_SHIFT


def forget_sites(start: int) -> None:
    """The module that had its cells at ``start`` is gone."""
    _modules.pop(start >> _MODULE_SHIFT, None)


def site_at(cell: int) -> tuple[Sequence[Site], int]:
    """The module's sites and the index among them of the site with this cell."""
    return _modules[cell >> _MODULE_SHIFT], (cell & (1 << _MODULE_SHIFT) - 1) >> 3


def make_exception(context: int) -> BaseException:
    """The exception described by a context record, with its traceback. Called by `jitpy_raise`."""
    cell = word(context + CTX_SITE)
    sites, i = site_at(cell)
    cells = [cell]
    for k in range(min(word(context + CTX_TRACE_COUNT), CTX_TRACE_MAX)):
        cells.append(word(context + CTX_TRACE + 8 * k))
    return exception_of(sites[i], _arguments(sites[i].parts, context + CTX_ARGUMENTS), cells)


def exception_of(site: Site, arguments: list[Any], cells: list[int]) -> BaseException:
    """The exception that a site raises with these parts of its message; ``cells``: of it and of the calls around it."""
    cls = site.exc_class or SystemError
    if site.style == "args":
        exception = cls(*arguments)
    elif arguments:
        exception = cls("".join(str(a) for a in arguments))
    else:
        exception = cls()
    exception.__traceback__ = _traceback(cells)
    return exception


#: Per thread, what the last raised site with arrays or lists among its parts carries.
_held: dict[int, list[Any]] = {}


def hold(parts: Sequence[Any], arguments: int) -> None:
    """Read the parts of an exception that is about to be raised, as long as its arrays and lists are alive."""
    _held[get_ident()] = [values.part(part, arguments) for part in parts]


def _arguments(parts: Sequence[Any], arguments: int) -> list[Any]:
    for part in parts:
        if part.__class__ is not str and part[0] != "const" and part[1].__class__.__name__ in ("Array", "List"):
            return _held.pop(get_ident())
    return [values.part(part, arguments) for part in parts]


def add_frames(context: int, exception: BaseException) -> None:
    """Give an exception that a helper set the frames of the kernels that it went through. Called by `jitpy_raise`."""
    cells = [word(context + CTX_TRACE + 8 * k) for k in range(min(word(context + CTX_TRACE_COUNT), CTX_TRACE_MAX))]
    exception.__traceback__ = _traceback(cells, exception.__traceback__)


def _traceback(cells: list[int], chain: TracebackType | None = None) -> TracebackType | None:
    """Frames from the innermost cell outwards, around those of ``chain``; calls that were inlined have frames too. The
    first cell may be a place in machine code: where a poll was.
    """
    for cell in cells:
        if cell < _FIRST_CELL:
            place = _place_in_code(cell)
            if place is not None:
                chain = TracebackType(chain, _frame(*place), 0, place[2])
            continue
        sites, i = site_at(cell)
        while i >= 0:
            site = sites[i]
            # Instruction 0 and no other: tools that show tracebacks look it up (`executing`, under IPython, for ever).
            chain = TracebackType(chain, _frame(site.function, site.filename, site.line), 0, site.line)
            i = site.caller
    return chain


def _place_in_code(pc: int) -> tuple[str, str, int] | None:
    """(function, file, line) of a return address in a kernel."""
    from jitpy.compiler import live

    for overload in list(live):
        loaded = overload.loaded
        if loaded is None or not 0 < pc - loaded.address <= loaded.size:
            continue
        source = 0
        for at, here in overload.lines:
            if at < pc - loaded.address:
                source = here
        if not 0 < source < len(overload.module.lines):
            return None
        number, line = overload.module.lines[source]
        code = overload.module.codes[number]
        return code.co_name, code.co_filename, line
    return None


def _template() -> FrameType:
    return sys._getframe()


def _one_line(units: int, below: int) -> bytes:
    """A location table that gives this many code units one line, so far below the function's first, and no columns."""
    table = bytearray()
    while units > 0:
        table.append(0x80 | 13 << 3 | min(units, 8) - 1)
        units -= 8
        delta = 2 * below  # a signed number in groups of 6 bits, the lowest first
        while delta > 63:
            table.append(64 | delta & 63)
            delta >>= 6
        table.append(delta)
        below = 0
    return bytes(table)


_UNITS = len(_template.__code__.co_code) // 2
_first_lines: dict[tuple[str, str, int], int] = {}


def _first_line(function: str, filename: str, line: int) -> int:
    """Where a function that has this line begins, as its source says: debuggers and IPython count from there."""
    first = _first_lines.get((function, filename, line))
    if first is None:
        import linecache

        source = linecache.getlines(filename)
        first = line
        for number in range(min(line, len(source)), 0, -1):
            if source[number - 1].lstrip().removeprefix("async ").startswith(f"def {function}("):
                first = number
                while first > 1 and source[first - 2].lstrip().startswith("@"):
                    first -= 1
                break
        if len(_first_lines) > 1000:
            _first_lines.clear()
        _first_lines[function, filename, line] = first
    return first


def _frame(function: str, filename: str, line: int) -> FrameType:
    """A frame object that shows this function's name, file and line."""
    first = _first_line(function, filename, line)
    code = _template.__code__.replace(
        co_name=function, co_qualname=function, co_filename=filename, co_firstlineno=first,
        co_linetable=_one_line(_UNITS, line - first),
    )  # fmt: skip
    names = {"__name__": function, "__file__": filename, "sys": sys}
    frame: FrameType = FunctionType(code, names)()
    return frame
