"""Small programs over the language that `@jit` compiles, each with argument lists; `test_programs` runs them in both engines.

`PROGRAM` marks a function: ``@program(args, args, ...)``. Each argument list is made anew per engine (by deep copy).
"""

import cmath
import math
from collections.abc import Callable

import numpy as np

PROGRAMS: list[tuple[Callable, tuple]] = []


def program(*argument_lists):
    def register(function):
        for arguments in argument_lists:
            PROGRAMS.append((function, arguments))
        return function

    return register


def ints(n, high, seed=1, dtype=np.int64):
    return np.random.default_rng(seed).integers(0, high, n).astype(dtype)


def floats(*shape, seed=1, low=-1.0, high=1.0, dtype=np.float64):
    return np.random.default_rng(seed).uniform(low, high, shape).astype(dtype)


def raw(text):
    return np.frombuffer(text, np.uint8).copy()


K = 5
TABLE = np.array([3.0, 1.0, 4.0, 1.0, 5.0])


def helper(x, y=2):
    return x * y + K


def swap(a, b):
    return b, a


# -- control flow -----------------------------------------------------------------------------------------------------


@program((10,), (0,), (-3,))
def for_range(n):
    s = 0
    for i in range(n):
        s += i
    return s


@program((0, 10, 3), (10, 0, -3), (5, 5, 1), (0, 10, 100), (3, -4, -2), (0, 10, 0))
def for_range_step(a, b, step):
    s = 0
    last = -1
    for i in range(a, b, step):
        s = s * 3 + i
        last = i
    return s, last


@program((27,), (1,), (97,))
def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@program((10, 4), (10, 40))
def for_else(n, wanted):
    for i in range(n):
        if i == wanted:
            r = "found"
            break
    else:
        r = "missing"
    return r == "found"


@program((10,), (3,))
def while_else(n):
    i = 0
    while i < n:
        i += 1
        if i == 5:
            break
    else:
        return -1
    return i


@program((20,))
def continue_in_nested(n):
    s = 0
    for i in range(n):
        if i % 3 == 0:
            continue
        for j in range(i):
            if j % 2:
                continue
            if j > 10:
                break
            s += i * j
    return s


@program((3, 4), (0, 4), (3, 0), (0, 0))
def and_or_not(a, b):
    x = a and b
    y = a or b
    z = not a
    return x, y, z, a and not b, (a or b) and (b or 7)


@program((1, 5, 9), (5, 1, 9), (2.5, 2.5, 3.0))
def chained(a, b, c):
    return a < b < c, a <= b <= c, a == b != c


@program((True,), (False,))
def two_types(c):
    return 1 if c else 2.5


@program((0,), (1,), (2,), (7,))
def elif_chain(k):
    if k == 0:  # noqa: SIM116  the chain is the point
        return 10
    elif k == 1:
        return 20
    elif k == 2:
        return 30
    return 40


@program((5,), (0,))
def maybe_none(n):
    if n > 3:
        return n
    return None


@program((), (None,), (7,))
def default_none(x=None):
    if x is None:
        return -1
    return x + 1


@program((3,), (0,))
def unbound(n):
    for i in range(n):
        last = i
    return last


@program((12,), (0,), (1,))
def early_returns(n):
    i = 0
    while True:
        if i * i > n:
            return i
        i += 1


@program((7,))
def walrus(n):
    s = 0
    while (n := n - 1) > 0:
        s += n
    return s


# -- tuples, strings, lists -------------------------------------------------------------------------------------------


@program((1, 2.5))
def tuples(a, b):
    t = (a, b, (a, b))
    a, b = b, a
    x, (y, z) = t[0], t[2]
    return t, a, b, x, y, z, len(t), t[-1][0]


@program(((1, 2, 3),), ((1, 2.0),), ((),))
def tuple_argument(t):
    s = 0
    for x in t:
        s += x
    return s, len(t)


@program((3, 8))
def gcd_by_swap(a, b):
    while b:
        a, b = b, a % b
    return a


@program(("fast", 3.0), ("slow", 3.0), ("other", 3.0))
def mode_flag(mode, x):
    if mode == "fast":
        return x * 2
    if mode in ("slow", "slower"):
        return x / 2
    return -x


@program((10,))
def list_building(n):
    out = []
    for i in range(n):
        out.append(i * i)
    out.pop()
    total = 0
    for x in out:
        total += x
    return total, len(out), out[-1], out[0]


@program((6,))
def comprehension(n):
    squares = [i * i for i in range(n) if i % 2]
    return len(squares), sum(squares), squares[1]


@program(([1, 2, 3],), ([],))
def list_argument(values):
    values.append(len(values))
    if len(values) > 1:
        values[0] = 10
    return sum(values)


@program(([1.5, 2.5, 3.5],))
def list_of_floats(values):
    best = values[0]
    for v in values:
        if v > best:
            best = v
    return best


@program((5,))
def enumerate_zip(n):
    a = np.arange(n)
    b = np.arange(n) * 2.0
    s = 0.0
    for i, x in enumerate(a):
        s += i * x
    for x, y in zip(a, b):
        s += x * y
    for i in reversed(range(n)):
        s = s * 2 - i
    return s


# -- calls ------------------------------------------------------------------------------------------------------------


@program((4,), (2.5,))
def calls_helper(x):
    return helper(x) + helper(x, 3) + helper(y=4, x=x)


@program((3, 4))
def calls_swap(a, b):
    a, b = swap(a, b)
    return a - b


@program((6,), (0,))
def factorial(n):
    return 1 if n <= 1 else n * factorial(n - 1)


@program((10,))
def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


@program((5,))
def inner_function(n):
    k = 3

    def scale(x):
        return x * k

    return scale(n) + (lambda z: z + k)(n)


@program((1, 2, 3))
def star_args(*args):
    s = 0
    for a in args:
        s += a
    return s, len(args)


@program((3,))
def keyword_only(a, *, b=10):
    return a * b


@program((2.0,))
def function_argument(x):
    def apply(f, v):
        return f(f(v))

    return apply(math.sqrt, x), apply(helper, x)


@program((25,), (-1,))
def asserts(x):
    assert x > 0, "x must be positive"
    return math.sqrt(x)


@program((3,), (-3,), (100,))
def raises(n):
    if n < 0:
        raise ValueError(f"n is {n}, not positive")
    if n > 50:
        raise OverflowError("too large", n)
    return n


@program((0,), (5,))
def globals_and_tables(i):
    return TABLE[i] * K


# -- numbers ----------------------------------------------------------------------------------------------------------


@program((7, 2), (-7, 2), (7, -2), (7, 0), (0, 5))
def int_division(a, b):
    return a // b, a % b, divmod(a, b), a / b


@program((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (7.5, 0.0), (math.inf, 2.0), (math.nan, 1.0))
def float_division(a, b):
    return a // b, a % b, a / b


@program((2**62, 2), (2**31, 3), (-(2**63), 1), (3, -4))
def overflow(a, b):
    return a * b - b


@program((5, 3), (-5, 1), (1, 62), (1, 64), (1, -1))
def shifts(a, b):
    return a << b, a >> b, a & b, a | b, a ^ b, ~a


@program((2, 10), (2, -1), (-2, 3), (0, 0), (10, 30))
def int_power(a, b):
    return a**b


@program((2.0, 0.5), (-8.0, 2.0), (0.0, -1.0), (-8.0, 1 / 3), (2.5, 3))
def float_power(a, b):
    return a**b


@program((3 + 4j, 1 - 2j), (0j, 1j))
def complex_numbers(a, b):
    return a + b, a * b, a - b, a / b, abs(a), a.real, a.imag, a.conjugate(), a == b


@program((0.5,), (2.0,), (-1.0,), (1000.0,))
def math_functions(x):
    return (
        math.exp(x), math.sin(x), math.cos(x), math.atan(x), math.floor(x), math.ceil(x), math.trunc(x), math.fabs(x),
        math.copysign(1.0, x), math.isnan(x), math.hypot(x, 3.0), math.atan2(x, 2.0), math.degrees(x),
    )  # fmt: skip


@program((-1.0,), (4.0,), (0.0,))
def math_errors(x):
    return math.sqrt(x), math.log(x)


@program((1 + 2j,))
def cmath_functions(z):
    return cmath.exp(z), cmath.sqrt(z), cmath.phase(z), abs(cmath.log(z))


@program((2.675,), (1e20,), (-0.5,), (2.5,), (3.5,), (math.inf,), (math.nan,))
def rounding(x):
    return round(x, 2), int(x), round(x)


@program((3, 4.5), (-3, 1.0))
def builtins(a, b):
    return min(a, b), max(a, b), abs(a), int(b), float(a), bool(a), pow(a, 2), isinstance(a, int), sum((a, 2))


@program((1 << 40,), (255,), (0,), (-7,))
def splitmix(x):
    z = (x + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    return (z ^ (z >> 27)) & 0xFFFFFFFF


@program((np.uint8(200), np.uint8(100)), (np.int32(2**31 - 1), np.int32(1)), (np.float32(0.1), np.float32(3)))
def numpy_scalars(a, b):
    return a + b, a * b, a - b, a // b, a % b, a / b, a < b, -a


@program((np.int64(5), 3), (np.float32(2.5), 2.0), (np.uint8(5), 250), (np.float64(1.5), 2), (np.uint8(5), 300))
def weak_and_strong(a, b):
    return a + b, b - a, a * b, a == b


# -- arrays -----------------------------------------------------------------------------------------------------------

A = np.arange(12.0).reshape(3, 4)


@program((A, 1, 2), (A, -1, -1), (A, 3, 0), (A, 0, 4), (A[::-1, ::2], 0, 1), (A.T, 3, 2), (np.asfortranarray(A), 2, 3))
def element(a, i, j):
    return a[i, j], a[i][j]


@program((A.copy(),), (A.T.copy(),), (A[:, ::-1].copy(),))
def slices(a):
    a[1:, 0] = 7
    a[0] += a[-1]
    b = a[::2, 1:]
    b[:] = b * 2
    return a[1], a[:, 2], a[..., 0], a[None, 1], b.shape


@program((np.arange(10.0),))
def overlapping(a):
    a[1:] += a[:-1]
    a[2:5] = a[1:4]
    return a


@program((np.arange(6, dtype=np.uint8),), (np.arange(6, dtype=np.float32),), (np.arange(6, dtype=np.int16),))
def accumulate(a):
    s = 0
    for x in a:
        s += x
    return s, a.sum(), a.mean(), a.max(), a.argmin()


@program((A,), (A.astype(np.float32),), (A.astype(np.int32),), (A > 5,))
def reductions(a):
    return a.sum(), np.prod(a + 1), a.min(), a.max(), a.mean(), np.argmax(a), np.sum(a, axis=0), np.any(a), np.all(a)


@program((A, 2.0), (A.astype(np.float32), 2.0), (A.astype(np.int32), 3))
def elementwise(a, k):
    return a * k + 1, np.sqrt(a), np.where(a > k, a, -a), np.minimum(a, k), -a, a**2, a / k, a == k


@program((A,))
def broadcasting(a):
    row = a[0]
    column = a[:, :1]
    return a + row, a * column, row + column, (a - a.mean()) / 2


@program((np.arange(10),))
def masks(a):
    b = a.copy()
    b[a % 3 == 0] = -1
    return a[a > 4], b, a[np.array([1, 5, 5, -1])]


@program((4,), (0,))
def constructors(n):
    return (
        np.zeros(n), np.ones((n, 2), np.int32), np.full(n, 7.5), np.arange(n), np.arange(1.0, 3.0, 0.5), np.linspace(0.0, 1.0, 5),
        np.eye(n), np.array([1.0, 2.0]), np.empty_like(np.zeros(n)).shape,
    )  # fmt: skip


@program((A, np.arange(4.0)))
def products(a, v):
    return a @ v, a @ a.T, np.dot(v, v)


@program((np.array([3.0, 1.0, 2.0, np.nan, 0.0]),), (np.array([5, 3, 9, 1]),))
def sorting(a):
    b = np.sort(a)
    c = a.copy()
    c.sort()
    return b, c, np.searchsorted(b, 2), np.argsort(a)


@program((A,))
def shapes(a):
    n, m = a.shape
    return a.ndim, a.size, n, m, a.reshape(4, 3), a.ravel(), a.T, len(a), a.reshape(-1), a.dtype == np.float64


@program((A.copy(), 5), (A.copy(), -5), (A.copy(), 2))
def index_error(a, i):
    a[0, 0] = 100.0
    a[i, 0] = 1.0
    return a


@program((np.zeros(3, np.uint8), 255), (np.zeros(3, np.uint8), 256), (np.zeros(3, np.uint8), -1))
def store_range(a, v):
    a[1] = v
    return a


@program((np.zeros(2, np.int64), math.nan), (np.zeros(2, np.int64), 2.9), (np.zeros(2, np.float32), 1e300))
def store_float(a, v):
    a[0] = v
    return a


@program((np.arange(3), 1), (np.arange(3), 4))
def join_types(a, n):
    s = 0
    for i in range(n):
        s = s + a[i] * 0.5
    return s


@program((np.arange(5.0),), (np.arange(5, dtype=np.float32),), (np.zeros(0),))
def float_accumulator(a):
    s = 0.0
    for i in range(len(a)):
        s += a[i]
    return s


@program((np.arange(4.0), np.arange(5.0)))
def shape_mismatch(a, b):
    return a + b
