"""Parallel moves: a set of copies that happen at once, put into an order that a machine can execute.

In come ``(source, destination, class)`` triples whose destinations are distinct; a location is a preg (``>= 0``), a
spill slot (``< 0``), or, as a source only, ``("remat", inst)``. Out comes a list of the same triples, to be executed
one after the other, in which no move goes from slot to slot. A move is ready when nobody still reads its destination;
what is left when no move is ready are cycles, broken by saving one member in the scratch register of its class. A
cycle that itself needs the scratch register (it moves slot to slot) saves the member in a spare slot instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jitpy.backend.target.row import REMAT_SLOT


def sequence_moves(
    moves: Sequence[tuple[Any, int, int]], scratch: Sequence[int], spare_slot: Callable[[int], int]
) -> list[tuple[Any, int, int]]:
    """Order ``moves``; ``spare_slot(class)`` names a slot that is free here."""
    out: list[tuple[Any, int, int]] = []
    if len(moves) == 1:
        src, dst, cls = moves[0]
        if src != dst:
            _emit(out, src, dst, cls, scratch)
        return out
    if {move[0] for move in moves}.isdisjoint([move[1] for move in moves]):  # no move waits for another
        for src, dst, cls in reversed(moves):
            _emit(out, src, dst, cls, scratch)
        return out
    pending: dict[int, tuple[Any, int]] = {}
    readers: dict[int, int] = {}
    for src, dst, cls in moves:
        if src != dst:
            pending[dst] = (src, cls)
            if src.__class__ is int:
                readers[src] = readers.get(src, 0) + 1
    ready = [dst for dst in pending if dst not in readers]
    while ready:
        dst = ready.pop()
        src, cls = pending.pop(dst)
        _emit(out, src, dst, cls, scratch)
        if src.__class__ is int:
            left = readers[src] = readers[src] - 1
            if not left and src in pending:
                ready.append(src)
    while pending:
        # Every destination left is read by exactly one move left: pure cycles.
        first = next(iter(pending))
        cycle = []
        at: Any = first
        while at in pending:
            src, cls = pending.pop(at)
            cycle.append((src, at, cls))
            at = src
        saved_class = cycle[-1][2]
        if any(src < 0 and dst < 0 for src, dst, _ in cycle[:-1]) or (cycle[-1][1] < 0 and first < 0):
            temp = spare_slot(saved_class)
        else:
            temp = scratch[saved_class]
        _emit(out, first, temp, saved_class, scratch)
        for src, dst, cls in cycle[:-1]:
            _emit(out, src, dst, cls, scratch)
        _emit(out, temp, cycle[-1][1], saved_class, scratch)
    return out


def _emit(
    out: list[tuple[Any, int, int]], src: Any, dst: int, cls: int, scratch: Sequence[int]
) -> None:
    if dst < 0:
        if src.__class__ is not int:
            # A row that can write memory does so: the scratch register may be of another file, where its encoding means nothing.
            through = not src[1].row.flags & REMAT_SLOT
        else:
            through = src < 0
        if through:
            out.append((src, scratch[cls], cls))
            src = scratch[cls]
    out.append((src, dst, cls))
