"""KernelModule: what the frontend hands to the runtime. See docs/contracts.md 2 for the conventions of its code.

Everything a kernel needs to be compiled, loaded, cached, called and explained stands here; nothing refers back to the frontend's
working state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from types import CodeType, FunctionType

    from jitpy.backend.ir.function import Function
    from jitpy.frontend.types.types import Type


class Site:
    """A place that can raise, or a call that can.

    ``exc_class`` is None for a call. ``parts`` is the message: str, or (slot of the first raw argument, frontend type); no parts:
    no arguments to the exception. ``style`` says what they make: "text" (one string), "args" (each part is one argument of the
    exception). ``caller`` is the site of the call that was inlined around this one, -1: none; tracebacks follow it outwards.
    """

    __slots__ = ("caller", "exc_class", "filename", "function", "line", "parts", "style")

    def __init__(
        self, function: str, filename: str, line: int, exc_class: type[BaseException] | None,
        parts: tuple[Any, ...] = (), caller: int = -1, style: str = "text",
    ) -> None:  # fmt: skip
        self.function = function
        self.filename = filename
        self.line = line
        self.exc_class = exc_class
        self.parts = parts
        self.caller = caller
        self.style = style

    def __repr__(self) -> str:
        what = self.exc_class.__name__ if self.exc_class else "call"
        return f"Site({self.function}:{self.line} {what} {self.parts!r})"


class Remark:
    """A note to the user at a source line; ``kind``: "warning" (SEMANTICS C4) or "remark"."""

    __slots__ = ("filename", "function", "kind", "line", "text")

    def __init__(self, kind: str, function: str, filename: str, line: int, text: str) -> None:
        self.kind = kind
        self.function = function
        self.filename = filename
        self.line = line
        self.text = text

    def __repr__(self) -> str:
        return f"{self.filename}:{self.line}: {self.kind}: {self.text}"


class KernelModule:
    """The product of `pipeline.compile_kernel`.

    functions      CLIF functions; the entry first. All use the kernel signature; calls among them are ``colocated`` by name.
    entry          name of the entry function
    py_func        the Python function
    arg_types      frontend types of its arguments, in the order of the kernel's flat arguments
    result_types   the variants of the result; ``results`` slot 0 says which
    sites          the sites; cell ``8 * i`` of symbol ``$sites`` stands for ``sites[i]``
    guards         what was read from outside (contracts.md 2)
    constants      symbol ``$const<i>`` is the address of ``constants[i]`` (a live Python object, kept alive by the module)
    externs        runtime symbols the code calls
    remarks        notes for the user
    lines          srcloc -> (index into ``codes``, line): what instructions' source locations mean
    codes          the code objects involved, for lines
    table_widths   identity of a constant made by `table` -> bytes of the number at the start of each of its words, over and over
    variables      (function name, variable) -> {line: type name}: data of inspect_types
    typed_ir       typed IR per function, as text, if the options asked for it
    """

    __slots__ = (
        "_const_ids",
        "_guard_keys",
        "_line_ids",
        "_site_ids",
        "_tables",
        "arg_types",
        "codes",
        "constants",
        "current",
        "entry",
        "externs",
        "functions",
        "guards",
        "lines",
        "py_func",
        "remarks",
        "result_types",
        "sites",
        "table_widths",
        "typed_ir",
        "variables",
    )  # fmt: skip

    def __init__(self, py_func: FunctionType, arg_types: tuple[Type, ...]) -> None:
        self.py_func = py_func
        self.arg_types = arg_types
        self.entry = ""
        self.functions: list[Function] = []
        self.result_types: tuple[Type, ...] = ()
        self.sites: list[Site] = []
        self.guards: list[tuple[Any, ...]] = []
        self.constants: list[object] = []
        self.externs: set[str] = set()
        self.remarks: list[Remark] = []
        self.codes: list[CodeType] = []
        self.lines: list[tuple[int, int]] = [(0, 0)]
        self.variables: dict[tuple[str, str], dict[int, str]] = {}
        self.typed_ir: dict[str, str] = {}
        self.current: Any = None  # the kernel being translated
        self._site_ids: dict[Any, int] = {}
        self._line_ids: dict[tuple[int, int], int] = {}
        self._const_ids: dict[int, int] = {}
        self._tables: dict[Any, np.ndarray[Any, Any]] = {}
        self.table_widths: dict[int, tuple[int, ...]] = {}
        self._guard_keys: set[Any] = set()

    def site(self, *fields: Any) -> int:
        """The index of the site with these fields (see `Site`), shared."""
        key = fields
        i = self._site_ids.get(key)
        if i is None:
            i = self._site_ids[key] = len(self.sites)
            self.sites.append(Site(*fields))
        return i

    def srcloc(self, code: CodeType, line: int) -> int:
        """The number that stands for a line of a code object in instructions."""
        key = (id(code), line)
        n = self._line_ids.get(key)
        if n is None:
            if code not in self.codes:
                self.codes.append(code)
            n = self._line_ids[key] = len(self.lines)
            self.lines.append((self.codes.index(code), line))
        return n

    def constant(self, obj: object) -> str:
        """The symbol that is the address of a live Python object."""
        i = self._const_ids.get(id(obj))
        if i is None:
            i = self._const_ids[id(obj)] = len(self.constants)
            self.constants.append(obj)
        return f"$const{i}"

    def table(self, data: bytes, widths: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """Words that the code reads, as an array to be a `constant`; no guard speaks of it. ``widths``: bytes of the numbers at the
        start of the words, repeated (another byte order has to know).
        """
        made = self._tables.get((data, widths))
        if made is None:
            made = self._tables[data, widths] = np.frombuffer(data, np.uint64)
            self.table_widths[id(made)] = widths
        return made

    def guard(self, *guard: Any) -> None:
        """Record that something was read from outside; once each."""
        key = tuple(g if isinstance(g, str) else id(g) for g in guard)
        if key not in self._guard_keys:
            self._guard_keys.add(key)
            self.guards.append(guard)

    def remark(self, kind: str, function: str, filename: str, line: int, text: str) -> None:
        """Add a remark unless it is there."""
        for r in self.remarks:
            if r.line == line and r.text == text and r.function == function:
                return
        self.remarks.append(Remark(kind, function, filename, line, text))
