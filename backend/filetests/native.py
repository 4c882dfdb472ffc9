"""Running functions as machine code of this host, in a process of their own.

Each function is compiled alone, so that one that cannot be compiled fails only its own tests. Beside each stands a
trampoline, CLIF too, that takes one pointer: it loads the arguments from slots of 256 bytes, calls, and stores the
results to the same slots. Machine code that is wrong may crash, so calls are made in a child process: a handler there
reports the signal and the address of the instruction, which the trap table turns into a trap code; the next call
starts another child.
"""

from __future__ import annotations

import ctypes
import faulthandler
import mmap
import os
import platform
import signal
import struct
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.interp.libcalls import OPCODES as LIBCALL_OPCODES
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import memflags
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T
from jitpy.backend.ir.builder import FunctionBuilder
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.object import exceptions
from jitpy.backend.pipeline import CodeModule, CompiledFunction, compile_function, link, throwing
from jitpy.backend.soft import library

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.backend.settings import Settings
    from jitpy.backend.target.target import Target

_SLOT = 256  # of the widest values: four registers of 512 bits
#: Seconds a call may take.
TIMEOUT = 20


def _trampoline_name(name: str) -> str:
    return f"$call.{name}"


def trampoline(func: Function) -> Function:
    """``(i64 slots)``: calls ``func`` with the arguments in ``slots`` and leaves its results there."""
    made = Function(_trampoline_name(func.name), signature([T.I64], []))
    entry = made.block()
    slots = made.param(entry, T.I64)
    args = [
        made.value(entry, (O.LOAD_, p.type, (memflags.TRUSTED, _SLOT * i), slots), p.type) for i, p in enumerate(func.sig.params)
    ]
    callee = made.import_function(func.name, func.sig, colocated=True)
    returns = tuple(r.type for r in func.sig.returns)
    call = made.append(entry, (O.CALL_, T.INVALID, callee, *args), returns)
    for i, value in enumerate(made.results[call]):
        type = made.value_types[value]
        made.append(entry, (O.STORE_, type, (memflags.TRUSTED, _SLOT * i), value, slots))
    made.append(entry, (O.RETURN, T.INVALID, None))
    return made


class _Image:
    """Linked code in executable memory, why some functions are missing, and the trap code of each address that traps."""

    def __init__(self, functions: list[Function], target: Target, settings: Settings) -> None:
        self.failures: dict[str, CompileError | Exception] = {}
        compiled: dict[str, CompiledFunction] = {}
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
        module = link(list(compiled.values()), target)
        self.symbols = module.symbols
        self.base = _load(module)
        self.traps = {
            self.base + start + offset: code for start, done in module.functions for offset, code in done.traps
        }  # fmt: skip

    def _drop_callers_of_missing(self, compiled: dict[str, CompiledFunction]) -> None:
        dropped = True
        while dropped:
            dropped = False
            for name, done in list(compiled.items()):
                for _, _, symbol, _ in done.relocs:
                    if symbol not in compiled and symbol != exceptions.TABLE and name in compiled:
                        why = self.failures.get(symbol)
                        self.failures[name] = why or UnsupportedError(f"no function {symbol}")
                        del compiled[name]
                        dropped = True


def _load(module: CodeModule) -> int:
    """The address of a module's code, relocated, in fresh pages that are then executable and no longer writable."""
    size = -(-max(len(module.code), 1) // mmap.PAGESIZE) * mmap.PAGESIZE
    pages = mmap.mmap(-1, size, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    base = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    code = bytearray(module.code)
    for offset, kind, symbol, addend in module.relocs:
        if symbol not in module.symbols or kind not in ("abs8", "pcrel4"):
            raise UnsupportedError(f"the test loader has no relocation {kind} to {symbol}")
        goal = module.symbols[symbol] + addend
        if kind == "abs8":
            struct.pack_into("<Q", code, offset, base + goal)
        else:
            struct.pack_into("<i", code, offset, goal - offset)
    ctypes.memmove(base, bytes(code), len(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mprotect(ctypes.c_void_p(base), ctypes.c_size_t(size), mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "cannot make pages executable")
    _kept.append(pages)
    return base


_kept: list[mmap.mmap] = []


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


def load_functions(functions: list[Function], target: Target, settings: Settings) -> Callable[[str, Sequence[int]], list[int]]:
    """Compile ``functions`` for this machine; the result calls one by name with the interpreter's ints."""
    sigs = {func.name: func.sig for func in functions}
    image = _Image(functions, target, settings)
    worker = _Worker(image.traps)

    def call(name: str, args: Sequence[int]) -> list[int]:
        for needed in (name, _trampoline_name(name)):
            if needed in image.failures:
                raise image.failures[needed]
        sig = sigs[name]
        count = max(len(sig.params), len(sig.returns), 1)
        slots = bytearray(_SLOT * (count + 1))
        for i, (arg, param) in enumerate(zip(args, sig.params)):
            size = T.BYTES[param.type]
            slots[_SLOT * i : _SLOT * i + size] = arg.to_bytes(size, "little")
        done = worker.call(image.base + image.symbols[_trampoline_name(name)], bytes(slots))
        return [int.from_bytes(done[_SLOT * i : _SLOT * i + T.BYTES[r.type]], "little") for i, r in enumerate(sig.returns)]

    return call


class _Worker:
    """A forked child that makes calls for its parent; another takes its place when it dies. ``traps``: address -> code."""

    def __init__(self, traps: dict[int, str]) -> None:
        self.traps = traps
        self.child = 0
        self.parent = os.getpid()

    def call(self, address: int, slots: bytes) -> bytes:
        """Call a trampoline. A signal in it comes back as Trap: by the trap table's code, or by the signal's name where
        the address is not in the table.
        """
        if not self.child:
            self._start()
        os.write(self.requests, struct.pack("<QI", address, len(slots)) + slots)
        number, pc = struct.unpack("<QQ", self._read(16))
        if not number:
            return self._read(len(slots))
        self.close()
        raise Trap(self.traps.get(pc) or signal.Signals(number).name)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = os.read(self.replies, size - len(data))
            if not piece:
                status = self.close()
                what = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "exit"
                raise Trap(what)
            data += piece
        return data

    def _start(self) -> None:
        theirs, self.requests = os.pipe()
        self.replies, ours = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            os.close(self.requests)
            os.close(self.replies)
            _serve(theirs, ours)
        os.close(theirs)
        os.close(ours)

    def close(self) -> int:
        """End the child; its exit status."""
        if not self.child:
            return 0
        os.close(self.requests)
        os.close(self.replies)
        # A child forked later holds these pipes open too, so it would not see their end.
        os.kill(self.child, signal.SIGKILL)
        _, status = os.waitpid(self.child, 0)
        self.child = 0
        return status

    def __del__(self) -> None:
        # Children inherit the workers of their parent, which are not theirs to end.
        if os.getpid() == self.parent:
            self.close()


#: Where the kernel keeps the program counter in the ucontext of a signal handler, by machine.
_PC_OFFSET = {"x86_64": 168, "aarch64": 440, "riscv64": 176, "s390x": 40}
_SIGNALS = (signal.SIGILL, signal.SIGTRAP, signal.SIGFPE, signal.SIGSEGV, signal.SIGBUS, signal.SIGALRM)
_SA_SIGINFO, _SA_ONSTACK = 4, 0x08000000
_STACK_BYTES = 1 << 16


class _SigAction(ctypes.Structure):
    """struct sigaction of glibc."""

    _fields_ = (
        ("handler", ctypes.c_void_p), ("mask", ctypes.c_uint64 * 16), ("flags", ctypes.c_int), ("restorer", ctypes.c_void_p),
    )  # fmt: skip


class _SigStack(ctypes.Structure):
    """stack_t."""

    _fields_ = (("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


def _report_signals(replies: int) -> list[Any]:
    """Make a signal write its number and the program counter to ``replies`` and end the process; what must stay alive."""
    offset = _PC_OFFSET[platform.machine()]

    def report(number: int, info: int, context: int) -> None:
        pc = int.from_bytes(ctypes.string_at(context + offset, 8), sys.byteorder)
        os.write(replies, struct.pack("<QQ", number, pc))
        os._exit(0)

    # The code under test is called without the interpreter lock, so the handler may take it: it interrupts nothing of Python's.
    handler = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(report)
    stack = ctypes.create_string_buffer(_STACK_BYTES)
    libc = ctypes.CDLL(None)
    libc.sigaltstack(ctypes.byref(_SigStack(ctypes.addressof(stack), 0, _STACK_BYTES)), None)
    action = _SigAction(ctypes.cast(handler, ctypes.c_void_p), flags=_SA_SIGINFO | _SA_ONSTACK)
    for number in _SIGNALS:
        libc.sigaction(int(number), ctypes.byref(action), None)
    return [handler, stack]


def _serve(requests: int, replies: int) -> None:
    """The child: calls until the parent closes its end. Crashing is part of its work, so it does so in silence."""
    faulthandler.disable()
    kept = _report_signals(replies)
    while kept:
        head = os.read(requests, 12)
        if len(head) < 12:
            os._exit(0)
        address, size = struct.unpack("<QI", head)
        slots = os.read(requests, size)
        signal.alarm(TIMEOUT)
        buffer = ctypes.create_string_buffer(size + 16)
        start = ctypes.addressof(buffer)
        aligned = start + -start % 16
        ctypes.memmove(aligned, slots, size)
        ctypes.CFUNCTYPE(None, ctypes.c_uint64)(address)(aligned)
        signal.alarm(0)
        os.write(replies, bytes(16) + ctypes.string_at(aligned, size))
