"""map, filter, enumerate and what consumes an iterator item by item, as Python functions inlined where they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def mapped(function: Any, values: Any) -> Iterator[Any]:
    """map(function, values)."""
    for v in values:
        yield function(v)


def mapped_over(function: Any, rows: Any) -> Iterator[Any]:
    """map(function, a, b, ...): ``rows`` is their zip."""
    for row in rows:
        yield function(*row)


def filtered(function: Any, values: Any) -> Iterator[Any]:
    """filter(function, values)."""
    for v in values:
        if function(v):
            yield v


def filtered_by_truth(values: Any) -> Iterator[Any]:
    """filter(None, values)."""
    for v in values:
        if v:
            yield v


def numbered(values: Any, start: int) -> Iterator[Any]:
    """enumerate(values, start)."""
    number = start
    for v in values:
        yield number, v
        number += 1


def each(values: Any) -> Iterator[Any]:
    """iter(values)."""
    for v in values:  # noqa: UP028
        yield v


def first(values: Any) -> Any:
    """next(values)."""
    for v in values:
        return v
    raise StopIteration


def first_or(values: Any, default: Any) -> Any:
    """next(values, default)."""
    for v in values:
        return v
    return default


def collect(values: Any) -> list[Any]:
    """list(values)."""
    out = []
    for v in values:
        out.append(v)
    return out


def contains(values: Any, x: Any) -> bool:
    """``x in values``."""
    for v in values:  # noqa: SIM110
        if v == x:
            return True
    return False


def total(values: Any, start: Any) -> Any:
    """sum(values, start) from Python 3.12 on: floats with the rounding errors summed beside them (Neumaier)."""
    high = start
    low = 0.0
    for v in values:
        if type(high) is float:
            if type(v) is float:
                t = high + v
                if abs(high) >= abs(v):
                    low = low + ((high - t) + v)
                else:
                    low = low + ((v - t) + high)
                high = t
            elif type(v) is int or type(v) is bool:
                high = high + v
            else:
                if low != 0.0 and low - low == 0.0:
                    high = high + low
                low = 0.0
                high = high + v
        else:
            high = high + v
    if type(high) is float and low != 0.0 and low - low == 0.0:
        return high + low
    return high


def smallest(values: Any) -> Any:
    """min(values)."""
    found = False
    for v in values:
        if not found:
            best = v
            found = True
        elif v < best:
            best = v
    if not found:
        raise ValueError("min() iterable argument is empty")
    return best


def largest(values: Any) -> Any:
    """max(values)."""
    found = False
    for v in values:
        if not found:
            best = v
            found = True
        elif v > best:
            best = v
    if not found:
        raise ValueError("max() iterable argument is empty")
    return best


def smallest_or(values: Any, default: Any) -> Any:
    """min(values, default=default)."""
    found = False
    for v in values:
        if not found:
            best = v
            found = True
        elif v < best:
            best = v
    if found:
        return best
    return default


def largest_or(values: Any, default: Any) -> Any:
    """max(values, default=default)."""
    found = False
    for v in values:
        if not found:
            best = v
            found = True
        elif v > best:
            best = v
    if found:
        return best
    return default


def smallest_by(values: Any, key: Any) -> Any:
    """min(values, key=key)."""
    found = False
    for v in values:
        k = key(v)
        if not found:
            best, best_key = v, k
            found = True
        elif k < best_key:
            best, best_key = v, k
    if not found:
        raise ValueError("min() iterable argument is empty")
    return best


def largest_by(values: Any, key: Any) -> Any:
    """max(values, key=key)."""
    found = False
    for v in values:
        k = key(v)
        if not found:
            best, best_key = v, k
            found = True
        elif k > best_key:
            best, best_key = v, k
    if not found:
        raise ValueError("max() iterable argument is empty")
    return best


def smallest_by_or(values: Any, key: Any, default: Any) -> Any:
    """min(values, key=key, default=default)."""
    found = False
    for v in values:
        k = key(v)
        if not found:
            best, best_key = v, k
            found = True
        elif k < best_key:
            best, best_key = v, k
    if found:
        return best
    return default


def largest_by_or(values: Any, key: Any, default: Any) -> Any:
    """max(values, key=key, default=default)."""
    found = False
    for v in values:
        k = key(v)
        if not found:
            best, best_key = v, k
            found = True
        elif k > best_key:
            best, best_key = v, k
    if found:
        return best
    return default


def ordered(values: Any, down: Any) -> list[Any]:
    """sorted(values, reverse=down)."""
    out = [v for v in values]  # noqa: C416
    out.sort(reverse=down)
    return out


def ordered_by(values: Any, key: Any, down: Any) -> list[Any]:
    """sorted(values, key=key, reverse=down)."""
    out = [v for v in values]  # noqa: C416
    out.sort(key=key, reverse=down)
    return out


def position(values: Any, x: Any) -> int:
    """``values.index(x)`` of a tuple."""
    for i, v in enumerate(values):
        if v == x:
            return i
    raise ValueError("tuple.index(x): x not in tuple")


def count(values: Any, x: Any) -> int:
    """``values.count(x)`` of a tuple."""
    n = 0
    for v in values:
        if v == x:
            n += 1
    return n
