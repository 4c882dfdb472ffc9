"""``cfunc``: a Python function as a C function pointer, for libraries that take callbacks.

    @cfunc("float64(float64)")
    def f(x): return x * x

    f.address    an int: double (*)(double)        f.ctypes, f.cffi    the same as function pointers

The C function has the signature's types: numbers by value (bool as ``uint8_t``), a result of type void as no result. It may be
called from any thread, with or without the GIL. C cannot be told of an exception: it is printed, as Python prints those of
`__del__` (`sys.unraisablehook`), and zero is returned. What it reads from outside is as it was when it was made.

The C function is an adapter, written here as CLIF: it makes the kernel's context, calls the kernel, and loads the result.
"""

from __future__ import annotations

import weakref

from jitpy import signatures as signature_syntax
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I32, I64
from jitpy.cabi import STACK_BYTES, c_scalar
from jitpy.decorators import jit
from jitpy.frontend.types import types as ty
from jitpy.runtime import record as rec
from jitpy.runtime.assembler import Assembler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType
    from typing import Any

    from jitpy.backend.ir.function import Function
    from jitpy.compiler import Overload


#: Function pointer -> what must live as long as it.
_exported: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def cfunc(signature: Any, **options: Any) -> Any:
    """Decorator: compile a function as a C callback of this signature, ``"float64(float64, int32)"``.

    Options are those of `jit`. Returns a `Callback`. Raises SignatureError where the signature is not of numbers or says no result.
    """
    parsed = signature_syntax.parse(signature)

    def decorate(function: FunctionType) -> Callback:
        return Callback(function, parsed, options)

    return decorate


class Callback:
    """A compiled callback; its code lives as long as this object. Called from Python it is the Python function."""

    def __init__(self, function: FunctionType, signature: Any, options: dict[str, Any]) -> None:
        if signature.returns is None or not all(_is_number(s) for s in signature.args):
            raise signature_syntax.SignatureError(f"cfunc: {signature} is not written 'result(arguments)' with numbers")
        self.py_func = function
        for name in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(self, name, getattr(function, name, None))
        self.__wrapped__ = function
        self.native_name = function.__name__ if function.__name__.isidentifier() else "callback"
        self.signature = signature
        self.jitted = jit(signature, **options)(function)
        (overload,) = self.jitted.overloads.values()
        self._overload: Overload = overload
        results = overload.module.result_types
        if len(results) > 1 or (results and results[0] is not ty.none and not _is_real(results[0])):
            raise UnsupportedError(f"{function.__name__} gives {' or '.join(map(str, results))}; a C callback gives one number")
        self._result = results[0] if results else ty.none
        self._loaded = _load(self.native_name, overload, self._result)
        #: The address of the C function.
        self.address: int = self._loaded.symbols[self.native_name]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.py_func(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<C callback {self.native_name}, {self.signature}>"

    @property
    def declaration(self) -> str:
        """The C declaration."""
        params = ", ".join([_c_type(t) for t in self._overload.types]) or "void"
        return f"{_c_type(self._result)} {self.native_name}({params})"

    @property
    def cffi(self) -> Any:
        """A cffi function pointer."""
        from cffi import FFI

        ffi = FFI()
        params = self.declaration.partition("(")[2]
        pointer = ffi.cast(f"{_c_type(self._result)} (*)({params}", self.address)
        _exported[pointer] = self
        return pointer

    @property
    def ctypes(self) -> Any:
        """A ctypes function pointer, which can be called and passed on."""
        import ctypes

        names = [_c_type(t) for t in (self._result, *self._overload.types)]
        kinds: list[Any] = [None if n == "void" else getattr(ctypes, "c_" + n.removesuffix("_t")) for n in names]
        pointer = ctypes.CFUNCTYPE(*kinds)(self.address)
        pointer.callback = self  # type: ignore[attr-defined]  # its code lives as long
        return pointer

    def inspect_asm(self) -> Any:
        """The kernel's machine code."""
        return self.jitted.inspect_asm()


def _is_number(spec: Any) -> bool:
    return _is_real(spec.admits[0])


def _is_real(t: ty.Type) -> bool:
    return isinstance(t, ty.Scalar) and t.kind != "c" and not (t.kind == "f" and t.bits == 16)


def _c_type(t: ty.Type) -> str:
    return c_scalar(t) if isinstance(t, ty.Scalar) else "void"


def _load(name: str, overload: Overload, result: ty.Type) -> Any:
    from jitpy.runtime import helpers, memory
    from jitpy.runtime.codegen import machine_code

    image = memory.Image.of(machine_code([make_callback(name, overload.types, result)]))
    return memory.load(image, lambda n: overload.kernel if n == "$kernel" else helpers.resolve(n), overload)


def make_callback(name: str, types: tuple[ty.Type, ...], result: ty.Type) -> Function:
    """The CLIF function ``name`` with C's plain signature around the kernel ``$kernel``."""
    returns = result.flat[:1]
    a = Assembler(name, tuple(f for t in types for f in t.flat), returns)
    values = a.arguments()
    context, record = a.slot_address(a.slot(rec.CTX_BYTES)), a.slot_address(a.slot(8 * (1 + len(result.flat))))
    zero = a.iconst(0)
    stack = a.func.value(a.block, (op.GET_STACK_POINTER, I64, None), I64)
    a.store(a.binary(op.ISUB, stack, a.iconst(STACK_BYTES)), context, rec.CTX_STACK_LIMIT)
    a.store(a.iconst(1 << 62), context, rec.CTX_COUNTDOWN)
    for offset in (rec.CTX_TRACE_COUNT, rec.CTX_BLOCKS):
        a.store(zero, context, offset)
    a.store(a.iconst(rec.FLAG_NOGIL), context, rec.CTX_FLAGS)
    status = a.call("$kernel", (I64, I64, *(f for t in types for f in t.flat)), (I32,), context, record, *values)
    failed, done = a.label(cold=True), a.label()
    a.leave_if(status, failed)
    a.jump(done)
    a.at(failed)
    a.call("jitpy_unraisable", (I64, I32), (), context, status)
    for k in range(len(returns)):
        a.store(zero, record, 8 + 8 * k)
    a.jump(done)
    a.at(done)
    a.ret(*[a.load(f, record, 8 + 8 * k) for k, f in enumerate(returns)])
    return a.func
