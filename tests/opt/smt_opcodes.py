"""The opcodes in the words of an SMT solver: each pure one as a term over bit-vectors.

Every value is one bit-vector, as in the interpreter: an integer, a float's bits, a vector with lane 0 lowest. What works lane by
lane is written for one lane; `value` takes vectors apart and joins the results. Floats are computed in the solver's theory of IEEE
numbers: what is a number in it already is not read back from its bits. A test holds all this against the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import z3
from jitpy.backend.interp.float import FLOAT_CONDITIONS
from jitpy.backend.ir import memflags
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.infer import TYPE_CODES

Types = tuple[ty.Type, ...]


class Unknown(Exception):
    """The translation does not speak of this."""


# -- integers: (bits of the lane, operands) -> result ------------------------------------------------------


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


def _bounded(x: Any, low: int, high: int, n: int) -> Any:
    """A wide number, brought between two ends, in n bits."""
    return z3.Extract(n - 1, 0, z3.If(x < low, z3.BitVecVal(low, n + 2), z3.If(x > high, z3.BitVecVal(high, n + 2), x)))


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
    "uadd_sat": lambda n, x, y: _bounded(z3.ZeroExt(2, x) + z3.ZeroExt(2, y), 0, (1 << n) - 1, n),
    "sadd_sat": lambda n, x, y: _bounded(z3.SignExt(2, x) + z3.SignExt(2, y), -1 << n - 1, (1 << n - 1) - 1, n),
    "usub_sat": lambda n, x, y: _bounded(z3.ZeroExt(2, x) - z3.ZeroExt(2, y), 0, (1 << n) - 1, n),
    "ssub_sat": lambda n, x, y: _bounded(z3.SignExt(2, x) - z3.SignExt(2, y), -1 << n - 1, (1 << n - 1) - 1, n),
    "blendv": lambda n, c, x, y: z3.If(c < 0, x, y),
    "avg_round": lambda n, x, y: z3.Extract(n, 1, z3.ZeroExt(1, x) + z3.ZeroExt(1, y) + 1),
    "band": lambda n, x, y: x & y,
    "bor": lambda n, x, y: x | y,
    "bxor": lambda n, x, y: x ^ y,
    "bnot": lambda n, x: ~x,
    "bitselect": lambda n, c, x, y: c & x | ~c & y,
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


# -- floats: (type, operands) -> result -------------------------------------------------------------------

#: Float type -> (bits, sort).
SORTS = {ty.F16: z3.Float16(), ty.F32: z3.Float32(), ty.F64: z3.Float64()}
_EVEN = z3.RNE()
#: Id of a term that is a float's bits -> the term (which keeps the id its own) and the number.
_numbers: dict[int, tuple[Any, Any]] = {}


def sort(t: ty.Type) -> Any:
    """The solver's sort of a float type."""
    if t not in SORTS:
        raise Unknown(ty.NAME[t])
    return SORTS[t]


def _sign(t: ty.Type) -> Any:
    return z3.BitVecVal(1 << ty.BITS[t] - 1, ty.BITS[t])


def _number(x: Any, t: ty.Type) -> Any:
    known = _numbers.get(x.get_id())
    return z3.fpBVToFP(x, sort(t)) if known is None or known[1].sort() != sort(t) else known[1]


def _remember(bits: Any, number: Any) -> Any:
    _numbers[bits.get_id()] = bits, number
    return bits


def _result(number: Any, t: ty.Type) -> Any:
    """The bits of a computed number. A NaN is some NaN, here always the same."""
    nan = z3.BitVecVal(((1 << sort(t).ebits() + 1) - 1) << sort(t).sbits() - 2, ty.BITS[t])
    return _remember(z3.If(z3.fpIsNaN(number), nan, z3.fpToIEEEBV(number)), number)


def is_nan(x: Any, t: ty.Type) -> Any:
    """Whether a float's bits are a NaN's."""
    return z3.fpIsNaN(_number(x, t))


def _computed(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda t, *args: _result(function(*[_number(x, t) for x in args]), t)


def _rounded(mode: Any) -> Callable[..., Any]:
    return _computed(lambda x: z3.fpRoundToIntegral(mode, x))


def _extreme(before: Callable[[Any, Any], Any], of_zeros: int) -> Callable[..., Any]:
    """Minimum and maximum: the operand that comes before the other; between zeros, the one with this sign."""

    def made(t: ty.Type, x: Any, y: Any) -> Any:
        a, b = _number(x, t), _number(y, t)
        n = ty.BITS[t]
        first = z3.Or(before(a, b), z3.And(z3.fpEQ(a, b), z3.Extract(n - 1, n - 1, x) == of_zeros))
        nan = z3.fpNaN(sort(t))
        return _result(z3.If(z3.Or(z3.fpIsNaN(a), z3.fpIsNaN(b)), nan, z3.If(first, a, b)), t)

    return made


#: Opcodes that compute: which NaN they give is the machine's business.
COMPUTED: dict[str, Callable[..., Any]] = {
    "fadd": _computed(lambda x, y: z3.fpAdd(_EVEN, x, y)), "fsub": _computed(lambda x, y: z3.fpSub(_EVEN, x, y)),
    "fmul": _computed(lambda x, y: z3.fpMul(_EVEN, x, y)), "fdiv": _computed(lambda x, y: z3.fpDiv(_EVEN, x, y)),
    "sqrt": _computed(lambda x: z3.fpSqrt(_EVEN, x)), "fma": _computed(lambda x, y, z: z3.fpFMA(_EVEN, x, y, z)),
    "ceil": _rounded(z3.RTP()), "floor": _rounded(z3.RTN()), "trunc": _rounded(z3.RTZ()), "nearest": _rounded(_EVEN),
    "fmin": _extreme(z3.fpLT, 1), "fmax": _extreme(z3.fpGT, 0),
}  # fmt: skip
#: Opcodes that only move and flip bits.
MOVED: dict[str, Callable[..., Any]] = {
    "fneg": lambda t, x: _remember(x ^ _sign(t), z3.fpNeg(_number(x, t))),
    "fabs": lambda t, x: _remember(x & ~_sign(t), z3.fpAbs(_number(x, t))),
    "fcopysign": lambda t, x, y: x & ~_sign(t) | y & _sign(t),
}  # fmt: skip


def _float_condition(cc: str, x: Any, y: Any, t: ty.Type) -> Any:
    a, b = _number(x, t), _number(y, t)
    outcomes = {None: z3.Or(z3.fpIsNaN(a), z3.fpIsNaN(b)), -1: z3.fpLT(a, b), 0: z3.fpEQ(a, b), 1: z3.fpGT(a, b)}
    return z3.Or(*[outcomes[k] for k in FLOAT_CONDITIONS[cc]])


def _power(k: int, t: ty.Type) -> Any:
    """2^k or -(2^-k) as a number; infinity where it is too large."""
    return z3.simplify(z3.fpRealToFP(_EVEN, z3.RealVal(str(2**k)), sort(t)))


def _saturated(x: Any, source: ty.Type, n: int, is_signed: bool) -> Any:
    """A float as an integer of n bits: truncated, the nearest end where it does not fit, 0 for a NaN."""
    a = z3.fpRoundToIntegral(z3.RTZ(), _number(x, source))
    high = _power(n - is_signed, source)
    low = z3.fpNeg(high) if is_signed else z3.FPVal(0, sort(source))
    ends = (-1 << n - 1, (1 << n - 1) - 1) if is_signed else (0, (1 << n) - 1)
    inside = (z3.fpToSBV if is_signed else z3.fpToUBV)(z3.RTZ(), a, z3.BitVecSort(n))
    bounded = z3.If(z3.fpGEQ(a, high), z3.BitVecVal(ends[1], n), inside)
    return z3.If(z3.fpIsNaN(a), z3.BitVecVal(0, n), z3.If(z3.fpLEQ(a, low), z3.BitVecVal(ends[0], n), bounded))


def _outside(x: Any, source: ty.Type, n: int, is_signed: bool) -> Any:
    """Whether a float, truncated, is a number that n bits do not hold."""
    a = z3.fpRoundToIntegral(z3.RTZ(), _number(x, source))
    low = z3.fpNeg(_power(n - 1, source)) if is_signed else z3.FPVal(0, sort(source))
    return z3.Or(z3.fpGEQ(a, _power(n - is_signed, source)), z3.fpLT(a, low), z3.And(z3.fpIsInf(a), z3.fpIsNegative(a)))


#: Conversions: (lane of the result, lane of the operand, operand) -> result.
CONVERTED: dict[str, Callable[..., Any]] = {
    "fpromote": lambda t, s, x: _result(z3.fpFPToFP(_EVEN, _number(x, s), sort(t)), t),
    "fdemote": lambda t, s, x: _result(z3.fpFPToFP(_EVEN, _number(x, s), sort(t)), t),
    "fcvt_from_sint": lambda t, s, x: _result(z3.fpSignedToFP(_EVEN, x, sort(t)), t),
    "fcvt_from_uint": lambda t, s, x: _result(z3.fpUnsignedToFP(_EVEN, x, sort(t)), t),
    "fcvt_to_sint_sat": lambda t, s, x: _saturated(x, s, ty.BITS[t], True),
    "fcvt_to_uint_sat": lambda t, s, x: _saturated(x, s, ty.BITS[t], False),
}  # fmt: skip


# -- vectors: (controlling type, immediate, operand types, operands) -> result ------------------------------


#: Id of a vector that was joined -> the vector and its lanes.
_joined: dict[int, tuple[Any, list[Any]]] = {}


def lanes(x: Any, t: ty.Type) -> list[Any]:
    """The lanes of a vector, the first first."""
    known = _joined.get(x.get_id())
    return known[1] if known and known[1][0].size() == ty.LANE_BITS[t] else _parts(x, ty.LANE_BITS[t])


def join(parts: list[Any]) -> Any:
    """The vector of these lanes."""
    made = z3.Concat(*reversed(parts)) if len(parts) > 1 else parts[0]
    _joined[made.get_id()] = made, parts
    return made


def forget() -> None:
    """Drop what is known of terms: another claim has others."""
    _joined.clear()
    _numbers.clear()


def _inserted(t: ty.Type, imm: int, types: Types, x: Any, y: Any) -> Any:
    return join([y if k == imm else lane for k, lane in enumerate(lanes(x, t))])


def chosen(table: list[Any], index: Any, otherwise: Any) -> Any:
    """``table[index]``, or what stands beyond it."""
    found = otherwise
    for k, entry in enumerate(table):
        found = z3.If(index == k, entry, found)
    return found


def _shuffled(t: ty.Type, mask: Any, types: Types, x: Any, y: Any) -> Any:
    """``mask``: the 16 indices as one bit-vector."""
    table = _parts(x, 8) + _parts(y, 8)
    return join([chosen(table[:-1], i, table[-1]) for i in _parts(mask, 8)])


def _swizzled(t: ty.Type, imm: None, types: Types, x: Any, indices: Any) -> Any:
    return join([chosen(_parts(x, 8), i, z3.BitVecVal(0, 8)) for i in _parts(indices, 8)])


def _bitcast(t: ty.Type, imm: int, types: Types, x: Any) -> Any:
    """Big-endian storage puts lane 0 at the other end."""
    if imm & memflags.BIG:
        return join(lanes(join(lanes(x, types[0])[::-1]), t)[::-1])
    return x


def _narrowed(low: Callable[[int], int], high: Callable[[int], int], less: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Lanes of both operands bounded to what half their width holds; ``low`` and ``high``: its ends, by its bits."""

    def made(t: ty.Type, imm: None, types: Types, x: Any, y: Any) -> Any:
        n = ty.LANE_BITS[t]
        a, b = z3.BitVecVal(low(n // 2), n), z3.BitVecVal(high(n // 2), n)
        bounded = [z3.If(less(z, a), a, z3.If(less(b, z), b, z)) for z in lanes(x, t) + lanes(y, t)]
        return join([z3.Extract(n // 2 - 1, 0, z) for z in bounded])

    return made


def _widened(extend: Callable[..., Any], high: bool) -> Callable[..., Any]:
    def made(t: ty.Type, imm: None, types: Types, x: Any) -> Any:
        half = ty.LANES[t] // 2
        return join([extend(ty.LANE_BITS[t], z) for z in (lanes(x, t)[half:] if high else lanes(x, t)[:half])])

    return made


def _pairwise(t: ty.Type, imm: None, types: Types, x: Any, y: Any) -> Any:
    parts = lanes(x, t) + lanes(y, t)
    return join([a + b for a, b in zip(parts[::2], parts[1::2])])


def _high_bits(t: ty.Type, imm: None, types: Types, x: Any) -> Any:
    n = ty.LANE_BITS[types[0]]
    found = join([z3.Extract(n - 1, n - 1, lane) for lane in lanes(x, types[0])])
    return z3.ZeroExt(ty.BITS[t] - found.size(), found) if found.size() < ty.BITS[t] else z3.Extract(ty.BITS[t] - 1, 0, found)


WHOLE: dict[str, Callable[..., Any]] = {
    "vconst": lambda t, imm, types: imm,
    "splat": lambda t, imm, types, x: join([x] * ty.LANES[t]),
    "scalar_to_vector": lambda t, imm, types, x: z3.ZeroExt(ty.BITS[t] - x.size(), x),
    "insertlane": _inserted,
    "extractlane": lambda t, imm, types, x: lanes(x, t)[imm] if isinstance(imm, int) else chosen(lanes(x, t), imm, lanes(x, t)[0]),
    "shuffle": _shuffled,
    "swizzle": _swizzled,
    "bitcast": _bitcast,
    "vany_true": lambda t, imm, types, x: truth(x != 0),
    "vall_true": lambda t, imm, types, x: truth(z3.And(*[lane != 0 for lane in lanes(x, t)])),
    "vhigh_bits": _high_bits,
    "iadd_pairwise": _pairwise,
    "snarrow": _narrowed(lambda n: -1 << n - 1, lambda n: (1 << n - 1) - 1, lambda x, y: x < y),
    "unarrow": _narrowed(lambda n: 0, lambda n: (1 << n) - 1, lambda x, y: x < y),
    "uunarrow": _narrowed(lambda n: 0, lambda n: (1 << n) - 1, z3.ULT),
    "swiden_low": _widened(z3.SignExt, False), "swiden_high": _widened(z3.SignExt, True),
    "uwiden_low": _widened(z3.ZeroExt, False), "uwiden_high": _widened(z3.ZeroExt, True),
    "fvpromote_low": lambda t, imm, types, x: join([CONVERTED["fpromote"](ty.F64, ty.F32, z) for z in lanes(x, t)[:2]]),
    "fvdemote": lambda t, imm, types, x: z3.ZeroExt(64, join([CONVERTED["fdemote"](ty.F32, ty.F64, z) for z in lanes(x, t)])),
}  # fmt: skip


# -- any ------------------------------------------------------------------------------------------------


def value(name: str, t: ty.Type, imm: Any, args: list[Any], types: Types) -> Any:
    """The result of a pure instruction with one; ``types``: the operands'."""
    if name in WHOLE:
        return WHOLE[name](t, imm, types, *args)
    if name in ("iconst", "f16const", "f32const", "f64const"):
        number = op.BY_NAME[name]
        return z3.Extract(ty.BITS[ty.BY_NAME.get(op.RESULTS[number][0], t)] - 1, 0, imm)
    if name == "select":
        return z3.If(args[0] != 0, args[1], args[2])
    if not ty.IS_VECTOR[t]:
        return _lane(name, t, imm, args, types, False)
    parts = [lanes(x, s) if ty.IS_VECTOR[s] else [x] * ty.LANES[t] for x, s in zip(args, types)]
    lane_types = tuple([ty.LANE[s] for s in types])
    return join([_lane(name, ty.LANE[t], imm, list(group), lane_types, True) for group in zip(*parts)])


def _lane(name: str, t: ty.Type, imm: Any, args: list[Any], types: Types, in_vector: bool) -> Any:
    n = ty.BITS[t]
    if name in ("icmp", "fcmp"):
        holds = COMPARE[imm](*args) if name == "icmp" else _float_condition(imm, *args, t)
        return z3.If(holds, z3.BitVecVal(-1, n), z3.BitVecVal(0, n)) if in_vector else truth(holds)
    if name in OPCODES:
        return OPCODES[name](n, *args)
    if name in CONVERTED:
        return CONVERTED[name](t, types[0], *args)
    for table in (COMPUTED, MOVED):
        if name in table:
            return table[name](t, *args)
    raise Unknown(f"opcode {name}")


def result_type(name: str, t: ty.Type) -> ty.Type:
    """The type of an instruction's first result."""
    code = op.RESULTS[op.BY_NAME[name]][0]
    return ty.BY_NAME.get(code) or TYPE_CODES[code](t)


def effects(name: str, t: ty.Type, imm: Any, args: list[Any], types: Types) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """(trap code -> when, results) of an instruction."""
    n = ty.BITS[t]
    base = name.removesuffix("_proven")
    if base in _DIVISIONS:
        x, y = args
        traps = {"int_divz": y == 0}
        if base == "sdiv":
            traps["int_ovf"] = z3.And(x == _minimum(n), y == -1)
        # What is proven not to trap may be anything where it would.
        return ({"undefined": z3.Or(*traps.values())} if name != base else traps), (_DIVISIONS[base](x, y),)
    if name in ("fcvt_to_sint", "fcvt_to_uint"):
        (x,) = args
        return {"bad_toint": is_nan(x, types[0]), "int_ovf": _outside(x, types[0], n, "sint" in name)}, (
            CONVERTED[f"{name}_sat"](t, types[0], x),
        )
    if name == "trap":
        return {imm: z3.BoolVal(True)}, ()
    if name in ("trapz", "trapnz"):
        return {imm: (args[0] == 0) if name == "trapz" else (args[0] != 0)}, ()
    if name == "uadd_overflow_trap":
        low, over = SEVERAL["uadd_overflow"](n, *args)
        return {imm: over != 0}, (low,)
    if name in SEVERAL:
        return {}, SEVERAL[name](n, *args)
    return {}, (value(name, t, imm, args, types),)
