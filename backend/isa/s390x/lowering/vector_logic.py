"""Bitwise logic of vectors: a tree of instructions becomes one.

A function of two operands is a truth table of four bits, of three operands one of eight. So the tree above two leaves is computed
on the numbers of the leaves' columns, and what comes out names the instruction: ~(x & y) is 1110, nand. Since z17 one
instruction (`veval`) has any function of three operands, its table as immediate; entry 0 (all operands 0) is the leftmost bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.ir.opcodes import BAND, BITSELECT, BNOT, BOR, BXOR
from jitpy.backend.isa.s390x.lowering.vector_base import VectorBase

#: Table of two operands -> the instruction, and whether its operands change places.
_OF_TWO = {
    0b0001: ("vn", False), 0b0111: ("vo", False), 0b0110: ("vx", False), 0b1110: ("vnn", False), 0b1000: ("vno", False),
    0b1001: ("vnx", False), 0b0010: ("vnc", False), 0b0100: ("vnc", True), 0b1011: ("voc", False), 0b1101: ("voc", True),
}  # fmt: skip
#: Number of leaves -> their columns of the table.
_COLUMNS = {2: (0b0011, 0b0101), 3: (0b00001111, 0b00110011, 0b01010101)}
_LOGIC: dict[Any, Callable[..., int]] = {
    BAND: lambda x, y: x & y, BOR: lambda x, y: x | y, BXOR: lambda x, y: x ^ y, BNOT: lambda x: ~x,
    BITSELECT: lambda c, x, y: c & x | ~c & y,
}  # fmt: skip
#: The leaves, which are values, and the table.
Tree = tuple[list[Any], int]


class VectorLogic(VectorBase):
    """See the module's docstring."""

    def tree(self, inst: Any) -> Tree | None:
        """The logic that ends in this instruction, if more than one instruction has become one. An operand's own instruction joins
        where nothing else wants it and the leaves stay few enough."""
        nodes, uses = self.nodes, self.uses
        root = self.insts[inst]
        most = 3 if self.features["has_vxrs_ext3"] else 2
        inner: set[Any] = set()
        leaves = list(dict.fromkeys(root[3:]))
        grown = True
        while grown:
            grown = False
            for v in leaves:
                if nodes[v][0] in _LOGIC and uses[v] == 1:
                    at = leaves.index(v)
                    found = list(dict.fromkeys((*leaves[:at], *nodes[v][3:], *leaves[at + 1 :])))
                    if len(found) <= most:
                        inner.add(v)
                        leaves, grown = found, True
                        break
        if not inner or len(leaves) not in _COLUMNS:
            return None
        columns = dict(zip(leaves, _COLUMNS[len(leaves)]))

        def table(node: Any) -> int:
            operands = [table(nodes[v]) if v in inner else columns[v] for v in node[3:]]
            return _LOGIC[node[0]](*operands)

        found_table = table(root) & (1 << (1 << len(leaves))) - 1
        return None if len(leaves) == 2 and found_table not in _OF_TWO else (leaves, found_table)

    def logic(self, ty: Any, tree: Tree) -> Any:
        """One instruction for each part of the value."""
        leaves, table = tree
        if len(leaves) == 3:
            return self.lanes(lambda t, *regs: self.x("veval", *regs, imm=table), ty, *leaves)
        op, swapped = _OF_TWO[table]
        return self.lanes(lambda t, a, b: self.x(op, b, a) if swapped else self.x(op, a, b), ty, *leaves)
