"""Exceptions: the table of a module's handlers, and the function that throws.

    jitpy_throw(entry, frame, tag: i32, exn0, exn1)

walks the frames from that of the caller (``frame``, its frame pointer) up to ``entry``, by their frame pointers. Where a
frame's return address is one behind a try_call with a handler for the tag, or one for all, it restores that frame and
goes on at the handler, with the payloads in their registers. It returns where there is no handler. Nothing else
is restored: a try_call destroys all registers, so a function with one has saved those of its callers.

Contexts of handlers are for runtimes that compare more than tags; they stand in ``CompiledFunction.calls``. `thrower` finds
handlers within its own module, `walker` in all modules that a process has loaded and entered in a list (`MODULES`): its nodes
are four words, the next node, where a module starts, how many bytes it has, and where its table is.

The table, in 4-byte words but for the first: how many sites (8 bytes); the sites, sorted: return address and distance
from the frame pointer down to the stack pointer, number of the first handler, how many, and minus what the prologue aligns
the stack pointer to (-1 where it does not); the handlers: 1 if for
all tags, tag, address. Addresses count from the table's start.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.function import GlobalValue, signature
from jitpy.backend.ir.types import I32, I64
from jitpy.backend.soft.notation import Soft, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jitpy.backend.ir.function import Function
    from jitpy.backend.pipeline import CodeModule
    from jitpy.backend.target.target import Target

THROW, WALK, TABLE, RESUME, MODULES = "jitpy_throw", "jitpy_walk", "jitpy_exceptions", "jitpy_resume", "jitpy_exception_modules"
STRIP = "jitpy_strip"
_SITE, _HANDLER = 20, 12


def table(module: CodeModule, at: int, order: Any = "little") -> bytes:
    """The table of ``module``, to lie ``at`` bytes behind its start."""
    sites: list[tuple[int, int, int, int, int]] = []
    handlers: list[tuple[int, int, int]] = []
    for start, function in module.functions:
        for place, records, *_ in function.calls:
            found = [(int(kind == "default"), tag, start + goal - at) for kind, tag, goal in records if kind != "context"]
            if found:
                sites.append((start + place - at, function.frame_size, len(handlers), len(found), -function.aligned))
                handlers += found
    sites.sort()
    words = [word for record in (*sites, *handlers) for word in record]
    return len(sites).to_bytes(8, order) + b"".join((word & 0xFFFFFFFF).to_bytes(4, order) for word in words)


class Routine:
    """A piece of the target's machine code, as the linker sees it."""

    align = 16
    relocs: tuple[()] = ()

    def __init__(self, name: str, code: bytes) -> None:
        self.name = name
        self.code = code


def routines(target: Target) -> list[Routine]:
    """What `thrower` and `walker` call."""
    found = [Routine(RESUME, target.resume)]
    return [*found, Routine(STRIP, target.strip)] if target.strip else found


def thrower(strips: bool) -> Function:
    """`jitpy_throw` for one module, as CLIF. ``strips``: return addresses may be signed (``Target.strip``)."""
    f = Soft("", (I64, I64, I32, I64, I64), ())
    f.b.func.name = THROW
    entry, frame, tag, exn0, exn1 = f.args
    table = _symbol(f, TABLE, colocated=True)
    fp = f.variable(frame)
    with _while(f, lambda: fp.now.ne(entry) & fp.now.ne(0)):
        place = _return_address(f, fp.now, strips)
        fp.now = _load(f, fp.now, 0, I64)  # from here on that of the frame whose call this was
        _handle(f, table, place, fp.now, (tag, exn0, exn1))
    f.ret()
    return f.finish()


def walker(strips: bool) -> Function:
    """``jitpy_walk(entry, end, frame, tag, exn0, exn1)``, as CLIF: throws to a handler of any module that `MODULES` lists, else
    returns the frame at which it stopped: ``entry``, or ``end`` where frames lie at or above it or stop making a chain, as those
    of foreign code may.
    """
    f = Soft("", (I64, I64, I64, I32, I64, I64), (I64,))
    f.b.func.name = WALK
    entry, end, frame, tag, exn0, exn1 = f.args
    first = _load(f, _symbol(f, MODULES), 0, I64)
    fp = f.variable(frame)
    with _while(f, lambda: fp.now.ne(entry) & (fp.now < end)):
        place, caller = _return_address(f, fp.now, strips), _load(f, fp.now, 0, I64)
        fp.now = (caller > fp.now).then(caller, end)
        node = f.variable(first)
        with _while(f, lambda: node.now.ne(0)):
            size = _load(f, node.now, 16, I64)  # zero while the node is nobody's
            with f.when(place - _load(f, node.now, 8, I64) < size):
                _handle(f, _load(f, node.now, 24, I64), place, fp.now, (tag, exn0, exn1))
            node.now = _load(f, node.now, 0, I64)
    f.ret(fp.now.eq(entry).then(entry, end))
    return f.finish()


@contextmanager
def _while(f: Soft, condition: Callable[[], Value]) -> Iterator[None]:
    """A loop that asks before its first round."""
    with f.when(condition()), f.loop(condition):
        yield


def _symbol(f: Soft, name: str, colocated: bool = False) -> Value:
    """The address of a symbol."""
    f.b.func.global_values.append(GlobalValue("symbol", name=name, colocated=colocated))
    return Value(f, f.b.symbol_value(I64, len(f.b.func.global_values) - 1))


def _return_address(f: Soft, frame: Value, strips: bool) -> Value:
    """Where the function of a frame returns to."""
    place = _load(f, frame, 8, I64)
    if not strips:
        return place
    strip = f.b.func.import_function(STRIP, signature([I64], [I64]), colocated=True)
    (plain,) = f.b.call(strip, [place.ssa])
    return Value(f, plain)


def _handle(f: Soft, table: Value, place: Value, frame: Value, thrown: tuple[Value, Value, Value]) -> None:
    """Where ``table`` has a handler of this tag for the call that returns to ``place`` in ``frame``: go on there."""
    tag, exn0, exn1 = thrown
    count = _load(f, table, 0, I64)
    wanted = place - table
    site = table + _lower_bound(f, table, count, wanted) * _SITE + 8
    with f.when(site < table + count * _SITE + 8), f.when(_load(f, site, 0, I32).eq(wanted)):
        handler = f.variable(table + count * _SITE + _load(f, site, 8, I32) * _HANDLER + 8)
        end = handler.now + _load(f, site, 12, I32) * _HANDLER
        with f.loop(lambda: handler.now.ne(end)):
            takes = _load(f, handler.now, 0, I32) | _load(f, handler.now, 4, I32).to(I32).eq(tag).to(I64)
            with f.when(takes.ne(0)):
                sp = frame - _load(f, site, 4, I32) & _load(f, site, 16, I32)
                resume = f.b.func.import_function(RESUME, signature([I64] * 5, []), colocated=True)
                goal = table + _load(f, handler.now, 8, I32)
                f.b.call(resume, [v.ssa for v in (goal, frame, sp, exn0, exn1)])
            handler.now = handler.now + _HANDLER


def _load(f: Soft, base: Value, offset: int, type: int) -> Value:
    """A word, sign-extended to i64."""
    load = f.b.load(I64, base.ssa, offset, memflags.TRUSTED) if type == I64 else f.b.sload32(base.ssa, offset, memflags.TRUSTED)
    return Value(f, load)


def _lower_bound(f: Soft, start: Value, count: Value, wanted: Value) -> Value:
    """The number of sites in front of ``wanted``, by bisection."""
    low, high = f.variable(f.value(0, I64)), f.variable(count)
    with f.when(count.ne(0)), f.loop(lambda: low.now < high.now):
        middle = (low.now + high.now) >> 1
        before = _load(f, start + middle * _SITE, 8, I32).slt(wanted)
        low.now, high.now = before.then(middle + 1, low.now), before.then(high.now, middle)
    return low.now
