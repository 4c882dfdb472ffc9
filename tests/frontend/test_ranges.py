"""Checks that were dropped were superfluous: loops around the bounds of arrays have CPython's outcome, IndexError and what was
stored before it included.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import jitpy

_SPACE: dict[str, Any] = {"np": np}
_BIG = (1 << 63) - 1


def compiled(text: str) -> Any:
    """The function ``f`` of a source text."""
    space = dict(_SPACE)
    exec(text, space)
    return space["f"]


def outcome(f: Any, *args: Any) -> tuple[Any, ...]:
    """What a call returns or raises, and its arrays afterwards."""
    own = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    try:
        result: Any = f(*own)
    except (IndexError, OverflowError, ZeroDivisionError) as e:
        result = type(e)
    return result, [a.tolist() for a in own if isinstance(a, np.ndarray)]


def same(text: str, *cases: tuple[Any, ...]) -> None:
    """Machine code and CPython agree on all cases."""
    f = compiled(text)
    g = jitpy.njit(f)
    for case in cases:
        assert outcome(g, *case) == outcome(f, *case), (text, case)


def indices(rng: random.Random, names: list[str]) -> str:
    """An index expression."""
    a, b = rng.choice(names), rng.choice(names)
    c = rng.choice([-2, -1, 0, 1, 2])
    return rng.choice([
        a, f"{a} + {c}", f"{a} - {b}", f"{a} + {b} + {c}", f"({a} + {b}) // 2", f"{a} // 2", f"({a} + {c}) % n", f"2 * {a} + {c}",
        f"min({a}, n - 1)", f"max({a} + {c}, 0)", f"n - 1 - {a}", f"{a} & 3", f"{a} >> 1", f"abs({a})",
    ])  # fmt: skip


def body(rng: random.Random, names: list[str], depth: int, pad: str) -> list[str]:
    """Statements at some nesting."""
    lines: list[str] = []
    for _ in range(rng.randint(1, 2)):
        kind = rng.randint(0, 6 if depth < 3 else 2)
        x = indices(rng, names)
        if kind == 0:
            lines.append(f"{pad}a[{x}] += 1")
        elif kind == 1:
            lines.append(f"{pad}s += int(a[{x}]) + int(b[{indices(rng, names)}])")
        elif kind == 2:
            lines.append(f"{pad}b[{x}] = s & 7")
        elif kind == 3:
            v = f"i{depth}"
            start, stop = rng.choice(["0", "1", "-1", "m", "2"]), rng.choice(["n", "n - 1", "n + 1", "len(b)", "m", *names])
            lines.append(pad + rng.choice([
                f"for {v} in range({start}, {stop}):", f"for {v} in range({stop}, {start}, -1):",
                f"for {v} in range({start}, {stop}, 2):", f"for {v} in range({stop}):",
            ]))  # fmt: skip
            lines += body(rng, [*names, v], depth + 1, pad + "    ")
        elif kind == 4:
            v = f"w{depth}"
            low, high = rng.choice(["0", "m", "1"]), rng.choice(["n", "n - 1", "len(b)"])
            lines += [f"{pad}{v} = {low}", f"{pad}while {v} < {high}:"]
            lines += body(rng, [*names, v], depth + 1, pad + "    ")
            lines.append(f"{pad}    {v} += {rng.choice([1, 1, 2])}")
        elif kind == 5:
            v = f"d{depth}"
            lines.append(f"{pad}{v} = {rng.choice(['n', 'n - 1', 'm'])}")
            lines.append(f"{pad}while {v} {rng.choice(['>', '>='])} {rng.choice([0, 1])}:")
            lines += body(rng, [*names, v], depth + 1, pad + "    ")
            lines.append(f"{pad}    {v} -= 1")
        else:
            test = rng.choice([f"{x} < n", f"0 <= {x} < n", f"{x} >= 0 and {x} < len(b)", f"{x} != 0", f"not ({x} > m)"])
            lines.append(f"{pad}if {test}:")
            lines += body(rng, names, depth + 1, pad + "    ")
            if rng.random() < 0.4:
                lines.append(f"{pad}else:")
                lines += body(rng, names, depth + 1, pad + "    ")
    return lines


@pytest.mark.parametrize("seed", range(60))
def test_random_loops(seed: int) -> None:
    rng = random.Random(seed)
    text = "\n".join(["def f(a, b, m):", "    n = a.shape[0]", "    s = 0", *body(rng, ["m"], 0, "    "), "    return s"])
    cases = []
    for _ in range(6):
        n, k = rng.choice([0, 1, 2, 5, 6]), rng.choice([0, 1, 3, 5, 6, 8])
        cases.append((np.arange(n) % 5, np.arange(k) % 3, rng.choice([-3, -1, 0, 1, 2, 4, 6])))
    same(text, *cases)


def test_bounds_at_the_end_of_the_range() -> None:
    head = "def f(a, lo, hi):\n    s = 0\n"
    text = head + "    for i in range(lo, hi):\n        s += a[i - lo]\n        a[i - lo] = i + 1\n    return s"
    case = np.arange(5)
    same(text, (case, _BIG - 3, _BIG), (case, -_BIG - 1, -_BIG + 2), (case, _BIG - 9, _BIG), (case, 3, -3), (case, -2, _BIG))
    text = "def f(a, lo, hi):\n    s = 0\n    for i in range(hi, lo, -1):\n        s += a[hi - i]\n    return s"
    same(text, (case, _BIG - 3, _BIG), (case, -_BIG - 1, -_BIG + 2), (case, _BIG - 9, _BIG), (case, -2, _BIG))


def test_binary_search() -> None:
    text = """
def f(a, x, top):
    lo = 0
    hi = top
    while lo < hi:
        mid = (lo + hi) // 2
        if a[mid] < x:
            lo = mid + 1
        else:
            hi = mid
    return lo
"""
    a = np.arange(0, 40, 2)
    same(text, *[(a, x, top) for x in (-1, 0, 7, 38, 99) for top in (20, 19, 0, -4, 21, 64)])


def test_the_middle_of_a_sum_that_overflows() -> None:
    text = "def f(a, lo, hi):\n    return a[(lo + hi) // 2 - lo]"
    f = jitpy.njit(compiled(text))
    with pytest.raises(OverflowError):
        f(np.arange(3), _BIG - 2, _BIG)
    assert f(np.arange(3), 0, 3) == 1


def test_the_second_of_two_equal_checks() -> None:
    text = "def f(a, i):\n    a[i] += 1\n    a[i] *= 2\n    return a[i]"
    same(text, *[(np.arange(4), i) for i in range(-6, 6)])


def test_compaction_stays_in_front_of_the_reader() -> None:
    text = """
def f(a, limit):
    k = 0
    for i in range(a.shape[0]):
        if a[i] > limit:
            a[k] = a[i]
            k += 1
    return k
"""
    same(text, *[(np.array([3, 1, 4, 1, 5, 9, 2, 6]), limit) for limit in (0, 2, 9)], (np.arange(0), 1))


@pytest.mark.parametrize("expression", ["i", "i + 1", "i - 1", "i + 2", "m", "m + 1"])
@pytest.mark.parametrize("loop", ["range(n)", "range(1, n)", "range(m, n)", "range(n - 1, m, -1)", "range(n, 0, -1)"])
def test_versioned_loops(expression: str, loop: str) -> None:
    """The second array is shorter, as long, or longer; what was stored before the failing turn stays, and values are used later."""
    text = f"""
def f(a, b, m):
    n = a.shape[0]
    s = 0
    last = -1
    for t in range(2):
        for i in {loop}:
            b[{expression}] = i + 10 * t
            last = b[i] + s
            s += 1
        for i in range(s - 2):
            if b[i] > 2:
                s += 2
            b[i] += s
        a[0] = last
    return s, last
"""
    same(text, *[(np.arange(n), np.arange(k), m) for n in (1, 5) for k in (0, 1, 4, 5, 6, 7, 9) for m in (-1, 0, 2, 5)])


def test_versioned_stencil() -> None:
    text = """
def f(a, b, m):
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            b[i + m, j] = a[i, j - 1] + a[i + 1, j] + b[i, j + m]
    return 0
"""
    a = np.arange(20).reshape(4, 5)
    shapes = ((4, 5), (3, 5), (4, 4), (2, 9), (9, 2), (0, 3))
    same(text, *[(a, np.ones(shape, np.int64), m) for shape in shapes for m in (-9, -1, 0, 1, 3)])


def test_sums_of_extents_are_not_checked() -> None:
    """Arrays have fewer than 2**63 bytes: sums of indices of 8-byte elements do not overflow; of bytes they might."""
    f = compiled("""
def f(x, h):
    s = 0
    for i in range(len(x) - len(h) + 1):
        for k in range(len(h)):
            s = max(s, i + k)
    return s
""")
    g = jitpy.njit(f)
    wide, narrow = (np.ones(9), np.ones(4)), (np.ones(9, np.uint8), np.ones(4, np.uint8))
    for case, checks in ((wide, 0), (narrow, 2)):
        assert outcome(g, *case) == outcome(f, *case)
        assert g.inspect_clif(tuple(map(jitpy.typeof, case))).count("sadd_overflow") == checks
