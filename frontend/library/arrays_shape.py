"""Arrays as SSA values: extents, strides, sizes, new blocks, and what is known about them while compiling.

An array Val is exploded: owner, data, extents, strides (bytes). Extents and strides are often constants or one and the same SSA
value; `known` and comparing value numbers find that out, so that fewer instructions are made and inner loops see constant strides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I8, I64
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Val, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.frontend.translate.translator import Translator

#: The largest number of bytes NumPy lets an array have.
_MAX_BYTES = (1 << 63) - 1
TOO_BIG = "array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum possible size."


def known(tr: Translator, v: int) -> int | None:
    """The i64 ``v`` where it is a constant (read as signed)."""
    f = tr.func
    d = f.value_defs[v]
    if d < 0:
        return None
    node = f.insts[d]
    if node[0] != op.ICONST:
        return None
    n: int = node[2]
    return n - (1 << 64) if n >> 63 else n


def is_array(v: Value) -> bool:
    """Whether the value is an array (also one not computed yet)."""
    return v.kind() is ty.Array


def array(tr: Translator, v: Value) -> Val:
    """An array value, computed."""
    return v if v.__class__ is Val else tr.settle(v)  # type: ignore[return-value]


def extents(v: Val) -> tuple[int, ...]:
    """The extents of an array."""
    return v.ssa[2 : 2 + v.type.ndim]


def strides(v: Val) -> tuple[int, ...]:
    """The strides of an array in bytes."""
    return v.ssa[2 + v.type.ndim :]


def itemsize(t: Any) -> int:
    """Bytes of an element of an array type or scalar type."""
    scalar = t.dtype if t.__class__ is ty.Array else t
    return scalar.bits // 8


# -- arithmetic on extents -------------------------------------------------------------------------------------------------------


def add(tr: Translator, a: int, b: int) -> int:
    """a + b, folded."""
    x, y = known(tr, a), known(tr, b)
    if x is not None and y is not None:
        return tr.iconst(x + y)
    if x == 0:
        return b
    if y == 0:
        return a
    return tr.op(op.IADD, I64, a, b)


def sub(tr: Translator, a: int, b: int) -> int:
    """a - b, folded."""
    x, y = known(tr, a), known(tr, b)
    if x is not None and y is not None:
        return tr.iconst(x - y)
    if y == 0:
        return a
    return tr.iconst(0) if a == b else tr.op(op.ISUB, I64, a, b)


def mul(tr: Translator, a: int, b: int) -> int:
    """a * b, folded."""
    x, y = known(tr, a), known(tr, b)
    if x is not None and y is not None:
        return tr.iconst(x * y)
    if x is not None:
        a, b, x, y = b, a, y, x
    if y == 0 or y == 1:
        return b if y == 0 else a
    return tr.op(op.IMUL, I64, a, b)


def minimum(tr: Translator, a: int, b: int) -> int:
    """The smaller one, folded."""
    x, y = known(tr, a), known(tr, b)
    if x is not None and y is not None:
        return tr.iconst(min(x, y))
    return a if a == b else tr.op(op.SMIN, I64, a, b)


def maximum(tr: Translator, a: int, b: int) -> int:
    """The larger one, folded."""
    x, y = known(tr, a), known(tr, b)
    if x is not None and y is not None:
        return tr.iconst(max(x, y))
    return a if a == b else tr.op(op.SMAX, I64, a, b)


def differ(tr: Translator, a: int, b: int) -> int | bool:
    """a != b: an i8, or a bool where it is known."""
    if a == b:
        return False
    x, y = known(tr, a), known(tr, b)
    if x is not None and y is not None:
        return x != y
    return tr.icmp("ne", a, b)


def either(tr: Translator, *conditions: int | bool) -> int | bool:
    """Whether one of the conditions holds."""
    result: int | bool = False
    for c in conditions:
        if c is True:
            return True
        if c is False:
            continue
        result = c if result is False else tr.op(op.BOR, I8, result, c)
    return result


def both(tr: Translator, a: int | bool, b: int | bool) -> int | bool:
    """Whether both conditions hold."""
    if a is False or b is False:
        return False
    if a is True or b is True:
        return b if a is True else a
    return tr.op(op.BAND, I8, a, b)


def negate(tr: Translator, a: int | bool) -> int | bool:
    """Whether the condition does not hold."""
    return (not a) if a.__class__ is bool else tr.op(op.BXOR, I8, a, tr.iconst(1, I8))


def product(tr: Translator, shape: Sequence[int]) -> int:
    """The number of elements of an array that exists."""
    result = tr.iconst(1)
    for n in shape:
        result = mul(tr, result, n)
    return result


# -- layouts -----------------------------------------------------------------------------------------------------------


def contiguous_strides(tr: Translator, shape: Sequence[int], size: int, layout: str) -> tuple[int, ...]:
    """Strides of a contiguous array in C or F order."""
    order = range(len(shape) - 1, -1, -1) if layout != "F" else range(len(shape))
    out = [0] * len(shape)
    step = tr.iconst(size)
    last = None
    for axis in order:
        if last is not None:
            step = mul(tr, step, last)
        out[axis] = step
        last = shape[axis]
    return tuple(out)


def allocate(tr: Translator, dtype: ty.Scalar, shape: Sequence[int], layout: str = "C", checked: bool = False) -> Val:
    """A new array of extents that are not negative, its elements undefined.

    ``checked``: the extents come from the user, so their product may leave 64 bits; else they are those of arrays that exist.
    """
    size = itemsize(dtype)
    ndim = len(shape)
    if checked:
        nbytes = checked_bytes(tr, shape, size)
    else:
        nbytes = mul(tr, product(tr, shape), tr.iconst(size))
    owner, data = tr.alloc(nbytes)
    layout = layout if ndim else "C"
    return Val(
        ty.array_of(dtype, ndim, layout),
        (owner, data, *shape, *contiguous_strides(tr, shape, size, layout)),
    )  # fmt: skip


def checked_bytes(tr: Translator, shape: Sequence[int], size: int) -> int:
    """The bytes of an array; ValueError where they leave 64 bits, not counting extents of 0, as NumPy does it."""
    total = tr.iconst(size)
    bad: int | bool = False
    empty: int | bool = False
    for n in shape:
        x, y = known(tr, total), known(tr, n)
        if x is not None and y is not None and x * max(y, 1) <= _MAX_BYTES:
            total = tr.iconst(x * max(y, 1))
            empty = either(tr, empty, y == 0)
            continue
        if len(shape) > 1:
            empty = either(tr, empty, y == 0 if y is not None else tr.icmp("eq", n, tr.iconst(0)))
            n = maximum(tr, n, tr.iconst(1))
        total, overflow = tr.op_n(op.SMUL_OVERFLOW, (I64, I8), total, n)
        bad = either(tr, bad, overflow)
    tr.check(bad, ValueError, TOO_BIG)
    if empty.__class__ is bool:
        return tr.iconst(0) if empty else total
    return tr.select(empty, tr.iconst(0), total)
