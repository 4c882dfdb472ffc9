"""Dynamic programming."""

import numpy as np


def edit_distance(a, b):
    n = a.shape[0]
    m = b.shape[0]
    d = np.zeros((n + 1, m + 1), np.int64)
    for i in range(n + 1):
        d[i, 0] = i
    for j in range(m + 1):
        d[0, j] = j
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + cost)
    return d[n, m]


def knapsack(weights, values, capacity):
    best = np.zeros(capacity + 1, np.int64)
    for i in range(weights.shape[0]):
        w = weights[i]
        for c in range(capacity, w - 1, -1):
            candidate = best[c - w] + values[i]
            if candidate > best[c]:
                best[c] = candidate
    return best[capacity]


def longest_increasing(a):
    n = a.shape[0]
    length = np.ones(n, np.int64)
    best = 0
    for i in range(n):
        for j in range(i):
            if a[j] < a[i] and length[j] + 1 > length[i]:
                length[i] = length[j] + 1
        best = max(best, length[i])
    return best


def _ints(n, high, seed=10):
    return np.random.default_rng(seed).integers(1, high, n)


KERNELS = [
    (edit_distance, lambda: (_ints(400, 5), _ints(400, 5, 11))),
    (knapsack, lambda: (_ints(100, 50), _ints(100, 1000, 12), 2_000)),
    (longest_increasing, lambda: (_ints(1_000, 10_000),)),
]
