"""Integer arithmetic, logic, shifts, bit counting, comparison and selection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.interp.meaning import (
    Evaluate,
    Maker,
    Trap,
    constant,
    integer_lanes,
    join,
    lanewise,
    meaning,
    signed,
    signed_lanes,
    split,
)
from jitpy.backend.ir import types


def _saturate_signed(x: int, bits: int) -> int:
    limit = 1 << (bits - 1)
    return max(-limit, min(x, limit - 1))


def _saturate_unsigned(x: int, bits: int) -> int:
    return max(0, min(x, (1 << bits) - 1))


def _quotient(x: int, y: int) -> int:
    """Division truncated to zero."""
    q = abs(x) // abs(y)
    return -q if (x < 0) != (y < 0) else q


def _udiv(x: int, y: int, bits: int) -> int:
    if not y:
        raise Trap("int_divz")
    return x // y


def _urem(x: int, y: int, bits: int) -> int:
    if not y:
        raise Trap("int_divz")
    return x % y


def _sdiv(x: int, y: int, bits: int) -> int:
    if not y:
        raise Trap("int_divz")
    if y == -1 and x == -1 << (bits - 1):
        raise Trap("int_ovf")
    return _quotient(x, y)


def _srem(x: int, y: int, bits: int) -> int:
    if not y:
        raise Trap("int_divz")
    return x - y * _quotient(x, y)


def _bit_reverse(x: int, bits: int) -> int:
    return int(f"{x:0{bits}b}"[::-1], 2)


def _leading_sign_bits(x: int, bits: int) -> int:
    """Bits equal to the sign bit after it."""
    return bits - 1 - (x if x >= 0 else ~x).bit_length()


#: Lanes as unsigned numbers.
UNSIGNED: dict[str, Callable[..., int]] = {
    "iadd": lambda x, y, n: x + y,
    "isub": lambda x, y, n: x - y,
    "ineg": lambda x, n: -x,
    "imul": lambda x, y, n: x * y,
    "umulhi": lambda x, y, n: x * y >> n,
    "udiv": _udiv,
    "urem": _urem,
    "udiv_proven": _udiv,
    "urem_proven": _urem,
    "umin": lambda x, y, n: min(x, y),
    "umax": lambda x, y, n: max(x, y),
    "avg_round": lambda x, y, n: (x + y + 1) >> 1,
    "uadd_sat": lambda x, y, n: _saturate_unsigned(x + y, n),
    "usub_sat": lambda x, y, n: _saturate_unsigned(x - y, n),
    "band": lambda x, y, n: x & y,
    "bor": lambda x, y, n: x | y,
    "bxor": lambda x, y, n: x ^ y,
    "bnot": lambda x, n: ~x,
    "bitselect": lambda c, x, y, n: c & x | ~c & y,
    "blendv": lambda c, x, y, n: x if c >> (n - 1) else y,
    "bitrev": _bit_reverse,
    "clz": lambda x, n: n - x.bit_length(),
    "ctz": lambda x, n: (x & -x).bit_length() - 1 if x else n,
    "popcnt": lambda x, n: x.bit_count(),
    "bswap": lambda x, n: int.from_bytes(x.to_bytes(n // 8, "little"), "big"),
}

#: Lanes as signed numbers.
SIGNED: dict[str, Callable[..., int]] = {
    "iabs": lambda x, n: abs(x),
    "smulhi": lambda x, y, n: x * y >> n,
    "sdiv": _sdiv,
    "srem": _srem,
    "sdiv_proven": _sdiv,
    "srem_proven": _srem,
    "smin": lambda x, y, n: min(x, y),
    "smax": lambda x, y, n: max(x, y),
    "sadd_sat": lambda x, y, n: _saturate_signed(x + y, n),
    "ssub_sat": lambda x, y, n: _saturate_signed(x - y, n),
    "sqmul_round_sat": lambda x, y, n: _saturate_signed((x * y + (1 << (n - 2))) >> (n - 1), n),
    "x86_pmulhrsw": lambda x, y, n: (x * y + (1 << (n - 2))) >> (n - 1),
    "cls": _leading_sign_bits,
}

for _name, _function in UNSIGNED.items():
    meaning(_name)(integer_lanes(_function))
for _name, _function in SIGNED.items():
    meaning(_name)(signed_lanes(_function))


@meaning("iconst")
def _iconst(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
    return constant(imm & types.MASK[type])


#: Shifts of one lane by an amount already reduced modulo its width.
SHIFTS: dict[str, Callable[[int, int, int], int]] = {
    "ishl": lambda x, k, n: x << k,
    "ushr": lambda x, k, n: x >> k,
    "sshr": lambda x, k, n: signed(x, n) >> k,
    "rotl": lambda x, k, n: x << k | x >> (n - k),
    "rotr": lambda x, k, n: x >> k | x << (n - k),
}


def _shift(function: Callable[[int, int, int], int]) -> Maker:
    """The amount is one scalar of any integer type for all lanes."""

    def make(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
        bits = types.LANE_BITS[type]
        modulo = bits - 1
        return lambda x, k: lanewise(type, bits, lambda lane: function(lane, k & modulo, bits))(x)

    return make


for _name, _shift_function in SHIFTS.items():
    meaning(_name)(_shift(_shift_function))


def _with_overflow(exact: Callable[..., int], is_signed: bool) -> Maker:
    """The wrapped result, and whether it differs from the exact one."""

    def make(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
        bits, mask = types.BITS[type], types.MASK[type]

        def evaluate(*xs: int) -> tuple[int, int]:
            operands = [signed(x, bits) for x in xs[:2]] if is_signed else xs[:2]
            value = exact(*operands, *[int(x != 0) for x in xs[2:]])
            wrapped = value & mask
            return wrapped, int(value != (signed(wrapped, bits) if is_signed else wrapped))

        return evaluate

    return make


for _prefix, _is_signed in (("u", False), ("s", True)):
    meaning(f"{_prefix}add_overflow")(_with_overflow(lambda x, y: x + y, _is_signed))
    meaning(f"{_prefix}sub_overflow")(_with_overflow(lambda x, y: x - y, _is_signed))
    meaning(f"{_prefix}mul_overflow")(_with_overflow(lambda x, y: x * y, _is_signed))
    meaning(f"{_prefix}add_overflow_cin")(_with_overflow(lambda x, y, c: x + y + c, _is_signed))
    meaning(f"{_prefix}sub_overflow_bin")(_with_overflow(lambda x, y, b: x - y - b, _is_signed))


@meaning("uadd_overflow_trap")
def _uadd_overflow_trap(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
    mask = types.MASK[type]

    def evaluate(x: int, y: int) -> int:
        if x + y > mask:
            raise Trap(imm)
        return x + y

    return evaluate


#: Condition -> predicate on operands read as the condition says.
CONDITIONS: dict[str, Callable[[int, int], bool]] = {
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
}


def compare_lanes(type: types.Type, predicate: Callable[[int, int], bool]) -> Evaluate:
    """A comparison: 1 or 0 for scalars, all ones or zero in each lane of vectors."""
    if not types.IS_VECTOR[type]:
        return lambda x, y: int(predicate(x, y))
    return lanewise(type, types.LANE_BITS[type], lambda x, y: -int(predicate(x, y)))


@meaning("icmp")
def _icmp(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
    condition = CONDITIONS[imm[-2:]]
    bits = types.LANE_BITS[type]
    if imm[0] == "s":
        return compare_lanes(type, lambda x, y: condition(signed(x, bits), signed(y, bits)))
    return compare_lanes(type, condition)


@meaning("select")
@meaning("select_spectre_guard")
def _select(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
    return lambda c, x, y: x if c else y


@meaning("isplit")
def _isplit(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
    half = types.BITS[type] // 2
    return lambda x: (x & ((1 << half) - 1), x >> half)


@meaning("iconcat")
def _iconcat(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
    bits = types.BITS[type]
    return lambda low, high: low | high << bits


@meaning("iadd_pairwise")
def _iadd_pairwise(type: types.Type, imm: Any, arg_types: tuple[types.Type, ...]) -> Evaluate:
    def evaluate(x: int, y: int) -> int:
        lanes = split(x, type) + split(y, type)
        return join([a + b for a, b in zip(lanes[::2], lanes[1::2])], types.LANE_BITS[type])

    return evaluate
