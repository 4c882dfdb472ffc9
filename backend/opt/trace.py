"""Which rules fired on which instruction: the mid-end run with its counting rules, watched.

The counters of the generated code are replaced by what notes who counts, and each block's instructions by a list that
notes which one is being brought into the graph; the mid-end itself knows nothing of it. A rule belongs to the
instruction whose node, or whose rewritten node, it matched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from jitpy.backend.ir.function import Function


class Trace:
    """``fired``: (instruction of the function as it was, rule) in order."""

    def __init__(self) -> None:
        self.fired: list[tuple[int, str]] = []
        self.current = -1

    def counts(self) -> dict[str, int]:
        """How often each rule fired that did."""
        found: dict[str, int] = {}
        for _, name in self.fired:
            found[name] = found.get(name, 0) + 1
        return found

    def by_instruction(self) -> dict[int, list[str]]:
        """The rules of each instruction on which any fired."""
        found: dict[int, list[str]] = {}
        for inst, name in self.fired:
            found.setdefault(inst, []).append(name)
        return found


class _Counters:
    """A rule counts by adding one to its element."""

    def __init__(self, trace: Trace, rules: ModuleType) -> None:
        self.trace = trace
        self.rules = rules

    def __getitem__(self, rule: int) -> int:
        return 0

    def __setitem__(self, rule: int, count: int) -> None:
        self.trace.fired.append((self.trace.current, self.rules.RULES[rule][0]))


class _Watched(list[int]):
    """Instructions of a block; says which one the walk is at."""

    trace: Trace

    def __iter__(self) -> Iterator[int]:
        for inst in super().__iter__():
            self.trace.current = inst
            yield inst


def optimize_tracing(func: Function) -> Trace:
    """Optimize ``func`` in place; which rules fired on which of its instructions."""
    from jitpy.backend.opt import host, run, vector
    from jitpy.backend.opt.egraph import EGraph

    trace = Trace()
    for rules in (host.module(counted=True), vector.module(counted=True)):
        rules.__dict__["FIRED"] = _Counters(trace, rules)
    for block, body in enumerate(func.block_insts):
        func.block_insts[block] = watched = _Watched(body)
        watched.trace = trace
    run(func, EGraph(counted=True))
    return trace
