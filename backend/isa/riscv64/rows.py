"""The notation of instruction rows.

    row("add", "add =rd rs1 rs2", R, 0x33)
    mem("lw",  "lw =rd mem",      I, 0x2003)

First the assembly text: mnemonic, then operands in the manual's order, each ``[access]place[.kind]``.

  access   nothing: read   ``=`` written   ``+`` read and written (one register: the def reuses the use)
           ``~`` written before everything is read (a temporary or an early result)
           ``!`` destroyed (only after ``|``)
  place    ``rd`` ``rs1`` ``rs2`` ``rs3``: bits 7, 15, 20 and 27   ``(rs1)``: the same, an address
           ``mem`` an address   ``i12`` ``u20`` ``u6`` ``u5`` ``s5``: immediates (see `encode.IMMEDIATES`)
           ``$a0`` a fixed register   anything else is printed as it stands
  kind     nothing or ``x`` general registers, ``f`` floats, ``v`` vectors

After ``|`` follow operands that the text does not show (temporaries). Then the instruction's word with zeros where operands go.

``defs`` and ``uses`` of the row list the operands in written order. ``mem`` makes two rows, for addresses of no and of one
register, which comes last in ``uses``; ``imm`` is then the address descriptor ``(mode, displacement, trap code or None)``:

  one register    mode 0: base + displacement, of 32 bits at most
  no register     mode names what the displacement is in: see `frame.address`

``(rs1)``, the address of an atomic instruction, has no displacement: ``imm`` is the trap code or None.

Rows of vectors have the flag VECTOR_STATE: their ``imm`` is ``(length, vtype, immediate or descriptor)``, and the encoder sets
length and type where they are not known to be those (see `encode.set_state`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.notation import Parsed, Rows, parse
from jitpy.backend.isa.riscv64 import regs
from jitpy.backend.target.row import REG, MInst, Row

#: Place of a register -> lowest bit of its field.
PLACES = {"rd": 7, "rs1": 15, "(rs1)": 15, "rs2": 20, "rs3": 27}
#: Kind -> number of the class's first register.
KINDS = {"": 0, "x": 0, "f": regs.F0, "v": regs.V0}
IMMEDIATE_PLACES = frozenset(("i12", "u20", "u6", "u5w", "u5", "s5", "r6"))
_FIXED = {name: (preg, "x") for name, preg in regs.BY_NAME.items()}
#: name -> row (``mem`` forms: the tuple of two).
ROWS = Rows()


class _Others:
    """What is no register in a row's text: all but the places of registers."""

    def __contains__(self, place: object) -> bool:
        return place not in PLACES and place != "fixed"

    def __iter__(self) -> Any:
        return iter(IMMEDIATE_PLACES)

    def __len__(self) -> int:
        return len(IMMEDIATE_PLACES)


_OTHERS = _Others()


def parse_operands(text: str) -> Parsed:
    """What a row's text says: see `notation.parse`."""
    return parse(text, _OTHERS, _FIXED)


class RiscvRow(Row):
    """A row with its notation: ``text`` as written, ``word`` without operands; ``addr``: number of address registers, -1
    without address; ``store``: the displacement's field is that of stores; ``vector``: see the module."""

    __slots__ = ("addr", "compressed", "store", "text", "vector", "word")

    text: str
    word: int
    addr: int
    store: bool
    vector: bool
    compressed: Any


def _first_encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """Every row's encoder until its first use: specialises the row, once."""
    from jitpy.backend.isa.riscv64.encode import encoder

    row = inst.row
    assert isinstance(row, RiscvRow)
    row.encode = encode = encoder(row)
    encode(sink, inst, allocs)


def _make(name: str, text: str, word: int, addr: int, store: bool, vector: bool, flags: int, parsed: Any) -> RiscvRow:
    _, _, defs, uses, early, clobbers = parsed
    r = RiscvRow(
        name, defs, uses + (REG,) * addr if addr > 0 else uses, early_defs=early, clobbers=clobbers,
        flags=flags, asm=text, encode=_first_encode,
    )  # fmt: skip
    r.text = text
    r.word = word
    r.addr = addr
    r.store = store
    r.vector = vector
    r.compressed = None
    return r


def make(name: str, text: str, word: int) -> RiscvRow:
    """A row that is in no table: `decode` reads what is written without one."""
    return _make(name, text, word, -1, False, False, 0, parse_operands(text))


def row(name: str, text: str, word: int, flags: int = 0, vector: bool = False) -> RiscvRow:
    """A row without an address operand, entered in ROWS."""
    assert name not in ROWS, name
    ROWS[name] = r = _make(name, text, word, -1, False, vector, flags, parse_operands(text))
    return r


def mem(name: str, text: str, word: int, store: bool = False) -> tuple[RiscvRow, RiscvRow]:
    """The two rows of a form with an address operand, by number of address registers; entered in ROWS."""
    assert name not in ROWS, name
    parsed = parse_operands(text)
    ROWS[name] = rs = (
        _make(name, text, word, 0, store, False, 0, parsed),
        _make(name, text, word, 1, store, False, 0, parsed),
    )
    return rs


def macro(
    name: str, text: str, encode: Callable[[Any, MInst, tuple[int, ...]], None], flags: int = 0, addr: int = -1
) -> RiscvRow:
    """A row whose encoder is written by hand: short sequences with inner labels, calls, branches."""
    assert name not in ROWS, name
    r = _make(name, text, 0, addr, False, False, flags, parse_operands(text))
    r.encode = encode
    ROWS[name] = r
    return r
