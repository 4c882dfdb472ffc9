"""Random CLIF: machine code agrees with the interpreter however it is compiled; damaged text is refused, never a surprise.

`JITPY_FUZZ_MINUTES`: for so long, on new seeds (see `minutes`); a finding is a test file, for `python -m jitpy bugpoint`.
"""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from clif_differential import check, ways
from jitpy.backend import isa
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.chaos import Chaos
from jitpy.backend.errors import CompileError, ParseError, UnsupportedError, VerifierError
from jitpy.backend.filetests import bugpoint, engines
from jitpy.backend.filetests.header import Header, asking
from jitpy.backend.interp.interpreter import Interpreter, OutOfFuel
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.function import Function
from jitpy.backend.opt import optimize
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_file, parse_functions
from jitpy.backend.text.printer import print_function
from minutes import for_minutes, search
from text_mutations import damaged

native = pytest.mark.skipif(isa.host_name() != "x64", reason="there is no target for this host")
HERE = Path(__file__).parent


def runs(name: str) -> str:
    """Why code of an ISA cannot be run here, or ""."""
    try:
        engines.best(name)
    except UnsupportedError as error:
        return str(error)
    return ""


OTHERS = [
    pytest.param(name, marks=pytest.mark.skipif(bool(why := runs(name)), reason=why or "runs"))
    for name in ("x64", "aarch64", "riscv64", "s390x")
    if name != isa.host_name()
]
CLIF = [path.read_text() for path in sorted((HERE.parent / "filetests").rglob("*.clif"))]


@native
@pytest.mark.parametrize("chunk", range(10))
def test_random_modules(chunk: int) -> None:
    for seed in range(chunk * 8, chunk * 8 + 8):
        found = check(seed, 40)
        assert not found, found


@pytest.mark.parametrize("name", OTHERS)
def test_random_modules_of_other_isas(name: str) -> None:
    for seed in range(12):
        found = check(seed, 40, name)
        assert not found, found


@native
def test_the_fuzzer_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an interpreter that is wrong about some opcodes, some seed fails, and its file says what is right."""
    from jitpy.backend.interp.meaning import MEANING
    from jitpy.backend.ir import opcodes

    for right, wrong in (("bnot", "ineg"), ("rotr", "rotl"), ("popcnt", "clz")):
        monkeypatch.setitem(MEANING, opcodes.BY_NAME[right], MEANING[opcodes.BY_NAME[wrong]])
    found = next(filter(None, (check(seed, 40) for seed in range(60))))
    assert "; run: %f(" in found and "; got" in found
    assert bugpoint.failure(found).startswith("differs: ")


@pytest.mark.parametrize("name", [*([isa.host_name()] if isa.host_name() else []), *OTHERS])
def test_a_finding_asks_for_the_way_that_it_was_found_in(name: str) -> None:
    """Each way's settings and features come back from a file's header; and each setting is drawn."""
    drawn = set()
    for seed in range(40):
        for settings, target in ways(seed, name):
            (line,) = Header(parse_file("\n".join(asking(settings, target)))).targets
            assert engines.settings(line.opt_level, line.settings).key() == settings.key()
            assert engines.target(line).features == target.features
            drawn |= line.settings.keys()
    assert drawn == set(Settings.__slots__) - UNDRAWN


#: Settings that no way draws: the checks are always made, and NaN are canonical in the text already.
UNDRAWN = {"enable_verifier", "regalloc_checker", "enable_nan_canonicalization"}


def parses_or_says_why(text: str) -> None:
    """The parser, the verifier and the compiler raise their own errors or give a result that prints and parses again."""
    try:
        functions = parse_functions(text)
        for func in functions:
            verify(func)
    except (ParseError, VerifierError):
        return
    for func in functions:
        printed = print_function(func)
        assert print_function(parse_functions(printed)[0]) == printed
        with suppress(CompileError):
            compile_function(func, isa.host(), Settings("speed"))


@native
@pytest.mark.parametrize("chunk", range(4))
def test_damaged_clif(chunk: int) -> None:
    r = random.Random(chunk)
    for _ in range(60):
        parses_or_says_why(damaged(excerpt(r), r))


def excerpt(r: random.Random) -> str:
    """A function or two of the project's own test files."""
    pieces = r.choice(CLIF).split("\nfunction ")
    at = r.randrange(1, len(pieces)) if len(pieces) > 1 else 0
    return "function " + pieces[at]


def test_chaos_perturbs_and_repeats() -> None:
    """The same seed gives the same code, another seed other code."""
    text = CLIF[0]

    def code(seed: int) -> list[bytes]:
        functions = parse_functions(text[text.index("function ") :])[:20]
        return [compile_function(func, isa.host(), Settings("speed", chaos_seed=seed)).code for func in functions]

    assert code(7) == code(7)
    assert code(7) != code(8)
    assert Chaos(3).random.random() == Chaos(3).random.random()


_WIDE = """function %f(i64, i8, i8, i16, i16) -> i8, i16, i8 {
block0(v0: i64, v1: i8, v2: i8, v3: i16, v4: i16):
    v5 = atomic_rmw.i8 nand v0, v1
    v6 = atomic_cas.i16 little v0, v3, v4
    v7 = atomic_rmw.i8 smin v0, v2
    return v5, v6, v7
}
"""


@pytest.mark.parametrize("name", ("x64", "aarch64", "riscv64", "s390x"))
def test_chaos_leaves_the_registers_that_one_instruction_needs(name: str) -> None:
    """A loop over part of a word has up to seven operands."""
    for seed in range(1, 25):
        for regalloc in ("linear", "onepass"):
            compile_function(parse_functions(_WIDE)[0], isa.lookup(name, {}), Settings("speed", regalloc, chaos_seed=seed))


def test_chaos_inverts_branches_and_keeps_their_meaning() -> None:
    text = (HERE.parent / "filetests" / "branch.clif").read_text()
    functions = parse_functions(text[text.index("function ") :])
    before = [print_function(func) for func in functions]
    chaos = Chaos(5)
    for func in functions:
        chaos.invert_branches(func)
        verify(func)
    changed = [func for func, old in zip(functions, before) if print_function(func) != old]
    assert len(changed) > 2
    for func in changed:
        original = next(f for f in parse_functions("\n".join(before)) if f.name == func.name)
        if any(callee.name != func.name for callee in func.ext_funcs):
            continue
        for k in range(6):
            arguments = [k * 0x1234567 + k & (1 << ty.BITS[p.type]) - 1 for p in func.sig.params]
            assert outcome(func, arguments) == outcome(original, arguments)


def test_chaos_extracts_otherwise_and_keeps_the_meaning() -> None:
    texts = set()
    for seed in range(20):
        func, original = parse_functions(_REWRITTEN * 2)
        optimize(func, Chaos(seed))
        verify(func)
        texts.add(print_function(func))
        for k in range(4):
            arguments = [k * 0x123456789, k + 3]
            assert outcome(func, arguments) == outcome(original, arguments)
    assert len(texts) > 5


_REWRITTEN = """function %f(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
    v2 = iconst.i64 8
    v3 = imul v0, v2
    v4 = iconst.i64 24
    v5 = iadd v3, v4
    v6 = iadd v5, v2
    v7 = ishl v6, v2
    v8 = ushr v7, v2
    v9 = ineg v8
    v10 = isub v1, v9
    return v10
}
"""


def outcome(func: Function, arguments: list[int]) -> object:
    try:
        return Interpreter([func], {}).call(func.name, arguments, 100_000)
    except (Trap, OutOfFuel) as stop:
        return str(stop)


@for_minutes
@pytest.mark.parametrize("name", [*([isa.host_name()] if isa.host_name() else []), *OTHERS])
def test_for_minutes(name: str) -> None:
    search(f"clif-{name}", lambda seed: check(seed, random.Random(seed).choice((20, 40, 100, 400)), name))


@native
@for_minutes
def test_damaged_text_for_minutes() -> None:
    def damage(seed: int) -> None:
        r = random.Random(seed)
        parses_or_says_why(damaged(excerpt(r), r))

    search("text", damage)
