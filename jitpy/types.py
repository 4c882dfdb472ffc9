"""Types as users write them: ``float64(float64[:, ::1], int64)``. The names and spelling are Numba's.

A `Spec` is a pattern of argument types. It can be indexed (arrays), called with other specs (a signature) or with a
number (a NumPy scalar), and given to NumPy as a dtype. A 64-bit number admits the Python and the NumPy kind and
converts neither; a narrower one converts, because whoever writes it asks for that (SEMANTICS C1).
"""

from __future__ import annotations

import numpy as np

from jitpy.frontend.types import types as ty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DTYPE = {t: np.dtype(name) for name, t in ty.BY_DTYPE_NAME.items()}


class Spec:
    """A pattern. ``admits``: the frontend types it accepts as they are, the first of which an eager compilation uses;
    ``converts``: whether other numbers are converted to it; ``dtype``: NumPy's, for numbers."""

    __slots__ = ("admits", "converts", "dtype", "name")

    def __init__(self, name: str, admits: tuple[ty.Type, ...], converts: bool = False, dtype: Any = None) -> None:
        self.name = name
        self.admits = admits
        self.converts = converts
        if dtype is not None:
            self.dtype = dtype

    def __repr__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and self.admits == other.admits

    def __hash__(self) -> int:
        return hash(self.admits)

    def __reduce__(self) -> Any:
        from jitpy.signatures import named

        return named, (self.name,)

    def __call__(self, *args: Any) -> Any:
        if len(args) == 1 and not isinstance(args[0], Spec) and hasattr(self, "dtype"):
            return self.dtype.type(args[0])
        return Signature(self, tuple(as_spec(a) for a in args))

    def __getitem__(self, index: Any) -> Spec:
        """An array of this element type: ``[:]`` any layout, ``[::1]`` C order, ``[::1, :]`` Fortran order."""
        axes = index if isinstance(index, tuple) else (index,)
        if not all(isinstance(a, slice) and a.start is None and a.stop is None and a.step in (None, 1) for a in axes):
            raise TypeError(f"{self.name}[{', '.join(map(_axis, axes))}]: axes are written ':' or '::1'")
        contiguous = [i for i, a in enumerate(axes) if a.step == 1]
        if not contiguous:
            layout = "A"
        elif contiguous == [len(axes) - 1]:
            layout = "C"
        elif contiguous == [0]:
            layout = "F"
        else:
            raise TypeError(f"{self.name}: '::1' stands at the last axis (C order) or at the first (Fortran order)")
        return Array(self, len(axes), layout)


def _axis(a: Any) -> str:
    if not isinstance(a, slice):
        return repr(a)
    bounds = ["" if x is None else repr(x) for x in (a.start, a.stop, a.step)]
    return ":".join(bounds if bounds[2] else bounds[:2])


class Signature:
    """``returns(args...)``; ``returns`` None where only argument types were given."""

    __slots__ = ("args", "returns")

    def __init__(self, returns: Spec | None, args: tuple[Spec, ...]) -> None:
        self.returns = returns
        self.args = args

    def __repr__(self) -> str:
        text = ", ".join(a.name for a in self.args)
        return f"{self.returns.name}({text})" if self.returns else f"({text})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Signature) and (self.args, self.returns) == (other.args, other.returns)

    def __hash__(self) -> int:
        return hash(self.args)


def Array(dtype: Spec, ndim: int, layout: str = "A", readonly: bool = False, aligned: bool = True) -> Spec:
    """An array type. A type that is not read-only takes writable arrays only."""
    element = dtype.admits[-1]
    if not isinstance(element, ty.Scalar) or element.weak or layout not in ("A", "C", "F"):
        raise TypeError(f"no array type of {dtype!r} with layout {layout!r}")
    made = ty.array_of(element, ndim, layout, readonly)
    return Spec(made.name, (made,))


def Tuple(items: Any) -> Spec:
    """A tuple of these types."""
    specs = [as_spec(s) for s in items]
    return Spec(f"Tuple({', '.join(s.name for s in specs)})", (ty.tuple_of(tuple(s.admits[0] for s in specs)),))


def UniTuple(item: Any, count: int) -> Spec:
    """A tuple of ``count`` items of one type."""
    return Tuple((item,) * count)


def List(item: Any, reflected: bool = True) -> Spec:
    """A list of items of one type."""
    spec = as_spec(item)
    return Spec(f"List({spec.name})", (ty.list_of(spec.admits[0], reflected),))


def optional(item: Any) -> Spec:
    """A value of a type, or None. Compiled eagerly for the value; for None when it comes."""
    spec = as_spec(item)
    dtype = getattr(spec, "dtype", None)
    return Spec(f"optional({spec.name})", (*spec.admits, ty.none), spec.converts, dtype)


Optional = optional


def _number(name: str, weak: ty.Type | None, strong: ty.Scalar) -> Spec:
    return Spec(name, (weak, strong) if weak is not None else (strong,), weak is None, _DTYPE[strong])


boolean = _number("boolean", ty.py_bool, ty.np_bool)
int8, int16, int32 = (_number(t.name, None, t) for t in (ty.int8, ty.int16, ty.int32))
uint8, uint16, uint32 = (_number(t.name, None, t) for t in (ty.uint8, ty.uint16, ty.uint32))
int64 = _number("int64", ty.py_int, ty.int64)
uint64 = _number("uint64", None, ty.uint64)
float16, float32 = _number("float16", None, ty.float16), _number("float32", None, ty.float32)
float64 = _number("float64", ty.py_float, ty.float64)
complex64 = _number("complex64", None, ty.complex64)
complex128 = _number("complex128", ty.py_complex, ty.complex128)
none = void = Spec("none", (ty.none,))
unicode_type = string = Spec("unicode_type", (ty.string,))

bool_ = b1 = boolean
i1, i2, i4, i8, u1, u2, u4, u8 = int8, int16, int32, int64, uint8, uint16, uint32, uint64
f2, f4, f8, c8, c16 = float16, float32, float64, complex64, complex128
byte = uchar = uint8
char, short, ushort, intc, uintc = int8, int16, uint16, int32, uint32
int_ = intp = long_ = longlong = ssize_t = int64
uint = uintp = ulong = ulonglong = size_t = uint64
float_ = double = float64
single = float32

_PYTHON: dict[Any, Spec] = {
    int: int64,
    float: float64,
    bool: boolean,
    complex: complex128,
    None: none,
    str: unicode_type,
}


def as_spec(obj: Any) -> Spec:
    """A spec from a spec, a Python class, a NumPy class or dtype, or a frontend type."""
    if isinstance(obj, Spec):
        return obj
    if isinstance(obj, ty.Type):
        return Spec(obj.name, (obj,))
    try:
        found = _PYTHON.get(obj)
    except TypeError:
        found = None
    if found is not None:
        return found
    if isinstance(obj, type | np.dtype):
        try:
            name = np.dtype(obj).name
        except TypeError:
            name = ""
        if name in ty.BY_DTYPE_NAME:
            strong = ty.BY_DTYPE_NAME[name]
            return Spec(strong.name, (strong,), False, np.dtype(name))
    if isinstance(obj, str):
        raise TypeError(f"{obj!r} is a str within a signature; write all of it as one str, or use the name jitpy.{obj}")
    raise TypeError(f"{obj!r} is not a type that can stand in a signature")
