"""Sorted sets of numbers: membership, union, intersection, differences."""

from __future__ import annotations

from typing import Any

import numpy as np
from jitpy.frontend.library.composed import composed


def membership(line: Any, table: Any, found: Any) -> None:
    """Mark the elements of ``line`` that the sorted ``table`` has."""
    n = table.size
    for k in range(line.size):
        x = line[k]
        low = 0
        high = n
        while low < high:
            middle = (low + high) >> 1
            if table[middle] < x:
                low = middle + 1
            else:
                high = middle
        found[k] = low < n and table[low] == x


@composed(np.isin)
def isin(element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: Any = None) -> Any:
    a, b = np.asarray(element), np.asarray(test_elements)
    t = np.result_type(a.dtype, b.dtype)
    found = np.empty(a.size, np.bool_)
    membership(a.ravel().astype(t), np.sort(b.ravel().astype(t)), found)
    result = found.reshape(a.shape)
    if invert:
        return ~result
    return result


@composed(np.union1d)
def union1d(ar1: Any, ar2: Any) -> Any:
    return np.unique(np.concatenate((np.asarray(ar1).ravel(), np.asarray(ar2).ravel())))


@composed(np.intersect1d)
def intersect1d(ar1: Any, ar2: Any) -> Any:
    a, b = np.unique(ar1), np.unique(ar2)
    both = np.sort(np.concatenate((a, b)))
    return both[1:][both[1:] == both[:-1]]


@composed(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any) -> Any:
    a = np.unique(ar1)
    return a[np.isin(a, ar2, invert=True)]


@composed(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    both = np.sort(np.concatenate((np.unique(ar1), np.unique(ar2))))
    if both.size == 0:
        return both
    edge = np.ones(both.size + 1, np.bool_)
    edge[1:-1] = both[1:] != both[:-1]
    return both[edge[1:] & edge[:-1]]
