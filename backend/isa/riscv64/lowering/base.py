"""What every theme needs: addresses, constants, and how narrow integers become whole registers.

Integers narrower than a register have arbitrary upper bits. Many instructions leave them extended, though, and so do
loads: what is known of a value's definition saves most extensions (`sign_known`, `zero_known`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.opcodes import IADD, ICONST, LOAD_, STACK_ADDR
from jitpy.backend.ir.types import BITS, I8, I16, I32, I64, MASK
from jitpy.backend.isa.lowering import Lowering, signed, trap_of
from jitpy.backend.isa.riscv64.rows import ROWS, RiscvRow
from jitpy.backend.target.row import FLOAT, INT, MInst
from jitpy.backend.target.target import SLOT

#: Registers, mode and displacement of an address (see `rows` for the modes).
Amode = tuple[tuple[Any, ...], Any, Any]
Family = tuple[RiscvRow, RiscvRow]

_CONSTANT = ROWS["const"]
_STEPS = 8  # how far an address expression is followed
_NEAR = 32  # how many instructions back is close
_DEPTH = 4  # how far knowledge of extension is


def _numbers(names: str) -> frozenset[Any]:
    return frozenset(o.BY_NAME[n] for n in names.split())


#: i32 results that are sign-extended: made by instructions on words.
_SIGNED_WORDS = _numbers("iadd isub ineg imul ishl ushr sshr rotl rotr load sload8 sload16 uload8 uload16 clz ctz cls popcnt bswap")
#: i8 results that are 0 or 1.
_TRUTHS = _numbers("icmp fcmp vany_true vall_true")
#: What keeps the extension of its operands.
_KEEPS = _numbers("band bor bxor")
_UEXTEND, _SEXTEND, _BNOT = (o.BY_NAME[n] for n in ("uextend", "sextend", "bnot"))


def fits12(value: Any) -> bool:
    """Whether a signed 12-bit immediate can hold it."""
    return bool(-2048 <= value < 2048)


class Base(Lowering):
    """Operands."""

    # Emission.

    def op_mem(self, family: Family, amode: Amode, trap: str | None = None) -> Any:
        """Emit a load into a general register."""
        regs, mode, disp = amode
        d = self.temp(INT)
        self.emit(MInst(family[len(regs)], (d,), regs, (mode, disp, trap)))
        return d

    def fop_mem(self, family: Family, amode: Amode, trap: str | None = None) -> Any:
        """Emit a load into a float register."""
        regs, mode, disp = amode
        d = self.temp(FLOAT)
        self.emit(MInst(family[len(regs)], (d,), regs, (mode, disp, trap)))
        return d

    def do_mem(self, family: Family, amode: Amode, *uses: Any, trap: str | None = None) -> tuple[()]:
        """Emit a store."""
        regs, mode, disp = amode
        self.emit(MInst(family[len(regs)], (), uses + regs, (mode, disp, trap)))
        return ()

    # Short names of what is emitted most.

    def three(self, name: str, x: Any, y: Any) -> Any:
        """An instruction of two sources."""
        return self.op(ROWS[name], x, y)

    def with_imm(self, name: str, x: Any, k: Any) -> Any:
        """An instruction of a source and a constant."""
        return self.op(ROWS[name], x, imm=k)

    def one(self, name: str, x: Any) -> Any:
        """An instruction of one source."""
        return self.op(ROWS[name], x)

    # Constants.

    def imm(self, value: Any) -> Any:
        """A general register with a constant."""
        return self.op(_CONSTANT, imm=value & 0xFFFFFFFFFFFFFFFF)

    # Addresses.

    def address(self, v: Any, offset: Any) -> Amode:
        """The address v + offset, with what fits in the displacement, also from below a sum that nothing else wants."""
        nodes, first = self.nodes, v
        for _ in range(_STEPS):
            n = nodes[v]
            if n[0] == IADD:
                for a, b in ((n[3], n[4]), (n[4], n[3])):
                    k = nodes[b]
                    if k[0] == ICONST and fits12(offset + signed(k[2], I64)):
                        offset += signed(k[2], I64)
                        v = a
                        break
                else:
                    inner = self._sum_with_offset(n, offset) if v != first or self.own(v) else None
                    if inner is None:
                        break
                    x, y, offset = inner
                    return (self.add(I64, x, y),), 0, offset
                continue
            if n[0] == STACK_ADDR:
                slot, at = n[2]
                return (), SLOT, self.ctx.frame.slot_offset(slot) + at + offset
            break
        return (self.put_in_reg(v),), 0, offset

    def own(self, v: Any) -> bool:
        """Whether v is wanted here alone, and is computed close before: not outside of a loop around."""
        place = self.ctx.place
        return self.uses[v] == 1 and self.value_defs[v] in self.ctx.block[max(place - _NEAR, 0) : place]

    def _sum_with_offset(self, n: Any, offset: Any) -> Any:
        """The sum (x + k) + y as x, y and the offset with k, if that fits."""
        for a, y in ((n[3], n[4]), (n[4], n[3])):
            m = self.nodes[a]
            if m[0] == IADD:
                for x, b in ((m[3], m[4]), (m[4], m[3])):
                    k = self.constant_of(b)
                    if k is not None and fits12(offset + k):
                        return x, y, offset + k
        return None

    if TYPE_CHECKING:

        def add(self, type: Any, x: Any, y: Any) -> Any:
            """x + y."""

    def load_of(self, v: Any, signed_: bool) -> Any:
        """A load that extends, in place of v's own, if that may be merged here; else None."""
        n = self.nodes[v]
        if n[0] != LOAD_ or n[2][0] & memflags.BIG:
            return None
        flags, offset = n[2]
        self.sink(v)
        name = {I8: "lb", I16: "lh", I32: "lw"}[n[1]] + "u" * (not signed_)
        return self.op_mem(ROWS[name], self.address(n[3], offset), trap_of(flags))

    # What is known of upper bits.

    def definition(self, v: Any) -> Any:
        """The node that defines v, wherever."""
        inst = self.value_defs[v]
        return self.insts[inst] if inst >= 0 else None

    def sign_known(self, v: Any, depth: int = 0) -> bool:
        """Whether v's register holds it sign-extended."""
        n = self.definition(v)
        type = self.types[v]
        if type == I64:
            return True
        if n is None:
            return False
        op = n[0]
        if op in _TRUTHS:
            return True
        if op == ICONST:
            return False
        if type == I32 and op in _SIGNED_WORDS:
            return not (op == LOAD_ and n[2][0] & memflags.BIG)
        if op in (_SEXTEND, _UEXTEND):
            return True
        if op in _KEEPS and depth < _DEPTH:
            return self.sign_known(n[3], depth + 1) and self.sign_known(n[4], depth + 1)
        return op == _BNOT and depth < _DEPTH and self.sign_known(n[3], depth + 1)

    def zero_known(self, v: Any, depth: int = 0) -> bool:
        """Whether v's register holds it zero-extended."""
        n = self.definition(v)
        if self.types[v] == I64:
            return True
        if n is None:
            return False
        op = n[0]
        if op in _TRUTHS or op == _UEXTEND:
            return True
        if op == LOAD_:
            return bool(self.types[v] < I32 and not n[2][0] & memflags.BIG)
        return op in _KEEPS and depth < _DEPTH and self.zero_known(n[3], depth + 1) and self.zero_known(n[4], depth + 1)

    # Extension.

    def zero_extended(self, v: Any) -> Any:
        """v in a register, zero-extended to 64 bits."""
        n = self.nodes[v]
        type = self.types[v]
        if type == I64:
            return self.put_in_reg(v)
        if n[0] == ICONST:
            return self.imm(n[2] & MASK[type])
        if self.zero_known(v):
            return self.put_in_reg(v)
        found = self.load_of(v, False)
        return self.zext(BITS[type], self.put_in_reg(v)) if found is None else found

    def sign_extended(self, v: Any) -> Any:
        """v in a register, sign-extended to 64 bits."""
        n = self.nodes[v]
        type = self.types[v]
        if type == I64:
            return self.put_in_reg(v)
        if n[0] == ICONST:
            return self.imm(signed(n[2], type))
        if self.sign_known(v):
            return self.put_in_reg(v)
        found = self.load_of(v, True)
        return self.sext(BITS[type], self.put_in_reg(v)) if found is None else found

    def extended(self, signed_: bool, v: Any) -> Any:
        """v in a register, extended."""
        return self.sign_extended(v) if signed_ else self.zero_extended(v)

    def zext(self, bits: Any, r: Any) -> Any:
        """The low bits of a register, zeros above."""
        if bits == 8:
            return self.with_imm("andi", r, 255)
        features = self.features
        if bits == 16 and (features["has_zbb"] or features["has_zbkb"]):
            return self.one("zext.h", r)
        if bits == 32 and (features["has_zba"] or features["has_zbkb"]):
            return self.one("zext.w" if features["has_zba"] else "pack_z", r)
        return self.with_imm("srli", self.with_imm("slli", r, 64 - bits), 64 - bits)

    def sext(self, bits: Any, r: Any) -> Any:
        """The low bits of a register, copies of their sign above."""
        if bits == 32:
            return self.with_imm("addiw", r, 0)
        if self.features["has_zbb"]:
            return self.one("sext.b" if bits == 8 else "sext.h", r)
        return self.with_imm("srai", self.with_imm("slli", r, 64 - bits), 64 - bits)
