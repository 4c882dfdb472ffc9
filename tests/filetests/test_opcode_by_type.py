"""Every opcode that computes on scalars, at every type it takes, on every ISA: interpreter and machine code agree, traps included.

The functions come from the opcode table and the domains beside it, one instruction each, so a new opcode or type is
tested without a line here.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from jitpy.backend import isa
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.filetests.engines import load, settings
from jitpy.backend.filetests.random_values import value_bits
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import domains, ieee, infer
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T
from jitpy.backend.ir.builder import FunctionBuilder
from jitpy.backend.ir.function import Function

SCALARS = range(T.I8, T.F128 + 1)
IMMEDIATES: dict[str, tuple[Any, ...]] = {
    "unary_imm": (0, 1, 0x5A, -1),
    "unary_ieee16": (0, 0x3E00), "unary_ieee32": (0, 0xBFC00000), "unary_ieee64": (0, 0x4009_21FB_5444_2D18),
    "unary_const": (bytes(16), bytes(range(16))),
    "int_compare": tuple(O.INT_CC), "float_compare": tuple(O.FLOAT_CC), "int_add_trap": ("user7",),
}  # fmt: skip
PROVEN = [op for op, name in enumerate(O.NAME) if "_proven" in name]


def computes(op: int) -> bool:
    """Whether an opcode only computes, perhaps with a trap."""
    others = O.EFFECTS[op] & ~(O.TRAP | O.IDEMPOTENT)
    return (not others or op == O.SELECT_SPECTRE_GUARD) and O.THEME[op] not in ("memory", "call", "branch", "vector")


def operand_types(op: int, type: int) -> list[tuple[int, ...]]:
    """The types of operands that go with a controlling type; of a free one, all that are related to it."""
    found: list[tuple[int, ...]] = [()]
    for arg in infer.arg_types(op, type):
        choices = [arg] if arg != T.INVALID else [t for t in SCALARS if domains.FREE[O.NAME[op]][0](type, t)]
        found = [(*before, t) for before in found for t in choices]
    return found


def functions() -> list[Function]:
    """One function for each opcode, immediate, type and operand types."""
    found = []
    for op, name in enumerate(O.NAME):
        if not computes(op):
            continue
        fixed = infer.fixed_type(op)
        controlling = [t for t in SCALARS if t in domains.DOMAINS[domains.DOMAIN[op]]] if O.CTRL[op] else [fixed]
        for type in controlling:
            if T.INVALID in infer.result_types(op, type):
                continue
            for operands in operand_types(op, type):
                for k, imm in enumerate(IMMEDIATES.get(O.FORMAT[op], (0 if op == O.BITCAST else None,))):
                    b = FunctionBuilder(
                        f"{name}_{T.NAME[type]}_{'_'.join(T.NAME[t] for t in operands)}_{k}", operands, infer.result_types(op, type)
                    )
                    b.return_(b.emit(op, type, imm & T.MASK[type] if op == O.ICONST else imm, b.args))
                    found.append(b.finish())
    return found


def agree(type: int, x: int, y: int) -> bool:
    """Equal, or both NaN."""
    f = ieee.FORMATS.get(type)
    return x == y or (f is not None and ieee.is_nan(x, f) and ieee.is_nan(y, f))


@pytest.mark.parametrize("name", sorted(set(isa.NAMES.values())))
@pytest.mark.parametrize(("level", "baseline"), [("none", True), ("speed", False)])
def test_interpreter_and_machine_code_agree(name: str, level: str, baseline: bool) -> None:
    """With the ISA's base, and with what this machine has where it is its own."""
    random = Random(11)
    made = functions()
    assert len(made) > 900
    try:
        call = load(functions(), isa.lookup(name, {} if baseline else None), settings(level))
    except UnsupportedError as error:  # there is no emulator here
        pytest.skip(str(error))
    interpreter = Interpreter(made)
    wrong = []
    for func in made:
        for _ in range(6):
            args = [value_bits(random, p.type) for p in func.sig.params]
            try:
                expected: list[int] | str = interpreter.call(func.name, args)
            except Trap as trap:
                if "_proven" in func.name:
                    continue
                expected = trap.code
            try:
                got: list[int] | str = call(func.name, args)
            except Trap as trap:
                got = trap.code
            except UnsupportedError:
                assert func.name.startswith("x86_") and name != "x64", func.name
                break
            if isinstance(expected, str) or isinstance(got, str):
                same = expected == got
            else:
                same = all(map(agree, [r.type for r in func.sig.returns], expected, got))
            if not same:
                wrong.append(f"{func.name}({', '.join(map(hex, args))}): {got}, the interpreter says {expected}")
    assert not wrong, "\n".join(wrong[:20])
