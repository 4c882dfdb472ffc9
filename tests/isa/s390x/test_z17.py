"""What z17 brings, which no emulator here runs: its code is executed by a processor written in Python (`z17.py`), from what objdump
reads, against the interpreter."""

from __future__ import annotations

import random
from pathlib import Path

from clif_generator import PALETTE
from disassemble import disassembled
from jitpy.backend import isa
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.filetests.random_values import value_bits
from jitpy.backend.interp.interpreter import Interpreter
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import types as T
from jitpy.backend.ir.function import Function
from jitpy.backend.pipeline import CompiledFunction, compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions
from test_s390x_run import function
from z17 import Machine, joined

HERE = Path(__file__).parent
RUNS = 12
_INTS, _VECTORS = range(2, 6), range(24, 32)


def compiled(func: Function, features: dict[str, int], opt_level: str = "none") -> CompiledFunction:
    return compile_function(func, isa.lookup("s390x", features), Settings(opt_level, regalloc_checker=True))


def place(types: list[T.Type]) -> list[tuple[str, int]]:
    """The registers that the convention ``tail`` gives values of these types, the lowest part first."""
    ints, vectors = iter(_INTS), iter(_VECTORS)
    found = []
    for t in types:
        if T.IS_VECTOR[t]:
            found += [("v", next(vectors)) for _ in range(max(T.BITS[t], 128) // 128)]
        else:
            found += [("r", next(ints)) for _ in range(max(T.BITS[t], 64) // 64)]
    return found


def parts(t: T.Type, value: int) -> list[int]:
    """What these registers hold: halves of an i128; lanes from the left."""
    if not T.IS_VECTOR[t]:
        return [value & (1 << 64) - 1, value >> 64][: max(T.BITS[t], 64) // 64]
    bits = T.LANE_BITS[t]
    lanes = [value >> bits * i & (1 << bits) - 1 for i in range(T.LANES[t])]
    lanes += [0] * (128 // bits - len(lanes))
    return [joined(lanes[i : i + 128 // bits], bits) for i in range(0, len(lanes), 128 // bits)]


def fits_registers(types: list[T.Type]) -> bool:
    try:
        place(types)
    except StopIteration:
        return False
    return not any(T.IS_FLOAT[t] and not T.IS_VECTOR[t] for t in types)


def wrong(functions: list[Function], made: list[CompiledFunction], folder: Path, rng: random.Random) -> tuple[list[str], set[str]]:
    """Calls whose results the interpreter does not give, and the mnemonics that were executed."""
    code, starts, traps = bytearray(), [], {}
    for one in made:
        code += b"\x07" * (16 + -len(code) % 16)  # nopr: objdump takes a trap at the end for half of a word
        starts.append(len(code))
        traps.update({len(code) + at: name for at, name in one.traps})
        code += one.code
    text = disassembled("s390x", bytes(code), folder)
    interpreter = Interpreter(functions, {}, big_endian=True)
    bad, used = [], set()
    for func, start in zip(functions, starts):
        given = [p.type for p in func.sig.params]
        wanted = [r.type for r in func.sig.returns]
        for _ in range(RUNS):
            arguments = [value_bits(rng, t) for t in given]
            machine = Machine(text, traps, bytes(code))
            for (kind, n), x in zip(place(given), [p for t, a in zip(given, arguments) for p in parts(t, a)]):
                (machine.r if kind == "r" else machine.v)[n] = x
            trap = machine.call(start)
            used |= machine.used
            try:
                results = interpreter.call(func.name, arguments, 1000)
                expected = [p for t, r in zip(wanted, results) for p in parts(t, r)]
            except Trap as stop:
                expected = [stop.code]
            got = [trap] if trap else [(machine.r if kind == "r" else machine.v)[n] for kind, n in place(wanted)]
            if not trap and len(expected) == len(got) and wanted[0] < T.I64:  # upper bits are arbitrary
                got = [x & T.MASK[wanted[0]] for x in got[:1]] + got[1:]
            if got != expected:
                bad.append(f"{func.name}{[hex(a) for a in arguments]}: {got}, not {expected}")
    return bad, used


def test_every_opcode_that_it_changes(tmp_path: Path) -> None:
    rng = random.Random("z17")
    functions, made, names = [], [], set()
    for name, choices in PALETTE.items():
        for choice in choices:
            for _ in range(6 if name == "icmp" else 1):
                seed = rng.random()

                def fresh() -> Function:
                    found = function(f"f{len(functions)}", choice, random.Random(seed))  # noqa: B023
                    found.sig.call_conv = "tail"
                    return found

                if not fits_registers(list(choice[2])) or not fits_registers(list(choice[3])):
                    continue
                try:
                    one = compiled(fresh(), {"arch15": 1})
                except UnsupportedError:
                    continue
                if one.code != compiled(fresh(), {"arch13": 1}).code:
                    functions.append(fresh())
                    made.append(one)
                    names.add(name)
    bad, _ = wrong(functions, made, tmp_path, rng)
    assert not bad, "\n".join(bad[:20])
    assert names >= {
        "iabs", "imul", "umulhi", "smulhi", "udiv", "sdiv", "urem", "srem", "umul_overflow", "smul_overflow", "smin", "smax", "clz",
        "cls", "ctz", "icmp", "blendv",
    }  # fmt: skip


def test_what_several_instructions_become(tmp_path: Path) -> None:
    """The functions of z17.clif, which run on older processors as well."""
    text = (HERE / "z17.clif").read_text()
    rng = random.Random("trees")
    used = set()
    for level in ("none", "speed"):
        made = [compiled(func, {"arch15": 1}, level) for func in parse_functions(text, "z17.clif", "tail")]
        bad, mnemonics = wrong(parse_functions(text, "z17.clif", "tail"), made, tmp_path, rng)
        assert not bad, "\n".join(bad[:20])
        used |= mnemonics
    assert used >= {"veval", "vmalb", "vmalhw", "vmalf", "vmalg", "vmlq", "vdq", "vrq", "vdlq", "vrlq", "vecq", "vnn", "voc", "vnx"}
    assert used >= {f"{op}{letter}" for op in ("lxa", "llxa") for letter in "bhfgq"}
