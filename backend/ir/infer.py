"""Types of operands and results, worked out from the opcode table.

A row of the table describes types by codes relative to the controlling type; this module turns codes into types.
What the table leaves to signatures (``*``: calls, returns, block arguments) is answered from the function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node


def _widened(t: T.Type) -> T.Type:
    return T.double_width(t) if T.LANE[t] not in (T.I128, T.F128) else T.INVALID


def _narrowed(t: T.Type) -> T.Type:
    return T.half_width(t) if T.LANE[t] not in (T.I8, T.F16) else T.INVALID


#: Type code -> function of the controlling type. Types that do not exist come out as INVALID.
TYPE_CODES: dict[str, Callable[[T.Type], T.Type]] = {
    "T": lambda t: t,
    "bool": T.as_truthy,
    "int": T.as_int,
    "lane": lambda t: T.LANE[t],
    "half": _narrowed,
    "double": _widened,
    "split": lambda t: _narrowed(t) + 16 if _narrowed(t) else T.INVALID,
    "merge": lambda t: _widened(t) - 16 if _widened(t) and T.IS_VECTOR[t] else T.INVALID,
    "fixed": lambda t: t & ~T.DYNAMIC,
    "addr": lambda _: T.I64,
    "any": lambda _: T.INVALID,
}

_RESULTS: dict[int, tuple[T.Type, ...]] = {}
_ARGS: dict[int, tuple[T.Type, ...]] = {}


def _types(codes: tuple[str, ...], type: T.Type) -> tuple[T.Type, ...]:
    return tuple(T.BY_NAME.get(c) or TYPE_CODES[c](type) for c in codes if c != "*")


def result_types(op: int, type: T.Type) -> tuple[T.Type, ...]:
    """Result types of opcode ``op`` at controlling type ``type``; calls, whose results the signature gives, have
    none here.
    """
    key = op << 10 | type
    found = _RESULTS.get(key)
    if found is None:
        found = _RESULTS[key] = _types(O.RESULTS[op], type)
    return found


def arg_types(op: int, type: T.Type) -> tuple[T.Type, ...]:
    """Types of the fixed operands of ``op``; INVALID where any type is allowed."""
    key = op << 10 | type
    found = _ARGS.get(key)
    if found is None:
        found = _ARGS[key] = _types(O.ARGS[op], type)
    return found


def fixed_type(op: int) -> T.Type:
    """The type field of a node whose opcode has no controlling type: that of its one result, INVALID if it has none."""
    results = O.RESULTS[op]
    return T.BY_NAME.get(results[0], T.INVALID) if results else T.INVALID


def call_signature(func: Function, node: Node) -> int | None:
    """The signature reference a call goes by, or None for what is no call with a signature."""
    fmt = O.FORMAT[node[0]]
    if fmt == "call":
        return func.ext_funcs[node[2]].sig
    if fmt == "call_indirect":
        return int(node[2])
    if fmt in ("try_call", "try_call_indirect"):
        return int(node[2][1].sig)
    return None


def node_result_types(func: Function, node: Node) -> tuple[T.Type, ...]:
    """Result types of any node of ``func``."""
    op = node[0]
    if O.RESULTS[op] == ("*",):
        sig = call_signature(func, node)
        assert sig is not None
        return tuple(r.type for r in func.signatures[sig].returns)
    return result_types(op, node[1])
