"""Compile CLIF text, run it in this process, and run the same on the interpreter.

Functions take two addresses, of their arguments and of their results, so that any types can be passed; they return
0. A trap returns
one plus its code's index instead of stopping the process: the target's ``emit_trap`` is replaced by a return.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import struct
from collections.abc import Sequence
from typing import Any

from jitpy.backend import pipeline
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir.trapcode import CODES
from jitpy.backend.ir.types import BY_NAME, BYTES
from jitpy.backend.isa import x64
from jitpy.backend.isa.x64.frame import emit_epilogue
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

HOST = x64.features.host()
BASELINE = x64.features.none()


def target(features: dict[str, int]) -> Any:
    """A target whose traps return."""
    t = x64.target(features)

    def emit_trap(sink: Any, code: str) -> None:
        emit_epilogue(sink, sink.frame)
        sink.code += b"\xb8" + (1 + CODES.index(code)).to_bytes(4, "little") + b"\xc3"

    t.emit_trap = emit_trap
    return t


TARGETS = {"host": target(HOST), "sse2": target(BASELINE)}


class Code:
    """Machine code in memory, callable."""

    def __init__(self, code: bytes) -> None:
        self.page = mmap.mmap(-1, max(len(code), 4096), prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.page.write(code)
        self.holder = ctypes.c_char.from_buffer(self.page)
        self.address = ctypes.addressof(self.holder)
        self.call = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p)(self.address)


def build(text: str, t: str = "host", regalloc: str = "onepass", optimize: bool = False) -> Code:
    """The first function of the text, loaded."""
    func = parse_functions(text)[0]
    settings = Settings("speed" if optimize else "none", regalloc, regalloc_checker=True)
    done = pipeline.compile_function(func, TARGETS[t], settings)
    assert not done.relocs
    return Code(done.code)


def wrap(body: str, args: Sequence[str], results: Sequence[str], opaque: bool, slots: str = "") -> str:
    """A function that loads ``a0 a1 ..`` from memory, runs the body (which names its results ``r0 r1 ..``), stores
    these.

    ``opaque``: a block boundary hides how the arguments were loaded.
    """
    lines = ["function %f(i64, i64) -> i32 {", slots, "block0(v1000: i64, v1001: i64):"]
    at = 0
    for i, t in enumerate(args):
        flags = "" if opaque else " notrap aligned"
        lines.append(f"    v{900 + i} = load.{t}{flags} v1000+{at}")
        at += 16
    if opaque:
        lines.append("    jump block1(" + ", ".join(f"v{900 + i}" for i in range(len(args))) + ")")
        lines.append("block1(" + ", ".join(f"v{800 + i}: {t}" for i, t in enumerate(args)) + "):")
    for line in body.strip().splitlines():
        for i in range(len(args)):
            line = line.replace(f"a{i}", f"v{(800 if opaque else 900) + i}")
        for i in range(len(results)):
            line = line.replace(f"r{i}", f"v{700 + i}")
        lines.append("    " + line.strip())
    for i, _ in enumerate(results):
        lines.append(f"    store notrap aligned v{700 + i}, v1001+{16 * i}")
    lines += ["    v999 = iconst.i32 0", "    return v999", "}"]
    return "\n".join(lines)


INTS = {
    8: (0, 1, 2, 0x7F, 0x80, 0xFF, 0x55, 7),
    16: (0, 1, 2, 0x7FFF, 0x8000, 0xFFFF, 0x1234, 15, 0xFF80),
    32: (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x12345678, 31, 33, 0xFFFF8000),
    64: (0, 1, 2, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 0x123456789ABCDEF0, 63, 65, 0x80000000, 0xFFFFFFFF, 1 << 32),
}  # fmt: skip
_HALVES = (0, 1, (1 << 64) - 1, 1 << 63)
INTS[128] = (*(a | b << 64 for a in _HALVES for b in _HALVES), 65, 200)
_FLOATS = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, 1e10, -1e10, 127.0, 128.0, 127.9, -128.9, -129.0, 255.9,
    256.0, -0.99,
    32767.5, 65535.9, 2147483647.0, 2147483648.0, -2147483648.0, -2147483649.0, 4294967295.5, 4294967296.0, 9.2e18,
    2.0**63,
    -(2.0**63), -1e19, 2.0**64, 1.8e19, 1e300, -1e300, math.inf, -math.inf, math.nan, 4503599627370497.5, 5e-324,
    1e-40, 8388609.0,
)  # fmt: skip


def _bits(x: float, t: str) -> int:
    if t == "f64":
        return int.from_bytes(struct.pack("<d", x), "little")
    import numpy as np

    with np.errstate(all="ignore"):
        return int((np.float32 if t == "f32" else np.float16)(x).view(np.uint32 if t == "f32" else np.uint16))


FLOATS = {t: tuple(dict.fromkeys(_bits(x, t) for x in _FLOATS)) for t in ("f16", "f32", "f64")}


def values(t: str) -> tuple[int, ...]:
    """Edge values of a type, as bits."""
    return FLOATS[t] if t[0] == "f" else INTS[int(t[1:])]


_NAN = {"f16": (0x7C00, 0x7FFF), "f32": (0x7F800000, 0x7FFFFFFF), "f64": (0x7FF << 52, (1 << 63) - 1)}


def canonical(bits: int, t: str) -> Any:
    """Any NaN is one NaN."""
    if t in _NAN:
        infinity, mask = _NAN[t]
        if bits & mask > infinity:
            return "nan"
    return bits


def check(body: str, args: Sequence[str], results: Sequence[str], inputs: Any, slots: str = "", **how: Any) -> int:
    """Run compiled and interpreted on all inputs; the number of runs."""
    count = 0
    for opaque in (False, True):
        text = wrap(body, args, results, opaque, slots)
        code = build(text, **how)
        interpreter = Interpreter([*parse_functions(text)])
        source = ctypes.create_string_buffer(16 * max(len(args), 1) + 16)
        mine = ctypes.create_string_buffer(16 * max(len(results), 1) + 16)
        theirs = ctypes.create_string_buffer(16 * max(len(results), 1) + 16)
        at = ctypes.addressof(source) + 15 & -16
        a, b = ctypes.addressof(mine), ctypes.addressof(theirs)
        for given in inputs:
            data = b"".join((v & ((1 << 128) - 1)).to_bytes(16, "little") for v in given)
            ctypes.memmove(at, data, len(data))
            try:
                interpreter.call("f", [at, b])
                expected = 0
            except Trap as trap:
                expected = 1 + CODES.index(trap.code)
            status = code.call(at, a)
            shown = [hex(v) for v in given]
            assert status == expected, f"{body!r} {shown}: status {status}, not {expected}\n{text}"
            if not expected:
                for i, t in enumerate(results):
                    n = BYTES[BY_NAME[t]]
                    x = int.from_bytes(mine.raw[16 * i : 16 * i + n], "little")
                    y = int.from_bytes(theirs.raw[16 * i : 16 * i + n], "little")
                    assert canonical(x, t) == canonical(y, t), f"{body!r} {shown}: {x:#x}, not {y:#x}\n{text}"
            count += 1
    return count
