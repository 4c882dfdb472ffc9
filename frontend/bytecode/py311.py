"""Python 3.11's opcodes: number -> (neutral op, meaning of the argument, detail)."""

from __future__ import annotations

from jitpy.frontend.bytecode import instructions as n

#: BINARY_OP's argument.
OPERATORS = ("+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^")
COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")
#: How far COMPARE_OP's argument is shifted.
COMPARE_SHIFT = 0
#: LOAD_ATTR's low bit says that it loads a method (from 3.12 on).
ATTRIBUTE_BIT = False
#: FOR_ITER's target pops the iterator itself (from 3.12 on END_FOR follows there).
END_FOR = False
EXTENDED_ARG = 144

_TRY = ("try statements", "Let the exception pass to the caller, or test for the condition before.")
_YIELD = ("generators", "Return a list or fill an array instead.")
_ASYNC = ("async code", "Call the kernel from async code instead.")
_MATCH = ("match statements with patterns of classes, mappings or sequences", "Use if and elif.")

TABLE: dict[int, tuple[int, int, object]] = {
    1: (n.POP, n.FIXED, 1),
    2: (n.PUSH_NULL, n.FIXED, None),
    9: (n.NOP, n.SKIP, None),
    10: (n.UNARY, n.FIXED, "+"),
    11: (n.UNARY, n.FIXED, "-"),
    12: (n.UNARY, n.FIXED, "not"),
    15: (n.UNARY, n.FIXED, "~"),
    25: (n.GETITEM, n.FIXED, None),
    30: (n.UNSUPPORTED, n.FIXED, _MATCH),
    31: (n.UNSUPPORTED, n.FIXED, _MATCH),
    32: (n.UNSUPPORTED, n.FIXED, _MATCH),
    33: (n.UNSUPPORTED, n.FIXED, _MATCH),
    35: (n.UNSUPPORTED, n.FIXED, _TRY),
    36: (n.UNSUPPORTED, n.FIXED, _TRY),
    37: (n.UNSUPPORTED, n.FIXED, _TRY),
    49: (n.UNSUPPORTED, n.FIXED, _TRY),
    50: (n.UNSUPPORTED, n.FIXED, _ASYNC),
    51: (n.UNSUPPORTED, n.FIXED, _ASYNC),
    52: (n.UNSUPPORTED, n.FIXED, _ASYNC),
    53: (n.ENTER_WITH, n.FIXED, None),
    54: (n.UNSUPPORTED, n.FIXED, _ASYNC),
    60: (n.SETITEM, n.FIXED, None),
    61: (n.DELITEM, n.FIXED, None),
    68: (n.GET_ITER, n.FIXED, None),
    69: (n.UNSUPPORTED, n.FIXED, _YIELD),
    71: (n.UNSUPPORTED, n.FIXED, ("classes inside a function", "Define the class outside and pass numbers and arrays.")),
    74: (n.LOAD_CONST, n.FIXED, AssertionError),
    75: (n.UNSUPPORTED, n.FIXED, _YIELD),
    82: (n.LIST_TO_TUPLE, n.FIXED, None),
    83: (n.RETURN, n.FIXED, None),
    86: (n.UNSUPPORTED, n.FIXED, _YIELD),
    89: (n.UNSUPPORTED, n.FIXED, _TRY),
    92: (n.UNPACK, n.RAW, None),
    93: (n.FOR_ITER, n.FORWARD, None),
    94: (n.UNPACK_EX, n.PAIR, None),
    95: (n.UNSUPPORTED, n.FIXED, ("assignment to attributes", "Return the value, or store it in an array.")),
    96: (n.UNSUPPORTED, n.FIXED, ("deletion of attributes", "")),
    97: (n.UNSUPPORTED, n.FIXED, ("assignment to a global", "Return the value, or store it in a global array.")),
    98: (n.UNSUPPORTED, n.FIXED, ("deletion of a global", "")),
    99: (n.SWAP, n.RAW, None),
    100: (n.LOAD_CONST, n.CONST, None),
    102: (n.BUILD, n.RAW, "tuple"),
    103: (n.BUILD, n.RAW, "list"),
    104: (n.BUILD, n.RAW, "set"),
    105: (n.BUILD, n.RAW, "dict"),
    106: (n.LOAD_ATTR, n.NAME, None),
    107: (n.COMPARE, n.COMPARISON, None),
    108: (n.IMPORT_NAME, n.NAME, None),
    109: (n.IMPORT_FROM, n.NAME, None),
    110: (n.JUMP, n.FORWARD, None),
    111: (n.JUMP_OR_POP, n.FORWARD, False),
    112: (n.JUMP_OR_POP, n.FORWARD, True),
    114: (n.JUMP_IF, n.FORWARD, False),
    115: (n.JUMP_IF, n.FORWARD, True),
    116: (n.LOAD_GLOBAL, n.GLOBAL, None),
    117: (n.COMPARE, n.INVERT, ("is", "is not")),
    118: (n.COMPARE, n.INVERT, ("in", "not in")),
    119: (n.UNSUPPORTED, n.FIXED, _TRY),
    120: (n.COPY, n.RAW, None),
    122: (n.BINARY, n.BINARY_OR_INPLACE, None),
    123: (n.UNSUPPORTED, n.FIXED, _YIELD),
    124: (n.LOAD_LOCAL, n.LOCAL, None),
    125: (n.STORE_LOCAL, n.LOCAL, None),
    126: (n.DELETE_LOCAL, n.LOCAL, None),
    128: (n.JUMP_IF_NONE, n.FORWARD, False),
    129: (n.JUMP_IF_NONE, n.FORWARD, True),
    130: (n.RAISE, n.RAW, None),
    131: (n.UNSUPPORTED, n.FIXED, _ASYNC),
    132: (n.MAKE_FUNCTION, n.RAW, None),
    133: (n.BUILD, n.RAW, "slice"),
    134: (n.JUMP, n.BACKWARD, None),
    135: (n.NOP, n.SKIP, None),
    136: (n.LOAD_CLOSURE, n.LOCAL, None),
    137: (n.LOAD_LOCAL, n.LOCAL, None),
    138: (n.STORE_LOCAL, n.LOCAL, None),
    139: (n.DELETE_LOCAL, n.LOCAL, None),
    140: (n.JUMP, n.BACKWARD, None),
    142: (n.CALL_SPREAD, n.RAW, None),
    145: (n.LIST_APPEND, n.RAW, None),
    146: (n.UNSUPPORTED, n.FIXED, ("sets", "Use a list or an array.")),
    147: (n.UNSUPPORTED, n.FIXED, ("dicts", "Use lists or arrays.")),
    149: (n.NOP, n.SKIP, None),
    151: (n.NOP, n.SKIP, None),
    152: (n.UNSUPPORTED, n.FIXED, _MATCH),
    155: (n.FORMAT, n.FORMATTING, None),
    156: (n.UNSUPPORTED, n.FIXED, ("dicts", "Use lists or arrays.")),
    157: (n.BUILD, n.RAW, "string"),
    160: (n.LOAD_METHOD, n.NAME, None),
    162: (n.LIST_EXTEND, n.RAW, None),
    163: (n.UNSUPPORTED, n.FIXED, ("sets", "Use a list or an array.")),
    164: (n.UNSUPPORTED, n.FIXED, ("** in calls", "Name the keyword arguments.")),
    165: (n.UNSUPPORTED, n.FIXED, ("dicts", "Use lists or arrays.")),
    166: (n.NOP, n.SKIP, None),
    171: (n.CALL, n.RAW, None),
    172: (n.NOP, n.KEYWORDS, None),
    173: (n.JUMP_IF_NONE, n.BACKWARD, False),
    174: (n.JUMP_IF_NONE, n.BACKWARD, True),
    175: (n.JUMP_IF, n.BACKWARD, False),
    176: (n.JUMP_IF, n.BACKWARD, True),
}

#: The handler of a ``with`` begins with these two opcodes (PUSH_EXC_INFO, WITH_EXCEPT_START); that of a handler's own clean-up with
#: COPY 3 (or RERAISE). Any other handler is a try statement's.
WITH_HANDLER = (35, 49)
CLEANUP_HANDLERS = (120, 119)
