"""The mid-end's rules as claims about bit-vectors, for an SMT solver to prove.

A rule is instantiated as `rule_instances` does it: types are chosen, its variables become parameters; but constants stay symbols,
with what is known of every constant (it fits its type) and what the rule asks of them. The left side is then one term over
bit-vectors (`smt_opcodes`), the right side another, and the claim is that no assignment tells them apart; that both trap alike; and
that each constant that the right side makes fits its type. Conditions on types, condition codes and numbers of lanes are decided
when they are chosen. Floats are alike bit for bit; where either side computes, a NaN is also like another NaN.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import z3
from jitpy.backend.ir import ieee, memflags
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.isle import ast
from jitpy.backend.opt import divide, fold
from jitpy.backend.opt.vector import FLOAT_ONE, FLOAT_TWO
from rule_instances import Instance, Misfit
from smt_opcodes import (
    COMPARE,
    COMPUTED,
    CONVERTED,
    Unknown,
    chosen,
    effects,
    forget,
    is_nan,
    join,
    lanes,
    result_type,
    truth,
    value,
)

#: Immediates are numbers of so many bits: more than any type for which they are symbols, and room for sums.
IMM = 80
#: What rules call a mask that a solver wants to be known.
MASK = "outer"
_COMPUTES = COMPUTED.keys() | CONVERTED.keys() | {"fvdemote", "fvpromote_low"}


# -- a rule ------------------------------------------------------------------------------------------


class Symbolic(Instance):
    """The left side of a rule, constants as symbols; ``known``: what holds of them. ``fixed``: numbers for some, by name."""

    def __init__(self, r: random.Random, types: tuple[ty.Type, ...], fixed: dict[str, int]) -> None:
        super().__init__(r, types)
        self.known: list[Any] = []
        self.fixed = fixed
        self.mask: int | None = None

    def number(self, control: ty.Type, pattern: ast.Pattern) -> Any:
        if control == ty.I128 or ty.IS_VECTOR[control]:
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

    def immediate(self, number: int, control: ty.Type, pattern: ast.Pattern) -> Any:
        if op.FORMAT[number].startswith("unary_ieee"):
            control = ty.BY_NAME[op.RESULTS[number][0]]
        if op.NAME[number] not in ("vconst", "shuffle"):
            return super().immediate(number, control, pattern)
        if isinstance(pattern, ast.PTerm):
            return z3.BitVecVal(0 if pattern.term.name == "zeros" else -1, ty.BITS[control])
        name = pattern.name if isinstance(pattern, ast.PVar) else f"_{len(self.known)}"
        if name in self.fixed:
            self.mask = self.fixed[name]
            return z3.BitVecVal(self.mask, ty.BITS[control])
        if name not in self.immediates:
            data = self.immediates[name] = z3.BitVec(name, ty.BITS[control])
            self.known += [z3.ULT(i, 32) for i in _bytes(data)] if op.NAME[number] == "shuffle" else []
        return self.immediates[name]


def _bytes(data: Any) -> list[Any]:
    return [z3.Extract(k + 7, k, data) for k in range(0, data.size(), 8)]


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
    return lambda t, *numbers: _wide(value(name, t, None, [z3.Extract(ty.BITS[t] - 1, 0, a) for a in numbers], (t,) * len(numbers)))


def _wide(bits: Any) -> Any:
    """Bits as an immediate."""
    return z3.ZeroExt(IMM - bits.size(), bits)


def _folded_float(name: str) -> Callable[..., Any]:
    """The same for floats, where the result is a number; (immediate, when)."""

    def made(t: ty.Type, *numbers: Any) -> tuple[Any, Any]:
        bits = value(name, t, None, [z3.Extract(ty.BITS[t] - 1, 0, a) for a in numbers], (t,) * len(numbers))
        return _wide(bits), z3.Not(is_nan(bits, t))

    return made


def _folded_conversion(name: str) -> Callable[..., Any]:
    def made(t: ty.Type, s: ty.Type, a: Any) -> tuple[Any, Any]:
        bits = value(name, t, None, [z3.Extract(ty.BITS[s] - 1, 0, a)], (s,))
        return _wide(bits), z3.Not(is_nan(bits, t))

    return made


def _reciprocal(t: ty.Type, a: Any) -> tuple[Any, Any]:
    """1/x of a power of two whose reciprocal is no subnormal, by the exponent."""
    fraction, exponent_bits = {ty.F16: (10, 5), ty.F32: (23, 8), ty.F64: (52, 11)}[t]
    twice_bias = (1 << exponent_bits) - 2
    x = z3.Extract(ty.BITS[t] - 1, 0, a)
    exponent = z3.Extract(ty.BITS[t] - 2, fraction, x)
    made = z3.Concat(z3.Extract(ty.BITS[t] - 1, ty.BITS[t] - 1, x), twice_bias - exponent, z3.BitVecVal(0, fraction))
    return _wide(made), z3.And(z3.Extract(fraction - 1, 0, x) == 0, exponent != 0, z3.ULT(exponent, twice_bias))


def _exact(t: ty.Type, a: Any) -> tuple[Any, Any]:
    wide = ty.double_width(t)
    full = z3.Extract(ty.BITS[wide] - 1, 0, a)
    half = value("fdemote", t, None, [full], (wide,))
    back = value("fpromote", wide, None, [half], (t,))
    return _wide(half), z3.And(back == full, z3.Not(is_nan(full, wide)))


def _common_lane(t: ty.Type, data: Any) -> tuple[Any, Any]:
    parts = lanes(data, t)
    return _wide(parts[0]), z3.And(*[lane == parts[0] for lane in parts])


def _through(mask: Any, inner: Any) -> Any:
    table = _bytes(inner)
    return join([chosen(table[:-1], i, table[-1]) for i in _bytes(mask)])


def _indices(first: int) -> list[Any]:
    return [z3.BitVecVal(first + k, 8) for k in range(16)]


def _constant(t: ty.Type, lane: int) -> Any:
    return join([z3.BitVecVal(lane, ty.LANE_BITS[t])] * ty.LANES[t])


def _narrow(operation: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Arithmetic modulo the width of the type, done in that width: solvers are slow at wide products."""

    def made(t: ty.Type, a: Any, b: Any) -> Any:
        n = ty.BITS[t]
        return z3.ZeroExt(IMM - n, operation(z3.Extract(n - 1, 0, a), z3.Extract(n - 1, 0, b)))

    return made


def _mask(t: ty.Type) -> Any:
    return z3.BitVecVal(ty.MASK[t], IMM)


def _bits(t: ty.Type) -> Any:
    return z3.BitVecVal(ty.LANE_BITS[t], IMM)


#: Helper terms of the prelude that give immediates, types or condition codes.
HELPERS: dict[str, Callable[..., Any]] = {
    "bits": _bits, "mask": _mask, "plus": lambda a, b: a + b, "minus": lambda a, b: a - b, "log2": _log2,
    "imm_add": _narrow(lambda a, b: a + b), "imm_sub": _narrow(lambda a, b: a - b), "imm_mul": _narrow(lambda a, b: a * b),
    "imm_and": lambda t, a, b: a & b, "imm_or": lambda t, a, b: a | b,
    "imm_xor": lambda t, a, b: a ^ b, "imm_not": lambda t, a: a ^ _mask(t), "imm_neg": lambda t, a: -a & _mask(t),
    "imm_trunc": lambda t, a: a & _mask(t), "imm_shl": _folded("ishl"),
    "imm_shr": _folded("ushr"), "imm_modulo_bits": lambda t, a: a & (_bits(t) - 1),
    "sign_bit": lambda t: z3.BitVecVal(1 << ty.BITS[t] - 1, IMM), "max_signed": lambda t: z3.BitVecVal(ty.MASK[t] >> 1, IMM),
    "complement": fold.complement, "swap": fold.swap, "float_complement": fold.float_complement, "float_swap": fold.float_swap,
    "fold_icmp": lambda t, cc, a, b: z3.ZeroExt(
        IMM - 8, truth(COMPARE[cc](z3.Extract(ty.BITS[t] - 1, 0, a), z3.Extract(ty.BITS[t] - 1, 0, b)))
    ),
    "fold_sext": lambda t, s, a: z3.ZeroExt(
        IMM - ty.BITS[t], z3.SignExt(ty.BITS[t] - ty.BITS[s], z3.Extract(ty.BITS[s] - 1, 0, a))
    ),
    "fold_sshr": _folded("sshr"), "fold_rotl": _folded("rotl"), "fold_clz": _folded("clz"), "fold_ctz": _folded("ctz"),
    "fold_popcnt": _folded("popcnt"), "fold_bswap": _folded("bswap"), "fold_smulhi": _folded("smulhi"),
    "fold_umulhi": _folded("umulhi"), "fold_smin": _folded("smin"), "fold_smax": _folded("smax"),
    "if_unordered": lambda cc: z3.BitVecVal(fold.if_unordered(cc), IMM),
    "lane_of": lambda t: ty.LANE[t], "zeros_of": lambda t: _constant(t, 0), "ones_of": lambda t: _constant(t, -1),
    "units_of": lambda t: _constant(t, 1), "all_lanes": lambda t, a: join([z3.Extract(ty.LANE_BITS[t] - 1, 0, a)] * ty.LANES[t]),
    "int_type": ty.as_int, "merged": ty.merge_lanes, "lane_count": lambda t: ty.LANES[t],
    "float_one": lambda t: z3.BitVecVal(FLOAT_ONE[ty.LANE[t]], IMM),
    "float_two": lambda t: z3.BitVecVal(FLOAT_TWO[ty.LANE[t]], IMM),
    "through": _through, "then_first": lambda mask: join(_bytes(mask) + _indices(0)),
    "then_second": lambda mask: join(_bytes(mask) + _indices(16)),
    "as_shuffle": lambda indices: join([z3.If(z3.ULT(i, 16), i, z3.BitVecVal(16, 8)) for i in _bytes(indices)]),
}  # fmt: skip

_FOLDED_FLOATS = ("fadd", "fsub", "fmul", "fdiv", "fmin", "fmax", "sqrt", "ceil", "floor", "trunc", "nearest")
#: Those that have no answer for some: the immediate, and when there is one.
PARTIAL: dict[str, Callable[..., tuple[Any, Any]]] = {
    **{f"fold_{name}": _folded_float(name) for name in _FOLDED_FLOATS},
    "fold_from_sint": _folded_conversion("fcvt_from_sint"), "fold_from_uint": _folded_conversion("fcvt_from_uint"),
    "fold_fdemote": lambda t, a: _folded_conversion("fdemote")(t, ty.double_width(t), a),
    "fold_fpromote": lambda t, a: _folded_conversion("fpromote")(t, ty.half_width(t), a),
    "fold_fcmp": lambda t, cc, a, b: (
        _wide(value("fcmp", t, cc, [z3.Extract(ty.BITS[t] - 1, 0, x) for x in (a, b)], (t, t))), z3.BoolVal(True)
    ),
    "exact_demoted": _exact, "reciprocal": _reciprocal, "common_lane": _common_lane,
    "of_one": lambda mask: (mask, z3.And(*[z3.ULT(i, 16) for i in _bytes(mask)])),
    "index_in_first": lambda mask, i: (_bytes(mask)[i], z3.ULT(_bytes(mask)[i], 16)),
    "index_in_second": lambda mask, i: (_bytes(mask)[i] - 16, z3.UGE(_bytes(mask)[i], 16)),
    "as_of_one": lambda mask: (join([i & 15 for i in _bytes(mask)]), z3.Or(*[z3.UGE(i, 16) for i in _bytes(mask)])),
    "of_second": lambda mask: (join([i - 16 for i in _bytes(mask)]), z3.And(*[z3.UGE(i, 16) for i in _bytes(mask)])),
}  # fmt: skip

#: Helper terms that are conditions; a bool is decided by the types.
TESTS: dict[str, Callable[..., Any]] = {
    "imm_lt": z3.ULT, "imm_le": z3.ULE, "imm_eq": lambda a, b: a == b, "imm_ne": lambda a, b: a != b,
    "is_mask_of": lambda t, a: a == _mask(t), "is_low_mask": lambda a: a & (a + 1) == 0, "covers": lambda a, b: a & b == b,
    "disjoint": lambda a, b: a & b == 0, "is_not_negative": lambda t, a: z3.ULE(a, ty.MASK[t] >> 1),
    "same_order": lambda f, g: (f ^ g) & memflags.BIG == 0, "same_bytes": lambda a, b: a == b,
    "holds_signed": lambda f, t: ty.LANE_BITS[t] <= fold.FLOAT_DIGITS[ty.LANE[f]] + 1,
    "holds_unsigned": lambda f, t: ty.LANE_BITS[t] <= fold.FLOAT_DIGITS[ty.LANE[f]],
    "different": lambda x, y: True,
    "is_identity": lambda mask, first: z3.And(*[i == z3.Extract(7, 0, first) + k for k, i in enumerate(_bytes(mask))]),
    "wider": lambda a, b: ty.BITS[a] > ty.BITS[b], "same_type": lambda a, b: a == b,
}  # fmt: skip
_TYPE_TESTS: dict[str, Callable[[ty.Type], bool]] = {
    "scalar_int": lambda t: ty.IS_INT[t], "fits_in_64": lambda t: ty.IS_INT[t] and t != ty.I128,
    "small_int": lambda t: t in (ty.I8, ty.I16), "scalar_float": lambda t: ty.IS_FLOAT[t],
    "int_lanes": lambda t: ty.LANE[t] <= ty.I64, "narrow": lambda t: ty.LANE[t] <= ty.I64, "a_vector": lambda t: ty.IS_VECTOR[t],
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
        forget()
        self.computes = False
        terms: dict[int, Any] = {v: z3.BitVec(f"v{v}", ty.BITS[func.value_types[v]]) for v in func.block_params[block]}
        self.traps: dict[str, Any] = {}
        for i in func.block_insts[block][:-1]:
            node = func.insts[i]
            args, arg_types = [terms[a] for a in node[3:]], tuple([self.types[a] for a in node[3:]])
            traps, results = effects(op.NAME[node[0]], node[1], node[2], args, arg_types)
            self.computes |= op.NAME[node[0]] in _COMPUTES
            if traps:
                self.traps = traps
            terms.update(zip(func.results[i], results))
        self.results = [(terms[v], self.types[v]) for v in func.results[func.block_insts[block][-2]]]
        self.env: dict[str, Any] = {
            **{name: z3.BitVecVal(n, 128) for name, n in (fixed or {}).items() if name == MASK},
            **left.immediates, **left.types, **{name: (terms[v], self.types[v]) for name, v in left.values.items()},
        }  # fmt: skip
        self.key = tuple(sorted((k, v) for k, v in left.types.items())), tuple(self.types), tuple(
            sorted((k, v) for k, v in left.immediates.items() if isinstance(v, (str, int)))
        ), left.mask

    def prove(self, milliseconds: int) -> bool | None:
        """Whether it was proved in time; None where nothing satisfies the rule's conditions at these types."""
        for clause in self.rule.iflets:
            if not self._clause(clause):
                return None
        if any(z3.is_false(z3.simplify(k)) for k in self.known):
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
            traps, made = effects(*self._instruction(expression))
            results = list(made)
        undefined = self.traps.pop("undefined", z3.BoolVal(False))
        stops = z3.Or(undefined, *self.traps.values())
        claims = [z3.Or(stops, self._alike(left, right, t)) for (left, t), right in zip(self.results, results)]
        claims += [self.traps.get(code, z3.BoolVal(False)) == traps.get(code, z3.BoolVal(False)) for code in {*self.traps, *traps}]
        if traps.keys() != dict.fromkeys(traps, 0).keys() or len(results) != len(self.results):
            assert any(z3.is_true(z3.simplify(t)) for t in traps.values()), "another number of results"
        solver = z3.SolverFor("QF_FPBV" if any(ty.LANE[t] > ty.I128 for t in self.types) else "QF_BV")
        solver.set("timeout", milliseconds)
        solver.add(*self.known, z3.Not(z3.And(*claims, *self.made)))
        answer = solver.check()
        assert answer != z3.sat, f"{self.key}: {solver.model()}"
        if answer == z3.unsat and self.known:
            solver.reset()
            solver.set("timeout", milliseconds)
            solver.add(*self.known)
            if solver.check() == z3.unsat:
                return None
        return bool(answer == z3.unsat)

    def _alike(self, left: Any, right: Any, t: ty.Type) -> Any:
        """Whether two results are the same."""
        if not self.computes or ty.LANE[t] <= ty.I128:
            return left == right
        pairs = zip(lanes(left, t), lanes(right, t))
        lane = ty.LANE[t]
        return z3.And(*[z3.Or(a == b, z3.And(is_nan(a, lane), is_nan(b, lane))) for a, b in pairs])

    def width(self) -> tuple[int, int]:
        """Bits of all values together, and of all lanes: how hard it may be."""
        return sum([ty.BITS[t] for t in self.types]), sum([ty.LANE_BITS[t] for t in self.types])

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
        elif isinstance(expression, ast.ETerm) and expression.term.name in PARTIAL:
            bound, condition = PARTIAL[expression.term.name](*[self.argument(a) for a in expression.args])
            self.known.append(condition)
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
            if name.lower() in ty.BY_NAME or name == "NO_TYPE":
                return ty.BY_NAME.get(name.lower(), ty.INVALID)
            return name.removeprefix("F_").lower()
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
        name, t, imm, args, types = self._instruction(expression)
        made = result_type(name, t)
        if name in ("iconst", "f16const", "f32const", "f64const"):
            self.made.append(z3.ULE(imm, ty.MASK[made]))
        self.computes |= name in _COMPUTES
        return value(name, t, imm, args, types), made

    def _make(self, node: tuple[Any, ...]) -> int:
        """The mid-end's functions make nodes over numbered values."""
        imm = z3.BitVecVal(node[2], IMM) if node[0] == op.ICONST else node[2]
        args, types = [self.values[a][0] for a in node[3:]], tuple([self.values[a][1] for a in node[3:]])
        made = value(op.NAME[node[0]], node[1], imm, args, types)
        self.values.append((made, node[1]))
        return len(self.values) - 1

    def _instruction(self, expression: ast.ETerm) -> tuple[str, ty.Type, Any, list[Any], tuple[ty.Type, ...]]:
        name = expression.term.name
        if name not in op.BY_NAME:
            raise Unknown(f"term {name}")
        number = op.BY_NAME[name]
        fields = list(expression.args)
        t = self.argument(fields.pop(0))
        imm = self.argument(fields.pop(0)) if len(fields) > len(op.ARGS[number]) else None
        if op.FORMAT[number].endswith("imm8") and z3.is_bv_value(imm):
            imm = imm.as_long()
        operands = [self.evaluate(f) for f in fields]
        return name, t, imm, [bits for bits, _ in operands], tuple([s for _, s in operands])


def in_half_precision(rule: ast.Rule) -> ast.Rule:
    """A rule that names f32 or f64 in terms of f16, types and constants; one that names both in terms of f16 and f32."""
    text = repr(rule)
    names = [t for t in ("f32", "f64") if f"${t.upper()}" in text or f"{t}const" in text]
    if not names or "'bitcast'" in text:
        return rule
    renamed = dict(zip(names, ("f16", "f32")))
    full, half = (ieee.FORMATS[ty.BY_NAME[t]] for t in (names[-1], renamed[names[-1]]))
    masks = {full.sign: half.sign, full.sign - 1: half.sign - 1}

    def changed(node: Any) -> Any:
        if isinstance(node, list):
            return [changed(part) for part in node]
        if not hasattr(node, "pos"):
            return node
        parts = {field: changed(getattr(node, field)) for field in node.__slots__}
        if isinstance(node, (ast.PInt, ast.EInt)):
            parts["value"] = masks.get(node.value, ieee.convert(node.value, full, half))
        elif isinstance(node, (ast.PConst, ast.EConst)):
            parts["name"] = "$" + renamed.get(node.name[1:].lower(), node.name[1:]).upper()
        elif isinstance(node, ast.Ident) and node.name.removesuffix("const") in renamed:
            parts["name"] = renamed[node.name.removesuffix("const")] + "const"
        return type(node)(**parts)

    made: ast.Rule = changed(rule)
    return made
