"""Long tuples as tables in memory.

A tuple is the values of its items, so a loop over it is a version of the body per item, and an index that varies a chain of
selections. Both grow with the tuple. Where it is long and its items have one type, the items lie in memory instead, in slots of 8
bytes per flat component as those of lists do: constants in a table made with the code, other values on the stack.
"""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import BYTES, I64
from jitpy.frontend.library import registry
from jitpy.frontend.library.containers import LONG_INDEX, LONG_LOOP
from jitpy.frontend.library.functions import global_array
from jitpy.frontend.translate.kernel import shape_type, value_of_type
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Compound, Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator

_FLOAT_FORMAT = {16: "e", 32: "f", 64: "d"}


class Table(Compound):
    """``count`` items of type ``item`` at an address."""

    __slots__ = ("address", "count", "item")

    def __init__(self, address: Value, count: int, item: ty.Type) -> None:
        self.address = address
        self.count = count
        self.item = item

    def children(self) -> tuple[Value, ...]:
        return (self.address,)

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return Table(children[0], self.count, self.item)

    def static(self) -> Any:
        return self.count, self.item

    def describe(self) -> str:
        return f"tuple of {self.count} items of {self.item.name}"


def item_type(v: Any) -> ty.Type | None:
    """The one type of a tuple's items, made of numbers; None where there is none."""
    items = v.items if v.__class__ is TupleVal else ()
    first = _type(items[0]) if items else None
    return first if first is not None and all(_type(i) is first for i in items) else None


def _type(v: Any) -> ty.Type | None:
    if v.__class__ is TupleVal:
        return shape_type(v) if all(_type(i) is not None for i in v.items) else None
    t = v.type if v.__class__ is Val or v.__class__ is Const else None
    if t is ty.py_int and v.__class__ is Const and not -(1 << 63) <= v.obj < 1 << 63:
        return None
    return t if t.__class__ is ty.Scalar else None


def is_long(v: Any) -> bool:
    """Whether a loop over a tuple is to be a loop of the machine."""
    return v.__class__ is TupleVal and len(v.items) > LONG_LOOP and item_type(v) is not None


def is_long_constant(v: Any) -> bool:
    """Whether a varying index into a tuple is to read a table."""
    return (
        v.__class__ is TupleVal
        and len(v.items) > LONG_INDEX
        and not v.parts()
        and item_type(v) is not None
    )


def table(tr: Translator, v: Any) -> Table:
    """The items of a tuple with an `item_type`, in memory."""
    t = item_type(v)
    assert t is not None
    items: tuple[Any, ...] = v.items
    if v.parts():
        address = tr.stack_slots([p for item in items for p in _parts(tr, item)])
    else:
        data = b"".join([_slots(item) for item in items])
        widths = tuple([BYTES[f] for f in t.flat])
        address = global_array(tr, tr.module.table(data, widths)).parts()[1]
    return Table(Val(ty.py_int, (address,)), len(items), t)


def _parts(tr: Translator, v: Any) -> tuple[int, ...]:
    if v.__class__ is TupleVal:
        return tuple([p for item in v.items for p in _parts(tr, item)])
    return tr.val(v).ssa


def _slots(v: Any) -> bytes:
    """A constant as it lies in memory."""
    if v.__class__ is TupleVal:
        return b"".join([_slots(item) for item in v.items])
    obj, t = v.obj, v.type
    if t.kind in "fc":
        parts = (obj.real, obj.imag) if t.kind == "c" else (obj,)
        raw = [struct.pack("=" + _FLOAT_FORMAT[t.bits // len(parts)], x) for x in parts]
    else:
        raw = [int(obj).to_bytes(max(t.bits // 8, 1), sys.byteorder, signed=t.kind == "i")]
    return b"".join([x.ljust(8, b"\0") for x in raw])


def table_item(tr: Translator, v: Any, k: int) -> Value:
    """The item at a checked position."""
    t = v.item
    offset = tr.op(o.IMUL, I64, k, tr.iconst(8 * len(t.flat)))
    at = tr.op(o.IADD, I64, v.parts()[0], offset)
    return value_of_type(t, tuple([tr.load(f, at, 8 * i) for i, f in enumerate(t.flat)]))


def getitem(tr: Translator, v: Value, k: int) -> Value:
    """``v[k]`` of a tuple with an `item_type`; IndexError."""
    made = table(tr, v)
    return table_item(tr, made, tr.index(k, tr.iconst(made.count), 0, "tuple index out of range"))


def _table_sequence(tr: Translator, v: Any) -> tuple[int, Callable[..., Value]]:
    return tr.iconst(v.count), table_item


registry.sequence[Table] = _table_sequence
