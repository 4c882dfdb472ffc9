"""The embedding of CLIF in lowering rules: what the terms, types and constants of `rules/` mean on every ISA.

Read when rules are compiled, not afterwards. An ISA's ``lowering/host.py`` takes this host and adds its own operations and
features; which of its features answer the shared rules' questions (``has_fma`` ...) it says in a table.
"""

from __future__ import annotations

from jitpy.backend.ir import opcodes
from jitpy.backend.ir.types import BY_NAME
from jitpy.backend.isle.host import Host

_OPERATIONS = ("add", "sub", "and", "or", "xor", "neg", "not", "shl", "shr", "sar", "rol", "ror")
_FLOAT_OPERATIONS = ("add", "sub", "mul", "div", "min", "max")
_VECTOR_OPERATIONS = ("psll", "psrl", "psra", "s", "u", "uu", "sat", "trap", "proven")
_CONDITIONS = ("slt", "sge", "sgt", "ult", "uge", "ugt")
_TYPES = ("i8", "i16", "i32", "i64", "i128", "f16", "f32", "f64", "f128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2")
#: What the shared rules ask of the processor (rules/prelude.isle).
QUESTIONS = ("has_and_not", "has_fma", "has_half_conversions", "has_atomic_pair", "has_pinned_reg")
_TESTS = {
    "one_reg": "{v} <= 4", "narrow": "{v} <= 2", "wide": "3 <= {v} <= 4", "scalar": "{v} < 16", "scalar_float": "6 <= {v} <= 8",
    "any_float": "6 <= {v} <= 9", "vector": "{v} >= 16", "float_vector": "{v} >= 16 and 6 <= {v} & 15 <= 8",
    "bits": "{v} >= 16 or 7 <= {v} <= 8",
}  # fmt: skip
_WITH_IMMEDIATE = frozenset((
    "unary_imm", "unary_ieee16", "unary_ieee32", "unary_ieee64", "unary_const", "binary_imm8", "ternary_imm8",
    "int_compare", "float_compare", "load", "store", "load_no_offset", "store_no_offset", "atomic_rmw", "atomic_cas",
    "stack_addr", "dynamic_stack_addr", "func_addr", "unary_global_value", "trap", "cond_trap", "int_add_trap", "shuffle",
))  # fmt: skip
_VARIABLE = frozenset((
    "jump", "multiary", "call", "call_indirect", "try_call", "try_call_indirect", "exception_handler_address",
))  # fmt: skip


def clif_host(answers: dict[str, str]) -> Host:
    """A host that knows CLIF. ``answers``: for each of `QUESTIONS` a Python expression over ``features``."""
    h = Host()
    h.discriminant(type="Inst", bind="insts[{v}]", tag="{n}[0]")
    for number, name in enumerate(opcodes.NAME):
        form = opcodes.FORMAT[number]
        if form in _VARIABLE:
            continue
        fields = ["{n}[1]"]
        if form in _WITH_IMMEDIATE:
            fields.append("{n}[2]")
        count = 1 if form in ("brif", "branch_table") else sum(a != "*" for a in opcodes.ARGS[number])
        fields += [f"{{n}}[{3 + i}]" for i in range(count)]
        h.variant(term=name, type="Inst", tag=number, fields=fields)
    h.inline_extractor("def_inst", "value_defs[{v}] if nodes[{v}][0] >= 0 else None")
    h.inline_constructor("output", "{0}")
    h.inline_constructor("value_type", "types[{0}]")
    h.inline_constructor("value_def", "value_defs[{0}]")
    h.inline_constructor("pair", "({0}, {1})")
    for name in _TYPES:
        h.constant("$" + name.upper(), BY_NAME[name])
    for name, test in _TESTS.items():
        h.inline_extractor(name, f"{{v}} if {test} else None")
    h.inline_test("is_type", "{0} == {1}")
    h.inline_extractor("zeros", "not any({v})")
    for question in QUESTIONS:
        h.inline_test(question, answers[question])
    for name in (*_CONDITIONS, *_VECTOR_OPERATIONS, *_OPERATIONS):
        h.constant("$" + name, name)
    for name in _FLOAT_OPERATIONS:
        h.constant("$f" + name, name)
    h.entry("lower", dispatch=True)
    h.entry("lower_branch", dispatch=True)
    return h
