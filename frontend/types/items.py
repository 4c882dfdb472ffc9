"""Types as items of a list block: which may meet in one list, and where in an item's slots memory is owned."""

from __future__ import annotations

from jitpy.frontend.types import types as ty


def stored_type(t: ty.Type) -> ty.Type:
    """The type of an item of type ``t``: a list in a list counts as made here."""
    if t.__class__ is ty.List and t.reflected:
        return ty.list_of(t.item)
    if t.__class__ is ty.Tuple:
        return ty.tuple_of(tuple([stored_type(i) for i in t.items]), t.cls)
    return t


def united(a: ty.Type, b: ty.Type) -> ty.Type | None:
    """The type of items of both types: of two lists one may be empty; arrays may differ in their layout."""
    if a is b:
        return a
    if a is ty.undetermined or b is ty.undetermined:
        return b if a is ty.undetermined else a
    if a.__class__ is ty.List and b.__class__ is ty.List:
        item = united(a.item, b.item)
        return None if item is None else ty.list_of(item)
    if a.__class__ is ty.Array and b.__class__ is ty.Array:
        if a.dtype is b.dtype and a.ndim == b.ndim and a.readonly == b.readonly:
            return ty.array_of(a.dtype, a.ndim, "A", a.readonly)
    return None


def owners(t: ty.Type) -> list[int]:
    """Which slots of an item are owners of memory."""
    if t.__class__ is ty.Array or t.__class__ is ty.List:
        return [0]
    if t.__class__ is ty.Dict or t.__class__ is ty.Set:
        return [0, 1]
    found: list[int] = []
    if t.__class__ is ty.Tuple:
        at = 0
        for item in t.items:
            found += [at + k for k in owners(item)]
            at += len(item.flat)
    return found


def layout_word(t: ty.Type) -> int:
    """The block's layout word: 0 where nothing is owned; else bit k for each owner in slot k, and a bit above the last slot."""
    slots = owners(t)
    return sum(1 << k for k in slots) | 1 << len(t.flat) if slots else 0
