"""Complex numbers."""

import numpy as np


def mandelbrot(height, width, limit):
    out = np.zeros((height, width), np.int64)
    for y in range(height):
        for x in range(width):
            c = complex(-2.0 + 3.0 * x / width, -1.2 + 2.4 * y / height)
            z = 0j
            n = 0
            while n < limit and z.real * z.real + z.imag * z.imag < 4.0:
                z = z * z + c
                n += 1
            out[y, x] = n
    return out


def julia(out, c, limit):
    h, w = out.shape
    for y in range(h):
        for x in range(w):
            zr = 3.0 * x / w - 1.5
            zi = 3.0 * y / h - 1.5
            n = 0
            while n < limit and zr * zr + zi * zi < 4.0:
                zr, zi = zr * zr - zi * zi + c.real, 2.0 * zr * zi + c.imag
                n += 1
            out[y, x] = n


def fft_butterflies(a, twiddles):
    n = a.shape[0]
    span = 1
    while span < n:
        step = n // (2 * span)
        for start in range(0, n, 2 * span):
            for k in range(span):
                t = twiddles[k * step] * a[start + k + span]
                u = a[start + k]
                a[start + k] = u + t
                a[start + k + span] = u - t
        span *= 2


def _signal(n):
    rng = np.random.default_rng(13)
    return rng.random(n) + 1j * rng.random(n)


KERNELS = [
    (mandelbrot, lambda: (60, 80, 100)),
    (julia, lambda: (np.zeros((80, 80), np.int64), -0.8 + 0.156j, 100)),
    (fft_butterflies, lambda: (_signal(4_096), np.exp(-2j * np.pi * np.arange(2_048) / 4_096))),
]
