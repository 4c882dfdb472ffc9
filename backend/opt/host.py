"""What the mid-end's rules mean: every pure one-result opcode of the table is a term, on e-classes, over `EGraph`.

As an extractor a term matches any node of a value's class; as a constructor it makes the node (which meets the rules in turn). The
arguments are: the controlling type, the immediate if the format has one, the operands.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.memflags import BIG

if TYPE_CHECKING:
    from types import ModuleType

    from jitpy.backend.isle.host import Host
    from jitpy.backend.opt.egraph import EGraph

RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules")
THEMES = ("prelude", "fold", "int", "bits", "shift", "effects", "divide", "compare", "select", "convert", "float")

#: ISLE's name for a format's immediate.
_IMMEDIATE = {
    "unary_imm": "Imm", "unary_ieee16": "Imm", "unary_ieee32": "Imm", "unary_ieee64": "Imm", "int_compare": "IntCC",
    "float_compare": "FloatCC", "load_no_offset": "Flags", "binary_imm8": "Imm", "ternary_imm8": "Imm", "cond_trap": "TrapCode",
    "int_add_trap": "TrapCode", "trap": "TrapCode",
    "unary_const": "Bytes", "shuffle": "Bytes",
}  # fmt: skip
#: Formats of the instructions in place that rules look at: those whose operands the opcode fixes.
_FIXED = {"unary", "binary", "ternary", "trap", "cond_trap", "int_add_trap"}
#: Formats whose immediates no rule looks at.
_LEFT_OUT = {"func_addr", "unary_global_value", "stack_addr", "dynamic_stack_addr"}

_SCALARS = (ty.I8, ty.I16, ty.I32, ty.I64, ty.I128, ty.F16, ty.F32, ty.F64, ty.F128)
_CONSTANTS: dict[str, dict[str, object]] = {
    "Type": {ty.NAME[t].upper(): t for t in _SCALARS},
    "IntCC": {c.upper(): c for c in op.INT_CC},
    "FloatCC": {f"F_{c.upper()}": c for c in op.FLOAT_CC},
}


def declarations() -> str:
    """The terms of the opcode table as ISLE text."""
    lines = []
    for number, name in enumerate(op.NAME):
        if not op.PURE[number] or len(op.RESULTS[number]) != 1 or op.FORMAT[number] in _LEFT_OUT:
            continue
        immediate = _IMMEDIATE.get(op.FORMAT[number])
        operands = ["Value"] * len(op.ARGS[number])
        flag = "commutative " if op.COMMUTATIVE[number] else ""
        arguments = " ".join(["Type", *([immediate] if immediate else []), *operands])
        lines.append(f"(decl {flag}{name} ({arguments}) Value)")
    return "\n".join(lines) + "\n"


def host() -> Host:
    """The declaration for the ISLE compiler."""
    h = common()
    _in_place(h)
    return h


def common() -> Host:
    """The part that the rules for scalars and those for vectors (`vector`) share."""
    from jitpy.backend.isle.host import Host

    h = Host()
    h.declare(
        "(type Value (primitive Value))\n(type Type (primitive Type))\n(type Imm (primitive Imm))\n"
        "(type Bytes (primitive Bytes))\n(type Flags (primitive Flags))\n"
        "(type IntCC (primitive IntCC))\n(type FloatCC (primitive FloatCC))\n" + declarations()
    )
    h.discriminant(type="Value", bind="nodes[{v}]", tag="{n}[0]")
    h.members(type="Value", iterate="members({v})")
    for number, name in enumerate(op.NAME):
        if not op.PURE[number] or len(op.RESULTS[number]) != 1 or op.FORMAT[number] in _LEFT_OUT:
            continue
        fields = ["{n}[1]"]
        if _IMMEDIATE.get(op.FORMAT[number]):
            fields.append("{n}[2]")
        first = len(fields)
        fields += [f"{{n}}[{3 + k}]" for k in range(len(op.ARGS[number]))]
        holes = [f"{{{k}}}" for k in range(len(fields))]
        immediate = holes[1] if first == 2 else "None"
        construct = "make((" + ", ".join([str(number), holes[0], immediate, *holes[first:]]) + "))"
        h.variant(term=name, type="Value", tag=number, fields=fields, construct=construct)
    for isle_type, constants in _CONSTANTS.items():
        for name, value in constants.items():
            h.declare(f"(extern const ${name} {isle_type})\n")
            h.constant("$" + name, value)
    _types(h)
    _immediates(h)
    h.inline_constructor("subsume", "subsume({0})")
    h.imports("jitpy.backend.opt.fold", *_FOLDS, "fold_float", "fold_float1", "fold_from_int", "fold_convert")
    for name, count in _FOLDS.items():
        h.inline_constructor(name, f"{name}(" + ", ".join(f"{{{k}}}" for k in range(count)) + ")")
    h.imports("jitpy.backend.opt.fold", "FLOAT_DIGITS")
    h.inline_test("holds_signed", "LANE_BITS[{1}] <= FLOAT_DIGITS[LANE[{0}]] + 1")
    h.inline_test("holds_unsigned", "LANE_BITS[{1}] <= FLOAT_DIGITS[LANE[{0}]]")
    for name in ("fadd", "fsub", "fmul", "fdiv", "fmin", "fmax"):
        h.inline_constructor("fold_" + name, f"fold_float({name!r}, {{0}}, {{1}}, {{2}})")
    for name in ("sqrt", "ceil", "floor", "trunc", "nearest"):
        h.inline_constructor("fold_" + name, f"fold_float1({name!r}, {{0}}, {{1}})")
    h.inline_constructor("fold_from_sint", "fold_from_int(1, {0}, {1}, {2})")
    h.inline_constructor("fold_from_uint", "fold_from_int(0, {0}, {1}, {2})")
    h.inline_constructor("fold_fdemote", "fold_convert('fdemote', {0}, {1})")
    h.inline_constructor("fold_fpromote", "fold_convert('fpromote', {0}, {1})")
    h.entry("simplify", dispatch=True, limit=5)
    return h


def counted_host() -> Host:
    """The same, counting which rules fire."""
    h = host()
    h.count_rules()
    return h


def _types(h: Host) -> None:
    h.imports("jitpy.backend.ir.types", "BITS", "IS_INT", "IS_FLOAT", "LANE", "LANE_BITS", "MASK")
    # Scalar integers up to 64 bits: what the rules on immediates speak of.
    h.inline_extractor("fits_in_64", "{v}", test="IS_INT[{r}] and {r} != 5", fields=["{r}"])
    h.inline_extractor("scalar_int", "{v}", test="IS_INT[{r}]", fields=["{r}"])
    h.inline_extractor("scalar_float", "{v}", test="IS_FLOAT[{r}]", fields=["{r}"])
    h.inline_extractor("narrow", "{v}", test="LANE[{r}] < 5", fields=["{r}"])
    h.inline_extractor("small_int", "{v}", test="{r} == 1 or {r} == 2", fields=["{r}"])
    h.inline_constructor("bits", "LANE_BITS[{0}]")
    h.inline_constructor("mask", "MASK[{0}]")
    h.inline_constructor("type_of", "types[{0}]")
    h.inline_test("wider", "BITS[{0}] > BITS[{1}]")
    h.inline_test("same_type", "{0} == {1}")
    h.inline_test("same_order", f"({{0}} ^ {{1}}) & {BIG} == 0")


def _in_place(h: Host) -> None:
    """Instructions that stay where they are, because of an effect or of several results, as the roots of `replace` and
    `rewrite`: the node itself is the value.
    """
    h.declare("(type Inst (primitive Inst))\n(type TrapCode (primitive TrapCode))\n")
    h.declare("(extern const $NO_TYPE Type) (extern const $int_divz TrapCode)\n")
    h.constant("$NO_TYPE", ty.INVALID)
    h.constant("$int_divz", "int_divz")
    h.discriminant(type="Inst", tag="{v}[0]")
    for number, name in enumerate(op.NAME):
        if op.FORMAT[number] not in _FIXED or (op.PURE[number] and len(op.RESULTS[number]) == 1):
            continue
        immediate = _IMMEDIATE.get(op.FORMAT[number])
        count = len(op.ARGS[number])
        arguments = " ".join(["Type", *([immediate] if immediate else []), *["Value"] * count])
        h.declare(f"(decl {'commutative ' * op.COMMUTATIVE[number]}{name} ({arguments}) Inst)\n")
        fields = ["{n}[1]", *(["{n}[2]"] if immediate else []), *[f"{{n}}[{3 + k}]" for k in range(count)]]
        holes = [f"{{{k}}}" for k in range(len(fields))]
        node = [str(number), holes.pop(0), holes.pop(0) if immediate else "None", *holes]
        h.variant(term=name, type="Inst", tag=number, fields=fields, construct=f"({', '.join(node)})")
    h.inline_constructor("none", "()")
    h.inline_constructor("one", "({0},)")
    h.inline_constructor("two", "({0}, {1})")
    h.imports("jitpy.backend.opt.divide", "unsigned_divisor", "signed_divisor", "unsigned_quotient", "signed_quotient")
    for name in ("unsigned_divisor", "signed_divisor"):
        h.inline_constructor(name, name + "({0}, {1})")
    for name in ("unsigned_quotient", "signed_quotient"):
        h.inline_constructor(name, name + "(make, {0}, {1}, {2})")
    h.entry("replace", dispatch=True, limit=1)
    h.entry("rewrite", dispatch=True, limit=1)


def _immediates(h: Host) -> None:
    for name, expression in {
        "imm_add": "({1} + {2}) & MASK[{0}]", "imm_sub": "({1} - {2}) & MASK[{0}]", "imm_mul": "({1} * {2}) & MASK[{0}]",
        "imm_and": "{1} & {2}", "imm_or": "{1} | {2}", "imm_xor": "{1} ^ {2}", "imm_not": "{1} ^ MASK[{0}]",
        "imm_neg": "-{1} & MASK[{0}]", "imm_trunc": "{1} & MASK[{0}]",
        "imm_shl": "({1} << ({2} & (BITS[{0}] - 1))) & MASK[{0}]", "imm_shr": "{1} >> ({2} & (BITS[{0}] - 1))",
        "imm_modulo_bits": "{1} & (LANE_BITS[{0}] - 1)",
        "log2": "{0}.bit_length() - 1", "sign_bit": "1 << (BITS[{0}] - 1)", "max_signed": "MASK[{0}] >> 1",
        "plus": "{0} + {1}", "minus": "{0} - {1}",
    }.items():  # fmt: skip
        h.inline_constructor(name, expression)
    for name, test in {
        "imm_lt": "{0} < {1}", "imm_le": "{0} <= {1}", "imm_eq": "{0} == {1}", "imm_ne": "{0} != {1}",
        "is_mask_of": "{1} == MASK[{0}]", "is_low_mask": "({0} & ({0} + 1)) == 0",
        "covers": "{0} & {1} == {1}", "disjoint": "{0} & {1} == 0", "is_not_negative": "{1} <= MASK[{0}] >> 1",
    }.items():  # fmt: skip
        h.inline_test(name, test)
    h.inline_extractor("power_of_two", "{v}", test="{r} > 0 and ({r} & ({r} - 1)) == 0", fields=["{r}"])
    h.inline_extractor("nonzero", "{v}", test="{r} != 0", fields=["{r}"])


#: Folding functions of `fold`, and how many arguments each takes; partial ones answer None.
_FOLDS = {
    "complement": 1, "swap": 1, "float_complement": 1, "float_swap": 1, "fold_icmp": 4, "fold_fcmp": 4, "fold_sext": 3,
    "fold_sshr": 3, "fold_rotl": 3, "fold_clz": 2, "fold_ctz": 2, "fold_popcnt": 2, "fold_bswap": 2, "fold_smulhi": 3,
    "fold_umulhi": 3, "fold_smin": 3, "fold_smax": 3, "reciprocal": 2, "exact_demoted": 2, "if_unordered": 1,
}  # fmt: skip


@cache
def module(counted: bool = False) -> ModuleType:
    """The rules' decision code; ``counted``: the one that counts in ``FIRED`` how often each of ``RULES`` fires."""
    from jitpy.backend.isle.build import generated

    return generated(
        "opt_rules_counted" if counted else "opt_rules",
        sources=[os.path.join(RULES, f"{theme}.isle") for theme in THEMES],
        host="jitpy.backend.opt.host:" + ("counted_host" if counted else "host"),
        depends=[os.path.join(os.path.dirname(op.__file__), "opcodes.py")],
    )


def rules(graph: EGraph, counted: bool = False) -> dict[str, Any]:
    """The rules bound to ``graph``."""
    bound: dict[str, Any] = module(counted).make(graph)
    return bound
