"""Integers and bits."""

import numpy as np


def collatz(limit):
    longest = 0
    at = 0
    for start in range(1, limit):
        n = start
        steps = 0
        while n != 1:
            if n % 2 == 0:
                n = n // 2
            else:
                n = 3 * n + 1
            steps += 1
        if steps > longest:
            longest = steps
            at = start
    return at, longest


def sieve(n):
    flags = np.ones(n + 1, np.bool_)
    flags[0] = False
    flags[1] = False
    i = 2
    while i * i <= n:
        if flags[i]:
            for j in range(i * i, n + 1, i):
                flags[j] = False
        i += 1
    count = 0
    for i in range(n + 1):
        if flags[i]:
            count += 1
    return count


def xorshift(state, n):
    total = np.uint64(0)
    x = state
    for _ in range(n):
        x ^= x << np.uint64(13)
        x ^= x >> np.uint64(7)
        x ^= x << np.uint64(17)
        total += x & np.uint64(0xFF)
    return x, total


def crc32(data, table):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ int(byte)) & 0xFF]
    return crc ^ 0xFFFFFFFF


def popcounts(a):
    total = 0
    for x in a:
        n = 0
        v = int(x)
        while v:
            v &= v - 1
            n += 1
        total += n
    return total


def _crc_table():
    table = np.zeros(256, np.int64)
    for i in range(256):
        c = i
        for _ in range(8):
            c = (c >> 1) ^ 0xEDB88320 if c & 1 else c >> 1
        table[i] = c
    return table


KERNELS = [
    (collatz, lambda: (3_000,)),
    (sieve, lambda: (200_000,)),
    (xorshift, lambda: (np.uint64(88172645463325252), 100_000)),
    (crc32, lambda: (np.random.default_rng(7).integers(0, 256, 50_000, dtype=np.uint8), _crc_table())),
    (popcounts, lambda: (np.random.default_rng(8).integers(0, 2**40, 10_000),)),
]
