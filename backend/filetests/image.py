"""The functions of a test as linked machine code, each with a trampoline by which it is called from outside.

Each function is compiled alone, so that one that cannot be compiled fails only its own tests. Beside each stands a
trampoline, CLIF too, that takes one pointer: it loads the arguments from slots of 256 bytes, calls, and stores the
results to the same slots, in the target's byte order; vectors lie there with lane 0 first, little-endian, everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.interp.libcalls import OPCODES as LIBCALL_OPCODES
from jitpy.backend.ir import memflags
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T
from jitpy.backend.ir.builder import FunctionBuilder
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.object import exceptions
from jitpy.backend.opt.inline import inline_module
from jitpy.backend.pipeline import compile_function, link, throwing
from jitpy.backend.soft import library

if TYPE_CHECKING:
    from jitpy.backend.filetests.engines import Call
    from jitpy.backend.settings import Settings
    from jitpy.backend.target.target import Target

_SLOT = 256  # of the widest values: four registers of 512 bits


def _trampoline_name(name: str) -> str:
    return f"$call.{name}"


def _flags(type: T.Type) -> int:
    return memflags.TRUSTED | memflags.LITTLE * T.IS_VECTOR[type]


def trampoline(func: Function) -> Function:
    """``(i64 slots)``: calls ``func`` with the arguments in ``slots`` and leaves its results there."""
    made = Function(_trampoline_name(func.name), signature([T.I64], []))
    entry = made.block()
    slots = made.param(entry, T.I64)
    args = [
        made.value(entry, (O.LOAD_, p.type, (_flags(p.type), _SLOT * i), slots), p.type) for i, p in enumerate(func.sig.params)
    ]
    callee = made.import_function(func.name, func.sig, colocated=True)
    returns = tuple(r.type for r in func.sig.returns)
    call = made.append(entry, (O.CALL_, T.INVALID, callee, *args), returns)
    for i, value in enumerate(made.results[call]):
        type = made.value_types[value]
        made.append(entry, (O.STORE_, type, (_flags(type), _SLOT * i), value, slots))
    made.append(entry, (O.RETURN, T.INVALID, None))
    return made


class Image:
    """``module``: the linked code; ``failures``: why some functions are missing. ``parts``: what else to link;
    ``given``: symbols that whoever loads it knows.
    """

    def __init__(
        self, functions: list[Function], target: Target, settings: Settings, parts: Sequence[Any] = (),
        given: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.given = given
        self.sigs = {func.name: func.sig for func in functions}
        self.order: Any = "big" if target.big_endian else "little"
        self.failures: dict[str, CompileError | Exception] = {}
        compiled: dict[str, Any] = {part.name: part for part in parts}
        if settings.enable_inlining:
            inline_module(functions)
        trampolines = [trampoline(func) for func in functions]
        for func in functions + trampolines:
            try:
                compiled[func.name] = compile_function(func, target, settings)
            except Exception as error:  # a defect of the compiler is this function's failure alone
                self.failures[func.name] = error
        called = {symbol for done in compiled.values() for _, _, symbol, _ in done.relocs} - compiled.keys()
        for func in [library.make(name) for name in library.needed(called)] + libcalls(called):
            compiled[func.name] = compile_function(func, target, settings)
        if called & {exceptions.THROW, CRANELIFT_THROW}:
            compiled[CRANELIFT_THROW] = compile_function(cranelift_throw(), target, settings)
            compiled.update((part.name, part) for part in throwing(target, settings))
        self._drop_callers_of_missing(compiled)
        self.module = link(list(compiled.values()), target)
        self.traps = {start + offset: code for start, done in self.module.functions for offset, code in done.traps}

    def _drop_callers_of_missing(self, compiled: dict[str, Any]) -> None:
        dropped = True
        while dropped:
            dropped = False
            for name, done in list(compiled.items()):
                for _, _, symbol, _ in done.relocs:
                    known = symbol in compiled or symbol == exceptions.TABLE or symbol in self.given
                    if not known and name in compiled:
                        why = self.failures.get(symbol)
                        self.failures[name] = why or UnsupportedError(f"no function {symbol}")
                        del compiled[name]
                        dropped = True

    def trap_at(self, offset: int) -> str | None:
        """The code of the trap there, if there is one."""
        return self.traps.get(offset)

    def caller(self, run: Callable[[int, bytes], bytes]) -> Call:
        """Calls functions by name with the interpreter's ints. ``run(offset of a trampoline, slots)``: the slots afterwards."""

        def order(type: T.Type) -> Any:
            return "little" if T.IS_VECTOR[type] else self.order

        def call(name: str, args: Sequence[int]) -> list[int]:
            for needed in (name, _trampoline_name(name)):
                if needed in self.failures:
                    raise self.failures[needed]
            sig = self.sigs[name]
            count = max(len(sig.params), len(sig.returns), 1)
            slots = bytearray(_SLOT * (count + 1))
            for i, (arg, param) in enumerate(zip(args, sig.params)):
                size = T.BYTES[param.type]
                slots[_SLOT * i : _SLOT * i + size] = arg.to_bytes(size, order(param.type))
            done = run(self.module.symbols[_trampoline_name(name)], bytes(slots))
            return [
                int.from_bytes(done[_SLOT * i : _SLOT * i + T.BYTES[r.type]], order(r.type)) for i, r in enumerate(sig.returns)
            ]

        return call


#: What Cranelift's tests call to throw.
CRANELIFT_THROW = "__cranelift_throw"


def cranelift_throw() -> Function:
    """The same as our thrower, but for an argument that we do not need."""
    b = FunctionBuilder(CRANELIFT_THROW, [T.I64, T.I64, T.I64, T.I32, T.I64, T.I64])
    entry, frame, _, tag, exn0, exn1 = b.args
    sig = signature([T.I64, T.I64, T.I32, T.I64, T.I64], [])
    b.call(b.func.import_function(exceptions.THROW, sig, colocated=True), [entry, frame, tag, exn0, exn1])
    b.return_()
    return b.finish()


def libcalls(names: set[str]) -> list[Function]:
    """Functions for the well-known names that tests may call: each is one instruction."""
    found = []
    for name in sorted(names & LIBCALL_OPCODES.keys()):
        opcode, type = LIBCALL_OPCODES[name]
        b = FunctionBuilder(name, [type] * len(O.ARGS[opcode]), [type])
        b.return_(b.emit(opcode, type, None, b.args))
        found.append(b.finish())
    return found
