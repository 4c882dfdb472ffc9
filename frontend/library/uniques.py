"""``np.unique`` with return_index, return_inverse, return_counts: library code over a stable order of the elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from jitpy.frontend.library.composed import inlined


@inlined
def unique_with(ar: Any, index: bool, inverse: bool, counts: bool) -> Any:
    """The distinct elements, and what is asked for of: where each occurs first, where each element went, how many of each."""
    a = np.asarray(ar)
    line = a.ravel()
    order = np.argsort(line, kind="stable")
    ordered = line[order]
    new = begins(ordered)
    values = ordered[new]
    result: Any = (values,)
    if index:
        result = (*result, order[new])
    if inverse:
        group = np.cumsum(new) - 1
        where = np.empty(line.size, np.int64)
        where[order] = group
        result = (*result, where.reshape(a.shape))
    if counts:
        result = (*result, np.diff(np.append(np.flatnonzero(new), line.size)))
    return result


def begins(ordered: Any) -> Any:
    """Where a new element begins in a sorted line; NaNs count as one."""
    new = np.ones(ordered.size, np.bool_)
    for k in range(1, ordered.size):
        x = ordered[k - 1]
        y = ordered[k]
        new[k] = x != y and not (x != x and y != y)
    return new
