"""What the lowering of every ISA begins with: the context's lists under short names, emission, constants behind values;
and how an ISA's rules become decision code.

An ISA's ``lowering/`` is a chain of classes by theme, `Lowering` at its root; the last of them is what the rules' terms are
looked up in. The terms, and so the names of the methods, are the same on all ISAs: `rules/`.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.opcodes import BXOR, FCMP, ICMP, ICONST, UEXTEND, VALL_TRUE, VANY_TRUE
from jitpy.backend.ir.trapcode import CODES, DEFAULT_MEMORY
from jitpy.backend.ir.types import BITS, I128
from jitpy.backend.isle.build import generated
from jitpy.backend.target.row import FLOAT, INT, MInst, Row

_HERE = os.path.dirname(os.path.abspath(__file__))
#: The themes of `rules/`.
_SCALARS = ("int", "float", "convert", "memory", "branch", "call")
_VECTORS = ("vector_int", "vector_compare", "vector_float", "vector_lanes", "vector_memory")
#: How far a truth value is followed.
_STEPS = 8
#: What gives 0 or 1, or passes it on.
_TRUTHS = (ICMP, FCMP, UEXTEND, VANY_TRUE, VALL_TRUE)


class Rules:
    """An ISA's rules by theme: the shared ones, and its own for scalars and for vectors. Those for vectors are a set of their own,
    which is loaded with the lowering of vectors at the first instruction that the others have no answer to; ``vectors_need``
    names the feature without which there are none.
    """

    def __init__(self, isa: str, own: tuple[str, ...] = (), own_vectors: tuple[str, ...] = (), vectors_need: str = "") -> None:
        self.isa = isa
        self.own = own
        self.own_vectors = own_vectors
        self.vectors_need = vectors_need

    def scalars(self) -> Any:
        """The module of decision code for scalars."""
        return self._generated("rules", _SCALARS, self.own)

    def vectors(self) -> Any:
        """The one for vectors."""
        return self._generated("vector_rules", _VECTORS, self.own_vectors)

    def generate(self) -> None:
        """Make both."""
        self.scalars()
        self.vectors()

    def bind(self, ctx: Any) -> dict[str, Any]:
        """The rules' tables for a lowering context."""
        found: dict[str, Any] = self.scalars().make(self._lowering("branch").BranchLowering(ctx))
        if self.vectors_need and not ctx.features[self.vectors_need]:
            return found
        table: list[Any] = []

        def more(node: Any, inst: Any) -> Any:
            if not table:
                table.extend(self.vectors().make(self._lowering("vector").VectorLowering(ctx))["lower.table"])
            rule = table[node[0]] if node[0] < len(table) else None
            return None if rule is None else rule(node, inst)

        found["lower.more"] = more
        return found

    def _lowering(self, theme: str) -> Any:
        return import_module(f"jitpy.backend.isa.{self.isa}.lowering.{theme}")

    def _generated(self, name: str, shared: tuple[str, ...], own: tuple[str, ...]) -> Any:
        places = [os.path.join(_HERE, "rules", theme + ".isle") for theme in ("prelude", *shared)]
        places += [os.path.join(_HERE, self.isa, "rules", theme + ".isle") for theme in own]
        return generated(
            f"{self.isa}_{name}",
            sources=places,
            host=f"jitpy.backend.isa.{self.isa}.lowering.host:host",
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

    #: The lowering of vectors, once it has been asked.
    vectors: Any = None

    def vector_truth(self, of_all: bool, x: Any) -> Any:
        """The condition that holds what a whole vector answers. The lowering of vectors is loaded when it is first asked."""
        if self.vectors is None:
            module = import_module(f"jitpy.backend.isa.{self.ctx.target.name}.lowering.vector")
            self.vectors = module.VectorLowering(self.ctx)
        return self.vectors.truth_condition(of_all, x)

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

    # Registers of the frame. Rows: mov_fp, mov_sp, mov_return_address, mov_pinned, set_pinned, switch_stack.

    #: The ISA's rows by name.
    rows: Any
    #: What `switch_stack` is bound to: result, operands, clobbers.
    switch_registers: tuple[tuple[int, ...], tuple[int, ...], int]

    def as_caller(self) -> None:
        """Give the function the frame of one that calls; its frame pointer is then its own."""
        self.ctx.frame.need_outgoing(0)

    def frame_pointer(self) -> Any:
        """The frame pointer, which must then be this function's."""
        self.as_caller()
        return self.op(self.rows["mov_fp"])

    def stack_pointer(self) -> Any:
        """The stack pointer."""
        return self.op(self.rows["mov_sp"])

    def return_address(self) -> Any:
        """From the frame, where it lies above the saved frame pointer."""
        self.as_caller()
        return self.op(self.rows["mov_return_address"])

    def pinned(self) -> Any:
        """The register that is kept for that."""
        return self.op(self.rows["mov_pinned"])

    def set_pinned(self, x: Any) -> tuple[()]:
        """The same."""
        return self.do(self.rows["set_pinned"], self.put_in_reg(x))

    def switch_stack(self, store: Any, load: Any, payload: Any) -> Any:
        """Everything but the payload is lost: the other stack keeps no registers for us."""
        self.as_caller()
        r = self.temp(INT)
        uses = tuple([self.put_in_reg(v) for v in (store, load, payload)])
        self.emit(MInst(self.rows["switch_stack"], (r,), uses, None, self.switch_registers))
        return r

    # Bits of scalars. Parts of an i128 in a float register, a scalar's bits in the other class.

    joined: Any
    parted: Any
    float_of_bits: Any
    bits_of: Any

    def bitcast(self, type: Any, x: Any) -> Any:
        """Between general and float registers; within one class nothing is to be done."""
        source = self.types[x]
        if source == I128 and type > I128:
            return self.joined(*self.put_in_regs(x))
        if source > I128 and type == I128:
            return self.parted(self.put_in_reg(x))
        if source <= I128 and type > I128:
            return self.float_of_bits(type, x)
        if source > I128 and type <= I128:
            return self.bits_of(source, x)
        return self.put_in_reg(x) if source != I128 else self.put_in_regs(x)

    # Where selections do not branch, they are as good as guards.

    select_int: Any
    select_pair: Any

    def guarded_int(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """select_spectre_guard: x where c, else y, without a branch."""
        return self.select_int(type, c, x, y)

    def guarded_pair(self, c: Any, x: Any, y: Any) -> Any:
        """The same of i128."""
        return self.select_pair(c, x, y)
