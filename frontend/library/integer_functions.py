"""The integer functions of `math`, as Python functions compiled like the user's own; OverflowError beyond 64 bits."""

from __future__ import annotations

import numpy as np


def gcd(a: int, b: int) -> int:
    """math.gcd(a, b)."""
    x = np.abs(np.int64(a)).astype(np.uint64)
    y = np.abs(np.int64(b)).astype(np.uint64)
    zero = np.uint64(0)
    while y != zero:
        r = x % y
        x = y
        y = r
    result = int(x.astype(np.int64))
    if result < 0:
        raise OverflowError("Python int too large for 64 bits")
    return result


def lcm(a: int, b: int) -> int:
    """math.lcm(a, b)."""
    if a == 0 or b == 0:
        return 0
    return abs((a // gcd(a, b)) * b)


def isqrt(n: int) -> int:
    """math.isqrt(n): the float root, corrected."""
    if n < 0:
        raise ValueError("isqrt() argument must be nonnegative")
    root = int(float(n) ** 0.5)
    if root > 3037000499:
        root = 3037000499
    if root * root > n:
        return root - 1
    if root < 3037000499 and (root + 1) * (root + 1) <= n:
        return root + 1
    return root


def factorial(n: int) -> int:
    """math.factorial(n)."""
    if n < 0:
        raise ValueError("factorial() not defined for negative values")
    if n > 20:
        raise OverflowError("Python int too large for 64 bits")
    result = 1
    for k in range(2, n + 1):
        result = result * k
    return result


def perm(n: int, k: int) -> int:
    """math.perm(n, k)."""
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    if k < 0:
        raise ValueError("k must be a non-negative integer")
    if k > n:
        return 0
    result = 1
    for i in range(k):
        result = result * (n - i)
    return result


def comb(n: int, k: int) -> int:
    """math.comb(n, k): products are divided by what they share with the divisor first, so only the result must fit."""
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    if k < 0:
        raise ValueError("k must be a non-negative integer")
    if k > n:
        return 0
    if k > n - k:
        k = n - k
    result = 1
    for i in range(1, k + 1):
        factor = n - k + i
        shared = gcd(factor, i)
        result = (result // (i // shared)) * (factor // shared)
    return result
