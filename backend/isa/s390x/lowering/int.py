"""Integer operations. i8, i16 and i32 values live in 64-bit registers with arbitrary upper bits; i8 and i16 are computed in
32 bits wherever the low bits of the result depend on the low bits of the operands alone, else operands are extended first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import memflags
from jitpy.backend.ir.opcodes import BAND, BY_NAME, SEXTEND, SLOAD16, SLOAD32, UEXTEND, ULOAD32
from jitpy.backend.ir.types import BITS, I8, I16, I32, I64, MASK
from jitpy.backend.isa.s390x.conditions import BORROW, CARRY, INT, SWAPPED, E, L, O
from jitpy.backend.isa.s390x.lowering.base import Base, fits
from jitpy.backend.isa.s390x.rows import ROWS
from jitpy.backend.target.row import INT as INT_CLASS
from jitpy.backend.target.row import MInst

_COMMUTATIVE = frozenset(("add", "and", "or", "xor"))
_LETTER = {"add": "a", "sub": "s", "and": "n", "or": "o", "xor": "x"}
#: operation -> rows of 32 and 64 bits, for registers and for memory.
_RR = {op: (ROWS[f"{c}rk"], ROWS[f"{c}grk"]) for op, c in _LETTER.items()}
_RM = {op: (ROWS[c], ROWS[f"{c}g"]) for op, c in _LETTER.items()}
LOGICAL = {"add": (ROWS["alrk"], ROWS["algrk"]), "sub": (ROWS["slrk"], ROWS["slgrk"])}
_SHIFTS = {op: (ROWS[f"s{c}k"], ROWS[f"s{c}g"]) for op, c in (("shl", "ll"), ("shr", "rl"), ("sar", "ra"))}
_SHIFTS_BY = {op: (ROWS[f"s{c}k:r"], ROWS[f"s{c}g:r"]) for op, c in (("shl", "ll"), ("shr", "rl"), ("sar", "ra"))}
#: (Operation, 64 bits) -> what it is of a second operand that is extended: by its sign, from so many bits, in memory.
_WIDENING: dict[tuple[str, bool], dict[tuple[bool, int, bool], Any]] = {
    **{(op, False): {(True, 16, True): ROWS[h]} for op, h in (("add", "ah"), ("sub", "sh"), ("mul", "mh"), ("compare", "ch"))},
    **{
        (op, True): {(True, 32, False): ROWS[f + "r"], (True, 32, True): ROWS[f], (True, 16, True): ROWS[h]}
        for op, f, h in (("add", "agf", "agh"), ("sub", "sgf", "sgh"), ("mul", "msgf", "mgh"), ("compare", "cgf", "cgh"))
    },
    ("compare_unsigned", True): {},
}  # fmt: skip
for _op, _f in (("add", "algf"), ("sub", "slgf"), ("compare_unsigned", "clgf")):
    _WIDENING[_op, True].update({(False, 32, False): ROWS[_f + "r"], (False, 32, True): ROWS[_f]})
_EXTENDING_LOADS = {SLOAD16: (True, 16, True), SLOAD32: (True, 32, True), ULOAD32: (False, 32, True)}
_COMPLEMENTED = {"nand": "nn", "nor": "no", "xnor": "nx", "or_not": "oc"}
_HALVES = 0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F
#: What halves of a mask leave to one instruction: operation -> rows for the low and the high word.
_WORDS = {"and": ("nilf", "nihf"), "or": ("oilf", "oihf"), "xor": ("xilf", "xihf")}


def wide(type: Any) -> bool:
    """Whether an instruction for this type is one of 64 bits."""
    return bool(type == I64)


class IntLowering(Base):
    """See the module's docstring."""

    if TYPE_CHECKING:

        def compare_pair(self, x: Any, y: Any, cc: str) -> int:
            """Emit a comparison of i128: `pair` knows how."""

    # Two operands.

    def alu(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x op y with y an immediate, a load, or a register; commutative operations choose which is which."""
        if op in _COMMUTATIVE and self._better_swapped(x, y):
            x, y = y, x
        k = self.constant_of(y)
        if k is not None:
            found = self.alu_imm(op, type, x, k)
            if found is not None:
                return found
        if type >= I32 and self.nodes[y][0] >= 0 and self.is_load(y):
            amode, trap = self.load_of(y)
            return self.op_mem(_RM[op][wide(type)], amode, self.put_in_reg(x), trap=trap)
        for a, b in ((x, y), (y, x)) if op in _COMMUTATIVE else ((x, y),):
            found = self.widening(op, type, b)
            if found is not None:
                return self.widened(found, a)
        return self.op(_RR[op][wide(type)], self.put_in_reg(x), self.put_in_reg(y))

    def widening(self, op: str, type: Any, y: Any) -> Any:
        """(row, value, whether it is a load) where the operation has a form for y, which is an extension of that value."""
        rows = _WIDENING.get((op, wide(type)))
        if rows is None or type < I32 or self.uses[y] != 1:
            return None
        n = self.nodes[y]
        if n[0] in _EXTENDING_LOADS:
            row = rows.get(_EXTENDING_LOADS[n[0]])
            return (row, y, True) if row is not None and n[2][0] & memflags.BIG else None
        if n[0] not in (SEXTEND, UEXTEND):
            return None
        v = n[3]
        loaded = self.nodes[v][0] >= 0 and self.is_load(v)
        if n[0] == UEXTEND and not loaded and self.is_zero_extended(v):
            return None
        row = rows.get((n[0] == SEXTEND, BITS[self.types[v]], loaded))
        return None if row is None else (row, v, loaded)

    def widened(self, found: Any, x: Any) -> Any:
        """Such an operation with the first operand x."""
        row, v, loaded = found
        if not loaded:
            return self.op(row, self.put_in_reg(x), self.put_in_reg(v))
        amode, trap = self.load_of(v)
        return self.op_mem(row, amode, self.put_in_reg(x), trap=trap)

    def _better_swapped(self, x: Any, y: Any) -> bool:
        """The second operand may be a constant or a load."""
        nodes = self.nodes
        if self.constant_of(y) is not None or (nodes[y][0] >= 0 and self.is_load(y)):
            return False
        return self.constant_of(x) is not None or (nodes[x][0] >= 0 and self.is_load(x))

    def alu_imm(self, op: str, type: Any, x: Any, k: int) -> Any:
        """x op k for a value x, where there is such an instruction."""
        g = "g" * wide(type)
        if op in ("add", "sub"):
            k = -k if op == "sub" else k
            if fits(k, 16):
                return self.op(ROWS[f"a{g}hik"], self.put_in_reg(x), imm=k)
            if fits(k, 32) or not g:
                return self.op(ROWS[f"a{g}fi"], self.put_in_reg(x), imm=k)
            return None
        low, high = k & 0xFFFFFFFF, k >> 32 & 0xFFFFFFFF
        neutral = 0xFFFFFFFF if op == "and" else 0
        if not g or high == neutral:
            return self.op(ROWS[_WORDS[op][0]], self.put_in_reg(x), imm=low)
        if low == neutral:
            return self.op(ROWS[_WORDS[op][1]], self.put_in_reg(x), imm=high)
        return None

    def alu_rr(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """x op y for vregs."""
        return self.op(_RR[op][wide(type)], x, y)

    def plus(self, x: Any, k: int) -> Any:
        """x + k, 64 bits, for a vreg and a small constant."""
        return self.op(ROWS["aghik"], x, imm=k)

    def shifted(self, op: str, x: Any, n: int, type: Any = I64) -> Any:
        """x shifted by a constant, for a vreg."""
        return self.op(_SHIFTS[op][wide(type)], x, imm=n)

    def add(self, type: Any, x: Any, y: Any) -> Any:
        """x + y."""
        scaled = self.scaled_sum(x, y) if type == I64 else None
        return self.alu("add", type, x, y) if scaled is None else scaled

    def sub(self, type: Any, x: Any, y: Any) -> Any:
        """x - y."""
        return self.alu("sub", type, x, y)

    def unary(self, op: str, type: Any, x: Any) -> Any:
        """neg or not."""
        return self.unary_of(op, type, self.put_in_reg(x))

    def unary_of(self, op: str, type: Any, r: Any) -> Any:
        """The same for a vreg."""
        if op == "neg":
            return self.op(ROWS["lcgr" if wide(type) else "lcr"], r)
        if self.features["has_mie3"]:
            return self.op(ROWS["nogrk" if wide(type) else "nork"], r, r)
        r = self.op(ROWS["xilf"], r, imm=0xFFFFFFFF)
        return self.op(ROWS["xihf"], r, imm=0xFFFFFFFF) if wide(type) else r

    def abs(self, type: Any, x: Any) -> Any:
        """|x|."""
        if type == I64:
            return self.op(ROWS["lpgr"], self.put_in_reg(x))
        return self.op(ROWS["lpr"], self.put_in_reg(x) if type == I32 else self.sign_extended(x))

    def mul(self, type: Any, x: Any, y: Any) -> Any:
        """Low half of the product."""
        g = "g" * wide(type)
        if self._better_swapped(x, y):
            x, y = y, x
        k = self.constant_of(y)
        if k is not None:
            if k > 0 and k & (k - 1) == 0:
                return self.shifted("shl", self.put_in_reg(x), k.bit_length() - 1, type)
            if fits(k, 16):
                return self.op(ROWS[f"m{g}hi"], self.put_in_reg(x), imm=k)
            if fits(k, 32):
                return self.op(ROWS[f"ms{g}fi"], self.put_in_reg(x), imm=k)
        if type >= I32 and self.nodes[y][0] >= 0 and self.is_load(y):
            amode, trap = self.load_of(y)
            return self.op_mem(ROWS[f"ms{g}"], amode, self.put_in_reg(x), trap=trap)
        for a, b in ((x, y), (y, x)):
            found = self.widening("mul", type, b)
            if found is not None:
                return self.widened(found, a)
        return self.op(ROWS[f"ms{g}rkc"], self.put_in_reg(x), self.put_in_reg(y))

    def mul_wide(self, signed_: bool, x: Any, y: Any) -> tuple[Any, Any]:
        """Low and high half of the product of vregs."""
        low, high = self.temp(INT_CLASS), self.temp(INT_CLASS)
        self.emit(MInst(ROWS["mul_signed" if signed_ else "mul_unsigned"], (low, high), (x, y)))
        return low, high

    def mul_high(self, signed_: bool, type: Any, x: Any, y: Any) -> Any:
        """High half of the product; of narrow types from a 64-bit product."""
        if type == I64:
            return self.mul_wide(signed_, self.put_in_reg(x), self.put_in_reg(y))[1]
        product = self.op(ROWS["msgrkc"], self.extended(signed_, x), self.extended(signed_, y))
        return self.shifted("shr", product, BITS[type])

    # Shifts and rotates.

    def shift(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """shl, shr or sar by y modulo the width."""
        bits = BITS[type]
        k = self.constant_of(y)
        narrow = type < I32 and op != "shl"
        reg = self.extended(op == "sar", x) if narrow else self.put_in_reg(x)
        if k is not None:
            return self.shifted(op, reg, k % bits, type)
        count = self.put_in_regs(y)[0]
        if bits < 64:
            count = self.op(ROWS["nilf"], count, imm=bits - 1)
        return self.op(_SHIFTS_BY[op][wide(type)], reg, count)

    def rotate(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """rol or ror by y modulo the width; narrow values are repeated to fill 32 bits."""
        bits = BITS[type]
        if type < I32:
            reg = self.op(ROWS["msfi"], self.zero_extended(x), imm=0x01010101 if type == I8 else 0x00010001)
        else:
            reg = self.put_in_reg(x)
        row = "rllg" if type == I64 else "rll"
        k = self.constant_of(y)
        if k is not None:
            return self.op(ROWS[row], reg, imm=(k if op == "rol" else -k) % bits)
        count = self.put_in_regs(y)[0]
        if op == "ror":
            count = self.op(ROWS["lcr"], count)
        return self.op(ROWS[row + ":r"], reg, count)

    # Constants and bits.

    def const_int(self, type: Any, k: Any) -> Any:
        """An integer constant."""
        if type <= I64:
            return self.imm(k - (1 << BITS[type]) if k >> BITS[type] - 1 else k)
        return self.imm(k & MASK[I64]), self.imm(k >> 64)

    def and_not(self, type: Any, x: Any, y: Any) -> Any:
        """~x & y."""
        return self.op(ROWS["ncgrk" if wide(type) else "ncrk"], self.put_in_reg(y), self.put_in_reg(x))

    def complemented(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """nand, nor, xnor, or with the complement of y (z15)."""
        return self.op(ROWS[_COMPLEMENTED[op] + ("grk" if wide(type) else "rk")], self.put_in_reg(x), self.put_in_reg(y))

    def bit_select(self, type: Any, c: Any, x: Any, y: Any) -> Any:
        """y ^ ((x ^ y) & c)."""
        a, b = self.put_in_reg(x), self.put_in_reg(y)
        differing = self.alu_rr("and", type, self.alu_rr("xor", type, a, b), self.put_in_reg(c))
        return self.alu_rr("xor", type, b, differing)

    def leading(self, r: Any) -> Any:
        """Leading zeros of 64 bits, for a vreg."""
        return self.op(ROWS["clzg" if self.features["has_mie4"] else "flogr"], r)

    def trailing(self, r: Any) -> Any:
        """Trailing zeros of 64 bits: 64 less the leading zeros of ~x & x - 1."""
        if self.features["has_mie4"]:
            return self.op(ROWS["ctzg"], r)
        below = self.plus(r, -1)
        mask = self.alu_rr("xor", I64, self.alu_rr("or", I64, below, r), r)
        return self.op(ROWS["sgrk"], self.imm(64), self.leading(mask))

    def leading_zeros(self, type: Any, x: Any) -> Any:
        """Those of the zero-extended value, less the bits it was extended by."""
        found = self.leading(self.zero_extended(x))
        return found if type == I64 else self.plus(found, BITS[type] - 64)

    def leading_sign(self, type: Any, x: Any) -> Any:
        """Bits behind the sign that are like it."""
        r = self.sign_extended(x)
        flipped = self.alu_rr("xor", I64, r, self.shifted("sar", r, 63))
        return self.plus(self.leading(flipped), BITS[type] - 65)

    def trailing_zeros(self, type: Any, x: Any) -> Any:
        """A one behind the upper end stops the count."""
        r = self.put_in_reg(x)
        if type == I32:
            r = self.op(ROWS["oihf"], r, imm=1)
        elif type < I32:
            r = self.op(ROWS["oilf"], r, imm=1 << BITS[type])
        return self.trailing(r)

    def ones_in(self, r: Any, bits: int) -> Any:
        """The ones of a register's low bits: of each byte, summed up by shifts; the rest of the register is zero."""
        if self.features["has_mie3"]:
            return self.op(ROWS["popcnt"], r, imm=8)
        r = self.op(ROWS["popcnt:8"], r)
        step = bits // 2
        while step >= 8:
            r = self.alu_rr("add", I64, r, self.shifted("shl", r, step))
            step //= 2
        return self.shifted("shr", r, bits - 8) if bits > 8 else r

    def count_ones(self, type: Any, x: Any) -> Any:
        """The number of ones."""
        bits = BITS[type]
        found = self.ones_in(self.zero_extended(x), bits)
        if self.features["has_mie3"] or bits in (8, 64):
            return found
        return self.op(ROWS["nilf"], found, imm=0xFF)

    def swap_bytes(self, type: Any, x: Any) -> Any:
        """Byte order reversed."""
        return self.swapped(BITS[type], self.put_in_reg(x))

    def swapped(self, bits: int, r: Any) -> Any:
        """The same for a vreg; narrow results are zero-extended to 32 bits."""
        if bits == 8:
            return r
        if bits == 16:
            return self.shifted("shr", self.op(ROWS["lrvr"], r), 16, I32)
        return self.op(ROWS["lrvgr" if bits == 64 else "lrvr"], r)

    def reversed_bits(self, r: Any) -> Any:
        """64 bits: neighbours, pairs and nibbles exchanged, then bytes."""
        for step, mask in zip((1, 2, 4), _HALVES):
            m = self.imm(mask)
            left = self.shifted("shl", self.alu_rr("and", I64, r, m), step)
            right = self.alu_rr("and", I64, self.shifted("shr", r, step), m)
            r = self.alu_rr("or", I64, left, right)
        return self.op(ROWS["lrvgr"], r)

    def reverse_bits(self, type: Any, x: Any) -> Any:
        """The upper end of 64 reversed bits."""
        r = self.reversed_bits(self.put_in_reg(x))
        return r if type == I64 else self.shifted("shr", r, 64 - BITS[type])

    # Comparison.

    def compare(self, type: Any, x: Any, y: Any, cc: str) -> int:
        """Emit a comparison of integers; the mask of the condition."""
        if type > I64:
            return self.compare_pair(x, y, cc)
        if cc in ("eq", "ne") and self.constant_of(y) == 0 and self.bits_of_test(x) is not None:
            self.test_bits(x)
            return E if cc == "eq" else E ^ 15
        signed_, mask = INT[cc]
        if self.constant_of(x) is not None and self.constant_of(y) is None:
            x, y, mask = y, x, SWAPPED[mask]
        signed_ = signed_ or (cc in ("eq", "ne") and type >= I32)
        k = self.constant_of(y)
        if type < I32:
            a = self.extended(signed_, x)
            if k is not None:
                self.compare_imm(signed_, False, a, k if signed_ else k & MASK[type])
            else:
                self.do(ROWS["cr" if signed_ else "clr"], a, self.extended(signed_, y))
            return mask
        g = wide(type)
        if k is not None and self.compare_imm(signed_, g, x, k if signed_ else k & MASK[type], value=True):
            return mask
        widening = self.widening("compare" if signed_ else "compare_unsigned", type, y)
        if self.nodes[y][0] >= 0 and self.is_load(y):
            amode, trap = self.load_of(y)
            self.do_mem(ROWS[f"c{'l' * (not signed_)}{'g' * g}"], amode, self.put_in_reg(x), trap=trap)
        elif widening is not None:
            row, v, loaded = widening
            if loaded:
                amode, trap = self.load_of(v)
                self.do_mem(row, amode, self.put_in_reg(x), trap=trap)
            else:
                self.do(row, self.put_in_reg(x), self.put_in_reg(v))
        else:
            self.do(ROWS[f"c{'l' * (not signed_)}{'g' * g}r"], self.put_in_reg(x), self.put_in_reg(y))
        return mask

    def bits_of_test(self, v: Any) -> tuple[str, int] | None:
        """The instruction that tests a register's bits for zero, and its mask, where v is what it would look at and nobody else
        wants v."""
        n = self.nodes[v]
        k = self.constant_of(n[4]) if n[0] == BAND and n[1] <= I64 and self.uses[v] == 1 else None
        if k:
            k &= MASK[n[1]]
            for shift, name in ((0, "tmll"), (16, "tmlh"), (32, "tmhl"), (48, "tmhh")):
                if k & ~(0xFFFF << shift) == 0:
                    return name, k >> shift
        return None

    def test_bits(self, v: Any) -> None:
        """Set the condition code to 0 where these bits are zero."""
        found = self.bits_of_test(v)
        assert found is not None
        self.do(ROWS[found[0]], self.put_in_reg(self.nodes[v][3]), imm=found[1])

    def compare_imm(self, signed_: bool, g: bool, x: Any, k: int, value: bool = False) -> bool:
        """Compare with a constant that an instruction can hold; ``value``: x is none yet in a register."""
        g_ = "g" * g
        if signed_:
            if not fits(k, 32):
                return False
            row = ROWS[f"c{g_}hi" if fits(k, 16) else f"c{g_}fi"]
        else:
            if not 0 <= k < 1 << 32:
                return False
            row = ROWS[f"cl{g_}fi"]
        self.do(row, self.put_in_reg(x) if value else x, imm=k)
        return True

    def min_max(self, cc: str, type: Any, x: Any, y: Any) -> Any:
        """x where x cc y, else y."""
        if type < I32:
            signed_, mask = INT[cc]
            a, b = self.extended(signed_, x), self.extended(signed_, y)
            self.do(ROWS["cr" if signed_ else "clr"], a, b)
        else:
            signed_, mask = INT[cc]
            a, b = self.put_in_reg(x), self.put_in_reg(y)  # both are results too: no load is merged into the comparison
            self.do(ROWS[f"c{'l' * (not signed_)}{'g' * wide(type)}r"], a, b)
        return self.choose(mask, a, b)

    def choose(self, mask: int, yes: Any, no: Any) -> Any:
        """yes where the condition holds, else no."""
        if self.features["has_mie3"]:
            return self.op(ROWS["selgr"], yes, no, imm=mask)
        return self.op(ROWS["locgr"], no, yes, imm=mask)

    def flag_value(self, mask: int) -> Any:
        """A condition as an i8."""
        return self.op(ROWS["locghi"], self.imm(0), imm=(1, mask))

    # Division.

    def divide(self, signed_: bool, remainder: bool, proven: bool, type: Any, x: Any, y: Any) -> Any:
        """Quotient or remainder; checks divisor and overflow unless proven. Narrow signed types divide in 64 bits, where
        MIN / -1 is exact."""
        k = self.constant_of(y)
        full = type == I64
        a, b = self.extended(signed_, x), self.extended(signed_, y)
        if not proven and not k:
            self.trap_compare(E, "int_divz", (not signed_, full or signed_), b, 0)
        check = signed_ and not proven and (k is None or k == -1)
        if signed_ and full and (k is None or k == -1):
            if remainder:
                # x % -1 = 0 = x % 1; the instruction would fault at the minimum.
                self.do(ROWS["cghi"], b, imm=-1)
                b = self.op(ROWS["locghi"], b, imm=(1, E))
            elif check:
                # Zero iff x = MIN and y = -1: (x ^ MIN) | (y + 1).
                self.alu_rr("or", I64, self.op(ROWS["xihf"], a, imm=1 << 31), self.plus(b, 1))
                self.do(ROWS["trap_if"], imm=(E, "int_ovf"))
        quotient = self.op(ROWS["divide"], a, b, imm=(signed_, 64 if full or signed_ else 32, remainder))
        if check and not full and not remainder:
            self.do(ROWS["clgfi"], quotient, imm=1 << BITS[type] - 1)
            self.do(ROWS["trap_if"], imm=(E, "int_ovf"))
        return quotient

    def trap_compare(self, mask: int, code: str, kind: tuple[bool, bool], r: Any, k: int) -> None:
        """Trap where a comparison of a register with a byte holds; kind: (unsigned, 64 bits)."""
        self.do(ROWS["compare_trap:i"], r, imm=(mask, code, ((not kind[0], kind[1], True), k)))

    # Overflow.

    def to_top(self, type: Any, x: Any) -> Any:
        """A narrow value at the upper end of 32 bits, where carries and overflows show."""
        return self.shifted("shl", self.put_in_reg(x), 32 - BITS[type], I32)

    def flagged(self, signed_: bool, op: str, type: Any, x: Any, y: Any) -> tuple[Any, int]:
        """x op y, at the upper end of 32 bits if narrow, and the mask of overflow."""
        rows = _RR[op] if signed_ else LOGICAL[op]
        if type < I32:
            a, b = self.to_top(type, x), self.to_top(type, y)
        else:
            a, b = self.put_in_reg(x), self.put_in_reg(y)
        return self.op(rows[wide(type)], a, b), O if signed_ else CARRY if op == "add" else L

    def multiplied(self, signed_: bool, type: Any, x: Any, y: Any) -> tuple[Any, int]:
        """The product, and the mask of overflow."""
        if signed_ and type >= I32:
            return self.op(ROWS["msgrkc" if wide(type) else "msrkc"], self.put_in_reg(x), self.put_in_reg(y)), O
        if type == I64:
            low, high = self.mul_wide(False, self.put_in_reg(x), self.put_in_reg(y))
            self.do(ROWS["cghi"], high, imm=0)
            return low, E ^ 15
        product = self.op(ROWS["msgrkc"], self.extended(signed_, x), self.extended(signed_, y))
        if signed_:
            self.do(ROWS["cgr"], product, self.op(ROWS["lgbr" if type == I8 else "lghr"], product))
        else:
            self.do(ROWS["cghi"], self.shifted("shr", product, BITS[type]), imm=0)
        return product, E ^ 15

    def overflow(self, node: Any) -> tuple[Any, int]:
        """Emit an ``*_overflow`` instruction whose condition code is read next: result (at the upper end of 32 bits, if sum or
        difference and narrow), mask of overflow."""
        signed_, op = OVERFLOWS[node[0]]
        type = node[1]
        if op == "mul":
            return self.multiplied(signed_, type, node[3], node[4])
        return self.flagged(signed_, op, type, node[3], node[4])

    def overflow_result(self, node: Any, result: Any) -> Any:
        """The result in its place, after its flags have been read."""
        if node[1] < I32 and OVERFLOWS[node[0]][1] != "mul":
            return self.shifted("shr", result, 32 - BITS[node[1]], I32)
        return result

    def overflow_pair(self, inst: Any) -> tuple[Any, Any]:
        """Result and flag of an ``*_overflow`` instruction whose flag is wanted as a value."""
        node = self.insts[inst]
        result, mask = self.overflow(node)
        flag = self.flag_value(mask) if self.uses[self.results[inst][1]] else result
        return self.overflow_result(node, result), flag

    def overflowed(self, difference: bool, a: Any, b: Any, r: Any) -> Any:
        """0 or 1: whether 64-bit r = a + b (a - b) lost its sign: (r ^ a) & (r ^ b), of a difference (a ^ b) & (r ^ a)."""
        first = self.alu_rr("xor", I64, a, b) if difference else self.alu_rr("xor", I64, r, b)
        both = self.alu_rr("and", I64, first, self.alu_rr("xor", I64, r, a))
        return self.shifted("shr", both, 63)

    def add_carry(self, signed_: bool, difference: bool, type: Any, x: Any, y: Any, carry: Any) -> tuple[Any, Any]:
        """x + y + carry (x - y - carry) and its carry or overflow; the carry is an i8 with any nonzero meaning 1."""
        c = self.zero_extended(carry)
        a, b = self.extended(signed_, x), self.extended(signed_, y)
        op = "sub" if difference else "add"
        if difference:  # 0 - c borrows iff c is not zero
            self.op(ROWS["slrk"], self.imm(0), c)
        else:  # c + (2^32 - 1) carries iff c is not zero
            self.op(ROWS["alfi"], c, imm=0xFFFFFFFF)
        r = self.op(ROWS["slbgr" if difference else "alcgr"], a, b)
        if type == I64:
            if signed_:
                return r, self.overflowed(difference, a, b, r)
            return r, self.flag_value(BORROW if op == "sub" else CARRY)
        exact = self.op(ROWS[{I8: "lgbr", I16: "lghr", I32: "lgfr"}[type] if signed_ else
                             {I8: "llgcr", I16: "llghr", I32: "llgfr"}[type]], r)  # fmt: skip
        self.do(ROWS["cgr"], r, exact)
        return r, self.flag_value(E ^ 15)

    def add_trap(self, type: Any, code: str, x: Any, y: Any) -> Any:
        """A sum that traps on a carry."""
        r, mask = self.flagged(False, "add", type, x, y)
        self.do(ROWS["trap_if"], imm=(mask, code))
        return self.shifted("shr", r, 32 - BITS[type], I32) if type < I32 else r

    # Saturation and average.

    def add_sat_unsigned(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """All ones on a carry, zero on a borrow."""
        r, mask = self.flagged(False, op, type, x, y)
        r = self.op(ROWS["locghi"], r, imm=(-1 if op == "add" else 0, mask))
        return self.shifted("shr", r, 32 - BITS[type], I32) if type < I32 else r

    def add_sat_signed(self, op: str, type: Any, x: Any, y: Any) -> Any:
        """The extreme of x's sign on overflow."""
        if type == I64:
            top = self.alu_rr("xor", I64, self.shifted("sar", self.put_in_reg(x), 63), self.imm(MASK[I64] >> 1))
        else:  # the sign, in front of ones or zeros
            a = self.to_top(type, x) if type < I32 else self.put_in_reg(x)
            top = self.op(ROWS["xilf"], self.shifted("sar", a, 31, I32), imm=0x7FFFFFFF)
        r, mask = self.flagged(True, op, type, x, y)
        r = self.op(ROWS["locgr"], r, top, imm=mask)
        return self.shifted("sar", r, 32 - BITS[type], I32) if type < I32 else r

    def average(self, type: Any, x: Any, y: Any) -> Any:
        """(x + y + 1) >> 1 without overflow."""
        if type == I64:
            a, b = self.put_in_reg(x), self.put_in_reg(y)
            half = self.shifted("shr", self.alu_rr("xor", I64, a, b), 1)
            return self.op(ROWS["sgrk"], self.alu_rr("or", I64, a, b), half)
        total = self.alu_rr("add", I64, self.zero_extended(x), self.zero_extended(y))
        return self.shifted("shr", self.plus(total, 1), 1)


#: Opcode -> (signed, operation).
OVERFLOWS = {
    BY_NAME[f"{s}{op}_overflow"]: (s == "s", op) for s in "us" for op in ("add", "sub", "mul")
}  # fmt: skip

