"""Programs with dicts and sets; see `programs`."""

import numpy as np
from programs import program


@program((10,), (0,))
def counted(n):
    d = {}
    for i in range(n):
        d[i % 3] = d.get(i % 3, 0) + i
    return len(d), sum(d.values()), [k * 10 + v for k, v in d.items()], 2 in d, 7 in d


@program((10,), (0,))
def returned(n):
    d = {}
    for i in range(n):
        d[i * i % 7] = i * 0.5
    return d


@program((5, 1), (5, 9))
def looked_up(n, k):
    d = {i: i * i for i in range(n)}
    return d[k]


@program(({1: 2.5, 3: 4.5}, 3), ({1: 2.5}, 3), ({}, 1))
def written_back(d, k):
    d[10] = 1.5
    d[1] = d[k] + 1
    del d[k]
    return len(d), list(d), sorted(d.items())


@program(({1: 2}, 0), ({1: 2}, 1))
def written_back_when_raised(d, n):
    d[5] = 6
    d[7] = 10 // n
    return d


@program(("banana",), ("",))
def letters(s):
    d = {}
    for c in s:
        if c not in d:
            d[c] = 0
        d[c] += 1
    return d, max(d.values(), default=0), "a" in d


@program(([3, 1, 3, 2, 1],), ([],))
def positions(v):
    first = {}
    for i, x in enumerate(v):
        first.setdefault(x, i)
    return first, [first[x] for x in v]


@program((4,))
def tuple_keys(n):
    grid = {}
    for i in range(n):
        for j in range(i):
            grid[i, j] = float(i + j)
    total = 0.0
    for (i, j), v in grid.items():
        total += v * grid.get((i, j - 1), -1.0)
    return total, (2, 1) in grid, (1, 2) in grid, len(grid)


@program((12,))
def deleted_and_inserted(n):
    d = {i: -i for i in range(n)}
    for i in range(0, n, 2):
        del d[i]
    for i in range(n):
        d[i + 100] = i
    out = [d.pop(3), d.pop(3, -1), d.pop(101)]
    k, v = d.popitem()
    return out, k, v, list(d.keys()), list(d.values()), len(d)


@program((3,), (0,))
def popped_empty(n):
    d = {i: i for i in range(n)}
    while True:
        try:
            d.popitem()
        except KeyError:
            return len(d)


@program((5,))
def changed_while_iterating(n):
    d = {i: i for i in range(n)}
    for k in d:
        d[k + 1] = 0
    return d


@program((5,))
def values_changed_while_iterating(n):
    d = {i: i for i in range(n)}
    for k in d:
        d[k] *= 2
    return d


@program(({1: 2, 3: 4}, {3: 5, 6: 7}), ({}, {3: 5}), ({1: 1}, {}))
def merged(a, b):
    c = a | b
    d = a.copy()
    d.update(b)
    return c == d, c, a == b, a != b, dict(b) == b, len(a)


@program((3,))
def arrays_as_values(n):
    d = {}
    for i in range(n):
        d[i] = np.arange(i + 1.0)
    d[0] = np.ones(2)
    del d[1]
    s = 0.0
    for a in d.values():
        s += a.sum()
    return s, d[n - 1], len(d)


@program((6,))
def lists_as_values(n):
    groups = {0: [0], 1: [0]}
    for i in range(n):
        groups[i % 2].append(i)
    return groups[0], groups[1], sum([len(g) for g in groups.values()])


@program((2.5,), (0.0,), (-0.0,))
def float_keys(x):
    d = {0.0: 1, 2.5: 2}
    d[x] = d.get(x, 0) + 10
    return d, x in d


@program((True,), (False,))
def bool_keys(x):
    d = {True: 1.5, False: 2.5}
    return d[x], x not in d


@program((np.array([5, 2, 5, 9, 2]),))
def numpy_keys(a):
    d = {}
    for x in a:
        if x in d:
            d[x] += 1
        else:
            d[x] = 1
    return sorted(d.values()), len(d)


@program(({"a": 1.5, "b": 2.5}, "a"), ({"a": 1.5}, "z"), ({"\u00e9": 0.5}, "\u00e9"))
def str_keys(d, k):
    d["new"] = 3.5
    return d[k], list(d), d.get("b")


@program((1.5, 2), (0.0, 7))
def results_by_name(x, n):
    return {"x": x, "n": n, "a": np.full(2, x), "nested": (n, "s"), "v": [n, n]}


@program((3,))
def constants_by_name(n):
    sizes = {"small": 1, "large": 10}
    total = 0
    for k, v in sizes.items():
        total += v * len(k)
    return sizes["small"] + sizes["large"] * n, "small" in sizes, sizes.get("none", 5), total


def options(x, **k):
    s = x
    for name, v in k.items():
        s += v * len(name)
    return s, k.get("scale", 1), len(k), "offset" in k


@program((3,))
def keywords(n):
    opts = {"scale": 2, "offset": n}
    return options(n, **opts), options(n), options(n, a=1)


@program(([1, 5, 3, 1, 9, 5],), ([],))
def sets(v):
    s = set(v)
    t = set()
    for x in v:
        t.add(x % 3)
    s.discard(1)
    s.discard(77)
    return sorted(s), len(t), 5 in s, 1 in s, s, sum(s), max(t) if t else -1, s == t, bool(t)


@program(([1, 2, 3], [2, 3, 4]), ([1], []), ([2, 3], [1, 2, 3]))
def set_operators(v, w):
    a, b = set(v), set(w)
    return a | b, a & b, a - b, a ^ b, a <= b, a < b, a >= b, a == b, {x % 2 for x in v}, {1, 2} | a, a.union(w)


@program(({1, 2, 3}, 2), ({1, 2, 3}, 9))
def set_written(s, k):
    s.add(10)
    s.remove(k)
    return len(s)


@program((20,))
def seen(n):
    visited = set()
    x = 1
    steps = 0
    while x not in visited:
        visited.add(x)
        x = x * 7 % n
        steps += 1
    return steps, (x, steps) in {(1, 4), (7, 2)}


@program((30,))
def memo(n):
    cache = {0: 0, 1: 1}
    for i in range(2, n):
        cache[i] = cache[i - 1] + cache[i - 2]
    return cache[n - 1]


@program((2000,))
def large(n):
    d = {}
    for i in range(n):
        d[i * 7919 % 10007] = i
    s = 0
    for i in range(10007):
        if i in d:
            s += d[i]
    return s, len(d)


@program((4,))
def read_before_written(n):
    d = {}
    s = set()
    a = d.get(n, -1), n in d, len(d), n in s, len(s), [k for k in d]
    try:
        d[n]
    except KeyError:
        d[n] = 2
    s.add(n)
    return a, d, s
