"""Integer operations. i8 and i16 values live in 32-bit registers with arbitrary upper bits and are computed in 32 bits wherever the
low bits of the result depend on the low bits of the operands alone; otherwise operands are extended first."""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.opcodes import BAND, BNOT, BY_NAME, ICONST, IMUL, ISHL, SEXTEND, SSHR, UEXTEND, USHR
from jitpy.backend.ir.types import BITS, I8, I16, I32, I64, MASK
from jitpy.backend.isa.aarch64.conditions import EQ, GE, GT, HI, HS, LE, LO, LS, LT, NE, SWAPPED, VS
from jitpy.backend.isa.aarch64.conditions import INT as CODES
from jitpy.backend.isa.aarch64.immediates import add_immediate, logical
from jitpy.backend.isa.aarch64.lowering.base import Base
from jitpy.backend.isa.aarch64.rows import ROWS
from jitpy.backend.isa.pairs import PairShifts

_LOGIC = {"and": ("and", "bic"), "or": ("orr", "orn"), "xor": ("eor", "eon")}
_SHIFTED = {ISHL: "lsl", USHR: "lsr", SSHR: "asr"}
_RIGHT = {"shl": "lsl", "shr": "lsr", "sar": "asr"}
_SIGNED = frozenset((LT, GE, GT, LE))
_NEEDS_SWAP = frozenset((GT, LE, HI, LS))


def width(type: Any) -> Any:
    """The operand size in bits of an instruction for this type: 32 or 64."""
    return 64 if type == I64 else 32


class IntLowering(PairShifts, Base):
    """See the module's docstring."""

    # Operands that are shifted or extended by the instruction that uses them.

    def shifted(self, type: Any, v: Any) -> Any:
        """(shift, count, register) where v is a shift by a constant that nobody else wants, else None."""
        n = self.nodes[v]
        if n[0] not in _SHIFTED or self.uses[v] > 1 or (type < I32 and n[0] != ISHL):
            return None
        k = self.nodes[n[4]]
        if k[0] != ICONST:
            return None
        return _SHIFTED[n[0]], k[2] % BITS[type], self.put_in_reg(n[3])

    def extended_operand(self, type: Any, v: Any) -> Any:
        """(extension, shift, register) where v is an extension, perhaps shifted a little, else None."""
        n = self.nodes[v]
        shift = 0
        if n[0] == ISHL and self.nodes[n[4]][0] == ICONST and self.nodes[n[4]][2] <= 4 and self.uses[v] == 1:
            shift = self.nodes[n[4]][2]
            n = self.nodes[n[3]]
        if n[0] not in (UEXTEND, SEXTEND) or type < I32 or self.types[n[3]] > I32:
            return None
        return ("u" if n[0] == UEXTEND else "s") + {I8: "xtb", I16: "xth", I32: "xtw"}[self.types[n[3]]], shift, n[3]

    def logical_immediate(self, type: Any, k: Any) -> Any:
        """A number that a logical instruction of the type's width can hold and whose low bits are k's, else None."""
        bits, w = BITS[type], width(type)
        k &= MASK[type]
        tries = [k]
        if bits < 32:
            tries = [k, k | 0xFFFFFFFF >> bits << bits, k * (0xFFFFFFFF // MASK[type])]
        for wanted in tries:
            if logical(wanted, w) is not None:
                return wanted
        return None

    # Two operands.

    def alu(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """and, or, xor."""
        nodes = self.nodes
        plain, inverted = _LOGIC[op]
        w = width(type)
        if nodes[x][0] == ICONST or (nodes[x][0] in _SHIFTED and nodes[y][0] != ICONST and self.shifted(type, y) is None):
            x, y = y, x
        k = self.constant_of(y)
        if k is not None:
            wanted = self.logical_immediate(type, k)
            if wanted is not None:
                return self.op(ROWS[f"{plain}{w}_ri"], self.put_in_reg(x), imm=wanted)
        if nodes[x][0] == BNOT and nodes[y][0] != BNOT:
            x, y = y, x
        row = plain
        if nodes[y][0] == BNOT:
            row, y = inverted, nodes[y][3]
        by = self.shifted(type, y)
        if by is not None:
            return self.op(ROWS[f"{row}{w}_{by[0]}"], self.put_in_reg(x), by[2], imm=by[1])
        return self.op(ROWS[f"{row}{w}_rr"], self.put_in_reg(x), self.put_in_reg(y))

    def rr(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """A row's name without width, on vregs."""
        return self.op(ROWS[f"{op}{width(type)}_rr"], x, y)

    def ri(self, op: str, type: Any, x: Any, k: Any) -> Any:
        """The same with an immediate that the row holds."""
        return self.op(ROWS[f"{op}{width(type)}_ri"], x, imm=k)

    def add(self, type: Any, x: Any, y: Any) -> Any:
        """x + y, also as madd."""
        nodes = self.nodes
        if nodes[x][0] == ICONST or (nodes[x][0] in (IMUL, UEXTEND, SEXTEND, ISHL) and nodes[y][0] != ICONST):
            if self._merges(type, x) and not self._merges(type, y):
                x, y = y, x
        return self.sum("add", type, x, y)

    def _merges(self, type: Any, v: Any) -> bool:
        n = self.nodes[v]
        if n[0] == IMUL:
            return bool(self.uses[v] == 1)
        return n[0] == ICONST or self.extended_operand(type, v) is not None or (n[0] == ISHL and self.shifted(type, v) is not None)

    def sub(self, type: Any, x: Any, y: Any) -> Any:
        """x - y, also as msub."""
        return self.sum("sub", type, x, y)

    def sum(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x + y or x - y, or (adds, subs) the same with flags."""
        w = width(type)
        nodes = self.nodes
        k = self.constant_of(y)
        if k is not None:
            if add_immediate(k):
                return self.ri(op, type, self.put_in_reg(x), k)
            if add_immediate(-k) and len(op) == 3:
                return self.ri("sub" if op == "add" else "add", type, self.put_in_reg(x), -k)
        n = nodes[y]
        if n[0] == IMUL and self.uses[y] == 1 and len(op) == 3 and self.constant_of(n[4]) is None:
            name = "madd" if op == "add" else "msub"
            wide = self._wide_factors(type, n)
            if wide is not None:
                return self.op(ROWS[f"{wide[0]}{name}l"], wide[1], wide[2], self.put_in_reg(x))
            return self.op(ROWS[f"{name}{w}"], self.put_in_reg(n[3]), self.put_in_reg(n[4]), self.put_in_reg(x))
        by = self.extended_operand(type, y)
        if by is not None:
            return self.op(ROWS[f"{op}{w}_{by[0]}"], self.put_in_reg(x), self.put_in_reg(by[2]), imm=by[1])
        by = self.shifted(type, y)
        if by is not None:
            return self.op(ROWS[f"{op}{w}_{by[0]}"], self.put_in_reg(x), by[2], imm=by[1])
        return self.op(ROWS[f"{op}{w}_rr"], self.put_in_reg(x), self.put_in_reg(y))

    def unary(self, op: str, type: Any, x: Any) -> Any:
        """neg or not."""
        return self.op(ROWS[f"{'neg' if op == 'neg' else 'mvn'}{width(type)}_r"], self.put_in_reg(x))

    def and_not(self, type: Any, x: Any, y: Any) -> Any:
        """~x & y."""
        return self.rr("bic", type, self.put_in_reg(y), self.put_in_reg(x))

    def bit_select(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """(x & c) | (y & ~c)."""
        mask = self.put_in_reg(c)
        kept = self.rr("and", type, self.put_in_reg(x), mask)
        return self.rr("orr", type, kept, self.rr("bic", type, self.put_in_reg(y), mask))

    def const_int(self, type: Any, k: Any) -> Any:
        """An integer constant."""
        if type <= I64:
            return self.imm(k)
        return self.imm(k & MASK[I64]), self.imm(k >> 64)

    # Products.

    def _wide_factors(self, type: Any, n: Any) -> Any:
        """(u or s, register, register) where a 64-bit product is of two extended i32."""
        a, b = self.nodes[n[3]], self.nodes[n[4]]
        if type != I64 or a[0] != b[0] or a[0] not in (UEXTEND, SEXTEND):
            return None
        if self.types[a[3]] != I32 or self.types[b[3]] != I32:
            return None
        return "u" if a[0] == UEXTEND else "s", self.put_in_reg(a[3]), self.put_in_reg(b[3])

    def mul(self, type: Any, x: Any, y: Any) -> Any:
        """Low half of the product; by a power of two, or one more, a shift."""
        if self.constant_of(x) is not None:
            x, y = y, x
        k = self.constant_of(y)
        if k is not None and k > 0:
            w = width(type)
            if k & k - 1 == 0:
                return self.op(ROWS[f"lsl{w}_ri"], self.put_in_reg(x), imm=k.bit_length() - 1)
            if k - 1 & k - 2 == 0:
                r = self.put_in_reg(x)
                return self.op(ROWS[f"add{w}_lsl"], r, r, imm=(k - 1).bit_length() - 1)
        wide = self._wide_factors(type, (IMUL, type, None, x, y))
        if wide is not None:
            return self.op(ROWS[f"{wide[0]}mull"], wide[1], wide[2])
        return self.rr("mul", type, self.put_in_reg(x), self.put_in_reg(y))

    def mul_high(self, is_signed: bool, type: Any, x: Any, y: Any) -> Any:
        """High half of the product."""
        s = "s" if is_signed else "u"
        if type == I64:
            return self.op(ROWS[f"{s}mulh"], self.put_in_reg(x), self.put_in_reg(y))
        if type == I32:
            return self.op(ROWS["lsr64_ri"], self.op(ROWS[f"{s}mull"], self.put_in_reg(x), self.put_in_reg(y)), imm=32)
        product = self.rr("mul", I32, self.extended(is_signed, x), self.extended(is_signed, y))
        return self.op(ROWS["lsr32_ri"], product, imm=BITS[type])

    def extended(self, is_signed: bool, v: Any) -> Any:
        """v extended to at least 32 bits."""
        if self.types[v] >= I32:
            return self.put_in_reg(v)
        return self.sign_extended(v, 32) if is_signed else self.zero_extended(v)

    # Shifts and rotates.

    def shift(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """shl, shr or sar by y modulo the width; narrow types to the right take the field that remains."""
        bits, w = BITS[type], width(type)
        k = self.constant_of(y)
        if k is not None:
            k %= bits
            if bits < 32 and op != "shl":
                return self.op(ROWS[f"{'s' if op == 'sar' else 'u'}bfx32"], self.put_in_reg(x), imm=(k, bits - k))
            return self.op(ROWS[f"{_RIGHT[op]}{w}_ri"], self.put_in_reg(x), imm=k)
        r = self.put_in_reg(x) if op == "shl" else self.extended(op == "sar", x)
        count = self.put_in_regs(y)[0]
        if bits < 32:
            count = self.ri("and", I32, count, bits - 1)
        return self.rr(_RIGHT[op], type, r, count)

    def rotate(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """rol or ror by y modulo the width; narrow types are repeated to fill 32 bits."""
        bits, w = BITS[type], width(type)
        r = self.put_in_reg(x)
        if bits == 8:
            r = self.op(ROWS["bfi32"], r, r, imm=(8, 8))
        if bits < 32:
            r = self.op(ROWS["bfi32"], r, r, imm=(16, 16))
        k = self.constant_of(y)
        if k is not None:
            return self.op(ROWS[f"ror{w}_ri"], r, imm=(k if op == "ror" else -k) % bits)
        count = self.put_in_regs(y)[0]
        return self.rr("ror", type, r, self.op(ROWS["neg32_r"], count) if op == "rol" else count)

    # Division.

    def divide(self, is_signed: bool, remainder: bool, proven: bool, type: Any, x: Any, y: Any) -> Any:
        """Quotient or remainder; checks divisor and overflow unless proven. i8 and i16 divide in 32 bits, where MIN / -1 is exact;
        otherwise it is MIN, and the remainder right.
        """
        bits, w = BITS[type], width(type)
        k = self.constant_of(y)
        a, b = self.extended(is_signed, x), self.extended(is_signed, y)
        if not proven and not k:
            self.do(ROWS["trap_reg"], b, imm=(("z", w), "int_divz"))
        overflows = is_signed and not remainder and not proven and (k is None or k == -1)
        if overflows and bits >= 32:
            # a - 1 overflows where a is the minimum; compared only where b is -1.
            self.do(ROWS[f"cmn{w}_ri"], b, imm=1)
            self.do(ROWS[f"ccmp{w}_ri"], a, imm=(1, 0, EQ))
            self.do(ROWS["trap_if"], imm=(VS, "int_ovf"))
        quotient = self.rr("sdiv" if is_signed else "udiv", type, a, b)
        if overflows and bits < 32:
            self.do(ROWS["cmp32_ri"], quotient, imm=1 << bits - 1)
            self.do(ROWS["trap_if"], imm=(EQ, "int_ovf"))
        return self.op(ROWS[f"msub{w}"], quotient, b, a) if remainder else quotient

    # Overflow.

    def narrow_fits(self, is_signed: bool, type: Any, r: Any) -> int:
        """Compare a 32-bit result with its low bits extended: the condition that says it does not fit."""
        self.do(ROWS[f"cmp32_{'s' if is_signed else 'u'}xt{'b' if type == I8 else 'h'}"], r, r, imm=0)
        return NE

    def overflow(self, node: Any) -> tuple[Any, Any]:
        """Emit an ``*_overflow`` instruction: result vreg, condition of overflow."""
        op, is_signed = _OVERFLOW[node[0]]
        type, x, y = node[1], node[3], node[4]
        if type < I32:
            r = self.rr(op, I32, self.extended(is_signed, x), self.extended(is_signed, y))
            return r, self.narrow_fits(is_signed, type, r)
        if op != "mul":
            return self.sum(op + "s", type, x, y), VS if is_signed else HS if op == "add" else LO
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        s = "s" if is_signed else "u"
        if type == I32:
            r = self.op(ROWS[f"{s}mull"], a, b)
            self.do(ROWS[f"cmp64_{s}xtw"], r, r, imm=0)
            return r, NE
        r, high = self.rr("mul", I64, a, b), self.op(ROWS[f"{s}mulh"], a, b)
        if is_signed:
            self.do(ROWS["cmp64_asr"], high, r, imm=63)
        else:
            self.do(ROWS["cmp64_ri"], high, imm=0)
        return r, NE

    def overflow_pair(self, inst: Any) -> tuple[Any, Any]:
        """Result and flag of an ``*_overflow`` instruction whose flag is wanted as a value."""
        result, cond = self.overflow(self.insts[inst])
        if self.uses[self.results[inst][1]] == 0:
            return result, result
        return result, self.set(cond)

    def add_carry(self, is_signed: bool, difference: bool, type: Any, x: Any, y: Any, carry: Any) -> tuple[Any, Any]:
        """x + y + carry, or x - y - carry, and its carry or overflow. Any carry but 0 counts as 1."""
        c = self.zero_extended(carry)
        op = "sbc" if difference else "adc"
        narrow = type < I32
        a, b = self.extended(is_signed, x), self.extended(is_signed, y)
        if difference:  # the flag is the borrow's inverse
            self.op(ROWS["negs32_r"], c)
        else:
            self.do(ROWS["cmp32_ri"], c, imm=1)
        r = self.rr(op if narrow else op + "s", type, a, b)
        if narrow:
            return r, self.set(self.narrow_fits(is_signed, type, r))
        return r, self.set(VS if is_signed else LO if difference else HS)

    def overflow_wide(self, is_signed: bool, difference: bool, x: Any, y: Any) -> tuple[Any, Any]:
        """i128: the high half's flags."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        names = ("subs64_rr", "sbcs64_rr") if difference else ("adds64_rr", "adcs64_rr")
        pair = self.op(ROWS[names[0]], a[0], b[0]), self.op(ROWS[names[1]], a[1], b[1])
        return pair, self.set(VS if is_signed else LO if difference else HS)

    # Comparison.

    def compare(self, type: Any, x: Any, y: Any, cc: Any) -> Any:
        """Emit what sets the flags for x cc y; the condition to use (operands may have been swapped)."""
        if type > I64:
            return self.compare_pair(x, y, cc)
        nodes = self.nodes
        if nodes[x][0] == ICONST and nodes[y][0] != ICONST:
            x, y, cc = y, x, SWAPPED[cc]
        is_signed = cc in _SIGNED
        k = self.constant_of(y)
        if k == 0 and nodes[x][0] == BAND and cc in (EQ, NE):
            return self.test_and(nodes[x], cc)
        w = width(type)
        r = self.extended(is_signed, x)
        if k is not None:
            if not is_signed and type < I32:
                k &= MASK[type]
            if add_immediate(k):
                self.do(ROWS[f"cmp{w}_ri"], r, imm=k)
                return cc
            if k < 0 and add_immediate(-k):
                self.do(ROWS[f"cmn{w}_ri"], r, imm=-k)
                return cc
            self.do(ROWS[f"cmp{w}_rr"], r, self.imm(k))
            return cc
        if type < I32:
            self.do(ROWS[f"cmp32_{'s' if is_signed else 'u'}xt{'b' if type == I8 else 'h'}"], r, self.put_in_reg(y), imm=0)
            return cc
        by = self.extended_operand(type, y)
        if by is not None:
            self.do(ROWS[f"cmp{w}_{by[0]}"], r, self.put_in_reg(by[2]), imm=by[1])
            return cc
        by = self.shifted(type, y)
        if by is not None:
            self.do(ROWS[f"cmp{w}_{by[0]}"], r, by[2], imm=by[1])
            return cc
        self.do(ROWS[f"cmp{w}_rr"], r, self.put_in_reg(y))
        return cc

    def compare_regs(self, type: Any, x: Any, y: Any) -> None:
        """cmp of vregs of a whole width."""
        self.do(ROWS[f"cmp{width(type)}_rr"], x, y)

    def test_zero(self, type: Any, v: Any) -> None:
        """Emit a comparison of v with zero."""
        if type < I32 and not self.upper_is_zero(v):
            self.do(ROWS["tst32_ri"], self.put_in_reg(v), imm=MASK[type])
        else:
            self.do(ROWS[f"cmp{width(type)}_ri"], self.put_in_reg(v), imm=0)

    def test_and(self, n: Any, cc: Any) -> Any:
        """Emit a test of the bits that two operands share, cc being EQ or NE."""
        type, x, y = n[1], n[3], n[4]
        if type > I64:
            a, b = self.put_in_regs(x), self.put_in_regs(y)
            both = self.rr("orr", I64, self.rr("and", I64, a[0], b[0]), self.rr("and", I64, a[1], b[1]))
            self.do(ROWS["cmp64_ri"], both, imm=0)
            return cc
        w = width(type)
        k = self.constant_of(y)
        if k is not None and logical(k & MASK[type], w) is not None:
            self.do(ROWS[f"tst{w}_ri"], self.put_in_reg(x), imm=k & MASK[type])
        elif type < I32:
            self.do(ROWS["tst32_ri"], self.rr("and", I32, self.put_in_reg(x), self.put_in_reg(y)), imm=MASK[type])
        else:
            self.do(ROWS[f"tst{w}_rr"], self.put_in_reg(x), self.put_in_reg(y))
        return cc

    def compare_pair(self, x: Any, y: Any, cc: Any) -> Any:
        """i128: equality half after half; order by subtracting with borrow, the flags of the high half."""
        if cc in _NEEDS_SWAP:  # > and <= as < and >= of swapped operands: zero is not known of the pair
            x, y, cc = y, x, SWAPPED[cc]
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        self.do(ROWS["cmp64_rr"], a[0], b[0])
        if cc in (EQ, NE):
            self.do(ROWS["ccmp64_rr"], a[1], b[1], imm=(0, EQ))
        else:
            self.op(ROWS["sbcs64_rr"], a[1], b[1])
        return cc

    def set(self, cc: Any) -> Any:
        """The condition as an i8."""
        return self.op(ROWS["cset32"], imm=cc)

    def cmov(self, cc: Any, type: Any, yes: Any, no: Any) -> Any:
        """yes where the condition holds, else no (vregs)."""
        return self.op(ROWS[f"csel{width(type)}"], yes, no, imm=cc)

    def min_max(self, code: str, type: Any, x: Any, y: Any) -> Any:
        """x where x cc y, else y."""
        cc = CODES[code]
        a, b = self.extended(code[0] == "s", x), self.extended(code[0] == "s", y)
        self.compare_regs(type, a, b)
        return self.cmov(cc, type, a, b)

    def min_max_pair(self, code: str, x: Any, y: Any) -> tuple[Any, Any]:
        """The same for i128."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        cc = self.compare_pair(x, y, CODES[code])
        return self.cmov(cc, I64, a[0], b[0]), self.cmov(cc, I64, a[1], b[1])

    def abs(self, type: Any, x: Any) -> Any:
        """Negated where negative."""
        r = self.extended(True, x)
        self.do(ROWS[f"cmp{width(type)}_ri"], r, imm=0)
        return self.op(ROWS[f"csneg{width(type)}"], r, r, imm=GE)

    # Saturation.

    def add_sat_unsigned(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """All ones where a sum carries, zero where a difference borrows."""
        bound = self.imm(MASK[type] if op == "add" else 0)
        a, b = self.extended(False, x), self.extended(False, y)
        r = self.rr(op + "s", type, a, b)
        if type < I32 and op == "add":
            self.compare_regs(I32, r, bound)
            return self.cmov(HI, type, bound, r)
        return self.cmov(HS if op == "add" else LO, type, bound, r)

    def add_sat_signed(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """Overflow goes towards x's sign: (x >> bits-1) ^ MAX. Narrow sums are clamped."""
        bits = BITS[type]
        a, b = self.extended(True, x), self.extended(True, y)
        if bits < 32:
            return self.clamp(self.rr(op, I32, a, b), -1 << bits - 1, (1 << bits - 1) - 1)
        bound = self.op(ROWS[f"asr{bits}_ri"], a, imm=bits - 1)
        bound = self.ri("eor", type, bound, (1 << bits - 1) - 1)
        r = self.rr(op + "s", type, a, b)
        return self.cmov(VS, type, bound, r)

    def clamp(self, r: Any, low: int, high: int) -> Any:
        """A signed 32-bit register within bounds."""
        for bound, cc in ((high, GT), (low, LT)):
            limit = self.imm(bound & 0xFFFFFFFF)
            self.compare_regs(I32, r, limit)
            r = self.cmov(cc, I32, limit, r)
        return r

    def average(self, type: Any, x: Any, y: Any) -> Any:
        """(x + y + 1) / 2 without overflow: (x | y) - ((x ^ y) >> 1)."""
        a, b = self.extended(False, x), self.extended(False, y)
        w = width(type)
        return self.op(ROWS[f"sub{w}_lsr"], self.rr("orr", type, a, b), self.rr("eor", type, a, b), imm=1)

    # Counting and reversing bits.

    def leading_zeros(self, type: Any, x: Any) -> Any:
        """clz; narrow types have zeros in front that do not count."""
        n = self.op(ROWS[f"clz{width(type)}_r"], self.extended(False, x))
        return n if type >= I32 else self.ri("sub", I32, n, 32 - BITS[type])

    def leading_zeros_pair(self, x: Any) -> tuple[Any, Any]:
        """Of the high half, or 64 more than of the low half."""
        low, high = self.put_in_regs(x)
        return self._count_pair(self.op(ROWS["clz64_r"], high), self.op(ROWS["clz64_r"], low), high)

    def _count_pair(self, first: Any, second: Any, decides: Any) -> tuple[Any, Any]:
        more = self.ri("add", I64, second, 64)
        zero = self.imm(0)
        self.do(ROWS["cmp64_ri"], decides, imm=0)
        return self.cmov(EQ, I64, more, first), zero

    def leading_sign(self, type: Any, x: Any) -> Any:
        """cls."""
        n = self.op(ROWS[f"cls{width(type)}_r"], self.extended(True, x))
        return n if type >= I32 else self.ri("sub", I32, n, 32 - BITS[type])

    def trailing_zeros(self, type: Any, x: Any) -> Any:
        """Leading zeros of the reverse; narrow types get a one above their top bit."""
        r = self.put_in_reg(x)
        if type < I32:
            r = self.ri("orr", I32, r, 1 << BITS[type])
        w = width(type)
        return self.op(ROWS[f"clz{w}_r"], self.op(ROWS[f"rbit{w}_r"], r))

    def trailing_zeros_pair(self, x: Any) -> tuple[Any, Any]:
        """Of the low half, or 64 more than of the high half."""
        low, high = self.put_in_regs(x)
        first, second = (self.op(ROWS["clz64_r"], self.op(ROWS["rbit64_r"], r)) for r in (low, high))
        return self._count_pair(first, second, low)

    def count_ones(self, type: Any, x: Any) -> Any:
        """By bytes, which are then summed, in a vector register."""
        return self._count_ones(type, self.extended(False, x))

    def _count_ones(self, type: Any, r: Any) -> Any:
        counts = self.fop(ROWS["cnt_8b"], self.fop(ROWS["fmov_dx" if type == I64 else "fmov_sw"], r))
        if type != I8:
            counts = self.fop(ROWS["addv_8b"], counts)
        return self.op(ROWS["fmov_ws"], counts)

    def count_ones_pair(self, x: Any) -> tuple[Any, Any]:
        """The sum of both halves'."""
        low, high = (self._count_ones(I64, r) for r in self.put_in_regs(x))
        return self.rr("add", I64, low, high), self.imm(0)

    def swap_bytes(self, type: Any, x: Any) -> Any:
        """rev."""
        return self.swapped(BITS[type], self.put_in_reg(x))

    def swapped(self, bits: Any, r: Any) -> Any:
        """The bytes of a register's low bits in reverse."""
        if bits == 8:
            return r
        return self.op(ROWS["rev1632_r" if bits == 16 else f"rev{bits}_r"], r)

    def reverse_bits(self, type: Any, x: Any) -> Any:
        """rbit; narrow types come out at the top."""
        w = width(type)
        r = self.op(ROWS[f"rbit{w}_r"], self.put_in_reg(x))
        return r if type >= I32 else self.op(ROWS["lsr32_ri"], r, imm=32 - BITS[type])

    def reverse_bits_pair(self, x: Any) -> tuple[Any, Any]:
        """Each half reversed, and exchanged."""
        low, high = self.put_in_regs(x)
        return self.op(ROWS["rbit64_r"], high), self.op(ROWS["rbit64_r"], low)

    # i128: pairs of i64.

    def alu_pair(self, op: str, x: Any, y: Any) -> tuple[Any, Any]:
        """Both halves, the second with the carry of the first where that matters; nothing stands between them."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        first, second = _PAIRS[op]
        return self.op(ROWS[first], a[0], b[0]), self.op(ROWS[second], a[1], b[1])

    def neg_pair(self, x: Any) -> tuple[Any, Any]:
        """0 - x."""
        low, high = self.put_in_regs(x)
        return self.op(ROWS["negs64_r"], low), self.op(ROWS["ngc64_r"], high)

    def abs_pair(self, x: Any) -> tuple[Any, Any]:
        """(x ^ s) - s with s = x >> 127."""
        low, high = self.put_in_regs(x)
        s = self.op(ROWS["asr64_ri"], high, imm=63)
        a, b = self.rr("eor", I64, low, s), self.rr("eor", I64, high, s)
        return self.rr("subs", I64, a, s), self.rr("sbc", I64, b, s)

    def not_pair(self, x: Any) -> tuple[Any, Any]:
        """Both halves complemented."""
        low, high = self.put_in_regs(x)
        return self.op(ROWS["mvn64_r"], low), self.op(ROWS["mvn64_r"], high)

    def mul_pair(self, x: Any, y: Any) -> tuple[Any, Any]:
        """The full product of the low halves, plus the cross products in the high half."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        high = self.op(ROWS["umulh"], a[0], b[0])
        high = self.op(ROWS["madd64"], a[0], b[1], high)
        return self.rr("mul", I64, a[0], b[0]), self.op(ROWS["madd64"], a[1], b[0], high)

    def swap_bytes_pair(self, x: Any) -> tuple[Any, Any]:
        """Each half swapped, and exchanged."""
        low, high = self.put_in_regs(x)
        return self.swapped(64, high), self.swapped(64, low)

    # Halves: see `isa.pairs`.

    def shifted_half(self, op: str, r: Any, k: int) -> Any:
        """lsl, lsr, asr."""
        return self.ri(_RIGHT[op], I64, r, k)

    def shifted_half_by(self, op: str, r: Any, count: Any) -> Any:
        """By a register."""
        return self.rr(_RIGHT[op], I64, r, count)

    def across(self, left: bool, to: Any, giver: Any, k: int) -> Any:
        """extr takes 64 bits out of two registers."""
        return self.op(ROWS["extr64"], to, giver, imm=64 - k) if left else self.op(ROWS["extr64"], giver, to, imm=k)

    def across_by(self, left: bool, count: Any, *pairs: tuple[Any, Any]) -> list[Any]:
        """What comes in is shifted by one, then by 63 - count."""
        there, back = ("lsl", "lsr") if left else ("lsr", "lsl")
        inverse = self.op(ROWS["mvn32_r"], count)
        made = []
        for to, giver in pairs:
            coming = self.rr(back, I64, self.ri(back, I64, giver, 1), inverse)
            made.append(self.rr("orr", I64, self.rr(there, I64, to, count), coming))
        return made

    def where_far(self, count: Any, *choices: tuple[Any, Any]) -> list[Any]:
        """tst, and a csel for each."""
        self.do(ROWS["tst32_ri"], count, imm=64)
        return [self.cmov(NE, I64, yes, no) for yes, no in choices]


_PAIRS = {
    "add": ("adds64_rr", "adc64_rr"), "sub": ("subs64_rr", "sbc64_rr"), "and": ("and64_rr", "and64_rr"),
    "or": ("orr64_rr", "orr64_rr"), "xor": ("eor64_rr", "eor64_rr"),
}  # fmt: skip
_OVERFLOW: dict[Any, tuple[str, bool]] = {
    BY_NAME[f"{s}{op}_overflow"]: (op, s == "s") for s in "us" for op in ("add", "sub", "mul")
}  # fmt: skip
OVERFLOW_OPS = frozenset(_OVERFLOW)
