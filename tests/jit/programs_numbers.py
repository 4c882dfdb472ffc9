"""Kernels over integers and bits, as users write them: entered in `programs.PROGRAMS` on import."""

import math

import numpy as np
from programs import ints, program, raw

MASK32 = 0xFFFFFFFF
MASK64 = 0xFFFFFFFFFFFFFFFF


# -- bits -------------------------------------------------------------------------------------------------------------


@program((0,), (255,), (2**63 - 1,), (0x123456789ABCDEF,))
def popcount_parallel(x):
    x = x - ((x >> 1) & 0x5555555555555555)
    x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333)
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0F
    return ((x * 0x0101010101010101) & MASK64) >> 56


@program((1, 10), (2463534242, 100), (0, 5))
def xorshift32(state, n):
    total = 0
    for _ in range(n):
        state ^= (state << 13) & MASK32
        state ^= state >> 17
        state ^= (state << 5) & MASK32
        total += state
    return total, state


@program((raw(b""),), (raw(b"hello world"),), (raw(bytes(range(256))),))
def crc32_bitwise(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= int(byte)
        for _ in range(8):
            if crc & 1:
                crc = (crc >> 1) ^ 0xEDB88320
            else:
                crc >>= 1
    return crc ^ 0xFFFFFFFF


@program((raw(b"abc"),), (raw(b"The quick brown fox"),))
def fnv1a_and_adler(data):
    h = np.uint64(14695981039346656037)
    prime = np.uint64(1099511628211)
    a, b = 1, 0
    for c in data:
        h = (h ^ np.uint64(c)) * prime
        a = (a + int(c)) % 65521
        b = (b + a) % 65521
    return h, (b << 16) | a


def rotr(x, n):
    return ((x >> n) | (x << (32 - n))) & 0xFFFFFFFF


@program((ints(16, 2**32),))
def sha256_schedule(block):
    w = np.zeros(64, np.int64)
    for i in range(16):
        w[i] = block[i]
    for i in range(16, 64):
        s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ (w[i - 15] >> 3)
        s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ (w[i - 2] >> 10)
        w[i] = (w[i - 16] + s0 + w[i - 7] + s1) & 0xFFFFFFFF
    a = 0x6A09E667
    for i in range(64):
        a = (rotr(a, 6) + w[i] + (a & ~w[i])) & 0xFFFFFFFF
    return w, a


@program((10,), (0,), (1023,))
def gray_codes(n):
    out = np.empty(n, np.uint32)
    for i in range(n):
        out[i] = i ^ (i >> 1)
    parity = 0
    for i in range(n):
        v = int(out[i])
        while v:
            parity ^= v & 1
            v &= v - 1
    return out, parity


@program((64,), (1,))
def bit_reversal(n):
    bits = 0
    while (1 << bits) < n:
        bits += 1
    out = np.empty(n, np.int64)
    for i in range(n):
        r = 0
        for b in range(bits):
            if i & (1 << b):
                r |= 1 << (bits - 1 - b)
        out[i] = r
    return out


@program((1000,), (2,), (3,))
def sieve_of_bits(n):
    words = np.zeros((n >> 6) + 1, np.uint64)
    one = np.uint64(1)
    count = 0
    for p in range(2, n):
        if (words[p >> 6] >> np.uint64(p & 63)) & one:
            continue
        count += 1
        for q in range(p * p, n, p):
            words[q >> 6] |= one << np.uint64(q & 63)
    return count, words


# -- numbers ----------------------------------------------------------------------------------------------------------


@program((3, 200, 13), (2, 10, 1000), (7, 0, 5))
def modular_power(base, exponent, modulus):
    result = 1
    base %= modulus
    while exponent > 0:
        if exponent & 1:
            result = result * base % modulus
        exponent >>= 1
        base = base * base % modulus
    return result


@program((48, 18), (0, 5), (-12, 30), (17, 0))
def extended_gcd(a, b):
    x0, x1, y0, y1 = 1, 0, 0, 1
    while b != 0:
        q, (a, b) = a // b, (b, a % b)
        x0, x1 = x1, x0 - q * x1
        y0, y1 = y1, y0 - q * y1
    return a, x0, y0


@program((1,), (97,), (360360,), (2**31 - 1,))
def factorize(n):
    factors = []
    p = 2
    while p * p <= n:
        while n % p == 0:
            factors.append(p)
            n //= p
        p += 1 if p == 2 else 2
    if n > 1:
        factors.append(n)
    return factors


def is_prime(n):
    if n < 2:
        return False
    if n % 2 == 0:
        return n == 2
    for d in range(3, int(math.sqrt(n)) + 1, 2):
        if n % d == 0:
            return False
    return True


@program((100,), (0,))
def twin_primes(limit):
    found = []
    for n in range(3, limit, 2):
        if is_prime(n) and is_prime(n + 2):
            found.append((n, n + 2))
    return found, len(found)


@program((1000,), (1,))
def digit_sums_and_palindromes(limit):
    best = -1
    total = 0
    for n in range(limit):
        m, s, r = n, 0, 0
        while m > 0:
            m, d = divmod(m, 10)
            s += d
            r = r * 10 + d
        if r == n:
            best = max(best, n)
        total += s
    return best, total


@program((30,), (2,))
def catalan_and_fibonacci(n):
    c = 1
    a, b = 0, 1
    for k in range(n):
        c = c * 2 * (2 * k + 1) // (k + 2)
        a, b = b, a + b
    return c, a


@program((20,), (0,))
def pascal(n):
    t = np.zeros((n + 1, n + 1), dtype=np.int64)
    for i in range(n + 1):
        t[i, 0] = t[i, i] = 1
        for j in range(1, i):
            t[i, j] = t[i - 1, j - 1] + t[i - 1, j]
    return t


@program((5,), (0,), (1,))
def hanoi_moves(n):
    moves = []

    def solve(n, a, b, c):
        if n == 0:
            return 0
        return solve(n - 1, a, c, b) + 1 + solve(n - 1, c, b, a)

    count = solve(n, 0, 2, 1)
    for k in range(1, count + 1):
        moves.append((k & (k - 1)) % 3)
    return count, moves


# -- what the compiler takes apart --------------------------------------------------------------------------------------


@program((ints(13, 100), 1), (ints(13, 100), -1), (ints(1, 9), 0), (ints(5, 9), 12), (ints(5, 9), -7), (ints(0, 9), 1))
def neighbours_on_a_ring(a, shift):
    n = len(a)
    s = 0
    for i in range(n):
        s = s * 7 + a[(i + 1) % n] - a[(i - 1) % n] + a[(i + shift) % n]
        s &= 0xFFFF
    for i in range(-n, 2 * n):
        s += a[i % n]
    return s


@program((12, 5), (1, 1), (0, 3), (9, -4), (7, 0))
def floor_divisions(n, m):
    s = []
    for i in range(n):
        s.append((i // m, i % m, (i - 5) // m, (5 - i) % m, i // 3, (i - 4) // 3, (i - 4) % 3, divmod(-i, m)))
    return s


@program((ints(20, 50, 4), 2), (ints(4, 50), 0), (ints(3, 9), 5))
def short_ranges(a, stop):
    found = []
    total = 0
    kind = 1
    for i in range(1, len(a) - 1):
        for d in range(-1, 2):
            for e in range(0, 3, 2):
                if d == stop - 1 and e:
                    break
                if a[i + d] % 3 == 0:
                    continue
                total += a[i + d] * (e - 1)
            else:
                found.append((i, d))
        kind = a[i] if i % 2 else kind
    for k in range(4):
        if k == stop:
            return total, found, k, kind
    for _ in range(0):
        total = None
    return total, found, d if len(a) > 2 else -1


@program((ints(9, 50), 0, 9, 2), (ints(9, 50), 8, -1, -3), (ints(9, 50), 0, 9, 0), (ints(9, 50), 0, 10, 3), (ints(9, 50), -9, 9, 4),
         (ints(9, 50), 3, 2**62, 2**62), (ints(9, 50), 0, 12, 3), (ints(9, 50), 4, -12, -4))  # fmt: skip
def strides(a, start, stop, step):
    s = 0
    for i in range(start, stop, step):
        s = s * 3 + a[i]
        a[i] = s & 7
    for i in range(0, len(a), 2):
        s += a[i]
    for i in range(len(a) - 1, 0, -2):
        s = s * 3 + a[i] - a[i - 1]
    return s & 0xFFFF


@program((2.0**62,), (-(2.0**63),), (2.0**63,), (-(2.0**63) - 2048.0,), (math.nan,), (-math.inf,), (np.float32(2.0**63),), (-0.9,))
def truncated(x):
    return int(x)


@program((ints(6, 50),), (ints(0, 5),))
def flag_that_nobody_asks(a):
    out = np.zeros_like(a)
    running = 0
    previous = 0.5
    for i in range(a.shape[0]):
        running += a[i]
        out[i] = running
        previous = running * 0.5
        if i == 3:
            previous = 1
    return out
