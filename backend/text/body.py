"""The blocks of a function: block headers, instructions, aliases.

Operands are read item by item as `syntax.SYNTAX` lists them for the opcode's format. A controlling type that has to
be inferred from an operand defined further down waits for that operand; waiting instructions are kept under the
value they wait for, so settling is linear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import infer, opcodes, trapcode, types
from jitpy.backend.ir.function import NO_DEF, Function, Node, TryTargets
from jitpy.backend.text import numbers, syntax
from jitpy.backend.text.lexer import NUMBER, SRCLOC
from jitpy.backend.text.preamble import Entities, parse_constant, parse_flags

if TYPE_CHECKING:
    from jitpy.backend.text.cursor import Cursor

_CONTROL = tuple(int(ctrl) if ctrl.isdigit() else -1 for ctrl in opcodes.CTRL)
_ATOMIC_OPS = dict.fromkeys(opcodes.ATOMIC_OPS)


class BodyParser:
    """Parses from the first block to the closing brace into ``func``."""

    def __init__(self, cursor: Cursor, func: Function, entities: Entities) -> None:
        self.cursor = cursor
        self.func = func
        self.entities = entities
        self.value_types: dict[int, types.Type] = {}
        self.value_defs: dict[int, int] = {}
        self.aliases: dict[int, int] = {}
        self.alias_tokens: dict[int, int] = {}
        self.defined_blocks: set[int] = set()
        self.block_tokens: dict[int, int] = {}  # first mention of a block
        self.starts: list[int] = []  # token of each instruction
        self.waiting: dict[int, list[int]] = {}
        self.args: list[int] = []  # of the instruction being read
        self.type = types.INVALID
        self.readers = {
            "v": self.read_value, "values": self.read_values, "imm": self.read_int,
            "f16": self.read_f16, "f32": self.read_f32, "f64": self.read_f64, "const": self.read_constant,
            "lane": self.read_lane, "index": self.read_index, "intcc": self.read_int_cc,
            "floatcc": self.read_float_cc, "aop": self.read_atomic_op, "code": self.read_trap_code,
            "flags": self.read_flags, "offset": cursor.offset_or_zero, "slot": self.read_slot,
            "dslot": self.read_dynamic_slot, "fn": self.read_function, "sig": self.read_signature,
            "gv": self.read_global_value, "block": self.read_block, "mask": self.read_mask,
            "args": self.read_args, "target": self.read_target, "table": self.read_table,
        }  # fmt: skip
        self.plans: dict[int, tuple[Any, ...]] = {}

    def parse(self) -> None:
        cursor = self.cursor
        while not cursor.accept("}"):
            self.parse_block()
        self.settle_aliases()
        self.settle_types()
        self.store_values()
        self.check_blocks()

    def inst_lines(self) -> list[int]:
        """The line of each instruction."""
        tokens = self.cursor.tokens
        lines, line, position = [], 1, 0
        for start in self.starts:
            offset = tokens.offsets[start]
            line += tokens.text.count("\n", position, offset)
            position = offset
            lines.append(line)
        return lines

    # Blocks

    def parse_block(self) -> None:
        cursor, func = self.cursor, self.func
        at = cursor.i
        block = cursor.entity("block", "a block header such as block0:, or '}'")
        while len(func.block_insts) <= block:
            func.block_insts.append([])
            func.block_params.append([])
        if block in self.defined_blocks:
            raise cursor.error(f"block{block} is defined twice", at)
        self.defined_blocks.add(block)
        func.layout.append(block)
        if cursor.accept("(") and not cursor.accept(")"):
            while True:
                where = cursor.i
                value = cursor.value()
                cursor.expect(":")
                self.define(value, ~block, where)
                self.value_types[value] = cursor.type()
                func.block_params[block].append(value)
                if not cursor.accept(","):
                    break
            cursor.expect(")")
        if cursor.accept("cold"):
            func.cold.add(block)
        cursor.expect(":")
        insts = func.block_insts[block]
        texts = cursor.texts
        while True:
            text = texts[cursor.i]
            if text == "}" or (text[:5] == "block" and text[5:].isdecimal()):
                break
            inst = self.parse_line()
            if inst >= 0:
                insts.append(inst)

    def define(self, value: int, definition: int, at: int) -> None:
        if value in self.value_defs or value in self.aliases:
            raise self.cursor.error(f"v{value} is defined twice", at)
        self.value_defs[value] = definition

    # Instructions

    def parse_line(self) -> int:
        """An instruction, whose number is returned, or an alias (-1)."""
        cursor = self.cursor
        texts, kinds = cursor.texts, cursor.kinds
        tags = self.parse_tags() if texts[cursor.i] == "<" else ()
        srcloc = 0
        if kinds[cursor.i] == SRCLOC:
            if len(texts[cursor.i]) < 2:
                raise cursor.expected("a source location such as @001f")
            srcloc = int(texts[cursor.i][1:], 16)
            cursor.i += 1
        start = cursor.i
        results: list[int] = []
        if texts[cursor.i + 1] in ("=", ",", "->"):
            results.append(cursor.value())
            if cursor.accept("->"):
                self.parse_alias(results[0], start)
                return -1
            while cursor.accept(","):
                results.append(cursor.value())
            cursor.expect("=")
        return self.parse_instruction(results, start, srcloc, tags)

    def parse_alias(self, alias: int, at: int) -> None:
        target = self.cursor.value()
        if alias in self.value_defs or self.aliases.get(alias, target) != target:
            raise self.cursor.error(f"v{alias} is defined twice", at)
        self.aliases[alias] = target
        self.alias_tokens[alias] = at

    def parse_tags(self) -> tuple[Any, ...]:
        cursor = self.cursor
        cursor.expect("<")
        tags: list[Any] = []
        while True:
            at = cursor.i
            slot = cursor.entity_or_none("ss")
            if slot is not None:
                tags.append(f"ss{self.entities.dense(cursor, 'ss', slot, at)}")
            else:
                tags.append(cursor.range_integer("a debug tag", 0, (1 << 32) - 1))
            if not cursor.accept(","):
                break
        cursor.expect(">")
        return tuple(tags)

    def parse_instruction(self, results: list[int], start: int, srcloc: int, tags: tuple[Any, ...]) -> int:
        cursor, func = self.cursor, self.func
        name = cursor.texts[cursor.i]
        op = opcodes.BY_NAME.get(name)
        if op is None:
            raise cursor.expected("an instruction")
        at = cursor.i
        cursor.i += 1
        type = types.INVALID
        if cursor.accept("."):
            type = cursor.type()
        ctrl = opcodes.CTRL[op]
        if ctrl == ".":
            if not type:
                raise cursor.error(f"{name} needs a type, as in {name}.i32", at)
        elif not ctrl:
            fixed = infer.fixed_type(op)
            if type and type != fixed:
                raise cursor.error(f"{name} takes no type", at)
            type = fixed
        self.type = type
        imm, args = self.read_operands(op)
        if ctrl and ctrl != ".":
            if int(ctrl) >= len(args):
                raise cursor.error(f"{name} needs more operands", at)
            # A type written in the text wins until the operand's own is known.
            type = self.value_types.get(args[int(ctrl)], type)
        inst = len(func.insts)
        node: Node = (op, type, imm, *args)
        func.insts.append(node)
        func.results.append(tuple(results))
        func.srclocs.append(srcloc)
        self.starts.append(start)
        if tags:
            func.debug_tags[inst] = tags
        if cursor.texts[cursor.i] == "," and cursor.texts[cursor.i + 1] == "stack_map":
            func.stack_maps[inst] = self.parse_stack_map()
        for value in results:
            self.define(value, inst, start)
        if type or not ctrl:
            self.settle_results(inst)
        else:
            self.waiting.setdefault(args[int(ctrl)], []).append(inst)
        return inst

    def read_operands(self, op: int) -> tuple[Any, tuple[int, ...]]:
        cursor = self.cursor
        format = opcodes.FORMAT[op]
        plan = self.plans.get(op)
        if plan is None:
            plan = self.plans[op] = tuple(
                (item == "try", self.readers.get(item), comma) for item, comma in syntax.ITEMS[format]
            )
        args: list[int] = []
        self.args = args
        parts: list[Any] = []
        for is_try, read, comma in plan:
            if is_try:
                parts.append(self.read_try())
            else:
                part = read()
                if part is not None:
                    parts.append(part)
            if comma:
                if cursor.texts[cursor.i] != ",":
                    raise cursor.expected("','")
                cursor.i += 1
        if format in syntax.BRANCHES:
            if format == "branch_table":
                parts[1:] = parts[1]
            return tuple(parts), tuple(args)
        if format == "try_call_indirect":
            parts.insert(0, parts[0].sig)
        if not parts:
            return None, tuple(args)
        return parts[0] if len(parts) == 1 else tuple(parts), tuple(args)

    def parse_stack_map(self) -> tuple[tuple[int, int, int], ...]:
        cursor = self.cursor
        cursor.expect(",")
        cursor.expect("stack_map")
        cursor.expect("=")
        cursor.expect("[")
        entries = []
        while not cursor.accept("]"):
            type = cursor.type()
            cursor.expect("@")
            slot = self.read_slot()
            entries.append((type, slot, cursor.offset_or_zero()))
            cursor.accept(",")
        return tuple(entries)

    # Items

    def read_value(self) -> None:
        self.args.append(self.cursor.value())

    def read_values(self) -> None:
        """Values up to the end of the instruction."""
        cursor = self.cursor
        texts = cursor.texts
        text = texts[cursor.i]
        if text[:1] != "v" or not text[1:].isdecimal() or texts[cursor.i + 1] in ("=", "->"):
            return
        self.args.append(cursor.value())
        while cursor.accept(","):
            self.args.append(cursor.value())

    def read_args(self) -> None:
        cursor = self.cursor
        cursor.expect("(")
        if cursor.accept(")"):
            return
        self.args.append(cursor.value())
        while cursor.accept(","):
            self.args.append(cursor.value())
        cursor.expect(")")

    def read_int(self) -> int:
        cursor = self.cursor
        text = cursor.number_text("an integer")
        try:
            return numbers.parse_int_bits(text, types.BITS[self.type])
        except ValueError as error:
            raise cursor.error(str(error), cursor.i - 1) from None

    def read_float(self, type: types.Type) -> int:
        text = self.cursor.number_text("a float such as 0x1.8p3")
        try:
            return numbers.parse_float(text, type)
        except ValueError as error:
            raise self.cursor.error(str(error), self.cursor.i - 1) from None

    def read_f16(self) -> int:
        return self.read_float(types.F16)

    def read_f32(self) -> int:
        return self.read_float(types.F32)

    def read_f64(self) -> int:
        return self.read_float(types.F64)

    def read_constant(self) -> bytes:
        cursor = self.cursor
        at = cursor.i
        number = cursor.entity_or_none("const")
        if number is None:
            return parse_constant(cursor, self.type)
        self.entities.dense(cursor, "const", number, at)
        data = self.func.constants[number][1]
        size = types.BYTES[self.type]
        if len(data) > size or (types.IS_VECTOR[self.type] and len(data) != size):
            raise cursor.error(f"const{number} has {len(data)} bytes, {types.NAME[self.type]} has {size}", at)
        return data.ljust(size, b"\0")

    def read_lane(self) -> int:
        return self.cursor.range_integer("a lane number", 0, 255)

    def read_index(self) -> int:
        return self.cursor.integer("an index")

    def read_int_cc(self) -> str:
        return self.cursor.word(opcodes.INT_CC, "an integer condition such as eq or slt")

    def read_float_cc(self) -> str:
        return self.cursor.word(opcodes.FLOAT_CC, "a float condition such as eq or lt")

    def read_atomic_op(self) -> str:
        return self.cursor.word(_ATOMIC_OPS, "an atomic operation such as add")

    def read_trap_code(self) -> str:
        return self.cursor.word(trapcode.INDEX, "a trap code such as int_ovf or user1")

    def read_flags(self) -> int:
        return parse_flags(self.cursor)

    def read_entity(self, kind: str, what: str) -> int:
        at = self.cursor.i
        return self.entities.dense(self.cursor, kind, self.cursor.entity(kind, what), at)

    def read_slot(self) -> int:
        return self.read_entity("ss", "a stack slot such as ss0")

    def read_dynamic_slot(self) -> int:
        return self.read_entity("dss", "a dynamic stack slot such as dss0")

    def read_function(self) -> int:
        return self.read_entity("fn", "a function reference such as fn0")

    def read_signature(self) -> int:
        return self.read_entity("sig", "a signature reference such as sig0")

    def read_global_value(self) -> int:
        return self.read_entity("gv", "a global value such as gv0")

    def read_block(self) -> int:
        at = self.cursor.i
        block = self.cursor.entity("block", "a block")
        self.block_tokens.setdefault(block, at)
        return block

    def read_target(self) -> tuple[int, int]:
        block = self.read_block()
        count = len(self.args)
        if self.cursor.texts[self.cursor.i] == "(":
            self.read_args()
        return block, len(self.args) - count

    def read_table(self) -> list[tuple[int, int]]:
        cursor = self.cursor
        cursor.expect("[")
        targets: list[tuple[int, int]] = []
        if cursor.accept("]"):
            return targets
        targets.append(self.read_target())
        while cursor.accept(","):
            targets.append(self.read_target())
        cursor.expect("]")
        return targets

    def read_mask(self) -> bytes:
        cursor = self.cursor
        at = cursor.i
        if cursor.kinds[at] == NUMBER:
            try:
                return numbers.parse_hex_bytes(cursor.number_text("a mask"), 16)
            except ValueError as error:
                raise cursor.error(str(error), at) from None
        cursor.expect("[")
        lanes = []
        while not cursor.accept("]"):
            cursor.accept(",")
            lanes.append(cursor.range_integer("a lane number", 0, 255))
        if len(lanes) != 16:
            raise cursor.error(f"a shuffle has 16 lane numbers, not {len(lanes)}", at)
        return bytes(lanes)

    def read_try(self) -> TryTargets:
        cursor = self.cursor
        call_args = len(self.args)
        sig = self.read_signature()
        cursor.expect(",")
        targets: list[tuple[int, int]] = []
        payloads: list[tuple[Any, ...]] = []
        handlers: list[tuple[Any, ...]] = []
        self.read_payload_target(targets, payloads)
        cursor.expect(",")
        cursor.expect("[")
        while not cursor.accept("]"):
            if cursor.accept("context"):
                handlers.append(("context", len(self.args)))
                self.args.append(cursor.value())
            elif cursor.accept("default"):
                cursor.expect(":")
                handlers.append(("default", len(targets)))
                self.read_payload_target(targets, payloads)
            else:
                tag = cursor.entity("tag", "'tagN', 'default' or 'context'")
                cursor.expect(":")
                handlers.append(("tag", tag, len(targets)))
                self.read_payload_target(targets, payloads)
            if not cursor.accept(","):
                cursor.expect("]")
                break
        return TryTargets(sig, tuple(targets), call_args, tuple(handlers), tuple(payloads))

    def read_payload_target(self, targets: list[tuple[int, int]], payloads: list[tuple[Any, ...]]) -> None:
        cursor = self.cursor
        block = self.read_block()
        words: list[Any] = []
        if cursor.accept("(") and not cursor.accept(")"):
            while True:
                for kind in ("ret", "exn"):
                    index = cursor.entity_or_none(kind)
                    if index is not None:
                        words.append((kind, index))
                        break
                else:
                    words.append(len(self.args))
                    self.args.append(cursor.value())
                if not cursor.accept(","):
                    break
            cursor.expect(")")
        targets.append((block, len(words)))
        payloads.append(tuple(words))

    # Settling what later lines decide

    def settle_results(self, inst: int) -> None:
        """Give the results of ``inst`` their types, and wake what waited for them."""
        func = self.func
        work = [inst]
        while work:
            inst = work.pop()
            result_types = infer.node_result_types(func, func.insts[inst])
            results = func.results[inst]
            if len(results) != len(result_types):
                name = opcodes.NAME[func.insts[inst][0]]
                raise self.cursor.error(
                    f"{name} has {len(result_types)} results, not {len(results)}", self.starts[inst]
                )
            for value, type in zip(results, result_types):
                self.value_types[value] = type
                if value in self.waiting:
                    work += self.wake(value, type)

    def wake(self, value: int, type: types.Type) -> list[int]:
        func = self.func
        woken = self.waiting.pop(value)
        for inst in woken:
            node = func.insts[inst]
            func.insts[inst] = (node[0], type, *node[2:])
        return woken

    def settle_aliases(self) -> None:
        if not self.aliases:
            return
        func, cursor, aliases = self.func, self.cursor, self.aliases
        resolved: dict[int, int] = {}
        for alias in aliases:
            chain = []
            value = alias
            while value in aliases and value not in resolved:
                chain.append(value)
                resolved[value] = -1
                value = aliases[value]
            value = resolved.get(value, value)
            if value < 0:
                raise cursor.error(f"the alias v{alias} goes in a circle", self.alias_tokens[alias])
            if value not in self.value_defs:
                raise cursor.error(f"v{value} is not defined", self.alias_tokens[alias])
            for link in chain:
                resolved[link] = value
        func.aliases = resolved
        for inst, node in enumerate(func.insts):
            if any(arg in resolved for arg in node[3:]):
                args = tuple(resolved.get(arg, arg) for arg in node[3:])
                func.insts[inst] = (*node[:3], *args)
        for alias, value in resolved.items():
            if alias in self.waiting:
                self.waiting.setdefault(value, []).extend(self.waiting.pop(alias))

    def settle_types(self) -> None:
        for value in sorted(self.waiting):
            type = self.value_types.get(value)
            if type is not None and value in self.waiting:
                for inst in self.wake(value, type):
                    self.settle_results(inst)
        self.check_values()
        for value, insts in sorted(self.waiting.items()):
            at = self.starts[insts[0]]
            raise self.cursor.error(f"the type of v{value} cannot be inferred: write it, as in iadd.i32", at)
        # An explicit type of an inferred opcode gave way to the operand's; where the operand came later, compare now.
        for inst, node in enumerate(self.func.insts):
            ctrl = _CONTROL[node[0]]
            if ctrl >= 0 and node[1] != self.value_types[node[3 + ctrl]]:
                self.func.insts[inst] = (node[0], self.value_types[node[3 + ctrl]], *node[2:])

    def check_values(self) -> None:
        defs = self.value_defs
        for inst, node in enumerate(self.func.insts):
            for arg in node[3:]:
                if arg not in defs:
                    at = self.starts[inst]
                    texts = self.cursor.texts
                    while texts[at] != f"v{arg}" and at + 1 < len(texts):
                        at += 1
                    raise self.cursor.error(f"v{arg} is not defined", at)

    def store_values(self) -> None:
        func = self.func
        for alias, value in func.aliases.items():
            self.value_types[alias] = self.value_types[value]
            self.value_defs[alias] = self.value_defs[value]
        size = max(self.value_types, default=-1) + 1
        func.value_types = [types.INVALID] * size
        func.value_defs = [NO_DEF] * size
        for value, type in self.value_types.items():
            func.value_types[value] = type
            func.value_defs[value] = self.value_defs[value]

    def check_blocks(self) -> None:
        for block, at in self.block_tokens.items():
            if block not in self.defined_blocks:
                raise self.cursor.error(f"block{block} is not defined", at)
