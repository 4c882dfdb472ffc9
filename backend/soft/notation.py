"""CLIF functions as Python expressions.

    f = Soft("f128_neg", (F128,), (F128,))
    (x,) = f.args
    f.ret((x.bits() ^ (1 << 127)).cast(F128))

An operator appends the instruction of its name; Python ints among the operands become constants of the other's type.
Integers are unsigned where it matters: ``>>`` fills with zeros, comparisons by operator are unsigned; `sar` and
`slt` are the signed ones.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import types as T
from jitpy.backend.ir.builder import FunctionBuilder
from jitpy.backend.ir.function import signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jitpy.backend.ir.function import Function

#: In front of every symbol of the library.
PREFIX = "jitpy_soft_"


class Value:
    """An SSA value with operators."""

    __slots__ = ("f", "ssa", "type")

    def __init__(self, f: Soft, ssa: int) -> None:
        self.f = f
        self.ssa = ssa
        self.type = f.b.type_of(ssa)

    def op(self, name: str, *others: Operand) -> Value:
        """The instruction ``name`` on this and other operands of the same type."""
        return self.f.op(name, self, *[self.f.value(x, self.type) for x in others])

    def __add__(self, other: Operand) -> Value:
        return self.op("iadd", other)

    def __sub__(self, other: Operand) -> Value:
        return self.op("isub", other)

    def __rsub__(self, other: int) -> Value:
        return self.f.value(other, self.type) - self

    def __neg__(self) -> Value:
        return self.op("ineg")

    def __mul__(self, other: Operand) -> Value:
        return self.op("fmul" if T.IS_FLOAT[self.type] else "imul", other)

    def __and__(self, other: Operand) -> Value:
        return self.op("band", other)

    def __or__(self, other: Operand) -> Value:
        return self.op("bor", other)

    def __xor__(self, other: Operand) -> Value:
        return self.op("bxor", other)

    def __invert__(self) -> Value:
        return self.op("bnot")

    def _shift(self, name: str, count: Operand) -> Value:
        return self.f.op(name, self, self.f.value(count, T.I32))

    def __lshift__(self, count: Operand) -> Value:
        return self._shift("ishl", count)

    def __rshift__(self, count: Operand) -> Value:
        return self._shift("ushr", count)

    def sar(self, count: Operand) -> Value:
        """Arithmetic shift right."""
        return self._shift("sshr", count)

    def compare(self, cc: str, other: Operand) -> Value:
        """``icmp cc``, an i8."""
        other = self.f.value(other, self.type)
        return Value(self.f, self.f.b.icmp(cc, self.ssa, other.ssa))

    def __lt__(self, other: Operand) -> Value:
        return self.compare("ult", other)

    def __le__(self, other: Operand) -> Value:
        return self.compare("ule", other)

    def __gt__(self, other: Operand) -> Value:
        return self.compare("ugt", other)

    def __ge__(self, other: Operand) -> Value:
        return self.compare("uge", other)

    def eq(self, other: Operand) -> Value:
        """Whether they are equal."""
        return self.compare("eq", other)

    def ne(self, other: Operand) -> Value:
        """Whether they differ."""
        return self.compare("ne", other)

    def slt(self, other: Operand) -> Value:
        """Signed less than."""
        return self.compare("slt", other)

    def sgt(self, other: Operand) -> Value:
        """Signed greater than."""
        return self.compare("sgt", other)

    def clz(self) -> Value:
        """Leading zeros."""
        return self.op("clz")

    def cast(self, type: T.Type) -> Value:
        """The same bits as another type."""
        return self if type == self.type else Value(self.f, self.f.b.bitcast(type, self.ssa))

    def bits(self) -> Value:
        """A float's bits."""
        return self.cast(T.as_int(self.type))

    def to(self, type: T.Type) -> Value:
        """Zero-extended or cut off to another integer type."""
        if type == self.type:
            return self
        make = self.f.b.uextend if T.BITS[type] > T.BITS[self.type] else self.f.b.ireduce
        return Value(self.f, make(type, self.ssa))

    def to_float(self) -> Value:
        """An unsigned integer as an f64."""
        return Value(self.f, self.f.b.fcvt_from_uint(T.F64, self.ssa))

    def to_int(self) -> Value:
        """An f64 as an unsigned i64, saturated."""
        return Value(self.f, self.f.b.fcvt_to_uint_sat(T.I64, self.ssa))

    def halves(self) -> tuple[Value, Value]:
        """Low and high half of an integer."""
        low, high = self.f.b.isplit(self.ssa)
        return Value(self.f, low), Value(self.f, high)

    def then(self, yes: Operand, no: Operand) -> Value:
        """``yes`` where this is not zero, else ``no``; one of them is a value."""
        type = yes.type if isinstance(yes, Value) else no.type if isinstance(no, Value) else T.I64
        return Value(self.f, self.f.b.select(self.ssa, self.f.value(yes, type).ssa, self.f.value(no, type).ssa))


if TYPE_CHECKING:
    Operand = Value | int


class Variable:
    """A name that branches and loops give other values."""

    __slots__ = ("f", "number")

    def __init__(self, f: Soft, number: int) -> None:
        self.f = f
        self.number = number

    @property
    def now(self) -> Value:
        """The value here."""
        return Value(self.f, self.f.b.value(self.number))

    @now.setter
    def now(self, value: Value) -> None:
        self.f.b.define(self.number, value.ssa)


class Soft:
    """A function of the library under construction."""

    def __init__(self, name: str, params: Sequence[T.Type], returns: Sequence[T.Type]) -> None:
        self.b = FunctionBuilder(PREFIX + name, params, returns)
        self.args = tuple(Value(self, v) for v in self.b.args)

    def value(self, x: Operand, type: T.Type) -> Value:
        """An operand as a value; ints become constants of ``type``."""
        if isinstance(x, Value):
            return x
        x &= T.MASK[type]
        if type != T.I128:
            return Value(self, self.b.iconst(type, x))
        low, high = self.value(x & T.MASK[T.I64], T.I64), self.value(x >> 64, T.I64)
        return self.join(low, high)

    def f64(self, x: float) -> Value:
        """An f64."""
        return Value(self, self.b.f64const(x))

    def op(self, name: str, *operands: Value) -> Value:
        """The instruction of this name."""
        made: Any = getattr(self.b, name)(*[x.ssa for x in operands])
        return Value(self, made)

    def pair(self, name: str, *operands: Value) -> tuple[Value, Value]:
        """An instruction with two results."""
        first, second = getattr(self.b, name)(*[x.ssa for x in operands])
        return Value(self, first), Value(self, second)

    def join(self, low: Value, high: Value) -> Value:
        """Two halves as one integer."""
        return Value(self, self.b.iconcat(low.ssa, high.ssa))

    def call(self, name: str, returns: Sequence[T.Type], *args: Value) -> tuple[Value, ...]:
        """Call another function of the library."""
        sig = signature([a.type for a in args], list(returns))
        function = self.b.func.import_function(PREFIX + name, sig, colocated=True)
        return tuple(Value(self, v) for v in self.b.call(function, [a.ssa for a in args]))

    def ret(self, *values: Value) -> None:
        """Return."""
        self.b.return_([v.ssa for v in values])

    @contextmanager
    def when(self, condition: Value, rare: bool = False) -> Iterator[None]:
        """The body runs where the condition is not zero; it returns, or control goes on behind it."""
        b = self.b
        then, after = b.block(), b.block()
        if rare:
            b.func.cold.add(then)
        b.brif(condition.ssa, then, [], after)
        b.use(then)
        yield
        if not b.is_terminated():
            b.jump(after)
        b.use(after)

    @contextmanager
    def loop(self, condition: Callable[[], Value]) -> Iterator[None]:
        """The body runs again while ``condition()``, asked behind it, holds."""
        b = self.b
        body, after = b.block(), b.block()
        b.jump(body)
        b.use(body)
        yield
        b.brif(condition().ssa, body, [], after)
        b.use(after)

    def variable(self, start: Value) -> Variable:
        """A new variable."""
        variable = Variable(self, self.b.variable(start.type))
        variable.now = start
        return variable

    def finish(self) -> Function:
        """The function."""
        return self.b.finish()
