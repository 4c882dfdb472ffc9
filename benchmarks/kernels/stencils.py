"""Stencils in one to three dimensions, and a filter on an image."""

import numpy as np


def heat1d(u, v, steps):
    n = u.shape[0]
    for _ in range(steps):
        for i in range(1, n - 1):
            v[i] = u[i] + 0.25 * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        for i in range(1, n - 1):
            u[i] = v[i]


def jacobi2d(a, b, steps):
    n, m = a.shape
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                b[i, j] = 0.2 * (a[i, j] + a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                a[i, j] = b[i, j]


def heat3d(a, b):
    n = a.shape[0]
    for i in range(1, n - 1):
        for j in range(1, n - 1):
            for k in range(1, n - 1):
                b[i, j, k] = a[i, j, k] + 0.125 * (
                    a[i + 1, j, k] + a[i - 1, j, k] + a[i, j + 1, k] + a[i, j - 1, k]
                    + a[i, j, k + 1] + a[i, j, k - 1] - 6.0 * a[i, j, k]
                )  # fmt: skip


def blur(image, out):
    h, w = image.shape
    for y in range(1, h - 1):
        for x in range(1, w - 1):
            s = 0
            for dy in range(-1, 2):
                for dx in range(-1, 2):
                    s += int(image[y + dy, x + dx])
            out[y, x] = s // 9


def life(board, out):
    h, w = board.shape
    for y in range(h):
        for x in range(w):
            n = 0
            for dy in range(-1, 2):
                for dx in range(-1, 2):
                    if dy != 0 or dx != 0:
                        n += int(board[(y + dy) % h, (x + dx) % w])
            if n == 3 or (n == 2 and board[y, x]):
                out[y, x] = 1
            else:
                out[y, x] = 0


def seidel(a, steps):
    n = a.shape[0]
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                a[i, j] = (a[i - 1, j] + a[i, j - 1] + a[i, j] + a[i, j + 1] + a[i + 1, j]) / 5.0


def _grid(*shape):
    return np.random.default_rng(2).random(shape)


def _image(*shape):
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


KERNELS = [
    (heat1d, lambda: (_grid(10_000), np.zeros(10_000), 10)),
    (jacobi2d, lambda: (_grid(200, 200), np.zeros((200, 200)), 3)),
    (heat3d, lambda: (_grid(48, 48, 48), np.zeros((48, 48, 48)))),
    (blur, lambda: (_image(200, 200), np.zeros((200, 200), np.uint8))),
    (life, lambda: (_image(120, 120) & np.uint8(1), np.zeros((120, 120), np.uint8))),
    (seidel, lambda: (_grid(200, 200), 3)),
]
