"""What a kernel took for granted, and the words of memory that tell whether it still holds (SEMANTICS C7).

A guard says: this global, cell, attribute, default or code object was this object when the kernel was compiled.
Wrappers check guards as rows ``(address, expected word)``: a name in a dict is its keys table, the key and the value
in its slot; a cell, a function's code and defaults are one word each. A row that differs does not yet mean that the
guard fails (a dict may have been resized, an equal int assigned): Python then looks at the guards themselves, and
makes new rows or compiles anew.
"""

from __future__ import annotations

from jitpy.runtime import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

Guard = tuple["Any", ...]
Row = tuple[int, int]

_MISSING = object()
#: Types whose equal instances mean the same.
_BY_VALUE = (int, float, bool, str, bytes, complex, type(None))


def current(guard: Guard) -> Any:
    """The object that a guard is about, as of now."""
    kind = guard[0]
    if kind == "global":
        return guard[1].get(guard[2], _MISSING)
    if kind == "builtin":  # a builtin name that no global hides
        return _MISSING if guard[2] in guard[1] else _builtins(guard[1]).get(guard[2], _MISSING)
    if kind == "cell":
        try:
            return guard[1].cell_contents
        except ValueError:
            return _MISSING
    if kind == "attr":
        return getattr(guard[1], guard[2], _MISSING)
    if kind == "keyword":  # the default of a keyword-only parameter
        return (guard[1].__kwdefaults__ or {}).get(guard[2], _MISSING)
    if kind == "code":
        return guard[1].__code__
    if kind == "defaults":
        return guard[1].__defaults__, guard[1].__kwdefaults__
    raise ValueError(f"unknown guard {kind!r}")


def expected(guard: Guard) -> Any:
    """The object that a guard saw."""
    return (guard[2], guard[3]) if guard[0] == "defaults" else guard[-1]


def _builtins(names: dict[str, Any]) -> dict[str, Any]:
    """The table of builtins that goes with a table of globals."""
    scope = names.get("__builtins__")
    if scope is None:
        import builtins as scope
    return scope if isinstance(scope, dict) else vars(scope)


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    cls = a.__class__
    if cls is not b.__class__:
        return False
    if cls is tuple:
        return len(a) == len(b) and all(map(_same, a, b))
    if cls in _BY_VALUE or (cls.__module__ == "numpy" and hasattr(a, "dtype") and not hasattr(a, "__len__")):
        return bool(a == b) and repr(a) == repr(b)
    if cls is dict:
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    return False


def hold(guards: Sequence[Guard]) -> bool:
    """Whether every guard still does."""
    return all(_same(current(g), expected(g)) for g in guards)


def rows(guards: Sequence[Guard]) -> tuple[list[Row], list[Any]]:
    """The rows for guards that hold now, and the objects whose addresses are in them (to be kept alive)."""
    out: list[Row] = []
    keep: list[Any] = []
    tables: set[int] = set()
    for guard in guards:
        kind = guard[0]
        if kind == "global":
            _dict_rows(guard[1], guard[2], out, keep, tables)
        elif kind == "builtin":
            names, name = guard[1], guard[2]
            _absence_rows(names, out, keep, tables)
            if "__builtins__" in names:
                _dict_rows(names, "__builtins__", out, keep, tables)
            _dict_rows(_builtins(names), name, out, keep, tables)
        elif kind == "attr":
            for table in _namespaces(guard[1]):
                if guard[2] in table:
                    _dict_rows(table, guard[2], out, keep, tables)
                    break
                _absence_rows(table, out, keep, tables)
        elif kind == "keyword":
            keep.append(guard[1])
            _dict_rows(guard[1].__kwdefaults__, guard[2], out, keep, tables)
        elif kind == "cell":
            keep += (guard[1], current(guard))
            out.append((id(guard[1]) + layout.CELL_VALUE, id(keep[-1])))
        else:
            function = guard[1]
            keep.append(function)
            if kind == "code":
                fields: tuple[tuple[int, Any], ...] = ((layout.FUNCTION_CODE, function.__code__),)
            else:
                fields = (
                    (layout.FUNCTION_DEFAULTS, function.__defaults__),
                    (layout.FUNCTION_KWDEFAULTS, function.__kwdefaults__),
                )  # fmt: skip
            for offset, value in fields:
                keep.append(value)
                out.append((id(function) + offset, id(value) if value is not None else 0))
    for state in random_states(guards):
        at = id(state) + _next_double()
        out.append((at, layout.word(at)))
    for array in arrays(guards):
        at = id(array)
        out += [
            (at + offset, layout.word(at + offset))
            for offset in (layout.ARRAY_NDIM, layout.ARRAY_DESCR, layout.ARRAY_FLAGS)
        ]
    return list(dict.fromkeys(out)), keep


def arrays(guards: Sequence[Guard]) -> list[Any]:
    """The arrays that kernels reach through guards: held by reference, so their rank, dtype and layout are part of
    the code.
    """
    found: list[Any] = []
    waiting = [current(g) for g in guards]
    while waiting:
        value = waiting.pop()
        if value.__class__ is tuple:
            waiting += value
        elif value.__class__.__name__ == "ndarray":
            found.append(value)
    return found


def random_states(guards: Sequence[Guard]) -> list[Any]:
    """The objects of `np.random.RandomState` among them: NumPy may give them another bit generator."""
    values = [current(g) for g in guards if g[0] in ("global", "attr", "cell")]
    found = [v if v.__class__.__name__ == "RandomState" else getattr(v, "__self__", None) for v in values]
    return [v for v in found if v.__class__.__name__ == "RandomState" and v.__class__.__module__ == "numpy.random.mtrand"]


def _next_double() -> int:
    from jitpy.runtime import random_layout

    return random_layout.offset("RandomState") + layout.NEXT_DOUBLE


def held(guards: Sequence[Guard]) -> list[tuple[Any, ...]]:
    """What of the `arrays` and `random_states` is part of the code."""
    states = [(id(s), layout.word(id(s) + _next_double())) for s in random_states(guards)]
    return [*[(id(a), a.ndim, a.dtype, a.flags.num) for a in arrays(guards)], *states]


def _namespaces(owner: Any) -> list[dict[str, Any]]:
    """The dicts in which an attribute of a module, class or object is looked for, in that order; those of immutable
    classes are left out.
    """
    if isinstance(owner, type):
        found: list[dict[str, Any]] = []
        classes = owner.__mro__
    else:
        found = [vars(owner)] if hasattr(owner, "__dict__") else []
        classes = type(owner).__mro__
    return found + [layout.class_dict(c) for c in classes if c.__flags__ & layout.HEAP_TYPE]


def _dict_rows(names: dict[str, Any], name: str, out: list[Row], keep: list[Any], tables: set[int]) -> None:
    value = names[name]
    slot = layout.dict_slot(_own_table(names), name)
    if slot is None:
        raise layout.LayoutError("the layout of dict is unknown on this Python")
    keys, key_at, value_at = slot
    keep += (names, value)
    if id(names) not in tables:
        tables.add(id(names))
        out.append((id(names) + layout.DICT_KEYS, keys))
    out.append((key_at, layout.word(key_at)))
    out.append((value_at, id(value)))


def _own_table(names: dict[Any, Any]) -> dict[Any, Any]:
    """The dict, with a table of its own: slots of key-sharing tables (those of objects' attributes) have no address."""
    if layout.shares_keys(names):
        names[0] = None  # a key that is no string
        del names[0]
    return names


def _absence_rows(names: dict[str, Any], out: list[Row], keep: list[Any], tables: set[int]) -> None:
    """A name is not in the table as long as nothing is added to it."""
    keys = layout.word(id(_own_table(names)) + layout.DICT_KEYS)
    keep.append(names)
    if id(names) not in tables:
        tables.add(id(names))
        out.append((id(names) + layout.DICT_KEYS, keys))
    count = keys + layout.KEYS_ENTRY_COUNT
    out.append((count, layout.word(count)))
