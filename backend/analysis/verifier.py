"""Whether a function keeps CLIF's rules.

In goes a `Function`, out come the rules it breaks, each with its place: blocks end in their only terminator,
operands and results have the types of the opcode table, definitions dominate uses, branches and calls pass what is
asked for, entities exist, immediates are in range. Errors in the structure hide the others, because types and
dominance mean nothing without it. One pass per question, all linear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.analysis import cfg, domtree
from jitpy.backend.analysis.verifier_entities import check_entities
from jitpy.backend.analysis.verifier_types import check_types
from jitpy.backend.errors import VerifierError
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function


class Error:
    """One broken rule: the message, and the instruction and block it is about (-1: none)."""

    __slots__ = ("block", "inst", "message")

    def __init__(self, message: str, inst: int = -1, block: int = -1) -> None:
        self.message = message
        self.inst = inst
        self.block = block

    def __str__(self) -> str:
        return f"inst {self.inst}: {self.message}" if self.inst >= 0 else self.message


def verify(func: Function, pointer: T.Type = T.I64) -> None:
    """Raise VerifierError, with every error and its place, if ``func`` is not valid. ``pointer``: as for `find_errors`."""
    errors = find_errors(func, pointer)
    if errors:
        from jitpy.backend.text.printer import print_instruction

        def where(error: Error) -> str:
            if error.inst >= 0:
                return f"{func.name}: inst {error.inst} ({print_instruction(func, error.inst)})"
            return f"{func.name}: block{error.block}" if error.block >= 0 else func.name

        raise VerifierError([(where(error), error.message) for error in errors])


def find_errors(func: Function, pointer: T.Type = T.I64) -> list[Error]:
    """Every rule that ``func`` breaks; structure first, alone if it is broken. ``pointer``: the type of addresses (other than i64
    for targets that we only read about; INVALID: i32 or i64)."""
    errors: list[Error] = []
    _check_structure(func, errors)
    if not errors:
        check_entities(func, errors)
    if not errors:
        check_types(func, errors, pointer)
        _check_dominance(func, errors)
    errors.sort(key=lambda error: error.inst)
    return errors


def _check_structure(func: Function, errors: list[Error]) -> None:
    """Blocks, terminators, operand numbers, definitions."""
    if not func.layout:
        return
    blocks = range(len(func.block_insts))
    placed: set[int] = set()
    for block in func.layout:
        if block not in blocks or block in placed:
            errors.append(Error(f"block{block} stands in the layout twice or does not exist", -1, block))
            return
        placed.add(block)
        _check_block_ends(func, block, errors)
    _check_entry(func, errors)
    if errors:
        return
    defined = _definitions(func, errors)
    for block in func.layout:
        for inst in func.block_insts[block]:
            node = func.insts[inst]
            for arg in node[3:]:
                if arg not in defined:
                    errors.append(Error(f"v{arg} is not defined", inst))
            for target, _ in cfg.targets(node):
                if target not in placed:
                    errors.append(Error(f"block{target} is not in the function", inst))
                elif target == func.layout[0]:
                    errors.append(Error(f"block{target} is the entry: nothing may branch to it", inst))


def _check_block_ends(func: Function, block: int, errors: list[Error]) -> None:
    insts = func.block_insts[block]
    if not insts:
        errors.append(Error(f"block{block} is empty: it needs a terminator", -1, block))
        return
    for inst in insts[:-1]:
        if O.EFFECTS[func.insts[inst][0]] & O.TERMINATOR:
            errors.append(Error(f"a terminator stands before the end of block{block}", inst))
            return
    if not O.EFFECTS[func.insts[insts[-1]][0]] & O.TERMINATOR:
        errors.append(Error(f"block{block} does not end in a terminator", insts[-1]))


def _check_entry(func: Function, errors: list[Error]) -> None:
    entry = func.layout[0]
    params = [func.value_types[v] for v in func.block_params[entry]]
    wanted = [param.type for param in func.sig.params]
    if len(params) != len(wanted):
        counts = f"the entry block has {len(params)} parameters, the signature {len(wanted)}"
        errors.append(Error(counts, -1, entry))
        return
    for i, (has, needs) in enumerate(zip(params, wanted)):
        if has != needs:
            text = f"parameter {i} of the entry block is {T.NAME[has]}, in the signature {T.NAME[needs]}"
            errors.append(Error(text, -1, entry))
    if entry in func.cold:
        errors.append(Error("the entry block is marked cold", -1, entry))


def _definitions(func: Function, errors: list[Error]) -> set[int]:
    """All values that placed instructions and blocks define, each checked to be defined once and to know by what."""
    defined: set[int] = set()

    def define(value: int, definition: int, inst: int, block: int) -> None:
        if value in defined:
            errors.append(Error(f"v{value} is defined twice", inst, block))
        elif value >= len(func.value_defs) or func.value_defs[value] != definition:
            errors.append(Error(f"v{value} is recorded as defined elsewhere", inst, block))
        defined.add(value)

    seen: set[int] = set()
    for block in func.layout:
        for value in func.block_params[block]:
            define(value, ~block, -1, block)
        for inst in func.block_insts[block]:
            if inst in seen:
                errors.append(Error("the instruction stands in two places", inst, block))
                continue
            seen.add(inst)
            for value in func.results[inst]:
                define(value, inst, inst, block)
    return defined


def _check_dominance(func: Function, errors: list[Error]) -> None:
    """In reachable code, every use is dominated by its definition."""
    if not func.layout:
        return
    graph = cfg.compute(func)
    tree = domtree.compute(graph)
    block_of = {inst: block for block in func.layout for inst in func.block_insts[block]}
    for block in graph.rpo:
        # Within a block, values become available as the walk passes their definition.
        here: set[int] = set(func.block_params[block])
        for inst in func.block_insts[block]:
            for arg in func.insts[inst][3:]:
                if arg in here:
                    continue
                definition = func.value_defs[arg]
                source = ~definition if definition < 0 else block_of[definition]
                if source == block and definition == inst:
                    errors.append(Error(f"v{arg} is an operand of its own definition", inst))
                elif source == block or not tree.dominates(source, block):
                    place = f"inst {definition}" if definition >= 0 else f"block{source}"
                    errors.append(
                        Error(f"v{arg} may be undefined here: {place}, which defines it, does not dominate this use", inst)
                    )
            here.update(func.results[inst])
