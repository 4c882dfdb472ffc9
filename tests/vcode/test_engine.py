"""The engine from CLIF to bytes on the toy ISA, run by its interpreter."""

from __future__ import annotations

import random

import pytest
import toy
from jitpy.backend import pipeline
from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.ir.memflags import NOTRAP
from jitpy.backend.ir.types import I32, I64, I128
from jitpy.backend.regalloc.checker import validate
from jitpy.backend.settings import Settings
from jitpy.backend.vcode.emit import _rotated
from jitpy.backend.vcode.lower import lower

# The baseline compiler, and the long way.
SETTINGS = Settings("none", "onepass", regalloc_checker=True)
LONG = Settings("none", "linear", regalloc_checker=True)


def start(params: list[int], returns: list[int], name: str = "f") -> tuple[Function, int, list[int]]:
    func = Function(name, signature(params, returns))
    b = func.block()
    return func, b, [func.param(b, t) for t in params]


def run(funcs: Function | list[Function], *args: int, ways: tuple[Settings, ...] = (SETTINGS, LONG)) -> int:
    funcs = funcs if isinstance(funcs, list) else [funcs]
    found = []
    for settings in ways:
        module = pipeline.compile_module(funcs, toy.target(), settings)
        assert not module.relocs
        found.append(toy.run(module.code, 0, list(args))[0])
    assert len(set(found)) == 1
    return found[0]


def rows(func: Function) -> list[list[str]]:
    """The row names of each machine block."""
    vcode = lower(func, toy.target())
    validate(vcode, toy.target().env)
    s = vcode.block_starts
    return [[i.row.name for i in vcode.insts[s[b] : s[b + 1]]] for b in range(len(vcode.succs))]


def test_add() -> None:
    func, b, (x, y) = start([I64, I64], [I64])
    func.append(b, (op.RETURN, 0, None, func.value(b, (op.IADD, I64, None, x, y), I64)))
    assert run(func, 20, 22) == 42


def sum_loop() -> Function:
    func, b, (n,) = start([I64], [I64])
    head, body, done = func.block(), func.block(), func.block()
    zero = func.value(b, (op.ICONST, I64, 0), I64)
    func.append(b, (op.JUMP, 0, ((head, 2),), zero, zero))
    i, total = func.param(head, I64), func.param(head, I64)
    c = func.value(head, (op.ICMP, I64, "slt", i, n), types.I8)
    func.append(head, (op.BRIF, types.I8, ((body, 0), (done, 1)), c, total))
    total2 = func.value(body, (op.IADD, I64, None, total, i), I64)
    one = func.value(body, (op.ICONST, I64, 1), I64)
    i2 = func.value(body, (op.IADD, I64, None, i, one), I64)
    func.append(body, (op.JUMP, 0, ((head, 2),), i2, total2))
    out = func.param(done, I64)
    func.append(done, (op.RETURN, 0, None, out))
    return func


def test_loop() -> None:
    assert run(sum_loop(), 100) == 4950
    assert run(sum_loop(), 0) == 0


def nested_loops() -> Function:
    """n rows of n turns, counting."""
    func, b, (n,) = start([I64], [I64])
    outer, row, inner, body, next_row, done = (func.block() for _ in range(6))
    zero = func.value(b, (op.ICONST, I64, 0), I64)
    func.append(b, (op.JUMP, 0, ((outer, 2),), zero, zero))
    i, total = func.param(outer, I64), func.param(outer, I64)
    func.append(outer, (op.BRIF, types.I8, ((row, 0), (done, 0)), func.value(outer, (op.ICMP, I64, "slt", i, n), types.I8)))
    func.append(row, (op.JUMP, 0, ((inner, 2),), zero, total))
    j, t = func.param(inner, I64), func.param(inner, I64)
    func.append(inner, (op.BRIF, types.I8, ((body, 0), (next_row, 0)), func.value(inner, (op.ICMP, I64, "slt", j, n), types.I8)))
    one = func.value(body, (op.ICONST, I64, 1), I64)
    more = func.value(body, (op.IADD, I64, None, t, one), I64)
    func.append(body, (op.JUMP, 0, ((inner, 2),), func.value(body, (op.IADD, I64, None, j, one), I64), more))
    step = func.value(next_row, (op.ICONST, I64, 1), I64)
    func.append(next_row, (op.JUMP, 0, ((outer, 2),), func.value(next_row, (op.IADD, I64, None, i, step), I64), t))
    func.append(done, (op.RETURN, 0, None, total))
    return func


def test_loops_are_rotated() -> None:
    """Each header is written behind the block that jumps back to it; the numbering stays."""
    func = nested_loops()
    vcode = lower(func, toy.target())
    order = _rotated(vcode, list(range(len(vcode.succs))))
    by_clif = {clif: order.index(m) for m, clif in enumerate(vcode.clif_blocks)}
    _, outer, row, inner, body, next_row, done = func.layout
    places = [by_clif[b] for b in (row, body, inner, next_row, outer, done)]
    assert places == sorted(places)
    assert run(nested_loops(), 7) == 49
    assert run(nested_loops(), 0) == 0


def test_dead_and_unused_things_vanish() -> None:
    func, b, (x, p) = start([I64, I64], [I64])
    dead = func.value(b, (op.IADD, I64, None, x, x), I64)
    func.value(b, (op.IADD, I64, None, dead, x), I64)
    func.value(b, (op.LOAD_, I64, (NOTRAP, 0), p), I64)
    func.append(b, (op.RETURN, 0, None, x))
    assert rows(func) == [["args", "ret"]]
    vcode = lower(func, toy.target())
    assert len(vcode.insts[0].defs) == 1  # p is not even taken
    kept, b, (p,) = start([I64], [])
    kept.value(b, (op.LOAD_, I64, (0, 0), p), I64)  # it may trap
    kept.append(b, (op.RETURN, 0, None))
    assert rows(kept) == [["args", "load", "ret"]]


@pytest.mark.parametrize(
    "between,flags,sinks",
    [("", 0, True), ("", NOTRAP, True), ("store", NOTRAP, False), ("trapping load", 0, False),
     ("trapping load", NOTRAP, True), ("second use", NOTRAP, False), ("second user of the sum", NOTRAP, False)],
)  # fmt: skip
def test_load_sinking(between: str, flags: int, sinks: bool) -> None:
    func, b, (x, p) = start([I64, I64], [I64, I64])
    v = func.value(b, (op.LOAD_, I64, (flags, 8), p), I64)
    extra = x
    if between == "store":
        func.append(b, (op.STORE_, I64, (NOTRAP, 0), x, p))
    elif between == "trapping load":
        extra = func.value(b, (op.LOAD_, I64, (0, 16), p), I64)
    elif between == "second use":
        extra = v
    total = func.value(b, (op.IADD, I64, None, x, v), I64)
    if between == "second user of the sum":
        extra = func.value(b, (op.ISUB, I64, None, total, total), I64)
    func.append(b, (op.RETURN, 0, None, total, extra))
    assert ("addm" in rows(func)[0]) == sinks


def test_load_does_not_sink_into_another_block() -> None:
    func, b, (x, p) = start([I64, I64], [I64])
    v = func.value(b, (op.LOAD_, I64, (NOTRAP, 0), p), I64)
    after = func.block()
    func.append(b, (op.JUMP, 0, ((after, 0),)))
    func.append(after, (op.RETURN, 0, None, func.value(after, (op.IADD, I64, None, x, v), I64)))
    assert rows(func) == [["args", "load", "jmp"], ["add2", "ret"]]


@pytest.mark.parametrize("use_between", [False, True])
def test_overflow_fuses_with_its_branch(use_between: bool) -> None:
    func, b, (x, y) = start([I64, I64], [I64])
    i = func.append(b, (op.SADD_OVERFLOW, I64, None, x, y), (I64, types.I8))
    total, flag = func.results[i]
    if use_between:
        func.append(b, (op.STORE_, I64, (NOTRAP, 0x8000), total, x))
    bad, good = func.block(), func.block()
    func.append(b, (op.BRIF, types.I8, ((bad, 0), (good, 0)), flag))
    func.append(bad, (op.RETURN, 0, None, x))
    func.append(good, (op.RETURN, 0, None, total))
    assert ("jo" in rows(func)[0]) == (not use_between)
    if not use_between:
        assert run(func, 5, 6, ways=(LONG,)) == 11  # the toy has no overflow but as a branch's condition
        big = (1 << 63) - 1
        assert run(func, big, 1, ways=(LONG,)) == big


def test_names_of_one_register() -> None:
    func, b, (x, y) = start([I64, I64], [I64])
    w = func.value(b, (op.ICONCAT, I64, None, x, y), I128)
    w2 = func.value(b, (op.IADD, I128, None, w, w), I128)
    i = func.append(b, (op.ISPLIT, I128, None, w2), (I64, I64))
    low, high = func.results[i]
    narrow = func.value(b, (op.IREDUCE, I32, None, high), I32)
    func.append(b, (op.RETURN, 0, None, func.value(b, (op.ISUB, I64, None, low, narrow), I64)))
    assert run(func, 100, 7) == 186


def test_calls_with_stack_arguments_and_returns() -> None:
    types8 = [I64] * 8
    callee, b, params = start(types8, [I64] * 4, "callee")
    callee.append(b, (op.RETURN, 0, None, params[7], params[3], params[5], params[0]))
    func, b, (x, y) = start([I64, I64], [I64])
    ref = func.import_function("callee", signature(types8, [I64] * 4), colocated=True)
    far = func.import_function("far", signature(types8, [I64] * 4))
    args = [func.value(b, (op.ICONST, I64, 1 << k), I64) for k in range(7)]
    i = func.append(b, (op.CALL_, 0, ref, *args, x), (I64,) * 4)
    a, c, d, e = func.results[i]
    t = func.value(b, (op.ISUB, I64, None, a, c), I64)
    t = func.value(b, (op.ISUB, I64, None, t, d), I64)
    t = func.value(b, (op.ISUB, I64, None, t, e), I64)
    t = func.value(b, (op.IADD, I64, None, t, y), I64)
    func.append(b, (op.RETURN, 0, None, t))
    assert run([func, callee], 1000, 5) == 1000 - 8 - 32 - 1 + 5
    func.insts[i] = (op.CALL_, 0, far, *args, x)
    module = pipeline.compile_module([func, callee], toy.target(), SETTINGS)
    assert [r[1:] for r in module.relocs] == [("abs8", "far", 0)]
    func.insts[i] = (op.CALL_, 0, ref, *args, x)


def test_recursion_keeps_callee_saved_registers() -> None:
    """fib, with the values live across calls."""
    func, b, (n,) = start([I64], [I64], "fib")
    ref = func.import_function("fib", signature([I64], [I64]), colocated=True)
    small, large = func.block(), func.block()
    two = func.value(b, (op.ICONST, I64, 2), I64)
    c = func.value(b, (op.ICMP, I64, "slt", n, two), types.I8)
    func.append(b, (op.BRIF, types.I8, ((small, 0), (large, 0)), c))
    func.append(small, (op.RETURN, 0, None, n))
    one = func.value(large, (op.ICONST, I64, 1), I64)
    n1 = func.value(large, (op.ISUB, I64, None, n, one), I64)
    (a,) = func.results[func.append(large, (op.CALL_, 0, ref, n1), (I64,))]
    n2 = func.value(large, (op.ISUB, I64, None, n1, one), I64)
    (d,) = func.results[func.append(large, (op.CALL_, 0, ref, n2), (I64,))]
    func.append(large, (op.RETURN, 0, None, func.value(large, (op.IADD, I64, None, a, d), I64)))
    assert run(func, 12) == 144


@pytest.mark.parametrize("indirect", [False, True])
def test_tail_call_with_stack_arguments(indirect: bool) -> None:
    """A loop by tail calls, rotating five arguments of which two lie on the stack; the toy's fuel shows that frames do
    not pile up."""
    five = [I64] * 5
    func, b, (n, f, x, y, z) = start(five, [I64], "spin")
    sig = signature(five, [I64])
    more, done = func.block(), func.block()
    one = func.value(b, (op.ICONST, I64, 1), I64)
    c = func.value(b, (op.ICMP, I64, "slt", one, n), types.I8)
    func.append(b, (op.BRIF, types.I8, ((more, 0), (done, 0)), c))
    n1 = func.value(more, (op.ISUB, I64, None, n, one), I64)
    if indirect:
        ref = func.import_signature(sig)
        func.append(more, (op.RETURN_CALL_INDIRECT, I64, ref, f, n1, f, y, z, x))
    else:
        ref = func.import_function("spin", sig, colocated=True)
        func.append(more, (op.RETURN_CALL, 0, ref, n1, f, y, z, x))
    func.append(done, (op.RETURN, 0, None, x))
    assert [run(func, k, 0, 7, 8, 9) for k in (1, 2, 3, 4, 2000)] == [7, 8, 9, 7, 8]


def test_extension_of_arguments() -> None:
    func, b, (x,) = start([types.I8], [I64], "callee")
    func.append(b, (op.RETURN, 0, None, x))
    main, b, (y,) = start([types.I8], [I64])
    sig = signature([types.I8], [I64])
    sig.params[0].extension = "sext"
    ref = main.import_function("callee", sig, colocated=True)
    (r,) = main.results[main.append(b, (op.CALL_, 0, ref, y), (I64,))]
    main.append(b, (op.RETURN, 0, None, r))
    assert run([main, func], 0xFF) == (1 << 64) - 1


def test_stack_slots_and_constants() -> None:
    func, b, (x,) = start([I64], [I64])
    small, big = func.stack_slot(1, 0), func.stack_slot(24, 4)
    address = func.value(b, (op.STACK_ADDR, I64, (big, 8)), I64)
    func.value(b, (op.STACK_ADDR, I64, (small, 0)), I64)
    func.append(b, (op.STORE_, I64, (0, 8), x, address))
    k = func.value(b, (op.ICONST, I64, 0x123456789A), I64)
    v = func.value(b, (op.LOAD_, I64, (0, 8), address), I64)
    t = func.value(b, (op.ISUB, I64, None, v, k), I64)
    func.append(b, (op.RETURN, 0, None, func.value(b, (op.ISUB, I64, None, t, k), I64)))
    assert run(func, 0x2468ACF134 + 5) == 5


def test_branch_back_to_the_entry() -> None:
    func, b, (n, total) = start([I64, I64], [I64])
    again, done = func.block(), func.block()
    zero = func.value(b, (op.ICONST, I64, 0), I64)
    c = func.value(b, (op.ICMP, I64, "slt", zero, n), types.I8)
    func.append(b, (op.BRIF, types.I8, ((again, 0), (done, 0)), c))
    one = func.value(again, (op.ICONST, I64, 1), I64)
    t = func.value(again, (op.IADD, I64, None, total, n), I64)
    func.append(again, (op.JUMP, 0, ((b, 2),), func.value(again, (op.ISUB, I64, None, n, one), I64), t))
    func.append(done, (op.RETURN, 0, None, total))
    assert run(func, 10, 1000) == 1055


def test_br_table() -> None:
    func, b, (x,) = start([I32], [I64])
    blocks = [func.block() for _ in range(3)]
    target_list = ((blocks[0], 0), (blocks[1], 0), (blocks[2], 1), (blocks[1], 0), (blocks[2], 1))
    k = func.value(b, (op.ICONST, I64, 77), I64)
    func.append(b, (op.BR_TABLE, 0, target_list, x, k, k))
    v = func.param(blocks[2], I64)
    for t, block in zip((10, 20), blocks):
        func.append(block, (op.RETURN, 0, None, func.value(block, (op.ICONST, I64, t), I64)))
    func.append(blocks[2], (op.RETURN, 0, None, v))
    assert [run(func, i) for i in range(6)] == [20, 77, 20, 77, 10, 10]


def test_cold_code_goes_last_and_loops_stay_whole() -> None:
    func = sum_loop()
    # A cold exit from the loop's body.
    cold = func.block()
    func.append(cold, (op.TRAP_, 0, "user1"))
    body = 2
    func.block_insts[body].pop()
    c = func.value(body, (op.ICMP, I64, "slt", func.block_params[1][1], func.block_params[0][0]), types.I8)
    latch = func.block()
    func.append(body, (op.BRIF, types.I8, ((latch, 0), (cold, 0)), c))
    func.append(latch, (op.JUMP, 0, ((1, 2),), func.block_params[1][0], func.block_params[1][1]))
    vcode = lower(func, toy.target())
    assert vcode.clif_blocks == [0, 1, 2, 5, -1, 3, 4]
    assert vcode.cold == [False] * 6 + [True]
    assert vcode.loop_depth == [0, 1, 1, 1, 0, 0, 0]


def test_errors() -> None:
    func, b, (x,) = start([types.F64], [])
    func.append(b, (op.RETURN, 0, None))
    with pytest.raises(UnsupportedError, match="f64"):
        run(func)
    func, b, (x, y) = start([I64, I64], [I64])
    func.append(b, (op.RETURN, 0, None, func.value(b, (op.IMUL, I64, None, x, y), I64)))
    with pytest.raises(UnsupportedError, match=r"imul\.i64"):
        run(func)
    func, b, (x,) = start([I64], [])
    func.sig.call_conv = "windows_fastcall"
    func.append(b, (op.RETURN, 0, None))
    with pytest.raises(UnsupportedError, match="windows_fastcall"):
        run(func)
    with pytest.raises(CompileError, match="opt_level"):
        Settings("fast")


def test_same_input_same_bytes() -> None:
    one = pipeline.compile_function(sum_loop(), toy.target(), SETTINGS)
    target = toy.target()
    for _ in range(2):  # a context in use again, too
        assert pipeline.compile_function(sum_loop(), target, SETTINGS).code == one.code


# -- random functions: diamonds, loops and joins with parameters -------------------------------------


def random_function(rng: random.Random) -> Function:
    """Blocks that go forward, or back while a counter lasts; every block's parameters are (counter, a, b)."""
    func, entry, (fuel, x, y) = start([I64, I64, I64], [I64])
    count = rng.randint(2, 9)
    blocks = [func.block() for _ in range(count)]
    for b in blocks:
        for _ in range(3):
            func.param(b, I64)
    func.append(entry, (op.JUMP, 0, ((blocks[0], 3),), fuel, x, y))
    for k, b in enumerate(blocks):
        n, p, q = func.block_params[b]
        one = func.value(b, (op.ICONST, I64, rng.choice((1, 1 << 40)) if k else 1), I64)
        unit = func.value(b, (op.ICONST, I64, 1), I64)
        values = [p, q, one]
        for _ in range(rng.randint(0, 6)):
            o = rng.choice((op.IADD, op.ISUB))
            values.append(func.value(b, (o, I64, None, rng.choice(values), rng.choice(values)), I64))
        n = func.value(b, (op.ISUB, I64, None, n, unit), I64)
        if rng.random() < 0.1:
            func.cold.add(b)
        if k == count - 1:
            func.append(b, (op.RETURN, 0, None, rng.choice(values)))
            continue
        out = func.block()  # fuel spent
        c = func.value(b, (op.ICMP, I64, "slt", unit, n), types.I8)
        go = func.block()
        func.append(b, (op.BRIF, types.I8, ((go, 0), (out, 0)), c))
        func.append(out, (op.RETURN, 0, None, rng.choice(values)))
        targets, args = [], []
        for _ in range(rng.choice((1, 2, 2))):
            t = rng.choice(blocks)
            targets.append((t, 3))
            args += [n, rng.choice(values), rng.choice(values)]
        if len(targets) == 1:
            func.append(go, (op.JUMP, 0, tuple(targets), *args))
        else:
            c = func.value(go, (op.ICMP, I64, "slt", rng.choice(values), rng.choice(values)), types.I8)
            func.append(go, (op.BRIF, types.I8, tuple(targets), c, *args))
    return func


def evaluate(func: Function, args: list[int]) -> int:
    """What the function returns, by its definition."""
    env: dict[int, int] = dict(zip(func.block_params[0], args))
    b = 0

    def signed(v: int) -> int:
        return v - (1 << 64) if v >> 63 else v

    while True:
        for i in func.block_insts[b]:
            n = func.insts[i]
            a = [env[v] for v in n[3:]]
            if n[0] == op.ICONST:
                env[func.results[i][0]] = n[2]
            elif n[0] == op.IADD:
                env[func.results[i][0]] = (a[0] + a[1]) & toy.MASK
            elif n[0] == op.ISUB:
                env[func.results[i][0]] = (a[0] - a[1]) & toy.MASK
            elif n[0] == op.ICMP:
                env[func.results[i][0]] = int(signed(a[0]) < signed(a[1]))
            elif n[0] == op.RETURN:
                return a[0]
            elif n[0] == op.JUMP:
                b = n[2][0][0]
                env.update(zip(func.block_params[b], a))
            elif n[0] == op.BRIF:
                (then, k), (other, _) = n[2]
                b, a = (then, a[1 : 1 + k]) if a[0] else (other, a[1 + k :])
                env.update(zip(func.block_params[b], a))


@pytest.mark.parametrize("seed", range(150))
def test_random_functions(seed: int) -> None:
    func = random_function(random.Random(seed))
    vcode = lower(func, toy.target())
    validate(vcode, toy.target().env)
    for args in ([9, 3, 5], [4, toy.MASK, 1 << 62]):
        assert run(func, *args) == evaluate(func, args)
