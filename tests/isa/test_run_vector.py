"""Every vector opcode on every vector type at every feature level: compiled against interpreted, on edges and at random."""

from __future__ import annotations

import itertools
import random

import pytest
from jitpy.backend.ir import types as T
from run import Check, bits_of, random_value

INT_TYPES = [T.vector(lane, bits // T.BITS[lane]) for bits in (128, 256, 512) for lane in (T.I8, T.I16, T.I32, T.I64)]
FLOAT_TYPES = [T.vector(lane, bits // T.BITS[lane]) for bits in (128, 256, 512) for lane in (T.F32, T.F64)]
SMALL = [T.vector(lane, bits // T.BITS[lane]) for bits in (32, 64) for lane in (T.I8, T.I16, T.I32, T.F32) if bits > T.BITS[lane]]
SLOT = "ss0 = explicit_slot 64"


def types(which: list[int], *lanes: int) -> list[int]:
    return [t for t in which if not lanes or T.LANE[t] in lanes]


def x86_only(check: Check) -> None:
    if check.isa != "x64":
        pytest.skip("an opcode of x86-64 alone")


ALL = INT_TYPES + FLOAT_TYPES
HALVES = [T.vector(T.F16, count) for count in (2, 4, 8, 16, 32)]
UNARY = {
    "ineg iabs popcnt": INT_TYPES + types(SMALL, T.I8, T.I16, T.I32), "bnot": ALL,
    "fneg fabs sqrt ceil floor trunc nearest": FLOAT_TYPES,
}  # fmt: skip
BINARY = {
    "iadd isub imul smin smax umin umax avg_round uadd_sat usub_sat sadd_sat ssub_sat umulhi smulhi": INT_TYPES,
    "sqmul_round_sat x86_pmulhrsw": types(INT_TYPES, T.I16, T.I32), "band bor bxor": ALL,
    "fadd fsub fmul fdiv fmin fmax fcopysign": FLOAT_TYPES,
}  # fmt: skip
@pytest.mark.parametrize("op", [op for ops in UNARY for op in ops.split()])
def test_unary(check: Check, op: str) -> None:
    for ts in (ts for ops, ts in UNARY.items() if op in ops.split()):
        for t in ts:
            check.vectors([f"v100 = {op} v0"], [t], [t])


@pytest.mark.parametrize("op", [op for ops in BINARY for op in ops.split()])
def test_binary(check: Check, op: str) -> None:
    if op.startswith("x86_"):
        x86_only(check)
    for ts in (ts for ops, ts in BINARY.items() if op in ops.split()):
        for t in ts:
            check.vectors([f"v100 = {op} v0, v1", f"v101 = {op} v1, v1"], [t, t], [t, t])


def test_pmaddubsw(check: Check) -> None:
    x86_only(check)
    t = T.I8X16
    check.vectors(["v100 = x86_pmaddubsw v0, v1"], [t, t], [T.I16X8])


@pytest.mark.parametrize("op", ["ishl", "ushr", "sshr", "rotl", "rotr"])
def test_shifts(check: Check, op: str) -> None:
    for t in INT_TYPES:
        check.vectors([f"v100 = {op} v0, v1"], [t, T.I32], [t])
        for k in (0, 1, 5, T.LANE_BITS[t] - 1, T.LANE_BITS[t] + 3):
            check.vectors([f"v1 = iconst.i8 {k}", f"v100 = {op} v0, v1"], [t], [t])


@pytest.mark.parametrize("cc", ["eq", "ne", "slt", "sge", "sgt", "sle", "ult", "uge", "ugt", "ule"])
def test_icmp(check: Check, cc: str) -> None:
    for t in INT_TYPES:
        check.vectors([f"v100 = icmp {cc} v0, v1"], [t, t], [t])


CONDITIONS = ("ord", "uno", "eq", "ne", "one", "ueq", "lt", "uge", "le", "ugt", "gt", "ule", "ge", "ult")


@pytest.mark.parametrize("cc", CONDITIONS)
def test_fcmp(check: Check, cc: str) -> None:
    for t in FLOAT_TYPES:
        check.vectors([f"v100 = fcmp {cc} v0, v1"], [t, t], [T.as_int(t)])


def test_scalars_in_all_lanes(check: Check) -> None:
    """Operands that are the same in all lanes, on either side, constants among them."""
    for t in INT_TYPES[:4] + SMALL[:2] + FLOAT_TYPES[:3]:
        lane, name = T.LANE[t], T.NAME[t]
        is_float = T.IS_FLOAT[lane]
        ops = ("fsub", "fdiv", "fcopysign") if is_float else ("isub", "imul", "smax", "usub_sat")
        codes = CONDITIONS if is_float else ("eq", "ne", "slt", "sge", "sgt", "sle", "ult", "uge", "ugt", "ule")
        compare = "fcmp" if is_float else "icmp"
        if is_float:
            constants = [f"v2 = {T.NAME[lane]}const 0x1.8p0"]
        else:
            constants = [f"v2 = iconst.{T.NAME[lane]} {k}" for k in (0, 1, -1, 16, -16, -17)]
        for start in ("", *constants):
            lines = [start or f"v2 = {'fabs v1' if is_float else 'ineg v1'}", f"v3 = splat.{name} v2"]
            made = [f"{op} {pair}" for op in ops for pair in ("v0, v3", "v3, v0")]
            lines += [f"v{100 + i} = {text}" for i, text in enumerate(made)]
            check.vectors(lines, [t, lane], [t] * len(made))
            pairs = [f"{compare} {cc} {pair}" for cc in codes for pair in ("v0, v3", "v3, v0")]
            compared = [f"v{100 + i} = {text}" for i, text in enumerate(pairs)]
            check.vectors(lines[:2] + compared, [t, lane], [T.as_int(t)] * len(pairs))


def test_extended_operands(check: Check) -> None:
    """Sums, differences and products of lanes that are extended from halves of vectors, on one side or on both."""
    widens = [f"{s}widen_{half}" for s in "su" for half in ("low", "high")]
    for t in (T.I8X16, T.I16X8, T.I32X4, T.vector(T.I16, 4)):
        wide = T.merge_lanes(t)
        for a in widens:
            for op in ("iadd", "isub", "imul"):
                lines = [f"v3 = {a} v0", f"v4 = {a} v1", f"v100 = {op} v3, v4", f"v5 = {widens[0]} v0", f"v6 = {a} v1"]
                lines += [f"v101 = {op} v5, v6", f"v7 = {a} v1", f"v102 = {op} v2, v7", f"v8 = {a} v0", f"v103 = {op} v8, v2"]
                check.vectors(lines, [t, t, wide], [wide] * 4)


def test_products_onto_sums(check: Check) -> None:
    for t in INT_TYPES[:5]:
        lines = ["v4 = imul v0, v1", "v100 = iadd v2, v4", "v5 = imul v0, v2", "v101 = iadd v5, v1", "v6 = imul v1, v2"]
        lines += ["v102 = isub v0, v6", f"v7 = splat.{T.NAME[t]} v3", "v8 = imul v7, v0", "v103 = isub v2, v8", "v9 = imul v1, v7"]
        check.vectors([*lines, "v104 = iadd v9, v0"], [t, t, t, T.LANE[t]], [t] * 5)
    for t in FLOAT_TYPES[:3]:
        lines = [f"v4 = splat.{T.NAME[t]} v3", "v5 = fneg v0", "v6 = fneg v1"]
        lines += ["v100 = fma v4, v0, v1", "v101 = fma v1, v4, v2", "v102 = fma v5, v4, v6", "v103 = fma v4, v5, v1"]
        check.vectors([*lines, "v104 = fma v4, v2, v6"], [t, t, t, T.LANE[t]], [t] * 5)


def test_bitselect(check: Check) -> None:
    for t in ALL:
        check.vectors(["v100 = bitselect v0, v1, v2"], [t, t, t], [t])


def test_choices_by_comparisons(check: Check) -> None:
    for t in ALL:
        compare = "fcmp one" if T.IS_FLOAT[T.LANE[t]] else "icmp ule"
        lines = [f"v3 = {compare} v0, v1", f"v4 = bitcast.{T.NAME[t]} v3", "v100 = band v4, v2", "v101 = bitselect v4, v2, v0"]
        check.vectors(lines, [t, t, t], [t, t])
    for t in INT_TYPES:
        check.vectors(["v3 = icmp ugt v0, v1", "v100 = bitselect v3, v2, v1"], [t, t, t], [t])
    for t in FLOAT_TYPES:
        for cc in ("lt", "gt"):
            for pair in ("v0, v1", "v1, v0"):
                lines = [f"v3 = fcmp {cc} v0, v1", f"v4 = bitcast.{T.NAME[t]} v3", f"v100 = bitselect v4, {pair}"]
                check.vectors(lines, [t, t], [t])


def test_operands_in_memory(check: Check) -> None:
    for op in ("iadd", "isub", "band", "uadd_sat", "imul"):
        for t in types(INT_TYPES, T.I16, T.I64):
            lines = ["v2 = stack_addr.i64 ss0", "store v1, v2", f"v3 = load.{T.NAME[t]} v2", f"v100 = {op} v0, v3"]
            data = bytes(range(1, T.BYTES[t] + 1))[::-1].hex()
            lines += [f"v4 = vconst.{T.NAME[t]} 0x{data}", f"v101 = {op} v4, v0"]
            lines += [f"v5 = load.{T.NAME[t]} v2", f"v102 = {op} v5, v1"]
            check.vectors(lines, [t, t], [t, t, t], slots=SLOT)


def test_big_endian_memory(check: Check) -> None:
    for t in ALL + SMALL:
        lines = ["v2 = stack_addr.i64 ss0", "store big v0, v2", f"v100 = load.{T.NAME[t]} v2", f"v101 = load.{T.NAME[t]} big v2"]
        check.vectors(lines, [t], [t, t], slots=SLOT)
    for op, t in (("load8x8", T.I16X8), ("load16x4", T.I32X4), ("load32x2", T.I64X2)):
        lines = ["v2 = stack_addr.i64 ss0", "store v0, v2", f"v100 = s{op} big v2", f"v101 = u{op} big v2"]
        check.vectors(lines, [t], [t, t], slots=SLOT)
    for a, b in (("i8x16", "i32x4"), ("i64x2", "f32x4"), ("i16x4", "i64"), ("i8x32", "i64x4")):
        t, u = T.BY_NAME[a], T.BY_NAME[b]
        check.vectors([f"v100 = bitcast.{b} big v0", f"v101 = bitcast.{a} big v1"], [t, u], [u, t])


def test_blendv(check: Check) -> None:
    for t in ALL:
        check.vectors(["v100 = blendv v0, v1, v2"], [t, t, t], [t])


def test_select(check: Check) -> None:
    for t in ALL + SMALL:
        rng = random.Random(t)
        inputs = [(c, random_value(t, rng), random_value(t, rng)) for c in (0, 1, 0x100)]
        check.vectors(["v100 = select v0, v1, v2"], [T.I32, t, t], [t], inputs)
        check.vectors(["v3 = fcmp eq v0, v0", "v100 = select v3, v1, v2"], [T.F64, t, t], [t])
        check.vectors(["v100 = select_spectre_guard v0, v1, v2"], [T.I32, t, t], [t], inputs)


def truth_inputs(t: int) -> list[tuple[int]]:
    rng = random.Random(t)
    lane = T.LANE_BITS[t]
    full, bits = (1 << T.BITS[t]) - 1, T.BITS[t]
    single = [1 << rng.randrange(bits) for _ in range(3)]
    holes = [full & ~(((1 << lane) - 1) << lane * rng.randrange(T.LANES[t])) for _ in range(3)]
    return [(v,) for v in (0, full, 1, 1 << (bits - 1), *single, *holes, random_value(t, rng))]


def test_any_and_all(check: Check) -> None:
    for t in ALL + SMALL:
        check.vectors(["v100 = vany_true v0", "v101 = vall_true v0"], [t], [T.I8, T.I8], truth_inputs(t))


def test_any_and_all_as_conditions(check: Check) -> None:
    for t in ALL + SMALL:
        for op in ("vany_true", "vall_true"):
            lines = [f"v2 = {op} v0", "v3 = iconst.i32 7", "v4 = iconst.i32 8", "v100 = select v2, v3, v4"]
            lines += ["v6 = iconst.i8 0", "v5 = icmp eq v2, v6", "v101 = select v5, v3, v4"]
            check.vectors(lines, [t], [T.I32, T.I32], truth_inputs(t))


def test_high_bits(check: Check) -> None:
    for t in ALL + SMALL:
        check.vectors(["v100 = vhigh_bits.i64 v0", "v101 = vhigh_bits.i8 v0"], [t], [T.I64, T.I8])


def test_splat_and_scalar_to_vector(check: Check) -> None:
    for t in ALL + SMALL + HALVES:
        name = T.NAME[t]
        check.vectors([f"v100 = splat.{name} v0", f"v101 = scalar_to_vector.{name} v0"], [T.LANE[t]], [t, t])
        if T.LANE[t] <= T.I64:
            for k in (0, 1, -1 & T.MASK[T.LANE[t]], 0x55):
                check.vectors([f"v0 = iconst.{T.NAME[T.LANE[t]]} {k}", f"v100 = splat.{name} v0"], [], [t])


def test_lanes(check: Check) -> None:
    for t in ALL + SMALL + HALVES:
        last = T.LANES[t] - 1
        for lane in sorted({0, 1, last // 2, last // 2 + 1, last}):
            check.vectors(
                [f"v100 = extractlane v0, {lane}", f"v101 = insertlane v0, v1, {lane}"],
                [t, T.LANE[t]], [T.LANE[t], t],
            )  # fmt: skip
        # The mask of a lane is none of the lane before it.
        first = min(1, last)
        check.vectors([f"v100 = insertlane v0, v1, {last}", f"v101 = insertlane v0, v1, {first}"], [t, T.LANE[t]], [t, t])


def test_widen_and_narrow(check: Check) -> None:
    for t in types(INT_TYPES + SMALL, T.I8, T.I16, T.I32):
        wide = T.merge_lanes(t) if T.LANES[t] > 2 else 0
        if wide:
            ops = [f"{s}widen_{half}" for s in "su" for half in ("low", "high")]
            check.vectors([f"v{100 + i} = {op} v0" for i, op in enumerate(ops)], [t], [wide] * 4)
            check.vectors(["v100 = iadd_pairwise v0, v1"], [t, t], [t])
    for t in types(INT_TYPES + SMALL, T.I16, T.I32, T.I64):
        for op in ("snarrow", "unarrow", "uunarrow"):
            check.vectors([f"v100 = {op} v0, v1"], [t, t], [T.split_lanes(t)])


def test_products_and_sums_of_extended_lanes(check: Check) -> None:
    for t, wide in ((T.I16X8, T.I32X4), (T.I32X4, T.I64X2), (T.I8X16, T.I16X8)):
        lines: list[str] = []
        for k, widen in enumerate(("swiden_low", "swiden_high", "uwiden_low", "uwiden_high")):
            a, b = 10 * k + 10, 10 * k + 11
            lines += [f"v{a} = {widen} v0", f"v{b} = {widen} v1", f"v{100 + k} = imul v{a}, v{b}"]
        check.vectors(lines, [t, t], [wide] * 4)
        if t != T.I32X4:
            for s in "su":
                widened = [f"v{10 + 2 * i + v} = {s}widen_{half} v{v}" for i, half in enumerate(("low", "high")) for v in (0, 1)]
                check.vectors([*widened, "v100 = iadd_pairwise v10, v12"], [t, t], [wide])
                products = ["v14 = imul v10, v11", "v15 = imul v12, v13", "v100 = iadd_pairwise v14, v15"]
                check.vectors([*widened, *products], [t, t], [wide])


def test_conversions_by_way_of_64_bits(check: Check) -> None:
    f = T.vector(T.F64, 2)
    check.vectors(["v1 = swiden_low v0", "v100 = fcvt_from_sint.f64x2 v1"], [T.I32X4], [f])
    check.vectors(["v1 = uwiden_low v0", "v100 = fcvt_from_uint.f64x2 v1"], [T.I32X4], [f])
    zero = f"v2 = vconst.i64x2 0x{'00' * 16}"
    check.vectors(["v1 = fcvt_to_sint_sat.i64x2 v0", zero, "v100 = snarrow v1, v2"], [f], [T.I32X4])
    check.vectors(["v1 = fcvt_to_uint_sat.i64x2 v0", zero, "v100 = uunarrow v1, v2"], [f], [T.I32X4])


def test_loads_into_lane_0(check: Check) -> None:
    for t in (T.I32X4, T.I64X2, T.F32X4, T.vector(T.F64, 2), T.vector(T.F64, 8)):
        lines = ["v2 = stack_addr.i64 ss0", "store v0, v2", f"v3 = load.{T.NAME[T.LANE[t]]} v2+8"]
        lines.append(f"v100 = scalar_to_vector.{T.NAME[t]} v3")
        check.vectors(lines, [t], [t], slots=SLOT)


def test_the_widest(check: Check) -> None:
    """Up to four registers: 1024 bits want AVX2, 2048 AVX-512."""
    if check.isa != "x64":
        pytest.skip("four registers of other ISAs hold 512 bits")
    levels = {1024: ("avx2", "avx512"), 2048: ("avx512", "icelake")}
    for bits, names in levels.items():
        t, u = T.vector(T.I32, bits // 32), T.vector(T.F64, bits // 64)
        lines = ["v100 = iadd v0, v1", "v101 = icmp ult v0, v1", f"v102 = extractlane v0, {bits // 32 - 3}"]
        check.vectors(lines, [t, t], [t, t, T.I32], levels=names)
        check.vectors(["v100 = fmul v0, v1", f"v101 = insertlane v0, v2, {bits // 64 - 2}"], [u, u, T.F64], [u, u], levels=names)
        lines = ["v100 = snarrow v0, v1", "v101 = vall_true v0", "v102 = swiden_high v0"]
        check.vectors(lines, [t, t], [T.split_lanes(t), T.I8, T.merge_lanes(t)], levels=names)


def test_extend(check: Check) -> None:
    for lane in (T.I16, T.I32, T.I64):
        for source in range(T.I8, lane):
            for count in (2, 4, 8, 16):
                if T.BITS[lane] * count <= 512 and T.BITS[source] * count >= 32:
                    t, u = T.vector(lane, count), T.vector(source, count)
                    check.vectors([f"v100 = uextend.{T.NAME[t]} v0", f"v101 = sextend.{T.NAME[t]} v0"], [u], [t, t])


def shuffles(rng: random.Random) -> list[list[int]]:
    """Each pattern that has an instruction of its own, and others."""
    i = range(16)
    found = [
        list(i), [m + 16 for m in i], [0] * 16, [5] * 16, [0, 1] * 8, [4, 5] * 8, [16, 17, 18, 19] * 4, [*range(8, 16)] * 2,
        [12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3], [*range(3, 19)], [*range(19, 32), 0, 1, 2], [*range(16, 32)],
        [6, 7, 4, 5, 2, 3, 0, 1, *range(8, 16)], [*range(8), 14, 15, 12, 13, 10, 11, 8, 9],
        [6, 7, 4, 5, 2, 3, 0, 1, 14, 15, 12, 13, 10, 11, 8, 9], [*range(15, -1, -1)], [*range(1, 16), 0],
        [0, 1, 18, 19, 4, 5, 22, 23, 8, 9, 26, 27, 12, 13, 30, 31],
        [4, 5, 6, 7, 0, 1, 2, 3, 28, 29, 30, 31, 16, 17, 18, 19], [20, 21, 22, 23, 16, 17, 18, 19, 0, 1, 2, 3, 12, 13, 14, 15],
    ]  # fmt: skip
    for size in (1, 2, 4, 8):
        for half in (0, 8):
            pattern = [half + size * n + k + side for n in range(8 // size) for side in (0, 16) for k in range(size)]
            found += [pattern, [m ^ 16 for m in pattern], [m & 15 for m in pattern]]
    for limit in (16, 32):
        found += [[rng.randrange(limit) for _ in i] for _ in range(4)]
    return found


def test_shuffle(check: Check) -> None:
    t = T.I8X16
    rng = random.Random(5)
    fixed = int.from_bytes(bytes(range(16)), "little"), int.from_bytes(bytes(range(100, 116)), "little")
    for mask in shuffles(rng):
        text = " ".join(map(str, mask))
        check.vectors([f"v100 = shuffle v0, v1, [{text}]", f"v101 = shuffle v0, v0, [{text}]"], [t, t], [t, t], [fixed])


def test_swizzle(check: Check) -> None:
    t = T.I8X16
    lines = ["v100 = swizzle v0, v1", f"v101 = {'x86_pshufb' if check.isa == 'x64' else 'swizzle'} v1, v0"]
    check.vectors(lines, [t, t], [t, t])
    inputs = [tuple(int.from_bytes(bytes(range(b, b + 16)), "little") for b in (1, at)) for at in range(0, 240, 16)]
    check.vectors(lines, [t, t], [t, t], inputs)


def test_fma(check: Check) -> None:
    for t in FLOAT_TYPES:
        check.vectors(["v100 = fma v0, v1, v2"], [t, t, t], [t])


@pytest.mark.parametrize("op", ["fadd", "fsub", "fmul", "fdiv", "fmin", "fmax", "fcopysign"])
def test_halves_binary(check: Check, op: str) -> None:
    for t in HALVES:
        check.vectors([f"v100 = {op} v0, v1"], [t, t], [t])


@pytest.mark.parametrize("op", ["sqrt", "ceil", "floor", "trunc", "nearest", "fneg", "fabs"])
def test_halves_unary(check: Check, op: str) -> None:
    for t in HALVES[:4]:
        check.vectors([f"v100 = {op} v0"], [t], [t])


def test_halves_compared_and_converted(check: Check) -> None:
    t = T.F16X8
    for cc in CONDITIONS:
        check.vectors([f"v100 = fcmp {cc} v0, v1"], [t, t], [T.I16X8])
    signs = ["v3 = fneg v0", "v4 = fneg v2", "v101 = fma v3, v1, v2", "v102 = fma v1, v3, v4", "v103 = fma v0, v1, v4"]
    check.vectors(["v100 = fma v0, v1, v2", *signs], [t, t, t], [t] * 4)
    scaled = [f"v{100 + k} = {op} v0, v3" for k, op in enumerate(("fadd", "fsub", "fmul", "fdiv"))]
    check.vectors(["v3 = splat.f16x8 v2", *scaled], [t, t, T.F16], [t] * 4)
    check.vectors(["v100 = fcmp lt v0, v1"], [HALVES[1]] * 2, [T.vector(T.I16, 4)])
    check.vectors(["v100 = fpromote.f32x8 v0"], [t], [T.vector(T.F32, 8)])
    check.vectors(["v100 = fdemote.f16x8 v0"], [T.vector(T.F32, 8)], [t])
    check.vectors(["v100 = fdemote.f16x4 v0"], [T.vector(T.F64, 4)], [T.vector(T.F16, 4)])


def test_promote_and_demote(check: Check) -> None:
    check.vectors(["v100 = fvpromote_low v0"], [T.F32X4], [T.F64X2])
    check.vectors(["v100 = fvdemote v0"], [T.F64X2], [T.F32X4])
    for count in (2, 4, 8):
        narrow, wide = T.vector(T.F32, count), T.vector(T.F64, count)
        check.vectors([f"v100 = fpromote.{T.NAME[wide]} v0"], [narrow], [wide])
        check.vectors([f"v100 = fdemote.{T.NAME[narrow]} v0"], [wide], [narrow])


def test_from_integers(check: Check) -> None:
    for lane in (T.F16, T.F32, T.F64):
        for source in (T.I8, T.I16, T.I32, T.I64):
            for count in (2, 4, 8, 16):
                t, u = T.vector(lane, count), T.vector(source, count)
                if T.BITS[t] <= 512 and 32 <= T.BITS[u] <= 512:
                    name = T.NAME[t]
                    check.vectors([f"v100 = fcvt_from_sint.{name} v0", f"v101 = fcvt_from_uint.{name} v0"], [u], [t, t])


@pytest.mark.parametrize("how", ["_sat", ""])
def test_to_integers(check: Check, how: str) -> None:
    for lane, source in itertools.product((T.I8, T.I16, T.I32, T.I64), (T.F16, T.F32, T.F64)):
        for count in (2, 4, 8, 16):
            t, u = T.vector(lane, count), T.vector(source, count)
            if 32 <= T.BITS[t] <= 512 and T.BITS[u] <= 512:
                name = T.NAME[t]
                inputs = None
                if not how:  # some that do not trap
                    good = [[1.5, 0.0, 100.0, 3.99], [-0.5, 0.5, 7.0, 255.0], [1e30, 1.0, 2.0, 3.0], [1.0, float("nan"), 1e30, 2.0]]
                    good += [[1.0, -1.5, 3.0, 4.0], [65535.0, 2.0, 1.0, 2147483520.0]]
                    inputs = [(join([x for x in row for _ in range(max(count // 4, 1))][:count], source),) for row in good]
                for sign in "su":
                    check.vectors([f"v100 = fcvt_to_{sign}int{how}.{name} v0"], [u], [t], inputs)
                    if not how and sign == "s" and lane >= T.I32 and source >= T.F32 and check.isa == "x64":
                        check.vectors([f"v100 = x86_cvtt2dq.{name} v0"], [u], [t])


def join(lanes: list[float], type: int) -> int:
    return sum(bits_of(x, T.NAME[type]) << i * T.BITS[type] for i, x in enumerate(lanes))


def test_extending_loads(check: Check) -> None:
    text = ["v1 = stack_addr.i64 ss0", "store v0, v1"]
    for op, t in (("load8x8", T.I16X8), ("load16x4", T.I32X4), ("load32x2", T.vector(T.I64, 2))):
        lines = [*text, f"v100 = u{op} v1+3", f"v101 = s{op} v1+4"]
        check.vectors(lines, [T.vector(T.I8, 32)], [t, t], slots=SLOT)


def test_bitcasts(check: Check) -> None:
    pairs = [("i8x16", "f64x2"), ("i128", "i32x4"), ("f32x4", "i128"), ("i32x2", "i64"), ("f64", "i16x4"), ("i8x32", "f64x4")]
    for a, b in pairs:
        t, u = T.BY_NAME[a], T.BY_NAME[b]
        check.vectors([f"v100 = bitcast.{b} little v0", f"v101 = bitcast.{a} little v1"], [t, u], [u, t])


def test_constants(check: Check) -> None:
    for t in INT_TYPES:
        for data in (bytes(T.BYTES[t]), b"\xff" * T.BYTES[t], bytes(range(T.BYTES[t]))):
            check.vectors([f"v100 = vconst.{T.NAME[t]} 0x{data[::-1].hex()}"], [], [t])


def test_many_live_values(check: Check) -> None:
    """More vectors than registers: spills and reloads at every width."""
    for t in (T.I32X4, T.vector(T.I32, 8), T.vector(T.F64, 8), T.vector(T.I64, 4)):
        add = "fadd" if T.IS_FLOAT[T.LANE[t]] else "iadd"
        lines = [f"v{10 + i} = {add} v{10 + i - 1 if i else 0}, v0" for i in range(40)]
        lines += [f"v{60} = {add} v10, v11"] + [f"v{60 + i} = {add} v{60 + i - 1}, v{11 + i}" for i in range(1, 39)]
        lines.append(f"v100 = {add} v98, v0")
        check.vectors(lines, [t], [t], [(7 << T.LANE_BITS[t],)] if add == "iadd" else None)
