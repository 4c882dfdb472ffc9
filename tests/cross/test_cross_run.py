"""Programs under the emulator: what they return, change and raise equals what they do on the host, bit for bit.

Every fourth program of `tests/jit` runs, in a few programs for the emulator per target; all of them with JITPY_CROSS_ALL=1.
"""

from __future__ import annotations

import copy
import importlib
import math
import os
import pathlib
import signal
import sys
import traceback
import warnings

import numpy as np
import pytest
from jitpy.backend.errors import CompileError, UnsupportedError

import jitpy
from jitpy.arguments import typeof
from jitpy.cross import emulated, targets
from jitpy.options import check

PROGRAMS = pathlib.Path(__file__).parents[1] / "jit"
sys.path.insert(0, str(PROGRAMS))
programs = importlib.import_module("programs")
for _path in sorted(PROGRAMS.glob("programs_*.py")):
    importlib.import_module(_path.stem)  # registers with programs
#: These print.
INTERPRETED = {"text_raised"}
STEP = 1 if os.environ.get("JITPY_CROSS_ALL") else 4
CHOSEN = [(f, args) for f, args in programs.PROGRAMS if f.__name__ not in INTERPRETED][::STEP]
BATCH = 30


def same(a, b) -> bool:
    """Equal in type, dtype, shape, strides and bits; any NaN equals any NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, np.ndarray):
        return (a.dtype, a.shape, a.strides) == (b.dtype, b.shape, b.strides) and same_bits(a, b)
    if isinstance(a, (float, complex, np.floating, np.complexfloating)):
        return same_bits(np.array(a), np.array(b))
    return bool(a == b)


def same_bits(a, b) -> bool:
    def bits(x):
        x = np.where(np.isnan(x), np.array(np.nan, x.dtype), x)  # one NaN for all
        return x.tobytes()

    if a.dtype.kind == "c":
        return same_bits(a.real, b.real) and same_bits(a.imag, b.imag)
    return bits(a) == bits(b) if a.dtype.kind == "f" else a.tobytes() == b.tobytes()


def outcome(function, arguments):
    """("returned", value) or ("raised", class, text), and the arguments afterwards."""
    arguments = copy.deepcopy(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ("returned", function(*arguments)), arguments
        except CompileError:
            raise
        except Exception as error:
            return ("raised", type(error), str(error)), arguments


def differences(chosen, target: str) -> list[str]:
    """What of these programs differs between host and target."""
    kernels, kept = {}, []
    for function, arguments in chosen:
        arguments = emulated.bound(function, arguments, {})
        types = tuple([typeof(a) for a in copy.deepcopy(arguments)])
        kernels.setdefault((function, types), len(kernels))
        kept.append((function, arguments, kernels[function, types]))
    runner = emulated.Runner(targets.resolve(target), [(f, types, check({})) for f, types in kernels])
    found = []
    for function, arguments, number in kept:
        expected, changed = outcome(jitpy.jit(function), arguments)
        got, also = outcome(lambda *args, n=number: runner.call(n, args), arguments)
        if not (same(expected, got) and all(map(same, changed, also))):
            found.append(f"{function.__name__}{arguments}: {expected} {changed} on the host, {got} {also} on {target}")
    return found


@pytest.mark.parametrize("first", range(0, len(CHOSEN), BATCH))
def test_programs(first: int, target: str) -> None:
    assert not differences(CHOSEN[first : first + BATCH], target)


def test_demo_and_benchmark_kernels(target) -> None:
    """All of them compile and link; with JITPY_CROSS_ALL=1 they also run."""
    from benchmarks.kernels import KERNELS
    from jitpy.demo import kernels as demo

    makers = {function: arguments for _, function, arguments in KERNELS}
    image, points = np.ones((6, 5)), np.ones((4, 3))
    makers.update({
        demo.hillshade: lambda: (image, 30.0, 0.5, 0.7), demo.blur: lambda: (image, 1), demo.edges: lambda: (image,),
        demo.histogram: lambda: (image.astype(np.uint8),), demo.kmeans: lambda: (points, points[:2].copy(), 2),
        demo.mandelbrot: lambda: (4, 5, 6), demo.heat: lambda: (image, 2),
        demo.nbody: lambda: (points * np.arange(4.0)[:, None], points * 0, np.ones(4), 2, 0.01),
    })  # fmt: skip
    chosen = [(f, tuple(map(typeof, make())), check({})) for f, make in makers.items()]
    runner = emulated.Runner(targets.resolve(target), chosen)
    for number, (function, make) in enumerate(makers.items()):
        if function.__module__ == demo.__name__ or os.environ.get("JITPY_CROSS_ALL"):
            expected, changed = outcome(jitpy.jit(function), make())
            got, also = outcome(lambda *args, n=number: runner.call(n, args), make())
            assert same(expected, got) and all(map(same, changed, also)), function.__name__


TABLE = np.array([1.0, 2.0, 4.0])
WORDS = np.arange(6, dtype=np.uint16).reshape(2, 3)[::-1]


def reads_globals(i):
    WORDS[0, 1] += i
    return TABLE[i] + WORDS[0, 1], WORDS[0], WORDS


def aliased(a, b, c):
    a[1:] = b[:-1] * 2
    return c[0] + a[0], a, b[::2]


def waves(x):
    return (
        math.sin(x), math.cos(x), math.tan(x), math.exp(x), math.log(abs(x) + 1e-9), math.gamma(x + 0.3), math.erf(x),
        math.atan2(x, 2.0), math.sinh(x), math.asinh(x), math.cbrt(x), x**0.3 if x > 0 else 0.0,
        np.float32(x) / np.float32(3), np.float16(x) * np.float16(1.1),
    )  # fmt: skip


def nested(n):
    return n if n == 0 else nested(n - 1) + 1


def raises_deep(a, i):
    return reads(a, i) + 1


def reads(a, i):
    if i < 0:
        raise ValueError("negative", i)
    return a[i]


def test_global_arrays_are_read_and_written(target) -> None:
    WORDS[...] = np.arange(6).reshape(2, 3)[::-1]
    value, row, whole = jitpy.cross.run(reads_globals, 1, target=target)
    assert value == 2.0 + WORDS[0, 1] and whole is WORDS and row.base is not None and np.shares_memory(row, WORDS)
    TABLE[2] = 9.0  # read anew
    assert jitpy.cross.run(reads_globals, 2, target=target)[0] == 9.0 + WORDS[0, 1]
    TABLE[2] = 4.0


def test_arrays_that_share_memory_still_do(target) -> None:
    def call(f):
        base = np.arange(10.0)
        result = f(base[2:8], base[2:8], base[::-1])
        return result[0], result[1].tolist(), result[2].tolist(), base.tolist(), np.shares_memory(result[1], base)

    assert call(lambda *args: jitpy.cross.run(aliased, *args, target=target)) == call(aliased)


@pytest.mark.parametrize(
    "dtype", ["int8", "uint16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128", "bool"]
)
def test_every_dtype(dtype, target) -> None:
    def double(a, v):
        a[:, 0] = v
        return a + a, a[1], v

    a = np.arange(12).reshape(3, 4).astype(dtype)
    expected, changed = outcome(jitpy.jit(double), (a, a[2, 3]))
    got, also = outcome(lambda *args: jitpy.cross.run(double, *args, target=target), (a, a[2, 3]))
    assert same(expected, got) and same(changed, also)


@pytest.mark.parametrize("x", [0.7, -3.25, 1e-300, 40.5, 1e22, float("inf"), float("nan")])
def test_transcendental_functions_are_the_hosts(x, target) -> None:
    expected, _ = outcome(jitpy.jit(waves), (x,))
    got, _ = outcome(lambda *args: jitpy.cross.run(waves, *args, target=target), (x,))
    assert same(expected, got)


def test_a_large_array_goes_in_and_out(target) -> None:
    def add(a, b):
        a += b

    a, b = np.arange(300_000.0), np.ones(300_000)
    jitpy.cross.run(add, a, b, target=target)
    assert a[0] == 1.0 and a[-1] == 300_000.0


def test_memory_grows_with_what_a_function_makes(target) -> None:
    def last(a, n):
        a[0] += 1.0
        made = np.empty(n)
        made[n - 1] = 2.5
        return made[-1]

    a = np.zeros(1)
    assert jitpy.cross.run(last, a, 10_000_000, target=target) == 2.5
    assert a[0] == 1.0
    with pytest.raises(MemoryError):
        jitpy.cross.run(last, a, 1 << 40, target=target)
    assert a[0] == 2.0


def test_exceptions_have_their_text_and_lines(target) -> None:
    with pytest.raises(IndexError, match="index 7 is out of bounds for axis 0 with size 3") as caught:
        jitpy.cross.run(raises_deep, np.zeros(3), 7, target=target)
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-2:] == ["raises_deep", "reads"]
    with pytest.raises(ValueError) as caught:
        jitpy.cross.run(raises_deep, np.zeros(3), -7, target=target)
    assert caught.value.args == ("negative", -7)
    assert jitpy.cross.run(nested, 1000, target=target) == 1000
    with pytest.raises(RecursionError):
        jitpy.cross.run(nested, 10**9, target=target)


def test_defaults_and_wrong_calls(target) -> None:
    def f(a, b=3, *, c=4):
        return a + b * c

    assert jitpy.cross.run(f, 1, target=target) == 13
    with pytest.raises(TypeError, match="missing a required argument: 'a'"):
        jitpy.cross.run(f, target=target)
    with pytest.raises(UnsupportedError):
        jitpy.cross.run(f, object(), target=target)


def test_an_endless_call_can_be_interrupted(target) -> None:
    def spin(n):
        while n:
            n = n + 2 & 0xFFFF | 1
        return n

    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with pytest.raises(KeyboardInterrupt):
            jitpy.cross.run(spin, 1, target=target)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert jitpy.cross.run(spin, 0, target=target) == 0  # a fresh process


def test_a_change_outside_is_seen(target) -> None:
    scope: dict = {"K": 5}
    exec("def f(x):\n    return x + K", scope)
    assert jitpy.cross.run(scope["f"], 1, target=target) == 6
    scope["K"] = 7
    assert jitpy.cross.run(scope["f"], 1, target=target) == 8


def test_a_missing_emulator_is_named(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("JITPY_TOOLS", str(tmp_path))
    with pytest.raises(jitpy.cross.EmulatorError, match=r"needs the program qemu-.*unpack_other_isas"):
        emulated.Runner(targets.resolve("x86_64"), [(nested, (typeof(1),), check({}))], emulated=True)


def test_a_processor_that_the_emulator_lacks() -> None:
    with pytest.raises(jitpy.cross.EmulatorError, match="cannot run code for avx512"):
        emulated.Runner(targets.resolve("x86_64", "znver4"), [(nested, (typeof(1),), check({}))], emulated=True)
