"""The memory that compiled code and the runtime share: offsets of the callable, its entry records, and the context
record.

The callable (a Python object) and every entry record have the address of the *next* record at the same offset, so a
wrapper is handed either one as its ``holder``, finds its own record there, and on a mismatch passes that record on as
the holder:

    callable --NEXT--> record (int64, float64) --NEXT--> record (float64[::1],) --NEXT--> slow record

The slow record's wrapper is the stub that calls Python.
"""

from __future__ import annotations

# The callable. Python's header, then:
CALLABLE_VECTORCALL = 16
NEXT = 24
CALLABLE_DICT = 32
CALLABLE_WEAKREFS = 40
CALLABLE_BYTES = 48

# An entry record.
RECORD_KERNEL = 0
RECORD_WRAPPER = 8
RECORD_GUARDS = 16  # address of (address, expected word) pairs; in the slow record the callable
RECORD_GUARD_COUNT = 32
RECORD_DEFAULTS = 40  # address of an array of objects, one per parameter
RECORD_WORDS = 6

# The context record (docs/contracts.md 2).
CTX_STACK_LIMIT = 0
CTX_COUNTDOWN = 8
CTX_SITE = 16
CTX_TRACE_COUNT = 24
CTX_TRACE = 64
CTX_TRACE_MAX = 30
CTX_FLAGS = 304
CTX_BLOCKS = 312
CTX_ARGUMENTS = 320  # eight slots
CTX_BYTES = 384
FLAG_NOGIL = 1

#: Where the block of a dict's entries, made for an argument, has its index (`dicts`).
INDEX_OF_ENTRIES = 63

#: Back edges between two looks at the clock.
POLL_EVERY = 50_000

STATUS_RETURNED, STATUS_RAISED, STATUS_PYTHON = 0, 1, 2
