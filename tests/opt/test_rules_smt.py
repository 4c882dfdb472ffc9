"""Every rule is proved by an SMT solver, or stands in a list with the reason why not.

Integers are i8 and i16 (wider ones where a rule names them or needs three widths); vectors are of 128 bits, and rules on integers
of any type are proved for vectors too; floats are f16, as which rules that name f32 or f64 are read here. Constants, operands and
the indices of permutations are any. What the solver cannot finish in time at one choice of types it must at another. The division
by constants is proved for each divisor of i8.

`make fuzz` (JITPY_FUZZ_MINUTES set): at more types, each rule on floats at the types that it names, with more patience.
"""

# ruff: noqa: E402  (what is imported below needs z3)

from __future__ import annotations

import os
import random
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

z3 = pytest.importorskip("z3", reason="z3-solver is not installed; it is in the extra 'test'")

from clif_generator import PLAIN, combinations, value_bits
from jitpy.backend.interp import interpreter  # noqa: F401  it fills MEANING
from jitpy.backend.interp.meaning import MEANING
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.memflags import BIG
from jitpy.backend.isle import ast
from jitpy.backend.isle.parser import parse_all
from random_vectors import canonical
from rule_instances import Misfit, rules
from smt import MASK, Claim, in_half_precision
from smt_opcodes import COMPUTED, CONVERTED, MOVED, OPCODES, SEVERAL, WHOLE, value

RULES = rules()
ALL = "JITPY_FUZZ_MINUTES" in os.environ
#: Types to choose from, the first set that a rule fits.
INTEGERS = ((ty.I8, ty.I16), (ty.I8, ty.I16, ty.I32), (ty.I8, ty.I16, ty.I32, ty.I64), (ty.I8, ty.I16, ty.I32, ty.I64, ty.I128))
FLOATS = (
    (ty.F16, ty.I8, ty.I16), (ty.F16, ty.F32, ty.I8, ty.I16), (ty.F16, ty.F32, ty.F64, ty.I8, ty.I32, ty.I64)
)  # fmt: skip
VECTORS = (
    ty.I8X16, ty.I16X8, ty.I32X4, ty.I64X2, ty.F32X4, ty.F64X2, ty.vector(ty.F16, 2), ty.I8, ty.I16, ty.I32, ty.I64, ty.F16, ty.F32,
    ty.F64,
)  # fmt: skip
#: Choices of types and condition codes that are tried, unless they repeat; and how many different ones are proved.
TRIES, REPEATED, WANTED = 40, 10, 8
#: Milliseconds for the claim that must be proved, and for one that is proved besides.
PATIENCE, MORE = (300_000, 10_000) if ALL else (60_000, 700)

_FLOAT = {name for number, name in enumerate(op.NAME) if op.THEME[number] == "float" or name.startswith("fcvt")}
_FLOAT |= {"fpromote", "fdemote", "fcmp", "bitcast", "scalar_float"}


def terms(node: object) -> set[str]:
    """The terms that a pattern or expression names."""
    if isinstance(node, (ast.PTerm, ast.ETerm)):
        return {node.term.name}.union(*map(terms, node.args))
    if isinstance(node, ast.PBind):
        return terms(node.pattern)
    return set()


#: Rules that are not proved, and why.
_TWICE = "double rounding: the solver does not finish; Figueroa's theorem, and test_rounding_twice_is_rounding_once"
_FUSED = "the solver does not finish a fused multiply-add, even of f16"
UNPROVED = {
    **dict.fromkeys(("fma_fneg_fneg", *[f"fma_{name}_{t}" for name in ("one", "minus_zero") for t in ("f32", "f64")]), _FUSED),
    **dict.fromkeys([f"demoted_{name}{how}" for name in ("fadd", "fsub", "fmul", "fdiv") for how in ("", "_const")], _TWICE),
    "demoted_sqrt": _TWICE,
}
OF_VECTORS = rules(("vector",))
DIVISIONS = [name for name in RULES if name.startswith(("udiv", "sdiv", "urem", "srem")) and name.endswith("_const")]
PROVED = [name for name in RULES if name not in UNPROVED and name not in DIVISIONS]


def _mask(k: int, r: random.Random) -> int:
    """The k-th mask of a shuffle, where it is chosen: the first operand, the second, and then some of both."""
    return int.from_bytes([16 * k + i if k < 2 else r.randrange(32 if k % 2 else 16) for i in range(16)], "little")


def proofs(rule: ast.Rule, types: tuple[ty.Type, ...], wanted: int, patience: int, vectors: bool = False) -> int:
    """How many choices of types and the like ``rule`` was proved for; those of few bits first, vectors of narrow lanes."""
    r = random.Random(rule.name.name if rule.name else "")
    claims: dict[object, Claim] = {}
    repeated = 0
    for k in range(TRIES):
        with suppress(Misfit):
            claim = Claim(rule, r, types, {MASK: _mask(k, r)})
            if not vectors or any(ty.IS_VECTOR[t] for t in claim.types):
                repeated = repeated + 1 if claim.key in claims else 0
                claims.setdefault(claim.key, claim)
        if repeated == REPEATED:
            break
    proved = 0
    for claim in sorted(claims.values(), key=Claim.width):
        answer = claim.prove(MORE if proved else patience)
        proved += bool(answer)
        if proved == wanted or answer is False:
            break
    return proved


@pytest.mark.parametrize("name", PROVED)
def test_rule_is_proved(name: str) -> None:
    rule, proved = RULES[name], 0
    is_float = bool(terms(rule.pattern.args[0]) & _FLOAT)
    if name not in OF_VECTORS:
        sets, wanted = (FLOATS, 1 + ALL) if is_float else (INTEGERS, WANTED)
        rule = in_half_precision(rule) if is_float and not ALL else rule
        proved = next((n for types in sets if (n := proofs(rule, types, wanted, PATIENCE))), 0)
    if name in OF_VECTORS or not is_float:
        wanted = 8 if ALL else 3 if MASK in repr(rule) else 1
        proved += proofs(rule, VECTORS, wanted, MORE if proved else PATIENCE, True)
    assert proved, f"{name} was not proved at any types"


@pytest.mark.parametrize("operation", [np.add, np.subtract, np.multiply, np.divide, lambda x, y: np.sqrt(x)])
def test_rounding_twice_is_rounding_once(operation: Any) -> None:
    """f32 in f64 and back, on random bits and on numbers whose results lie next to the middle between two others."""
    rng = np.random.default_rng(1)
    random_bits = rng.integers(0, 1 << 32, (2, 300_000), np.uint64).astype(np.uint32)
    near = np.uint32(0x3F800000) + rng.integers(0, 4, (2, 300_000), np.uint32) * np.uint32(0x00400001)
    for x, y in (random_bits.view(np.float32), (near ^ (random_bits & np.uint32(0x80800003))).view(np.float32)):
        with np.errstate(all="ignore"):
            once, twice = operation(x, y), operation(x.astype(np.float64), y.astype(np.float64)).astype(np.float32)
        assert np.array_equal(once[~np.isnan(once)].view(np.uint32), twice[~np.isnan(once)].view(np.uint32))
        assert np.array_equal(np.isnan(once), np.isnan(twice))


def test_the_list_of_unproved_rules_is_exact() -> None:
    """What is in the list is a rule, and is not proved in a moment (in the long run: in a second)."""
    for name in UNPROVED:
        rule = in_half_precision(RULES[name])
        assert not any(proofs(rule, types, 1, 1000 if ALL else 150) for types in FLOATS[:2]), f"{name} is proved by now"
    assert len(PROVED) + len(DIVISIONS) + len(UNPROVED) == len(RULES) > 900


@pytest.mark.parametrize("name", DIVISIONS)
def test_division_is_proved_for_each_divisor(name: str) -> None:
    r = random.Random(name)
    proved = 0
    for d in range(0, 256, 1 if name in ("udiv_const", "sdiv_const") else 11):
        claim = Claim(RULES[name], r, (ty.I8,), {"d": d})
        proved += bool(claim.prove(PATIENCE))
    assert proved > 15


def _numbers(t: ty.Type, name: str, r: random.Random) -> int:
    """A value of a type; indices of a swizzle are small."""
    if name == "swizzle":
        return int.from_bytes([r.randrange(20) for _ in range(16)], "little")
    return value_bits(r, t)


_TRANSLATED = {*OPCODES, *SEVERAL, *COMPUTED, *MOVED, *CONVERTED, *WHOLE, "icmp", "fcmp", "select"}
_TRANSLATED -= {"vconst", "select_spectre_guard"}


@pytest.mark.parametrize("name", sorted(_TRANSLATED))
def test_translation_agrees_with_the_interpreter(name: str) -> None:
    r = random.Random(name)
    types = (ty.I8, ty.I16, ty.I32, ty.F16, ty.F32, ty.I8X16, ty.I16X8, ty.I32X4, ty.I64X2, ty.F32X4, ty.F64X2)
    if name in ("iconcat", "isplit"):
        types = (ty.I64, ty.I128)
    choices = combinations(PLAIN, (*types, *(ty.F64,) * name.startswith("f"))).get(name)
    if choices is None:
        choices = [(op.BITCAST, t, (s,), (t,)) for t in types for s in types if ty.BITS[s] == ty.BITS[t]]
    for _ in range(40):
        number, control, arg_types, results = r.choice(choices)
        imm: Any = None
        if name in ("icmp", "fcmp"):
            imm = r.choice(list(op.INT_CC if name == "icmp" else op.FLOAT_CC))
        elif name in ("insertlane", "extractlane"):
            imm = r.randrange(ty.LANES[control])
        elif name == "shuffle":
            imm = bytes([r.randrange(32) for _ in range(16)])
        elif name == "bitcast":
            imm = r.choice((0, BIG))
        args = [_numbers(t, name, r) for t in arg_types]
        expected = MEANING[number](control, imm, arg_types)(*args)
        operands = [z3.BitVecVal(a, ty.BITS[t]) for a, t in zip(args, arg_types)]
        if name in SEVERAL:
            made, expected = SEVERAL[name](ty.BITS[control], *operands), list(expected)
        else:
            given = z3.BitVecVal(int.from_bytes(imm, "little"), 128) if name == "shuffle" else imm
            made, expected = (value(name, control, given, operands, arg_types),), [expected]
        got = [z3.simplify(term).as_long() for term in made]
        same = [canonical(a, t) == canonical(b, t) for a, b, t in zip(got, expected, results)]
        assert all(same), (args, arg_types, control, imm, got, expected)


def _with_result(name: str, text: str) -> ast.Rule:
    """A rule with another right side."""
    (made,) = parse_all([("wrong", f"(rule wrong (simplify (a)) {text})")])
    assert isinstance(made, ast.Rule)
    rule = RULES[name]
    return ast.Rule(rule.name, rule.priority, rule.pattern, rule.iflets, made.expr, rule.pos)


@pytest.mark.parametrize(
    ("name", "wrong", "types"),
    [
        ("add_sub", "y", (ty.I8,)),
        ("v_select_smin", "(umin t x y)", (ty.I16X8,)),
        ("extract_insert_other", "(extractlane t j x)", (ty.I32X4,)),
        ("shuffle_shuffle", "(shuffle t inner a b)", (ty.I8X16,)),
        ("fabs_fneg", "(fneg t x)", (ty.F16,)),
        ("fadd_fneg", "(fsub t y x)", (ty.F16,)),
        ("fmin_self", "(fneg $F32 x)", (ty.F32,)),
    ],
)
def test_a_wrong_rule_is_refuted(name: str, wrong: str, types: tuple[ty.Type, ...]) -> None:
    rule = _with_result(name, wrong)
    with pytest.raises(AssertionError, match="v"):
        for seed in range(40):
            with suppress(Misfit, KeyError):
                Claim(rule, random.Random(seed), types, {MASK: _mask(2, random.Random(seed))}).prove(10_000)
