"""Methods of strs that are loops, in Python: compiled when a kernel uses them."""

from __future__ import annotations


def contains(s: str, part: str) -> bool:
    """``part in s``."""
    return find(s, part) >= 0


def find(s: str, part: str) -> int:
    """``s.find(part)``."""
    n = len(part)
    for i in range(len(s) - n + 1):
        if s[i : i + n] == part:
            return i
    return -1


def index(s: str, part: str) -> int:
    """``s.index(part)``."""
    at = find(s, part)
    if at < 0:
        raise ValueError("substring not found")
    return at


def rfind(s: str, part: str) -> int:
    """``s.rfind(part)``."""
    n = len(part)
    for i in range(len(s) - n, -1, -1):
        if s[i : i + n] == part:
            return i
    return -1


def count(s: str, part: str) -> int:
    """``s.count(part)``."""
    n = len(part)
    if n == 0:
        return len(s) + 1
    found = 0
    i = 0
    while i + n <= len(s):
        if s[i : i + n] == part:
            found += 1
            i += n
        else:
            i += 1
    return found


def startswith(s: str, part: str) -> bool:
    """``s.startswith(part)``."""
    return s[: len(part)] == part


def endswith(s: str, part: str) -> bool:
    """``s.endswith(part)``."""
    return len(part) <= len(s) and s[len(s) - len(part) :] == part


def strip(s: str, chars: str) -> str:
    """``s.strip(chars)``."""
    return lstrip(rstrip(s, chars), chars)


def lstrip(s: str, chars: str) -> str:
    """``s.lstrip(chars)``."""
    i = 0
    while i < len(s) and s[i] in chars:
        i += 1
    return s[i:]


def rstrip(s: str, chars: str) -> str:
    """``s.rstrip(chars)``."""
    i = len(s)
    while i > 0 and s[i - 1] in chars:
        i -= 1
    return s[:i]


def split(s: str, by: str) -> list[str]:
    """``s.split(by)``."""
    n = len(by)
    if n == 0:
        raise ValueError("empty separator")
    parts = []
    start = 0
    i = 0
    while i + n <= len(s):
        if s[i : i + n] == by:
            parts.append(s[start:i])
            i += n
            start = i
        else:
            i += 1
    parts.append(s[start:])
    return parts


def removeprefix(s: str, part: str) -> str:
    """``s.removeprefix(part)``."""
    return s[len(part) :] if startswith(s, part) else s


def removesuffix(s: str, part: str) -> str:
    """``s.removesuffix(part)``."""
    return s[: len(s) - len(part)] if len(part) > 0 and endswith(s, part) else s
