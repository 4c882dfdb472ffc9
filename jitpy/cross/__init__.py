"""The cross-compiler: kernels as object files for boards, and as programs under an emulator.

    done = jitpy.cross.compile(dot, "float64(float64[::1], float64[::1])", target="riscv64", cpu="sifive-u74")
    done.object, done.shared_library, done.header, done.asm
    done.write("build")                            dot.o, libdot.so, dot.h, dot.lst, example.c, Makefile
    jitpy.cross.run(dot, a, b, target="s390x")     the value that the board's code returns

`docs/cross.md` is its guide. `freestanding` makes the code, `files` the files beside it, `emulated` runs, `targets` knows names.
"""

from __future__ import annotations

import errno
import os
from functools import cached_property

from jitpy.backend import isa
from jitpy.backend.errors import CompileError
from jitpy.backend.object import elf, link
from jitpy.cross import targets
from jitpy.cross.freestanding import Library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import FunctionType
    from typing import Any

    from jitpy.backend.object.unit import Unit
    from jitpy.backend.target.machine import Machine
    from jitpy.cross.freestanding import Kernel
    from jitpy.frontend.types.types import Type

    Features = str | Iterable[str] | Mapping[str, bool] | None

__all__ = ["Compiled", "compile", "run"]


class Compiled:
    """Kernels compiled for a target.

    ``object``: bytes of an ELF object file (``.o``) that exports them. ``shared_library``: of a ``.so``. ``header``: C. ``asm``: an
    assembly listing with the Python lines. ``undefined``: what it needs of a C library. ``kernels``: their names and types.
    """

    def __init__(self, name: str, target_name: str, cpu: str, library: Library) -> None:
        self.name = name
        self.target_name = target_name
        self.library = library
        self.kernels: list[Kernel] = library.kernels
        on = [f.removeprefix("has_") for f, value in library.target.features.items() if value]
        self.description = f"{target_name} ({cpu}: {', '.join(on)})" if on else f"{target_name} ({cpu})"
        self._unit = library.finish()

    @property
    def machine(self) -> Machine:
        """ELF's view of the target."""
        return isa.machine(self.library.target.name)

    @property
    def undefined(self) -> list[str]:
        """Functions of the C library that the object file needs."""
        return sorted(self._unit.undefined())

    @property
    def unit(self) -> Unit:
        """What the object file is made of."""
        return self._unit

    @cached_property
    def lines(self) -> dict[int, tuple[str, int]]:
        """Offset in the code -> the Python file and line that begin there."""
        return {
            start + offset: (file, line) for _, start, _, rows in self.library.lines() for offset, file, line in rows
        }  # fmt: skip

    @cached_property
    def object(self) -> bytes:
        """An ELF object file."""
        return elf.relocatable(self._unit)

    @cached_property
    def shared_library(self) -> bytes:
        """An ELF shared library, made without a linker of the system's."""
        return link.shared_library([self._unit], f"lib{self.name}.so")

    @cached_property
    def header(self) -> str:
        """The C header."""
        from jitpy.cross import files

        return files.header(self)

    @cached_property
    def asm(self) -> str:
        """The machine code as assembly text, with the Python lines."""
        from jitpy.cross import files

        return files.listing(self)

    @cached_property
    def example(self) -> str:
        """A C program that calls each kernel."""
        from jitpy.cross import files

        return files.example(self)

    def write(self, folder: str | os.PathLike[str]) -> list[str]:
        """Write object file, shared library, header, listing, C example and Makefile to a folder, which is made; their paths.

        Raises OSError where that cannot be."""
        from jitpy.cross import files

        folder = os.fspath(folder)
        if os.path.exists(folder) and not os.path.isdir(folder):
            raise NotADirectoryError(errno.ENOTDIR, "this is a file, and the files go into a folder: name another", folder)
        os.makedirs(folder, exist_ok=True)
        contents: dict[str, str | bytes] = {
            f"{self.name}.o": self.object, f"lib{self.name}.so": self.shared_library, f"{self.name}.h": self.header,
            f"{self.name}.lst": self.asm, "example.c": self.example, "Makefile": files.makefile(self),
        }  # fmt: skip
        paths = []
        for name, content in contents.items():
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
            paths.append(path)
        return paths

    def __repr__(self) -> str:
        kernels = ", ".join(f"{k.name}({', '.join(map(str, k.types))})" for k in self.kernels)
        return f"<{kernels} for {self.description}: {len(self.object)} bytes of object file>"

    def _repr_html_(self) -> str:
        from html import escape

        code = self.library.module
        assert code is not None
        rows = "".join(
            f"<tr><td><code>{escape(k.name)}</code></td><td><code>{escape(', '.join(map(str, k.types)))}</code></td>"
            f"<td><code>{escape(str(k.results[0]))}</code></td></tr>"
            for k in self.kernels
        )
        needs = ", ".join(self.undefined) or "nothing"
        about = f"{escape(self.description)}: {len(code.code)} bytes of code, needs {escape(needs)}"
        return (
            f"<p><b>{escape(self.name)}</b> for {about}</p>"
            f"<table><tr><th>kernel</th><th>arguments</th><th>result</th></tr>{rows}</table>"
            f"<details><summary>header</summary><pre>{escape(self.header)}</pre></details>"
            f"<details><summary>listing</summary><pre>{escape(self.asm)}</pre></details>"
        )


def compile(
    functions: Callable[..., Any] | Sequence[Callable[..., Any]], signature: Any = None, *, target: str, cpu: str | None = None,
    features: Features = None, name: str | None = None, prefix: str = "", **options: Any,
) -> Compiled:  # fmt: skip
    """Compile functions for a target, into one object file.

    ``functions``: a function or a list of them, plain or jitted. ``signature``: their types, as `jit` takes them: one for all, or a
    list with one for each; functions that were jitted with a signature have their own. ``target``: x86_64, aarch64, riscv64 or
    s390x; ``cpu`` and ``features`` as `python -m jitpy targets` lists them. ``name``: of the files (default: the first
    function's); ``prefix``: put in front of all C names. Other ``options`` are those of `jit`.

    Raises CompileError: TargetError for a target, processor or feature that does not exist, SignatureError for a signature that
    does not fit its function, UnsupportedError for what needs the interpreter or has no C form.
    """
    made = targets.resolve(target, cpu, features)
    given = list(functions) if isinstance(functions, list | tuple) else [functions]
    if not given:
        raise CompileError("there is no function to compile")
    if not isinstance(prefix, str) or not f"{prefix}f".isidentifier():
        raise CompileError(f"{prefix!r} cannot be the prefix of names in C: use letters, digits and _, as in prefix='dsp_'")
    library = Library(made, prefix)
    plain = [unwrapped(function, options) for function in given]
    for (py_func, own), wanted in zip(plain, _signatures(given, signature)):
        types, returns = argument_types(py_func, wanted)
        library.add(py_func, types, {**own, "returns": returns} if returns else own)
    label = library.kernels[0].name if name is None else name
    if not isinstance(label, str) or not label.replace("-", "_").isidentifier():
        raise CompileError(f"{label!r} cannot be the name of files and of a C header: use letters, digits, _ and -")
    canonical = targets.canonical(target)
    return Compiled(label, canonical, cpu or targets.TARGETS[canonical][1], library)


def run(
    function: Callable[..., Any], *args: Any, target: str, cpu: str | None = None, features: Features = None, **options: Any
) -> Any:
    """Call a function as it would run on a target: compile it for these arguments, run it under QEMU's user emulation, and give
    back what it returns; arrays and lists among the arguments change as they do in a call, and what the function raises is raised.

    ``options``: arguments of the function by name, and options of `jit`.

    Raises CompileError as `compile` does, TypeError for arguments that do not fit the function, and `EmulatorError` where there is
    no emulator or the program ends without an answer.
    """
    from jitpy.cross import emulated

    made = targets.resolve(target, cpu, features)
    named = _arguments_among(options, function)
    py_func, own = unwrapped(function, {name: value for name, value in options.items() if name not in named})
    return emulated.run(py_func, args, named, made, own)


def _arguments_among(given: Mapping[str, Any], function: Any) -> dict[str, Any]:
    """Those of these keywords that are parameters of the function, not options. CompileError where one is neither or both."""
    from jitpy.options import OPTIONS, OptionError, nearest

    co = getattr(getattr(function, "py_func", function), "__code__", None)
    if co is None:
        return {}  # it is refused elsewhere
    parameters = co.co_varnames[: co.co_argcount + co.co_kwonlyargcount]
    for name in given:
        if name in parameters and name in OPTIONS:
            raise CompileError(f"{name}= is a parameter of {co.co_name} and an option of jit: pass the argument by its position")
        if name not in parameters and name not in OPTIONS:
            raise OptionError(f"{co.co_name}() has no parameter {name!r}, and jit has no such option{nearest(name, parameters)}")
    return {name: value for name, value in given.items() if name in parameters}


def unwrapped(function: Any, options: Mapping[str, Any]) -> tuple[FunctionType, dict[str, Any]]:
    """The Python function, and its options: a jitted function's own, with those given on top. CompileError for other objects."""
    from types import FunctionType

    from jitpy import options as table
    from jitpy.callbacks import Callback
    from jitpy.decorators import ASYNC
    from jitpy.dispatcher import is_dispatcher

    checked = table.check(options)
    py_func = function
    if is_dispatcher(function) or isinstance(function, Callback):
        py_func = function.py_func
    if py_func.__class__ is not FunctionType:
        instead = "; write a function that calls it" if callable(function) else ""
        raise CompileError(f"only Python functions can be compiled, not {type(function).__name__} objects{instead}")
    if py_func.__code__.co_flags & ASYNC:
        raise CompileError(f"{py_func.__name__} is asynchronous, which a kernel cannot be; call a kernel from it")
    own = getattr(function, "targetoptions", None)
    if own is not None:
        return py_func, {**own, **{name: checked[name] for name in options}}
    if checked["locals"]:
        from jitpy.signatures import local_types

        checked["locals"] = local_types(checked["locals"], py_func.__code__)
    return py_func, checked


def _signatures(functions: Sequence[Any], signature: Any) -> list[Any]:
    if signature is None:
        return [own_signature(f) for f in functions]
    many = isinstance(signature, list)
    if many and len(signature) != len(functions):
        raise CompileError(f"there are {len(functions)} functions and {len(signature)} signatures: give one for each")
    return signature if many else [signature] * len(functions)


def own_signature(function: Any) -> Any:
    """The one signature that a jitted function was made with. CompileError where it has none, or several."""
    patterns = getattr(function, "_patterns", None) or []
    if hasattr(function, "native_name"):  # a C callback
        patterns = [function.signature]
    name = getattr(function, "__name__", repr(function))
    if len(patterns) != 1:
        how = f"has {len(patterns)} signatures" if patterns else "has no signature"
        raise CompileError(f"{name} {how}: say which types to compile for, as in signature='float64(float64[::1])'")
    return patterns[0]


def argument_types(py_func: FunctionType, wanted: Any) -> tuple[tuple[Type, ...], tuple[Type, ...]]:
    """The argument types of a signature, and what it admits as the result. SignatureError where it does not fit the function."""
    from jitpy.signatures import SignatureError, parse

    signature = parse(wanted)
    co = py_func.__code__
    parameters = co.co_argcount + co.co_kwonlyargcount
    if co.co_flags & 0x08:
        raise SignatureError(f"{py_func.__name__} takes **{co.co_varnames[parameters + bool(co.co_flags & 4)]}, which C has not")
    fits = len(signature.args) >= parameters if co.co_flags & 0x04 else len(signature.args) == parameters
    if not fits:
        names = ", ".join(co.co_varnames[:parameters])
        raise SignatureError(
            f"the signature {signature} has {len(signature.args)} arguments, and {py_func.__name__}({names}) takes {parameters}"
        )
    types = tuple(spec.admits[0] for spec in signature.args)
    return types, signature.returns.admits if signature.returns is not None else ()


if not TYPE_CHECKING:  # what only some programs need is imported when it is asked for

    def __getattr__(name):
        if name == "EmulatorError":
            from jitpy.cross.emulated import EmulatorError

            return EmulatorError
        raise AttributeError(f"module 'jitpy.cross' has no attribute {name!r}")
