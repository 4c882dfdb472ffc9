"""The target record: what the engine asks of s390x."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import BITS, F16, F32, F64, F128, I64, I128, IS_INT, IS_VECTOR, LANE, LANE_BITS, Type, vector
from jitpy.backend.isa.record import take_emission
from jitpy.backend.isa.s390x import frame, regs
from jitpy.backend.isa.s390x.insts import branch
from jitpy.backend.isa.s390x.insts import call as call_insts
from jitpy.backend.isa.s390x.lowering import RULES
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.target import lacks
from jitpy.backend.target.row import FLOAT, INT, VECTOR, MInst
from jitpy.backend.target.target import Abi, Dwarf, Target

_PAIR = ((INT, I64), (INT, I64))
_MOST_PARTS = 4


def parts(type: Type) -> tuple[tuple[int, Type], ...]:
    """General registers for integers, two for i128; scalar floats at the left end of vector registers, f128 in a whole one. A
    vector has as many parts as it needs of 128 bits; one of less is the first lanes of one.
    """
    if IS_INT[type]:
        return _PAIR if type == I128 else ((INT, type),)
    if type in (F16, F32, F64):
        return ((FLOAT, type),)
    if type == F128:
        return ((VECTOR, type),)
    lane = LANE[type]
    if not IS_VECTOR[type] or lane in (I128, F128):
        return ()
    count = max(BITS[type], 128) // 128
    return ((VECTOR, vector(lane, 128 // LANE_BITS[type])),) * count if count <= _MOST_PARTS else ()


def _dwarf_numbers() -> dict[int, int]:
    """Vector registers go by eights, four even ones and then four odd ones."""
    found = {r: r for r in range(16)}
    for first, number in ((0, 16), (8, 24), (16, 68), (24, 76)):
        for i in range(4):
            found[regs.V0 + first + 2 * i] = number + i
            found[regs.V0 + first + 2 * i + 1] = number + 4 + i
    return found


#: At the entry CFA = r15 + 160 and the return address in r14. The caller's r15 is CFA - 160 all along, which unwinders have to be
#: told: they would take the CFA for it. The prologue saves r11 and r14 at CFA - 16 and CFA - 8, then sets r11.
_DWARF = Dwarf(
    _dwarf_numbers(),
    14,
    b"\x0c\x0f\xa0\x01\x14\x0f\x14",
    ((6, b"\x8b\x02"), (12, b"\x8e\x01"), (16, b"\x0c\x0b\x10")),
    b"\x0c\x0f\xa0\x01\xcb\xce",
    code_align=2,
)


def _abis() -> dict[str, Abi]:
    ints = (regs.R2, regs.R3, regs.R4, regs.R5, regs.R6)
    floats = tuple(regs.V0 + f for f in (0, 2, 4, 6))
    vectors = tuple(range(regs.V0 + 24, regs.V0 + 32))
    args = (ints, floats, vectors, ())
    system_v = Abi(
        "system_v", args, (ints[:4], floats, vectors, ()), regs.CLOBBERS, regs.SAVED, stack_align=8, shadow=frame.SAVE_AREA,
        wide_by_reference=True, vectors_by_value=True,
    )  # fmt: skip
    everything = regs.CLOBBERS | regs.SAVED

    def own(name: str, clobbers: int, saved: int, **options: Any) -> Abi:
        """A convention among our own functions: pairs travel in registers."""
        return Abi(
            name, (ints[:4], floats, vectors, ()), (ints[:4], floats, vectors, ()), clobbers, saved, stack_align=8,
            shadow=frame.SAVE_AREA, **options,
        )  # fmt: skip

    return {
        "system_v": system_v, "fast": system_v, "cold": system_v, "probestack": system_v,
        "tail": own("tail", regs.CLOBBERS, regs.SAVED, callee_pops=True),
        "winch": own("winch", everything, 0),
        # It returns nothing, for no register may change.
        "preserve_all": Abi(
            "preserve_all", args, ((), (), (), ()), regs.mask(regs.R0, regs.R1, regs.R14, regs.SCRATCH),
            everything & ~regs.mask(regs.R0, regs.R1, regs.R14, regs.SCRATCH), stack_align=8, shadow=frame.SAVE_AREA,
            returns_sret=False, wide_by_reference=True, vectors_by_value=True,
        ),
    }  # fmt: skip


#: What is done in software: see `backend.soft`.
_LACKS = lacks.F128_INTEGERS | lacks.F16_ALL | lacks.F16_CONVERSIONS | lacks.I128_HARD

_INT_LOADS = {8: ROWS["llc"], 16: ROWS["llh"], 32: ROWS["l"], 64: ROWS["lg"]}
_INT_STORES = {8: ROWS["stc"], 16: ROWS["sth"], 32: ROWS["st"], 64: ROWS["stg"]}
#: Bits -> the copy that fills a register with zeros above, with the sign.
_EXTENSIONS = {8: (ROWS["llgcr"], ROWS["lgbr"]), 16: (ROWS["llghr"], ROWS["lghr"]), 32: (ROWS["llgfr"], ROWS["lgfr"])}


def _rows_of(type: Type, store: bool) -> Any:
    bits = BITS[type]
    if IS_INT[type]:
        return (_INT_STORES if store else _INT_LOADS)[bits]
    if bits == 128:
        return ROWS["vst" if store else "vl"]
    return ROWS[f"{'store' if store else 'load'}_f{bits}"]


def _address_row(n: int) -> Any:
    return ROWS["la"][n]


def _load(dst: int, base: int, offset: int, type: Type) -> MInst:
    return MInst(_rows_of(type, False)[1], (dst,), (base,), (0, offset, None))


def _store(src: int, base: int, offset: int, type: Type) -> MInst:
    return MInst(_rows_of(type, True)[1], (), (src, base), (0, offset, None))


def _load_stack(dst: int, base: int, offset: int, type: Type) -> MInst:
    return MInst(_rows_of(type, False)[0], (dst,), (), (base, offset, None))


def _store_stack(src: int, base: int, offset: int, type: Type) -> MInst:
    return MInst(_rows_of(type, True)[0], (), (src,), (base, offset, None))


def _stack_address(dst: int, base: int, offset: int) -> MInst:
    return MInst(_address_row(0), (dst,), (), (base, offset, None))


def _move(dst: int, src: int, cls: int) -> MInst:
    return MInst(ROWS["move_vector" if cls else "move"], (dst,), (src,))


def _extend(ctx: Any, reg: int, from_type: Type, bits: int, signed: bool) -> int:
    source = BITS[from_type]
    if source >= bits:
        return reg
    d: int = ctx.temp(INT)
    ctx.emit(MInst(_EXTENSIONS[source][signed], (d,), (reg,)))
    return d


def make(features: dict[str, int]) -> Target:
    """The record for these features."""
    t = Target("s390x")
    t.pointer = I64
    t.big_endian = True
    t.frame_head = -frame.FP_AT
    t.frame_least = frame.FP_AT
    t.dwarf = _DWARF
    t.features = features
    t.env = regs.machine_env(bool(features["enable_pinned_reg"]))
    t.abis = _abis()
    t.parts = parts
    t.loop_align = 16
    t.relocations = {"pcrel4dbl": frame.HALF}
    t.rules = RULES.bind
    t.lacks = _LACKS - lacks.I128_WHOLE if features["has_vxrs_ext3"] else _LACKS
    t.lacks_types = frozenset(type for _, type in t.lacks)
    t.move = _move
    t.load_stack = _load_stack
    t.store_stack = _store_stack
    t.stack_address = _stack_address
    t.load = _load
    t.store = _store
    t.extend = _extend
    t.payloads = (regs.R2, regs.R3)
    t.tail_address = regs.R1
    take_emission(t, ROWS, call_insts, frame, branch)
    return t
