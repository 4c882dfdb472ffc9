"""One Python function being walked: block versioning.

An *edge* is a jump whose target block does not exist yet: the terminator's number, which of its targets it is, and the abstract
state (names and stack) that goes along it. Edges wait at the instruction they lead to. The lowest waiting instruction goes first;
as bytecode order is topological, all forward edges into it have arrived by then. Its edges are grouped by what can share a block
(`state.join`); each group becomes a *version*: a block whose parameters are the parts that differ among the edges, or that the
loop it heads will change. The version is then walked instruction by instruction up to the next edge.

A back edge that fits its loop's version jumps to it. If only numbers must widen for that (``s = 0.0`` meeting a float64), the loop
is taken back and translated anew with the wider shape, once. If not, it waits as an edge like any other and makes another version:
the first iteration is peeled. Taking back is cheap because everything is appended: `mark` and `rewind`.

An operation that can tell the alternatives of an `EitherVal` raises `Fork`: the instruction is rewound, a branch on the flag is
made, and the walk continues separately for each.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.errors import SourceError
from jitpy.frontend.library.registry import is_library
from jitpy.frontend.translate.state import DEAD, convert, join, runtime_shape, same
from jitpy.frontend.translate.translator import Fork
from jitpy.frontend.values import Const, EitherVal, Iterator, Marker, Val, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.frontend.bytecode.flow import Code
    from jitpy.frontend.translate.function_options import FunctionOptions
    from jitpy.frontend.translate.translator import Translator

#: Versions of one block by type (C5), copies of it in all (loops in versions of loops), and of one that stands in unrolled loops.
MAX_VERSIONS = 4
MAX_COPIES = 12
MAX_UNROLLED = 256


class TooManyVersions(Exception):
    """Versions by type are more than `MAX_VERSIONS`: to be tried anew with Python's and NumPy's numbers joined."""


class Edge:
    """A jump waiting for its target: terminator ``inst`` of block ``bb``, target number ``slot``, and the state."""

    __slots__ = ("bb", "inst", "slot", "state")

    def __init__(self, bb: int, inst: int, slot: int, state: tuple[Value, ...]) -> None:
        self.bb = bb
        self.inst = inst
        self.slot = slot
        self.state = state  # names, then stack


class Version:
    """A translated block: the shape of its state, the SSA value of each part, which parts are parameters."""

    __slots__ = ("block", "edges", "header", "keys", "params", "shapes", "snapshot", "values")

    def __init__(
        self, block: int, shapes: tuple[Value, ...], values: list[tuple[int, ...]], params: list[tuple[bool, ...]],
        edges: list[Edge], header: bool, snapshot: Any, keys: Any,
    ) -> None:  # fmt: skip
        self.block = block
        self.shapes = shapes
        self.values = values
        self.params = params
        self.edges = edges
        self.header = header
        self.snapshot = snapshot
        self.keys = keys


def _other_turn(state: Sequence[Value], shapes: Sequence[Value]) -> bool:
    """Whether the states stand at different turns of an unrolled loop: a look at its iterator says so, which matters where
    the versions are many."""
    if not state or not isinstance(state[-1], Iterator) or not state[-1].unrolled():
        return False
    shape = shapes[-1]
    return shape.__class__ is not state[-1].__class__ or shape.static() != state[-1].static()


class _Retry(Exception):
    """A loop's version is to be taken back and made with wider shapes."""

    def __init__(self, version: Version, index: int) -> None:
        self.version = version
        self.index = index


class Frame:
    """The walk over one function's code. Leaves edges in ``returns``."""

    __slots__ = (
        "call_site",
        "code",
        "depth",
        "enclosing",
        "forked",
        "free",
        "globals",
        "heap",
        "identity",
        "index",
        "kinds",
        "line",
        "locals",
        "made",
        "name",
        "next_cell",
        "options",
        "outer",
        "outer_handler",
        "owner",
        "parameters",
        "pending",
        "ready",
        "returns",
        "stack",
        "tr",
        "versions",
        "widened",
        "yields",
    )  # fmt: skip

    def __init__(
        self, tr: Translator, code: Code, name: str, globals: dict[str, Any], free: Any, outer: Frame | None, call_site: int,
        options: FunctionOptions | None = None,
    ) -> None:  # fmt: skip
        self.tr = tr
        #: The function's own, or those of the frame around it.
        self.options: FunctionOptions = options if outer is None or options is not None else outer.options.inherited  # type: ignore[assignment]
        self.code = code
        self.name = name
        self.globals = globals
        self.free = free  # name -> Value, or raises a SourceError
        self.outer = outer
        self.depth: int = outer.depth + 1 if outer is not None else 0
        self.call_site = call_site
        self.locals: list[Value] = []
        self.stack: list[Value] = []
        self.index = 0
        self.line = code.lines[0] if code.lines else code.co.co_firstlineno
        self.heap: list[int] = []
        self.pending: dict[int, list[Edge]] = {}
        self.versions: dict[int, list[Version]] = {}
        self.made: list[int] = []  # where versions were made, in order: what a snapshot of them needs
        self.ready: list[tuple[int, int, list[Value], list[Value]]] = []
        self.returns: list[Edge] = []
        self.yields: list[Edge] = []
        self.outer_handler = tr.handler
        self.enclosing: Frame | None = None  # whose cells `nonlocal` assigns
        self.widened: dict[Any, tuple[Value, ...]] = tr.compilation.widened
        #: id of a value -> (it, key and parts of the EitherVal it was)
        self.forked: dict[int, tuple[Value, tuple[Any, tuple[int, ...]]]] = {}
        self.kinds: bool = tr.compilation.kinds

    def position(self) -> tuple[int | None, int | None, int | None, int | None]:
        """The source position of the current instruction."""
        index = self.index
        place = self.code.position(index)
        while index > 0 and place[0] == place[1] and place[2] == place[3]:  # a return that nobody wrote has no width
            index -= 1
            place = self.code.position(index)
        return place

    # -- taking back -----------------------------------------------------------------------------------------------------

    def mark(self) -> tuple[int, int, int, int, int, int, int]:
        """Where emission stands now; `rewind` goes back there, provided that the frame's own state is restored by the caller."""
        f = self.tr.func
        bb = self.tr.bb
        return (
            len(f.insts), len(f.value_types), len(f.block_insts), bb, len(f.block_insts[bb]), len(self.tr.journal),
            len(self.tr.raised),
        )  # fmt: skip

    def rewind(self, mark: tuple[int, int, int, int, int, int, int]) -> None:
        """Undo everything emitted since ``mark``."""
        tr, f = self.tr, self.tr.func
        insts, values, blocks, bb, length, journal, raised = mark
        del tr.raised[raised:]
        undo = tr.journal
        while len(undo) > journal:
            undo.pop()()
        del f.insts[insts:], f.results[insts:], f.srclocs[insts:]
        del f.value_types[values:], f.value_defs[values:]
        del f.block_insts[blocks:], f.block_params[blocks:], f.layout[blocks:]
        del f.block_insts[bb][length:]
        for table in (tr.counted, tr.headers, tr.stepped):
            while table and next(reversed(table)) >= blocks:
                table.popitem()
        tr.bb = bb
        tr.iconsts = {k: v for k, v in tr.iconsts.items() if v < values}

    def _snapshot(self) -> Any:
        return (
            self.mark(), list(self.heap), {k: list(v) for k, v in self.pending.items()}, len(self.made), len(self.returns),
            len(self.yields),
        )  # fmt: skip

    def _restore(self, snapshot: Any) -> None:
        mark, heap, pending, made, returns, yields = snapshot
        self.rewind(mark)
        self.heap = list(heap)
        self.pending = {k: list(v) for k, v in pending.items()}
        while len(self.made) > made:
            self.versions[self.made.pop()].pop()
        self.ready = []
        del self.returns[returns:]
        del self.yields[yields:]

    def settle_stack(self) -> None:
        """Compute what is lazy on the stack: control may leave, or memory change."""
        stack = self.stack
        for i, v in enumerate(stack):
            if v.lazy:
                stack[i] = self.tr.settle(v)

    # -- edges -----------------------------------------------------------------------------------------------------------

    def edge(self, index: int, inst: int, slot: int, stack: Sequence[Value]) -> None:
        """An edge with the current names and this stack to instruction ``index``."""
        self._add(index, Edge(self.tr.bb, inst, slot, self.state(self.code.live.get(index), stack)))

    def state(self, live: int | None, stack: Sequence[Value]) -> tuple[Value, ...]:
        """What goes along an edge: the names that are ``live`` (a mask, None for all) and a stack."""
        names = self.locals
        if live is not None:
            state = [v if live >> i & 1 else DEAD for i, v in enumerate(names)]
        else:
            state = list(names)
        state.extend(stack)
        return tuple(state)

    def raised(self) -> None:
        """The instruction is done: its edges to handlers of this frame count; those of outer frames wait for theirs."""
        waiting = self.tr.raised
        own = [(index, edge) for frame, index, edge in waiting if frame is self]
        waiting[:] = [r for r in waiting if r[0] is not self]
        for index, edge in own:
            self._add(index, edge)

    def _add(self, index: int, edge: Edge) -> None:
        known = self.versions.get(index)
        if known:
            if self._enter_any(known, edge):
                return
            loop = self.code.loops.get(index)
            if loop is not None and index <= self.index:
                for version in known:
                    if version.header and self._widen(version, edge, index):
                        raise _Retry(version, index)
        waiting = self.pending.get(index)
        if waiting is None:
            self.pending[index] = [edge]
            heappush(self.heap, index)
        else:
            waiting.append(edge)

    def jump_edge(self, index: int, stack: Sequence[Value]) -> None:
        """End the block with a jump along an edge."""
        self.edge(index, self.tr.open_jump(), 0, stack)

    def _enter_any(self, known: list[Version], edge: Edge) -> bool:
        for version in known:  # noqa: SIM110  no generator on a hot path
            if self._enter_existing(version, edge):
                return True
        return False

    def _enter_existing(self, version: Version, edge: Edge) -> bool:
        state = edge.state
        if len(state) != len(version.shapes):
            return False
        if _other_turn(state, version.shapes):
            return False
        for v, shape, values, params in zip(state, version.shapes, version.values, version.params, strict=True):
            if shape is DEAD or v is shape:
                continue
            if v is DEAD:
                return False
            if shape.__class__ is EitherVal and True not in params and self._origin(v) == (shape.key(), values):
                continue
            j = join(shape, v, self.kinds)
            if j is None or j is DEAD or (j is not shape and j.key() != shape.key()):
                return False
            if shape.key() == v.key():
                parts = v.parts()
                for p, q, is_param in zip(parts, values, params, strict=True):
                    if not is_param and p != q:
                        return False
            elif not all(params):
                return False
        args = self._edge_args(edge, version)
        if args is None:
            return False
        self.tr.close(edge.inst, edge.slot, version.block, args)
        return True

    def _edge_args(self, edge: Edge, version: Version) -> tuple[int, ...] | None:
        """The arguments of an edge into a version; constants go before the edge's terminator."""
        tr = self.tr
        out: list[int] = []
        saved = None
        for v, shape, params in zip(edge.state, version.shapes, version.params, strict=True):
            if not params or True not in params:
                continue
            if v.key() == shape.key():
                parts: tuple[int, ...] | None = v.parts()
            else:
                if saved is None:
                    saved = tr.open_before(edge.bb)
                parts = convert(tr, v, shape)
                if parts is None:
                    tr.close_before(saved)
                    return None
            out.extend(p for p, is_param in zip(parts, params, strict=True) if is_param)  # type: ignore[arg-type]
        if saved is not None:
            tr.close_before(saved)
        return tuple(out)

    def _widen(self, version: Version, edge: Edge, index: int) -> bool:
        """Whether wider shapes would let the back edge in; remembers them for the retry."""
        if len(edge.state) != len(version.shapes) or _other_turn(edge.state, version.shapes):
            return False
        loop = self.code.loops[index]
        # What the loop began with, before its numbers were allowed to vary, decides what may be widened.
        shapes: list[Value] = []
        count = len(self.locals)
        for i, (v, shape) in enumerate(zip(edge.state, version.shapes, strict=True)):
            if shape is DEAD:
                shapes.append(shape)
                continue
            wide: Value | None = join(shape, v, self.kinds)
            if wide is None:
                first = self._entry_shape(version, i)
                wide = join(first, v, self.kinds) if first is not None else None
            if wide is None or wide is DEAD:
                return False
            stored = i >= count or loop.stored >> i & 1
            if not stored and not same(v, shape.with_parts(version.values[i])):
                # An empty list whose item type the loop decided is the same list.
                if wide.__class__ is not Val or v.parts() != version.values[i]:
                    return False
            shapes.append(wide)
        key = (self.code, self.call_site, index, version.keys)
        old = self.widened.get(key)
        if old is not None:  # grows only, or one back edge would undo what another asked for, without end
            for i, shape in enumerate(old):
                wide = join(shape, shapes[i], self.kinds)
                if wide is None:
                    return False
                shapes[i] = wide
            if [s.key() for s in old] == [s.key() for s in shapes]:
                return False
        self.widened[key] = tuple(shapes)
        return True

    def _entry_shape(self, version: Version, slot: int) -> Value | None:
        shape: Value | None = None
        for edge in version.edges:
            v = edge.state[slot]
            shape = v if shape is None else join(shape, v, self.kinds)
            if shape is None:
                return None
        return shape

    def _origin(self, v: Value) -> Any:
        """Key and parts of the `EitherVal` that ``v`` was before a fork, else None: unless assigned to, it still is."""
        found = self.forked.get(id(v))
        return found[1] if found is not None else None

    # -- versions ----------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Walk until no edge waits."""
        while True:
            try:
                while self.ready:
                    index, bb, names, stack = self.ready.pop()
                    self.tr.use(bb)
                    self.locals, self.stack = names, stack
                    self.walk(index)
                if not self.heap:
                    return
                index = heappop(self.heap)
                self._enter(index, self.pending.pop(index))
            except _Retry as retry:
                self._restore(retry.version.snapshot)
                self._enter_group(retry.index, retry.version.edges)

    def _enter(self, index: int, edges: list[Edge]) -> None:
        groups: list[tuple[list[Edge], list[Value]]] = []
        known = self.versions.get(index)
        for edge in edges:
            if known and self._enter_any(known, edge):
                continue
            for members, shapes in groups:
                if len(shapes) != len(edge.state):
                    continue
                joined = []
                for shape, v in zip(shapes, edge.state, strict=True):
                    s = join(shape, v, self.kinds)
                    if s is None:
                        break
                    joined.append(s)
                else:
                    members.append(edge)
                    shapes[:] = joined
                    break
            else:
                groups.append(([edge], list(edge.state)))
        for members, _ in groups[1:]:  # wait their turn
            waiting = self.pending.get(index)
            if waiting is None:
                self.pending[index] = members
                heappush(self.heap, index)
            else:
                waiting.extend(members)
        if groups:
            self._enter_group(index, groups[0][0])

    def _enter_group(self, index: int, edges: list[Edge]) -> None:
        tr = self.tr
        code = self.code
        loop = code.loops.get(index)
        header = loop is not None
        n_locals = len(code.names)
        shapes = list(edges[0].state)
        for edge in edges[1:]:
            for i, v in enumerate(edge.state):
                if shapes[i] is not v:
                    s = join(shapes[i], v, self.kinds)
                    assert s is not None
                    shapes[i] = s
        known = self.versions.setdefault(index, [])
        self._limit(index, known, shapes)
        if not header and len(edges) == 1 and tr.reopen(edges[0].inst, edges[0].bb):
            # A jump that nobody else takes: the block simply goes on.
            state = edges[0].state
            self.locals, self.stack = list(state[:n_locals]), list(state[n_locals:])
            self.walk(index)
            return
        keys = tuple([s.key() for s in shapes]) if header else None
        snapshot = None
        tr.bb = edges[0].bb
        if header:
            snapshot = self._snapshot()
            wider = self.widened.get((code, self.call_site, index, keys))
            if wider is not None:
                shapes = [j if (j := join(s, w, self.kinds)) is not None else w for s, w in zip(shapes, wider, strict=True)]
        block = tr.block()
        values: list[tuple[int, ...]] = []
        params: list[tuple[bool, ...]] = []
        state_values: list[Value] = []
        loop_top = header and code.instrs[index][0] == n.FOR_ITER
        last = len(shapes) - 1
        for i, shape in enumerate(shapes):
            if shape.__class__ is Marker:
                values.append(())
                params.append(())
                state_values.append(shape)
                continue
            forced: Any = ()
            if header:
                if i < n_locals:
                    if loop.stored >> i & 1:  # type: ignore[union-attr]
                        shape = shapes[i] = runtime_shape(shape)
                        forced = range(1 << 30)
                elif i == last and loop_top and isinstance(shape, Iterator):
                    forced = shape.varying()
            types = shape.part_types()
            if not types:
                values.append(())
                params.append(())
                state_values.append(shape)
                continue
            own: list[int] = []
            is_param: list[bool] = []
            first = edges[0].state[i]
            first_parts = first.parts() if first.key() == shape.key() else None
            for k, t in enumerate(types):
                need = k in forced or first_parts is None
                if not need:
                    p = first_parts[k]  # type: ignore[index]
                    for edge in edges:
                        v = edge.state[i]
                        if v is first:
                            continue
                        if v.key() != shape.key() or v.parts()[k] != p:
                            need = True
                            break
                if need:
                    own.append(tr.param(block, t))
                else:
                    own.append(p)
                is_param.append(need)
            values.append(tuple(own))
            params.append(tuple(is_param))
            state_values.append(shape.with_parts(own))
        if self.forked:
            self._keep_origins(edges, state_values)
        version = Version(block, tuple(shapes), values, params, edges, header, snapshot, keys)
        known.append(version)
        self.made.append(index)
        for edge in edges:
            args = self._edge_args(edge, version)
            if args is None:
                raise AssertionError("an edge does not fit its own version")
            tr.close(edge.inst, edge.slot, block, args)
        tr.use(block)
        if header:
            tr.loop_header(block, loop.inner)  # type: ignore[union-attr]
        self.locals, self.stack = state_values[:n_locals], state_values[n_locals:]
        self.walk(index)

    def _keep_origins(self, edges: list[Edge], state_values: list[Value]) -> None:
        """What was forked stays known as such where all edges agree on it."""
        for i, v in enumerate(state_values):
            origin = self._origin(edges[0].state[i])
            for edge in edges[1:]:
                if origin is not None and self._origin(edge.state[i]) != origin:
                    origin = None
            if v.__class__ is Val and v.ssa != origin[1][:-1] if origin is not None else id(v) in self.forked:
                state_values[i] = _copy(v)  # type: ignore[arg-type]
            elif origin is not None:
                self.forked[id(v)] = (v, origin)

    def _limit(self, index: int, known: list[Version], shapes: list[Value]) -> None:
        if len(known) < MAX_VERSIONS:
            return
        unrolled = any(isinstance(s, Iterator) and s.unrolled() for s in shapes[len(self.code.names) :])
        distinct = {tuple([s.key() for s in v.shapes]) for v in known}
        if not self.kinds and not unrolled and (len(distinct) >= MAX_VERSIONS or len(known) >= MAX_COPIES):
            raise TooManyVersions
        if len(known) < MAX_UNROLLED:
            if unrolled or len(distinct) < MAX_VERSIONS:
                return
        self.index = index
        self.line = self.code.lines[index]
        old = known[-1].shapes
        for i, (a, b) in enumerate(zip(old, shapes, strict=False)):
            if i < len(self.code.names) and a is not DEAD and b is not DEAD and join(a, b, self.kinds) is None:
                name = self.code.names[i]
                self.tr.error(
                    f"{name!r} has more than {MAX_VERSIONS} types here: {self._definition(i, a)} and {self._definition(i, b)}"
                    " among them",
                    "Give the name one type on all paths, or use different names.",
                )
        self.tr.error(
            f"this place is reached with more than {MAX_VERSIONS} combinations of types",
            "Give each name one type on all paths, or move the loop into a function of its own.",
        )

    def _definition(self, slot: int, v: Value) -> str:
        lines = self.tr.module.variables.get((self.name, self.code.names[slot]), {})
        text = v.describe()
        exact = [line for line, described in lines.items() if described == text]
        where = sorted(exact[:1] or lines)
        return f"{text} (line {' or '.join(map(str, where))})" if where else text

    # -- the walk ------------------------------------------------------------------------------------------------------------

    def walk(self, index: int) -> None:
        """Translate from ``index`` to the end of its block."""
        from jitpy.frontend.translate.steps import STEPS

        tr = self.tr
        code = self.code
        instrs, lines, leaders = code.instrs, code.lines, code.leaders
        module = tr.module
        handlers = code.handlers
        start = index
        line = -1
        while True:
            if index != start and index in leaders:
                self.settle_stack()
                if tr.raised:
                    self.raised()
                self.jump_edge(index, self.stack)
                return
            self.index = index
            now = lines[index]
            if now != line:
                self.line = line = now
                tr.srcloc = module.srcloc(code.co, now)
            op, arg = instrs[index]
            if handlers is not None:
                handler = handlers[index]
                tr.handler = (self, handler) if handler is not None else self.outer_handler
            saved = self.stack[:]
            mark = self.mark()
            try:
                following = STEPS[op](self, arg)
            except Fork as fork:
                del self.stack[:]
                self.stack.extend(saved)
                self.rewind(mark)
                self._fork(index, fork.value)
                return
            except SourceError as error:
                if is_library(self.globals):
                    raise SourceError(error.message, error.hint) from None  # the user's call is the place
                if not error.line:
                    raise SourceError(error.message, error.hint, code.co, self.position()) from None
                error.passes(code.co, self.position())
                raise
            if handlers is not None and tr.raised:
                self.raised()
            if following is None:
                return
            index = following

    def _fork(self, index: int, value: Any) -> None:
        tr = self.tr
        flag = value.flag
        then, else_ = tr.block(), tr.block()
        tr.brif(flag, then, (), else_, ())
        for block, typed in ((else_, False), (then, True)):
            names = [self._settle(v, flag, typed) for v in self.locals]
            stack = [self._settle(v, flag, typed) for v in self.stack]
            self.ready.append((index, block, names, stack))

    def _settle(self, v: Value, flag: int, typed: bool) -> Value:
        from jitpy.frontend.values import Compound

        if v.__class__ is EitherVal and v.flag == flag:
            kept = _copy(v.typed if typed else v.alt)
            self.forked[id(kept)] = (kept, (v.key(), v.parts()))
            return kept
        if isinstance(v, Compound):
            children = v.children()
            new = tuple([self._settle(c, flag, typed) for c in children])
            if any(a is not b for a, b in zip(children, new, strict=True)):
                return v.rebuild(new)
        return v


def _copy(v: Val | Const) -> Value:
    """The same number as an object of its own."""
    return Val(v.type, v.ssa) if isinstance(v, Val) else Const(v.obj)
