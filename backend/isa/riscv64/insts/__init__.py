"""The machine instructions, one row per form, by theme. Importing this package enters them all in `rows.ROWS`."""

from jitpy.backend.isa.riscv64.insts import atomic, branch, call, float, int, memory

__all__ = ["atomic", "branch", "call", "float", "int", "memory"]
