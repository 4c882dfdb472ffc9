"""The interpreter, which is what CLIF means on every ISA, gives the bits that this machine gives."""

from __future__ import annotations

import ctypes
import struct

import numpy as np
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.frontend.library.mathlib import library
from native import apply, names


def bits(x: float) -> int:
    return int.from_bytes(struct.pack("<d", x), "little")


def test_same_bits() -> None:
    functions = library.functions()
    inside = {f.name for f in functions}
    buffers = {t.name: ctypes.create_string_buffer(t.code, len(t.code)) for t in library.tables()}
    interpreter = Interpreter(functions, {name: ctypes.addressof(b) for name, b in buffers.items()})
    rng = np.random.default_rng(7)
    xs = np.concatenate([rng.uniform(-1, 1, 6), rng.uniform(-40, 40, 6), rng.uniform(1, 1e6, 3), [0.0, 1e300, 5e-324, 750.0]])
    ys = rng.permutation(xs)
    for name in names(1) + names(2):
        assert "jitpy_math_" + name in inside
        args = (xs,) if name in names(1) else (xs, ys)
        for row, native in zip(zip(*(a.tolist() for a in args)), apply(name, *args).tolist()):
            (got,) = interpreter.call("jitpy_math_" + name, [bits(v) for v in row])
            if native == native:
                assert got == bits(native), (name, row)


def test_no_contraction() -> None:
    assert not any(node[0] == library_fma() for f in library.functions() for node in f.insts)


def library_fma() -> int:
    from jitpy.backend.ir import opcodes

    return opcodes.FMA
