"""Kernels: functions of the module under construction, one per Python function and types of its arguments.

`Compilation` holds what is shared: the module, the kernels by key, shapes learnt for loops. `Kernel.translate` walks the function
into typed IR. A recursive call needs the result types of a kernel that is still being translated: the path of such a call is
first left out, which gives the types of the paths that do not recurse; then the kernel is translated again with these assumed,
until they hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir.function import AbiParam, Function, Signature
from jitpy.backend.ir.types import I32, I64
from jitpy.frontend.bytecode.flow import code_of
from jitpy.frontend.errors import SourceError
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.library.declared import declared_local
from jitpy.frontend.translate.frame import Frame
from jitpy.frontend.translate.translator import Translator
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import UNBOUND, Const, TupleVal, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jitpy.frontend.module import KernelModule
    from jitpy.frontend.translate.function_options import FunctionOptions

_MAX_NESTED = 40
_MAX_ROUNDS = 6


class Compilation:
    """One run of the frontend."""

    __slots__ = ("depth", "kernels", "kinds", "module", "names", "options", "widened")

    def __init__(self, module: KernelModule, options: Mapping[str, Any], kinds: bool = False) -> None:
        self.module = module
        self.kinds = kinds  # join Python's and NumPy's numbers of equal bits (`state.join`)
        self.options = options
        self.kernels: dict[Any, Kernel] = {}
        self.widened: dict[Any, tuple[Value, ...]] = {}
        self.names: dict[str, int] = {}
        self.depth = 0

    def unique_name(self, name: str) -> str:
        """A name for a kernel: the function's, numbered after the first."""
        name = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
        count = self.names.get(name, 0)
        self.names[name] = count + 1
        return f"{name}.{count}" if count else name


class Kernel:
    """One function of the module: what it is a translation of, its result's variants, its typed IR."""

    __slots__ = (
        "arguments",
        "assumed",
        "bounds",
        "calls",
        "co",
        "compilation",
        "counted",
        "declared",
        "done",
        "free",
        "func",
        "function_name",
        "global_arrays",
        "globals",
        "headers",
        "incomplete",
        "name",
        "options",
        "refusal",
        "stepped",
        "variants",
        "waits",
        "written",
    )  # fmt: skip

    def __init__(
        self, compilation: Compilation, co: Any, name: str, globals: dict[str, Any], free: Callable[[Translator, str], Value],
        arguments: tuple[Value, ...], options: FunctionOptions,
    ) -> None:  # fmt: skip
        self.compilation = compilation
        self.co = co
        self.function_name = name
        self.name = compilation.unique_name(name)
        self.globals = globals
        self.free = free
        self.options = options
        self.arguments = arguments  # shapes of the parameters, in the order of the code's local slots
        self.variants: list[Value] = []
        self.assumed: list[Value] | None = None
        self.incomplete = False
        self.waits = False  # on the result types of a caller
        self.global_arrays: dict[int, tuple[int, ...]] = {}
        #: Values that the user's operators made under fastmath, with its flags.
        self.written: dict[int, frozenset[str]] = {}
        self.refusal = ""  # what it said if it is library code that refuses its arguments (`Translator.call_python`)
        self.done = False
        self.declared: tuple[ty.Type, ...] = ()  # what the signature says of the result; nothing: anything
        self.func: Function = None  # type: ignore[assignment]
        self.counted: dict[int, tuple[int, int, int, int]] = {}
        self.stepped: dict[int, tuple[int, int, int, int]] = {}
        self.headers: dict[int, bool] = {}
        self.bounds: dict[int, tuple[int, int]] = {}

    def result_shapes(self) -> list[Value] | None:
        """The variants of the result as a caller may rely on them; None while nothing is known."""
        return self.variants if self.done else self.assumed

    def recursion_site(self) -> int:
        """The site of the RecursionError that the kernel raises when the stack is at its limit."""
        return self.compilation.module.site(
            self.function_name, self.co.co_filename, self.co.co_firstlineno, RecursionError, ("maximum recursion depth exceeded",)
        )

    def translate(self) -> None:
        """Fill in ``func``; see the module's docstring for recursion."""
        c = self.compilation
        if c.depth > _MAX_NESTED:
            raise SourceError(f"calls nest deeper than {_MAX_NESTED} functions at {self.function_name!r}", "", self.co)
        c.depth += 1
        started = len(c.kernels)
        try:
            for _ in range(_MAX_ROUNDS):
                self._translate_once()
                found = [v.key() for v in self.variants]
                assumed = None if self.assumed is None else [v.key() for v in self.assumed]
                if not self.incomplete and (assumed is None or assumed == found):
                    break
                if not self.variants and self.waits:
                    break
                if not self.variants:
                    raise SourceError(
                        f"{self.function_name!r} calls itself on every path, so the type of its result is unknown",
                        "Give it a path that returns without a recursive call.",
                        self.co, (self.co.co_firstlineno, None, None, None),
                    )  # fmt: skip
                if assumed == found:
                    break
                self.assumed = list(self.variants)
                for key in list(c.kernels)[started:]:  # they relied on what was not known
                    del c.kernels[key]
            else:
                raise SourceError(f"the result type of the recursive function {self.function_name!r} does not settle", "", self.co)
        finally:
            c.depth -= 1
        self.done = True

    def _translate_once(self) -> None:
        self.variants = list(self.assumed or ())
        self.incomplete = False
        self.global_arrays = {}
        self.written = {}
        types = [I64, I64]
        for a in self.arguments:
            types.extend(a.part_types())
        sig = Signature([AbiParam(t) for t in types], [AbiParam(I32)])
        func = self.func = Function(self.name, sig)
        tr = Translator(self, self.compilation)
        entry = func.block()
        params = [func.param(entry, t) for t in types]
        tr.use(entry)
        code = code_of(self.co)
        frame = Frame(tr, code, self.function_name, self.globals, self.free, None, -1, self.options)
        tr.frame = frame
        at = 2
        names: list[Value] = []
        for a in self.arguments:
            count = len(a.part_types())
            names.append(a.with_parts(params[at : at + count]))
            at += count
        tr.srcloc = self.compilation.module.srcloc(self.co, self.co.co_firstlineno)
        if self.options.locals:
            names = [declared_local(tr, v, code.names[slot]) for slot, v in enumerate(names)]
        names.extend([UNBOUND] * (len(code.names) - len(names)))
        frame.locals = names
        for slot, value in enumerate(names):
            if value is not UNBOUND:
                self.compilation.module.variables.setdefault((self.function_name, code.names[slot]), {}).setdefault(
                    self.co.co_firstlineno, value.describe()
                )
        outer = self.compilation.module.current
        self.compilation.module.current = self
        if 0 in code.loops:
            frame.jump_edge(0, ())
        else:
            frame.ready.append((0, tr.bb, names, []))
        frame.run()
        self.compilation.module.current = outer
        self.refusal = tr.refusal
        self.counted, self.headers, self.bounds, self.stepped = tr.counted, tr.headers, tr.bounds, tr.stepped

    def emit_return(self, tr: Translator, value: Value) -> None:
        """Return a settled value from the kernel."""
        key = value.key()
        keys = [shape.key() for shape in self.variants]
        if key in keys:
            i = keys.index(key)
        else:
            i = len(keys)
            self.variants.append(value)
        tr.func.append(tr.bb, (fo.RETURN_VALUE, 0, i, *value.parts()), (), tr.srcloc)


def shape_type(v: Value) -> ty.Type:
    """The frontend type of a settled value."""
    if v.__class__ is Val or v.__class__ is Const:
        t: ty.Type = v.type
        return t
    if v.__class__ is TupleVal:
        return ty.tuple_of(tuple([shape_type(i) for i in v.items]), v.cls)
    if v.kind().__name__ == "Keywords":
        return ty.record_of(v.names, tuple([shape_type(i) for i in v.values]))  # type: ignore[attr-defined]
    raise SourceError(f"a {v.describe()} cannot be returned")


def value_of_type(t: ty.Type, parts: tuple[int, ...]) -> Value:
    """The abstract value of a typed argument."""
    if t.__class__ is ty.Tuple:
        items: list[Value] = []
        at = 0
        for item in t.items:
            n = len(item.flat)
            items.append(value_of_type(item, parts[at : at + n]))
            at += n
        return TupleVal(tuple(items), t.cls)
    if t is ty.none:
        return Const(None)
    if t.__class__ is ty.Constant:
        return Const(t.value)
    return Val(t, parts)
