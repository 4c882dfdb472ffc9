"""One seed: a random module on the interpreter, and as machine code in every way of compiling it."""

from __future__ import annotations

import random
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from clif_generator import SCALARS, TYPES, Choice, Generator, immediate
from jitpy.backend import isa
from jitpy.backend.analysis.verifier import verify
from jitpy.backend.emulation import program
from jitpy.backend.errors import CompileError
from jitpy.backend.filetests import engines
from jitpy.backend.filetests.directives import format_value
from jitpy.backend.filetests.header import asking
from jitpy.backend.interp.interpreter import Interpreter, OutOfFuel
from jitpy.backend.interp.libcalls import LIBCALLS
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir import types as ty
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.opt.inline import inline_calls
from jitpy.backend.opt.nan import canonicalize
from jitpy.backend.pipeline import compile_function
from jitpy.backend.settings import Settings
from jitpy.backend.soft import library
from jitpy.backend.text.parser import parse_functions
from jitpy.backend.text.printer import print_function
from mutate_clif import mutate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitpy.backend.target.target import Target

FUEL = 30_000
#: Features without which an ISA has no vectors; or no atomics of 128 bits.
_VECTORS, _NEEDED = {"riscv64": {"has_v": 1}}, {"x64": {"has_cmpxchg16b": 1}, "riscv64": {"has_zacas": 1}}


@cache
def supports(choice: Choice, name: str) -> bool:
    """Whether an instruction is lowered for an ISA: a function of it alone compiles, canonical NaN included."""
    number, control, arg_types, result_types = choice
    func = Function("f", signature(list(arg_types), list(result_types)))
    block = func.block()
    args = [func.param(block, t) for t in arg_types]
    inst = func.append(block, (number, control, immediate(random.Random(0), number, control, arg_types), *args), result_types)
    func.append(block, (op.RETURN, 0, None, *func.results[inst]))
    canonicalize(func)
    return _compiles(func, name)


@cache
def passable(name: str) -> tuple[ty.Type, ...]:
    """The types that functions here can take, keep in memory and return."""
    found = []
    for t in TYPES:
        func = Function("f", signature([t, ty.I64], [t]))
        block = func.block()
        value, address = func.param(block, t), func.param(block, ty.I64)
        func.append(block, (op.STORE_, t, (0, 0), value, address))
        func.append(block, (op.RETURN, 0, None, func.value(block, (op.LOAD_, t, (0, 8), address), t)))
        if _compiles(func, name):
            found.append(t)
    return tuple(found)


def _compiles(func: Function, name: str) -> bool:
    target, settings = engines.best(name), Settings("none")
    try:
        called = [symbol for _, _, symbol, _ in compile_function(func, target, settings).relocs]
        for part in library.needed(called):
            compile_function(library.make(part), target, settings)
    except (CompileError, LookupError, TypeError):
        return False
    return True


def drawn(seed: int, name: str) -> tuple[ty.Type, ...]:
    """The types that a seed's module is made of: where an ISA may lack vectors, without them at times."""
    return SCALARS if name in _VECTORS and seed % 3 == 0 else TYPES


def base(name: str) -> Target:
    """An ISA with no more than all of the types need."""
    return isa.lookup(name, _NEEDED.get(name, {}) | _VECTORS.get(name, {}))


#: Settings that a way may have besides, each of them at times.
_BESIDES: dict[str, Any] = {
    "align_loops": False, "enable_inlining": True, "is_pic": True, "stack_limit": program.STACK_LIMIT, "traps": "call",
}  # fmt: skip


def ways(seed: int, name: str) -> list[tuple[Settings, Target]]:
    """The ways a seed is compiled: by the baseline compiler; optimized; with choices perturbed; and inlined and changed by `mutate`
    before. The first two have all features that can be run and nothing else; the last two have less, or the ISA's base, and level,
    allocator and other settings by the seed's dice.
    """
    checks: dict[str, Any] = {"enable_verifier": True, "regalloc_checker": True}
    best, r = engines.best(name), random.Random(seed)
    share = r.random()
    needed = _NEEDED.get(name, {}) | (_VECTORS.get(name, {}) if drawn(seed, name) == TYPES else {})
    less, base = ({name: int(on and r.random() < share) for name, on in best.features.items()} | needed, needed)

    def any_settings(**chosen: int) -> Settings:
        chosen |= {setting: value for setting, value in _BESIDES.items() if r.random() < 0.25}
        level, allocator = r.choice(("none", "speed", "speed", "speed_and_size")), r.choice(("onepass", "linear"))
        return Settings(level, allocator, **checks, **chosen)

    return [
        (Settings("none", "onepass", **checks), best),
        (Settings("speed", "linear", **checks), best),
        (any_settings(chaos_seed=seed + 1), isa.lookup(name, less)),
        (any_settings(), isa.lookup(name, (less, base)[seed // 2 % 2])),
    ]


def check(seed: int, size: int, name: str = "") -> str:
    """"" if all ways agree with the interpreter, else the module as a test file for the first that does not, whose directives say
    what is right. ``name``: an ISA, by default this machine's.
    """
    name = name or isa.host_name()
    generator = Generator(seed, partial(supports, name=name), passable(name), drawn(seed, name))
    functions = generator.module(generator.random.randint(1, size))
    for func in functions:
        canonicalize(func)
        verify(func)
    # The called one last: directives belong to the function before them.
    text = "\n".join(map(print_function, reversed(functions)))
    entry = functions[0]
    runs = []
    interpreter = Interpreter(functions, LIBCALLS, big_endian=engines.best(name).big_endian)
    for _ in range(3):
        arguments = generator.arguments(entry.sig)
        try:
            runs.append((arguments, interpreter.call("f", arguments, FUEL)))
        except Trap as trap:
            runs.append((arguments, trap.code))
        except OutOfFuel:
            continue
    changed = parse_functions(text)
    known = {func.name: func for func in changed}
    for func in changed:
        inline_calls(func, known, every=True)
        mutate(func, generator.random, 12)
        verify(func)
    texts = [text] * 3 + ["\n".join(map(print_function, changed))]
    for (settings, target), text in zip(ways(seed, name), texts, strict=True):
        outcomes = list(_outcomes(text, target, settings, [arguments for arguments, _ in runs]))
        if outcomes != [expected for _, expected in runs]:
            # `test interpret` is little-endian.
            head = ["test interpret"] * (not target.big_endian) + ["test run", *asking(settings, target)]
            said = [
                _directive(entry, given, expected) + f"\n; got {got}" * (got != expected)
                for (given, expected), got in zip(runs, outcomes, strict=False)
            ]
            return "\n".join([*head, f"; seed {seed}, size {size}", "", text, *said, ""])
    return ""


def _outcomes(text: str, target: Target, settings: Settings, arguments: list[list[int]]) -> Iterator[list[int] | str]:
    """What %f of ``text``, compiled so, gives for each of ``arguments``: results, a trap code, or what the compiler raised."""
    try:
        call = engines.load(parse_functions(text), target, settings)
    except Exception as error:  # whatever it is, it is a finding
        yield from [_said(error)] * max(len(arguments), 1)
        return
    for given in arguments:
        try:
            yield call("f", given)
        except Trap as trap:
            yield trap.code
        except Exception as error:  # the same: it is raised by the first call
            yield _said(error)


def _said(error: Exception) -> str:
    """An error on one line."""
    return " ".join([type(error).__name__, *str(error).split()])


def _directive(func: Function, arguments: list[int], expected: list[int] | str) -> str:
    args = ", ".join(format_value(a, p.type) for a, p in zip(arguments, func.sig.params))
    if isinstance(expected, str):
        return f"; run: %f({args}) traps {expected}"
    results = [format_value(v, p.type) for v, p in zip(expected, func.sig.returns)]
    return f"; run: %f({args}) == {results[0] if len(results) == 1 else '[' + ', '.join(results) + ']'}"
