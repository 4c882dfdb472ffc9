"""Arguments, returns and calls in terms of the target's instructions over vregs.

Places come from `abi`; here they become the ARGS and RET instructions and call instructions with
fixed operands, and loads and stores for what lies on the stack. All functions emit into the
context's buffer, in program order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import UnsupportedError
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir.types import I8, I16, I32, I64
from jitpy.backend.target.row import FLOAT, INT, REG, MInst
from jitpy.backend.target.target import INCOMING, OUTGOING, TAIL, CallSite
from jitpy.backend.vcode.abi import IN_REG, SigAbi
from jitpy.backend.vcode.rows import ARGS, RET, SEQUENCE_POINT

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node, Signature
    from jitpy.backend.target.row import Row
    from jitpy.backend.vcode.context import LowerCtx

_STRUCT_LIMIT = 1024  # bytes of a struct argument copied in line


def lower_arguments(ctx: LowerCtx, func: Function, params: list[int], sig: SigAbi) -> None:
    """Emit ARGS and the loads of stack arguments, for the parameters that are wanted."""
    target = ctx.target
    defs: list[int] = []
    fixed: list[int] = []
    loads: list[MInst] = []
    after: list[MInst] = []  # of arguments that came by reference
    for v, places, struct, copy in zip(params, sig.args, sig.memory_args, sig.copies):
        reg = ctx.regs[v]
        if reg is None:
            continue
        vregs = ctx.put_in_regs(v)
        if copy >= 0 and not struct:
            pointer = ctx.temp(INT)
            after += [target.load(part, pointer, at, type) for part, at, type in _parts(ctx, v)]
            vregs = (pointer,)
        if struct and copy < 0:
            loads.append(target.stack_address(reg, INCOMING, places[0][1]))
            continue
        for vreg, (where, at, cls, type) in zip(vregs, places):
            if where != IN_REG:
                loads.append(target.load_stack(vreg, INCOMING, at, type))
                continue
            if cls == INT and ctx.classes[vreg] == FLOAT:
                wanted, vreg = vreg, ctx.temp(INT)
                after.append(target.between(wanted, vreg, type, False))
            defs.append(vreg)
            fixed.append(at)
    if ctx.area_reg >= 0 and sig.area is not None:
        where, at, _, type = sig.area
        if where == IN_REG:
            defs.append(ctx.area_reg)
            fixed.append(at)
        else:
            loads.append(target.load_stack(ctx.area_reg, INCOMING, at, type))
    ctx.emit(MInst(ARGS, tuple(defs), (), None, (tuple(fixed), (), 0)))
    for load in loads + after:
        ctx.emit(load)


def _parts(ctx: LowerCtx, v: int) -> list[tuple[int, int, int]]:
    """The registers of a value, each with its offset in memory and its type."""
    places = ctx.target.in_memory(ctx.types[v])
    return [(part, offset, type) for part, (_, type, offset) in zip(ctx.put_in_regs(v), places)]


def stack_limit(func: Function, sig: SigAbi) -> list[tuple[str, Any, int]]:
    """How the prologue finds ``stack_limit``, see `Frame`."""
    assert func.stack_limit is not None
    steps: list[tuple[str, Any, int]] = []
    index = func.stack_limit
    while len(steps) <= len(func.global_values):
        gv = func.global_values[index]
        if gv.kind == "vmctx":
            at = [p.purpose for p in func.sig.params].index("vmctx")
            where, place, _, _ = sig.args[at][0]
            steps.append(("register", place, 0) if where == IN_REG else ("incoming", 0, place))
            return steps[::-1]
        if gv.kind == "symbol" and not gv.tls:
            steps.append(("symbol", gv.name, gv.offset))
            return steps[::-1]
        if gv.kind not in ("load", "iadd_imm"):
            break
        steps.append(("load" if gv.kind == "load" else "add", 0, gv.offset))
        index = gv.base
    raise UnsupportedError(f"{func.name}: a stack limit is a chain of loads and additions from vmctx or a symbol")


def lower_return(ctx: LowerCtx, node: Node, signature: Signature, sig: SigAbi, params: list[int]) -> None:
    """Emit stores to the return area and RET."""
    uses: list[int] = []
    fixed: list[int] = []
    for v, places, extension in zip(node[3:], sig.rets, sig.ret_extensions):
        regs = _extended(ctx, v, extension)
        if len(regs) > len(places):
            regs = (ctx.target.join_pair(ctx, *regs),)
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
    target = ctx.target
    sig, site, row, uses, fixed = begin_call(ctx, inst, node, node[2], node[3:])
    defs: list[int] = []
    def_fixed: list[int] = []
    loads: list[MInst] = []
    joined: list[tuple[int, int]] = []  # values of two registers that come in one
    clobbers = sig.abi.clobbers
    for v, places in zip(ctx.results[inst], sig.rets):
        if ctx.regs[v] is None:
            continue
        vregs = ctx.put_in_regs(v)
        if len(vregs) > len(places):
            joined.append((ctx.temp(places[0][2]), v))
            vregs = (joined[-1][0],)
        for vreg, (where, at, _, type) in zip(vregs, places):
            if where == IN_REG:
                defs.append(vreg)
                def_fixed.append(at)
                clobbers &= ~(1 << at)
            else:
                loads.append(target.load_stack(vreg, OUTGOING, area_of(sig) + at, type))
    ctx.emit(MInst(row, tuple(defs), tuple(uses), site, (tuple(def_fixed), tuple(fixed), clobbers)))
    for load in loads:
        ctx.emit(load)
    for pair, v in joined:
        target.split_pair(ctx, pair, *ctx.put_in_regs(v))


def begin_call(
    ctx: LowerCtx, inst: int, node: Node, reference: int, args: tuple[int, ...]
) -> tuple[SigAbi, CallSite, Row, list[int], list[int]]:  # fmt: skip
    """Pass the arguments of a call (the callee of an indirect one first among them): its signature, site and row, the
    registers it uses and where they are fixed."""
    target, func = ctx.target, ctx.func
    uses: list[int] = []
    fixed: list[int] = []
    site = CallSite()
    row = target.call_indirect
    if O.FORMAT[node[0]].endswith("indirect"):
        signature = func.signatures[reference]
        uses.append(_callee(ctx, args[0]))
        fixed.append(REG)
        args = args[1:]
    else:
        callee = func.ext_funcs[reference]
        signature = func.signatures[callee.sig]
        if callee.colocated:
            row, site.symbol, site.patchable = target.call_direct, callee.name, callee.patchable
        else:
            uses.append(target.symbol_address(ctx, callee.name, 0))
            fixed.append(REG)
    sig = ctx.signatures.of(signature)
    ctx.frame.note_call(sig.abi)
    ctx.frame.need_outgoing(_arguments(ctx, sig, args, uses, fixed, OUTGOING))
    if sig.abi.callee_pops:
        site.pops = sig.stack_size
    if func.debug_tags:
        site.tags = func.debug_tags.get(inst, ())
    if func.stack_maps:
        site.stack_map = func.stack_maps.get(inst, ())
    return sig, site, row, uses, fixed


def _callee(ctx: LowerCtx, v: int) -> int:
    """The register of an address that is called."""
    reg = ctx.put_in_reg(v)
    return ctx.target.extend(ctx, reg, I32, 64, False) if ctx.types[v] == I32 else reg


def lower_sequence_point(ctx: LowerCtx, inst: int) -> None:
    """Emit a place that debug tags name."""
    tags = ctx.func.debug_tags.get(inst)
    if tags:
        site = CallSite()
        site.tags = tags
        ctx.emit(MInst(SEQUENCE_POINT, (), (), site))


def lower_tail_call(ctx: LowerCtx, node: Node, own: SigAbi) -> None:
    """Emit a call that replaces this function's frame. Its stack arguments overwrite our own, which ARGS has read
    already."""
    target, func = ctx.target, ctx.func
    if target.tail_direct is None or target.tail_indirect is None:
        raise UnsupportedError(f"{target.name}: {func.name}: tail calls are not supported by this target")
    callee = None if node[0] == O.RETURN_CALL_INDIRECT else func.ext_funcs[node[2]]
    sig = ctx.signatures.of(func.signatures[node[2] if callee is None else callee.sig])
    if sig.abi is not own.abi:
        raise UnsupportedError(f"{func.name}: a tail call to a function of another calling convention")
    site = CallSite()
    if sig.abi.callee_pops:
        ctx.frame.need_tail(sig.stack_size)
        site.pops = sig.stack_size
    elif sig.stack_size > own.stack_size:
        raise UnsupportedError(
            f"{func.name}: a tail call with {sig.stack_size} bytes of stack arguments from a function with"
            f" {own.stack_size}; use the tail calling convention, or call and return"
        )
    uses: list[int] = []
    fixed: list[int] = []
    address = -1
    if callee is None:
        address = _callee(ctx, node[3])
    elif not callee.colocated:
        address = target.symbol_address(ctx, callee.name, 0)
    _arguments(
        ctx, sig, node[3 if callee is not None else 4 :], uses, fixed, TAIL if sig.abi.callee_pops else INCOMING
    )  # fmt: skip
    if address < 0 and callee is not None:
        site.symbol = callee.name
        ctx.emit(MInst(target.tail_direct, (), tuple(uses), site, ((), tuple(fixed), 0)))
        return
    # The epilogue restores callee-saved registers before the jump: the address must be in another one.
    preg = target.tail_address
    if preg < 0:
        for preg in target.env.allocatable[INT]:
            if preg not in fixed and sig.abi.clobbers >> preg & 1:
                break
    constraints = ((), (preg, *fixed), 0)
    ctx.emit(MInst(target.tail_indirect, (), (address, *uses), site, constraints))


def area_of(sig: SigAbi) -> int:
    """Where a call's return area lies in the outgoing area: above its stack arguments."""
    return sig.stack_size + 15 & -16


def _arguments(ctx: LowerCtx, sig: SigAbi, args: tuple[int, ...], uses: list[int], fixed: list[int], base: int) -> int:
    """Pass ``args``, those on the stack in the area ``base``; returns the bytes needed there."""
    target = ctx.target
    emit = ctx.emit
    below = sig.stack_size if base == TAIL else 0
    copies = area_of(sig) + sig.area_size + 15 & -16
    if sig.copies_size and base != OUTGOING:
        raise UnsupportedError(f"{ctx.func.name}: a tail call with an argument by reference, to a frame that is gone")
    for v, places, extension, struct, copy in zip(args, sig.args, sig.extensions, sig.memory_args, sig.copies):
        if struct:
            _copy_struct(ctx, ctx.put_in_reg(v), base, copies + copy if copy >= 0 else places[0][1] - below, struct)
        if copy >= 0:
            start = copies + copy
            if not struct:
                for part, at, type in _parts(ctx, v):
                    emit(target.store_stack(part, base, start + at, type))
            vregs: tuple[int, ...] = (ctx.temp(INT),)
            emit(target.stack_address(vregs[0], base, start))
        elif struct:
            continue
        else:
            vregs = _extended(ctx, v, extension)
        for vreg, (where, at, cls, type) in zip(vregs, places):
            if ctx.classes[vreg] == FLOAT and cls == INT:
                general = ctx.temp(INT)
                emit(target.between(general, vreg, type, True))
                vreg = general
            if where == IN_REG:
                uses.append(vreg)
                fixed.append(at)
            else:
                if extension and sig.abi.slot == 8:
                    type, at = I64, at & -8
                emit(target.store_stack(vreg, base, at - below, type))
    needed = copies + sig.copies_size if sig.copies_size else area_of(sig) + sig.area_size if sig.area else sig.stack_size
    if sig.area is None:
        return needed
    if base == OUTGOING:
        pointer = ctx.temp(INT)
        emit(target.stack_address(pointer, OUTGOING, area_of(sig)))
    else:  # a tail call returns what this function returns, to where our caller wants it
        if ctx.area_reg < 0:
            ctx.area_reg = ctx.temp(INT)
        pointer = ctx.area_reg
    where, at, _, type = sig.area
    if where == IN_REG:
        uses.append(pointer)
        fixed.append(at)
    else:
        emit(target.store_stack(pointer, base, at - below, type))
    return needed


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
