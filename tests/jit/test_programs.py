"""Every program of `programs` has the same outcome decorated and undecorated: value, types, changed arguments, exception class."""

from __future__ import annotations

import copy
import ctypes
import gc
import importlib
import pathlib
import warnings

import numpy as np
import programs
import pytest
from jitpy.backend.errors import CompileError

import jitpy

for _path in sorted(pathlib.Path(__file__).parent.glob("programs_*.py")):
    importlib.import_module(_path.stem)  # registers with programs


def same(a: object, b: object) -> bool:
    """Equal in type, dtype, shape and value; floats bit for bit but for the last place of transcendental functions."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, rtol=4e-16, atol=0, equal_nan=True)
    if isinstance(a, (float, complex, np.floating, np.complexfloating)):
        return bool(np.isclose(a, b, rtol=4e-16, atol=0, equal_nan=True))
    return a == b


def outcome(function, arguments):
    """("returned", value) or ("raised", class), and the arguments afterwards."""
    arguments = copy.deepcopy(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ("returned", function(*arguments)), arguments
        except CompileError:
            raise
        except Exception as error:
            return ("raised", type(error)), arguments


#: Modules whose programs make blocks in every call: none may stay, also when the program raises.
WATCHED = {f"programs_{theme}" for theme in ("lists", "dicts", "strings", "named_tuples", "exceptions", "language")}


def allocated() -> int:
    """Bytes that malloc has given out (Python's small objects lie in arenas, beside this)."""
    gc.collect()

    class Info(ctypes.Structure):
        _fields_ = [(f"field{k}", ctypes.c_size_t) for k in range(10)]

    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = Info
    info = mallinfo()
    return info.field7 + info.field4  # uordblks, hblkhd


def growth(function, arguments) -> int:
    """Bytes that thirty calls leave behind."""
    before = allocated()
    for _ in range(30):
        outcome(function, arguments)
    return allocated() - before


#: Where CPython goes on and jitpy refuses (SEMANTICS C2): program, arguments, the class it raises.
REFUSED = {
    ("overflow", (2**62, 2)): OverflowError,  # an intermediate result leaves 64 bits
    ("int_power", (2, -1)): ValueError,  # the type of the result depends on a value
    ("float_power", (-8.0, 1 / 3)): ValueError,
}


def beyond_64_bits(value: object) -> bool:
    """Whether a result holds a Python int that jitpy refuses (OverflowError)."""
    if isinstance(value, tuple):
        return any(map(beyond_64_bits, value))
    return type(value) is int and not -(2**63) <= value < 2**63


@pytest.mark.parametrize(
    ("function", "arguments"),
    programs.PROGRAMS,
    ids=[f"{f.__name__}-{k}" for k, (f, _) in enumerate(programs.PROGRAMS)],
)
def test_same_outcome(function, arguments) -> None:
    expected, expected_arguments = outcome(function, arguments)
    compiled = jitpy.jit(function)
    got, changed = outcome(compiled, arguments)
    if expected[0] == "returned" and beyond_64_bits(expected[1]):
        assert got == ("raised", OverflowError)
        return
    refused = REFUSED.get((function.__name__, arguments)) if all(type(a) in (int, float) for a in arguments) else None
    if refused is not None:
        assert got == ("raised", refused)
        return
    assert got[0] == expected[0], (expected, got)
    if expected[0] == "raised":
        assert got[1] is expected[1]
    else:
        assert same(expected[1], got[1]), (expected[1], got[1])
    assert all(map(same, expected_arguments, changed)), (expected_arguments, changed)
    if function.__module__ in WATCHED:
        assert any(growth(compiled, arguments) < 30 * 32 for _ in range(3)), "blocks are left over"
