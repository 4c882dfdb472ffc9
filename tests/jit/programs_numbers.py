"""Kernels over integers, bits, bytes, sequences and tables, as users write them: entered in `programs.PROGRAMS` on import."""

import math

import numpy as np
from programs import program

MASK32 = 0xFFFFFFFF
MASK64 = 0xFFFFFFFFFFFFFFFF


def ints(n, high, seed=1, dtype=np.int64):
    return np.random.default_rng(seed).integers(0, high, n).astype(dtype)


def raw(text):
    return np.frombuffer(text, np.uint8).copy()


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


# -- dynamic programming ----------------------------------------------------------------------------------------------


@program((raw(b"kitten"), raw(b"sitting")), (raw(b""), raw(b"abc")), (raw(b"flaw"), raw(b"lawn")))
def levenshtein_two_rows(a, b):
    previous = np.arange(len(b) + 1)
    current = np.empty_like(previous)
    for i, ca in enumerate(a):
        current[0] = i + 1
        for j, cb in enumerate(b):
            cost = 0 if ca == cb else 1
            current[j + 1] = min(previous[j + 1] + 1, current[j] + 1, previous[j] + cost)
        previous, current = current, previous
    return previous[len(b)]


@program((raw(b"AGGTAB"), raw(b"GXTXAYB")), (raw(b""), raw(b"")))
def longest_common_subsequence(x, y):
    m, n = x.shape[0], y.shape[0]
    t = np.zeros((m + 1, n + 1), np.int32)
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            if x[i - 1] == y[j - 1]:
                t[i, j] = t[i - 1, j - 1] + 1
            else:
                t[i, j] = max(t[i - 1, j], t[i, j - 1])
    i, j = m, n
    out = np.zeros(t[m, n], np.uint8)
    k = len(out) - 1
    while i > 0 and j > 0:
        if x[i - 1] == y[j - 1]:
            out[k] = x[i - 1]
            k -= 1
            i -= 1
            j -= 1
        elif t[i - 1, j] >= t[i, j - 1]:
            i -= 1
        else:
            j -= 1
    return t[m, n], out


@program((np.array([30, 35, 15, 5, 10, 20, 25]),), (np.array([2, 3]),))
def matrix_chain(p):
    n = len(p) - 1
    cost = np.zeros((n, n), np.int64)
    for length in range(2, n + 1):
        for i in range(n - length + 1):
            j = i + length - 1
            cost[i, j] = 2**62
            for k in range(i, j):
                c = cost[i, k] + cost[k + 1, j] + p[i] * p[k + 1] * p[j + 1]
                if c < cost[i, j]:
                    cost[i, j] = c
    return cost[0, n - 1]


@program(([1, 3, 4, 5], [1, 4, 5, 7], 7), ([2], [3], 1))
def knapsack_backwards(weights, values, capacity):
    best = [0] * (capacity + 1)
    for w, v in zip(weights, values):
        for c in range(capacity, w - 1, -1):
            best[c] = max(best[c], best[c - w] + v)
    return best[-1]


@program((np.array([1, 2, 5, 10]), 27), (np.array([5]), 3))
def coin_change(coins, amount):
    INF = 10**9
    best = np.full(amount + 1, INF)
    best[0] = 0
    ways = np.zeros(amount + 1, np.int64)
    ways[0] = 1
    for c in coins:
        for a in range(c, amount + 1):
            ways[a] += ways[a - c]
            if best[a - c] + 1 < best[a]:
                best[a] = best[a - c] + 1
    return (-1 if best[amount] == INF else best[amount]), ways[amount]


@program((ints(30, 100, 3),), (np.array([5]),), (-ints(10, 9, 4),))
def kadane(a):
    best = current = a[0]
    start = end = s = 0
    for i in range(1, len(a)):
        if current + a[i] < a[i]:
            current = a[i]
            s = i
        else:
            current += a[i]
        if current > best:
            best, start, end = current, s, i
    return best, start, end


# -- sorting and searching --------------------------------------------------------------------------------------------


@program((ints(50, 1000),), (np.array([1.5, -2.0, 0.0, 1.5]),), (ints(1, 5),))
def quicksort(a):
    stack = np.empty((64, 2), np.int64)
    top = 0
    stack[0] = 0, len(a) - 1
    while top >= 0:
        low, high = stack[top]
        top -= 1
        while low < high:
            pivot = a[(low + high) // 2]
            i, j = low, high
            while i <= j:
                while a[i] < pivot:
                    i += 1
                while a[j] > pivot:
                    j -= 1
                if i <= j:
                    a[i], a[j] = a[j], a[i]
                    i += 1
                    j -= 1
            if j - low < high - i:
                if i < high:
                    top += 1
                    stack[top, 0], stack[top, 1] = i, high
                high = j
            else:
                if low < j:
                    top += 1
                    stack[top, 0], stack[top, 1] = low, j
                low = i


def merge(a, tmp, left, mid, right):
    i, j = left, mid
    for k in range(left, right):
        if i < mid and (j >= right or a[i] <= a[j]):
            tmp[k] = a[i]
            i += 1
        else:
            tmp[k] = a[j]
            j += 1
    a[left:right] = tmp[left:right]


def merge_sort_range(a, tmp, left, right):
    if right - left < 2:
        return
    mid = (left + right) >> 1
    merge_sort_range(a, tmp, left, mid)
    merge_sort_range(a, tmp, mid, right)
    merge(a, tmp, left, mid, right)


@program((ints(40, 100, 8),), (np.array([], np.int64),))
def merge_sort(a):
    merge_sort_range(a, np.empty_like(a), 0, len(a))
    return a


@program((ints(40, 2**30, 5),), (ints(3, 10),))
def radix_sort(a):
    out = a.copy()
    for shift in range(0, 32, 8):
        counts = np.zeros(257, np.int64)
        for v in out:
            counts[((v >> shift) & 255) + 1] += 1
        for i in range(256):
            counts[i + 1] += counts[i]
        tmp = np.empty_like(out)
        for v in out:
            d = (v >> shift) & 255
            tmp[counts[d]] = v
            counts[d] += 1
        out = tmp
    return out


@program((ints(25, 50, 9), 3), (ints(5, 5), 1))
def nth_element(a, k):
    a = a.copy()
    left, right = 0, len(a) - 1
    while True:
        if left == right:
            return a[left]
        pivot = a[right]
        store = left
        for i in range(left, right):
            if a[i] < pivot:
                a[store], a[i] = a[i], a[store]
                store += 1
        a[right], a[store] = a[store], a[right]
        if k == store:
            return a[k]
        elif k < store:
            right = store - 1
        else:
            left = store + 1


# -- bytes and text ---------------------------------------------------------------------------------------------------


@program((raw(b"12,-7,,300\n4,5,6\n"),), (raw(b""),), (raw(b"x"),))
def parse_csv_ints(buf):
    values = []
    i, n = 0, len(buf)
    errors = 0
    while i < n:
        sign = 1
        if buf[i] == ord("-"):
            sign = -1
            i += 1
        value = 0
        digits = 0
        while i < n and 48 <= buf[i] <= 57:
            value = value * 10 + (int(buf[i]) - 48)
            digits += 1
            i += 1
        if digits:
            values.append(sign * value)
        elif i < n and buf[i] not in (44, 10):
            errors += 1
            i += 1
            continue
        i += 1
    return values, errors


@program((raw(b"3.14e2 "),), (raw(b"-0.5"),), (raw(b"1e-3"),), (raw(b"."),))
def parse_float(s):
    i = 0
    sign = 1.0
    if s[i] == 45:
        sign = -1.0
        i += 1
    mantissa = 0.0
    while i < s.size and s[i] >= 48 and s[i] <= 57:
        mantissa = mantissa * 10.0 + (s[i] - 48)
        i += 1
    if i < s.size and s[i] == 46:
        i += 1
        scale = 0.1
        while i < s.size and s[i] >= 48 and s[i] <= 57:
            mantissa += scale * (s[i] - 48)
            scale *= 0.1
            i += 1
    exponent = 0
    if i < s.size and (s[i] == 101 or s[i] == 69):
        i += 1
        esign = 1
        if s[i] == 45:
            esign = -1
            i += 1
        while i < s.size and s[i] >= 48 and s[i] <= 57:
            exponent = exponent * 10 + int(s[i]) - 48
            i += 1
        exponent *= esign
    return sign * mantissa * 10.0**exponent


@program((raw("héllo wörld €".encode()),), (raw(b"\xc3\x28"),), (raw(b"\xf0\x9f\x98\x80"),), (raw(b"\xe2\x82"),))
def utf8_length(buf):
    n = 0
    i = 0
    while i < len(buf):
        b = buf[i]
        if b < 0x80:
            need = 0
        elif b >> 5 == 0b110:
            need = 1
        elif b >> 4 == 0b1110:
            need = 2
        elif b >> 3 == 0b11110:
            need = 3
        else:
            return -1
        if i + need >= len(buf):
            return -2
        for k in range(1, need + 1):
            if buf[i + k] & 0xC0 != 0x80:
                return -3
        i += need + 1
        n += 1
    return n


@program((raw(b"Many hands make light work."),), (raw(b"a"),), (raw(b""),))
def base64_encode(data):
    table = np.empty(64, np.uint8)
    for k in range(26):
        table[k] = 65 + k
        table[k + 26] = 97 + k
    for k in range(10):
        table[52 + k] = 48 + k
    table[62], table[63] = 43, 47
    out = np.empty((len(data) + 2) // 3 * 4, np.uint8)
    o = 0
    for i in range(0, len(data), 3):
        chunk = np.int64(data[i]) << 16
        if i + 1 < len(data):
            chunk |= np.int64(data[i + 1]) << 8
        if i + 2 < len(data):
            chunk |= np.int64(data[i + 2])
        for s in (18, 12, 6, 0):
            out[o] = table[(chunk >> s) & 63]
            o += 1
    pad = (3 - len(data) % 3) % 3
    for k in range(pad):
        out[-1 - k] = ord("=")
    return out


@program((raw(b"aaabccddddd"),), (raw(b"x"),), (raw(b""),))
def run_lengths(data):
    symbols = np.zeros(len(data), np.uint8)
    lengths = np.zeros(len(data), np.int32)
    k = -1
    for i in range(len(data)):
        if k >= 0 and symbols[k] == data[i]:
            lengths[k] += 1
        else:
            k += 1
            symbols[k] = data[i]
            lengths[k] = 1
    return symbols[: k + 1], lengths[: k + 1]


@program((raw(b"abracadabra"), raw(b"abra")), (raw(b"aaaa"), raw(b"aa")), (raw(b""), raw(b"x")))
def knuth_morris_pratt(text, pattern):
    m = len(pattern)
    fail = np.zeros(m, np.int64)
    k = 0
    for i in range(1, m):
        while k > 0 and pattern[k] != pattern[i]:
            k = fail[k - 1]
        if pattern[k] == pattern[i]:
            k += 1
        fail[i] = k
    found = []
    q = 0
    for i in range(len(text)):
        while q > 0 and pattern[q] != text[i]:
            q = fail[q - 1]
        if pattern[q] == text[i]:
            q += 1
        if q == m:
            found.append(i - m + 1)
            q = fail[q - 1]
    return found


@program((raw(b"Hello, World"), 13, "a"), (raw(b""), 1, "z"))
def caesar(text, shift, first):
    out = np.zeros(len(text), np.uint8)
    low = ord(first)
    for i in range(len(text)):
        c = int(text[i])
        if ord("A") <= c <= ord("Z"):
            c = (c - 65 + shift) % 26 + 65
        elif low <= c <= 122:
            c = (c - low + shift) % 26 + low
        out[i] = c
    return out


# -- puzzles and tables -----------------------------------------------------------------------------------------------


def place(row, columns, left, right, full):
    if columns == full:
        return 1
    count = 0
    free = full & ~(columns | left | right)
    while free:
        bit = free & -free
        free ^= bit
        count += place(row + 1, columns | bit, ((left | bit) << 1) & full, (right | bit) >> 1, full)
    return count


@program((6,), (1,), (3,))
def queens(n):
    return place(0, 0, 0, 0, (1 << n) - 1)


def allowed(grid, r, c, v):
    for k in range(9):
        if grid[r, k] == v or grid[k, c] == v:
            return False
    r0, c0 = r - r % 3, c - c % 3
    for i in range(r0, r0 + 3):
        for j in range(c0, c0 + 3):
            if grid[i, j] == v:
                return False
    return True


def fill(grid):
    for r in range(9):
        for c in range(9):
            if grid[r, c] == 0:
                for v in range(1, 10):
                    if allowed(grid, r, c, v):
                        grid[r, c] = v
                        if fill(grid):
                            return True
                        grid[r, c] = 0
                return False
    return True


def puzzle():
    base = np.array([[(3 * (r % 3) + r // 3 + c) % 9 + 1 for c in range(9)] for r in range(9)], np.int8)
    base[ints(25, 9, 2), ints(25, 9, 3)] = 0
    return base


@program((puzzle(),))
def sudoku(grid):
    return fill(grid), grid


@program((ints(60, 40, 11), ints(20, 60, 12)), (ints(0, 5), ints(3, 9)))
def hash_table(keys, queries):
    size = 1
    while size < 2 * len(keys) + 1:
        size *= 2
    slots = np.full(size, -1, np.int64)
    counts = np.zeros(size, np.int64)
    for key in keys:
        h = (key * 2654435761) & (size - 1)
        while slots[h] != -1 and slots[h] != key:
            h = (h + 1) & (size - 1)
        slots[h] = key
        counts[h] += 1
    out = np.zeros_like(queries)
    for i, q in enumerate(queries):
        h = (q * 2654435761) & (size - 1)
        while slots[h] != -1:
            if slots[h] == q:
                out[i] = counts[h]
                break
            h = (h + 1) & (size - 1)
        else:
            out[i] = -1
    return out


@program((10, ints(12, 10, 13), ints(12, 10, 14)), (3, ints(0, 2), ints(0, 2)))
def union_find(n, left, right):
    parent = np.arange(n)
    rank = np.zeros(n, dtype=np.int8)

    def find(x):
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    groups = n
    for a, b in zip(left, right):
        a, b = find(a), find(b)
        if a == b:
            continue
        if rank[a] < rank[b]:
            a, b = b, a
        parent[b] = a
        if rank[a] == rank[b]:
            rank[a] += 1
        groups -= 1
    return groups, parent


@program((100,), (1,))
def josephus(n):
    alive = [True] * n
    left, at, step = n, 0, 0
    while left > 1:
        if alive[at]:
            step += 1
            if step == 3:
                alive[at] = False
                left -= 1
                step = 0
        at = (at + 1) % n
    for i, a in enumerate(alive):
        if a:
            return i
    return -1


@program((30, 20), (3, 1))
def rule_30(width, steps):
    cells = np.zeros(width, np.uint8)
    cells[width // 2] = 1
    total = 0
    for _ in range(steps):
        following = cells.copy()
        for i in range(width):
            pattern = (cells[i - 1] << 2) | (cells[i] << 1) | cells[(i + 1) % width]
            following[i] = (30 >> pattern) & 1
        cells = following
        total += cells.sum()
    return cells, total


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
