"""Bodies and points: n-body, k-means, pairwise distances."""

import math

import numpy as np


def nbody(position, velocity, mass, steps, dt):
    n = position.shape[0]
    for _ in range(steps):
        for i in range(n):
            ax = 0.0
            ay = 0.0
            az = 0.0
            for j in range(n):
                if i != j:
                    dx = position[j, 0] - position[i, 0]
                    dy = position[j, 1] - position[i, 1]
                    dz = position[j, 2] - position[i, 2]
                    r2 = dx * dx + dy * dy + dz * dz + 0.01
                    f = mass[j] / (r2 * math.sqrt(r2))
                    ax += f * dx
                    ay += f * dy
                    az += f * dz
            velocity[i, 0] += dt * ax
            velocity[i, 1] += dt * ay
            velocity[i, 2] += dt * az
        for i in range(n):
            for k in range(3):
                position[i, k] += dt * velocity[i, k]


def kmeans_assign(points, centres, labels):
    changed = 0
    for i in range(points.shape[0]):
        best = -1
        least = np.inf
        for c in range(centres.shape[0]):
            d = 0.0
            for k in range(points.shape[1]):
                t = points[i, k] - centres[c, k]
                d += t * t
            if d < least:
                least = d
                best = c
        if labels[i] != best:
            labels[i] = best
            changed += 1
    return changed


def pairwise(points, out):
    n, dims = points.shape
    for i in range(n):
        for j in range(n):
            s = 0.0
            for k in range(dims):
                t = points[i, k] - points[j, k]
                s += t * t
            out[i, j] = np.sqrt(s)


def _points(n, k):
    return np.random.default_rng(6).random((n, k))


KERNELS = [
    (nbody, lambda: (_points(60, 3), np.zeros((60, 3)), np.ones(60), 5, 0.01)),
    (kmeans_assign, lambda: (_points(2_000, 4), _points(16, 4), np.zeros(2_000, np.int64))),
    (pairwise, lambda: (_points(200, 3), np.ones((200, 200)))),
]
