"""Arrays: attributes, len, iteration, and where everything else about them is found.

This module is imported when a kernel first meets an array. Element access and slicing come with it; operators, methods and
functions are entered by name only, and their modules imported when one is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import indexing, registry
from jitpy.frontend.library.arrays_shape import array, extents, itemsize, product, strides
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Iterator, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator


def numpy_dtype(t: ty.Scalar) -> Any:
    """The NumPy dtype of an element type."""
    return np.dtype("bool" if t.kind == "b" else t.name)


def py_int(v: int) -> Val:
    """An i64 as a Python int."""
    return Val(ty.py_int, (v,))


# -- attributes ------------------------------------------------------------------------------------------------------------------


def _shape(tr: Translator, a: Value) -> Value:
    v = array(tr, a)
    for n in extents(v):
        tr.bound(n, 0, 1 << 62)
    return TupleVal(tuple(py_int(n) for n in extents(v)))


def _size(tr: Translator, a: Value) -> Value:
    size = product(tr, extents(array(tr, a)))
    tr.bound(size, 0, 1 << 62)
    return py_int(size)


def _nbytes(tr: Translator, a: Value) -> Value:
    v = array(tr, a)
    return py_int(product(tr, (*extents(v), tr.iconst(itemsize(v.type)))))


def _strides(tr: Translator, a: Value) -> Value:
    return TupleVal(tuple(py_int(s) for s in strides(array(tr, a))))


ATTRIBUTES: dict[str, Callable[[Translator, Any], Value]] = {
    "shape": _shape,
    "size": _size,
    "nbytes": _nbytes,
    "strides": _strides,
    "ndim": lambda tr, a: Const(a.type.ndim),
    "dtype": lambda tr, a: Const(numpy_dtype(a.type.dtype)),
    "itemsize": lambda tr, a: Const(itemsize(a.type)),
}


def _view_attribute(name: str) -> Callable[[Translator, Any], Value]:
    def attribute(tr: Translator, a: Value) -> Value:
        from jitpy.frontend.library import views

        result: Value = views.ATTRIBUTES[name](tr, a)
        return result

    return attribute


def _flags(tr: Translator, a: Value) -> Value:
    from jitpy.frontend.library import views_reshape

    return views_reshape.Flags(array(tr, a))


def _set_attribute_error(tr: Translator, a: Value, name: str) -> Value | None:
    if name in ("base", "data", "ctypes", "__array_interface__"):
        tr.error(f"the attribute {name} of an array is not supported")
    if hasattr(np.ndarray, name):
        tr.error(f"arrays' {name} is not supported", "docs/numpy.md lists what is supported.")
    return None


# -- functions -------------------------------------------------------------------------------------------------------------------


def _function(name: str) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        a = args[0]
        if a.kind() is not ty.Array:
            if a.kind() is ty.Scalar:
                return TupleVal(()) if name == "shape" else Const(int(name == "size"))
            tr.error(f"np.{name} needs an array, not {a.describe()}")
        if len(args) > 1:
            axis = args[1]
            if name == "size" and axis.__class__ is Const:
                return tr.getitem(_shape(tr, a), axis)
        return ATTRIBUTES[name](tr, a)

    return handler


@registry.call(np.dtype)
def _dtype(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    from jitpy.frontend.library.arrays_arguments import dtype_of

    t = dtype_of(tr, args[0])
    assert t is not None
    return Const(numpy_dtype(t))


def length(tr: Translator, a: Value) -> Value:
    """``len(a)``."""
    v = array(tr, a)
    if not v.type.ndim:
        tr.error("len() of an unsized object: the array has no dimensions")
    n = v.ssa[2]
    tr.bound(n, 0, 1 << 62)
    return py_int(n)


# -- iteration -------------------------------------------------------------------------------------------------------------------


class ArrayIterator(Iterator):
    """The elements, or sub-arrays, along the first axis; the extent is fixed when the loop begins, as an array's is."""

    __slots__ = ("array", "at")

    def __init__(self, at: Value, array: Value) -> None:
        self.at = at
        self.array = array

    def children(self) -> tuple[Value, ...]:
        return self.at, self.array

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return ArrayIterator(*children)

    def mutable(self) -> int:
        return 1

    def step(self, tr: Translator) -> tuple[int | bool, Callable[[], Value], Callable[[], Iterator]]:
        a: Val = self.array  # type: ignore[assignment]
        at = self.at.ssa[0]
        more = tr.icmp("slt", at, a.ssa[2])

        def item() -> Value:
            return indexing.at_positions(tr, a, (at,))

        def advanced() -> Iterator:
            from jitpy.backend.ir import opcodes as op
            from jitpy.backend.ir.types import I64

            return ArrayIterator(py_int(tr.op(op.IADD, I64, at, tr.iconst(1))), a)

        return more, item, advanced


@registry.entry(registry.iterate, ty.Array)
def _iterate(tr: Translator, a: Value) -> Iterator:
    v = array(tr, a)
    if not v.type.ndim:
        tr.error("iteration over an array of no dimensions")
    return ArrayIterator(py_int(tr.iconst(0)), v)


@registry.entry(registry.unpack, ty.Array)
def _unpack(tr: Translator, a: Value, n: int) -> list[Value]:
    v = array(tr, a)
    if not v.type.ndim:
        tr.error("iteration over an array of no dimensions")
    extent = v.ssa[2]
    count = tr.iconst(n)
    tr.check(tr.icmp("sgt", extent, count), ValueError, f"too many values to unpack (expected {n})")
    tr.check(
        tr.icmp("slt", extent, count), ValueError, f"not enough values to unpack (expected {n}, got ", (extent, ty.py_int), ")"
    )
    return [indexing.at_positions(tr, v, (tr.iconst(k),)) for k in range(n)]


@registry.entry(registry.truth, ty.Array)
def _truth(tr: Translator, a: Value) -> int | bool:
    """bool(a): that of the only element; ValueError where there are more, or none."""
    v = array(tr, a)
    if v.type.ndim:
        size = product(tr, extents(v))
        tr.check(
            tr.icmp("ne", size, tr.iconst(1)), ValueError,
            "The truth value of an array with other than one element is ambiguous. Use a.any() or a.all()",
        )  # fmt: skip
    return tr.truth(indexing.at_positions(tr, v, tuple(tr.iconst(0) for _ in extents(v))))


# -- the rest, by name -----------------------------------------------------------------------------------------------------------

METHODS = {
    "views_reshape": "ravel flatten reshape",
    "views": "transpose swapaxes squeeze diagonal view",
    "constructors_nested": "copy item tolist",
    "elementwise_functions": "astype clip round conj conjugate fill",
    "reductions": "sum prod min max mean std var argmin argmax all any",
    "reductions_running": "cumsum cumprod",
    "sorting": "sort argsort searchsorted nonzero",
    "joining": "repeat take",
    "products": "dot trace",
}  # fmt: skip


def _later_method(theme: str, name: str) -> Callable[..., Any]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Any:
        registry.load(theme)
        found = registry.methods[ty.Array, name]
        if found is handler:
            tr.error(f"the method {name} of arrays is not supported")
        return found(tr, args, kwargs)

    return handler


def _operator(table: str, name: str) -> Callable[..., Any]:
    def handler(tr: Translator, *args: Value) -> Any:
        from jitpy.frontend.library import elementwise

        return getattr(elementwise, table)(tr, name, *args)

    return handler


def _contains(tr: Translator, item: Value, a: Value) -> Value:
    """``item in a``: whether any element equals it, as NumPy has it."""
    from jitpy.frontend.library import elementwise, reductions

    compared = elementwise.apply(tr, np.equal, (a, item))
    if compared.kind() is ty.Scalar:  # an array of no dimensions
        return Val(ty.py_bool, tr.val(compared).ssa)
    equal = array(tr, compared)
    found = reductions.reduce_all(tr, equal, reductions.fold_of("any", ty.np_bool))
    return Val(ty.py_bool, found.ssa)


def _matmul(tr: Translator, a: Value, b: Value) -> Any:
    from jitpy.frontend.library import products

    return products.matmul(tr, a, b)


@registry.entry(registry.settle, ty.Array)
def _settle(tr: Translator, a: Value) -> Value:
    if a.__class__ is Val:
        return a
    return a.compute(tr)  # type: ignore[attr-defined, no-any-return]


def _register() -> None:
    for name, handler in ATTRIBUTES.items():
        registry.attributes[ty.Array, name] = handler
    for name in ("T", "mT", "flat", "real", "imag"):
        registry.attributes[ty.Array, name] = _view_attribute(name)
    for theme, names in METHODS.items():
        for name in names.split():
            registry.methods[ty.Array, name] = _later_method(theme, name)
    registry.attributes[ty.Array, "flags"] = _flags
    registry.attribute_kinds[ty.Array] = _set_attribute_error
    for name in ("+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^", "divmod"):
        for pair in ((ty.Array, None), (None, ty.Array)):
            registry.binary[(name, *pair)] = _operator("binary", name)
        registry.inplace[name, ty.Array, None] = _operator("inplace", name)
    for pair in ((ty.Array, None), (None, ty.Array)):
        registry.binary[("@", *pair)] = _matmul
        for name in ("<", "<=", "==", "!=", ">", ">="):
            registry.compare[(name, *pair)] = _operator("compare", name)
    registry.compare["in", None, ty.Array] = _contains
    for name in ("-", "+", "~", "abs"):
        registry.unary[name, ty.Array] = _operator("unary", name)
    for name in ("ndim", "shape", "size"):
        registry.call(getattr(np, name))(_function(name))


_register()
