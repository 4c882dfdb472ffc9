"""Programs with generators that are consumed where they are made; see `programs`."""

import math
import sys

import numpy as np
from programs import program

A = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0])
NAN = math.nan


@program((A,), (A[:0],))
def genexp_sum(a):
    return sum(x * x for x in a), sum(float(x) for x in a), sum((i for i in range(5)), 10)


@program((A,), (A * 0,), (A[:0],))
def genexp_any_all(a):
    return any(x > 4 for x in a), all(x > 0 for x in a), any(x == 9 for x in a if x > 2)


@program((5, 3), (5, 7), (0, 0))
def genexp_short_circuit(n, k):
    """The division by zero comes only if the item before does not decide."""
    return any(10 // (k - i) > 2 for i in range(n)), all(i < k for i in range(n))


@program((5, 3), (5, 9))
def genexp_raises(n, k):
    seen = [0]
    seen.append(sum(10 // (k - i) for i in range(n)))
    return seen


@program((A,), (A[:0],))
def genexp_min(a):
    return min(x - 2 for x in a), max(x - 2 for x in a)


@program((A,), (A[:0],))
def genexp_default(a):
    return min((x for x in a), default=-1.0), max((x for x in a if x > 100), default=np.float64(3))


@program(([3, -1, 2],), ([-4, 4],), ([],))
def extremes_by_key(v):
    return min(v, key=abs), max(v, key=lambda x: -x), min(4, -3, 2, key=abs)


@program((A,))
def genexp_list(a):
    return list(x + 1 for x in a), [y for y in (x * 2 for x in a) if y > 4], list(i for i in range(0))


@program((8,), (0,), (1,))
def genexp_nested(n):
    s = 0
    for x in (i * j for i in range(n) for j in range(i) if (i + j) % 2):
        s = s * 3 % 1000 + x
    return s, sum(1 for i in range(n) if i % 2 for j in range(i) if j % 3 == 0 for _ in range(j))


@program((6,))
def genexp_of_genexp(n):
    return sum(y + 1 for y in (x * x for x in (i for i in range(n) if i % 2)))


# CPython 3.15 begins the iteration inside of the generator, where the length of a tuple is not known: refused there.
if sys.version_info < (3, 15):

    @program(((2, 3.5, 4),), ((),))
    def genexp_tuple(t):
        return tuple(2 * x for x in t), sum(x for x in t)

    @program((np.zeros((4, 6)),))
    def genexp_shape(a):
        shape = tuple(s // 2 for s in a.shape)
        return np.ones(shape), tuple(i * s for i, s in enumerate(a.shape))


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        yield a
        a, b = b, a + b


def countdown(n):
    while n > 0:
        yield n
        n -= 1
    yield 0


@program((10,), (0,))
def generator_function(n):
    s = 0
    for x in fibonacci(n):
        s = s * 7 % 1001 + x
    for x in countdown(n):
        s = s * 5 % 1003 + x
    return s, list(countdown(n)), sum(fibonacci(n))


@program((10,))
def generator_break(n):
    s = 0
    for x in fibonacci(n):
        if x > 10:
            break
        if x == 2:
            continue
        s += x
    else:
        s = -1
    return s


@program((4,))
def inner_generator(n):
    def pairs(k):
        for i in range(k):
            yield i, n - i
            yield i, -1

    return [a * 10 + b for a, b in pairs(n)]


@program((A,), (A[:1],))
def mapped(a):
    return sum(map(abs, a)), list(map(lambda x, y: x * y, a, range(len(a)))), list(map(int, a))


@program(([3, 0, -2, 0, 5],))
def filtered(v):
    return list(filter(None, v)), list(filter(lambda x: x > 0, v)), sum(map(lambda x: x * x, filter(None, v)))


@program((6,))
def enumerated_generator(n):
    return [(i, x) for i, x in enumerate((k * k for k in range(n)), 2)]


@program((6, 3), (3, 6))
def zipped_generators(n, m):
    out = []
    for a, b, c in zip((i for i in range(n)), range(m), (2 * i for i in range(n + m))):
        out.append(a + 10 * b + 100 * c)
    return out


@program(([3, 1, 2],), ([],), ([5, 5, -5, 0],))
def sorted_values(v):
    return sorted(v), sorted(v, reverse=True), sorted(v, key=lambda x: -x), sorted((x % 3, x) for x in v), v


@program(([(3, 1.5), (1, 2.5), (3, 0.5), (2, 2.5)],))
def sorted_by_key(v):
    out = sorted(v, key=lambda t: t[1], reverse=True)
    v.sort(key=lambda t: t[0])
    return out, sorted((2, 1, 3)), sorted(np.array([3, 1, 2]))


@program((A, 2.5), (A, 100.0))
def first_of(a, x):
    return next((i for i in range(len(a)) if a[i] > x), -1)


@program((A, 2.5), (A, 100.0))
def first_or_raise(a, x):
    for k in iter(range(3)):
        x += k
    return next(v for v in a if v > x)


@program((A,))
def generator_in_a_name(a):
    big = (x for x in a if x > 2)
    scaled = (2 * x for x in big)
    return sum(scaled)


@program((5,))
def generator_reads_late(n):
    """Free variables are read when an item is computed."""
    k = 1
    g = (i * k for i in range(n))
    k = 10
    return sum(g)


@program((5,))
def contains_generator(n):
    return 4 in (i * i for i in range(n)), 5 in (i * i for i in range(n))


@program((np.arange(12).reshape(3, 4),))
def rows(m):
    zero = np.float64(0)
    return sum(sum(row) for row in m), max(max(row) for row in m), [sum((x for x in row if x % 2), zero) for row in m * 0.5]


@program((6,))
def comprehension_of_several(n):
    return [(i, j) for i in range(n) if i % 2 for j in range(i, n) if j != 3]


@program((A,), (A[:0],))
def arrays_of_generators(a):
    return np.fromiter((x * 2 for x in a), np.float64), np.fromiter((i for i in range(3)), dtype=np.int32)
