"""Algorithms of random numbers that need loops, as Python functions compiled like the user's own.

Every step is the one that CPython or NumPy takes, in its order, so that the numbers and the state left behind are the same. For
the same reason `math` here is the C library's, which both of them are linked with, not jitpy's own (`floats.call_math`). The
functions without a body are primitives (`primitives`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

TWO_PI = 2.0 * math.pi


# -- primitives --------------------------------------------------------------------------------------------------------------------


def top_bits(source: Any, k: int) -> int:
    """The top k of 32 random bits, 1 <= k <= 32."""
    raise NotImplementedError


def interval(source: Any, most: int) -> int:
    """NumPy's ``random_interval(most)``: 0 .. most, as many bits as most has, until they are not more."""
    raise NotImplementedError


def words_of(source: Any) -> Any:
    """The 624 words of a Mersenne Twister's state: an array of uint32."""
    raise NotImplementedError


def set_position(source: Any, position: int) -> None:
    """How many of the 624 words are used up."""
    raise NotImplementedError


def take_kept(source: Any) -> tuple[bool, float]:
    """The second Gaussian number of a pair that is kept, if there is one; it is kept no more."""
    raise NotImplementedError


def keep(source: Any, x: float) -> None:
    """Keep a Gaussian number for the next call."""
    raise NotImplementedError


def poisson(source: Any, rate: float) -> int:
    """NumPy's `random_poisson`."""
    raise NotImplementedError


def c_log(x: float) -> float:
    """C's log: no errors."""
    raise NotImplementedError


def c_exp(x: float) -> float:
    """C's exp: no errors."""
    raise NotImplementedError


def c_pow(x: float, y: float) -> float:
    """C's pow: no errors."""
    raise NotImplementedError


def c_div(x: float, y: float) -> float:
    """C's division: no errors."""
    raise NotImplementedError


def c_sqrt(x: float) -> float:
    """C's sqrt: no errors."""
    raise NotImplementedError


# -- integers below a bound --------------------------------------------------------------------------------------------------------


def below(source: Any, n: int) -> int:
    """Python's ``_randbelow(n)``, n > 0: as many bits as n has, until they are less."""
    k = n.bit_length()
    if k <= 32:
        r = top_bits(source, k)
        while r >= n:
            r = top_bits(source, k)
        return r
    r = source.getrandbits(k)
    while r >= n:
        r = source.getrandbits(k)
    return r  # type: ignore[no-any-return]


def randrange(source: Any, start: int, stop: int, step: int) -> int:
    """A number of range(start, stop, step)."""
    width = stop - start
    if step == 1:
        if width > 0:
            return start + below(source, width)
        raise ValueError(f"empty range in randrange({start}, {stop})")
    if step > 0:
        n = (width + step - 1) // step
    elif step < 0:
        n = (width + step + 1) // step
    else:
        raise ValueError("zero step for randrange()")
    if n <= 0:
        raise ValueError(f"empty range in randrange({start}, {stop}, {step})")
    return start + step * below(source, n)


# -- sequences ---------------------------------------------------------------------------------------------------------------------


def choice(source: Any, values: Any) -> Any:
    """random.choice(values)."""
    if len(values) == 0:
        raise IndexError("Cannot choose from an empty sequence")
    return values[below(source, len(values))]


def shuffle(source: Any, values: Any) -> None:
    """random.shuffle(values): from the last place down, each with one at or before it."""
    for i in range(len(values) - 1, 0, -1):
        j = below(source, i + 1)
        kept = values[i]
        values[i] = values[j]
        values[j] = kept


def sample(source: Any, values: Any, k: int) -> Any:
    """random.sample(values, k): small populations by swapping, others by drawing again what was drawn already."""
    n = len(values)
    if not 0 <= k <= n:
        raise ValueError("Sample larger than population or is negative")
    limit = 21
    if k > 5:
        limit += 4 ** math.ceil(math.log(k * 3) / math.log(4))
    result = [values[0] for _ in range(k)]
    if n <= limit:
        pool = np.arange(n)
        for i in range(k):
            j = below(source, n - i)
            result[i] = values[pool[j]]
            pool[j] = pool[n - i - 1]
        return result
    size = 8
    while size < 2 * k:
        size = size * 2
    drawn = np.full(size, -1)
    for i in range(k):
        j = below(source, n)
        at = j & (size - 1)
        while drawn[at] >= 0:
            if drawn[at] == j:
                j = below(source, n)
                at = j & (size - 1)
            else:
                at = (at + 1) & (size - 1)
        drawn[at] = j
        result[i] = values[j]
    return result


def choices(source: Any, values: Any, k: int) -> Any:
    """random.choices(values, k=k)."""
    n = len(values) + 0.0
    return [values[math.floor(source.random() * n)] for _ in range(k)]


def weighted_choices(source: Any, values: Any, sums: Any, k: int) -> Any:
    """random.choices(values, cum_weights=sums, k=k)."""
    n = len(values)
    if len(sums) != n:
        raise ValueError("The number of weights does not match the population")
    total = sums[n - 1] + 0.0
    if total <= 0.0:
        raise ValueError("Total of weights must be greater than zero")
    if not math.isfinite(total):
        raise ValueError("Total of weights must be finite")
    result = [values[0] for _ in range(k)]
    for i in range(k):
        x = source.random() * total
        low = 0
        high = n - 1
        while low < high:
            middle = (low + high) // 2
            if x < sums[middle]:
                high = middle
            else:
                low = middle + 1
        result[i] = values[low]
    return result


def running_sums(weights: Any) -> Any:
    """list(itertools.accumulate(weights))."""
    sums = [weights[0] for _ in range(len(weights))]
    for i in range(1, len(weights)):
        sums[i] = sums[i - 1] + weights[i]
    return sums


def numpy_shuffle(source: Any, values: Any) -> None:
    """np.random.shuffle(values) along the first axis."""
    for i in range(len(values) - 1, 0, -1):
        j = interval(source, i)
        kept = values[i]
        values[i] = values[j]
        values[j] = kept


def numpy_shuffle_rows(source: Any, values: Any) -> None:
    """The same for more than one dimension."""
    if values.size == 0:
        return
    for i in range(len(values) - 1, 0, -1):
        j = interval(source, i)
        if i != j:
            kept = values[i].copy()
            values[i] = values[j]
            values[j] = kept


# -- seeds -------------------------------------------------------------------------------------------------------------------------


def start_twister(source: Any, seed: Any) -> None:
    """The 624 words from 32 bits, by a linear recurrence [Matsumoto and Nishimura 2002]."""
    words = words_of(source)
    words[0] = seed
    for i in range(1, 624):
        before = words[i - 1]
        words[i] = np.uint32(1812433253) * (before ^ (before >> 30)) + np.uint32(i)
    set_position(source, 624)


def seed_numpy(source: Any, seed: int) -> None:
    """np.random.seed(seed)."""
    if seed < 0 or seed > 0xFFFFFFFF:
        raise ValueError("Seed must be between 0 and 2**32 - 1")
    start_twister(source, np.uint32(seed))
    take_kept(source)


def seed_python(source: Any, seed: int) -> None:
    """random.seed(seed): the magnitude's 32-bit digits are stirred into the words [Matsumoto and Nishimura 2002]."""
    start_twister(source, np.uint32(19650218))
    words = words_of(source)
    magnitude = abs(seed)
    low = np.uint32(magnitude & 0xFFFFFFFF)
    high = np.uint32(magnitude >> 32)
    digits = 1 if magnitude >> 32 == 0 else 2
    i = 1
    j = 0
    for _ in range(624):
        before = words[i - 1]
        digit = low if j == 0 else high
        words[i] = (words[i] ^ ((before ^ (before >> 30)) * np.uint32(1664525))) + digit + np.uint32(j)
        i += 1
        j = (j + 1) % digits
        if i == 624:
            words[0] = words[623]
            i = 1
    for _ in range(623):
        before = words[i - 1]
        words[i] = (words[i] ^ ((before ^ (before >> 30)) * np.uint32(1566083941))) - np.uint32(i)
        i += 1
        if i == 624:
            words[0] = words[623]
            i = 1
    words[0] = 0x80000000
    take_kept(source)


# -- Python's distributions that keep a number or catch an error -------------------------------------------------------------------


def python_gauss(source: Any, mu: Any, sigma: Any) -> Any:
    """random.gauss(mu, sigma): two numbers at a time, by a polar angle and a radius."""
    there, z = take_kept(source)
    if not there:
        angle = source.random() * TWO_PI
        radius = math.sqrt(-2.0 * math.log(1.0 - source.random()))
        z = math.cos(angle) * radius
        keep(source, math.sin(angle) * radius)
    return mu + z * sigma


def python_triangular(source: Any, low: Any, high: Any, mode: Any) -> Any:
    """random.triangular(low, high, mode)."""
    u = source.random()
    if mode is None:
        c = 0.5
    elif high - low == 0:
        return low
    else:
        c = (mode - low) / (high - low)
    if u > c:
        u = 1.0 - u
        c = 1.0 - c
        return high + (low - high) * math.sqrt(u * c)
    return low + (high - low) * math.sqrt(u * c)


# -- RandomState's distributions ---------------------------------------------------------------------------------------------------


def gauss(source: Any) -> float:
    """A standard normal number, by the polar method [Marsaglia and Bray 1964], two at a time."""
    there, z = take_kept(source)
    if there:
        return z
    x = 2.0 * source.random() - 1.0
    y = 2.0 * source.random() - 1.0
    square = x * x + y * y
    while square >= 1.0 or square == 0.0:
        x = 2.0 * source.random() - 1.0
        y = 2.0 * source.random() - 1.0
        square = x * x + y * y
    f = math.sqrt(-2.0 * math.log(square) / square)
    keep(source, f * x)
    return f * y  # type: ignore[no-any-return]


def exponential(source: Any) -> float:
    """A standard exponential number, by inversion."""
    return -math.log(1.0 - source.random())


def gamma(source: Any, shape: float) -> float:
    """A standard gamma number: [Ahrens and Dieter 1974] below shape 1, [Marsaglia and Tsang 2000] above."""
    if shape == 1.0:
        return exponential(source)
    if shape == 0.0:
        return 0.0
    if shape < 1.0:
        while True:
            u = source.random()
            v = exponential(source)
            if u <= 1.0 - shape:
                x = c_pow(u, 1.0 / shape)
                if x <= v:
                    return x
            else:
                y = -c_log((1.0 - u) / shape)
                x = c_pow(1.0 - shape + shape * y, 1.0 / shape)
                if x <= v + y:
                    return x
    b = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * b)
    while True:
        x = gauss(source)
        v = 1.0 + c * x
        while v <= 0.0:
            x = gauss(source)
            v = 1.0 + c * x
        v = v * v * v
        u = source.random()
        if u < 1.0 - 0.0331 * (x * x) * (x * x):
            return b * v
        if c_log(u) < 0.5 * x * x + b * (1.0 - v + c_log(v)):
            return b * v


def beta(source: Any, a: float, b: float) -> float:
    """A beta number: [Johnk 1964] for small parameters, else two gamma numbers."""
    if a <= 1.0 and b <= 1.0:
        while True:
            u = source.random()
            v = source.random()
            x = c_pow(u, c_div(1.0, a))
            y = c_pow(v, c_div(1.0, b))
            if x + y <= 1.0:
                if x + y > 0:
                    return x / (x + y)
                x = c_div(c_log(u), a)
                y = c_div(c_log(v), b)
                most = x if x > y else y
                x = x - most
                y = y - most
                return c_exp(x - c_log(c_exp(x) + c_exp(y)))
    x = gamma(source, a)
    y = gamma(source, b)
    return c_div(x, x + y)


def chisquare(source: Any, df: float) -> float:
    """A chi-square number."""
    return 2.0 * gamma(source, df / 2.0)


def f(source: Any, dfnum: float, dfden: float) -> float:
    """An F number."""
    x = chisquare(source, dfnum) * dfden
    return c_div(x, chisquare(source, dfden) * dfnum)


def standard_t(source: Any, df: float) -> float:
    """A Student number."""
    x = gauss(source)
    return c_div(c_sqrt(df / 2) * x, c_sqrt(gamma(source, df / 2)))


def cauchy(source: Any) -> float:
    """A standard Cauchy number."""
    x = gauss(source)
    return c_div(x, gauss(source))


def wald(source: Any, mean: float, scale: float) -> float:
    """A Wald number [Michael, Schucany and Haas 1976]."""
    half = c_div(mean, 2 * scale)
    y = gauss(source)
    y = mean * y * y
    x = mean + half * (y - c_sqrt(4 * scale * y + y * y))
    if source.random() <= c_div(mean, mean + x):
        return x
    return c_div(mean * mean, x)


def pareto(source: Any, a: float) -> float:
    """A Pareto number, less one."""
    return c_exp(c_div(exponential(source), a)) - 1


def weibull(source: Any, a: float) -> float:
    """A Weibull number."""
    return 0.0 if a == 0.0 else c_pow(exponential(source), c_div(1.0, a))


def power(source: Any, a: float) -> float:
    """A power number."""
    return c_pow(1 - c_exp(-exponential(source)), c_div(1.0, a))


def negative_binomial(source: Any, n: float, p: float) -> int:
    """A Poisson number whose rate is a gamma number."""
    return poisson(source, gamma(source, n) * c_div(1 - p, p))


# -- choosing ----------------------------------------------------------------------------------------------------------------------


def shares(p: Any, n: int, tolerance: float) -> Any:
    """The running sums of the probabilities ``p`` (float64), the last of them 1."""
    if len(p) != n:
        raise ValueError("a and p must have same size")
    total = p[0]
    low = 0.0
    for i in range(1, n):  # Kahan's sum
        y = p[i] - low
        t = total + y
        low = (t - total) - y
        total = t
    if total != total:
        raise ValueError("Probabilities contain NaN")
    for x in p:
        if x < 0:
            raise ValueError("Probabilities are not non-negative")
    if abs(total - 1.0) > tolerance:
        raise ValueError("Probabilities do not sum to 1")
    sums = np.cumsum(p)
    return sums / sums[n - 1]


def find_share(sums: Any, x: float) -> int:
    """sums.searchsorted(x, side="right")."""
    low = 0
    high = len(sums)
    while low < high:
        middle = (low + high) // 2
        if x < sums[middle]:
            high = middle
        else:
            low = middle + 1
    return low


def find_shares(source: Any, sums: Any, count: int) -> Any:
    """The same for ``count`` random numbers."""
    found = np.empty(count, np.int64)
    for i in range(count):
        found[i] = find_share(sums, source.random())
    return found


def check_distinct(n: int, size: int) -> None:
    """What is wrong about drawing ``size`` of ``n`` without replacement."""
    if size > n:
        raise ValueError("Cannot take a larger sample than population when replace is False")
    if size < 0:
        raise ValueError("negative dimensions are not allowed")


def permuted(source: Any, n: int) -> Any:
    """np.random.permutation(n)."""
    values = np.arange(n)
    numpy_shuffle(source, values)
    return values


def first_of(values: Any, size: int) -> Any:
    """The first ``size`` of the values."""
    return values[:size]


def tail_shuffle(source: Any, n: int, size: int) -> Any:
    """The last ``size`` of 0 .. n-1 after as many steps of a shuffle (Generator.choice)."""
    values = np.arange(n)
    first = n - size if n - size > 1 else 1
    for i in range(n - 1, first - 1, -1):
        j = source.integers(0, i + 1)
        kept = values[j]
        values[j] = values[i]
        values[i] = kept
    return values[n - size :].copy()


def distinct(source: Any, n: int, size: int, shuffled: bool) -> Any:
    """``size`` different numbers of 0 .. n-1, by Floyd's method [Bentley and Floyd 1987] with a hash table; shuffled if asked."""
    if n > 10000 and size > n // (50 if shuffled else 20):
        return tail_shuffle(source, n, size)
    values = np.empty(size, np.int64)
    mask = (1 << int(1.2 * size).bit_length()) - 1
    table = np.full(mask + 1, -1)
    for j in range(n - size, n):
        value = source.integers(0, j + 1)
        at = value & mask
        while table[at] != -1 and table[at] != value:
            at = (at + 1) & mask
        if table[at] != -1:
            value = np.int64(j)
            at = value & mask
            while table[at] != -1:
                at = (at + 1) & mask
        table[at] = value
        values[j - n + size] = value
    if shuffled:
        for i in range(size - 1, 0, -1):
            j = source.integers(0, i + 1)
            kept = values[j]
            values[j] = values[i]
            values[i] = kept
    return values
