"""Which calls are inlined, and that the function stays what it was (tests/fuzz inlines every call of random modules)."""

import pytest
from jitpy.backend import isa
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.function import Function
from jitpy.backend.opt.inline import cost_of, inline_module
from jitpy.backend.pipeline import compile_function, compile_module
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions
from jitpy.backend.text.printer import print_function

CALLER = """
function %caller(i32, i32) -> i32 {
    fn0 = %callee(i32, i32) -> i32
    ss0 = explicit_slot 4
block0(v0: i32, v1: i32):
    v2 = call fn0(v0, v1)
    v3 = call fn0(v2, v1)
    return v3
}
"""
SMALL = """
function %callee(i32, i32) -> i32 {
    ss0 = explicit_slot 8
block0(v0: i32, v1: i32):
    v2 = stack_addr.i64 ss0
    store v0, v2+4
    brif v1, block1, block2
block1:
    v3 = load.i32 v2+4
    v4 = iadd v3, v1
    return v4
block2:
    trap user5
}
"""
DYNAMIC = """
function %callee(i32, i32) -> i32 {
    gv0 = dyn_scale_target_const.i32x4
    dt7 = i32x4*gv0
    dss0 = explicit_dynamic_slot dt7
block0(v0: i32, v1: i32):
    v2 = splat.dt7 v0
    v3 = dynamic_stack_addr.i64 dss0
    store v2, v3
    v4 = load.i32 v3+8
    v5 = iadd v4, v1
    return v5
}
"""
SELF = """
function %callee(i32, i32) -> i32 {
    fn0 = %callee(i32, i32) -> i32
block0(v0: i32, v1: i32):
    brif v0, block1, block2
block1:
    v2 = isub v0, v1
    v3 = call fn0(v2, v1)
    return v3
block2:
    return v1
}
"""
FRAME = """
function %callee(i32, i32) -> i32 {
block0(v0: i32, v1: i32):
    v2 = get_stack_pointer.i64
    v3 = ireduce.i32 v2
    v4 = bxor v3, v3
    return v4
}
"""
LARGE = "function %callee(i32, i32) -> i32 {\nblock0(v0: i32, v1: i32):\n" + "".join(
    f"    v{k} = imul v{k - 1}, v0\n" for k in range(2, 60)
) + "    return v59\n}\n"  # fmt: skip


def inlined(callee: str) -> tuple[Function, int]:
    functions = parse_functions(callee + CALLER)
    inline_module(functions)
    for func in functions:
        verify(func)
    caller = functions[-1]
    return caller, sum(caller.insts[i][0] == op.CALL_ for b in caller.layout for i in caller.block_insts[b])


@pytest.mark.parametrize(("callee", "left"), [(SMALL, 0), (DYNAMIC, 0), (SELF, 2), (FRAME, 2), (LARGE, 2)])
def test_small_functions_without_a_frame_of_their_own_are_inlined(callee: str, left: int) -> None:
    assert inlined(callee)[1] == left


@pytest.mark.parametrize("callee", [SMALL, DYNAMIC])
@pytest.mark.parametrize("arguments", [[3, 4], [3, 0], [0, 0xFFFF_FFFF]])
def test_results_and_traps_stay(callee: str, arguments: list[int]) -> None:
    def outcome(functions: list[Function]) -> object:
        try:
            return Interpreter(functions).call("caller", arguments)
        except Trap as trap:
            return trap.code

    assert outcome([inlined(callee)[0]]) == outcome(parse_functions(callee + CALLER))


def test_what_is_inlined_can_be_read_again_and_compiled() -> None:
    """Dynamic types come along with their scale."""
    caller = inlined(DYNAMIC)[0]
    (again,) = parse_functions(print_function(caller))
    verify(again)
    assert len(again.dynamic_types) == 1 and len(again.dynamic_slots) == 2
    compile_function(caller, isa.lookup("x86_64", {}), Settings(enable_verifier=True))
    assert not caller.dynamic_types


def test_costs() -> None:
    assert cost_of(parse_functions(FRAME)[0]) is None
    small, large = cost_of(parse_functions(SMALL)[0]), cost_of(parse_functions(LARGE)[0])
    assert small is not None and large is not None and small < 10 < 50 < large


def test_the_setting_inlines_in_the_pipeline() -> None:
    """With ``enable_inlining`` the caller's code calls nothing; without it, the callee."""
    target = isa.lookup("x86_64", {})

    def relocations(enable: bool) -> list[str]:
        functions = parse_functions(SMALL + CALLER)
        module = compile_module(functions, target, Settings("speed", enable_verifier=True, enable_inlining=enable))
        return [symbol for _, done in module.functions if done.name == "caller" for _, _, symbol, _ in done.relocs]

    assert relocations(True) == []
    assert set(relocations(False)) == {"callee"}
