"""The math library: exp, log, sin and their like, written as CLIF so that every ISA gives the same bits."""
