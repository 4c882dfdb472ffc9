"""The mid-end's rules as claims about bit-vectors, for an SMT solver to prove.

A rule is instantiated as `rule_instances` does it: types are chosen, its variables become parameters; but constants stay symbols,
with what is known of every constant (it fits its type) and what the rule asks of them. The left side is then one term over
bit-vectors, the right side another, and the claim is that no assignment tells them apart; that both trap alike; and that each
constant that the right side makes fits its type. Conditions on types and condition codes are decided when they are chosen.

`OPCODES` is the one translation of opcodes; a test holds it against the interpreter.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import z3
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.isle import ast
from jitpy.backend.opt import divide, fold
from rule_instances import Instance, Misfit

#: Immediates are numbers of so many bits: more than any type for which they are symbols, and room for sums.
IMM = 80


class Unknown(Exception):
    """The translation does not speak of this."""


# -- opcodes: (bits of the controlling type, operands) -> result ---------------------------------------


def _count(x: Any, n: int) -> Any:
    return sum([z3.ZeroExt(n - 1, z3.Extract(k, k, x)) for k in range(1, n)], z3.ZeroExt(n - 1, z3.Extract(0, 0, x)))


def _first_one(x: Any, n: int, places: range) -> Any:
    """How many bits stand before the first that is set, in the order of ``places``."""
    found: Any = z3.BitVecVal(n, n)
    for before, k in reversed(list(enumerate(places))):
        found = z3.If(z3.Extract(k, k, x) == 1, z3.BitVecVal(before, n), found)
    return found


def _leading_sign_bits(x: Any, n: int) -> Any:
    return _first_one(x ^ (x >> n - 1), n, range(n - 1, -1, -1)) - 1


def _shift_count(y: Any, n: int) -> Any:
    """The low bits of a shift count, in the width of what is shifted."""
    low = z3.Extract(n.bit_length() - 2, 0, y)
    return z3.ZeroExt(n - low.size(), low)


def _high(x: Any, y: Any, n: int, extend: Callable[..., Any]) -> Any:
    return z3.Extract(2 * n - 1, n, extend(n, x) * extend(n, y))


def _extended(kind: Callable[..., Any]) -> Callable[..., Any]:
    return lambda n, x: kind(n - x.size(), x)


def _parts(x: Any, size: int) -> list[Any]:
    """Pieces of ``size`` bits, lowest first."""
    return [z3.Extract(k + size - 1, k, x) for k in range(0, x.size(), size)]


OPCODES: dict[str, Callable[..., Any]] = {
    "iadd": lambda n, x, y: x + y,
    "isub": lambda n, x, y: x - y,
    "ineg": lambda n, x: -x,
    "imul": lambda n, x, y: x * y,
    "umulhi": lambda n, x, y: _high(x, y, n, z3.ZeroExt),
    "smulhi": lambda n, x, y: _high(x, y, n, z3.SignExt),
    "iabs": lambda n, x: z3.If(x < 0, -x, x),
    "umin": lambda n, x, y: z3.If(z3.ULT(x, y), x, y),
    "umax": lambda n, x, y: z3.If(z3.UGT(x, y), x, y),
    "smin": lambda n, x, y: z3.If(x < y, x, y),
    "smax": lambda n, x, y: z3.If(x > y, x, y),
    "avg_round": lambda n, x, y: z3.Extract(n, 1, z3.ZeroExt(1, x) + z3.ZeroExt(1, y) + 1),
    "band": lambda n, x, y: x & y,
    "bor": lambda n, x, y: x | y,
    "bxor": lambda n, x, y: x ^ y,
    "bnot": lambda n, x: ~x,
    "bitselect": lambda n, c, x, y: c & x | ~c & y,
    "select": lambda n, c, x, y: z3.If(c != 0, x, y),
    "select_spectre_guard": lambda n, c, x, y: z3.If(c != 0, x, y),
    "bmask": lambda n, x: z3.If(x != 0, z3.BitVecVal(-1, n), z3.BitVecVal(0, n)),
    "ishl": lambda n, x, y: x << _shift_count(y, n),
    "ushr": lambda n, x, y: z3.LShR(x, _shift_count(y, n)),
    "sshr": lambda n, x, y: x >> _shift_count(y, n),
    "rotl": lambda n, x, y: z3.RotateLeft(x, _shift_count(y, n)),
    "rotr": lambda n, x, y: z3.RotateRight(x, _shift_count(y, n)),
    "bitrev": lambda n, x: z3.Concat(*_parts(x, 1)),
    "bswap": lambda n, x: z3.Concat(*_parts(x, 8)) if n > 8 else x,
    "clz": lambda n, x: _first_one(x, n, range(n - 1, -1, -1)),
    "ctz": lambda n, x: _first_one(x, n, range(n)),
    "cls": lambda n, x: _leading_sign_bits(x, n),
    "popcnt": lambda n, x: _count(x, n),
    "uextend": _extended(z3.ZeroExt),
    "sextend": _extended(z3.SignExt),
    "ireduce": lambda n, x: z3.Extract(n - 1, 0, x),
    "iconcat": lambda n, x, y: z3.Concat(y, x),
}  # fmt: skip

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda x, y: x == y, "ne": lambda x, y: x != y, "slt": lambda x, y: x < y, "sle": lambda x, y: x <= y,
    "sgt": lambda x, y: x > y, "sge": lambda x, y: x >= y, "ult": z3.ULT, "ule": z3.ULE, "ugt": z3.UGT, "uge": z3.UGE,
}  # fmt: skip


def truth(condition: Any) -> Any:
    """A comparison's i8."""
    return z3.If(condition, z3.BitVecVal(1, 8), z3.BitVecVal(0, 8))


def _overflow(extend: Callable[..., Any], combine: Callable[..., Any]) -> Callable[..., Any]:
    """A result and whether it is not the exact one, which twice the width (and a bit) holds."""

    def made(n: int, x: Any, y: Any, *carry: Any) -> tuple[Any, Any]:
        wide = combine(extend(n + 2, x), extend(n + 2, y), *[z3.If(c != 0, z3.BitVecVal(1, 2 * n + 2), 0) for c in carry])
        low = z3.Extract(n - 1, 0, wide)
        return low, truth(extend(n + 2, low) != wide)

    return made


_ADD: Callable[..., Any] = lambda x, y, c=0: x + y + c  # noqa: E731
_SUB: Callable[..., Any] = lambda x, y, c=0: x - y - c  # noqa: E731
#: Opcodes with several results.
SEVERAL: dict[str, Callable[..., tuple[Any, ...]]] = {
    "uadd_overflow": _overflow(z3.ZeroExt, _ADD), "sadd_overflow": _overflow(z3.SignExt, _ADD),
    "usub_overflow": _overflow(z3.ZeroExt, _SUB), "ssub_overflow": _overflow(z3.SignExt, _SUB),
    "umul_overflow": _overflow(z3.ZeroExt, lambda x, y: x * y), "smul_overflow": _overflow(z3.SignExt, lambda x, y: x * y),
    "uadd_overflow_cin": _overflow(z3.ZeroExt, _ADD), "sadd_overflow_cin": _overflow(z3.SignExt, _ADD),
    "usub_overflow_bin": _overflow(z3.ZeroExt, _SUB), "ssub_overflow_bin": _overflow(z3.SignExt, _SUB),
    "isplit": lambda n, x: tuple(_parts(x, n // 2)),
}  # fmt: skip


def _minimum(n: int) -> Any:
    return z3.BitVecVal(1 << n - 1, n)


_DIVISIONS: dict[str, Callable[[Any, Any], Any]] = {"udiv": z3.UDiv, "urem": z3.URem, "sdiv": lambda x, y: x / y, "srem": z3.SRem}


def effects(name: str, n: int, imm: Any, args: list[Any]) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """(trap code -> when, results) of an instruction."""
    base = name.removesuffix("_proven")
    if base in _DIVISIONS:
        x, y = args
        traps = {"int_divz": y == 0}
        if base == "sdiv":
            traps["int_ovf"] = z3.And(x == _minimum(n), y == -1)
        # What is proven not to trap may be anything where it would.
        return ({"undefined": z3.Or(*traps.values())} if name != base else traps), (_DIVISIONS[base](x, y),)
    if name == "trap":
        return {imm: z3.BoolVal(True)}, ()
    if name in ("trapz", "trapnz"):
        return {imm: (args[0] == 0) if name == "trapz" else (args[0] != 0)}, ()
    if name == "uadd_overflow_trap":
        low, over = SEVERAL["uadd_overflow"](n, *args)
        return {imm: over != 0}, (low,)
    if name in SEVERAL:
        return {}, SEVERAL[name](n, *args)
    return {}, (value(name, n, imm, args),)


def value(name: str, n: int, imm: Any, args: list[Any]) -> Any:
    """The result of a pure instruction with one."""
    if name == "iconst":
        return z3.Extract(n - 1, 0, imm)
    if name == "icmp":
        return truth(COMPARE[imm](*args))
    if name not in OPCODES:
        raise Unknown(f"opcode {name}")
    return OPCODES[name](n, *args)


# -- a rule ------------------------------------------------------------------------------------------


class Symbolic(Instance):
    """The left side of a rule, constants as symbols; ``known``: what holds of them. ``fixed``: numbers for some, by name."""

    def __init__(self, r: random.Random, types: tuple[ty.Type, ...], fixed: dict[str, int]) -> None:
        super().__init__(r, types)
        self.known: list[Any] = []
        self.fixed = fixed

    def number(self, control: ty.Type, pattern: ast.Pattern) -> Any:
        if not ty.IS_INT[control] or control == ty.I128:
            raise Misfit
        if isinstance(pattern, ast.PInt):
            return z3.BitVecVal(pattern.value & ty.MASK[control], IMM)
        inner = pattern.args[0] if isinstance(pattern, ast.PTerm) else pattern
        name = inner.name if isinstance(inner, ast.PVar) else f"_{len(self.known)}"
        a = z3.BitVecVal(self.fixed[name], IMM) if name in self.fixed else z3.BitVec(name, IMM)
        self.known.append(z3.ULE(a, ty.MASK[control]))
        if isinstance(pattern, ast.PTerm):
            self.known.append(_extracted(pattern.term.name, a))
        self.immediates[name] = a
        return a


def _extracted(name: str, a: Any) -> Any:
    """What an extractor on an immediate asks."""
    if name == "nonzero":
        return a != 0
    if name == "power_of_two":
        return z3.And(a != 0, a & (a - 1) == 0)
    raise Unknown(f"extractor {name}")


def _log2(a: Any) -> Any:
    found: Any = z3.BitVecVal(0, IMM)
    for k in range(1, IMM):
        found = z3.If(z3.Extract(k, k, a) == 1, z3.BitVecVal(k, IMM), found)
    return found


def _folded(name: str) -> Callable[..., Any]:
    """A folding function: the opcode on constants of the type."""
    return lambda t, *numbers: z3.ZeroExt(
        IMM - ty.BITS[t], value(name, ty.BITS[t], None, [z3.Extract(ty.BITS[t] - 1, 0, a) for a in numbers])
    )


def _narrow(operation: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Arithmetic modulo the width of the type, done in that width: solvers are slow at wide products."""

    def made(t: ty.Type, a: Any, b: Any) -> Any:
        n = ty.BITS[t]
        return z3.ZeroExt(IMM - n, operation(z3.Extract(n - 1, 0, a), z3.Extract(n - 1, 0, b)))

    return made


def _mask(t: ty.Type) -> Any:
    return z3.BitVecVal(ty.MASK[t], IMM)


def _bits(t: ty.Type) -> Any:
    return z3.BitVecVal(ty.BITS[t], IMM)


#: Helper terms of the prelude that give immediates, types or condition codes.
HELPERS: dict[str, Callable[..., Any]] = {
    "bits": _bits, "mask": _mask, "plus": lambda a, b: a + b, "minus": lambda a, b: a - b, "log2": _log2,
    "imm_add": _narrow(lambda a, b: a + b), "imm_sub": _narrow(lambda a, b: a - b), "imm_mul": _narrow(lambda a, b: a * b),
    "imm_and": lambda t, a, b: a & b, "imm_or": lambda t, a, b: a | b,
    "imm_xor": lambda t, a, b: a ^ b, "imm_not": lambda t, a: a ^ _mask(t), "imm_neg": lambda t, a: -a & _mask(t),
    "imm_trunc": lambda t, a: a & _mask(t), "imm_shl": _folded("ishl"),
    "imm_shr": _folded("ushr"), "imm_modulo_bits": lambda t, a: a & (_bits(t) - 1),
    "sign_bit": lambda t: z3.BitVecVal(1 << ty.BITS[t] - 1, IMM), "max_signed": lambda t: z3.BitVecVal(ty.MASK[t] >> 1, IMM),
    "complement": fold.complement, "swap": fold.swap,
    "fold_icmp": lambda t, cc, a, b: z3.ZeroExt(
        IMM - 8, truth(COMPARE[cc](z3.Extract(ty.BITS[t] - 1, 0, a), z3.Extract(ty.BITS[t] - 1, 0, b)))
    ),
    "fold_sext": lambda t, s, a: z3.ZeroExt(
        IMM - ty.BITS[t], z3.SignExt(ty.BITS[t] - ty.BITS[s], z3.Extract(ty.BITS[s] - 1, 0, a))
    ),
    "fold_sshr": _folded("sshr"), "fold_rotl": _folded("rotl"), "fold_clz": _folded("clz"), "fold_ctz": _folded("ctz"),
    "fold_popcnt": _folded("popcnt"), "fold_bswap": _folded("bswap"), "fold_smulhi": _folded("smulhi"),
    "fold_umulhi": _folded("umulhi"), "fold_smin": _folded("smin"), "fold_smax": _folded("smax"),
}  # fmt: skip

#: Helper terms that are conditions; a bool is decided by the types.
TESTS: dict[str, Callable[..., Any]] = {
    "imm_lt": z3.ULT, "imm_le": z3.ULE, "imm_eq": lambda a, b: a == b, "imm_ne": lambda a, b: a != b,
    "is_mask_of": lambda t, a: a == _mask(t), "is_low_mask": lambda a: a & (a + 1) == 0, "covers": lambda a, b: a & b == b,
    "disjoint": lambda a, b: a & b == 0, "is_not_negative": lambda t, a: z3.ULE(a, ty.MASK[t] >> 1),
    "wider": lambda a, b: ty.BITS[a] > ty.BITS[b], "same_type": lambda a, b: a == b,
}  # fmt: skip
_TYPE_TESTS: dict[str, Callable[[ty.Type], bool]] = {
    "scalar_int": lambda t: ty.IS_INT[t], "fits_in_64": lambda t: ty.IS_INT[t] and t != ty.I128,
    "small_int": lambda t: t in (ty.I8, ty.I16),
}  # fmt: skip
#: Divisors that a quotient can be made of, and the quotient: the mid-end's own functions, on numbers.
_DIVISORS = {"unsigned_divisor": divide.unsigned_divisor, "signed_divisor": divide.signed_divisor}
_QUOTIENTS = {"unsigned_quotient": divide.unsigned_quotient, "signed_quotient": divide.signed_quotient}


class Claim:
    """One rule at one choice of types: `prove` raises AssertionError with a counterexample."""

    def __init__(
        self, rule: ast.Rule, r: random.Random, types: tuple[ty.Type, ...], fixed: dict[str, int] | None = None
    ) -> None:
        self.rule = rule
        left = Symbolic(r, types, fixed or {})
        func = left.function(rule.pattern.args[0])
        self.known = left.known
        self.made: list[Any] = []  # what must hold of the constants of the right side
        self.values: list[Any] = []
        self.types = list(func.value_types)
        (block,) = func.layout
        for v in func.block_params[block]:
            if not ty.IS_INT[func.value_types[v]]:
                raise Misfit
        terms: dict[int, Any] = {v: z3.BitVec(f"v{v}", ty.BITS[func.value_types[v]]) for v in func.block_params[block]}
        self.traps: dict[str, Any] = {}
        for i in func.block_insts[block][:-1]:
            node = func.insts[i]
            traps, results = effects(op.NAME[node[0]], ty.BITS[node[1]], node[2], [terms[a] for a in node[3:]])
            if traps:
                self.traps = traps
            terms.update(zip(func.results[i], results))
        self.results = [terms[v] for v in func.results[func.block_insts[block][-2]]]
        self.env: dict[str, Any] = {
            **left.immediates, **left.types, **{name: (terms[v], self.types[v]) for name, v in left.values.items()},
        }  # fmt: skip
        self.key = tuple(sorted((k, v) for k, v in left.types.items())), tuple(self.types), tuple(
            sorted((k, v) for k, v in left.immediates.items() if isinstance(v, str))
        )

    def prove(self, milliseconds: int) -> bool | None:
        """Whether it was proved in time; None where the types do not satisfy the rule's conditions."""
        for clause in self.rule.iflets:
            if not self._clause(clause):
                return None
        entry = self.rule.pattern.term.name
        expression = self.rule.expr
        traps: dict[str, Any] = {}
        if entry == "simplify":
            results = [self.evaluate(expression)[0]]
        elif entry == "replace":
            assert isinstance(expression, ast.ETerm)
            results = [self.evaluate(a)[0] for a in expression.args]
        else:
            assert isinstance(expression, ast.ETerm)
            name, t, imm, args = self._instruction(expression)
            traps, made = effects(name, ty.BITS[t], imm, args)
            results = list(made)
        undefined = self.traps.pop("undefined", z3.BoolVal(False))
        stops = z3.Or(undefined, *self.traps.values())
        claims = [z3.Or(stops, left == right) for left, right in zip(self.results, results)]
        claims += [self.traps.get(code, z3.BoolVal(False)) == traps.get(code, z3.BoolVal(False)) for code in {*self.traps, *traps}]
        if traps.keys() != dict.fromkeys(traps, 0).keys() or len(results) != len(self.results):
            assert any(z3.is_true(z3.simplify(t)) for t in traps.values()), "another number of results"
        solver = z3.SolverFor("QF_BV")
        solver.set("timeout", milliseconds)
        solver.add(*self.known, z3.Not(z3.And(*claims, *self.made)))
        answer = solver.check()
        assert answer != z3.sat, f"{self.key}: {solver.model()}"
        return bool(answer == z3.unsat)

    def width(self) -> int:
        """Bits of all values together: how hard it may be."""
        return sum([ty.BITS[t] for t in self.types])

    def _clause(self, clause: ast.IfLet) -> bool:
        """Take a condition into account; False: these types do not satisfy it."""
        expression = clause.expr
        if isinstance(expression, ast.ETerm) and expression.term.name in TESTS:
            held = TESTS[expression.term.name](*[self.argument(a) for a in expression.args])
            if isinstance(held, bool):
                return held
            self.known.append(held)
            return True
        if isinstance(expression, ast.ETerm) and expression.term.name in _DIVISORS:
            t, d = [self.argument(a) for a in expression.args]
            found = _DIVISORS[expression.term.name](t, z3.simplify(d).as_long())
            if found is None:
                return False
            bound: Any = z3.BitVecVal(found, IMM)
        else:
            bound = self.argument(expression)
        pattern = clause.pattern
        if isinstance(pattern, ast.PTerm):
            if pattern.term.name in _TYPE_TESTS:
                if not _TYPE_TESTS[pattern.term.name](bound):
                    return False
            else:
                self.known.append(_extracted(pattern.term.name, bound))
            pattern = pattern.args[0]
        if isinstance(pattern, ast.PVar):
            self.env[pattern.name] = bound
        return True

    def argument(self, expression: ast.Expr) -> Any:
        """A type, immediate or condition code."""
        if isinstance(expression, ast.EInt):
            return z3.BitVecVal(expression.value, IMM)
        if isinstance(expression, ast.EVar):
            return self.env[expression.name]
        if isinstance(expression, ast.EConst):
            name = expression.name.lstrip("$")
            return ty.BY_NAME.get(name.lower(), 0) if name.lower() in ty.BY_NAME or name == "NO_TYPE" else name.lower()
        assert isinstance(expression, ast.ETerm)
        name = expression.term.name
        if name == "type_of":
            return self.evaluate(expression.args[0])[1]
        if name not in HELPERS:
            raise Unknown(f"term {name}")
        return HELPERS[name](*[self.argument(a) for a in expression.args])

    def evaluate(self, expression: ast.Expr) -> tuple[Any, ty.Type]:
        """A value: its bits and its type."""
        if isinstance(expression, ast.EVar):
            found: tuple[Any, ty.Type] = self.env[expression.name]
            return found
        assert isinstance(expression, ast.ETerm)
        name = expression.term.name
        if name == "subsume":
            return self.evaluate(expression.args[0])
        if name in _QUOTIENTS:
            t, d = self.argument(expression.args[0]), z3.simplify(self.argument(expression.args[2])).as_long()
            self.values = [self.evaluate(expression.args[1])]
            return self.values[_QUOTIENTS[name](self._make, t, 0, d)]
        name, t, imm, args = self._instruction(expression)
        if name == "iconst":
            self.made.append(z3.ULE(imm, ty.MASK[t]))
        bits = value(name, ty.BITS[t], imm, args)
        return bits, next(u for u in (ty.I8, ty.I16, ty.I32, ty.I64, ty.I128) if ty.BITS[u] == bits.size())

    def _make(self, node: tuple[Any, ...]) -> int:
        """The mid-end's functions make nodes over numbered values."""
        imm = z3.BitVecVal(node[2], IMM) if node[0] == op.ICONST else node[2]
        made = value(op.NAME[node[0]], ty.BITS[node[1]], imm, [self.values[a][0] for a in node[3:]])
        self.values.append((made, node[1]))
        return len(self.values) - 1

    def _instruction(self, expression: ast.ETerm) -> tuple[str, ty.Type, Any, list[Any]]:
        name = expression.term.name
        if name not in op.BY_NAME:
            raise Unknown(f"term {name}")
        number = op.BY_NAME[name]
        fields = list(expression.args)
        t = self.argument(fields.pop(0))
        imm = self.argument(fields.pop(0)) if len(fields) > len(op.ARGS[number]) else None
        return name, t, imm, [self.evaluate(f)[0] for f in fields]
