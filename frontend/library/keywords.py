"""Dicts of keywords: ``**kwargs`` as a parameter and in calls, keyword-only defaults. Their keys are known at compile time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.library import registry
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Compound, Const, TupleVal, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator


class Keywords(Compound):
    """A dict with str keys known at compile time; read only."""

    __slots__ = ("names", "values")

    def __init__(self, names: tuple[str, ...], values: tuple[Value, ...]) -> None:
        self.names = names
        self.values = values

    def children(self) -> tuple[Value, ...]:
        return self.values

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return Keywords(self.names, children)

    def static(self) -> Any:
        return self.names

    def describe(self) -> str:
        return "dict of keywords"


def display(tr: Translator, items: list[Value]) -> Value:
    """``{"name": value, ...}``: keys and values in turn."""
    keys, values = items[::2], items[1::2]
    if not items or not all(k.__class__ is Const and k.type is ty.string for k in keys):
        from jitpy.frontend.library import dicts

        return dicts.display(tr, items)
    found = {k.obj: v for k, v in zip(keys, values, strict=True)}
    return Keywords(tuple(found), tuple(found.values()))


def named(tr: Translator, v: Value) -> dict[str, Value]:
    """The names and values of ``**v``."""
    if not isinstance(v, Keywords):
        tr.error(f"** of {v.describe()} is not supported", "Name the keyword arguments.")
    return dict(zip(v.names, v.values, strict=True))


def merged(tr: Translator, a: Value, b: Value) -> Value:
    """``{**a, **b}``."""
    if b.__class__ is not Keywords and b.kind() is not ty.Dict:
        tr.error(f"** of {b.describe()} is not supported", "Name the keyword arguments.")
    if b.__class__ is Keywords and a.kind() is ty.Dict and a.type.key is ty.undetermined:
        return b
    if a.kind() is ty.Dict:
        tr.call(tr.attribute(a, "update"), [b])
        return a
    found = named(tr, a) | named(tr, b)
    return Keywords(tuple(found), tuple(found.values()))


@registry.call(dict)
def make_dict(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``dict(name=value, ...)``, ``dict(pairs)``."""
    if not kwargs:
        from jitpy.frontend.library import dicts

        return dicts.make(tr, args)
    found: dict[str, Value] = {}
    for a in args:
        found.update(named(tr, a))
    found.update(kwargs)
    return Keywords(tuple(found), tuple([tr.settle(v) for v in found.values()]))


def _name(tr: Translator, key: Value) -> str:
    if key.__class__ is not Const or key.type is not ty.string:
        tr.error("a key of this dict must be known at compile time", "Use if and elif, or a list.")
    return key.obj  # type: ignore[no-any-return]


@registry.entry(registry.getitem, Keywords)
def getitem(tr: Translator, v: Any, key: Value) -> Value:
    """``kwargs[name]``."""
    from jitpy.frontend.library.functions import Outcomes

    name = _name(tr, key)
    if name in v.names:
        found: Value = v.values[v.names.index(name)]
        return found
    tr.raise_site(tr.site(KeyError, (("const", name),), "args"), ())
    return Outcomes([])


@registry.entry(registry.setitem, Keywords)
def setitem(tr: Translator, v: Any, key: Value, value: Value) -> None:
    """``kwargs[name] = value``: refused."""
    tr.error("a dict that begins with str keys written out cannot be changed", "Begin with d = {}, or use names.")


@registry.entry(registry.methods, (Keywords, "get"))
def get(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``kwargs.get(name, default)``."""
    v: Any = args[0]
    name = _name(tr, args[1])
    if name in v.names:
        found: Value = v.values[v.names.index(name)]
        return found
    return args[2] if len(args) > 2 else Const(None)


@registry.entry(registry.methods, (Keywords, "__len__"))
def length(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``len(kwargs)``."""
    return Const(len(args[0].names))  # type: ignore[attr-defined]


@registry.entry(registry.methods, (Keywords, "keys"))
def keys(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``kwargs.keys()``."""
    return TupleVal(tuple([Const(name) for name in args[0].names]))  # type: ignore[attr-defined]


@registry.entry(registry.methods, (Keywords, "values"))
def values(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``kwargs.values()``."""
    return TupleVal(args[0].values)  # type: ignore[attr-defined]


@registry.entry(registry.methods, (Keywords, "items"))
def items(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``kwargs.items()``."""
    v: Any = args[0]
    return TupleVal(tuple([TupleVal((Const(k), x)) for k, x in zip(v.names, v.values, strict=True)]))


@registry.entry(registry.truth, Keywords)
def truth(tr: Translator, v: Any) -> bool:
    """``bool(kwargs)``."""
    return bool(v.names)


@registry.operator(registry.compare, "in", None, Keywords)
def contains(tr: Translator, x: Value, v: Any) -> Value:
    """``name in kwargs``."""
    return Const(_name(tr, x) in v.names)


@registry.entry(registry.iterate, Keywords)
def iterate(tr: Translator, v: Any) -> Any:
    """Iteration over the names."""
    return tr.iterate(keys(tr, [v], {}))
