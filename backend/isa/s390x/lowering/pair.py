"""i128: a pair of general registers, lowest first. What pairs do not do well is done in a vector register, which since z17 has
products, quotients, signed order and counts of 128 bits."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import SEXTEND, UEXTEND
from jitpy.backend.ir.types import I64
from jitpy.backend.isa.pairs import PairShifts
from jitpy.backend.isa.s390x.conditions import BORROW, CARRY, INT, NE, E, H
from jitpy.backend.isa.s390x.lowering.int import LOGICAL, IntLowering
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.target.row import VECTOR

#: (signed, remainder) -> quotients and remainders of z17.
_QUOTIENTS = {(True, False): "vd.q", (False, False): "vdl.q", (True, True): "vr.q", (False, True): "vrl.q"}


class PairLowering(PairShifts, IntLowering):
    """See the module's docstring."""

    def to_vector(self, pair: Any) -> Any:
        """A pair as one vector register."""
        return self.xop(ROWS["vlvgp"], pair[1], pair[0])

    def to_pair(self, v: Any) -> tuple[Any, Any]:
        """A vector register as a pair."""
        return self.op(ROWS["vlgv.g"], v, imm=1), self.op(ROWS["vlgv.g"], v, imm=0)

    def has_whole(self) -> bool:
        """Whether there are products, quotients and such of whole vector registers."""
        return bool(self.features["has_vxrs_ext3"])

    def whole(self, v: Any) -> Any:
        """A value in a vector register, where a load puts it at once."""
        if self.nodes[v][0] >= 0 and self.is_load(v):
            amode, trap = self.load_of(v)
            return self.op_mem(ROWS["vl"], amode, trap=trap, cls=VECTOR)
        return self.to_vector(self.put_in_regs(v))

    def wholes(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Two values in vector registers; one load is merged."""
        if self.nodes[y][0] >= 0 and self.is_load(y):
            return self.to_vector(self.put_in_regs(x)), self.whole(y)
        return self.whole(x), self.whole(y)

    # Sums, logic, signs.

    def alu_pair(self, op: str, x: Any, y: Any) -> tuple[Any, Any]:
        """Both halves; sums and differences carry."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        if op in LOGICAL:
            return self.carried(op, a, b)
        return self.alu_rr(op, I64, a[0], b[0]), self.alu_rr(op, I64, a[1], b[1])

    def carried(self, op: str, a: Any, b: Any) -> tuple[Any, Any]:
        """Sum or difference of pairs; the condition code says whether there was a carry or borrow."""
        low = self.op(LOGICAL[op][1], a[0], b[0])
        return low, self.op(ROWS["alcgr" if op == "add" else "slbgr"], a[1], b[1])

    def neg_pair(self, x: Any) -> tuple[Any, Any]:
        """0 - x."""
        zero = self.imm(0)
        return self.carried("sub", (zero, zero), self.put_in_regs(x))

    def not_pair(self, x: Any) -> tuple[Any, Any]:
        """Both halves."""
        low, high = self.put_in_regs(x)
        return self.unary_of("not", I64, low), self.unary_of("not", I64, high)

    def abs_pair(self, x: Any) -> tuple[Any, Any]:
        """(x ^ s) - s, s being the sign everywhere."""
        if self.has_whole():
            return self.to_pair(self.xop(ROWS["vlp.q"], self.whole(x)))
        low, high = self.put_in_regs(x)
        sign = self.shifted("sar", high, 63)
        flipped = self.alu_rr("xor", I64, low, sign), self.alu_rr("xor", I64, high, sign)
        return self.carried("sub", flipped, (sign, sign))

    # Products and quotients.

    def mul_pair(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Low 128 bits of the product; of extended values, the whole product of theirs."""
        n, m = self.nodes[x], self.nodes[y]
        if n[0] == m[0] and n[0] in (UEXTEND, SEXTEND):
            signed_ = n[0] == SEXTEND
            return self.mul_wide(signed_, self.extended(signed_, n[3]), self.extended(signed_, m[3]))
        if self.has_whole():
            return self.to_pair(self.xop(ROWS["vml.q"], *self.wholes(x, y)))
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        low, high = self.mul_wide(False, a[0], b[0])
        crossed = self.alu_rr("add", I64, self.op(ROWS["msgrkc"], a[0], b[1]), self.op(ROWS["msgrkc"], a[1], b[0]))
        return low, self.alu_rr("add", I64, high, crossed)

    def mul_high_pair(self, signed_: bool, x: Any, y: Any) -> tuple[Any, Any]:
        """High 128 bits of the product (z17)."""
        return self.to_pair(self.xop(ROWS["vmh.q" if signed_ else "vmlh.q"], *self.wholes(x, y)))

    def mul_overflow_pair(self, signed_: bool, x: Any, y: Any) -> Any:
        """The product and whether its upper half is more than an extension of the lower one (z17)."""
        a, b = self.wholes(x, y)
        low, high = self.xop(ROWS["vml.q"], a, b), self.xop(ROWS["vmh.q" if signed_ else "vmlh.q"], a, b)
        if signed_:
            sign = self.xop(ROWS["vrep.g"], self.xop(ROWS["vesra.g"], low, imm=63), imm=0)
            high = self.xop(ROWS["vx"], high, sign)
        product = self.to_pair(low)
        self.do(ROWS["vtm"], high, high)
        return product, self.flag_value(NE)

    def divide_pair(self, signed_: bool, remainder: bool, proven: bool, x: Any, y: Any) -> tuple[Any, Any]:
        """Quotient or remainder (z17); checks divisor and overflow unless proven, or the divisor is a constant."""
        n = self.nodes[y]
        k = self.constant_of(n[3]) if n[0] in (UEXTEND, SEXTEND) else None
        b = self.put_in_regs(y)
        if not proven and not k:
            self.alu_rr("or", I64, *b)
            self.do(ROWS["trap_if"], imm=(E, "int_divz"))
        if signed_ and (k is None or k == -1):
            ones = self.alu_rr("and", I64, *b)
            if remainder:  # x % -1 = 0 = x % 1
                self.do(ROWS["cghi"], ones, imm=-1)
                b = self.op(ROWS["locghi"], b[0], imm=(1, E)), self.op(ROWS["locghi"], b[1], imm=(0, E))
            elif not proven:
                # Zero iff x = MIN and y = -1.
                low, high = self.put_in_regs(x)
                least = self.alu_rr("or", I64, self.op(ROWS["xihf"], high, imm=1 << 31), low)
                self.alu_rr("or", I64, least, self.plus(ones, 1))
                self.do(ROWS["trap_if"], imm=(E, "int_ovf"))
        a = self.to_vector(self.put_in_regs(x))
        return self.to_pair(self.xop(ROWS[_QUOTIENTS[signed_, remainder]], a, self.to_vector(b), imm=0))

    # Shifts and rotates.

    def spread_count(self, count: Any) -> Any:
        """A shift count in all bytes of a vector register, where whole registers are shifted by it."""
        return self.xop(ROWS["vrep.b"], self.xop(ROWS["vlvgp"], count, count), imm=7)

    def shifted_half(self, op: str, r: Any, k: int) -> Any:
        """See `isa.pairs`."""
        return self.shifted(op, r, k)

    def across(self, left: bool, to: Any, giver: Any, k: int) -> Any:
        """What leaves the one half is inserted into the other."""
        if left:
            return self.op(ROWS["risbgn"], self.shifted("shl", to, k), giver, imm=(64 - k, 63, k))
        return self.op(ROWS["risbgn"], self.shifted("shr", to, k), giver, imm=(0, k - 1, 64 - k))

    def shift_pair_by(self, op: str, x: Any, y: Any) -> tuple[Any, Any]:
        """In a vector register, by bytes and then by bits."""
        return self.to_pair(self.shift_whole(op, self.whole(x), self.spread_count(self.put_in_regs(y)[0])))

    def shift_whole(self, op: str, v: Any, count: Any) -> Any:
        """A vector register shifted as one number, modulo 128."""
        name = {"shl": "vsl", "shr": "vsrl", "sar": "vsra"}[op]
        return self.xop(ROWS[name], self.xop(ROWS[name + "b"], v, count), count)

    def rotate_pair_by(self, op: str, x: Any, y: Any) -> tuple[Any, Any]:
        """Shifted both ways."""
        v = self.whole(x)
        count = self.put_in_regs(y)[0]
        there, back = self.spread_count(count), self.spread_count(self.op(ROWS["lcgr"], count))
        first, other = ("shl", "shr") if op == "rol" else ("shr", "shl")
        return self.to_pair(self.xop(ROWS["vo"], self.shift_whole(first, v, there), self.shift_whole(other, v, back)))

    # Bits.

    def first_of(self, count: Any, half: Any, other: Any) -> tuple[Any, Any]:
        """Zeros counted in ``half``, and where it is all zeros in ``other`` too."""
        here = count(half)
        beyond = self.plus(count(other), 64)
        self.do(ROWS["cghi"], here, imm=64)
        return self.op(ROWS["locgr"], here, beyond, imm=E), self.imm(0)

    def counted_whole(self, op: str, v: Any) -> Any:
        """Zeros of a vector register (z17), in a general one."""
        return self.op(ROWS["vlgv.g"], self.xop(ROWS[op], v), imm=1)

    def leading_zeros_pair(self, x: Any) -> tuple[Any, Any]:
        """The upper half first."""
        if self.has_whole():
            return self.counted_whole("vclz.q", self.whole(x)), self.imm(0)
        low, high = self.put_in_regs(x)
        return self.first_of(self.leading, high, low)

    def trailing_zeros_pair(self, x: Any) -> tuple[Any, Any]:
        """The lower half first."""
        if self.has_whole():
            return self.counted_whole("vctz.q", self.whole(x)), self.imm(0)
        low, high = self.put_in_regs(x)
        return self.first_of(self.trailing, low, high)

    def leading_sign_pair(self, x: Any) -> tuple[Any, Any]:
        """Bits behind the sign that are like it (z17)."""
        low, high = self.put_in_regs(x)
        sign = self.shifted("sar", high, 63)
        flipped = self.to_vector((self.alu_rr("xor", I64, low, sign), self.alu_rr("xor", I64, high, sign)))
        return self.plus(self.counted_whole("vclz.q", flipped), -1), self.imm(0)

    def count_ones_pair(self, x: Any) -> tuple[Any, Any]:
        """Those of both halves."""
        low, high = (self.ones_in(r, 64) for r in self.put_in_regs(x))
        return self.alu_rr("add", I64, low, high), self.imm(0)

    def swap_bytes_pair(self, x: Any) -> tuple[Any, Any]:
        """Each half, exchanged."""
        low, high = self.put_in_regs(x)
        return self.op(ROWS["lrvgr"], high), self.op(ROWS["lrvgr"], low)

    def reverse_bits_pair(self, x: Any) -> tuple[Any, Any]:
        """Each half, exchanged."""
        low, high = self.put_in_regs(x)
        return self.reversed_bits(high), self.reversed_bits(low)

    # Comparison.

    def compare_pair(self, x: Any, y: Any, cc: str) -> int:
        """Equality by the differing bits; order by the borrow of a difference; signed order by z17's comparison, else with the
        signs flipped."""
        signed_, mask = INT[cc]
        if signed_ and self.has_whole():
            self.do(ROWS["vec.q"], *self.wholes(x, y))
            return mask
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        if cc in ("eq", "ne"):
            differing = [self.alu_rr("xor", I64, m, n) for m, n in zip(a, b)]
            self.alu_rr("or", I64, *differing)
            return E if cc == "eq" else E ^ 15
        if mask & H:  # gt and ge become lt and le
            a, b = b, a
        if mask & E:  # x <= y is not y < x
            a, b = b, a
        if signed_:
            a, b = ((low, self.op(ROWS["xihf"], high, imm=1 << 31)) for low, high in (a, b))
        self.carried("sub", a, b)
        return BORROW ^ 15 if mask & E else BORROW

    def min_max_pair(self, cc: str, x: Any, y: Any) -> tuple[Any, Any]:
        """x where x cc y, else y."""
        if cc[0] == "s" and self.has_whole():
            return self.to_pair(self.xop(ROWS["vmn.q" if cc == "slt" else "vmx.q"], *self.wholes(x, y)))
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        mask = self.compare_pair(x, y, cc)
        return self.choose(mask, a[0], b[0]), self.choose(mask, a[1], b[1])

    # Overflow.

    def overflow_wide(self, signed_: bool, difference: bool, x: Any, y: Any) -> Any:
        """Sum or difference and its flag: the carry of the upper half, or the sign of what overflowed."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        pair = self.carried("sub" if difference else "add", a, b)
        if signed_:
            return pair, self.overflowed(difference, a[1], b[1], pair[1])
        return pair, self.flag_value(BORROW if difference else CARRY)
