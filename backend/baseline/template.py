"""Templates: what the target's rules make of one shape of instruction, ready to be used again.

A template is one wide instruction: registers it reads (``uses``), registers it writes (``defs``), registers it needs for itself
(``temps``), physical registers it spoils (``kills``). So the allocator places it at once, however many machine
instructions it is made of, and its bytes depend on the chosen registers alone: `Template.encode` remembers them.
This is copy-and-patch (Xu and Kjolstad, 2021), with stencils by registers instead of with holes.

Inside, a virtual register has one place for its whole life, an index into the template's registers (first defs,
then uses, then temps); what an instruction demands beyond that (a fixed register, a def in the register of a use) is met
by moves around it, see `Template.steps`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.target.row import MOVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitpy.backend.target.row import MInst
    from jitpy.backend.target.target import Target

Move = tuple[int, int, int]
#: Where an operand comes from: index into the node (behind its end: into the comparison that is part of it), part.
Source = tuple[int, int]
#: Code, its traps, then an encoder with its operands that wants the function's own sink, and the sink's mode for it; or None.
Piece = tuple[bytes, tuple[tuple[int, str], ...], Any, Any]
_MEMO_LIMIT = 1 << 12


class Particular(Exception):
    """The bytes of an instruction depend on more than its registers."""


class Template:
    """See the module's docstring.

    ``sources``: of each use; ``picks``: their node indices if all are whole values, else None. ``results``: (result, part) of
    each def. ``defs``, ``uses``: masks of the registers that will do; ``temps``: classes. ``shared[j]``: bit k: def j may have the
    register of use k if that dies here; ``tied``: the use that def 0 had better share with, -1 if there is none. ``branch``: the
    two-way branch that ends it, or None. ``plain``: nothing but uses and at most one def. ``memo``: registers to
    bytes; to (bytes, traps); to a list of `Piece` where some instruction wants the function's own sink. ``names``: the virtual
    registers of ``insts`` that stand for defs and uses.
    """

    __slots__ = (
        "branch", "branch_places", "classes", "defs", "insts", "kills", "memo", "names", "picks", "places", "plain",
        "results", "shared", "sources", "temps", "tied", "uses",
    )  # fmt: skip

    branch: MInst | None
    branch_places: tuple[int, ...]
    classes: list[int]  # by place
    defs: tuple[int, ...]
    insts: list[MInst]
    kills: int
    memo: dict[tuple[int, ...], Any]
    names: tuple[int, ...]
    picks: tuple[int, ...] | None
    places: list[tuple[int, ...]]
    plain: bool
    results: tuple[Source, ...]
    shared: list[int]
    sources: tuple[Source, ...]
    temps: tuple[int, ...]
    tied: int
    uses: tuple[int, ...]

    def steps(
        self, pregs: tuple[int, ...], insts: list[MInst], places: list[tuple[int, ...]], idle: bool = False
    ) -> Iterator[Any]:
        """What to execute with these registers: moves (source, destination, class) and (index, allocations) of
        ``insts``; ``idle``: with copies of a register to itself."""
        classes = self.classes
        for index, inst in enumerate(insts):
            row = inst.row
            place = places[index]
            allocs = [pregs[p] for p in place]
            count = len(inst.defs)
            after: list[Move] = []
            for k, constraint in enumerate(row.uses, count):
                if constraint >= 0 and allocs[k] != constraint:
                    yield allocs[k], constraint, classes[place[k]]
                    allocs[k] = constraint
            for k, constraint in enumerate(row.defs):
                if constraint <= -16:
                    use = count - 16 - constraint
                    if row.uses[-16 - constraint] < 0:
                        if allocs[k] != allocs[use]:
                            yield allocs[use], allocs[k], classes[place[k]]
                            allocs[use] = allocs[k]
                        continue
                    constraint = allocs[use]
                if constraint >= 0 and allocs[k] != constraint:
                    after.append((constraint, allocs[k], classes[place[k]]))
                    allocs[k] = constraint
            if idle or not row.flags & MOVE or allocs[0] != allocs[1]:
                yield index, tuple(allocs)
            yield from after

    def code(self, probe: Probe, pregs: tuple[int, ...]) -> Any:
        """What ``memo`` has for these registers, found now if they are new."""
        found = self.memo.get(pregs)
        return self.encode(probe, pregs) if found is None else found

    def encode(self, probe: Probe, pregs: tuple[int, ...]) -> Any:
        """What ``memo`` has for these registers, found by writing to ``probe``."""
        code, traps = probe.code, probe.traps
        code.clear()
        traps.clear()
        probe.mode = None  # code that is used again may stand behind anything
        insts = self.insts
        emit_move = probe.target.emit_move
        pieces: list[Piece] = []
        for step in self.steps(pregs, insts, self.places):
            whole = len(code), len(traps), probe.mode
            if len(step) == 3:
                made = emit_move, *step
            else:
                inst = insts[step[0]]
                made = inst.row.encode, inst, step[1]
            try:
                made[0](probe, *made[1:])
            except Particular:
                del code[whole[0] :]
                del traps[whole[1] :]
                pieces.append((bytes(code), tuple(traps), whole[2], made))
                code.clear()
                traps.clear()
                probe.mode = None
        last = bytes(code)
        found: Any
        if pieces:
            found = [*pieces, (last, tuple(traps), None, None)]
        else:
            found = (last, tuple(traps)) if traps else last
        if len(self.memo) > _MEMO_LIMIT:
            self.memo.clear()
        self.memo[pregs] = found
        return found

    def branch_allocs(self, pregs: tuple[int, ...]) -> tuple[int, ...]:
        """The registers of ``branch``."""
        return tuple([pregs[p] for p in self.branch_places])


class Probe:
    """A sink that takes code and traps, and raises `Particular` when it is asked for anything that is a function's own."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.features = target.features
        self.code = bytearray()
        self.mode: Any = None
        self.traps: list[tuple[int, str]] = []

    def trap(self, code: str) -> None:
        """As `Sink.trap`."""
        self.traps.append((len(self.code), code))

    def __getattr__(self, name: str) -> Any:
        raise Particular(name)
