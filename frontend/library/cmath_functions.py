"""Functions of a complex number in Python's own arithmetic: compiled like the user's code, without errors of their
own.

Real and imaginary parts are computed apart, from the real functions of `numpy` (which never raise), by formulas
that neither overflow early nor cancel; large arguments are halved before they are squared. Zeros keep their signs,
so branch cuts lie where C99 has them.
"""

from __future__ import annotations

import numpy as np

LN2 = 0.6931471805599453
LN10 = 2.302585092994046
HALF_PI = 1.5707963267948966
INF = float("inf")
NAN = float("nan")


def _copysign(x: float, y: float) -> float:
    return np.copysign(x, y).item()  # type: ignore[no-any-return]


def rect(r: float, phi: float) -> complex:
    """r * (cos(phi) + i sin(phi)); a zero size or angle stays exact."""
    if phi == 0.0:
        return complex(r, r * phi)
    if r == 0.0:
        return complex(0.0, 0.0)
    return complex(r * np.cos(phi).item(), r * np.sin(phi).item())


def exp(z: complex) -> complex:
    """e ** z."""
    x = z.real
    y = z.imag
    if x == -INF and y - y != 0.0:
        return complex(0.0, 0.0)
    if y == 0.0:
        return complex(np.exp(x).item(), y)
    if x == INF and y - y != 0.0:
        return complex(INF, NAN)
    if x > 708.0 and x < INF:
        scale = np.exp(x - 1.0).item()
        return complex(scale * np.cos(y).item() * 2.718281828459045, scale * np.sin(y).item() * 2.718281828459045)
    size = np.exp(x).item()
    return complex(size * np.cos(y).item(), size * np.sin(y).item())


def log(z: complex) -> complex:
    """The principal logarithm."""
    x = abs(z.real)
    y = abs(z.imag)
    angle = np.arctan2(z.imag, z.real).item()
    if x == INF or y == INF:
        return complex(INF, angle)
    if x != x or y != y:
        return complex(NAN, angle)
    large = x if x > y else y
    small = y if x > y else x
    if large > 8.9e307:
        return complex(np.log(np.hypot(x * 0.5, y * 0.5)).item() + LN2, angle)
    if large < 2.3e-308:
        if large > 0.0:
            return complex(np.log(np.hypot(x * 9007199254740992.0, y * 9007199254740992.0)).item() - 53.0 * LN2, angle)
        return complex(np.log(large).item(), angle)
    size = np.hypot(x, y).item()
    if size >= 0.71 and size <= 1.73:
        return complex(0.5 * np.log1p((large - 1.0) * (large + 1.0) + small * small).item(), angle)
    return complex(np.log(size).item(), angle)


def log10(z: complex) -> complex:
    """The logarithm to base 10."""
    w = log(z)
    return complex(w.real / LN10, w.imag / LN10)


def log2(z: complex) -> complex:
    """The logarithm to base 2."""
    w = log(z)
    return complex(w.real / LN2, w.imag / LN2)


def log1p(z: complex) -> complex:
    """log(1 + z)."""
    x = z.real + 1.0
    return complex(np.log(np.hypot(x, z.imag)).item(), np.arctan2(z.imag, x).item())


def expm1(z: complex) -> complex:
    """e ** z - 1."""
    half = np.sin(z.imag * 0.5).item()
    real = np.expm1(z.real).item() * np.cos(z.imag).item() - 2.0 * half * half
    return complex(real, np.exp(z.real).item() * np.sin(z.imag).item())


def exp2(z: complex) -> complex:
    """2 ** z."""
    return exp(complex(z.real * LN2, z.imag * LN2))


def sqrt(z: complex) -> complex:
    """The principal square root."""
    x = z.real
    y = z.imag
    if y - y != 0.0:
        if y != y:
            if x == INF:
                return complex(INF, NAN)
            if x == -INF:
                return complex(NAN, INF)
            return complex(NAN, NAN)
        return complex(INF, y)
    if x - x != 0.0:
        if x != x:
            return complex(NAN, NAN)
        if x > 0.0:
            return complex(INF, _copysign(0.0, y))
        return complex(0.0, _copysign(INF, y))
    if x == 0.0 and y == 0.0:
        return complex(0.0, y)
    ax = abs(x)
    ay = abs(y)
    if ax < 2.3e-308 and ay < 2.3e-308:
        ax = ax * 9007199254740992.0
        ay = ay * 9007199254740992.0
        s = np.sqrt(ax + np.hypot(ax, ay)).item() * 7.450580596923828e-09
    else:
        ax = ax * 0.125
        s = 2.0 * np.sqrt(ax + np.hypot(ax, ay * 0.125)).item()
    d = abs(y) / (2.0 * s)
    if x >= 0.0:
        return complex(s, _copysign(d, y))
    return complex(d, _copysign(s, y))


def cosh(z: complex) -> complex:
    """Hyperbolic cosine."""
    x = z.real
    y = z.imag
    if x - x != 0.0 and y == 0.0:
        return complex(x * x, 0.0 if x != x else _copysign(0.0, x) * y)
    if x == 0.0 and y - y != 0.0:
        return complex(NAN, 0.0)
    if abs(x) > 708.0 and x - x == 0.0:
        less = x - _copysign(1.0, x)
        real = np.cos(y).item() * np.cosh(less).item() * 2.718281828459045
        return complex(real, np.sin(y).item() * np.sinh(less).item() * 2.718281828459045)
    if x - x != 0.0 and y - y != 0.0 and x == x:
        return complex(INF, NAN)
    return complex(np.cos(y).item() * np.cosh(x).item(), np.sin(y).item() * np.sinh(x).item())


def sinh(z: complex) -> complex:
    """Hyperbolic sine."""
    x = z.real
    y = z.imag
    if x - x != 0.0 and y == 0.0:
        return complex(x, y)
    if x == 0.0 and y - y != 0.0:
        return complex(0.0, NAN)
    if x - x != 0.0 and y - y != 0.0 and x == x:
        return complex(x, NAN)
    if abs(x) > 708.0 and x - x == 0.0:
        less = x - _copysign(1.0, x)
        real = np.cos(y).item() * np.sinh(less).item() * 2.718281828459045
        return complex(real, np.sin(y).item() * np.cosh(less).item() * 2.718281828459045)
    return complex(np.cos(y).item() * np.sinh(x).item(), np.sin(y).item() * np.cosh(x).item())


def tanh(z: complex) -> complex:
    """Hyperbolic tangent."""
    x = z.real
    y = z.imag
    if abs(x) > 354.0:
        if y - y != 0.0:
            return complex(_copysign(1.0, x), 0.0)
        imag = 4.0 * np.sin(y).item() * np.cos(y).item() * np.exp(-2.0 * abs(x)).item()
        return complex(_copysign(1.0, x), imag)
    if x != x and y == 0.0:
        return complex(x, y)
    if x == 0.0 and y - y != 0.0:
        return complex(NAN, NAN)
    tx = np.tanh(x).item()
    ty = np.tan(y).item()
    cx = 1.0 / np.cosh(x).item()
    both = tx * ty
    denominator = 1.0 + both * both
    return complex(tx * (1.0 + ty * ty) / denominator, ((ty / denominator) * cx) * cx)


def cos(z: complex) -> complex:
    """Cosine: cosh(iz)."""
    return cosh(complex(-z.imag, z.real))


def sin(z: complex) -> complex:
    """Sine: -i sinh(iz)."""
    w = sinh(complex(-z.imag, z.real))
    return complex(w.imag, -w.real)


def tan(z: complex) -> complex:
    """Tangent: -i tanh(iz)."""
    w = tanh(complex(-z.imag, z.real))
    return complex(w.imag, -w.real)


def _large_log(x: float, y: float) -> float:
    """log(2 * |x + iy|) without overflow."""
    return np.log(np.hypot(x * 0.5, y * 0.5)).item() + 2.0 * LN2  # type: ignore[no-any-return]


def acos(z: complex) -> complex:
    """Arc cosine."""
    x = z.real
    y = z.imag
    if x - x != 0.0 or y - y != 0.0:
        if x == x and y == y:
            return complex(np.arctan2(abs(y), x).item(), _copysign(INF, -y))
        if y != y and x - x != 0.0 and x == x:
            return complex(NAN, INF)
        if x != x and y - y != 0.0 and y == y:
            return complex(NAN, -y)
        if x == 0.0:
            return complex(HALF_PI, NAN)
        return complex(NAN, NAN)
    if abs(x) > 4.4e307 or abs(y) > 4.4e307:
        return complex(np.arctan2(abs(y), x).item(), _copysign(_large_log(x, y), -y))
    s1 = sqrt(complex(1.0 - x, -y))
    s2 = sqrt(complex(1.0 + x, y))
    real = 2.0 * np.arctan2(s1.real, s2.real).item()
    return complex(real, np.arcsinh(s2.real * s1.imag - s2.imag * s1.real).item())


def acosh(z: complex) -> complex:
    """Inverse hyperbolic cosine."""
    x = z.real
    y = z.imag
    if x - x != 0.0 or y - y != 0.0:
        if x == x and y == y:
            return complex(INF, np.arctan2(y, x).item())
        if (x - x != 0.0 and x == x) or (y - y != 0.0 and y == y):
            return complex(INF, NAN)
        if x == 0.0:
            return complex(NAN, HALF_PI)
        return complex(NAN, NAN)
    if abs(x) > 4.4e307 or abs(y) > 4.4e307:
        return complex(_large_log(x, y), np.arctan2(y, x).item())
    s1 = sqrt(complex(x - 1.0, y))
    s2 = sqrt(complex(x + 1.0, y))
    real = np.arcsinh(s1.real * s2.real + s1.imag * s2.imag).item()
    return complex(real, 2.0 * np.arctan2(s1.imag, s2.real).item())


def asinh(z: complex) -> complex:
    """Inverse hyperbolic sine."""
    x = z.real
    y = z.imag
    if x - x != 0.0 or y - y != 0.0:
        if x == x and y == y:
            return complex(_copysign(INF, x), np.arctan2(y, abs(x)).item())
        if x - x != 0.0 and x == x:
            return complex(x, NAN)
        if y - y != 0.0 and y == y:
            return complex(INF, NAN)
        if y == 0.0:
            return complex(NAN, y)
        return complex(NAN, NAN)
    if abs(x) > 4.4e307 or abs(y) > 4.4e307:
        return complex(_copysign(_large_log(x, y), x), np.arctan2(y, abs(x)).item())
    s1 = sqrt(complex(1.0 + y, -x))
    s2 = sqrt(complex(1.0 - y, x))
    real = np.arcsinh(s1.real * s2.imag - s2.real * s1.imag).item()
    return complex(real, np.arctan2(y, s1.real * s2.real - s1.imag * s2.imag).item())


def asin(z: complex) -> complex:
    """Arc sine: -i asinh(iz)."""
    w = asinh(complex(-z.imag, z.real))
    return complex(w.imag, -w.real)


def atanh(z: complex) -> complex:
    """Inverse hyperbolic tangent."""
    x = z.real
    y = z.imag
    if x < 0.0 or (x == 0.0 and _copysign(1.0, x) < 0.0):
        w = atanh_right(complex(-x, -y))
        return complex(-w.real, -w.imag)
    return atanh_right(z)


def atanh_right(z: complex) -> complex:
    """`atanh` where the real part is not negative."""
    x = z.real
    y = z.imag
    ay = abs(y)
    if x - x != 0.0 or y - y != 0.0:
        if y - y != 0.0 and y == y:
            return complex(0.0, _copysign(HALF_PI, y))
        if x - x != 0.0 and x == x:
            return complex(0.0, NAN if y != y else _copysign(HALF_PI, y))
        if x == 0.0:
            return complex(0.0, NAN)
        return complex(NAN, NAN)
    if x > 6.7e153 or ay > 6.7e153:
        h = np.hypot(x * 0.5, y * 0.5).item()
        return complex(x * 0.25 / h / h, _copysign(HALF_PI, y))
    if x == 1.0 and ay < 1.5e-154:
        if ay == 0.0:
            return complex(INF, y)
        return complex(
            -np.log(np.sqrt(ay).item() / np.sqrt(np.hypot(ay, 2.0)).item()).item(),
            _copysign(np.arctan2(2.0, -ay).item() * 0.5, y),
        )
    square = (1.0 - x) * (1.0 - x)
    real = np.log1p(4.0 * x / (square + ay * ay)).item() * 0.25
    return complex(real, -np.arctan2(-2.0 * y, (1.0 - x) * (1.0 + x) - ay * ay).item() * 0.5)


def atan(z: complex) -> complex:
    """Arc tangent: -i atanh(iz)."""
    w = atanh(complex(-z.imag, z.real))
    return complex(w.imag, -w.real)


def whole_power(z: complex, n: int) -> complex:
    """z ** n for n > 0 by squaring."""
    result = complex(1.0, 0.0)
    base = z
    mask = 1
    while mask <= n:
        if n & mask:
            result = result * base
        mask = mask * 2
        base = base * base
    return result


def _power_angle(a: complex, b: complex) -> float:
    """The angle of a ** b."""
    angle = np.arctan2(a.imag, a.real).item() * b.real
    if b.imag != 0.0:
        return angle + b.imag * np.log(np.hypot(a.real, a.imag)).item()  # type: ignore[no-any-return]
    return angle  # type: ignore[no-any-return]


def polar_power(a: complex, b: complex) -> complex:
    """a ** b through logarithm and angle, for a != 0."""
    size = np.hypot(a.real, a.imag).item()
    length = np.power(size, b.real).item()
    phase = _power_angle(a, b)
    if b.imag != 0.0:
        length = length * np.exp(-np.arctan2(a.imag, a.real).item() * b.imag).item()
    return complex(length * np.cos(phase).item(), length * np.sin(phase).item())


def power(a: complex, b: complex) -> complex:
    """a ** b as Python has it, with its errors."""
    if b.imag == 0.0 and abs(b.real) <= 100.0 and b.real == np.floor(b.real).item():
        if b.real == 0.0:
            return complex(1.0, 0.0)
        n = int(b.real)
        if n > 0:
            result = whole_power(a, n)
        else:
            if a.real == 0.0 and a.imag == 0.0:
                raise ZeroDivisionError("0.0 to a negative or complex power")
            result = complex(1.0, 0.0) / whole_power(a, -n)
    elif a.real == 0.0 and a.imag == 0.0:
        if b.imag != 0.0 or b.real < 0.0:
            raise ZeroDivisionError("0.0 to a negative or complex power")
        return complex(0.0, 0.0)
    else:
        result = polar_power(a, b)
        if result.real != result.real and abs(_power_angle(a, b)) == INF:
            raise ZeroDivisionError("0.0 to a negative or complex power")
    if abs(result.real) == INF or abs(result.imag) == INF:
        raise OverflowError("complex exponentiation")
    return result


def reciprocal(z: complex) -> complex:
    """1 / z without errors."""
    x = z.real
    y = z.imag
    if abs(x) >= abs(y):
        r = np.divide(y, x).item()
        d = np.divide(1.0, x + y * r).item()
        return complex(d, -r * d)
    r = np.divide(x, y).item()
    d = np.divide(1.0, y + x * r).item()
    return complex(r * d, -d)


def numpy_power(a: complex, b: complex) -> complex:
    """a ** b without errors, as NumPy has it."""
    if b.real == 0.0 and b.imag == 0.0:
        return complex(1.0, 0.0)
    if a.real == 0.0 and a.imag == 0.0:
        if b.real > 0.0:
            return complex(0.0, 0.0)
        return complex(NAN, NAN)
    if b.imag == 0.0 and abs(b.real) < 100.0 and b.real == np.floor(b.real).item():
        n = int(b.real)
        if n == 1:
            return a
        if n == 2:
            return a * a
        if n == 3:
            return a * a * a
        if n > 0:
            return whole_power(a, n)
        if n == -1:
            return reciprocal(a)
        return reciprocal(whole_power(a, -n))
    if np.power(np.hypot(a.real, a.imag), b.real) == 0.0:
        return complex(0.0, 0.0)
    return polar_power(a, b)
