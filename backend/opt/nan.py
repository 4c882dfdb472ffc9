"""NaN canonicalization: after it, arithmetic gives one NaN only, the quiet positive one without payload.

Which NaN an operation gives is the machine's business: it may be either operand's, or a default of either sign. Where results are
compared to the bit (differential tests, consensus systems) each operation that may make a NaN is followed by a choice: itself, or
the canonical NaN where it does not equal itself. What only moves or flips bits (fneg, fabs, fcopysign, bitcast) stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node

_MAKES_NAN = frozenset(
    (op.FADD, op.FSUB, op.FMUL, op.FDIV, op.SQRT, op.FMA, op.FMIN, op.FMAX, op.CEIL, op.FLOOR, op.TRUNC, op.NEAREST,
     op.FPROMOTE, op.FDEMOTE, op.FVDEMOTE, op.FVPROMOTE_LOW)
)  # fmt: skip
#: Lane type -> bits of its canonical NaN.
_CANONICAL = {ty.F16: 0x7E00, ty.F32: 0x7FC00000, ty.F64: 0x7FF8 << 48, ty.F128: 0x7FFF8 << 108}
_CONST = {ty.F16: op.F16CONST, ty.F32: op.F32CONST, ty.F64: op.F64CONST}


def canonicalize(func: Function) -> None:
    """Add the choices to ``func``, in place. Values keep their numbers: they name what was chosen."""
    for block in func.layout:
        insts = func.block_insts[block]
        if not any(func.insts[i][0] in _MAKES_NAN for i in insts):
            continue
        func.block_insts[block] = []
        for inst in insts:
            func.block_insts[block].append(inst)
            if func.insts[inst][0] in _MAKES_NAN:
                _choose(func, block, inst)


def _choose(func: Function, block: int, inst: int) -> None:
    (value,) = func.results[inst]
    type = func.value_types[value]
    loc = func.srclocs[inst]
    raw = len(func.value_types)
    func.value_types.append(type)
    func.value_defs.append(inst)
    func.results[inst] = (raw,)
    mask_type = ty.as_truthy(type)
    nan = func.value(block, canonical_nan(type), type, loc)
    is_nan = func.value(block, (op.FCMP, type, "uno", raw, raw), mask_type, loc)
    if ty.IS_VECTOR[type]:
        mask = func.value(block, (op.BITCAST, type, 0, is_nan), type, loc)
        node: Node = (op.BITSELECT, type, None, mask, nan, raw)
    else:
        node = (op.SELECT, type, None, is_nan, nan, raw)
    chosen = func.append(block, node, (), loc)
    func.results[chosen] = (value,)
    func.value_defs[value] = chosen


def canonical_nan(type: ty.Type) -> Node:
    """The node of the canonical NaN, in every lane."""
    lane = ty.LANE[type]
    if type in _CONST:
        return _CONST[type], type, _CANONICAL[type]
    data = _CANONICAL[lane].to_bytes(ty.LANE_BITS[type] // 8, "little") * ty.LANES[type]
    return (op.F128CONST if type == ty.F128 else op.VCONST), type, data
