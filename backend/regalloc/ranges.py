"""Questions about the ranges of a life: ascending, disjoint, half open ``[(start, end), ...]``."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

FOREVER = 1 << 60


def reserved_until(
    fixed: tuple[list[int], list[tuple[int, int, int]]], vreg: int, ranges: list[tuple[int, int]], until: int
) -> int:
    """The first position of ``ranges``, before ``until``, that is reserved for another vreg."""
    starts, reserved = fixed
    count = len(starts)
    for start, end in ranges:
        if start >= until:
            break
        k = bisect_left(starts, start)
        if k and reserved[k - 1][1] > start:
            k -= 1
        if k and reserved[k - 1][1] > start:
            k -= 1
        while k < count and starts[k] < end:
            if reserved[k][2] != vreg and reserved[k][1] > start:
                at = starts[k]
                if at < start:
                    at = start
                return at if at < until else until
            k += 1
    return until


def split_ranges(
    ranges: list[tuple[int, int]], position: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The ranges before and from ``position``."""
    if ranges[-1][1] <= position:
        return ranges, []
    if position <= ranges[0][0]:
        return [], ranges
    k = bisect_right(ranges, (position, 0))
    # ranges[k - 1] begins before the position
    start, end = ranges[k - 1]
    if end > position:
        return [*ranges[: k - 1], (start, position)], [(position, end), *ranges[k:]]
    return ranges[:k], ranges[k:]
