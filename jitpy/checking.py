"""``f.check(*args)``: does the compiled function do what the Python function does?

Both are called, each on copies of the arguments. Copies of arrays keep strides, alignment, writability, and which of them share
memory. Floats are compared by their bits, except that any NaN equals any NaN; the first difference is reported with its place.
"""

from __future__ import annotations

import copy
import sys
from types import ModuleType

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check(dispatcher: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call both and compare results, exceptions and changed arguments; the compiled result (or its exception)."""
    theirs, mine = copied((args, kwargs)), copied((args, kwargs))
    states = _random_states()
    expected = _outcome(dispatcher.py_func, theirs)
    for set_state, state in states:  # both draw the same numbers
        set_state(state)
    got = _outcome(dispatcher, mine)
    name = dispatcher.__name__
    same_end = expected[0] == got[0] and (got[0] == "returned" or type(expected[1]) is type(got[1]))
    if not same_end:
        raise AssertionError(f"{name}: Python gives {_say(expected)}, the compiled function {_say(got)}")
    if got[0] == "returned":
        _compare(f"{name}()", expected[1], got[1])
    names = dispatcher._parameters
    for i, (e, g) in enumerate(zip(theirs[0], mine[0], strict=True)):
        _compare(f"{name}(): argument {names[i] if i < len(names) else i}", e, g)
    for key in theirs[1]:
        _compare(f"{name}(): argument {key}", theirs[1][key], mine[1][key])
    if got[0] == "raised":
        raise got[1]
    return got[1]


def _random_states() -> list[tuple[Any, Any]]:
    """The states of the generators that `random` and `np.random` share, with what sets them."""
    found: list[tuple[Any, Any]] = []
    if "random" in sys.modules:
        module: Any = sys.modules["random"]
        found.append((module.setstate, module.getstate()))
    if "numpy.random" in sys.modules:
        found.append((np.random.set_state, np.random.get_state()))
    return found


def _outcome(function: Any, call: tuple[tuple[Any, ...], dict[str, Any]]) -> tuple[str, Any]:
    try:
        return "returned", function(*call[0], **call[1])
    except Exception as error:
        return "raised", error


def _say(outcome: tuple[str, Any]) -> str:
    return repr(outcome[1]) if outcome[0] == "returned" else f"{type(outcome[1]).__name__}: {outcome[1]}"


# -- copies


def copied(value: Any) -> Any:
    """A deep copy in which arrays that shared memory share memory."""
    memo: dict[int, Any] = {}
    arrays: list[np.ndarray[Any, Any]] = []
    _collect(value, arrays, memo)
    bounds = sorted(((*np.lib.array_utils.byte_bounds(a), i) for i, a in enumerate(arrays)), key=lambda b: b[:2])
    at = 0
    while at < len(bounds):
        low, high, _ = bounds[at]
        end = at + 1
        while end < len(bounds) and bounds[end][0] < high:
            high = max(high, bounds[end][1])
            end += 1
        block = np.zeros(high - low + 64, np.uint8)
        shift = (low - block.ctypes.data) % 64
        for start, _, i in bounds[at:end]:
            a = arrays[i]
            first = a.__array_interface__["data"][0]  # negative strides: above the lowest byte
            made = np.ndarray(a.shape, a.dtype, block, shift + first - low, a.strides)
            made[...] = a
            made.flags.writeable = a.flags.writeable
            memo[id(a)] = made
            del start
        at = end
    return copy.deepcopy(value, memo)


def _collect(value: Any, arrays: list[np.ndarray[Any, Any]], memo: dict[int, Any]) -> None:
    if type(value) is np.ndarray and not value.dtype.hasobject:
        if all(a is not value for a in arrays):
            arrays.append(value)
    elif isinstance(value, tuple | list):
        for v in value:
            _collect(v, arrays, memo)
    elif isinstance(value, dict):
        for v in value.values():
            _collect(v, arrays, memo)
    elif isinstance(value, ModuleType):
        memo[id(value)] = value


# -- comparison


def _compare(where: str, expected: Any, got: Any) -> None:
    if type(expected) is not type(got):
        raise AssertionError(
            f"{where}: {_short(expected)} is {type(expected).__name__}, "
            f"the compiled function gives {_short(got)} of {type(got).__name__}"
        )
    if isinstance(expected, tuple | list):
        if len(expected) != len(got):
            raise AssertionError(f"{where}: {len(expected)} items, the compiled function gives {len(got)}")
        for i, (e, g) in enumerate(zip(expected, got)):
            _compare(f"{where}[{i}]", e, g)
    elif isinstance(expected, dict):
        if expected.keys() != got.keys():
            raise AssertionError(f"{where}: the keys {[*expected]}, the compiled function gives {[*got]}")
        for key in expected:
            _compare(f"{where}[{key!r}]", expected[key], got[key])
    elif isinstance(expected, np.ndarray):
        if expected.dtype != got.dtype or expected.shape != got.shape:
            raise AssertionError(
                f"{where}: {expected.dtype} {expected.shape}, the compiled function gives {got.dtype} {got.shape}"
            )
        different = np.argwhere(~_same(expected, got))
        if len(different):
            place = tuple(map(int, different[0]))
            index = ", ".join(map(str, place))
            more = f"; {len(different)} elements differ" if len(different) > 1 else ""
            raise AssertionError(_difference(f"{where}[{index}]", expected[place], got[place]) + more)
    elif isinstance(expected, np.generic | float | complex):
        if not _same(np.asarray(expected), np.asarray(got)):
            raise AssertionError(_difference(where, expected, got))
    elif type(expected).__name__ in ("Random", "RandomState", "Generator"):
        _compare(f"{where}'s state", _state(expected), _state(got))
    elif expected != got:
        raise AssertionError(_difference(where, expected, got))


def _state(source: Any) -> Any:
    """The state of a random number generator; of other objects, themselves."""
    if hasattr(source, "bit_generator"):
        return source.bit_generator.state
    if hasattr(source, "get_state"):
        return source.get_state(legacy=False)
    return source.getstate() if hasattr(source, "getstate") else source


def _same(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> Any:
    """Elementwise: the same number; zeros by their sign, all NaNs alike."""
    if a.dtype.kind == "c":
        return _same(a.real, b.real) & _same(a.imag, b.imag)
    same = a == b
    if a.dtype.kind == "f":
        same = (same & (np.signbit(a) == np.signbit(b))) | (np.isnan(a) & np.isnan(b))
    return same


def _difference(where: str, expected: Any, got: Any) -> str:
    text = f"{where}: {_short(expected)}, the compiled function gives {_short(got)}"
    if isinstance(expected, float | np.floating) and np.isfinite(expected) and np.isfinite(got) and expected != 0:
        apart = abs(float(got) - float(expected)) / float(abs(np.spacing(expected)))
        if apart < 1000:
            text += f" ({apart:.0f} ulp apart)"
    return text


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:190]} ..."
