"""Computing a tree of elementwise operations: broadcasting, loop order, one loop nest.

Axes whose extent is the constant 1 are broadcast when the code is made. All others are expected to agree; that is tested
once, and a second, general nest (strides made 0 where an extent turns out to be 1, or ValueError) stands beside the expected one,
whose loops know constant strides. Where every operand is contiguous in the result's order the nest is one loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.library import indexing
from jitpy.frontend.library.arrays_shape import (
    allocate,
    both,
    differ,
    either,
    extents,
    is_array,
    itemsize,
    known,
    negate,
    product,
)
from jitpy.frontend.library.elementwise import Elementwise
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


class Tree:
    """A tree in the order of its computation: the nodes, operands first, and the arrays at its leaves, each once."""

    __slots__ = ("leaves", "nodes", "root")

    def __init__(self, root: Value) -> None:
        self.root = root
        self.nodes: list[Elementwise] = []
        self.leaves: list[Val] = []
        seen: set[int] = set()
        leaves: set[Any] = set()
        stack: list[tuple[Value, bool]] = [(root, False)]
        while stack:
            v, operands_done = stack.pop()
            if v.__class__ is Elementwise:
                if operands_done:
                    self.nodes.append(v)
                elif id(v) not in seen:
                    seen.add(id(v))
                    stack.append((v, True))
                    stack.extend([(o, False) for o in reversed(v.operands)])
            elif is_array(v) and (v.type, v.ssa) not in leaves:
                leaves.add((v.type, v.ssa))
                self.leaves.append(v)  # type: ignore[arg-type]

    def element(self, tr: Translator, elements: dict[Any, Parts]) -> Parts:
        """One element, from the leaves' elements by (type, SSA values)."""
        done: dict[int, Parts] = {}

        def get(v: Value) -> Parts:
            if v.__class__ is Elementwise:
                return done[id(v)]
            if is_array(v):
                return elements[v.type, v.ssa]
            return v.ssa

        for node in self.nodes:
            done[id(node)] = node.emit(tr, [get(o) for o in node.operands])
        return get(self.root)


class Access:
    """How a loop nest reaches an array: which of its axes follow which loop, with what strides."""

    __slots__ = ("axes", "key", "v")

    def __init__(self, leaf: Val, v: Val, axes: tuple[int, ...]) -> None:
        self.key = (leaf.type, leaf.ssa)
        self.v = v
        self.axes = axes  # per axis of v: the axis of the nest, -1 where its index is always 0

    def parts(self, tr: Translator, indices: Sequence[int]) -> Parts:
        """The element that belongs to the nest's indices."""
        return indexing.load_parts(tr, self.v, [indices[a] if a >= 0 else tr.iconst(0) for a in self.axes])


def is_one(tr: Translator, n: int) -> bool:
    """Whether an extent is known to be 1."""
    return known(tr, n) == 1


# -- shapes ------------------------------------------------------------------------------------------------------------


def common_shape(tr: Translator, leaves: Sequence[Val], ndim: int) -> tuple[list[int], int | bool]:
    """The shape that is expected (extents known to be 1 give way) and whether any extent differs from it."""
    shape: list[int] = []
    mismatch: int | bool = False
    for axis in range(ndim):
        expected = -1
        for leaf in leaves:
            own = axis - ndim + leaf.type.ndim
            if own < 0:
                continue
            n = leaf.ssa[2 + own]
            if is_one(tr, n):
                continue
            if expected < 0:
                expected = n
            else:
                mismatch = either(tr, mismatch, differ(tr, expected, n))
        shape.append(tr.iconst(1) if expected < 0 else expected)
    return shape, mismatch


def broadcast_shape(tr: Translator, leaves: Sequence[Val], ndim: int) -> list[int]:
    """The shape that the leaves have together; ValueError where there is none."""
    first = leaves[0]
    shape = [tr.iconst(1)] * (ndim - first.type.ndim) + list(extents(first))
    for leaf in leaves[1:]:
        own_ndim: int = leaf.type.ndim
        for own, n in enumerate(extents(leaf)):
            axis = ndim - own_ndim + own
            m = shape[axis]
            if m == n or is_one(tr, n):
                continue
            if is_one(tr, m):
                shape[axis] = n
                continue
            one = tr.iconst(1)
            m_is_one = tr.icmp("eq", m, one)
            bad = both(tr, both(tr, tr.icmp("ne", m, n), tr.icmp("ne", n, one)), negate(tr, m_is_one))
            tr.check(bad, ValueError, *_mismatch_message(shape, leaf))
            shape[axis] = tr.select(m_is_one, n, m)
    return shape


def _mismatch_message(shape: Sequence[int], leaf: Val) -> list[Any]:
    own = extents(leaf)
    if len(shape) + len(own) > 4:
        return ["operands could not be broadcast together"]
    parts: list[Any] = ["operands could not be broadcast together with shapes "]
    for dims in (shape, own):
        parts.append("(")
        for k, n in enumerate(dims):
            parts.append((n, ty.py_int))
            parts.append("," if k == 0 and len(dims) == 1 else "" if k == len(dims) - 1 else ",")
        parts.append(") ")
    return [p for p in parts if p != ""]


# -- accesses ----------------------------------------------------------------------------------------------------------


def direct_access(tr: Translator, leaf: Val, ndim: int) -> Access:
    """Access where every extent agrees with the nest's, or is known to be 1."""
    own_ndim: int = leaf.type.ndim
    axes = tuple([-1 if is_one(tr, n) else ndim - own_ndim + k for k, n in enumerate(extents(leaf))])
    return Access(leaf, leaf, axes)


def general_access(tr: Translator, leaf: Val, shape: Sequence[int]) -> Access:
    """Access where an extent may turn out to be 1: its stride is 0 then."""
    t: ty.Array = leaf.type
    ndim = len(shape)
    axes: list[int] = []
    steps: list[int] = []
    one, zero = tr.iconst(1), tr.iconst(0)
    for k, (n, s) in enumerate(zip(extents(leaf), indexing.steps_of(tr, leaf), strict=True)):
        axis = ndim - t.ndim + k
        if is_one(tr, n):
            axes.append(-1)
            steps.append(s)
        else:
            axes.append(axis)
            steps.append(s if n == shape[axis] else tr.select(tr.icmp("eq", n, one), zero, s))
    v = Val(ty.array_of(t.dtype, t.ndim, "A", t.readonly), (*leaf.ssa[: 2 + t.ndim], *steps))
    return Access(leaf, v, tuple(axes))


def flattens(tr: Translator, leaves: Sequence[Val], shape: Sequence[int], order: str) -> bool:
    """Whether one loop over all elements does: every array contiguous in the nest's order, nothing broadcast."""
    ndim = len(shape)
    return ndim > 1 and all(
        v.type.layout == order
        and v.type.ndim == ndim
        and all(is_one(tr, n) <= is_one(tr, m) for n, m in zip(extents(v), shape, strict=True))
        for v in leaves
    )


def flat_access(tr: Translator, leaf: Val, total: int) -> Access:
    """Access to all elements in memory order."""
    t: ty.Array = leaf.type
    v = Val(ty.array_of(t.dtype, 1, "C", t.readonly), (leaf.ssa[0], leaf.ssa[1], total, tr.iconst(itemsize(t))))
    return Access(leaf, v, (0,))


# -- loops -------------------------------------------------------------------------------------------------------------


def nest(tr: Translator, shape: Sequence[int], order: str, body: Callable[[list[int]], None]) -> None:
    """Loops over all indices, the innermost over the last axis (the first for F order)."""
    axes = list(range(len(shape)))
    if order == "F":
        axes.reverse()
    indices = [-1] * len(shape)

    def level(k: int) -> None:
        if k == len(axes):
            body(indices)
            return
        axis = axes[k]
        if is_one(tr, shape[axis]):
            indices[axis] = tr.iconst(0)
            level(k + 1)
            return

        def inside(i: int, _: Parts) -> Parts:
            indices[axis] = i
            level(k + 1)
            return ()

        tr.loop(shape[axis], inside)

    level(0)


def run(
    tr: Translator, tree: Tree, shape: Sequence[int], order: str, accesses: Sequence[Access],
    store: Callable[[list[int], Parts], None],
) -> None:  # fmt: skip
    """The loop nest: load the leaves' elements, compute, store."""

    def body(indices: list[int]) -> None:
        elements = {a.key: a.parts(tr, indices) for a in accesses}
        store(indices, tree.element(tr, elements))

    nest(tr, shape, order, body)


def store_into(tr: Translator, out: Val) -> Callable[[list[int], Parts], None]:
    """A store of the computed element into an array of the nest's shape."""
    return lambda indices, parts: indexing.store_parts(tr, out, indices, parts)


def compute(tr: Translator, lazy: Elementwise) -> Val:
    """The tree as a new array."""
    tree = Tree(lazy)
    t = lazy.type
    shape, mismatch = common_shape(tr, tree.leaves, t.ndim)
    result = ty.array_of(t.dtype, t.ndim, t.layout)

    def expected() -> Parts:
        out = allocate(tr, t.dtype, shape, t.layout, _grows(tr, tree.leaves, shape))
        run_direct(tr, tree, out, shape)
        return out.ssa

    def general() -> Parts:
        return compute_general(tr, tree, t).ssa

    return Val(result, tr.branch(mismatch, general, expected, result.flat))


def _grows(tr: Translator, leaves: Sequence[Val], shape: Sequence[int]) -> bool:
    """Whether the result can have more elements than any array that exists."""
    return not any(len(extents(v)) == len(shape) and not any(is_one(tr, n) for n in extents(v)) for v in leaves)


def run_direct(tr: Translator, tree: Tree, out: Val, shape: Sequence[int]) -> None:
    """The expected nest, into an array of the same shape."""
    t: ty.Array = out.type
    order = nest_order(tr, out)
    if flattens(tr, [*tree.leaves, out], shape, order):
        total = product(tr, shape)
        flat = flat_access(tr, out, total).v
        accesses = [flat_access(tr, leaf, total) for leaf in tree.leaves]
        run(tr, tree, (total,), "C", accesses, store_into(tr, flat))
        return
    accesses = [direct_access(tr, leaf, t.ndim) for leaf in tree.leaves]
    run(tr, tree, shape, order, accesses, store_into(tr, out))


def nest_order(tr: Translator, out: Val) -> str:
    """The order in which a nest walks an array: the axis with a stride of one element innermost, else the last."""
    t: ty.Array = out.type
    if t.layout != "A" or t.ndim < 2:
        return t.layout if t.layout == "F" else "C"
    steps = indexing.steps_of(tr, out)
    size = itemsize(t)
    return "F" if known(tr, steps[0]) == size and known(tr, steps[-1]) != size else "C"


def compute_general(tr: Translator, tree: Tree, t: ty.Array) -> Val:
    """The tree as a new array, whatever is broadcast."""
    shape = broadcast_shape(tr, tree.leaves, t.ndim)
    out = allocate(tr, t.dtype, shape, t.layout, True)
    accesses = [general_access(tr, leaf, shape) for leaf in tree.leaves]
    run(tr, tree, shape, t.layout, accesses, store_into(tr, out))
    return out


__all__ = ["Tree", "compute", "compute_general", "negate", "nest", "run", "run_direct"]
