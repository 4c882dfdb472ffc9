"""What a node costs to compute, by opcode; extraction takes the cheapest member of a class.

The cost of a tree is its root's plus its operands' (shared parts count each time), saturating at LIMIT. Constants and extensions
are nearly free, for lowering folds most. What it folds on a target, and what a loop leaves to pay in each turn, decides where forms
are compared (`price`); elaboration moves what it can out of loops.
"""

from __future__ import annotations

from jitpy.backend.ir import opcodes as op

LIMIT = 1 << 30

_SPECIAL = {
    op.ICONST: 1, op.F16CONST: 1, op.F32CONST: 1, op.F64CONST: 1, op.F128CONST: 2, op.VCONST: 2,
    op.UEXTEND: 1, op.SEXTEND: 1, op.IREDUCE: 1, op.BITCAST: 2, op.STACK_ADDR: 1, op.FUNC_ADDR: 1, op.SYMBOL_VALUE: 1,
    op.IADD: 3, op.ISUB: 3, op.BAND: 3, op.BOR: 3, op.BXOR: 3, op.BNOT: 3, op.INEG: 3,
    op.ISHL: 3, op.USHR: 3, op.SSHR: 3, op.ROTL: 3, op.ROTR: 3, op.ICMP: 3,
    op.IMUL: 10, op.UMULHI: 10, op.SMULHI: 10,
    op.FDIV: 20, op.SQRT: 20, op.FMA: 6,
}  # fmt: skip

#: Per opcode. Opaque values (parameters, loads, results of calls) are there already and cost nothing more.
COST: list[int] = [_SPECIAL.get(number, 4) for number in range(len(op.NAME))]
