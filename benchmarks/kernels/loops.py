"""Loops with reductions."""

import math

import numpy as np


def total(a):
    s = 0.0
    for i in range(a.shape[0]):
        s += a[i]
    return s


def dot(a, b):
    s = 0.0
    for i in range(len(a)):
        s += a[i] * b[i]
    return s


def saxpy(alpha, x, y, out):
    for i in range(x.shape[0]):
        out[i] = alpha * x[i] + y[i]


def mean_and_deviation(a):
    n = a.shape[0]
    m = 0.0
    for x in a:
        m += x
    m /= n
    v = 0.0
    for x in a:
        v += (x - m) * (x - m)
    return m, math.sqrt(v / n)


def largest(a):
    best = a[0]
    where = 0
    for i in range(1, a.shape[0]):
        if a[i] > best:
            best = a[i]
            where = i
    return best, where


def histogram(values, bins, low, high):
    counts = np.zeros(bins, np.int64)
    scale = bins / (high - low)
    for v in values:
        k = int((v - low) * scale)
        if 0 <= k < bins:
            counts[k] += 1
    return counts


def prefix_sum(a, out):
    running = 0
    for i in range(a.shape[0]):
        running += a[i]
        out[i] = running


def _floats(n=100_000):
    return np.random.default_rng(1).random(n)


KERNELS = [
    (total, lambda: (_floats(),)),
    (dot, lambda: (_floats(), _floats()[::-1].copy())),
    (saxpy, lambda: (2.5, _floats(), _floats(), np.ones(100_000))),
    (mean_and_deviation, lambda: (_floats(),)),
    (largest, lambda: (_floats(),)),
    (histogram, lambda: (_floats(), 64, 0.0, 1.0)),
    (prefix_sum, lambda: (np.arange(100_000), np.ones(100_000, np.int64))),
]
