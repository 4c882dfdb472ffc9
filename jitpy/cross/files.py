"""The files beside an object file: C header, listing, example, Makefile.

All are text made from the kernels' types; `cabi` says what the types are in C.
"""

from __future__ import annotations

import inspect
import linecache

from jitpy import cabi
from jitpy.frontend.types import types as ty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.cross import Compiled
    from jitpy.cross.freestanding import Kernel

_CONVENTIONS = """\
 * An array is passed as the address of a struct: where its items begin, its extents, and for each axis the distance between
 * neighbours in bytes. A kernel reads the struct and reads or writes the items; `owner` is 0 for memory of your own.
 * Results go where the first argument points. The return value is 0, or a status if the function raised in Python's terms:
 * nothing was returned then, and {prefix}jitpy_error_message(status) says what and where. Arrays may have been written to.
"""
_ALLOCATES = """\
 * An array that a kernel made belongs to the caller: give its `owner` to jitpy_release when it is used no more.
"""


def header(compiled: Compiled) -> str:
    """The C header of a library."""
    guard = "".join(c if c.isalnum() else "_" for c in compiled.name).upper() + "_H"
    prefix = compiled.library.prefix
    releases = bool(cabi.arrays([r for k in compiled.kernels for r in k.results]))
    outside = compiled.undefined
    needs = f"Needs {' and '.join(outside)} of the C library." if outside else "Needs no C library."
    out = [f"/* {compiled.name}.h: {', '.join(k.name for k in compiled.kernels)} for {compiled.description}, compiled by jitpy."]
    out.append(" *\n" + _CONVENTIONS.format(prefix=prefix) + (_ALLOCATES if releases else "") + f" * {needs}\n */")
    out.append(f"#ifndef {guard}\n#define {guard}\n\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n")
    structs = dict(pair for k in compiled.kernels for pair in cabi.structs((*k.types, *k.results)).items())
    for name, text in structs.items():
        out.append(f"#ifndef {name.upper()}\n#define {name.upper()}\n{text}\n#endif\n")
    for k in compiled.kernels:
        out.append(_documented(k))
    out.append("/* What a status means, as a text that is not to be freed. */")
    out.append(f"const char *{prefix}jitpy_error_message(int32_t status);\n")
    if releases:
        out.append("/* Give back the memory of an array that a kernel made. */\nvoid jitpy_release(void *owner);\n")
    out.append("#ifdef __cplusplus\n}\n#endif\n\n#endif")
    return "\n".join(out) + "\n"


def parameter_names(kernel: Kernel) -> list[str]:
    """The names of the C function's arguments after the result: those of the Python function."""
    co = kernel.py_func.__code__
    names = list(co.co_varnames[: co.co_argcount + co.co_kwonlyargcount])
    more = len(kernel.types) - len(names)
    if more:  # of *args
        names += [f"{co.co_varnames[len(names)]}{i}" for i in range(more)]
    taken = {"result", "status", kernel.name}  # of the header and the example
    return [f"{n}_" if n in cabi.WORDS or n in taken else n for n in names]


def _documented(kernel: Kernel) -> str:
    result = cabi.only_result(kernel.name, kernel.results)
    names = parameter_names(kernel)
    typed = ", ".join(f"{n}: {t}" for n, t in zip(names, kernel.types))
    doc = inspect.getdoc(kernel.py_func) or ""
    lines = [f"/* {kernel.py_func.__name__}({typed}) -> {result}"]
    lines += [f" * {line}".rstrip().replace("*/", "* /") for line in doc.splitlines()]
    return "\n".join(lines) + " */\n" + cabi.declare(kernel.name, kernel.types, result, names) + "\n"


# -- the example ---------------------------------------------------------------------------------------------------------------


def example(compiled: Compiled) -> str:
    """A C program that calls each kernel with small arguments and prints what it returns."""
    out = ["#include <stdio.h>", f'#include "{compiled.name}.h"', "", "int main(void)", "{", "    int32_t status;"]
    message = compiled.library.prefix + "jitpy_error_message"
    for k in compiled.kernels:
        out += ["", f"    {{   /* {k.name} */"]
        passed = []
        for name, t in zip(parameter_names(k), k.types):
            setup, arguments = _example_argument(name, t)
            out += [f"        {line}" for line in setup]
            passed += arguments
        result = cabi.only_result(k.name, k.results)
        place, shown = _example_result(k.name, result)
        if place:
            out.append(f"        {place} result;")
        out.append(f"        status = {k.name}({', '.join(['&result' if place else '0', *passed])});")
        out.append("        if (status)")
        out.append(f'            printf("{k.name}: %s\\n", {message}(status));')
        out.append("        else")
        out.append(f"            {shown}")
        out.append("    }")
    return "\n".join([*out, "    return 0;", "}"]) + "\n"


def _example_argument(name: str, t: ty.Type) -> tuple[list[str], list[str]]:
    if isinstance(t, ty.Array):
        element = cabi.c_scalar(t.dtype) if t.dtype.kind != "c" else "double" if t.dtype.bits == 128 else "float"
        shape = [4] * t.ndim
        size = t.dtype.bits // 8
        order = range(t.ndim) if t.layout == "F" else range(t.ndim - 1, -1, -1)
        strides = [0] * t.ndim
        step = size
        for axis in order:
            strides[axis] = step
            step *= shape[axis]
        count = 4**t.ndim * (2 if t.dtype.kind == "c" else 1)
        values = ", ".join(str(i + 1) for i in range(min(count, 64)))
        extents = f"{{{', '.join(map(str, shape)) or '0'}}}, {{{', '.join(map(str, strides)) or '0'}}}"
        return [
            f"static {element} {name}_items[{count}] = {{{values}}};",
            f"{cabi.struct_name(t)} {name} = {{{name}_items, {extents}, 0}};",
        ], [f"&{name}"]  # fmt: skip
    if isinstance(t, ty.Tuple):
        setup: list[str] = []
        arguments: list[str] = []
        for i, item in enumerate(t.items):
            lines, more = _example_argument(f"{name}_{i}", item)
            setup += lines
            arguments += more
        return setup, arguments
    if isinstance(t, ty.Scalar):
        return [], ["2"] if t.kind != "c" else ["2", "1"]
    return [], []


def _example_result(name: str, t: ty.Type) -> tuple[str, str]:
    """The C type of the result, and the statement that shows it."""
    if isinstance(t, ty.Scalar) and t.kind != "c":
        form, cast = ("%.17g", "(double)") if t.kind == "f" and t.bits != 16 else ("%lld", "(long long)")
        return cabi.c_scalar(t), f'printf("{name}: {form}\\n", {cast}result);'
    if isinstance(t, ty.Array):
        first = f"printf(\"{name}: an array of {t.ndim} axes, the first has %lld\\n\", (long long)result.shape[0]);"
        return cabi.struct_name(t), f"{{ {first} jitpy_release(result.owner); }}"
    done = f'printf("{name}: done\\n");'
    if isinstance(t, ty.Tuple) and t.flat:
        return f"{name}_result", done
    if isinstance(t, ty.Scalar):
        return ("struct { double re, im; }" if t.bits == 128 else "struct { float re, im; }"), done
    return "", done


def makefile(compiled: Compiled) -> str:
    """How to build the example on the board, or for it, and to run it here."""
    name, triple = compiled.name, compiled.machine.triple
    return f"""\
# make          the example, with Debian's cross compiler (on the board: make CC=gcc)
# make run      run it under QEMU's user emulation
CC = {triple}-gcc
CFLAGS = -O2 -Wall
QEMU = qemu-{compiled.target_name}

example: example.c {name}.o {name}.h
\t$(CC) $(CFLAGS) -o $@ example.c {name}.o

.SUFFIXES:

run: example
\t$(QEMU) -L /usr/{triple} ./example

clean:
\trm -f example

.PHONY: run clean
"""


# -- the listing ---------------------------------------------------------------------------------------------------------------


def listing(compiled: Compiled) -> str:
    """The machine code as assembly: offset, bytes, instruction, with functions named and the Python line where it changes."""
    from jitpy.backend.isa import listing as assembly

    module = compiled.library.module
    assert module is not None
    name = compiled.library.target.name
    mark = assembly.COMMENT[name]
    lines = assembly.lines(name, module.code, module.symbols, module.relocs, assembly.data_of(module))
    places = {at: f"{file}:{line}: {linecache.getline(file, line).strip()}" for at, (file, line) in compiled.lines.items()}
    return f"{mark} {compiled.name} for {compiled.description}\n" + assembly.text(name, lines, places)


__all__: Sequence[str] = ("example", "header", "listing", "makefile", "parameter_names")
