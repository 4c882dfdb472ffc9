"""The target record: what the engine asks of AArch64."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import X86_CVTT2DQ
from jitpy.backend.ir.types import BITS, F16, F32, F64, F128, I64, I128, IS_INT, IS_VECTOR, LANE, LANE_BITS, Type, vector
from jitpy.backend.isa.aarch64 import frame, regs
from jitpy.backend.isa.aarch64.insts import branch
from jitpy.backend.isa.aarch64.insts import call as call_insts
from jitpy.backend.isa.aarch64.lowering import RULES
from jitpy.backend.isa.aarch64.rows import ROWS
from jitpy.backend.isa.record import take_emission
from jitpy.backend.target import lacks
from jitpy.backend.target.row import FLOAT, INT, MInst
from jitpy.backend.target.target import Abi, Dwarf, Target

_PAIR = ((INT, I64), (INT, I64))
_MOST_PARTS = 4


def parts(type: Type) -> tuple[tuple[int, Type], ...]:
    """General registers for integers, two for i128; vector registers for floats. A vector has as many parts as it needs of 128
    bits; one of less is the low lanes of one.
    """
    if IS_INT[type]:
        return _PAIR if type == I128 else ((INT, type),)
    if type in (F16, F32, F64, F128):
        return ((FLOAT, type),)
    lane = LANE[type]
    if not IS_VECTOR[type] or lane in (I128, F128):
        return ()
    count = max(BITS[type] // 128, 1)
    return ((FLOAT, vector(lane, 128 // LANE_BITS[type])),) * count if count <= _MOST_PARTS else ()


def _dwarf(second_key: bool) -> Dwarf:
    """At the entry CFA = sp and the return address in x30; stp x29, x30, [sp, -16]!; mov x29, sp; before the return as at the
    entry. ``second_key``: what return addresses are signed with."""
    return Dwarf(
        {**{r: r for r in range(31)}, **{regs.V0 + k: 64 + k for k in range(32)}},
        30,
        b"\x0c\x1f\x00",
        ((4, b"\x0e\x10\x9d\x02\x9e\x01"), (8, b"\x0d\x1d")),
        b"\x0c\x1f\x00\xdd\xde",
        sign=b"\x2d",  # DW_CFA_AARCH64_negate_ra_state
        augmentation=b"B" if second_key else b"",
    )


def _abis() -> dict[str, Abi]:
    ints = tuple(range(8))
    floats = tuple(range(regs.V0, regs.V0 + 8))
    everything = regs.CLOBBERS | regs.SAVED

    def abi(name: str, **other: Any) -> Abi:
        """AAPCS64's registers, with what differs."""
        clobbers, saved = other.pop("clobbers", regs.CLOBBERS), other.pop("saved", regs.SAVED)
        rets = other.pop("rets", (ints, floats, floats, ()))
        other = {"even_pairs": True, "sret": regs.X8, "returns_sret": False, **other}
        return Abi(name, (ints, floats, floats, ()), rets, clobbers, saved, **other)

    system_v = abi("system_v")
    return {
        "system_v": system_v, "fast": system_v, "cold": system_v, "probestack": system_v,
        "apple_aarch64": abi("apple_aarch64", even_pairs=False, slot=1, extend=32),
        "tail": abi("tail", callee_pops=True),
        "winch": abi("winch", clobbers=everything, saved=0),
        # It returns nothing, for no register may change.
        "preserve_all": abi("preserve_all", rets=((), (), (), ()), clobbers=1 << regs.LR, saved=everything & ~(1 << regs.LR)),
    }  # fmt: skip


def _lacks(features: dict[str, int]) -> lacks.Pairs:
    """What is done in software: see `backend.soft.expand`."""
    found = lacks.F128_ALL | lacks.I128_HARD
    if not features["has_fp16"]:
        return found | lacks.F16_ALL
    return found | frozenset(pair for pair in lacks.F16_ALL if pair[0] == X86_CVTT2DQ)


def make(features: dict[str, int]) -> Target:
    """The record for these features."""
    t = Target("aarch64")
    t.pointer = I64
    t.dwarf = _dwarf(bool(features["sign_return_address_with_bkey"]))
    t.features = features
    t.env = regs.machine_env(bool(features["enable_pinned_reg"]))
    t.abis = _abis()
    t.parts = parts
    t.loop_align = 16
    t.relocations = {"call26": frame.REL26, "pcrel8": frame.REL8}
    t.rules = RULES.bind
    t.lacks = _lacks(features)
    t.lacks_types = frozenset(type for _, type in t.lacks)
    letters = {16: "h", 32: "s", 64: "d", 128: "q"}

    def rows_of(type: Type, name: str) -> Any:
        return ROWS[f"{name}{BITS[type]}"] if IS_INT[type] else ROWS[f"{name}_{letters[BITS[type]]}"]

    def move(dst: int, src: int, cls: int) -> MInst:
        return MInst(ROWS["mov_v" if cls else "mov64_rr"], (dst,), (src,))

    def load_stack(dst: int, base: int, offset: int, type: Type) -> MInst:
        return MInst(rows_of(type, "ldr")[0], (dst,), (), (base, offset, None))

    def store_stack(src: int, base: int, offset: int, type: Type) -> MInst:
        return MInst(rows_of(type, "str")[0], (), (src,), (base, offset, None))

    def stack_address(dst: int, base: int, offset: int) -> MInst:
        return MInst(ROWS["stack_address"], (dst,), (), (base, offset, None))

    def load(dst: int, base: int, offset: int, type: Type) -> MInst:
        return MInst(rows_of(type, "ldr")[1], (dst,), (base,), (0, offset, None))

    def store(src: int, base: int, offset: int, type: Type) -> MInst:
        return MInst(rows_of(type, "str")[1], (), (src, base), (0, offset, None))

    def extend(ctx: Any, reg: int, from_type: Type, bits: int, signed: bool) -> int:
        source = BITS[from_type]
        if source >= bits:
            return reg
        if signed:
            row = ROWS["sxtw64_r" if source == 32 else f"sxt{'b' if source == 8 else 'h'}{bits}_r"]
        else:
            row = ROWS["mov32_rr" if source == 32 else f"uxt{'b' if source == 8 else 'h'}32_r"]
        d: int = ctx.temp(INT)
        ctx.emit(MInst(row, (d,), (reg,)))
        return d

    t.strip = frame.STRIP if features["sign_return_address"] else b""
    t.move = move
    t.load_stack = load_stack
    t.store_stack = store_stack
    t.stack_address = stack_address
    t.load = load
    t.store = store
    t.extend = extend
    t.payloads = (regs.X0, regs.X1)
    take_emission(t, ROWS, call_insts, frame, branch)
    return t
