"""Code object -> list of neutral instructions with positions.

`decode` reads the raw bytes; `version` gives it the running version's table. This file gives the arguments their meaning: names,
constants, operator spellings, instruction indices for jump targets. Inline caches (opcode 0) and instructions without effect here
are dropped. Of the library it needs the opcode numbers alone, not `dis`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.errors import SourceError

if TYPE_CHECKING:
    from types import CodeType

_SUPPORTED = {(3, 11): "py311", (3, 12): "py312", (3, 13): "py313", (3, 14): "py314", (3, 15): "py315"}


_version: dict[str, Any] = {}


def version() -> dict[str, Any]:
    """The tables of the running Python version: its module's names, and ``TABLE`` by opcode number."""
    if _version:
        return _version
    name = _SUPPORTED.get(sys.version_info[:2])
    if name is None:
        raise SourceError(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} bytecode is not supported", "Use Python 3.11 to 3.15."
        )
    numbers: dict[str, int] = __import__("_opcode_metadata" if sys.version_info >= (3, 13) else "opcode").opmap
    module = __import__(f"jitpy.frontend.bytecode.{name}", fromlist=[name])
    table = {numbers[opcode]: row for opcode, row in module.ROWS.items() if numbers.get(opcode, 256) < 256}
    for opcode in ("EXTENDED_ARG", "STORE_DEREF"):
        _version[opcode] = numbers[opcode]
    for key in ("OPERATORS", "COMPARISONS", "COMPARE_SHIFT", "NULL_AFTER"):
        _version[key] = getattr(module, key)
    _version["NAMES"] = {number: opcode for opcode, number in numbers.items()}
    _version["TABLE"] = table
    return _version


def local_names(co: CodeType) -> tuple[str, ...]:
    """Names in the order of the interpreter's local slots: variables, cells that are not parameters, free variables."""
    names = co.co_varnames
    cells = tuple(c for c in co.co_cellvars if c not in names)
    return names + cells + co.co_freevars


def written_cells(co: CodeType) -> tuple[str, ...]:
    """Free variables that the code assigns (``nonlocal``): they are locals while it runs, and written back when it is left."""
    v = version()
    store: int = v["STORE_DEREF"]
    raw = co.co_code
    slots = local_names(co)
    found: list[str] = []
    high = 0
    for unit in range(0, len(raw), 2):
        arg = raw[unit + 1] | high
        high = arg << 8 if raw[unit] == v["EXTENDED_ARG"] else 0
        if raw[unit] == store and slots[arg] in co.co_freevars and slots[arg] not in found:
            found.append(slots[arg])
    return tuple(found)


class Decoded:
    """Neutral instructions; ``offsets[i]`` is the code unit of instruction i, ``lines[i]`` its source line.

    ``handlers[i]``: the `handlers.Handler` that covers it; None for code without ``try``.
    """

    __slots__ = ("handlers", "instrs", "lines", "offsets")

    def __init__(self, instrs: list[n.Instr], offsets: list[int], lines: list[int], handlers: Any = None) -> None:
        self.handlers = handlers
        self.instrs = instrs
        self.offsets = offsets
        self.lines = lines


def position(co: CodeType, unit: int) -> tuple[int | None, int | None, int | None, int | None]:
    """(line, end line, column, end column) of a code unit."""
    for i, p in enumerate(co.co_positions()):
        if i == unit:
            return p
    return co.co_firstlineno, None, None, None


def decode(co: CodeType) -> Decoded:
    """Decode a code object for the running Python version."""
    v = version()
    table: dict[int, tuple[int, int, Any]] = v["TABLE"]
    extended: int = v["EXTENDED_ARG"]
    operators: tuple[str, ...] = v["OPERATORS"]
    raw = co.co_code
    names, consts = co.co_names, co.co_consts
    slots = local_names(co)
    first_free = len(slots) - len(co.co_freevars)
    written = written_cells(co) if first_free < len(slots) else ()
    cells = {i for i, name in enumerate(slots) if i >= first_free or name in co.co_cellvars}
    comparisons: tuple[str, ...] = v["COMPARISONS"]
    compare_shift: int = v["COMPARE_SHIFT"]
    null_after: bool = v["NULL_AFTER"]
    instrs: list[Any] = []
    offsets: list[int] = []
    index_of: list[int] = [0] * (len(raw) // 2 + 1)
    jumps: list[tuple[int, int]] = []
    line_of: list[int] = []
    known = co.co_firstlineno
    for start, end, line in co.co_lines():
        known = line or known  # artificial instructions have none
        line_of.extend([known] * ((end - start) // 2))
    detail: Any
    value: Any
    high = 0
    keywords: tuple[str, ...] = ()
    unit, units = 0, len(raw) // 2
    while unit < units:
        opcode, arg = raw[2 * unit], raw[2 * unit + 1] | high
        first = unit
        index_of[unit] = len(instrs)
        unit += 1
        if opcode == extended:
            high = arg << 8
            continue
        high = 0
        while unit < units and raw[2 * unit] == 0:  # inline caches
            index_of[unit] = len(instrs)
            unit += 1
        row = table.get(opcode)
        if row is None:
            what = f"{v['NAMES'].get(opcode, opcode)} instructions of Python {sys.version_info[0]}.{sys.version_info[1]}"
            row = (n.UNSUPPORTED, n.FIXED, (what, "Write it another way."))
        op, meaning, detail = row
        if meaning == n.LOCAL:
            if arg >= first_free and op != n.LOAD_CLOSURE and slots[arg] not in written:
                op = n.LOAD_FREE if op == n.LOAD_LOCAL else n.STORE_FREE if op == n.STORE_LOCAL else n.UNSUPPORTED
                value = slots[arg] if op != n.UNSUPPORTED else ("deletion of a free variable", "")
            else:
                value = slots[arg] if op == n.LOAD_CLOSURE else arg
        elif meaning == n.LOCAL_OR_CELL:  # the cell itself is wanted for a closure
            if arg in cells:
                op, value = n.LOAD_CLOSURE, slots[arg]
            else:
                value = arg
        elif meaning == n.CONST:
            value = consts[arg]
        elif meaning == n.FIXED:
            value = detail
        elif meaning == n.SKIP:
            continue
        elif meaning == n.RAW:
            if op == n.BUILD:
                value = (detail, arg)
            elif op == n.CALL:
                value = (arg, keywords)
                keywords = ()
            else:
                value = arg
        elif meaning == n.NAME:
            value = names[arg]
        elif meaning == n.GLOBAL:
            if arg & 1 and not null_after:
                instrs.append((n.PUSH_NULL, None))
                offsets.append(first)
            value = names[arg >> 1]
        elif meaning == n.BINARY_OR_INPLACE:
            if arg >= len(operators):
                if arg >= 26:  # 3.14: subscription
                    op, value = n.GETITEM, None
                else:
                    op, value = n.INPLACE, operators[arg - 13]
            else:
                value = operators[arg]
        elif meaning == n.COMPARISON:
            value = comparisons[arg >> compare_shift]
        elif meaning == n.FORWARD or meaning == n.BACKWARD:
            jumps.append((len(instrs), unit + arg if meaning == n.FORWARD else unit - arg))
            value = detail
        elif meaning == n.INVERT:
            value = detail[arg]
        elif meaning == n.KEYWORDS:
            keywords = consts[arg]
            continue
        elif meaning == n.PAIR:
            value = (arg & 255, arg >> 8)
        elif meaning == n.ATTRIBUTE:
            if arg & 1:
                op = n.LOAD_METHOD
            value = names[arg >> 1]
        elif meaning == n.FORMATTING:
            value = (("", "s", "r", "a")[arg & 3], bool(arg & 4))
        else:  # a version's own way
            expansion, dropped = detail(instrs, arg, co, slots)
            del offsets[len(instrs) :]
            index_of[first] = len(instrs)
            instrs.extend(expansion)
            offsets.extend([first] * len(expansion))
            while dropped or (unit < units and raw[2 * unit] == 0):
                if raw[2 * unit]:
                    dropped -= 1
                index_of[unit] = len(instrs)
                unit += 1
            continue
        instrs.append((op, value))
        offsets.append(first)
        if meaning == n.GLOBAL and arg & 1 and null_after:
            instrs.append((n.PUSH_NULL, None))
            offsets.append(first)
    index_of[units] = len(instrs)
    for at, target in jumps:
        op, detail = instrs[at]
        goal = index_of[target]
        instrs[at] = (op, goal if op in (n.JUMP, n.FOR_ITER) else (goal, detail))
    lines = [line_of[u] for u in offsets]
    if co.co_exceptiontable:
        from jitpy.frontend.bytecode import handlers

        covered = handlers.cover(co, instrs, index_of)
        if covered is not None:
            return Decoded(*handlers.rearrange(instrs, offsets, lines, covered))
    return Decoded(instrs, offsets, lines)
