"""Control flow, dominators and loops against definitions taken literally, on random graphs."""

from __future__ import annotations

import random

import pytest
from jitpy.backend.analysis import cfg as cfg_module
from jitpy.backend.analysis import domtree as domtree_module
from jitpy.backend.analysis import loops as loops_module
from jitpy.backend.ir import opcodes, types
from jitpy.backend.ir.function import Function, signature


def function(edges: list[list[int]]) -> Function:
    """A function whose block b branches to ``edges[b]``."""
    func = Function("f", signature([types.I32], []))
    for _ in edges:
        func.block()
    v = func.param(0, types.I32)
    for b, out in enumerate(edges):
        targets = tuple((t, 0) for t in out)
        if not out:
            func.append(b, (opcodes.RETURN, 0, None))
        elif len(out) == 1:
            func.append(b, (opcodes.JUMP, 0, targets))
        elif len(out) == 2:
            func.append(b, (opcodes.BRIF, types.I32, targets, v))
        else:
            func.append(b, (opcodes.BR_TABLE, 0, targets, v))
    return func


def reach(edges: list[list[int]], start: int, without: int = -1) -> set[int]:
    if start == without:
        return set()
    seen, work = {start}, [start]
    while work:
        for t in edges[work.pop()]:
            if t != without and t not in seen:
                seen.add(t)
                work.append(t)
    return seen


def random_graph(rng: random.Random) -> list[list[int]]:
    count = rng.randint(1, 14)
    forward = rng.random() < 0.4
    edges = []
    for b in range(count):
        k = rng.choice((0, 1, 1, 2, 2, 2, 3))
        low = b + 1 if forward and rng.random() < 0.8 else 1  # the entry is never a target
        edges.append([rng.randrange(low, count) for _ in range(k)] if low < count else [])
    return edges


@pytest.mark.parametrize("seed", range(300))
def test_random_graph(seed: int) -> None:
    edges = random_graph(random.Random(seed))
    cfg = cfg_module.compute(function(edges))
    live = reach(edges, 0)
    assert cfg.succs == edges
    assert sorted(cfg.rpo) == sorted(live) and cfg.rpo[0] == 0
    for b in range(len(edges)):
        assert sorted(cfg.preds[b]) == sorted(p for p in live for t in edges[p] if t == b)
        assert (cfg.rpo_index[b] >= 0) == (b in live)

    tree = domtree_module.compute(cfg)
    dom = {(a, b) for a in live for b in live if b not in reach(edges, 0, without=a)}
    for a in range(len(edges)):
        for b in range(len(edges)):
            assert tree.dominates(a, b) == ((a, b) in dom)
            if (a, b) in dom:
                assert cfg.rpo_index[a] <= cfg.rpo_index[b]
    for b in live - {0}:
        above = {a for a in live if a != b and (a, b) in dom}
        (nearest,) = [a for a in above if all((other, a) in dom for other in above)]
        assert tree.idom[b] == nearest
    assert sorted(tree.order) == sorted(live)

    loops = loops_module.compute(cfg, tree)
    bodies: dict[int, set[int]] = {}
    for latch in live:
        for h in edges[latch]:
            if (h, latch) in dom:
                body = {b for b in live if latch in reach(edges, b, without=h)} | {h}
                bodies.setdefault(h, set()).update(body)
    assert loops.headers == sorted(bodies, key=lambda h: cfg.rpo_index[h])
    for b in range(len(edges)):
        around = [h for h in bodies if b in bodies[h]]
        assert loops.depth[b] == len(around)
        assert all(loops.contains(h, b) == (h in around) for h in bodies)
        if around:
            assert loops.header[b] == min(around, key=lambda h: len(bodies[h]))


def test_many_edges_into_one_exit_stay_linear() -> None:
    count = 20_000
    edges = [[b + 1, count] for b in range(count)] + [[]]
    edges[0] = [1]
    tree = domtree_module.compute(cfg_module.compute(function(edges)))
    assert tree.idom[count] == 1
    # The same with exits that the first block also reaches.
    exits = count // 2
    edges = [[b + 1, exits + b] for b in range(exits)] + [[] for _ in range(exits)]
    edges[0] = list(range(1, 2 * exits))
    tree = domtree_module.compute(cfg_module.compute(function(edges)))
    assert set(tree.idom[1:]) == {0}
