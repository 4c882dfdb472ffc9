"""The notation of instruction rows.

    row("add64_rr", "add =Rd.x Rn.x Rm.x",      0x8B000000)
    row("add64_ri", "add =Rd.x Rn.x i12",       0x91000000)
    mem("ldr64",    "ldr =Rd.x mem",            0xF8400000)

First the assembly text (`backend.isa.notation`), then the instruction's word with its fields zero.

  place    ``Rd Rn Rm Ra`` the fields at bits 0, 5, 16, 10 (the manuals call some of them Rt, Rs, Rt2)   ``Rnm`` Rn and Rm at once
           ``at`` Rn as an address, in brackets; the row's imm is then the trap code or None   ``mem`` an address with all modes
           or a name of `immediates.IMMEDIATES`: an immediate; a row's ``imm`` is its value, or the tuple of several
  kind     ``w x`` general registers   ``b h s d q`` scalars in vector registers
           ``16b 8h 4s 2d`` and so on: all lanes of a vector register; ``el`` a lane, whose number is the following immediate

``mem`` makes three rows, for addresses of none, one or two registers, which come last in ``uses``; their word is that of the form
with an unscaled displacement, and ``imm`` the address descriptor ``(mode, displacement, trap code or None)``:

  two registers   mode: `LSL`, `UXTW` or `SXTW`, plus `SCALED` if the index counts units of the access; displacement 0
  one register    mode 0: base + displacement, of any size
  no register     mode names what the displacement is in: see ``frame.address``
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.aarch64.immediates import IMMEDIATES
from jitpy.backend.isa.notation import Parsed, Rows, parse
from jitpy.backend.target.row import REG, MInst, Row

#: Modes of an address of two registers: option and S as they lie in the word.
LSL, UXTW, SXTW = 3 << 13, 2 << 13, 6 << 13
SCALED = 1 << 12

#: name -> row (``mem`` forms: the tuple of three).
ROWS = Rows()
_FIXED = {f"x{i}": (i, "x") for i in range(31)}
_PLACES = frozenset((*IMMEDIATES, "mem"))
Encode = Callable[[Any, MInst, tuple[int, ...]], None]


class A64Row(Row):
    """A row with its notation: ``text`` and ``word`` as written, -1 if the encoder is written by hand; ``addr``: number of address
    registers, -1 without address; ``scale``: log2 of the bytes accessed; ``literal``: the word of the form that loads from the
    constant pool, or 0.
    """

    __slots__ = ("addr", "literal", "scale", "text", "word")

    text: str
    word: int
    addr: int
    scale: int
    literal: int


def parse_operands(text: str) -> Parsed:
    """What a row's text says."""
    return parse(text, _PLACES, _FIXED)


def _first_encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """Every row's encoder until its first use: specialises the row, once."""
    from jitpy.backend.isa.aarch64.encode import encoder

    row = inst.row
    assert isinstance(row, A64Row)
    row.encode = encode = encoder(row)
    encode(sink, inst, allocs)


def _make(name: str, text: str, word: int, addr: int, flags: int, parsed: Parsed) -> A64Row:
    _, _, defs, uses, early, clobbers = parsed
    r = A64Row(
        name, defs, uses + (REG,) * addr if addr > 0 else uses, early_defs=early, clobbers=clobbers,
        flags=flags, asm=text, encode=_first_encode,
    )  # fmt: skip
    r.text = text
    r.word = word
    r.addr = addr
    r.scale = r.literal = 0
    return r


def make(name: str, text: str, word: int) -> A64Row:
    """A row that is in no table: `decode` reads what is written without one."""
    return _make(name, text, word, -1, 0, parse_operands(text))


def row(name: str, text: str, word: int, flags: int = 0) -> A64Row:
    """A row without a memory operand, entered in ROWS."""
    assert name not in ROWS, name
    ROWS[name] = r = _make(name, text, word, -1, flags, parse_operands(text))
    return r


def mem(name: str, text: str, word: int, scale: int, literal: int = 0) -> tuple[A64Row, A64Row, A64Row]:
    """The three rows of a load or store, by number of address registers; entered in ROWS."""
    assert name not in ROWS, name
    parsed = parse_operands(text)

    def of(registers: int) -> A64Row:
        r = _make(name, text, word, registers, 0, parsed)
        r.scale = scale
        r.literal = literal
        return r

    ROWS[name] = made = (of(0), of(1), of(2))
    return made


def macro(name: str, text: str, encode: Encode, flags: int = 0, addr: int = -1) -> A64Row:
    """A row whose encoder is written by hand: short sequences with inner labels, calls, branches."""
    assert name not in ROWS, name
    r = _make(name, text, -1, addr, flags, parse_operands(text))
    r.encode = encode
    ROWS[name] = r
    return r
