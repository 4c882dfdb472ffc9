"""Functions that between them show every construct of the language that `@jit` compiles, each with arguments: ``CONSTRUCTS``.

They are written for what the bytecode compilers of the several Python versions make of them, not for what they compute.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

CONSTRUCTS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
SCALE = 3
PAIR = (4, 5)


def shows(*argument_lists):
    def register(function):
        CONSTRUCTS.extend((function, arguments) for arguments in argument_lists)
        return function

    return register


def affine(x, y=2, *, z=5):
    return x * y + z + SCALE


# -- loops ------------------------------------------------------------------------------------------------------------


@shows((10,), (0,))
def nested_loops(n):
    s = 0
    for i in range(n):
        for j in range(i, n, 2):
            if (i + j) % 3 == 0:
                continue
            if s > 500:
                break
            s += i * j
    return s


@shows((3,), (50,))
def for_else(k):
    for i in range(10):
        if i == k:
            found = i
            break
    else:
        found = -1
    return found


@shows((3,), (50,))
def while_else(k):
    i = 0
    while i < 10:
        if i == k:
            break
        i += 1
    else:
        i = -i
    return i


@shows((17,))
def while_true(n):
    steps = 0
    while True:
        if n == 1:
            return steps
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1


@shows((3,), (30,))
def return_inside_loops(k):
    for i in range(5):
        for j in range(5):
            if i * j == k:
                return i * 10 + j
    return -1


@shows((3,))
def loop_that_never_repeats(n):
    for i in range(n):
        return i + 100
    return 0


@shows((np.arange(6.0),))
def iterate_arrays(a):
    s = 0.0
    for i, x in enumerate(a):
        s += i * x
    for x, y in zip(a, a[::-1]):
        s += x * y
    for x in reversed(range(3)):
        s -= x
    return s


@shows((4,))
def iterate_tuples(n):
    s = 0
    for x in (1, 2, n):
        for y in PAIR:
            s = s * 2 + x * y
    return s


# -- conditions -------------------------------------------------------------------------------------------------------


@shows((1, 2, 3), (3, 2, 1), (2, 2, 2))
def chained_comparison(a, b, c):
    if a < b < c:
        return 1
    return 2 if a >= b > c else int(a == b == c != 4) + 10


@shows((True, False), (False, False), (True, True))
def logic(a, b):
    if (a and not b) or (b and not a):
        return 1
    return 2 if not (a or b) else 3


@shows((0, 5), (7, 5))
def logic_values(a, b):
    x = a or b
    y = a and b
    return x * 10 + y


@shows((None,), (3,))
def is_none(x=None):
    r = 0
    if x is None:
        r = 1
    if x is not None:
        r += x * 2
    return r


@shows((0.0,), (2.0,), (-2.0,))
def conditional_expressions(x):
    return (1.0 if x > 0 else -1.0 if x < 0 else 0.5) * (3.0 if not x else x)  # noqa: SIM212


@shows((5,), (0,))
def walrus(n):
    if (k := n * 2) > 4:
        k += 1
    s = 0
    while (n := n - 1) > 0:
        s += n
    return k, s


@shows((1,), (2,), (9,), (77,))
def match_literals(n):
    match n:
        case 1:
            return 10
        case 2 | 3:
            return 20
        case k if k > 50:
            return k
        case _:
            return 0


# -- operators --------------------------------------------------------------------------------------------------------


@shows((7, 3), (-7, 3))
def operators(a, b):
    return (
        a + b, a - b, a * b, a / b, a // b, a % b, a**b, a & b, a | b, a ^ b, a << b, a >> b, -a, +a, ~a, not a,
        a < b, a <= b, a == b, a != b, a > b, a >= b,
    )  # fmt: skip


@shows((7, 3))
def augmented(a, b):
    a += b
    a -= 1
    a *= b
    a //= 2
    a %= 11
    a <<= 2
    a >>= 1
    a |= 9
    a &= 29
    a ^= b
    x = a / 2
    x /= 3
    x **= 2
    return a, x


@shows((np.arange(12.0).reshape(3, 4),))
def subscripts(a):
    a[1, 2] = a[0, 1] + a[-1, -1]
    a[0] += 1.0
    a[1:, 0] = 7.0
    a[:, 1:3] *= 2.0
    v = a[1:3]
    w = a[::2, 1]
    k = 2
    u = a[0:k]
    return v[0, 0] + w[1] + u[1, 3] + a[:, -1][2]


@shows((np.arange(8.0), 2, 5))
def slices(a, i, j):
    b = a[i:j]
    c = a[:j]
    d = a[i:]
    a[i:j] = 1.0
    e = a[i:j:2]
    return b[0] + c[1] + d[2] + e[0] + b.shape[0] * 100 + a[1:3][0]


# -- names ------------------------------------------------------------------------------------------------------------


@shows((1, 2))
def unpacking(a, b):
    a, b = b, a
    (c, d), e = (a + 1, b + 2), a * b
    f = g = c
    x, y, z = e, f, g
    x, y, z = z, x, y
    return a, b, c, d, x - y + z


@shows((3, 4))
def swaps_and_pairs(a, b):
    t = (a, b)
    c, d = t
    p, q = PAIR
    r = p
    s = q
    return t, (d, c), r + s


@shows((3,))
def deletes(n):
    k = n + 1
    m = k * 2
    del k
    k = m
    return k


@shows((4,))
def constants(n):
    return 1000000 + n, -1, -5, 255, 256, 1.5, True, None, (1, 2), n * 0.5


# -- calls ------------------------------------------------------------------------------------------------------------


@shows((4,))
def calls(n):
    return affine(n) + affine(n, 3) + affine(n, z=1) + affine(y=1, x=n) + max(n, 2) + abs(-n)


@shows((4.0,))
def methods_and_modules(x):
    a = np.zeros(3) + x
    a[1] = math.sqrt(x) + math.floor(x)
    return a.sum() + a.max() + np.sqrt(a)[0] + len(a)


@shows((2, 3))
def spread(a, b):
    t = (a, b)
    return affine(*t) + max(*t, 1)


def total(*values):
    s = 0
    for v in values:
        s += v
    return s


@shows((5,))
def varargs(n):
    return total() + total(n) + total(n, 2, 3)


@shows((4,))
def closures(n):
    k = n * 2

    def inner(x, y=3):
        return x * k + y + n

    double = lambda x: x * 2 + k  # noqa: E731
    return inner(1) + inner(2, 1) + double(5)


@shows((4,))
def closure_over_two_levels(n):
    def outer(x):
        def inner(y):
            return x * n + y

        return inner(1) + inner(2)

    return outer(3) + outer(n)


@shows((4,))
def annotated(n: int) -> float:
    x: float = n * 1.5

    def inner(y: float) -> float:
        return y + n

    return inner(x)


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@shows((10,))
def recursion(n):
    return fibonacci(n)


# -- comprehensions ---------------------------------------------------------------------------------------------------


@shows((6,))
def comprehension(n):
    a = np.array([i * i for i in range(n)])
    return a.sum()


@shows((6,))
def comprehension_with_condition(n):
    s = 0
    for x in [i * 2 for i in range(n) if i % 2 if i != 3]:
        s += x
    return s


@shows((4,))
def comprehension_nested(n):
    s = 0
    for x in [i * 10 + j for i in range(n) for j in range(i)]:
        s += x
    return s


@shows((4,))
def comprehension_hides_a_name(n):
    i = 77
    squares = [i * n for i in range(n)]
    return i + len(squares)


@shows((4,))
def comprehension_in_a_loop(n):
    s = 0
    for k in range(n):
        row = [k * j for j in range(1, 4)]
        for x in row:
            s += x
    return s


@shows((4,))
def comprehension_captures(n):
    k = n + 1

    def inner(x):
        return x * k

    s = 0
    for x in [inner(i) + k for i in range(n)]:
        s += x
    return s


# -- text, errors, contexts -------------------------------------------------------------------------------------------


@shows((3, 2.5))
def texts(n, x):
    print(f"n={n} {x!r}{n:4d}|{x:.2f}", n, "done")
    print("plain", end=";\n")
    return n


@shows((3,), (-3,), (0,))
def raises(n):
    assert n != 0, "zero"
    if n < 0:
        raise ValueError(f"negative: {n}")
    return n


@shows((0,))
def asserts(n):
    assert n > 0
    return n


@shows((3, 0), (3, 2))
def division(a, b):
    return a / b


@shows((np.array([1.0, 0.0]),))
def errstate(a):
    with np.errstate(divide="ignore", invalid="ignore"):
        b = 1.0 / a
        s = b[0]
    with np.errstate(all="ignore"):
        for x in a:
            s += x
    return s


@shows((np.array([1.0, 0.5]),))
def return_inside_with(a):
    with np.errstate(all="ignore"):
        for x in a:
            if x < 1.0:
                return x
    return 0.0


@shows((3,))
def imports(n):
    from math import floor

    return floor(n + 0.5)
