"""Sums in NumPy's own order: the pairwise tree along a line of elements.

A line is a one-dimensional array of any stride. Up to 128 numbers are added by eight accumulators, longer lines split in halves
(rounded down to a multiple of eight), until they are that short; float16 adds in float32. Where NumPy converts elements on the way,
or walks an array that is not one line, it does so through a buffer of 8192 elements, whose sums it adds one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I64
from jitpy.frontend.library import casts, indexing, registry, ufuncs_scalar
from jitpy.frontend.library.arrays_shape import known, mul
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]

#: Elements in NumPy's buffer.
BUFFER = 8192


def accumulator(t: ty.Scalar) -> ty.Scalar:
    """The type in which a float sum is accumulated along a line."""
    return ty.float32 if t is ty.float16 else t


def block(line: Any, low: Any, count: Any, dtype: Any) -> Any:
    """The sum of at most 128 numbers from position ``low``, by eight accumulators (an intrinsic: see `_block`)."""


def pairwise(line: Any, low: Any, count: Any, dtype: Any) -> Any:
    """The sum of ``count`` real numbers from ``low``."""
    if count <= 128:
        return block(line, low, count, dtype)
    half = count >> 1
    half = half - (half & 7)
    return pairwise(line, low, half, dtype) + pairwise(line, low + half, count - half, dtype)


def pairwise_complex(line: Any, low: Any, count: Any, dtype: Any) -> Any:
    """The sum of ``count`` complex numbers from ``low``: NumPy counts their parts."""
    if count <= 64:
        return block(line, low, count, dtype)
    half = count >> 1
    half = half - (half & 3)
    return pairwise_complex(line, low, half, dtype) + pairwise_complex(line, low + half, count - half, dtype)


def buffered(line: Any, block: Any, chunk: Any, dtype: Any) -> Any:
    """The sum of real numbers, ``chunk`` elements at a time, beginning anew with each ``block``."""
    total = pairwise(line, 0, min(chunk, line.size), dtype)
    start = 0
    low = chunk
    while start < line.size:
        while low < block:
            total = total + pairwise(line, start + low, min(chunk, block - low), dtype)
            low = low + chunk
        low = 0
        start = start + block
    return total


def buffered_complex(line: Any, block: Any, chunk: Any, dtype: Any) -> Any:
    """The same of complex numbers."""
    total = pairwise_complex(line, 0, min(chunk, line.size), dtype)
    start = 0
    low = chunk
    while start < line.size:
        while low < block:
            total = total + pairwise_complex(line, start + low, min(chunk, block - low), dtype)
            low = low + chunk
        low = 0
        start = start + block
    return total


def buffer_plan(dims: Any, size: Any, converts: Any) -> Any:
    """How NumPy's buffer is filled from an array that may be scattered: elements at a time, and after how many it begins anew.

    ``dims`` are the extents and then the strides, outermost first; neighbouring axes that form one line count as one. The buffer
    takes all inner axes that fit into it whole, and as many rows of the next as fit.
    """
    n = dims.size // 2
    fitting = 1
    i = n - 1
    while i >= 0:
        extent = int(dims[i])
        step = int(dims[n + i])
        while i > 0 and (dims[i - 1] == 1 or extent == 1 or dims[n + i - 1] == step * extent):
            i = i - 1
            if extent == 1:
                step = int(dims[n + i])
            extent = extent * int(dims[i])
        i = i - 1
        if fitting * extent <= size:
            fitting = fitting * extent
        elif fitting == 1:
            return (size, extent) if converts else (extent, extent)
        else:
            return size // fitting * fitting, fitting * extent
    return fitting, fitting


def line_sum(tr: Translator, line: Val, target: ty.Scalar, plan: tuple[Value, ...] | None = None) -> Val:
    """The sum of a line of floats or complex numbers as ``target``; ``plan`` (chunk, block): through a buffer."""
    from jitpy.frontend.library.arrays import numpy_dtype
    from jitpy.frontend.values import Const

    source: ty.Scalar = line.type.dtype
    dtype = Const(numpy_dtype(accumulator(target)))
    is_complex = target.kind == "c"
    if plan is None and accumulator(source) is not accumulator(target):
        whole = tr.select(tr.icmp("sgt", line.ssa[2], tr.iconst(0)), line.ssa[2], tr.iconst(1))
        plan = Val(ty.py_int, (tr.iconst(BUFFER),)), Val(ty.py_int, (whole,))
    if plan is None:
        zero, count = Val(ty.py_int, (tr.iconst(0),)), Val(ty.py_int, (line.ssa[2],))
        function: Any = pairwise_complex if is_complex else pairwise
        result = tr.call_python(function, (line, zero, count, dtype), inline=False)
    else:
        function = buffered_complex if is_complex else buffered
        result = tr.call_python(function, (line, plan[1], plan[0], dtype), inline=False)
    v = tr.val(result)
    # The reduction begins with +0, so that a sum of negative zeros is +0.
    t: ty.Scalar = v.type
    zero_first = ufuncs_scalar.emit(tr, _add(), (t, t, t), (casts.constant_parts(tr, 0, t), v.ssa))[0]
    return Val(target, casts.cast(tr, zero_first, t, target))


def _add() -> Any:
    import numpy as np

    return np.add


def _block(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Emits `block`: a loop with eight accumulators (for complex numbers four pairs), and a simple one for fewer."""
    line: Val = args[0]  # type: ignore[assignment]
    low, count = tr.val(args[1]).ssa[0], tr.val(args[2]).ssa[0]
    from jitpy.frontend.types.promotion import from_dtype

    target = from_dtype(args[3].obj)
    source: ty.Scalar = line.type.dtype
    assert target is not None
    ways = 4 if target.kind == "c" else 8
    step = indexing.steps_of(tr, line)[0]
    start = tr.op(op.IADD, I64, line.ssa[1], tr.op(op.IMUL, I64, low, step))
    add = _add()
    signature = (target, target, target)

    def plus(a: Parts, b: Parts) -> Parts:
        return ufuncs_scalar.emit(tr, add, signature, (a, b))[0]

    def load(address: int, offset: int = 0) -> Parts:
        size = source.bits // 16
        parts = tuple([tr.load(t, address, offset + k * size) for k, t in enumerate(source.flat)])
        return casts.cast(tr, parts, source, target)

    fixed = known(tr, step)

    def several(address: int) -> list[Parts]:
        """The next ``ways`` elements."""
        if fixed is not None:
            return [load(address, k * fixed) for k in range(ways)]
        out = []
        for k in range(ways):
            if k:
                address = tr.op(op.IADD, I64, address, step)
            out.append(load(address))
        return out

    width = len(target.flat)

    def rest(total: Parts, first: int, address: int) -> Parts:
        """The elements from number ``first`` on, one after the other."""
        last = tr.loop(
            count,
            lambda i, s: (tr.op(op.IADD, I64, s[0], step), *plus(s[1:], load(s[0]))),
            (address, *total),
            first,
        )
        return last[1:]

    def few() -> Parts:
        zero = tuple([tr.fconst(-0.0, t) for t in target.flat])
        return rest(zero, tr.iconst(0), start)

    def many() -> Parts:
        first = several(start)
        whole = tr.op(op.BAND, I64, count, tr.iconst(-ways))
        stride = mul(tr, step, tr.iconst(ways))
        address = tr.op(op.IADD, I64, start, stride)
        turns = tr.op(op.USHR, I64, count, tr.iconst(ways.bit_length() - 1))

        def turn(i: int, state: Parts) -> Parts:
            elements = several(state[0])
            sums = [plus(state[1 + k * width : 1 + (k + 1) * width], elements[k]) for k in range(ways)]
            return (tr.op(op.IADD, I64, state[0], stride), *[p for s in sums for p in s])

        state = tr.loop(turns, turn, (address, *[p for e in first for p in e]), tr.iconst(1))
        sums = [state[1 + k * width : 1 + (k + 1) * width] for k in range(ways)]
        while len(sums) > 1:
            sums = [plus(sums[k], sums[k + 1]) for k in range(0, len(sums), 2)]
        return rest(sums[0], whole, state[0])

    total = tr.branch(tr.icmp("slt", count, tr.iconst(ways)), few, many, target.flat)
    tr.keep(line.ssa[0])
    return Val(target, total)


registry.call(block)(_block)
