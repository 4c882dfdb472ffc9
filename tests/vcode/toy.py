"""A toy ISA with an interpreter for its bytes: what the engine's tests compile for and run on.

Eight integer registers (r7 is the scratch), three of them for arguments, so that stack arguments come soon; r5 and r6
are callee-saved. Instructions are an opcode byte and operand bytes. Branches have a short form (one byte of
displacement) and a long one.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types
from jitpy.backend.target.row import (
    BRANCH,
    CALL,
    INT,
    JUMP,
    MOVE,
    REG,
    RETURN,
    TERMINATOR,
    MInst,
    Row,
    reuse,
)  # fmt: skip
from jitpy.backend.target.target import OUTGOING, SLOT, Abi, Fixup, Form, Target
from jitpy.backend.vcode.vcode import MachineEnv

(ADD, ADDM, CONST, LOAD, STORE, SUB, SLT, JMP, JMPL, JNZ, JNZL, JZ, JZL, JO, JOL, JNO, JNOL, MOV, LDSP, STSP, LEASP, CALLD, CALLI,
 RET, ENTER, LEAVE, TRAP, POOL, TABLE, NOP, SEXT, ADD2, TAILD, TAILI) = range(34)  # fmt: skip

REGISTERS = 8
MASK = (1 << 64) - 1


def _le(n: int, size: int) -> bytes:
    return (n & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def _encoder(opcode: int, *fields: str) -> Any:
    """``a0``...: allocation; ``i``: the immediate in 8 bytes; ``o``: in 4."""

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        sink.code.append(opcode)
        for f in fields:
            if f[0] == "a":
                sink.code.append(allocs[int(f[1])])
            else:
                sink.code += _le(inst.imm, 8 if f == "i" else 4)

    return encode


add = Row("add", (REG,), (REG, REG), encode=_encoder(ADD, "a0", "a1", "a2"))
add2 = Row("add2", (reuse(0),), (REG, REG), encode=_encoder(ADD2, "a0", "a2"))
addm = Row("addm", (REG,), (REG, REG), encode=_encoder(ADDM, "a0", "a1", "a2", "o"))
sub = Row("sub", (REG,), (REG, REG), encode=_encoder(SUB, "a0", "a1", "a2"))
slt = Row("slt", (REG,), (REG, REG), encode=_encoder(SLT, "a0", "a1", "a2"))
const = Row("const", (REG,), (), encode=_encoder(CONST, "a0", "i"))
load = Row("load", (REG,), (REG,), encode=_encoder(LOAD, "a0", "a1", "o"))
store = Row("store", (), (REG, REG), encode=_encoder(STORE, "a0", "a1", "o"))
mov = Row("mov", (REG,), (REG,), flags=MOVE, encode=_encoder(MOV, "a0", "a1"))
trap = Row("trap", flags=TERMINATOR, encode=lambda sink, inst, allocs: (sink.trap(inst.imm), emit_trap(sink, inst.imm)))
jump = Row("jmp", flags=JUMP | TERMINATOR)
branch = Row("brnz", (), (REG,), flags=BRANCH | TERMINATOR)
branch_overflow = Row("jo", flags=BRANCH | TERMINATOR)
sext = Row("sext", (REG,), (REG,), encode=_encoder(SEXT, "a0", "a1", "o"))


def _stack(opcode: int) -> Any:
    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        sink.code += bytes((opcode, allocs[0])) + _le(sink.frame.address(*inst.imm), 4)

    return encode


ldsp = Row("ldsp", (REG,), (), encode=_stack(LDSP))
stsp = Row("stsp", (), (REG,), encode=_stack(STSP))
leasp = Row("leasp", (REG,), (), encode=_stack(LEASP))


def _pool(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += bytes((POOL, allocs[0])) + bytes(4)
    sink.fixup(REL4, sink.constant(inst.imm), -4)


def _symbol(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += bytes((CONST, allocs[0])) + bytes(8)
    sink.reloc("abs8", inst.imm, 0, 8)


def _direct(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += bytes((CALLD,)) + bytes(4)
    sink.reloc("pcrel4", inst.imm.symbol, -4)


pool = Row("pool", (REG,), (), encode=_pool)
symbol = Row("symbol", (REG,), (), encode=_symbol)
call_direct = Row("call", flags=CALL, encode=_direct)
call_indirect = Row(
    "calli", flags=CALL, encode=lambda sink, inst, allocs: sink.code.extend((CALLI, allocs[len(inst.defs)]))
)


def _tail(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += bytes((TAILD,)) + bytes(4)
    sink.reloc("pcrel4", inst.imm.symbol, -4)


tail_direct = Row("tail", flags=TERMINATOR | RETURN, encode=_tail)
tail_indirect = Row(
    "taili", flags=TERMINATOR | RETURN, encode=lambda sink, inst, allocs: sink.code.extend((TAILI, allocs[0]))
)


def _table(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += bytes((TABLE, allocs[0], len(inst.imm)))
    start = sink.here()
    for k, b in enumerate(inst.imm):
        sink.code += bytes(4)
        sink.fixup(REL4, sink.block_label(b), 4 * k)
    assert sink.here() == start + 4 * len(inst.imm)


table = Row("table", (), (REG,), flags=BRANCH | TERMINATOR, imm="table", encode=_table)


def _patch4(code: bytearray, offset: int, d: int) -> None:
    code[offset : offset + 4] = _le(d, 4)


REL4 = Fixup("rel4", -(1 << 31), (1 << 31) - 1, _patch4)
#: Displacements count from the end of the branch.
FORMS = (
    Form(2, -126, 129, lambda data, d: bytes((data[0],)) + data[1:] + _le(d - 2, 1)),
    Form(5, -(1 << 31), (1 << 31) - 1, lambda data, d: bytes((data[0] + 1,)) + data[1:] + _le(d - 5, 4)),
)
FORMS_REG = (
    Form(3, -125, 130, lambda data, d: data + _le(d - 3, 1)),
    Form(6, -(1 << 31), (1 << 31) - 1, lambda data, d: bytes((data[0] + 1,)) + data[1:] + _le(d - 6, 4)),
)


def emit_jump(sink: Any, label: int) -> None:
    sink.relax(FORMS, label, bytes((JMP,)))


def emit_branch(sink: Any, inst: MInst, allocs: tuple[int, ...], label: int, invert: bool) -> None:
    if inst.row is branch:
        sink.relax(FORMS_REG, label, bytes((JZ if invert else JNZ, allocs[0])))
    else:
        sink.relax(FORMS, label, bytes((JNO if invert else JO,)))


def emit_trap(sink: Any, code: str) -> None:
    sink.code.append(TRAP)


def emit_move(sink: Any, src: int, dst: int, cls: int) -> None:
    if src < 0:
        sink.code += bytes((LDSP, dst)) + _le(sink.frame.spills + 8 * ~src, 4)
    elif dst < 0:
        sink.code += bytes((STSP, src)) + _le(sink.frame.spills + 8 * ~dst, 4)
    else:
        sink.code += bytes((MOV, dst, src))


def emit_prologue(sink: Any, frame: Any) -> None:
    sink.code += bytes((ENTER,)) + _le(frame.size, 4)
    for preg, at in frame.places():
        sink.code += bytes((STSP, preg)) + _le(at, 4)


def emit_epilogue(sink: Any, frame: Any, tail: bool) -> bool:
    for preg, at in frame.places():
        sink.code += bytes((LDSP, preg)) + _le(at, 4)
    sink.code += bytes((LEAVE,))
    return False


def rules(ctx: Any) -> dict[str, Any]:
    """What an ISA writes in ISLE, by hand."""
    reg, emit, temp = ctx.put_in_reg, ctx.emit, ctx.temp
    lower: list[Any] = [None] * len(op.NAME)
    lower_branch: list[Any] = [None] * len(op.NAME)

    def of(row: Row, *uses: int, imm: Any = None) -> int:
        d = temp(INT)
        emit(MInst(row, (d,), uses, imm))
        return d

    def iadd(n: Any, i: int) -> Any:
        if n[1] == types.I128:
            a, b = ctx.put_in_regs(n[3]), ctx.put_in_regs(n[4])
            return of(add, a[0], b[0]), of(add, a[1], b[1])  # no carry: it is a toy
        for x, y in ((n[3], n[4]), (n[4], n[3])):
            m = ctx.nodes[y]
            if m[0] == op.LOAD_:
                ctx.sink(y)
                return of(addm, reg(x), reg(m[3]), imm=m[2][1])
        return of(add2, reg(n[3]), reg(n[4]))

    def brif(n: Any, i: int, targets: Any) -> Any:
        cond = n[3]
        inst = ctx.fusable(cond)
        if inst is not None and ctx.insts[inst][0] == op.SADD_OVERFLOW and ctx.uses[cond] == 1:
            node = ctx.insts[inst]
            total = temp(INT)
            ctx.define(ctx.results[inst][0], (total,))
            ctx.sink(cond)
            emit(MInst(add, (total,), (reg(node[3]), reg(node[4]))))
            emit(MInst(branch_overflow, (), (), (*targets,)))
        else:
            emit(MInst(branch, (), (reg(cond),), (*targets,)))
        return ()

    def br_table(n: Any, i: int, targets: Any) -> Any:
        emit(MInst(table, (), (reg(n[3]),), targets))
        return ()

    def do_trap(n: Any, i: int) -> Any:
        emit(MInst(trap, (), (), n[2]))
        return ()

    def do_store(n: Any, i: int) -> Any:
        emit(MInst(store, (), (reg(n[3]), reg(n[4])), n[2][1]))
        return ()

    lower[op.IADD] = iadd
    lower[op.ISUB] = lambda n, i: of(sub, reg(n[3]), reg(n[4]))
    lower[op.ICMP] = lambda n, i: of(slt, reg(n[3]), reg(n[4])) if n[2] == "slt" else None
    lower[op.ICONST] = lambda n, i: of(pool, imm=_le(n[2], 8)) if n[2] >> 32 else of(const, imm=n[2])
    lower[op.LOAD_] = lambda n, i: of(load, reg(n[3]), imm=n[2][1])
    lower[op.STORE_] = do_store
    lower[op.TRAP_] = do_trap
    lower[op.IREDUCE] = lambda n, i: ctx.put_in_regs(n[3])[0]  # a name for the same register
    lower[op.ISPLIT] = lambda n, i: ctx.put_in_regs(n[3])
    lower[op.ICONCAT] = lambda n, i: (reg(n[3]), reg(n[4]))
    lower[op.STACK_ADDR] = lambda n, i: of(leasp, imm=(SLOT, ctx.frame.slot_offset(n[2][0]) + n[2][1]))
    lower[op.SADD_OVERFLOW] = lambda n, i: (of(add, reg(n[3]), reg(n[4])), of(slt, reg(n[3]), reg(n[4])))
    lower_branch[op.BRIF] = brif
    lower_branch[op.BR_TABLE] = br_table
    return {"lower.table": lower, "lower_branch.table": lower_branch}


def _extend(ctx: Any, reg: int, from_type: int, bits: int, signed: bool) -> int:
    d = ctx.temp(INT)
    ctx.emit(MInst(sext, (d,), (reg,), types.BITS[from_type] * (-1 if signed else 1)))
    return d


def target() -> Target:
    t = Target("toy")
    t.pointer = types.I64
    t.features = {}
    nothing: tuple[int, ...] = ()
    t.env = MachineEnv(
        ((0, 1, 2, 3, 4, 5, 6), nothing, nothing, nothing), 1 << 5 | 1 << 6, (7, -1, -1, -1), (1, 1, 2, 1), (0, 1, 1, 2)
    )
    t.abis = {"system_v": Abi("system_v", ((0, 1, 2), (), (), ()), ((0, 1), (), (), ()), 0b10011111, 1 << 5 | 1 << 6)}
    t.parts = lambda type: (
        ((INT, types.I64),) * 2
        if type == types.I128
        else ((INT, type),)
        if types.IS_INT[type]
        else ()
    )  # fmt: skip
    t.rules = rules
    t.move = lambda dst, src, cls: MInst(mov, (dst,), (src,))
    t.jump = lambda block: MInst(jump, (), (), (block,))
    t.load_stack = lambda dst, base, offset, type: MInst(ldsp, (dst,), (), (base, offset))
    t.store_stack = lambda src, base, offset, type: MInst(stsp, (), (src,), (base, offset))
    t.stack_address = lambda dst, base, offset: MInst(leasp, (dst,), (), (base, offset))
    t.load = lambda dst, base, offset, type: MInst(load, (dst,), (base,), offset)
    t.store = lambda src, base, offset, type: MInst(store, (), (src, base), offset)
    t.extend = _extend

    def symbol_address(ctx: Any, name: str, addend: int) -> int:
        d: int = ctx.temp(INT)
        ctx.emit(MInst(symbol, (d,), (), name))
        return d

    t.symbol_address = symbol_address
    t.call_direct = call_direct
    t.call_indirect = call_indirect
    t.tail_direct = tail_direct
    t.tail_indirect = tail_indirect
    t.emit_move = emit_move
    t.emit_prologue = emit_prologue
    t.emit_epilogue = emit_epilogue
    t.emit_return = lambda sink: sink.code.append(RET)
    t.emit_jump = emit_jump
    t.emit_branch = emit_branch
    t.emit_trap = emit_trap
    t.nop = lambda size: bytes((NOP,)) * size
    t.relocations = {"pcrel4": REL4}
    return t


class Trapped(Exception):
    """A trap; ``args[0]`` is where."""


def run(code: bytes, entry: int, args: list[int], fuel: int = 100_000) -> list[int]:
    """Run ``code`` at ``entry`` with integer arguments as the convention passes them; returns the registers."""
    memory = bytearray(1 << 16)
    memory[: len(code)] = code
    memory += bytes(1 << 14)
    top = len(memory) - 1024
    regs = [0xDEAD0000 + i for i in range(REGISTERS)]
    kept = regs[5:7]
    for i, a in enumerate(args[:3]):
        regs[i] = a & MASK
    for i, a in enumerate(args[3:]):
        memory[top + 8 * i : top + 8 * i + 8] = _le(a, 8)
    sp, fp, pc, overflow = top - 8, 0, entry, False
    memory[sp : sp + 8] = _le(-1, 8)

    def word(at: int) -> int:
        return int.from_bytes(memory[at : at + 8], "little")

    def disp(at: int, size: int) -> int:
        return int.from_bytes(memory[at : at + size], "little", signed=True)

    while True:
        fuel -= 1
        assert fuel, "out of fuel"
        o, a, b, c = memory[pc : pc + 4]
        if o in (ADD, SUB):
            x, y = (v - (1 << 64) if v >> 63 else v for v in (regs[b], regs[c]))
            overflow = not -(1 << 63) <= x + y < 1 << 63
            regs[a] = (x + y if o == ADD else x - y) & MASK
            pc += 4
        elif o == ADD2:
            regs[a] = (regs[a] + regs[b]) & MASK
            pc += 3
        elif o == ADDM:
            regs[a] = (regs[b] + word(regs[c] + disp(pc + 4, 4))) & MASK
            pc += 8
        elif o == SLT:
            x, y = (v - (1 << 64) if v >> 63 else v for v in (regs[b], regs[c]))
            regs[a] = int(x < y)
            pc += 4
        elif o == CONST:
            regs[a] = word(pc + 2)
            pc += 10
        elif o == LOAD:
            regs[a] = word(regs[b] + disp(pc + 3, 4))
            pc += 7
        elif o == STORE:
            at = regs[b] + disp(pc + 3, 4)
            memory[at : at + 8] = _le(regs[a], 8)
            pc += 7
        elif o in (JMP, JMPL, JO, JOL, JNO, JNOL):
            long = o in (JMPL, JOL, JNOL)
            d = disp(pc + 1, 4 if long else 1)
            pc += 5 if long else 2
            if o in (JMP, JMPL) or (o in (JO, JOL)) == overflow:
                pc += d
        elif o in (JNZ, JNZL, JZ, JZL):
            long = o in (JNZL, JZL)
            d = disp(pc + 2, 4 if long else 1)
            pc += 6 if long else 3
            if bool(regs[a] & 255) == (o in (JNZ, JNZL)):
                pc += d
        elif o == MOV:
            regs[a] = regs[b]
            pc += 3
        elif o == LDSP:
            regs[a] = word(sp + disp(pc + 2, 4))
            pc += 6
        elif o == STSP:
            at = sp + disp(pc + 2, 4)
            memory[at : at + 8] = _le(regs[a], 8)
            pc += 6
        elif o == LEASP:
            regs[a] = sp + disp(pc + 2, 4)
            pc += 6
        elif o in (CALLD, CALLI):
            goal = pc + 5 + disp(pc + 1, 4) if o == CALLD else regs[a]
            assert sp % 16 == 0
            sp -= 8
            memory[sp : sp + 8] = _le(pc + (5 if o == CALLD else 2), 8)
            pc = goal
        elif o == TAILD:
            pc += 5 + disp(pc + 1, 4)
        elif o == TAILI:
            pc = regs[a]
        elif o == RET:
            pc = word(sp)
            sp += 8
            for r in (2, 3, 4, 7):
                regs[r] = 0xBAD0000 + r  # clobbered by every call
            if pc == MASK:
                assert sp == top and regs[5:7] == kept
                return regs
        elif o == ENTER:
            sp -= 8
            memory[sp : sp + 8] = _le(fp, 8)
            fp = sp
            sp -= disp(pc + 1, 4)
            pc += 5
        elif o == LEAVE:
            sp, fp = fp + 8, word(fp)
            pc += 1
        elif o == TRAP:
            raise Trapped(pc)
        elif o == POOL:
            at = pc + 6 + disp(pc + 2, 4)
            assert at % 8 == 0
            regs[a] = word(at)
            pc += 6
        elif o == TABLE:
            k = regs[a] & 0xFFFFFFFF
            k = k + 1 if k + 1 < b else 0
            pc = pc + 3 + disp(pc + 3 + 4 * k, 4)
        elif o == NOP:
            pc += 1
        elif o == SEXT:
            bits = disp(pc + 3, 4)
            v = regs[b] & ((1 << abs(bits)) - 1)
            regs[a] = (v - (1 << -bits) if bits < 0 and v >> (-bits - 1) else v) & MASK
            pc += 7
        else:
            raise AssertionError(f"byte {o} at {pc}")


__all__ = ["OUTGOING", "Trapped", "run", "target"]
