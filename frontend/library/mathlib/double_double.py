"""Sums and products with their rounding errors: pairs of doubles whose exact sum is the value.

Two-Sum is Knuth's, Fast-Two-Sum and the split product Dekker's ("A floating-point technique for extending the
available precision", 1971). Splitting clears low bits of the significand instead of multiplying: nothing overflows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitpy.frontend.library.mathlib.build import Operand, Value

    Pair = tuple[Value, Value]


def two_sum(a: Value, b: Operand) -> Pair:
    """a + b and its error, exactly."""
    total = a + b
    rest = total - a
    return total, (a - (total - rest)) + (b - rest)


def fast_two_sum(a: Value, b: Value) -> Pair:
    """a + b and its error, exactly where a is zero or its exponent is not below b's."""
    total = a + b
    return total, (a - total) + b


def two_product(a: Value, b: Value) -> Pair:
    """a * b and its error, to the last bits of the error."""
    product = a * b
    return product, product_error(a, b, product)


def product_error(a: Value, b: Value, product: Value) -> Value:
    """a * b - product, where product is near a * b."""
    m = a.m
    a_high, b_high = m.head(a), m.head(b)
    a_low, b_low = a - a_high, b - b_high
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def square_error(a: Value, square: Value) -> Value:
    """a * a - square, where square is near a * a."""
    high = a.m.head(a)
    low = a - high
    return (high * high - square) + low * (a + high)


def quotient(n: Value, n_low: Operand, d: Value, d_low: Operand) -> Pair:
    """(n + n_low) / (d + d_low) with its error."""
    q = n / d
    rest = n_low - product_error(q, d, n) - q * d_low
    return q, rest / d


def root(x: Value, x_low: Operand) -> Pair:
    """The square root of x + x_low with its error, for x above zero."""
    s = x.m.sqrt(x)
    return s, (x_low - square_error(s, x)) / (s + s)
