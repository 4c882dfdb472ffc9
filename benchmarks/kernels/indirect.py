"""Indirect access: sparse matrices, gathers, union-find, graphs."""

import numpy as np


def spmv(data, indices, indptr, x, y):
    for i in range(y.shape[0]):
        s = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            s += data[k] * x[indices[k]]
        y[i] = s


def gather_scatter(source, index, target):
    for i in range(index.shape[0]):
        target[index[i]] += source[i]


def components(edges, parent):
    for i in range(parent.shape[0]):
        parent[i] = i
    for k in range(edges.shape[0]):
        a = edges[k, 0]
        b = edges[k, 1]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a != b:
            parent[b] = a
    count = 0
    for i in range(parent.shape[0]):
        if parent[i] == i:
            count += 1
    return count


def _sparse(n=3_000, per_row=12):
    rng = np.random.default_rng(15)
    indptr = np.arange(0, n * per_row + 1, per_row)
    return rng.random(n * per_row), rng.integers(0, n, n * per_row), indptr, rng.random(n), np.ones(n)


KERNELS = [
    (spmv, _sparse),
    (gather_scatter, lambda: (np.ones(50_000), np.random.default_rng(16).integers(0, 1000, 50_000), np.zeros(1000))),
    (components, lambda: (np.random.default_rng(17).integers(0, 5_000, (8_000, 2)), np.ones(5_000, np.int64))),
]
