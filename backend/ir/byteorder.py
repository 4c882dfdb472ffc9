"""CLIF's memory accesses and bitcasts without a byte order have the target's.

Whoever comes behind takes no flag for little-endian; so on a big-endian target they get theirs first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir.memflags import BIG, LITTLE

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node

#: Where the immediate is the flags, or begins with them.
_FLAGS = frozenset(("load_no_offset", "store_no_offset", "atomic_cas"))
_FIRST = frozenset(("load", "store", "atomic_rmw"))


def make_big(func: Function) -> None:
    """Mark what has no byte order as big-endian."""
    insts = func.insts
    for b in func.layout:
        for i in func.block_insts[b]:
            insts[i] = big(insts[i])


def big(node: Node) -> Node:
    """The instruction, big-endian if it says no byte order and depends on one."""
    form = O.FORMAT[node[0]]
    imm = node[2]
    if form in _FIRST:
        if not imm[0] & (LITTLE | BIG):
            return (*node[:2], (imm[0] | BIG, *imm[1:]), *node[3:])
    elif (form in _FLAGS or node[0] == O.BITCAST) and not imm & (LITTLE | BIG):
        return (*node[:2], imm | BIG, *node[3:])
    return node
