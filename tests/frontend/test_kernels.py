"""Python functions of many shapes: the jitted function has the outcome of the plain one. PYTEST_DONT_REWRITE"""

# ruff: noqa
import math

import numpy as np
import pytest
from jitpy.decorators import jit

K = 3


def helper(x, y=2, *, z=5):
    return x * y + z + K


def big(a):
    t = 0
    for i in range(a):
        for j in range(i):
            t += j
        if t > 1000:
            t -= 1000
    for i in range(a):
        t += helper(i)
    for i in range(a):
        t += helper(i) * 2
    return t


def k_loop(n):
    s = 0.0
    for i in range(n):
        s += i * 0.5
    return s


def k_collatz(n):
    c = 0
    while n != 1:
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
        c += 1
    return c


def k_fib(n):
    if n < 2:
        return n
    return k_fib(n - 1) + k_fib(n - 2)


def k_helper(n):
    return helper(n) + helper(n, z=1) + helper(y=1, x=n)


def k_big(n):
    return big(n) + big(n + 1)


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def k_mut(n):
    return even(n), odd(n)


def k_sum(a):
    s = 0.0
    for x in a:
        s += x
    return s


def k_sumi(a):
    s = 0
    for i in range(len(a)):
        s += a[i]
    return s


def k_2d(a):
    n, m = a.shape
    s = 0.0
    for i in range(n):
        for j in range(m):
            s += a[i, j] * 2.0
    return s


def k_sten(a, b):
    n = a.shape[0]
    for i in range(1, n - 1):
        b[i] = (a[i - 1] + a[i] + a[i + 1]) / 3.0
    return None


def k_join(c, x):
    if c:
        y = 1
    else:
        y = x
    return y


def k_variant(c):
    if c:
        return 1
    return 2.5


def k_unbound(c):
    if c:
        y = 1
    return y


def k_tuple(a, b):
    a, b = b, a
    t = (a, b, (a, 1))
    return t[2][0] + t[0], t[:2], len(t)


def k_for_else(n, k):
    for i in range(n):
        if i == k:
            break
    else:
        return -1
    return i


def k_closure(n):
    def g(x):
        return x * n

    h = lambda y: g(y) + 1
    return h(3)


def k_raise(n):
    if n < 0:
        raise ValueError(f"bad {n} here")
    assert n < 10, "too big"
    return n


def k_enum(a):
    s = 0.0
    for i, x in enumerate(a):
        s += i * x
    return s


def k_zip(a, b):
    s = 0.0
    for x, y in zip(a, b):
        s += x * y
    return s


def k_rev(n):
    s = 0
    for i in reversed(range(n)):
        s = s * 3 + i
    return s


def k_step(n, k):
    s = 0
    for i in range(n, 0, -2):
        s += i
    for i in range(0, n, k):
        s += i
    for i in range(0, n, 3):
        s += i
    return s


def k_split(x):
    z = (x + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return z ^ (z >> 31)


def k_bool(a, b):
    return (a and b) or (not a and b > 2), a < b < 5


def k_cond(x):
    return x if x > 0 else -x


def k_idx(a, i):
    return a[i]


def k_print(n):
    print("n", n, 2.5, sep="-")
    return n


def k_while(n):
    i = 0
    s = 0
    while True:
        i += 1
        if i % 2:
            continue
        if i > n:
            break
        s += i
    return s


def k_none(x=None):
    if x is None:
        return 0
    return x


def k_max(a):
    m = -math.inf
    for x in a:
        if x > m:
            m = x
    return m


def k_unroll(x):
    s = 0.0
    for k in (1, 2.5, x):
        s += k
    return s


def apply(f, x):
    return f(x) + f(x + 1)


def k_func(n):
    return apply(helper, n) + apply(lambda q: q * q, n)


G = np.arange(5.0)


def k_glob(i):
    return G[i] + G.shape[0]


def k_star(n):
    def g(*a):
        return len(a) + a[0]

    return g(n, 1, 2)


def k_mask(n):
    s = 1
    for i in range(n):
        s = (s * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
    return s


def k_mod(n):
    s = 1
    for i in range(n):
        s = (s * 1103515245 + 12345) % 2**31
    return s


a = np.linspace(0, 1, 50)
b = np.zeros(50)
f32 = a.astype(np.float32)
i8 = np.arange(20, dtype=np.int8)
m2 = np.arange(12.0).reshape(3, 4)
cases = [
    (k_loop, (10,)),
    (k_collatz, (27,)),
    (k_fib, (15,)),
    (k_helper, (4,)),
    (k_big, (30,)),
    (k_mut, (7,)),
    (k_sum, (a,)),
    (k_sum, (f32,)),
    (k_sum, (a[:0],)),
    (k_sum, (i8,)),
    (k_sumi, (a,)),
    (k_sumi, (i8,)),
    (k_sumi, (i8[:0],)),
    (k_2d, (m2,)),
    (k_2d, (m2.T,)),
    (k_sten, (a, b)),
    (k_join, (True, 2.5)),
    (k_join, (False, 2.5)),
    (k_join, (False, 7)),
    (k_variant, (1,)),
    (k_variant, (0,)),
    (k_unbound, (True,)),
    (k_unbound, (False,)),
    (k_tuple, (1, 2.5)),
    (k_for_else, (5, 3)),
    (k_for_else, (5, 9)),
    (k_for_else, (0, 9)),
    (k_closure, (5,)),
    (k_raise, (3,)),
    (k_raise, (-3,)),
    (k_raise, (30,)),
    (k_enum, (a,)),
    (k_zip, (a, f32)),
    (k_rev, (9,)),
    (k_step, (17, 3)),
    (k_step, (17, -3)),
    (k_step, (17, 0)),
    (k_split, (12345,)),
    (k_bool, (3, 4)),
    (k_bool, (0, 1)),
    (k_cond, (-3,)),
    (k_cond, (-2.5,)),
    (k_idx, (a, 3)),
    (k_idx, (a, -1)),
    (k_idx, (a, 50)),
    (k_print, (3,)),
    (k_while, (20,)),
    (k_none, ()),
    (k_none, (3,)),
    (k_none, (None,)),
    (k_max, (a,)),
    (k_max, (f32,)),
    (k_max, (a[:0],)),
    (k_unroll, (3,)),
    (k_func, (3,)),
    (k_glob, (2,)),
    (k_star, (5,)),
    (k_mask, (10,)),
    (k_mod, (20,)),
]


def outcome(function, args):
    try:
        return "value", function(*args)
    except Exception as error:
        return type(error), str(error)


def same(x, y):
    if type(x) is not type(y):
        return False
    if isinstance(x, tuple):
        return len(x) == len(y) and all(map(same, x, y))
    return x == y or (x != x and y != y)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "case", range(len(cases)), ids=[f"{f.__name__}-{i}" for i, (f, _) in enumerate(cases)]
)
def test_outcome(case):
    function, args = cases[case]
    want, got = outcome(function, args), outcome(jit(function), args)
    assert want[0] == got[0] and same(want[1], got[1])
