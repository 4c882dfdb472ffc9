"""Semantics of single instructions on every ISA: compiled and run, against the interpreter.

A test states bodies and inputs by `Check`, which collects them; when the test function returns, all are compiled, linked
into one program that stands alone (`backend.emulation`), and run: on this machine where it is of that kind, else in the
emulator. Functions take two addresses, of their arguments and of their results, so that any types can be passed.

Each body is compiled in several ways, at two levels of features at least: what the ISA surely has, and all that its
emulator (for this machine's own kind: this machine) has.
"""

from __future__ import annotations

import ctypes
import math
import random
import struct
from collections.abc import Sequence
from functools import cache
from typing import Any

from jitpy.backend import isa, pipeline
from jitpy.backend.emulation import program
from jitpy.backend.emulation.process import Process, Stopped
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.filetests import engines
from jitpy.backend.filetests.emulated import trap_of
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import types as T
from jitpy.backend.settings import Settings
from jitpy.backend.soft import library
from jitpy.backend.target.target import Target
from jitpy.backend.text.parser import parse_functions

ISAS = ("x64", "aarch64", "riscv64", "s390x")
_X64 = {
    "sse2": (), "ssse3": ("ssse3",), "sse41": ("sse41",), "sse42": ("sse42",), "avx": ("sse42", "has_avx"), "avx2": ("haswell",),
    "avx512": ("skylake-avx512",), "icelake": ("icelake-server",),
    # EVEX at 128 and 256 bits without the parts that 512-bit values want.
    "vl": ("haswell", "has_avx512f", "has_avx512vl"),
}  # fmt: skip
#: ISA -> levels: words of a target line; None: all features.
LEVELS: dict[str, dict[str, tuple[str, ...] | None]] = {
    "x64": {**_X64, "all": None},
    "aarch64": {"base": (), "all": None},
    "riscv64": {
        "base": (), "v": ("has_v",), "zfh": ("has_zfh",), "zvfhmin": ("has_zvfhmin",), "zvfh": ("has_zvfh",),
        "all": None,
    },
    "s390x": {"base": (), "all": None},
}
#: Levels for scalars: the least and the most; and for vectors.
SCALAR = {"x64": ("sse2", "all"), "aarch64": ("base", "all"), "riscv64": ("base", "all"), "s390x": ("base", "all")}
VECTOR = {"x64": tuple(_X64), "aarch64": ("base", "all"), "riscv64": ("v", "all"), "s390x": ("base", "all")}

@cache
def target(name: str, level: str) -> Target:
    """The target of a level."""
    words = LEVELS[name][level]
    if words is not None:
        return isa.lookup(name, isa.parse_features(name, list(words)))
    return engines.best(name)


def runs(made: Target) -> bool:
    """Whether code for the target can be run here: its features are those of this machine, or of the emulator."""
    on = {name for name, value in made.features.items() if value}
    if made.name == isa.host_name():
        return all(isa.host().features.get(name) for name in on)
    return not on & isa.linux(made.name).EMULATOR_LACKS


# Values


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


def bits_of(x: float, t: str) -> int:
    """A float as the bits of a type."""
    if t == "f64":
        return int.from_bytes(struct.pack("<d", x), "little")
    import numpy as np

    with np.errstate(all="ignore"):
        return int((np.float32 if t == "f32" else np.float16)(x).view(np.uint32 if t == "f32" else np.uint16))


FLOATS = {t: tuple(dict.fromkeys(bits_of(x, t) for x in _FLOATS)) for t in ("f16", "f32", "f64")}


def values(t: str) -> tuple[int, ...]:
    """Edge values of a type, as bits."""
    return FLOATS[t] if t[0] == "f" else INTS[int(t[1:])]


def random_value(type: int, rng: random.Random) -> int:
    """Lanes from the edges or at random; now and then all alike."""
    bits, edges = T.LANE_BITS[type], values(T.NAME[T.LANE[type]])
    if T.IS_FLOAT[T.LANE[type]]:
        lanes = [rng.choice(edges) for _ in range(T.LANES[type])]
    else:
        lanes = [rng.choice(edges) if rng.random() < 0.6 else rng.getrandbits(bits) for _ in range(T.LANES[type])]
    if rng.random() < 0.2:
        lanes = lanes[:1] * T.LANES[type]
    value = 0
    for lane in reversed(lanes):
        value = value << bits | lane & (1 << bits) - 1
    return value


_NAN = {T.F16: (0x7C00, 0x7FFF), T.F32: (0x7F800000, 0x7FFFFFFF), T.F64: (0x7FF << 52, (1 << 63) - 1)}


def lanes_of(value: int, type: int) -> list[Any]:
    """The lanes of a value, or itself; any NaN is one NaN."""
    bits, (infinity, mask) = T.LANE_BITS[type], _NAN.get(T.LANE[type], (0, 0))
    lanes = [value >> i & ((1 << bits) - 1) for i in range(0, T.BITS[type], bits)]
    return ["nan" if lane & mask > infinity else lane for lane in lanes]


# Functions


def _flags(type: int) -> str:
    return " little" if T.IS_VECTOR[type] else ""


def scalar_function(body: str, args: Sequence[str], results: Sequence[str], opaque: bool, slots: str) -> str:
    """Loads ``a0 a1 ..`` from memory, runs the body (which names its results ``r0 r1 ..``), stores these.

    ``opaque``: a block boundary hides how the arguments were loaded.
    """
    lines = ["function %f(i64, i64) system_v {", slots, "block0(v1000: i64, v1001: i64):"]
    for i, t in enumerate(args):
        lines.append(f"    v{900 + i} = load.{t}{'' if opaque else ' notrap aligned'} v1000+{SCALAR_SLOT * i}")
    if opaque:
        lines.append("    jump block1(" + ", ".join(f"v{900 + i}" for i in range(len(args))) + ")")
        lines.append("block1(" + ", ".join(f"v{800 + i}: {t}" for i, t in enumerate(args)) + "):")
    for line in body.strip().splitlines():
        for i in range(len(args)):
            line = line.replace(f"a{i}", f"v{(800 if opaque else 900) + i}")
        for i in range(len(results)):
            line = line.replace(f"r{i}", f"v{700 + i}")
        lines.append("    " + line.strip())
    lines += [f"    store notrap aligned v{700 + i}, v1001+{SCALAR_SLOT * i}" for i in range(len(results))]
    return "\n".join([*lines, "    return", "}"])


def vector_function(lines: Sequence[str], args: Sequence[int], results: Sequence[int], slots: str) -> str:
    """The lines between loads of ``v0 v1 ..`` and stores of ``v100 v101 ..``."""
    text = ["function %f(i64, i64) system_v {", slots, "block0(v1000: i64, v1001: i64):"]
    text += [f"    v{900 + i} = load.{T.NAME[t]}{_flags(t)} v1000+{VECTOR_SLOT * i}" for i, t in enumerate(args)]
    text += ["    jump block1(" + ", ".join(f"v{900 + i}" for i in range(len(args))) + ")"] if args else ["    jump block1"]
    params = ", ".join(f"v{i}: {T.NAME[t]}" for i, t in enumerate(args))
    text.append(f"block1({params}):" if args else "block1:")
    text += ["    " + line for line in lines]
    text += [f"    store{_flags(t)} v{100 + i}, v1001+{VECTOR_SLOT * i}" for i, t in enumerate(results)]
    return "\n".join([*text, "    return", "}"])


#: Bytes between arguments and between results in memory.
SCALAR_SLOT, VECTOR_SLOT = 16, 256
#: Calls a function for each of many inputs: its address, how many, bytes of each input and result, where the results go; inputs.
DRIVER = """function %batch(i64) system_v {
    sig0 = (i64, i64) system_v
block0(v0: i64):
    v1 = load.i64 v0
    v2 = load.i64 v0+8
    v3 = load.i64 v0+16
    v4 = load.i64 v0+24
    v5 = load.i64 v0+32
    v6 = iconst.i64 256
    v7 = iadd v0, v6
    v8 = iadd v0, v5
    jump block1(v2, v7, v8)
block1(v10: i64, v11: i64, v12: i64):
    brif v10, block2, block3
block2:
    call_indirect sig0, v1(v11, v12)
    v13 = iadd v11, v3
    v14 = iadd v12, v4
    v15 = iconst.i64 1
    v16 = isub v10, v15
    jump block1(v16, v13, v14)
block3:
    return
}"""
_HEAD = 256
Answer = str | list[list[Any]]


class Case:
    """A function, its inputs, and the compiled forms of it."""

    def __init__(self, text: str, slot: int, args: Sequence[int], results: Sequence[int], inputs: Any) -> None:
        self.text = text
        self.slot = slot
        self.args = args
        self.results = results
        self.inputs = [tuple(given) for given in inputs]
        self.ways: list[tuple[str, Settings, str]] = []  # level, settings, name of the compiled function

    def pack(self, given: Sequence[int], order: Any) -> bytes:
        """Arguments as memory."""
        data = b""
        for value, t in zip(given, self.args):
            raw = (value & T.MASK[t] if T.BITS[t] <= 128 else value).to_bytes(T.BYTES[t], "little" if T.IS_VECTOR[t] else order)
            data += raw.ljust(self.slot, b"\0")
        return data

    def unpack(self, data: bytes, order: Any) -> list[list[Any]]:
        """Results, lane by lane."""
        found = []
        for i, t in enumerate(self.results):
            raw = data[self.slot * i : self.slot * i + T.BYTES[t]]
            found.append(lanes_of(int.from_bytes(raw, "little" if T.IS_VECTOR[t] else order), t))
        return found

    def expected(self, order: str) -> list[Answer]:
        """What the interpreter says, for a machine of that byte order."""
        return _interpreted(self.text, self.slot, tuple(self.args), tuple(self.results), tuple(self.inputs), order)


@cache
def _interpreted(
    text: str, slot: int, args: tuple[int, ...], results: tuple[int, ...], inputs: tuple[Any, ...], order: str
) -> list[Answer]:
    case = Case(text, slot, args, results, inputs)
    interpreter = Interpreter(parse_functions(text), big_endian=order == "big")
    source = ctypes.create_string_buffer(slot * (len(args) + 2))
    out = ctypes.create_string_buffer(slot * (len(results) + 2))
    at = ctypes.addressof(source) + 15 & -16
    answers: list[Answer] = []
    for given in inputs:
        data = case.pack(given, order)
        ctypes.memmove(at, data, len(data))
        try:
            interpreter.call("f", [at, ctypes.addressof(out)])
            answers.append(case.unpack(out.raw, order))
        except Trap as trap:
            answers.append(trap.code)
    return answers


class Check:
    """Collects what a test wants checked on an ISA. ``isa``: its name; ``verify``: functions must be valid CLIF."""

    def __init__(self, name: str) -> None:
        self.isa = name
        self.verify = True
        self.cases: list[Case] = []

    def __call__(
        self, body: str, args: Sequence[str], results: Sequence[str], inputs: Any, slots: str = "", levels: Sequence[str] = (),
        regalloc: str = "",
    ) -> None:  # fmt: skip
        """A body over scalars (see `scalar_function`). ``levels``: these instead of `SCALAR`."""
        inputs = list(inputs)
        levels = levels or SCALAR[self.isa]
        for opaque in (False, True):
            text = scalar_function(body, args, results, opaque, slots)
            case = Case(text, SCALAR_SLOT, [T.BY_NAME[t] for t in args], [T.BY_NAME[t] for t in results], inputs)
            # Elsewhere than on x86-64, where all run natively, each way of writing it gets one level.
            for level in levels if self.isa == "x64" else levels[opaque : opaque + 1] or levels[:1]:
                allocator = regalloc or ("onepass", "linear")[opaque]
                settings = Settings("none", allocator, regalloc_checker=True, enable_verifier=self.verify)
                case.ways.append((level, settings, ""))
            self.cases.append(case)

    def vectors(
        self, lines: Sequence[str], args: Sequence[int], results: Sequence[int], inputs: Any = None, slots: str = "",
        levels: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Lines over any types (see `vector_function`); no inputs: random ones. ``levels``: these instead of `VECTOR`."""
        text = vector_function(lines, args, results, slots)
        rng = random.Random(text)
        if inputs is None:
            inputs = [tuple(random_value(t, rng) for t in args) for _ in range(10)]
        case = Case(text, VECTOR_SLOT, args, results, inputs)
        level, regalloc = (("none", "onepass"), ("speed", "linear"))[len(text) % 2]
        settings = Settings(level, regalloc, regalloc_checker=True, enable_verifier=self.verify)
        case.ways = [(name, settings, "") for name in levels or VECTOR[self.isa]]
        self.cases.append(case)

    def run(self) -> int:
        """Compile and run all that was collected; how many runs there were."""
        cases, self.cases = self.cases, []
        ran = 0
        if cases:
            with Loaded(self.isa, cases) as loaded:
                for case in cases:
                    ran += loaded.check(case)
            assert ran
        return ran


class Loaded:
    """A running program with the functions of some cases."""

    def __init__(self, name: str, cases: list[Case]) -> None:
        self.isa = name
        base = target(name, SCALAR[name][0])
        self.order: Any = "big" if base.big_endian else "little"
        functions: list[Any] = []
        for case in cases:
            made = []
            for level, settings, _ in case.ways:
                func = parse_functions(case.text)[0]
                func.name = f"f{len(functions)}"
                functions.append(self._compiled(func, level, settings, case.text))
                made.append((level, settings, func.name))
            case.ways = made
        needed = library.needed({symbol for done in functions for _, _, symbol, _ in done.relocs})
        plain = Settings("none", "onepass")
        for func in [*parse_functions(DRIVER), *map(library.make, needed)]:  # some of the library want features
            functions.append(pipeline.compile_function(func, target(name, "all"), plain))
        self.module = pipeline.link([*functions, *program.parts(base)], base)
        self.traps = {start + offset: code for start, done in self.module.functions for offset, code in done.traps}
        made = program.Program(self.module, base)
        self.start = made.start
        self.process = Process(made.file, name, base.big_endian, name != isa.host_name())

    def _compiled(self, func: Any, level: str, settings: Settings, text: str) -> Any:
        try:
            return pipeline.compile_function(func, target(self.isa, level), settings)
        except Exception as error:
            raise AssertionError(f"{self.isa} {level}: {type(error).__name__} {error}\n{text}") from error

    def __enter__(self) -> Loaded:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close()

    def check(self, case: Case) -> int:
        """Run a case in all its ways; how many inputs ran."""
        expected = case.expected(self.order)
        trapping = [i for i, answer in enumerate(expected) if isinstance(answer, str)]
        plain = [i for i, answer in enumerate(expected) if not isinstance(answer, str)]
        size = case.slot * (len(case.args) + len(case.results) or 1)
        step = (program.ROOM - _HEAD) // size
        parts = [plain[i : i + step] for i in range(0, len(plain), step)] + [[i] for i in trapping]
        ran = 0
        for level, _, name in case.ways:
            if not runs(target(self.isa, level)):
                continue
            for part in parts:
                answers = self._answers(case, name, part)
                for i, got in zip(part, answers):
                    shown = [hex(v) for v in case.inputs[i]]
                    assert got == expected[i], f"{self.isa} {level} {shown}: {got}, not {expected[i]}\n{case.text}"
                ran += len(part)
        return ran

    def _answers(self, case: Case, name: str, part: list[int]) -> list[Answer]:
        """What the machine says to some inputs; one by one where one of several traps."""
        ins, outs = case.slot * len(case.args), case.slot * len(case.results)
        head = [self.start + self.module.symbols[name], len(part), ins, outs, _HEAD + ins * len(part)]
        data = b"".join(word.to_bytes(8, self.order) for word in head).ljust(_HEAD, b"\0")
        data += b"".join(case.pack(case.inputs[i], self.order) for i in part) + bytes(outs * len(part))
        try:
            done = self.process.call(self.start + self.module.symbols["batch"], data)
        except Stopped as stopped:
            if len(part) > 1:
                return [answer for i in part for answer in self._answers(case, name, [i])]
            return [trap_of(self.traps, self.start, stopped, self.isa)]
        at = head[-1]
        return [case.unpack(done[at + outs * k : at + outs * (k + 1)], self.order) for k in range(len(part))]


def here(name: str) -> str:
    """Why code of an ISA cannot be run here, or ""."""
    try:
        engines.best(name)
    except UnsupportedError as error:
        return str(error)
    return ""
