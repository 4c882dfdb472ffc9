"""Running functions as machine code of this host, in a process of their own.

Machine code that is wrong may crash, so calls are made in a forked child: a handler there reports the signal and the
address of the instruction, which the trap table turns into a trap code; the next call starts another child.
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
from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import UnsupportedError
from jitpy.backend.filetests.image import Image
from jitpy.backend.interp.meaning import Trap

if TYPE_CHECKING:
    from jitpy.backend.filetests.engines import Call
    from jitpy.backend.ir.function import Function
    from jitpy.backend.pipeline import CodeModule
    from jitpy.backend.settings import Settings
    from jitpy.backend.target.target import Target

#: Seconds of processor time a call may take.
TIMEOUT = 20


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


def load_functions(functions: list[Function], target: Target, settings: Settings) -> Call:
    """Compile ``functions`` for this machine; the result calls one by name with the interpreter's ints."""
    image = Image(functions, target, settings)
    base = _load(image.module)
    worker = _Worker(base, image)
    return image.caller(lambda offset, slots: worker.call(base + offset, slots))


class _Worker:
    """A forked child that makes calls for its parent; another takes its place when it dies."""

    def __init__(self, base: int, image: Image) -> None:
        self.base = base
        self.image = image
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
        raise Trap(self.image.trap_at(pc - self.base) or signal.Signals(number).name)

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
_SIGNALS = (signal.SIGILL, signal.SIGTRAP, signal.SIGFPE, signal.SIGSEGV, signal.SIGBUS, signal.SIGVTALRM)
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
        signal.setitimer(signal.ITIMER_VIRTUAL, TIMEOUT)
        buffer = ctypes.create_string_buffer(size + 16)
        start = ctypes.addressof(buffer)
        aligned = start + -start % 16
        ctypes.memmove(aligned, slots, size)
        ctypes.CFUNCTYPE(None, ctypes.c_uint64)(address)(aligned)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        os.write(replies, bytes(16) + ctypes.string_at(aligned, size))
