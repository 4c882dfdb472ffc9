"""Generators that are consumed where they are made: generator expressions, generator functions, map, filter, zip of such.

A generator is a frame that waits: the instruction it goes on at, its names, its stack. `Generator` is that state as an
abstract value; it moves through ``for`` loops and arguments like any iterator. A step (`pull`) makes a frame from the state and
walks it until it yields or returns, inlined at the consumer's FOR_ITER, so consumer and generator become one loop, and what
Python computes lazily is computed at its own time: `any` stops, an exception comes between the same two items.

A step may end in several places (several yields, types that differ), so it is written in continuation-passing style:
``on_item(iterator, value)`` is called once for each place that yields, ``on_end()`` once where the generator is exhausted, each
with the translator standing in a block of its own.

Where a generator goes on after a yield, jumps are followed first (`flow.Code.resumes`): the state of a generator with one
``for`` is the same before its first item and after any other, so that the consumer's loop needs one version only.

A name that is read gives its generator away (`SPENT`), so no two names can share the position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.translate.frame import Edge, Frame
from jitpy.frontend.translate.state import DEAD
from jitpy.frontend.values import NONE, UNBOUND, Compound, Iterator, Marker, TupleVal, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.bytecode.flow import Code
    from jitpy.frontend.translate.translator import Translator

    OnItem = Callable[[Iterator, Value], None]

#: A name whose generator went elsewhere.
SPENT = Marker("SPENT")


class Generator(Iterator):
    """A waiting frame: ``index`` is where it goes on; ``wants``: with None on the stack, as the result of ``yield``."""

    __slots__ = ("code", "free", "index", "locals", "name", "namespace", "stack", "wants")

    pulled = True

    def __init__(
        self, code: Code, name: str, namespace: dict[str, Any], free: Any, index: int, wants: bool, locals: tuple[Value, ...],
        stack: tuple[Value, ...],
    ) -> None:  # fmt: skip
        self.code = code
        self.name = name
        self.namespace = namespace
        self.free = free
        self.index = index
        self.wants = wants
        self.locals = locals
        self.stack = stack

    def at(self, index: int, wants: bool, locals: tuple[Value, ...], stack: tuple[Value, ...]) -> Generator:
        """The same generator in another state."""
        return Generator(self.code, self.name, self.namespace, self.free, index, wants, locals, stack)

    def children(self) -> tuple[Value, ...]:
        return (*self.locals, *self.stack)

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        count = len(self.locals)
        return self.at(self.index, self.wants, children[:count], children[count:])

    def static(self) -> Any:
        return id(self.code), id(self.free), self.index, self.wants

    def varying(self) -> Any:
        found: set[int] = set()
        at = 0
        for k, v in enumerate(self.children()):
            count = len(v.parts())
            if k < len(self.locals):
                if self.code.stored >> k & 1:
                    found.update(range(at, at + count))
            elif k == len(self.locals) and isinstance(v, Iterator) and _made_once(self.code):
                found.update([at + p for p in v.varying() if p < count])
            else:
                found.update(range(at, at + count))
            at += count
        return found

    def unrolled(self) -> bool:
        return any(isinstance(v, Iterator) and v.unrolled() for v in self.children())

    def describe(self) -> str:
        return "generator"


def _made_once(code: Code) -> bool:
    """Whether the outermost iterator on the stack stays the same: it is a generator expression's, or no loop makes it anew."""
    if code.names[0] == ".0":
        return True
    if sum([op == n.FOR_ITER for op, _ in code.instrs]) != 1:
        return False
    for i, (op, arg) in enumerate(code.instrs):
        if op == n.JUMP or op == n.JUMP_IF:
            target: Any = arg if op == n.JUMP else arg[0]  # type: ignore[index]
            if target < i and code.instrs[target][0] != n.FOR_ITER:
                return False
    return True


class _Yielded(Compound):
    """What a step hands over: the item, and the generator's next state."""

    __slots__ = ("state", "value")

    def __init__(self, value: Value, state: Value) -> None:
        self.value = value
        self.state = state

    def children(self) -> tuple[Value, ...]:
        return self.value, self.state

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return _Yielded(*children)


def start(code: Code, name: str, namespace: dict[str, Any], free: Any, bound: list[Value]) -> Generator:
    """The generator that calling a generator function makes: nothing of it has run."""
    names = (*bound, *[UNBOUND] * (len(code.names) - len(bound)))
    index = 0
    stack: list[Value] = []
    # Up to its loop, a generator expression only loads its iterator.
    while True:
        op: int
        arg: Any
        op, arg = code.instrs[index]
        if op == n.LOAD_CONST and code.instrs[index + 1] == (n.POP, 1):
            index += 2
        elif op == n.LOAD_LOCAL and code.names[arg] == ".0" and names[arg].__class__ is not Marker:
            stack.append(names[arg])
            names = (*names[:arg], UNBOUND, *names[arg + 1 :])
            index += 1
        elif op == n.GET_ITER and stack and isinstance(stack[-1], Iterator):
            index += 1
        else:
            break
    return Generator(code, name, namespace, free, index, False, _live(code, index, names), tuple(stack))


def _live(code: Code, index: int, names: tuple[Value, ...]) -> tuple[Value, ...]:
    live = code.live.get(index)
    return names if live is None else tuple([v if live >> i & 1 else DEAD for i, v in enumerate(names)])


def yield_value(frame: Frame) -> None:
    """YIELD: the item and the state leave the frame."""
    tr = frame.tr
    if frame.outer is None:
        tr.error("a generator cannot be returned to Python", "Return a list, or fill an array.")
    value = frame.stack.pop()
    if value.lazy:
        value = tr.settle(value)
    frame.settle_stack()
    index, wants = frame.code.resumes[frame.index]
    names = _live(frame.code, index, tuple(frame.locals))
    state = Generator(frame.code, frame.name, frame.globals, frame.free, index, wants, names, tuple(frame.stack))
    frame.yields.append(Edge(tr.bb, tr.open_jump(), 0, (_Yielded(value, state),)))


def refuse_spent(tr: Translator, name: str) -> None:
    """A name is read whose generator was given away."""
    tr.error(f"the generator in {name!r} is used a second time here", "Make a list of it, or make the generator anew.")


# -- stepping --------------------------------------------------------------------------------------------------------------------


def pull(tr: Translator, iterator: Iterator, on_item: OnItem, on_end: Callable[[], None]) -> None:
    """One step of any iterator; see the module's docstring."""
    if iterator.__class__ is Generator:
        _resume(tr, iterator, on_item, on_end)
        return
    if iterator.__class__ is Together:
        iterator.pull(tr, on_item, on_end)
        return
    more, item, advance = iterator.step(tr)
    if more.__class__ is bool:
        if not more:
            on_end()
            return
    else:
        body, out = tr.block(), tr.block()
        tr.brif(more, body, (), out, ())
        tr.use(out)
        on_end()
        tr.use(body)
    value = item()
    on_item(advance(), value)


def _resume(tr: Translator, g: Generator, on_item: OnItem, on_end: Callable[[], None]) -> None:
    from jitpy.frontend.library.functions import Outcomes, join_ends

    outer = tr.frame
    if outer.depth > 40:
        tr.error(f"generators nest too deep at {g.name}()")
    frame = Frame(tr, g.code, g.name, g.namespace, g.free, outer, tr.site(None))
    frame.locals = list(g.locals)
    stack = [*g.stack, NONE] if g.wants else list(g.stack)
    srcloc = tr.srcloc
    tr.frame = frame
    try:
        if g.index in g.code.loops:
            frame.jump_edge(g.index, stack)
        else:
            frame.ready.append((g.index, tr.bb, frame.locals, stack))
        frame.run()
    finally:
        tr.frame = outer
        tr.srcloc = srcloc
        tr.handler = frame.outer_handler
    for edges, is_item in ((frame.returns, False), (frame.yields, True)):
        if not edges:
            continue
        if not is_item:
            edges = [Edge(e.bb, e.inst, e.slot, (NONE,)) for e in edges]  # what a generator returns nobody sees
        result = join_ends(tr, edges)
        ends: list[tuple[int, Any]] = list(result.ends) if isinstance(result, Outcomes) else [(tr.bb, result)]
        for block, value in ends:
            tr.use(block)
            if is_item:
                on_item(value.state, value.value)
            else:
                on_end()


def for_iter(frame: Frame, iterator: Iterator, rest: list[Value], target: int) -> None:
    """FOR_ITER of an iterator that is pulled."""

    def on_item(state: Iterator, value: Value) -> None:
        frame.jump_edge(frame.index + 1, [*rest, state, value])

    pull(frame.tr, iterator, on_item, lambda: frame.jump_edge(target, rest))


class Together(Iterator):
    """``zip(...)`` with a generator among its sources: steps them from left to right and ends with the first that ends."""

    __slots__ = ("sources",)

    pulled = True

    def __init__(self, sources: tuple[Value, ...]) -> None:
        self.sources = sources

    def children(self) -> tuple[Value, ...]:
        return self.sources

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return Together(children)

    def varying(self) -> Any:
        found: set[int] = set()
        at = 0
        for s in self.sources:
            count = len(s.parts())
            found.update([at + p for p in s.varying() if p < count])  # type: ignore[attr-defined]
            at += count
        return found

    def unrolled(self) -> bool:
        return any(s.unrolled() for s in self.sources)  # type: ignore[attr-defined]

    def describe(self) -> str:
        return "zip"

    def pull(self, tr: Translator, on_item: OnItem, on_end: Callable[[], None]) -> None:
        """One step of each source."""
        sources = self.sources

        def from_source(k: int, states: tuple[Value, ...], values: tuple[Value, ...]) -> None:
            if k == len(sources):
                on_item(Together(states), TupleVal(values))
                return
            pull(tr, sources[k], lambda s, v: from_source(k + 1, (*states, s), (*values, v)), on_end)  # type: ignore[arg-type]

        from_source(0, (), ())


def is_generator(v: Value) -> bool:
    """Whether the value can only be stepped, not indexed."""
    return isinstance(v, Iterator)


def unrolled_items(tr: Translator, iterator: Iterator, finish: Callable[[tuple[Value, ...]], None], most: int = 256) -> None:
    """All items of an iterator whose end is known at compile time; ``finish(items)`` for each way to get there."""

    def step(iterator: Iterator, items: tuple[Value, ...]) -> None:
        if len(items) > most or not iterator.unrolled():
            tr.error(
                "the length of this tuple is not known at compile time",
                "Make a list or an array; tuples come from tuples, such as a.shape.",
            )
        pull(tr, iterator, lambda state, v: step(state, (*items, v)), lambda: finish(items))

    step(iterator, ())
