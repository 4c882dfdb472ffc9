"""How each instruction format is written: one table for the parser, the printer and the documentation.

A format's operands are a string of items, each closed by a comma where the text has one:

    v        a value                        values   any number of values
    imm      integer of the type's width    f16 f32 f64  a float      const  a vector or wide constant
    lane     a lane number                  index    a handler's index
    intcc floatcc aop code                  a word: condition, atomic operation, trap code
    flags    memory flags                   offset   a signed offset, glued to what stands before it; absent when zero
    slot dslot fn sig gv block              references to entities
    mask     sixteen lane numbers           args     values in parentheses, glued
    target   a block with arguments         table    targets in brackets
    try      the rest of a try_call

Values go to a node's args in the order they are written, everything else to its immediate: alone when it is one
thing, else as a tuple; branch targets always as a tuple.
"""

from __future__ import annotations

SYNTAX: dict[str, str] = {
    "nullary": "",
    "unary": "v",
    "binary": "v, v",
    "ternary": "v, v, v",
    "multiary": "values",
    "unary_imm": "imm",
    "unary_ieee16": "f16",
    "unary_ieee32": "f32",
    "unary_ieee64": "f64",
    "unary_const": "const",
    "unary_global_value": "gv",
    "binary_imm8": "v, lane",
    "ternary_imm8": "v, v, lane",
    "int_compare": "intcc v, v",
    "float_compare": "floatcc v, v",
    "load": "flags v offset",
    "store": "flags v, v offset",
    "load_no_offset": "flags v",
    "store_no_offset": "flags v, v",
    "atomic_rmw": "flags aop v, v",
    "atomic_cas": "flags v, v, v",
    "stack_addr": "slot offset",
    "dynamic_stack_addr": "dslot",
    "func_addr": "fn",
    "call": "fn args",
    "call_indirect": "sig, v args",
    "try_call": "fn args, try",
    "try_call_indirect": "v args, try",
    "jump": "target",
    "brif": "v, target, target",
    "branch_table": "v, target, table",
    "trap": "code",
    "cond_trap": "v, code",
    "int_add_trap": "v, v, code",
    "shuffle": "v, v, mask",
    "exception_handler_address": "block, index",
}

#: Formats whose immediate is a tuple of targets, even when there is one.
BRANCHES = frozenset({"jump", "brif", "branch_table"})
#: Items written without a space before them.
GLUED = frozenset({"offset", "args"})


#: Format -> its items, each with whether a comma follows it.
ITEMS: dict[str, tuple[tuple[str, bool], ...]] = {
    format: tuple((word.rstrip(","), word.endswith(",")) for word in text.split()) for format, text in SYNTAX.items()
}
