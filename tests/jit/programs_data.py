"""Kernels over graphs, samples and tables of floats, as users write them: entered in `programs.PROGRAMS` on import."""

import math

import numpy as np
from programs import floats, program

# -- graphs and indirect access -----------------------------------------------------------------------------------------


def ring(n):
    """CSR of a ring with chords."""
    rows = [sorted({(i + 1) % n, (i - 1) % n, (i * 3) % n}) for i in range(n)]
    indptr = np.cumsum([0] + [len(r) for r in rows])
    return indptr.astype(np.int32), np.concatenate(rows).astype(np.int32)


@program((*ring(10), 0), (*ring(3), 2))
def breadth_first(indptr, indices, source):
    n = len(indptr) - 1
    distance = np.full(n, -1, np.int32)
    queue = np.empty(n, np.int32)
    head, tail = 0, 1
    queue[0] = source
    distance[source] = 0
    while head < tail:
        u = queue[head]
        head += 1
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            if distance[v] < 0:
                distance[v] = distance[u] + 1
                queue[tail] = v
                tail += 1
    return distance, tail


@program((*ring(9), floats(27, low=0.1), 0), (*ring(4), floats(12, low=0.1), 1))
def dijkstra(indptr, indices, weights, source):
    n = indptr.shape[0] - 1
    dist = np.full(n, np.inf)
    done = np.zeros(n, np.bool_)
    dist[source] = 0.0
    heap = [(0.0, source)]
    while len(heap) > 0:
        best = 0
        for i in range(1, len(heap)):
            if heap[i][0] < heap[best][0]:
                best = i
        d, u = heap.pop(best)
        if done[u]:
            continue
        done[u] = True
        for e in range(indptr[u], indptr[u + 1]):
            v = int(indices[e])
            nd = d + float(weights[e])
            if nd < dist[v]:
                dist[v] = nd
                heap.append((nd, v))
    return dist


@program((*ring(8), 0.85, 10))
def pagerank(indptr, indices, damping, rounds):
    n = indptr.size - 1
    rank = np.ones(n) / n
    for _ in range(rounds):
        new = np.full(n, (1.0 - damping) / n)
        for u in range(n):
            degree = indptr[u + 1] - indptr[u]
            if degree == 0:
                continue
            share = damping * rank[u] / degree
            for e in range(indptr[u], indptr[u + 1]):
                new[indices[e]] += share
        if np.abs(new - rank).max() < 1e-10:
            return new
        rank = new
    return rank


@program((np.array([0, 2, 2, 3]), np.array([2, 0, 1]), np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0, 100.0])))
def csr_transpose_times(indptr, indices, data, x):
    y = np.zeros(x.size)
    for row in range(indptr.size - 1):
        lo, hi = indptr[row : row + 2]
        for k in range(lo, hi):
            y[indices[k]] += data[k] * x[row]
    return y


@program((floats(40, low=0, high=5), 6, 0.0, 5.0), (floats(2), 1, -1.0, 1.0))
def histogram_and_quantile(values, bins, low, high):
    counts = np.zeros(bins, np.uint32)
    scale = bins / (high - low)
    for v in values:
        b = int((v - low) * scale)
        if 0 <= b < bins:
            counts[b] += 1
        elif v == high:
            counts[-1] += 1
    target = counts.sum() * 0.5
    running = 0
    for b in range(bins):
        if running + counts[b] >= target:
            return counts, low + (b + 0.5) / scale
        running += counts[b]
    return counts, high


@program((floats(4, 5, 3),), (np.asfortranarray(floats(3, 2, 2)),), (floats(4, 6, 8)[::2, ::-1, 1::3],))
def integral_volume(a):
    out = np.zeros((a.shape[0] + 1, a.shape[1] + 1, a.shape[2] + 1))
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            row = 0.0
            for k in range(a.shape[2]):
                row += a[i, j, k]
                out[i + 1, j + 1, k + 1] = row + out[i, j + 1, k + 1] + out[i + 1, j, k + 1] - out[i, j, k + 1]
    return out


@program((floats(12), 3), (floats(3), 5), (floats(0), 2))
def moving_median(a, width):
    out = np.full(len(a), np.nan)
    window = np.empty(width)
    for i in range(width - 1, len(a)):
        for k in range(width):
            window[k] = a[i - k]
        for k in range(1, width):
            x = window[k]
            m = k - 1
            while m >= 0 and window[m] > x:
                window[m + 1] = window[m]
                m -= 1
            window[m + 1] = x
        mid = width // 2
        out[i] = window[mid] if width % 2 else (window[mid - 1] + window[mid]) / 2
    return out


def norm_cdf(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


@program((floats(5, low=80, high=120), 100.0, 0.5, 0.02, 0.3), (np.array([1e-3]), 100.0, 1.0, 0.0, 0.1))
def black_scholes_greeks(spot, strike, t, r, sigma):
    out = np.empty((len(spot), 3))
    for i, s in enumerate(spot):
        d1 = (math.log(s / strike) + (r + sigma**2 / 2) * t) / (sigma * math.sqrt(t))
        d2 = d1 - sigma * math.sqrt(t)
        out[i, 0] = s * norm_cdf(d1) - strike * math.exp(-r * t) * norm_cdf(d2)
        out[i, 1] = norm_cdf(d1)
        out[i, 2] = s * math.exp(-0.5 * d1 * d1) / math.sqrt(2 * math.pi) * math.sqrt(t)
    return out


@program((floats(6, 2, low=-80, high=80),), (np.zeros((1, 2)),))
def haversine_matrix(points):
    n = len(points)
    out = np.zeros((n, n), dtype=np.float32)
    for i in range(n):
        for j in range(i):
            lat1, lon1 = math.radians(points[i, 0]), math.radians(points[i, 1])
            lat2, lon2 = math.radians(points[j, 0]), math.radians(points[j, 1])
            h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
            out[i, j] = out[j, i] = 2 * 6371.0 * math.asin(min(1.0, math.sqrt(h)))
    return out


@program((floats(10), floats(10, seed=2), np.array([0.5, 0.1, -0.2])), (floats(2), floats(2), np.array([1.0])))
def structure_of_arrays(x, y, params):
    particles = (x, y)
    a, rest = params[0], params[1:]
    for axis in particles:
        for i in range(axis.shape[0]):
            value = axis[i]
            for p in rest:
                value = value * p + a
            axis[i] = value
    return particles[0].sum() + particles[1].sum()


@program((floats(4, 3), "row"), (floats(4, 3), "column"), (floats(2, 2), "none"))
def normalize_by_mode(a, mode):
    if mode == "row":
        for i in range(a.shape[0]):
            s = np.sqrt((a[i] * a[i]).sum())
            if s > 0:
                a[i] /= s
    elif mode == "column":
        for j in range(a.shape[1]):
            a[:, j] -= a[:, j].mean()
    else:
        raise ValueError("mode must be row or column")
    return a


@program((floats(20, low=0.0), 5), (floats(3), 1))
def exponential_smoothing_best(a, candidates):
    best_alpha, best_error = None, math.inf
    for c in range(1, candidates + 1):
        alpha = c / (candidates + 1)
        level = a[0]
        error = 0.0
        for i in range(1, len(a)):
            error += (a[i] - level) ** 2
            level += alpha * (a[i] - level)
        if error < best_error:
            best_alpha, best_error = alpha, error
    return best_alpha, best_error


def parabola(x, a, b):
    return a * x * x - b


def bisect(f, low, high, args=(), tolerance=1e-9):
    at_low = f(low, *args)
    steps = 0
    while high - low > tolerance:
        middle = (low + high) / 2
        value = f(middle, *args)
        if value == 0.0:
            return middle, steps
        if value * at_low > 0.0:
            low, at_low = middle, value
        else:
            high = middle
        steps += 1
    return low, steps


@program((0.0, 4.0, 2.0), (1.0, 2.0, 3.5))
def root_of_parabola(low, high, b):
    first = bisect(parabola, low, high, args=(1.0, b))
    second = bisect(lambda x: x - 1.25, low, high)
    return first, second, (b, *first, low)
