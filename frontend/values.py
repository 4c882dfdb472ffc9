"""Abstract values: what the translator knows about a Python value while it walks the bytecode.

A value has a compile-time side (its class, its type, objects that are known) and a run-time side: its ``parts``, the SSA values
that carry it. The translator joins, renames and merges values through three methods and knows nothing else about them, so library
code may add classes of its own (lazy array expressions, iterators):

    key()              hashable; values with equal keys differ in their parts only, so they can meet in block parameters
    parts()            the SSA values, in a fixed order
    with_parts(parts)  the same value carried by other SSA values

``part_types()`` gives the CLIF types of the parts. ``kind()`` is the class that the tables of `library.registry` are keyed by.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from jitpy.frontend.types import types as ty

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator


class Value:
    """The base of abstract values. A value without parts that equals only itself needs to override nothing.

    A ``lazy`` value is an expression that is not computed yet. It stays on the stack of one expression only: the interpreter
    settles it before it is named, duplicated, kept in a tuple, or may be reached by control flow or by a call.
    """

    __slots__ = ()

    lazy = False

    if TYPE_CHECKING:
        # What a value has depends on its class and its kind. Library functions are looked up by these and tests read
        # ``v.__class__ is Const``, neither of which tells the checker: to it, each value has the attributes of the common ones.
        type: Any
        obj: Any
        ssa: tuple[int, ...]
        items: tuple[Value, ...]

    def key(self) -> Any:
        return self

    def parts(self) -> tuple[int, ...]:
        return ()

    def part_types(self) -> tuple[int, ...]:
        return ()

    def with_parts(self, parts: Sequence[int]) -> Value:
        return self

    def kind(self) -> type:
        return type(self)

    def describe(self) -> str:
        """The value's type in the user's words, for messages."""
        return type(self).__name__


class Val(Value):
    """A run-time value of a type; ``ssa`` are the SSA values of ``type.flat``. Tuples are never Vals: see `TupleVal`."""

    __slots__ = ("ssa", "type")

    def __init__(self, type: ty.Type, ssa: tuple[int, ...]) -> None:
        self.type = type
        self.ssa = ssa

    def key(self) -> Any:
        return self.type

    def parts(self) -> tuple[int, ...]:
        return self.ssa

    def part_types(self) -> tuple[int, ...]:
        flat: tuple[int, ...] = self.type.flat
        return flat

    def with_parts(self, parts: Sequence[int]) -> Value:
        return Val(self.type, tuple(parts))

    def kind(self) -> type:
        return builtins.type(self.type)

    def describe(self) -> str:
        return str(self.type.name)

    def __repr__(self) -> str:
        return f"{self.type.name}{self.ssa}"


#: Python classes whose constants are numbers: they may become run-time values where paths meet.
_NUMBERS: dict[type, ty.Scalar] = {
    bool: ty.py_bool, int: ty.py_int, float: ty.py_float, complex: ty.py_complex,
}  # fmt: skip


def scalar_type(obj: object) -> ty.Scalar | None:
    """The type of a Python or NumPy number, None for anything else."""
    t = _NUMBERS.get(obj.__class__)
    if t is None:
        dtype = getattr(obj, "dtype", None)
        if dtype is not None and getattr(obj, "ndim", 1) == 0 and obj.__class__.__module__ == "numpy":
            return ty.BY_DTYPE_NAME.get(dtype.name) if obj.__class__.__name__ != "ndarray" else None
    return t


class Const(Value):
    """An object known at compile time: a number, str, None, function, class, module, dtype ...

    Its kind is `ty.Scalar` for numbers, `ty.Str`, `ty.NoneType`, else `ty.Constant`.
    """

    __slots__ = ("obj", "type")

    def __init__(self, obj: Any) -> None:
        self.obj = obj
        self.type = _type_of_constant(obj)

    def key(self) -> Any:
        t = self.type
        if t.__class__ is ty.Scalar:
            return "const", t, self.obj if self.obj == self.obj else "nan", str(self.obj)
        if t is ty.string:
            return "const", self.obj
        return "const", id(self.obj)

    def kind(self) -> type:
        return builtins.type(self.type)

    def describe(self) -> str:
        return _describe_object(self.obj) if self.type.__class__ is ty.Constant else self.type.name

    def __repr__(self) -> str:
        return f"Const({self.obj!r})"


def _describe_object(obj: Any) -> str:
    """What an object from outside is, in the user's words."""
    name = getattr(obj, "__qualname__", None) or getattr(obj, "__name__", None)
    if not isinstance(name, str):
        cls = type(obj)
        return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__name__} object"
    module = getattr(obj, "__module__", None) or "builtins"
    if obj.__class__.__name__ in ("module", "function"):
        return f"{obj.__class__.__name__} {name}"
    if not isinstance(module, str) or module == "builtins" or "<locals>" in name or getattr(builtins, name, None) is obj:
        return name
    return f"{module}.{name}"


def advice(v: Value, otherwise: str) -> str:
    """The hint for something that cannot be done with ``v``: for objects from outside, what to pass instead."""
    cls: Any = v.obj.__class__ if v.__class__ is Const else None
    if cls in (list, dict, set):
        instead = "an array" if cls is dict else "a tuple or an array"
        return f"A {cls.__name__} from outside is not read: pass it as an argument, or make it {instead}."
    if getattr(v, "type", None) is ty.string:
        return "Text can be compared, printed, and used in messages of exceptions (f-strings)."
    return otherwise


def _type_of_constant(obj: object) -> ty.Type:
    t = scalar_type(obj)
    if t is not None:
        return t
    if obj is None:
        return ty.none
    if obj.__class__ is str:
        return ty.string
    return ty.constant(obj)


class Compound(Value):
    """Helper base: a value made of other values, ``children()``, rebuilt by ``rebuild(children)``."""

    __slots__ = ()

    def children(self) -> tuple[Value, ...]:
        raise AssertionError

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        raise AssertionError

    def static(self) -> Any:
        """What of the key does not come from the children."""
        return None

    def meet(self, other: Compound) -> Compound | None:
        """This value in the shape of either, where the static parts differ; None: they stay apart."""
        return None

    def key(self) -> Any:
        return (type(self), self.static(), *[c.key() for c in self.children()])

    def parts(self) -> tuple[int, ...]:
        return tuple(p for c in self.children() for p in c.parts())

    def part_types(self) -> tuple[int, ...]:
        return tuple(p for c in self.children() for p in c.part_types())

    def with_parts(self, parts: Sequence[int]) -> Value:
        rebuilt: list[Value] = []
        at = 0
        for c in self.children():
            n = len(c.parts())
            rebuilt.append(c.with_parts(parts[at : at + n]) if n else c)
            at += n
        return self.rebuild(tuple(rebuilt))


class TupleVal(Compound):
    """A tuple of known length; ``cls``: the named tuple's class."""

    __slots__ = ("cls", "items")

    def __init__(self, items: tuple[Value, ...], cls: Any = None) -> None:
        self.items = items
        self.cls = cls

    def children(self) -> tuple[Value, ...]:
        return self.items

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return TupleVal(children, self.cls)

    def static(self) -> Any:
        return self.cls

    def describe(self) -> str:
        name = "" if self.cls is None else self.cls.__name__
        return name + "(" + ", ".join(i.describe() for i in self.items) + ("," if len(self.items) == 1 else "") + ")"


class _Bounds(Compound):
    """What slices and ranges are made of."""

    __slots__ = ("start", "step", "stop")

    def __init__(self, start: Value, stop: Value, step: Value) -> None:
        self.start = start
        self.stop = stop
        self.step = step

    def children(self) -> tuple[Value, ...]:
        return self.start, self.stop, self.step

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return type(self)(*children)


class SliceVal(_Bounds):
    """A slice; absent bounds are ``Const(None)``."""

    __slots__ = ()

    def describe(self) -> str:
        return "slice"


class RangeVal(_Bounds):
    """A range of Python ints: each of start, stop, step an int Const or a Val of py_int. The step is not zero."""

    __slots__ = ()

    def describe(self) -> str:
        return "range"


class BoundMethod(Compound):
    """``self.name`` before it is called: the registered handler gets ``(self, *args)``."""

    __slots__ = ("handler", "name", "self_value")

    def __init__(self, self_value: Value, name: str, handler: Callable[..., Value]) -> None:
        self.self_value = self_value
        self.name = name
        self.handler = handler

    def children(self) -> tuple[Value, ...]:
        return (self.self_value,)

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return BoundMethod(children[0], self.name, self.handler)

    def static(self) -> Any:
        return self.name, id(self.handler)

    def describe(self) -> str:
        return f"method {self.name}"


class FunctionVal(Compound):
    """A function made inside the kernel (def, lambda): its code, and the values it captured.

    ``frame`` is the frame whose live cells it reads as of the call (Python's closures are by reference); once that frame is left,
    ``captured`` holds their last values.
    """

    __slots__ = ("captured", "code", "defaults", "frame", "globals", "kwdefaults", "name")

    def __init__(
        self, code: Any, name: str, globals: dict[str, Any], defaults: tuple[Value, ...] = (),
        kwdefaults: dict[str, Value] | None = None, frame: Any = None, captured: dict[str, Value] | None = None,
    ) -> None:  # fmt: skip
        self.code = code
        self.name = name
        self.globals = globals
        self.defaults = defaults
        self.kwdefaults = kwdefaults or {}
        self.frame = frame
        self.captured = captured or {}

    def children(self) -> tuple[Value, ...]:
        return (*self.defaults, *self.kwdefaults.values(), *self.captured.values())

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        d, k = len(self.defaults), len(self.kwdefaults)
        return FunctionVal(
            self.code, self.name, self.globals, children[:d],
            dict(zip(self.kwdefaults, children[d : d + k], strict=True)), self.frame,
            dict(zip(self.captured, children[d + k :], strict=True)),
        )  # fmt: skip

    def static(self) -> Any:
        return id(self.code), id(self.frame), len(self.defaults), tuple(self.kwdefaults), tuple(self.captured)

    def describe(self) -> str:
        return f"function {self.name}"


class EitherVal(Value):
    """A scalar that is ``typed`` where ``flag`` (an i8) is nonzero, else ``alt``: a constant (0, 0.0, inf ...),
    or the Python number with the same bits as ``typed`` (`state.TWIN`), carried by the same SSA values.

    ``typed`` holds the constant converted to its own type where the flag is zero, so an operation that cannot tell the two apart
    uses ``typed`` alone. Everything else calls ``tr.fork(value)``: the translator then splits on the flag.
    """

    __slots__ = ("alt", "flag", "typed")

    def __init__(self, typed: Val, alt: Const | Val, flag: int) -> None:
        self.typed = typed
        self.alt = alt
        self.flag = flag

    def key(self) -> Any:
        return "either", self.typed.type, self.alt.key()

    def parts(self) -> tuple[int, ...]:
        return (*self.typed.ssa, self.flag)

    def part_types(self) -> tuple[int, ...]:
        return (*self.typed.type.flat, 1)

    def with_parts(self, parts: Sequence[int]) -> Value:
        ssa = tuple(parts[:-1])
        alt = self.alt
        return EitherVal(Val(self.typed.type, ssa), alt if alt.__class__ is Const else Val(alt.type, ssa), parts[-1])

    def describe(self) -> str:
        return f"{self.alt.describe()} or {self.typed.describe()}"


class MaybeUnbound(Value):
    """A name that is bound to ``value`` where ``flag`` (an i8) is nonzero and unbound elsewhere. Lives in names only."""

    __slots__ = ("flag", "value")

    def __init__(self, value: Value, flag: int) -> None:
        self.value = value
        self.flag = flag

    def key(self) -> Any:
        return "maybe", self.value.key()

    def parts(self) -> tuple[int, ...]:
        return (*self.value.parts(), self.flag)

    def part_types(self) -> tuple[int, ...]:
        return (*self.value.part_types(), 1)

    def with_parts(self, parts: Sequence[int]) -> Value:
        return MaybeUnbound(self.value.with_parts(parts[:-1]), parts[-1])


class UnionVal(Value):
    """The result of a call whose paths return different types: ``options[tag]``. The translator splits on it at once."""

    __slots__ = ("options", "tag")

    def __init__(self, tag: int, options: tuple[Value, ...]) -> None:
        self.tag = tag
        self.options = options


class Marker(Value):
    """NULL (the interpreter's, below callables) and UNBOUND (a name without a value)."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


NULL = Marker("NULL")
UNBOUND = Marker("UNBOUND")
NONE = Const(None)


class Iterator(Compound):
    """What ``for`` steps through. Lives on the stack; its first ``mutable()`` parts change from one iteration to the next.

    ``step(tr)`` is called at the loop's header, once per version of it. It returns ``(more, item, advanced)``: an i8 SSA value
    (or a Python bool where known), a callback that gives the item (called inside the body), and a callback that gives the
    iterator for the next turn (called inside the body, after the item).
    """

    __slots__ = ()

    pulled = False  # whether `library.generators.pull` steps it: its steps have several outcomes

    def mutable(self) -> int:
        return 0

    def varying(self) -> Any:
        """Which parts change from turn to turn: a container of positions."""
        return range(self.mutable())

    def unrolled(self) -> bool:
        """Whether every turn is its own version of the loop's body (tuples)."""
        return False

    def step(self, tr: Translator) -> tuple[int | bool, Callable[[], Value], Callable[[], Iterator]]:
        raise AssertionError
