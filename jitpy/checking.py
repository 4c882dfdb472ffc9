"""``f.check(*args)``: does the compiled function do what the Python function does?"""

from __future__ import annotations

import copy
import sys

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check(dispatcher: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call both on copies of the arguments and compare results, exceptions and changed arguments; the compiled
    result.
    """
    mine, theirs = copy.deepcopy((args, kwargs)), copy.deepcopy((args, kwargs))
    states = _random_states()
    expected = _outcome(dispatcher.py_func, theirs)
    for set_state, state in states:
        set_state(state)
    got = _outcome(dispatcher, mine)
    name = dispatcher.__name__
    if expected[0] != got[0]:
        raise AssertionError(f"{name}: Python gives {_say(expected)}, the compiled function {_say(got)}")
    if expected[0] == "raised":
        if type(expected[1]) is not type(got[1]):
            raise AssertionError(f"{name}: Python gives {_say(expected)}, the compiled function {_say(got)}")
    else:
        _compare(f"{name}()", expected[1], got[1])
    _compare("arguments", theirs, mine)
    if got[0] == "raised":
        raise got[1]
    return got[1]


def _random_states() -> list[tuple[Any, Any]]:
    """The states of the generators that `random` and `np.random` share, and how to set them."""
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


def _compare(where: str, expected: Any, got: Any) -> None:
    if type(expected) is not type(got):
        raise AssertionError(
            f"{where}: {expected!r} is {type(expected).__name__}, "
            f"the compiled function gives {got!r} of {type(got).__name__}"
        )
    if isinstance(expected, tuple | list):
        if len(expected) != len(got):
            raise AssertionError(f"{where}: {len(expected)} items, the compiled function gives {len(got)}")
        for i, (e, g) in enumerate(zip(expected, got)):
            _compare(f"{where}[{i}]", e, g)
    elif isinstance(expected, dict):
        for key in expected:
            _compare(f"{where}[{key!r}]", expected[key], got[key])
    elif isinstance(expected, np.ndarray | np.generic):
        if expected.dtype != got.dtype or expected.shape != got.shape:
            raise AssertionError(
                f"{where}: {expected.dtype} {expected.shape}, the compiled function gives {got.dtype} {got.shape}"
            )
        same = np.equal(expected, got)
        if expected.dtype.kind in "fc":
            same = same | (np.isnan(expected) & np.isnan(got))
        if not np.all(same):
            raise AssertionError(f"{where}: {expected!r}, the compiled function gives {got!r}")
    elif isinstance(expected, np.random.Generator):
        _compare(f"{where}'s state", expected.bit_generator.state, got.bit_generator.state)
    elif isinstance(expected, np.random.RandomState):
        _compare(f"{where}'s state", expected.get_state(legacy=False), got.get_state(legacy=False))
    elif hasattr(expected, "getstate"):
        _compare(f"{where}'s state", expected.getstate(), got.getstate())
    elif expected != got and not (expected != expected and got != got):
        raise AssertionError(f"{where}: {expected!r}, the compiled function gives {got!r}")
