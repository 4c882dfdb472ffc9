"""Integer instructions of 32 and 64 bits: names end in ``32_`` and ``64_``, then in the form of the last operand.

rr register   ri immediate   lsl lsr asr ror a register shifted   uxtb ... sxtw a register extended and shifted
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.aarch64.frame import constant_words, move_constant, word
from jitpy.backend.isa.aarch64.regs import TEMPORARY
from jitpy.backend.isa.aarch64.rows import macro, row
from jitpy.backend.target.row import MOVE, REMAT, MInst

_SHIFTS = {"lsl": 0, "lsr": 1 << 22, "asr": 2 << 22, "ror": 3 << 22}
_EXTENSIONS = {name: n << 13 for n, name in enumerate(("uxtb", "uxth", "uxtw", "", "sxtb", "sxth", "sxtw")) if name}

for _bits, _k, _sf in ((32, "w", 0), (64, "x", 1 << 31)):
    # Sums and differences; with s they set the flags.
    for _op, _base in (("add", 0), ("adds", 1 << 29), ("sub", 1 << 30), ("subs", 3 << 29)):
        _b = _sf | _base
        row(f"{_op}{_bits}_rr", f"{_op} =Rd.{_k} Rn.{_k} Rm.{_k}", _b | 0x0B000000)
        row(f"{_op}{_bits}_ri", f"{_op} =Rd.{_k} Rn.{_k} i12", _b | 0x11000000)
        for _s in ("lsl", "lsr", "asr"):
            row(f"{_op}{_bits}_{_s}", f"{_op} =Rd.{_k} Rn.{_k} Rm.{_k} {_s}", _b | 0x0B000000 | _SHIFTS[_s])
        for _e, _option in _EXTENSIONS.items():
            row(f"{_op}{_bits}_{_e}", f"{_op} =Rd.{_k} Rn.{_k} Rm.w {_e}", _b | 0x0B200000 | _option)
    for _op, _base in (("cmn", 1 << 29), ("cmp", 3 << 29)):
        _b = _sf | _base | 31
        row(f"{_op}{_bits}_rr", f"{_op} Rn.{_k} Rm.{_k}", _b | 0x0B000000)
        row(f"{_op}{_bits}_ri", f"{_op} Rn.{_k} i12", _b | 0x11000000)
        for _s in ("lsl", "lsr", "asr"):
            row(f"{_op}{_bits}_{_s}", f"{_op} Rn.{_k} Rm.{_k} {_s}", _b | 0x0B000000 | _SHIFTS[_s])
        for _e, _option in _EXTENSIONS.items():
            row(f"{_op}{_bits}_{_e}", f"{_op} Rn.{_k} Rm.w {_e}", _b | 0x0B200000 | _option)
    row(f"neg{_bits}_r", f"neg =Rd.{_k} Rm.{_k}", _sf | 0x4B0003E0)
    row(f"negs{_bits}_r", f"negs =Rd.{_k} Rm.{_k}", _sf | 0x6B0003E0)
    for _op, _base in (("adc", 0), ("adcs", 1 << 29), ("sbc", 1 << 30), ("sbcs", 3 << 29)):
        row(f"{_op}{_bits}_rr", f"{_op} =Rd.{_k} Rn.{_k} Rm.{_k}", _sf | _base | 0x1A000000)
    row(f"ngc{_bits}_r", f"ngc =Rd.{_k} Rm.{_k}", _sf | 0x5A0003E0)
    # Logic; the second of each pair inverts its last operand.
    for _op, _base in (
        ("and", 0), ("bic", 1 << 21), ("orr", 1 << 29), ("orn", 1 << 29 | 1 << 21), ("eor", 1 << 30), ("eon", 1 << 30 | 1 << 21),
        ("ands", 3 << 29), ("bics", 3 << 29 | 1 << 21),
    ):  # fmt: skip
        _b = _sf | _base | 0x0A000000
        row(f"{_op}{_bits}_rr", f"{_op} =Rd.{_k} Rn.{_k} Rm.{_k}", _b)
        for _s, _type in _SHIFTS.items():
            row(f"{_op}{_bits}_{_s}", f"{_op} =Rd.{_k} Rn.{_k} Rm.{_k} {_s}", _b | _type)
        if not _base >> 21 & 1:
            row(f"{_op}{_bits}_ri", f"{_op} =Rd.{_k} Rn.{_k} bits{_bits}", _sf | _base | 0x12000000)
    row(f"tst{_bits}_rr", f"tst Rn.{_k} Rm.{_k}", _sf | 0x6A00001F)
    row(f"tst{_bits}_ri", f"tst Rn.{_k} bits{_bits}", _sf | 0x7200001F)
    row(f"mvn{_bits}_r", f"mvn =Rd.{_k} Rm.{_k}", _sf | 0x2A2003E0)
    row(f"mov{_bits}_rr", f"mov =Rd.{_k} Rm.{_k}", _sf | 0x2A0003E0, MOVE if _bits == 64 else 0)
    # Products and quotients.
    row(f"madd{_bits}", f"madd =Rd.{_k} Rn.{_k} Rm.{_k} Ra.{_k}", _sf | 0x1B000000)
    row(f"msub{_bits}", f"msub =Rd.{_k} Rn.{_k} Rm.{_k} Ra.{_k}", _sf | 0x1B008000)
    row(f"mul{_bits}_rr", f"mul =Rd.{_k} Rn.{_k} Rm.{_k}", _sf | 0x1B007C00)
    row(f"mneg{_bits}_rr", f"mneg =Rd.{_k} Rn.{_k} Rm.{_k}", _sf | 0x1B00FC00)
    row(f"udiv{_bits}_rr", f"udiv =Rd.{_k} Rn.{_k} Rm.{_k}", _sf | 0x1AC00800)
    row(f"sdiv{_bits}_rr", f"sdiv =Rd.{_k} Rn.{_k} Rm.{_k}", _sf | 0x1AC00C00)
    # Shifts; the counts of registers are modulo the width.
    for _n, _op in enumerate(("lsl", "lsr", "asr", "ror")):
        row(f"{_op}{_bits}_rr", f"{_op} =Rd.{_k} Rn.{_k} Rm.{_k}", _sf | 0x1AC02000 | _n << 10)
    _n_bit = _sf >> 9
    _last = (_bits - 1) << 10
    row(f"lsl{_bits}_ri", f"lsl =Rd.{_k} Rn.{_k} left{_bits}", _sf | _n_bit | 0x53000000)
    row(f"lsr{_bits}_ri", f"lsr =Rd.{_k} Rn.{_k} right", _sf | _n_bit | 0x53000000 | _last)
    row(f"asr{_bits}_ri", f"asr =Rd.{_k} Rn.{_k} right", _sf | _n_bit | 0x13000000 | _last)
    row(f"ror{_bits}_ri", f"ror =Rd.{_k} Rnm.{_k} lsb", _sf | _n_bit | 0x13800000)
    row(f"extr{_bits}", f"extr =Rd.{_k} Rn.{_k} Rm.{_k} lsb", _sf | _n_bit | 0x13800000)
    # Fields.
    row(f"ubfx{_bits}", f"ubfx =Rd.{_k} Rn.{_k} take{_bits}", _sf | _n_bit | 0x53000000)
    row(f"sbfx{_bits}", f"sbfx =Rd.{_k} Rn.{_k} take{_bits}", _sf | _n_bit | 0x13000000)
    row(f"bfi{_bits}", f"bfi +Rd.{_k} Rn.{_k} put{_bits}", _sf | _n_bit | 0x33000000)
    row(f"sxtb{_bits}_r", f"sxtb =Rd.{_k} Rn.w", _sf | _n_bit | 0x13001C00)
    row(f"sxth{_bits}_r", f"sxth =Rd.{_k} Rn.w", _sf | _n_bit | 0x13003C00)
    # Counting and reversing.
    for _op, _code in (("rbit", 0), ("rev16", 1), ("clz", 4), ("cls", 5)):
        row(f"{_op}{_bits}_r", f"{_op} =Rd.{_k} Rn.{_k}", _sf | 0x5AC00000 | _code << 10)
    row(f"rev{_bits}_r", f"rev =Rd.{_k} Rn.{_k}", _sf | 0x5AC00000 | (2 if _bits == 32 else 3) << 10)
    # By conditions.
    for _op, _base in (("csel", 0), ("csneg", 1 << 30 | 1 << 10)):
        row(f"{_op}{_bits}", f"{_op} =Rd.{_k} Rn.{_k} Rm.{_k} cond", _sf | 0x1A800000 | _base)
    row(f"cset{_bits}", f"cset =Rd.{_k} if", _sf | 0x1A9F07E0)
    row(f"csetm{_bits}", f"csetm =Rd.{_k} if", _sf | 0x5A9F03E0)
    row(f"ccmp{_bits}_rr", f"ccmp Rn.{_k} Rm.{_k} nzcv cond", _sf | 0x7A400000)
    row(f"ccmp{_bits}_ri", f"ccmp Rn.{_k} i5 nzcv cond", _sf | 0x7A400800)
row("uxtb32_r", "uxtb =Rd.w Rn.w", 0x53001C00)
row("uxth32_r", "uxth =Rd.w Rn.w", 0x53003C00)
row("sxtw64_r", "sxtw =Rd.x Rn.w", 0x93407C00)
# Products of twice the width.
for _u, _bit in (("s", 0), ("u", 1 << 23)):
    row(f"{_u}mull", f"{_u}mull =Rd.x Rn.w Rm.w", 0x9B207C00 | _bit)
    row(f"{_u}mulh", f"{_u}mulh =Rd.x Rn.x Rm.x", 0x9B407C00 | _bit)
    row(f"{_u}maddl", f"{_u}maddl =Rd.x Rn.w Rm.w Ra.x", 0x9B200000 | _bit)
    row(f"{_u}msubl", f"{_u}msubl =Rd.x Rn.w Rm.w Ra.x", 0x9B208000 | _bit)


def _constant(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """Any constant of 64 bits; into a spill slot by way of x17."""
    to = allocs[0]
    if to >= 0:
        for w in constant_words(inst.imm):
            sink.code += word(w | to)
        return
    move_constant(sink.code, TEMPORARY, inst.imm)
    sink.target.emit_move(sink, TEMPORARY, to, 0)


macro("const", "mov =Rd.x", _constant, REMAT)
