"""Programs over the rest of the language: match, closures, ranges and slices as values, enums, calls. See `programs`."""

import enum

import numpy as np
from programs import program


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Mode(enum.IntEnum):
    A = 0
    B = 1


class Cfg:
    X = 3
    Y = 2.5


@program((1,), (2,), (5,))
def match_const(n):
    match n:
        case 1:
            return 10
        case 2 | 3:
            return 20
        case _:
            return 30


@program(((1, 2),), ((0, 5),), ((3, 3),))
def match_tuple(t):
    match t:
        case (0, y):
            return y
        case (1, y):
            return y * 2
        case (x, y):
            return x + y


@program((5,))
def match_guard(n):
    match n:
        case x if x > 3:
            return x
        case _:
            return 0


@program((5,))
def walrus(n):
    s = 0
    while (k := n * 2) > 3:
        s += k
        n -= 1
    return s


@program((5,))
def nonlocal_(n):
    c = 0

    def inc(k):
        nonlocal c
        c += k

    for i in range(n):
        inc(i)
    return c


@program((5,))
def kwonly(n):
    def f(a, *, b=2, c):
        return a + b * c

    return f(n, c=3) + f(n, b=1, c=2)


def kw(a, **k):
    return a + k["z"]


@program((5,))
def kwargs(n):
    return kw(n, z=3)


def va(*args):
    s = 0
    for a in args:
        s += a
    return s


@program((5,))
def varargs(n):
    t = (1, 2, n)
    return va(*t), va(), va(n, *t)


@program((2.0,))
def enums(x):
    c = Color.RED if x > 1 else Color.BLUE
    return c is Color.RED, c == Color.BLUE


@program((1,))
def intenum(n):
    return n == Mode.B, Mode.A + n


@program((1,))
def clsconst(n):
    return Cfg.X * n + Cfg.Y


@program((5,))
def isinst(n):
    return isinstance(n, int), isinstance(n, (float, str)), type(n) is int, callable(n), callable(isinst)


@program((5,))
def recursion(n):
    def fact(k):
        return 1 if k < 2 else k * fact(k - 1)

    return fact(n)


@program((5, 3))
def ranges(n, m):
    r = range(0, n, 2)
    return (
        len(r),
        r[1],
        r[-1],
        4 in r,
        n in range(3),
        list(r[::-1]),
        list(reversed(r)),
        r == range(0, n, 2),
        r.start,
        r.stop,
        r.step,
    )


@program((10,))
def ranges2(n):
    r = range(n)[2:8:3]
    return [x for x in r], list(reversed(range(0, n, 3))), sum(range(n)), max(range(n)), r.index(5), r.count(2), min(range(1, 3))


@program(([1, 2, 3, 4],))
def slices(v):
    s = slice(1, 3)
    return v[s], s.start, s.stop


@program((np.arange(10.0),))
def slices2(a):
    s = slice(None, None, 2)
    return a[s], a[slice(1, 4)]


@program((5,))
def divmods(n):
    return divmod(n, 3), pow(n, 3, 7), divmod(n, 2.5)


@program((5,))
def swapaug(n):
    a = np.zeros(3)
    v = [1, 2]
    a[1] += n
    v[0] *= n
    a[0], a[1] = a[1], a[0]
    return a, v


@program((5,))
def setlit(n):
    return n in {1, 5}, n in {2, 3}


@program(([3, 1, 2],))
def revlist(v):
    return [x for x in reversed(v)], list(reversed((1, 2))), v[::-1]


@program((3,))
def starcall(n):
    a, *b = (1, 2, n)
    *c, d = b
    return a, b, c, d


@program((3,))
def lambdas(n):
    f = lambda x, k=2: x * k + n
    g = lambda y: f(y) + 1
    return f(3), g(4), (lambda: n)()


@program((3,))
def defaults(n):
    def f(a, b=n, *c):
        return a + b + len(c)

    return f(1), f(1, 2), f(1, 2, 3, 4)


@program((3,))
def nonefn(n):
    def f(x):
        if x > 5:
            return None
        return x

    r = f(n)
    q = f(9)
    return r is None, q is None


@program((3,))
def chained_assign(n):
    a = b = [n]
    b.append(1)
    return a


@program((3,))
def delname(n):
    x = n
    del x
    x = 2
    return x


@program((2,))
def ifexpr(n):
    return (n if n > 1 else -n) + (n and 3) + (n or 4)


@program((2,))
def anytuple(n):
    return any((n > 1, False)), all([n > 1, n > 0]), sum([n, n]), max([n, 3, 1]), sorted([3, n, 1])


@program((4,))
def hexs(n):
    return np.array([int(x) for x in range(n)]), complex(n, 1).real, abs(-n), round(n / 3, 2)


@program((4,))
def whileelse(n):
    while n > 0:
        n -= 1
        if n == 2:
            break
    else:
        return 100
    return n


@program((4,))
def typeis(n):
    x = 2.0
    return type(x) is float, type(x) == type(n), type(x) in (int, float), isinstance(x, (int, float))


@program((4,))
def tuples(n):
    t = (1, 2) + (n,)
    return t.index(2), t.count(1), t * 2, t[::-1], (1, 2) < (1, n), min(t), sorted(t)


@program((3,))
def dictconst(n):
    ops = {"a": 1, "b": 2}
    return ops["a"] * n


@program((3,))
def dispatch(n):
    fs = (lambda x: x + 1, lambda x: x * 2)
    s = 0
    for f in fs:
        s += f(n)
    return s, fs[0](n)
