"""Packed vectors: how their rows are written, and moves of whole registers.

An operation exists in up to six forms, which differ in registers and prefixes as the same rules say for all of them.
So a table has one line per operation,

    paddb   binary   66.0F.FC   LVYZ

name, shape of the operands, prefix.map.opcode[/digit][=constant], and the forms there are:

  L  legacy, 128 bits: the first operand is also the result; memory operands must be aligned, so no spill slots
  V  VEX, 128 bits      Y  VEX, 256 bits
  e  EVEX, 128 bits     E  EVEX, 256 bits     Z  EVEX, 512 bits

then optionally ``W1`` (VEX and EVEX have W set), ``E1`` (EVEX alone has), and ``=name``, EVEX's mnemonic. `packed` reads
such a table; a row is made when it is first asked for, by the name operation.form_rr (_rm: a family of rows with an
address), for the tables are long and a function needs few of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.x64.insts.branch import jump_if
from jitpy.backend.isa.x64.rows import ROWS, macro, mem, row
from jitpy.backend.target.row import MOVE, REMAT, MInst

#: Shape -> operands of the legacy form, of the others. Kinds: V the whole vector, H half of it.
SHAPES = {
    "binary": ("+reg.V rm.V", "=reg.V vvvv.V rm?.V"),
    "binary_imm": ("+reg.V rm.V us", "=reg.V vvvv.V rm?.V us"),
    "binary_reg": ("+reg.V rm.V", "=reg.V vvvv.V rm.V"),
    "unary": ("=reg.V rm.V", "=reg.V rm?.V"),
    "unary_imm": ("=reg.V rm.V us", "=reg.V rm?.V us"),
    "accumulate": ("", "+reg.V vvvv.V rm?.V"),
    "accumulate_imm": ("", "+reg.V vvvv.V rm?.V us"),
    "shift": ("+reg.V rm.x", "=reg.V vvvv.V rm.x"),
    "shift_imm": ("+rm.V us", "=vvvv.V rm.V us"),
    "blend": ("+reg.V rm.V $xmm0", "=reg.V vvvv.V rm?.V is4.V"),
    "from_half": ("=reg.V rm.H", "=reg.V rm.H"),
    "to_half": ("=reg.H rm.V", "=reg.H rm?.V"),
    "store_half": ("", "=rm.H reg.V"),
    "store_half_imm": ("", "=rm.H reg.V us"),
    "flags": ("reg.V rm.V", "reg.V rm?.V"),
    "to_general": ("=reg.d rm.V", "=reg.d rm.V"),
    "to_mask": ("", "=reg.k vvvv.V rm?.V"),
    "of_mask": ("", "=reg.V rm.k"),
    "mask_of": ("", "=reg.k rm.V"),
    # A vector and one lane of it in a general register or memory.
    **{f"insert_{k}": (f"+reg.x rm?.{g} us", f"=reg.x vvvv.x rm?.{g} us") for k, g in zip("bwdq", "dddq")},
    **{f"extract_{k}": (f"=rm.{g} reg.x us", f"=rm.{g} reg.x us") for k, g in zip("bdq", "ddq")},
    "insert_ss": ("+reg.x rm?.ss us", "=reg.x vvvv.x rm?.ss us"),
    "load_q": ("=reg.V rm.sd", "=reg.V rm.sd"),
    **{f"broadcast_{k}": ("", f"=reg.V rm.{k}") for k in ("sb", "sh", "ss", "sd")},
    **{f"broadcast_general_{k}": ("", f"=reg.V rm.{k}") for k in "dq"},
    "insert_128": ("", "=reg.V vvvv.V rm?.x us"),
    "extract_128": ("", "=rm.x reg.V us"),
    "insert_256": ("", "=reg.V vvvv.V rm?.y us"),
    "extract_256": ("", "=rm.y reg.V us"),
    # Under a mask: lanes that are off keep the old value, or become zero.
    "masked_binary": ("", "=reg.V aaa.k vvvv.V rm.V"),
    "zeroed_unary": ("", "=reg.V zzz.k rm.V"),
}
#: Shapes without a form for memory.
REGISTERS_ONLY = frozenset(
    ("binary_reg", "shift_imm", "to_general", "of_mask", "mask_of", "broadcast_general_d", "broadcast_general_q")
)
#: Form -> kind of the whole vector, of its half; prefix; its length.
FORMS = {
    "L": ("x", "sd", "", ""), "V": ("x", "sd", "VEX", "128"), "Y": ("y", "x", "VEX", "256"),
    "e": ("x", "sd", "EVEX", "128"), "E": ("y", "x", "EVEX", "256"), "Z": ("z", "y", "EVEX", "512"),
}  # fmt: skip

#: Operation -> (shape, encoding, forms, W of VEX, W of EVEX, EVEX's mnemonic).
OPS: dict[str, tuple[str, str, str, int, int, str]] = {}


def packed(table: str) -> None:
    """Enter the operations of a table."""
    for line in table.strip().splitlines():
        name, shape, encoding, forms, *rest = line.split()
        alias = [word[1:] for word in rest if word[0] == "="]
        wide = "W1" in rest
        OPS[name] = shape, encoding, forms, int(wide), int(wide or "E1" in rest), alias[0] if alias else name
        for form in forms:
            ROWS.later[f"{name}.{form}_rr"] = _make
            if shape not in REGISTERS_ONLY:
                ROWS.later[f"{name}.{form}_rm"] = _make


def _make(name: str) -> Any:
    """The row, or family of rows, of this name."""
    operation, _, form = name.rpartition(".")
    shape, encoding, _, vex_w, evex_w, alias = OPS[operation]
    form, _, kind = form.partition("_")
    whole, half, prefix, length = FORMS[form]
    operands = SHAPES[shape][form != "L"].replace(".V", "." + whole).replace(".H", "." + half)
    mnemonic = operation.partition(":")[0]
    if form in "eEZ":
        mnemonic = alias
    if form != "L" and mnemonic[0] not in "vk":
        mnemonic = "v" + mnemonic
    spec = _encoding(encoding, prefix, length, evex_w if form in "eEZ" else vex_w)
    spec += " us" * operands.endswith(" us")
    if kind == "rr":
        return row(name, f"{mnemonic} {operands}", spec)
    places = ["mem." + word.partition(".")[2] if word.lstrip("=").startswith("rm") else word for word in operands.split()]
    return mem(name, f"{mnemonic} {' '.join(places)}", spec)


def _encoding(encoding: str, prefix: str, length: str, w: int) -> str:
    """``66.0F38.1C/r=3`` in the notation of `rows`."""
    encoding, _, constant = encoding.partition("=")
    encoding, _, digit = encoding.partition("/")
    mandatory, map, opcode = encoding.split(".")
    if prefix:
        start = f"{prefix}.{length}.{mandatory}.{map}.W{w} {opcode}"
    else:
        start = f"{'' if mandatory == 'NP' else mandatory + ' '}{'REX.W ' * w}0F {map[2:]} {opcode}"
    return f"{start} /{digit or 'r'}" + f" ={constant}" * bool(constant)


def make_all() -> None:
    """Make every row (for tests)."""
    for name in list(ROWS.later):
        ROWS[name]


packed("""
movq        load_q   F3.0F.7E   LV
""")
# Whole registers to and from memory of any alignment. The 128-bit forms stand with the floats.
for _form, _k, _spec in (("y", "y", "VEX.256.0F"), ("z", "z", "EVEX.512.0F.W0")):
    mem(f"vmovups_{_form}_rm", f"vmovups =reg.{_k} mem.{_k}", f"{_spec} 10 /r")
    mem(f"vmovups_{_form}_mr", f"vmovups mem.{_k} reg.{_k}", f"{_spec} 11 /r")
    row(f"vmovaps_{_form}_rr", f"vmovaps =reg.{_k} rm.{_k}", f"{_spec} 28 /r", MOVE)
# A copy that the allocator does not take for a move: between registers of different classes.
for _form, _k, _spec in (("L", "x", "0F"), ("V", "x", "VEX.128.0F"), ("Y", "y", "VEX.256.0F"), ("Z", "z", "EVEX.512.0F.W0")):
    row(f"copy.{_form}", f"{'v' * (_form != 'L')}movaps =reg.{_k} rm.{_k}", f"{_spec} 28 /r")


def _pcmpeqd(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.code += b"\x66" + b"\x45" * (allocs[0] >> 3 & 1) + bytes((0x0F, 0x76, 0xC0 | (allocs[0] & 7) * 9))


def _by_row(name: str, *imm: int) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    """The operation on one register with itself, which reads nothing in truth, so that it may have no use."""

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        made = ROWS[name]
        count = len(made.defs) + len(made.uses)
        made.encode(sink, MInst(made, (), (), imm[0] if imm else None), allocs * count)

    return encode


macro("ones.L", "pcmpeqd =reg.x", _pcmpeqd, REMAT)
macro("ones.V", "vpcmpeqd =reg.x", _by_row("pcmpeqd.V_rr"), REMAT)
macro("ones.Y", "vpcmpeqd =reg.y", _by_row("pcmpeqd.Y_rr"), REMAT)
macro("ones.Z", "vpternlogd =reg.z", _by_row("pternlogd.Z_rr", 0xFF), REMAT)


def _constant(family: str) -> Callable[[Any, MInst, tuple[int, ...]], None]:
    """A load from the constant pool."""

    def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
        ROWS[family][0].encode(sink, MInst(ROWS[family][0], (), (), ("const", inst.imm, None)), allocs)

    return encode


for _form, _family in (("L", "movaps_rm"), ("V", "vmovaps_rm"), ("Y", "vmovups_y_rm"), ("Z", "vmovups_z_rm")):
    macro(f"vconst.{_form}", f"vconst =reg.{FORMS[_form][0]}", _constant(_family), REMAT)


def _select(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    """As select_float, for registers of more than 128 bits."""
    result, _, yes = allocs
    over = sink.label()
    jump_if(sink, inst.imm ^ 1, over)
    sink.target.emit_move(sink, yes, result, 2)
    sink.bind(over)


macro("select_wide", "select_wide +reg.x rm?.x", _select)
