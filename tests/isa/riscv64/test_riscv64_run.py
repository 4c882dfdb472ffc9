"""What riscv64 does by sequences that the tests of all ISAs do not reach: big-endian atomics, far places, wide frames."""

from __future__ import annotations

import pytest
from jitpy.backend import isa
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.filetests.engines import load
from jitpy.backend.ir import types as T
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_function, parse_functions
from run import FLOATS, INTS, Check, bits_of, here

pytestmark = pytest.mark.skipif(bool(here("riscv64")), reason="no emulator of riscv64")
HALVES = [(a, b) for a in FLOATS["f16"] for b in FLOATS["f16"][::3]]
SLOT = "ss0 = explicit_slot 16"


def pairs(bits: int) -> list[tuple[int, int]]:
    return [(a, b) for a in INTS[bits] for b in INTS[bits]]


@pytest.mark.parametrize("op", ("add", "sub", "and", "nand", "or", "xor", "xchg", "umin", "umax", "smin", "smax"))
def test_atomics_in_the_other_order(op: str) -> None:
    check = Check("riscv64")
    for bits in (8, 16, 32, 64):
        t = f"i{bits}"
        body = f"v1 = stack_addr.i64 ss0\nstore big a0, v1\nr0 = atomic_rmw.{t} big {op} v1, a1\nr1 = load.{t} big v1"
        check(body, (t, t), (t, t), pairs(bits), slots=SLOT)
    check.run()


def test_atomic_compare_and_swap_in_the_other_order() -> None:
    check = Check("riscv64")
    for bits in (8, 16, 32, 64):
        t = f"i{bits}"
        body = f"v1 = stack_addr.i64 ss0\nstore big a0, v1\nr0 = atomic_cas.{t} big v1, a1, a2\nr1 = atomic_load.{t} big v1"
        check(body, (t, t, t), (t, t), [(a, b, 5) for a, b in pairs(bits)], slots=SLOT)
        body = f"v1 = stack_addr.i64 ss0\natomic_store big a0, v1\nr0 = load.{t} big v1"
        check(body, (t,), (t,), [(a,) for a in INTS[bits]], slots=SLOT)
    check.run()


@pytest.mark.parametrize("big", ("", "big "))
def test_atomics_of_pairs(big: str) -> None:
    """Zacas's; without it they are refused."""
    check = Check("riscv64")
    start = f"v1 = stack_addr.i64 ss0\nstore {big}a0, v1\n"
    slots = "ss0 = explicit_slot 16, align = 16"
    inputs = pairs(128)[::3]
    for op in ("add", "sub", "nand", "xchg", "umin", "smax"):
        body = f"{start}r0 = atomic_rmw.i128 {big}{op} v1, a1\nr1 = load.i128 {big}v1"
        check(body, ("i128", "i128"), ("i128", "i128"), inputs, slots=slots, levels=("all",))
    body = f"{start}r0 = atomic_cas.i128 {big}v1, a1, a2\nr1 = atomic_load.i128 {big}v1"
    check(body, ("i128",) * 3, ("i128", "i128"), [(a, b, 5) for a, b in inputs], slots=slots, levels=("all",))
    body = f"v1 = stack_addr.i64 ss0\natomic_store {big}a0, v1\nr0 = load.i128 {big}v1"
    check(body, ("i128",), ("i128",), [(a,) for a in INTS[128]], slots=slots, levels=("all",))
    check.run()
    params = "v0: i64, v1: i128, v2: i128"
    function = parse_function(f"function %f(i64, i128, i128) -> i128 {{ block0({params}): v3 = atomic_cas v0, v1, v2 return v3 }}")
    with pytest.raises(UnsupportedError, match=r"atomic_cas\.i128"):
        compile_function(function, isa.lookup("riscv64", {}), Settings())


@pytest.mark.parametrize("regalloc", ("onepass", "linear"))
def test_atomics_trap_where_they_stand(regalloc: str) -> None:
    """What is said of a trap is said of the instruction itself, also where moves of the allocator come before it."""
    names = [f"v{i}" for i in range(30)]
    live = "\n".join(f"{name} = load.i64 v100+{8 * i}" for i, name in enumerate(names))
    kept = "\n".join(f"store {name}, v100+{8 * i + 8}" for i, name in enumerate(names))
    rmw = "\n".join(f"v{110 + i} = atomic_rmw.i64 add v{i}, v{(i - 1) % 30}\nstore v{110 + i}, v100" for i in range(30))
    func = parse_function(f"function %f(i64) {{ block0(v100: i64):\n{live}\n{rmw}\n{kept}\nreturn }}")
    done = compile_function(func, isa.lookup("riscv64", {}), Settings("none", regalloc))
    words = [int.from_bytes(done.code[at : at + 4], "little") for at, _ in done.traps]
    assert sum(word & 127 == 0x2F for word in words) == 30


@pytest.mark.parametrize("lane", (1, 3))
def test_atomics_beside_others_in_a_word(lane: int) -> None:
    """A narrow value's neighbours stay."""
    check = Check("riscv64")
    for op in ("add", "smin", "umax", "nand"):
        body = f"v1 = stack_addr.i64 ss0\nstore a0, v1\nv3 = iconst.i64 {lane}\nv2 = iadd v1, v3\n"
        body += f"r0 = atomic_rmw.i8 {op} v2, a1\nr1 = load.i32 v1"
        check(body, ("i32", "i8"), ("i8", "i32"), [(a, b) for a in INTS[32] for b in INTS[8]], slots=SLOT)
    check.run()


@pytest.mark.parametrize("size", (1000, 2040, 3000, 5000, 9000, 70000))
def test_frames_beyond_the_reach_of_displacements(size: int) -> None:
    """Slots at both ends of a frame, spills between, frames beyond a page."""
    check = Check("riscv64")
    live = "\n".join(f"v{300 + i} = iconst.i64 {i}\nv{100 + i} = iadd a0, v{300 + i}" for i in range(40))
    total = "v200 = iadd v100, v101\n" + "\n".join(f"v{200 + i} = iadd v{199 + i}, v{101 + i}" for i in range(1, 39))
    body = f"""{live}
        v1 = stack_addr.i64 ss0
        store a0, v1
        v2 = stack_addr.i64 ss1
        store a1, v2+8
        v3 = load.i64 v1
        v4 = load.i64 v2+8
        {total}
        r0 = isub v3, v4
        r1 = iadd v238, v3"""
    slots = f"ss0 = explicit_slot 16\nss2 = explicit_slot {size // 8 * 8}\nss1 = explicit_slot 16"
    check(body, ("i64", "i64"), ("i64", "i64"), pairs(64), slots=slots)
    check.run()


@pytest.mark.parametrize("count", (40, 1200))
def test_branches_over_much_code(count: int) -> None:
    """Beyond 256 bytes and beyond 4 KB, forwards and back."""
    check = Check("riscv64")
    filling = "\n".join(f"v{2000 + i} = {('imul', 'iadd', 'bxor')[i % 3]} v{1999 + i}, a0" for i in range(1, count))
    body = f"""v300 = iconst.i64 0
        v301 = iconst.i64 3
        jump block20(v300, v301)
        block20(v302: i64, v303: i64):
        v309 = iconst.i64 100
        v304 = icmp slt a0, v309
        brif v304, block21, block22
        block21:
        v2000 = iadd a0, v309
        {filling}
        jump block23(v{1999 + count})
        block22:
        jump block23(a0)
        block23(v305: i64):
        v306 = iadd v302, v305
        v308 = iconst.i64 -1
        v307 = iadd v303, v308
        brif v307, block20(v306, v307), block24
        block24:
        r0 = iadd v306, a0"""
    check(body, ("i64",), ("i64",), [(a,) for a in INTS[64]])
    check.run()


def test_functions_without_a_frame_read_stack_arguments() -> None:
    """A leaf that wants no memory leaves the stack pointer where it is; so does one that calls on in its place."""
    params = ", ".join(f"v{i}: i64" for i in range(10))
    text = f"""function %leaf({", ".join(["i64"] * 10)}) -> i64 tail {{
    block0({params}):
        v10 = isub v8, v9
        return v10
    }}
    function %through({", ".join(["i64"] * 10)}) -> i64 tail {{
        fn0 = colocated %leaf({", ".join(["i64"] * 10)}) -> i64 tail
    block0({params}):
        return_call fn0(v0, v1, v2, v3, v4, v5, v6, v7, v9, v8)
    }}
    function %f(i64, i64) -> i64 {{
        fn0 = colocated %through({", ".join(["i64"] * 10)}) -> i64 tail
        fn1 = colocated %leaf({", ".join(["i64"] * 10)}) -> i64 tail
    block0(v0: i64, v1: i64):
        v2 = call fn0(v0, v0, v0, v0, v0, v0, v0, v0, v0, v1)
        v3 = call fn1(v0, v0, v0, v0, v0, v0, v0, v0, v2, v1)
        return v3
    }}"""
    functions = parse_functions(text)
    target = isa.lookup("riscv64", {})
    leaf = compile_function(functions[0], target, Settings("none"))
    assert leaf.prologue_end == leaf.entry
    call = load(parse_functions(text), target, Settings("none"), emulated=True)
    assert call("f", [7, 100]) == [(100 - 7 - 100) % 2**64]


def test_loads_and_stores_far_from_their_base() -> None:
    check = Check("riscv64")
    for at in (2044, 2048, 4000, 40000):
        body = f"v1 = stack_addr.i64 ss0\nstore a0, v1+{at}\nr0 = load.i32 v1+{at}\nv2 = sload8.i64 v1+{at}\nr1 = iadd v2, v2"
        check(body, ("i32",), ("i32", "i64"), [(a,) for a in INTS[32]], slots="ss0 = explicit_slot 40016")
    check.run()


def test_vectors_want_v() -> None:
    func = parse_function("function %f(i64) {\nblock0(v0: i64):\n    v1 = load.i32x4 v0\n    store v1, v0\n    return\n}")
    target = isa.lookup("riscv64", {})
    with pytest.raises(UnsupportedError, match="i32x4"):
        compile_function(func, target, Settings("none"))


def test_unknown_features_are_named() -> None:
    from jitpy.backend.isa import riscv64

    with pytest.raises(ValueError, match="has_zbx"):
        riscv64.target({"has_zbx": 1})


def test_vector_state_is_set_once() -> None:
    """Operations on lanes of one width follow each other with one vsetivli in front; other lanes want another."""
    body = "v1 = load.i32x4 aligned v0\nv2 = iadd v1, v1\nv3 = imul v2, v1\n"
    text = "function %f(i64) {\nblock0(v0: i64):\n" + body + "store aligned v3, v0\nreturn\n}"
    code = compile_function(parse_function(text), isa.lookup("riscv64", {"has_v": 1}), Settings("none")).code
    words = [int.from_bytes(code[i : i + 4], "little") for i in range(0, len(code), 4)]
    assert sum(word & 0xC000707F == 0xC0007057 for word in words) == 1


@pytest.mark.parametrize("level", ("none", "speed"))
def test_vector_state_is_not_carried_into_blocks(level: str) -> None:
    """Each block sets its own, also where code is put together of pieces that are used again."""
    text = """function %f(i32x8, i32) -> i32x8, i64 {
    block0(v0: i32x8, v1: i32):
        br_table v1, block1, [block2, block3]
    block1:
        v2 = vconst.i32x8 [100 101 0 128 1 16 17 15]
        jump block4(v2)
    block2:
        v3 = vconst.i32x8 [0 0 0 0 0 0 0 0]
        jump block4(v3)
    block3:
        v4 = iadd v0, v0
        jump block4(v4)
    block4(v5: i32x8):
        v6 = iadd v5, v5
        v7 = iconst.i64 7
        return v6, v7
    }"""
    call = load(parse_functions(text), isa.lookup("riscv64", {"has_v": 1}), Settings(level), emulated=True)
    lanes = [1, 2, 3, 4, 5, 6, 7, 8]
    value = sum(lane << 32 * i for i, lane in enumerate(lanes))
    constant = sum(2 * lane << 32 * i for i, lane in enumerate((100, 101, 0, 128, 1, 16, 17, 15)))
    assert call("f", [value, 0]) == [0, 7]
    assert call("f", [value, 1]) == [4 * value, 7]
    assert call("f", [value, 2]) == [constant, 7]


def test_zero_of_half_precision_is_a_number() -> None:
    check = Check("riscv64")
    check("v1 = f16const 0.0\nr0 = fpromote.f64 v1\nr1 = fadd a0, v1", ("f16",), ("f64", "f16"), [(0x3C00,), (0,)])
    check.run()


@pytest.mark.parametrize("level", ("zfh", "zvfhmin", "zvfh"))
def test_extensions_for_halves_alone(level: str) -> None:
    """Each of the extensions without those that usually come with it."""
    check = Check("riscv64")
    for cc in ("lt", "ueq", "uno"):
        body = f"r0 = fcmp {cc} a0, a1\nr1 = fmin a0, a1\nr2 = nearest a1"
        check(body, ("f16", "f16"), ("i8", "f16", "f16"), HALVES, levels=(level,))
    for t in ("i8", "i64"):
        check(f"r0 = fcvt_to_uint.{t} a0\nr1 = fcvt_to_sint_sat.{t} a1", ("f16", "f16"), (t, t), HALVES, levels=(level,))
    check.run()
    if level == "zfh":
        return
    t, wide = T.F16X8, T.vector(T.F32, 8)
    sums = ["v100 = fadd v0, v1", "v101 = fmin v0, v1", "v102 = ceil v0", "v103 = fneg v1"]
    check.vectors(sums, [t, t], [t] * 4, levels=(level,))
    check.vectors(["v100 = fpromote.f32x8 v0", "v101 = fdemote.f16x8 v1"], [t, wide], [wide, t], levels=(level,))
    lanes = ["v100 = splat.f16x8 v1", "v101 = insertlane v0, v1, 5", "v102 = extractlane v0, 3"]
    check.vectors(lanes, [t, T.F16], [t, t, T.F16], levels=(level,))
    rows = [(0.0, 1.5, 7.9, 100.0, 3.0, 127.5, 0.25, top) for top in (9.0, 1e9)]
    small = [(sum(bits_of(x, "f16") << 16 * i for i, x in enumerate(row)),) for row in rows]
    for bits in (16, 32, 64):
        ints = T.vector({16: T.I16, 32: T.I32, 64: T.I64}[bits], 8)
        check.vectors([f"v100 = fcvt_to_uint.i{bits}x8 v0"], [t], [ints], small, levels=(level,))
        check.vectors([f"v100 = fcvt_to_sint_sat.i{bits}x8 v0"], [t], [ints], levels=(level,))
        check.vectors(["v100 = fcvt_from_sint.f16x8 v0"], [ints], [t], levels=(level,))
    check.run()


@pytest.mark.parametrize("op", ("iadd", "isub", "band", "bor", "bxor"))
def test_selection_of_one_operation_more(op: str) -> None:
    """One arm is the other with an operation, which alone is branched over."""
    check = Check("riscv64")
    for bits in (8, 32, 64):
        t = f"i{bits}"
        for cond in ("icmp slt a0, v9", "icmp ult a0, a1"):
            start = f"v9 = iconst.{t} 0\nv1 = {cond}\nv2 = {op} a0, a1\nv3 = iconst.{t} -7\nv4 = {op} a0, v3\nv5 = {op} a1, a0\n"
            check(start + "r0 = select v1, a0, v2\nr1 = select v1, v4, a0\nr2 = select v1, v5, a0", (t, t), (t, t, t), pairs(bits))
    check.run()


def test_addresses_below_sums() -> None:
    """A constant deep in a sum is a displacement, where it fits."""
    check = Check("riscv64")
    slots = "ss0 = explicit_slot 8400"
    for k in (-8, 24, 2040, 2047, 4000):
        body = f"""v1 = stack_addr.i64 ss0+4000
            v9 = iconst.i64 15
            v2 = band a0, v9
            v3 = iconst.i64 {k}
            v4 = iadd v2, v3
            v5 = iadd v1, v4
            store a1, v5
            v6 = iadd v2, v1
            v7 = iadd v6, v3
            r0 = load.i64 v7
            v8 = iadd v4, v6
            v10 = isub v8, v2
            v11 = iadd v10, v9
            r1 = load.i8 v11-15"""
        check(body, ("i64", "i64"), ("i64", "i8"), pairs(64), slots=slots)
    check.run()
