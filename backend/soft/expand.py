"""The pass that replaces what a target lacks: by calls of the library, or by short sequences of other instructions.

    lacks      (opcode, type) pairs of a target: an instruction is replaced if its controlling type, or the type of
               its first operand, makes such a pair
    RULES      (opcode, type) -> how it is replaced

It runs behind the mid-end, to which f128 additions are pure like any others. Replacements go through the pass
themselves: a target without f16 arithmetic may also lack the conversions that stand for it.

f16 arithmetic is f32 arithmetic, rounded twice: harmless for sums, products, quotients and roots, for f32 has more
than twice the digits of f16 (Figueroa, When Is Double Rounding Innocuous?, 1995). The product of a fused
multiply-add is exact in f64, and its sum is inexact there only where one term is too small to matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import infer, memflags
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T
from jitpy.backend.ir.function import signature
from jitpy.backend.soft.notation import PREFIX
from jitpy.backend.target.lacks import vectors

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.backend.ir.function import Function, Node

    Rule = Callable[["Expansion", Node], None]

Lacks = frozenset[tuple[int, T.Type]]


def expand(func: Function, lacks: Lacks) -> None:
    """Replace in place what is in ``lacks``."""
    Expansion(func, lacks).run()


class Expansion:
    """One run. The rules emit through it, and hand the results of what they replace to the last instruction."""

    def __init__(self, func: Function, lacks: Lacks) -> None:
        self.func = func
        self.lacks = lacks
        self.out: list[int] = []
        self.results: tuple[int, ...] = ()
        self.srcloc = 0

    def run(self) -> None:
        """Walk over all instructions."""
        func, insts = self.func, self.func.insts
        opcodes = frozenset(op for op, _ in self.lacks)
        for block in func.layout:
            body = func.block_insts[block]
            if opcodes.isdisjoint([insts[i][0] for i in body]):
                continue
            self.out = []
            for i in body:
                node = insts[i]
                rule = self.rule(node) if node[0] in opcodes else None
                if rule is None:
                    self.out.append(i)
                else:
                    self.results, self.srcloc = func.results[i], func.srclocs[i]
                    rule(self, node)
            func.block_insts[block] = self.out

    def rule(self, node: Node) -> Rule | None:
        """How an instruction is replaced; None: it stays."""
        op, type = node[0], node[1]
        if (op, type) in self.lacks:
            return RULES.get((op, type))
        if len(node) > 3:
            type = self.func.value_types[node[3]]
            if (op, type) in self.lacks:
                return RULES.get((op, type))
        return None

    # What rules emit with.

    def emit(self, op: int, type: T.Type, imm: Any, *args: int, last: bool = False) -> tuple[int, ...]:
        """Append an instruction; its results. ``last``: it defines what the replaced one did."""
        func = self.func
        node = (op, type, imm, *args)
        if last:
            rule = self.rule(node)
            if rule is not None:
                rule(self, node)
                return self.results
        else:
            rule = self.rule(node)
            if rule is not None:
                outer = self.results
                self.results = tuple([self._new(t) for t in infer.node_result_types(func, node)])
                made = self.results
                rule(self, node)
                self.results = outer
                return made
        inst = len(func.insts)
        func.insts.append(node)
        func.srclocs.append(self.srcloc)
        results = self.results if last else tuple([self._new(t) for t in infer.node_result_types(func, node)])
        for v in results:
            func.value_defs[v] = inst
        func.results.append(results)
        self.out.append(inst)
        return results

    def _new(self, type: T.Type) -> int:
        v = len(self.func.value_types)
        self.func.value_types.append(type)
        self.func.value_defs.append(-1)
        return v

    def value(self, op: int, type: T.Type, *args: int, imm: Any = None) -> int:
        """Append an instruction with one result; the result."""
        return self.emit(op, type, imm, *args)[0]

    def last(self, op: int, type: T.Type, *args: int, imm: Any = None) -> None:
        """Append the instruction that defines the results of the replaced one."""
        self.emit(op, type, imm, *args, last=True)

    def call(self, name: str, returns: list[T.Type], *args: int, last: bool = False) -> tuple[int, ...]:
        """Call a function of the library."""
        sig = signature([self.func.value_types[a] for a in args], returns)
        return self.emit(O.CALL_, T.INVALID, self.func.import_function(PREFIX + name, sig), *args, last=last)

    def const(self, n: int, type: T.Type) -> int:
        """An integer constant up to i64."""
        return self.value(O.ICONST, type, imm=n & T.MASK[type])

    def type_of(self, v: int) -> T.Type:
        """The type of a value."""
        return self.func.value_types[v]


#: (opcode, type) -> rule. All that the library can replace; a target chooses by what it lacks.
RULES: dict[tuple[int, T.Type], Rule] = {}


def _rules(ops: tuple[int, ...], *types: T.Type) -> Callable[[Rule], Rule]:
    def enter(rule: Rule) -> Rule:
        for op in ops:
            for type in types:
                RULES[op, type] = rule
        return rule

    return enter


_TO_SIGNED = (O.FCVT_TO_SINT, O.FCVT_TO_SINT_SAT, O.FCVT_TO_SINT_PROVEN)
_TO_UNSIGNED = (O.FCVT_TO_UINT, O.FCVT_TO_UINT_SAT, O.FCVT_TO_UINT_PROVEN)

# f128: calls.

_F128 = {
    O.FADD: "add", O.FSUB: "sub", O.FMUL: "mul", O.FDIV: "div", O.SQRT: "sqrt", O.FMA: "fma", O.FMIN: "min",
    O.FMAX: "max", O.CEIL: "ceil", O.FLOOR: "floor", O.TRUNC: "trunc", O.NEAREST: "nearest",
}  # fmt: skip


@_rules(tuple(_F128), T.F128)
def _f128(e: Expansion, node: Node) -> None:
    e.call(f"f128_{_F128[node[0]]}", [T.F128], *node[3:], last=True)


@_rules((O.FCMP,), T.F128)
def _f128_compare(e: Expansion, node: Node) -> None:
    from jitpy.backend.soft.compare import HOLDS

    (answer,) = e.call("f128_compare", [T.I32], *node[3:])
    held = e.value(O.BAND, T.I32, answer, e.const(HOLDS[node[2]], T.I32))
    e.last(O.ICMP, T.I32, held, e.const(0, T.I32), imm="ne")


@_rules((O.FMA,), T.F32, T.F64)
def _fma(e: Expansion, node: Node) -> None:
    e.call(f"{T.NAME[node[1]]}_fma", [node[1]], *node[3:], last=True)


# f16: by way of f32.

_F16_BY_F32 = (
    O.FADD, O.FSUB, O.FMUL, O.FDIV, O.SQRT, O.FMIN, O.FMAX, O.CEIL, O.FLOOR, O.TRUNC, O.NEAREST,
)  # fmt: skip


@_rules(_F16_BY_F32, T.F16)
def _f16(e: Expansion, node: Node) -> None:
    args = [e.value(O.FPROMOTE, T.F32, a) for a in node[3:]]
    e.last(O.FDEMOTE, T.F16, e.value(node[0], T.F32, *args))


@_rules((O.FCMP,), T.F16)
def _f16_compare(e: Expansion, node: Node) -> None:
    x, y = [e.value(O.FPROMOTE, T.F32, a) for a in node[3:]]
    e.last(O.FCMP, T.F32, x, y, imm=node[2])


@_rules((O.FMA,), T.F16)
def _f16_fma(e: Expansion, node: Node) -> None:
    x, y, z = [e.value(O.FPROMOTE, T.F64, a) for a in node[3:]]
    e.last(O.FDEMOTE, T.F16, e.value(O.FADD, T.F64, e.value(O.FMUL, T.F64, x, y), z))


# Vectors: f16 by way of f32 where that has no more than 512 bits; all else lane after lane.


def _lane_after_lane(e: Expansion, node: Node) -> None:
    """The scalar operation on each lane in order, for that is the order of their traps."""
    func, op = e.func, node[0]
    (t,) = [func.value_types[v] for v in e.results]
    lane = T.LANE[t]
    made = e.value(O.VCONST, t, imm=bytes(T.BYTES[t]))
    for i in range(T.LANES[t]):
        args = [e.value(O.EXTRACTLANE, e.type_of(a), a, imm=i) for a in node[3:]]
        if op == O.FCMP:
            x = e.value(O.BMASK, lane, e.value(op, T.LANE[node[1]], *args, imm=node[2]))
        else:
            x = e.value(op, lane, *args)
        if i < T.LANES[t] - 1:
            made = e.value(O.INSERTLANE, t, made, x, imm=i)
        else:
            e.last(O.INSERTLANE, t, made, x, imm=i)


def _f16_vector(e: Expansion, node: Node) -> None:
    wide = node[1] - T.F16 + T.F32
    args = [e.value(O.FPROMOTE, wide, a) for a in node[3:]]
    e.last(O.FDEMOTE, node[1], e.value(node[0], wide, *args))


_rules((O.FMA,), *vectors(T.F32), *vectors(T.F64))(_lane_after_lane)
_rules((O.FPROMOTE, O.FDEMOTE, O.FCMP, O.FMA), *vectors(T.F16))(_lane_after_lane)
_rules((O.FCVT_FROM_SINT, O.FCVT_FROM_UINT), *vectors(T.F16))(_lane_after_lane)
_rules((*_TO_SIGNED, *_TO_UNSIGNED, O.X86_CVTT2DQ), *vectors(T.F16))(_lane_after_lane)
_rules(_F16_BY_F32, *vectors(T.F16)[:-1])(_f16_vector)
_rules(_F16_BY_F32, *vectors(T.F16)[-1:])(_lane_after_lane)


# Signs: bits.


@_rules((O.FNEG, O.FABS, O.FCOPYSIGN), T.F16, T.F128)
def _signs(e: Expansion, node: Node) -> None:
    type = T.as_int(node[1])
    bits = [e.value(O.BITCAST, type, a, imm=0) for a in node[3:]]
    sign = _sign_bit(e, type)
    if node[0] == O.FNEG:
        made = e.value(O.BXOR, type, bits[0], sign)
    else:
        made = e.value(O.BAND, type, bits[0], e.value(O.BNOT, type, sign))
        if node[0] == O.FCOPYSIGN:
            made = e.value(O.BOR, type, made, e.value(O.BAND, type, bits[1], sign))
    e.last(O.BITCAST, node[1], made, imm=0)


def _sign_bit(e: Expansion, type: T.Type) -> int:
    if type != T.I128:
        return e.const(1 << (T.BITS[type] - 1), type)
    return e.value(O.ICONCAT, T.I64, e.const(0, T.I64), e.const(1 << 63, T.I64))


# Conversions among floats.


@_rules((O.FPROMOTE, O.FDEMOTE), T.F16, T.F128)
def _convert(e: Expansion, node: Node) -> None:
    source, target = e.type_of(node[3]), node[1]
    if (source, target) == (T.F16, T.F64):
        e.last(O.FPROMOTE, T.F64, e.value(O.FPROMOTE, T.F32, node[3]))
    else:
        e.call(f"{T.NAME[source]}_to_{T.NAME[target]}", [target], node[3], last=True)


# From integers.


@_rules((O.FCVT_FROM_SINT, O.FCVT_FROM_UINT), T.F16, T.F128, T.I128)
def _from_int(e: Expansion, node: Node) -> None:
    """f16 from at most 64 bits is f32 rounded again: what f32 does not hold exactly is beyond f16's range."""
    target, x = node[1], node[3]
    source = e.type_of(x)
    if source != T.I128 and target == T.F16:
        e.last(O.FDEMOTE, T.F16, e.value(node[0], T.F32, x))
        return
    sign = "sint" if node[0] == O.FCVT_FROM_SINT else "uint"
    if source != T.I128:
        x = e.value(O.SEXTEND if sign == "sint" else O.UEXTEND, T.I128, x)
    e.call(f"{sign}_to_{T.NAME[target]}", [target], x, last=True)


# To integers.


@_rules(_TO_SIGNED + _TO_UNSIGNED, T.F16, T.F128, T.I128)
def _to_int(e: Expansion, node: Node) -> None:
    op, target, x = node[0], node[1], node[3]
    source = e.type_of(x)
    if source == T.F16:
        e.last(op, target, e.value(O.FPROMOTE, T.F32, x))
        return
    name = f"{T.NAME[source]}_to_{'sint' if op in _TO_SIGNED else 'uint'}"
    number, status = e.call(name, [T.I128, T.I8], x, e.const(T.BITS[target], T.I32))
    if op in (O.FCVT_TO_SINT, O.FCVT_TO_UINT):
        from jitpy.backend.soft.convert import NOT_A_NUMBER

        nan = e.value(O.ICMP, T.I8, status, e.const(NOT_A_NUMBER, T.I8), imm="eq")
        e.emit(O.TRAPNZ, T.I8, "bad_toint", nan)
        e.emit(O.TRAPNZ, T.I8, "int_ovf", status)
    if target == T.I128:
        low, high = e.emit(O.ISPLIT, T.I128, None, number)
        e.last(O.ICONCAT, T.I64, low, high)
    else:
        e.last(O.IREDUCE, target, number)


@_rules((O.X86_CVTT2DQ,), T.F16, T.F128, T.I128)
def _to_int_or_minimum(e: Expansion, node: Node) -> None:
    """What does not fit becomes the minimum."""
    target, x = node[1], node[3]
    source = e.type_of(x)
    if source == T.F16:
        e.last(O.X86_CVTT2DQ, target, e.value(O.FPROMOTE, T.F32, x))
        return
    number, status = e.call(f"{T.NAME[source]}_to_sint", [T.I128, T.I8], x, e.const(T.BITS[target], T.I32))
    if target != T.I128:
        number = e.value(O.IREDUCE, target, number)
    minimum = _sign_bit(e, target)
    e.last(O.SELECT, target, status, minimum, number)


# i128.


@_rules((O.UDIV, O.UREM, O.UDIV_PROVEN, O.UREM_PROVEN), T.I128)
def _divide_unsigned(e: Expansion, node: Node) -> None:
    op, x, y = node[0], node[3], node[4]
    if op in (O.UDIV, O.UREM):
        e.emit(O.TRAPZ, T.I128, "int_divz", y)
    both = e.call("i128_udivmod", [T.I128, T.I128], x, y)
    low, high = e.emit(O.ISPLIT, T.I128, None, both[op in (O.UREM, O.UREM_PROVEN)])
    e.last(O.ICONCAT, T.I64, low, high)


@_rules((O.SDIV, O.SREM, O.SDIV_PROVEN, O.SREM_PROVEN), T.I128)
def _divide_signed(e: Expansion, node: Node) -> None:
    op, x, y = node[0], node[3], node[4]
    if op in (O.SDIV, O.SREM):
        e.emit(O.TRAPZ, T.I128, "int_divz", y)
    if op == O.SDIV:
        # The minimum is the only number besides 0 that is its own negation.
        minimum = e.value(O.ICMP, T.I128, x, _sign_bit(e, T.I128), imm="eq")
        low, high = e.emit(O.ISPLIT, T.I128, None, y)
        ones = e.value(O.ICMP, T.I64, e.value(O.BAND, T.I64, low, high), e.const(-1, T.I64), imm="eq")
        e.emit(O.TRAPNZ, T.I8, "int_ovf", e.value(O.BAND, T.I8, minimum, ones))
    e.call("i128_sdiv" if op in (O.SDIV, O.SDIV_PROVEN) else "i128_srem", [T.I128], x, y, last=True)


@_rules((O.UMUL_OVERFLOW, O.SMUL_OVERFLOW), T.I128)
def _mul_overflow(e: Expansion, node: Node) -> None:
    e.call(f"i128_{O.NAME[node[0]]}", [T.I128, T.I8], *node[3:], last=True)


@_rules((O.UMULHI, O.SMULHI), T.I128)
def _mul_high(e: Expansion, node: Node) -> None:
    """The cross products of 64-bit halves; for signed numbers, the other operand is taken off where one is
    negative."""
    x, y = node[3], node[4]
    (x0, x1), (y0, y1) = e.emit(O.ISPLIT, T.I128, None, x), e.emit(O.ISPLIT, T.I128, None, y)

    def product(a: int, b: int) -> int:
        return e.value(O.ICONCAT, T.I64, e.value(O.IMUL, T.I64, a, b), e.value(O.UMULHI, T.I64, a, b))

    def widened(a: int) -> int:
        return e.value(O.UEXTEND, T.I128, a)

    carry = e.value(O.UMULHI, T.I64, x0, y0)
    middle = e.value(O.IADD, T.I128, product(x1, y0), widened(carry))
    middle_low, middle_high = e.emit(O.ISPLIT, T.I128, None, middle)
    other = e.value(O.IADD, T.I128, product(x0, y1), widened(middle_low))
    _, other_high = e.emit(O.ISPLIT, T.I128, None, other)
    high = e.value(O.IADD, T.I128, product(x1, y1), widened(middle_high))
    if node[0] == O.UMULHI:
        e.last(O.IADD, T.I128, high, widened(other_high))
        return
    high = e.value(O.IADD, T.I128, high, widened(other_high))
    shift = e.const(127, T.I32)
    of_x = e.value(O.BAND, T.I128, e.value(O.SSHR, T.I128, x, shift), y)
    of_y = e.value(O.BAND, T.I128, e.value(O.SSHR, T.I128, y, shift), x)
    e.last(O.ISUB, T.I128, high, e.value(O.IADD, T.I128, of_x, of_y))


@_rules((O.UADD_OVERFLOW_CIN, O.SADD_OVERFLOW_CIN, O.USUB_OVERFLOW_BIN, O.SSUB_OVERFLOW_BIN), T.I128)
def _with_carry(e: Expansion, node: Node) -> None:
    """In two steps: of unsigned carries at most one is set, signed overflows of both steps undo one another."""
    op, x, y, c = node[0], node[3], node[4], node[5]
    step = {
        O.UADD_OVERFLOW_CIN: O.UADD_OVERFLOW, O.SADD_OVERFLOW_CIN: O.SADD_OVERFLOW,
        O.USUB_OVERFLOW_BIN: O.USUB_OVERFLOW, O.SSUB_OVERFLOW_BIN: O.SSUB_OVERFLOW,
    }[op]  # fmt: skip
    one = e.value(O.UEXTEND, T.I128, e.value(O.ICMP, T.I8, c, e.const(0, T.I8), imm="ne"))
    first, a = e.emit(step, T.I128, None, x, y)
    second, b = e.emit(step, T.I128, None, first, one)
    results = e.results
    low, high = e.emit(O.ISPLIT, T.I128, None, second)
    e.results = results[:1]
    e.last(O.ICONCAT, T.I64, low, high)
    e.results = results[1:]
    e.last(O.BXOR, T.I8, a, b)
    e.results = results


@_rules((O.UADD_OVERFLOW_TRAP,), T.I128)
def _add_trap(e: Expansion, node: Node) -> None:
    total, carry = e.emit(O.UADD_OVERFLOW, T.I128, None, node[3], node[4])
    e.emit(O.TRAPNZ, T.I8, node[2], carry)
    low, high = e.emit(O.ISPLIT, T.I128, None, total)
    e.last(O.ICONCAT, T.I64, low, high)


@_rules((O.CLS,), T.I128)
def _sign_bits(e: Expansion, node: Node) -> None:
    x = node[3]
    same = e.value(O.BXOR, T.I128, x, e.value(O.SSHR, T.I128, x, e.const(127, T.I32)))
    zeros = e.value(O.CLZ, T.I128, same)
    e.last(O.ISUB, T.I128, zeros, e.value(O.UEXTEND, T.I128, e.const(1, T.I64)))


@_rules((O.BITSELECT,), T.I128, T.F16, T.F32, T.F64, T.F128)
def _bit_select(e: Expansion, node: Node) -> None:
    c, x, y = node[3:]
    chosen = e.value(O.BAND, node[1], x, c)
    e.last(O.BOR, node[1], chosen, e.value(O.BAND, node[1], y, e.value(O.BNOT, node[1], c)))


@_rules((O.BAND, O.BOR, O.BXOR, O.BNOT), T.F16, T.F32, T.F64, T.F128)
def _float_logic(e: Expansion, node: Node) -> None:
    type = T.as_int(node[1])
    bits = [e.value(O.BITCAST, type, a, imm=0) for a in node[3:]]
    e.last(O.BITCAST, node[1], e.value(node[0], type, *bits), imm=0)


# Atomics: loops over compare-and-swap. An access first, where a bad address traps, for the library has no traps.


@_rules((O.ATOMIC_STORE,), T.I128)
def _atomic_store(e: Expansion, node: Node) -> None:
    e.emit(O.ATOMIC_RMW, T.I128, (node[2], "xchg"), node[4], node[3])


@_rules((O.ATOMIC_RMW,), T.I128)
def _atomic_rmw(e: Expansion, node: Node) -> None:
    from jitpy.backend.soft.atomic import rmw_name

    flags, operation = node[2]
    if not flags & memflags.NOTRAP:
        e.emit(O.LOAD_, T.I8, (flags & ~memflags.ALIGNED, 0), node[3])
    order = flags & memflags.BIG
    e.call(rmw_name(operation, node[1], order), [node[1]], *node[3:], last=True)
