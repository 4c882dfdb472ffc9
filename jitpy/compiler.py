"""The whole way from a function and argument types to machine code at an address.

    Python function, types --frontend--> KernelModule --backend--> code module --loader--> Overload

and for the wrapper in front of it, made once per signature and shared:

    argument types, result types --boxing--> CLIF --backend--> code module --loader--> address
"""

from __future__ import annotations

import time
import weakref

from jitpy.runtime import boxing, errors, guards, helpers, layout, memory
from jitpy.runtime.codegen import KERNEL, machine_code
from jitpy.runtime.libc import address, ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FunctionType
    from typing import Any

    from jitpy.backend.pipeline import CodeModule
    from jitpy.frontend.module import KernelModule
    from jitpy.frontend.types.types import Type


class Overload:
    """A function compiled for argument types: its kernel, and what it took for granted.

    ``module`` is the frontend's product, ``loaded`` its machine code, ``lines`` its (offset, source location) pairs,
    ``rows`` the guards as words of memory. ``clif_instructions`` are counted as they leave the frontend.
    """

    __slots__ = (
        "__weakref__",
        "adapter",
        "arrays",
        "backend_seconds",
        "clif_instructions",
        "entry",
        "exact",
        "frontend_seconds",
        "install_seconds",
        "keep",
        "kernel",
        "lines",
        "loaded",
        "module",
        "row_count",
        "rows",
        "site_base",
        "stand_ins",
        "types",
    )

    def __init__(self, types: tuple[Type, ...], module: KernelModule, exact: bool) -> None:
        self.types = types
        self.module = module
        self.exact = exact
        self.loaded: memory.Loaded | None = None
        self.adapter: memory.Loaded | None = None  # the C face, when it was asked for
        self.kernel = 0
        self.site_base = 0
        self.lines: list[tuple[int, int]] = []
        self.rows: Any = None
        self.row_count = 0
        self.arrays: list[tuple[Any, ...]] = []
        self.keep: list[Any] = []
        self.entry: Any = None  # these two are `portable`'s: the kernel as a function of ctypes, and
        self.stand_ins: list[Any] = []  # records in place of global arrays
        #: Where the time went; nothing for the first two when the code came from the cache.
        self.frontend_seconds = self.backend_seconds = self.install_seconds = 0.0
        self.clif_instructions = 0
        live.add(self)

    @property
    def seconds(self) -> float:
        """From bytecode to an address."""
        return self.frontend_seconds + self.backend_seconds + self.install_seconds

    def holds(self) -> bool:
        """Whether everything that was taken for granted still is so."""
        return guards.hold(self.module.guards) and self.arrays == guards.held(self.module.guards)

    def refresh(self) -> bool:
        """Make the rows of guards that hold, as memory is now; whether they differ from what they were."""
        if not layout.KNOWN:
            return False  # each call looks at the guards
        table, self.keep = guards.rows(self.module.guards)
        flat = [word for row in table for word in row]
        if self.rows is not None and list(self.rows[0 : 2 * self.row_count]) == flat:
            return False
        self.rows = ffi.new("uint64_t[]", flat or [0])
        self.row_count = len(table)
        return True

    def __del__(self) -> None:
        # When the interpreter ends, modules lose their names, or are gone themselves.
        forget = getattr(errors, "forget_sites", None)
        if self.site_base and forget is not None:
            forget(self.site_base)


#: All there are: tracebacks look up places in code.
live: weakref.WeakSet[Overload] = weakref.WeakSet()


def compile_overload(
    py_func: FunctionType, types: tuple[Type, ...], options: Mapping[str, Any], exact: bool = True
) -> Overload:
    """Compile ``py_func`` for arguments of these types and load it. Raises CompileError."""
    compiled = compile_image(py_func, types, options)
    overload = load_overload(compiled.module, compiled.image, types, exact)
    compiled.describe(overload)
    return overload


class Compiled:
    """A kernel before it is loaded: the frontend's module, the machine code's image, and what making them took."""

    __slots__ = ("backend_seconds", "clif_instructions", "frontend_seconds", "image", "lines", "module")

    def __init__(self, module: KernelModule, code: CodeModule, clif_instructions: int) -> None:
        self.module = module
        self.image = memory.Image.of(code)
        self.lines = [(at + offset, line) for at, f in code.functions for offset, line in f.lines]
        self.clif_instructions = clif_instructions
        self.frontend_seconds = self.backend_seconds = 0.0

    def describe(self, overload: Overload) -> None:
        """Hand over what belongs to the overload."""
        overload.lines = self.lines
        overload.clif_instructions = self.clif_instructions
        overload.frontend_seconds = self.frontend_seconds
        overload.backend_seconds = self.backend_seconds


def _has_fma() -> bool:
    """What contraction may count on; the frontend knows no machine."""
    from jitpy.backend.isa import host

    return bool(host().features.get("has_fma"))


def compile_image(py_func: FunctionType, types: tuple[Type, ...], options: Mapping[str, Any]) -> Compiled:
    """Both halves of the compiler, timed. Raises CompileError."""
    from jitpy.frontend.pipeline import compile_kernel

    start = time.perf_counter()
    module = compile_kernel(py_func, types, {**options, "fma": _has_fma})
    middle = time.perf_counter()
    count = sum(len(insts) for f in module.functions for insts in map(f.block_insts.__getitem__, f.layout))
    compiled = Compiled(module, machine_code(module.functions, KERNEL), count)
    compiled.frontend_seconds = middle - start
    compiled.backend_seconds = time.perf_counter() - middle
    return compiled


def load_overload(module: KernelModule, image: memory.Image, types: tuple[Type, ...], exact: bool) -> Overload:
    """Place a kernel's machine code and connect it with its sites, constants and guards."""
    start = time.perf_counter()
    overload = Overload(types, module, exact)
    overload.site_base = errors.register_sites(module.sites)

    def resolve(name: str) -> int:
        if name == "$sites":
            return overload.site_base
        if name.startswith("$const"):
            constant = module.constants[int(name[6:])]
            if not layout.KNOWN and constant.__class__.__name__ == "ndarray":
                from jitpy.runtime.portable import StandIn

                overload.stand_ins.append(StandIn(constant))
                return int(overload.stand_ins[-1].address)
            return id(constant)
        return helpers.resolve(name)

    overload.loaded = memory.load(image, resolve, module.constants)
    overload.kernel = overload.loaded.symbols[module.entry]
    overload.arrays = guards.held(module.guards)
    overload.refresh()
    overload.install_seconds = time.perf_counter() - start
    return overload


_wrappers: dict[Any, memory.Loaded] = {}


def wrapper(types: tuple[Type, ...], results: tuple[Type, ...], shape: boxing.Shape, exact: bool, nogil: bool) -> int:
    """The address of the wrapper for calls of this shape and these types."""
    if not any(map(boxing.has_array, types)):
        exact = True
    key = types, results, shape.key(), exact, nogil
    got = _wrappers.get(key)
    if got is None:
        function = boxing.make_wrapper("wrapper", types, results, shape, exact, nogil)
        code = machine_code([function])
        got = _wrappers[key] = memory.load(memory.Image.of(code), helpers.resolve)
    return got.symbols["wrapper"]


class Record:
    """An entry record (`runtime.record`): one way to call one overload."""

    __slots__ = ("address", "defaults", "keep", "overload", "shape", "words", "wrapper")

    def __init__(self, overload: Overload, shape: boxing.Shape, nogil: bool) -> None:
        self.overload = overload
        self.shape = shape
        start = time.perf_counter()
        self.wrapper = wrapper(overload.types, overload.module.result_types, shape, overload.exact, nogil)
        overload.install_seconds += time.perf_counter() - start
        self.words = ffi.new("uint64_t[6]")
        self.address = address(self.words)
        self.words[0] = overload.kernel
        self.words[1] = self.wrapper
        self.defaults: tuple[Any, ...] | None = None
        self.keep: list[Any] = []
        self.update()

    def update(self) -> bool:
        """Take over the overload's guards, and the function's defaults if the call uses them; whether something
        changed.

        Machine code reads the rows with the GIL held, so they can be replaced here; old defaults may be in use and
        are kept a while.
        """
        rows, count = self.overload.rows, self.overload.row_count
        if -1 in self.shape.sources:
            function = self.overload.module.py_func
            if self.keep and self.defaults is function.__defaults__ and self.keep[-1] is rows:
                return False
            self.defaults = function.__defaults__
            values = function.__defaults__ or ()
            first = function.__code__.co_argcount - len(values)
            pointers = ffi.new("uint64_t[]", [0] * first + [id(v) for v in values])
            # One more row: the defaults are still this tuple.
            own = ffi.new(
                "uint64_t[]", [*rows[0 : 2 * count], id(function) + layout.FUNCTION_DEFAULTS, id(function.__defaults__)]
            )
            self.keep += (pointers, own, function.__defaults__, rows)
            self.words[5] = address(pointers)
            rows, count = own, count + 1
        elif self.keep and self.keep[-1] is rows:
            return False
        else:
            self.keep.append(rows)
        del self.keep[:-16]
        self.words[2] = address(rows)
        self.words[4] = count
        return True
