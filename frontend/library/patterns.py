"""Patterns of ``match`` that ask for a class or a sequence: decided at compile time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.types import types as ty
from jitpy.frontend.values import NONE, Const, RangeVal, TupleVal, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

#: Classes whose pattern with one sub-pattern matches the subject itself.
_WHOLE = (bool, bytes, float, int, str, tuple, list, dict, set, frozenset, bytearray)


def is_sequence(v: Value) -> bool:
    """MATCH_SEQUENCE: arrays and strs are none."""
    return v.__class__ in (TupleVal, RangeVal) or v.kind() is ty.List


def match_class(tr: Translator, subject: Value, cls: Value, count: int, names: Value) -> Value:
    """MATCH_CLASS: the attributes to go on with as a tuple, or None."""
    from jitpy.frontend.library.builtins import class_of

    wanted = cls.obj if cls.__class__ is Const else None
    own = class_of(tr, subject)
    if not isinstance(wanted, type) or own is None:
        tr.error(f"this pattern cannot be decided at compile time for {subject.describe()}", "Use if and elif.")
    if not issubclass(own, wanted):
        return NONE
    by_name = [n.obj for n in tr.unpack_all(names)]
    if count == 1 and not by_name and wanted in _WHOLE:
        return TupleVal((subject,))
    by_place = getattr(wanted, "__match_args__", ())
    if count > len(by_place):
        tr.check(True, TypeError, f"{wanted.__name__}() accepts {len(by_place)} positional sub-patterns ({count} given)")
        return NONE
    return TupleVal(tuple([tr.attribute(subject, name) for name in (*by_place[:count], *by_name)]))
