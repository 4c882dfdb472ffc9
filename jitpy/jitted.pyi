"""What type checkers know of jitted functions: the interface of `dispatcher.Dispatcher`, with the parameters and result of the
Python function. Nothing imports this at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TextIO, TypeVar, overload

from jitpy.compiler import Overload
from jitpy.frontend.module import Remark
from jitpy.frontend.types.types import Type

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
S = TypeVar("S")


class Jitted(Generic[P, R]):
    """A jitted function."""

    __name__: str
    __qualname__: str
    __wrapped__: Callable[P, R]
    py_func: Callable[P, R]
    targetoptions: dict[str, Any]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @overload
    def __get__(self, obj: None, owner: type, /) -> Jitted[P, R]: ...

    @overload
    def __get__(self: Jitted[Concatenate[S, Q], R], obj: S, owner: type | None = None, /) -> Callable[Q, R]: ...

    def compile(self, signature: Any) -> None: ...

    def disable_compile(self, val: bool = True) -> None: ...

    def recompile(self) -> None: ...

    @property
    def signatures(self) -> list[tuple[Type, ...]]: ...

    @property
    def nopython_signatures(self) -> list[tuple[Type, ...]]: ...

    @property
    def overloads(self) -> dict[tuple[Type, ...], Overload]: ...

    @property
    def recompilations(self) -> list[str]: ...

    @property
    def remarks(self) -> list[Remark]: ...

    def stats(self) -> list[dict[str, Any]]: ...

    def get_metadata(self, signature: Any = None) -> dict[Any, Any]: ...

    def inspect_types(self, file: TextIO | None = None, signature: Any = None, pretty: bool = False) -> None: ...

    @overload
    def inspect_clif(self, signature: None = None) -> dict[tuple[Type, ...], str]: ...

    @overload
    def inspect_clif(self, signature: Any) -> str: ...

    @overload
    def inspect_asm(self, signature: None = None) -> dict[tuple[Type, ...], str]: ...

    @overload
    def inspect_asm(self, signature: Any) -> str: ...

    @overload
    def inspect_cfg(self, signature: None = None) -> dict[tuple[Type, ...], str]: ...

    @overload
    def inspect_cfg(self, signature: Any) -> str: ...

    def parallel_diagnostics(self, signature: Any = None, level: int = 1) -> None: ...

    def check(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @property
    def cffi(self) -> Any: ...


class Decorator(Protocol):
    """What ``jit`` gives when it is called with options or signatures."""

    def __call__(self, function: Callable[P, R], /) -> Jitted[P, R]: ...
