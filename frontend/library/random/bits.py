"""Random bits: 32, 64, or 53 as a float in [0, 1), from the state of a live generator, which advances as the interpreter's would.

The Mersenne Twister [Matsumoto and Nishimura 1998], in Python's `random` and in NumPy's MT19937, is inline: two words are read and
tempered at once in one 64-bit register, lane by lane; where the 624 words run out, ``jitpy_mt_pair`` and ``jitpy_mt_word`` of
``runtime.clif`` make the next ones. So is PCG64 [O'Neill 2014], NumPy's default. The others are called through the functions that
NumPy exports for this, ``jitpy_next_<class>_<what>``.

    Python's Random     i32 position, i32 words[624]
    bitgen_t            state, next_uint64, next_uint32, next_double, next_raw: 8 bytes each; public, documented by NumPy
    MT19937's state     i32 words[624], i32 position
    PCG64's state       address of (i128 state, i128 increment), i32 has one, i32 the other half of the last 64 bits
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.memflags import READONLY, TRUSTED
from jitpy.backend.ir.types import F64, I32, I64

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.values import Val

WORDS = 624
_PCG_HIGH, _PCG_LOW = 2549297995355413924, 4865540595714422341
_TO_UNIT = 2.0**-53


#: A Generator keeps its bit generator; a RandomState may get another, also while a kernel that polls is running.
_POINTER = {"Generator": TRUSTED | READONLY, "RandomState": TRUSTED}


def state(tr: Translator, source: Val) -> int:
    """The address of a NumPy bit generator's state."""
    return tr.load(I64, source.ssa[1], flags=_POINTER[source.type.family])


def twister(tr: Translator, source: Val) -> tuple[int, int]:
    """The addresses of the 624 words and of the position in them."""
    if source.type.family == "Random":
        return tr.op(op.IADD, I64, source.ssa[1], tr.iconst(4)), source.ssa[1]
    words = state(tr, source)
    return words, tr.op(op.IADD, I64, words, tr.iconst(4 * WORDS))


def _kind(source: Val) -> str:
    bits: str = source.type.bits
    return bits


# -- the Mersenne Twister --------------------------------------------------------------------------------------------------------


def _words(tr: Translator, source: Val, count: int) -> int:
    """The next word (i32), or the next two as one i64, the first in its low half; not tempered."""
    words, position = twister(tr, source)
    t = I64 if count == 2 else I32
    at = tr.load(I32, position)
    here, refill, done = tr.block(), tr.cold_block(), tr.block()
    result = tr.param(done, t)
    tr.brif(tr.icmp("ult", at, tr.iconst(WORDS + 1 - count, I32)), here, (), refill, ())
    tr.use(here)
    tr.store(tr.op(op.IADD, I32, at, tr.iconst(count, I32)), position)
    index = tr.op(op.ISHL, I64, tr.op(op.UEXTEND, I64, at), tr.iconst(2))
    tr.jump(done, (tr.load(t, tr.op(op.IADD, I64, words, index), flags=1),))
    tr.use(refill)
    helper = "jitpy_mt_pair" if count == 2 else "jitpy_mt_word"
    tr.jump(done, tr.call_extern(helper, (I64, I64), (t,), words, position))
    tr.use(done)
    return result


def _temper(tr: Translator, y: int, t: int) -> int:
    """One word, or two words lane by lane: the masks keep bits out of the neighbour."""
    lanes = 1 << 32 | 1 if t == I64 else 1

    def shifted(opcode: int, x: int, by: int, mask: int) -> int:
        return tr.op(op.BAND, t, tr.op(opcode, t, x, tr.iconst(by, t)), tr.iconst(mask * lanes, t))

    y = tr.op(op.BXOR, t, y, shifted(op.USHR, y, 11, 0x001FFFFF))
    y = tr.op(op.BXOR, t, y, shifted(op.ISHL, y, 7, 0x9D2C5680))
    y = tr.op(op.BXOR, t, y, shifted(op.ISHL, y, 15, 0xEFC60000))
    return tr.op(op.BXOR, t, y, shifted(op.USHR, y, 18, 0x00003FFF))


def _pair(tr: Translator, source: Val) -> int:
    return _temper(tr, _words(tr, source, 2), I64)


# -- PCG64 -----------------------------------------------------------------------------------------------------------------------


def _pcg(tr: Translator, source: Val) -> int:
    """64 bits, and one step on."""
    bits, step = peek(tr, source)
    step()
    return bits


def peek(tr: Translator, source: Val) -> tuple[int, Callable[[], None]]:
    """The next 64 bits of a PCG64, and what takes them: PCG XSL RR 128/64, one step of a 128-bit congruential generator, its halves
    combined and rotated by its top bits.
    """
    at = tr.load(I64, state(tr, source), flags=_POINTER[source.type.family])
    low, high = tr.load(I64, at), tr.load(I64, at, 8)
    low_step, high_step = tr.load(I64, at, 16), tr.load(I64, at, 24)
    factor_low, factor_high = tr.iconst(_PCG_LOW), tr.iconst(_PCG_HIGH)
    product = tr.op(op.IMUL, I64, low, factor_low)
    upper = tr.op(op.UMULHI, I64, low, factor_low)
    upper = tr.op(op.IADD, I64, upper, tr.op(op.IMUL, I64, low, factor_high))
    low = tr.op(op.IADD, I64, product, low_step)
    carry = tr.op(op.UEXTEND, I64, tr.icmp("ult", low, product))
    upper = tr.op(op.IADD, I64, tr.op(op.IADD, I64, upper, high_step), carry)
    high = tr.op(op.IADD, I64, upper, tr.op(op.IMUL, I64, high, factor_low))  # what the next step waits for comes last

    def step() -> None:
        tr.store(low, at)
        tr.store(high, at, 8)

    bits = tr.op(op.ROTR, I64, tr.op(op.BXOR, I64, low, high), tr.op(op.USHR, I64, high, tr.iconst(58)))
    return bits, step


def _pcg_half(tr: Translator, source: Val) -> int:
    """The other half of the last 64 bits if it is left, else the low half of the next."""
    at = state(tr, source)
    left = tr.load(I32, at, 8)

    def kept() -> tuple[int]:
        tr.store(tr.iconst(0, I32), at, 8)
        return (tr.load(I32, at, 12),)

    def fresh() -> tuple[int]:
        both = _pcg(tr, source)
        tr.store(tr.iconst(1, I32), at, 8)
        tr.store(tr.op(op.IREDUCE, I32, tr.op(op.USHR, I64, both, tr.iconst(32))), at, 12)
        return (tr.op(op.IREDUCE, I32, both),)

    return tr.branch(tr.icmp("ne", left, tr.iconst(0, I32)), kept, fresh, (I32,))[0]


# -- any bit generator -----------------------------------------------------------------------------------------------------------


def _called(tr: Translator, source: Val, what: str, t: int) -> int:
    return tr.call_extern(f"jitpy_next_{_kind(source)}_{what}", (I64,), (t,), state(tr, source))[0]


def word(tr: Translator, source: Val) -> int:
    """32 random bits: an i32."""
    kind = _kind(source)
    if kind == "MT19937":
        return _temper(tr, _words(tr, source, 1), I32)
    return _pcg_half(tr, source) if kind == "PCG64" else _called(tr, source, "uint32", I32)


def double_word(tr: Translator, source: Val) -> int:
    """64 random bits, as NumPy's ``next_uint64``: an i64."""
    kind = _kind(source)
    if kind == "MT19937":  # the first word is the high half
        return tr.op(op.ROTL, I64, _pair(tr, source), tr.iconst(32))
    return _pcg(tr, source) if kind == "PCG64" else _called(tr, source, "uint64", I64)


def unit(tr: Translator, source: Val) -> int:
    """A float in [0, 1) of 53 random bits: an f64."""
    kind = _kind(source)
    if kind == "MT19937":  # 27 bits of the first word, 26 of the second
        pair = _pair(tr, source)
        upper = tr.op(op.ISHL, I64, tr.op(op.BAND, I64, pair, tr.iconst(0xFFFFFFE0)), tr.iconst(21))
        bits = tr.op(op.BOR, I64, upper, tr.op(op.USHR, I64, pair, tr.iconst(38)))
    elif kind == "PCG64":
        bits = tr.op(op.USHR, I64, _pcg(tr, source), tr.iconst(11))
    else:
        return _called(tr, source, "double", F64)
    return tr.op(op.FMUL, F64, tr.op(op.FCVT_FROM_SINT, F64, bits), tr.fconst(_TO_UNIT))


__all__ = ["WORDS", "double_word", "peek", "state", "twister", "unit", "word"]
