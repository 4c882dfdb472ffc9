"""Programs with named tuples; see `programs`."""

import collections
import typing

import numpy as np
from programs import program


class Point(typing.NamedTuple):
    x: float
    y: float = 1.0


Pair = collections.namedtuple("Pair", "first second")
ORIGIN = Point(0.5, 0.25)


@program((1.0,), (2,))
def made(x):
    p = Point(x, 2.0)
    q = Point(x)
    r = Point(y=x, x=0.0)
    return p, q, r, p.x + q.y + r[1], len(p), p == (x, 2.0), isinstance(p, Point), type(p) is Point


@program((Point(1.0, 2.0),), (Pair(1, 2.5),), (Pair("a", 2.5),))
def unpacked(p):
    a, b = p
    return a, b, p[1], p[::-1], b in p, p


@program((Point(1.0, 2.0), 3), (Point(1.5, 2.0), 0))
def moved(p, n):
    for _ in range(n):
        p = p._replace(x=p.x + p.y)
    return p, ORIGIN.x + p.x, ORIGIN


@program((np.arange(3.0),))
def with_arrays(a):
    p = Pair(a * 2, second=(a.sum(), "s"))
    p.first[0] = 7.0
    return p, p.second[0]


@program(([Point(1.0, 2.0), Point(3.0)],), ([],))
def in_lists(points):
    points.append(Point(5.0, 6.0))
    return sum(p.x * p.y for p in points), points[-1].x, max(points, key=lambda p: p.y)


@program((1.0, 2))
def wrong_arguments(x, n):
    try:
        return Point(x, x, x)
    except TypeError:
        return n


@program((Point(1.0, 2.0),))
def matched(p):
    match p:
        case Point(x=a, y=2.0):
            return a
        case Pair():
            return -1.0
    return 0.0


@program((Point(1.0, 2.0),))
def by_name(p):
    return p._asdict(), Pair(p, p.y)
