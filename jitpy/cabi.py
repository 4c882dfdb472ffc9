"""The C face of a kernel: ``int32_t name(result *, arguments...)``, for ``f.cffi`` and for cross-compiled libraries.

Numbers are passed as C has them (bool as ``uint8_t``, a complex number as two arguments), arrays as pointers to

    typedef struct { double *data; int64_t shape[2]; int64_t strides[2]; void *owner; } jitpy_array_float64_2d;

with strides in bytes; ``owner`` is for results that the kernel allocated and is NULL otherwise. The result is written
through the first argument: a number, such a struct, or for a tuple a struct of its items ``f0``, ``f1`` ... Nonzero
is returned where Python would raise. An adapter, written here as CLIF, makes the kernel's context, unpacks the
structs and copies the result.
"""

from __future__ import annotations

import weakref

from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ir
from jitpy.backend.ir.types import I32, I64
from jitpy.frontend.types import types as ty
from jitpy.runtime import record as rec
from jitpy.runtime.assembler import Assembler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from jitpy.backend.ir.function import Function

_C_NAMES = {
    "b": {8: "uint8_t"}, "i": {8: "int8_t", 16: "int16_t", 32: "int32_t", 64: "int64_t"},
    "u": {8: "uint8_t", 16: "uint16_t", 32: "uint32_t", 64: "uint64_t"},
    "f": {16: "uint16_t", 32: "float", 64: "double"},
}  # fmt: skip
#: Words that C or C++ keeps for itself and Python does not: no names of functions or parameters.
WORDS = frozenset((
    "alignas", "alignof", "asm", "auto", "bool", "case", "catch", "char", "char8_t", "char16_t", "char32_t", "concept", "const",
    "const_cast", "consteval", "constexpr", "constinit", "co_await", "co_return", "co_yield", "decltype", "default", "delete",
    "do", "double", "dynamic_cast", "enum", "explicit", "export", "extern", "false", "float", "friend", "goto", "inline", "int",
    "long", "mutable", "namespace", "new", "noexcept", "nullptr", "operator", "private", "protected", "public", "register",
    "reinterpret_cast", "requires", "restrict", "short", "signed", "sizeof", "static", "static_assert", "static_cast", "struct",
    "switch", "template", "this", "thread_local", "throw", "true", "typedef", "typeid", "typename", "typeof", "union", "unsigned",
    "using", "virtual", "void", "volatile", "wchar_t", "and_eq", "bitand", "bitor", "compl", "not_eq", "or_eq", "xor", "xor_eq",
))  # fmt: skip
#: What a call from C may use of its stack: the adapter does not know the thread's.
STACK_BYTES = 256 << 10

#: Function pointer -> what must live as long as it.
_exported: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def c_scalar(t: ty.Scalar) -> str:
    """The C type of a real number."""
    return _C_NAMES[t.kind][t.bits]


def struct_name(t: ty.Array) -> str:
    """The name of an array type's struct."""
    return f"jitpy_array_{t.dtype.name.rstrip('_')}_{t.ndim}d"


def _fields(t: ty.Type, name: str) -> list[str]:
    """Members of a struct that hold a value."""
    if isinstance(t, ty.Scalar):
        if t.kind == "c":
            part = "double" if t.bits == 128 else "float"
            return [f"{part} {name}_real;", f"{part} {name}_imag;"]
        return [f"{c_scalar(t)} {name};"]
    if isinstance(t, ty.Array):
        return [f"{struct_name(t)} {name};"]
    if isinstance(t, ty.NoneType):
        return []
    if isinstance(t, ty.Tuple):
        return [line for i, item in enumerate(t.items) for line in _fields(item, f"{name}_{i}")]
    raise UnsupportedError(f"{t} has no C form")  # `declare` says where


def declarations(name: str, types: tuple[ty.Type, ...], result: ty.Type) -> str:
    """C declarations of the structs and of the function."""
    return "\n".join([*structs((*types, result)).values(), declare(name, types, result)])


def structs(types: tuple[ty.Type, ...]) -> dict[str, str]:
    """The structs of the arrays in these types, one for all layouts: name -> declaration."""
    found: dict[str, str] = {}
    for array in arrays(types):
        element = "void" if array.dtype.kind == "c" else c_scalar(array.dtype)
        extent = f"[{max(array.ndim, 1)}]"
        members = f"{element} *data; int64_t shape{extent}; int64_t strides{extent}; void *owner;"
        found[struct_name(array)] = f"typedef struct {{ {members} }} {struct_name(array)};"
    return found


def declare(name: str, types: tuple[ty.Type, ...], result: ty.Type, names: list[str] | None = None) -> str:
    """The function's declaration, below that of its result's struct; ``names``: of its parameters.

    Raises UnsupportedError for a type that has no C form."""
    lines = []
    items = result.items if isinstance(result, ty.Tuple) else ()
    try:
        fields = [f for i, item in enumerate(items) for f in _fields(item, f"f{i}")]
    except UnsupportedError:
        raise _no_form(name, "the result", result, "return") from None
    if fields:
        lines.append(f"typedef struct {{ {' '.join(fields)} }} {name}_result;")
        out = f"{name}_result *"
    elif isinstance(result, ty.Array):
        out = f"{struct_name(result)} *"
    elif isinstance(result, ty.Scalar):
        out = f"{c_scalar(result)} *" if result.kind != "c" else "double *" if result.bits == 128 else "float *"
    elif not result.flat:
        out = "void *"
    else:
        raise _no_form(name, "the result", result, "return")
    params = [out if names is None else f"{out}result"]
    for i, t in enumerate(types):
        try:
            params += _parameters(t, "" if names is None else names[i])
        except UnsupportedError:
            raise _no_form(name, f"argument {i + 1}", t, "pass") from None
    lines.append(f"int32_t {name}({', '.join(params)});")
    return "\n".join(lines)


def _no_form(name: str, what: str, t: ty.Type, verb: str) -> UnsupportedError:
    return UnsupportedError(f"{name}: {what} is of type {t}, which has no C form: {verb} numbers, arrays, or tuples of these")


def arrays(types: Sequence[ty.Type]) -> list[ty.Array]:
    """The array types among these, and in tuples of them."""
    found: list[ty.Array] = []
    for t in types:
        if isinstance(t, ty.Array):
            found.append(t)
        elif isinstance(t, ty.Tuple):
            found += arrays(t.items)
    return found


def _parameters(t: ty.Type, name: str) -> list[str]:
    """Parameters that hold a value, called so if there is a name."""
    if isinstance(t, ty.Array):
        return [f"const {struct_name(t)} *{name}"]
    if isinstance(t, ty.Tuple):
        return [p for i, item in enumerate(t.items) for p in _parameters(item, name and f"{name}_{i}")]
    fields = [line[:-1] for line in _fields(t, name or "x")]
    return fields if name else [line.rpartition(" ")[0] for line in fields]


def make_adapter(
    name: str, kernel: str, types: tuple[ty.Type, ...], result: ty.Type, *, freestanding: bool = False
) -> Function:
    """The CLIF function ``name`` with the C interface around the kernel ``kernel``.

    ``freestanding``: the kernel lies beside it, polls nothing and checks no stack; the status says which site raised.
    """
    params: list[int] = [I64]
    for t in types:
        params += _flat_parameters(t)
    a = Assembler(name, tuple(params), (I32,))
    a.func.sig.returns[0].extension = "sext"  # as some conventions want ints returned
    out, *values = a.arguments()
    flats: list[int] = []
    incoming = iter(values)
    for t in types:
        flats += _unpack(a, t, incoming)
    context_slot, record_slot = a.slot(rec.CTX_BYTES), a.slot(8 * (1 + len(result.flat)))
    context, record = a.slot_address(context_slot), a.slot_address(record_slot)
    if not freestanding:
        stack = a.func.value(a.block, (op.GET_STACK_POINTER, I64, None), I64)
        a.store(a.binary(op.ISUB, stack, a.iconst(STACK_BYTES)), context, rec.CTX_STACK_LIMIT)
        a.store(a.iconst(1 << 62), context, rec.CTX_COUNTDOWN)
        a.store(a.iconst(0), context, rec.CTX_BLOCKS)
        a.store(a.iconst(rec.FLAG_NOGIL), context, rec.CTX_FLAGS)
    a.store(a.iconst(0), context, rec.CTX_TRACE_COUNT)
    signature = (I64, I64, *(f for t in types for f in t.flat))
    status = a.call(kernel, signature, (I32,), context, record, *flats)
    a.func.ext_funcs[-1].colocated = freestanding
    failed = a.label(cold=True)
    a.leave_if(status, failed)
    _copy_result(a, result, record, 8, out, 0)
    a.ret(status)
    a.at(failed)
    if freestanding:  # sites are multiples of 8 from 0
        site = a.load(I64, context, rec.CTX_SITE)
        number = a.binary(op.IADD, a.binary(op.USHR, site, a.iconst(3)), a.iconst(1))
        status = a.func.value(a.block, (op.IREDUCE, I32, None, number), I32)
    a.ret(status)
    return a.func


def _flat_parameters(t: ty.Type) -> list[int]:
    if isinstance(t, ty.Array):
        return [I64]
    if isinstance(t, ty.Tuple):
        return [p for item in t.items for p in _flat_parameters(item)]
    return [ir.as_int(f) if f == ir.F16 else f for f in t.flat]  # C has no 16-bit float: its bits


def _unpack(a: Assembler, t: ty.Type, incoming: Any) -> list[int]:
    if isinstance(t, ty.Array):
        at = next(incoming)
        words = max(t.ndim, 1)
        owner = a.load(I64, at, 8 + 16 * words)
        shape = [a.load(I64, at, 8 + 8 * i) for i in range(t.ndim)]
        strides = [a.load(I64, at, 8 + 8 * (words + i)) for i in range(t.ndim)]
        return [owner, a.load(I64, at), *shape, *strides]
    if isinstance(t, ty.Tuple):
        return [v for item in t.items for v in _unpack(a, item, incoming)]
    values = []
    for f in t.flat:
        value = next(incoming)
        if f == ir.F16:
            value = a.func.value(a.block, (op.BITCAST, f, 0, value), f)
        values.append(value)
    return values


def _copy_result(a: Assembler, t: ty.Type, record: int, slot: int, out: int, offset: int) -> tuple[int, int]:
    """Copy a value's slots to a C layout; the next slot and offset."""
    if isinstance(t, ty.Tuple):
        for item in t.items:
            slot, offset = _copy_result(a, item, record, slot, out, offset)
        return slot, offset
    if isinstance(t, ty.Array):
        offset = -(-offset // 8) * 8
        words = max(t.ndim, 1)
        places = [8 + 16 * words, 0, *(8 + 8 * i for i in range(t.ndim)), *(8 + 8 * (words + i) for i in range(t.ndim))]
        for i, place in enumerate(places):
            a.store(a.load(I64, record, slot + 8 * i), out, offset + place)
        return slot + 8 * len(t.flat), offset + 16 + 16 * words
    for f in t.flat:
        size = ir.BYTES[f]
        offset = -(-offset // size) * size
        plain = ir.as_int(f)
        a.store(a.load(plain, record, slot), out, offset)
        slot, offset = slot + 8, offset + size
    return slot, offset


def only_result(name: str, results: tuple[ty.Type, ...]) -> ty.Type:
    """The one type of a function's result as C sees it: an int and an int64 are the same, what always raises returns None.
    UnsupportedError otherwise."""
    if not results:
        return ty.none
    forms = {(t.flat, declarations(name, (), t)) for t in results}
    if len(forms) != 1:
        kinds = " or ".join(dict.fromkeys(map(str, results)))
        raise UnsupportedError(f"{name} returns {kinds}, and C needs one type on all paths; convert the results in the function")
    return results[0]


def export(dispatcher: Any) -> Any:
    """A cffi function pointer to the one overload of a jitted function; it keeps the function alive.

    The code behind it lives as long as the function: C code may have kept the bare address.
    """
    overloads = list(dispatcher.overloads.values())
    if len(overloads) != 1:
        raise CompileError(
            f"{dispatcher.__name__}.cffi needs exactly one signature, and there are {len(overloads)}: "
            "decorate with @jit('...')"
        )
    overload = overloads[0]
    result = only_result(dispatcher.__name__, overload.module.result_types)
    name = dispatcher.__name__ if dispatcher.__name__.isidentifier() else "kernel"
    from cffi import FFI

    loaded = overload.adapter
    if loaded is None:
        from jitpy.runtime import helpers, memory
        from jitpy.runtime.codegen import machine_code

        adapter = make_adapter(name, "$kernel", overload.types, result)
        resolve = {"$kernel": overload.kernel}
        loaded = overload.adapter = memory.load(
            memory.Image.of(machine_code([adapter])),
            lambda n: resolve[n] if n in resolve else helpers.resolve(n),
            overload,
        )
    ffi = FFI()
    text = declarations(name, overload.types, result)
    ffi.cdef(text.replace(f"int32_t {name}(", f"typedef int32_t {name}_t("))
    pointer = ffi.cast(f"{name}_t *", loaded.symbols[name])
    _exported[pointer] = (loaded, dispatcher, ffi)
    return pointer
