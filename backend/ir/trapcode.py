"""Trap codes: why code stopped. Text and nodes name them; memory flags hold an index into `CODES`."""

from __future__ import annotations

from jitpy.backend.ir.opcodes import TRAP_CODES

#: How many codes a program may give meanings of its own: ``user1`` to ``user250``.
USER_CODES = 250
#: Every trap code, the named ones first.
CODES: tuple[str, ...] = TRAP_CODES + tuple(f"user{n}" for n in range(1, USER_CODES + 1))
#: Code -> its index in `CODES`.
INDEX: dict[str, int] = {name: i for i, name in enumerate(CODES)}
#: The code of a memory access whose flags name none.
DEFAULT_MEMORY = "heap_oob"
