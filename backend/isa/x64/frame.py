"""Where things are on the stack, as x86-64 addresses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitpy.backend.isa.x64.regs import RSP


def slot_address(sink: Any, slot: int) -> tuple[int, int]:
    """Base register and displacement of a spill slot."""
    return RSP, sink.spill_base + 8 * slot


def address(sink: Any, mode: str, disp: Any) -> tuple[int, int, Callable[[int, int], None] | None]:
    """Base register, displacement and fixup of an address without registers."""
    raise AssertionError(mode)
