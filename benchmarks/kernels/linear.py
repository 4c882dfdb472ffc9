"""Linear algebra with plain loops."""

import numpy as np


def matmul(a, b):
    n, k = a.shape
    m = b.shape[1]
    c = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            s = 0.0
            for p in range(k):
                s += a[i, p] * b[p, j]
            c[i, j] = s
    return c


def lu(a):
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]


def floyd_warshall(d):
    n = d.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                through = d[i, k] + d[k, j]
                if through < d[i, j]:
                    d[i, j] = through


def _square(n):
    return np.random.default_rng(4).random((n, n)) + n * np.eye(n)


KERNELS = [
    (matmul, lambda: (_square(120), _square(120))),
    (lu, lambda: (_square(120),)),
    (floyd_warshall, lambda: (np.random.default_rng(5).integers(1, 1000, (100, 100)),)),
]
