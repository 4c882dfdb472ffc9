"""Running machine code that may trap: `enter` calls it, and a trap comes back as a number.

CLIF written by hand may trap, divide by zero, follow wild pointers or overflow the stack. The processor then raises a
signal; our handler (``traps.clif``) sees that the program counter lies in our arena, and instead of resuming there
lets the thread return into the landing pad of the entry trampoline, which restores what the C convention preserves
and returns the signal's number. Anything else is passed on to the handler that was there before. x86-64 Linux;
elsewhere code runs without this net.

Threads are told apart by their alternate stacks, which lie in aligned slots of one region: the slot's start is the
context.
"""

from __future__ import annotations

import platform
import signal
import sys
import threading

from jitpy.runtime import helpers, memory, prebuilt
from jitpy.runtime.libc import C, address, ffi, function_address, pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SIGNALS = (signal.SIGILL, signal.SIGFPE, signal.SIGSEGV, signal.SIGBUS, signal.SIGTRAP)
GENERATIONS = 4
SLOT = 128 << 10  # the mask in traps.clif
SLOTS = 512
CONTEXT_PC, CONTEXT_ADDRESS, CONTEXT_STACK = 1, 4, 5
_SA_SIGINFO, _SA_ONSTACK = 4, 0x08000000

#: int64 enter(context, function, argument): calls function(argument); 0, or the number of the signal that stopped it.
ENTER_X64 = (
    ("55", "push rbp"),
    ("4889e5", "mov rbp, rsp"),
    ("53", "push rbx"),
    ("4154", "push r12"),
    ("4155", "push r13"),
    ("4156", "push r14"),
    ("4157", "push r15"),
    ("4883ec08", "sub rsp, 8"),
    ("0fae1c24", "stmxcsr dword ptr [rsp]"),
    ("d97c2404", "fnstcw word ptr [rsp + 4]"),
    ("ff37", "push qword ptr [rdi]"),  # the entry frame of the call around this one
    ("57", "push rdi"),
    ("488927", "mov qword ptr [rdi], rsp"),
    ("4889f0", "mov rax, rsi"),
    ("4889d7", "mov rdi, rdx"),
    ("ffd0", "call rax"),
    ("5f", "pop rdi"),
    ("59", "pop rcx"),
    ("48890f", "mov qword ptr [rdi], rcx"),
    ("31c0", "xor eax, eax"),
    ("4883c408", "add rsp, 8"),  # leave
    ("415f", "pop r15"),
    ("415e", "pop r14"),
    ("415d", "pop r13"),
    ("415c", "pop r12"),
    ("5b", "pop rbx"),
    ("5d", "pop rbp"),
    ("c3", "ret"),
    ("fc", "cld"),  # landing: the handler made this the pc and the entry frame the stack pointer
    ("5f", "pop rdi"),
    ("59", "pop rcx"),
    ("48890f", "mov qword ptr [rdi], rcx"),
    ("dbe3", "fninit"),
    ("d96c2404", "fldcw word ptr [rsp + 4]"),
    ("0fae1424", "ldmxcsr dword ptr [rsp]"),
    ("488b4710", "mov rax, qword ptr [rdi + 0x10]"),
    ("ebdb", "jmp 0x2e"),  # leave
)
_LANDING = 0x3D


class Net:
    """The handlers and the alternate stacks of this process."""

    def __init__(self) -> None:
        code = bytes.fromhex("".join(row[0] for row in ENTER_X64))
        self.trampoline = memory.load(memory.Image(code, {"enter": 0, "landing": _LANDING}, []), {})
        self.enter = ffi.cast("jitpy_enter", self.trampoline.address)
        region = memory.reserve((SLOTS + 1) * SLOT)
        self.stacks = -(-region // SLOT) * SLOT
        self.free = list(range(SLOTS))
        self.lock = threading.Lock()
        self.cells = ffi.new("uint64_t[]", 5 + 64 * GENERATIONS)
        arena = memory.arena()
        self.cells[0:5] = [
            arena.base,
            memory.ARENA_BYTES,
            self.stacks,
            SLOTS * SLOT,
            self.trampoline.symbols["landing"],
        ]
        helpers.publish("jitpy_trap_cells", address(self.cells))
        helpers.publish("sigaction", function_address("sigaction"))
        self.handlers = prebuilt.load("traps.clif", helpers.resolve)
        self.addresses = [self.handlers.symbols[f"jitpy_handler_{g}"] for g in range(GENERATIONS)]
        self.previous: dict[int, list[int]] = {s: [] for s in SIGNALS}
        self.keep: list[Any] = []

    def install(self) -> None:
        """Put our handler on top where it is not, remembering what is there."""
        for number in SIGNALS:
            current = ffi.new("jitpy_sigaction *")
            C.sigaction(number, ffi.NULL, current)
            handler = address(current.handler)
            if handler in self.addresses:
                continue
            known = self.previous[number]
            if handler in known:
                generation = known.index(handler)
            elif len(known) == GENERATIONS:
                continue  # others fight over the signal; leave it to them
            else:
                generation = len(known)
                known.append(handler)
                self.keep.append(current)
                self.cells[5 + 64 * generation + number] = address(current)
            action = ffi.new("jitpy_sigaction *")
            action.handler = pointer(self.addresses[generation])
            action.flags = _SA_SIGINFO | _SA_ONSTACK
            C.sigaction(number, action, ffi.NULL)
        if _thread.slot:
            self.use_stack(_thread.slot)  # faulthandler brings a stack of its own, too

    def new_stack(self) -> int:
        """A slot made ready: context page, guard page, alternate stack of the calling thread."""
        with self.lock:
            if not self.free:
                raise MemoryError(f"jitpy: more than {SLOTS} threads run CLIF at once")
            slot = self.stacks + self.free.pop() * SLOT
        C.mprotect(pointer(slot), memory.PAGE, memory.PROT_READ | memory.PROT_WRITE)
        stack = slot + 2 * memory.PAGE
        C.mprotect(pointer(stack), SLOT - 2 * memory.PAGE, memory.PROT_READ | memory.PROT_WRITE)
        C.memset(pointer(slot), 0, 64)
        self.use_stack(slot)
        return slot

    def use_stack(self, slot: int) -> None:
        """Make a slot's stack the alternate one of the calling thread."""
        new = ffi.new("jitpy_stack *")
        new.sp, new.size = pointer(slot + 2 * memory.PAGE), SLOT - 2 * memory.PAGE
        if C.sigaltstack(new, ffi.NULL):
            raise OSError(ffi.errno, "sigaltstack")

    def give_back(self, slot: int) -> None:
        """The thread of a slot has ended."""
        with self.lock:
            self.free.append((slot - self.stacks) // SLOT)


class _Thread(threading.local):
    slot = 0

    def context(self, net: Net) -> int:
        if not self.slot:
            self.slot = net.new_stack()
            self.guard = _Guard(net, self.slot)
        return self.slot


class _Guard:
    """Dies with its thread's locals."""

    def __init__(self, net: Net, slot: int) -> None:
        self.net = net
        self.slot = slot

    def __del__(self) -> None:
        self.net.give_back(self.slot)


_net: Net | None = None
_thread = _Thread()


def supported() -> bool:
    """Whether this system has the net."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def net() -> Net:
    """The process's net, put up at first use."""
    global _net
    if _net is None:
        _net = Net()
        _net.install()
    return _net


#: What `call` returns where nothing trapped.
RETURNED = (0, 0, 0, 0)


def check() -> None:
    """Put the net back on top if it is up and another library has covered it. Called at each compilation of CLIF."""
    if _net is not None:
        _net.install()


def call(function: int, argument: int) -> tuple[int, int, int, int]:
    """Run ``function(argument)`` without the GIL: `RETURNED`, or (signal, pc, address, stack pointer) of the trap."""
    if not supported():
        ffi.cast("jitpy_unary", function)(pointer(argument))
        return RETURNED
    got = _net or net()
    context = _thread.slot or _thread.context(got)
    number = got.enter(pointer(context), pointer(function), pointer(argument))
    if not number:
        return RETURNED
    words = ffi.cast("uint64_t *", pointer(context))
    return number, words[CONTEXT_PC], words[CONTEXT_ADDRESS], words[CONTEXT_STACK]
