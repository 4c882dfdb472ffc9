"""What ``inspect_*`` shows: the types of names, CLIF, machine code beside its source lines, control-flow graphs."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jitpy.compiler import Overload


def per_signature(dispatcher: Any, signature: Any, show: Callable[[Overload], str]) -> Any:
    """``show`` of every overload as a dict, or of the one with a signature."""
    overloads = dispatcher.overloads
    if signature is None:
        return {types: show(overload) for types, overload in overloads.items()}
    return show(_pick(overloads, signature))


def _pick(overloads: dict[Any, Overload], signature: Any) -> Overload:
    if isinstance(signature, tuple) and signature in overloads:
        return overloads[signature]
    from jitpy.signatures import parse

    pattern = parse(signature)
    for types, overload in overloads.items():
        if len(types) == len(pattern.args) and all(t in s.admits for s, t in zip(pattern.args, types)):
            return overload
    raise KeyError(f"there is no code for {pattern}; there is for {', '.join(map(str, overloads)) or 'nothing yet'}")


def clif(overload: Overload) -> str:
    """The CLIF of the kernel and the functions it calls."""
    from jitpy.backend.text.printer import print_function

    return "\n".join(print_function(f) for f in overload.module.functions)


def print_types(dispatcher: Any, file: Any = None, signature: Any = None) -> None:
    """The source with the types of the names that each line sets."""
    import inspect

    file = file or sys.stdout
    overloads = dispatcher.overloads.values() if signature is None else [_pick(dispatcher.overloads, signature)]
    for overload in overloads:
        results = " | ".join(map(str, overload.module.result_types)) or "never returns"
        print(f"{dispatcher.__name__}{overload.types} -> {results}", file=file)
        by_line: dict[int, list[str]] = {}
        for (function, variable), lines in overload.module.variables.items():
            if function == dispatcher.__name__:
                for line, name in lines.items():
                    by_line.setdefault(line, []).append(f"{variable} :: {name}")
        for remark in overload.module.remarks:
            by_line.setdefault(remark.line, []).append(f"{remark.kind}: {remark.text}")
        try:
            source, first = inspect.getsourcelines(dispatcher.py_func)
        except OSError:
            source, first = [], 0
        for number, text in enumerate(source, first):
            print(f"{number:5} {text.rstrip()}", file=file)
            for note in by_line.get(number, ()):
                print(f"      {' ' * (len(text) - len(text.lstrip()))}# {note}", file=file)
        print(file=file)


def assembly(overload: Overload) -> str:
    """The machine code with symbols and, where it changes, the source line."""
    loaded = overload.loaded
    assert loaded is not None
    from jitpy.runtime.libc import ffi, pointer

    lines: dict[int, str] = {}
    previous = None
    for offset, source in overload.lines:
        text = _source_line(overload, source)
        if text and text != previous:
            lines[offset] = previous = text
    code = bytes(ffi.buffer(pointer(loaded.address), loaded.size))
    return disassemble(code, loaded.address, loaded.symbols, lines)


def _source_line(overload: Overload, source: int) -> str:
    import linecache

    module = overload.module
    if not 0 < source < len(module.lines):
        return ""
    code, line = module.lines[source]
    filename = module.codes[code].co_filename
    return f"{filename}:{line}: {linecache.getline(filename, line).strip()}"


def disassemble(code: bytes, at: int, symbols: dict[str, int], lines: dict[int, str]) -> str:
    """Text of machine code of the host that lies at an address; ``lines``: offset -> where it comes from."""
    from jitpy.backend import isa
    from jitpy.backend.isa import listing
    from jitpy.runtime import helpers

    name = isa.host_name()
    found = listing.lines(name, code, {symbol: address - at for symbol, address in symbols.items()})
    helper_at = helpers.names()
    for line in found:
        line.comment = _helper(line.text, helper_at)
    return listing.text(name, found, lines)


def _helper(operands: str, names: dict[int, str]) -> str:
    """The helper whose address is the last operand."""
    last = operands.rpartition(" ")[2]
    return names.get(int(last, 16), "") if last.startswith("0x") and last.isalnum() else ""


def cfg(overload: Overload) -> str:
    """The kernel's blocks as Graphviz text."""
    from jitpy.backend.ir import opcodes

    out = []
    for func in overload.module.functions:
        out.append(f'digraph "{func.name}" {{\n  node [shape=box, fontname=monospace];')
        for b in func.layout:
            out.append(f'  block{b} [label="block{b}: {len(func.block_insts[b])} instructions"];')
            last = func.insts[func.block_insts[b][-1]]
            if last[0] in (opcodes.JUMP, opcodes.BRIF, opcodes.BR_TABLE):
                for target, _ in last[2]:
                    out.append(f"  block{b} -> block{target};")
        out.append("}")
    return "\n".join(out) + "\n"
