"""The System V convention, and Microsoft's, against gcc: C calls our forwarder, which calls C, with random signatures; what
arrives must be what was sent."""

from __future__ import annotations

import ctypes
import mmap
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from jitpy.backend import pipeline
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types
from jitpy.backend.ir.function import AbiParam, Function, Signature
from jitpy.backend.isa import host, host_name
from jitpy.backend.settings import Settings

pytestmark = pytest.mark.skipif(host_name() != "x64" or not shutil.which("gcc"), reason="wants gcc on x86-64")

# CLIF type, extension, C type, constants
KINDS = [
    (types.I8, "sext", "int8_t", ("-7", "100")),
    (types.I8, "uext", "uint8_t", ("200", "3")),
    (types.I16, "sext", "int16_t", ("-700", "31000")),
    (types.I32, "", "int32_t", ("-70000", "2000000000")),
    (types.I64, "", "int64_t", ("-1234567890123", "99")),
    (types.I64, "", "int64_t", ("4611686018427387904", "-1")),
    (types.I128, "", "__int128", ("((__int128)-5 << 70 | 9)", "((__int128)77 << 64 | 12345)")),
    (types.F32, "", "float", ("1.5f", "-0.125f")),
    (types.F64, "", "double", ("2.5e300", "-3.75")),
    (types.F64, "", "double", ("1e-300", "6.0")),
    (types.I32X4, "", "v4si", ("((v4si){1, -2, 3, -4})", "((v4si){7, 8, 9, 10})")),
    (types.F128, "", "__float128", ("((__float128)1.5 / 3)", "-(__float128)7e300")),
]
BIG = (types.I64, "sarg 24", "struct Big", ("((struct Big){1, -2, 3.5})", "((struct Big){1 << 20, 9, -0.25})"))
STRUCTS = [
    ("int64_t a; int64_t b;", (types.I64, types.I64), "{-5, 6}"),
    ("double a; double b;", (types.F64, types.F64), "{0.5, -8.0}"),
    ("int64_t a; double b;", (types.I64, types.F64), "{123456789012, 4.25}"),
    ("double a; int64_t b;", (types.F64, types.I64), "{4.25, 17}"),
]
COUNT = 60
WINDOWS = range(1001, 1041)  # seeds of signatures in Microsoft's convention
SEEDS = [*range(COUNT), *WINDOWS]


def make(seed: int) -> tuple[Signature, str, str]:
    """A signature, C code of its caller and callee, and the callee's name."""
    rng = random.Random(seed)
    windows = seed in WINDOWS
    # Microsoft's convention returns f128 through memory, which a signature has to say by sret.
    kinds = [k for k in KINDS if k[0] != types.F128] if windows else KINDS
    attribute = "__attribute__((ms_abi))" if windows else ""
    params = [rng.choice([*KINDS, BIG]) for _ in range(rng.choice((1, 3, 6, 10, 14, 18)))]
    name = f"callee{seed}"
    if seed % 4 == 0 and not windows:
        fields, rets, value = rng.choice(STRUCTS)
        result = f"struct R{seed}"
        code = f"struct R{seed} {{ {fields} }};\n"
        returns = [AbiParam(t) for t in rets]
        value = f"(({result}){value})"
    else:
        t, extension, result, values = rng.choice(kinds)
        code = ""
        returns = [AbiParam(t, extension)]
        value = values[0]
    sends = [rng.choice(p[3]) for p in params]
    declared = ", ".join(f"{p[2]} a{i}" for i, p in enumerate(params))
    same = "".join(f"  {p[2]} w{i} = {v}; bad |= !!memcmp(&w{i}, &a{i}, sizeof w{i}) << {i};\n"
                   for i, (p, v) in enumerate(zip(params, sends)))  # fmt: skip
    code += f"{attribute} {result} {name}({declared}) {{\n  bad = 0;\n{same}  called++;\n  return {value};\n}}\n"
    code += (
        f"int caller{seed}(void *f) {{\n  {result} r = (({result} ({attribute} *)({declared}))f)({', '.join(sends)});\n"
        f"  {result} w = {value};\n  return memcmp(&r, &w, sizeof r) ? -1 : bad;\n}}\n"
    )
    convention = "windows_fastcall" if windows else "system_v"
    return Signature([param(p[0], p[1]) for p in params], returns, convention), code, name


def param(type: int, extension: str) -> AbiParam:
    """A parameter; its extension may be ``sarg`` and a size."""
    word, _, size = extension.partition(" ")
    return AbiParam(type, "", word, int(size)) if size else AbiParam(type, word)


def forwarder(sig: Signature, name: str) -> Function:
    func = Function("forward", sig)
    b = func.block()
    params = [func.param(b, p.type) for p in sig.params]
    ref = func.import_function(name, sig)
    i = func.append(b, (op.CALL_, 0, ref, *params), tuple(r.type for r in sig.returns))
    func.append(b, (op.RETURN, 0, None, *func.results[i]))
    return func


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder: Path = tmp_path_factory.mktemp("abi")
    source = "#include <stdint.h>\n#include <string.h>\ntypedef int v4si __attribute__((vector_size(16)));\n"
    source += "struct Big { int64_t a, b; double c; };\n"
    source += "int called, bad;\n" + "".join(make(s)[1] for s in SEEDS)
    (folder / "abi.c").write_text(source)
    command = ["gcc", "-O1", "-w", "-shared", "-fPIC", "-o", str(folder / "abi.so"), str(folder / "abi.c")]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(folder / "abi.so"))


def load(module: pipeline.CodeModule, address_of: dict[str, int]) -> tuple[mmap.mmap, int]:
    """Executable memory with the module, relocated, and its address."""
    memory = mmap.mmap(-1, max(len(module.code), 1), prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code = bytearray(module.code)
    for offset, kind, symbol, addend in module.relocs:
        assert kind == "abs8"
        code[offset : offset + 8] = (address_of[symbol] + addend).to_bytes(8, "little")
    memory[: len(code)] = bytes(code)
    return memory, ctypes.addressof(ctypes.c_char.from_buffer(memory))


def address(function: object) -> int:
    found = ctypes.cast(function, ctypes.c_void_p).value  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_forwarding(library: ctypes.CDLL, seed: int) -> None:
    sig, _, name = make(seed)
    settings = Settings("none", "onepass", regalloc_checker=True)
    module = pipeline.compile_module([forwarder(sig, name)], host(), settings)
    memory, entry = load(module, {name: address(library[name])})
    called = ctypes.c_int.in_dll(library, "called")
    before = called.value
    caller = library[f"caller{seed}"]
    caller.argtypes = [ctypes.c_void_p]
    assert caller(entry) == 0, "bits: arguments that arrived changed; -1: the result"
    assert called.value == before + 1
    assert memory


def test_add() -> None:
    func = Function("f", Signature([AbiParam(types.I64)] * 2, [AbiParam(types.I64)]))
    b = func.block()
    x, y = func.param(b, types.I64), func.param(b, types.I64)
    func.append(b, (op.RETURN, 0, None, func.value(b, (op.IADD, types.I64, None, x, y), types.I64)))
    memory, entry = load(pipeline.compile_module([func], host(), Settings("none", "onepass")), {})
    assert ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(entry)(20, 22) == 42
    assert memory
