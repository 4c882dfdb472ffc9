"""The notation of instruction rows.

    row("agrk", "agrk =r1 r2 r3",           "RRFa B9E8")
    row("risbgn", "risbgn +r1 r2 i3 i4 i5", "RIEf EC59")
    mem("lg", "lg =r1 mem",                 "RXY E304")
    row("vag", "vag =v1 v2 v3",             "VRRc E7F3 m4=3")

First the assembly text as `isa/notation.py` has it, its places being fields of the format:

  place    ``r1`` .. a general register, ``v1`` .. a vector register, ``f1`` a floating-point register, ``i2`` .. an immediate,
           ``m3`` .. a mask, ``mem`` an address, ``d2`` a shift count or lane number where an address could stand, ``b2`` the
           same in a register
  kind     of an immediate: ``u`` unsigned

Then the encoding: the format as the manual names it, its opcode (two bytes where it is split), and fields of fixed content.
``RX 58 RXY E358`` is the short form for displacements of 12 bits and the long one for 20; the mnemonics are then ``l/ly``.
``%`` at the end of a mnemonic stands for the suffix of a condition, the mask.

``defs`` and ``uses`` of the row list the operands in written order. ``mem`` makes one row for each number of registers that an
address of the format may have: none, one, and two if it has an index. They come last in ``uses``; ``imm`` is then the address
descriptor, with immediates the pair (address, immediates). Several immediates are a tuple. Address descriptors are tuples
``(mode, displacement, trap code or None)``; without registers the mode names what the displacement is in: see
``frame.base_address``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.notation import Parsed, Rows, parse
from jitpy.backend.target.row import REG, MInst, Row

#: name -> row (``mem`` forms: the tuple by number of address registers).
ROWS = Rows()

_FORMATS = """
RR 2 r1@8 r2@12
RRE 4 r1@24 r2@28 f1@24
RRFa 4 r3@16 m4@20 r1@24 r2@28
RRFc 4 m3@16 m4@20 r1@24 r2@28
RRFe 4 m3@16 m4@20 f1@24 r2@28
RX 4 r1@8 f1@8 x2@12 b2@16 d2@20:12
RXY 6 r1@8 f1@8 x2@12 b2@16 d2@20:20
RXE 6 f1@8 x2@12 b2@16 d2@20:12
RI 4 r1@8 i2@16:16
RIL 6 r1@8 i2@16:32
RIEd 6 r1@8 r3@12 i2@16:16
RIEf 6 r1@8 r2@12 i3@16:8 i4@24:8 i5@32:8
RIEg 6 r1@8 m3@12 i2@16:16
RSa 4 r1@8 r3@12 b2@16 d2@20:12
RSYa 6 r1@8 r3@12 b2@16 d2@20:20
SI 4 i2@8:8 b2@16 d2@20:12
SIY 6 i2@8:8 b2@16 d2@20:20
SIL 6 b2@16 d2@20:12 i2@32:16
VRRa 6 v1@8 v2@12 m5@24 m4@28 m3@32
VRRb 6 v1@8 v2@12 v3@16 m5@24 m4@32
VRRc 6 v1@8 v2@12 v3@16 m6@24 m5@28 m4@32
VRRd 6 v1@8 v2@12 v3@16 m5@20 m6@24 v4@32
VRRe 6 v1@8 v2@12 v3@16 m6@20 m5@28 v4@32
VRRf 6 v1@8 r2@12 r3@16
VRX 6 v1@8 x2@12 b2@16 d2@20:12 m3@32
VRSa 6 v1@8 v3@12 b2@16 d2@20:12 m4@32
VRSb 6 v1@8 r3@12 b2@16 d2@20:12 m4@32
VRSc 6 r1@8 v3@12 b2@16 d2@20:12 m4@32
VRIa 6 v1@8 i2@16:16 m3@32
VRIb 6 v1@8 i2@16:8 i3@24:8 m4@32
VRIc 6 v1@8 v3@12 i2@16:16 m4@32
VRId 6 v1@8 v2@12 v3@16 i4@24:8 m5@32
VRIk 6 v1@8 v2@12 v3@16 i5@24:8 v4@32
"""
#: Format -> size in bytes, and field -> (first bit, width). Field ``x`` numbers are those of the manual.
FORMATS: dict[str, tuple[int, dict[str, tuple[int, int]]]] = {}
for _line in _FORMATS.split("\n"):
    if _line:
        _name, _size, *_fields = _line.split()
        _found = {}
        for _field in _fields:
            _key, _, _at = _field.partition("@")
            _first, _, _width = _at.partition(":")
            _found[_key] = (int(_first), int(_width or 4))
        FORMATS[_name] = int(_size), _found


class S390xRow(Row):
    """A row with its notation: ``text`` and ``spec`` as written; ``addr``: number of address registers, -1 without
    address.
    """

    __slots__ = ("addr", "spec", "text")

    text: str
    spec: str
    addr: int


def is_register(place: str) -> bool:
    """Whether a field holds a register."""
    return place[0] in "rvf" or place == "b2"


_IMMEDIATES = frozenset(("mem", "d2", *(f"{kind}{i}" for kind in "im" for i in range(1, 7))))


def parse_operands(text: str) -> Parsed:
    """What a row's text says, the mnemonic without the mark of a variant."""
    mnemonic, operands, defs, uses, early, clobbers = parse(text, _IMMEDIATES, {})
    return mnemonic.partition(":")[0], operands, defs, uses, early, clobbers


def _first_encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """Every row's encoder until its first use: specialises the row, once."""
    from jitpy.backend.isa.s390x.encode import encoder

    row = inst.row
    assert isinstance(row, S390xRow)
    row.encode = encode = encoder(row)
    encode(sink, inst, allocs)


def _make(
    name: str, text: str, spec: str, addr: int, flags: int = 0, encode: Callable[..., None] | None = None
) -> S390xRow:
    _, _, defs, uses, early, _ = parse_operands(text)
    r = S390xRow(
        name, defs, uses + (REG,) * max(addr, 0), early_defs=early, flags=flags, asm=text, encode=encode or _first_encode
    )
    r.text = text
    r.spec = spec
    r.addr = addr
    return r


def make(name: str, text: str, spec: str, addr: int) -> S390xRow:
    """A row that is in no table: `decode` reads what is written without one."""
    return _make(name, text, spec, addr)


def row(name: str, text: str, spec: str, flags: int = 0) -> S390xRow:
    """A row without an address operand, entered in ROWS."""
    assert name not in ROWS, name
    ROWS[name] = r = _make(name, text, spec, -1, flags)
    return r


def mem(name: str, text: str, spec: str) -> tuple[S390xRow, ...]:
    """The rows of a form with an address operand, by number of address registers; entered in ROWS."""
    assert name not in ROWS, name
    most = 2 if "x2" in FORMATS[spec.split()[0]][1] else 1
    ROWS[name] = family = tuple([_make(name, text, spec, n) for n in range(most + 1)])
    return family


def macro(name: str, text: str, encode: Callable[[Any, MInst, tuple[int, ...]], None], flags: int = 0) -> S390xRow:
    """A row that is not one encoding: its encoder is written by hand."""
    assert name not in ROWS, name
    ROWS[name] = r = _make(name, text, "", -1, flags, encode)
    return r


def macro_mem(name: str, text: str, encode: Callable[[int], Callable[..., None]]) -> None:
    """The rows of a form with an address operand whose encoder, by the number of address registers, is written by hand."""
    assert name not in ROWS, name
    ROWS[name] = tuple([_make(name, text, "", n, 0, encode(n)) for n in range(3)])


def table(lines: str, make: Callable[[str, str, str], Any] = row) -> None:
    """Rows from a table, one a line: ``text | encoding``. The name is the mnemonic."""
    for line in lines.split("\n"):
        if line:
            text, spec = line.split(" | ")
            make(text.split()[0].partition("/")[0].rstrip("%"), text, spec)
