"""Builtins that walk a container, as Python functions compiled like the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.values import Value


def total(values: Any, start: Any) -> Any:
    """sum(values, start), one after the other."""
    result = start
    for v in values:
        result = result + v
    return result


def total_of_floats(values: Any, start: Any) -> float:
    """sum(values, start) of floats from Python 3.12 on: with the rounding errors summed beside it (Neumaier)."""
    high = start + 0.0
    low = 0.0
    for v in values:
        t = high + v
        if abs(high) >= abs(v):
            low = low + ((high - t) + v)
        else:
            low = low + ((v - t) + high)
        high = t
    if low != 0.0 and low - low == 0.0:
        return high + low  # type: ignore[no-any-return]
    return high  # type: ignore[no-any-return]


def smallest(values: Any) -> Any:
    """min(values)."""
    n = len(values)
    if n == 0:
        raise ValueError("min() arg is an empty sequence")
    best = values[0]
    for i in range(1, n):
        v = values[i]
        if v < best:
            best = v
    return best


def largest(values: Any) -> Any:
    """max(values)."""
    n = len(values)
    if n == 0:
        raise ValueError("max() arg is an empty sequence")
    best = values[0]
    for i in range(1, n):
        v = values[i]
        if v > best:
            best = v
    return best


def any_true(values: Any) -> bool:
    """any(values)."""
    for v in values:  # noqa: SIM110
        if v:
            return True
    return False


def all_true(values: Any) -> bool:
    """all(values)."""
    for v in values:  # noqa: SIM110
        if not v:
            return False
    return True


def add_compensated(high: float, low: float, v: float) -> tuple[float, float]:
    """One step of the sum of `total_of_floats`."""
    t = high + v
    if abs(high) >= abs(v):
        return t, low + ((high - t) + v)
    return t, low + ((v - t) + high)


def close_compensated(high: float, low: float) -> float:
    """The end of the sum of `total_of_floats`."""
    if low != 0.0 and low - low == 0.0:
        return high + low
    return high


def compensated_sum(tr: Translator, items: tuple[Value, ...], start: Value) -> Value:
    """sum() of a tuple with floats in it from Python 3.12 on: ints first, then compensated as long as Python floats
    and ints come.
    """
    from jitpy.frontend.types import types as ty
    from jitpy.frontend.values import Const, TupleVal

    result = start
    low: Value | None = None
    for v in items:
        t = tr.type_of(v)
        if low is not None and t is ty.py_float:
            pair = tr.call_python(add_compensated, (result, low, v), inline=True)
            assert pair.__class__ is TupleVal
            result, low = pair.items
            continue
        if low is not None and t not in (ty.py_int, ty.py_bool):
            result = tr.call_python(close_compensated, (result, low), inline=True)
            low = None
        result = tr.binary("+", result, v)
        if low is None and tr.type_of(result) is ty.py_float:
            low = Const(0.0)
    return result if low is None else tr.call_python(close_compensated, (result, low), inline=True)


def product(values: Any, start: Any) -> Any:
    """math.prod(values, start=start)."""
    result = start
    for v in values:
        result = result * v
    return result


def sum_of_products(p: Any, q: Any) -> Any:
    """math.sumprod(p, q)."""
    if len(p) != len(q):
        raise ValueError("Inputs are not the same length")
    result = 0
    for i in range(len(p)):
        result = result + p[i] * q[i]
    return result


def exact_sum(values: Any) -> float:
    """math.fsum(values): partial sums that do not overlap keep the sum exactly (Shewchuk); at most 40 of them span the
    doubles.
    """
    partials = np.empty(64, np.float64)
    count = 0
    special = 0.0
    infinite = 0.0
    for value in values:
        v = float(value)
        x = v
        kept = 0
        for j in range(count):
            y = partials[j].item()
            if abs(x) < abs(y):
                swapped = x
                x = y
                y = swapped
            high = x + y
            low = y - (high - x)
            if low != 0.0:
                partials[kept] = low
                kept = kept + 1
            x = high
        count = kept
        if x != 0.0:
            if x - x != 0.0:
                if v - v == 0.0:
                    raise OverflowError("intermediate overflow in fsum")
                if v == v:
                    infinite = infinite + v
                special = special + v
                count = 0
            else:
                partials[count] = x
                count = count + 1
    if special != 0.0:
        if infinite != infinite:
            raise ValueError("-inf + inf in fsum")
        return special
    if count == 0:
        return 0.0
    high = partials[count - 1].item()
    low = 0.0
    n = count - 1
    while n > 0 and low == 0.0:
        x = high
        n = n - 1
        y = partials[n].item()
        high = x + y
        low = y - (high - x)
    if n > 0:
        below = partials[n - 1].item()
        if (low < 0.0 and below < 0.0) or (low > 0.0 and below > 0.0):
            # Halfway, and what lies below decides.
            y = low * 2.0
            x = high + y
            if y == x - high:
                high = x
    return high  # type: ignore[no-any-return]
