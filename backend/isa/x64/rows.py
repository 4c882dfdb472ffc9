"""The notation of instruction rows.

    row("add64_rr",   "add +reg.q rm?.q",               "REX.W 03 /r")
    row("vaddsd_rr",  "vaddsd =reg.sd vvvv.sd rm?.sd",  "VEX.LIG.F2.0F.WIG 58 /r")
    mem("add64_rm",   "add +reg.q mem.q",               "REX.W 03 /r")

First the assembly text: mnemonic, then operands in Intel's order, each ``[access]place[?].kind``.

  access   nothing: read   ``=`` written   ``+`` read and written (one register: the def reuses the use)
           ``~`` written before everything is read (a temporary or an early result)
           ``!`` destroyed (only after ``|``)
  place    ``reg`` ``rm`` ModRM's fields   ``vvvv`` VEX's third register   ``opc`` the opcode's low bits
           ``is4`` bits 7-4 of the immediate
           ``aaa`` EVEX's mask: other lanes keep the old value   ``zzz`` the same, other lanes become zero
           ``mem`` an address   ``ib iw id iq`` an immediate (1, 2, 4, 8 bytes),
           ``us`` an unsigned byte   ``im`` 1 byte if it fits, else 4 (2 under a 66 prefix)   ``$cl`` a fixed register
  ``?``    may be in a spill slot: then it is encoded as the memory operand it is
  kind     ``b w d q`` general registers of 1, 2, 4, 8 bytes   ``x y z`` vectors   ``sb sh ss sd`` one lane of 1, 2, 4, 8 bytes
           ``k`` masks
           (for ``mem`` it is the size of the access: also ``o`` for none)

After ``|`` follow operands that the text does not show (implicit registers, temporaries).
Then the encoding as the manuals write it: prefixes, REX.W or VEX.length.prefix.map.W (or EVEX), opcode, /r or /digit.

``defs`` and ``uses`` of the row list the operands in written order. ``mem`` makes three rows, for addresses of
none, one or two
registers, which come last in ``uses``; ``imm`` is then the address descriptor, with an immediate operand the pair
(address, immediate). Address descriptors are tuples ``(mode, displacement, trap code or None)``:

  two registers   mode = shift: base + (index << shift) + displacement
  one register    mode = 0: base + displacement; mode = 1, 2, 3: (index << mode) + displacement
  no register     mode names what the displacement is in: see ``frame.address``
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.notation import Parsed, Rows, parse
from jitpy.backend.isa.x64 import regs
from jitpy.backend.target.row import REG, MInst, Row

_FIXED: dict[str, tuple[int, str]] = {}
for _kind, _names in regs.NAMES.items():
    for _i, _name in enumerate(_names):
        _FIXED[_name] = (_i, _kind)
for _i in range(16):
    _FIXED[f"xmm{_i}"] = (16 + _i, "x")
#: name -> row (``mem`` forms: the tuple of three).
ROWS = Rows()


class X64Row(Row):
    """A row with its notation: ``text`` and ``spec`` as written; ``addr``: number of address registers, -1 without
    address.
    """

    __slots__ = ("addr", "spec", "text")

    text: str
    spec: str
    addr: int


_IMMEDIATES = frozenset(("ib", "iw", "id", "iq", "us", "im", "mem"))


def parse_operands(text: str) -> Parsed:
    """What a row's text says."""
    return parse(text, _IMMEDIATES, _FIXED)


def _first_encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """Every row's encoder until its first use: specialises the row, once."""
    from jitpy.backend.isa.x64.encode import encoder

    row = inst.row
    assert isinstance(row, X64Row)
    row.encode = encode = encoder(row)
    encode(sink, inst, allocs)


def _make(name: str, text: str, spec: str, addr: int, flags: int, parsed: Any) -> X64Row:
    _, _, defs, uses, early, clobbers = parsed
    r = X64Row(
        name, defs, uses + (REG,) * addr if addr > 0 else uses, early_defs=early, clobbers=clobbers,
        flags=flags, asm=text, encode=_first_encode,
    )  # fmt: skip
    r.text = text
    r.spec = spec
    r.addr = addr
    return r


def make(name: str, text: str, spec: str, addr: int) -> X64Row:
    """A row that is in no table: `decode` reads what is written without one."""
    return _make(name, text, spec, addr, 0, parse_operands(text))


def row(name: str, text: str, spec: str, flags: int = 0) -> X64Row:
    """A row without an address operand, entered in ROWS."""
    assert name not in ROWS, name
    ROWS[name] = r = _make(name, text, spec, -1, flags, parse_operands(text))
    return r


def mem(name: str, text: str, spec: str, flags: int = 0) -> tuple[X64Row, X64Row, X64Row]:
    """The three rows of a form with an address operand, by number of address registers; entered in ROWS."""
    assert name not in ROWS, name
    parsed = parse_operands(text)
    ROWS[name] = rs = (
        _make(name, text, spec, 0, flags, parsed),
        _make(name, text, spec, 1, flags, parsed),
        _make(name, text, spec, 2, flags, parsed),
    )
    return rs


def rm(name: str, text: str, spec: str) -> None:
    """Both forms of an operand written ``rm?``: ``name`` + "_rr" takes a register or spill slot, "_rm" an address."""
    row(name + "_rr", text, spec)
    mem(name + "_rm", text.replace("rm?", "mem"), spec)


def macro(
    name: str, text: str, encode: Callable[[Any, MInst, tuple[int, ...]], None], flags: int = 0, addr: int = -1
) -> X64Row:
    """A row whose encoder is written by hand: short sequences with inner labels, calls, branches."""
    assert name not in ROWS, name
    r = _make(name, text, "", addr, flags, parse_operands(text))
    r.encode = encode
    ROWS[name] = r
    return r


def macro_mem(
    name: str, text: str, encode: Callable[[Any, MInst, tuple[int, ...]], None], flags: int = 0
) -> tuple[X64Row, X64Row, X64Row]:
    """The three rows of a form with an address operand whose encoder is written by hand."""
    rows = mem(name, text, "", flags)
    for r in rows:
        r.encode = encode
    return rows
