"""Ten kernels in Python, the same as those in kernels.c and in the same form, to count the instructions of both."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def fir(x: Array, h: Array, y: Array) -> None:
    """A finite impulse response filter: y[i] = sum of h[k] * x[i + k]."""
    n, taps = len(x), len(h)
    for i in range(n - taps + 1):
        s = 0.0
        for k in range(taps):
            s += h[k] * x[i + k]
        y[i] = s


def matmul(a: Array, b: Array, c: Array) -> None:
    """c = a b for square matrices."""
    n = a.shape[0]
    for i in range(n):
        for j in range(n):
            s = 0.0
            for k in range(n):
                s += a[i, k] * b[k, j]
            c[i, j] = s


def crc32(data: Array) -> Any:
    """CRC-32 (the one of zip), a bit at a time."""
    crc = np.uint32(0xFFFFFFFF)
    for i in range(len(data)):
        crc = crc ^ data[i]
        for _ in range(8):
            crc = crc >> 1 ^ np.uint32(0xEDB88320) if crc & 1 else crc >> 1
    return ~crc


def insertion_sort(a: Array) -> None:
    """Sorts by insertion."""
    for i in range(1, len(a)):
        x = a[i]
        j = i - 1
        while j >= 0 and a[j] > x:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = x


def sieve(composite: Array) -> int:
    """How many primes there are below n; composite is a flag for each number."""
    n = len(composite)
    count = 0
    for i in range(2, n):
        if composite[i]:
            continue
        count += 1
        for j in range(i * i, n, i):
            composite[j] = 1
    return count


def histogram(data: Array, counts: Array) -> None:
    """Counts how often each byte occurs."""
    for i in range(len(data)):
        counts[data[i]] += 1


def collatz(n: int) -> int:
    """The longest Collatz sequence that starts below n."""
    best = 0
    for i in range(1, n):
        x = i
        steps = 0
        while x != 1:
            x = x // 2 if x % 2 == 0 else 3 * x + 1
            steps += 1
        best = max(best, steps)
    return best


def levenshtein(a: Array, b: Array, row: Array) -> Any:
    """The distance of Levenshtein between two strings; row has len(b) + 1 places."""
    n, m = len(a), len(b)
    for j in range(m + 1):
        row[j] = j
    for i in range(1, n + 1):
        diagonal = row[0]
        row[0] = i
        for j in range(1, m + 1):
            change = diagonal + (a[i - 1] != b[j - 1])
            diagonal = row[j]
            row[j] = min(change, min(row[j], row[j - 1]) + 1)
    return row[m]


def mandelbrot(n: int, limit: int) -> int:
    """Iterations of z = z**2 + c summed over a grid of n x n points."""
    total = 0
    for i in range(n):
        for j in range(n):
            cr = 3.0 * j / n - 2.0
            ci = 2.0 * i / n - 1.0
            zr = zi = 0.0
            k = 0
            while k < limit and zr * zr + zi * zi <= 4.0:
                t = zr * zr - zi * zi + cr
                zi = 2.0 * zr * zi + ci
                zr = t
                k += 1
            total += k
    return total


def heat(a: Array, b: Array) -> None:
    """A sweep of the heat equation in two dimensions."""
    n = a.shape[0]
    for i in range(1, n - 1):
        for j in range(1, n - 1):
            b[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])


def inputs() -> dict[str, tuple[Any, ...]]:
    """Arguments for each kernel, made anew: small, for an emulator counts every instruction."""
    rng = np.random.default_rng(1)
    text = rng.integers(0, 256, 400, dtype=np.uint8)
    a, b = rng.random((24, 24)), rng.random((24, 24))
    return {
        "fir": (rng.random(400), rng.random(16), np.zeros(400)),
        "matmul": (a, b, np.zeros((24, 24))),
        "crc32": (text.copy(),),
        "insertion_sort": (rng.integers(-1000, 1000, 120),),
        "sieve": (np.zeros(4000, np.uint8),),
        "histogram": (text.copy(), np.zeros(256, np.int64)),
        "collatz": (300,),
        "levenshtein": (text[:60] & 3, text[100:170] & 3, np.zeros(71, np.int64)),
        "mandelbrot": (12, 60),
        "heat": (rng.random((40, 40), dtype=np.float32), np.zeros((40, 40), np.float32)),
    }
