"""np.linalg for matrices: solve, inv, det, cholesky, norm: library code in Python, compiled for each element type.

Elimination is by rows with partial pivoting, in the type of the result. NumPy calls LAPACK, whose order of operations is another:
results agree within a small multiple of (condition number) x (size) x (unit roundoff), not to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import elementwise, indexing, registry, views, views_reshape
from jitpy.frontend.library.arrays_arguments import bind, constant, flag, is_none
from jitpy.frontend.library.arrays_shape import array, extents
from jitpy.frontend.library.constructors_nested import as_array
from jitpy.frontend.library.products import product_of
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator


# -- compiled library code ---------------------------------------------------------------------------------------------


def eliminated(a: Any, b: Any) -> None:
    """Turn ``b`` into the solution of ``a x = b``; ``a`` is used up."""
    n = a.shape[0]
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[pivot, k]):
                pivot = i
        if a[pivot, k] == 0:
            raise np.linalg.LinAlgError("Singular matrix")
        if pivot != k:
            for j in range(n):
                t = a[k, j]
                a[k, j] = a[pivot, j]
                a[pivot, j] = t
            for j in range(b.shape[1]):
                t = b[k, j]
                b[k, j] = b[pivot, j]
                b[pivot, j] = t
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= factor * a[k, j]
            for j in range(b.shape[1]):
                b[i, j] -= factor * b[k, j]
    for k in range(n - 1, -1, -1):
        for j in range(b.shape[1]):
            b[k, j] /= a[k, k]
        for i in range(k):
            factor = a[i, k]
            for j in range(b.shape[1]):
                b[i, j] -= factor * b[k, j]


def determinant(a: Any, one: Any) -> Any:
    """The determinant of ``a``, which is used up; ``one`` is a one-element array of 1."""
    n = a.shape[0]
    result = one[0]
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[pivot, k]):
                pivot = i
        if a[pivot, k] == 0:
            return a[pivot, k]
        if pivot != k:
            result = -result
            for j in range(n):
                t = a[k, j]
                a[k, j] = a[pivot, j]
                a[pivot, j] = t
        result = result * a[k, k]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= factor * a[k, j]
    return result


def decomposed(a: Any) -> None:
    """Turn a positive definite matrix into its lower Cholesky factor; only its lower triangle is read."""
    n = a.shape[0]
    for j in range(n):
        for k in range(j):
            for i in range(j, n):
                a[i, j] -= a[i, k] * np.conjugate(a[j, k])
        size = np.real(a[j, j])
        if not size > 0:
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        root = np.sqrt(size)
        for i in range(j + 1, n):
            a[i, j] /= root
        a[j, j] = root
        for i in range(j):
            a[i, j] = 0


# -- functions ---------------------------------------------------------------------------------------------------------


def _inner_type(tr: Translator, *values: Val) -> ty.Scalar:
    types = [v.type.dtype for v in values]
    if ty.float16 in types:
        tr.error("np.linalg does not take float16", "Convert with astype(np.float32).")
    single = all(t in _SINGLE for t in types)
    if any(t.kind == "c" for t in types):
        return ty.complex64 if single else ty.complex128
    return ty.float32 if single else ty.float64


_SINGLE = (ty.float32, ty.complex64)


def _square(tr: Translator, a: Value | None) -> Val:
    assert a is not None
    v = as_array(tr, a)
    if v.type.ndim != 2:
        tr.error(f"np.linalg is supported for matrices, not for {v.type.name}", "Loop over the leading axes.")
    n, m = extents(v)
    tr.check(tr.icmp("ne", n, m), np.linalg.LinAlgError, "Last 2 dimensions of the array must be square")
    return v


def _copy_as(tr: Translator, v: Val, t: ty.Scalar) -> Val:
    if v.type.dtype is not t:
        return array(tr, elementwise.cast_tree(tr, v, t))
    return views.copied(tr, v)


def _ones(tr: Translator, n: Value, t: ty.Scalar) -> Val:
    from jitpy.frontend.library.arrays import numpy_dtype

    return array(tr, tr.call(Const(np.eye), [n], {"dtype": Const(numpy_dtype(t))}))


@registry.call(np.linalg.solve)
def _solve(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a, b = bind(tr, "np.linalg.solve", args, kwargs, "a b", 2)
    left = _square(tr, a)
    assert b is not None
    right = as_array(tr, b)
    if right.type.ndim not in (1, 2):
        tr.error("np.linalg.solve is supported for right-hand sides of one or two dimensions")
    t = _inner_type(tr, left, right)
    tr.check(
        tr.icmp("ne", extents(left)[0], extents(right)[0]), ValueError,
        "solve: Input operand 1 has a mismatch in its core dimension 0",
    )  # fmt: skip
    result = _copy_as(tr, right, t)
    line = result.type.ndim == 1
    table = indexing.view(tr, result, [indexing.FULL, Const(None)]) if line else result
    tr.call_python(eliminated, (_copy_as(tr, left, t), table), inline=False)
    return result


@registry.call(np.linalg.inv)
def _inv(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    (a,) = bind(tr, "np.linalg.inv", args, kwargs, "a")
    v = _square(tr, a)
    t = _inner_type(tr, v)
    result = _ones(tr, Val(ty.py_int, extents(v)[:1]), t)
    tr.call_python(eliminated, (_copy_as(tr, v, t), result), inline=False)
    return result


@registry.call(np.linalg.det)
def _det(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    (a,) = bind(tr, "np.linalg.det", args, kwargs, "a")
    v = _square(tr, a)
    t = _inner_type(tr, v)
    one = views_reshape.raveled(tr, _ones(tr, Const(1), t))
    return tr.call_python(determinant, (_copy_as(tr, v, t), one), inline=False)


@registry.call(np.linalg.cholesky)
def _cholesky(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    (a,) = bind(tr, "np.linalg.cholesky", args, kwargs, "a")
    v = _square(tr, a)
    result = _copy_as(tr, v, _inner_type(tr, v))
    tr.call_python(decomposed, (result,), inline=False)
    return result


@registry.call(np.linalg.norm)
def _norm(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    x, order, axis, keepdims = bind(tr, "np.linalg.norm", args, kwargs, "x ord axis keepdims")
    assert x is not None
    v = as_array(tr, x)
    t: ty.Array = v.type
    wanted = constant(tr, order, "ord", None)
    kept = flag(tr, keepdims, "keepdims")
    if kept or not is_none(axis) or not (wanted is None or (wanted == "fro" and t.ndim == 2) or (wanted == 2 and t.ndim == 1)):
        from jitpy.frontend.library.norms import norm_along

        wheres = constant(tr, axis, "the axis")
        if wanted in (2, -2) and (t.ndim == 2 if wheres is None else wheres.__class__ is tuple):
            tr.error(f"the matrix norm of order {wanted} is not supported", "It needs singular values: call it outside the kernel.")
        if wheres is None and (t.ndim > 2 or t.ndim == 0):
            tr.error("np.linalg.norm of a whole array has no order", "Leave out ord, or name the axes.")
        where = TupleVal(tuple([Const(k) for k in wheres])) if wheres.__class__ is tuple else Const(wheres)
        return tr.call_python(norm_along, (v, Const(wanted), where, Const(kept)), inline=True)
    if t.dtype.kind in "biu":
        v = array(tr, elementwise.cast_tree(tr, v, ty.float64))
    if not t.ndim:
        v = views_reshape.reshaped(tr, v, [tr.iconst(1)])
    if t.dtype.kind == "c":
        parts = [views_reshape.raveled(tr, f(tr, v)) for f in (views.real, views.imag)]  # type: ignore[arg-type]
        squares = tr.binary("+", *(product_of(tr, p, p) for p in parts))
    else:
        line = views_reshape.raveled(tr, v)
        squares = product_of(tr, line, line)
    return tr.call(Const(np.sqrt), [squares])
