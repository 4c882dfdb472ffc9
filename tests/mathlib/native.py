"""The library as machine code that tests can call over arrays."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from jitpy.backend import isa
from jitpy.backend.ir.builder import FunctionBuilder
from jitpy.backend.ir.function import signature
from jitpy.backend.ir.types import F64, I64
from jitpy.backend.settings import Settings

from jitpy.runtime import memory, prebuilt
from jitpy.runtime.codegen import machine_code


def _loop(arity: int) -> Any:
    """void map(function, count, out, in1, ...)"""
    b = FunctionBuilder(f"map{arity}", [I64] * (3 + arity), [])
    function, count, out, *inputs = b.args
    i = b.variable(I64)
    b.define(i, b.iconst(I64, 0))
    head, body, end = b.block(), b.block(), b.block()
    b.jump(head)
    b.use(head)
    b.brif(b.icmp("slt", b.value(i), count), body, [], end)
    b.use(body)
    at = b.ishl(b.value(i), b.iconst(I64, 3))
    sig = b.func.import_signature(signature([F64] * arity, [F64]))
    xs = [b.load(F64, b.iadd(p, at)) for p in inputs]
    (r,) = b.call_indirect(sig, function, xs)
    b.store(r, b.iadd(out, at))
    b.define(i, b.iadd(b.value(i), b.iconst(I64, 1)))
    b.jump(head)
    b.use(end)
    b.return_([])
    return b.finish()


LOOPS = memory.load(memory.Image.of(machine_code([_loop(1), _loop(2)])), {})
LIBRARY = memory.load(memory.Image.of(prebuilt.math_module(isa.host(), Settings(enable_verifier=True))), {})


def address(name: str) -> int:
    """Where a function of the library is."""
    return LIBRARY.symbols["jitpy_math_" + name]


def apply(function: str | int, *arrays: Any) -> Any:
    """The function (a name in the library, or an address) of every element."""
    at = address(function) if isinstance(function, str) else function
    arrays = tuple(np.ascontiguousarray(a, np.float64) for a in arrays)
    out = np.empty_like(arrays[0])
    loop = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (3 + len(arrays)))(LOOPS.symbols[f"map{len(arrays)}"])
    loop(at, out.size, out.ctypes.data, *(a.ctypes.data for a in arrays))
    return out




def names(arity: int) -> list[str]:
    """The functions of so many arguments that have the plain signature."""
    from jitpy.frontend.library.mathlib import library

    return [
        f.name.removeprefix("jitpy_math_")
        for f in library.functions()
        if len(f.sig.params) == arity and len(f.sig.returns) == 1
    ]
