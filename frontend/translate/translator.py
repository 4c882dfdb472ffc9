"""The translator object ``tr``: Python's operations on abstract values, on top of the `Emitter`.

Library handlers and the bytecode interpreter (`frame`) are written against this class. An operation looks the operands' kinds up
in `library.registry` and calls the handler; what is not there is a `SourceError` that names the types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import F16, F32, F64, I8, I16, I32, I64
from jitpy.frontend.errors import SourceError
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.library import registry
from jitpy.frontend.translate import exceptions
from jitpy.frontend.translate.emitter import Emitter
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, EitherVal, Iterator, TupleVal, UnionVal, Val, Value, advice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jitpy.frontend.translate.frame import Frame
    from jitpy.frontend.translate.kernel import Compilation, Kernel

_INT64_MIN, _INT64_MAX = -(1 << 63), (1 << 63) - 1
_INT_CLIF = {8: I8, 16: I16, 32: I32, 64: I64}
_FLOAT_CLIF = {16: F16, 32: F32, 64: F64}


#: Where library code lies: an error in it is reported where the user called it.
LIBRARY = registry.__file__[: -len("registry.py")]


class Fork(Exception):
    """Raised by `Translator.fork`: the current instruction is undone and done again for each alternative."""

    def __init__(self, value: Value) -> None:
        self.value = value


class Translator(Emitter):
    """One kernel's translation. ``frame`` is the Python function (or inlined one) being walked."""

    __slots__ = ("compilation", "frame", "kernel", "memo", "refusal")

    def __init__(self, kernel: Kernel, compilation: Compilation) -> None:
        super().__init__(kernel.func, compilation.module)
        self.kernel = kernel
        self.compilation = compilation
        self.memo: dict[Any, Any] = {}  # what library modules remember about this kernel's values
        self.frame: Frame = None  # type: ignore[assignment]
        self.refusal = ""  # what library code in Python said as it raised NotImplementedError, "what: advice"

    # -- errors and remarks ----------------------------------------------------------------------------------------------

    def site(self, exc_class: type[BaseException] | None, parts: tuple[Any, ...] = (), style: str = "text") -> int:
        f = self.frame
        code = f.code.co
        return self.module.site(f.name, code.co_filename, f.line, exc_class, parts, f.call_site, style)

    def error(self, message: str, hint: str = "") -> NoReturn:
        """A compile error at the current source position; ``hint`` says what to do instead."""
        f = self.frame
        raise SourceError(message, hint, f.code.co, f.position())

    def remark(self, text: str, kind: str = "remark") -> None:
        """A note for the user at the current line; kind "warning" for SEMANTICS C4."""
        f = self.frame
        if registry.is_library(f.globals):
            return
        self.module.remark(kind, f.name, f.code.co.co_filename, f.line, text)

    def guard(self, *guard: Any) -> None:
        """Note that the code being walked reads something from outside (contracts.md 2)."""
        if not registry.is_library(self.frame.globals):
            self.module.guard(*guard)

    def fork(self, value: EitherVal) -> NoReturn:
        """This operation can tell the alternatives of ``value`` apart: undo it and do it for each. Call before anything is lost."""
        raise Fork(value)

    # -- values ------------------------------------------------------------------------------------------------------------

    def val(self, value: Value) -> Val:
        """The run-time form of a number, str-free scalar or existing Val: constants become iconst/fconst."""
        if value.__class__ is Val:
            return value
        if value.__class__ is EitherVal:
            self.fork(value)
        if value.__class__ is Const:
            t = value.type
            if t.__class__ is ty.Scalar:
                return Val(t, self.scalar_constant(value.obj, t))
            if t is ty.none:
                return Val(ty.none, ())
        settled = self.settle(value)
        if settled.__class__ is Val:
            return settled
        self.error(f"{value.describe()} has no run-time form here")

    def scalar_constant(self, obj: Any, t: ty.Scalar) -> tuple[int, ...]:
        """The SSA values of a number of type ``t`` (obj may be a Python number converted to t exactly)."""
        k = t.kind
        if k == "f":
            return (self.fconst(float(obj), _FLOAT_CLIF[t.bits]),)
        if k == "c":
            z = complex(obj)
            part = _FLOAT_CLIF[t.bits // 2]
            return self.fconst(z.real, part), self.fconst(z.imag, part)
        n = int(obj)
        if t is ty.py_int and not _INT64_MIN <= n <= _INT64_MAX:
            self.error(
                f"the int {n} needs more than 64 bits",
                "Literals up to 2**64-1 can be used as masks and moduli (x & mask, x % 2**k), or as np.uint64(...).",
            )
        return (self.iconst(n, _INT_CLIF[t.bits]),)

    def type_of(self, value: Value) -> ty.Type | None:
        """The type of a Val or Const (None for values of other kinds)."""
        return getattr(value, "type", None)

    def settle(self, value: Value) -> Value:
        """A value that is its own state: lazy expressions are computed, ranges stay."""
        handler = registry.settle.get(value.kind())
        return handler(self, value) if handler is not None else value

    def settled_number(self, value: Value) -> Val:
        """A number as a run-time value (to select among several)."""
        return self.val(self.settle(value))

    def as_index(self, value: Value) -> int:
        """An int of any width and kind as an i64 (``__index__``); OverflowError where it does not fit."""
        v = self.val(value)
        t = v.type
        x = v.ssa[0]
        if t.__class__ is not ty.Scalar or t.kind not in "iub":
            self.error(f"{value.describe()} cannot be used as an index")
        if t.bits == 64:
            if t.kind == "u":
                self.check(self.icmp("slt", x, self.iconst(0)), OverflowError, "Python int too large to convert to C long")
            return x
        return self.op(o.SEXTEND if t.kind == "i" else o.UEXTEND, I64, x)

    def unpack_all(self, value: Value) -> tuple[Value, ...]:
        """The items of something whose length is known at compile time."""
        if value.__class__ is TupleVal:
            return value.items
        from jitpy.frontend.values import RangeVal

        if value.__class__ is RangeVal:
            bounds = [v.obj for v in value.children() if v.__class__ is Const]
            if len(bounds) == 3 and len(range(*bounds)) <= 256:
                return tuple([Const(i) for i in range(*bounds)])
        t = self.type_of(value)
        if t.__class__ is ty.Array:
            self.error("an array cannot be unpacked here: its length is not known at compile time", "Index its elements.")
        self.error(f"{value.describe()} cannot be unpacked here: its length is not known at compile time")

    def reach(self, symbol: str) -> None:
        """Refuse what the target has not: the option ``lacking``, beginning of a symbol -> (what is wrong, advice)."""
        lacking = self.compilation.options.get("lacking")
        if lacking:
            for prefix, (what, advice) in lacking.items():
                if symbol.startswith(prefix):
                    self.error(what, advice)

    def symbol_address(self, name: str) -> int:
        """The address of a symbol (a live object's, a table's)."""
        self.reach(name)
        return self.op(o.SYMBOL_VALUE, I64, imm=self.func.import_symbol(name))

    def raise_site(self, site: int, raw: Sequence[int]) -> None:
        """Raise at a site that was made before; ends the block."""
        if self.handler is not None:
            exceptions.throw_site(self, site, raw)
            return
        self.func.append(self.bb, (fo.RAISE, 0, site, *raw), (), self.srcloc)

    def open_entry(self) -> Any:
        """Emit in the entry block until `close_entry`: for what is read once per call."""
        if self.bb == 0:
            return None
        return self.open_before(0)

    def close_entry(self, saved: Any) -> None:
        """Go back to where emission was."""
        if saved is not None:
            self.close_before(saved)

    # -- operators -----------------------------------------------------------------------------------------------------------

    def binary(self, name: str, a: Value, b: Value) -> Value:
        """``a name b``."""
        return self._operator(registry.binary, name, a, b)

    def inplace(self, name: str, a: Value, b: Value) -> Value:
        """``a name= b``: the new value of ``a``."""
        handler = registry.find_operator(registry.inplace, name, a, b)
        if handler is not None:
            result: Value = handler(self, a, b)
            return result
        return self._operator(registry.binary, name, a, b)

    def compare(self, name: str, a: Value, b: Value) -> Value:
        """``a name b`` for < <= == != > >= in; "is", "is not" and "not in" are made from these."""
        if name == "not in":
            return self.not_(self.compare("in", a, b))
        if name == "is":
            return Const(self._same_object(a, b))
        if name == "is not":
            return Const(not self._same_object(a, b))
        return self._operator(registry.compare, name, a, b)

    def _operator(self, table: Any, name: str, a: Value, b: Value) -> Value:
        if a.__class__ is EitherVal or b.__class__ is EitherVal:
            return self._either_operator(table, name, a, b)
        handler = registry.find_operator(table, name, a, b)
        if handler is None:
            self.error(
                f"{name} is not supported between {a.describe()} and {b.describe()}",
                advice(b, advice(a, "Convert one of them, or give the names one type.")),
            )
        result: Value = handler(self, a, b)
        return result

    def _either_operator(self, table: Any, name: str, a: Value, b: Value) -> Value:
        """The operation on the typed form where both alternatives give the same type (and then the same value), else fork."""
        either: EitherVal = a if a.__class__ is EitherVal else b  # type: ignore[assignment]
        if (a.__class__ is EitherVal and b.__class__ is EitherVal) or (
            table is registry.binary and name in ("**", "<<", ">>", "&", "|", "^", "@")
        ):
            self.fork(either)
        mark = self.frame.mark()
        first, second = (either.alt, b) if either is a else (a, either.alt)
        other = self._operator(table, name, first, second)
        self.frame.rewind(mark)
        first, second = (either.typed, b) if either is a else (a, either.typed)
        result: Any = self._operator(table, name, first, second)
        t = either.typed.type
        if result.key() != other.key() or result.__class__ is not Val or other.__class__ is not Val:
            if either.alt.__class__ is Val and _same_bits(table, name, t, second if either is a else first):
                return EitherVal(result, Val(other.type, result.ssa), either.flag)
            self.fork(either)
        beginning: Any = either.alt
        narrow = t.bits < 64 and beginning.__class__ is Const
        if narrow and table is registry.binary and name in ("+", "-", "*") and result.type is t:
            loss = "rounds to that" if t.kind == "f" else "wraps there"
            wide = "np.float64(0)" if t.kind == "f" else "np.int64(0)"
            self.remark(
                f"the result is {t.name} although it begins as the {either.alt.describe()} {beginning.obj!r}: it {loss},"
                f" as it does in NumPy. Begin with {wide}, or convert what is added.",
                "warning",
            )
        return result

    def _same_object(self, a: Value, b: Value) -> bool:
        if a.__class__ is Const and b.__class__ is Const:
            if a.obj is b.obj:
                return True
            if a.kind() is ty.Scalar or b.kind() is ty.Scalar:
                if a.kind() is b.kind() and not isinstance(a.obj, bool):
                    self.error("'is' between numbers depends on the interpreter", "Use == instead.")
            return False
        for x, y in ((a, b), (b, a)):
            if x.__class__ is Const and (x.obj is None or x.kind() is ty.Constant):
                if y.__class__ is EitherVal or y.__class__ is TupleVal or y.kind() is not x.kind():
                    return False
        self.error(f"'is' between {a.describe()} and {b.describe()} is not supported", "Use == instead.")

    def unary(self, name: str, a: Value) -> Value:
        """``-a``, ``+a``, ``~a``."""
        if a.__class__ is EitherVal:
            self.fork(a)
        handler = registry.find(registry.unary, a.kind(), (name, a.kind()))
        if handler is None:
            self.error(f"unary {name} is not supported for {a.describe()}")
        result: Value = handler(self, a)
        return result

    def truth(self, a: Value) -> int | bool:
        """Python's truth of ``a``: an i8 SSA value, or a Python bool where it is known."""
        if a.__class__ is EitherVal:
            a = a.typed
        if a.__class__ is Const and a.kind() is not ty.Constant:
            return bool(a.obj)
        handler = registry.find(registry.truth, a.kind())
        if handler is None:
            if a.__class__ is Const:
                return bool(a.obj)
            self.error(f"the truth of {a.describe()} is not supported")
        result: int | bool = handler(self, a)
        return result

    def not_(self, a: Value) -> Value:
        """``not a``: a Python bool."""
        t = self.truth(a)
        if t.__class__ is bool:
            return Const(not t)
        return Val(ty.py_bool, (self.icmp("eq", t, self.iconst(0, self.func.value_types[t])),))

    # -- containers, attributes ---------------------------------------------------------------------------------------------

    def getitem(self, obj: Value, index: Value) -> Value:
        """``obj[index]``."""
        item: Value = self._item(registry.getitem, "indexing", obj, index)
        return item

    def setitem(self, obj: Value, index: Value, value: Value) -> None:
        """``obj[index] = value``. Stored among floats, the alternatives of an EitherVal are the same value; elsewhere they fork."""
        if value.__class__ is EitherVal:
            dtype = getattr(self.type_of(obj), "dtype", None)
            if dtype is None or (dtype.kind not in "fc" and dtype is not value.typed.type):
                self.fork(value)
            value = value.typed
        self._item(registry.setitem, "item assignment", obj, index, value)

    def delitem(self, obj: Value, index: Value) -> None:
        """``del obj[index]``."""
        self._item(registry.delitem, "item deletion", obj, index)

    def _item(self, table: Any, what: str, obj: Value, *rest: Value) -> Any:
        index = rest[0]
        if index.__class__ is EitherVal:
            if index.typed.type is not ty.int64:
                self.fork(index)
            rest = (index.typed, *rest[1:])
        handler = registry.find(table, obj.kind())
        if handler is None:
            self.error(f"{what} is not supported for {obj.describe()}", advice(obj, "Arrays, tuples and lists have items."))
        return handler(self, obj, *rest)

    def attribute(self, obj: Value, name: str) -> Value:
        """``obj.name``: a value, or a `BoundMethod`."""
        from jitpy.frontend.library.control import attribute

        return attribute(self, obj, name)

    def iterate(self, obj: Value) -> Iterator:
        """``iter(obj)``."""
        handler = registry.find(registry.iterate, obj.kind())
        if handler is None:
            if isinstance(obj, Iterator):
                return obj
            self.error(f"{obj.describe()} is not iterable here", advice(obj, "Iterate over range(n), arrays, lists and tuples."))
        result: Iterator = handler(self, obj)
        return result

    def unpack(self, obj: Value, n: int) -> list[Value] | None:
        """``a, b, ... = obj`` for ``n`` names; None after raising ValueError for the wrong length."""
        handler = registry.find(registry.unpack, obj.kind())
        if handler is None:
            self.error(f"cannot unpack {obj.describe()}")
        result: list[Value] | None = handler(self, obj, n)
        return result

    # -- calls ----------------------------------------------------------------------------------------------------------------

    def call(self, callee: Value, args: Sequence[Value], kwargs: Mapping[str, Value] | None = None) -> Value:
        """Call any abstract value."""
        from jitpy.frontend.library.functions import call

        return call(self, callee, list(args), dict(kwargs or {}))

    def call_python(
        self, function: Any, args: Sequence[Value], kwargs: Mapping[str, Value] | None = None, inline: bool | None = None
    ) -> Value:
        """Call a Python function: inlined when small (or ``inline``), else through a kernel specialised to these arguments.

        Library code refuses what it lacks with ``raise NotImplementedError("what: advice")``. Where that is certain while compiling
        (no path returns), it is this call's compile error; where it hangs on a number, the exception is raised when it comes there.
        """
        from jitpy.frontend.library.functions import Outcomes, call_function

        f = self.frame
        self.refusal = ""
        try:
            result = call_function(self, function, list(args), dict(kwargs or {}), inline)
        except SourceError as error:
            if error.filename.startswith(LIBRARY) and not f.code.co.co_filename.startswith(LIBRARY):
                raise SourceError(error.message, error.hint, f.code.co, f.position()) from None  # where the user called
            raise
        if result.__class__ is Outcomes and not result.ends:
            what, _, hint = self.refusal.partition(": ")
            name = getattr(function, "__name__", "the function")
            what = what or f"{name}() raises on every path with these arguments; this use needs a value"
            self.error(what, hint and f"{hint[0].upper()}{hint[1:]}.")
        if result.__class__ is UnionVal or result.__class__ is Outcomes:
            self.error("the called function returns different types on different paths; this use needs one")
        return result


def _same_bits(table: Any, name: str, t: Any, other: Value) -> bool:
    """Whether ``x name other`` gives the same bits for a NumPy number x of type ``t`` and its Python twin, and neither raises."""
    u = getattr(other, "type", None)
    if u.__class__ is not ty.Scalar:
        return False
    if table is registry.compare:
        return bool(u.kind == t.kind and u.bits == t.bits)
    return bool(t.kind == "f" and u is ty.py_float and name in ("+", "-", "*"))
