"""What rules/legalize.isle means: on the left a node as it stands, on the right instructions that an `Expansion` appends.

Every opcode with a fixed number of operands is a term: its controlling type, its immediate if the format has one, its operands.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty

if TYPE_CHECKING:
    from types import ModuleType

    from jitpy.backend.isle.host import Host

_HERE = os.path.dirname(os.path.abspath(__file__))
#: Format -> ISLE's name for its immediate.
_IMMEDIATE = {
    "unary_imm": "Imm", "unary_const": "Bytes", "binary_imm8": "Imm", "ternary_imm8": "Imm", "int_compare": "IntCC",
    "float_compare": "FloatCC", "load_no_offset": "Flags", "store_no_offset": "Flags", "atomic_rmw": "RmwArg",
    "atomic_cas": "Flags", "cond_trap": "TrapCode", "int_add_trap": "TrapCode",
}  # fmt: skip
_PLAIN = {"unary", "binary", "ternary"}
#: Type -> constants of it, besides the library's functions.
_CONSTANTS: dict[str, dict[str, object]] = {
    "Type": {ty.NAME[t].upper(): t for t in (ty.I8, ty.I16, ty.I32, ty.I64, ty.I128, ty.F16, ty.F32, ty.F64, ty.F128)},
    "IntCC": {c.upper(): c for c in op.INT_CC},
    "TrapCode": {code: code for code in ("int_divz", "int_ovf", "bad_toint")},
    "Flags": {"plain": 0},
}


def host() -> Host:
    """The declaration for the ISLE compiler."""
    from jitpy.backend.isle.host import Host
    from jitpy.backend.soft.convert import NOT_A_NUMBER
    from jitpy.backend.soft.library import TABLE

    h = Host()
    h.discriminant(type="Inst", tag="{v}[0]")
    for number, name in enumerate(op.NAME):
        form = op.FORMAT[number]
        if form in _PLAIN or form in _IMMEDIATE:
            _opcode(h, number, name, _IMMEDIATE.get(form), len(op.ARGS[number]))
    constants: dict[str, dict[str, object]] = {
        **_CONSTANTS, "Symbol": {name: name for name in TABLE}, "Imm": {"not_a_number": NOT_A_NUMBER},
    }  # fmt: skip
    for isle_type, values in constants.items():
        for name, value in values.items():
            h.declare(f"(extern const ${name} {isle_type})\n")
            h.constant("$" + name, value)
    h.inline_constructor("first", "{0}[0]")
    h.inline_constructor("second", "{0}[1]")
    h.inline_constructor("all", "{0}")
    h.inline_constructor("one", "({0},)")
    h.inline_constructor("two", "({0}, {1})")
    h.inline_constructor("nothing", "({0}, ())[1]")
    h.inline_extractor("typed", fields=["types[{v}]", "{v}"])
    h.imports("jitpy.backend.ir.types", "BITS", "IS_INT", "IS_FLOAT", "NAME", "as_int")
    h.inline_constructor("as_int", "as_int({0})")
    h.inline_constructor("width", "BITS[{0}]")
    h.inline_constructor("top_bit", "1 << BITS[{0}] - 1")
    h.inline_extractor("scalar_float", "{v}", test="IS_FLOAT[{r}]", fields=["{r}"])
    h.inline_extractor("scalar_int", "{v}", test="IS_INT[{r}]", fields=["{r}"])
    h.inline_extractor("up_to_64", "{v}", test=f"{{r}} <= {ty.I64}", fields=["{r}"])
    widest = ty.vector(ty.F16, 32)
    h.inline_extractor(
        "half", "{v}", test=f"{{r}} & 15 == {ty.F16} and {{r}} < {widest}", fields=["{r}", f"{{r}} + {ty.F32 - ty.F16}"]
    )
    for name, made in (
        ("sint_to", "'sint_to_' + NAME[{0}]"), ("uint_to", "'uint_to_' + NAME[{0}]"), ("to_sint", "NAME[{0}] + '_to_sint'"),
        ("to_uint", "NAME[{0}] + '_to_uint'"), ("float_to_float", "NAME[{0}] + '_to_' + NAME[{1}]"),
        ("soft1", "call({0}, ({1},), {2})[0]"), ("soft2", "call({0}, ({1},), {2}, {3})[0]"),
        ("soft3", "call({0}, ({1},), {2}, {3}, {4})[0]"), ("soft_pair", "call({0}, ({1}, {2}), {3}, {4})"),
        ("exchange", "({0}, 'xchg')"),
    ):  # fmt: skip
        h.inline_constructor(name, made)
    h.imports("jitpy.backend.soft.compare", "HOLDS")
    h.inline_constructor("holds", "HOLDS[{0}]")
    h.imports("jitpy.backend.soft.atomic", "rmw_name")
    h.inline_constructor("rmw_loop", "rmw_name({0}[1], {1}, {0}[0])")
    h.inline_constructor("touch", "touch({0}, {1})")
    h.inline_constructor("each_lane", "each_lane({0})")
    h.inline_test("lanewise", "lanewise({0})")
    h.entry("legalize", dispatch=True)
    return h


def _opcode(h: Host, number: int, name: str, immediate: str | None, operands: int) -> None:
    """Declare an opcode: a pattern takes the node apart, an expression appends it and gives its results."""
    arguments = " ".join(["Type", *([immediate] if immediate else []), *["Value"] * operands])
    h.declare(f"(decl {name} ({arguments}) Inst)\n")
    fields = ["{n}[1]", *(["{n}[2]"] if immediate else []), *[f"{{n}}[{3 + k}]" for k in range(operands)]]
    holes = [f"{{{k}}}" for k in range(len(fields))]
    node = [str(number), holes.pop(0), holes.pop(0) if immediate else "None", *holes]
    h.variant(term=name, type="Inst", tag=number, fields=fields, construct=f"emit(({', '.join(node)}))")


def module() -> ModuleType:
    """The rules' decision code."""
    from jitpy.backend.isle.build import generated

    return generated(
        "legalize_rules",
        sources=[os.path.join(_HERE, "rules", "legalize.isle")],
        host="jitpy.backend.soft.host:host",
        depends=[os.path.join(_HERE, "library.py"), os.path.join(os.path.dirname(op.__file__), "opcodes.py")],
    )


def rules(context: Any) -> list[Any]:
    """By opcode: what replaces a node ``rule(node) -> results``, or None where there is nothing."""
    table: list[Any] = module().make(context)["legalize.table"]
    return table
