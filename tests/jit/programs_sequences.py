"""Kernels over sequences, bytes, text and tables, as users write them: entered in `programs.PROGRAMS` on import."""

import numpy as np
from programs import ints, program, raw

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
