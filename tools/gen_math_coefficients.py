"""The numbers of the math library: polynomials and tables, computed from definitions with mpmath.

    python tools/gen_math_coefficients.py        writes frontend/library/mathlib/{coefficients,tables}.py

A polynomial is the least-squares fit over the Chebyshev nodes of its interval, which is within a small factor of the
best one (minimax). Its coefficients are rounded to doubles from the lowest up; after each rounding the rest is fitted anew,
so that the later ones make up for it.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from mpmath import mp, mpf

mp.prec = 400
FOLDER = pathlib.Path(__file__).parent.parent / "frontend" / "library" / "mathlib"
Function = Callable[[Any], Any]


def bits(x: Any, n: int) -> float:
    """x rounded to n significant bits."""
    if x == 0:
        return 0.0
    exponent = mp.floor(mp.log(abs(x), 2)) + 1 - n
    return float(mp.nint(mp.ldexp(x, -int(exponent))) * mpf(2) ** exponent)


def grid(x: Any, exponent: int) -> float:
    """x rounded to a multiple of 2**exponent."""
    return float(mp.nint(mp.ldexp(x, -exponent)) * mpf(2) ** exponent)


def fit(f: Function, low: Any, high: Any, count: int, start: int = 0) -> list[Any]:
    """Coefficients of x**start .. x**(start+count-1), by least squares over the Chebyshev nodes of [low, high]."""
    n = 3 * (start + count)
    nodes = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * n)) for i in range(n)]
    # In the middle a difference that is divided by x would have no digits left.
    nodes = [x for x in nodes if abs(x) > (high - low) / 10**6]
    rows = mp.matrix([[x ** (start + j) for j in range(count)] for x in nodes])
    values = mp.matrix([f(x) for x in nodes])
    return list(mp.lu_solve(rows.T * rows, rows.T * values))


def polynomial(f: Function, low: Any, high: Any, count: int, fixed: Sequence[float] = ()) -> list[float]:
    """``count`` coefficients, lowest first; ``fixed`` are the first ones where they are given."""
    low, high = mpf(low), mpf(high)
    known = [mpf(c) for c in fixed]
    while len(known) < count:
        rest = lambda x: f(x) - sum((c * x**i for i, c in enumerate(known)), mpf(0))  # noqa: E731
        known.append(mpf(float(fit(rest, low, high, count - len(known), len(known))[0])))
    return [float(c) for c in known]


def series(f: Function) -> Function:
    """f, where its formula cancels near zero: evaluated with more digits."""

    def precise(x: Any) -> Any:
        with mp.workprec(900):
            return f(mpf(x))

    return precise


# Exponentials: 2**(i/128) as (tail relative to it, bits of it with the exponent of i's low bits taken off).

EXP_STEPS = 128


def exp_table() -> list[float]:
    rows = []
    for i in range(EXP_STEPS):
        exact = mpf(2) ** (mpf(i) / EXP_STEPS)
        high = float(exact)
        rows += [float(exact / mpf(high) - 1), high]
    return rows


# Logarithms: intervals of the significand; the one around 1 reaches equally far on both sides.

LOG_STEPS = 128
ONE = 0x3FF << 52
#: The first interval's lower end: 75 + 2/3 intervals below 1, where they are half as wide as above.
LOG_OFFSET = ONE - (75 << 45) - (2 << 45) // 3


def from_bits(n: int) -> float:
    import struct

    return struct.unpack("<d", struct.pack("<q", n))[0]


def log_table() -> list[float]:
    rows = []
    for i in range(LOG_STEPS):
        low, high = (mpf(from_bits(LOG_OFFSET + ((i + j) << 45))) for j in (0, 1))
        inverse = bits(2 / (low + high), 20) if not low < 1 < high else 1.0
        log = -mp.log(mpf(inverse))
        head = grid(log, -42)
        rows += [inverse, head, float(log - mpf(head)), 0.0]
    return rows


def log2_table() -> list[float]:
    rows = []
    for inverse in log_table()[::4]:
        log = -mp.log(mpf(inverse), 2)
        head = grid(log, -42)
        rows += [head, float(log - mpf(head))]
    return rows


# Sine and cosine of multiples of pi/32: the sine whole and its tail, then cut to 26 bits and its tail.


def sine_table() -> list[float]:
    rows = []
    for i in range(64):
        exact = mp.sin(mp.pi * i / 32) if i % 32 else mpf(0)
        if i % 16 == 0:
            exact = mp.nint(exact)
        whole, cut = float(exact), bits(exact, 26)
        rows += [whole, float(exact - mpf(whole)), cut, float(exact - mpf(cut))]
    return rows


def turn_words() -> list[int]:
    """1/(2 pi) in words of 64 bits, the first one ending at the binary point."""
    with mp.workprec(1600):
        number = int(mp.floor(mp.ldexp(1 / (2 * mp.pi), 64 * 22)))
    return [number >> 64 * (22 - k) & (1 << 64) - 1 for k in range(23)]


# Arc tangents of k/32.


def atan_table() -> list[float]:
    rows = []
    for k in range(34):
        exact = mp.atan(mpf(k) / 32)
        rows += [float(exact), float(exact - mpf(float(exact)))]
    return rows


def expansion(f: Function, center: Any, reach: Any, terms: int) -> list[float]:
    """f(center + t) for |t| <= reach in 16 columns: the tail of the value and the value; the coefficient of t and its
    tail; the other coefficients."""
    value = f(center)
    slope, *rest = fit(lambda t: (f(center + t) - value) / t, -reach, reach, terms)
    row = [float(value - mpf(float(value))), float(value), float(slope), float(slope - mpf(float(slope)))]
    row += map(float, rest)
    return row + [0.0] * (16 - len(row))


def erf_table() -> list[float]:
    """The error function in intervals of 1/8."""
    return [x for i in range(48) for x in expansion(mp.erf, mpf(2 * i + 1) / 16, mpf(1) / 16, 11)]


def scaled_erfc(u: Any) -> Any:
    """exp(x**2) erfc(x) for u = 4/(4 + x)."""
    x = 4 / u - 4
    return mp.exp(x**2) * mp.erfc(x)


def erfcx_table() -> list[float]:
    """Its intervals of 1/16; the first two are of x above 27.3, where erfc is zero."""
    rows = [0.0] * 32
    for i in range(2, 16):
        rows += expansion(scaled_erfc, mpf(2 * i + 1) / 32, mpf(1) / 32, 13)
    return rows


TABLES: dict[str, Callable[[], list[Any]]] = {
    "table_exp": exp_table,
    "table_log": log_table,
    "table_log2": log2_table,
    "table_sine": sine_table,
    "table_turn": turn_words,
    "table_atan": atan_table,
    "table_erf": erf_table,
    "table_erfcx": erfcx_table,
}


def pieces(x: Any, *widths: int) -> list[float]:
    """x as a sum of doubles, the first ones with these numbers of bits."""
    parts = []
    for width in (*widths, 53, 53):
        parts.append(bits(x, width))
        x -= mpf(parts[-1])
    return parts


def stirling(u: Any) -> Any:
    """y (log(gamma(y)) - (y - 1/2) log(y) + y - log(2 pi)/2) for u = 1/y**2."""
    y = 1 / mp.sqrt(u)
    return y * (mp.loggamma(y) - (y - mpf(1) / 2) * mp.log(y) + y - mp.log(2 * mp.pi) / 2)


def lgamma_at(zero: int) -> list[float]:
    """lgamma(zero + t) = t (a + a_low + t (b0 + b1 t + ...)): a, a_low, b0, b1 ..."""
    slope = mp.digamma(zero)
    reach = mpf("0.1401")
    rest = series(lambda t: (mp.loggamma(zero + t) - t * slope) / t**2)
    return [*pieces(slope)[:2], *polynomial(rest, -reach, reach, 16)]


def coefficients() -> dict[str, Any]:
    """Name -> number or list of numbers."""
    ln2 = mp.log(2)
    tiny = mpf(2) ** -60
    small = series
    steps = ln2 / EXP_STEPS
    edge = steps / 2 * mpf("1.001")
    quarter = mpf("0.1251")
    third = mpf("0.36")
    ln2_head = grid(ln2, -42)
    with mp.workprec(900):
        two_over = 2 / mp.sqrt(mp.pi) - 1
    return {
        # (exp(r) - 1 - r) / r**2
        "EXP": polynomial(small(lambda r: (mp.expm1(r) - r) / r**2), -edge, edge, 4),
        "EXP_SCALE": float(EXP_STEPS / ln2),
        "EXP_STEP": [bits(steps, 32), float(steps - mpf(bits(steps, 32)))],
        # (2**r - 1) / r
        "EXP2": polynomial(small(lambda r: mp.expm1(r * ln2) / r), mpf(-1) / 256, mpf(1) / 256, 5),
        "EXP2_LOW": float(ln2 - mpf(float(ln2))),
        # (expm1(x) - x - x**2/2) / x**3
        "EXPM1": polynomial(small(lambda x: (mp.expm1(x) - x - x * x / 2) / x**3), -third, third, 11),
        # (log(1+r) - r) / r**2
        "LOG": polynomial(small(lambda r: (mp.log1p(r) - r) / r**2), -mpf(2) ** -8, mpf(2) ** -8, 6, [-0.5]),
        "LOG_LONG": polynomial(small(lambda r: (mp.log1p(r) - r) / r**2), -mpf(2) ** -8, mpf(2) ** -8, 7, [-0.5]),
        # (log2(1+r) - r/log(2)) / r**2
        "LOG2": polynomial(small(lambda r: (mp.log1p(r) - r) / r**2 / ln2), -mpf(2) ** -8, mpf(2) ** -8, 6),
        "LOG_OFFSET": LOG_OFFSET,
        "LN2": [ln2_head, float(ln2 - mpf(ln2_head))],
        "LOG2_E": pieces(1 / ln2, 26),
        "LOG10_E": pieces(1 / mp.log(10), 26),
        # Sine and cosine for |r| < pi/64: (sin r - r) / r**3 and (cos r - 1) / r**2, of r**2
        "SIN": polynomial(
            small(lambda u: (mp.sin(mp.sqrt(u)) - mp.sqrt(u)) / mp.sqrt(u) ** 3), tiny, (mp.pi / 64) ** 2 * mpf("1.01"), 3
        ),
        "COS": polynomial(
            small(lambda u: (mp.cos(mp.sqrt(u)) - 1) / u), tiny, (mp.pi / 64) ** 2 * mpf("1.01"), 4, [-0.5]
        ),
        "TURN_SCALE": float(32 / mp.pi),
        "TURN_STEP": pieces(mp.pi / 32, 36, 36)[:3],
        "TURN": [*pieces(2 * mp.pi, 26)[:2], float(2 * mp.pi)],
        # (atan r - r) / r**3, of r**2
        "ATAN": polynomial(
            small(lambda u: (mp.atan(mp.sqrt(u)) - mp.sqrt(u)) / mp.sqrt(u) ** 3), tiny, (mpf(1) / 63) ** 2, 4
        ),
        "PI": pieces(mp.pi)[:2],
        "HALF_PI": pieces(mp.pi / 2)[:2],
        # (asin s - s) / s**3, of s**2
        "ASIN": polynomial(
            small(lambda u: (mp.asin(mp.sqrt(u)) - mp.sqrt(u)) / mp.sqrt(u) ** 3), tiny, mpf(1) / 4, 14
        ),
        # (tanh x - x) / x**3, (sinh x - x) / x**3, of x**2
        "TANH": polynomial(
            small(lambda u: (mp.tanh(mp.sqrt(u)) - mp.sqrt(u)) / mp.sqrt(u) ** 3), tiny, third**2, 9
        ),
        "SINH": polynomial(
            small(lambda u: (mp.sinh(mp.sqrt(u)) - mp.sqrt(u)) / mp.sqrt(u) ** 3), tiny, third**2, 6
        ),
        # (erf x - x - ERF_HEAD x) / x**3, of x**2
        "ERF_HEAD": pieces(two_over)[:2],
        "ERF": polynomial(
            small(lambda u: (mp.erf(mp.sqrt(u)) / mp.sqrt(u) - 1 - two_over) / u), tiny, (2 * quarter) ** 2, 9
        ),
        # Stirling's series times y, of 1/y**2, for y >= 8; (lgamma(z + t) / t) for |t| <= 0.14: the slope as a pair, the others
        "HALF_LOG_TAU": pieces(mp.log(2 * mp.pi) / 2)[:2],
        "STIRLING": polynomial(stirling, mpf(10) ** -7, mpf(1) / 64, 9),
        "LGAMMA_1": lgamma_at(1),
        "LGAMMA_2": lgamma_at(2),
        # cbrt on [1, 2]
        "CBRT": polynomial(lambda x: mp.cbrt(x), 1, 2, 5),
        "CBRT_TWO": [1.0, float(mp.cbrt(2)), float(mp.cbrt(4))],
    }  # fmt: skip


def number(x: Any) -> str:
    return repr(x) if isinstance(x, float) else hex(x)


def text(values: list[Any]) -> str:
    lines = []
    for i in range(0, len(values), 4):
        lines.append("    " + ", ".join(map(number, values[i : i + 4])) + ",")
    return "(\n" + "\n".join(lines) + "\n)"


def main() -> None:
    head = '"""{} Generated by tools/gen_math_coefficients.py, which says what they are."""\n'
    body = [head.format("Polynomials and constants of the math library.")]
    for name, value in coefficients().items():
        body.append(f"{name} = {text(value) if isinstance(value, list) else number(value)}")
    (FOLDER / "coefficients.py").write_text("\n".join(body) + "\n")
    body = [head.format("Tables of the math library.")]
    for name, make in TABLES.items():
        body.append(f"{name.upper()} = {text(make())}")
    names = "".join(f'    "{name}": {name.upper()},\n' for name in TABLES)
    body.append(f"\n#: Symbol -> contents.\nTABLES: dict[str, tuple[float | int, ...]] = {{\n{names}}}")
    (FOLDER / "tables.py").write_text("\n".join(body) + "\n")


if __name__ == "__main__":
    main()
