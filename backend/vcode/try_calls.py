"""Calls that may end in an exception.

A try_call ends its block. What it returns or what is thrown is picked up where control arrives: the blocks of its edges
begin with LANDING, which defines registers of fixed places, as ARGS does at the entry. A thrower restores the frame and
nothing else, so the call destroys all registers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import UnsupportedError
from jitpy.backend.ir.types import I64
from jitpy.backend.target.row import INT, MInst
from jitpy.backend.target.target import OUTGOING, SLOT
from jitpy.backend.vcode.abi import IN_REG
from jitpy.backend.vcode.calls import area_of, begin_call
from jitpy.backend.vcode.rows import LANDING

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Node
    from jitpy.backend.vcode.context import LowerCtx


def lower_try_call(ctx: LowerCtx, inst: int, node: Node, targets: tuple[int, ...]) -> None:
    """Emit a try_call; ``targets``: the machine blocks of its targets."""
    target, frame = ctx.target, ctx.frame
    reference, table = node[2]
    args = node[3:]
    contexts = 0
    handlers: list[tuple[str, int, int]] = []
    for handler in table.handlers:
        if handler[0] == "context":
            place = frame.context_place(contexts)
            ctx.emit(target.store_stack(ctx.put_in_reg(args[handler[1]]), SLOT, place, I64))
            handlers.append(("context", place, -1))
            contexts += 1
        else:
            handlers.append((handler[0], handler[1] if handler[0] == "tag" else 0, targets[handler[-1]]))
    _, site, row, uses, fixed = begin_call(ctx, inst, node, reference, args[: table.call_args])
    row = (target.try_direct if row is target.call_direct else target.try_indirect) or row
    if row.imm != "try":
        raise UnsupportedError(f"{target.name}: {ctx.func.name}: exceptions are not supported by this target")
    site.normal = targets[0]
    site.handlers = tuple(handlers)
    frame.destroyed |= target.env.all
    ctx.emit(MInst(row, (), tuple(uses), site, ((), tuple(fixed), target.env.all)))


def lower_landing(ctx: LowerCtx, node: Node, args: tuple[Any, ...]) -> list[int]:
    """Begin the block of an edge out of the try_call ``node``: the registers of ``args``, which are values, ("ret", i) and
    ("exn", i)."""
    target, func = ctx.target, ctx.func
    sig = ctx.signatures.of(func.signatures[node[2][1].sig])
    defs: list[int] = []
    fixed: list[int] = []
    loads: list[MInst] = []
    passed: list[int] = []
    for arg in args:
        if arg.__class__ is int:
            passed += ctx.put_in_regs(arg)
            continue
        kind, index = arg
        if kind == "ret" and len(sig.rets[index]) < len(target.parts_of(func.signatures[node[2][1].sig].returns[index].type)):
            raise UnsupportedError(f"{func.name}: a try_call whose i128 result comes in a float register")
        places = sig.rets[index] if kind == "ret" else ((IN_REG, target.payloads[index], INT, I64),)
        for where, at, cls, type in places:
            vreg = ctx.temp(cls)
            passed.append(vreg)
            if where == IN_REG and at in fixed:  # passed twice
                passed[-1] = defs[fixed.index(at)]
            elif where == IN_REG:
                defs.append(vreg)
                fixed.append(at)
            else:
                loads.append(target.load_stack(vreg, OUTGOING, area_of(sig) + at, type))
    if defs:
        ctx.emit(MInst(LANDING, tuple(defs), (), None, (tuple(fixed), (), 0)))
    for load in loads:
        ctx.emit(load)
    return passed
