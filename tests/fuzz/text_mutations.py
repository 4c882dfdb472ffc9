"""Damaged text: tokens of a valid text dropped, doubled, exchanged, taken from elsewhere, or bytes changed."""

from __future__ import annotations

import random
import re

_TOKEN = re.compile(r"[A-Za-z_][\w.]*|\d+|\s+|.", re.DOTALL)
_ODD = (
    "0", "-1", "18446744073709551616", "0x", "v999999999", "block0", "(", ")", "{", "}", ",", ":", "=", "%", '"', "ss0",
    "i8x256", "\x00", "é", "@", "NaN", "-", "->", ";", "\n",
)  # fmt: skip


def damaged(text: str, r: random.Random) -> str:
    """``text`` with a few random changes."""
    tokens = _TOKEN.findall(text)
    for _ in range(r.choice((1, 1, 1, 2, 4))):
        if not tokens:
            break
        at = r.randrange(len(tokens))
        kind = r.random()
        if kind < 0.25:
            del tokens[at]
        elif kind < 0.4:
            tokens.insert(at, tokens[at])
        elif kind < 0.65:
            tokens[at] = r.choice(tokens)
        elif kind < 0.8:
            tokens[at] = r.choice(_ODD)
        elif kind < 0.9:
            other = r.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        else:
            end = at + r.randrange(1, 30)
            del tokens[at:end]
    return "".join(tokens)
