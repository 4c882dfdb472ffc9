"""Casts between scalar types on SSA values, without regard to where they came from.

`cast` is C's conversion as NumPy performs it on x86-64, on every target; it never raises and has no branches, so
that it can stand in a vector loop. A value of type t is a tuple of SSA values, `t.flat` wide (two for complex
numbers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import BITS, F16, F32, F64, I8, I32, I64, MASK

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.types.types import Scalar

Parts = tuple[int, ...]


def signed_extend(tr: Translator, x: int, source: int, target: int) -> int:
    """The integer ``x`` in the width of ``target``, by sign extension or by its low bits."""
    if source == target:
        return x
    return tr.op(op.SEXTEND if target > source else op.IREDUCE, target, x)


def zero_extend(tr: Translator, x: int, source: int, target: int) -> int:
    """The integer ``x`` in the width of ``target``, by zero extension or by its low bits."""
    if source == target:
        return x
    return tr.op(op.UEXTEND if target > source else op.IREDUCE, target, x)


def float_width(tr: Translator, x: int, source: int, target: int) -> int:
    """The float ``x`` in another width, rounded to nearest."""
    if source == target:
        return x
    return tr.op(op.FPROMOTE if target > source else op.FDEMOTE, target, x)


def int_to_float(tr: Translator, x: int, t: Scalar, target: int) -> int:
    """The integer or bool ``x`` of type ``t`` as a float, rounded once (to float16 through float32, which is exact
    below overflow).
    """
    wide = F32 if target == F16 else target
    source = t.flat[0]
    if t.bits < 32:
        x = (signed_extend if t.kind == "i" else zero_extend)(tr, x, source, I32)
        result = tr.op(op.FCVT_FROM_SINT, wide, x)
    else:
        result = tr.op(op.FCVT_FROM_SINT if t.kind == "i" else op.FCVT_FROM_UINT, wide, x)
    return tr.op(op.FDEMOTE, F16, result) if target == F16 else result


def _indefinite(tr: Translator, x: int, source: int, target: int) -> int:
    """cvttsd2si: truncated to signed 32 or 64 bits, the smallest integer for NaN and whatever does not fit."""
    saturated = tr.op(op.FCVT_TO_SINT_SAT, target, x)
    fits = tr.fcmp("lt", x, tr.fconst(2.0 ** (BITS[target] - 1), source))
    below = tr.iconst(1 << (BITS[target] - 1), target)
    if target == I32 and source == F64:
        # Below -2**31 saturation gives the same number as the rule; NaN fails the comparison.
        return tr.select(fits, saturated, below)
    return tr.select(fits, saturated, below)


def float_to_int(tr: Translator, x: int, source: int, t: Scalar) -> int:
    """C's conversion of the float ``x`` to the integer type ``t``, as x86-64 compilers do it."""
    target = t.flat[0]
    if source == F16:
        x, source = tr.op(op.FPROMOTE, F32, x), F32
    if t.kind == "i" or t.bits < 32:
        if t.bits >= 32:
            return _indefinite(tr, x, source, target)
        return tr.op(op.IREDUCE, target, _indefinite(tr, x, source, I32))
    if t.bits == 32:
        return tr.op(op.IREDUCE, I32, _indefinite(tr, x, source, I64))
    # To uint64: below 2**63 as signed, else the excess over 2**63 as signed with the top bit flipped.
    half = tr.fconst(2.0**63, source)
    large = tr.fcmp("ge", x, half)
    low = _indefinite(tr, x, source, I64)
    high = _indefinite(tr, tr.op(op.FSUB, source, x, half), source, I64)
    high = tr.op(op.BXOR, I64, high, tr.iconst(1 << 63, I64))
    return tr.select(large, high, low)


def is_true(tr: Translator, t: Scalar, parts: Parts) -> int:
    """Whether a scalar is nonzero (NaN is), as an i8."""
    if t.kind == "b":
        return parts[0]
    flat = t.flat[0]
    if t.kind in "iu":
        return tr.icmp("ne", parts[0], tr.iconst(0, flat))
    if t.kind == "f":
        return _nonzero(tr, parts[0], flat)
    return tr.op(op.BOR, I8, _nonzero(tr, parts[0], flat), _nonzero(tr, parts[1], flat))


def _nonzero(tr: Translator, x: int, flat: int) -> int:
    if flat == F16:
        x, flat = tr.op(op.FPROMOTE, F32, x), F32
    return tr.fcmp("ne", x, tr.fconst(0.0, flat))


def cast(tr: Translator, parts: Parts, source: Scalar, target: Scalar) -> Parts:
    """``parts`` of type ``source`` as ``target``, by C's rules; imaginary parts are dropped or zero."""
    if source is target or (source.kind == target.kind and source.bits == target.bits):
        return parts
    kind = target.kind
    if kind == "b":
        return (is_true(tr, source, parts),)
    flat = target.flat[0]
    x = parts[0]
    from_flat = source.flat[0]
    if kind in "iu":
        if source.kind in "iu":
            extend = signed_extend if source.kind == "i" else zero_extend
            return (extend(tr, x, from_flat, flat),)
        if source.kind == "b":
            return (zero_extend(tr, x, I8, flat),)
        return (float_to_int(tr, x, from_flat, target),)
    if source.kind in "fc":
        real = float_width(tr, x, from_flat, flat)
    else:
        real = int_to_float(tr, x, source, flat)
    if kind == "f":
        return (real,)
    if source.kind == "c":
        return real, float_width(tr, parts[1], from_flat, flat)
    return real, tr.fconst(0.0, flat)


def constant_parts(tr: Translator, value: object, t: Scalar) -> Parts:
    """The number ``value``, which ``t`` can hold, as SSA constants."""
    if t.kind == "f":
        return (tr.fconst(float(value), t.flat[0]),)  # type: ignore[arg-type]
    if t.kind == "c":
        z = complex(value)  # type: ignore[call-overload]
        return tr.fconst(z.real, t.flat[0]), tr.fconst(z.imag, t.flat[1])
    return (tr.iconst(int(value) & MASK[t.flat[0]], t.flat[0]),)  # type: ignore[call-overload]


def working_float(t: Scalar) -> int:
    """The CLIF type in which arithmetic on a float or on a complex's components is done: float32 for float16."""
    return F32 if t.flat[0] == F16 else t.flat[0]


def widen(tr: Translator, x: int, t: Scalar) -> int:
    """A float of type ``t`` in its working width."""
    return tr.op(op.FPROMOTE, F32, x) if t.flat[0] == F16 else x


def narrow(tr: Translator, x: int, t: Scalar) -> int:
    """The reverse of `widen`: rounds a float16 result."""
    return tr.op(op.FDEMOTE, F16, x) if t.flat[0] == F16 else x


def as_double(tr: Translator, x: int, t: Scalar) -> int:
    """A float of type ``t`` as f64."""
    return tr.op(op.FPROMOTE, F64, x) if t.flat[0] != F64 else x


def from_double(tr: Translator, x: int, t: Scalar) -> int:
    """An f64 rounded to the float type ``t``."""
    return tr.op(op.FDEMOTE, t.flat[0], x) if t.flat[0] != F64 else x
