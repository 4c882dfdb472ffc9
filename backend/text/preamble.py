"""The head of a function: its name, signature, and the entities declared before its blocks.

Declarations may refer to later ones and may be numbered with gaps; they are collected by their text's numbers first
and then renumbered densely. `Entities` keeps both numberings for the body.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir import memflags, trapcode, types
from jitpy.backend.ir.function import AbiParam, ExtFunc, Function, GlobalValue, Signature, StackSlot
from jitpy.backend.text import numbers
from jitpy.backend.text.cursor import Cursor, unquoted
from jitpy.backend.text.lexer import NAME, NUMBER, WORD

CALL_CONVS = (
    "fast", "tail", "system_v", "windows_fastcall", "apple_aarch64", "probestack", "winch", "preserve_all",
)  # fmt: skip
_PURPOSES = ("sret", "vmctx", "normal", "sarg")
_FLAG_BITS = {name: 1 << bit for bit, name in enumerate(memflags.NAMES)}
_KINDS = ("ss", "gv", "sig", "fn", "const", "region", "dt", "dss")


class Entities:
    """What a preamble declares: per kind, the text's number -> the entity, of the kind's own class, and after `settle` -> its
    dense number."""

    def __init__(self) -> None:
        self.declared: dict[str, dict[int, Any]] = {kind: {} for kind in _KINDS}
        self.where: dict[tuple[str, int], int] = {}
        self.numbers: dict[str, dict[int, int]] = {}

    def declare(self, cursor: Cursor, kind: str, number: int, entity: object, at: int) -> None:
        if number in self.declared[kind]:
            raise cursor.error(f"{kind}{number} is declared twice", at)
        self.declared[kind][number] = entity
        self.where[kind, number] = at

    def settle(self) -> None:
        for kind, declared in self.declared.items():
            self.numbers[kind] = {number: i for i, number in enumerate(sorted(declared))}

    def dense(self, cursor: Cursor, kind: str, number: int, at: int) -> int:
        found = self.numbers[kind].get(number)
        if found is None:
            raise cursor.error(f"{kind}{number} is not declared", at)
        return found

    def in_order(self, kind: str) -> list[Any]:
        declared = self.declared[kind]
        return [declared[number] for number in sorted(declared)]


def parse_name(cursor: Cursor) -> str:
    """``%name``, ``%"any name"`` or ``u0:1``."""
    text = cursor.texts[cursor.i]
    if cursor.kinds[cursor.i] == NAME:
        cursor.i += 1
        return unquoted(text[1:]) if text[1:2] == '"' else text[1:]
    if cursor.kinds[cursor.i] == WORD and text[0] == "u" and text[1:].isdecimal():
        cursor.i += 1
        cursor.expect(":")
        return f"{text}:{cursor.integer('the index of a user name')}"
    raise cursor.expected("a function's name such as %f or u0:1")


def parse_signature(cursor: Cursor, call_conv: str) -> Signature:
    """``(i32, i64 uext) -> f64 system_v``; ``call_conv`` when the text names none."""
    cursor.expect("(")
    params: list[AbiParam] = []
    if not cursor.accept(")"):
        params = _abi_params(cursor)
        cursor.expect(")")
    returns = _abi_params(cursor) if cursor.accept("->") else []
    if cursor.texts[cursor.i] in CALL_CONVS:
        call_conv = cursor.texts[cursor.i]
        cursor.i += 1
    return Signature(params, returns, call_conv)


def _abi_params(cursor: Cursor) -> list[AbiParam]:
    params = [_abi_param(cursor)]
    while cursor.accept(","):
        params.append(_abi_param(cursor))
    return params


def _abi_param(cursor: Cursor) -> AbiParam:
    param = AbiParam(cursor.type())
    while True:
        word = cursor.texts[cursor.i]
        if word in ("uext", "sext"):
            param.extension = word
        elif word in _PURPOSES:
            param.purpose = "" if word == "normal" else word
        else:
            return param
        cursor.i += 1
        if word == "sarg":
            cursor.expect("(")
            param.size = cursor.range_integer("the size of a struct argument", 0, 1 << 27)
            cursor.expect(")")


def parse_flags(cursor: Cursor) -> int:
    """Memory flags in any order."""
    flags = 0
    while cursor.kinds[cursor.i] == WORD:
        text = cursor.texts[cursor.i]
        if text in _FLAG_BITS:
            flags |= _FLAG_BITS[text]
        elif text in trapcode.INDEX:
            flags = memflags.with_trap(flags, trapcode.INDEX[text])
        elif text.startswith("region") and text[6:].isdecimal():
            flags = _with_region(cursor, flags)
            continue
        else:
            break
        cursor.i += 1
    return flags


def _with_region(cursor: Cursor, flags: int) -> int:
    at = cursor.i
    number = cursor.entity("region", "an alias region")
    if number > 254:
        raise cursor.error(f"region{number}: regions go from 0 to 254", at)
    return memflags.with_region(flags, number)


def parse_preamble(cursor: Cursor, func: Function, call_conv: str) -> tuple[Entities, Function]:
    """Everything from ``{`` to the first block, stored in ``func``."""
    cursor.dynamic_types = {}
    entities = Entities()
    cursor.expect("{")
    limit: tuple[int, int] | None = None
    while True:
        text = cursor.texts[cursor.i]
        at = cursor.i
        if text == "stack_limit":
            cursor.i += 1
            cursor.expect("=")
            limit = cursor.entity("gv", "a global value"), at
            continue
        kind = text.rstrip("0123456789")
        if kind not in _DECLARATIONS or kind == text:
            break
        number = cursor.entity(kind, "a declaration")
        cursor.expect("=")
        entities.declare(cursor, kind, number, _DECLARATIONS[kind](cursor, entities, number, call_conv), at)
    entities.settle()
    _store(cursor, func, entities)
    if limit is not None:
        func.stack_limit = entities.dense(cursor, "gv", *limit)
    return entities, func


def _slot(cursor: Cursor, entities: Entities, number: int, call_conv: str) -> StackSlot:
    cursor.expect("explicit_slot")
    slot = StackSlot(cursor.range_integer("the size of a stack slot", 0, (1 << 32) - 1))
    while cursor.accept(","):
        word = cursor.word(("align", "key"), "'align' or 'key'")
        cursor.expect("=")
        value = cursor.range_integer(word, 0, (1 << 64) - 1)
        if word == "key":
            slot.key = value
        elif value <= 0 or value & (value - 1):
            raise cursor.error(f"alignment {value} is not a power of two", cursor.i - 1)
        else:
            slot.align_shift = value.bit_length() - 1
    return slot


def _global_value(cursor: Cursor, entities: Entities, number: int, call_conv: str) -> GlobalValue:
    kinds = ("vmctx", "load", "iadd_imm", "symbol", "dyn_scale_target_const")
    gv = GlobalValue(cursor.word(kinds, "a kind of global value: " + ", ".join(kinds)))
    if gv.kind in ("load", "iadd_imm", "dyn_scale_target_const"):
        cursor.expect(".")
        gv.type = cursor.type()
    if gv.kind == "load":
        gv.flags = parse_flags(cursor)
        gv.base = cursor.entity("gv", "a global value")
        gv.offset = cursor.offset_or_zero()
    elif gv.kind == "iadd_imm":
        gv.base = cursor.entity("gv", "a global value")
        cursor.expect(",")
        gv.offset = cursor.range_integer("an immediate", -(1 << 63), (1 << 64) - 1)
    elif gv.kind == "symbol":
        gv.colocated = cursor.accept("colocated")
        gv.tls = cursor.accept("tls")
        gv.name = parse_name(cursor)
        gv.offset = cursor.offset_or_zero()
    return gv


def _sig(cursor: Cursor, entities: Entities, number: int, call_conv: str) -> Signature:
    return parse_signature(cursor, call_conv)


def _ext_func(cursor: Cursor, entities: Entities, number: int, call_conv: str) -> ExtFunc:
    colocated = cursor.accept("colocated")
    patchable = cursor.accept("patchable")
    name = parse_name(cursor)
    if cursor.texts[cursor.i] == "(":
        at = cursor.i
        sig = max(entities.declared["sig"], default=-1) + 1
        entities.declare(cursor, "sig", sig, parse_signature(cursor, call_conv), at)
    else:
        sig = cursor.entity("sig", "a signature")
    return ExtFunc(name, sig, colocated, patchable)


def parse_constant(cursor: Cursor, type: types.Type) -> bytes:
    """The bytes of a constant of ``type``: lanes in brackets, a scalar, or (for vectors) hexadecimal bytes."""
    at = cursor.i
    try:
        if cursor.accept("["):
            texts = []
            while not cursor.accept("]"):
                cursor.accept(",")
                texts.append(cursor.number_text("a lane"))
            if len(texts) != types.LANES[type]:
                raise ValueError(f"{types.NAME[type]} has {types.LANES[type]} lanes, not {len(texts)}")
            lane = types.LANE[type]
            return numbers.pack_lanes([numbers.parse_scalar(text, lane) for text in texts], type)
        text = cursor.number_text("a constant")
        if types.IS_VECTOR[type]:
            return numbers.parse_hex_bytes(text, types.BYTES[type])
        return numbers.parse_scalar(text, type).to_bytes(types.BYTES[type], "little")
    except ValueError as error:
        raise cursor.error(str(error), at) from None


def _constant(cursor: Cursor, entities: Entities, number: int, call_conv: str) -> tuple[types.Type, bytes]:
    if cursor.kinds[cursor.i] == NUMBER:
        at = cursor.i
        try:
            text = cursor.number_text("a constant")
            return types.INVALID, numbers.parse_hex_bytes(text, (len(text.replace("_", "")) - 2) // 2)
        except ValueError as error:
            raise cursor.error(str(error), at) from None
    type = cursor.type()
    return type, parse_constant(cursor, type)


def _region(cursor: Cursor, entities: Entities, number: int, call_conv: str) -> tuple[int, str]:
    return cursor.range_integer("the index of an alias region", 0, (1 << 32) - 1), cursor.string()


def _dynamic_type(cursor: Cursor, entities: Entities, number: int, call_conv: str) -> tuple[int, int]:
    base = cursor.type()
    cursor.expect("*")
    cursor.dynamic_types[f"dt{number}"] = base | types.DYNAMIC
    return base, cursor.entity("gv", "a global value")


def _dynamic_slot(cursor: Cursor, entities: Entities, number: int, call_conv: str) -> int:
    cursor.expect("explicit_dynamic_slot")
    return cursor.entity("dt", "a dynamic type")


_DECLARATIONS = {
    "ss": _slot, "gv": _global_value, "sig": _sig, "fn": _ext_func, "const": _constant, "region": _region,
    "dt": _dynamic_type, "dss": _dynamic_slot,
}  # fmt: skip


def _store(cursor: Cursor, func: Function, entities: Entities) -> None:
    where = entities.where

    def dense(kind: str, number: int, at: int) -> int:
        return entities.dense(cursor, kind, number, at)

    func.stack_slots = entities.in_order("ss")
    func.global_values = entities.in_order("gv")
    func.signatures = entities.in_order("sig")
    func.ext_funcs = entities.in_order("fn")
    func.constants = entities.declared["const"]
    func.regions = entities.declared["region"]
    for number, gv in zip(sorted(entities.declared["gv"]), func.global_values):
        if gv.base >= 0:
            gv.base = dense("gv", gv.base, where["gv", number])
    for number, ext in zip(sorted(entities.declared["fn"]), func.ext_funcs):
        ext.sig = dense("sig", ext.sig, where["fn", number])
    for number, (base, gv_number) in sorted(entities.declared["dt"].items()):
        func.dynamic_types[number] = base, dense("gv", gv_number, where["dt", number])
    for number in sorted(entities.declared["dss"]):
        dt = entities.declared["dss"][number]
        if dt not in func.dynamic_types:
            raise cursor.error(f"dt{dt} is not declared", where["dss", number])
        func.dynamic_slots.append(dt)
