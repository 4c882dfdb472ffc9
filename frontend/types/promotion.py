"""Which type two operands meet in, and which loop a ufunc runs.

Python scalars are weak: beside a NumPy operand they only say how high the kind must be (bool < integer < real <
complex), and the NumPy operand's type decides the width; a Python bool counts as NumPy's. This is NEP 50, and the
same for scalars and for the element types of arrays. `promote` is that rule as a table of all pairs, and `loop`
asks NumPy itself, once per ufunc and operand types, which element types a ufunc takes and gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.types.types import (
    NP_SCALARS,
    PY_SCALARS,
    Scalar,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    np_bool,
    py_bool,
    py_complex,
    py_float,
    py_int,
    py_uint,
    uint8,
    uint16,
    uint32,
    uint64,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIGNED = {8: int8, 16: int16, 32: int32, 64: int64}
_UNSIGNED = {8: uint8, 16: uint16, 32: uint32, 64: uint64}
_FLOATS = {16: float16, 32: float32, 64: float64}

#: The order of the kinds: a weak operand raises the kind of the other to its own.
RANK = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}

#: The NumPy type that a Python scalar becomes where no NumPy operand decides.
DEFAULT = {py_bool: np_bool, py_int: int64, py_uint: int64, py_float: float64, py_complex: complex128}

#: The Python type of a NumPy scalar's `item()`, per kind.
ITEM = {"b": py_bool, "i": py_int, "u": py_int, "f": py_float, "c": py_complex}


def float_for(t: Scalar) -> Scalar:
    """The smallest NumPy float that NumPy holds good for ``t``: float16 for 8 bits, float32 for 16, else float64."""
    if t.kind == "f":
        return t
    return float16 if t.bits <= 8 else float32 if t.bits == 16 else float64


def complex_for(t: Scalar) -> Scalar:
    """The complex type whose components hold the real NumPy type ``t``."""
    if t.kind == "c":
        return t
    return complex128 if float_for(t).bits == 64 else complex64


def component(t: Scalar) -> Scalar:
    """The type of the real and imaginary parts of a complex type; ``t`` itself if it is real."""
    if t.kind != "c":
        return t
    return py_float if t.weak else float64 if t.bits == 128 else float32


def _promote_strong(a: Scalar, b: Scalar) -> Scalar:
    if RANK[a.kind] > RANK[b.kind] or (a.kind == b.kind and a.bits > b.bits):
        a, b = b, a
    if a.kind == b.kind or a.kind == "b":
        return b
    if b.kind == "c":
        return complex128 if b.bits == 128 or float_for(a).bits == 64 else complex64
    if b.kind == "f":
        return _FLOATS[max(b.bits, float_for(a).bits)]
    signed, unsigned = (a, b) if a.kind == "i" else (b, a)
    if signed.bits > unsigned.bits:
        return signed
    return float64 if unsigned.bits == 64 else _SIGNED[unsigned.bits * 2]


def _promote_weak(weak: Scalar, strong: Scalar) -> Scalar:
    if RANK[weak.kind] <= RANK[strong.kind]:
        return strong
    if weak.kind == "c" and strong.kind == "f":
        return complex_for(strong)
    return DEFAULT[weak]


def _promote(a: Scalar, b: Scalar) -> Scalar:
    if a.weak and b.weak:
        return a if RANK[a.kind] >= RANK[b.kind] else b
    if a.weak:
        return _promote_weak(a, b)
    if b.weak:
        return _promote_weak(b, a)
    return _promote_strong(a, b)


_SCALARS = (*PY_SCALARS, *NP_SCALARS, py_uint)
_PROMOTED = {(a, b): _promote(a, b) for a in _SCALARS for b in _SCALARS}


def promote(a: Scalar, b: Scalar) -> Scalar:
    """The common type of two scalars or element types; a Python type only if both are Python scalars."""
    return _PROMOTED[a, b]


def common(types: Sequence[Scalar]) -> Scalar:
    """The common type of several operands, as `numpy.result_type` gives it (beyond two it is not a chain of pairs, so
    NumPy is asked).
    """
    if all(t.weak for t in types):
        result = types[0]
        for t in types[1:]:
            result = _PROMOTED[result, t]
        return result
    if len(types) <= 2:
        return _PROMOTED[types[0], types[-1]]
    import numpy as np

    python: dict[Scalar, Any] = {py_bool: np.dtype("bool"), py_int: 0, py_float: 0.0, py_complex: 0j}
    found = from_dtype(np.result_type(*[python[t] if t.weak else _numpy_dtype(t) for t in types]))
    assert found is not None
    return found


_PYTHON_CLASS = {py_int: int, py_float: float, py_complex: complex}
_TYPE_OF_NUM: dict[int, Scalar] = {}
_loops: dict[tuple[Any, ...], tuple[Scalar, ...] | None] = {}


def _numpy_dtype(t: Scalar) -> Any:
    import numpy as np

    return _PYTHON_CLASS.get(t) or np.dtype("bool" if t.kind == "b" else t.name)


def from_dtype(dtype: Any) -> Scalar | None:
    """The scalar type of a NumPy dtype in native byte order, or None if there is none."""
    if not _TYPE_OF_NUM:
        import numpy as np

        for t in NP_SCALARS:
            _TYPE_OF_NUM[np.dtype("bool" if t.kind == "b" else t.name).num] = t
        # C has two 64-bit integer types (or two of 32 bits): one number each, one type.
        for code in "bhilqBHILQ":
            d = np.dtype(code)
            _TYPE_OF_NUM[d.num] = (_SIGNED if d.kind == "i" else _UNSIGNED)[d.itemsize * 8]
    return _TYPE_OF_NUM.get(dtype.num) if dtype.isnative else None


def loop(ufunc: Any, operands: tuple[Scalar, ...]) -> tuple[Scalar, ...] | None:
    """Input and output element types of the loop that ``ufunc`` runs for these operands, or None where NumPy raises
    TypeError.
    """
    key = (ufunc, operands)
    found = _loops.get(key, False)
    if found is False:
        wanted = tuple(_numpy_dtype(t) for t in operands) + (None,) * ufunc.nout
        try:
            resolved = tuple(from_dtype(d) for d in ufunc.resolve_dtypes(wanted))
        except TypeError:
            resolved = (None,)
        found = None if None in resolved else resolved  # type: ignore[assignment]
        _loops[key] = found  # type: ignore[assignment]
    return found  # type: ignore[return-value]
