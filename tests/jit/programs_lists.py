"""Programs with lists: of lists, arrays, tuples, strs; every method; arguments written back. See `programs`."""

import numpy as np
from programs import program

A = np.array([3.0, 1.0, 4.0, 1.0, 5.0])


@program((5, [(0, 1), (1, 2), (0, 3)]), (1, []))
def adjacency(n, edges):
    rows = [[] for _ in range(n)]
    for a, b in edges:
        rows[a].append(b)
        rows[b].append(a)
    return rows, sum(len(r) for r in rows), [x for r in rows for x in r]


@program((4,), (0,))
def breadth_first(n):
    around = [[] for _ in range(n * n)]
    for i in range(n):
        for j in range(n):
            if i + 1 < n:
                around[i * n + j].append((i + 1) * n + j)
            if j + 1 < n:
                around[i * n + j].append(i * n + j + 1)
    distance = [-1] * (n * n)
    queue = []
    if n:
        distance[0] = 0
        queue.append(0)
    while queue:
        here = queue.pop(0)
        for there in around[here]:
            if distance[there] < 0:
                distance[there] = distance[here] + 1
                queue.append(there)
    return distance


@program((3,), (0,))
def list_of_arrays(n):
    out = []
    for i in range(n):
        out.append(np.full(i + 1, float(i)))
    total = 0.0
    for a in out:
        total += a.sum()
    return out, total, len(out)


@program(([np.arange(3.0), np.ones(2)],), ([np.zeros((2, 2))[0], np.arange(6.0)[::2]],))
def arrays_written(arrays):
    for a in arrays:
        a[0] = 7.0
    arrays[1] = arrays[0] * 2
    arrays.append(arrays[0])
    last = arrays.pop()
    return last, arrays[-1], sum([len(a) for a in arrays])


@program(([[1, 2], [3]],), ([[], [4]],), ([],))
def nested_written(rows):
    for r in rows:
        r.append(len(r))
    if rows:
        rows[0] = rows[-1]
        rows[0].append(100)
        rows.append([5, 6])
    return rows, len(rows)


@program(([[1.5], [2.5, 3.5]],))
def row_removed_then_changed(rows):
    r = rows.pop(0)
    r.append(0.5)
    rows.insert(0, r[:])
    r.reverse()
    return r


@program(([[3, 1], [2]], 5), ([[3, 1], [2]], 0))
def written_back_when_raised(rows, k):
    rows[0].sort()
    rows.append([9])
    return 10 // k, rows[1][k - 5]


@program(([1, 2, 3], 1), ([1, 2, 3], 9), ([5], 0))
def shared_rows(row, i):
    rows = [row, row]
    rows[0].append(4)
    return rows[1][i], rows, len(rows[1]), [row[:], row] == rows


@program(([(np.arange(3.0), 1), (np.ones(2), 2)],))
def tuples_with_arrays(pairs):
    s = 0.0
    for a, k in pairs:
        s += a[0] * k
    pairs.append((np.zeros(1), 3))
    first, _ = pairs[0]
    return s, first, [a.size for a, _ in pairs]


@program((["ab", "c", "d\u00e9"],), ([],))
def strs(names):
    names.append("new")
    return names, [len(s) for s in names], "c" in names, names.count("new"), names[0] == "ab"


@program(([5, 3, 8, 1, 9, 2],), ([1],), ([],))
def slices_written(v):
    a = v[:]
    a[1:3] = [10, 20, 30]
    b = v[:]
    b[:0] = [7]
    b[len(b):] = [8]
    c = v[:]
    c[::2] = c[::2]
    d = v[:]
    del d[1:4]
    e = v[:]
    del e[::2]
    f = v[:]
    del f[::-2]
    v[1:] = (4, 5)
    return a, b, c, d, e, f


@program(([1, 2, 3, 4],), ([1, 2],))
def slice_of_another_size(v):
    v.append(0)
    v[::2] = [1, 2]
    return v


@program(([3, 1, 2, 3],), ([],), ([3],))
def methods(v):
    out = [v.count(3), len(v), int(3 in v)]
    w = v.copy()
    w.extend(v)
    w.extend(range(2))
    w.extend((7, 8))
    w += [9]
    w.insert(-1, 40)
    w.insert(100, 41)
    w.insert(-100, 42)
    w.remove(8)
    out.append(w.index(7))
    w.sort(reverse=True)
    w.reverse()
    return out[1:], w, w * 2, w + v, w == w.copy(), w != v, v * 0, w[-1], w.pop(), w.pop(0), w.pop(-2)


@program(([3, 1, 2], 3), ([3, 1, 2], -4), ([], 0))
def pop_at(v, i):
    return v.pop(i), v


@program(([3, 1, 2], 3), ([3, 1, 2], -4), ([3, 1, 2], -3))
def delete_at(v, i):
    del v[i]
    return v


@program(([3, 1, 2], 5), ([3, 1, 2], 1), ([], 1))
def removed(v, x):
    v.remove(x)
    return v


@program(([[1, 2], [3]], [[1, 2], [3]]), ([[1, 2], [3]], [[1, 2], [4]]), ([[1]], [[1], [2]]))
def nested_equal(a, b):
    return a == b, a != b, [1, 2] in a, a.count([3]), a[0] == b[0]


@program(([1, 2], [1, 2, 3]), ([2], [1, 2, 3]), ([1, 2], [1, 2]), ([1.5], [1.5]))
def ordered_lists(a, b):
    return a < b, a <= b, a > b, a >= b


@program(([[1, 2], [3]],))
def cleared(rows):
    inner = rows[0]
    rows.clear()
    inner.append(5)
    rows.append(inner)
    return rows, inner


@program((3, 4), (0, 2))
def grid_of_lists(n, m):
    g = [[0] * m for _ in range(n)]
    for i in range(n):
        for j in range(m):
            g[i][j] = i * 10 + j
    t = [[row[j] for row in g] for j in range(m)]
    for i in range(n):
        g[i][0] += t[0][i]
    return g, t


@program(([[2, 1], [0]],))
def sorted_rows(rows):
    for r in rows:
        r.sort()
    return sorted(rows, key=len), max(rows, key=len), [sorted(r, reverse=True) for r in rows]


@program((6,))
def stack_of_tuples(n):
    stack = [(0, n)]
    out = []
    while stack:
        low, high = stack.pop()
        if high - low <= 1:
            out.append((low, high))
            continue
        middle = (low + high) // 2
        stack.append((low, middle))
        stack.append((middle, high))
    return out


@program((4,))
def arrays_to_array(n):
    rows = [np.arange(3.0) * i for i in range(n)]
    return np.array([r.sum() for r in rows]), rows[1:3], rows[::-1]


@program(([[1], [2]],), ([],))
def last_row(rows):
    return rows[-1], rows[len(rows) - 1][0], rows[-1][-1]


@program(([[1, 2], [3, 4]],))
def unpacked_rows(rows):
    s = 0
    for a, b in rows:
        s += a * b
    (p, q), r = rows[0], rows[1]
    return s, p, q, r


def helper(rows, k):
    if len(rows) > 100:
        return rows[0]
    rows.append([k])
    return rows[-1]


@program((5,))
def through_functions(n):
    rows = [[7]]
    for i in range(n):
        r = helper(rows, i)
        r.append(i * i)
    return rows


@program((3,))
def lists_of_lists_of_lists(n):
    cube = [[[i + j + k for k in range(n)] for j in range(n)] for i in range(n)]
    cube[0][1][2] = -1
    return cube, cube[1][1], len(cube[0][0])


@program(([1, 2, 3, 4],), ([1, 2],), ([1],))
def starred(v):
    a, *b, c = v
    *d, e = (1, 2, 3)
    f, *g = v
    return a, b, c, d, e, f, g


@program(([1, 2],), ([1],), ([1, 2, 3],), ([],))
def unpacked(v):
    a, b = v
    return a - b
