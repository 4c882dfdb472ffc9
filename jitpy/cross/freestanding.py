"""Kernels without a Python around them: functions and types in, one object file's contents (`Unit`) out, for any target.

    function, types --frontend--> KernelModule --frozen--> CLIF --backend--> code
    + an adapter with the C face (`cabi`) for each function
    + what they call, and only that: math, software arithmetic, blocks of memory      each from its one source
    + data: constants, and the texts of `jitpy_error_message`

The frontend's modules name Python objects; here these are frozen: a global array becomes data with its values of now, in the
target's byte order, in the form of an array object whose fields kernels read. Nothing polls, and in libraries no stack is
checked. A status is 1 + the number of the place that raised, counted over all functions of the library.

Of the C library ``malloc`` and ``free`` are called, through two words, by kernels that allocate.
"""

from __future__ import annotations

import os
import sys

import numpy as np

from jitpy import cabi
from jitpy.backend import isa, pipeline
from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I64
from jitpy.backend.object.unit import Unit
from jitpy.backend.settings import Settings
from jitpy.cross.guest import bounds
from jitpy.frontend.types import types as ty
from jitpy.runtime import layout, values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FunctionType
    from typing import Any

    from jitpy.backend.ir.function import Function
    from jitpy.backend.target.target import Target
    from jitpy.frontend.module import KernelModule, Site

SETTINGS = Settings(is_pic=True)
#: Prefixes of functions that are compiled ahead into other programs too, and what makes them.
MATH, SOFT = "jitpy_math_", "jitpy_soft_"
#: What a kernel may ask of the interpreter and a board has not: beginning of a symbol -> (what the user wrote, what to do).
_PRINT = "print needs the Python interpreter, which a cross-compiled kernel has not", "Take it out, or return what it would show."
_RANDOM = "random numbers need the Python interpreter, which a cross-compiled kernel has not", "Pass them in, as an array."
LACKING = {
    "jitpy_print": _PRINT,
    **dict.fromkeys(
        ("random_", "jitpy_draw", "jitpy_bits_", "jitpy_next_", "jitpy_mt_", "jitpy_take_gauss", "jitpy_keep_gauss",
         "jitpy_class_", "jitpy_ziggurat_"), _RANDOM),
}  # fmt: skip
#: Functions of C programs that object files or their example call or define.
_TAKEN = ("free", "main", "malloc", "printf")


class Kernel:
    """A compiled function: ``name`` in C, its frontend types, the types of its result (one, for C), the symbol of its kernel,
    ``first_site``: the library's number of its first site."""

    __slots__ = ("first_site", "module", "name", "py_func", "results", "symbol", "types")

    def __init__(self, name: str, module: KernelModule, first_site: int, symbol: str) -> None:
        self.name = name
        self.module = module
        self.py_func = module.py_func
        self.types: tuple[ty.Type, ...] = module.arg_types
        self.results: tuple[ty.Type, ...] = module.result_types
        self.first_site = first_site
        self.symbol = symbol


class Library:
    """What goes into one object file. Add functions, then `finish`.

    ``unit``: the result; ``module``: its code; ``prefix``: of all names in C; ``whole``: functions that call
    watch the stack, and note where an exception came through.
    """

    def __init__(self, target: Target, prefix: str = "", whole: bool = False) -> None:
        self.target = target
        self.prefix = prefix
        self.whole = whole
        self.unit = Unit(target, isa.machine(target.name))
        self.kernels: list[Kernel] = []
        self.faces: list[Kernel] = []  # those with a C face
        self.sites: list[Site] = []
        self.constants: dict[str, object] = {}  # symbol -> object
        self.tables: dict[str, tuple[int, ...]] = {}  # of those that are no objects of the user's: widths (`KernelModule`)
        self.exported: list[str] = []
        self.module: pipeline.CodeModule | None = None
        self.sources: dict[str, KernelModule] = {}  # function in the code -> the module whose lines it has
        self._functions: dict[str, Function] = {}

    def add(self, py_func: FunctionType, types: tuple[ty.Type, ...], options: Mapping[str, Any], c_face: bool = True) -> Kernel:
        """Compile a function for arguments of these types, with a C face or for callers that know the kernel's convention.

        Raises CompileError with the source position."""
        from jitpy.frontend.pipeline import compile_kernel

        name = self.prefix + (py_func.__name__ if py_func.__name__.isidentifier() else "kernel")
        if c_face and (name in cabi.WORDS or name in _TAKEN or not name.isidentifier()):
            raise CompileError(f"{name!r} cannot be the name of a kernel in C: give a prefix, as in prefix='dsp_' (--prefix dsp_)")
        if c_face and any(k.name == name for k in self.kernels):
            raise CompileError(f"two functions of one library are called {name}: give each a name of its own")
        has_fma = bool(self.target.features.get("has_fma", True))  # only x86-64 may lack it
        own = {**options, "poll": False, "stack_checks": self.whole, "traces": self.whole, "fma": has_fma, "lacking": LACKING}
        # On a board the user may take the checks out; a program under the emulator raises what the function raises.
        own["bounds_checks"] = self.whole or options.get("boundscheck") is not False
        module = compile_kernel(py_func, types, own)
        number = len(self.kernels)
        names = {f.name: f"{f.name}.{number}" for f in module.functions}
        names.update(_OURS, **{"$trace": "jitpy_trace"})
        names.update({f"$const{i}": f"jitpy_constant.{number}.{i}" for i in range(len(module.constants))})
        kernel = Kernel(name, module, len(self.sites), names[module.entry])
        for f in module.functions:
            self._freeze(f, names, kernel)
            self._functions.setdefault(f.name, f)
            self.sources.setdefault(f.name, module)
        for i, obj in enumerate(module.constants):
            symbol = f"jitpy_constant.{number}.{i}"
            self.constants[symbol] = obj
            if id(obj) in module.table_widths:
                self.tables[symbol] = module.table_widths[id(obj)]
        self.sites += module.sites
        self.kernels.append(kernel)
        if c_face:
            self._add_adapter(kernel)
        return kernel

    def _freeze(self, f: Function, names: Mapping[str, str], kernel: Kernel) -> None:
        """Make a function refer to the library alone."""
        f.name = names.get(f.name, f.name)
        for callee in f.ext_funcs:
            callee.name = names.get(callee.name, callee.name)
        sites = set()
        for n, value in enumerate(f.global_values):
            if value.kind != "symbol":
                continue
            if value.name == "$sites":
                sites.add(n)
            else:
                value.name = names.get(value.name, value.name)
        if sites:  # no address: the site's number
            base = 8 * kernel.first_site
            for i, node in enumerate(f.insts):
                if node[0] == op.SYMBOL_VALUE and node[2] in sites:
                    f.insts[i] = (op.ICONST, I64, base + f.global_values[node[2]].offset)

    def _add_adapter(self, kernel: Kernel) -> None:
        result = cabi.only_result(kernel.name, kernel.results)
        cabi.declarations(kernel.name, kernel.types, result)  # refuses types that C has not
        adapter = cabi.make_adapter(kernel.name, kernel.symbol, kernel.types, result, freestanding=True)
        self._functions[kernel.name] = adapter
        self.faces.append(kernel)
        self.exported.append(kernel.name)

    def add_function(self, function: Function, exported: bool = False) -> None:
        """Add CLIF of the caller's."""
        self._functions[function.name] = function
        if exported:
            self.exported.append(function.name)

    def export(self, name: str) -> None:
        """Take a function of the runtime in, for callers outside."""
        self.exported.append(name)

    def finish(self) -> Unit:
        """Compile everything, with what it calls; the unit."""
        if cabi.arrays([r for k in self.faces for r in k.results]):
            self.exported.append("jitpy_release")
        messages = [message(site) for site in self.sites] if self.faces else []
        if messages:
            self.add_function(_error_message(self.prefix + "jitpy_error_message", len(messages)), exported=True)
        parts: dict[str, Any] = {}
        wanted = [*self._functions, *self.exported]
        undefined: dict[str, None] = {}
        data: dict[str, None] = {}
        while wanted:
            name = wanted.pop(0)
            if name in parts or name in undefined or name in data:
                continue
            f = self._functions.get(name) or _library_function(name)
            if f is None:
                (data if name in self.constants or _table(name, self.target) is not None else undefined)[name] = None
                continue
            done = parts[name] = pipeline.compile_function(f, self.target, SETTINGS)
            wanted += [symbol for _, _, symbol, _ in done.relocs]
        self.module = pipeline.link([parts[n] for n in sorted(parts, key=lambda n: n not in self.exported)], self.target)
        self.unit.add_code(self.module, self.exported)
        for name in undefined:
            if name.removeprefix("jitpy_word_") in ("malloc", "free"):
                outside = name.removeprefix("jitpy_word_")
                self.unit.add_data(name, bytes(8), ".data.rel.ro", 8, [(0, "abs8", outside, 0)])
            elif name not in _ADDED_LATER:
                raise UnsupportedError(f"a cross-compiled kernel cannot call {name}")
        for name in data:
            made = _table(name, self.target)
            if made is not None:
                self.unit.add_data(name, made, ".rodata", 64)
            else:
                self._add_constant(name, self.constants[name])
        if messages:
            self._add_messages(messages)
        self._add_lines()
        return self.unit

    def lines(self) -> list[tuple[str, int, int, list[tuple[int, str, int]]]]:
        """For each function: name, offset in the code, size, and where in it which Python line begins: (offset, file, line)."""
        assert self.module is not None
        found = []
        for start, function in self.module.functions:
            source = self.sources.get(function.name)
            rows: list[tuple[int, str, int]] = []
            for offset, number in function.lines if source is not None else ():
                assert source is not None
                if 0 < number < len(source.lines):
                    code, line = source.lines[number]
                    rows.append((offset, source.codes[code].co_filename, line))
            found.append((function.name, start, len(function.code), rows))
        return found

    def _add_lines(self) -> None:
        """Line tables for debuggers. A function's code in front of its first line belongs to that line."""
        from jitpy import __version__
        from jitpy.backend.object import dwarf

        functions = [
            (name, start, size, [(0, *rows[0][1:]), *rows[1:]] if rows else []) for name, start, size, rows in self.lines()
        ]
        if functions and any(rows for *_, rows in functions):
            file = next(rows[0][1] for *_, rows in functions if rows)
            dwarf.add(self.unit, functions, os.path.basename(file), os.path.dirname(os.path.abspath(file)), f"jitpy {__version__}")

    # -- data --------------------------------------------------------------------------------------------------------------

    def words(self, *values: int) -> bytes:
        """64-bit words in the target's order."""
        order: Any = "big" if self.target.big_endian else "little"
        return b"".join((v & (1 << 64) - 1).to_bytes(8, order) for v in values)

    def _add_constant(self, name: str, obj: Any) -> None:
        """A live object's stand-in: what kernels read of it, where they read it."""
        if obj.__class__ is np.ndarray:
            self._add_array(name, obj)
        elif obj.__class__ is str:
            self._add_text(name, obj)
        else:
            raise UnsupportedError(
                f"a cross-compiled kernel cannot use {obj!r}: only numbers, arrays and strs outlive the interpreter"
            )

    def _add_array(self, name: str, a: np.ndarray[Any, Any]) -> None:
        low, high = bounds(a)
        start = a.ctypes.data - low if a.size else 0
        content = np.zeros(max(high - low, 1), np.uint8)
        order: Any = self.unit.machine.order
        if name in self.tables:
            content[:] = _words(a.tobytes(), self.tables[name], order)
        else:
            np.ndarray(a.shape, a.dtype.newbyteorder(order), content, start, a.strides)[...] = a
        part = ".data" if a.flags.writeable else ".rodata"
        self.unit.add_data(name + ".items", content.tobytes(), part, 64)
        self.unit.add_data(name + ".extents", self.words(*a.shape, *a.strides) or bytes(8), ".rodata", 8)
        size = max(layout.ARRAY_DATA, layout.ARRAY_SHAPE, layout.ARRAY_STRIDES) + 8
        relocs = [
            (layout.ARRAY_DATA, "abs8", name + ".items", start), (layout.ARRAY_SHAPE, "abs8", name + ".extents", 0),
            (layout.ARRAY_STRIDES, "abs8", name + ".extents", 8 * a.ndim),
        ]  # fmt: skip
        self.unit.add_data(name, bytes(size), ".data.rel.ro", 8, relocs)

    def _add_text(self, name: str, text: str) -> None:
        header = sys.getsizeof("") - 1 if text.isascii() else sys.getsizeof(chr(0x3B1)) - 4  # as `constant_string` reads it
        self.unit.add_data(name, bytes(header) + values.encoded(text, self.unit.machine.order)[1], ".rodata", 8)

    def _add_messages(self, messages: list[str]) -> None:
        texts = bytearray(b"no error\0an unknown status\0")
        known: dict[str, int] = {}
        offsets = [0]
        for text in messages:
            if text not in known:
                known[text] = len(texts)
                texts += text.encode() + b"\0"
            offsets.append(known[text])
        order: Any = "big" if self.target.big_endian else "little"
        self.unit.add_data("jitpy_error_offsets", b"".join(n.to_bytes(4, order) for n in offsets), ".rodata", 4)
        self.unit.add_data("jitpy_error_texts", bytes(texts), ".rodata", 1)


#: Data that is added when the code is there.
_ADDED_LATER = ("jitpy_error_offsets", "jitpy_error_texts", "cross_heap")
_UNKNOWN = len(b"no error\0")


def message(site: Site) -> str:
    """What `jitpy_error_message` says of a status: the exception and its text, with ``...`` for what the kernel alone knew."""
    if site.exc_class is None:
        return "an unknown status"
    text = "".join(p if isinstance(p, str) else str(p[1]) if p[0] == "const" else "..." for p in site.parts)
    where = f"{os.path.basename(site.filename)}:{site.line} in {site.function}"
    return f"{site.exc_class.__name__}{': ' * bool(text)}{text} ({where})"


def _error_message(name: str, count: int) -> Function:
    """``const char *jitpy_error_message(int32_t status)``."""
    from jitpy.backend.text.parser import parse_functions

    return parse_functions(f"""
function %error_message(i32) -> i64 system_v {{
    gv0 = symbol colocated %jitpy_error_offsets
    gv1 = symbol colocated %jitpy_error_texts
block0(v0: i32):
    v1 = iconst.i32 {count}
    v2 = icmp ugt v0, v1
    v3 = symbol_value.i64 gv1
    brif v2, block1, block2
block1 cold:
    v4 = iconst.i64 {_UNKNOWN}
    v5 = iadd v3, v4
    return v5
block2:
    v6 = symbol_value.i64 gv0
    v7 = uextend.i64 v0
    v8 = iconst.i64 2
    v9 = ishl v7, v8
    v10 = iadd v6, v9
    v11 = uload32 notrap aligned v10
    v12 = iadd v3, v11
    return v12
}}""".replace("%error_message", f"%{name}"))[0]  # fmt: skip


def _words(data: bytes, widths: tuple[int, ...], order: str) -> np.ndarray[Any, Any]:
    """Words of a table, with the number at the start of each in that byte order."""
    rows = np.frombuffer(data, np.uint8).reshape(-1, len(widths), 8).copy()
    for column, width in enumerate(widths if order == ">" else ()):
        rows[:, column, :width] = rows[:, column, width - 1 :: -1] if width < 8 else rows[:, column, ::-1]
    return rows.reshape(-1)


# -- what kernels call ---------------------------------------------------------------------------------------------------------

#: Functions of the C library that are ours here.
_OURS = {name: f"jitpy_{name}" for name in ("aligned_alloc", "free", "realloc", "memset")}
#: Function of a CLIF file -> its text.
_texts: dict[str, str] = {}


def _library_function(name: str) -> Function | None:
    """The function of this name of the math library, the soft library or the runtime; None: there is none."""
    if name.startswith(MATH):
        from jitpy.frontend.library.mathlib import library

        return library.make(name) if name in library.NAMES else None
    if name.startswith(SOFT):
        from jitpy.backend.soft import library as soft

        return soft.make(name) if soft.is_soft(name) else None
    if not _texts:
        folder = os.path.dirname(os.path.dirname(__file__))
        for file in ("runtime/runtime.clif", "cross/blocks.clif", "cross/heap.clif"):
            with open(os.path.join(folder, file), encoding="utf-8") as opened:
                for text in opened.read().split("\nfunction %")[1:]:
                    _texts.setdefault(text.partition("(")[0], "function %" + text.partition("\n}\n")[0] + "\n}\n")
    if name not in _texts:
        return None
    from jitpy.backend.text.parser import parse_functions

    (function,) = parse_functions(_texts[name], name)
    for callee in function.ext_funcs:
        callee.name = _OURS.get(callee.name, callee.name)
    return function


def _table(name: str, target: Target) -> bytes | None:
    """A table of the math library in the target's byte order."""
    if not name.startswith(MATH):
        return None
    from jitpy.frontend.library.mathlib.library import Table
    from jitpy.frontend.library.mathlib.tables import TABLES

    values = TABLES.get(name.removeprefix(MATH))
    return None if values is None else Table(name, values, ">" if target.big_endian else "<").code
