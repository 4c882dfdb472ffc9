"""Where the state of random number generators lies, and where NumPy's C functions on it are. Checked on live objects at first use.

`random.Random` holds the position and the 624 words of its Mersenne Twister; `RandomState` and `Generator` hold NumPy's public
``bitgen_t``, whose functions every bit generator exports (``bit_generator.ctypes``). What is read behind that (the states of
MT19937 and PCG64, RandomState's kept Gaussian number) is `frontend.library.random.bits`' and `primitives`' knowledge and is tried
here too: where one differs, `LayoutError` says so at compile time.
"""

from __future__ import annotations

import ctypes
import random
import struct

import numpy as np

from jitpy.runtime.layout import NEXT_DOUBLE, LayoutError, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NEXT = {"uint64": 8, "uint32": 16, "double": NEXT_DOUBLE}  # in bitgen_t, behind the address of the state


def _fail(what: str) -> LayoutError:
    return LayoutError(f"the layout of {what} is unknown on this Python and NumPy {np.__version__}; draw outside and pass arrays")


def _address(field: Any) -> int:
    found = field if isinstance(field, int) else ctypes.cast(field, ctypes.c_void_p).value
    assert found is not None
    return found


def _bitgen(owner: Any, bit_generator: Any) -> int:
    """The offset of the ``bitgen_t`` in an object."""
    exported = bit_generator.ctypes
    expected = [exported.state_address, *(_address(getattr(exported, "next_" + name)) for name in _NEXT)]
    for offset in range(16, 128, 8):
        if [word(id(owner) + offset + 8 * i) for i in range(4)] == expected:
            return offset
    raise _fail(type(owner).__name__)


def _python_state() -> int:
    probe = random.Random(1)
    state = probe.getstate()[1]
    at = id(probe) + 16
    if word(at, 4) != state[-1] or word(at + 4, 4) != state[0] or word(at + 4 * 624, 4) != state[623]:
        raise _fail("random.Random")
    return 16


def _check_states() -> None:
    twister = np.random.MT19937(1)
    inner = twister.state["state"]
    at = twister.ctypes.state_address
    if word(at, 4) != inner["key"][0] or word(at + 4 * 623, 4) != inner["key"][623] or word(at + 4 * 624, 4) != inner["pos"]:
        raise _fail("MT19937")
    pcg = np.random.PCG64(1)
    pcg.random_raw()
    state: Any = pcg.state
    state["has_uint32"], state["uinteger"] = 1, 12345
    pcg.state = state
    at = pcg.ctypes.state_address
    numbers = word(at)
    inner = state["state"]
    if (word(numbers, 16), word(numbers + 16, 16)) != (inner["state"], inner["inc"]) or word(at + 8) != 1 | 12345 << 32:
        raise _fail("PCG64")


def _offsets() -> dict[str, int]:
    """Class -> offset of its bits. Also tries what lies behind the ``bitgen_t``."""
    generator = np.random.Generator(np.random.PCG64(1))
    legacy = np.random.RandomState(np.random.MT19937(1))
    legacy.set_state(("MT19937", np.zeros(624, np.uint32), 5, 1, 1.5))
    found = {
        "Random": _python_state(),
        "Generator": _bitgen(generator, generator.bit_generator),
        "RandomState": _bitgen(legacy, legacy._bit_generator),
    }
    at = id(legacy) + found["RandomState"]
    if (word(at + 40), word(at + 48, 4), word(at + 56)) != (at, 1, 0x3FF8000000000000):
        raise _fail("RandomState")
    generator.binomial(100, 0.25)
    at = id(generator) + found["Generator"] + 40
    if (word(at, 4), word(at + 8), word(at + 16)) != (1, 0x3FD0000000000000, 100):
        raise _fail("Generator")
    _check_states()
    return found


_found: dict[str, int] = {}
_library: Any = None


def offset(family: str) -> int:
    """Bytes from an object of this class to its bit generator."""
    if not _found:
        _found.update(_offsets())
    return _found[family]


def symbol(name: str) -> int:
    """What stands behind ``jitpy_bits_<class>`` (an offset), ``jitpy_next_<bit generator>_<what>``, ``jitpy_class_<class>``, or a
    distribution ``random_<name>`` that NumPy exports.
    """
    if name.startswith("jitpy_bits_"):
        return offset(name[11:])
    if name.startswith("jitpy_class_"):
        return id(class_of(name[12:]))
    if name.startswith("jitpy_ziggurat_"):
        return ziggurat(name[15:])
    if name.startswith("jitpy_next_"):
        _, _, kind, what = name.split("_")
        return _address(getattr(getattr(np.random, kind)(1).ctypes, "next_" + what))
    return _address(_exported(name))


def _exported(name: str) -> Any:
    global _library
    if _library is None:
        from numpy.random import _generator

        _library = ctypes.CDLL(_generator.__file__)
    try:
        return getattr(_library, name)
    except AttributeError:
        raise _fail(f"{name}()") from None


_tables: dict[str, Any] = {}


def ziggurat(name: str) -> int:
    """The address of 256 rows (f64 width, i64 limit) of NumPy's ziggurat for "normal" or "exponential".

    NumPy keeps its tables to itself, but tells them: given 64 bits that say 1 in layer i, its function returns 1 * width[i]. A
    limit is the quotient of two widths; ours stay a little below, for what lies between is left to NumPy.
    """
    if name not in _tables:
        skipped, signed, bits = (0, 1, 52) if name == "normal" else (3, 0, 53)
        word = [0]
        words = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(lambda state: word[0])
        zero = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p)(lambda state: 0.0)
        bitgen = (ctypes.c_void_p * 5)(None, _address(words), None, _address(zero), _address(words))
        function = _exported("random_standard_" + name)
        function.restype, function.argtypes = ctypes.c_double, [ctypes.c_void_p]
        widths = []
        for layer in range(256):
            word[0] = (1 << 8 + signed | layer) << skipped
            widths.append(function(bitgen))
        rows = (ctypes.c_uint64 * 512)()
        for layer, width in enumerate(widths):
            narrower = widths[layer - 1] if layer != 1 else 0.0
            rows[2 * layer] = int.from_bytes(struct.pack("<d", width), "little")
            rows[2 * layer + 1] = int(narrower / width * (1 - 2.0**-40) * 2.0**bits)
        if not all(0.0 < w < 1e-10 for w in widths) or sorted(widths[1:]) != widths[1:]:
            raise _fail(f"random_standard_{name}()")
        _tables[name] = rows
    return ctypes.addressof(_tables[name])


def class_of(family: str) -> type:
    """The class of a family."""
    found: type = random.Random if family == "Random" else getattr(np.random, family)
    return found
