"""Dicts and sets in Python: compiled for the types of keys and values when a kernel uses them.

A dict is two lists. ``entries`` has (hash, key, value) in the order of insertion, for a set (hash, key); a deleted entry has the
hash -1.
``index`` is an open-addressing hash table: the number of live entries, the mask, then the places: the number of an entry, or -1.
It is empty for a dict that came from Python: the first operation makes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOW = 0x3FFFFFFFFFFFFFFF


def float_bits(x: float) -> int:
    """The bits of a float as an int (see `dicts`)."""
    raise AssertionError


def hash_of(key: Any) -> int:
    """A hash in 0 .. 2**62-1, the same for equal keys of one type."""
    if isinstance(key, tuple):
        h = 3430008
        for k in key:
            h = (h * 1000003 ^ hash_of(k)) & _LOW
        return h
    if isinstance(key, str):
        h = 5381
        for c in key:
            h = (h * 33 + ord(c)) & _LOW
    elif type(key) is int or type(key) is bool:
        h = int(key)
    else:
        x = float(key) + 0.0
        if x != x:
            raise TypeError("the dict already has no place for NaN: every NaN is another key")
        h = float_bits(x)
    h = ((h ^ h >> 32) * 0x2545F4914F6CDD1D) & _LOW
    return h ^ h >> 29


def live(entries: list[Any], index: list[int]) -> int:
    """``len(d)``."""
    return index[0] if len(index) > 0 else len(entries)


def rebuild(entries: list[Any], index: list[int]) -> None:
    """Drop deleted entries and make the index anew, with room."""
    fresh = len(index) == 0
    at = 0
    for i in range(len(entries)):
        entry = entries[i]
        if entry[0] >= 0:
            if fresh:
                entries[at] = (hash_of(entry[1]), *entry[1:])
            elif at != i:
                entries[at] = entry
            at += 1
    while len(entries) > at:
        entries.pop()
    size = 8
    while size * 2 < at * 3 + 6:
        size *= 2
    index.clear()
    index.append(at)
    index.append(size - 1)
    for _ in range(size):
        index.append(-1)
    for e in range(at):
        place(index, entries[e][0], e)


def place(index: list[int], h: int, e: int) -> None:
    """Note entry ``e`` in the first free place for its hash."""
    mask = index[1]
    i = h & mask
    while index[i + 2] >= 0:
        i = (i + 1) & mask
    index[i + 2] = e


def find(entries: list[Any], index: list[int], h: int, key: Any) -> int:
    """The number of the key's entry, or -1."""
    if len(index) == 0:
        if len(entries) == 0:
            return -1
        rebuild(entries, index)
    mask = index[1]
    i = h & mask
    while True:
        e = index[i + 2]
        if e < 0:
            return -1
        entry = entries[e]
        if entry[0] == h and entry[1] == key:
            return e
        i = (i + 1) & mask


def contains(entries: list[Any], index: list[int], key: Any) -> bool:
    """``key in d``."""
    return find(entries, index, hash_of(key), key) >= 0


def lookup(entries: list[Any], index: list[int], key: Any) -> Any:
    """``d[key]``."""
    e = find(entries, index, hash_of(key), key)
    if e < 0:
        raise KeyError(key)
    return entries[e][2]


def get(entries: list[Any], index: list[int], key: Any, default: Any) -> Any:
    """``d.get(key, default)``."""
    e = find(entries, index, hash_of(key), key)
    if e < 0:
        return default
    return entries[e][2]


def insert(entries: list[Any], index: list[int], h: int, entry: Any) -> None:
    """A new entry."""
    if len(index) == 0 or (len(entries) + 1) * 3 > (index[1] + 1) * 2:
        rebuild(entries, index)
    place(index, h, len(entries))
    entries.append(entry)
    index[0] += 1


def store(entries: list[Any], index: list[int], key: Any, value: Any) -> None:
    """``d[key] = value``: an equal key stays."""
    h = hash_of(key)
    e = find(entries, index, h, key)
    if e >= 0:
        entries[e] = (h, entries[e][1], value)
    else:
        insert(entries, index, h, (h, key, value))


def setdefault(entries: list[Any], index: list[int], key: Any, value: Any) -> Any:
    """``d.setdefault(key, value)``."""
    h = hash_of(key)
    e = find(entries, index, h, key)
    if e >= 0:
        return entries[e][2]
    insert(entries, index, h, (h, key, value))
    return value


def drop(entries: list[Any], index: list[int], e: int) -> None:
    """Delete entry ``e``."""
    entries[e] = (-1, *entries[e][1:])
    index[0] -= 1


def delete(entries: list[Any], index: list[int], key: Any) -> None:
    """``del d[key]``."""
    e = find(entries, index, hash_of(key), key)
    if e < 0:
        raise KeyError(key)
    drop(entries, index, e)


def pop(entries: list[Any], index: list[int], key: Any) -> Any:
    """``d.pop(key)``."""
    e = find(entries, index, hash_of(key), key)
    if e < 0:
        raise KeyError(key)
    value = entries[e][2]
    drop(entries, index, e)
    return value


def pop_or(entries: list[Any], index: list[int], key: Any, default: Any) -> Any:
    """``d.pop(key, default)``."""
    e = find(entries, index, hash_of(key), key)
    if e < 0:
        return default
    value = entries[e][2]
    drop(entries, index, e)
    return value


def popitem(entries: list[Any], index: list[int]) -> Any:
    """``d.popitem()``: the last one."""
    if live(entries, index) == 0:
        raise KeyError("popitem(): dictionary is empty")
    if len(index) == 0:
        rebuild(entries, index)
    e = len(entries) - 1
    while entries[e][0] < 0:
        e -= 1
    entry = entries[e]
    drop(entries, index, e)
    return entry[1], entry[2]


def clear(entries: list[Any], index: list[int]) -> None:
    """``d.clear()``."""
    while len(entries) > 0:
        entries.pop()
    index.clear()


def copy_into(entries: list[Any], index: list[int], other: list[Any], other_index: list[int]) -> None:
    """Put all entries of another dict in."""
    if len(other_index) == 0 and len(other) > 0:
        rebuild(other, other_index)
    for i in range(len(other)):
        entry = other[i]
        h = entry[0]
        if h >= 0:
            e = find(entries, index, h, entry[1])
            if e >= 0:
                entries[e] = (h, entries[e][1], *entry[2:])
            else:
                insert(entries, index, h, entry)


def equal(entries: list[Any], index: list[int], other: list[Any], other_index: list[int]) -> bool:
    """``d == other``."""
    if live(entries, index) != live(other, other_index):
        return False
    if len(other_index) == 0 and len(other) > 0:
        rebuild(other, other_index)
    for entry in other:
        if entry[0] >= 0:
            e = find(entries, index, entry[0], entry[1])
            if e < 0 or entries[e][1:] != entry[1:]:
                return False
    return True


def keys(entries: list[Any], index: list[int]) -> Iterator[Any]:
    """Iteration over a dict."""
    n = live(entries, index)
    i = 0
    while True:
        if live(entries, index) != n:
            raise RuntimeError("dictionary changed size during iteration")
        if i >= len(entries):
            return
        entry = entries[i]
        i += 1
        if entry[0] >= 0:
            yield entry[1]


def values(entries: list[Any], index: list[int]) -> Iterator[Any]:
    """Iteration over ``d.values()``."""
    n = live(entries, index)
    i = 0
    while True:
        if live(entries, index) != n:
            raise RuntimeError("dictionary changed size during iteration")
        if i >= len(entries):
            return
        entry = entries[i]
        i += 1
        if entry[0] >= 0:
            yield entry[2]


def items(entries: list[Any], index: list[int]) -> Iterator[Any]:
    """Iteration over ``d.items()``."""
    n = live(entries, index)
    i = 0
    while True:
        if live(entries, index) != n:
            raise RuntimeError("dictionary changed size during iteration")
        if i >= len(entries):
            return
        entry = entries[i]
        i += 1
        if entry[0] >= 0:
            yield entry[1], entry[2]


def fill(target: dict[Any, Any], pairs: Any) -> None:
    """``target.update(pairs)``."""
    for k, v in pairs:
        target[k] = v


# -- sets ------------------------------------------------------------------------------------------------------------------------


def add(entries: list[Any], index: list[int], key: Any) -> None:
    """``s.add(key)``."""
    h = hash_of(key)
    if find(entries, index, h, key) < 0:
        insert(entries, index, h, (h, key))


def discard(entries: list[Any], index: list[int], key: Any) -> None:
    """``s.discard(key)``."""
    e = find(entries, index, hash_of(key), key)
    if e >= 0:
        drop(entries, index, e)


def fill_set(target: set[Any], values: Any) -> None:
    """``target.update(values)``."""
    for v in values:
        target.add(v)


def keep_common(target: set[Any], a: Any, b: set[Any]) -> None:
    """``target |= a & b``."""
    for v in a:
        if v in b:
            target.add(v)


def keep_missing(target: set[Any], a: Any, b: set[Any]) -> None:
    """``target |= a - b``."""
    for v in a:
        if v not in b:
            target.add(v)


def is_subset(a: Any, b: set[Any]) -> bool:
    """``a <= b``."""
    for v in a:  # noqa: SIM110
        if v not in b:
            return False
    return True
