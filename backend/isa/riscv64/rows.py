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

Rows of vectors have the flag VECTOR_STATE: their ``imm`` is ``(length, vtype, immediate or descriptor)``, and the encoder sets
length and type where they are not known to be those (see `encode.set_state`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.riscv64 import regs
from jitpy.backend.target.row import REG, MInst, Row, reuse

_PLACES = {"rd": 7, "rs1": 15, "rs2": 20, "rs3": 27}
_KINDS = {"": 0, "x": 0, "f": regs.F0, "v": regs.V0}
IMMEDIATE_PLACES = frozenset(("i12", "u20", "u6", "u5w", "u5", "s5", "r6"))


class _Rows(dict[str, Any]):
    """Rows by name; those in ``later`` are made when first asked for."""

    later: dict[str, Callable[[str], Any]]

    def __missing__(self, name: str) -> Any:
        make = self.later.pop(name, None)
        if make is None:
            raise KeyError(name)
        return make(name)


#: name -> row (``mem`` forms: the tuple of two).
ROWS = _Rows()
ROWS.later = {}


class Operand:
    """One operand of a row: the bit where its field starts (-1: none), the first number of its class, the index of its
    allocation (-1: none); ``place`` as written, ``text`` how it is printed (``{}`` stands for the register)."""

    __slots__ = ("alloc", "base", "fixed", "place", "shift", "text")

    def __init__(self, place: str, shift: int, base: int, fixed: int, text: str) -> None:
        self.place = place
        self.shift = shift
        self.base = base
        self.fixed = fixed
        self.alloc = -1
        self.text = text


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


def parse_operands(text: str) -> tuple[str, list[Operand], tuple[int, ...], tuple[int, ...], int, int]:
    """Mnemonic, operands that are shown, def constraints, use constraints, early defs, clobbers of a row's text."""
    shown_text, _, hidden_text = text.partition("|")
    words = shown_text.split()
    mnemonic = words.pop(0)
    operands: list[Operand] = []
    defs: list[int] = []
    uses: list[int] = []
    early = clobbers = 0
    pending: list[tuple[Operand, str, int]] = []
    for shown, tokens in ((True, words), (False, hidden_text.split())):
        for token in tokens:
            access = token[0] if token[0] in "=+~!" else ""
            name = token[len(access) :]
            template = "({})" if name[0] == "(" else "{}"
            place, _, kind = name.strip("()").partition(".")
            fixed = -1
            if place[0] == "$":
                fixed = regs.BY_NAME[place[1:]]
                operand = Operand("fixed", -1, 0, fixed, template)
            elif place in _PLACES:
                operand = Operand(place, _PLACES[place], _KINDS[kind], -1, template)
            else:
                operand = Operand(place, -1, 0, -1, name)
            if shown:
                operands.append(operand)
            if access == "!":
                clobbers |= 1 << fixed
            elif place in _PLACES or fixed >= 0 or not shown:
                pending.append((operand, access, fixed if fixed >= 0 else REG))
    for operand, access, constraint in pending:
        if access in ("=", "~", "+"):
            if access == "~":
                early |= 1 << len(defs)
            operand.alloc = len(defs)
            defs.append(-1000 if access == "+" else constraint)
    done = 0
    for operand, access, constraint in pending:
        if access == "+":
            while defs[done] != -1000:
                done += 1
            defs[done] = constraint if constraint >= 0 else reuse(len(uses))
            uses.append(constraint)
        elif not access:
            operand.alloc = len(defs) + len(uses)
            uses.append(constraint)
    return mnemonic, operands, tuple(defs), tuple(uses), early, clobbers


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
