"""Control flow of decoded code: basic blocks, natural loops, liveness of names.

Bytecode order is a topological order of the forward edges (CPython emits structured code), so a jump to an earlier index closes a
loop. Sets of names are bit masks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.bytecode.decode import decode, local_names, position, written_cells

if TYPE_CHECKING:
    from types import CodeType


class Loop:
    """A natural loop: its header's instruction index, the names stored in it, whether another loop or a call is inside."""

    __slots__ = ("blocks", "header", "inner", "stored")

    def __init__(self, header: int, stored: int, blocks: frozenset[int]) -> None:
        self.header = header
        self.stored = stored
        self.blocks = blocks
        self.inner = False


class Code:
    """A code object with all that translation asks about it; made once per code object."""

    __slots__ = (
        "captured", "co", "handlers", "instrs", "leaders", "lines", "live", "loops", "names", "offsets", "resumes", "size",
        "stored", "written",
    )  # fmt: skip

    def __init__(self, co: CodeType) -> None:
        self.co = co
        d = decode(co)
        self.instrs = d.instrs
        self.offsets = d.offsets
        self.lines = d.lines
        self.handlers = d.handlers
        self.names = local_names(co)
        self.size = len(d.instrs)
        #: names that inner functions capture: always live
        self.captured = sum(1 << i for i, name in enumerate(self.names) if name in co.co_cellvars)
        #: free variables that are assigned here: (slot, name), always live
        self.written = tuple([(self.names.index(name), name) for name in written_cells(co)]) if co.co_freevars else ()
        for slot, _ in self.written:
            self.captured |= 1 << slot
        self.leaders: set[int] = set()
        self.loops: dict[int, Loop] = {}
        self.live: dict[int, int] = {}
        #: generators: index of a YIELD -> where it goes on (the jumps behind it followed), whether it wants the value sent in
        self.resumes: dict[int, tuple[int, bool]] = {}
        self.stored = 0  # generators: names that are stored at all
        self._analyse()

    def position(self, index: int) -> tuple[int | None, int | None, int | None, int | None]:
        """The source position of an instruction."""
        return position(self.co, self.offsets[index])

    def _analyse(self) -> None:
        instrs = self.instrs
        leaders = {0}
        for i, (op, arg) in enumerate(instrs):
            if op in n.JUMPS:
                target = arg if arg.__class__ is int else arg[0]  # type: ignore[index]
                leaders.add(target)
                leaders.add(i + 1)
            elif op in n.ENDS:
                leaders.add(i + 1)
                if op == n.YIELD:
                    at, wants = i + 1, True
                    if instrs[at] == (n.POP, 1):
                        at, wants = at + 1, False
                    while instrs[at][0] == n.JUMP:
                        at = instrs[at][1]  # type: ignore[assignment]
                    self.resumes[i] = at, wants
                    leaders.add(at)
        if self.handlers is not None:
            leaders.update([h.target for h in self.handlers if h is not None])
        leaders.discard(len(instrs))
        order = sorted(leaders)
        succs: dict[int, list[int]] = {}
        preds: dict[int, list[int]] = {b: [] for b in order}
        uses: dict[int, int] = {}
        defs: dict[int, int] = {}
        back: list[tuple[int, int]] = []
        raising: dict[int, list[int]] = {}  # where exceptions go from inside a block
        for k, start in enumerate(order):
            end = order[k + 1] if k + 1 < len(order) else len(instrs)
            use = define = 0
            for i in range(start, end):
                op, arg = instrs[i]
                if op == n.LOAD_LOCAL or op == n.LOAD_CLEAR:
                    if not define >> arg & 1:  # type: ignore[operator]
                        use |= 1 << arg  # type: ignore[operator]
                elif op == n.STORE_LOCAL or op == n.DELETE_LOCAL:
                    define |= 1 << arg  # type: ignore[operator]
            uses[start], defs[start] = use, define
            op, arg = instrs[end - 1]
            out: list[int] = []
            if op in n.JUMPS:
                out.append(arg if arg.__class__ is int else arg[0])  # type: ignore[index]
            if op not in n.ENDS and end < len(instrs):
                out.append(end)
            succs[start] = out
            if self.handlers is not None:
                raising[start] = [h.target for h in {id(h): h for h in self.handlers[start:end] if h is not None}.values()]
                out.extend([t for t in raising[start] if t not in out])
        # Handlers of ``with`` and cleanups are reached by exceptions alone: their jumps back into the function make no loops.
        reached = {0, *[at for at, _ in self.resumes.values()]}
        stack = list(reached)
        while stack:
            for s in succs[stack.pop()]:
                if s not in reached:
                    reached.add(s)
                    stack.append(s)
        order = [b for b in order if b in reached]
        for start in order:
            for s in succs[start]:
                preds[s].append(start)
                if s <= start:
                    back.append((start, s))
        for i, (at, _) in self.resumes.items():
            block = max([b for b in order if b <= i])
            succs[block] = [at]  # for liveness alone: a generator's loops go through its consumer
        if self.resumes:
            for b in order:
                self.stored |= defs[b]
        # Liveness: backward to a fixed point; loops are few and shallow.
        live = dict.fromkeys(order, 0)
        changed = True
        while changed:
            changed = False
            for b in reversed(order):
                out_live = 0
                for s in succs[b]:
                    out_live |= live[s]
                now = uses[b] | out_live & ~defs[b]
                for s in raising.get(b, ()):
                    now |= live[s]
                if now != live[b]:
                    live[b] = now
                    changed = True
        self.leaders = leaders
        self.live = {b: m | self.captured for b, m in live.items()}
        assigned = 0  # what inner functions assign may change in any loop that calls them
        if self.co.co_cellvars:
            for name in _assigned_inside(self.co):
                if name in self.co.co_cellvars:
                    assigned |= 1 << self.names.index(name)
        bodies: dict[int, set[int]] = {}
        for source, header in back:
            body = bodies.setdefault(header, {header})
            stack.append(source)
            while stack:
                b = stack.pop()
                if b not in body:
                    body.add(b)
                    stack.extend(preds[b])
        for header, body in bodies.items():
            stored = assigned
            for b in body:
                stored |= defs[b]
            self.loops[header] = Loop(header, stored, frozenset(body))
        for loop in self.loops.values():
            loop.inner = any(h != loop.header and h in loop.blocks for h in self.loops)


def _assigned_inside(co: CodeType) -> set[str]:
    """Names of enclosing functions that functions defined in ``co`` assign."""
    found: set[str] = set()
    for inner in co.co_consts:
        if hasattr(inner, "co_code"):
            found.update(written_cells(inner))
            found.update(_assigned_inside(inner))
    return found


_codes: dict[CodeType, Code] = {}


def code_of(co: CodeType) -> Code:
    """The analysed form of a code object, cached."""
    code = _codes.get(co)
    if code is None:
        code = _codes[co] = Code(co)
    return code
