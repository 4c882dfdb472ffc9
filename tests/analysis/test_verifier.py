"""What only built functions can get wrong; what text can say is in tests/filetests/verifier."""

from collections.abc import Callable

import pytest
from jitpy.backend.analysis.verifier import find_errors, verify
from jitpy.backend.errors import CompileError, VerifierError
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T
from jitpy.backend.ir.function import Function, signature


def sample() -> Function:
    func = Function("f", signature([T.I32], [T.I32]))
    entry = func.block()
    x = func.param(entry, T.I32)
    y = func.value(entry, (O.IADD, T.I32, None, x, x), T.I32)
    func.append(entry, (O.RETURN, T.INVALID, None, y))
    return func


def set_node(inst: int, node: tuple) -> Callable[[Function], None]:
    def change(func: Function) -> None:
        func.insts[inst] = node

    return change


def test_a_good_function_passes() -> None:
    verify(sample())
    verify(Function("declared_only", signature([], [])))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_node(0, (O.IADD, T.I64, None, 0, 0)), "iadd is typed i64, but v0 is i32"),
        (set_node(0, (O.IADD, T.I32, None, 0)), "iadd takes 2 operands, not 1"),
        (set_node(0, (O.IADD, T.I32, None, 0, 9)), "v9 is not defined"),
        (set_node(0, (O.ICONST, T.I32, -1)), "-1 is no i32"),
        (set_node(0, (O.CALL_, T.INVALID, 3, 0)), "no such entity: fn3"),
        (set_node(0, (O.ICMP, T.I32, "lt", 0, 0)), "no such condition: lt"),
        (set_node(0, (O.STACK_ADDR, T.I64, (0, 0))), "no such stack slot: ss0"),
        (set_node(1, (O.JUMP, T.INVALID, ((7, 0),))), "block7 is not in the function"),
        (set_node(1, (O.TRAP_, T.INVALID, "nope")), "no such trap code: nope"),
        (set_node(1, (O.RETURN, T.INVALID, None)), "return takes 1 values, not 0"),
        (lambda func: func.block_insts[0].insert(0, 0), "in two places"),
        (lambda func: func.layout.append(0), "in the layout twice"),
        (lambda func: func.value_defs.__setitem__(1, 1), "v1 is recorded as defined elsewhere"),
        (lambda func: func.value_types.__setitem__(1, T.I8), "result v1 is i8, not i32"),
        (lambda func: func.block_insts.__setitem__(0, []), "block0 is empty"),
    ],
)
def test_broken(change: Callable[[Function], None], message: str) -> None:
    func = sample()
    change(func)
    errors = find_errors(func)
    assert any(message in error.message for error in errors), [str(error) for error in errors]
    with pytest.raises(VerifierError) as caught:
        verify(func)
    assert isinstance(caught.value, CompileError) and str(caught.value).startswith("f")


def test_the_place_is_shown_as_text() -> None:
    func = sample()
    func.insts[0] = (O.FADD, T.I32, None, 0, 0)
    with pytest.raises(VerifierError, match=r"f: inst 0 \(v1 = fadd v0, v0\): v0 is i32; fadd takes: float or vector"):
        verify(func)
