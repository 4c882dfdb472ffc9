"""Changes to a CLIF function that keep its meaning, so that the function before is the oracle of the one behind.

    swapped     operands of a commutative instruction
    neutral     an operand x becomes x + 0, x ^ 0, x | 0, x & -1, ~~x, -(-x) or select(c, x, x)
    again       an operand's pure instruction is computed once more, just before the use
    by_memory   an operand goes through a stack slot of its own
    split       a block becomes two with a jump between
    inverted    a branch on c becomes one on c == 0 with its sides exchanged
    diamond     a branch on any value to two blocks that both go on in the same way
"""

from __future__ import annotations

import random
from collections.abc import Callable

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.function import Function, Node


def mutate(func: Function, r: random.Random, count: int) -> None:
    """Apply ``count`` random changes to ``func``, in place; one that finds no place does nothing."""
    for _ in range(count):
        r.choice(CHANGES)(func, r)


def _insert(func: Function, block: int, at: int, node: Node, type: ty.Type) -> int:
    """A new instruction at index ``at`` of ``block``; its value."""
    value = func.value(block, node, type)
    insts = func.block_insts[block]
    insts.insert(at, insts.pop())
    return value


def _use(func: Function, r: random.Random) -> tuple[int, int, int] | None:
    """(block, index in it, operand index) of some operand."""
    block = r.choice(func.layout)
    at = r.randrange(len(func.block_insts[block]))
    node = func.insts[func.block_insts[block][at]]
    return (block, at, r.randrange(3, len(node))) if len(node) > 3 else None


def _replace(func: Function, block: int, at: int, operand: int, value: int) -> None:
    inst = func.block_insts[block][at]
    node = func.insts[inst]
    func.insts[inst] = (*node[:operand], value, *node[operand + 1 :])


def swapped(func: Function, r: random.Random) -> None:
    found = [i for block in func.layout for i in func.block_insts[block]
             if op.COMMUTATIVE[func.insts[i][0]] and len(func.insts[i]) == 5]  # fmt: skip
    if found:
        inst = r.choice(found)
        number, type, imm, x, y = func.insts[inst]
        func.insts[inst] = (number, type, imm, y, x)


def _constant(func: Function, block: int, at: int, type: ty.Type, lane: int) -> int:
    """``lane`` in every lane of an integer type of up to 64 bits a lane."""
    if ty.IS_VECTOR[type]:
        data = (lane & ty.MASK[ty.LANE[type]]).to_bytes(ty.LANE_BITS[type] // 8, "little") * ty.LANES[type]
        return _insert(func, block, at, (op.VCONST, type, data), type)
    return _insert(func, block, at, (op.ICONST, type, lane & ty.MASK[type]), type)


def neutral(func: Function, r: random.Random) -> None:
    use = _use(func, r)
    if use is None:
        return
    block, at, operand = use
    x = func.insts[func.block_insts[block][at]][operand]
    type = func.value_types[x]
    lane = ty.LANE[type]
    if lane > ty.I64 or r.random() < 0.2:
        condition = _insert(func, block, at, (op.ICONST, ty.I8, r.randrange(2)), ty.I8)
        value = _insert(func, block, at + 1, (op.SELECT, type, None, condition, x, x), type)
        _replace(func, block, at + 2, operand, value)
        return
    number, constant = r.choice(((op.IADD, 0), (op.BXOR, 0), (op.BOR, 0), (op.BAND, -1), (op.BNOT, None), (op.INEG, None)))
    if constant is None:
        once = _insert(func, block, at, (number, type, None, x), type)
        value = _insert(func, block, at + 1, (number, type, None, once), type)
    else:
        c = _constant(func, block, at, type, constant)
        value = _insert(func, block, at + 1, (number, type, None, *r.sample((x, c), 2)), type)
    _replace(func, block, at + 2, operand, value)


def again(func: Function, r: random.Random) -> None:
    use = _use(func, r)
    if use is None:
        return
    block, at, operand = use
    x = func.insts[func.block_insts[block][at]][operand]
    definition = func.value_defs[x]
    if definition >= 0 and op.PURE[func.insts[definition][0]] and len(func.results[definition]) == 1:
        value = _insert(func, block, at, func.insts[definition], func.value_types[x])
        _replace(func, block, at + 1, operand, value)


def by_memory(func: Function, r: random.Random) -> None:
    use = _use(func, r)
    if use is None:
        return
    block, at, operand = use
    x = func.insts[func.block_insts[block][at]][operand]
    type = func.value_types[x]
    address = _insert(func, block, at, (op.STACK_ADDR, ty.I64, (func.stack_slot(ty.BYTES[type], 0), 0)), ty.I64)
    func.append(block, (op.STORE_, type, (0, 0), x, address))
    insts = func.block_insts[block]
    insts.insert(at + 1, insts.pop())
    _replace(func, block, at + 3, operand, _insert(func, block, at + 2, (op.LOAD_, type, (0, 0), address), type))


def _behind(func: Function, block: int, at: int) -> int:
    """A new block with the instructions of ``block`` from index ``at`` on."""
    rest = func.block()
    func.block_insts[rest] = func.block_insts[block][at:]
    func.block_insts[block] = func.block_insts[block][:at]
    return rest


def split(func: Function, r: random.Random) -> None:
    block = r.choice(func.layout)
    rest = _behind(func, block, r.randrange(len(func.block_insts[block])))
    func.append(block, (op.JUMP, 0, ((rest, 0),)))


def inverted(func: Function, r: random.Random) -> None:
    found = [block for block in func.layout if func.insts[func.block_insts[block][-1]][0] == op.BRIF]
    if not found:
        return
    block = r.choice(found)
    inst = func.block_insts[block].pop()
    _, type, (first, second), condition, *args = func.insts[inst]
    zero = func.value(block, (op.ICONST, type, 0), type)
    test = func.value(block, (op.ICMP, type, "eq", condition, zero), ty.I8)
    func.insts[inst] = (op.BRIF, ty.I8, (second, first), test, *args[first[1] :], *args[: first[1]])
    func.block_insts[block].append(inst)


def diamond(func: Function, r: random.Random) -> None:
    block = r.choice(func.layout)
    at = r.randrange(len(func.block_insts[block]))
    found = [v for i in func.block_insts[block][:at] for v in func.results[i] if ty.IS_INT[func.value_types[v]]]
    condition = next((v for v in r.sample(found, len(found)) if func.value_types[v] != ty.I128), None)
    if condition is None:
        return
    rest = _behind(func, block, at)
    sides = [func.block(), func.block()]
    func.append(block, (op.BRIF, func.value_types[condition], tuple((side, 0) for side in sides), condition))
    for side in sides:
        func.append(side, (op.JUMP, 0, ((rest, 0),)))


CHANGES: tuple[Callable[[Function, random.Random], None], ...] = (
    swapped, neutral, neutral, again, by_memory, split, inverted, diamond,
)  # fmt: skip
