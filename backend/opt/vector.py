"""The rules for vectors, apart from the others so that functions without vectors neither load nor try them.

A node with a vector type is folded where its operands are constants: the interpreter's meaning of its opcode is evaluated,
so there is no second one here. Else it meets the rules for all types and then those of rules/vector.isle.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

import jitpy.backend.interp.convert
import jitpy.backend.interp.float
import jitpy.backend.interp.vector  # noqa: F401  they fill MEANING
from jitpy.backend.interp.meaning import MEANING, split
from jitpy.backend.ir import ieee
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.opt import host as scalars

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from jitpy.backend.isle.host import Host
    from jitpy.backend.opt.egraph import EGraph

    Node = tuple[Any, ...]
    Rule = Callable[[Node, int, list[int]], None]

_CONSTANT = frozenset((op.ICONST, op.F16CONST, op.F32CONST, op.F64CONST, op.VCONST))
_FLOAT_CONST = {ty.F16: op.F16CONST, ty.F32: op.F32CONST, ty.F64: op.F64CONST}
#: Lane type -> bits of 1.0, of 2.0.
FLOAT_ONE = {t: f.bias << f.fraction for t, f in ieee.FORMATS.items()}
FLOAT_TWO = {t: f.bias + 1 << f.fraction for t, f in ieee.FORMATS.items()}
#: Those whose NaN results are the machine's business.
_ARITHMETIC = frozenset(n for n in range(len(op.NAME)) if op.THEME[n] in ("float", "convert")) - {
    op.BITCAST, op.FNEG, op.FABS, op.FCOPYSIGN
}  # fmt: skip


def host() -> Host:
    """The declaration for the ISLE compiler."""
    h = scalars.common()
    h.imports("jitpy.backend.ir.types", "BYTES", "LANE", "LANES", "IS_VECTOR", "as_int", "merge_lanes")
    h.declare("(extern const $I8X16 Type)")
    h.constant("$I8X16", ty.I8X16)
    h.inline_extractor("zeros", "not any({v})")
    h.inline_extractor("ones", "{v} == bytes([255]) * len({v})")
    h.inline_constructor("zeros_of", "bytes(BYTES[{0}])")
    h.inline_constructor("ones_of", "bytes([255]) * BYTES[{0}]")
    h.inline_constructor("units_of", "(1).to_bytes(BYTES[LANE[{0}]], 'little') * LANES[{0}]")
    h.inline_test("same_bytes", "{0} == {1}")
    h.inline_constructor("lane_of", "LANE[{0}]")
    h.inline_extractor("int_lanes", "{v}", test="LANE[{r}] <= 4", fields=["{r}"])
    h.inline_extractor("a_vector", "{v}", test="IS_VECTOR[{r}]", fields=["{r}"])
    h.inline_constructor("int_type", "as_int({0})")
    h.inline_constructor("merged", "merge_lanes({0})")
    h.inline_constructor("lane_count", "LANES[{0}]")
    h.inline_constructor("all_lanes", "{1}.to_bytes(BYTES[LANE[{0}]], 'little') * LANES[{0}]")
    h.inline_constructor("float_one", "FLOAT_ONE[LANE[{0}]]")
    h.inline_constructor("float_two", "FLOAT_TWO[LANE[{0}]]")
    h.inline_constructor("reciprocal", "reciprocal({0}, {1})")
    h.inline_test("different", "{0} != {1}")
    h.imports("jitpy.backend.opt.vector", "FLOAT_ONE", "FLOAT_TWO", "as_shuffle", "common_lane")
    h.inline_constructor("common_lane", "common_lane({0}, {1})")
    h.inline_test("is_identity", "{0} == bytes(range({1}, {1} + 16))")
    h.inline_constructor("of_one", "{0} if max({0}) < 16 else None")
    h.inline_constructor("through", "bytes([{1}[i] for i in {0}])")
    h.inline_constructor("index_in_first", "{0}[{1}] if {0}[{1}] < 16 else None")
    h.inline_constructor("index_in_second", "{0}[{1}] - 16 if {0}[{1}] >= 16 else None")
    h.inline_constructor("as_of_one", "bytes([i & 15 for i in {0}]) if max({0}) >= 16 else None")
    h.inline_constructor("of_second", "bytes([i - 16 for i in {0}]) if min({0}) >= 16 else None")
    h.inline_constructor("then_first", "{0} + bytes(range(16))")
    h.inline_constructor("then_second", "{0} + bytes(range(16, 32))")
    h.inline_constructor("as_shuffle", "as_shuffle({0})")
    return h


def common_lane(t: int, data: bytes) -> int | None:
    """The lane that all lanes of a constant are like, if they are."""
    lanes = set(split(int.from_bytes(data, "little"), t))
    return lanes.pop() if len(lanes) == 1 else None


def as_shuffle(indices: bytes) -> bytes:
    """swizzle's indices as those of a shuffle with zeros."""
    return bytes([i if i < 16 else 16 for i in indices])


def counted_host() -> Host:
    """The same with counters."""
    h = host()
    h.count_rules()
    return h


@cache
def module(counted: bool = False) -> ModuleType:
    """The rules' decision code; ``counted``: the one that counts in ``FIRED`` how often each of ``RULES`` fires."""
    from jitpy.backend.isle.build import generated

    return generated(
        "opt_vector_rules_counted" if counted else "opt_vector_rules",
        sources=[os.path.join(scalars.RULES, f"{theme}.isle") for theme in ("prelude", "vector")],
        host="jitpy.backend.opt.vector:" + ("counted_host" if counted else "host"),
        depends=[os.path.join(os.path.dirname(op.__file__), "opcodes.py"), scalars.__file__],
    )


def rules(graph: EGraph, table: list[Any], counted: bool = False) -> Rule:
    """What simplifies a node of a vector type; ``table``: the rules for all types by opcode."""
    more: list[Any] = module(counted).make(graph)["simplify.table"]

    def simplify(node: Node, v: int, found: list[int]) -> None:
        folded = fold(graph, node, v)
        if folded is not None:
            found.append(graph.subsume(graph.make(folded)))
            return
        for by_opcode in (table, more):
            rule = by_opcode[node[0]] if node[0] < len(by_opcode) else None
            if rule is not None:
                rule(node, v, found)

    return simplify


def fold(graph: EGraph, node: Node, v: int) -> Node | None:
    """The constant that a node with constant operands is, or None."""
    if len(node) == 3:
        return None
    values = []
    for a in node[3:]:
        for m in graph.members(a):
            if m[0] in _CONSTANT:
                values.append(int.from_bytes(m[2], "little") if m[0] == op.VCONST else m[2])
                break
        else:
            return None
    maker = MEANING.get(node[0])
    if maker is None:
        return None
    result = maker(node[1], node[2], tuple([graph.types[a] for a in node[3:]]))(*values)
    t = graph.types[v]
    lane = ty.LANE[t]
    if lane in ieee.FORMATS and node[0] in _ARITHMETIC:
        format = ieee.FORMATS[lane]
        if any(ieee.is_nan(x, format) for x in (split(result, t) if ty.IS_VECTOR[t] else [result])):
            return None
    if ty.IS_VECTOR[t]:
        return op.VCONST, t, result.to_bytes(ty.BYTES[t], "little")
    if ty.IS_INT[t]:
        return (op.ICONST, t, result) if t != ty.I128 else None
    return (_FLOAT_CONST[t], t, result) if t in _FLOAT_CONST else None


