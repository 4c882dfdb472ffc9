"""Python 3.11's opcodes: name -> (neutral op, meaning of the argument, detail). Whole; the later versions' files hold what changed.

Numbers are not here: they come from the running interpreter's own table (`decode.version`). A name that a version does not have is
simply not looked up there.
"""

from __future__ import annotations

from jitpy.frontend.bytecode import instructions as n

#: BINARY_OP's argument.
OPERATORS = ("+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^")
COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")
#: How far COMPARE_OP's argument is shifted.
COMPARE_SHIFT = 0
#: LOAD_GLOBAL pushes its NULL after the value (from 3.13 on).
NULL_AFTER = False

ROWS: dict[str, tuple[int, int, object]] = {
    "POP_TOP": (n.POP, n.FIXED, 1),
    "PUSH_NULL": (n.PUSH_NULL, n.FIXED, None),
    "NOP": (n.NOP, n.SKIP, None),
    "UNARY_POSITIVE": (n.UNARY, n.FIXED, "+"),
    "UNARY_NEGATIVE": (n.UNARY, n.FIXED, "-"),
    "UNARY_NOT": (n.UNARY, n.FIXED, "not"),
    "UNARY_INVERT": (n.UNARY, n.FIXED, "~"),
    "BINARY_SUBSCR": (n.GETITEM, n.FIXED, None),
    "BEFORE_WITH": (n.ENTER_WITH, n.FIXED, None),
    "STORE_SUBSCR": (n.SETITEM, n.FIXED, None),
    "DELETE_SUBSCR": (n.DELITEM, n.FIXED, None),
    "GET_ITER": (n.GET_ITER, n.FIXED, None),
    "LOAD_ASSERTION_ERROR": (n.LOAD_CONST, n.FIXED, AssertionError),
    "LIST_TO_TUPLE": (n.LIST_TO_TUPLE, n.FIXED, None),
    "RETURN_VALUE": (n.RETURN, n.FIXED, None),
    "UNPACK_SEQUENCE": (n.UNPACK, n.RAW, None),
    "FOR_ITER": (n.FOR_ITER, n.FORWARD, None),
    "UNPACK_EX": (n.UNPACK_EX, n.PAIR, None),
    "SWAP": (n.SWAP, n.RAW, None),
    "LOAD_CONST": (n.LOAD_CONST, n.CONST, None),
    "BUILD_TUPLE": (n.BUILD, n.RAW, "tuple"),
    "BUILD_LIST": (n.BUILD, n.RAW, "list"),
    "BUILD_SET": (n.BUILD, n.RAW, "set"),
    "BUILD_MAP": (n.BUILD, n.RAW, "dict"),
    "LOAD_ATTR": (n.LOAD_ATTR, n.NAME, None),
    "COMPARE_OP": (n.COMPARE, n.COMPARISON, None),
    "IMPORT_NAME": (n.IMPORT_NAME, n.NAME, None),
    "IMPORT_FROM": (n.IMPORT_FROM, n.NAME, None),
    "JUMP_FORWARD": (n.JUMP, n.FORWARD, None),
    "JUMP_IF_FALSE_OR_POP": (n.JUMP_OR_POP, n.FORWARD, False),
    "JUMP_IF_TRUE_OR_POP": (n.JUMP_OR_POP, n.FORWARD, True),
    "POP_JUMP_FORWARD_IF_FALSE": (n.JUMP_IF, n.FORWARD, False),
    "POP_JUMP_FORWARD_IF_TRUE": (n.JUMP_IF, n.FORWARD, True),
    "LOAD_GLOBAL": (n.LOAD_GLOBAL, n.GLOBAL, None),
    "IS_OP": (n.COMPARE, n.INVERT, ("is", "is not")),
    "CONTAINS_OP": (n.COMPARE, n.INVERT, ("in", "not in")),
    "COPY": (n.COPY, n.RAW, None),
    "BINARY_OP": (n.BINARY, n.BINARY_OR_INPLACE, None),
    "LOAD_FAST": (n.LOAD_LOCAL, n.LOCAL, None),
    "STORE_FAST": (n.STORE_LOCAL, n.LOCAL, None),
    "DELETE_FAST": (n.DELETE_LOCAL, n.LOCAL, None),
    "POP_JUMP_FORWARD_IF_NOT_NONE": (n.JUMP_IF_NONE, n.FORWARD, False),
    "POP_JUMP_FORWARD_IF_NONE": (n.JUMP_IF_NONE, n.FORWARD, True),
    "RAISE_VARARGS": (n.RAISE, n.RAW, None),
    "MAKE_FUNCTION": (n.MAKE_FUNCTION, n.RAW, None),
    "BUILD_SLICE": (n.BUILD, n.RAW, "slice"),
    "JUMP_BACKWARD_NO_INTERRUPT": (n.JUMP, n.BACKWARD, None),
    "MAKE_CELL": (n.NOP, n.SKIP, None),
    "LOAD_CLOSURE": (n.LOAD_CLOSURE, n.LOCAL, None),
    "LOAD_DEREF": (n.LOAD_LOCAL, n.LOCAL, None),
    "STORE_DEREF": (n.STORE_LOCAL, n.LOCAL, None),
    "DELETE_DEREF": (n.DELETE_LOCAL, n.LOCAL, None),
    "JUMP_BACKWARD": (n.JUMP, n.BACKWARD, None),
    "CALL_FUNCTION_EX": (n.CALL_SPREAD, n.RAW, None),
    "LIST_APPEND": (n.LIST_APPEND, n.RAW, None),
    "COPY_FREE_VARS": (n.NOP, n.SKIP, None),
    "RESUME": (n.NOP, n.SKIP, None),
    "RETURN_GENERATOR": (n.LOAD_CONST, n.FIXED, None),  # popped at once
    "PUSH_EXC_INFO": (n.PUSH_EXC, n.FIXED, None),
    "CHECK_EXC_MATCH": (n.CHECK_EXC, n.FIXED, None),
    "POP_EXCEPT": (n.POP_EXC, n.FIXED, None),
    "RERAISE": (n.RERAISE, n.FIXED, None),
    "WITH_EXCEPT_START": (n.EXIT_WITH, n.FIXED, None),
    "MAP_ADD": (n.MAP_ADD, n.RAW, None),
    "SET_ADD": (n.SET_ADD, n.RAW, None),
    "SET_UPDATE": (n.SET_UPDATE, n.RAW, None),
    "GET_LEN": (n.GET_LEN, n.FIXED, None),
    "MATCH_SEQUENCE": (n.MATCH_SEQUENCE, n.FIXED, None),
    "MATCH_CLASS": (n.MATCH_CLASS, n.RAW, None),
    "DICT_MERGE": (n.DICT_MERGE, n.FIXED, None),
    "DICT_UPDATE": (n.DICT_MERGE, n.FIXED, None),
    "BUILD_CONST_KEY_MAP": (n.DICT_KEYS, n.RAW, None),
    "YIELD_VALUE": (n.YIELD, n.FIXED, None),
    "FORMAT_VALUE": (n.FORMAT, n.FORMATTING, None),
    "BUILD_STRING": (n.BUILD, n.RAW, "string"),
    "LOAD_METHOD": (n.LOAD_METHOD, n.NAME, None),
    "LIST_EXTEND": (n.LIST_EXTEND, n.RAW, None),
    "PRECALL": (n.NOP, n.SKIP, None),
    "CALL": (n.CALL, n.RAW, None),
    "KW_NAMES": (n.NOP, n.KEYWORDS, None),
    "POP_JUMP_BACKWARD_IF_NOT_NONE": (n.JUMP_IF_NONE, n.BACKWARD, False),
    "POP_JUMP_BACKWARD_IF_NONE": (n.JUMP_IF_NONE, n.BACKWARD, True),
    "POP_JUMP_BACKWARD_IF_FALSE": (n.JUMP_IF, n.BACKWARD, False),
    "POP_JUMP_BACKWARD_IF_TRUE": (n.JUMP_IF, n.BACKWARD, True),
}

#: Refused wherever they stand: (what, what to do instead, the opcodes that show it).
REFUSED: tuple[tuple[str, str, str], ...] = (
    ("match statements with patterns of mappings", "Use if and elif.", "MATCH_MAPPING MATCH_KEYS"),
    ("except*", "Name the classes after except.", "CHECK_EG_MATCH PREP_RERAISE_STAR"),
    ("async code", "Call the kernel from async code instead.",
     "GET_AITER GET_ANEXT BEFORE_ASYNC_WITH END_ASYNC_FOR GET_AWAITABLE"),
    ("yield from", "Write a loop that yields.", "GET_YIELD_FROM_ITER SEND"),
    ("classes inside a function", "Define the class outside and pass numbers and arrays.", "LOAD_BUILD_CLASS"),
    ("assignments to attributes", "Return the value, or store it in an array.", "STORE_ATTR"),
    ("deletions of attributes", "Attributes are read only.", "DELETE_ATTR"),
    ("assignments to a global", "Return the value, or store it in a global array.", "STORE_GLOBAL"),
    ("deletions of a global", "Globals are read only.", "DELETE_GLOBAL"),
)  # fmt: skip


def refuse(rows: dict[str, tuple[int, int, object]], refused: tuple[tuple[str, str, str], ...]) -> None:
    """Add rows for opcodes that end in a compile error."""
    for what, hint, names in refused:
        for name in names.split():
            rows[name] = (n.UNSUPPORTED, n.FIXED, (what, hint))


refuse(ROWS, REFUSED)
