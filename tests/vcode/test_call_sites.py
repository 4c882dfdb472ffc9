"""What compiled functions say of their calls: handlers, stack maps, debug tags, calls that may be patched."""

from __future__ import annotations

from typing import Any

import pytest
from jitpy.backend import isa
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

pytestmark = pytest.mark.skipif(isa.host_name() != "x64", reason="the places are x86-64's")


def calls(text: str, level: str) -> Any:
    done = compile_function(parse_functions(text)[0], isa.host(), Settings(level, enable_verifier=True))
    return list(done.calls), done.code, done.frame_size


@pytest.mark.parametrize("level", ["none", "speed"])
def test_stack_maps_tags_and_patchable_calls(level: str) -> None:
    found, code, _ = calls(
        """
        function %f(i64) -> i64 {
            ss0 = explicit_slot 16
            ss1 = explicit_slot 8
            fn0 = colocated patchable %g(i64) preserve_all
            fn1 = colocated %h(i64) -> i64
        block0(v0: i64):
            v1 = stack_addr.i64 ss1
            store v0, v1
            call fn0(v0)
            v2 = call fn1(v0), stack_map=[i64 @ ss1+0, i32 @ ss0+4]
            <1, ss0, 7> sequence_point
            v3 = load.i64 v1
            v4 = iadd v2, v3
            return v4
        }
        """,
        level,
    )
    assert [(record[2] != (), record[3] != (), record[4]) for record in found] == [
        (False, False, True), (True, False, False), (False, True, False),
    ]  # fmt: skip
    places = [record[0] for record in found]
    assert all(isinstance(at, int) and code[at - 5] == 0xE8 for at in places[:2])  # behind call rel32
    stack_map = {offset: type for type, offset in found[1][2]}
    assert max(stack_map) - min(stack_map) == 12  # ss1 lies 16 behind ss0, whose entry is 4 in


@pytest.mark.parametrize("level", ["none", "speed"])
def test_handlers_with_contexts(level: str) -> None:
    found, code, size = calls(
        """
        function %f(i64, i64) -> i64 tail {
            sig0 = (i64) -> i64 tail
            fn0 = colocated %g(i64) -> i64 tail
        block0(v0: i64, v1: i64):
            v9 = get_exception_handler_address.i64 block0, 1
            store v9, v1
            try_call fn0(v0), sig0, block1(ret0), [ tag3: block2(exn0), context v1, tag4: block3, default: block2(exn1) ]
        block1(v2: i64):
            return v2
        block2(v3: i64):
            return v3
        block3:
            v4 = iconst.i64 -1
            return v4
        }
        """,
        level,
    )
    ((place, handlers, *_),) = found
    assert [(kind, tag) for kind, tag, _ in handlers if kind != "context"] == [("tag", 3), ("tag", 4), ("default", 0)]
    goals = [goal for kind, _, goal in handlers if kind != "context"]
    assert len(set(goals)) == 3 and all(place < goal < len(code) for goal in goals)
    (context,) = [at for kind, at, _ in handlers if kind == "context"]
    assert 0 <= context < size
