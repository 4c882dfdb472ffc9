"""The target record: what the engine asks of x86-64."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import BITS, F16, F32, F64, F128, I64, I128, IS_INT, IS_VECTOR, LANE, LANE_BITS, Type, vector
from jitpy.backend.isa.record import take_emission
from jitpy.backend.isa.x64 import frame, regs
from jitpy.backend.isa.x64.insts import branch
from jitpy.backend.isa.x64.insts import call as call_insts
from jitpy.backend.isa.x64.lowering import RULES
from jitpy.backend.isa.x64.rows import ROWS
from jitpy.backend.target import lacks
from jitpy.backend.target.row import FLOAT, INT, VECTOR, MInst
from jitpy.backend.target.target import Abi, Dwarf, Target

_PAIR = ((INT, I64), (INT, I64))


_MOST_PARTS = 4


def parts(type: Type, widest: int = 128) -> tuple[tuple[int, Type], ...]:
    """General registers for integers, two for i128; vector registers for floats. A vector has as many parts as it needs
    of ``widest`` bits; one of less than 128 bits is the low lanes of one.
    """
    if IS_INT[type]:
        return _PAIR if type == I128 else ((INT, type),)
    if type in (F16, F32, F64, F128):
        return ((FLOAT, type),)
    lane = LANE[type]
    if not IS_VECTOR[type] or lane in (I128, F128):
        return ()
    bits = max(BITS[type], 128)
    count = max(bits // widest, 1)
    size = bits // count
    if count > _MOST_PARTS:
        return ()
    return ((FLOAT if size == 128 else VECTOR, vector(lane, size // LANE_BITS[type])),) * count


def widest_vector(features: dict[str, int]) -> int:
    """Bits of the vectors held in one register. Those of 512 want AVX-512's four parts that processors have together."""
    if all(features[f"has_avx512{part}"] for part in ("f", "bw", "dq", "vl")) and features["has_avx2"]:
        return 512
    return 256 if features["has_avx2"] else 128


#: DWARF numbers; at the entry CFA = rsp + 8 and the return address below it; push rbp; mov rbp, rsp; before the
#: return as at the entry.
_DWARF = Dwarf(
    {0: 0, 1: 2, 2: 1, 3: 3, 6: 4, 7: 5, **{r: r for r in range(8, 16)}, **{regs.XMM0 + k: 17 + k for k in range(16)}},
    16,
    b"\x0c\x07\x08\x90\x01",
    ((1, b"\x0e\x10\x86\x02"), (4, b"\x0d\x06")),
    b"\x0c\x07\x08\xc6",
)


def _abis(widest: int) -> dict[str, Abi]:
    xmm = tuple(range(regs.XMM0, regs.XMM0 + 8))
    ints = (regs.RDI, regs.RSI, regs.RDX, regs.RCX, regs.R8, regs.R9)
    system_v = Abi(
        "system_v", (ints, xmm, xmm, ()), ((regs.RAX, regs.RDX), xmm[:2], xmm[:2], ()), regs.SYSV_CLOBBERS,
        regs.SYSV_SAVED,
    )  # fmt: skip
    # Fastcall keeps the low 128 bits of some vector registers: where one may hold more, nothing is relied on.
    clobbers = regs.FASTCALL_CLOBBERS | (regs.FASTCALL_SAVED & regs.VECTORS if widest > 128 else 0)
    fastcall = Abi(
        "windows_fastcall", ((regs.RCX, regs.RDX, regs.R8, regs.R9), xmm[:4], xmm[:4], ()),
        ((regs.RAX,), xmm[:1], xmm[:1], ()),
        clobbers, regs.FASTCALL_SAVED, shadow=32, by_position=True, wide_by_reference=True,
    )  # fmt: skip

    def variant(name: str, clobbers: int, saved: int, callee_pops: bool = False) -> Abi:
        """System V's places, with other rules about registers and the stack."""
        return Abi(name, system_v.args, system_v.rets, clobbers, saved, callee_pops=callee_pops)

    everything = regs.SYSV_CLOBBERS | regs.SYSV_SAVED
    in_part = regs.ALL_SAVED & regs.VECTORS if widest > 128 else 0
    return {
        "system_v": system_v, "fast": system_v, "cold": system_v, "probestack": system_v, "windows_fastcall": fastcall,
        "tail": variant("tail", regs.SYSV_CLOBBERS, regs.SYSV_SAVED, callee_pops=True),
        "winch": variant("winch", everything, 0),
        # It returns nothing, for hardly a register may change.
        "preserve_all": Abi(
            "preserve_all", system_v.args, ((), (), (), ()), everything & ~regs.ALL_SAVED | in_part, regs.ALL_SAVED,
            returns_sret=False,
        ),
    }  # fmt: skip


def _lacks(features: dict[str, int]) -> lacks.Pairs:
    """What is done in software: see `backend.soft.expand`."""
    found = lacks.F128_ALL | lacks.F16_ALL | lacks.I128_HARD
    if not features["has_f16c"]:
        found |= lacks.F16_CONVERSIONS
    if not features["has_fma"]:
        found |= lacks.FMA
    return found


def wide_row(name: str) -> Any:
    """A move of 256 (``y_``) or 512 bits (``z_``): between registers, or the family of loads or stores."""
    from jitpy.backend.isa.x64.insts import vectors  # noqa: F401

    return ROWS[f"vmov{'aps' if name.endswith('rr') else 'ups'}_{name}"]


def make(features: dict[str, int]) -> Target:
    """The record for these features."""
    t = Target("x64")
    avx = bool(features["has_avx"])
    v = "v" * avx
    t.pointer = I64
    t.dwarf = _DWARF
    t.features = features
    widest = widest_vector(features)
    t.env = regs.machine_env(bool(features["has_avx512f"]), widest, bool(features["enable_pinned_reg"]))
    t.abis = _abis(widest)
    t.parts = lambda type: parts(type, widest)
    t.loop_align = 16
    t.relocations = {"pcrel4": frame.REL4}
    t.rules = RULES.bind
    t.lacks = _lacks(features)
    t.lacks_types = frozenset(type for _, type in t.lacks)

    float_move = ROWS[f"{v}movaps_rr"]
    int_move = ROWS["mov64_rr"]
    int_loads = {8: ROWS["movzx32_8_rm"], 16: ROWS["movzx32_16_rm"], 32: ROWS["mov32_rm"], 64: ROWS["mov64_rm"]}
    int_stores = {bits: ROWS[f"mov{bits}_mr"] for bits in (8, 16, 32, 64)}
    float_rows = {
        128: (ROWS[f"{v}movups_rm"], ROWS[f"{v}movups_mr"]), 64: (ROWS[f"{v}movsd_rm"], ROWS[f"{v}movsd_mr"]),
        32: (ROWS[f"{v}movss_rm"], ROWS[f"{v}movss_mr"]), 16: (ROWS[f"{v}movss_rm"], ROWS[f"{v}movss_mr"]),
    }  # fmt: skip

    def rows_of(type: Type, store: bool) -> Any:
        bits = BITS[type]
        if IS_INT[type]:
            return (int_stores if store else int_loads)[bits]
        if bits > 128:
            return wide_row(f"{'y' if bits == 256 else 'z'}_{'mr' if store else 'rm'}")
        return float_rows[bits][store]

    def move(dst: int, src: int, cls: int) -> MInst:
        if cls == VECTOR:
            return MInst(wide_row("z_rr" if widest == 512 else "y_rr"), (dst,), (src,))
        return MInst(float_move if cls else int_move, (dst,), (src,))

    def load_stack(dst: int, base: int, offset: int, type: Type) -> MInst:
        rows = rows_of(type, False)
        return MInst(rows[0], (dst,), (), (base, offset, None))

    def store_stack(src: int, base: int, offset: int, type: Type) -> MInst:
        rows = rows_of(type, True)
        return MInst(rows[0], (), (src,), (base, offset, None))

    def stack_address(dst: int, base: int, offset: int) -> MInst:
        return MInst(ROWS["lea64"][0], (dst,), (), (base, offset, None))

    def load(dst: int, base: int, offset: int, type: Type) -> MInst:
        rows = rows_of(type, False)
        return MInst(rows[1], (dst,), (base,), (0, offset, None))

    def store(src: int, base: int, offset: int, type: Type) -> MInst:
        rows = rows_of(type, True)
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

    def join_pair(ctx: Any, low: int, high: int) -> int:
        parts = [ctx.temp(FLOAT), ctx.temp(FLOAT), ctx.temp(FLOAT)]
        for part, half in zip(parts, (low, high)):
            ctx.emit(MInst(ROWS[f"{v}movq_xr"], (part,), (half,)))
        ctx.emit(MInst(ROWS[f"{v}movlhps_rr"], (parts[2],), (parts[0], parts[1])))
        joined: int = parts[2]
        return joined

    def split_pair(ctx: Any, pair: int, low: int, high: int) -> None:
        upper = ctx.temp(FLOAT)
        ctx.emit(MInst(ROWS[f"{v}movq_rx"], (low,), (pair,)))
        ctx.emit(MInst(ROWS[f"{v}movhlps_rr"], (upper,), (pair, pair)))
        ctx.emit(MInst(ROWS[f"{v}movq_rx"], (high,), (upper,)))

    t.join_pair = join_pair
    t.split_pair = split_pair
    t.move = move
    t.load_stack = load_stack
    t.store_stack = store_stack
    t.stack_address = stack_address
    t.load = load
    t.store = store
    t.extend = extend
    t.payloads = (regs.RAX, regs.RDX)
    take_emission(t, ROWS, call_insts, frame, branch)
    return t
