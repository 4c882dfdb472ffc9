"""Types of runtime values, interned: equal types are the same object, so ``is`` compares them.

``flat`` is how a value of the type is exploded into CLIF values; everything that passes values around (kernel arguments, block
parameters, results records) uses that one order.

================  ==================================================================================================
type              flat
================  ==================================================================================================
py int            i64                     py bool, np bool  i8 (0 or 1)
py float          f64                     py complex        f64 f64
np int, uint      i8 i16 i32 i64          np float          f16 f32 f64          np complex   f32 f32 / f64 f64
None              nothing
str               i64 object, i64 data, i64 length, i64 kind (bytes per character: 1, 2, 4)
tuple             the elements' flats, one after the other
array             i64 owner, i64 data, i64 shape * ndim, i64 strides (bytes) * ndim
list              i64 handle of a list block (see docs/contracts.md)
dict, set         i64 handle of the list of entries, i64 handle of the index (see library/dict_methods.py)
record            the values' flats, one after the other
random source     i64 object, i64 address of its bit generator
================  ==================================================================================================

An array's owner is the PyObject (argument, global) or the block (made inside) that keeps its memory; a block's address has
bit 0 set. Python scalars are weak, NumPy scalars strong (SEMANTICS C1): two different types even where the bits are the same.
"""

from __future__ import annotations

import weakref

from jitpy.backend.ir import types as clif


class Type:
    """A type; ``name`` is its spelling in messages and signatures."""

    __slots__ = ("flat", "name")

    def __init__(self, name: str, flat: tuple[clif.Type, ...]) -> None:
        self.name = name
        self.flat = flat

    def __repr__(self) -> str:
        return self.name


class Scalar(Type):
    """A number or bool. ``kind``: b, i, u, f, c; ``bits`` of the whole; ``weak``: a Python scalar."""

    __slots__ = ("bits", "kind", "weak")

    def __init__(self, name: str, kind: str, bits: int, weak: bool, flat: tuple[clif.Type, ...]) -> None:
        super().__init__(name, flat)
        self.kind = kind
        self.bits = bits
        self.weak = weak


class NoneType(Type):
    """The type of None."""


class Str(Type):
    """A str, compared and passed on only."""


class Tuple(Type):
    """A tuple with the types of its elements; ``cls``: the named tuple's class, or None."""

    __slots__ = ("cls", "items")

    def __init__(self, items: tuple[Type, ...], cls: type | None) -> None:
        name = "(" + ", ".join(t.name for t in items) + ("," if len(items) == 1 else "") + ")"
        super().__init__((cls.__qualname__ if cls is not None else "") + name, tuple(f for t in items for f in t.flat))
        self.items = items
        self.cls = cls


class RandomSource(Type):
    """A random number generator, by reference.

    ``family``: its class: Random (of `random`), RandomState or Generator (of NumPy); ``bits``: the class of its bit generator.
    The second flat is where its bits come from: Random's state, or NumPy's ``bitgen_t`` (`library.random.bits`).
    """

    __slots__ = ("bits", "family")

    def __init__(self, family: str, bits: str) -> None:
        super().__init__(f"{family}({bits})", (clif.I64, clif.I64))
        self.family = family
        self.bits = bits


class Array(Type):
    """An ndarray: element type, rank, layout (C, F, A for any), whether it may be written."""

    __slots__ = ("dtype", "layout", "ndim", "readonly")

    def __init__(self, dtype: Scalar, ndim: int, layout: str, readonly: bool) -> None:
        axes = [":"] * ndim
        if ndim and layout == "C":
            axes[-1] = "::1"
        elif ndim and layout == "F":
            axes[0] = "::1"
        name = f"{dtype.name}[{', '.join(axes)}]" if ndim else f"{dtype.name}[()]"
        super().__init__(("readonly " if readonly else "") + name, (clif.I64,) * (2 + 2 * ndim))
        self.dtype = dtype
        self.ndim = ndim
        self.layout = layout
        self.readonly = readonly


class List(Type):
    """A list whose elements have one type; ``reflected``: it came as an argument and is written back."""

    __slots__ = ("item", "reflected")

    def __init__(self, item: Type, reflected: bool) -> None:
        super().__init__(f"list[{item.name}]", (clif.I64,))
        self.item = item
        self.reflected = reflected


class Dict(Type):
    """A dict whose keys have one type and whose values have one; ``reflected`` as for lists."""

    __slots__ = ("key", "reflected", "value")

    def __init__(self, key: Type, value: Type, reflected: bool) -> None:
        super().__init__(f"dict[{key.name}, {value.name}]", (clif.I64, clif.I64))
        self.key = key
        self.value = value
        self.reflected = reflected


class Set(Type):
    """A set whose items, called ``key`` as a dict's, have one type."""

    __slots__ = ("key", "reflected")

    def __init__(self, key: Type, reflected: bool) -> None:
        super().__init__(f"set[{key.name}]", (clif.I64, clif.I64))
        self.key = key
        self.reflected = reflected


class Record(Type):
    """A dict that is returned whose str keys are known at compile time."""

    __slots__ = ("items", "keys")

    def __init__(self, keys: tuple[str, ...], items: tuple[Type, ...]) -> None:
        name = ", ".join(f"{k!r}: {t.name}" for k, t in zip(keys, items, strict=True))
        super().__init__(f"{{{name}}}", tuple(f for t in items for f in t.flat))
        self.keys = keys
        self.items = items


class Constant(Type):
    """A value known at compile time that has no runtime form: a function, a class, a module. Two are the same if the object is."""

    __slots__ = ("__weakref__", "value")

    def __init__(self, value: object) -> None:
        super().__init__(f"constant {getattr(value, '__qualname__', None) or type(value).__name__}", ())
        self.value = value


py_bool = Scalar("bool", "b", 8, True, (clif.I8,))
py_int = Scalar("int", "i", 64, True, (clif.I64,))
#: A Python int known to lie in 0 .. 2**64-1 (what masking with 2**64-1 gives): the same class to the user, read as unsigned.
py_uint = Scalar("int", "u", 64, True, (clif.I64,))
py_float = Scalar("float", "f", 64, True, (clif.F64,))
py_complex = Scalar("complex", "c", 128, True, (clif.F64, clif.F64))

np_bool = Scalar("bool_", "b", 8, False, (clif.I8,))
int8, int16, int32, int64 = (
    Scalar(f"int{1 << k}", "i", 1 << k, False, (k - 2,)) for k in range(3, 7)
)
uint8, uint16, uint32, uint64 = (
    Scalar(f"uint{1 << k}", "u", 1 << k, False, (k - 2,)) for k in range(3, 7)
)
float16 = Scalar("float16", "f", 16, False, (clif.F16,))
float32 = Scalar("float32", "f", 32, False, (clif.F32,))
float64 = Scalar("float64", "f", 64, False, (clif.F64,))
complex64 = Scalar("complex64", "c", 64, False, (clif.F32, clif.F32))
complex128 = Scalar("complex128", "c", 128, False, (clif.F64, clif.F64))

PY_SCALARS = (py_bool, py_int, py_float, py_complex)
NP_SCALARS = (
    np_bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64,
    float16, float32, float64, complex64, complex128,
)  # fmt: skip
#: NumPy's dtype name ("int8", "bool", ...) -> type.
BY_DTYPE_NAME: dict[str, Scalar] = {t.name.rstrip("_"): t for t in NP_SCALARS}

none = NoneType("None", ())
#: The item type of a list that never got an item.
undetermined = NoneType("nothing yet", ())
string = Str("str", (clif.I64,) * 4)

_tuples: dict[tuple[tuple[Type, ...], type | None], Tuple] = {}
_arrays: dict[tuple[Scalar, int, str, bool], Array] = {}
_lists: dict[tuple[Type, bool], List] = {}
_sources: dict[tuple[str, str], RandomSource] = {}
#: By identity. Weak, or every function that was ever passed or that calls itself would live for ever; while the type
#: lives it holds its object, so that no other has its identity.
_constants: weakref.WeakValueDictionary[int, Constant] = weakref.WeakValueDictionary()


def tuple_of(items: tuple[Type, ...], cls: type | None = None) -> Tuple:
    """The tuple type with these element types, of a named tuple's class where ``cls`` is given."""
    t = _tuples.get((items, cls))
    if t is None:
        t = _tuples[items, cls] = Tuple(items, cls)
    return t


def array_of(dtype: Scalar, ndim: int, layout: str = "A", readonly: bool = False) -> Array:
    """The array type; a rank of 0 has layout C."""
    key = (dtype, ndim, layout, readonly)
    t = _arrays.get(key)
    if t is None:
        t = _arrays[key] = Array(dtype, ndim, layout if ndim else "C", readonly)
    return t


def list_of(item: Type, reflected: bool = False) -> List:
    """The list type with this element type."""
    t = _lists.get((item, reflected))
    if t is None:
        t = _lists[item, reflected] = List(item, reflected)
    return t


def random_source(family: str, bits: str) -> RandomSource:
    """The type of random number generators of a class with this bit generator."""
    t = _sources.get((family, bits))
    if t is None:
        t = _sources[family, bits] = RandomSource(family, bits)
    return t


_NUMBERED = (None, *PY_SCALARS, py_uint, *NP_SCALARS, string, none)


_dicts: dict[tuple[Type, Type, bool], Dict] = {}
_sets: dict[tuple[Type, bool], Set] = {}
_records: dict[tuple[tuple[str, ...], tuple[Type, ...]], Record] = {}


def dict_of(key: Type, value: Type, reflected: bool = False) -> Dict:
    """The dict type with these types of keys and values."""
    t = _dicts.get((key, value, reflected))
    if t is None:
        t = _dicts[key, value, reflected] = Dict(key, value, reflected)
    return t


def set_of(key: Type, reflected: bool = False) -> Set:
    """The set type with this type of items."""
    t = _sets.get((key, reflected))
    if t is None:
        t = _sets[key, reflected] = Set(key, reflected)
    return t


def record_of(keys: tuple[str, ...], items: tuple[Type, ...]) -> Record:
    """The type of a dict with these keys and types of values."""
    t = _records.get((keys, items))
    if t is None:
        t = _records[keys, items] = Record(keys, items)
    return t


def unreflected(t: Type) -> Type:
    """The type of a dict or set that was made inside."""
    return dict_of(t.key, t.value) if t.__class__ is Dict else set_of(t.key)  # type: ignore[attr-defined]


def entry_of(t: Type) -> Type:
    """The type of the entries of a dict or set: hash, key, value."""
    if t.__class__ is Dict:
        return tuple_of((py_int, t.key, t.value))
    return tuple_of((py_int, t.key))  # type: ignore[attr-defined]


#: Numbers below 256 are taken by scalars; these mark the others in the low byte.
_DEEP, _FLAT_TUPLE, _LIST = 0xFE, 0xFF, 0xFD


def list_type_number(t: Type) -> int:
    """What a list block notes of its item type: scalars by position, tuples of up to six scalars by their items; never 0.

    All lists have one number: each tells itself what it holds.
    """
    if t.__class__ is List:
        return _LIST
    if t.__class__ is Tuple and t.cls is None and len(t.items) <= 6 and all(i in _NUMBERED for i in t.items):
        return sum(_NUMBERED.index(i) << 8 * k for k, i in enumerate(t.items, 1)) | len(t.items) << 56 | _FLAT_TUPLE
    if t in _NUMBERED:
        return _NUMBERED.index(t)
    import zlib

    number = zlib.crc32(_spelled(t).encode()) << 8 | _DEEP
    _by_number[number] = t
    return number


#: The types behind numbers of deep types that this process has met.
_by_number: dict[int, Type] = {}


def _spelled(t: Type) -> str:
    """A name under which lists that only differ in what they hold, and arrays that differ in layout, are the same."""
    if t.__class__ is List:
        return "list"
    if t.__class__ is Array:
        return f"array {t.dtype.name} {t.ndim} {t.readonly}"
    if t.__class__ is Tuple and t.cls is not None:
        return f"{t.cls.__module__}.{t.cls.__qualname__} " + " ".join(map(_spelled, t.items))
    return "(" + ", ".join(map(_spelled, t.items)) + ")" if t.__class__ is Tuple else t.name


def list_type_from(number: int) -> Type | None:
    """The item type of a number, None where it does not say: 0, and deep types of a kernel from the cache on disk."""
    low = number & 0xFF
    if low == _LIST:
        return list_of(undetermined)
    if low == _FLAT_TUPLE:
        return tuple_of(tuple([_NUMBERED[number >> 8 * k & 0xFF] for k in range(1, (number >> 56) + 1)]))  # type: ignore[misc]
    return _by_number.get(number) if low == _DEEP else _NUMBERED[low]


def constant(value: object) -> Constant:
    """The type of one compile-time object (kept alive by the type)."""
    t = _constants.get(id(value))
    if t is None:
        t = _constants[id(value)] = Constant(value)
    return t
