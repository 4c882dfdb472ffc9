"""The opcodes of typed IR beyond CLIF's: what the passes want to see whole and lowering takes apart.

Typed IR is a `backend.ir.function.Function` whose nodes may also carry these numbers (from 256 up). Nodes are
``(op, type, imm, *args)`` as everywhere. ``site`` is an index into the kernel module's sites. Blocks may contain checks
anywhere: the edge to the raising path is implied until lowering.

===============  ===========================  =================================================  ==========================
opcode           imm                          args                                               results
===============  ===========================  =================================================  ==========================
check            site                         condition (i8), raw message arguments              raises when nonzero
raise            site                         raw message arguments                              ends the block
index_check      (site, axis)                 index, extent                                      i64 index in 0..extent-1
iadd_check ...   site                         a, b (i64): a Python int's operation               i64; raises OverflowError; pure
floor_div, _rem  None                         a, b (i64): b not 0, a // b in 64 bits             a // b, a % b; pure
element_load     (ndim, itemsize, layout)     owner, data, ndim indices, ndim strides            the element
element_store    (ndim, itemsize, layout)     value, owner, data, ndim indices, ndim strides     nothing
call_kernel      (kernel, site, type codes)   flat arguments                                     the record's slots
                 ..., True: inside try        the same                                           i32 status; the slots, 0 on failure
site_match       exception classes            address of a site's cell                           i8: whether it is one of them
leave            site of a call               i32 status                                         ends the block
call_extern      (symbol, params, returns)    arguments                                          by signature
call_status      (symbol, params, site)       arguments                                          leaves when status is not 0
own              None                         data address of a new block                        its owner (holds a reference)
adopt            None                         an owner, counted up for this                      the same, owning
keep             None                         owner                                              nothing: the owner lives until here
retain, release  None                         owner                                              nothing
return_value     variant                      flat result                                        ends the block
===============  ===========================  =================================================  ==========================

The checked operations count as pure: a Python int that nobody needs may leave 64 bits unseen, and ``low_bits`` (masking) never
needs the exact value. Where one survives, its check stays where it stands.
"""

from __future__ import annotations

NAME: dict[int, str] = {}


def _op(number: int, name: str) -> int:
    assert number not in NAME
    NAME[number] = name
    return number


CHECK = _op(256, "check")
RAISE = _op(257, "raise")
INDEX_CHECK = _op(258, "index_check")
IADD_CHECK = _op(259, "iadd_check")
ISUB_CHECK = _op(260, "isub_check")
IMUL_CHECK = _op(261, "imul_check")
UADD_CHECK = _op(262, "uadd_check")  # operands and result are Python ints in 0 .. 2**64-1
USUB_CHECK = _op(263, "usub_check")
UMUL_CHECK = _op(264, "umul_check")
ELEMENT_LOAD = _op(265, "element_load")
ELEMENT_STORE = _op(266, "element_store")
CALL_KERNEL = _op(267, "call_kernel")
CALL_EXTERN = _op(268, "call_extern")
CALL_STATUS = _op(269, "call_status")
OWN = _op(270, "own")
KEEP = _op(271, "keep")
RETAIN = _op(272, "retain")
RELEASE = _op(273, "release")
RETURN_VALUE = _op(274, "return_value")
SITE_ADDRESS = _op(275, "site_address")  # imm site -> i64: the address of its cell
FLOOR_DIV = _op(276, "floor_div")
FLOOR_REM = _op(277, "floor_rem")

ADOPT = _op(278, "adopt")
SITE_MATCH = _op(279, "site_match")
LEAVE = _op(280, "leave")

TERMINATORS = frozenset({RAISE, RETURN_VALUE, LEAVE})
CHECKED_ARITHMETIC = frozenset({IADD_CHECK, ISUB_CHECK, IMUL_CHECK, UADD_CHECK, USUB_CHECK, UMUL_CHECK})
