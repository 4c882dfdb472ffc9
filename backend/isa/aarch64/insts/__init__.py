"""The machine instructions, one row per form, by theme. Importing this package enters them all in `rows.ROWS`."""

from jitpy.backend.isa.aarch64.insts import atomic, branch, call, convert, float, int, memory

__all__ = ["atomic", "branch", "call", "convert", "float", "int", "memory"]
