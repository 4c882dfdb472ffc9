"""A function to CLIF text.

The text is canonical: parsing it gives an equal function (`ir.compare.equivalent`), and printing that gives the
same text. Entities are written in order, blocks in layout order, types where operands do not tell them: an operand defined
further down does not, for it may wait for this very instruction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import memflags, opcodes, trapcode, types
from jitpy.backend.text import numbers, syntax

if TYPE_CHECKING:
    from jitpy.backend.ir.function import (
        AbiParam,
        ExtFunc,
        Function,
        GlobalValue,
        Node,
        Signature,
        StackSlot,
        TryTargets,
    )

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.$]*\Z")
_USER_NAME = re.compile(r"u[0-9]+:[0-9]+\Z")
_INDENT = "    "


def format_name(name: str) -> str:
    """The name of a function or symbol: ``u0:1`` as it is, others after ``%``, quoted where they have unusual
    characters.
    """
    if _USER_NAME.match(name):
        return name
    return "%" + (name if _PLAIN_NAME.match(name) else quoted(name))


def quoted(text: str) -> str:
    """``text`` in double quotes, with backslash, quote and newline escaped."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def format_flags(flags: int) -> str:
    """Memory flags, each followed by a space."""
    words = [name for bit, name in enumerate(memflags.NAMES) if flags >> bit & 1]
    trap = memflags.trap(flags)
    if trap is not None:
        words.append(trapcode.CODES[trap])
    region = memflags.region(flags)
    if region is not None:
        words.append(f"region{region}")
    return "".join(word + " " for word in words)


def _abi(param: AbiParam, type_name: Callable[[int], str]) -> str:
    purpose = f"sarg({param.size})" if param.purpose == "sarg" else param.purpose
    return " ".join(word for word in (type_name(param.type), param.extension, purpose) if word)


def format_signature(sig: Signature, type_name: Callable[[int], str] = types.NAME.__getitem__) -> str:
    """``(i32, i64 uext) -> f64 system_v``."""
    params = ", ".join(_abi(p, type_name) for p in sig.params)
    returns = ", ".join(_abi(r, type_name) for r in sig.returns)
    return f"({params}){' -> ' + returns if returns else ''} {sig.call_conv}"


def _offset(offset: int) -> str:
    return numbers.format_int(offset) if offset < 0 else f"+{numbers.format_int(offset)}" if offset else ""


def _values(values: Iterable[int]) -> str:
    return ", ".join([f"v{v}" for v in values])


class _Printer:
    def __init__(self, func: Function) -> None:
        self.func = func
        self.dynamic_names: dict[int, str] = {}
        for number, (base, _) in sorted(func.dynamic_types.items(), reverse=True):
            self.dynamic_names[base | types.DYNAMIC] = f"dt{number}"
        self.aliases: dict[int, list[int]] = {}
        for alias, target in sorted(func.aliases.items()):
            self.aliases.setdefault(target, []).append(alias)
        self.printed: set[int] | None = None  # values whose definitions stand above, where a whole function is printed

    def type_name(self, type: int) -> str:
        return self.dynamic_names.get(type) or types.NAME[type]

    # Preamble

    def preamble(self) -> list[str]:
        func = self.func
        lines = [f"region{n} = {k} {quoted(text)}" for n, (k, text) in sorted(func.regions.items())]
        lines += [f"ss{i} = {self.slot(slot)}" for i, slot in enumerate(func.stack_slots)]
        lines += [f"gv{i} = {self.global_value(gv)}" for i, gv in enumerate(func.global_values)]
        lines += [f"dt{n} = {types.NAME[base]}*gv{gv}" for n, (base, gv) in sorted(func.dynamic_types.items())]
        lines += [f"dss{i} = explicit_dynamic_slot dt{dt}" for i, dt in enumerate(func.dynamic_slots)]
        lines += [f"sig{i} = {format_signature(sig, self.type_name)}" for i, sig in enumerate(func.signatures)]
        lines += [f"fn{i} = {self.ext_func(ext)}" for i, ext in enumerate(func.ext_funcs)]
        for n, (type, data) in sorted(func.constants.items()):
            text = numbers.format_constant(data, type) if type else f"0x{data[::-1].hex()}"
            lines.append(f"const{n} = {types.NAME[type] + ' ' if type else ''}{text}")
        if func.stack_limit is not None:
            lines.append(f"stack_limit = gv{func.stack_limit}")
        return lines

    @staticmethod
    def slot(slot: StackSlot) -> str:
        align = f", align = {1 << slot.align_shift}" if slot.align_shift else ""
        key = f", key = {slot.key}" if slot.key is not None else ""
        return f"explicit_slot {slot.size}{align}{key}"

    @staticmethod
    def global_value(gv: GlobalValue) -> str:
        if gv.kind == "vmctx":
            return "vmctx"
        if gv.kind == "load":
            flags = format_flags(gv.flags)
            return f"load.{types.NAME[gv.type]} {flags}gv{gv.base}{_offset(gv.offset)}"
        if gv.kind == "iadd_imm":
            return f"iadd_imm.{types.NAME[gv.type]} gv{gv.base}, {numbers.format_int(gv.offset)}"
        if gv.kind == "symbol":
            words = "colocated " * gv.colocated + "tls " * gv.tls
            return f"symbol {words}{format_name(gv.name)}{_offset(gv.offset)}"
        return f"dyn_scale_target_const.{types.NAME[gv.type]}"

    @staticmethod
    def ext_func(ext: ExtFunc) -> str:
        words = "colocated " * ext.colocated + "patchable " * ext.patchable
        return f"{words}{format_name(ext.name)} sig{ext.sig}"

    # Instructions

    def target(self, target: tuple[int, int], args: list[int]) -> str:
        block, count = target
        if not count:
            return f"block{block}"
        taken = args[:count]
        del args[:count]
        return f"block{block}({_values(taken)})"

    def try_table(self, table: TryTargets, args: tuple[int, ...]) -> str:
        def target(index: int) -> str:
            words = [f"v{args[p]}" if isinstance(p, int) else f"{p[0]}{p[1]}" for p in table.payloads[index]]
            return f"block{table.targets[index][0]}" + (f"({', '.join(words)})" if words else "")

        handlers = []
        for handler in table.handlers:
            if handler[0] == "context":
                handlers.append(f"context v{args[handler[1]]}")
            elif handler[0] == "default":
                handlers.append(f"default: {target(handler[1])}")
            else:
                handlers.append(f"tag{handler[1]}: {target(handler[2])}")
        return f"sig{table.sig}, {target(0)}, [{', '.join(handlers)}]"

    def operands(self, node: Node) -> str:
        """What stands behind the opcode, with a leading space if there is anything."""
        op, type, imm = node[:3]
        args = list(node[3:])
        format = opcodes.FORMAT[op]
        if format in syntax.BRANCHES or isinstance(imm, tuple):
            parts = list(imm)
        else:
            parts = [imm]
        text = ""
        for item, comma in syntax.ITEMS[format]:
            if item == "v":
                word = f"v{args.pop(0)}" if args else "?"  # the verifier prints broken nodes too
            elif item == "values":
                word = _values(args)
            elif item == "args":
                count = parts[-1].call_args - format.endswith("indirect") if "try" in format else len(args)
                word = f"({_values(args[:count])})"
            elif item == "target":
                word = self.target(parts.pop(0), args)
            elif item == "table":
                word = f"[{', '.join([self.target(part, args) for part in parts])}]"
            elif item == "try":
                word = self.try_table(parts.pop(), node[3:])
            else:
                word = _IMMEDIATES[item](parts.pop(0), type)
            if word:
                text += word if item in syntax.GLUED else " " + word
            if comma:
                text += ","
        return text

    def instruction(self, inst: int) -> str:
        func = self.func
        node = func.insts[inst]
        op = node[0]
        results = func.results[inst]
        text = f"{_values(results)} = " if results else ""
        text += opcodes.NAME[op]
        control = opcodes.CTRL[op]
        if control == "." or (control.isdigit() and self.is_below(node, int(control))):
            text += "." + self.type_name(node[1])
        text += self.operands(node)
        if inst in func.stack_maps:
            slots = [f"{types.NAME[t]} @ ss{slot}+{offset}" for t, slot, offset in func.stack_maps[inst]]
            text += f", stack_map=[{', '.join(slots)}]"
        return text

    def is_below(self, node: Node, operand: int) -> bool:
        """Whether a whole function is being printed and this operand's definition has yet to come."""
        return self.printed is not None and len(node) > 3 + operand and node[3 + operand] not in self.printed

    def prefix(self, inst: int) -> str:
        """Debug tags and source location of an instruction."""
        tags = self.func.debug_tags.get(inst)
        loc = self.func.srclocs[inst]
        words = ""
        if tags:
            words += f"<{', '.join([t if isinstance(t, str) else str(t) for t in tags])}> "
        return words + (f"@{loc:04x} " if loc else "")

    def alias_lines(self, values: Iterable[int]) -> list[str]:
        return [f"{_INDENT}v{alias} -> v{v}" for v in values for alias in self.aliases.get(v, ())]

    def block_header(self, block: int) -> str:
        func = self.func
        params = ", ".join([f"v{v}: {self.type_name(func.value_types[v])}" for v in func.block_params[block]])
        return f"block{block}{f'({params})' if params else ''}{' cold' * (block in func.cold)}:"


def _float(type: int) -> Callable[[Any, int], str]:
    return lambda bits, _: numbers.format_float(bits, type)


_IMMEDIATES: dict[str, Callable[[Any, int], str]] = {
    "imm": lambda value, _: numbers.format_int(value),
    "f16": _float(types.F16),
    "f32": _float(types.F32),
    "f64": _float(types.F64),
    "const": numbers.format_constant,
    "lane": lambda value, _: str(value),
    "index": lambda value, _: str(value),
    "intcc": lambda value, _: str(value),
    "floatcc": lambda value, _: str(value),
    "aop": lambda value, _: str(value),
    "code": lambda value, _: str(value),
    "flags": lambda value, _: format_flags(value).rstrip(),
    "offset": lambda value, _: _offset(value),
    "slot": lambda value, _: f"ss{value}",
    "dslot": lambda value, _: f"dss{value}",
    "fn": lambda value, _: f"fn{value}",
    "sig": lambda value, _: f"sig{value}",
    "gv": lambda value, _: f"gv{value}",
    "block": lambda value, _: f"block{value}",
    "mask": lambda value, _: f"[{' '.join([str(lane) for lane in value])}]",
}


def print_instruction(func: Function, inst: int) -> str:
    """One instruction of ``func``, without indentation."""
    return _Printer(func).instruction(inst)


def print_function(func: Function, annotate: Callable[[int], str] | None = None) -> str:
    """The text of ``func``, ending in a newline; ``annotate(inst)`` gives comments for the ends of lines ("" for
    none).
    """
    printer = _Printer(func)
    sig = format_signature(func.sig, printer.type_name)
    lines = [f"function {format_name(func.name)}{sig} {{"]
    preamble = printer.preamble()
    lines += [_INDENT + line for line in preamble]
    prefixes = [printer.prefix(inst) for inst in range(len(func.insts))]
    width = max([len(_INDENT), *map(len, prefixes)])
    separate = bool(preamble)
    printed: set[int] = set()
    printer.printed = printed
    for block in func.layout:
        if separate:
            lines.append("")
        separate = True
        lines.append(printer.block_header(block))
        lines += printer.alias_lines(func.block_params[block])
        printed.update(func.block_params[block])
        for inst in func.block_insts[block]:
            line = prefixes[inst].ljust(width) + printer.instruction(inst)
            comment = annotate(inst) if annotate else ""
            lines.append(f"{line}  ; {comment}" if comment else line)
            lines += printer.alias_lines(func.results[inst])
            printed.update(func.results[inst])
    lines.append("}")
    return "\n".join(lines) + "\n"
