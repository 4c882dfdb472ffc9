"""``a[...]`` and ``a[...] = v``: reading the index, elements, views, and what may be stored in an element.

An index is a list of items, one per axis or ``None`` (a new axis): integers are wrapped and checked, slices become start, step and
length, the ellipsis fills up. Only integers, one for each axis: an element, through `element_load` with the list of checked indices
(the loop passes want to see it). Otherwise a view with the same owner. Arrays in the index are `indexing_fancy`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I8, I64
from jitpy.frontend.library import registry
from jitpy.frontend.library.arrays_arguments import sequence
from jitpy.frontend.library.arrays_shape import add, array, extents, is_array, itemsize, known, maximum, minimum, mul, strides, sub
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, SliceVal, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


# -- what an index says ----------------------------------------------------------------------------------------------------------


def items_of(index: Value) -> list[Value]:
    """The items between the brackets."""
    return list(index.items) if index.__class__ is TupleVal else [index]


def full_items(tr: Translator, v: Val, index: Value) -> list[Value]:
    """The items with the ellipsis written out: exactly one item per axis, besides Nones."""
    items = items_of(index)
    ndim: int = v.type.ndim
    dots = -1
    used = 0
    for i, item in enumerate(items):
        if item.__class__ is Const:
            if item.obj is Ellipsis:
                if dots >= 0:
                    tr.error("an index can only have a single ellipsis ('...')")
                dots = i
                continue
            if item.obj is None:
                continue
        used += item.type.ndim if is_array(item) and item.type.dtype.kind == "b" else 1
    if used > ndim:
        # A compile-time fact, but an exception like any other in Python.
        tr.check(True, IndexError, f"too many indices for array: array is {ndim}-dimensional, but {used} were indexed")
        tr.error(f"too many indices for array: array is {ndim}-dimensional, but {used} were indexed")
    fill: list[Value] = [FULL] * (ndim - used)
    return [*items[:dots], *fill, *items[dots + 1 :]] if dots >= 0 else items + fill


FULL = SliceVal(Const(None), Const(None), Const(None))


def is_integer(item: Value) -> bool:
    """Whether an index item is an integer."""
    t = getattr(item, "type", None)
    return t.__class__ is ty.Scalar and t.kind in "iu"


def as_index(tr: Translator, item: Value) -> int:
    """An integer of any kind as i64."""
    if item.__class__ is Const:
        n = int(item.obj)
        if not -(1 << 63) <= n < 1 << 63:
            tr.check(True, IndexError, "cannot fit 'int' into an index-sized integer")
            n = 0
        return tr.iconst(n)
    value = tr.val(item)
    t: ty.Scalar = value.type
    x = value.ssa[0]
    if t.bits < 64:
        signed = t.kind == "i"
        wide = tr.op(op.SEXTEND if signed else op.UEXTEND, I64, x)
        half = 1 << (t.bits - 1)
        return tr.bound(wide, -half if signed else 0, half - 1 if signed else 2 * half - 1)
    if t.kind == "u":
        tr.check(tr.icmp("slt", x, tr.iconst(0)), IndexError, "cannot fit 'int' into an index-sized integer")
    return x


def _bound(tr: Translator, item: Value) -> int | None:
    """A bound of a slice as i64, None where it is absent."""
    if item.__class__ is Const:
        n = item.obj
        if n is None:
            return None
        if is_integer(item):
            return tr.iconst(max(min(int(n), (1 << 63) - 1), -(1 << 63)))
        if n.__class__ is bool:
            return tr.iconst(int(n))
    if not is_integer(item):
        tr.error(f"slice indices must be integers or None, not {item.describe()}")
    value = tr.val(item)
    if value.type.kind == "u" and value.type.bits == 64:
        x = value.ssa[0]
        return tr.select(tr.icmp("slt", x, tr.iconst(0)), tr.iconst((1 << 63) - 1), x)
    return as_index(tr, item)


def slice_range(tr: Translator, item: SliceVal, extent: int) -> tuple[int, int, int]:
    """Start, step and length of a slice along an axis, as Python's ``slice.indices`` has them."""
    step = _bound(tr, item.step)
    step_known = 1 if step is None else known(tr, step)
    if step_known == 0:
        tr.check(True, ValueError, "slice step cannot be zero")
        step_known = 1
    start, stop = _bound(tr, item.start), _bound(tr, item.stop)
    zero, one = tr.iconst(0), tr.iconst(1)
    if step_known is not None and step_known > 0:
        first, length = _upward(tr, start, stop, extent)
        if step_known == 1:
            return first, one, _length(tr, length)
        by = tr.iconst(step_known)
        return first, by, _length(tr, tr.op(op.UDIV_PROVEN, I64, add(tr, length, tr.iconst(step_known - 1)), by))
    if step_known is not None:
        top = sub(tr, extent, one)
        first = top if start is None else _clamp_down(tr, start, extent)
        last = tr.iconst(-1) if stop is None else _clamp_down(tr, stop, extent)
        span = sub(tr, first, last)
        if start is not None or stop is not None:
            span = maximum(tr, span, zero)
        if step_known == -1:
            return first, tr.iconst(-1), _length(tr, span)
        size = tr.iconst(-step_known)
        span = add(tr, span, tr.iconst(-step_known - 1))
        return first, tr.iconst(step_known), _length(tr, tr.op(op.UDIV_PROVEN, I64, span, size))
    assert step is not None
    tr.check(tr.icmp("eq", step, zero), ValueError, "slice step cannot be zero")
    down = tr.icmp("slt", step, zero)
    low = tr.select(down, tr.iconst(-1), zero)
    high = add(tr, extent, low)
    first = _clamp_between(tr, start, extent, low, high) if start is not None else tr.select(down, high, low)
    last = _clamp_between(tr, stop, extent, low, high) if stop is not None else tr.select(down, low, high)
    # Length: the distance in the direction of the step, rounded up to whole steps. The step's magnitude is read as unsigned.
    size = tr.select(down, tr.op(op.INEG, I64, step), step)
    span = tr.select(down, sub(tr, first, last), sub(tr, last, first))
    steps = tr.op(op.UDIV_PROVEN, I64, sub(tr, span, one), size)
    length = tr.select(tr.icmp("sgt", span, zero), add(tr, steps, one), zero)
    return first, step, _length(tr, length)


def _length(tr: Translator, n: int) -> int:
    return n if known(tr, n) is not None else tr.bound(n, 0, 1 << 62)


def _wrapped(tr: Translator, x: int, extent: int) -> tuple[int, bool]:
    """A bound with the extent added where it is negative; whether it is known not to be negative afterwards."""
    n = known(tr, x)
    if n is not None:
        return (x, True) if n >= 0 else (add(tr, extent, x), False)
    bounds = tr.bounds.get(x)
    if bounds is not None and bounds[0] >= 0:
        return x, True
    moved = tr.op(op.IADD, I64, x, extent)
    return tr.select(tr.icmp("slt", x, tr.iconst(0)), moved, x), False


#: Constant bounds below this cannot make a difference of bounds leave 64 bits.
_SMALL = 1 << 61


def _upward(tr: Translator, start: int | None, stop: int | None, extent: int) -> tuple[int, int]:
    """Start and number of positions of an upward slice. The start of an empty one may lie anywhere: it is never used."""
    zero = tr.iconst(0)
    first, small = zero, True
    if start is not None:
        n = known(tr, start)
        first, positive = _wrapped(tr, start, extent)
        if not positive:
            first = maximum(tr, first, zero)
        small = n is not None and abs(n) < _SMALL
        if stop is None:
            length = sub(tr, extent, first)
            # A negative constant leads to a start within the array.
            return first, length if n is not None and n <= 0 else maximum(tr, length, zero)
    if stop is None:
        return first, extent
    n = known(tr, stop)
    last, positive = _wrapped(tr, stop, extent)
    if n is None or n >= 0:
        last = minimum(tr, last, extent)
    if known(tr, first) == 0 and positive:
        return first, last
    if not positive and not small:
        last = maximum(tr, last, zero)
    return first, maximum(tr, sub(tr, last, first), zero)


def _clamp_down(tr: Translator, x: int, extent: int) -> int:
    """A bound of a downward slice in -1 .. extent - 1."""
    wrapped, positive = _wrapped(tr, x, extent)
    if not positive:
        wrapped = maximum(tr, wrapped, tr.iconst(-1))
    return minimum(tr, wrapped, sub(tr, extent, tr.iconst(1)))


def _clamp_between(tr: Translator, x: int, extent: int, low: int, high: int) -> int:
    wrapped, _ = _wrapped(tr, x, extent)
    return minimum(tr, maximum(tr, wrapped, low), high)


# -- elements and views ------------------------------------------------------------------------------------------------


def steps_of(tr: Translator, v: Val) -> list[int]:
    """The strides, with the ones that the layout gives as constants."""
    steps = list(strides(v))
    t: ty.Array = v.type
    if steps and t.layout != "A":
        steps[-1 if t.layout == "C" else 0] = tr.iconst(itemsize(t))
    return steps


def load(tr: Translator, v: Val, indices: Sequence[int]) -> Val:
    """The element at checked indices: a NumPy scalar."""
    t: ty.Array = v.type
    return Val(t.dtype, load_parts(tr, v, indices))


def load_parts(tr: Translator, v: Val, indices: Sequence[int]) -> Parts:
    """The SSA values of the element at checked indices."""
    t: ty.Array = v.type
    return tuple([tr.element_load(t, v.ssa, indices, k) for k in range(len(t.dtype.flat))])


def store_parts(tr: Translator, v: Val, indices: Sequence[int], parts: Parts) -> None:
    """Store an element given by its SSA values."""
    for k, part in enumerate(parts):
        tr.element_store(part, v.type, v.ssa, indices, k)


def at_positions(tr: Translator, v: Val, positions: Sequence[int]) -> Value:
    """``v[positions]`` for leading indices known to be in bounds: an element or a sub-array."""
    t: ty.Array = v.type
    count = len(positions)
    if count == t.ndim:
        return load(tr, v, positions)
    steps = steps_of(tr, v)
    data = v.ssa[1]
    for i, s in zip(positions, steps, strict=False):
        data = add(tr, data, mul(tr, i, s))
    layout = t.layout if t.layout == "C" else "A"
    if t.ndim - count == 1 and known(tr, steps[-1]) == itemsize(t):
        layout = "C"
    return derived(tr, v, t.ndim - count, layout, data, extents(v)[count:], steps[count:])


def view_at(tr: Translator, v: Val, axis: int, position: int) -> Val:
    """The sub-array at a position along one axis that is known to be in bounds."""
    t: ty.Array = v.type
    steps = steps_of(tr, v)
    data = add(tr, v.ssa[1], mul(tr, position, steps[axis]))
    shape = extents(v)
    layout = "C" if (t.layout == "C" and axis == 0) or t.ndim == 1 else "A"
    left = steps[:axis] + steps[axis + 1 :]
    if len(left) == 1 and known(tr, left[0]) == itemsize(t):
        layout = "C"
    return derived(tr, v, t.ndim - 1, layout, data, shape[:axis] + shape[axis + 1 :], left)


def view(tr: Translator, v: Val, items: Sequence[Value]) -> Val:
    """The view that integers, slices and Nones select."""
    t: ty.Array = v.type
    steps, shape = steps_of(tr, v), extents(v)
    data = v.ssa[1]
    new_shape: list[int] = []
    new_steps: list[int] = []
    forms: list[str] = []  # per axis of the source: integer, full, part (step 1), other
    axis = 0
    for item in items:
        if item.__class__ is Const and item.obj is None:
            new_shape.append(tr.iconst(1))
            new_steps.append(tr.iconst(0))
            continue
        extent, stride = shape[axis], steps[axis]
        if item.__class__ is SliceVal:
            s: SliceVal = item
            if all(c.__class__ is Const and c.obj is None for c in (s.start, s.stop, s.step)):
                new_shape.append(extent)
                new_steps.append(stride)
                forms.append("full")
            else:
                first, step, length = slice_range(tr, s, extent)
                data = add(tr, data, mul(tr, first, stride))
                new_shape.append(length)
                new_steps.append(mul(tr, stride, step))
                forms.append("part" if known(tr, step) == 1 else "other")
        else:
            i = tr.index(as_index(tr, item), extent, axis)
            data = add(tr, data, mul(tr, i, stride))
            forms.append("integer")
        axis += 1
    layout = _layout(t, forms)
    if len(new_shape) == 1 and known(tr, new_steps[0]) == itemsize(t):
        layout = "C"
    return derived(tr, v, len(new_shape), layout, data, new_shape, new_steps)


def derived(
    tr: Translator, v: Val, ndim: int, layout: str, data: int, shape: Sequence[int], steps: Sequence[int]
) -> Val:  # fmt: skip
    """A view of ``v`` inside its memory."""
    t: ty.Array = v.type
    if data != v.ssa[1]:
        tr.memo[data] = definition(tr, data), root(tr, v)
    return Val(ty.array_of(t.dtype, ndim, layout, t.readonly), (v.ssa[0], data, *shape, *steps))


def root(tr: Translator, v: Val) -> Val:
    """The array whose memory a view made in this kernel lies in; ``v`` itself where nothing is known."""
    made = tr.memo.get(v.ssa[1])
    if made is not None and made[0] is definition(tr, v.ssa[1]):
        return made[1]  # type: ignore[no-any-return]
    return v


def _layout(t: ty.Array, forms: list[str]) -> str:
    """Contiguous in C order stays contiguous under leading integers, one slice of step 1, then whole axes; in F order mirrored."""
    if t.layout == "A":
        return "A"
    order = forms if t.layout == "C" else forms[::-1]
    outer = True
    for form in order:
        if outer and form == "integer":
            continue
        if outer and form in ("full", "part"):
            outer = False
            continue
        if form != "full":
            return "A"
    return t.layout


def getitem(tr: Translator, a: Value, index: Value) -> Value:
    """``a[index]``."""
    v = array(tr, a)
    items = items_of(index)
    t: ty.Array = v.type
    if len(items) == t.ndim and all(is_integer(i) for i in items):
        return load(tr, v, checked_indices(tr, v, items))
    items = checked_items(tr, v, index)
    if any(is_array(i) for i in items):
        from jitpy.frontend.library import indexing_fancy

        return indexing_fancy.getitem(tr, v, items)
    given = items_of(index)
    dots = any(i.__class__ is Const and i.obj is Ellipsis for i in given)  # an array in any case, if of no dimensions
    if len(items) == t.ndim and not dots and all(is_integer(i) for i in items):
        return load(tr, v, checked_indices(tr, v, items))
    result = view(tr, v, items)
    if any(is_array(i) for i in given):  # an array of no dimensions in place of an integer: NumPy copies
        from jitpy.frontend.library import views

        return views.copied(tr, result)
    remember(tr, v, index, result)
    return result


def checked_items(tr: Translator, v: Val, index: Value) -> list[Value]:
    """`full_items`, each of a kind that can index an array."""
    items = full_items(tr, v, index)
    for i, item in enumerate(items):
        if is_integer(item) or item.__class__ is SliceVal or (item.__class__ is Const and item.obj is None):
            continue
        if is_array(item):
            if not item.type.ndim and item.type.dtype.kind in "iu":
                items[i] = load(tr, array(tr, item), ())
            continue
        t = tr.type_of(item)
        if t.__class__ is ty.Scalar and t.kind == "b":
            tr.error("indexing with a single bool is not supported", "Use an if statement, or a[None] for a new axis.")
        if item.kind() is ty.List or sequence(item) is not None:
            from jitpy.frontend.library import constructors_nested

            items[i] = constructors_nested.as_array(tr, item)
            continue
        tr.error(
            "only integers, slices (:), ellipsis (...), None and integer or boolean arrays are valid indices, not "
            + item.describe()
        )
    return items


def checked_indices(tr: Translator, v: Val, items: Sequence[Value]) -> list[int]:
    """Integers, one for each axis, wrapped and checked."""
    return [tr.index(as_index(tr, item), extent, axis) for axis, (item, extent) in enumerate(zip(items, extents(v), strict=True))]


# -- the view that an augmented assignment stores back -----------------------------------------------------------------


def definition(tr: Translator, v: int) -> Any:
    """The node that defines a value: tells whether a number still names the same value after something was taken back."""
    d = tr.func.value_defs[v]
    return tr.func.insts[d] if d >= 0 else d


def remember(tr: Translator, v: Val, index: Value, result: Val) -> None:
    """``a[i:j] += b`` reads the view, changes it in place, and stores it where it is: `stored_back` recognises that."""
    tr.memo["view", result.ssa[1]] = (definition(tr, result.ssa[1]), v.ssa, index.key(), index.parts(), result.ssa)


def stored_back(tr: Translator, v: Val, index: Value, value: Value) -> bool:
    """Whether ``v[index] = value`` stores a view to itself."""
    if value.__class__ is not Val or not is_array(value):
        return False
    last = tr.memo.get(("view", value.ssa[1]))
    if last is None or value.ssa != last[4]:
        return False
    return last == (definition(tr, value.ssa[1]), v.ssa, index.key(), index.parts(), value.ssa)  # type: ignore[no-any-return]


# -- storing ---------------------------------------------------------------------------------------------------------------------


def setitem(tr: Translator, a: Value, index: Value, value: Value) -> None:
    """``a[index] = value``."""
    v = array(tr, a)
    t: ty.Array = v.type
    writable(tr, v)
    items = items_of(index)
    if len(items) == t.ndim and all(is_integer(i) for i in items) and value.kind() is ty.Scalar:
        indices = checked_indices(tr, v, items)
        store_parts(tr, v, indices, element_value(tr, value, t.dtype))
        return
    if stored_back(tr, v, index, value):
        return
    items = checked_items(tr, v, index)
    if any(is_array(i) for i in items):
        from jitpy.frontend.library import indexing_fancy

        indexing_fancy.setitem(tr, v, items, value)
        return
    from jitpy.frontend.library import elementwise_stores

    target = view(tr, v, items)
    if len(items) == t.ndim and items_of(index) == items and not target.type.ndim:
        _no_sequence(tr, value, t.dtype)
    elementwise_stores.assign(tr, target, value)


def _no_sequence(tr: Translator, value: Value, target: ty.Scalar) -> None:
    """An element takes a number, or an array of no dimensions."""
    if value.kind() is ty.Scalar or (is_array(value) and not value.type.ndim):
        return
    if target.kind == "c":
        tr.check(True, TypeError, "only 0-dimensional arrays can be converted to Python scalars")
    tr.check(True, ValueError, "setting an array element with a sequence.")


def writable(tr: Translator, v: Val) -> None:
    """ValueError where the array may not be written."""
    if v.type.readonly:
        tr.check(True, ValueError, "assignment destination is read-only")


def element_value(tr: Translator, value: Value, target: ty.Scalar) -> Parts:
    """A scalar as item assignment stores it in an element of type ``target`` (SEMANTICS C3).

    Python numbers, and any number stored to a signed integer, go through Python's int(): NaN is a ValueError, what does not fit an
    OverflowError. NumPy numbers to unsigned integers, and everything to floats, are converted as C does.
    """
    from jitpy.frontend.library import casts, ufuncs_scalar
    from jitpy.frontend.types import promotion

    if value.__class__ is Const and value.type.weak:
        source: ty.Scalar = value.type
    else:
        value = tr.val(value)
        source = value.type
    if source.kind == "c" and source.weak and target.kind in "iuf":
        tr.error(f"a complex cannot be stored in an element of type {target.name}", "Store its .real part.")
    through_int = target.kind == "i" or (target.kind == "u" and source.weak)
    if source.kind == "c" and through_int:
        part = promotion.component(source)
        value, source = Val(part, value.ssa[:1]), part
    if not through_int or source.kind == "b":
        return ufuncs_scalar.convert(tr, value, target)
    if source.kind in "iu":
        if source.weak:
            return ufuncs_scalar.convert(tr, value, target)
        if (source.kind == target.kind and source.bits <= target.bits) or (source.kind == "u" and source.bits < target.bits):
            return casts.cast(tr, value.ssa, source, target)
        wide = ty.py_int if source.kind == "i" else ty.py_uint
        return ufuncs_scalar.convert(tr, Val(wide, casts.cast(tr, value.ssa, source, wide)), target)
    if value.__class__ is Const:
        value = Val(ty.py_float, (tr.fconst(value.obj),))
        source = ty.py_float
    return (_float_to_int(tr, casts.cast(tr, value.ssa, source, ty.py_float)[0], target),)


def _float_to_int(tr: Translator, x: int, target: ty.Scalar) -> int:
    """int(x) of a double in an integer type, or the exceptions of int() and of the conversion."""
    from jitpy.frontend.library import ufuncs_scalar

    low, high = ufuncs_scalar.limits(target)
    # Exact bounds of the numbers that truncate into the range: above low - 1 (from low where that is no double), below high + 1.
    above = tr.fcmp("gt", x, tr.fconst(float(low - 1))) if target.bits < 64 or low == 0 else tr.fcmp("ge", x, tr.fconst(float(low)))
    below = tr.fcmp("lt", x, tr.fconst(float(high + 1)))
    fits = tr.op(op.BAND, I8, above, below)

    def raise_() -> tuple[int, ...]:
        tr.check(tr.fcmp("uno", x, x), ValueError, "cannot convert float NaN to integer")
        infinite = tr.fcmp("eq", tr.op(op.FABS, tr.func.value_types[x], x), tr.fconst(float("inf")))
        tr.check(infinite, OverflowError, "cannot convert float infinity to integer")
        tr.raise_(OverflowError, "Python integer out of bounds for " + target.name)
        return ()

    convert = op.FCVT_TO_UINT_SAT if target.kind == "u" else op.FCVT_TO_SINT_SAT
    (n,) = tr.branch(fits, lambda: (tr.op(convert, I64, x),), raise_, (I64,))
    return n if target.bits == 64 else tr.op(op.IREDUCE, target.flat[0], n)


registry.getitem[ty.Array] = getitem
registry.setitem[ty.Array] = setitem
