"""The target record: what the engine asks of riscv64."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import X86_CVTT2DQ
from jitpy.backend.ir.types import BITS, F16, F32, F64, F128, I64, I128, IS_INT, IS_VECTOR, LANE, LANE_BITS, Type, vector
from jitpy.backend.isa.record import take_emission
from jitpy.backend.isa.riscv64 import frame, regs
from jitpy.backend.isa.riscv64.insts import branch
from jitpy.backend.isa.riscv64.insts import call as call_insts
from jitpy.backend.isa.riscv64.lowering import RULES
from jitpy.backend.isa.riscv64.rows import ROWS
from jitpy.backend.target import lacks
from jitpy.backend.target.row import FLOAT, INT, VECTOR, MInst
from jitpy.backend.target.target import Abi, Dwarf, Target

_PAIR = ((INT, I64), (INT, I64))
_MOST_PARTS = 4


def parts(type: Type, vectors: bool) -> tuple[tuple[int, Type], ...]:
    """General registers for integers, two for i128 and f128; float registers for other floats. A vector has as many parts as
    it needs of 128 bits; one of less is the low lanes of one. Without V there are none."""
    if type in (I128, F128):
        return _PAIR
    if IS_INT[type]:
        return ((INT, type),)
    if type in (F16, F32, F64):
        return ((FLOAT, type),)
    lane = LANE[type]
    if not IS_VECTOR[type] or not vectors or lane in (I128, F128):
        return ()
    count = max(BITS[type] // 128, 1)
    if count > _MOST_PARTS:
        return ()
    return ((VECTOR, vector(lane, 128 // LANE_BITS[type])),) * count


#: At the entry CFA = sp and the return address is in ra; addi sp, -16; sd ra; sd s0; mv s0, sp. The code offsets of these
#: steps depend on whether they are compressed.
_REGISTERS = {
    **{r: r for r in range(1, 32)}, **{regs.F0 + k: 32 + k for k in range(32)}, **{regs.V0 + k: 96 + k for k in range(32)},
}  # fmt: skip
_ENTRY = b"\x0c\x02\x00"


def _dwarf(short: bool) -> Dwarf:
    step = 2 if short else 4
    prologue = ((step, b"\x0e\x10"), (3 * step, b"\x81\x01\x88\x02"), (4 * step, b"\x0d\x08"))
    return Dwarf(_REGISTERS, 1, _ENTRY, prologue, b"\x0c\x02\x00\xc1\xc8")


def _abis() -> dict[str, Abi]:
    ints, floats, vectors = regs.INT_ARGS, regs.FLOAT_ARGS, regs.VECTOR_ARGS
    args = (ints, floats, vectors, ())
    rets = (ints[:2], floats[:2], vectors, ())
    everything = regs.CLOBBERS | regs.SAVED

    def variant(name: str, clobbers: int = regs.CLOBBERS, saved: int = regs.SAVED, callee_pops: bool = False) -> Abi:
        return Abi(
            name, args, rets, clobbers, saved, split_pairs=True, returns_sret=False, callee_pops=callee_pops, floats_in_ints=True
        )  # fmt: skip

    system_v = variant("system_v")
    return {
        "system_v": system_v, "fast": system_v, "cold": system_v, "probestack": system_v, "windows_fastcall": system_v,
        "tail": variant("tail", callee_pops=True), "winch": variant("winch", everything, 0),
        # It returns nothing, for no register may change.
        "preserve_all": Abi("preserve_all", args, ((), (), (), ()), 1 << regs.RA, everything & ~(1 << regs.RA), returns_sret=False),
    }  # fmt: skip


def _of_half(pairs: lacks.Pairs, vectors: bool) -> lacks.Pairs:
    """Those of f16, or of vectors of it, but what no extension has."""
    return frozenset((op, type) for op, type in pairs if IS_VECTOR[type] == vectors and LANE[type] == F16 and op != X86_CVTT2DQ)


#: What is done in software (see `backend.soft.expand`) without extensions, and what of it an extension does.
_WITHOUT = lacks.F128_ALL | lacks.F16_ALL | lacks.F16_CONVERSIONS | lacks.I128_HARD | lacks.SIGNS | lacks.FLOAT_LOGIC
_DOES = {
    "has_zfhmin": _of_half(lacks.F16_CONVERSIONS, False), "has_zvfhmin": _of_half(lacks.F16_CONVERSIONS, True),
    "has_zfh": _of_half(lacks.F16_ALL | lacks.SIGNS, False), "has_zvfh": _of_half(lacks.F16_ALL, True),
}  # fmt: skip


def make(features: dict[str, int]) -> Target:
    """The record for these features."""
    t = Target("riscv64")
    vectors = bool(features["has_v"])
    if vectors:
        from jitpy.backend.isa.riscv64.insts import vectors as _rows  # noqa: F401
    t.pointer = I64
    t.dwarf = _dwarf(bool(features["has_zca"]))
    t.features = features
    t.env = regs.machine_env(vectors, bool(features["enable_pinned_reg"]))
    t.abis = _abis()
    t.parts = lambda type: parts(type, vectors)
    t.code_align = 4
    t.relocations = {"riscv_call": frame.PAIR, "riscv_pcrel": frame.PAIR}
    t.rules = RULES.bind
    t.lacks = _WITHOUT.difference(*[pairs for name, pairs in _DOES.items() if features[name]])
    t.lacks_types = frozenset(type for _, type in t.lacks)

    half = "flh" if features["has_zfhmin"] else "flw"
    int_loads = {8: ROWS["lbu"], 16: ROWS["lhu"], 32: ROWS["lw"], 64: ROWS["ld"]}
    int_stores = {8: ROWS["sb"], 16: ROWS["sh"], 32: ROWS["sw"], 64: ROWS["sd"]}
    float_loads = {16: ROWS[half], 32: ROWS["flw"], 64: ROWS["fld"]}
    float_stores = {16: ROWS[half.replace("l", "s")], 32: ROWS["fsw"], 64: ROWS["fsd"]}

    def rows_of(type: Type, store: bool) -> Any:
        bits = BITS[type]
        if IS_INT[type]:
            return (int_stores if store else int_loads)[bits]
        if IS_VECTOR[type]:
            name = "vstore" if store else "vload"
            return ROWS[f"{name}_0"], ROWS[f"{name}_1"]
        return (float_stores if store else float_loads)[bits]

    def move(dst: int, src: int, cls: int) -> MInst:
        return MInst(ROWS[("mv", "fmv", "vmv1r.v")[cls]], (dst,), (src,))

    def between(dst: int, src: int, type: Type, to_int: bool) -> MInst:
        letter = "d" if type == F64 else "h" if type == F16 and features["has_zfhmin"] else "w"
        return MInst(ROWS[f"fmv.x.{letter}" if to_int else f"fmv.{letter}.x"], (dst,), (src,))

    def load_stack(dst: int, base: int, offset: int, type: Type) -> MInst:
        return MInst(rows_of(type, False)[0], (dst,), (), (base, offset, None))

    def store_stack(src: int, base: int, offset: int, type: Type) -> MInst:
        return MInst(rows_of(type, True)[0], (), (src,), (base, offset, None))

    def stack_address(dst: int, base: int, offset: int) -> MInst:
        return MInst(ROWS["stack_address"], (dst,), (), (base, offset, None))

    def load(dst: int, base: int, offset: int, type: Type) -> MInst:
        return MInst(rows_of(type, False)[1], (dst,), (base,), (0, offset, None))

    def store(src: int, base: int, offset: int, type: Type) -> MInst:
        return MInst(rows_of(type, True)[1], (), (src, base), (0, offset, None))

    def extend(ctx: Any, reg: int, from_type: Type, bits: int, signed: bool) -> int:
        source = BITS[from_type]
        if source >= bits:
            return reg
        from jitpy.backend.isa.riscv64.lowering.base import Base

        base = Base(ctx)
        extended: int = base.sext(source, reg) if signed else base.zext(source, reg)
        return extended

    t.move = move
    t.load_stack = load_stack
    t.store_stack = store_stack
    t.stack_address = stack_address
    t.load = load
    t.between = between
    t.store = store
    t.extend = extend
    t.payloads = (regs.A0, regs.A1)
    take_emission(t, ROWS, call_insts, frame, branch)
    return t
