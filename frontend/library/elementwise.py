"""Elementwise expressions: operators and ufuncs on arrays make a tree that is computed later, in one loop nest.

`Elementwise` is such a tree: a node says how one element comes from one element of each operand, its operands are arrays,
other trees, or scalars that are converted already. Nothing is allocated for the inner nodes of ``a * b + c``. A tree lives on the
stack of one expression only: whatever gives it a name, uses it twice, branches, calls or stores, settles it first (`Value.lazy`).

`elementwise_loops` computes trees, `elementwise_stores` stores them straight into their destination.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import casts, ufuncs_scalar
from jitpy.frontend.library.arrays import numpy_dtype  # with it come the handlers of arrays: whoever has a tree needs `settle`
from jitpy.frontend.library.arrays_arguments import sequence
from jitpy.frontend.library.arrays_shape import (
    array,
    both,
    differ,
    either,
    extents,
    is_array,
    itemsize,
    known,
    negate,
    product,
    strides,
)
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]

#: A tree with more nodes is computed before it becomes part of another: one loop must not need too many registers.
MAX_NODES = 48

UFUNC_OF = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.true_divide, "//": np.floor_divide, "%": np.remainder,
    "**": np.power, "<<": np.left_shift, ">>": np.right_shift, "&": np.bitwise_and, "|": np.bitwise_or,
    "^": np.bitwise_xor, "divmod": np.divmod, "<": np.less, "<=": np.less_equal, "==": np.equal, "!=": np.not_equal,
    ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip
UNARY_UFUNC = {"-": np.negative, "+": np.positive, "~": np.invert, "abs": np.absolute}
_COMPARISONS = {
    np.less: "<", np.less_equal: "<=", np.equal: "==", np.not_equal: "!=", np.greater: ">", np.greater_equal: ">=",
}  # fmt: skip


class Elementwise(Value):
    """One element of each operand gives one element: ``emit(tr, [parts of each operand's element]) -> parts``."""

    __slots__ = ("computed", "emit", "operands", "order", "size", "type")

    lazy = True

    def __init__(
        self, tr: Translator, emit: Callable[[Translator, list[Parts]], Parts], operands: tuple[Value, ...], dtype: ty.Scalar
    ) -> None:
        self.emit = emit
        self.operands = operands
        self.computed: Any = None
        self.size = 1 + sum([v.size for v in operands if v.__class__ is Elementwise])  # type: ignore[has-type]
        ndim = max([v.type.ndim for v in operands if is_array(v)])
        self.order = _order(tr, operands, ndim)
        self.type = ty.array_of(dtype, ndim, self.order or "C")

    def kind(self) -> type:
        return ty.Array

    def describe(self) -> str:
        return str(self.type.name)

    def compute(self, tr: Translator) -> Val:
        """The array; computed once for all uses in one instruction of the bytecode."""
        from jitpy.frontend.library import elementwise_loops

        frame = tr.frame
        if self.computed is not None:
            where, v = self.computed
            if where == (frame, frame.index):
                return v  # type: ignore[no-any-return]
        tr.journal.append(self._forget)
        v = elementwise_loops.compute(tr, self)
        self.computed = (frame, frame.index), v
        return v

    def _forget(self) -> None:
        self.computed = None


def _order(tr: Translator, operands: Sequence[Value], ndim: int) -> str:
    """The order of a result: F where all operands that have an opinion are in F order, else C (as far as the types tell).

    An operand of lower rank has none, nor one with an axis that is broadcast.
    """
    if ndim < 2:
        return "C"
    orders: list[str] = []
    for v in operands:
        if v.__class__ is Elementwise:
            if v.type.ndim == ndim:
                orders.append(v.order)
        elif is_array(v) and v.type.ndim == ndim:
            silent = any(known(tr, n) == 1 for n in v.ssa[2 : 2 + ndim])
            layout = v.type.layout
            if layout == "A" and known(tr, v.ssa[2 + ndim]) is not None and known(tr, v.ssa[-1]) is None:
                layout = "F"  # a part of an array in F order
            orders.append("" if silent else layout)
    orders = [x for x in orders if x]
    if not orders:
        return ""
    return "F" if all(x == "F" for x in orders) else "C"


def operand(tr: Translator, v: Value) -> Value:
    """An operand of an elementwise operation: an array, a tree, or a scalar (also what was an array of no dimensions)."""
    kind = v.kind()
    if kind is ty.Scalar:
        return v
    if kind is ty.Array:
        if v.type.ndim == 0:
            from jitpy.frontend.library import indexing

            return indexing.load(tr, tr.settle(v), ())  # type: ignore[arg-type]
        if v.__class__ is Elementwise and v.size > MAX_NODES:
            return tr.settle(v)
        return v
    if kind is ty.List or sequence(v) is not None:
        from jitpy.frontend.library import constructors_nested

        return constructors_nested.as_array(tr, v)
    tr.error(f"{v.describe()} cannot be an operand of an array operation")


def element_type(v: Value) -> ty.Scalar:
    """The type of an operand's elements."""
    t = v.type
    return t.dtype if t.__class__ is ty.Array else t


#: The types whose powers NumPy takes by a square root.
_ROOTED = (ty.float32, ty.float64)


def _root_or(tr: Translator, t: ty.Scalar, inputs: Sequence[Parts], power: Parts, alone: int | bool = True) -> Parts:
    """The square root where the exponent is 0.5 (and ``alone`` holds), else the power."""
    half = both(tr, tr.fcmp("eq", casts.widen(tr, inputs[1][0], t), tr.fconst(0.5, casts.working_float(t))), alone)
    root = ufuncs_scalar.emit(tr, np.sqrt, (t, t), inputs[:1])[0]
    return tuple([tr.select(half, r, p) for r, p in zip(root, power, strict=True)])


def _of_scalars(tr: Translator, ufunc: Any, values: Sequence[Value]) -> Value:
    """The ufunc of scalars alone. `np.power` takes roots where ``**`` of scalars does not."""
    result = ufuncs_scalar.element(tr, ufunc, values)
    if ufunc is not np.power or result.type not in _ROOTED or (values[1].__class__ is Const and values[1].obj != 0.5):
        return result
    t: ty.Scalar = result.type
    inputs = [ufuncs_scalar.convert(tr, v, t) for v in values]
    return Val(t, _root_or(tr, t, inputs, tr.val(result).ssa))


def _alone(tr: Translator, base: Value, exponent: Val, is_cast: bool) -> int | bool:
    """Whether NumPy has one exponent for all elements: of an array of one element for several bases; where it need not cast also of
    an array that shows one element many times.
    """
    one, zero = tr.iconst(1), tr.iconst(0)
    single: int | bool = is_array(base) and differ(tr, product(tr, extents(array(tr, base))), one)
    repeated: int | bool = exponent.type.layout == "A" and not is_cast
    for n, stride in zip(extents(exponent), strides(exponent) or extents(exponent), strict=True):
        is_one = negate(tr, differ(tr, n, one))
        single = both(tr, single, is_one)
        repeated = both(tr, repeated, both(tr, negate(tr, is_one), negate(tr, differ(tr, stride, zero))))
    return either(tr, single, repeated)


def apply(tr: Translator, ufunc: Any, operands: Sequence[Value], power_operator: bool = False) -> Value:
    """A ufunc of arrays and scalars, not computed yet (of scalars alone: computed)."""
    values = [operand(tr, v) for v in operands]
    if not any(is_array(v) for v in values):
        return ufuncs_scalar.element(tr, ufunc, values) if power_operator else _of_scalars(tr, ufunc, values)
    comparison = _COMPARISONS.get(ufunc)
    if comparison is not None:
        mixed = _exact_comparison(tr, comparison, values)
        if mixed is not None:
            return mixed
    types = tuple([element_type(v) for v in values])
    loop = ufuncs_scalar.resolve(tr, ufunc, types)
    last = values[-1]
    constant = last.obj if last.__class__ is Const else None
    count = len(values)
    leaves: list[Value] = []
    sources: list[ty.Scalar] = []
    for v, t in zip(values, loop[:count], strict=True):
        if is_array(v):
            leaves.append(v)
            sources.append(element_type(v))
        else:
            leaves.append(Val(t, ufuncs_scalar.convert(tr, v, t)))
            sources.append(t)
    negative_power = ufunc is np.power and constant is not None and loop[0].kind in "iu" and constant < 0

    # With one exponent for all elements NumPy takes the square root where it is 0.5 (of complex and short numbers: where it is
    # Python's behind **). An array of exponents that is broadcast along some axes only is left to its elements: there NumPy's
    # answer for -0.0 and -inf hangs on how it cuts the arrays into loops.
    rooted = ufunc is np.power and (loop[0] in _ROOTED or (loop[0].kind in "fc" and types[-1] is ty.py_float and power_operator))
    alone: int | bool = True
    if rooted and is_array(last):
        leaves = [array(tr, v) if is_array(v) else v for v in leaves]
        alone = loop[0].kind == "f" and _alone(tr, leaves[0], array(tr, leaves[1]), sources[1] is not loop[1])
    roots = rooted and alone is not False and (constant is None or constant == 0.5)

    def emitter(output: int) -> Callable[[Translator, list[Parts]], Parts]:
        def emit(tr: Translator, args: list[Parts]) -> Parts:
            if negative_power:  # where there is no element there is no error
                tr.check(True, ValueError, "Integers to negative integer powers are not allowed.")
            inputs = [casts.cast(tr, p, s, t) for p, s, t in zip(args, sources, loop, strict=False)]
            if roots and constant is not None:
                return ufuncs_scalar.emit(tr, np.sqrt, (loop[0], loop[0]), inputs[:1])[0]
            result = ufuncs_scalar.emit(tr, ufunc, loop, inputs, constant)[output]
            return _root_or(tr, loop[0], inputs, result, alone) if roots else result

        return emit

    results = [Elementwise(tr, emitter(k), tuple(leaves), t) for k, t in enumerate(loop[count:])]
    if len(results) == 1:
        return results[0]
    return TupleVal(tuple([tr.settle(r) for r in results]))


def _exact_comparison(tr: Translator, name: str, values: Sequence[Value]) -> Value | None:
    """Comparing integers with a Python int is exact also where the int does not fit the element type."""
    types = [element_type(v) for v in values]
    weak = [k for k in (0, 1) if types[k].weak and types[k].kind in "iu"]
    if len(weak) != 1 or types[1 - weak[0]].kind not in "iu":
        return None
    at = weak[0]
    scalar = values[at]
    strong = types[1 - at]
    if scalar.__class__ is Const:
        low, high = ufuncs_scalar.limits(strong)
        if low <= scalar.obj <= high:
            return None
    else:
        scalar = tr.val(scalar)

    def emit(tr: Translator, args: list[Parts]) -> Parts:
        from jitpy.frontend.library import scalars_compare

        pair = [scalar, scalar]
        pair[1 - at] = Val(strong, args[0])
        result = scalars_compare.compare(tr, name, *pair)
        return tr.val(result).ssa

    return Elementwise(tr, emit, (values[1 - at],), ty.np_bool)


def function(
    tr: Translator, emit: Callable[[Translator, list[Parts]], Parts], operands: Sequence[Value], dtype: ty.Scalar
) -> Value:
    """A tree for a function of our own; scalars among the operands are Vals of the type that ``emit`` expects."""
    return Elementwise(tr, emit, tuple(operands), dtype)


def cast_tree(tr: Translator, v: Value, target: ty.Scalar) -> Value:
    """``v.astype(target)`` as a tree."""
    source = element_type(v)
    return Elementwise(tr, lambda tr, args: casts.cast(tr, args[0], source, target), (v,), target)


# -- operators ---------------------------------------------------------------------------------------------------------


def binary(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """``a name b`` with an array on either side."""
    if name == "**" and b.kind() is ty.Scalar and is_array(a) and element_type(a).kind == "b":
        a = _power_of_bools(tr, a, b)
    return apply(tr, UFUNC_OF[name], (a, b), name == "**")


def _power_of_bools(tr: Translator, a: Value, exponent: Value) -> Value:
    """NumPy squares for the exponent 2, of bools into int8; any other Python int gives int64."""
    if element_type(exponent) is ty.py_int and a.type.ndim:
        if exponent.__class__ is not Const:
            two = tr.icmp("eq", tr.val(exponent).ssa[0], tr.iconst(2))
            tr.check(two, ValueError, "bools to the power of 2 give int8, to other powers int64: write astype(...) first")
        elif exponent.obj == 2:
            return cast_tree(tr, a, ty.int8)
    return a


def compare(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """``a name b`` with an array on either side."""
    return apply(tr, UFUNC_OF[name], (a, b))


def unary(tr: Translator, name: str, a: Value) -> Value:
    """``-a``, ``+a``, ``~a``, ``abs(a)``."""
    return apply(tr, UNARY_UFUNC[name], (a,))


def inplace(tr: Translator, name: str, a: Value, b: Value) -> Value:
    """``a name= b``: written into ``a``."""
    from jitpy.frontend.library import indexing

    target: Val = tr.settle(a)  # type: ignore[assignment]
    indexing.writable(tr, target)
    if target.type.ndim == 0:
        result = tr.binary(name, indexing.load(tr, target, ()), b)
        _store(tr, UFUNC_OF[name], result, target)
        return target
    _store(tr, UFUNC_OF[name], apply(tr, UFUNC_OF[name], (target, b), name == "**"), target)
    return target


def _store(tr: Translator, ufunc: Any, result: Value, out: Val, casting: str = "same_kind") -> None:
    from jitpy.frontend.library import elementwise_stores, indexing

    indexing.writable(tr, out)
    source, target = element_type(result), out.type.dtype
    if not np.can_cast(numpy_dtype(source), numpy_dtype(target), casting):  # type: ignore[arg-type]
        tr.error(
            f"cannot cast the result of {ufunc.__name__} from {source.name} to {target.name}",
            "Write x = x + y for a result of another type, or convert with astype.",
        )
    elementwise_stores.assign(tr, out, result, "out")


# -- calls of ufuncs ---------------------------------------------------------------------------------------------------


def call_ufunc(tr: Translator, ufunc: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``np.sin(a)``, ``np.add(a, b, out)`` and so on."""
    out = kwargs.pop("out", None)
    kwargs.pop("casting", None)
    dtype = kwargs.pop("dtype", None)
    for key in kwargs:
        tr.error(f"np.{ufunc.__name__} with the argument {key!r} is not supported")
    if len(args) == ufunc.nin + 1 and ufunc.nout == 1 and out is None:
        out = args.pop()
    if len(args) != ufunc.nin:
        tr.error(f"np.{ufunc.__name__} takes {ufunc.nin} arguments, {len(args)} given")
    if out.__class__ is TupleVal and len(out.items) == 1:
        out = out.items[0]
    if dtype is not None:
        from jitpy.frontend.library.arrays_arguments import dtype_of

        t = dtype_of(tr, dtype)
        if t is not None:
            _check_loop(tr, ufunc, args, t)
            args = [cast_tree(tr, v, t) if is_array(v) else Val(t, ufuncs_scalar.convert(tr, v, t)) for v in args]
    if out is None or (out.__class__ is Const and out.obj is None):
        if all(v.kind() is ty.Scalar for v in args):
            return _of_scalars(tr, ufunc, args)
        return apply(tr, ufunc, args)
    if not is_array(out) or ufunc.nout != 1:
        tr.error(f"np.{ufunc.__name__}: out must be one array")
    target: Val = tr.settle(out)  # type: ignore[assignment]
    _store(tr, ufunc, apply(tr, ufunc, args), target)
    return target


def _check_loop(tr: Translator, ufunc: Any, args: Sequence[Value], t: ty.Scalar) -> None:
    """Whether ``dtype=`` names a loop of the ufunc that the operands may be converted for."""
    for v in args:
        source = element_type(operand(tr, v))
        if not source.weak and not np.can_cast(numpy_dtype(source), numpy_dtype(t), "same_kind"):
            tr.error(f"np.{ufunc.__name__}: cannot cast from {source.name} to {t.name}", "Convert with astype first.")
    if ufuncs_scalar.resolve(tr, ufunc, (t,) * ufunc.nin)[ufunc.nin :] != (t,) * ufunc.nout:
        tr.error(f"np.{ufunc.__name__} has no loop with results of type {t.name}", "Convert the result with astype.")


__all__ = ["Elementwise", "apply", "cast_tree", "function", "itemsize", "known", "strides"]
