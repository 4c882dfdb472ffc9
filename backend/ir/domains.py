"""Which controlling types each opcode takes, and how operands of free type must relate to it.

The opcode table gives types relative to the controlling type; this table says what that may be. `DOMAINS` names
sets of types; `DOMAIN` gives each opcode its set. `FREE` holds, for opcodes with an operand of type ``any``, the
relation between that operand's type and the controlling type, as a predicate and the words for it.
"""

from __future__ import annotations

from collections.abc import Callable

from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T

_ALL = tuple(t for t in range(len(T.BITS)) if T.BITS[t])
_SCALAR_INT = tuple(t for t in _ALL if T.IS_INT[t])
_SCALAR_FLOAT = tuple(t for t in _ALL if T.IS_FLOAT[t])
_VECTOR = tuple(t for t in _ALL if T.IS_VECTOR[t])
_INT_VECTOR = tuple(t for t in _VECTOR if T.LANE[t] <= T.I128)
_FLOAT_VECTOR = tuple(t for t in _VECTOR if T.LANE[t] > T.I128)


def _lanes(*lanes: T.Type) -> tuple[T.Type, ...]:
    return tuple(t for t in _INT_VECTOR if T.LANE[t] in lanes)


#: Name -> the types of the set.
DOMAINS: dict[str, frozenset[T.Type]] = {
    name: frozenset(members)
    for name, members in {
        "none": (T.INVALID,),
        "any": _ALL,
        "integer": _SCALAR_INT,
        "integer to i64": (T.I8, T.I16, T.I32, T.I64),
        "integer from i16": (T.I16, T.I32, T.I64, T.I128),
        "i16 to i64": (T.I16, T.I32, T.I64),
        "i32 or i64": (T.I32, T.I64),
        "address": (T.I64,),
        "integer or vector": _SCALAR_INT + _INT_VECTOR,
        "float": _SCALAR_FLOAT,
        "float or vector": _SCALAR_FLOAT + _FLOAT_VECTOR,
        "vector": _VECTOR,
        "integer vector": _INT_VECTOR,
        "vector of i16 or i32": _lanes(T.I16, T.I32),
        "vector of i8 to i32": _lanes(T.I8, T.I16, T.I32),
        "vector of i16 to i64": _lanes(T.I16, T.I32, T.I64),
        "i8x16": (T.I8X16, T.I8X16 | T.DYNAMIC),
        "f32x4": (T.F32X4,),
        "f64x2": (T.F64X2,),
        "dynamic vector": tuple(t for t in _VECTOR if t & T.DYNAMIC),
        "anything": (T.INVALID, *_ALL),
    }.items()
}

_BY_DOMAIN = {
    "integer": """brif trapz trapnz atomic_rmw atomic_cas atomic_load atomic_store udiv sdiv urem srem udiv_proven
    sdiv_proven
        iconst urem_proven srem_proven uadd_overflow sadd_overflow usub_overflow ssub_overflow umul_overflow smul_overflow
        uadd_overflow_cin
        sadd_overflow_cin usub_overflow_bin ssub_overflow_bin uadd_overflow_trap bitrev clz cls ctz bmask ireduce""",
    "integer to i64": "iconcat vhigh_bits",
    "integer from i16": "bswap isplit",
    "i16 to i64": "uload8 sload8 istore8",
    "i32 or i64": """uload16 sload16 istore16 stack_addr
        call_indirect return_call_indirect try_call_indirect""",
    "address": """func_addr dynamic_stack_addr
    symbol_value tls_value
        get_pinned_reg set_pinned_reg get_frame_pointer get_stack_pointer get_return_address
        get_exception_handler_address stack_switch
        istore32""",
    "integer or vector": """iadd isub ineg iabs imul umulhi smulhi smin umin smax umax rotl rotr ishl ushr sshr
    popcnt icmp uextend
        sextend fcvt_to_uint fcvt_to_sint fcvt_to_uint_sat fcvt_to_sint_sat fcvt_to_uint_proven fcvt_to_sint_proven
        x86_cvtt2dq""",
    "any": "load store band bor bxor bnot select select_spectre_guard bitselect bitcast",
    "float or vector": """fadd fsub fmul fdiv sqrt fma fneg fabs fcopysign fmin fmax ceil floor trunc nearest fcmp
    fpromote fdemote
        fcvt_from_uint fcvt_from_sint""",
    "vector": "scalar_to_vector vconst splat insertlane extractlane blendv vany_true vall_true",
    "integer vector": "avg_round uadd_sat sadd_sat usub_sat ssub_sat",
    "vector of i16 or i32": "sqmul_round_sat x86_pmulhrsw",
    "vector of i16 to i64": "snarrow unarrow uunarrow",
    "vector of i8 to i32": "swiden_low swiden_high uwiden_low uwiden_high iadd_pairwise",
    "i8x16": "swizzle x86_pshufb x86_pmaddubsw shuffle",
    "f32x4": "fvpromote_low",
    "f64x2": "fvdemote",
    "dynamic vector": "extract_vector",
}  # fmt: skip
_DOMAIN_OF = {opcode: domain for domain, listed in _BY_DOMAIN.items() for opcode in listed.split()}

#: Opcode -> name of its domain. Opcodes without a controlling type take any type field ("anything": it is not written).
DOMAIN: list[str] = [_DOMAIN_OF.get(name, "anything") for name in O.NAME]


def _same_lanes(type: T.Type, arg: T.Type) -> bool:
    return T.LANES[type] == T.LANES[arg] and type & T.DYNAMIC == arg & T.DYNAMIC


def _is_integer(type: T.Type) -> bool:
    return 0 < T.LANE[type] <= T.I128


def _is_float(type: T.Type) -> bool:
    return T.LANE[type] > T.I128


Relation = tuple[Callable[[T.Type, T.Type], bool], str]

_SCALAR: Relation = (lambda type, arg: T.IS_INT[arg], "an integer")
_SAME_WIDTH: Relation = (lambda type, arg: T.BITS[type] == T.BITS[arg], "a type of the same width")
_WIDER: Relation = (
    lambda type, arg: _is_integer(arg) and _same_lanes(type, arg) and T.BITS[arg] > T.BITS[type],
    "a wider integer type",
)
_NARROWER: Relation = (
    lambda type, arg: _is_integer(arg) and _same_lanes(type, arg) and T.BITS[arg] < T.BITS[type],
    "a narrower integer type",
)
_NARROWER_FLOAT: Relation = (
    lambda type, arg: _is_float(arg) and _same_lanes(type, arg) and T.BITS[arg] < T.BITS[type],
    "a narrower float type",
)
_WIDER_FLOAT: Relation = (
    lambda type, arg: _is_float(arg) and _same_lanes(type, arg) and T.BITS[arg] > T.BITS[type],
    "a wider float type",
)
_FLOATS: Relation = (
    lambda type, arg: _is_float(arg) and _same_lanes(type, arg),
    "floats in as many lanes",
)
_INTEGERS: Relation = (
    lambda type, arg: _is_integer(arg) and _same_lanes(type, arg),
    "integers in as many lanes",
)
_A_VECTOR: Relation = (lambda type, arg: T.IS_VECTOR[arg], "a vector")

#: Opcode name -> relation that its operand of free type has to the controlling type.
FREE: dict[str, Relation] = {
    **dict.fromkeys(["rotl", "rotr", "ishl", "ushr", "sshr", "bmask"], _SCALAR),
    **dict.fromkeys(["select", "select_spectre_guard"], _SCALAR),
    "bitcast": _SAME_WIDTH,
    "ireduce": _WIDER,
    **dict.fromkeys(["uextend", "sextend"], _NARROWER),
    "fpromote": _NARROWER_FLOAT,
    "fdemote": _WIDER_FLOAT,
    **dict.fromkeys([f"fcvt_to_{sign}int{how}" for sign in "us" for how in ("", "_sat", "_proven")], _FLOATS),
    "x86_cvtt2dq": _FLOATS,
    **dict.fromkeys(["fcvt_from_uint", "fcvt_from_sint"], _INTEGERS),
    "vhigh_bits": _A_VECTOR,
}
