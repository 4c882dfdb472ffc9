"""What RandomState and Generator have in common: integers below a bound, choosing, shuffling.

They differ in how a number below a bound is drawn (RandomState: masked, Generator: scaled; see `primitives`) and in what a single
integer comes back as.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I8, I16, I32, I64
from jitpy.frontend.library import math, scalars
from jitpy.frontend.library.arrays_arguments import bind, constant, dtype_of, is_none
from jitpy.frontend.library.arrays_shape import allocate, array, is_array
from jitpy.frontend.library.constructors import checked_shape, flat_view
from jitpy.frontend.library.constructors_nested import as_array
from jitpy.frontend.library.indexing import store_parts
from jitpy.frontend.library.random import algorithms, bits, drawing, primitives
from jitpy.frontend.library.random.sources import method
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import NONE, Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

Args = list[Value]
Kwargs = dict[str, Value]


# -- integers --------------------------------------------------------------------------------------------------------------------


def _limits(dtype: ty.Scalar) -> tuple[int, int]:
    if dtype.kind == "i":
        return -(1 << dtype.bits - 1), (1 << dtype.bits - 1) - 1
    return 0, (1 << dtype.bits) - 1


def integers(tr: Translator, source: Val, name: str, args: Args, kwargs: Kwargs, by_mask: bool, default: ty.Scalar | None) -> Value:
    """``randint(low, high=None, size=None, dtype=int)`` and ``integers(low, high, size, dtype=np.int64, endpoint=False)``.

    ``default``: the type of one number where no dtype is given; None: a Python int.
    """
    names = "low high size dtype" if by_mask else "low high size dtype endpoint"
    low, high, size, dtype, *rest = bind(tr, name, args, kwargs, names)
    assert low is not None
    closed = bool(rest) and bool(constant(tr, rest[0], "endpoint", False))
    plain = dtype is None or (dtype.__class__ is Const and dtype.obj is int)
    t = ty.int64 if plain else dtype_of(tr, dtype)
    if t is None or t.kind not in "iu":
        tr.error(f"{name}() of this dtype is not supported", "Use an int dtype and compare or convert.")
    one = (None if dtype is not None else default) if plain else t
    if is_none(high):
        low, high = Const(0), low
    for v in (low, high):
        if is_array(v):  # type: ignore[arg-type]
            tr.error(f"{name}() with arrays as bounds is not supported", "Draw one number per element in a loop.")
    first, last = math.integer(tr, name, low), math.integer(tr, name, high)  # type: ignore[arg-type]
    tr.check(tr.icmp("sgt" if closed else "sge", first, last), ValueError, "low > high" if closed else "low >= high")
    if not closed:
        last = tr.op(op.ISUB, I64, last, tr.iconst(1))
    least, most = _limits(t)
    if least > -(1 << 63):
        tr.check(tr.icmp("slt", first, tr.iconst(least)), ValueError, f"low is out of bounds for {t.name}")
    if most < (1 << 63) - 1:
        tr.check(tr.icmp("sgt", last, tr.iconst(most)), ValueError, f"high is out of bounds for {t.name}")
    width = tr.op(op.ISUB, I64, last, first)
    if t.bits < 32:
        return _narrow(tr, source, size, t, first, width, by_mask)

    def draw() -> int:
        below = primitives.masked if by_mask else primitives.scaled
        x = tr.op(op.IADD, I64, first, below(tr, source, width))
        return x if t.bits == 64 else tr.op(op.IREDUCE, I32, x)

    return drawing.draws(tr, size, t, draw, one)


def _narrow(tr: Translator, source: Val, size: Value | None, t: ty.Scalar, first: int, width: int, by_mask: bool) -> Value:
    """Integers of 8 and 16 bits, several to a word of 32: NumPy's own function fills them."""
    flat = I8 if t.bits == 8 else I16
    symbol = f"random_bounded_uint{t.bits}_fill"
    bounds = [tr.op(op.UEXTEND, I32, tr.op(op.IREDUCE, flat, x)) for x in (first, width)]

    def fill(count: int, at: int) -> None:
        params = (I64, I32, I32, I64, I32, I64)
        tr.call_extern(symbol, params, (), source.ssa[1], *bounds, count, tr.iconst(int(by_mask), I32), at)

    if is_none(size):
        slot = tr.stack_slots((tr.iconst(0),))
        fill(tr.iconst(1), slot)
        return Val(t, (tr.load(flat, slot),))
    assert size is not None
    out = allocate(tr, t, checked_shape(tr, size), checked=True)
    fill(flat_view(tr, out).ssa[2], out.ssa[1])
    tr.keep(out.ssa[0])
    return out


# -- choosing --------------------------------------------------------------------------------------------------------------------


def choice(tr: Translator, source: Val, name: str, args: Args, kwargs: Kwargs) -> Value:
    """``choice(a, size=None, replace=True, p=None)``, of Generator also ``axis=0, shuffle=True``."""
    legacy = source.type.family == "RandomState"
    names = "a size replace p" if legacy else "a size replace p axis shuffle"
    a, size, replace, p, *rest = bind(tr, name, args, kwargs, names)
    assert a is not None
    if rest and constant(tr, rest[0], "the axis", 0) != 0:
        tr.error("choice() along another axis than the first is not supported", "Transpose the array.")
    shuffled = not rest or rest[1] is None or bool(constant(tr, rest[1], "shuffle"))
    values = None
    if is_array(a):
        values = array(tr, a)
    elif a.kind() is not ty.Scalar:
        values = as_array(tr, a)
    if values is not None and values.type.ndim != 1:
        tr.error("choice() from an array that is not one-dimensional is not supported", "Choose indices, and index with them.")
    n = values.ssa[2] if values is not None else math.integer(tr, name, a)
    if is_none(size):
        one = tr.icmp("sgt", n, tr.iconst(0))
        tr.check(tr.op(op.BXOR, I8, one, tr.iconst(1, I8)), ValueError, "a must not be empty")
    if replace is not None and not constant(tr, replace, "replace"):
        if not is_none(p):
            tr.error("choice() without replacement and with p is not supported", "Call it outside.")
        found = _distinct(tr, source, n, size, legacy, shuffled)
    elif is_none(p):
        found = _any(tr, source, n, size, legacy)
    else:
        found = _by_share(tr, source, n, size, p)  # type: ignore[arg-type]
    return found if values is None else tr.getitem(values, found)


def _any(tr: Translator, source: Val, n: int, size: Value | None, legacy: bool) -> Value:
    below = primitives.masked if legacy else primitives.scaled
    if not is_none(size):
        tr.check(tr.icmp("sle", n, tr.iconst(0)), ValueError, "a must not be empty")
    most = tr.op(op.ISUB, I64, n, tr.iconst(1))
    return drawing.draws(tr, size, ty.int64, lambda: below(tr, source, most))


def _count(tr: Translator, size: Value) -> tuple[int, Value]:
    """The number of elements of a size, and the size as a shape."""
    shape = checked_shape(tr, size)
    total = tr.iconst(1)
    for extent in shape:
        total = tr.op(op.IMUL, I64, total, extent)
    return total, TupleVal(tuple([scalars.py_int(x) for x in shape]))


def _shaped(tr: Translator, found: Value, shape: Value) -> Value:
    items = shape.items
    return found if len(items) == 1 else tr.call(tr.attribute(found, "reshape"), [shape])


def _distinct(tr: Translator, source: Val, n: int, size: Value | None, legacy: bool, shuffled: bool) -> Value:
    count, shape = (tr.iconst(1), NONE) if is_none(size) else _count(tr, size)  # type: ignore[arg-type]
    tr.call_python(algorithms.check_distinct, [scalars.py_int(n), scalars.py_int(count)])
    whole = [source, scalars.py_int(n), scalars.py_int(count)]
    if legacy:
        everything = tr.call_python(algorithms.permuted, whole[:2], inline=False)
        found = tr.call_python(algorithms.first_of, [everything, whole[2]], inline=False)
    else:
        found = tr.call_python(algorithms.distinct, [*whole, Const(shuffled)], inline=False)
    if is_none(size):
        return scalars.py_int(tr.val(tr.getitem(found, Const(0))).ssa[0])
    return _shaped(tr, found, shape)


def _by_share(tr: Translator, source: Val, n: int, size: Value | None, p: Value) -> Value:
    shares = array(tr, p) if is_array(p) else as_array(tr, p)
    t: ty.Array = shares.type
    if t.ndim != 1:
        tr.check(True, ValueError, "p must be 1-dimensional")
    epsilon = {16: 2.0**-10, 32: 2.0**-23}.get(t.dtype.bits, 2.0**-52) if t.dtype.kind == "f" else 2.0**-52
    if t.dtype is not ty.float64:
        shares = tr.call(tr.attribute(shares, "astype"), [Const(float)])  # type: ignore[assignment]
    tolerance = max(2.0**-26, epsilon**0.5)
    sums = tr.call_python(algorithms.shares, [shares, scalars.py_int(n), Const(tolerance)], inline=False)
    if is_none(size):
        x = scalars.py_float(bits.unit(tr, source))
        return tr.call_python(algorithms.find_share, [sums, x], inline=False)
    count, shape = _count(tr, size)  # type: ignore[arg-type]
    found = tr.call_python(algorithms.find_shares, [source, sums, scalars.py_int(count)], inline=False)
    return _shaped(tr, found, shape)


# -- shuffling -------------------------------------------------------------------------------------------------------------------


@method("RandomState", "shuffle")
@method("Generator", "shuffle")
def _shuffle(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    names = "x axis" if source.type.family == "Generator" else "x"
    x, *axis = bind(tr, "shuffle", args, kwargs, names)
    assert x is not None
    if axis and constant(tr, axis[0], "the axis", 0) != 0:
        tr.error("shuffle() along another axis than the first is not supported", "Shuffle the transposed array.")
    _shuffle_in_place(tr, source, x)
    return NONE


def _shuffle_in_place(tr: Translator, source: Val, x: Value) -> None:
    t: Any = tr.type_of(x)
    if t.__class__ is ty.Array:
        if t.readonly:
            tr.check(True, ValueError, "array is read-only")
            return
        function = algorithms.numpy_shuffle if t.ndim == 1 else algorithms.numpy_shuffle_rows
    else:
        function = algorithms.numpy_shuffle
    tr.call_python(function, [source, x], inline=False)


@method("RandomState", "permutation")
@method("Generator", "permutation")
def _permutation(tr: Translator, source: Val, args: Args, kwargs: Kwargs) -> Value:
    names = "x axis" if source.type.family == "Generator" else "x"
    x, *axis = bind(tr, "permutation", args, kwargs, names)
    assert x is not None
    if axis and constant(tr, axis[0], "the axis", 0) != 0:
        tr.error("permutation() along another axis than the first is not supported", "Permute the transposed array.")
    t: Any = tr.type_of(x)
    if t.__class__ is ty.Scalar:
        if t is not ty.py_int and t is not ty.int64:
            tr.error(f"permutation() of {x.describe()} is not supported", "Give an int or an array.")
        return tr.call_python(algorithms.permuted, [source, scalars.py_int(math.integer(tr, "permutation", x))], inline=False)
    a = array(tr, x) if is_array(x) else as_array(tr, x)
    if a.type.ndim == 0:
        tr.check(True, IndexError, "x must be an integer or at least 1-dimensional")
    if a.type.ndim == 1:
        copy = tr.call(tr.attribute(a, "copy"), [])
        _shuffle_in_place(tr, source, copy)
        return copy
    order = tr.call_python(algorithms.permuted, [source, scalars.py_int(a.ssa[2])], inline=False)
    return tr.getitem(a, order)


__all__ = ["choice", "integers", "store_parts"]
