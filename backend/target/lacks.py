"""Groups of what a target may have no instructions for: (opcode, type) pairs that the rules of ``backend/soft/rules`` replace.

The type is the controlling one or that of the first operand. A target's ``lacks`` is a union of such groups.
"""

from __future__ import annotations

from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir.types import BITS, F16, F32, F64, F128, I128, Type, vector

Pairs = frozenset[tuple[int, Type]]


def _pairs(names: str, *types: Type) -> Pairs:
    return frozenset((O.BY_NAME[name], type) for name in names.split() for type in types)


#: Vectors of one lane type, up to the widest that a target holds in registers.
def vectors(lane: Type) -> tuple[Type, ...]:
    return tuple(vector(lane, 1 << n) for n in range(1, 6) if BITS[lane] << n <= 512)


_ARITHMETIC = "fadd fsub fmul fdiv sqrt fma fmin fmax ceil floor trunc nearest fcmp "
_INTEGERS = """fcvt_to_sint fcvt_to_uint fcvt_to_sint_sat fcvt_to_uint_sat fcvt_to_sint_proven fcvt_to_uint_proven
    fcvt_from_sint fcvt_from_uint x86_cvtt2dq"""
_FLOATS = "fpromote fdemote"

#: All arithmetic and conversions of quad precision, and its conversions from and to integers alone; all of half precision; between
#: half and other floats.
F128_ALL = _pairs(_ARITHMETIC + _INTEGERS + " " + _FLOATS, F128)
F128_INTEGERS = _pairs(_INTEGERS, F128)
F16_ALL = _pairs(_ARITHMETIC + _INTEGERS, F16, *vectors(F16))
F16_CONVERSIONS = _pairs(_FLOATS, F16, *vectors(F16))
#: Operations on the sign bit, where the registers cannot do them.
SIGNS = _pairs("fneg fabs fcopysign", F16, F128)
#: Bitwise operations on floats.
FLOAT_LOGIC = _pairs("band bor bxor bnot bitselect", F16, F32, F64, F128)
#: Fused multiply-add of the types that have hardware otherwise.
FMA = _pairs("fma", F32, F64, *vectors(F32), *vectors(F64))
#: What pairs of registers do not do in a few instructions; of that, what registers of 128 bits may.
I128_WHOLE = _pairs(
    """udiv sdiv urem srem udiv_proven sdiv_proven urem_proven srem_proven umul_overflow smul_overflow umulhi smulhi cls""", I128
)
I128_HARD = I128_WHOLE | _pairs(
    """uadd_overflow_cin sadd_overflow_cin usub_overflow_bin ssub_overflow_bin uadd_overflow_trap bitselect
    atomic_rmw atomic_store """ + _INTEGERS,
    I128,
)  # fmt: skip
