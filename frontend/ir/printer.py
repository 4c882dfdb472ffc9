"""Typed IR as text: the blocks of a kernel with the source line of each instruction, for the option ``typed_ir``.

    f(x: float64, n: int)
    block1(v4: i64, v5: f64):
      v7 = index_check (3, 0) v4, v6          ; 12: s += a[i]

A line's source is written where it changes. Names of arguments are those of the Python function.
"""

from __future__ import annotations

import linecache
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir import types as clif
from jitpy.frontend.ir import opcodes as fo

if TYPE_CHECKING:
    from jitpy.frontend.module import KernelModule
    from jitpy.frontend.passes.graph import Graph
    from jitpy.frontend.translate.kernel import Kernel

_COMMENT = 56  # column of the source line


def print_kernel(kernel: Kernel, graph: Graph, module: KernelModule) -> str:
    """The text of one translated kernel."""
    func = kernel.func
    names = kernel.co.co_varnames
    arguments = [f"{name}: {a.describe()}" for name, a in zip(names, kernel.arguments, strict=False)]
    out = [f"{kernel.function_name}({', '.join(arguments)})    ; {kernel.name}"]
    shown = 0
    for b in graph.order:
        params = ", ".join([f"v{p}: {clif.NAME[func.value_types[p]]}" for p in func.block_params[b]])
        out.append(f"block{b}({params}):" if params else f"block{b}:")
        for i in func.block_insts[b]:
            text = "  " + _instruction(func.insts[i], func.results[i], func.value_types)
            srcloc = func.srclocs[i]
            if srcloc != shown and 0 < srcloc < len(module.lines):
                shown = srcloc
                code, line = module.lines[srcloc]
                source = linecache.getline(module.codes[code].co_filename, line).strip()
                text = f"{text:<{_COMMENT}}; {line}: {source}"
            out.append(text)
    return "\n".join(out) + "\n"


def _instruction(node: Any, results: tuple[int, ...], types: list[int]) -> str:
    op, _, imm, *args = node
    left = ", ".join([f"v{r}: {clif.NAME[types[r]]}" for r in results])
    name = fo.NAME[op] if op >= 256 else o.NAME[op]
    words = [name]
    if op < 256 and o.EFFECTS[op] & o.BRANCH and isinstance(imm, tuple):
        at = len(args) - sum([n for _, n in imm])
        words.append(", ".join([f"v{a}" for a in args[:at]]))
        targets = []
        for block, n in imm:
            inner = ", ".join([f"v{a}" for a in args[at : at + n]])
            targets.append(f"block{block}({inner})" if n else f"block{block}")
            at += n
        words.append(", ".join(targets))
    else:
        if imm is not None:
            words.append(str(imm))
        words.append(", ".join([f"v{a}" for a in args]))
    right = " ".join([w for w in words if w])
    return f"{left} = {right}" if left else right
