"""The neutral instruction set. An instruction is the pair ``(op, arg)``; jump targets are instruction indices.

=====================  =======================  ==========================================================================
op                     arg                      stack
=====================  =======================  ==========================================================================
NOP
LOAD_CONST             object                   -> value
LOAD_LOCAL             name's index             -> value      own names and own cells alike
STORE_LOCAL            index                    value ->
DELETE_LOCAL           index
LOAD_CLEAR             index                    -> value or NULL; the name is unbound afterwards (inlined comprehensions)
LOAD_FREE              name                     -> value      a free variable
STORE_FREE             name                     value ->
LOAD_GLOBAL            name                     -> value
PUSH_NULL                                       -> NULL
POP                    count                    ...
COPY, SWAP             n                        the n-th from the top, from 1
BINARY, INPLACE        operator                 a b -> value
COMPARE                operator                 a b -> value  with is, is not, in, not in
UNARY                  operator                 a -> value    - + ~ and "not", "bool"
GETITEM                                         obj index -> value
SETITEM                                         value obj index ->
DELITEM                                         obj index ->
GETSLICE, SETSLICE                              obj a b -> value ;  value obj a b ->
BUILD                  (kind, count)            tuple, list, slice, string, set, dict
LIST_APPEND            n                        value ->      to the list n from the top
LIST_EXTEND            n                        values ->
LIST_TO_TUPLE                                   list -> tuple
FORMAT                 (conversion, has spec)   value [spec] -> str
LOAD_ATTR              name                     obj -> value
LOAD_METHOD            name                     obj -> NULL method    (both call layouts are accepted by CALL)
CALL                   (count, keyword names)   x y args -> value     x NULL: y is called; y NULL: x; else x(y, args)
CALL_SPREAD            has keywords             NULL f args [kwargs] -> value
JUMP                   target
JUMP_IF                (target, truth)          value ->
JUMP_IF_NONE           (target, truth)          value ->      jumps where (value is None) == truth
JUMP_OR_POP            (target, truth)          value -> [value]  keeps the value when it jumps
GET_ITER                                        obj -> iterator
FOR_ITER               target                   iterator -> iterator item ; at the end: jumps; the iterator is popped
UNPACK                 count                    obj -> items, first on top
UNPACK_EX              (before, after)          obj -> items
RETURN                                          value ->
YIELD                                           value -> value sent in
RAISE                  count                    [exception [cause]] ->
MAKE_FUNCTION          flags                    ... code -> function
SET_FUNCTION           flag                     attribute function -> function
LOAD_CLOSURE           name                     -> cell marker
IMPORT_NAME            name                     level fromlist -> module
IMPORT_FROM            name                     module -> module value
ENTER_WITH                                      manager -> exit value
PUSH_EXC                                        exception -> handled exception
CHECK_EXC                                       exception classes -> exception bool
POP_EXC                                         handled ->
RERAISE                                         exception ->
EXIT_WITH                                       -> None
GET_LEN                                         obj -> obj length
MATCH_SEQUENCE                                  obj -> obj bool
MATCH_CLASS            count                    obj class names -> attributes or None
MAP_ADD, SET_ADD       n                        key value -> ; value ->      to the dict or set n from the top
SET_UPDATE             n                        values ->
DICT_MERGE                                      dict dict -> dict        (the second is on top)
DICT_KEYS              count                    values keys -> dict      (keys: a constant tuple)
UNSUPPORTED            (what, hint)
=====================  =======================  ==========================================================================
"""

from __future__ import annotations

_NAMES = (
    "NOP LOAD_CONST LOAD_LOCAL STORE_LOCAL DELETE_LOCAL LOAD_CLEAR LOAD_FREE STORE_FREE LOAD_GLOBAL PUSH_NULL POP COPY SWAP "
    "BINARY INPLACE COMPARE UNARY GETITEM SETITEM DELITEM GETSLICE SETSLICE BUILD LIST_APPEND LIST_EXTEND LIST_TO_TUPLE "
    "FORMAT LOAD_ATTR LOAD_METHOD CALL CALL_SPREAD JUMP JUMP_IF JUMP_IF_NONE JUMP_OR_POP GET_ITER FOR_ITER UNPACK UNPACK_EX "
    "RETURN RAISE MAKE_FUNCTION SET_FUNCTION LOAD_CLOSURE IMPORT_NAME IMPORT_FROM ENTER_WITH YIELD "
    "PUSH_EXC CHECK_EXC POP_EXC RERAISE EXIT_WITH GET_LEN MATCH_SEQUENCE MATCH_CLASS DICT_MERGE DICT_KEYS "
    "MAP_ADD SET_ADD SET_UPDATE UNSUPPORTED"
)
NAMES = _NAMES.split()

(
    NOP, LOAD_CONST, LOAD_LOCAL, STORE_LOCAL, DELETE_LOCAL, LOAD_CLEAR, LOAD_FREE, STORE_FREE, LOAD_GLOBAL, PUSH_NULL, POP,
    COPY, SWAP, BINARY, INPLACE, COMPARE, UNARY, GETITEM, SETITEM, DELITEM, GETSLICE, SETSLICE, BUILD, LIST_APPEND,
    LIST_EXTEND, LIST_TO_TUPLE, FORMAT, LOAD_ATTR, LOAD_METHOD, CALL, CALL_SPREAD, JUMP, JUMP_IF, JUMP_IF_NONE, JUMP_OR_POP,
    GET_ITER, FOR_ITER, UNPACK, UNPACK_EX, RETURN, RAISE, MAKE_FUNCTION, SET_FUNCTION, LOAD_CLOSURE, IMPORT_NAME, IMPORT_FROM,
    ENTER_WITH, YIELD, PUSH_EXC, CHECK_EXC, POP_EXC, RERAISE, EXIT_WITH, GET_LEN, MATCH_SEQUENCE, MATCH_CLASS,
    DICT_MERGE, DICT_KEYS, MAP_ADD, SET_ADD, SET_UPDATE, UNSUPPORTED,
) = range(len(NAMES))  # fmt: skip

#: Instructions after which control does not simply go on.
JUMPS = frozenset({JUMP, JUMP_IF, JUMP_IF_NONE, JUMP_OR_POP, FOR_ITER})
ENDS = frozenset({JUMP, RETURN, RAISE, RERAISE, YIELD, UNSUPPORTED})

Instr = tuple[int, object]

#: What an opcode of a version's own kind stands for: instructions, and how many code units that follow are to be dropped.
Expansion = tuple[tuple[Instr, ...], int]

# How a version's table says what an argument means.
(
    RAW, CONST, NAME, LOCAL, LOCAL_OR_CELL, FORWARD, BACKWARD, COMPARISON, GLOBAL, INVERT, FIXED, KEYWORDS, SKIP, PAIR, ATTRIBUTE,
    FORMATTING, BINARY_OR_INPLACE, OWN,
) = range(18)  # fmt: skip
