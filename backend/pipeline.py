"""The whole compiler on one page: CLIF functions in, machine code out.

    verify     on demand: what follows trusts its input
    inline     on demand, among the functions of a module
    byteorder  on big-endian targets: accesses without an order get theirs
    nan        on demand: one NaN for all
    optimize   e-graph, loop-invariant motion, redundant loads; not at opt_level none
    expand     what the target lacks becomes calls of the library in `backend.soft`
    lower      the target's rules choose instructions, over virtual registers
    allocate   registers and spill slots
    emit       bytes, labels, constants, traps
    baseline   instead of the last three, at opt_level none with the allocator onepass: see `backend.baseline`

Each pass takes its input and returns its output; nothing is global. No host address is in the
result: relocations ``abs8`` (8 bytes, absolute) and ``pcrel4`` (4 bytes, relative to the field)
name symbols, and whoever loads the code fills them in.
"""

from __future__ import annotations

import gc
from time import perf_counter
from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import CompileError
from jitpy.backend.regalloc import allocate
from jitpy.backend.settings import Settings
from jitpy.backend.vcode.emit import emit
from jitpy.backend.vcode.lower import lower

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jitpy.backend.ir.function import Function
    from jitpy.backend.target.target import Target
    from jitpy.backend.vcode.buffer import CallRecord, Finished
    from jitpy.backend.vcode.frame import Frame

Reloc = tuple[int, str, str, int]  # offset, kind, symbol, addend


class CompiledFunction:
    """Machine code of one function, entry at offset 0, constants behind the code.

    ``traps``: (offset, code); ``data``: (offset, size) of what is no code; ``lines``: (offset, srcloc) where it changes; ``calls``:
    those with handlers, stack maps or tags (see `buffer.CallRecord`). For unwinding: ``entry``: bytes of code in front of the usual
    prologue; ``saved``: (callee-saved preg, offset from the stack pointer); ``prologue_end``; ``returns``: (first byte, end,
    whether the return address is still signed) of each instruction that leaves, with the frame gone; ``signed``: where the return
    address has been signed, 0: it is not.
    ``aligned``: what the prologue aligns the stack pointer to, 1: it does not.
    """

    __slots__ = (
        "align", "aligned", "calls", "code", "data", "entry", "frame_size", "lines", "name", "prologue_end", "relocs", "returns",
        "saved", "signed", "traps",
    )  # fmt: skip

    def __init__(self, name: str, done: Finished, frame: Frame) -> None:
        self.name = name
        self.code: bytes = done.code
        self.align: int = done.align
        self.relocs: list[Reloc] = done.relocs
        self.traps: list[tuple[int, str]] = done.traps
        self.data: list[tuple[int, int]] = done.data
        self.lines: list[tuple[int, int]] = done.lines
        self.prologue_end: int = done.prologue_end
        self.returns: list[tuple[int, int, bool]] = done.returns
        self.calls: list[CallRecord] = done.calls
        self.frame_size = frame.size
        self.entry = frame.entry
        self.signed = frame.signed
        self.aligned = frame.slot_align if frame.realigned else 1
        self.saved = frame.places()


class CodeModule:
    """Functions laid out in one blob: ``symbols`` name -> offset; ``functions``: (offset,
    CompiledFunction) in order; ``relocs`` are those left: calls among the functions are resolved.
    ``align``: what the blob's address must be a multiple of."""

    __slots__ = ("align", "code", "functions", "relocs", "symbols", "target")

    def __init__(self, target: str) -> None:
        self.target = target
        self.code = b""
        self.align = 1
        self.symbols: dict[str, int] = {}
        self.functions: list[tuple[int, CompiledFunction]] = []
        self.relocs: list[Reloc] = []


def compile_function(
    func: Function, target: Target, settings: Settings, times: dict[str, float] | None = None
) -> CompiledFunction:
    """Compile ``func`` (which optimization changes in place). ``times`` collects seconds by
    pass."""
    # Many objects and no cycles among them: the collector would walk them, and the whole process, in vain.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _compile(func, target, settings, times)
    finally:
        if collecting:
            gc.enable()


def _compile(func: Function, target: Target, settings: Settings, times: dict[str, float] | None) -> CompiledFunction:
    clock = perf_counter()
    if not func.layout:
        raise CompileError(f"function %{func.name} has no blocks: there is nothing to compile")
    if settings.enable_verifier:
        from jitpy.backend.analysis.verifier import verify

        verify(func)
        clock = _lap(times, "verify", clock)
    if func.dynamic_types:
        from jitpy.backend.ir.dynamic import make_fixed

        make_fixed(func)
    chaos = None
    if settings.chaos_seed:
        from jitpy.backend.chaos import Chaos

        chaos = Chaos(settings.chaos_seed)
        chaos.cool_blocks(func)
    if target.big_endian:
        from jitpy.backend.ir.byteorder import make_big

        make_big(func)
    if settings.enable_nan_canonicalization:
        from jitpy.backend.opt.nan import canonicalize

        canonicalize(func)
    if settings.opt_level != "none":
        from jitpy.backend.opt import optimize

        optimize(func, chaos, target)
        clock = _lap(times, "optimize", clock)
        if settings.enable_verifier:
            verify(func)
            clock = _lap(times, "verify", clock)
    if not target.lacks_types.isdisjoint(func.value_types):
        from jitpy.backend.soft.expand import expand

        expand(func, target.lacks)
        clock = _lap(times, "expand", clock)
        if settings.enable_verifier:
            verify(func)
            clock = _lap(times, "verify", clock)
    if settings.is_pic:
        for callee in func.ext_funcs:
            callee.colocated = True
        for value in func.global_values:
            value.colocated = True
    if settings.opt_level == "none" and settings.regalloc == "onepass" and chaos is None:
        from jitpy.backend.baseline import compile_baseline

        found = compile_baseline(func, target, settings)
        if found is not None:
            _lap(times, "baseline", clock)
            return CompiledFunction(func.name, *found)
    if chaos is not None:
        chaos.invert_branches(func)
    vcode = lower(func, target)
    clock = _lap(times, "lower", clock)
    allocate_ = allocate if chaos is None else chaos.allocate
    allocation = allocate_(vcode, target.env, settings.regalloc)
    clock = _lap(times, "regalloc", clock)
    if settings.regalloc_checker:
        from jitpy.backend.regalloc.checker import check

        check(vcode, target.env, allocation)
        clock = _lap(times, "check", clock)
    done = emit(vcode, allocation, target, settings, chaos)
    _lap(times, "emit", clock)
    return CompiledFunction(func.name, done, vcode.frame)


def compile_module(
    functions: Iterable[Function],
    target: Target,
    settings: Settings,
    times: dict[str, float] | None = None,
    thrower: bool = True,
) -> CodeModule:
    """Compile ``functions`` into one blob, with the function that throws if one of them calls it (and if ``thrower``: else whoever
    loads the blob has one).
    """
    if settings.enable_inlining:
        from jitpy.backend.opt.inline import inline_module

        functions = list(functions)
        inline_module(functions)
    parts: list[Any] = [compile_function(f, target, settings, times) for f in functions]
    if thrower and any(symbol == "jitpy_throw" for part in parts for _, _, symbol, _ in part.relocs):
        parts += throwing(target, settings)
    return link(parts, target)


def throwing(target: Target, settings: Settings) -> list[Any]:
    """What a module needs to throw exceptions: see `backend.object.exceptions`."""
    from jitpy.backend.object import exceptions

    return [compile_function(exceptions.thrower(bool(target.strip)), target, settings), *exceptions.routines(target)]


def link(functions: Sequence[Any], target: Target) -> CodeModule:
    """Lay out compiled functions and data one after the other, the table of exception handlers behind them if there are any,
    and resolve what they call of one another."""
    module = CodeModule(target.name)
    blob = bytearray()
    starts: list[int] = []
    throws = False
    for f in functions:
        if f.name in module.symbols:
            raise CompileError(f"function {f.name!r} is defined twice in one module")
        blob += target.nop(-len(blob) % f.align)
        module.symbols[f.name] = len(blob)
        starts.append(len(blob))
        if isinstance(f, CompiledFunction):
            module.functions.append((len(blob), f))
            throws = throws or bool(f.calls)
        module.align = max(module.align, f.align)
        blob += f.code
    symbols = module.symbols
    if throws or "jitpy_throw" in symbols:
        from jitpy.backend.object import exceptions

        blob += bytes(-len(blob) % 8)
        symbols[exceptions.TABLE] = len(blob)
        blob += exceptions.table(module, len(blob), "big" if target.big_endian else "little")
    for start, f in zip(starts, functions):
        for offset, kind, symbol, addend in f.relocs:
            at = start + offset
            goal = symbols.get(symbol)
            if goal is not None and kind in target.relocations:
                target.relocations[kind].patch(blob, at, goal + addend - at)
            else:
                module.relocs.append((at, kind, symbol, addend))
    module.code = bytes(blob)
    return module


def _lap(times: dict[str, float] | None, name: str, since: float) -> float:
    now = perf_counter()
    if times is not None:
        times[name] = times.get(name, 0.0) + now - since
    return now
