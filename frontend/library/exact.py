"""Numbers rounded exactly, written in Python and compiled like the user's own functions: what needs more than a few
instructions.

Each function's result has one type, the one its annotation names. Integers are Python's, checked at 64 bits; where
an algorithm needs the full width it says so with np.uint64, which wraps.
"""

from __future__ import annotations

import math

import numpy as np


def quotient(a: int, b: int) -> float:
    """a / b for b != 0, correctly rounded: long division to 55 bits or more, the rest of it as a sticky last bit."""
    negative = (a < 0) != (b < 0)
    zero = np.uint64(0)
    one = np.uint64(1)
    n = np.int64(a).astype(np.uint64)
    d = np.int64(b).astype(np.uint64)
    if a < 0:
        n = zero - n
    if b < 0:
        d = zero - d
    q = n // d
    r = n % d
    scale = 1.0
    if n != zero:
        while q < np.uint64(1 << 55):
            q = q << one
            r = r << one  # below 2**64: a divisor is at most 2**63
            if r >= d:
                r = r - d
                q = q | one
            scale = scale * 0.5
    if r != zero:
        q = q | one
    result = float(q) * scale
    return -result if negative else result


def split(x: float) -> float:
    """The upper half of a double's digits (Dekker): products of halves are exact."""
    big = 134217729.0 * x
    return big - (big - x)


def product_error(x: float, y: float, product: float) -> float:
    """x * y - product exactly, where product is x * y rounded and nothing overflows."""
    xh = split(x)
    xl = x - xh
    yh = split(y)
    yl = y - yh
    return ((xh * yh - product) + xh * yl + xl * yh) + xl * yl


def power_of_ten(n: int) -> float:
    """10.0 ** n for 0 <= n <= 22, all of which are exact."""
    result = 1.0
    base = 10.0
    while n:
        if n & 1:
            result = result * base
        base = base * base
        n = n >> 1
    return result


def round_digits(x: float, n: int) -> float:
    """round(x, n): the decimal nearest to the exact value of x, ties to even, as the double nearest to that.

    The product with the power of ten is known exactly as a sum of two doubles, so halves are recognized; the
    quotient of two exact doubles is rounded once. Where the scaled value has no fraction left, x is its own answer.
    """
    if x - x != 0.0 or x == 0.0:
        return x
    size = abs(x)
    if n >= 0:
        if n > 22:
            if size >= 1e-6:
                return x
            if n > 323:
                return x
            raise ValueError("rounding so small a number to more than 22 digits is not supported")
        scale = power_of_ten(n)
        scaled = size * scale
        if scaled >= 4503599627370496.0:
            return x
        error = product_error(size, scale, scaled) if scaled >= 1e-290 else 0.0
        whole = math.floor(scaled) * 1.0
        above = (scaled - whole) - 0.5
        if above == 0.0:
            above = error
        up = above > 0.0
        if above == 0.0:
            up = whole * 0.5 != math.floor(whole * 0.5)
        if scaled - whole == 0.0 and error < 0.0:
            up = False
        if up:
            whole = whole + 1.0
        result = whole / scale
    else:
        if n < -308:
            return 0.0 * x
        if n < -22:
            raise ValueError("rounding to more than 22 digits before the point is not supported")
        scale = power_of_ten(-n)
        whole = np.rint(size / scale).item()
        if whole < 4503599627370496.0:
            near = whole * scale
            error = product_error(whole, scale, near)
            rest = (size - near) - error
            half = scale * 0.5
            if rest > half or (rest == half and whole * 0.5 != math.floor(whole * 0.5)):
                whole = whole + 1.0
            elif rest < -half or (rest == -half and whole * 0.5 != math.floor(whole * 0.5)):
                whole = whole - 1.0
        result = whole * scale
        if result - result != 0.0:
            raise OverflowError("rounded value too large to represent")
    return -result if x < 0.0 else result


def round_int(x: int, n: int) -> int:
    """round(x, n) of an int: to a multiple of 10 ** -n, ties to the even multiple."""
    if n >= 0:
        return x
    if n < -18:
        # Half of 10 ** 19 is above every 64-bit int but those beyond 5e18, which round to 10 ** 19.
        if n == -19 and (x > 5000000000000000000 or x < -5000000000000000000):
            raise OverflowError("Python int too large for 64 bits")
        return 0
    step = 10**-n
    rest = x % step
    low = x - rest
    half = step // 2
    if rest > half or (rest == half and (low // step) & 1):
        return low + step  # type: ignore[no-any-return]
    return low  # type: ignore[no-any-return]


def _times_modulo(a: int, b: int, m: int) -> int:
    """a * b % m for 0 <= a, b < m, by doubling: nothing exceeds 64 bits as unsigned."""
    modulus = np.int64(m).astype(np.uint64)
    x = np.int64(a).astype(np.uint64)
    result = np.uint64(0)
    while b:
        if b & 1:
            result = result + x
            if result >= modulus:
                result = result - modulus
        x = x + x
        if x >= modulus:
            x = x - modulus
        b = b >> 1
    return int(result.astype(np.int64))


def modular_power(x: int, y: int, m: int) -> int:
    """pow(x, y, m); the inverses that negative powers ask for are not computed."""
    if m == 0:
        raise ValueError("pow() 3rd argument cannot be 0")
    if y < 0:
        raise ValueError("pow() with a modulus and a negative exponent is not supported")
    size = -m if m < 0 else m
    base = x % size
    result = 1 % size
    while y:
        if size <= 3037000499:
            if y & 1:
                result = result * base % size
            base = base * base % size
        else:
            if y & 1:
                result = _times_modulo(result, base, size)
            base = _times_modulo(base, base, size)
        y = y >> 1
    if m < 0 and result != 0:
        return result + m
    return result
