"""What an exception brings stays in its registers: no move in front of a landing may write there."""

from __future__ import annotations

import pytest
from jitpy.backend import isa
from jitpy.backend.regalloc import allocate
from jitpy.backend.regalloc.checker import AllocationError, check
from jitpy.backend.regalloc.intervals import build_intervals
from jitpy.backend.regalloc.liveness import compute_liveness
from jitpy.backend.text.parser import parse_functions
from jitpy.backend.vcode.lower import lower
from jitpy.backend.vcode.rows import LANDING

COUNT = 24
#: Two dozen values live across a try_call, all needed where the exception arrives.
TEXT = f"""
function %f(i64, i64) -> i64 tail {{
    sig0 = (i64) -> i64 tail
    fn0 = colocated %g(i64) -> i64 tail
block0(v0: i64, v1: i64):
    {chr(10).join(f"v{k} = imul v{k - 1}, v{k - 2}" for k in range(2, COUNT))}
    try_call fn0(v0), sig0, block1(ret0), [ tag1: block2(exn0, exn1) ]
block1(v100: i64):
    return v100
block2(v101: i64, v102: i64):
    v200 = isub v101, v102
    {chr(10).join(f"v{200 + k} = iadd v{199 + k}, v{k}" for k in range(1, COUNT))}
    return v{199 + COUNT}
}}
"""


@pytest.mark.parametrize("algorithm", ["onepass", "linear"])
def test_moves_stay_clear_of_what_arrives(algorithm: str) -> None:
    if isa.host_name() != "x64":
        pytest.skip("the registers are x86-64's")
    target = isa.host()
    vcode = lower(parse_functions(TEXT)[0], target)
    allocation = allocate(vcode, target.env, algorithm)
    check(vcode, target.env, allocation)
    landings = [k for k, inst in enumerate(vcode.insts) if inst.row is LANDING]
    assert sorted(len(allocation.allocs[k]) for k in landings) == [1, 2]
    for k in landings:
        taken = allocation.allocs[k][0]
        before = [e for e in allocation.edits if e[0] <= 2 * k]
        after = [e for e in allocation.edits if e[0] > 2 * k]
        allocation.edits[:] = [*before, (2 * k, ~0, taken, 0), *after]
        with pytest.raises(AllocationError, match="what arrives here"):
            check(vcode, target.env, allocation)
        allocation.edits[:] = [*before, *after]


def test_what_arrives_is_there_before_the_landing() -> None:
    """Found by the fuzzer in chaos mode on s390x: a life of one position in front of a landing, in the register that arrives."""
    target = isa.lookup("s390x")
    vcode = lower(parse_functions(TEXT)[0], target)
    reserved = build_intervals(vcode, compute_liveness(vcode)).reserved
    landings = [(k, inst) for k, inst in enumerate(vcode.insts) if inst.row is LANDING]
    assert landings
    for k, inst in landings:
        assert inst.constraints is not None
        for vreg, preg in zip(inst.defs, inst.constraints[0]):
            assert (4 * k, 4 * k + 4, vreg) in reserved[preg]
