"""Packed operations as tables: a line has the name, the shape of the operands, the word of the form with 128 bits and the
narrowest lanes, and the lanes there are: b, h, s, d. A row is made when first asked for, as ``ROWS["add.b"]``; its lanes are those
of its narrower operands.

Shapes: A the register with all lanes, N its lower half, W lanes of twice the width, F a scalar; E a lane, G a general register.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.aarch64.rows import ROWS, row

#: Lane -> all lanes of 128 bits, of the lower half, of twice the width.
LANES = {"b": ("16b", "8b", "8h"), "h": ("8h", "4h", "4s"), "s": ("4s", "2s", "2d"), "d": ("2d", "1d", "")}
SIZE = {"b": 8, "h": 16, "s": 32, "d": 64}
SHAPES = {
    "binary": "=Rd.A Rn.A Rm.A", "unary": "=Rd.A Rn.A", "accumulate": "+Rd.A Rn.A Rm.A", "zero": "=Rd.A Rn.A i0",
    "long": "=Rd.W Rn.N Rm.N", "long2": "=Rd.W Rn.A Rm.A", "widen": "=Rd.W Rn.N", "widen2": "=Rd.W Rn.A",
    "pairs": "=Rd.W Rn.A", "narrow": "=Rd.N Rn.W", "narrow2": "+Rd.A Rn.W", "across": "=Rd.F Rn.A", "across_long": "=Rd.L Rn.A",
    "left": "=Rd.A Rn.A shl", "right": "=Rd.A Rn.A shr", "right_into": "+Rd.A Rn.A shr", "left_into": "+Rd.A Rn.A shl",
    "table": "=Rd.16b Rn.{16b} Rm.16b", "table_into": "+Rd.16b Rn.{16b} Rm.16b",
    "dup_general": "=Rd.A Rn.G", "dup": "=Rd.A Rn.E lane", "insert_general": "+Rd.E lane Rn.G", "insert": "+Rd.E Rn.E lanes",
    "extract": "=Rd.G Rn.E lane", "extract_w": "=Rd.w Rn.E lane", "extract_x": "=Rd.x Rn.E lane",
    "extend_bytes": "=Rd.16b Rn.16b Rm.16b ext", "load": "=Rd.{A} at", "dot": "+Rd.4s Rn.16b Rm.16b",
}  # fmt: skip
#: How lanes lie in the word: bits 22-23; bit 22 (floats: s 0, d 1); not at all, or in an immediate; at bit 10; a bit of imm5.
_FIELDS = {
    "z": {"b": 0, "h": 1 << 22, "s": 2 << 22, "d": 3 << 22}, "f": {"h": 0, "s": 0, "d": 1 << 22},
    "-": dict.fromkeys("bhsd", 0), "l": {"b": 0, "h": 1 << 10, "s": 2 << 10, "d": 3 << 10},
    "5": {"b": 1 << 16, "h": 2 << 16, "s": 4 << 16, "d": 8 << 16}, "w": {"b": 8 << 16, "h": 16 << 16, "s": 32 << 16},
}  # fmt: skip
#: name -> (shape, word, field, mnemonic).
OPS: dict[str, tuple[str, int, str, str]] = {}


def packed(table: str) -> None:
    """Enter the operations of a table: name shape word lanes field [=mnemonic]."""
    for line in table.strip().splitlines():
        name, shape, base, lanes, field, *rest = line.split()
        OPS[name] = shape, int(base, 16), field, rest[0][1:] if rest else name
        for lane in lanes:
            ROWS.later[f"{name}.{lane}"] = _make


def _make(name: str) -> Any:
    """The row of this name."""
    operation, _, lane = name.rpartition(".")
    shape, base, field, mnemonic = OPS[operation]
    whole, low, wide = LANES[lane]
    bits = SIZE[lane]
    names = {
        "A": whole, "N": low, "W": wide, "F": lane, "L": {"b": "h", "h": "s", "s": "d"}.get(lane, ""), "E": "e" + lane,
        "{A}": "{" + whole + "}", "G": "x" if lane == "d" else "w",
    }  # fmt: skip
    words = []
    for token in SHAPES[shape].split():
        place, dot, kind = token.partition(".")
        if place in ("shl", "shr", "lane", "lanes"):
            place += str(bits)
        words.append(place + dot + names.get(kind, kind))
    return row(name, f"{mnemonic} {' '.join(words)}", base | _FIELDS[field][lane])
