"""List operations that are loops, in Python: compiled for the list's item type when a kernel uses them."""

from __future__ import annotations

from typing import Any


def part(values: list[Any], start: Any, stop: Any, step: Any) -> list[Any]:
    """``values[start:stop:step]``."""
    first, last, by = bounds(len(values), start, stop, step)
    out = []
    for i in range(first, last, by):
        out.append(values[i])
    return out


def bounds(n: int, start: Any, stop: Any, step: Any) -> tuple[int, int, int]:
    """``slice(start, stop, step).indices(n)``."""
    by = 1 if step is None else step
    if by == 0:
        raise ValueError("slice step cannot be zero")
    low = 0 if by > 0 else -1
    high = n if by > 0 else n - 1
    first = (low if by > 0 else high) if start is None else start
    last = (high if by > 0 else low) if stop is None else stop
    if start is not None:
        first = max(first + n, low) if first < 0 else min(first, high)
    if stop is not None:
        last = max(last + n, low) if last < 0 else min(last, high)
    return first, last, by


def assign_part(values: list[Any], start: Any, stop: Any, step: Any, items: list[Any]) -> None:
    """``values[start:stop:step] = items``."""
    n = len(values)
    first, last, by = bounds(n, start, stop, step)
    new = items[:]
    count = len(new)
    if by == 1:
        last = max(first, last)
        rest = values[last:]
        while len(values) > first:
            values.pop()
        values.extend(new)
        values.extend(rest)
        return
    size = len(range(first, last, by))
    if size != count:
        raise ValueError(f"attempt to assign sequence of size {count} to extended slice of size {size}")
    for k in range(size):
        values[first + k * by] = new[k]


def delete_part(values: list[Any], start: Any, stop: Any, step: Any) -> None:
    """``del values[start:stop:step]``."""
    n = len(values)
    first, last, by = bounds(n, start, stop, step)
    size = len(range(first, last, by))
    if size == 0:
        return
    if by < 0:
        first = first + (size - 1) * by
        by = -by
    at = first
    for i in range(first, n):
        gone = (i - first) % by == 0 and (i - first) // by < size
        if not gone:
            values[at] = values[i]
            at += 1
    while len(values) > at:
        values.pop()


def clear(values: list[Any]) -> None:
    """``values.clear()`` of items that own memory."""
    while len(values) > 0:
        values.pop()


def repeat(values: list[Any], count: int) -> list[Any]:
    """``values * count``."""
    out = []
    for _ in range(count):
        for x in values:
            out.append(x)
    return out


def equal(a: list[Any], b: list[Any]) -> bool:
    """``a == b``."""
    n = len(a)
    if n != len(b):
        return False
    for i in range(n):  # noqa: SIM110  kernels have no generators
        if a[i] != b[i]:
            return False
    return True


def less(a: list[Any], b: list[Any]) -> bool:
    """``a < b``: the first items that differ decide, else the lengths."""
    n = min(len(a), len(b))
    for i in range(n):
        if a[i] != b[i]:
            return a[i] < b[i]  # type: ignore[no-any-return]
    return len(a) < len(b)


def contains(values: list[Any], x: Any) -> bool:
    """``x in values``."""
    for v in values:  # noqa: SIM110
        if v == x:
            return True
    return False


def index(values: list[Any], x: Any) -> int:
    """``values.index(x)``."""
    for i in range(len(values)):
        if values[i] == x:
            return i
    raise ValueError("the item is not in list")


def count(values: list[Any], x: Any) -> int:
    """``values.count(x)``."""
    n = 0
    for v in values:
        if v == x:
            n += 1
    return n


def reverse(values: list[Any]) -> None:
    """``values.reverse()``."""
    n = len(values)
    for i in range(n // 2):
        values[i], values[n - 1 - i] = values[n - 1 - i], values[i]


def copy(values: list[Any]) -> list[Any]:
    """``values.copy()``."""
    out = []
    for v in values:
        out.append(v)
    return out


def pop_at(values: list[Any], at: int) -> Any:
    """``values.pop(at)``."""
    n = len(values)
    if at < 0:
        at += n
    if at < 0 or at >= n:
        raise IndexError("pop index out of range")
    item = values[at]
    for i in range(at, n - 1):
        values[i] = values[i + 1]
    values.pop()
    return item


def delete(values: list[Any], at: int) -> None:
    """``del values[at]``."""
    n = len(values)
    if at < 0:
        at += n
    if at < 0 or at >= n:
        raise IndexError("list assignment index out of range")
    for i in range(at, n - 1):
        values[i] = values[i + 1]
    values.pop()


def remove(values: list[Any], x: Any) -> None:
    """``values.remove(x)``."""
    n = len(values)
    for i in range(n):
        if values[i] == x:
            for k in range(i, n - 1):
                values[k] = values[k + 1]
            values.pop()
            return
    raise ValueError("list.remove(x): x not in list")


def insert(values: list[Any], at: int, x: Any) -> None:
    """``values.insert(at, x)``."""
    n = len(values)
    if at < 0:
        at = max(at + n, 0)
    if at > n:
        at = n
    values.append(x)
    for i in range(n, at, -1):
        values[i] = values[i - 1]
    values[at] = x


def sort(values: list[Any], down: bool) -> None:
    """``values.sort(reverse=down)``: merge sort from runs of one upwards; stable in both directions."""
    n = len(values)
    source = values[:]
    target = values[:]
    width = 1
    while width < n:
        low = 0
        while low < n:
            middle = min(low + width, n)
            high = min(low + 2 * width, n)
            i = low
            j = middle
            for k in range(low, high):
                first = True
                if i >= middle:
                    first = False
                elif j < high:
                    first = not (source[i] < source[j]) if down else not (source[j] < source[i])
                if first:
                    target[k] = source[i]
                    i += 1
                else:
                    target[k] = source[j]
                    j += 1
            low = high
        source, target = target, source
        width *= 2
    for k in range(n):
        values[k] = source[k]


def sort_by(values: list[Any], key: Any, down: bool) -> None:
    """``values.sort(key=key, reverse=down)``: the positions are sorted by their keys, then the items are put there."""
    keys = [key(v) for v in values]
    n = len(keys)
    source = [i for i in range(n)]  # noqa: C416
    target = source[:]
    width = 1
    while width < n:
        low = 0
        while low < n:
            middle = min(low + width, n)
            high = min(low + 2 * width, n)
            i = low
            j = middle
            for k in range(low, high):
                first = True
                if i >= middle:
                    first = False
                elif j < high:
                    a = keys[source[i]]
                    b = keys[source[j]]
                    first = not (a < b) if down else not (b < a)
                if first:
                    target[k] = source[i]
                    i += 1
                else:
                    target[k] = source[j]
                    j += 1
            low = high
        source, target = target, source
        width *= 2
    old = values[:]
    for k in range(n):
        values[k] = old[source[k]]
