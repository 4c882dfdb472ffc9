"""THE opcode table: one row per CLIF opcode; builder, parser, printer, verifier, effects, docs and ISLE terms derive from it.

A node is the tuple ``(op, type, imm, *args)``: the opcode's number, its controlling type (the one written ``opcode.type`` in text,
or that of the operand it is inferred from), an immediate (None, or what the format says), and the value operands. The same tuple
is an instruction of a `Function`, the hash-cons key of the e-graph, and what lowering matches.

A row's ``args`` and ``results`` are type codes relative to the controlling type ``T`` (see `TYPE_CODES`): ``T`` itself, a type's
name, ``bool`` (`types.as_truthy`), ``int`` (same shape, integer lanes), ``lane``, ``half``/``double`` (lane width), ``split``/
``merge`` (lane width and count), ``addr`` (i64), ``any``; ``*`` = by signature. ``ctrl`` says where ``T`` comes from: ``"0"``,
``"1"`` (that operand), ``"."`` (written in the text), ``""`` (there is none: a node's type is then that of the one result where the
row fixes it, as F64 of f64const, and INVALID otherwise).

Formats and their immediates
  nullary, unary, binary, ternary, multiary     None
  unary_imm (iconst)                            int, zero-extended from the type's width
  unary_ieee16/32/64, unary_const               int: the bits (f16, f32, f64); bytes, little-endian (f128const, vconst)
  binary_imm8, ternary_imm8                     int: the lane
  int_compare, float_compare                    str: the condition code
  load, store                                   (flags, offset)          store args: (value, address)
  load_no_offset, store_no_offset               flags                    atomic_store args: (value, address)
  atomic_rmw, atomic_cas                        (flags, operation) ; flags. args: (address, value) ; (address, expected, replacement)
  stack_addr, dynamic_stack_addr                (slot, offset) ; slot
  func_addr, unary_global_value                 function reference ; global value
  call, call_indirect                           function reference ; signature reference with args (callee, *arguments)
  jump, brif, branch_table                      ((block, argument count), ...): args are the condition, if any, then each target's
                                                arguments in order; brif's targets are (then, else), branch_table's (default, *table)
  try_call, try_call_indirect                   (function or signature reference, TryTargets): args are (*call args, *target args)
  trap ; cond_trap ; int_add_trap               trap code, a str
  shuffle                                       bytes: 16 lane numbers
  exception_handler_address                     (block, index)
"""

from __future__ import annotations

# Effects, one bit each.
TERMINATOR = 1  # ends a block
BRANCH = 2  # has block targets
CALL = 4
LOAD = 8  # reads memory
STORE = 16  # writes memory
TRAP = 32  # can trap, so must stay where control reaches it
SIDE_EFFECT = 64  # must stay for another reason
IDEMPOTENT = 128  # two in a row are one: may be merged with a dominating equal one although it may not be hoisted
_NOT_PURE = TERMINATOR | CALL | LOAD | STORE | TRAP | SIDE_EFFECT

NAME: list[str] = []
FORMAT: list[str] = []
ARGS: list[tuple[str, ...]] = []
RESULTS: list[tuple[str, ...]] = []
CTRL: list[str] = []
EFFECTS: list[int] = []
THEME: list[str] = []
DOC: list[str] = []
#: True where the opcode computes its results from its operands alone: may be merged, moved, duplicated and dropped.
PURE: list[bool] = []
#: True where the operands (all arguments, two of them) may be swapped.
COMMUTATIVE: list[bool] = []
BY_NAME: dict[str, int] = {}

_theme = ""


def _theme_is(name: str) -> None:
    global _theme
    _theme = name


def _op(
    name: str, format: str, ctrl: str, args: str, results: str, doc: str, effects: int = 0, comm: bool = False
) -> int:
    number = len(NAME)
    NAME.append(name)
    FORMAT.append(format)
    CTRL.append(ctrl)
    ARGS.append(tuple(args.split()))
    RESULTS.append(tuple(results.split()))
    EFFECTS.append(effects)
    THEME.append(_theme)
    DOC.append(doc)
    PURE.append(not effects & _NOT_PURE)
    COMMUTATIVE.append(comm)
    BY_NAME[name] = number
    return number


_theme_is("branch")
JUMP = _op("jump", "jump", "", "*", "", "Jump to a block.", TERMINATOR | BRANCH)
BRIF = _op("brif", "brif", "0", "T *", "", "To the first block when nonzero, else to the second.", TERMINATOR | BRANCH)
BR_TABLE = _op("br_table", "branch_table", "", "i32 *", "", "To table[index], or the default beyond it.", TERMINATOR | BRANCH)
TRAP_ = _op("trap", "trap", "", "", "", "Trap.", TERMINATOR | TRAP)
TRAPZ = _op("trapz", "cond_trap", "0", "T", "", "Trap when zero.", TRAP | IDEMPOTENT)
TRAPNZ = _op("trapnz", "cond_trap", "0", "T", "", "Trap when nonzero.", TRAP | IDEMPOTENT)
DEBUGTRAP = _op("debugtrap", "nullary", "", "", "", "Stop in a debugger.", SIDE_EFFECT)
RETURN = _op("return", "multiary", "", "*", "", "Return the values of the signature.", TERMINATOR)
NOP = _op("nop", "nullary", "", "", "", "Nothing.", SIDE_EFFECT)

_theme_is("call")
CALL_ = _op("call", "call", "", "*", "*", "Direct call.", CALL)
CALL_INDIRECT = _op("call_indirect", "call_indirect", "0", "addr *", "*", "Call through a pointer.", CALL)
RETURN_CALL = _op("return_call", "call", "", "*", "", "Direct tail call.", CALL | TERMINATOR)
RETURN_CALL_INDIRECT = _op("return_call_indirect", "call_indirect", "0", "addr *", "", "Tail call through a pointer.", CALL | TERMINATOR)
FUNC_ADDR = _op("func_addr", "func_addr", ".", "", "T", "The address of a function.")
TRY_CALL = _op("try_call", "try_call", "", "*", "", "Call with exceptional targets.", CALL | TERMINATOR | BRANCH)
TRY_CALL_INDIRECT = _op("try_call_indirect", "try_call_indirect", "0", "addr *", "", "Indirect call with exceptional targets.", CALL | TERMINATOR | BRANCH)
GET_PINNED_REG = _op("get_pinned_reg", "nullary", ".", "", "T", "Read the pinned register.", SIDE_EFFECT)
SET_PINNED_REG = _op("set_pinned_reg", "unary", "0", "T", "", "Write the pinned register.", SIDE_EFFECT)
GET_FRAME_POINTER = _op("get_frame_pointer", "nullary", ".", "", "T", "The frame pointer.")
GET_STACK_POINTER = _op("get_stack_pointer", "nullary", ".", "", "T", "The stack pointer.", SIDE_EFFECT)
GET_RETURN_ADDRESS = _op("get_return_address", "nullary", ".", "", "T", "The return address.")
GET_EXCEPTION_HANDLER_ADDRESS = _op("get_exception_handler_address", "exception_handler_address", ".", "", "T", "Address of a handler block.")
STACK_SWITCH = _op("stack_switch", "ternary", "0", "T T T", "T", "Switch stacks.", CALL | SIDE_EFFECT)
SEQUENCE_POINT = _op("sequence_point", "nullary", "", "", "", "A point that debug tags can name.", SIDE_EFFECT)

_theme_is("memory")
LOAD_ = _op("load", "load", ".", "addr", "T", "Load.", LOAD | TRAP)
STORE_ = _op("store", "store", "0", "T addr", "", "Store.", STORE | TRAP)
ULOAD8 = _op("uload8", "load", ".", "addr", "T", "Load 8 bits, zero-extend.", LOAD | TRAP)
SLOAD8 = _op("sload8", "load", ".", "addr", "T", "Load 8 bits, sign-extend.", LOAD | TRAP)
ISTORE8 = _op("istore8", "store", "0", "T addr", "", "Store the low 8 bits.", STORE | TRAP)
ULOAD16 = _op("uload16", "load", ".", "addr", "T", "Load 16 bits, zero-extend.", LOAD | TRAP)
SLOAD16 = _op("sload16", "load", ".", "addr", "T", "Load 16 bits, sign-extend.", LOAD | TRAP)
ISTORE16 = _op("istore16", "store", "0", "T addr", "", "Store the low 16 bits.", STORE | TRAP)
ULOAD32 = _op("uload32", "load", "", "addr", "i64", "Load 32 bits, zero-extend.", LOAD | TRAP)
SLOAD32 = _op("sload32", "load", "", "addr", "i64", "Load 32 bits, sign-extend.", LOAD | TRAP)
ISTORE32 = _op("istore32", "store", "0", "T addr", "", "Store the low 32 bits.", STORE | TRAP)
ULOAD8X8 = _op("uload8x8", "load", "", "addr", "i16x8", "Load 8 bytes, zero-extend each.", LOAD | TRAP)
SLOAD8X8 = _op("sload8x8", "load", "", "addr", "i16x8", "Load 8 bytes, sign-extend each.", LOAD | TRAP)
ULOAD16X4 = _op("uload16x4", "load", "", "addr", "i32x4", "Load 4 halves, zero-extend each.", LOAD | TRAP)
SLOAD16X4 = _op("sload16x4", "load", "", "addr", "i32x4", "Load 4 halves, sign-extend each.", LOAD | TRAP)
ULOAD32X2 = _op("uload32x2", "load", "", "addr", "i64x2", "Load 2 words, zero-extend each.", LOAD | TRAP)
SLOAD32X2 = _op("sload32x2", "load", "", "addr", "i64x2", "Load 2 words, sign-extend each.", LOAD | TRAP)
STACK_ADDR = _op("stack_addr", "stack_addr", ".", "", "T", "Address in a stack slot.")
DYNAMIC_STACK_ADDR = _op("dynamic_stack_addr", "dynamic_stack_addr", ".", "", "T", "Address of a dynamic stack slot.")
SYMBOL_VALUE = _op("symbol_value", "unary_global_value", ".", "", "T", "The address of a symbol.")
TLS_VALUE = _op("tls_value", "unary_global_value", ".", "", "T", "The address of a thread-local symbol.")

_theme_is("atomic")
ATOMIC_RMW = _op("atomic_rmw", "atomic_rmw", ".", "addr T", "T", "Read, modify, write; the old value.", LOAD | STORE | TRAP | SIDE_EFFECT)
ATOMIC_CAS = _op("atomic_cas", "atomic_cas", "2", "addr T T", "T", "Compare and swap; the old value.", LOAD | STORE | TRAP | SIDE_EFFECT)
ATOMIC_LOAD = _op("atomic_load", "load_no_offset", ".", "addr", "T", "Atomic load.", LOAD | TRAP | SIDE_EFFECT)
ATOMIC_STORE = _op("atomic_store", "store_no_offset", "0", "T addr", "", "Atomic store.", STORE | TRAP | SIDE_EFFECT)
FENCE = _op("fence", "nullary", "", "", "", "Memory fence.", SIDE_EFFECT)

_theme_is("int")
ICONST = _op("iconst", "unary_imm", ".", "", "T", "Integer constant.")
IADD = _op("iadd", "binary", "0", "T T", "T", "Add, wrapping.", comm=True)
ISUB = _op("isub", "binary", "0", "T T", "T", "Subtract, wrapping.")
INEG = _op("ineg", "unary", "0", "T", "T", "Negate, wrapping.")
IABS = _op("iabs", "unary", "0", "T", "T", "Absolute value, wrapping at the minimum.")
IMUL = _op("imul", "binary", "0", "T T", "T", "Multiply, wrapping.", comm=True)
UMULHI = _op("umulhi", "binary", "0", "T T", "T", "High half of the unsigned product.", comm=True)
SMULHI = _op("smulhi", "binary", "0", "T T", "T", "High half of the signed product.", comm=True)
SQMUL_ROUND_SAT = _op("sqmul_round_sat", "binary", "0", "T T", "T", "Fixed-point product, rounded and saturated.", comm=True)
X86_PMULHRSW = _op("x86_pmulhrsw", "binary", "0", "T T", "T", "As pmulhrsw.", comm=True)
UDIV = _op("udiv", "binary", "0", "T T", "T", "Unsigned quotient; traps on zero.", TRAP | IDEMPOTENT)
SDIV = _op("sdiv", "binary", "0", "T T", "T", "Signed quotient, truncated; traps on zero and overflow.", TRAP | IDEMPOTENT)
UREM = _op("urem", "binary", "0", "T T", "T", "Unsigned remainder; traps on zero.", TRAP | IDEMPOTENT)
SREM = _op("srem", "binary", "0", "T T", "T", "Signed remainder, sign of the dividend; traps on zero.", TRAP | IDEMPOTENT)
UADD_OVERFLOW = _op("uadd_overflow", "binary", "0", "T T", "T i8", "Sum, and whether it overflowed (unsigned).", comm=True)
SADD_OVERFLOW = _op("sadd_overflow", "binary", "0", "T T", "T i8", "Sum, and whether it overflowed (signed).", comm=True)
USUB_OVERFLOW = _op("usub_overflow", "binary", "0", "T T", "T i8", "Difference, and whether it overflowed (unsigned).")
SSUB_OVERFLOW = _op("ssub_overflow", "binary", "0", "T T", "T i8", "Difference, and whether it overflowed (signed).")
UMUL_OVERFLOW = _op("umul_overflow", "binary", "0", "T T", "T i8", "Product, and whether it overflowed (unsigned).", comm=True)
SMUL_OVERFLOW = _op("smul_overflow", "binary", "0", "T T", "T i8", "Product, and whether it overflowed (signed).", comm=True)
UADD_OVERFLOW_CIN = _op("uadd_overflow_cin", "ternary", "1", "T T i8", "T i8", "Sum with carry in, and carry out (unsigned).")
SADD_OVERFLOW_CIN = _op("sadd_overflow_cin", "ternary", "1", "T T i8", "T i8", "Sum with carry in, and overflow (signed).")
USUB_OVERFLOW_BIN = _op("usub_overflow_bin", "ternary", "1", "T T i8", "T i8", "Difference with borrow in, and borrow out (unsigned).")
SSUB_OVERFLOW_BIN = _op("ssub_overflow_bin", "ternary", "1", "T T i8", "T i8", "Difference with borrow in, and overflow (signed).")
UADD_OVERFLOW_TRAP = _op("uadd_overflow_trap", "int_add_trap", "0", "T T", "T", "Sum; traps on unsigned overflow.", TRAP | IDEMPOTENT, comm=True)
SMIN = _op("smin", "binary", "0", "T T", "T", "Signed minimum.", comm=True)
UMIN = _op("umin", "binary", "0", "T T", "T", "Unsigned minimum.", comm=True)
SMAX = _op("smax", "binary", "0", "T T", "T", "Signed maximum.", comm=True)
UMAX = _op("umax", "binary", "0", "T T", "T", "Unsigned maximum.", comm=True)
AVG_ROUND = _op("avg_round", "binary", "0", "T T", "T", "Unsigned average, rounded up.", comm=True)
UADD_SAT = _op("uadd_sat", "binary", "0", "T T", "T", "Unsigned saturating sum.", comm=True)
SADD_SAT = _op("sadd_sat", "binary", "0", "T T", "T", "Signed saturating sum.", comm=True)
USUB_SAT = _op("usub_sat", "binary", "0", "T T", "T", "Unsigned saturating difference.")
SSUB_SAT = _op("ssub_sat", "binary", "0", "T T", "T", "Signed saturating difference.")
BAND = _op("band", "binary", "0", "T T", "T", "Bitwise and.", comm=True)
BOR = _op("bor", "binary", "0", "T T", "T", "Bitwise or.", comm=True)
BXOR = _op("bxor", "binary", "0", "T T", "T", "Bitwise exclusive or.", comm=True)
BNOT = _op("bnot", "unary", "0", "T", "T", "Bitwise complement.")
ROTL = _op("rotl", "binary", "0", "T any", "T", "Rotate left, modulo the lane width.")
ROTR = _op("rotr", "binary", "0", "T any", "T", "Rotate right, modulo the lane width.")
ISHL = _op("ishl", "binary", "0", "T any", "T", "Shift left, modulo the lane width.")
USHR = _op("ushr", "binary", "0", "T any", "T", "Logical shift right, modulo the lane width.")
SSHR = _op("sshr", "binary", "0", "T any", "T", "Arithmetic shift right, modulo the lane width.")
BITREV = _op("bitrev", "unary", "0", "T", "T", "Reverse the bits.")
CLZ = _op("clz", "unary", "0", "T", "T", "Leading zeros.")
CLS = _op("cls", "unary", "0", "T", "T", "Leading sign bits after the first.")
CTZ = _op("ctz", "unary", "0", "T", "T", "Trailing zeros.")
BSWAP = _op("bswap", "unary", "0", "T", "T", "Reverse the bytes.")
POPCNT = _op("popcnt", "unary", "0", "T", "T", "Count the ones.")
ICMP = _op("icmp", "int_compare", "0", "T T", "bool", "Compare integers.")
SELECT = _op("select", "ternary", "1", "any T T", "T", "The second when the first is nonzero, else the third.")
SELECT_SPECTRE_GUARD = _op("select_spectre_guard", "ternary", "1", "any T T", "T", "select that is never speculated.", SIDE_EFFECT | IDEMPOTENT)
BITSELECT = _op("bitselect", "ternary", "0", "T T T", "T", "Per bit, the second where the first is one, else the third.")

_theme_is("float")
F16CONST = _op("f16const", "unary_ieee16", "", "", "f16", "f16 constant.")
F32CONST = _op("f32const", "unary_ieee32", "", "", "f32", "f32 constant.")
F64CONST = _op("f64const", "unary_ieee64", "", "", "f64", "f64 constant.")
F128CONST = _op("f128const", "unary_const", "", "", "f128", "f128 constant.")
FADD = _op("fadd", "binary", "0", "T T", "T", "Add.", comm=True)
FSUB = _op("fsub", "binary", "0", "T T", "T", "Subtract.")
FMUL = _op("fmul", "binary", "0", "T T", "T", "Multiply.", comm=True)
FDIV = _op("fdiv", "binary", "0", "T T", "T", "Divide.")
SQRT = _op("sqrt", "unary", "0", "T", "T", "Square root.")
FMA = _op("fma", "ternary", "0", "T T T", "T", "First times second plus third, rounded once.")
FNEG = _op("fneg", "unary", "0", "T", "T", "Flip the sign bit.")
FABS = _op("fabs", "unary", "0", "T", "T", "Clear the sign bit.")
FCOPYSIGN = _op("fcopysign", "binary", "0", "T T", "T", "Magnitude of the first, sign of the second.")
FMIN = _op("fmin", "binary", "0", "T T", "T", "Minimum; NaN if either is; -0 below +0.")
FMAX = _op("fmax", "binary", "0", "T T", "T", "Maximum; NaN if either is; -0 below +0.")
CEIL = _op("ceil", "unary", "0", "T", "T", "Round up.")
FLOOR = _op("floor", "unary", "0", "T", "T", "Round down.")
TRUNC = _op("trunc", "unary", "0", "T", "T", "Round to zero.")
NEAREST = _op("nearest", "unary", "0", "T", "T", "Round to nearest, ties to even.")
FCMP = _op("fcmp", "float_compare", "0", "T T", "bool", "Compare floats.")

_theme_is("convert")
BITCAST = _op("bitcast", "load_no_offset", ".", "any", "T", "Reinterpret the bits.")
SCALAR_TO_VECTOR = _op("scalar_to_vector", "unary", ".", "lane", "T", "The scalar in lane 0, zero elsewhere.")
BMASK = _op("bmask", "unary", ".", "any", "T", "All ones when nonzero, else zero.")
IREDUCE = _op("ireduce", "unary", ".", "any", "T", "Keep the low bits.")
SNARROW = _op("snarrow", "binary", "0", "T T", "split", "Narrow both, signed saturation.")
UNARROW = _op("unarrow", "binary", "0", "T T", "split", "Narrow both signed inputs, unsigned saturation.")
UUNARROW = _op("uunarrow", "binary", "0", "T T", "split", "Narrow both unsigned inputs, unsigned saturation.")
SWIDEN_LOW = _op("swiden_low", "unary", "0", "T", "merge", "Sign-extend the low lanes.")
SWIDEN_HIGH = _op("swiden_high", "unary", "0", "T", "merge", "Sign-extend the high lanes.")
UWIDEN_LOW = _op("uwiden_low", "unary", "0", "T", "merge", "Zero-extend the low lanes.")
UWIDEN_HIGH = _op("uwiden_high", "unary", "0", "T", "merge", "Zero-extend the high lanes.")
UEXTEND = _op("uextend", "unary", ".", "any", "T", "Zero-extend.")
SEXTEND = _op("sextend", "unary", ".", "any", "T", "Sign-extend.")
FPROMOTE = _op("fpromote", "unary", ".", "any", "T", "To a wider float, exactly.")
FDEMOTE = _op("fdemote", "unary", ".", "any", "T", "To a narrower float, rounded.")
FVDEMOTE = _op("fvdemote", "unary", "0", "f64x2", "f32x4", "Two f64 to f32 in the low lanes, zero above.")
FVPROMOTE_LOW = _op("fvpromote_low", "unary", "0", "f32x4", "f64x2", "The low two f32 to f64.")
FCVT_TO_UINT = _op("fcvt_to_uint", "unary", ".", "any", "T", "To unsigned, truncated; traps out of range.", TRAP | IDEMPOTENT)
FCVT_TO_SINT = _op("fcvt_to_sint", "unary", ".", "any", "T", "To signed, truncated; traps out of range.", TRAP | IDEMPOTENT)
FCVT_TO_UINT_SAT = _op("fcvt_to_uint_sat", "unary", ".", "any", "T", "To unsigned, saturated; NaN is 0.")
FCVT_TO_SINT_SAT = _op("fcvt_to_sint_sat", "unary", ".", "any", "T", "To signed, saturated; NaN is 0.")
FCVT_FROM_UINT = _op("fcvt_from_uint", "unary", ".", "any", "T", "From unsigned, rounded.")
FCVT_FROM_SINT = _op("fcvt_from_sint", "unary", ".", "any", "T", "From signed, rounded.")
X86_CVTT2DQ = _op("x86_cvtt2dq", "unary", ".", "any", "T", "As cvttps2dq.")
ISPLIT = _op("isplit", "unary", "0", "T", "half half", "Low and high halves.")
ICONCAT = _op("iconcat", "binary", "0", "T T", "double", "Low and high halves to the double-width integer.")

_theme_is("vector")
VCONST = _op("vconst", "unary_const", ".", "", "T", "Vector constant.")
SPLAT = _op("splat", "unary", ".", "lane", "T", "The scalar in every lane.")
SWIZZLE = _op("swizzle", "binary", "0", "T T", "T", "Bytes of the first by index, zero beyond.")
X86_PSHUFB = _op("x86_pshufb", "binary", "0", "T T", "T", "As pshufb.")
SHUFFLE = _op("shuffle", "shuffle", "0", "T T", "T", "Bytes of both by constant index.")
INSERTLANE = _op("insertlane", "ternary_imm8", "0", "T lane", "T", "Replace one lane.")
EXTRACTLANE = _op("extractlane", "binary_imm8", "0", "T", "lane", "One lane.")
EXTRACT_VECTOR = _op("extract_vector", "binary_imm8", "0", "T", "fixed", "A fixed vector out of a dynamic one.")
IADD_PAIRWISE = _op("iadd_pairwise", "binary", "0", "T T", "T", "Sums of adjacent lanes.")
X86_PMADDUBSW = _op("x86_pmaddubsw", "binary", "0", "i8x16 i8x16", "i16x8", "As pmaddubsw.")
BLENDV = _op("blendv", "ternary", "0", "T T T", "T", "Per lane by the top bit of the first.")
VANY_TRUE = _op("vany_true", "unary", "0", "T", "i8", "Whether any lane is nonzero.")
VALL_TRUE = _op("vall_true", "unary", "0", "T", "i8", "Whether all lanes are nonzero.")
VHIGH_BITS = _op("vhigh_bits", "unary", ".", "any", "T", "The top bits of the lanes.")

#: How many of the rows are CLIF's own.
CLIF_COUNT = len(NAME)

# Our own. A *_proven opcode computes what its namesake does where that would not trap; the producer has proved that it would not,
# so nothing is checked twice. The divisions still must not be hoisted over the check that proves them.
_theme_is("int")
UDIV_PROVEN = _op("udiv_proven", "binary", "0", "T T", "T", "udiv, divisor proven good.", TRAP | IDEMPOTENT)
SDIV_PROVEN = _op("sdiv_proven", "binary", "0", "T T", "T", "sdiv, operands proven good.", TRAP | IDEMPOTENT)
UREM_PROVEN = _op("urem_proven", "binary", "0", "T T", "T", "urem, divisor proven good.", TRAP | IDEMPOTENT)
SREM_PROVEN = _op("srem_proven", "binary", "0", "T T", "T", "srem, operands proven good.", TRAP | IDEMPOTENT)
_theme_is("convert")
FCVT_TO_UINT_PROVEN = _op("fcvt_to_uint_proven", "unary", ".", "any", "T", "fcvt_to_uint, operand proven in range.")
FCVT_TO_SINT_PROVEN = _op("fcvt_to_sint_proven", "unary", ".", "any", "T", "fcvt_to_sint, operand proven in range.")

#: Integer condition codes, each with its complement and with the one for swapped operands.
INT_CC = {
    "eq": ("ne", "eq"), "ne": ("eq", "ne"),
    "slt": ("sge", "sgt"), "sge": ("slt", "sle"), "sgt": ("sle", "slt"), "sle": ("sgt", "sge"),
    "ult": ("uge", "ugt"), "uge": ("ult", "ule"), "ugt": ("ule", "ult"), "ule": ("ugt", "uge"),
}  # fmt: skip
#: Float condition codes, likewise.
FLOAT_CC = {
    "ord": ("uno", "ord"), "uno": ("ord", "uno"), "eq": ("ne", "eq"), "ne": ("eq", "ne"),
    "one": ("ueq", "one"), "ueq": ("one", "ueq"),
    "lt": ("uge", "gt"), "uge": ("lt", "ule"), "le": ("ugt", "ge"), "ugt": ("le", "ult"),
    "gt": ("ule", "lt"), "ule": ("gt", "uge"), "ge": ("ult", "le"), "ult": ("ge", "ugt"),
}  # fmt: skip
ATOMIC_OPS = ("add", "and", "nand", "or", "xor", "sub", "xchg", "umin", "umax", "smin", "smax")
#: Trap codes; ``userN`` (1 to 250) besides: see `trapcode`.
TRAP_CODES = ("stk_ovf", "heap_oob", "int_ovf", "int_divz", "bad_toint")
