"""Kernels over fields, matrices and points, of floats and complex numbers, as users write them: entered in `programs.PROGRAMS` on
import."""

import cmath
import math

import numpy as np
from programs import floats, program


def dominant(n, seed=2):
    return floats(n, n, seed=seed) + n * np.eye(n)


def symmetric(n, seed=3):
    a = floats(n, n, seed=seed)
    return a @ a.T + np.eye(n)


# -- linear algebra ---------------------------------------------------------------------------------------------------


@program((dominant(5),), (dominant(1),))
def lu_with_pivots(a):
    n = a.shape[0]
    perm = np.arange(n)
    sign = 1
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[p, k]):
                p = i
        if p != k:
            sign = -sign
            perm[k], perm[p] = perm[p], perm[k]
            for j in range(n):
                a[k, j], a[p, j] = a[p, j], a[k, j]
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    det = float(sign)
    for k in range(n):
        det *= a[k, k]
    return perm, det


@program((floats(6, 4),), (floats(3, 3, seed=7),))
def qr_gram_schmidt(a):
    m, n = a.shape
    q = np.zeros((m, n))
    r = np.zeros((n, n))
    for j in range(n):
        v = a[:, j].copy()
        for i in range(j):
            r[i, j] = 0.0
            for k in range(m):
                r[i, j] += q[k, i] * a[k, j]
            v -= r[i, j] * q[:, i]
        norm = 0.0
        for k in range(m):
            norm += v[k] ** 2
        r[j, j] = math.sqrt(norm)
        q[:, j] = v / r[j, j]
    return q, r


@program((symmetric(6), floats(6, seed=4), 20, 1e-12), (symmetric(2), floats(2, seed=5), 1, 0.0))
def conjugate_gradient(a, b, limit, tolerance):
    n = b.size
    x = np.zeros(n)
    r = b.copy()
    p = r.copy()
    rs = 0.0
    for i in range(n):
        rs += r[i] * r[i]
    for it in range(limit):
        ap = np.zeros(n)
        for i in range(n):
            for j in range(n):
                ap[i] += a[i, j] * p[j]
        pap = 0.0
        for i in range(n):
            pap += p[i] * ap[i]
        alpha = rs / pap
        new = 0.0
        for i in range(n):
            x[i] += alpha * p[i]
            r[i] -= alpha * ap[i]
            new += r[i] * r[i]
        if math.sqrt(new) < tolerance:
            break
        for i in range(n):
            p[i] = r[i] + new / rs * p[i]
        rs = new
    return x, it


@program((symmetric(5),), (symmetric(1),))
def cholesky_in_place(a):
    n = len(a)
    for j in range(n):
        for k in range(j):
            for i in range(j, n):
                a[i][j] -= a[i][k] * a[j][k]
        d = math.sqrt(a[j][j])
        for i in range(j, n):
            a[i][j] /= d
        for k in range(j + 1, n):
            a[j, k] = 0
    return a


@program((floats(4, 3), floats(3, 5, seed=2), 2), (floats(5, 5), floats(5, 5), 3))
def blocked_matmul(a, b, block):
    n, m = a.shape
    p = b.shape[1]
    c = np.zeros((n, p), a.dtype)
    for ii in range(0, n, block):
        for kk in range(0, m, block):
            for jj in range(0, p, block):
                for i in range(ii, min(ii + block, n)):
                    for k in range(kk, min(kk + block, m)):
                        t = a[i, k]
                        for j in range(jj, min(jj + block, p)):
                            c[i, j] += t * b[k, j]
    return c


@program((np.array([4.0, 4, 4, 4]), np.array([0.0, 1, 1, 1]), np.array([1.0, 1, 1, 0]), np.array([5.0, 6, 6, 5])))
def thomas(diagonal, lower, upper, right):
    n = len(right)
    c = np.empty(n)
    d = np.empty(n)
    c[0] = upper[0] / diagonal[0]
    d[0] = right[0] / diagonal[0]
    for i in range(1, n):
        m = diagonal[i] - lower[i] * c[i - 1]
        c[i] = upper[i] / m
        d[i] = (right[i] - lower[i] * d[i - 1]) / m
    x = np.empty(n)
    x[-1] = d[-1]
    for i in range(n - 2, -1, -1):
        x[i] = d[i] - c[i] * x[i + 1]
    return x


@program((symmetric(4), 30), (np.eye(2), 3))
def power_iteration(a, steps):
    v = np.ones(a.shape[0])
    value = 0.0
    for _ in range(steps):
        w = a @ v
        value = np.sqrt(np.sum(w * w))
        v = w / value
    return np.round(value, 9), np.round(np.abs(v), 9)


# -- stencils ---------------------------------------------------------------------------------------------------------


@program((floats(7, 8), 1.5, 4), (floats(3, 3), 1.0, 1))
def red_black_sor(u, omega, sweeps):
    ny, nx = u.shape
    change = 0.0
    for sweep in range(sweeps):
        change = 0.0
        for colour in (0, 1):
            for j in range(1, ny - 1):
                for i in range(1 + (j + colour) % 2, nx - 1, 2):
                    new = (u[j - 1, i] + u[j + 1, i] + u[j, i - 1] + u[j, i + 1]) * 0.25
                    delta = omega * (new - u[j, i])
                    u[j, i] += delta
                    change = max(change, abs(delta))
    return change


@program((floats(5, 6, 7),), (floats(3, 3, 3),))
def laplacian_27(u):
    out = np.zeros_like(u)
    nz, ny, nx = u.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                s = 0.0
                for dk in range(-1, 2):
                    for dj in range(-1, 2):
                        for di in range(-1, 2):
                            weight = -26.0 if dk == 0 and dj == 0 and di == 0 else 1.0
                            s += weight * u[k + dk, j + dj, i + di]
                out[k, j, i] = s
    return out


@program((floats(9, 10), floats(3, 3, seed=8)), (floats(4, 4, dtype=np.float32), floats(1, 1)))
def convolve_clamped(image, kernel):
    h, w = image.shape
    r = kernel.shape[0] // 2
    out = np.empty_like(image)
    for y in range(h):
        for x in range(w):
            acc = 0.0
            for dy in range(-r, r + 1):
                yy = min(max(y + dy, 0), h - 1)
                for dx in range(-r, r + 1):
                    xx = x + dx
                    if xx < 0:
                        xx = 0
                    elif xx >= w:
                        xx = w - 1
                    acc += image[yy, xx] * kernel[dy + r, dx + r]
            out[y, x] = acc
    return out


@program((np.random.default_rng(3).integers(0, 2, (8, 9)).astype(np.bool_), 3), (np.zeros((1, 1), np.bool_), 1))
def life_on_torus(board, steps):
    h, w = board.shape
    for _ in range(steps):
        new = np.zeros_like(board)
        for i in range(h):
            for j in range(w):
                n = 0
                for di in (-1, 0, 1):
                    for dj in (-1, 0, 1):
                        if (di != 0 or dj != 0) and board[(i + di) % h, (j + dj) % w]:
                            n += 1
                new[i, j] = n == 3 or (n == 2 and board[i, j])
        board = new
    return board, board.sum()


@program((floats(30), 0.4, 5), (floats(3), 0.1, 0))
def advect_upwind(u, c, steps):
    n = len(u)
    for _ in range(steps):
        previous = u[n - 1]
        for i in range(n):
            old = u[i]
            u[i] = old - c * (old - previous)
            previous = old
    return u.sum()


@program((floats(6, 5, seed=4), floats(6, 5, seed=5), 3))
def wave_leapfrog(now, before, steps):
    for _ in range(steps):
        after = np.zeros_like(now)
        after[1:-1, 1:-1] = (
            2 * now[1:-1, 1:-1] - before[1:-1, 1:-1]
            + 0.25 * (now[2:, 1:-1] + now[:-2, 1:-1] + now[1:-1, 2:] + now[1:-1, :-2] - 4 * now[1:-1, 1:-1])
        )  # fmt: skip
        before, now = now, after
    return now, np.sqrt((now**2).mean())


@program((np.random.default_rng(5).integers(0, 256, (7, 6, 3)).astype(np.uint8),))
def greyscale_and_sobel(rgb):
    h, w, _ = rgb.shape
    grey = np.empty((h, w), np.uint8)
    for y in range(h):
        for x in range(w):
            r, g, b = rgb[y, x]
            grey[y, x] = np.uint8(0.299 * r + 0.587 * g + 0.114 * b)
    edges = np.zeros((h, w), np.float32)
    for y in range(1, h - 1):
        for x in range(1, w - 1):
            gx = 0
            gy = 0
            for k in range(-1, 2):
                weight = 2 - abs(k)
                gx += weight * (int(grey[y + k, x + 1]) - int(grey[y + k, x - 1]))
                gy += weight * (int(grey[y + 1, x + k]) - int(grey[y - 1, x + k]))
            edges[y, x] = math.hypot(gx, gy)
    return grey, edges


# -- particles, fields and time -----------------------------------------------------------------------------------------


@program((floats(6, 3), floats(6, 3, seed=2), floats(6, seed=3, low=0.5, high=2.0), 0.01, 3))
def leapfrog_nbody(pos, vel, mass, dt, steps):
    n = pos.shape[0]
    for _ in range(steps):
        for i in range(n):
            ax = ay = az = 0.0
            for j in range(n):
                if i == j:
                    continue
                dx, dy, dz = pos[j, 0] - pos[i, 0], pos[j, 1] - pos[i, 1], pos[j, 2] - pos[i, 2]
                inv = 1.0 / (dx * dx + dy * dy + dz * dz + 1e-3) ** 1.5
                ax += dx * inv * mass[j]
                ay += dy * inv * mass[j]
                az += dz * inv * mass[j]
            vel[i, 0] += dt * ax
            vel[i, 1] += dt * ay
            vel[i, 2] += dt * az
        pos += dt * vel
    energy = 0.0
    for i in range(n):
        energy += 0.5 * mass[i] * np.sum(vel[i] ** 2)
    return energy


def lorenz(x, y, z, sigma=10.0, rho=28.0, beta=8.0 / 3.0):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


@program((20, 0.01), (1, 0.1))
def runge_kutta(steps, h):
    x, y, z = 1.0, 1.0, 1.0
    out = np.empty((steps, 3))
    for n in range(steps):
        k1 = lorenz(x, y, z)
        k2 = lorenz(x + h / 2 * k1[0], y + h / 2 * k1[1], z + h / 2 * k1[2])
        k3 = lorenz(x + h / 2 * k2[0], y + h / 2 * k2[1], z + h / 2 * k2[2])
        k4 = lorenz(x + h * k3[0], y + h * k3[1], z + h * k3[2])
        x += h / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0])
        y += h / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1])
        z += h / 6 * (k1[2] + 2 * k2[2] + 2 * k3[2] + k4[2])
        out[n] = x, y, z
    return out


@program((floats(30, seed=6),), (floats(1),))
def kalman(measurements):
    x, p = 0.0, 1.0
    out = np.empty_like(measurements)
    for k, z in enumerate(measurements):
        p += 1e-3
        gain = p / (p + 0.1)
        x = x + gain * (z - x)
        p *= 1 - gain
        out[k] = x
    return out, p


@program((floats(20, 2), 3, 4), (floats(3, 2), 1, 1))
def kmeans(points, k, rounds):
    n, d = points.shape
    centres = points[:k].copy()
    labels = np.zeros(n, np.int32)
    for _ in range(rounds):
        for i in range(n):
            best = np.inf
            for c in range(k):
                dist = 0.0
                for j in range(d):
                    diff = points[i, j] - centres[c, j]
                    dist += diff * diff
                if dist < best:
                    best, labels[i] = dist, c
        counts = np.zeros(k, np.int64)
        sums = np.zeros((k, d))
        for i in range(n):
            counts[labels[i]] += 1
            sums[labels[i]] += points[i]
        for c in range(k):
            if counts[c] > 0:
                centres[c] = sums[c] / counts[c]
    return centres, labels


@program((floats(15, 3), floats(3, seed=9), 4), (floats(2, 3), floats(3), 2))
def nearest(points, query, k):
    n = len(points)
    d2 = np.empty(n)
    for i, p in enumerate(points):
        d2[i] = ((p - query) ** 2).sum()
    found = np.full(k, -1)
    for m in range(k):
        best = -1
        for i in range(n):
            if (best == -1 or d2[i] < d2[best]) and i not in found[:m]:
                best = i
        found[m] = best
    return found


@program((floats(3, low=0, high=10), 50), (np.array([0.5, 0.5, 0.5]), 0))
def sphere_march(origin, limit):
    px, py, pz = origin
    travelled = 0.0
    for step in range(limit):
        d = math.sqrt(px**2 + py**2 + pz**2) - 1.0
        if d < 1e-6:
            return step, travelled
        inv = 1.0 / math.sqrt(px * px + py * py + pz * pz)
        px -= d * px * inv
        py -= d * py * inv
        pz -= d * pz * inv
        travelled += d
    return None


def fade(t):
    return t * t * t * (t * (t * 6 - 15) + 10)


def lattice(ix, iy, dx, dy):
    h = (ix * 374761393 + iy * 668265263) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    angle = h / 4294967296.0 * 2 * math.pi
    return math.cos(angle) * dx + math.sin(angle) * dy


@program((4, 5, 0.37), (1, 1, 10.0))
def perlin(h, w, scale):
    out = np.empty((h, w))
    for j in range(h):
        for i in range(w):
            x, y = i * scale, j * scale
            ix, iy = math.floor(x), math.floor(y)
            fx, fy = x - ix, y - iy
            u, v = fade(fx), fade(fy)
            a = lattice(ix, iy, fx, fy)
            b = lattice(ix + 1, iy, fx - 1, fy)
            c = lattice(ix, iy + 1, fx, fy - 1)
            d = lattice(ix + 1, iy + 1, fx - 1, fy - 1)
            out[j, i] = (a + u * (b - a)) * (1 - v) + (c + u * (d - c)) * v
    return out


# -- complex numbers --------------------------------------------------------------------------------------------------


@program((floats(8) + 1j * floats(8, seed=3), False), (floats(4) + 0j, True), (np.ones(1, complex), False))
def fft(a, inverse):
    n = len(a)
    a = a.astype(np.complex128)
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            a[i], a[j] = a[j], a[i]
    size = 2
    while size <= n:
        angle = 2 * math.pi / size * (1 if inverse else -1)
        step = complex(math.cos(angle), math.sin(angle))
        for start in range(0, n, size):
            w = 1 + 0j
            for k in range(size // 2):
                u = a[start + k]
                v = a[start + k + size // 2] * w
                a[start + k] = u + v
                a[start + k + size // 2] = u - v
                w *= step
        size <<= 1
    if inverse:
        a /= n
    return a


@program((6, 5, 30), (1, 1, 2))
def newton_fractal(h, w, limit):
    roots = (1 + 0j, -0.5 + 0.8660254037844386j, -0.5 - 0.8660254037844386j)
    out = np.full((h, w), -1, np.int8)
    for j in range(h):
        for i in range(w):
            z = complex(i - w / 2 + 0.3, j - h / 2 + 0.2)
            for _ in range(limit):
                z = z - (z**3 - 1) / (3 * z**2)
                for k, root in enumerate(roots):
                    if abs(z - root) < 1e-8:
                        out[j, i] = k
                        break
                else:
                    continue
                break
    return out


@program((np.array([1.0, -6.0, 11.0, -6.0]), 25), (np.array([1.0, 0.0, 1.0]), 10))
def durand_kerner(coefficients, rounds):
    n = len(coefficients) - 1
    roots = np.empty(n, np.complex128)
    for k in range(n):
        roots[k] = (0.4 + 0.9j) ** k
    for _ in range(rounds):
        for i in range(n):
            value = coefficients[0] + 0j
            for c in coefficients[1:]:
                value = value * roots[i] + c
            for j in range(n):
                if j != i:
                    value /= roots[i] - roots[j]
            roots[i] -= value
    return np.round(roots.real, 6), np.round(np.abs(roots.imag), 6)


@program((np.exp(1j * floats(12)), 0.3), (np.array([2j]), 0.0))
def phase_unwrap(signal, offset):
    out = np.empty(signal.size)
    previous = 0.0
    turns = 0
    for i, z in enumerate(signal):
        phase = cmath.phase(z) + offset
        if i:
            if phase - previous > math.pi:
                turns -= 1
            elif phase - previous < -math.pi:
                turns += 1
        out[i] = phase + 2 * math.pi * turns
        previous = phase
    return out
