"""What no target has instructions for, in software: f128 arithmetic, 128-bit division, fused multiplication without FMA.

    notation   writing a CLIF function as Python expressions
    format     a float format taken apart into sign, exponent and significand, and rounded back
    arith, compare, rounding, convert      the float operations, written once for every format
    integer    division and multiplication of i128
    atomic     read-modify-write loops
    library    the table of all functions by name, and what one needs of the others
    expand     the pass: instructions that a target lacks become calls of the library, or short sequences

The library is CLIF, so all ISAs share it and agree bit for bit. It is compiled ahead for the host (or, linked into an
object file, for any target) and called by name like any function.
"""
