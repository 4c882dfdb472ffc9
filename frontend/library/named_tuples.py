"""Named tuples: tuples that know their class. Made, read by field, passed and returned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.library import registry
from jitpy.frontend.library.keywords import Keywords
from jitpy.frontend.values import BoundMethod, TupleVal, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator


def make(tr: Translator, cls: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``Point(1, y=2)``."""
    from jitpy.frontend.library.binding import bind
    from jitpy.frontend.library.functions import Outcomes, outside_value

    if cls.__mro__[1] is not tuple:
        tr.error(f"{cls.__name__} derives from a named tuple, which is not supported", "Use the named tuple itself.")
    settled = [tr.settle(a) for a in args]
    defaults = {name: outside_value(tr, v) for name, v in cls._field_defaults.items()}
    code = _Parameters(cls._fields)
    named = {k: tr.settle(v) for k, v in kwargs.items()}
    bound = bind(tr, code, cls.__name__, settled, named, tuple(defaults.values()), {})
    return Outcomes([]) if bound is None else TupleVal(tuple(bound), cls)


class _Parameters:
    """What `bind` asks of a code object."""

    co_flags = co_kwonlyargcount = co_posonlyargcount = 0

    def __init__(self, names: tuple[str, ...]) -> None:
        self.co_varnames = names
        self.co_argcount = len(names)


@registry.entry(registry.attribute_kinds, TupleVal)
def field(tr: Translator, v: Any, name: str) -> Value | None:
    """``point.x``, and the methods of named tuples."""
    cls = v.cls
    if cls is None:
        return None
    if name in cls._fields:
        item: Value = v.items[cls._fields.index(name)]
        return item
    method = {"_replace": _replace, "_asdict": _asdict}.get(name)
    return None if method is None else BoundMethod(v, name, method)


def _replace(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v: Any = args[0]
    fields = dict(zip(v.cls._fields, v.items, strict=True))
    unknown = [k for k in kwargs if k not in fields]
    tr.check(bool(unknown), ValueError, f"Got unexpected field names: {unknown!r}")
    fields.update({k: tr.settle(x) for k, x in kwargs.items() if k in fields})
    return TupleVal(tuple(fields.values()), v.cls)


def _asdict(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v: Any = args[0]
    return Keywords(v.cls._fields, v.items)
