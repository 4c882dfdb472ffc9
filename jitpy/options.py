"""The options of ``jit``: a table of names, defaults and what each may be. Unknown names and wrong values are errors.

Every option that Numba's ``jit`` has is accepted. Those that make no difference here are marked so.
"""

from __future__ import annotations

from jitpy.backend.errors import CompileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_FLAGS = frozenset(("fast", "nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc"))


def _bool(value: Any) -> bool:
    return value is None or isinstance(value, bool | int)


def _fastmath(value: Any) -> bool:
    return isinstance(value, bool) or (
        isinstance(value, set | frozenset | dict | list | tuple) and _FLAGS.issuperset(value)
    )


def _one_of(*choices: Any) -> Any:
    return lambda value: value in choices


def _inline(value: Any) -> bool:
    return value in ("never", "always") or callable(value)


#: name -> (default, test of a value, what it may be, what it does).
OPTIONS: dict[str, tuple[Any, Any, str, str]] = {
    "nopython": (True, _bool, "a bool", "no difference: functions are always compiled whole"),
    "forceobj": (False, _bool, "a bool", "run the Python function as it is"),
    "looplift": (False, _bool, "a bool", "no difference"),
    "cache": (False, _bool, "a bool", "keep compiled code on disk"),
    "parallel": (
        False,
        lambda v: isinstance(v, bool | dict),
        "a bool or a dict",
        "run prange loops on several threads",
    ),
    "fastmath": (
        False,
        _fastmath,
        "a bool or a set of " + ", ".join(sorted(_FLAGS)),
        "contract: x*y + z is one fma; arcp: x / constant is x * (1 / constant); fast and True: both; others: no difference",
    ),
    "error_model": ("python", _one_of("python", "numpy"), "'python' or 'numpy'", "division by zero of Python numbers"),
    "boundscheck": (None, _bool, "a bool", "False: object files of jitpy.cross do not check indices; else no difference"),
    "nogil": (False, _bool, "a bool", "release the GIL while the kernel runs"),
    "debug": (False, _bool, "a bool", "no difference: checks and line numbers are always there"),
    "inline": ("never", _inline, "'never', 'always' or a function", "always: inline into callers; else the size decides"),
    "forceinline": (False, _bool, "a bool", "inline into callers"),
    "locals": (
        {},
        lambda v: isinstance(v, dict),
        "a dict of names and types",
        "types of local names; values are converted",
    ),
    "overflow": (
        None,
        _one_of(None, "raise", "wrap"),
        "'raise' or 'wrap'",
        "raise: NumPy's ints are checked as Python's are; wrap: Python's wrap as NumPy's do",
    ),
    "no_cpython_wrapper": (False, _bool, "a bool", "no difference"),
    "no_cfunc_wrapper": (False, _bool, "a bool", "no difference"),
    "no_rewrites": (False, _bool, "a bool", "no difference"),
    "no_cpython_call": (False, _bool, "a bool", "no difference"),
    "pipeline_class": (None, lambda v: True, "anything", "no difference"),
    "target": (None, lambda v: v in (None, "cpu"), "'cpu'", "no difference"),
    "_nrt": (True, _bool, "a bool", "no difference"),
    "_dbg_extend_lifetimes": (False, _bool, "a bool", "no difference"),
    "_dbg_optnone": (False, _bool, "a bool", "no difference"),
}


class OptionError(CompileError):
    """An unknown option or a value that an option cannot have."""


def check(options: Mapping[str, Any]) -> dict[str, Any]:
    """All options with their defaults filled in; OptionError names the nearest one to an unknown name."""
    full = {name: row[0] for name, row in OPTIONS.items()}
    for name, value in options.items():
        row = OPTIONS.get(name)
        if row is None:
            raise OptionError(f"jit has no option {name!r}{nearest(name)}")
        if not row[1](value):
            raise OptionError(f"the option {name} is {row[2]}, not {value!r}")
        full[name] = value
    return full


def nearest(name: str, others: Iterable[str] = ()) -> str:
    """``; did you mean ...?``, of the options and ``others``, or what there is."""
    import difflib

    known = [*others, *(n for n in OPTIONS if n[0] != "_")]
    near = difflib.get_close_matches(name, known, 1, 0.5)
    return f"; did you mean {near[0]!r}?" if near else "; there are " + ", ".join(known)
