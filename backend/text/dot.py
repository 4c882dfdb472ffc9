"""A function's control-flow graph in Graphviz's DOT language, for ``dot -Tsvg``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.analysis import cfg
from jitpy.backend.text.printer import print_function

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function


def control_flow_graph(func: Function, *, code: bool = False) -> str:
    """One node per block, one edge per branch target in the order of the terminator; with ``code``, nodes hold their
    instructions.
    """
    bodies = _bodies(func) if code else {}
    lines = [f"digraph {_quote('%' + func.name)} {{", "  node [shape=box, fontname=monospace];"]
    for block in func.layout:
        label = "\\l".join(_escape(line) for line in bodies.get(block, [f"block{block}"]))
        lines.append(f'  block{block} [label="{label}{chr(92) + "l" if code else ""}"];')
    for block in func.layout:
        for target, _ in cfg.targets(func.insts[func.block_insts[block][-1]]):
            lines.append(f"  block{block} -> block{target};")
    return "\n".join([*lines, "}"]) + "\n"


def _bodies(func: Function) -> dict[int, list[str]]:
    """Block -> its lines in the function's text."""
    bodies: dict[int, list[str]] = {}
    current: list[str] = []
    for line in print_function(func).splitlines():
        if line.startswith("block"):
            number = int(line[5:].split("(")[0].split(":")[0].split()[0])
            current = bodies[number] = [line]
        elif line.startswith("    ") and bodies:
            current.append(line)
    return bodies


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quote(text: str) -> str:
    return f'"{_escape(text)}"'
