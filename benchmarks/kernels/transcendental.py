"""Transcendental functions."""

import math

import numpy as np


def black_scholes(price, strike, years, rate, volatility, out):
    for i in range(price.shape[0]):
        root = volatility * math.sqrt(years[i])
        d1 = (math.log(price[i] / strike[i]) + (rate + 0.5 * volatility * volatility) * years[i]) / root
        d2 = d1 - root
        n1 = 0.5 * (1.0 + math.erf(d1 / math.sqrt(2.0)))
        n2 = 0.5 * (1.0 + math.erf(d2 / math.sqrt(2.0)))
        out[i] = price[i] * n1 - strike[i] * math.exp(-rate * years[i]) * n2


def haversine(lat, lon, lat0, lon0, out):
    for i in range(lat.shape[0]):
        a = np.sin((lat[i] - lat0) / 2.0) ** 2
        b = np.sin((lon[i] - lon0) / 2.0) ** 2
        out[i] = 2.0 * 6371.0 * np.arcsin(np.sqrt(a + np.cos(lat0) * np.cos(lat[i]) * b))


def softmax(x, out):
    n, m = x.shape
    for i in range(n):
        top = x[i, 0]
        for j in range(m):
            top = max(top, x[i, j])
        s = 0.0
        for j in range(m):
            e = math.exp(x[i, j] - top)
            out[i, j] = e
            s += e
        for j in range(m):
            out[i, j] /= s


def _uniform(n, low, high, seed):
    return np.random.default_rng(seed).uniform(low, high, n)


KERNELS = [
    (
        black_scholes,
        lambda: (
            _uniform(10_000, 50, 150, 18), _uniform(10_000, 50, 150, 19), _uniform(10_000, 0.1, 2, 20), 0.02, 0.3, np.ones(10_000)
        ),
    ),
    (haversine, lambda: (_uniform(10_000, -1, 1, 21), _uniform(10_000, -3, 3, 22), 0.5, 0.2, np.ones(10_000))),
    (softmax, lambda: (_uniform(100 * 100, -5, 5, 23).reshape(100, 100), np.ones((100, 100)))),
]  # fmt: skip
