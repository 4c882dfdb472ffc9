"""The stack limit of the calling thread. (The poll for Ctrl-C is `jitpy_poll` in ``runtime.clif``.)

Kernels compare their stack pointer with a limit in the context record. Wrappers take it from the cell
``jitpy_stack``, which describes the stack of the thread that called last; when their stack pointer is not in it they
call `find_stack`.
"""

from __future__ import annotations

import threading

from jitpy.runtime import helpers
from jitpy.runtime.libc import C, address, ffi, pointer

#: Kept free below the limit for the C functions that kernels call.
HEADROOM = 128 << 10

_stacks: dict[int, tuple[int, int]] = {}


def stack_of_this_thread() -> tuple[int, int]:
    """(lowest address, bytes) of the calling thread's stack."""
    ident = threading.get_ident()
    got = _stacks.get(ident)
    if got is None:
        attributes = ffi.new("char[128]")
        lowest, size = ffi.new("void **"), ffi.new("size_t *")
        if C.pthread_getattr_np(C.pthread_self(), attributes):
            raise OSError("jitpy: the stack of this thread cannot be found (pthread_getattr_np)")
        C.pthread_attr_getstack(attributes, lowest, size)
        C.pthread_attr_destroy(attributes)
        got = address(lowest[0]), int(size[0])
        if len(_stacks) > 1000:  # threads come and go; idents are reused
            _stacks.clear()
        _stacks[ident] = got
    return got


def find_stack() -> None:
    """Fill the cell ``jitpy_stack`` for the calling thread."""
    lowest, size = stack_of_this_thread()
    cells = ffi.cast("uint64_t *", pointer(helpers.cell("jitpy_stack")))
    cells[0] = lowest
    cells[1] = size
    cells[2] = lowest + min(HEADROOM, size // 2)


def forget_stacks() -> None:
    """In a forked child: thread idents mean other threads now."""
    _stacks.clear()
