"""Running functions as machine code of this host, in a process of their own.

Each function is compiled alone, so that one that cannot be compiled fails only its own tests. Beside each stands a
trampoline, CLIF too, that takes one pointer: it loads the arguments from slots of 16 bytes, calls, and stores the
results to the same slots. Machine code that is wrong may crash, so calls are made in a child process; when it dies,
the signal is reported as a trap and the next call starts another.
"""

from __future__ import annotations

import ctypes
import faulthandler
import mmap
import os
import signal
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jitpy.backend import isa
from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.interp.meaning import Trap
from jitpy.backend.ir import memflags
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir import types as T
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.pipeline import CodeModule, CompiledFunction, compile_function, link
from jitpy.backend.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

_SLOT = 16
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
    """Linked code in executable memory, and why some functions are missing."""

    def __init__(self, functions: list[Function], opt_level: str) -> None:
        target = isa.host()
        # What is not optimized is allocated in one pass too, so that both allocators run.
        regalloc = "onepass" if opt_level == "none" else "linear"
        settings = Settings(opt_level, regalloc, regalloc_checker=True, enable_verifier=True)
        self.failures: dict[str, CompileError | Exception] = {}
        compiled: dict[str, CompiledFunction] = {}
        trampolines = [trampoline(func) for func in functions]
        for func in functions + trampolines:
            try:
                compiled[func.name] = compile_function(func, target, settings)
            except Exception as error:  # a defect of the compiler is this function's failure alone
                self.failures[func.name] = error
        self._drop_callers_of_missing(compiled)
        module = link(list(compiled.values()), target)
        self.symbols = module.symbols
        self.base = _load(module)

    def _drop_callers_of_missing(self, compiled: dict[str, CompiledFunction]) -> None:
        dropped = True
        while dropped:
            dropped = False
            for name, done in list(compiled.items()):
                for _, _, symbol, _ in done.relocs:
                    if symbol not in compiled and name in compiled:
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


def load_functions(functions: list[Function], opt_level: str) -> Callable[[str, Sequence[int]], list[int]]:
    """Compile ``functions``; the result calls one by name with the interpreter's ints."""
    sigs = {func.name: func.sig for func in functions}
    image = _Image(functions, opt_level)
    worker = _Worker()

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
    """A forked child that makes calls for its parent; another takes its place when it dies."""

    def __init__(self) -> None:
        self.child = 0
        self.parent = os.getpid()

    def call(self, address: int, slots: bytes) -> bytes:
        """Call a trampoline; a signal in it comes back as Trap."""
        if not self.child:
            self._start()
        os.write(self.requests, struct.pack("<QI", address, len(slots)) + slots)
        data = b""
        while len(data) < len(slots):
            piece = os.read(self.replies, len(slots) - len(data))
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


def _serve(requests: int, replies: int) -> None:
    """The child: calls until the parent closes its end. Crashing is part of its work, so it does so in silence."""
    faulthandler.disable()
    while True:
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
        os.write(replies, ctypes.string_at(aligned, size))
