"""Text to function and back: every format, every opcode, whole files."""

from pathlib import Path

import pytest
from jitpy.backend.ir import domains, infer, opcodes, types
from jitpy.backend.ir.compare import equivalent
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.text.parser import parse_function, parse_functions
from jitpy.backend.text.printer import print_function

FILES = sorted(Path(__file__).parent.glob("*.clif")) + sorted((Path(__file__).parents[1] / "filetests").rglob("*.clif"))

#: Format -> immediate of a node, for a controlling type; formats without one are left out.
IMMEDIATES = {
    "unary_imm": lambda t: types.MASK[t] - 1,
    "unary_ieee16": lambda t: 0xFE01,
    "unary_ieee32": lambda t: 0x7F80_0001,
    "unary_ieee64": lambda t: 0x8000_0000_0000_0001,
    "unary_const": lambda t: bytes(range(types.BYTES[t])),
    "binary_imm8": lambda t: 0,
    "ternary_imm8": lambda t: 1,
    "int_compare": lambda t: "slt",
    "float_compare": lambda t: "ueq",
    "load": lambda t: (0x2_01_03, -8),
    "store": lambda t: (2, 70_000),
    "load_no_offset": lambda t: 8,
    "store_no_offset": lambda t: 0,
    "atomic_rmw": lambda t: (0, "nand"),
    "atomic_cas": lambda t: 1,
    "cond_trap": lambda t: "user250",
    "int_add_trap": lambda t: "int_ovf",
    "shuffle": lambda t: bytes(range(16)),
}
SKIPPED = {"stack_addr", "dynamic_stack_addr", "func_addr", "unary_global_value", "exception_handler_address", "multiary", "trap"}


def one_instruction(op: int, type: int) -> Function | None:
    """A function of one instruction, its operands parameters; None for what needs entities or ends blocks."""
    format = opcodes.FORMAT[op]
    if format in SKIPPED or "*" in opcodes.ARGS[op]:
        return None
    free = types.I32X4 if opcodes.NAME[op] in ("vhigh_bits", "x86_cvtt2dq") else types.I16
    params = [t or free for t in infer.arg_types(op, type)]
    func = Function("f", signature(params, []))
    func.regions[0] = (0, "r")
    entry = func.block()
    args = [func.param(entry, t) for t in params]
    imm = IMMEDIATES[format](type) if format in IMMEDIATES else None
    func.append(entry, (op, type, imm, *args), infer.result_types(op, type))
    return func


@pytest.mark.parametrize("op", range(len(opcodes.NAME)), ids=opcodes.NAME)
def test_every_opcode(op: int) -> None:
    domain = domains.DOMAINS[domains.DOMAIN[op]] if opcodes.CTRL[op] else {infer.fixed_type(op)}
    for type in sorted(domain)[:12]:
        if type & types.DYNAMIC:
            continue
        func = one_instruction(op, type)
        if func is not None:
            text = print_function(func)
            again = parse_function(text)
            assert equivalent(func, again), text
            assert print_function(again) == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files(path: Path) -> None:
    for func in parse_functions(path.read_text(), str(path)):
        text = print_function(func)
        assert equivalent(parse_function(text), func), text


def test_canonical_text() -> None:
    text = (Path(__file__).parent / "canonical.clif").read_text()
    assert "\n".join(map(print_function, parse_functions(text))) == text


def test_names_with_unusual_characters() -> None:
    func = Function('a "b" \\ <lambda>\n', signature([], []))
    assert parse_function(print_function(func)).name == func.name


def test_types_are_inferred_from_operands_defined_further_down() -> None:
    func = parse_function(
        """function %f(i8) {
        block0(v0: i8): jump block2
        block1: v3 = iadd v2, v2  v4 = iadd v3, v2  return
        block2: v1 -> v0  v2 = ineg v1  jump block1 }"""
    )
    assert func.value_types[4] == types.I8
    assert func.aliases == {1: 0}


def test_annotations_stand_behind_instructions() -> None:
    func = parse_function("function %f() { block0: nop return }")
    assert "nop  ; inst 0\n" in print_function(func, lambda inst: "" if inst else "inst 0")


def test_types_that_no_operand_tells_are_printed() -> None:
    """Operands that wait for one another: such code is unreachable, or is for the verifier to refuse."""
    text = "function %f() system_v {\nblock0:\n    v0 = iadd.i32 v1, v0\n    v1 = ineg v0\n    return\n}\n"
    assert print_function(parse_function(text)) == text
    two = text.replace("iadd.i32 v1, v0", "iadd.i32 v1, v1")
    assert print_function(parse_function(two)) == two
