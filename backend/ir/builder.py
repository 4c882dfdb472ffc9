"""Building functions: instructions in the current block, and variables turned into SSA values.

    b = FunctionBuilder("sum", [I64], [I64])
    total = b.variable(I64)
    b.define(total, b.iconst(I64, 0))
    ...
    func = b.finish()

Variables become values as in "Simple and Efficient Construction of Static Single Assignment Form" (Braun et al.,
2013): a use looks for the definition that reaches it; where several may, the block gets a parameter. A block is
*sealed* when no more branches to it will come; until then a use in it takes a parameter on trust. `finish` seals
the rest, drops the parameters that turn out to stand for one value, and passes the others along the branches. All
walks keep their own stacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jitpy.backend.analysis.cfg import targets
from jitpy.backend.ir import infer, types
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir.function import NO_DEF, Function, Node, Signature, TryTargets, signature
from jitpy.backend.ir.instructions import Instructions


class FunctionBuilder(Instructions):
    """Builds ``func``; ``args`` are the values of its parameters, in the entry block, which is current at first."""

    def __init__(
        self,
        name: str,
        params: Sequence[types.Type] | Signature = (),
        returns: Sequence[types.Type] = (),
    ) -> None:
        sig = params if isinstance(params, Signature) else signature(list(params), list(returns))
        self.func = Function(name, sig)
        self.current = self.func.block()
        self.args = tuple(self.func.param(self.current, param.type) for param in sig.params)
        self.srcloc = 0
        self._variables: list[types.Type] = []
        self._reaching: dict[tuple[int, int], int] = {}  # (variable, block) -> value at its end
        self._sealed = {self.current}
        self._preds: dict[int, list[int]] = {}
        self._phis: dict[int, list[tuple[int, int]]] = {}  # block -> (variable, parameter)

    # Blocks

    def block(self, *params: types.Type) -> int:
        """A new block with parameters of these types (see `params`)."""
        block = self.func.block()
        for type in params:
            self.func.param(block, type)
        return block

    def params(self, block: int) -> tuple[int, ...]:
        """The parameters of a block so far."""
        return tuple(self.func.block_params[block])

    def use(self, block: int, sealed: bool = False) -> tuple[int, ...]:
        """Continue in ``block``; its parameters. ``sealed``: no more branches to it will come."""
        self.current = block
        if sealed:
            self.seal(block)
        return self.params(block)

    def is_terminated(self) -> bool:
        """Whether the current block has its terminator."""
        insts = self.func.block_insts[self.current]
        return bool(insts) and bool(O.EFFECTS[self.func.insts[insts[-1]][0]] & O.TERMINATOR)

    # Instructions

    def emit(self, op: int, type: types.Type, imm: Any, args: tuple[int, ...]) -> tuple[int, ...]:
        """Append an instruction to the current block; its results."""
        func = self.func
        node: Node = (op, type, imm, *args)
        if self.is_terminated():
            raise ValueError(f"block{self.current} of {func.name} has its terminator: use another block")
        effects = O.EFFECTS[op]
        result_types = () if effects & O.TERMINATOR else infer.node_result_types(func, node)
        inst = func.append(self.current, node, result_types, self.srcloc)
        if effects & O.BRANCH:
            for block, _ in targets(node):
                if block in self._sealed:
                    raise ValueError(f"block{block} of {func.name} is sealed: it takes no more branches")
                self._preds.setdefault(block, []).append(self.current)
        return func.results[inst]

    def type_of(self, value: int) -> types.Type:
        return self.func.value_types[value]

    # Variables

    def variable(self, type: types.Type) -> int:
        """A new variable, which can be defined and used in any block."""
        self._variables.append(type)
        return len(self._variables) - 1

    def define(self, variable: int, value: int) -> None:
        """Give a variable a value, in the current block from here on."""
        if self.type_of(value) != self._variables[variable]:
            has, needs = types.NAME[self.type_of(value)], types.NAME[self._variables[variable]]
            raise TypeError(f"v{value} is {has}; the variable is {needs}")
        self._reaching[variable, self.current] = value

    def value(self, variable: int) -> int:
        """The value that a variable has here."""
        found = self._reaching.get((variable, self.current))
        if found is None:
            self._look_up(variable, [self.current])
            found = self._reaching[variable, self.current]
        return found

    def seal(self, block: int) -> None:
        """Say that no more branches to ``block`` will come."""
        if block not in self._sealed:
            self._sealed.add(block)
            for variable, _ in tuple(self._phis.get(block, ())):
                self._look_up(variable, list(self._preds.get(block, ())))

    def _look_up(self, variable: int, wanted: list[int]) -> None:
        """Find the value at the end of each block in ``wanted``, and of those it comes from."""
        reaching = self._reaching
        waiting: set[int] = set()
        while wanted:
            block = wanted[-1]
            if (variable, block) in reaching:
                wanted.pop()
                continue
            preds = self._preds.get(block, ())
            if block not in self._sealed:
                self._add_phi(variable, block)
            elif len(preds) == 1 and (variable, preds[0]) in reaching:
                reaching[variable, block] = reaching[variable, preds[0]]
            elif len(preds) == 1 and block not in waiting:
                waiting.add(block)
                wanted.append(preds[0])
            elif block == self.func.layout[0]:
                raise ValueError(f"variable {variable} of {self.func.name} is used before it is defined")
            else:
                # Several branches arrive; or none, or only its own: then control never does.
                self._add_phi(variable, block)
                wanted += preds

    def _add_phi(self, variable: int, block: int) -> None:
        param = self.func.param(block, self._variables[variable])
        self._reaching[variable, block] = param
        self._phis.setdefault(block, []).append((variable, param))

    # The end

    def finish(self) -> Function:
        """Seal all blocks and return the function, in SSA form."""
        for block in self.func.layout:
            self.seal(block)
        replaced = self._trivial_phis()
        self._pass_phis(replaced)
        return self.func

    def _trivial_phis(self) -> dict[int, int]:
        """Parameters that can only ever be one other value -> that value."""
        operands: dict[int, list[int]] = {}
        users: dict[int, list[int]] = {}
        for block, phis in self._phis.items():
            for variable, param in phis:
                sources = [self._reaching[variable, pred] for pred in self._preds.get(block, ())]
                operands[param] = sources
                for source in sources:
                    users.setdefault(source, []).append(param)
        replaced: dict[int, int] = {}
        work = list(operands)
        while work:
            param = work.pop()
            if param in replaced:
                continue
            distinct = {_resolve(replaced, source) for source in operands[param]} - {param}
            if len(distinct) == 1:
                (replacement,) = distinct
                replaced[param] = replacement
                affected = users.pop(param, [])
                users.setdefault(replacement, []).extend(affected)
                work += affected
        return replaced

    def _pass_phis(self, replaced: dict[int, int]) -> None:
        """Drop replaced parameters, and append the others' values to the branches."""
        func = self.func
        for block, phis in self._phis.items():
            phis[:] = [(variable, param) for variable, param in phis if param not in replaced]
            func.block_params[block] = [p for p in func.block_params[block] if p not in replaced]
        for param in replaced:
            func.value_types[param], func.value_defs[param] = types.INVALID, NO_DEF
        for block in func.layout:
            for inst in func.block_insts[block]:
                node = func.insts[inst]
                if O.EFFECTS[node[0]] & O.BRANCH:
                    node = self._with_phis(node, block)
                if replaced:
                    node = (*node[:3], *[_resolve(replaced, arg) for arg in node[3:]])
                func.insts[inst] = node

    def _with_phis(self, node: Node, block: int) -> Node:
        """A branch of ``block`` with what its targets' parameters take added."""
        extra = [
            [self._reaching[variable, block] for variable, _ in self._phis.get(target, ())]
            for target, _ in targets(node)
        ]
        if not any(extra):
            return node
        op, type, imm = node[:3]
        if O.EFFECTS[op] & O.CALL:
            return self._try_with_phis(node, extra)
        place = 3 + (op != O.JUMP)
        args = list(node[3:place])
        counts = []
        for (target, count), more in zip(imm, extra):
            args += node[place : place + count]
            args += more
            place += count
            counts.append((target, count + len(more)))
        return (op, type, tuple(counts), *args)

    @staticmethod
    def _try_with_phis(node: Node, extra: list[list[int]]) -> Node:
        op, type, (reference, table) = node[:3]
        args = list(node[3:])
        counts, payloads = [], []
        for (target, count), payload, more in zip(table.targets, table.payloads, extra):
            payloads.append((*payload, *range(len(args), len(args) + len(more))))
            counts.append((target, count + len(more)))
            args += more
        table = TryTargets(table.sig, tuple(counts), table.call_args, table.handlers, tuple(payloads))
        return (op, type, (reference, table), *args)


def _resolve(replaced: dict[int, int], value: int) -> int:
    """Follow replacements to their end, shortening the way."""
    end = value
    while end in replaced:
        end = replaced[end]
    while value != end:
        replaced[value], value = end, replaced[value]
    return end
