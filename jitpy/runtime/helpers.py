"""Where extern symbols are: the one table from names in compiled code to addresses.

A symbol is, in this order: a cell below (a word of ours in memory, mostly a pointer to a Python object), a function of
``runtime.clif``, a Python object that a wrapper names (``object_N``), a function or object of CPython, NumPy or the C
library. To give compiled code another helper: a C function needs nothing; a Python function a row in ``PYTHON`` and a
stub in ``runtime.clif``; machine code a function there.
"""

from __future__ import annotations

from jitpy.runtime import boxing, layout
from jitpy.runtime.libc import address, ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitpy.runtime.memory import Loaded

#: Cells that hold a pointer to a Python function: symbol -> (module, name).
PYTHON = {
    "jitpy_slow_function": ("jitpy.dispatcher", "slow_call"),
    "jitpy_make_exception": ("jitpy.runtime.errors", "make_exception"),
    "jitpy_add_frames": ("jitpy.runtime.errors", "add_frames"),
    "jitpy_find_stack_function": ("jitpy.runtime.interrupts", "find_stack"),
    "jitpy_print_function": ("jitpy.runtime.printing", "print_site"),
    "jitpy_unbox_list_function": ("jitpy.runtime.lists", "unbox"),
    "jitpy_box_list_function": ("jitpy.runtime.lists", "box"),
    "jitpy_reflect_list_function": ("jitpy.runtime.lists", "reflect"),
    "jitpy_box_dict_function": ("jitpy.runtime.dicts", "box"),
    "jitpy_draw_function": ("jitpy.runtime.printing", "draw_number"),
}

#: Cells of plain words: symbol -> number of words.
WORDS = {
    "jitpy_stack": 3,  # lowest address, size, limit of the stack of the thread that called last
    "jitpy_clock": 1,  # nanoseconds at the last look of a poll
    "jitpy_block_type": 1,  # the type object that keeps blocks
}

TEXTS = {
    "jitpy_dead_message": b"this jitted function has been collected",
    "jitpy_stray_message": b"a trap in CLIF that was not called by the object that jitpy.clif.compile returned",
}

#: Functions of the math library.
MATH = "jitpy_math_"
#: Functions of ``backend.soft``.
SOFT = "jitpy_soft_"

#: Random number generators: `random_layout` knows these.
RANDOM = ("random_", "jitpy_bits_", "jitpy_next_", "jitpy_class_", "jitpy_ziggurat_")

_addresses: dict[str, int] = {}
_keep: list[Any] = []
_code: Loaded | None = None
_math_code: Loaded | None = None
_soft_code: Loaded | None = None


def _make_cells() -> None:
    import sys

    total = len(PYTHON) + sum(WORDS.values())
    cells = ffi.new("uint64_t[]", total)
    _keep.append(cells)
    layout.never_free(_keep)
    boxing.keep_objects()
    at = address(cells)
    for i, (symbol, (module, name)) in enumerate(PYTHON.items()):
        __import__(module)
        function = getattr(sys.modules[module], name)
        _keep.append(function)
        cells[i] = id(function)
        _addresses[symbol] = at + 8 * i
    offset = 8 * len(PYTHON)
    for symbol, words in WORDS.items():
        _addresses[symbol] = at + offset
        offset += 8 * words
    for symbol, text in TEXTS.items():
        chars = ffi.new("char[]", text)
        _keep.append(chars)
        _addresses[symbol] = address(chars)


def cell(name: str) -> int:
    """The address of a cell."""
    if "jitpy_clock" not in _addresses:
        _make_cells()
    return _addresses[name]


def publish(name: str, at: int) -> None:
    """Give a symbol an address."""
    _addresses[name] = at


def code() -> dict[str, int]:
    """The functions of ``runtime.clif``: name -> address. Compiled and loaded once per process."""
    global _code
    if _code is None:
        from jitpy.runtime.prebuilt import runtime_code

        _code = runtime_code(_resolve_outside)
    return _code.symbols


def math_code() -> dict[str, int]:
    """The functions of the math library: symbol -> address. Loaded with the first kernel that calls one."""
    global _math_code
    if _math_code is None:
        from jitpy.runtime import prebuilt

        _math_code = prebuilt.math_code(_resolve_outside)
    return _math_code.symbols


def soft_code() -> dict[str, int]:
    """The functions that stand for missing instructions: symbol -> address. Loaded with the first code that calls one."""
    global _soft_code
    if _soft_code is None:
        from jitpy.runtime import prebuilt

        _soft_code = prebuilt.soft_code(_resolve_outside)
    return _soft_code.symbols


def _resolve_outside(name: str) -> int:
    if "jitpy_clock" not in _addresses:
        _make_cells()
    got = _addresses.get(name)
    return layout.symbol(name) if got is None else got


def names() -> dict[int, str]:
    """Address -> name of the runtime's own functions that are loaded: for listings."""
    found = {at: name for name, at in _addresses.items()}
    for loaded in (_code, _math_code, _soft_code):
        if loaded is not None:
            found.update({at: name for name, at in loaded.symbols.items()})
    return found


def resolve(name: str) -> int:
    """The address of an extern symbol; LookupError names one that does not exist."""
    got = _addresses.get(name)
    if got is not None:
        return got
    if name.startswith("object_"):
        return boxing.object_address(name)
    if name.startswith(MATH):
        if name not in math_code():
            raise LookupError(f"the math library has no {name}")
        return math_code()[name]
    got = (soft_code() if name.startswith(SOFT) else code()).get(name)
    if got is not None:
        return got
    if name.startswith(RANDOM):
        from jitpy.runtime import random_layout

        return random_layout.symbol(name)
    try:
        return _resolve_outside(name)
    except AttributeError:
        raise LookupError(f"compiled code refers to %{name}, which no library of this process has") from None
