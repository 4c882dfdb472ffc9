"""The demo's kernels: plain Python over NumPy arrays, written as one would for clarity."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def hillshade(elevation: Array, cell: float, azimuth: float, altitude: float) -> Array:
    """Brightness (0 to 1) of a surface lit from ``azimuth`` at ``altitude`` (radians), by Horn's slope."""
    rows, columns = elevation.shape
    shade = np.zeros((rows, columns))
    zenith = math.pi / 2.0 - altitude
    for i in range(1, rows - 1):
        for j in range(1, columns - 1):
            dx = (
                elevation[i - 1, j + 1] + 2.0 * elevation[i, j + 1] + elevation[i + 1, j + 1]
                - elevation[i - 1, j - 1] - 2.0 * elevation[i, j - 1] - elevation[i + 1, j - 1]
            ) / (8.0 * cell)  # fmt: skip
            dy = (
                elevation[i + 1, j - 1] + 2.0 * elevation[i + 1, j] + elevation[i + 1, j + 1]
                - elevation[i - 1, j - 1] - 2.0 * elevation[i - 1, j] - elevation[i - 1, j + 1]
            ) / (8.0 * cell)  # fmt: skip
            slope = math.atan(math.sqrt(dx * dx + dy * dy))
            aspect = math.atan2(dy, -dx)
            light = math.cos(zenith) * math.cos(slope)
            light += math.sin(zenith) * math.sin(slope) * math.cos(azimuth - aspect)
            shade[i, j] = max(0.0, light)
    return shade


def blur(image: Array, radius: int) -> Array:
    """Box blur of an 8-bit image."""
    rows, columns = image.shape
    out = np.zeros((rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            total = 0
            count = 0
            for v in range(max(0, y - radius), min(rows, y + radius + 1)):
                for u in range(max(0, x - radius), min(columns, x + radius + 1)):
                    total += int(image[v, u])
                    count += 1
            out[y, x] = total // count
    return out


def edges(image: Array) -> Array:
    """Magnitude of the Sobel gradient of an 8-bit image."""
    rows, columns = image.shape
    out = np.zeros((rows, columns))
    for y in range(1, rows - 1):
        for x in range(1, columns - 1):
            gx = 0.0
            gy = 0.0
            for k in range(-1, 2):
                weight = 2.0 - abs(k)
                gx += weight * (float(image[y + k, x + 1]) - float(image[y + k, x - 1]))
                gy += weight * (float(image[y + 1, x + k]) - float(image[y - 1, x + k]))
            out[y, x] = math.sqrt(gx * gx + gy * gy)
    return out


def histogram(image: Array) -> Array:
    """How often each of the 256 grey values occurs."""
    counts = np.zeros(256, np.int64)
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            counts[image[y, x]] += 1
    return counts


def kmeans(pixels: Array, centres: Array, rounds: int) -> Array:
    """Lloyd's algorithm: moves ``centres`` (k, 3) in place; the label of each pixel of (n, 3)."""
    n = pixels.shape[0]
    k = centres.shape[0]
    labels = np.zeros(n, np.int64)
    for _ in range(rounds):
        sums = np.zeros((k, 3))
        sizes = np.zeros(k, np.int64)
        for i in range(n):
            best = 0
            least = math.inf
            for c in range(k):
                d = 0.0
                for channel in range(3):
                    t = pixels[i, channel] - centres[c, channel]
                    d += t * t
                if d < least:
                    least = d
                    best = c
            labels[i] = best
            sizes[best] += 1
            for channel in range(3):
                sums[best, channel] += pixels[i, channel]
        for c in range(k):
            if sizes[c] > 0:
                for channel in range(3):
                    centres[c, channel] = sums[c, channel] / sizes[c]
    return labels


def mandelbrot(rows: int, columns: int, limit: int) -> Array:
    """Steps until z * z + c leaves the circle of radius 2."""
    out = np.zeros((rows, columns), np.int64)
    for y in range(rows):
        for x in range(columns):
            c = complex(-2.2 + 3.0 * x / columns, -1.2 + 2.4 * y / rows)
            z = 0j
            n = 0
            while n < limit and z.real * z.real + z.imag * z.imag <= 4.0:
                z = z * z + c
                n += 1
            out[y, x] = n
    return out


def nbody(position: Array, velocity: Array, mass: Array, steps: int, dt: float) -> float:
    """Leapfrog over ``steps`` of ``dt``, in place; the total energy at the end."""
    n = position.shape[0]
    for _ in range(steps):
        for i in range(n):
            for j in range(n):
                if i != j:
                    dx = position[j, 0] - position[i, 0]
                    dy = position[j, 1] - position[i, 1]
                    dz = position[j, 2] - position[i, 2]
                    r2 = dx * dx + dy * dy + dz * dz + 1e-3
                    pull = dt * mass[j] / (r2 * math.sqrt(r2))
                    velocity[i, 0] += pull * dx
                    velocity[i, 1] += pull * dy
                    velocity[i, 2] += pull * dz
        for i in range(n):
            for axis in range(3):
                position[i, axis] += dt * velocity[i, axis]
    energy = 0.0
    for i in range(n):
        v2 = 0.0
        for axis in range(3):
            v2 += velocity[i, axis] * velocity[i, axis]
        energy += 0.5 * mass[i] * v2
        for j in range(i):
            r2 = 1e-3
            for axis in range(3):
                d = position[i, axis] - position[j, axis]
                r2 += d * d
            energy -= mass[i] * mass[j] / math.sqrt(r2)
    return energy


def heat(grid: Array, steps: int) -> Array:
    """Explicit heat equation with fixed borders."""
    now = grid.copy()
    after = grid.copy()
    rows, columns = grid.shape
    for _ in range(steps):
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                around = now[i - 1, j] + now[i + 1, j] + now[i, j - 1] + now[i, j + 1]
                after[i, j] = now[i, j] + 0.2 * (around - 4.0 * now[i, j])
        now, after = after, now
    return now
