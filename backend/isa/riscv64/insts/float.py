"""Scalar floats: arithmetic, comparison, conversion, moves; Zfa's and Zfh's.

Arithmetic rounds by the register's mode, which is to nearest; conversions name theirs.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.riscv64.frame import emit_move
from jitpy.backend.isa.riscv64.rows import macro, row
from jitpy.backend.target.row import FLOAT, MOVE, REMAT, MInst

#: Format: its letter, bits 25 and 26 of most instructions.
FORMATS = {"s": 0, "d": 1, "h": 2}
_OP = 0x53
_DYN = 7 << 12
#: Rounding modes by name.
MODES = {"rne": 0, "rtz": 1, "rdn": 2, "rup": 3}

for _s, _f in FORMATS.items():
    for _name, _f5 in (("fadd", 0), ("fsub", 1), ("fmul", 2), ("fdiv", 3)):
        row(f"{_name}.{_s}", f"{_name}.{_s} =rd.f rs1.f rs2.f", _OP | _DYN | _f << 25 | _f5 << 27)
    row(f"fsqrt.{_s}", f"fsqrt.{_s} =rd.f rs1.f", _OP | _DYN | _f << 25 | 11 << 27)
    for _name, _f5, _f3 in (
        ("fsgnj", 4, 0), ("fsgnjn", 4, 1), ("fsgnjx", 4, 2), ("fmin", 5, 0), ("fmax", 5, 1), ("fminm", 5, 2), ("fmaxm", 5, 3),
    ):  # fmt: skip
        row(f"{_name}.{_s}", f"{_name}.{_s} =rd.f rs1.f rs2.f", _OP | _f3 << 12 | _f << 25 | _f5 << 27)
    for _name, _f3 in (("fle", 0), ("flt", 1), ("feq", 2)):
        row(f"{_name}.{_s}", f"{_name}.{_s} =rd rs1.f rs2.f", _OP | _f3 << 12 | _f << 25 | 20 << 27)
    for _n, _name in enumerate(("fmadd", "fmsub", "fnmsub", "fnmadd")):
        row(f"{_name}.{_s}", f"{_name}.{_s} =rd.f rs1.f rs2.f rs3.f", 0x43 + 4 * _n | _DYN | _f << 25)
    # Between integers and floats: of 32 or 64 bits, signed or not.
    for _n, _w in enumerate(("w", "wu", "l", "lu")):
        for _mode, _rm in MODES.items():
            _word = _OP | _rm << 12 | _n << 20 | _f << 25 | 24 << 27
            row(f"fcvt.{_w}.{_s}.{_mode}", f"fcvt.{_w}.{_s} =rd rs1.f {_mode}", _word)
        _rounds = _s != "d" or _n > 1
        row(f"fcvt.{_s}.{_w}", f"fcvt.{_s}.{_w} =rd.f rs1", _OP | _DYN * _rounds | _n << 20 | _f << 25 | 26 << 27)
    for _mode, _rm in MODES.items():
        row(f"fround.{_s}.{_mode}", f"fround.{_s} =rd.f rs1.f {_mode}", _OP | _rm << 12 | 4 << 20 | _f << 25 | 8 << 27)
    row(f"fli.{_s}", f"fli.{_s} =rd.f u5", _OP | 1 << 20 | _f << 25 | 30 << 27, REMAT)
for _to, _from in (("s", "d"), ("d", "s"), ("s", "h"), ("h", "s"), ("d", "h"), ("h", "d")):
    _rounds = (_to, _from) in (("s", "d"), ("h", "s"), ("h", "d"))
    row(
        f"fcvt.{_to}.{_from}", f"fcvt.{_to}.{_from} =rd.f rs1.f",
        _OP | _DYN * _rounds | FORMATS[_from] << 20 | FORMATS[_to] << 25 | 8 << 27,
    )  # fmt: skip
for _s, _x in (("s", "w"), ("d", "d"), ("h", "h")):
    row(f"fmv.x.{_x}", f"fmv.x.{_x} =rd rs1.f", _OP | FORMATS[_s] << 25 | 28 << 27)
    row(f"fmv.{_x}.x", f"fmv.{_x}.x =rd.f rs1", _OP | FORMATS[_s] << 25 | 30 << 27)
    row(f"fzero.{_s}", f"fmv.{_x}.x =rd.f zero", _OP | FORMATS[_s] << 25 | 30 << 27, REMAT)


def _move(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    emit_move(sink, allocs[1], allocs[0], FLOAT)


macro("fmv", "fmv.d =rd.f rs1.f", _move, MOVE)

#: What fli makes: bits of an f64 -> number.
FLI = {
    0xBFF0000000000000: 0, 0x0010000000000000: 1, 0x3EF0000000000000: 2, 0x3F00000000000000: 3, 0x3F70000000000000: 4,
    0x3F80000000000000: 5, 0x3FB0000000000000: 6, 0x3FC0000000000000: 7, 0x3FD0000000000000: 8, 0x3FD4000000000000: 9,
    0x3FD8000000000000: 10, 0x3FDC000000000000: 11, 0x3FE0000000000000: 12, 0x3FE4000000000000: 13, 0x3FE8000000000000: 14,
    0x3FEC000000000000: 15, 0x3FF0000000000000: 16, 0x3FF4000000000000: 17, 0x3FF8000000000000: 18, 0x3FFC000000000000: 19,
    0x4000000000000000: 20, 0x4004000000000000: 21, 0x4008000000000000: 22, 0x4010000000000000: 23, 0x4020000000000000: 24,
    0x4030000000000000: 25, 0x4060000000000000: 26, 0x4070000000000000: 27, 0x40E0000000000000: 28, 0x40F0000000000000: 29,
    0x7FF0000000000000: 30, 0x7FF8000000000000: 31,
}  # fmt: skip
