"""What no target has instructions for, in software: f128 arithmetic, 128-bit division, fused multiplication without FMA.

    notation   writing a CLIF function as Python expressions
    format     a float format taken apart into sign, exponent and significand, and rounded back
    arith, compare, rounding, convert      the float operations, written once for every format
    integer    division and multiplication of i128
    atomic     read-modify-write loops
    library    the table of all functions by name, and what one needs of the others
    rules      legalizations: what an instruction that a target lacks becomes, a call of the library or other instructions
    host       what the terms of these rules mean
    expand     the pass that applies them

The library is CLIF, so all ISAs share it and agree bit for bit. It is compiled ahead for the host (or, linked into an
object file, for any target) and called by name like any function.
"""
