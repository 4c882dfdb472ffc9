"""Exception tables: which handler covers an instruction, and code with handlers put into topological order.

CPython moves handlers behind the code they guard, from where they jump back; translation wants bytecode order to be a topological
order of the forward edges. `order` restores that for functions with ``try``: Kahn's algorithm over the blocks, back edges left out,
that stays in the innermost loop it is in and else takes blocks as they were written.

What needs no translation is skipped: the exit of ``with`` (the one manager there is swallows nothing), the restoring of the
interpreter's exception state around handlers, and what generators do about StopIteration. Code that has no other handlers counts as
having none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.bytecode import instructions as n

if TYPE_CHECKING:
    from types import CodeType


class Handler:
    """Where an exception goes: the instruction, the stack's depth there, whether the raising instruction's place lies on it."""

    __slots__ = ("depth", "lasti", "target")

    def __init__(self, target: int, depth: int, lasti: bool) -> None:
        self.target = target
        self.depth = depth
        self.lasti = lasti


def table(co: CodeType) -> list[tuple[int, int, int, int]]:
    """The entries of the exception table in code units: (start, end, target, depth * 2 + lasti)."""
    raw = co.co_exceptiontable
    at = 0

    def number() -> int:
        nonlocal at
        byte = raw[at]
        at += 1
        value = byte & 63
        while byte & 64:
            byte = raw[at]
            at += 1
            value = value << 6 | byte & 63
        return value

    entries = []
    while at < len(raw):
        start, length, target, depth = number(), number(), number(), number()
        entries.append((start, start + length, target, depth))
    return entries


def cover(co: CodeType, instrs: list[Any], index_of: list[int]) -> list[Handler | None] | None:
    """The handler of each instruction; None for code without ``try``."""
    entries = [(index_of[a], index_of[b], index_of[t], d) for a, b, t, d in table(co)]
    targets = {t for _, _, t, _ in entries}
    if not any(_is_try(instrs, t) for t in targets):
        return None
    own: list[Handler | None] = [None] * len(instrs)
    for start, end, target, depth in entries:
        handler = Handler(target, depth >> 1, bool(depth & 1))
        for i in range(start, end):
            own[i] = handler
    for i, found in enumerate(own):
        while found is not None and _is_nothing(instrs, found.target):
            found = own[found.target]
        own[i] = found
    return own


def _is_try(instrs: list[Any], target: int) -> bool:
    return bool(instrs[target][0] == n.PUSH_EXC and instrs[target + 1][0] != n.EXIT_WITH)


def _is_nothing(instrs: list[Any], target: int) -> bool:
    """Whether a handler only goes on to the next one."""
    ops = [op for op, _ in instrs[target : target + 3]]
    return ops[0] == n.UNSUPPORTED or ops[:2] == [n.PUSH_EXC, n.EXIT_WITH] or ops == [n.COPY, n.POP_EXC, n.RERAISE]


def order(instrs: list[Any], handlers: list[Handler | None]) -> list[int]:
    """The instructions' indices in an order of blocks in which every edge but loops' back edges goes forward; see `rearrange`."""
    starts = {0}
    for i, (op, arg) in enumerate(instrs):
        if op in n.JUMPS:
            starts.add(arg if arg.__class__ is int else arg[0])
            starts.add(i + 1)
        elif op in n.ENDS:
            starts.add(i + 1)
    starts.update([h.target for h in handlers if h is not None])
    starts.discard(len(instrs))
    leaders = sorted(starts)
    ends = dict(zip(leaders, [*leaders[1:], len(instrs)], strict=True))
    succs: dict[int, list[int]] = {}
    for start in leaders:
        op, arg = instrs[ends[start] - 1]
        out = []
        if op in n.JUMPS:
            out.append(arg if arg.__class__ is int else arg[0])
        if op not in n.ENDS and ends[start] < len(instrs):
            out.append(ends[start])
        found = {h.target for h in handlers[start : ends[start]] if h is not None}
        succs[start] = [*out, *sorted(found - set(out))]
    back = _back_edges(succs)
    loops = _loops(succs, back)
    waits = dict.fromkeys(leaders, 0)
    reached = _reached(succs)
    for b in reached:
        for s in succs[b]:
            waits[s] += (b, s) not in back
    ready = {0}
    placed: list[int] = []
    while ready:
        pick = min(ready)
        for body in loops.get(placed[-1], ()) if placed else ():
            inside = ready & body
            if inside:
                pick = min(inside)
                break
        ready.discard(pick)
        placed.append(pick)
        for s in succs[pick]:
            if (pick, s) not in back:
                waits[s] -= 1
                if not waits[s]:
                    ready.add(s)
    return [i for b in placed for i in range(b, ends[b])]


def _reached(succs: dict[int, list[int]]) -> set[int]:
    reached, stack = {0}, [0]
    while stack:
        for s in succs[stack.pop()]:
            if s not in reached:
                reached.add(s)
                stack.append(s)
    return reached


def _back_edges(succs: dict[int, list[int]]) -> set[tuple[int, int]]:
    """Edges to a block that the search is still in."""
    back: set[tuple[int, int]] = set()
    state: dict[int, int] = {0: 0}
    stack = [0]
    while stack:
        b = stack[-1]
        k = state[b]
        if k < len(succs[b]):
            state[b] = k + 1
            s = succs[b][k]
            if s not in state:
                state[s] = 0
                stack.append(s)
            elif state[s] >= 0:
                back.add((b, s))
        else:
            state[b] = -1
            stack.pop()
    return back


def _loops(succs: dict[int, list[int]], back: set[tuple[int, int]]) -> dict[int, list[set[int]]]:
    """The bodies of the loops around each block, the innermost first."""
    preds: dict[int, list[int]] = {b: [] for b in succs}
    for b, out in succs.items():
        for s in out:
            preds[s].append(b)
    bodies: dict[int, set[int]] = {}
    for source, header in back:
        body = bodies.setdefault(header, {header})
        stack = [source]
        while stack:
            b = stack.pop()
            if b not in body:
                body.add(b)
                stack.extend(preds[b])
    around: dict[int, list[set[int]]] = {}
    for body in sorted(bodies.values(), key=len):
        for b in body:
            around.setdefault(b, []).append(body)
    return around


def rearrange(
    instrs: list[Any], offsets: list[int], lines: list[int], handlers: list[Handler | None]
) -> tuple[list[Any], list[int], list[int], list[Handler | None]]:
    """Everything in the order of `order`: jumps and handlers lead to the new places, broken falls become jumps."""
    new_instrs: list[Any] = []
    new_offsets: list[int] = []
    new_lines: list[int] = []
    new_handlers: list[Handler | None] = []
    place: dict[int, int] = {}
    sequence = order(instrs, handlers)
    for k, i in enumerate(sequence):
        place[i] = len(new_instrs)
        new_instrs.append(instrs[i])
        new_offsets.append(offsets[i])
        new_lines.append(lines[i])
        new_handlers.append(handlers[i])
        following = sequence[k + 1] if k + 1 < len(sequence) else -1
        if following != i + 1 and instrs[i][0] not in n.ENDS:
            new_instrs.append((n.JUMP, i + 1))
            new_offsets.append(offsets[i])
            new_lines.append(lines[i])
            new_handlers.append(None)
    for i, (op, arg) in enumerate(new_instrs):
        if op in n.JUMPS:
            new_instrs[i] = (op, place[arg] if arg.__class__ is int else (place[arg[0]], *arg[1:]))
    moved = {id(h): Handler(place[h.target], h.depth, h.lasti) for h in new_handlers if h is not None}
    return new_instrs, new_offsets, new_lines, [moved[id(h)] if h is not None else None for h in new_handlers]
