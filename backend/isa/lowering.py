"""What the lowering of every ISA begins with: the context's lists under short names, emission, constants behind values;
and how an ISA's rules become decision code.

An ISA's ``lowering/`` is a chain of classes by theme, `Lowering` at its root; the last of them is what the rules' terms are
looked up in. The terms, and so the names of the methods, are the same on all ISAs: `rules/`.
"""

from __future__ import annotations

import os
from typing import Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.opcodes import BXOR, FCMP, ICMP, ICONST, UEXTEND, VALL_TRUE, VANY_TRUE
from jitpy.backend.ir.trapcode import CODES, DEFAULT_MEMORY
from jitpy.backend.ir.types import BITS
from jitpy.backend.isle.build import generated
from jitpy.backend.target.row import FLOAT, INT, MInst, Row

_HERE = os.path.dirname(os.path.abspath(__file__))
#: How far a truth value is followed.
_STEPS = 8
#: What gives 0 or 1, or passes it on.
_TRUTHS = (ICMP, FCMP, UEXTEND, VANY_TRUE, VALL_TRUE)


def decision_code(isa: str, name: str, shared: tuple[str, ...], own: tuple[str, ...]) -> Any:
    """The module generated as ``name`` from rules by theme: those that all ISAs share, and the ISA's own."""
    places = [os.path.join(_HERE, "rules", theme + ".isle") for theme in ("prelude", *shared)]
    places += [os.path.join(_HERE, isa, "rules", theme + ".isle") for theme in own]
    return generated(
        name,
        sources=places,
        host=f"jitpy.backend.isa.{isa}.lowering.host:host",
        depends=[os.path.join(_HERE, "embedding.py"), os.path.join(_HERE, "..", "ir", "opcodes.py")],
    )


def signed(value: Any, type: Any) -> Any:
    """The signed reading of an iconst's immediate."""
    bits = BITS[type]
    return value - (1 << bits) if value >> (bits - 1) else value


def trap_of(flags: Any) -> str | None:
    """The trap code a memory access records, None if it cannot trap."""
    if flags & memflags.NOTRAP:
        return None
    code = memflags.trap(flags)
    return DEFAULT_MEMORY if code is None else CODES[code]


class Lowering:
    """The context's lists and functions under short names, and emission."""

    def __init__(self, ctx: Any) -> None:
        self.ctx = ctx
        self.insts = ctx.insts
        self.nodes = ctx.nodes
        self.types = ctx.types
        self.uses = ctx.uses
        self.results = ctx.results
        self.value_defs = ctx.value_defs
        self.put_in_reg = ctx.put_in_reg
        self.put_in_regs = ctx.put_in_regs
        self.emit = ctx.emit
        self.temp = ctx.temp
        self.sink = ctx.sink
        self.features = ctx.features

    def op(self, row: Row, *uses: Any, imm: Any = None) -> Any:
        """Emit an instruction with one general result; the result's vreg."""
        d = self.temp(INT)
        self.emit(MInst(row, (d,), uses, imm))
        return d

    def fop(self, row: Row, *uses: Any, imm: Any = None) -> Any:
        """Emit an instruction with one float result; the result's vreg."""
        d = self.temp(FLOAT)
        self.emit(MInst(row, (d,), uses, imm))
        return d

    def do(self, row: Row, *uses: Any, imm: Any = None) -> tuple[()]:
        """Emit an instruction without result."""
        self.emit(MInst(row, (), uses, imm))
        return ()

    def constant_of(self, v: Any) -> Any:
        """The signed value of an integer constant, else None."""
        n = self.nodes[v]
        return signed(n[2], n[1]) if n[0] == ICONST else None

    # Truth values.

    def peeled(self, v: Any) -> tuple[Any, bool]:
        """The value whose truth v has, below extensions, comparisons with zero and flips, and whether it is inverted."""
        nodes = self.nodes
        invert = False
        for _ in range(_STEPS):
            n = nodes[v]
            op = n[0]
            if op == ICMP and self.constant_of(n[4]) == 0 and n[2] in ("eq", "ne") and nodes[n[3]][0] in _TRUTHS:
                invert ^= n[2] == "eq"
                v = n[3]
            elif op == UEXTEND:
                v = n[3]
            elif op == BXOR and self.constant_of(n[4]) == 1 and nodes[n[3]][0] in (ICMP, FCMP):
                invert = not invert
                v = n[3]
            else:
                break
        return v, invert

    # Addresses of things.

    symbol_address: Any
    thread_local_address: Any

    def symbol_of(self, g: Any) -> Any:
        """The address of a symbol; other global values are computed from what they are based on."""
        gv = self.ctx.func.global_values[g]
        if gv.kind != "symbol" or gv.tls:
            return None
        return self.symbol_address(gv.name, gv.offset, gv.colocated)

    def thread_local_of(self, g: Any) -> Any:
        """The address of a thread-local symbol, as the ISA's convention finds it."""
        gv = self.ctx.func.global_values[g]
        return self.thread_local_address(gv.name, gv.offset) if gv.kind == "symbol" and gv.tls else None

    def function_of(self, f: Any) -> Any:
        """The address of a function."""
        callee = self.ctx.func.ext_funcs[f]
        return self.symbol_address(callee.name, 0, callee.colocated)

    # Where selections do not branch, they are as good as guards.

    select_int: Any
    select_pair: Any

    def guarded_int(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """select_spectre_guard: x where c, else y, without a branch."""
        return self.select_int(type, c, x, y)

    def guarded_pair(self, c: Any, x: Any, y: Any) -> Any:
        """The same of i128."""
        return self.select_pair(c, x, y)
