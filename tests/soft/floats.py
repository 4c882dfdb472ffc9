"""Random floats as bits, with what is special about each format well represented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir.ieee import FORMATS

if TYPE_CHECKING:
    from random import Random


def special(type: int) -> list[int]:
    """Zeros, infinities, NaN, the ends of the subnormal and normal ranges."""
    f = FORMATS[type]
    least = 1 << f.fraction
    positive = [0, 1, least - 1, least, f.bias << f.fraction, f.infinity - 1, f.infinity, f.nan, f.infinity | 1]
    return positive + [x | f.sign for x in positive]


def random_float(random: Random, type: int) -> int:
    """Exponents anywhere, around one, around the last place; fractions full, short, or all ones at one end."""
    f = FORMATS[type]
    if random.random() < 0.08:
        return random.choice(special(type))
    most = (f.infinity >> f.fraction) - 1
    around = f.bias + random.randint(-4, 4), f.bias + random.randint(-f.fraction - 4, f.fraction + 4)
    exponent = min(max(random.choice((*around, random.randint(0, most), random.randint(0, 2), most)), 0), most)
    ones = (1 << f.fraction) - 1
    fraction = random.choice((
        random.getrandbits(f.fraction), random.getrandbits(f.fraction) & -(1 << random.randrange(f.fraction)),
        ones ^ ((1 << random.randrange(f.fraction)) - 1), random.getrandbits(3),
    ))  # fmt: skip
    return random.getrandbits(1) * f.sign | exponent << f.fraction | fraction & ones


def near(random: Random, x: int, type: int) -> int:
    """A float of either sign beside x: sums with it cancel."""
    f = FORMATS[type]
    step = random.choice((0, 1, -1, 2, 1 << f.fraction))
    return (x ^ random.getrandbits(1) * f.sign) + step & (2 * f.sign - 1)


def random_int(random: Random, bits: int) -> int:
    """Numbers of any length, either sign."""
    x = random.getrandbits(bits) >> random.randrange(bits)
    return x ^ random.getrandbits(1) * ((1 << bits) - 1)
