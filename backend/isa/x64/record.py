"""The target record: what the engine asks of x86-64."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import BITS, F16, F32, F64, F128, I64, I128, IS_INT, IS_VECTOR, Type
from jitpy.backend.isa.x64 import frame, lowering, regs
from jitpy.backend.isa.x64.insts import branch
from jitpy.backend.isa.x64.insts import call as call_insts
from jitpy.backend.isa.x64.rows import ROWS
from jitpy.backend.target import lacks
from jitpy.backend.target.row import FLOAT, INT, MInst
from jitpy.backend.target.target import Abi, Dwarf, Target

_PAIR = ((INT, I64), (INT, I64))


def parts(type: Type) -> tuple[tuple[int, Type], ...]:
    """General registers for integers, two for i128; vector registers for floats and 128-bit vectors."""
    if IS_INT[type]:
        return _PAIR if type == I128 else ((INT, type),)
    if type in (F16, F32, F64, F128) or (IS_VECTOR[type] and BITS[type] == 128):
        return ((FLOAT, type),)
    return ()


#: DWARF numbers; at the entry CFA = rsp + 8 and the return address below it; push rbp; mov rbp, rsp; before the
#: return as at the entry.
_DWARF = Dwarf(
    {0: 0, 1: 2, 2: 1, 3: 3, 6: 4, 7: 5, **{r: r for r in range(8, 16)}, **{regs.XMM0 + k: 17 + k for k in range(16)}},
    16,
    b"\x0c\x07\x08\x90\x01",
    ((1, b"\x0e\x10\x86\x02"), (4, b"\x0d\x06")),
    b"\x0c\x07\x08\xc6",
)


def _abis() -> dict[str, Abi]:
    xmm = tuple(range(regs.XMM0, regs.XMM0 + 8))
    ints = (regs.RDI, regs.RSI, regs.RDX, regs.RCX, regs.R8, regs.R9)
    system_v = Abi(
        "system_v", (ints, xmm, xmm, ()), ((regs.RAX, regs.RDX), xmm[:2], xmm[:2], ()), regs.SYSV_CLOBBERS,
        regs.SYSV_SAVED,
    )  # fmt: skip
    fastcall = Abi(
        "windows_fastcall", ((regs.RCX, regs.RDX, regs.R8, regs.R9), xmm[:4], xmm[:4], ()),
        ((regs.RAX,), xmm[:1], xmm[:1], ()),
        regs.FASTCALL_CLOBBERS, regs.FASTCALL_SAVED, shadow=32, by_position=True, wide_by_reference=True,
    )  # fmt: skip
    return {"system_v": system_v, "fast": system_v, "cold": system_v, "tail": system_v, "windows_fastcall": fastcall}


def _lacks(features: dict[str, int]) -> lacks.Pairs:
    """What is done in software: see `backend.soft.expand`."""
    found = lacks.F128_ALL | lacks.F16_ALL | lacks.I128_HARD
    if not features["has_f16c"]:
        found |= lacks.F16_CONVERSIONS
    if not features["has_fma"]:
        found |= lacks.FMA
    return found


def make(features: dict[str, int]) -> Target:
    """The record for these features."""
    t = Target("x64")
    avx = bool(features["has_avx"])
    v = "v" * avx
    t.pointer = I64
    t.dwarf = _DWARF
    t.features = features
    t.env = regs.machine_env(bool(features["has_avx512f"]))
    t.abis = _abis()
    t.parts = parts
    t.loop_align = 16
    t.relocations = {"pcrel4": frame.REL4}
    t.rules = lowering.rules
    t.lacks = _lacks(features)
    t.lacks_types = frozenset(type for _, type in t.lacks)

    float_move = ROWS[f"{v}movaps_rr"]
    int_move = ROWS["mov64_rr"]
    jmp = branch.JMP
    int_loads = {8: ROWS["movzx32_8_rm"], 16: ROWS["movzx32_16_rm"], 32: ROWS["mov32_rm"], 64: ROWS["mov64_rm"]}
    int_stores = {bits: ROWS[f"mov{bits}_mr"] for bits in (8, 16, 32, 64)}
    float_rows = {
        128: (ROWS[f"{v}movups_rm"], ROWS[f"{v}movups_mr"]), 64: (ROWS[f"{v}movsd_rm"], ROWS[f"{v}movsd_mr"]),
        32: (ROWS[f"{v}movss_rm"], ROWS[f"{v}movss_mr"]), 16: (ROWS[f"{v}movss_rm"], ROWS[f"{v}movss_mr"]),
    }  # fmt: skip

    def move(dst: int, src: int, cls: int) -> MInst:
        return MInst(float_move if cls else int_move, (dst,), (src,))

    def jump(block: int) -> MInst:
        return MInst(jmp, (), (), (block,))

    def load_stack(dst: int, base: int, offset: int, type: Type) -> MInst:
        rows = int_loads[BITS[type]] if IS_INT[type] else float_rows[BITS[type]][0]
        return MInst(rows[0], (dst,), (), (base, offset, None))

    def store_stack(src: int, base: int, offset: int, type: Type) -> MInst:
        rows = int_stores[BITS[type]] if IS_INT[type] else float_rows[BITS[type]][1]
        return MInst(rows[0], (), (src,), (base, offset, None))

    def stack_address(dst: int, base: int, offset: int) -> MInst:
        return MInst(ROWS["lea64"][0], (dst,), (), (base, offset, None))

    def load(dst: int, base: int, offset: int, type: Type) -> MInst:
        rows = int_loads[BITS[type]] if IS_INT[type] else float_rows[BITS[type]][0]
        return MInst(rows[1], (dst,), (base,), (0, offset, None))

    def store(src: int, base: int, offset: int, type: Type) -> MInst:
        rows = int_stores[BITS[type]] if IS_INT[type] else float_rows[BITS[type]][1]
        return MInst(rows[1], (), (src, base), (0, offset, None))

    def extend(ctx: Any, reg: int, from_type: Type, bits: int, signed: bool) -> int:
        source = BITS[from_type]
        if source >= bits:
            return reg
        if signed:
            row = ROWS[f"movsx64_{source}_rr"]
        else:
            row = ROWS["mov32_rr" if source == 32 else f"movzx32_{source}_rr"]
        d: int = ctx.temp(INT)
        ctx.emit(MInst(row, (d,), (reg,)))
        return d

    def symbol_address(ctx: Any, name: str, addend: int) -> int:
        d: int = ctx.temp(INT)
        ctx.emit(MInst(ROWS["mov_symbol"], (d,), (), (name, addend)))
        return d

    t.move = move
    t.jump = jump
    t.load_stack = load_stack
    t.store_stack = store_stack
    t.stack_address = stack_address
    t.load = load
    t.store = store
    t.extend = extend
    t.symbol_address = symbol_address
    t.call_direct = call_insts.CALL_DIRECT
    t.call_indirect = call_insts.CALL_INDIRECT
    t.tail_direct = call_insts.TAIL_DIRECT
    t.tail_indirect = call_insts.TAIL_INDIRECT
    t.emit_move = frame.emit_move
    t.emit_prologue = frame.emit_prologue
    t.emit_epilogue = frame.emit_epilogue
    t.emit_return = frame.emit_return
    t.emit_jump = branch.emit_jump
    t.emit_branch = branch.emit_branch
    t.emit_trap = frame.emit_trap
    t.nop = frame.nop
    return t
