"""Every rule on integers is proved by an SMT solver at small widths, or stands in a list with the reason why not.

Types are i8 and i16 (wider ones where a rule names them or needs three widths); constants and operands are any. What the solver
cannot finish in time at a width it must at i8. Rules on floats and vectors, and those whose right side is made by Python code that
wants numbers, are held by `test_rules.py` alone; the division by constants is proved for each divisor of i8.
"""

# ruff: noqa: E402  (what is imported below needs z3)

from __future__ import annotations

import random
from contextlib import suppress

import pytest

z3 = pytest.importorskip("z3", reason="z3-solver is not installed; it is in the extra 'test'")

from clif_generator import value_bits
from jitpy.backend.interp import interpreter  # noqa: F401  it fills MEANING
from jitpy.backend.interp.meaning import MEANING
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.isle import ast
from rule_instances import Misfit, rules
from smt import OPCODES, SEVERAL, Claim

RULES = rules()
#: Types to choose from, the first set that a rule fits.
UNIVERSES = ((ty.I8, ty.I16), (ty.I8, ty.I16, ty.I32), (ty.I8, ty.I16, ty.I32, ty.I64), (ty.I8, ty.I16, ty.I32, ty.I64, ty.I128))
#: Choices of types and condition codes that are tried, and how many different ones are proved.
TRIES, WANTED = 40, 8
#: Milliseconds per claim.
PATIENCE = 1000


def opcodes(node: object) -> set[str]:
    """The terms that a pattern or expression names."""
    if isinstance(node, (ast.PTerm, ast.ETerm)):
        return {node.term.name}.union(*map(opcodes, node.args))
    if isinstance(node, ast.PBind):
        return opcodes(node.pattern)
    return set()


_FLOAT = {name for number, name in enumerate(op.NAME) if op.THEME[number] == "float" or name.startswith("fcvt")}
_FLOAT |= {"fpromote", "fdemote", "fcmp", "bitcast", "scalar_float", "f16const", "f32const", "f64const", "f128const", "vconst"}


def reason(rule: ast.Rule) -> str:
    """Why a rule is not proved here, or ""."""
    names = opcodes(rule.pattern.args[0])
    if names & _FLOAT:
        return "floats"
    return ""


LEFT_OUT = {name: why for name, rule in RULES.items() if (why := reason(rule))}
DIVISIONS = [name for name in RULES if name.startswith(("udiv", "sdiv", "urem", "srem")) and name.endswith("_const")]
PROVED = [name for name in RULES if name not in LEFT_OUT and name not in DIVISIONS]


@pytest.mark.parametrize("name", PROVED)
def test_rule_is_proved(name: str) -> None:
    r = random.Random(name)
    for types in UNIVERSES:
        claims: dict[object, Claim] = {}
        for _ in range(TRIES):
            with suppress(Misfit):
                claim = Claim(RULES[name], r, types)
                claims.setdefault(claim.key, claim)
        answers = []
        for claim in sorted(claims.values(), key=Claim.width):
            answers.append(claim.prove(PATIENCE))
            if answers.count(True) == WANTED or answers[-1] is False:
                break
        if True in answers:
            return
    raise AssertionError(f"{name} was not proved at any types")


@pytest.mark.parametrize("name", DIVISIONS)
def test_division_is_proved_for_each_divisor(name: str) -> None:
    r = random.Random(name)
    proved = 0
    for d in range(0, 256, 1 if name in ("udiv_const", "sdiv_const") else 11):
        claim = Claim(RULES[name], r, (ty.I8,), {"d": d})
        proved += bool(claim.prove(PATIENCE))
    assert proved > 15


def test_what_is_left_out_is_about_floats() -> None:
    assert set(LEFT_OUT.values()) == {"floats"}
    assert len(PROVED) + len(DIVISIONS) > 400


@pytest.mark.parametrize("name", sorted(OPCODES.keys() | SEVERAL.keys()))
def test_translation_agrees_with_the_interpreter(name: str) -> None:
    number = op.BY_NAME[name]
    r = random.Random(name)
    for _ in range(40):
        control = ty.I64 if name == "iconcat" else ty.I128 if name == "isplit" else r.choice((ty.I8, ty.I16, ty.I32))
        args, types = [], []
        for code in op.ARGS[number]:
            free = ty.I8 if name in ("uextend", "sextend") else r.choice((ty.I8, ty.I16))
            t = control if code == "T" else ty.BY_NAME.get(code, free)
            if name == "ireduce":
                t = ty.I64
            if name in ("uextend", "sextend"):
                control = r.choice((ty.I16, ty.I32))
            types.append(t)
            args.append(value_bits(r, t))
        expected = MEANING[number](control, None, tuple(types))(*args)
        terms = [z3.BitVecVal(a, ty.BITS[t]) for a, t in zip(args, types)]
        n = ty.BITS[control]
        made = SEVERAL[name](n, *terms) if name in SEVERAL else (OPCODES[name](n, *terms),)
        got = [z3.simplify(term).as_long() for term in made]
        assert got == (list(expected) if name in SEVERAL else [expected]), (args, types, control)


def test_a_wrong_rule_is_refuted() -> None:
    rule = RULES["add_sub"]
    wrong = ast.Rule(rule.name, rule.priority, rule.pattern, rule.iflets, ast.EVar("y", rule.pos), rule.pos)
    with pytest.raises(AssertionError, match="v"):
        Claim(wrong, random.Random(1), (ty.I8,)).prove(PATIENCE)
