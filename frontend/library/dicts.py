"""Dicts and sets: displays, operators, methods. What they are in memory and what they do is Python: `dict_methods`.

Keys are numbers other than complex, strs, and tuples of them, all of one type: Python takes 1, 1.0 and True for one key, which
keys of one type never need. A new dict has undetermined types until something is stored, as lists have (`list_blocks`).

The order of a set is CPython's affair (it depends on hashes and history), so sets are iterated over only where order cannot be
seen: sorted, len, min, max, sum of ints, any, all, membership and the operators of sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I64
from jitpy.frontend.library import dict_methods as python
from jitpy.frontend.library import functions, registry
from jitpy.frontend.library.keywords import Keywords
from jitpy.frontend.library.list_blocks import determine, item_parts, new, rename, untouched
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import NONE, Const, Iterator, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator

_INTS = ty.list_of(ty.py_int)


def new_dict(tr: Translator) -> Val:
    """``{}``."""
    return Val(ty.dict_of(ty.undetermined, ty.undetermined), (new(tr).ssa[0], new(tr).ssa[0]))


def new_set(tr: Translator) -> Val:
    """``set()``."""
    return Val(ty.set_of(ty.undetermined), (new(tr).ssa[0], new(tr).ssa[0]))


def _empty(v: Value) -> bool:
    return v.type.key is ty.undetermined


def _lists(v: Value) -> tuple[Val, Val]:
    """The entries and the index of a dict or set whose types are known."""
    entries, index = v.parts()
    return Val(ty.list_of(ty.entry_of(v.type)), (entries,)), Val(_INTS, (index,))


def _untouched(tr: Translator, v: Value) -> None:
    untouched(tr, Val(ty.list_of(ty.undetermined), v.parts()[:1]))


def _key(tr: Translator, v: Value, key: Value) -> Value:
    """A key of the type that the dict has."""
    t, parts = item_parts(tr, key, "a key")
    level = [t]
    while level:
        for x in level:
            if not (x.__class__ is ty.Str or x.__class__ is ty.Tuple or (x.__class__ is ty.Scalar and x.kind != "c")):
                tr.error(f"a key cannot be {t.name}", "Keys are numbers, strs, and tuples of them.")
        level = [i for x in level if x.__class__ is ty.Tuple for i in x.items]
    own = v.type.key
    if own is not ty.undetermined and own is not t:
        tr.error(
            f"the keys of this {v.describe()} are {own.name}, not {t.name}",
            "Python takes equal numbers of different types for one key. Convert the key.",
        )
    return _value_of(t, parts)


def _value_of(t: ty.Type, parts: tuple[int, ...]) -> Value:
    from jitpy.frontend.translate.kernel import value_of_type

    return value_of_type(t, parts)


def _determined(tr: Translator, v: Val, key: Value, value: Value | None) -> Val:
    """The dict or set with its types decided by what is stored."""
    from jitpy.frontend.translate.kernel import shape_type

    t = ty.set_of(shape_type(key)) if value is None else ty.dict_of(shape_type(key), shape_type(value))
    determine(tr, Val(ty.list_of(ty.undetermined), v.ssa[:1]), ty.entry_of(t))
    better = Val(t, v.ssa)
    rename(tr, v, better)
    return better


def _no_key(tr: Translator, v: Value, key: Value) -> Any:
    """KeyError of a dict that never got an item."""
    _untouched(tr, v)
    functions.raise_key_error(tr, key)
    return functions.Outcomes([])


def _call(tr: Translator, function: Any, args: Sequence[Value]) -> Value:
    return functions.call_function(tr, function, list(args), {}, False)


# -- both ------------------------------------------------------------------------------------------------------------------------


def length(tr: Translator, v: Value) -> Value:
    """``len(d)``."""
    if _empty(v):
        _untouched(tr, v)
        return Const(0)
    return tr.call_python(python.live, _lists(v), inline=True)


def _truth(tr: Translator, v: Value) -> int | bool:
    n = length(tr, v)
    return bool(n.obj) if n.__class__ is Const else tr.icmp("ne", n.parts()[0], tr.iconst(0))


def _contains(tr: Translator, key: Value, v: Value) -> Value:
    if _empty(v):
        _untouched(tr, v)
        return Const(False)
    return _call(tr, python.contains, (*_lists(v), _key(tr, v, key)))


def _copied(tr: Translator, v: Value) -> Val:
    made = new_dict(tr) if v.kind() is ty.Dict else new_set(tr)
    return _poured(tr, made, v)


def _poured(tr: Translator, target: Val, v: Value) -> Val:
    """``target`` with all that is in a dict or set of its kind."""
    if _empty(v):
        _untouched(tr, v)
        return target
    if _empty(target):
        determine(tr, Val(ty.list_of(ty.undetermined), target.ssa[:1]), ty.entry_of(v.type))
        better = Val(ty.unreflected(v.type), target.ssa)
        rename(tr, target, better)
        target = better
    elif ty.unreflected(target.type) is not ty.unreflected(v.type):
        tr.error(f"a {v.describe()} cannot go into a {target.describe()}", "Convert its items.")
    _call(tr, python.copy_into, (*_lists(target), *_lists(v)))
    return target


def _clear(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return NONE if _empty(args[0]) else _call(tr, python.clear, _lists(args[0]))


def _copy(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _copied(tr, args[0])


def _equal(tr: Translator, name: str, a: Value, b: Value) -> Value:
    if _empty(a) or _empty(b):
        result = tr.compare("==", length(tr, a), length(tr, b))
    elif a.type.key is not b.type.key:
        tr.error(f"== of a {a.describe()} and a {b.describe()} is not supported", "Convert the keys of one.")
    else:
        result = _call(tr, python.equal, (*_lists(a), *_lists(b)))
    return tr.not_(result) if name == "!=" else result


for _kind in (ty.Dict, ty.Set):
    registry.methods[_kind, "__len__"] = lambda tr, args, kwargs: length(tr, args[0])
    registry.truth[_kind] = _truth
    registry.operator(registry.compare, "in", None, _kind)(_contains)
    registry.methods[_kind, "clear"] = _clear
    registry.methods[_kind, "copy"] = _copy
    registry.operator(registry.compare, "== !=", _kind, _kind)(_equal)


@registry.call(python.float_bits)
def _float_bits(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Val(ty.py_int, (tr.op(o.BITCAST, I64, tr.val(args[0]).ssa[0], imm=0),))


# -- dicts -----------------------------------------------------------------------------------------------------------------------


@registry.entry(registry.getitem, ty.Dict)
def getitem(tr: Translator, v: Value, key: Value) -> Value:
    """``d[key]``."""
    if _empty(v):
        missing: Value = _no_key(tr, v, key)
        return missing
    return _call(tr, python.lookup, (*_lists(v), _key(tr, v, key)))


@registry.entry(registry.setitem, ty.Dict)
def setitem(tr: Translator, v: Any, key: Value, value: Value) -> Val:
    """``d[key] = value``; the dict, with its types."""
    key = _key(tr, v, key)
    t, parts = item_parts(tr, value, "a value of a dict")
    value = _value_of(t, parts)
    if _empty(v):
        v = _determined(tr, v, key, value)
    elif v.type.value is not t:
        tr.error(
            f"a {t.name} cannot be a value of a {v.describe()}", "A dict in a kernel holds values of one type. Convert the value."
        )
    _call(tr, python.store, (*_lists(v), key, value))
    return v  # type: ignore[no-any-return]


@registry.entry(registry.delitem, ty.Dict)
def delitem(tr: Translator, v: Value, key: Value) -> None:
    """``del d[key]``."""
    if _empty(v):
        _untouched(tr, v)
        tr.check(True, KeyError)
        return
    _call(tr, python.delete, (*_lists(v), _key(tr, v, key)))


@registry.entry(registry.methods, (ty.Dict, "get"))
def _get(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v, key, *rest = args
    default = rest[0] if rest else NONE
    if _empty(v):
        _untouched(tr, v)
        return default
    return _call(tr, python.get, (*_lists(v), _key(tr, v, key), default))


@registry.entry(registry.methods, (ty.Dict, "setdefault"))
def _setdefault(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v, key, value = args
    key = _key(tr, v, key)
    t, parts = item_parts(tr, value, "a value of a dict")
    value = _value_of(t, parts)
    if _empty(v):
        v = _determined(tr, v, key, value)  # type: ignore[arg-type]
    elif v.type.value is not t:
        tr.error(f"a {value.describe()} cannot be a value of a {v.describe()}", "A dict in a kernel holds values of one type.")
    return _call(tr, python.setdefault, (*_lists(v), key, value))


@registry.entry(registry.methods, (ty.Dict, "pop"))
def _pop(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v, key, *rest = args
    if _empty(v):
        _untouched(tr, v)
        return rest[0] if rest else _no_key(tr, v, key)
    found = (*_lists(v), _key(tr, v, key))
    return _call(tr, python.pop_or, (*found, rest[0])) if rest else _call(tr, python.pop, found)


@registry.entry(registry.methods, (ty.Dict, "popitem"))
def _popitem(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if _empty(args[0]):
        missing: Value = _no_key(tr, args[0], Const("popitem(): dictionary is empty"))
        return missing
    return _call(tr, python.popitem, _lists(args[0]))


@registry.entry(registry.methods, (ty.Dict, "update"))
def _update(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v = args[0]
    for source in args[1:]:
        if source.kind() is ty.Dict:
            v = _poured(tr, v, source)  # type: ignore[arg-type]
        elif source.__class__ is Keywords:
            for name, value in zip(source.names, source.values, strict=True):
                v = setitem(tr, v, Const(name), value)
        else:
            tr.call_python(python.fill, (v, source), inline=True)
    for name, value in kwargs.items():
        v = setitem(tr, v, Const(name), value)
    return NONE


def _iterated(function: Any) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if _empty(args[0]):
            _untouched(tr, args[0])
            return TupleVal(())
        return functions.call_function(tr, function, list(_lists(args[0])), {}, True)

    return handler


for _name in ("keys", "values", "items"):
    registry.methods[ty.Dict, _name] = _iterated(getattr(python, _name))


@registry.entry(registry.iterate, ty.Dict)
def iterate(tr: Translator, v: Value) -> Iterator:
    """``iter(d)``: over the keys."""
    return tr.iterate(_iterated(python.keys)(tr, [v], {}))


@registry.operator(registry.binary, "|", ty.Dict, ty.Dict)
def _merge(tr: Translator, a: Value, b: Value) -> Value:
    return _poured(tr, _copied(tr, a), b)


@registry.operator(registry.inplace, "|", ty.Dict, ty.Dict)
def _merge_in_place(tr: Translator, a: Value, b: Value) -> Value:
    return _poured(tr, a, b)  # type: ignore[arg-type]


def display(tr: Translator, items: list[Value]) -> Value:
    """``{key: value, ...}``."""
    made: Val = new_dict(tr)
    for key, value in zip(items[::2], items[1::2], strict=True):
        made = setitem(tr, made, key, value)
    return made


def make(tr: Translator, args: list[Value]) -> Value:
    """``dict()``, ``dict(pairs)``, ``dict(d)``."""
    if not args:
        return new_dict(tr)
    if args[0].kind() is ty.Dict:
        return _copied(tr, args[0])
    return tr.call_python(_dict_of, args, inline=True)


def _dict_of(pairs: Any) -> dict[Any, Any]:
    made = {}
    for k, v in pairs:
        made[k] = v
    return made


# -- sets ------------------------------------------------------------------------------------------------------------------------


def add(tr: Translator, v: Any, key: Value) -> Val:
    """``s.add(key)``; the set, with its type."""
    key = _key(tr, v, key)
    if _empty(v):
        v = _determined(tr, v, key, None)
    _call(tr, python.add, (*_lists(v), key))
    return v  # type: ignore[no-any-return]


def set_display(tr: Translator, items: list[Value]) -> Value:
    """``{a, b}``."""
    made = new_set(tr)
    for x in items:
        made = add(tr, made, x)
    return made


@registry.call(set)
def make_set(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``set()``, ``set(values)``."""
    if not args:
        return new_set(tr)
    values = tr.settle(args[0])
    if values.kind() is ty.Set:
        return _copied(tr, values)
    return tr.call_python(_set_of, (values,), inline=True)


def _set_of(values: Any) -> set[Any]:
    made = set()
    for v in values:
        made.add(v)
    return made


@registry.entry(registry.methods, (ty.Set, "add"))
def _add(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    add(tr, *args)
    return NONE


@registry.entry(registry.methods, (ty.Set, "discard"))
def _discard(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v, key = args
    return NONE if _empty(v) else _call(tr, python.discard, (*_lists(v), _key(tr, v, key)))


@registry.entry(registry.methods, (ty.Set, "remove"))
def _remove(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    v, key = args
    if _empty(v):
        missing: Value = _no_key(tr, v, key)
        return missing
    return _call(tr, python.delete, (*_lists(v), _key(tr, v, key)))


def members(tr: Translator, v: Value) -> Value:
    """The items of a set, for those who cannot see their order."""
    return _iterated(python.keys)(tr, [v], {})


@registry.entry(registry.methods, (ty.Set, "update"))
def _update_set(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    for source in args[1:]:
        tr.call_python(python.fill_set, (args[0], members(tr, source) if source.kind() is ty.Set else source), inline=True)
    return NONE


def _intersection(target: set[Any], a: set[Any], b: set[Any]) -> set[Any]:
    python.keep_common(target, _members(a), b)
    return target


def _difference(target: set[Any], a: set[Any], b: set[Any]) -> set[Any]:
    python.keep_missing(target, _members(a), b)
    return target


def _symmetric(target: set[Any], a: set[Any], b: set[Any]) -> set[Any]:
    python.keep_missing(target, _members(a), b)
    python.keep_missing(target, _members(b), a)
    return target


def _members(v: set[Any]) -> Any:
    raise AssertionError


registry.call(_members)(lambda tr, args, kwargs: members(tr, args[0]))


def _operator(name: str, function: Any) -> None:
    def handler(tr: Translator, a: Value, b: Value) -> Value:
        if function is None:
            return _poured(tr, _copied(tr, a), b)
        return tr.call_python(function, (new_set(tr), a, b), inline=True)

    registry.operator(registry.binary, name, ty.Set, ty.Set)(handler)


for _spelled, _function in (("|", None), ("&", _intersection), ("-", _difference), ("^", _symmetric)):
    _operator(_spelled, _function)
for _method, _spelled in (("union", "|"), ("intersection", "&"), ("difference", "-"), ("symmetric_difference", "^")):
    registry.methods[ty.Set, _method] = lambda tr, args, kwargs, name=_spelled: tr.binary(name, args[0], _as_set(tr, args[1]))


def _as_set(tr: Translator, v: Value) -> Value:
    return v if v.kind() is ty.Set else tr.call(Const(set), [v])


@registry.operator(registry.compare, "< <= > >=", ty.Set, ty.Set)
def _subset(tr: Translator, name: str, a: Value, b: Value) -> Value:
    if name[0] == ">":
        a, b = b, a
    within = tr.call_python(python.is_subset, (members(tr, a), b), inline=True)
    if len(name) == 2:
        return within
    return tr.call_python(_both, (within, tr.compare("!=", length(tr, a), length(tr, b))), inline=True)


def _both(a: bool, b: bool) -> bool:
    return a and b


registry.methods[ty.Set, "issubset"] = lambda tr, args, kwargs: tr.compare("<=", args[0], _as_set(tr, args[1]))
registry.methods[ty.Set, "issuperset"] = lambda tr, args, kwargs: tr.compare(">=", args[0], _as_set(tr, args[1]))


@registry.entry(registry.iterate, ty.Set)
def iterate_set(tr: Translator, v: Value) -> Any:
    """Refused: the order is CPython's affair."""
    tr.error("the order of a set is not defined, so iteration over it is not supported", "Iterate over sorted(s).")
