"""Functions made from the left sides of the mid-end's rules, so that each rule is tried on what it is about.

The pattern of a rule is a tree of opcodes, variables and constants with conditions on types. `instance` picks types that fit
the opcode table, makes parameters of the variables and random constants of the immediates, and returns the function that computes
the pattern. Whether the rule's conditions hold is not looked at: the caller sees whether the rule fired, and tries again.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from clif_generator import TYPES
from jitpy.backend.filetests.random_values import value_bits
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.domains import DOMAIN, DOMAINS, FREE
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.ir.infer import TYPE_CODES
from jitpy.backend.ir.memflags import BIG, LITTLE
from jitpy.backend.isle import ast
from jitpy.backend.isle.parser import parse_all
from jitpy.backend.opt import host

_FOLDER = Path(host.__file__).parent / "rules"
#: Extractors on types: what they admit.
_TYPE_TERMS = {
    "scalar_int": lambda t: ty.IS_INT[t],
    "fits_in_64": lambda t: ty.IS_INT[t] and t != ty.I128,
    "narrow": lambda t: ty.LANE[t] <= ty.I64,
    "small_int": lambda t: t in (ty.I8, ty.I16),
    "scalar_float": lambda t: ty.IS_FLOAT[t],
    "int_lanes": lambda t: ty.LANE[t] <= ty.I64,
    "any_int": lambda t: ty.LANE[t] <= ty.I128,
    "int_vector": lambda t: ty.IS_VECTOR[t] and ty.LANE[t] <= ty.I128,
    "vector": lambda t: ty.IS_VECTOR[t],
}  # fmt: skip


class Misfit(Exception):
    """The choices made do not go together."""


def rules(themes: tuple[str, ...] = (*host.THEMES, "vector")) -> dict[str, ast.Rule]:
    """The rules by name, without those of helper terms."""
    texts = [(theme, (_FOLDER / f"{theme}.isle").read_text()) for theme in themes]
    found = [d for d in parse_all(texts) if isinstance(d, ast.Rule)]
    return {d.name.name: d for d in found if d.name and d.pattern.term.name in ("simplify", "replace", "rewrite")}


def instance(rule: ast.Rule, r: random.Random) -> Function:
    """A function that returns what ``rule`` matches, or Misfit."""
    return Instance(r).function(rule.pattern.args[0])


class Instance:
    """One function; ``types``: those it may use. What the rule's variables stand for is in the dicts."""

    def __init__(self, r: random.Random, types: tuple[ty.Type, ...] = TYPES) -> None:
        self.random = r
        self.universe = types
        self.func = Function("f", signature([], []))
        self.block = self.func.block()
        self.values: dict[str, int] = {}
        self.types: dict[str, ty.Type] = {}
        self.immediates: dict[str, Any] = {}
        self.numbers: list[int] = []

    def function(self, pattern: ast.Pattern) -> Function:
        results = self.root(pattern)
        func = self.func
        func.sig = signature(
            [func.value_types[v] for v in func.block_params[self.block]], [func.value_types[v] for v in results]
        )  # fmt: skip
        func.append(self.block, (op.RETURN, 0, None, *results))
        return func

    def root(self, pattern: ast.Pattern) -> tuple[int, ...]:
        assert isinstance(pattern, ast.PTerm)
        inst = self.instruction(pattern, None)
        return self.func.results[inst]

    def value(self, pattern: ast.Pattern, type: ty.Type) -> int:
        """A value of ``type`` that ``pattern`` matches."""
        if isinstance(pattern, ast.PWild):
            return self.func.param(self.block, type)
        if isinstance(pattern, ast.PVar):
            known = self.values.get(pattern.name)
            if known is None:
                known = self.values[pattern.name] = self.func.param(self.block, type)
            if self.func.value_types[known] != type:
                raise Misfit
            return known
        if isinstance(pattern, ast.PBind):
            value = self.values[pattern.name] = self.value(pattern.pattern, type)
            return value
        if isinstance(pattern, ast.PTerm):
            (value,) = self.func.results[self.instruction(pattern, type)]
            return value
        raise Misfit

    def instruction(self, pattern: ast.PTerm, want: ty.Type | None) -> int:
        """The instruction that ``pattern`` describes, with a result of type ``want``."""
        number = op.BY_NAME[pattern.term.name]
        fields = list(pattern.args)
        control = self.control(number, fields.pop(0), want)
        imm = self.immediate(number, control, fields.pop(0)) if len(fields) > len(op.ARGS[number]) else None
        args = [self.value(field, self.operand(number, k, control, field)) for k, field in enumerate(fields)]
        results = tuple(ty.BY_NAME.get(c) or TYPE_CODES[c](control) for c in op.RESULTS[number])
        return self.func.append(self.block, (number, control, imm, *args), results)

    def control(self, number: int, pattern: ast.Pattern, want: ty.Type | None) -> ty.Type:
        code = op.RESULTS[number][0] if op.RESULTS[number] else "T"
        if not op.CTRL[number]:
            fits = [ty.BY_NAME[code]] if code in ty.BY_NAME else [ty.INVALID]
            if want not in (None, *fits):
                raise Misfit
        else:
            fits = [
                t for t in self.universe
                if t in DOMAINS[DOMAIN[number]] and (want is None or (ty.BY_NAME.get(code) or TYPE_CODES[code](t)) == want)
            ]  # fmt: skip
        return self.type(pattern, fits, want)

    def type(self, pattern: ast.Pattern, fits: list[ty.Type], want: ty.Type | None) -> ty.Type:
        """One of ``fits`` that the pattern admits."""
        if isinstance(pattern, ast.PConst):
            fits = [t for t in fits if ty.NAME[t].upper() == pattern.name.lstrip("$")]
        elif isinstance(pattern, ast.PTerm):
            test = _TYPE_TERMS[pattern.term.name]
            return self.type(pattern.args[0], [t for t in fits if test(t)], want)
        elif isinstance(pattern, ast.PVar):
            known = self.types.get(pattern.name)
            fits = [t for t in fits if known is None or t == known]
        if not fits:
            raise Misfit
        chosen = self.random.choice(fits)
        if isinstance(pattern, ast.PVar):
            self.types[pattern.name] = chosen
        return chosen

    def operand(self, number: int, k: int, control: ty.Type, field: ast.Pattern) -> ty.Type:
        """The type of an operand; where the table leaves it free, one that its pattern can have."""
        code = op.ARGS[number][k]
        if code != "any":
            return ty.BY_NAME.get(code) or TYPE_CODES[code](control)
        name = op.NAME[number]
        if isinstance(field, ast.PVar) and field.name in self.values:
            return self.func.value_types[self.values[field.name]]
        fits = [t for t in self.universe if name not in FREE or FREE[name][0](control, t)]
        inner = field.pattern if isinstance(field, ast.PBind) else field
        if isinstance(inner, ast.PTerm):
            code = op.RESULTS[op.BY_NAME[inner.term.name]][0]
            if code in ty.BY_NAME:
                fits = [t for t in fits if t == ty.BY_NAME[code]]
            elif code == "bool":
                fits = [t for t in fits if t == ty.I8 or ty.IS_VECTOR[t]]
        if not fits:
            raise Misfit
        return self.random.choice(fits)

    def immediate(self, number: int, control: ty.Type, pattern: ast.Pattern) -> Any:
        format = op.FORMAT[number]
        if isinstance(pattern, ast.PConst):
            return pattern.name.lstrip("$").removeprefix("F_").lower()
        if isinstance(pattern, ast.PVar) and pattern.name in self.immediates:
            return self.immediates[pattern.name]
        if isinstance(pattern, ast.PInt) and format in ("binary_imm8", "ternary_imm8"):
            return pattern.value
        if format == "int_compare":
            made: Any = self.random.choice(list(op.INT_CC))
        elif format == "float_compare":
            made = self.random.choice(list(op.FLOAT_CC))
        elif format in ("binary_imm8", "ternary_imm8"):
            made = self.random.randrange(ty.LANES[control])
        elif format == "load_no_offset":
            made = self.random.choice((0, LITTLE, BIG))
        elif format == "shuffle":
            made = self.shuffle_mask()
        elif format == "unary_const" and ty.IS_VECTOR[control]:
            made = self.lanes(control, pattern)
        elif format in ("cond_trap", "int_add_trap"):
            made = "user1"
        else:
            return self.number(control, pattern)
        if isinstance(pattern, ast.PVar):
            self.immediates[pattern.name] = made
        return made

    def shuffle_mask(self) -> bytes:
        """Indices of a shuffle: those of one operand as they are, or some of one or of both."""
        first, size = self.random.choice(((0, 16), (16, 16), (0, 32)))
        if size == 16 and self.random.random() < 0.5:
            return bytes(range(first, first + 16))
        return bytes([first + self.random.randrange(size) for _ in range(16)])

    def lanes(self, control: ty.Type, pattern: ast.Pattern) -> bytes:
        """A vector constant: often with all lanes alike, as rules want."""
        bits, count = ty.LANE_BITS[control], ty.LANES[control]
        if isinstance(pattern, ast.PTerm):
            return bytes([255 * (pattern.term.name == "ones")]) * (bits // 8 * count)
        r = self.random
        one = r.choice((0, 1, -1, 1 << r.randrange(bits), 1 << bits - 1, value_bits(r, ty.LANE[control])))
        made = [one] * count if r.random() < 0.7 else [one if r.random() < 0.9 else r.getrandbits(bits) for _ in range(count)]
        return b"".join([(lane & (1 << bits) - 1).to_bytes(bits // 8, "little") for lane in made])

    def number(self, control: ty.Type, pattern: ast.Pattern) -> int:
        """A constant of type ``control``: often related to those before, as the conditions of rules want."""
        mask = ty.MASK[control]
        if isinstance(pattern, ast.PInt):
            return pattern.value & mask
        if isinstance(pattern, ast.PTerm):
            inner = pattern.args[0]
            if pattern.term.name == "power_of_two":
                made = 1 << self.random.randrange(ty.BITS[control])
            else:
                made = self.number(control, inner) or 1
        else:
            inner = pattern
            bits = ty.BITS[control]
            related = [n for a in self.numbers for n in (a, bits - a, a ^ mask, a + 1, a - 1, -a)]
            kind = self.random.random()
            if related and kind < 0.5:
                made = self.random.choice(related)
            elif kind < 0.8:
                made = self.random.choice((0, 1, -1, bits - 1, bits // 2, bits // 4, mask >> 1, 1 << bits - 1, 7, 255, 65535, 2, 3))
            else:
                made = value_bits(self.random, control)
        made &= mask
        self.numbers.append(made)
        if isinstance(inner, ast.PVar):
            self.immediates[inner.name] = made
        return made
