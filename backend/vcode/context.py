"""The lowering context: what rules see of the function, and how they say what to emit.

One context serves many functions, one after the other: generated rules bind its lists and functions
once, so the lists are refilled in place. ``docs/backend.md`` describes it from the rules' side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import CompileError
from jitpy.backend.ir.opcodes import EFFECTS
from jitpy.backend.vcode.abi import SigCache

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node
    from jitpy.backend.target.row import MInst
    from jitpy.backend.target.target import Target
    from jitpy.backend.vcode.frame import Frame

#: The node of a value that must not be merged.
OPAQUE: Node = (-1,)
_FUSE_DISTANCE = 16  # how far back ``fusable`` looks


class LowerCtx:
    """See the module's docstring. ``regs[v]``: the vreg of value v, a tuple if it has several, None
    before it is wanted."""

    func: Function
    frame: Frame

    def __init__(self, target: Target) -> None:
        self.target = target
        self.features = target.features
        self.signatures = SigCache(target)
        self.insts: list[Node] = []
        self.nodes: list[Node] = []
        self.types: list[int] = []
        self.uses: list[int] = []
        self.results: list[tuple[int, ...]] = []
        self.value_defs: list[int] = []
        self.regs: list[Any] = []
        self.classes: list[int] = []  # by vreg
        self.buffer: list[MInst] = []  # what the current rule has emitted
        self.emit = self.buffer.append
        self.sunk: set[int] = set()  # instructions merged into a user
        self.defined: list[tuple[int, tuple[int, ...]]] = []  # see ``define``
        self.block: list[int] = []  # instructions of the current block
        self.place = 0  # index in it of the current root
        self.area_reg = -1  # address of the return area, if this function has one

        # On the hot path, so closures over the lists.
        regs, classes, types, parts_of = self.regs, self.classes, self.types, target.parts_of
        single: dict[int, int] = {}  # type -> class of its only part

        def temp(cls: int) -> int:
            classes.append(cls)
            return len(classes) - 1

        def put_in_reg(v: int) -> int:
            reg = regs[v]
            if reg is None:
                cls = single.get(types[v])
                if cls is None:
                    parts = parts_of(types[v])
                    if len(parts) != 1:
                        raise CompileError(f"v{v} does not fit one register: a rule must take all its parts")
                    cls = single[types[v]] = parts[0][0]
                reg = regs[v] = len(classes)
                classes.append(cls)
            found: int = reg
            return found

        def put_in_regs(v: int) -> tuple[int, ...]:
            reg = regs[v]
            if reg is None:
                parts = parts_of(types[v])
                first = len(classes)
                classes.extend([cls for cls, _ in parts])
                regs[v] = first if len(parts) == 1 else tuple(range(first, first + len(parts)))
                reg = regs[v]
            return (reg,) if reg.__class__ is int else reg

        self.temp = temp
        self.put_in_reg = put_in_reg
        self.put_in_regs = put_in_regs
        # The generated rules' tables by opcode, bound to this context.
        rules = target.rules(self)
        missing = [None] * len(EFFECTS)
        self.table: list[Any] = [*rules["lower.table"], *missing]
        self.more_rules: Any = rules.get("lower.more", lambda node, inst: None)
        self.branch_table: list[Any] = [*rules["lower_branch.table"], *missing]

    def begin(self, func: Function, frame: Frame) -> None:
        """Forget the last function and take this one."""
        self.func = func
        self.frame = frame
        count = len(func.value_types)
        self.insts[:] = func.insts
        self.types[:] = func.value_types
        self.results[:] = func.results
        self.value_defs[:] = func.value_defs
        self.nodes[:] = [OPAQUE] * count
        self.uses[:] = [0] * count
        self.regs[:] = [None] * count
        self.classes.clear()
        self.buffer.clear()
        self.sunk.clear()
        self.defined.clear()
        self.area_reg = -1

    def sink(self, v: int) -> None:
        """The instruction that defines ``v`` is computed by what the current rule emits; it will
        not be lowered itself."""
        self.sunk.add(self.value_defs[v])

    def define(self, v: int, regs: tuple[int, ...]) -> None:
        """``v``, not a result of the root, is left in ``regs`` by what the current rule emits."""
        self.defined.append((v, regs))

    def fusable(self, v: int) -> int | None:
        """The instruction that defines ``v``, if the root may compute it in its place: it is pure,
        stands in the same block close before, and nothing between uses a result of it."""
        inst = self.value_defs[v]
        if inst < 0:
            return None
        results = self.results[inst]
        block, insts = self.block, self.insts
        place = self.place - 1
        stop = max(place - _FUSE_DISTANCE, -1)
        while place > stop:
            other = block[place]
            if other == inst:
                return inst
            for result in results:
                if result in insts[other][3:]:
                    return None
            place -= 1
        return None
