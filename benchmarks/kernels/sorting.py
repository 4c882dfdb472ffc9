"""Sorting and searching."""

import numpy as np


def insertion_sort(a):
    for i in range(1, a.shape[0]):
        x = a[i]
        j = i - 1
        while j >= 0 and a[j] > x:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = x


def heap_sort(a):
    n = a.shape[0]
    for start in range(n // 2 - 1, -1, -1):
        root = start
        while 2 * root + 1 < n:
            child = 2 * root + 1
            if child + 1 < n and a[child] < a[child + 1]:
                child += 1
            if a[root] >= a[child]:
                break
            a[root], a[child] = a[child], a[root]
            root = child
    for end in range(n - 1, 0, -1):
        a[0], a[end] = a[end], a[0]
        root = 0
        while 2 * root + 1 < end:
            child = 2 * root + 1
            if child + 1 < end and a[child] < a[child + 1]:
                child += 1
            if a[root] >= a[child]:
                break
            a[root], a[child] = a[child], a[root]
            root = child


def bisect_all(haystack, needles, out):
    for k in range(needles.shape[0]):
        lo = 0
        hi = haystack.shape[0]
        x = needles[k]
        while lo < hi:
            mid = (lo + hi) // 2
            if haystack[mid] < x:
                lo = mid + 1
            else:
                hi = mid
        out[k] = lo


def _floats(n):
    return np.random.default_rng(9).random(n)


KERNELS = [
    (insertion_sort, lambda: (_floats(600),)),
    (heap_sort, lambda: (_floats(10_000),)),
    (bisect_all, lambda: (np.sort(_floats(50_000)), _floats(10_000), np.ones(10_000, np.int64))),
]
