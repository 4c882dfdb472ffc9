"""Byte arrays: parsing and scanning."""

import numpy as np


def parse_ints(text, out):
    count = 0
    value = 0
    inside = False
    negative = False
    for c in text:
        if 48 <= c <= 57:
            value = value * 10 + (int(c) - 48)
            inside = True
        elif c == 45:
            negative = True
        else:
            if inside:
                out[count] = -value if negative else value
                count += 1
            value = 0
            inside = False
            negative = False
    if inside:
        out[count] = -value if negative else value
        count += 1
    return count


def count_words(text):
    words = 0
    inside = False
    for i in range(text.shape[0]):
        c = text[i]
        space = c == 32 or c == 10 or c == 9
        if not space and not inside:
            words += 1
        inside = not space
    return words


def _numbers():
    values = np.random.default_rng(14).integers(-99_999, 99_999, 8_000)
    return np.frombuffer(" ".join(map(str, values)).encode(), np.uint8).copy()


KERNELS = [
    (parse_ints, lambda: (_numbers(), np.zeros(8_000, np.int64))),
    (count_words, lambda: (_numbers(),)),
]
