"""The interpreter's own state: jitted and plain calls in any mix, seeds inside and outside, sources from everywhere."""

from __future__ import annotations

import copy
import os
import pickle
import random
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest
from jitpy.backend.errors import CompileError

import jitpy
from jitpy import jit

RNG = np.random.default_rng(7)
DRAW = RNG.normal
MINE = random.Random(3)


@jit
def python_mix(n: int) -> Any:
    return random.random(), random.gauss(0.0, 1.0), random.randint(0, n), random.choice((4, 5, 6)), random.getrandbits(7)


@jit
def numpy_mix(n: int) -> Any:
    return np.random.rand(), np.random.randn(), np.random.randint(0, n), np.random.normal(1.0, 2.0), np.random.exponential()


@jit
def monte_carlo(n: int) -> Any:
    inside = 0
    for _ in range(n):
        x = random.random()
        y = np.random.rand()
        if x * x + y * y < 1.0:
            inside += 1
    return inside


def states() -> tuple[Any, ...]:
    """Both states, comparable."""
    name, words, *rest = np.random.get_state()
    return random.getstate(), name, words.tobytes(), rest


def both(run: Any) -> tuple[Any, Any]:
    """What ``run`` gives with the functions jitted and plain, from the same states, each with the states it leaves."""
    python, numpy = random.getstate(), np.random.get_state()
    mine = run(lambda f: f), states()
    random.setstate(python)
    np.random.set_state(numpy)
    return mine, (run(lambda f: f.py_func), states())


@pytest.mark.parametrize("seed", [0, 1, 99])
def test_mixes_of_jitted_and_plain_calls(seed: int) -> None:
    """One generator of choices says what is called next."""

    def run(pick: Any) -> list[Any]:
        random.seed(seed)
        np.random.seed(seed)
        order = np.random.default_rng(seed)
        out: list[Any] = []
        for _ in range(300):
            which = order.integers(8)
            if which == 0:
                out.append(random.gauss(0, 1))
            elif which == 1:
                out.append(np.random.standard_normal())
            elif which == 2:
                out.append(random.random())
            elif which == 3:
                out.append(np.random.randint(1000))
            elif which == 4:
                out.append(pick(monte_carlo)(int(order.integers(700))))
            else:
                out.append(pick(python_mix if which & 1 else numpy_mix)(10))
        return out

    mine, theirs = both(run)
    assert repr(mine) == repr(theirs)


def test_words_run_out_anywhere() -> None:
    """The refill of 624 words begins at every position, also between the two words of a float."""
    for position in (*range(4), *range(618, 625)):
        for n in (1, 2, 311, 312, 313, 700):

            def run(pick: Any, position: int = position, n: int = n) -> Any:
                random.seed(8)
                np.random.seed(8)
                for _ in range(position):
                    random.getrandbits(32)
                    np.random.randint(0, 2**32)
                return pick(monte_carlo)(n), random.random(), np.random.rand()

            mine, theirs = both(run)
            assert mine == theirs


@jit
def seeded(a: int, b: int) -> Any:
    random.seed(a)
    np.random.seed(b)
    return random.random(), np.random.rand(), random.gauss(0.0, 1.0), np.random.randn()


@pytest.mark.parametrize("a", [0, 1, -1, 12345, 2**31, 2**32 - 1, 2**32, 2**40 + 3, 2**62, -(2**63) + 1, 2**63 - 1])
def test_seeds_inside(a: int) -> None:
    mine, theirs = both(lambda pick: (random.gauss(0, 1), np.random.randn(), pick(seeded)(a, abs(a) % 2**32)))
    assert mine == theirs


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_numpy_refuses_the_seed(seed: int) -> None:
    with pytest.raises(ValueError, match="between 0 and"):
        seeded(1, seed)


@jit
def from_outside() -> Any:
    return RNG.random(), DRAW(1.0, 2.0), MINE.random(), MINE.randint(0, 9)


def test_sources_from_globals() -> None:
    global RNG, DRAW
    saved = copy.deepcopy(RNG.bit_generator.state), MINE.getstate()
    first = from_outside()
    RNG.bit_generator.state = saved[0]
    MINE.setstate(saved[1])
    assert from_outside.py_func() == first
    before = from_outside.recompilations
    RNG = np.random.Generator(np.random.Philox(3))  # another bit generator: the kernel is compiled anew
    other = np.random.Generator(np.random.Philox(3))
    assert from_outside()[0] == other.random()
    assert len(from_outside.recompilations) == len(before) + 1


@pytest.mark.parametrize("bits", ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"])
def test_bit_generators(bits: str) -> None:
    @jit
    def draw(r: Any, n: int) -> Any:
        total = 0.0
        for _ in range(n):
            total += r.random() + r.normal(0.0, 1.0) + r.integers(0, 10) + r.random(dtype=np.float32)
        return total, r.integers(0, 2**60), r.exponential()

    mine, theirs = (np.random.Generator(getattr(np.random, bits)(5)) for _ in range(2))
    for n in (0, 1, 700):
        assert draw(mine, n) == draw.py_func(theirs, n)
    assert mine.integers(1000) == theirs.integers(1000)
    assert str(draw.signatures[0][0]) == f"Generator({bits})"


def test_one_overload_serves_all_generators_of_a_kind() -> None:
    @jit
    def draw(r: Any, pair: Any) -> Any:
        return r.random() + pair[0].random()

    for seed in range(3):
        r, s = np.random.default_rng(seed), np.random.default_rng(seed + 1)
        assert draw(r, (s, 1)) == draw.py_func(np.random.default_rng(seed), (np.random.default_rng(seed + 1), 1))
    assert len(draw.signatures) == 1


def test_replaced_bit_generator() -> None:
    """RandomState may get another bit generator: seen by arguments' types and, for np.random, by a guard."""
    code = """
import numpy as np
from jitpy import jit
@jit
def draw(): return np.random.rand(), np.random.randn()
draw()
np.random.set_bit_generator(np.random.PCG64(4))
a = draw()
np.random.set_bit_generator(np.random.PCG64(4))
assert a == draw.py_func(), a
assert len(draw.recompilations) == 1, draw.recompilations
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def shuffled(kind: str, values: Any, swap: Any) -> Any:
    @jit
    def shuffle(v: Any) -> Any:
        if kind == "python":
            random.shuffle(v)
        elif kind == "legacy":
            np.random.shuffle(v)
        else:
            RNG.shuffle(v)
        return random.random(), np.random.rand()

    return swap(shuffle)(values)


@pytest.mark.parametrize("kind", ["python", "legacy", "generator"])
@pytest.mark.parametrize(
    "values",
    [[3, 1, 4, 1, 5, 9], [1.5], [], np.arange(40), np.arange(10.0)[::-2], np.arange(12).reshape(4, 3), np.zeros((0, 2))],
    ids=str,
)  # fmt: skip
def test_shuffle(kind: str, values: Any) -> None:
    if kind == "python" and isinstance(values, np.ndarray) and values.ndim > 1:
        with pytest.raises(CompileError, match="loses rows"):
            shuffled(kind, copy.deepcopy(values), lambda f: f)
        return
    saved = copy.deepcopy(RNG.bit_generator.state)
    outcomes = []

    def run(pick: Any) -> Any:
        RNG.bit_generator.state = saved
        mine = copy.deepcopy(values)
        result = shuffled(kind, mine, pick)
        outcomes.append(mine)
        return result

    mine, theirs = both(run)
    assert mine == theirs
    assert repr(outcomes[0]) == repr(outcomes[1])


BAD = [
    ("Random", "r.randint(5, 4)"), ("Random", "r.randrange(0)"), ("Random", "r.randrange(1, 5, 0)"), ("Random", "r.choice(())"),
    ("Random", "r.sample([1, 2], 3)"), ("Random", "r.getrandbits(-1)"), ("Random", "r.expovariate(0.0)"),
    ("Random", "r.choices([1, 2], [0, 0])"), ("RandomState", "r.normal(0.0, -1.0)"), ("RandomState", "r.exponential(-0.0)"),
    ("RandomState", "r.randint(0)"), ("RandomState", "r.randint(5, 5)"), ("RandomState", "r.randint(0, 300, 3, np.uint8)"),
    ("RandomState", "r.poisson(-1.0)"), ("RandomState", "r.poisson(1e30)"), ("RandomState", "r.poisson(np.nan)"),
    ("RandomState", "r.beta(0.0, 1.0)"), ("RandomState", "r.uniform(0.0, np.inf)"), ("RandomState", "r.rand(-1)"),
    ("RandomState", "r.binomial(10, 2.0)"), ("RandomState", "r.geometric(0.0)"), ("RandomState", "r.choice(0)"),
    ("RandomState", "r.choice(5, 6, False)"), ("RandomState", "r.choice(2, p=[0.5, 0.6])"), ("RandomState", "r.choice(2, p=[0.5])"),
    ("RandomState", "r.choice(2, p=[-0.5, 1.5])"), ("RandomState", "r.negative_binomial(3, 2.0)"),
    ("Generator", "r.uniform(2.0, 1.0)"), ("Generator", "r.integers(5, 5)"), ("Generator", "r.integers(5, 4, endpoint=True)"),
    ("Generator", "r.geometric(0.0)"), ("Generator", "r.zipf(1.0)"), ("Generator", "r.logseries(1.0)"),
    ("Generator", "r.binomial(-1, 0.5)"),
    ("Generator", "r.binomial(1, np.nan)"), ("Generator", "r.choice(5, 6, replace=False)"), ("Generator", "r.normal(0.0, -0.0)"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "expression"), BAD, ids=str)
def test_errors(family: str, expression: str) -> None:
    """The class of the exception, and nothing was drawn more than there."""
    from tests.random.test_methods import compiled, source

    kernel = compiled(expression)
    mine, theirs = source(family, 4), source(family, 4)
    with pytest.raises(Exception) as expected:
        kernel.py_func(theirs)
    with pytest.raises(type(expected.value)) as got:
        kernel(mine)
    assert type(got.value) is type(expected.value)
    assert not isinstance(got.value, CompileError)
    assert mine.random() == theirs.random()


REFUSED = [
    "np.random.default_rng(1)", "np.random.multinomial(5, [0.5, 0.5])", "np.random.normal(np.zeros(3), 1.0)",
    "np.random.get_state()",
    "np.random.seed()", "random.seed('text')", "random.getrandbits(65)", "np.random.randint(np.array([3, 4]))",
    "np.random.choice(np.zeros((2, 2)))", "random.sample(np.arange(4), 2)", "RNG.random(out=np.zeros(3))",
    "RNG.choice(np.eye(3), axis=1)",
]  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_refused(expression: str) -> None:
    """What is not supported says so, with the line and what to do instead."""
    namespace = {"np": np, "random": random, "RNG": RNG}
    exec(f"def kernel(): return {expression}", namespace)
    with pytest.raises(CompileError) as caught:
        jit(namespace["kernel"])()
    assert "in kernel" in str(caught.value)
    assert len(str(caught.value).splitlines()) >= 3


def test_foreign_bit_generators_are_refused() -> None:
    class Mine(np.random.BitGenerator):
        pass

    class Other(random.Random):
        pass

    @jit
    def draw(r: Any) -> float:
        return r.random()  # type: ignore[no-any-return]

    with pytest.raises(TypeError):
        draw(Other(1))
    with pytest.raises(TypeError):
        draw(random.SystemRandom())


def test_without_the_gil() -> None:
    @jit(nogil=True)
    def total(r: Any, n: int) -> float:
        s = 0.0
        for _ in range(n):
            s += r.normal(0.0, 1.0) + r.random()
        return s

    results: dict[int, float] = {}

    def work(seed: int) -> None:
        results[seed] = total(np.random.default_rng(seed), 20000)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for seed in range(4):
        assert results[seed] == total.py_func(np.random.default_rng(seed), 20000)

    @jit(nogil=True)
    def kept(r: Any, seed: int) -> Any:
        r.seed(seed)
        return r.gauss(0.0, 1.0), r.gauss(0.0, 1.0), r.gauss(0.0, 1.0)

    assert kept(random.Random(), 5) == kept.py_func(random.Random(), 5)


def test_cached_kernels_find_the_state_of_their_process(tmp_path: Any) -> None:
    file = tmp_path / "kernels.py"
    file.write_text(
        "import random\nimport numpy as np\nfrom jitpy import jit, cache\n"
        "@jit(cache=True)\ndef draw(r): return random.random(), np.random.randn(), r.normal(), random.gauss(0, 1)\n"
        "random.seed(1); np.random.seed(1)\na = draw(np.random.default_rng(3))\n"
        "random.seed(1); np.random.seed(1)\nassert a == draw.py_func(np.random.default_rng(3))\nprint(cache.hits)\n"
    )
    env = {**os.environ, "JITPY_CACHE_DIR": str(tmp_path / "cache")}
    runs = [subprocess.run([sys.executable, str(file)], env=env, capture_output=True, text=True, check=True) for _ in range(2)]
    assert [r.stdout.strip() for r in runs] == ["0", "1"]


def test_results_and_pickles() -> None:
    @jit
    def twice(r: Any) -> Any:
        return r, r.random()

    r = np.random.default_rng(1)
    assert twice(r)[0] is r
    again = pickle.loads(pickle.dumps(twice))
    assert again(np.random.default_rng(5))[1] == np.random.default_rng(5).random()


def test_fastmath_does_not_change_numbers() -> None:
    @jit(fastmath=True, error_model="numpy")
    def draw(r: Any) -> Any:
        return r.normal(1.0, 3.0), r.gamma(0.3, 2.0), r.beta(0.5, 0.5), r.uniform(1.0, 3.0)

    assert draw(np.random.RandomState(3)) == draw.py_func(np.random.RandomState(3))


def test_check_copies_generators() -> None:
    @jit
    def draw(r: Any) -> Any:
        return r.random(3)

    r = np.random.default_rng(4)
    assert np.array_equal(draw.check(r), np.random.default_rng(4).random(3))
    assert jitpy.typeof(r).name == "Generator(PCG64)" if hasattr(jitpy, "typeof") else True
