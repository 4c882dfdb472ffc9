"""The decorators: ``jit`` with and without arguments, ``njit``, and ``prange``."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Literal, overload

    from jitpy.jitted import Decorator, Jitted, P, R
    from jitpy.types import Signature

    Signatures = str | Signature | tuple[Any, ...] | list[Any]

    prange = range
else:

    class prange:
        """``range`` whose iterations may run in any order; for now they run one after the other."""

        #: The frontend compiles a call of an object with this attribute as a call of its value.
        __jitpy_range__ = True

        def __new__(cls, *args):
            return range(*args)


#: Flags of the code of coroutines and of asynchronous generators.
ASYNC = 0x80 | 0x200

if TYPE_CHECKING:

    @overload
    def jit(function: Callable[P, R], /) -> Jitted[P, R]: ...

    @overload
    def jit(
        signatures: Signatures | None = None, /, *, nopython: bool = ..., forceobj: bool = ..., looplift: bool = ...,
        cache: bool = ..., parallel: bool | dict[str, bool] = ..., fastmath: bool | Iterable[str] = ...,
        error_model: Literal["python", "numpy"] = ..., boundscheck: bool | None = ..., nogil: bool = ..., debug: bool = ...,
        inline: Literal["never", "always"] | Callable[..., Any] = ..., forceinline: bool = ..., locals: dict[str, Any] = ...,
        overflow: Literal["raise", "wrap"] | None = ..., no_cpython_wrapper: bool = ..., no_cfunc_wrapper: bool = ...,
        no_rewrites: bool = ..., no_cpython_call: bool = ..., pipeline_class: Any = ..., target: Literal["cpu"] | None = ...,
    ) -> Decorator: ...  # fmt: skip


def jit(signature_or_function: Any = None, **options: Any) -> Any:
    """Compile a function when it is called, for the types of its arguments.

    ``@jit``, ``@jit()``, ``@jit(option=...)``, ``@jit("float64(float64)")``, ``@jit([signatures])``, ``@jit((int64,
    int64))``. With signatures the function is compiled at once and takes arguments of these types alone. Options are
    Numba's; see `options.OPTIONS`.
    """
    import jitpy.interpreter  # noqa: F401  raises where jitpy cannot run, before NumPy does
    from jitpy import options as table

    checked = table.check(options)
    signatures: Any = None
    function = signature_or_function
    if function is not None:
        from jitpy.signatures import is_signature, parse_all

        if is_signature(function):
            signatures, function = parse_all(function), None

    def decorate(py_func: Callable[..., Any]) -> Any:
        return _decorate(py_func, checked, signatures)

    return decorate if function is None else decorate(function)


if TYPE_CHECKING:

    @overload
    def njit(function: Callable[P, R], /) -> Jitted[P, R]: ...

    @overload
    def njit(
        signatures: Signatures | None = None, /, *, nopython: bool = ..., forceobj: bool = ..., looplift: bool = ...,
        cache: bool = ..., parallel: bool | dict[str, bool] = ..., fastmath: bool | Iterable[str] = ...,
        error_model: Literal["python", "numpy"] = ..., boundscheck: bool | None = ..., nogil: bool = ..., debug: bool = ...,
        inline: Literal["never", "always"] | Callable[..., Any] = ..., forceinline: bool = ..., locals: dict[str, Any] = ...,
        overflow: Literal["raise", "wrap"] | None = ..., no_cpython_wrapper: bool = ..., no_cfunc_wrapper: bool = ...,
        no_rewrites: bool = ..., no_cpython_call: bool = ..., pipeline_class: Any = ..., target: Literal["cpu"] | None = ...,
    ) -> Decorator: ...  # fmt: skip


def njit(*args: Any, **options: Any) -> Any:
    """The same as `jit`."""
    return jit(*args, **options)


def _decorate(function: Any, options: dict[str, Any], signatures: Any) -> Any:
    if os.environ.get("JITPY_DISABLE_JIT", "0") not in ("", "0"):
        return function
    from types import FunctionType

    from jitpy.dispatcher import is_dispatcher, make_dispatcher

    if is_dispatcher(function):
        function = function.py_func
    if isinstance(function, classmethod | staticmethod):
        raise TypeError(f"put @jit below @{type(function).__name__}: it compiles functions")
    if isinstance(function, type):
        raise TypeError(f"@jit compiles functions, not classes; decorate the methods of {function.__name__}")
    if not isinstance(function, FunctionType):
        raise TypeError(
            f"@jit compiles Python functions, not {type(function).__name__} objects"
            + ("; write a function that calls it" if callable(function) else "")
        )
    if function.__code__.co_flags & ASYNC:
        raise TypeError(f"@jit cannot compile the asynchronous function {function.__name__}; call a jitted function from it")
    if options["forceobj"]:
        return function
    if options["locals"]:
        from jitpy.signatures import local_types

        options = {**options, "locals": local_types(options["locals"], function.__code__)}
    made = make_dispatcher(function, options)
    if signatures is not None:
        for signature in signatures:
            made.compile(signature)
        made.disable_compile()
    return made
