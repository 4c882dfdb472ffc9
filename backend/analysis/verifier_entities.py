"""The verifier's question about entities and immediates: do they exist, are they in range."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import memflags, trapcode
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T

if TYPE_CHECKING:
    from jitpy.backend.analysis.verifier import Error
    from jitpy.backend.ir.function import Function, Node


def check_entities(func: Function, errors: list[Error]) -> None:
    """Append an error for each reference to nothing and each immediate out of range."""
    from jitpy.backend.analysis.verifier import Error

    errors += [Error(message) for message in _declarations(func)]
    for block in func.layout:
        for inst in func.block_insts[block]:
            node = func.insts[inst]
            check = _CHECKS.get(O.FORMAT[node[0]])
            message = check(func, node) if check else None
            if message:
                errors.append(Error(message, inst))
            if inst in func.debug_tags and not (O.EFFECTS[node[0]] & O.CALL or node[0] == O.SEQUENCE_POINT):
                errors.append(Error("debug tags stand on calls and sequence points only", inst))


def _declarations(func: Function) -> list[str]:
    messages = []
    for i, ext in enumerate(func.ext_funcs):
        if not 0 <= ext.sig < len(func.signatures):
            messages.append(f"fn{i} has no signature sig{ext.sig}")
        elif ext.patchable and func.signatures[ext.sig].returns:
            messages.append(f"fn{i} is patchable and returns values")
        elif ext.patchable and not ext.colocated:
            messages.append(f"fn{i} is patchable and not colocated")
    for i in range(len(func.global_values)):
        messages += _global_value(func, i)
    for number, (base, gv) in sorted(func.dynamic_types.items()):
        if not T.IS_VECTOR[base]:
            messages.append(f"dt{number} is made of {T.NAME[base]}, which is no vector")
        if not (0 <= gv < len(func.global_values) and func.global_values[gv].kind == "dyn_scale_target_const"):
            messages.append(f"dt{number} needs a scale: gv{gv} is no dyn_scale_target_const")
    names = [number for number, _ in func.regions.values()]
    messages += [f"two alias regions are number {n}" for n in sorted(set(names)) if names.count(n) > 1]
    for sig in [func.sig, *func.signatures]:
        messages += _signature_errors(sig)
    return messages


def _signature_errors(sig: Any) -> list[str]:
    messages = []
    for kind, params in (("parameter", sig.params), ("return", sig.returns)):
        for i, param in enumerate(params):
            if param.extension and not T.IS_INT[param.type]:
                messages.append(f"{kind} {i}, {T.NAME[param.type]}, cannot be extended ({param.extension})")
    if sig.call_conv == "preserve_all" and sig.returns:
        messages.append("a preserve_all signature returns nothing")
    return messages


def _global_value(func: Function, index: int) -> list[str]:
    gvs = func.global_values
    gv = gvs[index]
    seen = {index}
    while gv.kind in ("load", "iadd_imm"):
        base = gv.base
        if not 0 <= base < len(gvs):
            return [f"gv{index} refers to gv{base}, which does not exist"]
        if base in seen:
            return [f"global values depend on themselves: {', '.join(f'gv{i}' for i in sorted(seen))}"]
        if gv.kind == "load" and gvs[base].kind in ("load", "iadd_imm") and gvs[base].type != T.I64:
            return [f"gv{index}: the base gv{base} is {T.NAME[gvs[base].type]}, not an address"]
        seen.add(base)
        gv = gvs[base]
    if gv.kind == "vmctx" and "vmctx" not in [param.purpose for param in func.sig.params]:
        return [f"gv{index}: the function has no vmctx parameter"]
    return []


Check = Callable[["Function", "Node"], "str | None"]


def _iconst(func: Function, node: Node) -> str | None:
    if not 0 <= node[2] <= T.MASK[node[1]]:
        return f"{node[2]} is no {T.NAME[node[1]]} (constants are unsigned)"
    return None


def _float_constant(func: Function, node: Node) -> str | None:
    if not 0 <= node[2] <= T.MASK[node[1]]:
        return f"the bits {node[2]:#x} are more than {T.NAME[node[1]]} has"
    return None


def _constant(func: Function, node: Node) -> str | None:
    if len(node[2]) != T.BYTES[node[1]]:
        return f"the constant has {len(node[2])} bytes, {T.NAME[node[1]]} has {T.BYTES[node[1]]}"
    return None


def _lane(func: Function, node: Node) -> str | None:
    # Dynamic vectors are numbered by fixed parts, of which the scale 1 leaves one.
    count = 1 if node[0] == O.EXTRACT_VECTOR else T.LANES[node[1]]
    if not 0 <= node[2] < count:
        return f"{T.NAME[node[1]]} has no lane {node[2]}"
    return None


def _shuffle(func: Function, node: Node) -> str | None:
    if len(node[2]) != 16:
        return f"a shuffle has 16 lane numbers, not {len(node[2])}"
    if max(node[2]) > 31:
        return f"a shuffle selects among 32 bytes; there is no byte {max(node[2])}"
    return None


def _flags(func: Function, flags: int) -> str | None:
    region = memflags.region(flags)
    if region is not None and region not in func.regions:
        return f"region{region} is not declared"
    trap = memflags.trap(flags)
    if trap is not None and trap >= len(trapcode.CODES):
        return f"memory flags {flags:#x} name no trap code"
    if flags & memflags.LITTLE and flags & memflags.BIG:
        return "memory cannot be both little- and big-endian"
    return None


def _memory(func: Function, node: Node) -> str | None:
    flags, offset = node[2]
    if not -(1 << 31) <= offset < 1 << 31:
        return f"offset {offset} does not fit 32 bits"
    if O.EFFECTS[node[0]] & O.STORE and flags & memflags.READONLY:
        return "a store to readonly memory"
    return _flags(func, flags) or _stack_access(func, node, offset)


#: Bytes in memory of accesses that do not touch all of their type.
_NARROW = {
    **dict.fromkeys((O.ULOAD8, O.SLOAD8, O.ISTORE8), 1),
    **dict.fromkeys((O.ULOAD16, O.SLOAD16, O.ISTORE16), 2),
    **dict.fromkeys((O.ULOAD32, O.SLOAD32, O.ISTORE32), 4),
    **dict.fromkeys((O.ULOAD8X8, O.SLOAD8X8, O.ULOAD16X4, O.SLOAD16X4, O.ULOAD32X2, O.SLOAD32X2), 8),
}


def _stack_access(func: Function, node: Node, offset: int) -> str | None:
    """An access at the address of a stack slot stays within the slot, or within as many bytes as the others have beside it:
    Cranelift's own tests reach into a neighbour.
    """
    definition = func.value_defs[node[-1]]
    at = func.insts[definition] if definition >= 0 else node
    if at[0] != O.STACK_ADDR or not 0 <= at[2][0] < len(func.stack_slots):
        return None
    slot, start = at[2][0], at[2][1] + offset
    size, has = _NARROW.get(node[0]) or T.BYTES[node[1]], func.stack_slots[slot].size
    if start >= 0 and start + size <= has:
        return None
    beside = sum(other.size for other in func.stack_slots) - has
    if start < -beside or start + size > has + beside:
        return f"{size} bytes at offset {start} are not all in ss{slot}, which has {has} bytes"
    return None


def _memory_no_offset(func: Function, node: Node) -> str | None:
    if node[0] == O.BITCAST:
        if node[2] & ~(memflags.LITTLE | memflags.BIG):
            return "bitcast takes the flags big and little only"
        arg = func.value_types[node[3]]
        if T.LANES[arg] != T.LANES[node[1]] and not node[2] and T.IS_VECTOR[arg] and T.IS_VECTOR[node[1]]:
            return "a bitcast that changes the number of lanes says little or big"
        return None
    return _flags(func, node[2])


def _atomic_rmw(func: Function, node: Node) -> str | None:
    if node[2][1] not in O.ATOMIC_OPS:
        return f"no such atomic operation: {node[2][1]}"
    return _flags(func, node[2][0])


def _stack_addr(func: Function, node: Node) -> str | None:
    slot, offset = node[2]
    if not 0 <= slot < len(func.stack_slots):
        return f"no such stack slot: ss{slot}"
    size = func.stack_slots[slot].size
    if not 0 <= offset <= size:
        return f"offset {offset} is outside of ss{slot}, which has {size} bytes"
    return None


def _exists(kind: str, entities: str) -> Check:
    def check(func: Function, node: Node) -> str | None:
        reference = node[2][0] if isinstance(node[2], tuple) else node[2]
        if not 0 <= reference < len(getattr(func, entities)):
            return f"no such entity: {kind}{reference}"
        return None

    return check


def _condition(conditions: dict[str, tuple[str, str]]) -> Check:
    def check(func: Function, node: Node) -> str | None:
        return None if node[2] in conditions else f"no such condition: {node[2]}"

    return check


def _trap_code(func: Function, node: Node) -> str | None:
    return None if node[2] in trapcode.INDEX else f"no such trap code: {node[2]}"


def _try_call(func: Function, node: Node) -> str | None:
    table = node[2][1]
    if not 0 <= table.sig < len(func.signatures):
        return f"no such entity: sig{table.sig}"
    if O.FORMAT[node[0]] == "try_call":
        message = _exists("fn", "ext_funcs")(func, node)
        if message:
            return message
    call_conv = func.signatures[table.sig].call_conv
    if call_conv in ("windows_fastcall", "apple_aarch64", "probestack"):
        return f"{call_conv} functions do not throw"
    return None


def _handler(func: Function, node: Node) -> str | None:
    block, index = node[2]
    if index < 0:
        return f"there is no handler {index}"
    if block not in func.layout:
        return f"block{block} is not in the function"
    last = func.insts[func.block_insts[block][-1]]
    if not O.FORMAT[last[0]].startswith("try_call"):
        return f"block{block} does not end in a try_call"
    if index >= len(last[2][1].targets) - 1:
        return f"block{block} has no handler {index}"
    return None


_CHECKS: dict[str, Check] = {
    "unary_imm": _iconst,
    "unary_ieee16": _float_constant,
    "unary_ieee32": _float_constant,
    "unary_ieee64": _float_constant,
    "unary_const": _constant,
    "unary_global_value": _exists("gv", "global_values"),
    "binary_imm8": _lane,
    "ternary_imm8": _lane,
    "int_compare": _condition(O.INT_CC),
    "float_compare": _condition(O.FLOAT_CC),
    "load": _memory,
    "store": _memory,
    "load_no_offset": _memory_no_offset,
    "store_no_offset": _memory_no_offset,
    "atomic_rmw": _atomic_rmw,
    "atomic_cas": lambda func, node: _flags(func, node[2]),
    "stack_addr": _stack_addr,
    "dynamic_stack_addr": _exists("dss", "dynamic_slots"),
    "func_addr": _exists("fn", "ext_funcs"),
    "call": _exists("fn", "ext_funcs"),
    "call_indirect": _exists("sig", "signatures"),
    "try_call": _try_call,
    "try_call_indirect": _try_call,
    "trap": _trap_code,
    "cond_trap": _trap_code,
    "int_add_trap": _trap_code,
    "shuffle": _shuffle,
    "exception_handler_address": _handler,
}
