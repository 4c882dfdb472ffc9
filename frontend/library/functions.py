"""Calls: what is called, how arguments meet parameters, inlining, kernels of their own, closures, and what is read from outside."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir.types import I32, I64
from jitpy.frontend.bytecode.flow import code_of
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.library import registry
from jitpy.frontend.library.binding import bind
from jitpy.frontend.library.declared import declared_arguments, declared_local, declared_result
from jitpy.frontend.library.registry import is_library
from jitpy.frontend.translate.exceptions import land
from jitpy.frontend.translate.frame import Edge, Frame
from jitpy.frontend.translate.function_options import FunctionOptions
from jitpy.frontend.translate.kernel import Kernel, shape_type
from jitpy.frontend.translate.state import convert, join, runtime_shape
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import (
    UNBOUND,
    BoundMethod,
    Compound,
    Const,
    EitherVal,
    FunctionVal,
    Iterator,
    MaybeUnbound,
    TupleVal,
    UnionVal,
    Val,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator

#: Functions of at most this many instructions are inlined (with loops: half), to this depth.
INLINE_SIZE = 80
INLINE_DEPTH = 8
#: A kernel grown beyond this many instructions inlines no more.
INLINE_LIMIT = 6000

_CO_GENERATOR, _CO_ASYNC = 32 | 128 | 512, 128 | 512


class Outcomes(Value):
    """What a call may come back with: (block, value) pairs of different types; none: it never returns."""

    __slots__ = ("ends",)

    def __init__(self, ends: list[tuple[int, Value]]) -> None:
        self.ends = ends


class Raisable(Compound):
    """An exception made but not raised yet."""

    __slots__ = ("arguments", "exc_class")

    def __init__(self, exc_class: type[BaseException], arguments: tuple[Value, ...]) -> None:
        self.exc_class = exc_class
        self.arguments = arguments

    def children(self) -> tuple[Value, ...]:
        return self.arguments

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return Raisable(self.exc_class, children)

    def static(self) -> Any:
        return id(self.exc_class)

    def describe(self) -> str:
        return self.exc_class.__name__


# -- the outside ---------------------------------------------------------------------------------------------------------------


def outside_value(tr: Translator, obj: Any) -> Value:
    """The abstract value of an object from outside the kernel: a constant, a global, a cell, a default."""
    cls = obj.__class__
    if isinstance(obj, tuple) and hasattr(cls, "_fields") and cls.__mro__[1] is tuple:
        return TupleVal(tuple([outside_value(tr, item) for item in obj]), cls)
    if cls is tuple:
        return TupleVal(tuple([outside_value(tr, item) for item in obj]))
    if cls is slice:
        from jitpy.frontend.values import SliceVal

        return SliceVal(*[outside_value(tr, x) for x in (obj.start, obj.stop, obj.step)])
    if cls.__name__ == "ndarray" and cls.__module__ == "numpy":
        return global_array(tr, obj)
    if cls.__name__ in ("Random", "RandomState", "Generator"):
        from jitpy.frontend.library.random.sources import from_outside

        return from_outside(tr, obj) or Const(obj)
    return Const(obj)


def load_global(tr: Translator, namespace: dict[str, Any], name: str) -> Value:
    """A global or builtin name, guarded."""
    if name in namespace:
        obj = namespace[name]
        tr.guard("global", namespace, name, obj)
        return outside_value(tr, obj)
    builtins = namespace.get("__builtins__")
    table = builtins.__dict__ if isinstance(builtins, ModuleType) else builtins
    if table is None:
        import builtins as module

        table = module.__dict__
    if name in table:
        tr.guard("builtin", namespace, name, table[name])
        return Const(table[name])
    tr.error(f"name {name!r} is not defined", "Define it before the first call.")


def global_array(tr: Translator, array: Any) -> Value:
    """A global array: its fields are read from the live object each time the kernel runs."""
    dtype = ty.BY_DTYPE_NAME.get(array.dtype.name)
    if dtype is None or not array.dtype.isnative:
        tr.error(f"arrays of {array.dtype} are not supported", "Convert the array to a native number type.")
    flags = array.flags
    layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
    t = ty.array_of(dtype, array.ndim, layout, not flags.writeable)
    cached = tr.kernel.global_arrays.get(id(array))
    if cached is not None:
        return Val(t, cached)
    arrays = tr.kernel.global_arrays
    tr.journal.append(lambda: arrays.pop(id(array), None))
    saved = tr.open_entry()
    at = tr.symbol_address(tr.module.constant(array))
    data = tr.load(I64, at, 16)
    dims, strides = tr.load(I64, at, 32), tr.load(I64, at, 40)
    shape = [tr.load(I64, dims, 8 * k) for k in range(array.ndim)]
    steps = [tr.load(I64, strides, 8 * k) for k in range(array.ndim)]
    tr.close_entry(saved)
    ssa = tr.kernel.global_arrays[id(array)] = (at, data, *shape, *steps)
    return Val(t, ssa)


# -- calling -------------------------------------------------------------------------------------------------------------------


def call(tr: Translator, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Call any value. The result may be `Outcomes`."""
    cls = callee.__class__
    if cls is BoundMethod:
        result: Value = callee.handler(tr, [callee.self_value, *args], kwargs)  # type: ignore[attr-defined]
        return result
    if cls is FunctionVal:
        tr.frame.settle_stack()
        return _call_inner(tr, callee, args, kwargs)  # type: ignore[arg-type]
    if cls is Const:
        obj = callee.obj
        handler = registry.find_call(obj)
        if handler is not None:
            for v in (*args, *kwargs.values()):
                if v.__class__ is EitherVal:
                    tr.fork(v)
            result = handler(tr, args, kwargs)
            return result
        if obj.__class__ is FunctionType:
            tr.frame.settle_stack()
            return call_function(tr, obj, args, kwargs, None)
        python = getattr(obj, "py_func", None)
        if python.__class__ is FunctionType:
            tr.frame.settle_stack()
            if hasattr(obj, "jitted"):  # of `vectorize` or `cfunc`: as a function of numbers
                if any(v.kind() is ty.Array for v in args):
                    tr.error(
                        f"the vectorized function {python.__name__} is called with an array in a jitted function",
                        "Call it outside, or write the loop over the elements.",
                    )
                obj = obj.jitted
            return _call_jitted(tr, obj, args, kwargs)
        if isinstance(obj, type) and issubclass(obj, tuple) and hasattr(obj, "_fields"):
            from jitpy.frontend.library.named_tuples import make

            return make(tr, obj, args, kwargs)
        if isinstance(obj, type) and issubclass(obj, BaseException):
            if kwargs:
                tr.error("keyword arguments of exceptions are not supported", "Pass them by position.")
            return Raisable(obj, tuple(args))
        if getattr(obj, "__self__", None) is not None or getattr(obj, "__module__", "").startswith("numpy.random"):
            from jitpy.frontend.library.random.sources import bound

            method = bound(tr, obj)
            if method is not None:
                return call(tr, method, args, kwargs)
    kind_handler = registry.find(registry.call_kinds, callee.kind())
    if kind_handler is not None:
        result = kind_handler(tr, callee, args, kwargs)
        if result is not None:
            return result
    if cls is Const and (getattr(callee.obj, "__module__", None) or "").partition(".")[0] == "numpy":
        from jitpy.frontend.library.numpy_refused import refuse

        refuse(tr, callee.obj)
    tr.error(f"a call of {callee.describe()} is not supported", _call_advice(callee))


_TEXT = "Text can be compared, printed, raised with an exception, and put together in f-strings for these."
_INPUT_OUTPUT = "Do it before or after the call, and pass what was read as arguments."
#: What to do instead of calling these, by name; or by module, with a dot.
_CALL_ADVICE = {
    "str": _TEXT, "repr": _TEXT, "format": _TEXT, "chr": _TEXT, "ord": _TEXT, "hex": _TEXT, "bin": _TEXT,
    "open": _INPUT_OUTPUT, "input": _INPUT_OUTPUT, "os.": _INPUT_OUTPUT, "io.": _INPUT_OUTPUT, "sys.": _INPUT_OUTPUT,
    "time.": "Measure around the call.", "datetime.": "Measure around the call.",
    "eval": "Write the expression out.", "exec": "Write the statements out.",
    "locals": "Name the variables.", "globals": "Name the variables.", "vars": "Name the variables.",
    "getattr": "Write the attribute out: x.name.", "hasattr": "Write the attribute out: x.name.",
    "setattr": "Return the value, or store it in an array.", "super": "Call a function by its name.",
    "set": "Use a sorted array with np.searchsorted, or a bool array as the set's members.",
    "frozenset": "Use a sorted array with np.searchsorted, or a bool array as the set's members.",
    "slice": "Write the slice out: a[i:j].",
    "functools.": "Call the function itself, without the wrapper.",
    "re.": _INPUT_OUTPUT, "json.": _INPUT_OUTPUT,
}  # fmt: skip


def _call_advice(callee: Value) -> str:
    obj = getattr(callee, "obj", None)
    if type(callee) is Const and callable(obj):
        module, name = getattr(obj, "__module__", None), getattr(obj, "__name__", "")
        root = str(module or type(obj).__module__).partition(".")[0].lstrip("_")
        advice = _CALL_ADVICE.get(name) if root == "builtins" else _CALL_ADVICE.get(f"{root}.")
        if advice is not None:
            return advice
        if isinstance(obj, type) and root not in ("builtins", "numpy"):
            return "Objects cannot be made here; use tuples, arrays, or names of their own for the fields."
        if root not in ("builtins", "numpy", "math", "cmath") and not isinstance(obj, type):
            return "Only Python functions, jitted functions, and functions that jitpy knows can be called."
    if type(callee) is Val:
        return "Only functions are called; indices stand in brackets."
    return "Call Python functions, jitted functions, and the functions of math and NumPy that jitpy knows."


def _call_jitted(tr: Translator, dispatcher: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Call a jitted function: with its own options, and under its signatures where it was compiled for these alone."""
    options = getattr(dispatcher, "targetoptions", None)
    signatures = getattr(dispatcher, "_patterns", None)
    if not signatures or not dispatcher._closed or kwargs:
        return call_function(tr, dispatcher.py_func, args, kwargs, None, options)
    declared = declared_arguments(tr, signatures, args)
    if declared is None:
        given = ", ".join([v.describe() for v in args])
        wanted = " or ".join(map(str, signatures))
        tr.raise_(TypeError, f"{dispatcher.__name__} takes {wanted}; it was called with ({given})")
        return Outcomes([])
    args, signature = declared
    result = call_function(tr, dispatcher.py_func, args, kwargs, None, options)
    if signature.returns is None or result.__class__ is Outcomes:
        return result
    return declared_result(tr, result, signature.returns.admits, dispatcher.__name__)


def call_function(
    tr: Translator, function: Any, args: list[Value], kwargs: dict[str, Value], inline: bool | None,
    target_options: Any = None,
) -> Value:  # fmt: skip
    """Call a Python function object (or a jitted one); ``target_options``: its own."""
    if target_options is None:
        target_options = getattr(function, "targetoptions", None)
    function = getattr(function, "py_func", function)
    co = function.__code__
    if not is_library(function.__globals__):
        tr.guard("code", function, co)
        if function.__defaults__ or function.__kwdefaults__:
            tr.guard("defaults", function, function.__defaults__, function.__kwdefaults__)
            for name, default in (function.__kwdefaults__ or {}).items():
                tr.guard("keyword", function, name, default)
    args, kwargs = settled(tr, args, kwargs)
    defaults = tuple([outside_value(tr, d) for d in function.__defaults__ or ()])
    kwdefaults = {k: outside_value(tr, d) for k, d in (function.__kwdefaults__ or {}).items()}
    bound = bind(tr, co, function.__name__, args, kwargs, defaults, kwdefaults)
    if bound is None:
        return Outcomes([])
    free = free_of_function(function)
    options = None if target_options is None else FunctionOptions(target_options)
    return _invoke(tr, co, function.__name__, function.__globals__, free, (), bound, inline, options)


def free_of_function(function: Any) -> Callable[[Translator, str], Value]:
    """Reads a function's closure cells, guarded."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))

    def read(tr: Translator, name: str) -> Value:
        cell = cells[name]
        try:
            obj = cell.cell_contents
        except ValueError:
            tr.error(f"the free variable {name!r} has no value yet", "Call the function after it was assigned.")
        tr.guard("cell", cell, obj)
        return outside_value(tr, obj)

    return read


def settled(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> tuple[list[Value], dict[str, Value]]:
    """Arguments of a Python function, computed before its body runs."""
    return [tr.settle(v) if v.lazy else v for v in args], {k: tr.settle(v) if v.lazy else v for k, v in kwargs.items()}


def _call_inner(tr: Translator, f: FunctionVal, args: list[Value], kwargs: dict[str, Value]) -> Value:
    args, kwargs = settled(tr, args, kwargs)
    bound = bind(tr, f.code, f.name, args, kwargs, f.defaults, f.kwdefaults)
    if bound is None:
        return Outcomes([])
    frame, captured = f.frame, f.captured

    def read(tr: Translator, name: str) -> Value:
        v = captured.get(name)
        if v is None and frame is not None:
            return read_cell(tr, frame, name)
        if v is None:
            tr.error(f"the free variable {name!r} has no value here")
        return v

    at: Frame | None = tr.frame
    recursive = False
    while at is not None:
        recursive = recursive or at.code.co is f.code
        at = at.outer
    if not recursive:
        recursive = f.name in f.code.co_freevars
    if recursive:
        snapshot = capture(frame, f).captured if frame is not None else captured
        fixed = {k: v for k, v in snapshot.items() if not (v.__class__ is FunctionVal and v.code is f.code)}
        return _call_kernel_with_captured(tr, f, fixed, bound)
    code = code_of(f.code)
    if code.written:
        return _inline_writing(tr, f, code, read, bound)
    _not_while_written(tr, f)
    return _invoke(tr, f.code, f.name, f.globals, read, (), bound, True)


def _not_while_written(tr: Translator, f: FunctionVal) -> None:
    """A function that reads a cell which a function that is still running holds as its local cannot be called."""
    at: Frame | None = tr.frame
    while at is not None:
        if at.enclosing is not None and at.enclosing is f.frame:
            for _, name in at.code.written:
                if name in f.code.co_freevars:
                    tr.error(f"{f.name}() uses {name!r}, which {at.name}() assigns by nonlocal and has not returned from")
        at = at.outer


def _inline_writing(tr: Translator, f: FunctionVal, code: Any, read: Any, bound: list[Value]) -> Value:
    """Call an inner function that assigns names of its enclosing function: they go in and come back beside the result."""
    target = f.frame
    if target is None or any(name in target.code.co.co_freevars for _, name in code.written):
        tr.error(f"{f.name}() assigns {code.written[0][1]!r}, a name of a function that was left", "Return the value instead.")
    _not_while_written(tr, f)
    outer = tr.frame
    frame = Frame(tr, code, f.name, f.globals, read, outer, tr.site(None))
    frame.enclosing = target
    frame.locals = [*bound, *[UNBOUND] * (len(code.names) - len(bound))]
    places = [(slot, target.code.names.index(name)) for slot, name in code.written]
    for slot, place in places:
        frame.locals[slot] = target.locals[place]
    _run(tr, frame, outer)
    result = join_ends(tr, frame.returns)
    ends: list[tuple[int, Any]] = list(result.ends) if isinstance(result, Outcomes) else [(tr.bb, result)]
    if len(ends) != 1:
        tr.error(f"{f.name}() returns or assigns different types on different paths", "Give each name one type.")
    block, together = ends[0]
    tr.use(block)
    for (_, place), value in zip(places, together.items[1:], strict=True):
        target.locals[place] = value
    returned: Value = together.items[0]
    return returned


def read_cell(tr: Translator, frame: Frame, name: str) -> Value:
    """The value now of a cell of an enclosing frame."""
    names = frame.code.names
    v = frame.locals[names.index(name)]
    if name in frame.code.co.co_freevars:
        value: Value = frame.free(frame.tr, name)
        return value
    if v is UNBOUND or v.__class__ is MaybeUnbound:
        tr.error(f"the free variable {name!r} may be unbound here", "Assign it before the inner function is called.")
    return v


def capture(frame: Frame, f: FunctionVal) -> FunctionVal:
    """``f`` with the values its cells have now: its frame is left."""
    captured = dict(f.captured)
    for name in f.code.co_freevars:
        if name not in captured:
            names = frame.code.names
            if name in frame.code.co.co_freevars:
                captured[name] = frame.free(frame.tr, name)
            else:
                v = frame.locals[names.index(name)]
                if v.__class__ is FunctionVal and v.code is f.code:
                    captured[name] = FunctionVal(f.code, f.name, f.globals, f.defaults, f.kwdefaults)
                elif v is not UNBOUND and v.__class__ is not MaybeUnbound:
                    captured[name] = v
    return FunctionVal(f.code, f.name, f.globals, f.defaults, f.kwdefaults, None, captured)


def _invoke(
    tr: Translator, co: Any, name: str, namespace: dict[str, Any], free: Callable[[Translator, str], Value],
    captured: tuple[Value, ...], bound: list[Value], inline: bool | None, options: FunctionOptions | None = None,
) -> Value:  # fmt: skip
    code = code_of(co)
    if co.co_flags & _CO_GENERATOR:
        if co.co_flags & _CO_ASYNC:
            tr.error(f"{name} is asynchronous, which is not supported", "Call the kernel from async code instead.")
        from jitpy.frontend.library.generators import start

        return start(code, name, namespace, free, bound)
    frame = tr.frame
    if inline is None and (id(co) in registry.always_inline or (options is not None and options.always)):
        inline = True
    if inline is None:
        inline = (
            code.size <= (INLINE_SIZE // 2 if code.loops else INLINE_SIZE)
            and frame.depth < INLINE_DEPTH
            and len(tr.func.insts) < INLINE_LIMIT
            and name not in co.co_names
            and name not in co.co_freevars
        )
        if not inline and not _can_pass(bound):
            inline = True
    at: Frame | None = frame
    active = 0
    while at is not None:
        active += at.code.co is co
        at = at.outer
    if inline and active:
        inline = False
    if inline and frame.depth > 40:
        tr.error(f"calls nest too deep at {name}()")
    if inline:
        return _inline(tr, code, name, namespace, free, bound, options)
    return _call_kernel(tr, co, name, namespace, free, bound, (co, name), options)


def _can_pass(bound: list[Value]) -> bool:
    return all((v.__class__ is not FunctionVal or v.frame is None) and not isinstance(v, Iterator) for v in bound)


def _inline(
    tr: Translator, code: Any, name: str, namespace: dict[str, Any], free: Callable[[Translator, str], Value], bound: list[Value],
    options: FunctionOptions | None = None,
) -> Value:  # fmt: skip
    outer = tr.frame
    site = tr.site(None)
    frame = Frame(tr, code, name, namespace, free, outer, site, options)
    if frame.options.locals:
        tr.frame = frame
        try:
            bound = [declared_local(tr, v, code.names[slot]) for slot, v in enumerate(bound)]
        finally:
            tr.frame = outer
    frame.locals = [*bound, *[UNBOUND] * (len(code.names) - len(bound))]
    _run(tr, frame, outer)
    return join_ends(tr, frame.returns)


def _run(tr: Translator, frame: Frame, outer: Frame) -> None:
    """Walk an inlined frame."""
    srcloc = tr.srcloc
    tr.frame = frame
    try:
        if 0 in frame.code.loops:
            frame.jump_edge(0, ())
        else:
            frame.ready.append((0, tr.bb, frame.locals, []))
        frame.run()
    finally:
        tr.frame = outer
        tr.srcloc = srcloc
        tr.handler = frame.outer_handler


def join_ends(tr: Translator, returns: list[Edge]) -> Value:
    """One value where the returned values can share a block, else `Outcomes`."""
    if len(returns) == 1:
        edge = returns[0]
        tr.reopen(edge.inst, edge.bb)
        return edge.state[0]
    groups: list[tuple[list[Edge], Value]] = []
    for edge in returns:
        for i, (members, shape) in enumerate(groups):
            joined = join(shape, edge.state[0], tr.compilation.kinds)
            if joined is not None:
                members.append(edge)
                groups[i] = (members, joined)
                break
        else:
            groups.append(([edge], edge.state[0]))
    ends: list[tuple[int, Value]] = []
    for members, shape in groups:
        block = tr.block()
        types = shape.part_types()
        given: list[tuple[int, ...]] = []
        for edge in members:
            v = edge.state[0]
            if not types:
                parts: tuple[int, ...] | None = ()
            elif v.key() == shape.key():
                parts = v.parts()
            else:
                saved = tr.open_before(edge.bb)
                parts = convert(tr, v, shape)
                tr.close_before(saved)
                assert parts is not None
            given.append(parts)  # type: ignore[arg-type]
        # What all edges agree on needs no parameter.
        differ = [k for k in range(len(types)) if len({parts[k] for parts in given}) > 1]
        merged = list(given[0])
        for k in differ:
            merged[k] = tr.param(block, types[k])
        for edge, parts in zip(members, given, strict=True):
            tr.close(edge.inst, 0, block, [parts[k] for k in differ])
        ends.append((block, shape.with_parts(merged) if types else shape))
    if len(ends) == 1:
        tr.use(ends[0][0])
        return ends[0][1]
    return Outcomes(ends)


def _call_kernel_with_captured(tr: Translator, f: FunctionVal, captured: dict[str, Value], bound: list[Value]) -> Value:
    """A recursive inner function: what it captured becomes hidden arguments behind its own."""
    names = tuple(captured)

    def make_free(kernel_values: dict[str, Value]) -> Callable[[Translator, str], Value]:
        def read(tr: Translator, name: str) -> Value:
            v = kernel_values.get(name)
            return v if v is not None else FunctionVal(f.code, f.name, f.globals, f.defaults, f.kwdefaults, None, kernel_values)

        return read

    if any(v.parts() for v in captured.values()):
        tr.error(
            f"the recursive inner function {f.name}() captures values that change",
            f"Pass {', '.join(names)} as arguments, or define the function at module level.",
        )
    return _call_kernel(tr, f.code, f.name, f.globals, make_free(dict(captured)), bound, (f.code, f.name, names))


def _call_kernel(
    tr: Translator, co: Any, name: str, namespace: dict[str, Any], free: Callable[[Translator, str], Value],
    bound: list[Value], identity: Any, options: FunctionOptions | None = None,
) -> Value:  # fmt: skip
    arguments: list[Value] = []
    for v in bound:
        if v.__class__ is EitherVal:
            tr.fork(v)
        v = tr.settle(v)
        if isinstance(v, Iterator):
            tr.error(f"a {v.describe()} cannot be passed to {name}(), which calls itself", "Pass a list.")
        if v.__class__ is FunctionVal and v.frame is not None:
            v = capture(v.frame, v)
        arguments.append(_runtime(tr, v))
    compilation = tr.compilation
    own = options or tr.frame.options.inherited
    key = (identity, own.key, tuple([a.key() for a in arguments]))
    kernel = compilation.kernels.get(key)
    if kernel is None:
        kernel = Kernel(compilation, co, name, namespace, free, tuple(arguments), own)
        compilation.kernels[key] = kernel
        kernel.translate()
        compilation.kernels.setdefault(key, kernel)
    shapes = kernel.result_shapes()
    tr.refusal = kernel.refusal
    if shapes is None:
        tr.kernel.incomplete = kernel.incomplete = True
        tr.kernel.waits = tr.kernel.waits or kernel is not tr.kernel
        if tr.handler is not None:  # what handlers return counts, too
            land(tr, tr.iconst(1, I32), tr.site(None))
        else:
            tr.never()
        return Outcomes([])
    if kernel is not tr.kernel and not kernel.done:
        tr.kernel.incomplete = tr.kernel.incomplete or kernel.incomplete
    flat = tuple([p for a in arguments for p in a.parts()])
    types = [s.part_types() for s in shapes]
    results: list[int] = [I64]
    for t in types:
        results.extend(t)
    site, variants = tr.site(None), tuple([tuple(t) for t in types])
    if tr.handler is None:
        values = tr.op_n(fo.CALL_KERNEL, results, *flat, imm=(kernel.name, site, variants))
    else:
        status, *rest = tr.op_n(fo.CALL_KERNEL, [I32, *results], *flat, imm=(kernel.name, site, variants, True))
        values = tuple(rest)
        failed, fine = tr.block(), tr.block()
        tr.brif(status, failed, (), fine, ())
        tr.use(failed)
        land(tr, status, site)
        tr.use(fine)
    at = 1
    found: list[Value] = []
    for shape, t in zip(shapes, types, strict=True):
        found.append(shape.with_parts(values[at : at + len(t)]) if t else shape)
        at += len(t)
    if not found:
        tr.never()
        return Outcomes([])
    if len(found) == 1:
        return found[0]
    return split_union(tr, UnionVal(values[0], tuple(found)))


def split_union(tr: Translator, union: Any) -> Outcomes:
    """The alternatives of a `UnionVal`, each in a block of its own."""
    ends: list[tuple[int, Value]] = []
    width = tr.func.value_types[union.tag]
    for i, option in enumerate(union.options[:-1]):
        taken, other = tr.block(), tr.block()
        tr.brif(tr.icmp("eq", union.tag, tr.iconst(i, width)), taken, (), other, ())
        ends.append((taken, option))
        tr.use(other)
    ends.append((tr.bb, union.options[-1]))
    return Outcomes(ends)


def _runtime(tr: Translator, v: Value) -> Value:
    """``v`` with its numbers as run-time values."""
    shape = runtime_shape(v)
    if shape is v:
        return v
    parts = convert(tr, v, shape)
    assert parts is not None
    return shape.with_parts(parts)


def raise_key_error(tr: Translator, key: Value) -> None:
    """``raise KeyError(key)``; ends the block."""
    from jitpy.frontend.library.control import raise_value

    raise_value(tr, Raisable(KeyError, (key,)))


def result_value(tr: Translator, v: Value) -> Value:
    """A value as it is returned from a kernel: settled, its numbers at run time."""
    if v.__class__ is EitherVal:
        tr.fork(v)
    v = tr.settle(v)
    if v.__class__ is TupleVal:
        return TupleVal(tuple([result_value(tr, i) for i in v.items]), v.cls)
    if v.kind().__name__ == "Keywords":
        return v.rebuild(tuple([result_value(tr, i) for i in v.children()]))  # type: ignore[attr-defined, no-any-return]
    if v.__class__ is Const:
        t = v.type
        if t is ty.none:
            return v
        if t is ty.string:
            return constant_string(tr, v.obj)
        if t.__class__ is ty.Scalar:
            v = _runtime(tr, v)
            if v.__class__ is Const:
                tr.val(v)  # the error about 64 bits
            return v
        tr.error(f"returning a {v.describe()} is not supported", "Return numbers, arrays, tuples or lists.")
    if v.__class__ is not Val:
        if v.describe() == "formatted str":
            tr.error("a formatted str cannot be returned or kept", "It can be printed, asserted, and raised with an exception.")
        tr.error(f"returning a {v.describe()} is not supported", "Return numbers, arrays, tuples or lists.")
    return v


def constant_string(tr: Translator, text: str) -> Val:
    """A str known at compile time as a run-time value: the live object and where its characters are."""
    import sys

    widest = max(map(ord, text), default=0)
    kind = 1 if widest < 256 else 2 if widest < 65536 else 4
    header = sys.getsizeof("") - 1 if widest < 128 else sys.getsizeof(chr(0x3B1)) - 4
    obj = tr.symbol_address(tr.module.constant(text))
    return Val(ty.string, (obj, tr.op(0 + _iadd(), I64, obj, tr.iconst(header)), tr.iconst(len(text)), tr.iconst(kind)))


def _iadd() -> int:
    from jitpy.backend.ir.opcodes import IADD

    return IADD


__all__ = ["Outcomes", "Raisable", "call", "call_function", "outside_value", "shape_type"]
