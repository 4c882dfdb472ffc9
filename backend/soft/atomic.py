"""Read-modify-write operations as loops over compare-and-swap: for i128, and for memory of the other byte order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import memflags
from jitpy.backend.ir import types as T
from jitpy.backend.soft.notation import Soft, Value

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function

#: What combines the old value and the operand.
OPERATIONS = {
    "add": "iadd", "sub": "isub", "and": "band", "nand": "band", "or": "bor", "xor": "bxor", "umin": "umin",
    "umax": "umax", "smin": "smin", "smax": "smax", "xchg": "",
}  # fmt: skip


def rmw(operation: str, type: T.Type, flags: int) -> Function:
    """(address, operand) -> old value."""
    f = Soft(rmw_name(operation, type, flags), (T.I64, type), (type,))
    address, x = f.args
    b = f.b
    old = f.variable(Value(f, b.atomic_load(type, address.ssa, flags)))
    expected = f.variable(old.now)
    with f.loop(lambda: old.now.ne(expected.now)):
        expected.now = old.now
        new = old.now.op(OPERATIONS[operation], x) if operation != "xchg" else x
        if operation == "nand":
            new = ~new
        old.now = Value(f, b.atomic_cas(address.ssa, expected.now.ssa, new.ssa, flags))
    f.ret(old.now)
    return f.finish()


def rmw_name(operation: str, type: T.Type, flags: int) -> str:
    """The function's name without the prefix."""
    order = "big" if flags & memflags.BIG else "little"
    return f"rmw_{operation}_{T.NAME[type]}_{order}"
