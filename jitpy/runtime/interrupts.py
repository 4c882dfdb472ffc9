"""The stack limit of the calling thread. (The poll for Ctrl-C is `jitpy_poll` in ``runtime.clif``.)

Kernels compare their stack pointer with a limit in the context record. Wrappers take it from the cell
``jitpy_stack``, which describes the stack of the thread that called last; when their stack pointer is not in it they
call `find_stack`.
"""

from __future__ import annotations

import threading

from jitpy.runtime import helpers
from jitpy.runtime.libc import C, address, ffi, pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Kept free below the limit for the C functions that kernels call.
HEADROOM = 128 << 10

_of_thread = threading.local()


class _Stack:
    """The stack of a thread. Dies with the thread's locals; the cell must not speak of it then, because the next
    thread may have a smaller stack at the same place.
    """

    __slots__ = ("lowest", "size")

    def __init__(self) -> None:
        attributes = ffi.new("char[128]")
        lowest, size = ffi.new("void **"), ffi.new("size_t *")
        if C.pthread_getattr_np(C.pthread_self(), attributes):
            raise OSError("jitpy: the stack of this thread cannot be found (pthread_getattr_np)")
        C.pthread_attr_getstack(attributes, lowest, size)
        C.pthread_attr_destroy(attributes)
        self.lowest = address(lowest[0])
        self.size = int(size[0])

    def __del__(self) -> None:
        forget_stack()


def stack_of_this_thread() -> tuple[int, int]:
    """(lowest address, bytes) of the calling thread's stack."""
    stack = getattr(_of_thread, "stack", None)
    if stack is None:
        stack = _of_thread.stack = _Stack()
    return stack.lowest, stack.size


def find_stack() -> None:
    """Fill the cell ``jitpy_stack`` for the calling thread."""
    lowest, size = stack_of_this_thread()
    cells = _cells()
    cells[0] = lowest
    cells[1] = size
    cells[2] = lowest + min(HEADROOM, size // 2)


def forget_stack() -> None:
    """Empty the cell: the next call asks again. Also for a forked child, whose threads are others."""
    if helpers is not None:  # else the interpreter is shutting down
        _cells()[1] = 0


def _cells() -> Any:
    return ffi.cast("uint64_t *", pointer(helpers.cell("jitpy_stack")))
