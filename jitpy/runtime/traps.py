"""Running machine code that may trap: `enter` calls it, and a trap comes back as a number.

CLIF written by hand may trap, divide by zero, or overflow the stack. Its code (`settings`) checks for these and calls
``trap`` (``$trap`` in the code), which finds the thread's context, notes which trap it was by the return address, and
goes to the landing pad of the entry trampoline. That restores what the C convention preserves and returns `CHECKED`.
Which context is this thread's, and where its stack ends, pthread knows by keys; the check of the stack in prologues
reads the word behind its key without a call, at the place in the thread's block that `_offset_of` finds.

Below lies a net for what no check can see, wild pointers: the processor raises a signal; our handler (``traps.clif``)
sees that the program counter lies in our arena, and lets the thread return into the same landing pad, which returns
the signal's number. Anything else is passed on to the handler that was there before. Threads are told apart by their
alternate stacks, which lie in aligned slots of one region: the slot's start is the context.

Neither jumps over Python: where the thread holds the GIL, the trap was in code that Python called past its wrapper.
The trampoline, and the context that handlers change, are x86-64 Linux; elsewhere code runs without all this.
"""

from __future__ import annotations

import platform
import signal
import sys
import threading

from jitpy.backend.settings import TRAP, Settings
from jitpy.runtime import helpers, memory, prebuilt
from jitpy.runtime.interrupts import HEADROOM, stack_of_this_thread
from jitpy.runtime.libc import C, address, ffi, function_address, pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SIGNALS = (signal.SIGILL, signal.SIGFPE, signal.SIGSEGV, signal.SIGBUS, signal.SIGTRAP)
GENERATIONS = 4
SLOT = 128 << 10  # the mask in traps.clif
SLOTS = 512
CONTEXT_PC, CONTEXT_CODE, CONTEXT_ADDRESS, CONTEXT_STACK = 1, 3, 4, 5
_SA_SIGINFO, _SA_ONSTACK = 4, 0x08000000
#: Bytes of glibc's thread descriptor that surely are there.
_DESCRIPTOR = 0x700

#: What `enter` returns for a trap that was found by a check; `traps.clif` has the number too.
CHECKED = 128
#: What it returns for an exception that nobody caught.
UNCAUGHT = 129

#: int64 enter(context, function, argument): calls function(argument); 0, or the number of what stopped it.
#: trap: called where code traps. landing: goes on behind the innermost `enter`, whose frame is the stack pointer.
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
    ("5f", "pop rdi"),  # trap
    ("4883ef05", "sub rdi, 5"),  # from the return address back to the call
    ("4883e4f0", "and rsp, 0xfffffffffffffff0"),
    ("e800000000", "call 0x4b"),  # jitpy_trapped(pc): the entry frame
    ("4889c4", "mov rsp, rax"),
    ("fc", "cld"),  # landing
    ("5f", "pop rdi"),
    ("59", "pop rcx"),
    ("48890f", "mov qword ptr [rdi], rcx"),
    ("dbe3", "fninit"),
    ("d96c2404", "fldcw word ptr [rsp + 4]"),
    ("0fae1424", "ldmxcsr dword ptr [rsp]"),
    ("488b4710", "mov rax, qword ptr [rdi + 0x10]"),
    ("ebca", "jmp 0x2e"),  # leave
)
_TRAP, _LANDING, _TRAPPED = 0x3D, 0x4E, 0x46
#: The frame of `enter` (see `memory.Image`): rbx, r12 to r15 lie from rbp down.
_FRAME = (0, _TRAP, 0, 0xD, 40, [(3, 32), (12, 24), (13, 16), (14, 8), (15, 0)], [(_TRAP - 1, _TRAP, False)])


class Net:
    """The trampoline, the handlers and the alternate stacks of this process."""

    def __init__(self) -> None:
        region = memory.reserve((SLOTS + 1) * SLOT)
        self.stacks = -(-region // SLOT) * SLOT
        self.free = list(range(SLOTS))
        self.context_key, self.limit_key = _new_key(), _new_key()
        self.stack_limit = _offset_of(self.limit_key)
        self.cells = ffi.new("uint64_t[]", 6 + 64 * GENERATIONS)
        helpers.publish("jitpy_trap_cells", address(self.cells))
        for name in ("sigaction", "pthread_getspecific"):
            helpers.publish(name, function_address(name))
        self.modules = ffi.new("uint64_t *")
        helpers.publish("jitpy_exception_modules", address(self.modules))
        self.nodes: list[Any] = []
        self.free_nodes: list[Any] = []
        self.handlers = prebuilt.load(prebuilt.TRAPS, helpers.resolve)
        helpers.publish("jitpy_throw", self.handlers.symbols["jitpy_throw"])
        code = bytes.fromhex("".join(row[0] for row in ENTER_X64))
        symbols = {"enter": 0, "trap": _TRAP, "landing": _LANDING}
        relocs = [(_TRAPPED + 1, "pcrel4", "jitpy_trapped", -4)]
        self.trampoline = memory.load(memory.Image(code, symbols, relocs, [_FRAME]), self.handlers.symbols)
        self.enter = ffi.cast("jitpy_enter", self.trampoline.address)
        helpers.publish(TRAP, self.trampoline.symbols["trap"])
        landing = self.trampoline.symbols["landing"]
        arena = memory.arena().base
        self.cells[0:6] = [arena, memory.ARENA_BYTES, self.stacks, SLOTS * SLOT, landing, self.context_key]
        self.addresses = [self.handlers.symbols[f"jitpy_handler_{g}"] for g in range(GENERATIONS)]
        self.previous: dict[int, list[int]] = {s: [] for s in SIGNALS}
        self.keep: list[Any] = []
        self.installed = False

    def install(self) -> None:
        """Put our handler on top where it is not, remembering what is there."""
        self.installed = True
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
                self.cells[6 + 64 * generation + number] = address(current)
            action = ffi.new("jitpy_sigaction *")
            action.handler = pointer(self.addresses[generation])
            action.flags = _SA_SIGINFO | _SA_ONSTACK
            C.sigaction(number, action, ffi.NULL)
        if _thread.slot:
            self.use_stack(_thread.slot)  # faulthandler brings a stack of its own, too

    def new_stack(self) -> int:
        """A slot made ready for the calling thread: context page, guard page, alternate stack."""
        try:
            slot = self.stacks + self.free.pop() * SLOT
        except IndexError:
            raise MemoryError(f"jitpy: more than {SLOTS} threads run CLIF at once") from None
        C.mprotect(pointer(slot), memory.PAGE, memory.PROT_READ | memory.PROT_WRITE)
        stack = slot + 2 * memory.PAGE
        C.mprotect(pointer(stack), SLOT - 2 * memory.PAGE, memory.PROT_READ | memory.PROT_WRITE)
        C.memset(pointer(slot), 0, 64)
        self.use_stack(slot)
        C.pthread_setspecific(self.context_key, pointer(slot))
        lowest, size = stack_of_this_thread()
        C.pthread_setspecific(self.limit_key, pointer(lowest + min(HEADROOM, size // 2)))
        return slot

    def use_stack(self, slot: int) -> None:
        """Make a slot's stack the alternate one of the calling thread."""
        new = ffi.new("jitpy_stack *")
        new.sp, new.size = pointer(slot + 2 * memory.PAGE), SLOT - 2 * memory.PAGE
        if C.sigaltstack(new, ffi.NULL):
            raise OSError(ffi.errno, "sigaltstack")

    def enter_table(self, start: int, size: int, table: int) -> HandlerTable:
        """Let throwers find the handlers of a module. Its node stays in the list for good, for a thrower may stand on it; when the
        module goes its size becomes 0, and the node is another's.
        """
        with _making:
            try:
                node = self.free_nodes.pop()
            except IndexError:
                node = ffi.new("uint64_t[4]", [self.modules[0], 0, 0, 0])
                self.nodes.append(node)
                self.modules[0] = address(node)
        node[1], node[3] = start, table
        node[2] = size  # last: from here on it is found
        return HandlerTable(node, self.free_nodes)

    def give_back(self, slot: int) -> None:
        """The thread of a slot has ended."""
        self.free.append((slot - self.stacks) // SLOT)


class HandlerTable:
    """A module's place in the list of those with handlers; lives as long as its code."""

    __slots__ = ("free", "node")

    def __init__(self, node: Any, free: list[Any]) -> None:
        self.node = node
        self.free = free

    def __del__(self) -> None:
        self.node[2] = 0
        self.free.append(self.node)


def _new_key() -> int:
    key = ffi.new("unsigned *")
    if C.pthread_key_create(key, ffi.NULL):
        raise OSError("jitpy: this process has no pthread key left")
    return int(key[0])


def _offset_of(key: int) -> int | None:
    """How far from the thread pointer glibc keeps the value of a key; None where it is not in the thread's block.

    The same in all threads: the first keys have their places in the descriptor that the thread pointer points to.
    """
    sentinels = 0x5EED_CAFE_0DD5_0DAD, 0x0DAD_0DD5_CAFE_5EED
    places = []
    for sentinel in sentinels:
        C.pthread_setspecific(key, pointer(sentinel))
        words = ffi.cast("uint64_t *", pointer(C.pthread_self()))
        places.append([i for i in range(_DESCRIPTOR // 8) if words[i] == sentinel])
    C.pthread_setspecific(key, ffi.NULL)
    return 8 * places[0][0] if len(places[0]) == 1 and places[0] == places[1] else None


class _Thread(threading.local):
    slot = 0

    def context(self, net: Net) -> int:
        if not net.installed:
            net.install()
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
_making = threading.RLock()
_thread = _Thread()


def supported() -> bool:
    """Whether this system has the net."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def net() -> Net:
    """The process's net, made at first use; its handlers wait for the first call."""
    global _net
    with _making:
        if _net is None:
            _net = Net()
    return _net


def settings() -> Settings:
    """How CLIF that `call` runs is compiled."""
    if not supported():
        return Settings()
    return Settings(traps="call", stack_limit=net().stack_limit)


#: What `call` returns where nothing trapped.
RETURNED = (0, 0, 0, 0, 0)


def check() -> None:
    """Put the handlers back on top if they are up and another library has covered them. Called at each compilation of
    CLIF.
    """
    if _net is not None and _net.installed:
        _net.install()


def call(function: int, argument: int) -> tuple[int, int, int, int, int]:
    """Run ``function(argument)`` without the GIL: `RETURNED`, or (`CHECKED` or signal, pc, address, stack pointer, si_code) of
    the trap, or (`UNCAUGHT`, pc, first payload, second, tag).
    """
    if not supported():
        ffi.cast("jitpy_unary", function)(pointer(argument))
        return RETURNED
    got = _net or net()
    context = _thread.slot or _thread.context(got)
    number = got.enter(pointer(context), pointer(function), pointer(argument))
    if not number:
        return RETURNED
    words = ffi.cast("uint64_t *", pointer(context))
    return number, words[CONTEXT_PC], words[CONTEXT_ADDRESS], words[CONTEXT_STACK], words[CONTEXT_CODE]
