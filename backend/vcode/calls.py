"""Arguments, returns and calls in terms of the target's instructions over vregs.

Places come from `abi`; here they become the ARGS and RET instructions and call instructions with
fixed operands, and loads and stores for what lies on the stack. All functions emit into the
context's buffer, in program order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.errors import UnsupportedError
from jitpy.backend.ir.opcodes import CALL_INDIRECT, RETURN_CALL_INDIRECT
from jitpy.backend.ir.types import I8, I16, I32, I64
from jitpy.backend.target.row import INT, REG, MInst
from jitpy.backend.target.target import INCOMING, OUTGOING
from jitpy.backend.vcode.abi import IN_REG, SigAbi
from jitpy.backend.vcode.rows import ARGS, RET

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node, Signature
    from jitpy.backend.vcode.context import LowerCtx

_STRUCT_LIMIT = 1024  # bytes of a struct argument copied in line


def lower_arguments(ctx: LowerCtx, func: Function, params: list[int], sig: SigAbi) -> None:
    """Emit ARGS and the loads of stack arguments, for the parameters that are wanted."""
    target = ctx.target
    defs: list[int] = []
    fixed: list[int] = []
    loads: list[MInst] = []
    for v, places, struct in zip(params, sig.args, sig.memory_args):
        reg = ctx.regs[v]
        if reg is None:
            continue
        if struct:
            loads.append(target.stack_address(reg, INCOMING, places[0][1]))
            continue
        for vreg, (where, at, _, type) in zip(ctx.put_in_regs(v), places):
            if where == IN_REG:
                defs.append(vreg)
                fixed.append(at)
            else:
                loads.append(target.load_stack(vreg, INCOMING, at, type))
    if ctx.area_reg >= 0 and sig.area is not None:
        where, at, _, type = sig.area
        if where == IN_REG:
            defs.append(ctx.area_reg)
            fixed.append(at)
        else:
            loads.append(target.load_stack(ctx.area_reg, INCOMING, at, type))
    ctx.emit(MInst(ARGS, tuple(defs), (), None, (tuple(fixed), (), 0)))
    for load in loads:
        ctx.emit(load)


def lower_return(ctx: LowerCtx, node: Node, signature: Signature, sig: SigAbi, params: list[int]) -> None:
    """Emit stores to the return area and RET."""
    uses: list[int] = []
    fixed: list[int] = []
    for v, places, extension in zip(node[3:], sig.rets, sig.ret_extensions):
        regs = _extended(ctx, v, extension)
        for vreg, (where, at, _, type) in zip(regs, places):
            if where == IN_REG:
                uses.append(vreg)
                fixed.append(at)
            else:
                if ctx.area_reg < 0:
                    ctx.area_reg = ctx.temp(INT)
                ctx.emit(ctx.target.store(vreg, ctx.area_reg, at, type))
    if not signature.returns and sig.abi.returns_sret:
        for v, p in zip(params, signature.params):
            if p.purpose == "sret":  # C's convention: the address comes back
                uses.append(ctx.put_in_reg(v))
                fixed.append(sig.abi.rets[INT][0])
    ctx.emit(MInst(RET, (), tuple(uses), None, ((), tuple(fixed), 0)))


def lower_call(ctx: LowerCtx, inst: int, node: Node) -> None:
    """Emit a call, direct or indirect, and bring its results into the registers wanted."""
    target, func = ctx.target, ctx.func
    uses: list[int] = []
    fixed: list[int] = []
    if node[0] == CALL_INDIRECT:
        signature = func.signatures[node[2]]
        args = node[4:]
        row, imm = target.call_indirect, None
        uses.append(ctx.put_in_reg(node[3]))
        fixed.append(REG)
    else:
        callee = func.ext_funcs[node[2]]
        signature = func.signatures[callee.sig]
        args = node[3:]
        row, imm = target.call_direct, callee.name
        if not callee.colocated:
            row, imm = target.call_indirect, None
            uses.append(target.symbol_address(ctx, callee.name, 0))
            fixed.append(REG)
    sig = ctx.signatures.of(signature)
    ctx.frame.need_outgoing(_arguments(ctx, sig, args, uses, fixed, OUTGOING))

    defs: list[int] = []
    def_fixed: list[int] = []
    loads: list[MInst] = []
    clobbers = sig.abi.clobbers
    for v, places in zip(ctx.results[inst], sig.rets):
        if ctx.regs[v] is None:
            continue
        for vreg, (where, at, _, type) in zip(ctx.put_in_regs(v), places):
            if where == IN_REG:
                defs.append(vreg)
                def_fixed.append(at)
                clobbers &= ~(1 << at)
            else:
                loads.append(target.load_stack(vreg, OUTGOING, _area(sig) + at, type))
    ctx.emit(MInst(row, tuple(defs), tuple(uses), imm, (tuple(def_fixed), tuple(fixed), clobbers)))
    for load in loads:
        ctx.emit(load)


def lower_tail_call(ctx: LowerCtx, node: Node, own: SigAbi) -> None:
    """Emit a call that replaces this function's frame. Its stack arguments overwrite our own, which ARGS has read
    already."""
    target, func = ctx.target, ctx.func
    if target.tail_direct is None or target.tail_indirect is None:
        raise UnsupportedError(f"{target.name}: {func.name}: tail calls are not supported by this target")
    callee = None if node[0] == RETURN_CALL_INDIRECT else func.ext_funcs[node[2]]
    sig = ctx.signatures.of(func.signatures[node[2] if callee is None else callee.sig])
    if sig.abi is not own.abi:
        raise UnsupportedError(f"{func.name}: a tail call to a function of another calling convention")
    if sig.stack_size > own.stack_size or sig.area is not None:
        raise UnsupportedError(
            f"{func.name}: a tail call with {sig.stack_size} bytes of stack arguments from a function with"
            f" {own.stack_size}; give the caller as many, or call and return"
        )
    uses: list[int] = []
    fixed: list[int] = []
    address = -1
    if callee is None:
        address = ctx.put_in_reg(node[3])
    elif not callee.colocated:
        address = target.symbol_address(ctx, callee.name, 0)
    _arguments(ctx, sig, node[3 if callee is not None else 4 :], uses, fixed, INCOMING)
    if address < 0 and callee is not None:
        ctx.emit(MInst(target.tail_direct, (), tuple(uses), callee.name, ((), tuple(fixed), 0)))
        return
    # The epilogue restores callee-saved registers before the jump: the address must be in another one.
    for preg in target.env.allocatable[INT]:
        if preg not in fixed and sig.abi.clobbers >> preg & 1:
            break
    constraints = ((), (preg, *fixed), 0)
    ctx.emit(MInst(target.tail_indirect, (), (address, *uses), None, constraints))


def _area(sig: SigAbi) -> int:
    """Where a call's return area lies in the outgoing area: above its stack arguments."""
    return sig.stack_size + 15 & -16


def _arguments(ctx: LowerCtx, sig: SigAbi, args: tuple[int, ...], uses: list[int], fixed: list[int], base: int) -> int:
    """Pass ``args``, those on the stack in the area ``base``; returns the bytes needed there."""
    target = ctx.target
    emit = ctx.emit
    for v, places, extension, struct in zip(args, sig.args, sig.extensions, sig.memory_args):
        if struct:
            _copy_struct(ctx, ctx.put_in_reg(v), base, places[0][1], struct)
            continue
        for vreg, (where, at, _, type) in zip(_extended(ctx, v, extension), places):
            if where == IN_REG:
                uses.append(vreg)
                fixed.append(at)
            else:
                wide = I64 if extension else type
                emit(target.store_stack(vreg, base, at, wide))
    if sig.area is None:
        return sig.stack_size
    pointer = ctx.temp(INT)
    emit(target.stack_address(pointer, OUTGOING, _area(sig)))
    where, at, _, type = sig.area
    if where == IN_REG:
        uses.append(pointer)
        fixed.append(at)
    else:
        emit(target.store_stack(pointer, base, at, type))
    return _area(sig) + sig.area_size


def _extended(ctx: LowerCtx, v: int, extension: tuple[int, bool] | None) -> tuple[int, ...]:
    if extension is None:
        return ctx.put_in_regs(v)
    bits, signed = extension
    return (ctx.target.extend(ctx, ctx.put_in_reg(v), ctx.types[v], bits, signed),)


def _copy_struct(ctx: LowerCtx, source: int, base: int, at: int, size: int) -> None:
    if size > _STRUCT_LIMIT:
        raise UnsupportedError(f"a struct argument of {size} bytes is too large to copy in line; pass its address")
    done = 0
    for step, type in ((8, I64), (4, I32), (2, I16), (1, I8)):
        while size - done >= step:
            temp = ctx.temp(INT)
            ctx.emit(ctx.target.load(temp, source, done, type))
            ctx.emit(ctx.target.store_stack(temp, base, at + done, type))
            done += step
