"""Arguments of a call to parameters, by Python's rules and with its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.values import TupleVal, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.frontend.translate.translator import Translator

_CO_VARARGS, _CO_VARKEYWORDS = 4, 8


def bind(
    tr: Translator, co: Any, name: str, args: list[Value], kwargs: dict[str, Value], defaults: Sequence[Value],
    kwdefaults: dict[str, Value],
) -> list[Value] | None:  # fmt: skip
    """Arguments in the order of the code's parameters, by Python's rules; None after raising TypeError where they do not fit."""
    count, flags = co.co_argcount, co.co_flags
    extra: dict[str, Value] = {}
    names = co.co_varnames
    slots: list[Value | None] = list(args[:count])
    slots.extend([None] * (count - len(slots)))
    rest = tuple(args[count:])
    if rest and not flags & _CO_VARARGS:
        plural = "" if count == 1 else "s"
        were = "was" if len(args) == 1 else "were"
        tr.raise_(TypeError, f"{name}() takes {count} positional argument{plural} but {len(args)} {were} given")
        return None
    slots.extend([None] * co.co_kwonlyargcount)
    total = count + co.co_kwonlyargcount
    for key, value in kwargs.items():
        if key not in names[co.co_posonlyargcount : total]:
            if flags & _CO_VARKEYWORDS:
                extra[key] = value
                continue
            tr.raise_(TypeError, f"{name}() got an unexpected keyword argument {key!r}")
            return None
        i = names.index(key)
        if slots[i] is not None:
            tr.raise_(TypeError, f"{name}() got multiple values for argument {key!r}")
            return None
        slots[i] = value
    first_default = count - len(defaults)
    missing: list[list[str]] = [[], []]
    for i in range(total):
        if slots[i] is None:
            if first_default <= i < count:
                slots[i] = defaults[i - first_default]
            elif i >= count and names[i] in kwdefaults:
                slots[i] = kwdefaults[names[i]]
            else:
                missing[i >= count].append(repr(names[i]))
    for lacking, kind in zip(missing, ("positional", "keyword-only"), strict=True):
        if lacking:
            listed = " and ".join(lacking) if len(lacking) < 3 else ", ".join(lacking[:-1]) + ", and " + lacking[-1]
            plural = "" if len(lacking) == 1 else "s"
            tr.raise_(TypeError, f"{name}() missing {len(lacking)} required {kind} argument{plural}: {listed}")
            return None
    if flags & _CO_VARARGS:
        slots.append(TupleVal(rest))
    if flags & _CO_VARKEYWORDS:
        from jitpy.frontend.library.keywords import Keywords

        slots.append(Keywords(tuple(extra), tuple(extra.values())))
    return slots  # type: ignore[return-value]
