"""The verifier's question about types: operands, results, and what branches, calls and returns pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.ir import infer
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T
from jitpy.backend.ir.domains import DOMAIN, DOMAINS, FREE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.backend.analysis.verifier import Error
    from jitpy.backend.ir.function import Function, Node

_RETURNS = frozenset({O.RETURN})
_TAIL_CALLS = frozenset({O.RETURN_CALL, O.RETURN_CALL_INDIRECT})


def check_types(func: Function, errors: list[Error], pointer: T.Type) -> None:
    """Append an error for each operand, result or passed value of the wrong type; ``pointer``: that of addresses
    (INVALID: i32 or i64).
    """
    from jitpy.backend.analysis.verifier import Error

    pointers = (T.I32, T.I64) if pointer == T.INVALID else (pointer,)

    for block in func.layout:
        for inst in func.block_insts[block]:
            node = func.insts[inst]
            messages = _operands(func, node, pointers)
            if not messages:
                messages = _results(func, node, func.results[inst])
                messages += _passed(func, node)
            errors += [Error(message, inst) for message in messages]


def _operands(func: Function, node: Node, pointers: tuple[T.Type, ...]) -> list[str]:
    """Errors in the fixed operands."""
    op, type = node[0], node[1]
    name, args = O.NAME[op], node[3:]
    wanted = infer.arg_types(op, type)
    varying = "*" in O.ARGS[op]
    if len(args) < len(wanted) or (len(args) > len(wanted) and not varying):
        return [f"{name} takes {len(wanted)} operands, not {len(args)}"]
    ctrl = O.CTRL[op]
    if ctrl not in (".", ""):
        actual = func.value_types[args[int(ctrl)]]
        if actual != type:
            return [f"{name} is typed {T.NAME[type]}, but v{args[int(ctrl)]} is {T.NAME[actual]}"]
    if ctrl and type not in (pointers if DOMAIN[op] == "address" else DOMAINS[DOMAIN[op]]):
        what = f"v{args[int(ctrl)]} is {T.NAME[type]}" if ctrl != "." else f"the type is {T.NAME[type]}"
        return [f"{what}; {name} takes: {DOMAIN[op]}"]
    if not ctrl and type != infer.fixed_type(op):
        return [f"{name} has no controlling type, yet its node says {T.NAME[type]}"]
    messages = []
    for i, (arg, code, needs) in enumerate(zip(args, O.ARGS[op], wanted)):
        has = func.value_types[arg]
        if code == "addr":
            if has not in pointers and ctrl != str(i):
                messages.append(f"operand {i}, v{arg}, is {T.NAME[has]}; addresses are {T.NAME[pointers[-1]]}")
        elif needs == T.INVALID:
            relation = FREE.get(name)
            if relation and not relation[0](type, has):
                messages.append(f"v{arg} is {T.NAME[has]}; {name}.{T.NAME[type]} takes {relation[1]}")
        elif has != needs:
            messages.append(f"operand {i}, v{arg}, is {T.NAME[has]}, not {T.NAME[needs]}")
    return messages


def _results(func: Function, node: Node, results: Sequence[int]) -> list[str]:
    wanted = infer.node_result_types(func, node)
    if O.FORMAT[node[0]].startswith("try_call"):
        wanted = ()
    if len(results) != len(wanted):
        return [f"there are {len(results)} results, not {len(wanted)}"]
    return [
        f"result v{value} is {T.NAME[func.value_types[value]]}, not {T.NAME[needs]}"
        for value, needs in zip(results, wanted)
        if func.value_types[value] != needs
    ]


def _passed(func: Function, node: Node) -> list[str]:
    """Errors in what a call, branch or return passes on."""
    op, args = node[0], node[3:]
    if op in _RETURNS:
        wanted = [r.type for r in func.sig.returns]
        return _match(func, args, wanted, "return")
    format = O.FORMAT[op]
    if format in ("jump", "brif", "branch_table"):
        return _branch(func, node)
    sig_ref = infer.call_signature(func, node)
    if sig_ref is None:
        return []
    sig = func.signatures[sig_ref]
    messages = []
    if format.startswith("try_call"):
        messages = _try_targets(func, node)
        args = args[: node[2][1].call_args]
    if format.endswith("indirect"):
        args = args[1:]
    wanted = [p.type for p in sig.params]
    messages += _match(func, args, wanted, O.NAME[op])
    if op in _TAIL_CALLS:
        if [r.type for r in sig.returns] != [r.type for r in func.sig.returns]:
            messages.append("a tail call returns what its caller does: the results differ")
        if sig.call_conv != func.sig.call_conv:
            messages.append(f"a tail call keeps the convention: {func.sig.call_conv} calls {sig.call_conv}")
        elif sig.call_conv != "tail":
            messages.append(f"tail calls need the convention tail, not {sig.call_conv}")
    return messages


def _match(func: Function, args: Sequence[int], wanted: Sequence[T.Type], what: str) -> list[str]:
    if len(args) != len(wanted):
        return [f"{what} takes {len(wanted)} values, not {len(args)}"]
    return [
        f"{what}: v{arg}, value {i}, is {T.NAME[func.value_types[arg]]}, not {T.NAME[needs]}"
        for i, (arg, needs) in enumerate(zip(args, wanted))
        if func.value_types[arg] != needs
    ]


def _branch(func: Function, node: Node) -> list[str]:
    messages = []
    first = 3 + (O.FORMAT[node[0]] != "jump")
    for block, count in node[2]:
        args = node[first : first + count]
        first += count
        wanted = [func.value_types[v] for v in func.block_params[block]]
        messages += _match(func, args, wanted, f"block{block}")
    if first != len(node):
        messages.append(f"{len(node) - 3} operands do not match the counts of the targets")
    return messages


def _try_targets(func: Function, node: Node) -> list[str]:
    table, args = node[2][1], node[3:]
    sig = func.signatures[table.sig]
    returned = [r.type for r in sig.returns]
    messages = []
    if O.FORMAT[node[0]] == "try_call":
        declared = func.ext_funcs[node[2][0]].sig
        if func.signatures[declared].key() != sig.key():
            messages.append(f"sig{table.sig} of the try_call is not the signature of the function called")
    for index, ((block, count), payloads) in enumerate(zip(table.targets, table.payloads)):
        params = func.block_params[block]
        if len(params) != count:
            messages.append(f"block{block} takes {len(params)} values, not {count}")
            continue
        for param, payload in zip(params, payloads):
            needs = func.value_types[param]
            if isinstance(payload, int):
                has, text = func.value_types[args[payload]], f"v{args[payload]}"
            else:
                kind, position = payload
                text = f"{kind}{position}"
                # Exception payloads are two words of the target.
                source = returned if kind == "ret" else [T.I64, T.I64]
                if (kind == "ret") != (index == 0):
                    messages.append(f"{text} is for {'the normal return' if kind == 'ret' else 'handlers'} only")
                    continue
                if position >= len(source):
                    messages.append(f"there is no {text}")
                    continue
                has = source[position]
            if has != needs:
                messages.append(f"{text} is {T.NAME[has]}, not {T.NAME[needs]}")
    return messages
