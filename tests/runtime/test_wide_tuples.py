"""Tuples of many items: their wrapper is right, and the work of compiling it grows with their number, not faster."""

from __future__ import annotations

import sys
from typing import Any

from jitpy.frontend.types import types as ty

import jitpy
from jitpy.runtime import boxing
from jitpy.runtime.codegen import machine_code


def calls_to_compile(items: int) -> int:
    """How many calls, of Python's and of C's functions, a wrapper for a tuple of this many ints takes."""
    count = 0

    def note(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        count += event == "call" or event == "c_call"

    sys.setprofile(note)
    try:
        wide = ty.tuple_of((ty.py_int,) * items)
        machine_code([boxing.make_wrapper("wrapper", (wide,), (ty.py_int,), boxing.plain_shape(1))])
    finally:
        sys.setprofile(None)
    return count


def test_the_work_is_linear() -> None:
    calls_to_compile(100)  # what is imported and made on first use
    assert calls_to_compile(400) < 2.3 * calls_to_compile(200)


def test_items_of_all_kinds_arrive() -> None:
    def f(t: Any) -> Any:
        return t

    kinds = (3, -(2**62), 2.5, True, 1 - 2j, "text", (7, 0.5), None)
    wide = tuple(kinds[i % len(kinds)] if i % 8 else i for i in range(200))
    compiled = jitpy.jit(f)
    assert compiled(wide) == wide
    assert [type(v) for v in compiled(wide)] == [type(v) for v in wide]
