"""Unwind tables read back by binutils, and used by gcc's unwinder."""

from __future__ import annotations

import ctypes
import ctypes.util
import mmap
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from jitpy.backend import pipeline
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.ir.types import I64
from jitpy.backend.isa import host, host_name, lookup
from jitpy.backend.object.unwind import eh_frame, sleb, uleb
from jitpy.backend.settings import Settings

pytestmark = pytest.mark.skipif(host_name() != "x64" or not shutil.which("gcc"), reason="wants gcc on x86-64")


def test_leb() -> None:
    assert uleb(0) == b"\0" and uleb(624485) == b"\xe5\x8e\x26"
    assert sleb(-8) == b"\x78" and sleb(64) == b"\xc0\0" and sleb(-123456) == b"\xc0\xbb\x78"


def chain() -> list[Function]:
    """f calls g, g calls the extern ``probe``; both keep values in callee-saved registers."""
    funcs = []
    for name, callee, near in (("f", "g", True), ("g", "probe", False)):
        func = Function(name, signature([I64, I64], [I64]))
        b = func.block()
        x, y = func.param(b, I64), func.param(b, I64)
        ref = func.import_function(callee, signature([I64, I64], [I64]), near)
        (r,) = func.results[func.append(b, (op.CALL_, 0, ref, y, x), (I64,))]
        for v in (x, y):
            r = func.value(b, (op.IADD, I64, None, r, v), I64)
        func.append(b, (op.RETURN, 0, None, r))
        funcs.append(func)
    return funcs


@pytest.mark.parametrize("choices", [{}, {"enable_cet": 1}])
def test_backtrace_through_compiled_frames(tmp_path: Path, choices: dict[str, int]) -> None:
    (tmp_path / "probe.c").write_text(
        "#include <unwind.h>\nstatic void **out; static int n;\n"
        "static _Unwind_Reason_Code step(struct _Unwind_Context *c, void *a) {\n"
        "  if (n < 16) out[n++] = (void *)_Unwind_GetIP(c);\n  return 0;\n}\n"
        "long probe(long a, long b) { n = 0; _Unwind_Backtrace(step, 0); return a - b; }\n"
        "long run(long (*f)(long, long), void **o, int *count) { out = o; long r = f(50, 8); *count = n; return r; }\n"
    )
    library = str(tmp_path / "probe.so")
    subprocess.run(
        ["gcc", "-O1", "-fexceptions", "-shared", "-fPIC", "-o", library, str(tmp_path / "probe.c")], check=True
    )
    lib = ctypes.CDLL(library)
    target = lookup("x64", {**host().features, **choices})
    module = pipeline.compile_module(chain(), target, Settings("none", "onepass"))
    assert target.dwarf is not None
    distance = len(module.code) + 7 & -8
    table = eh_frame(module, target.dwarf, distance)
    memory = mmap.mmap(-1, 1 << 14, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    code = bytearray(module.code)
    for offset, _, _, addend in module.relocs:
        code[offset : offset + 8] = (ctypes.cast(lib.probe, ctypes.c_void_p).value + addend).to_bytes(8, "little")
    memory[: len(code)] = bytes(code)
    memory[distance : distance + len(table)] = table
    gcc = ctypes.CDLL("libgcc_s.so.1")
    gcc.__register_frame(ctypes.c_void_p(base + distance))
    try:
        found, count = (ctypes.c_void_p * 16)(), ctypes.c_int()
        lib.run.restype = ctypes.c_long
        lib.run.argtypes = [ctypes.c_void_p] * 3
        assert lib.run(base, found, ctypes.byref(count)) == (50 - 8) + 58 + 58
    finally:
        gcc.__deregister_frame(ctypes.c_void_p(base + distance))
    pcs = [pc for pc in found[: count.value] if pc]
    inside = [pc - base for pc in pcs if base <= pc < base + len(module.code)]
    assert len(inside) == 2
    assert module.symbols["g"] <= inside[0] and inside[1] < module.symbols["g"]
    assert count.value >= 5  # probe, g, f, run, and Python below


def test_readelf_agrees(tmp_path: Path) -> None:
    """The rules at each place, as binutils reads them."""
    target = host()
    module = pipeline.compile_module(chain(), target, Settings("none", "onepass"))
    assert target.dwarf is not None
    distance = len(module.code) + 7 & -8
    table = eh_frame(module, target.dwarf, distance)
    source = tmp_path / "t.s"
    blob = ",".join(map(str, module.code.ljust(distance, b"\0")))
    source.write_text(
        f'.text\n.byte {blob}\n.section .eh_frame,"a",@progbits\n.byte {",".join(map(str, table[:-4]))}\n'
    )
    subprocess.run(["gcc", "-c", "-o", str(tmp_path / "t.o"), str(source)], check=True)
    dump = ["readelf", "--debug-dump=frames-interp", str(tmp_path / "t.o")]
    text = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
    assert "Warning" not in text and text.count(" FDE ") == 2
    rows = [line.split() for line in text.splitlines() if re.match("[0-9a-f]{16} ", line)]
    cfas = [row[1] for row in rows if len(row) > 2 and row[1].startswith("r")]
    assert cfas.count("rbp+16") >= 2 and cfas.count("rsp+16") == 2 and cfas.count("rsp+8") >= 3
