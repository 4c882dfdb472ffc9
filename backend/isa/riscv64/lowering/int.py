"""Integer operations. Narrow ones are computed in whole registers, with arbitrary bits above wherever the low bits of the
result depend on the low bits of the operands alone; otherwise operands are extended first. i32 results of most operations
are sign-extended, as the instructions on words leave them.

There are no flags: a carry is a comparison of the sum with a summand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir.opcodes import BY_NAME, ISHL, USHR
from jitpy.backend.ir.types import BITS, I16, I32, I64, MASK
from jitpy.backend.isa.pairs import PairShifts
from jitpy.backend.isa.riscv64.conditions import EQ, LT, LTU, NE
from jitpy.backend.isa.riscv64.lowering.base import Base, fits12

_COMMUTATIVE = frozenset(("add", "and", "or", "xor"))
_SHIFTS = {"shl": "sll", "shr": "srl", "sar": "sra"}
#: Zbs's operations on one bit by its number.
_BITS = {"and": "bext", "or": "bset", "xor": "binv"}
_UEXTEND = BY_NAME["uextend"]
#: What a condition is: see `conditions`.
Condition = tuple[int, Any, Any]
_HALVES = ((1, 0x55), (2, 0x33), (4, 0x0F))


class IntLowering(PairShifts, Base):
    """See the module's docstring."""

    if TYPE_CHECKING:

        def flag_value(self, condition: Condition) -> Any:
            """A condition as 0 or 1."""

        def choose(self, condition: Condition, yes: Any, no: Any) -> Any:
            """yes where the condition holds, else no."""

        def trap_if(self, condition: Condition, code: str) -> None:
            """A trap where the condition holds."""

        def compare_pair(self, x: Any, y: Any, code: str) -> Condition:
            """i128."""

    # Two operands.

    def alu(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x op y with y a constant or a register."""
        if op in _COMMUTATIVE and self.constant_of(x) is not None and self.constant_of(y) is None:
            x, y = y, x
        k = self.constant_of(y)
        if self.features["has_zbs"] and op in _BITS:
            found = self._single_bit(op, type, x, y, k)
            if found is not None:
                return found
        if k is not None:
            found = self.alu_imm(op, type, self.put_in_reg(x), k)
            if found is not None:
                return found
        return self.alu_rr(op, type, self.put_in_reg(x), self.put_in_reg(y))

    def _single_bit(self, op: str, type: Any, x: Any, y: Any, k: Any) -> Any:
        """A bit taken out, or of 64 set or flipped, by its number; else None."""
        if op == "and":
            n = self.nodes[x]
            if k != 1 or n[0] != USHR:
                return None
            at = self.constant_of(n[4])
            if at is not None:
                return self.with_imm("bexti", self.put_in_reg(n[3]), at % BITS[type])
            return self.three("bext", self.put_in_reg(n[3]), self.put_in_regs(n[4])[0]) if type == I64 else None
        for v, other in ((x, y), (y, x)):
            count = self.bit_number(v)
            if count is not None and type == I64:
                return self.three(_BITS[op], self.put_in_reg(other), count)
        return None

    def bit_number(self, v: Any) -> Any:
        """The register with n where v is 1 << n, else None."""
        n = self.nodes[v]
        return self.put_in_regs(n[4])[0] if n[0] == ISHL and self.constant_of(n[3]) == 1 else None

    def alu_imm(self, op: str, type: Any, r: Any, k: Any) -> Any:
        """r op k, or None where that takes another register."""
        if op == "sub":
            op, k = "add", -k
        if op == "add":
            return self.with_imm("addiw" if type == I32 else "addi", r, k) if fits12(k) else None
        if fits12(k):
            return self.with_imm({"and": "andi", "or": "ori", "xor": "xori"}[op], r, k)
        bits = k & MASK[type]
        if op == "and":
            if bits in (0xFFFF, 0xFFFFFFFF) and type > I16:
                return self.zext(bits.bit_length(), r)
            if type == I64 and bits & bits + 1 == 0:
                width = 64 - bits.bit_length()
                return self.with_imm("srli", self.with_imm("slli", r, width), width)
        if self.features["has_zbs"]:
            single, name = (bits ^ MASK[type], "bclri") if op == "and" else (bits, "bseti" if op == "or" else "binvi")
            # The sign of a word is not set alone, so that the result stays sign-extended.
            if single & single - 1 == 0 and single and not (type == I32 and single >> 31):
                return self.with_imm(name, r, single.bit_length() - 1)
        return None

    def alu_rr(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x op y for vregs."""
        return self.three(op + "w" if type == I32 and op in ("add", "sub") else op, x, y)

    def add(self, type: Any, x: Any, y: Any) -> Any:
        """x + y; Zba adds what is shifted or zero-extended."""
        if type == I64 and self.features["has_zba"]:
            for a, b in ((x, y), (y, x)):
                found = self._scaled_sum(a, b)
                if found is not None:
                    return found
        return self.alu("add", type, x, y)

    def _scaled_sum(self, x: Any, y: Any) -> Any:
        """x + (y's operand << 1, 2 or 3), that operand perhaps an extended word."""
        nodes = self.nodes
        n = nodes[y]
        if n[0] == ISHL:
            k = self.constant_of(n[4])
            if k is None or not 1 <= k <= 3:
                return None
            inner = nodes[n[3]]
            if self._word(inner):
                return self.three(f"sh{k}add.uw", self.put_in_reg(inner[3]), self.put_in_reg(x))
            return self.three(f"sh{k}add", self.put_in_reg(n[3]), self.put_in_reg(x))
        if self._word(n) and self.constant_of(x) is None:
            return self.three("add.uw", self.put_in_reg(n[3]), self.put_in_reg(x))
        return None

    def _word(self, n: Any) -> bool:
        """Whether the node extends an i32 with zeros."""
        return bool(n[0] == _UEXTEND and self.types[n[3]] == I32)

    def sub(self, type: Any, x: Any, y: Any) -> Any:
        """x - y."""
        if self.constant_of(x) == 0:
            return self.unary("neg", type, y)
        return self.alu("sub", type, x, y)

    def unary(self, op: str, type: Any, x: Any) -> Any:
        """neg or not."""
        r = self.put_in_reg(x)
        if op == "not":
            return self.with_imm("xori", r, -1)
        return self.one("negw" if type == I32 else "neg", r)

    def and_not(self, type: Any, x: Any, y: Any) -> Any:
        """~x & y; a bit cleared by its number."""
        if type == I64 and self.features["has_zbs"]:
            count = self.bit_number(x)
            if count is not None:
                return self.three("bclr", self.put_in_reg(y), count)
        return self.three("andn", self.put_in_reg(y), self.put_in_reg(x))

    def or_not(self, x: Any, y: Any) -> Any:
        """~x | y."""
        return self.three("orn", self.put_in_reg(y), self.put_in_reg(x))

    def xor_not(self, x: Any, y: Any) -> Any:
        """~x ^ y."""
        return self.three("xnor", self.put_in_reg(x), self.put_in_reg(y))

    def bit_select(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """y ^ ((x ^ y) & c)."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        return self.three("xor", self.three("and", self.three("xor", a, b), self.put_in_reg(c)), b)

    def const_int(self, type: Any, k: Any) -> Any:
        """An integer constant, sign-extended."""
        if type <= I64:
            bits = BITS[type]
            return self.imm(k - (k >> bits - 1 << bits))
        return self.imm(k & MASK[I64]), self.imm(k >> 64)

    # Products.

    def mul(self, type: Any, x: Any, y: Any) -> Any:
        """Low half of the product."""
        if self.constant_of(x) is not None:
            x, y = y, x
        k = self.constant_of(y)
        if k is not None and k > 0 and k & k - 1 == 0:
            return self.with_imm("slliw" if type == I32 else "slli", self.put_in_reg(x), k.bit_length() - 1)
        if k in (3, 5, 9) and type == I64 and self.features["has_zba"]:
            r = self.put_in_reg(x)
            return self.three(f"sh{(k - 1).bit_length() - 1}add", r, r)
        return self.three("mulw" if type == I32 else "mul", self.put_in_reg(x), self.put_in_reg(y))

    def mul_high(self, signed_: bool, type: Any, x: Any, y: Any) -> Any:
        """High half of the product; of narrower types by the whole one."""
        if type == I64:
            return self.three("mulh" if signed_ else "mulhu", self.put_in_reg(x), self.put_in_reg(y))
        product = self.three("mul", self.extended(signed_, x), self.extended(signed_, y))
        return self.with_imm("srai" if type == I32 else "srli", product, BITS[type])

    # Shifts and rotates.

    def shift(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """shl, shr or sar by y modulo the width."""
        name = _SHIFTS[op]
        bits = BITS[type]
        k = self.constant_of(y)
        if k is not None:
            k %= bits
            if op == "shl" and type == I64 and self.features["has_zba"] and self._word(self.nodes[x]):
                return self.with_imm("slli.uw", self.put_in_reg(self.nodes[x][3]), k)
            if type >= I32:
                return self.with_imm(name + ("iw" if type == I32 else "i"), self.put_in_reg(x), k)
            if op == "shl":
                return self.with_imm("slli", self.put_in_reg(x), k)
            return self.with_imm(name + "i", self.with_imm("slli", self.put_in_reg(x), 64 - bits), 64 - bits + k)
        count = self.put_in_regs(y)[0]
        if op == "shl" and type == I64 and self.features["has_zbs"] and self.constant_of(x) == 1:
            return self.one("bset_z", count)
        if type >= I32:
            return self.three(name + "w" * (type == I32), self.put_in_reg(x), count)
        r = self.put_in_reg(x) if op == "shl" else self.extended(op == "sar", x)
        return self.three(name, r, self.with_imm("andi", count, bits - 1))

    def rotate(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """By y modulo the width."""
        bits = BITS[type]
        k = self.constant_of(y)
        w = "w" * (type == I32)
        if type >= I32 and (self.features["has_zbb"] or self.features["has_zbkb"]):
            if k is not None:
                return self.with_imm("rori" + w, self.put_in_reg(x), k % bits if op == "ror" else -k % bits)
            return self.three(op + w, self.put_in_reg(x), self.put_in_regs(y)[0])
        r = self.put_in_reg(x) if type >= I32 else self.zero_extended(x)
        if k is not None:
            left = k % bits if op == "rol" else -k % bits
            up = self.with_imm(f"slli{w}", r, left)
            return self.three("or", up, self.with_imm(f"srli{w}", r, (bits - left) % bits)) if left else r
        count = self.put_in_regs(y)[0]
        if type >= I32:
            other = self.one("neg", count)
        else:
            count = self.with_imm("andi", count, bits - 1)
            other = self.three("sub", self.imm(bits), count)
        first, second = ("sll", "srl") if op == "rol" else ("srl", "sll")
        return self.three("or", self.three(first + w, r, count), self.three(second + w, r, other))

    # Division, which never traps by itself.

    def divide(self, signed_: bool, remainder: bool, proven: bool, type: Any, x: Any, y: Any) -> Any:
        """Quotient or remainder; checks divisor and overflow unless proven."""
        k = self.constant_of(y)
        narrow = type < I32
        if narrow:
            a, b = self.extended(signed_, x), self.extended(signed_, y)
        elif type == I32 and not proven and not k:
            a, b = self.put_in_reg(x), self.sign_extended(y)
        else:
            a, b = self.put_in_reg(x), self.put_in_reg(y)
        if not proven and not k:
            self.trap_if((EQ, b, None), "int_divz")
        name = ("rem" if remainder else "div") + "u" * (not signed_) + "w" * (type != I64)
        result = self.three(name, a, b)
        if signed_ and not remainder and not proven and (k is None or k == -1):
            if narrow:
                self.trap_if((EQ, result, self.imm(1 << BITS[type] - 1)), "int_ovf")
            else:
                # Two negative numbers have a negative quotient only where it overflows.
                negative = self.three("and", self.three("and", a, b), result)
                self.trap_if((LT, self.sext(32, negative) if type == I32 else negative, None), "int_ovf")
        return result

    # Overflow.

    def overflow(self, node: Any) -> tuple[Any, Condition]:
        """Emit an ``*_overflow`` instruction: result vreg, condition of overflow."""
        op, signed_ = _OVERFLOW[node[0]]
        type, x, y = node[1], node[3], node[4]
        if type == I64:
            if op == "add" and self.constant_of(x) is not None:
                x, y = y, x
            k = self.constant_of(y)
            if k and op != "mul" and fits12(k) and fits12(-k):
                return self._moved64(op, signed_, self.put_in_reg(x), k)
            return self._overflow64(op, signed_, self.put_in_reg(x), self.put_in_reg(y))
        a, b = self.extended(signed_, x), self.extended(signed_, y)
        whole = self.three(op, a, b)
        if not signed_:
            if op == "sub":
                return whole, (LTU, a, b)
            return whole, (NE, self.with_imm("srli", whole, BITS[type]), None)
        result = self.sext(BITS[type], whole)
        return result, (NE, result, whole)

    def _moved64(self, op: str, signed_: bool, a: Any, k: Any) -> tuple[Any, Condition]:
        """A constant other than zero added or subtracted: the result must lie on the side of a where it goes. Unsigned, a
        negative constant is a great number, whose sum wraps unless it comes out above a.
        """
        result = self.with_imm("addi", a, -k if op == "sub" else k)
        if signed_:
            return result, (LT, result, a) if (k > 0) == (op == "add") else (LT, a, result)
        return result, (LTU, result, a) if op == "add" else (LTU, a, result)

    def _overflow64(self, op: str, signed_: bool, a: Any, b: Any) -> tuple[Any, Condition]:
        result = self.three(op, a, b)
        if op == "mul":
            if not signed_:
                return result, (NE, self.three("mulhu", a, b), None)
            return result, (NE, self.three("mulh", a, b), self.with_imm("srai", result, 63))
        if not signed_:
            return result, ((LTU, result, a) if op == "add" else (LTU, a, b))
        # The result is less than a where b is negative, or b positive in a difference; unless it overflows.
        down = self.with_imm("slti", b, 0) if op == "add" else self.one("sgtz", b)
        return result, (NE, down, self.three("slt", result, a))

    def overflow_pair(self, inst: Any) -> tuple[Any, Any]:
        """Result and flag of an ``*_overflow`` instruction whose flag is wanted as a value."""
        result, condition = self.overflow(self.insts[inst])
        if self.uses[self.results[inst][1]] == 0:
            return result, result
        return result, self.flag_value(condition)

    def add_carry(self, is_signed: bool, difference: bool, type: Any, x: Any, y: Any, carry: Any) -> tuple[Any, Any]:
        """x + y + carry, or x - y - carry, and its carry or overflow. Any carry but zero counts as one."""
        c = self.zero_extended(carry)
        if not self._truth(carry):
            c = self.one("snez", c)
        op = "sub" if difference else "add"
        if type == I64:
            a, b = self.put_in_reg(x), self.put_in_reg(y)
            first = self.three(op, a, b)
            result = self.three(op, first, c)
            if is_signed:
                # Of a sum: both summands have a sign that the result has not. Of a difference: a's differs from both.
                left = self.three("xor", a, b if difference else result)
                both = self.three("and", left, self.three("xor", a if difference else b, result))
                return result, self.with_imm("srli", both, 63)
            if difference:
                return result, self.three("or", self.three("sltu", a, b), self.three("sltu", first, c))
            return result, self.three("or", self.three("sltu", first, a), self.three("sltu", result, c))
        a, b = self.extended(is_signed, x), self.extended(is_signed, y)
        result = self.three(op, self.three(op, a, b), c)
        bits = BITS[type]
        if is_signed:
            return result, self.flag_value((NE, self.sext(bits, result), result))
        return result, self.with_imm("srli", result, 63) if difference else self.with_imm("srli", result, bits)

    def _truth(self, v: Any) -> bool:
        n = self.definition(v)
        return n is not None and n[0] in (BY_NAME["icmp"], BY_NAME["fcmp"])

    def add_trap(self, type: Any, code: str, x: Any, y: Any) -> Any:
        """A sum that traps on a carry."""
        result, condition = self.overflow((BY_NAME["uadd_overflow"], type, None, x, y))
        self.trap_if(condition, code)
        return result

    def overflow_wide(self, is_signed: bool, difference: bool, x: Any, y: Any) -> tuple[Any, Any]:
        """i128: carry or overflow of the high half."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        pair = self.sum_of_pairs("sub" if difference else "add", a, b)
        if not is_signed:
            low = self.compare_regs(a, b, "ult") if difference else self.compare_regs(pair, a, "ult")
            return pair, self.flag_value(low)
        left = self.three("xor", a[1], b[1] if difference else pair[1])
        both = self.three("and", left, self.three("xor", a[1] if difference else b[1], pair[1]))
        return pair, self.with_imm("srli", both, 63)

    # Saturation, average, extrema.

    def add_sat_unsigned(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """All ones where a sum carries, zero where a difference borrows."""
        a, b = self.zero_extended(x), self.zero_extended(y)
        r = self.three(op, a, b)
        if op == "sub":
            return self.three("and", r, self.with_imm("addi", self.three("sltu", a, b), -1))
        carry = self.three("sltu", r, a) if type == I64 else self.with_imm("srli", r, BITS[type])
        return self.three("or", r, self.one("neg", carry))

    def add_sat_signed(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """A bound where the result leaves the type: that of x's sign, (x >> bits-1) ^ MAX."""
        if type == I64:
            a, b = self.put_in_reg(x), self.put_in_reg(y)
            result, condition = self._overflow64(op, True, a, b)
        else:
            a, b = self.sign_extended(x), self.sign_extended(y)
            whole = self.three(op, a, b)
            result = self.sext(BITS[type], whole)
            condition = NE, result, whole
        bound = self.three("xor", self.with_imm("srai", a, 63), self.imm((1 << BITS[type] - 1) - 1))
        return self.choose(condition, bound, result)

    def average(self, type: Any, x: Any, y: Any) -> Any:
        """(x + y + 1) / 2; of i64 without overflow: (x | y) - ((x ^ y) >> 1)."""
        a, b = self.zero_extended(x), self.zero_extended(y)
        if type < I64:
            return self.with_imm("srli", self.with_imm("addi", self.three("add", a, b), 1), 1)
        return self.three("sub", self.three("or", a, b), self.with_imm("srli", self.three("xor", a, b), 1))

    def comparable(self, type: Any, x: Any, signed_: bool) -> Any:
        """x in a register as comparisons want it. Words are sign-extended for unsigned ones too: that keeps their order."""
        return self.sign_extended(x) if signed_ or type == I32 else self.zero_extended(x)

    def min_max(self, code: str, type: Any, x: Any, y: Any) -> Any:
        """x where x code y, else y."""
        signed_ = code[0] == "s"
        a, b = self.comparable(type, x, signed_), self.comparable(type, y, signed_)
        less = code[1:] == "lt"
        if self.features["has_zbb"]:
            return self.three(("min" if less else "max") + "u" * (not signed_), a, b)
        return self.choose((LT if signed_ else LTU, *((a, b) if less else (b, a))), a, b)

    def min_max_pair(self, code: str, x: Any, y: Any) -> tuple[Any, Any]:
        """The same for i128."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        condition = self.compare_regs(a, b, code)
        return self.choose(condition, a[0], b[0]), self.choose(condition, a[1], b[1])

    def abs(self, type: Any, x: Any) -> Any:
        """max(x, -x), or (x ^ s) - s with s = x >> 63."""
        r = self.sign_extended(x)
        if self.features["has_zbb"]:
            return self.three("max", r, self.one("neg", r))
        s = self.with_imm("srai", r, 63)
        return self.three("sub", self.three("xor", r, s), s)

    # Counting and reversing bits.

    def leading_zeros(self, type: Any, x: Any) -> Any:
        """clz, or the ones of what has none above its highest one."""
        if type == I32 and self.features["has_zbb"]:
            return self.one("clzw", self.put_in_reg(x))
        n = self.leading_zeros64(self.zero_extended(x))
        return self.with_imm("addi", n, BITS[type] - 64) if type < I64 else n

    def leading_zeros64(self, r: Any) -> Any:
        """Of a whole register."""
        if self.features["has_zbb"]:
            return self.one("clz", r)
        for k in (1, 2, 4, 8, 16, 32):
            r = self.three("or", r, self.with_imm("srli", r, k))
        return self.count_ones64(self.with_imm("xori", r, -1))

    def leading_zeros_pair(self, x: Any) -> tuple[Any, Any]:
        """Of the high half, or 64 more than of the low half."""
        low, high = self.put_in_regs(x)
        a, b = self.leading_zeros64(high), self.with_imm("addi", self.leading_zeros64(low), 64)
        return self.choose((EQ, high, None), b, a), self.imm(0)

    def leading_sign(self, type: Any, x: Any) -> Any:
        """Bits after the first that equal it: leading zeros of x ^ (x >> 63), less what is above the type and one."""
        r = self.sign_extended(x)
        flipped = self.three("xor", r, self.with_imm("srai", r, 63))
        return self.with_imm("addi", self.leading_zeros64(flipped), BITS[type] - 65)

    def trailing_zeros(self, type: Any, x: Any) -> Any:
        """ctz, or the ones of ~x & (x - 1); narrow types get a one above their top bit."""
        r = self.put_in_reg(x)
        if type == I32 and self.features["has_zbb"]:
            return self.one("ctzw", r)
        if type < I64:
            r = self.three("or", r, self.imm(1 << BITS[type]))
        return self.trailing_zeros64(r)

    def trailing_zeros64(self, r: Any) -> Any:
        """Of a whole register."""
        if self.features["has_zbb"]:
            return self.one("ctz", r)
        return self.count_ones64(self.three("and", self.with_imm("xori", r, -1), self.with_imm("addi", r, -1)))

    def trailing_zeros_pair(self, x: Any) -> tuple[Any, Any]:
        """Of the low half, or 64 more than of the high half."""
        low, high = self.put_in_regs(x)
        a, b = self.trailing_zeros64(low), self.with_imm("addi", self.trailing_zeros64(high), 64)
        return self.choose((EQ, low, None), b, a), self.imm(0)

    def count_ones(self, type: Any, x: Any) -> Any:
        """cpop, or sums of ever wider fields."""
        if type == I32 and self.features["has_zbb"]:
            return self.one("cpopw", self.put_in_reg(x))
        return self.count_ones64(self.zero_extended(x))

    def count_ones64(self, r: Any) -> Any:
        """Of a whole register."""
        if self.features["has_zbb"]:
            return self.one("cpop", r)
        fives, threes, nibbles, ones = (self.imm(p * (MASK[I64] // 0xFF)) for p in (0x55, 0x33, 0x0F, 0x01))
        r = self.three("sub", r, self.three("and", self.with_imm("srli", r, 1), fives))
        r = self.three("add", self.three("and", r, threes), self.three("and", self.with_imm("srli", r, 2), threes))
        r = self.three("and", self.three("add", r, self.with_imm("srli", r, 4)), nibbles)
        return self.with_imm("srli", self.three("mul", r, ones), 56)

    def count_ones_pair(self, x: Any) -> tuple[Any, Any]:
        """The sum of both halves'."""
        low, high = self.put_in_regs(x)
        return self.three("add", self.count_ones64(low), self.count_ones64(high)), self.imm(0)

    def swap_bytes(self, type: Any, x: Any) -> Any:
        """All bytes of the type."""
        return self.swapped(BITS[type], self.put_in_reg(x))

    def swapped(self, bits: Any, r: Any) -> Any:
        """The low bits of a register with their bytes reversed, sign-extended (but 8 bits)."""
        if bits == 8:
            return r
        if self.features["has_zbb"]:
            r = self.one("rev8", r)
            return self.with_imm("srai", r, 64 - bits) if bits < 64 else r
        if bits == 16:
            high = self.with_imm("srai", self.with_imm("slli", r, 56), 48)
            return self.three("or", high, self.with_imm("srli", self.with_imm("slli", r, 48), 56))
        for k, pattern in ((8, 0x00FF00FF00FF00FF), (16, 0x0000FFFF0000FFFF))[: 2 if bits == 64 else 1]:
            r = self._exchanged(r, k, self.imm(pattern))
        if bits == 64:
            up = self.with_imm("slli", r, 32)
            return self.three("or", up, self.with_imm("srli", r, 32))
        up = self.with_imm("slliw", r, 16)
        return self.three("or", up, self.with_imm("srliw", r, 16))

    def _exchanged(self, r: Any, k: Any, mask: Any) -> Any:
        """Neighbouring fields of k bits exchanged."""
        up = self.with_imm("slli", self.three("and", r, mask), k)
        return self.three("or", up, self.three("and", self.with_imm("srli", r, k), mask))

    def reverse_bits(self, type: Any, x: Any) -> Any:
        """Within bytes, then the bytes."""
        return self.reversed_bits(BITS[type], self.put_in_reg(x))

    def reversed_bits(self, bits: Any, r: Any) -> Any:
        """The low bits of a register."""
        if self.features["has_zbkb"]:
            r = self.one("brev8", r)
        else:
            for k, pattern in _HALVES:
                r = self._exchanged(r, k, self.imm(pattern * (MASK[I64] // 0xFF)))
        return self.swapped(bits, r)

    def reverse_bits_pair(self, x: Any) -> tuple[Any, Any]:
        """Each half reversed, and exchanged."""
        low, high = self.put_in_regs(x)
        return self.reversed_bits(64, high), self.reversed_bits(64, low)

    # i128: pairs of i64.

    def alu_pair(self, op: str, x: Any, y: Any) -> tuple[Any, Any]:
        """Both halves, with the carry of the first where that matters."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        if op in ("add", "sub"):
            return self.sum_of_pairs(op, a, b)
        return self.three(op, a[0], b[0]), self.three(op, a[1], b[1])

    def sum_of_pairs(self, op: str, a: Any, b: Any) -> tuple[Any, Any]:
        """Sum or difference of pairs of vregs."""
        low = self.three(op, a[0], b[0])
        carry = self.three("sltu", low, a[0]) if op == "add" else self.three("sltu", a[0], b[0])
        return low, self.three(op, self.three(op, a[1], b[1]), carry)

    def neg_pair(self, x: Any) -> tuple[Any, Any]:
        """0 - x: the low half borrows unless it is zero."""
        low, high = self.put_in_regs(x)
        return self.one("neg", low), self.three("sub", self.one("neg", high), self.one("snez", low))

    def not_pair(self, x: Any) -> tuple[Any, Any]:
        """Both halves complemented."""
        low, high = self.put_in_regs(x)
        return self.with_imm("xori", low, -1), self.with_imm("xori", high, -1)

    def abs_pair(self, x: Any) -> tuple[Any, Any]:
        """(x ^ s) - s with s = x >> 127."""
        low, high = self.put_in_regs(x)
        s = self.with_imm("srai", high, 63)
        return self.sum_of_pairs("sub", (self.three("xor", low, s), self.three("xor", high, s)), (s, s))

    def mul_pair(self, x: Any, y: Any) -> tuple[Any, Any]:
        """The full product of the low halves, plus the cross products in the high half."""
        a, b = self.put_in_regs(x), self.put_in_regs(y)
        high = self.three("add", self.three("mulhu", a[0], b[0]), self.three("mul", a[0], b[1]))
        return self.three("mul", a[0], b[0]), self.three("add", high, self.three("mul", a[1], b[0]))

    def swap_bytes_pair(self, x: Any) -> tuple[Any, Any]:
        """Each half swapped, and exchanged."""
        low, high = self.put_in_regs(x)
        return self.swapped(64, high), self.swapped(64, low)

    # Halves: see `isa.pairs`.

    def shifted_half(self, op: str, r: Any, k: int) -> Any:
        """slli, srli, srai."""
        return self.with_imm(_SHIFTS[op] + "i", r, k)

    def shifted_half_by(self, op: str, r: Any, count: Any) -> Any:
        """By a register."""
        return self.three(_SHIFTS[op], r, count)

    def across(self, left: bool, to: Any, giver: Any, k: int) -> Any:
        """Both shifted, and or."""
        there, back = ("slli", "srli") if left else ("srli", "slli")
        return self.three("or", self.with_imm(there, to, k), self.with_imm(back, giver, 64 - k))

    def across_by(self, left: bool, count: Any, *pairs: tuple[Any, Any]) -> list[Any]:
        """What comes in is shifted by one, then by 63 - count."""
        there, back = ("sll", "srl") if left else ("srl", "sll")
        inverse = self.with_imm("xori", count, -1)
        made = []
        for to, giver in pairs:
            coming = self.three(back, self.with_imm(back + "i", giver, 1), inverse)
            made.append(self.three("or", self.three(there, to, count), coming))
        return made

    def where_far(self, count: Any, *choices: tuple[Any, Any]) -> list[Any]:
        """By the bit itself."""
        far = NE, self.with_imm("andi", count, 64), None
        return [self.choose(far, yes, no) for yes, no in choices]

    def compare_regs(self, a: Any, b: Any, code: str) -> Condition:
        """i128s in pairs of vregs. Order: that of the high halves, or where they are equal of the low ones."""
        if code in ("eq", "ne"):
            differs = self.three("or", self.three("xor", a[0], b[0]), self.three("xor", a[1], b[1]))
            return (EQ if code == "eq" else NE), differs, None
        if code[1:] in ("gt", "le"):
            a, b = b, a
        less = self.three("slt" if code[0] == "s" else "sltu", a[1], b[1])
        low = self.three("sltu", a[0], b[0])
        found = self.choose((EQ, a[1], b[1]), low, less)
        return (NE if code[1:] in ("lt", "gt") else EQ), found, None


_OVERFLOW = {
    BY_NAME["uadd_overflow"]: ("add", False), BY_NAME["sadd_overflow"]: ("add", True),
    BY_NAME["usub_overflow"]: ("sub", False), BY_NAME["ssub_overflow"]: ("sub", True),
    BY_NAME["umul_overflow"]: ("mul", False), BY_NAME["smul_overflow"]: ("mul", True),
}  # fmt: skip
OVERFLOW_OPS = frozenset(_OVERFLOW)
