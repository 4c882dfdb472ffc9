"""A processor in Python that has what z17 brings and no emulator here runs: it executes the text that GNU objdump prints.

So it knows neither our encodings nor our rows; an instruction is what the z/Architecture Principles of Operation says of its
mnemonic. A general register is 64 bits, a vector register one number of 128 whose leftmost element is the uppermost.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

_W, _Q = (1 << 64) - 1, (1 << 128) - 1
BITS = {"b": 8, "h": 16, "f": 32, "g": 64, "q": 128}
#: Where a routine returns to, and its stack.
RETURN, STACK = 0xFFFF0000, 0x10000000
#: Suffix of a condition -> the condition codes under which it holds.
_HOLDS = {
    "e": (0,), "ne": (1, 2, 3), "l": (1,), "nl": (0, 2, 3), "h": (2,), "nh": (0, 1, 3), "le": (0, 1), "nle": (2, 3), "he": (0, 2),
    "nhe": (1, 3), "lh": (1, 2), "nlh": (0, 3), "o": (3,), "no": (0, 1, 2),
}  # fmt: skip


def signed(x: int, bits: int) -> int:
    """Two's complement."""
    x &= (1 << bits) - 1
    return x - (x >> bits - 1 << bits)


def lanes(v: int, bits: int) -> list[int]:
    """The elements, the leftmost first."""
    return [v >> at & (1 << bits) - 1 for at in range(128 - bits, -1, -bits)]


def joined(elements: list[int], bits: int) -> int:
    """The same backwards."""
    v = 0
    for e in elements:
        v = v << bits | e & (1 << bits) - 1
    return v


def quotient(a: int, b: int) -> int:
    """Towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def leading_zeros(x: int, bits: int) -> int:
    """As the name says."""
    return bits - x.bit_length()


def trailing_zeros(x: int, bits: int) -> int:
    """As the name says."""
    return (x & -x).bit_length() - 1 if x else bits


#: Operation on elements by their width: the elements of the operands as they are, or with a sign.
_UNSIGNED: dict[str, Callable[..., int]] = {
    "va": lambda w, a, b: a + b, "vs": lambda w, a, b: a - b, "vml": lambda w, a, b: a * b, "vmlh": lambda w, a, b: a * b >> w,
    "vmal": lambda w, a, b, c: a * b + c, "vclz": lambda w, a: leading_zeros(a, w), "vctz": lambda w, a: trailing_zeros(a, w),
    "vdl": lambda w, a, b: a // b, "vrl": lambda w, a, b: a % b, "vblend": lambda w, a, b, c: a if c >> w - 1 else b,
}  # fmt: skip
_SIGNED: dict[str, Callable[..., int]] = {
    "vmh": lambda w, a, b: a * b >> w, "vlp": lambda w, a: abs(a), "vmn": lambda w, a, b: min(a, b),
    "vmx": lambda w, a, b: max(a, b), "vd": lambda w, a, b: quotient(a, b), "vr": lambda w, a, b: a - b * quotient(a, b),
}  # fmt: skip
_WHOLE: dict[str, Callable[..., int]] = {
    "vn": operator.and_, "vo": operator.or_, "vx": operator.xor, "vno": lambda a, b: ~(a | b), "vnn": lambda a, b: ~(a & b),
    "vnx": lambda a, b: ~(a ^ b), "vnc": lambda a, b: a & ~b, "voc": lambda a, b: a | ~b, "vsel": lambda a, b, c: a & c | b & ~c,
    "vlr": lambda a: a,
}  # fmt: skip
#: General registers: logic, which sets the condition code to whether a bit is left; extensions; copies of numbers.
_LOGIC = {"ogrk": operator.or_, "ngrk": operator.and_, "xgrk": operator.xor}
_PLAIN: dict[str, Callable[..., int]] = {
    "lgr": lambda x: x, "lghi": lambda x: x, "lgbr": lambda x: signed(x, 8), "lghr": lambda x: signed(x, 16),
    "lgfr": lambda x: signed(x, 32), "llgcr": lambda x: x & 0xFF, "llghr": lambda x: x & 0xFFFF, "llgfr": lambda x: x & 0xFFFFFFFF,
    "clzg": lambda x: leading_zeros(x, 64), "ctzg": lambda x: trailing_zeros(x, 64),
    "sllg": lambda x, n: x << n, "srlg": lambda x, n: x >> n, "srag": lambda x, n: signed(x, 64) >> n,
}  # fmt: skip


class Machine:
    """Registers and memory. ``text``: address -> (length, instruction); ``traps``: the addresses at which code stops, with what
    the compiler says of them; ``code``: the bytes, for constants.
    """

    def __init__(self, text: dict[int, tuple[int, str]], traps: dict[int, str], code: bytes) -> None:
        self.text = text
        self.traps = traps
        self.code = code
        self.r = [0] * 16
        self.v = [0] * 32
        self.cc = 0
        self.memory: dict[int, int] = {}
        self.used: set[str] = set()

    def call(self, start: int) -> str | None:
        """Run a routine until it returns or traps: the trap's code."""
        self.r[14], self.r[15] = RETURN, STACK
        pc = start
        while pc != RETURN:
            if pc in self.traps:
                return self.traps[pc]
            length, line = self.text[pc]
            op, _, rest = line.partition("\t")
            op = op.strip()
            self.used.add(op)
            operands = [self._operand(word) for word in re.findall(r"[^,(]+(?:\([^)]*\))?", rest)]
            pc = self._step(op, operands, pc + length)
        return None

    def _operand(self, word: str) -> Any:
        """A register as ("r", n); a number; an address, with the parts that it is the sum of."""
        word = word.strip().partition(" ")[0]
        if word[0] == "%":
            return word[1], int(word[2:])
        number, _, registers = word.partition("(")
        if not registers:
            return int(number, 0)
        parts = [self.r[int(name[2:])] for name in registers[:-1].split(",")]
        return "at", int(number, 0), *parts

    def _address(self, operand: Any) -> int:
        return operand if isinstance(operand, int) else sum(operand[1:]) & _W

    def _value(self, operand: Any) -> int:
        if isinstance(operand, int):
            return operand
        kind, n = operand
        return (self.r if kind == "r" else self.v)[n]

    def _load(self, at: int, size: int) -> int:
        found = 0
        for i in range(at, at + size):
            found = found << 8 | (self.code[i] if i < len(self.code) else self.memory[i])
        return found

    def _store(self, at: int, size: int, value: int) -> None:
        for i in range(size):
            self.memory[at + i] = value >> 8 * (size - 1 - i) & 0xFF

    def _set(self, operand: Any, value: int) -> None:
        kind, n = operand
        if kind == "r":
            self.r[n] = value & _W
        else:
            self.v[n] = value & _Q

    def _step(self, op: str, o: list[Any], following: int) -> int:
        """One instruction; the address of the next."""
        base, letter = (op[:-2], "h") if op.endswith("hw") else (op[:-1], op[-1])
        if op in _WHOLE:
            self._set(o[0], _WHOLE[op](*map(self._value, o[1:])))
        elif op == "veval":
            self._evaluate(o)
        elif letter in BITS and (base in _UNSIGNED or base in _SIGNED):
            w = BITS[letter]
            operands = [lanes(self._value(x), w) for x in o[1:] if not isinstance(x, int)]
            if base in _SIGNED:
                operands = [[signed(e, w) for e in operand] for operand in operands]
            f = (_SIGNED if base in _SIGNED else _UNSIGNED)[base]
            self._set(o[0], joined([f(w, *elements) for elements in zip(*operands)], w))
        elif op in _PLAIN:
            self._set(o[0], _PLAIN[op](*map(self._value, o[1:])))
        elif op in _LOGIC:
            found = _LOGIC[op](self._value(o[1]), self._value(o[2]))
            self._set(o[0], found)
            self.cc = int(found != 0)
        elif op.startswith(("lxa", "llxa")):
            _, number, index, place = o[1]
            number = number + index & 0xFFFFFFFF
            number = signed(number, 32) if op[1] == "x" else number
            self._set(o[0], place + (number << "bhfgq".index(letter)))
        elif op.startswith("locghi"):
            if self.cc in _HOLDS[op[6:]]:
                self._set(o[0], o[1])
        elif op[0] == "j" and op[1:] in _HOLDS:
            return int(o[0]) if self.cc in _HOLDS[op[1:]] else following
        elif op == "br":
            return self._value(o[0])
        else:
            getattr(self, "_" + op)(*o)
        return following

    def _evaluate(self, o: list[Any]) -> None:
        """Each bit by the table, of which the leftmost bit is entry 0."""
        a, b, c = (self._value(x) for x in o[1:4])
        found = 0
        for i in range(128):
            entry = (a >> i & 1) << 2 | (b >> i & 1) << 1 | c >> i & 1
            found |= (o[4] >> 7 - entry & 1) << i
        self._set(o[0], found)

    def _compare(self, a: int, b: int) -> None:
        self.cc = 0 if a == b else 1 if a < b else 2

    def _vecq(self, a: Any, b: Any) -> None:
        self._compare(signed(self._value(a), 128), signed(self._value(b), 128))

    def _cghi(self, a: Any, k: int) -> None:
        self._compare(signed(self._value(a), 64), k)

    def _vtm(self, a: Any, mask: Any) -> None:
        chosen, all_ = self._value(a) & self._value(mask), self._value(mask)
        self.cc = 0 if not chosen else 3 if chosen == all_ else 1

    def _aghik(self, d: Any, a: Any, k: int) -> None:
        found = signed(self._value(a), 64) + k
        self._set(d, found)
        self.cc = 3 if found != signed(found, 64) else 0 if not found else 1 if found < 0 else 2

    def _xihf(self, d: Any, k: int) -> None:
        self._set(d, self._value(d) ^ (k & 0xFFFFFFFF) << 32)

    def _oihf(self, d: Any, k: int) -> None:
        self._set(d, self._value(d) | (k & 0xFFFFFFFF) << 32)

    def _oilf(self, d: Any, k: int) -> None:
        self._set(d, self._value(d) | k & 0xFFFFFFFF)

    def _risbgn(self, d: Any, a: Any, first: int, last: int, rotate: int) -> None:
        x = self._value(a)
        x = (x << rotate | x >> 64 - rotate) & _W
        mask = sum(1 << 63 - i for i in range(first, (last & 63) + 1))
        self._set(d, x & mask | (0 if last & 128 else self._value(d) & ~mask))

    def _pair(self, d: Any, product: int) -> None:
        self.r[d[1]], self.r[d[1] + 1] = product >> 64 & _W, product & _W

    def _mgrk(self, d: Any, a: Any, b: Any) -> None:
        self._pair(d, signed(self._value(a), 64) * signed(self._value(b), 64))

    def _mlgr(self, d: Any, b: Any) -> None:
        self._pair(d, self.r[d[1] + 1] * self._value(b))

    def _vlvgp(self, d: Any, high: Any, low: Any) -> None:
        self._set(d, self._value(high) << 64 | self._value(low))

    def _vlgvg(self, d: Any, v: Any, lane: int) -> None:
        self._set(d, lanes(self._value(v), 64)[lane])

    def _vlvgg(self, d: Any, x: Any, lane: int) -> None:
        elements = lanes(self._value(d), 64)
        elements[lane] = self._value(x)
        self._set(d, joined(elements, 64))

    def _vesrag(self, d: Any, v: Any, n: int) -> None:
        self._set(d, joined([signed(e, 64) >> n for e in lanes(self._value(v), 64)], 64))

    def _vrepg(self, d: Any, v: Any, lane: int) -> None:
        self._set(d, joined([lanes(self._value(v), 64)[lane]] * 2, 64))

    def _larl(self, d: Any, at: int) -> None:
        self._set(d, at)

    def _la(self, d: Any, at: Any) -> None:
        self._set(d, self._address(at))

    _lay = _la

    def _lg(self, d: Any, at: Any) -> None:
        self._set(d, self._load(self._address(at), 8))

    def _stg(self, x: Any, at: Any) -> None:
        self._store(self._address(at), 8, self._value(x))

    def _vl(self, d: Any, at: Any, hint: int = 0) -> None:
        self._set(d, self._load(self._address(at), 16))

    def _vst(self, x: Any, at: Any, hint: int = 0) -> None:
        self._store(self._address(at), 16, self._value(x))

    def _stmg(self, first: Any, last: Any, at: Any) -> None:
        for i, n in enumerate(range(first[1], last[1] + 1)):
            self._store(self._address(at) + 8 * i, 8, self.r[n])

    def _lmg(self, first: Any, last: Any, at: Any) -> None:
        for i, n in enumerate(range(first[1], last[1] + 1)):
            self.r[n] = self._load(self._address(at) + 8 * i, 8)
