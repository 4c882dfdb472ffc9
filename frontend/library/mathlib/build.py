"""Math functions as expressions: Python operators on SSA values, early exits for rare arguments, tables.

    m = MathFunction("exp", 1)
    (x,) = m.args
    with m.rare(m.fcmp("uge", abs(x), 708.0)):
        m.ret(...)
    m.ret(x * x + 1.0)

Each operator appends the one CLIF instruction of its name, in the order that Python evaluates them: there is no
contraction and no reassociation, so a function gives the same bits on every ISA. Python floats and ints among the
operands become constants.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from jitpy.backend.ir import memflags, types
from jitpy.backend.ir.builder import FunctionBuilder
from jitpy.backend.ir.function import GlobalValue, signature
from jitpy.backend.ir.types import F64, I64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from jitpy.backend.ir.function import Function

#: In front of every symbol of the library.
PREFIX = "jitpy_math_"
#: Tables never change and their indices are masked: such loads may move and cannot fault.
_TABLE = memflags.NOTRAP | memflags.ALIGNED | memflags.READONLY | memflags.CAN_MOVE


class Value:
    """An SSA value (f64, i64, or the i8 of a comparison) with Python's operators. ``>>`` fills with zeros."""

    __slots__ = ("m", "ssa", "type")

    def __init__(self, m: MathFunction, ssa: int) -> None:
        self.m = m
        self.ssa = ssa
        self.type = m.b.type_of(ssa)

    def _with(self, other: Operand) -> Value:
        return self.m.value(other, self.type)

    def __add__(self, other: Operand) -> Value:
        return self.m.binary("fadd" if self.type == F64 else "iadd", self, self._with(other))

    def __radd__(self, other: float) -> Value:
        return self._with(other) + self

    def __sub__(self, other: Operand) -> Value:
        return self.m.binary("fsub" if self.type == F64 else "isub", self, self._with(other))

    def __rsub__(self, other: float) -> Value:
        return self._with(other) - self

    def __mul__(self, other: Operand) -> Value:
        return self.m.binary("fmul" if self.type == F64 else "imul", self, self._with(other))

    def __rmul__(self, other: float) -> Value:
        return self._with(other) * self

    def __truediv__(self, other: Operand) -> Value:
        return self.m.binary("fdiv", self, self._with(other))

    def __rtruediv__(self, other: float) -> Value:
        return self._with(other) / self

    def __neg__(self) -> Value:
        return self.m.unary("fneg" if self.type == F64 else "ineg", self)

    def __abs__(self) -> Value:
        return self.m.unary("fabs", self)

    def __and__(self, other: Operand) -> Value:
        return self.m.binary("band", self, self._with(other))

    def __or__(self, other: Operand) -> Value:
        return self.m.binary("bor", self, self._with(other))

    def __xor__(self, other: Operand) -> Value:
        return self.m.binary("bxor", self, self._with(other))

    def __lshift__(self, other: Operand) -> Value:
        return self.m.binary("ishl", self, self._with(other))

    def __rshift__(self, other: Operand) -> Value:
        return self.m.binary("ushr", self, self._with(other))

    def sar(self, count: Operand) -> Value:
        """Arithmetic shift right."""
        return self.m.binary("sshr", self, self._with(count))

    def umod(self, other: Value) -> Value:
        """Unsigned remainder; the divisor is not zero."""
        return self.m.binary("urem_proven", self, other)

    def bits(self) -> Value:
        """The bits of an f64 as an i64."""
        return Value(self.m, self.m.b.bitcast(I64, self.ssa))

    def as_float(self) -> Value:
        """The f64 with these bits."""
        return Value(self.m, self.m.b.bitcast(F64, self.ssa))

    def to_float(self) -> Value:
        """A signed i64 converted."""
        return Value(self.m, self.m.b.fcvt_from_sint(F64, self.ssa))

    def to_int(self) -> Value:
        """An f64 converted, truncating, to a signed i64 that it fits."""
        return Value(self.m, self.m.b.fcvt_to_sint_proven(I64, self.ssa))

    def __lt__(self, other: Operand) -> Value:
        return self.m.compare("lt", self, other)

    def __le__(self, other: Operand) -> Value:
        return self.m.compare("le", self, other)

    def __gt__(self, other: Operand) -> Value:
        return self.m.compare("gt", self, other)

    def __ge__(self, other: Operand) -> Value:
        return self.m.compare("ge", self, other)

    def eq(self, other: Operand) -> Value:
        """Whether they are equal."""
        return self.m.compare("eq", self, other)

    def ne(self, other: Operand) -> Value:
        """Whether they differ (or are unordered)."""
        return self.m.compare("ne", self, other)


if TYPE_CHECKING:
    Operand = Value | float


class MathFunction:
    """One function under construction. ``params``: a number of f64 arguments, or types; one f64 result unless given."""

    def __init__(
        self, name: str, params: int | Sequence[types.Type] = 1, returns: Sequence[types.Type] = (F64,)
    ) -> None:
        given = (F64,) * params if isinstance(params, int) else params
        self.b = FunctionBuilder(PREFIX + name, given, returns)
        self.args = tuple(Value(self, v) for v in self.b.args)

    # Instructions

    def value(self, x: Operand, type: types.Type = F64) -> Value:
        """An operand as a value: numbers become constants of ``type``."""
        if isinstance(x, Value):
            return x
        if type == F64:
            return Value(self, self.b.f64const(float(x)))
        return Value(self, self.b.iconst(type, int(x)))

    def unary(self, name: str, x: Value) -> Value:
        """The CLIF instruction of this name."""
        return Value(self, getattr(self.b, name)(x.ssa))

    def binary(self, name: str, x: Value, y: Value) -> Value:
        """The CLIF instruction of this name."""
        return Value(self, getattr(self.b, name)(x.ssa, y.ssa))

    def sqrt(self, x: Value) -> Value:
        """Square root."""
        return self.unary("sqrt", x)

    def trunc(self, x: Value) -> Value:
        """Round to zero."""
        return self.unary("trunc", x)

    def copysign(self, x: Operand, y: Value) -> Value:
        """Magnitude of x, sign of y."""
        return self.binary("fcopysign", self.value(x), y)

    def mulhi(self, x: Value, y: Value) -> Value:
        """High half of the unsigned product."""
        return self.binary("umulhi", x, y)

    def compare(self, cc: str, x: Value, y: Operand) -> Value:
        """An ordered comparison of floats, a signed one of ints."""
        if x.type == F64:
            return self.fcmp(cc, x, y)
        return self.icmp(cc if cc in ("eq", "ne") else "s" + cc, x, y)

    def fcmp(self, cc: str, x: Value, y: Operand) -> Value:
        """Compare floats with any of CLIF's conditions."""
        return Value(self, self.b.fcmp(cc, x.ssa, self.value(y).ssa))

    def icmp(self, cc: str, x: Value, y: Operand) -> Value:
        """Compare ints with any of CLIF's conditions."""
        return Value(self, self.b.icmp(cc, x.ssa, self.value(y, x.type).ssa))

    def select(self, condition: Value, x: Operand, y: Operand) -> Value:
        """x where the condition holds, else y."""
        type = next((v.type for v in (x, y) if isinstance(v, Value)), F64)
        return Value(self, self.b.select(condition.ssa, self.value(x, type).ssa, self.value(y, type).ssa))

    def round(self, x: Value) -> tuple[Value, Value]:
        """x rounded to an integer, as a float and in the low bits of an int, for |x| < 2**51."""
        shift = 1.5 * 2.0**52
        moved = x + shift
        return moved - shift, moved.bits()

    def head(self, x: Value, bits: int = 27) -> Value:
        """x with the low ``bits`` bits of its significand cleared; x minus it is exact."""
        return (x.bits() & (-1 << bits)).as_float()

    def row(self, table: str, index: Value, width: int) -> Callable[..., Value]:
        """A row of ``width`` doubles (a power of two) of a table: a function from the column to its value."""
        symbol = PREFIX + table
        values = self.b.func.global_values
        found = next((i for i, gv in enumerate(values) if gv.name == symbol), len(values))
        if found == len(values):
            values.append(GlobalValue("symbol", name=symbol, colocated=True))
        base = Value(self, self.b.symbol_value(I64, found))
        at = base + (index << (width.bit_length() + 2))
        return lambda column, type=F64: Value(self, self.b.load(type, at.ssa, 8 * column, _TABLE))

    def call(self, name: str, returns: Sequence[types.Type], *args: Value) -> tuple[Value, ...]:
        """Call another function of the library."""
        sig = signature([a.type for a in args], list(returns))
        function = self.b.func.import_function(PREFIX + name, sig, colocated=True)
        return tuple(Value(self, v) for v in self.b.call(function, [a.ssa for a in args]))

    # Control

    def ret(self, *values: Operand) -> None:
        """Return."""
        self.b.return_([self.value(v).ssa for v in values])

    @contextmanager
    def when(self, condition: Value, rare: bool = False) -> Iterator[None]:
        """A branch taken where ``condition`` holds; its body returns, or goes on behind it."""
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

    def rare(self, condition: Value) -> AbstractContextManager[None]:
        """`when`, out of the main path."""
        return self.when(condition, rare=True)

    @contextmanager
    def repeat(self, condition: Callable[[], Value]) -> Iterator[None]:
        """A loop while ``condition()`` holds; what changes in it are variables."""
        b = self.b
        head, body, after = b.block(), b.block(), b.block()
        b.jump(head)
        b.use(head)
        b.brif(condition().ssa, body, [], after)
        b.use(body)
        yield
        b.jump(head)
        b.use(after)

    def variable(self, start: Value) -> Variable:
        """A value that branches and loops change."""
        variable = Variable(self, self.b.variable(start.type))
        variable.set(start)
        return variable

    def finish(self) -> Function:
        """The function."""
        return self.b.finish()


class Variable:
    """What a name stands for where control comes together."""

    __slots__ = ("m", "number")

    def __init__(self, m: MathFunction, number: int) -> None:
        self.m = m
        self.number = number

    def get(self) -> Value:
        """The value here."""
        return Value(self.m, self.m.b.value(self.number))

    def set(self, value: Value) -> None:
        """From here on, the value is this."""
        self.m.b.define(self.number, value.ssa)


def horner(x: Value, coefficients: Sequence[Operand]) -> Value:
    """A polynomial, lowest coefficient first, as one chain: few operations, long latency."""
    total = x.m.value(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = c + x * total
    return total


def estrin(x: Value, coefficients: Sequence[Operand]) -> Value:
    """A polynomial, lowest coefficient first, in pairs of pairs (Estrin): the processor overlaps them."""
    level: list[Operand] = list(coefficients)
    power = x
    while len(level) > 1:
        paired: list[Operand] = []
        for i in range(0, len(level) - 1, 2):
            paired.append(level[i] + power * level[i + 1])
        if len(level) & 1:
            paired.append(level[-1])
        level = paired
        if len(level) > 1:
            power = power * power
    return x.m.value(level[0])
