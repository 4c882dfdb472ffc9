"""NumPy functions said in NumPy: how the modules `composed_*` enter their Python functions.

Such a function has the signature of NumPy's (without what is not supported) and is written with what kernels know already. A
call is inlined, so that an ``axis`` or a ``mode`` that is a constant stays one and decides while compiling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.library import registry
from jitpy.frontend.library.arrays_arguments import sequence

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.values import Value

    Function = TypeVar("Function", bound=Callable[..., Any])


def inlined(python: Function) -> Function:
    """Decorator for a helper that is always inlined, because what it gets may have to stay a constant."""
    registry.always_inline.add(id(python.__code__))
    return python


def _as_tuple(v: Value) -> Value:
    """A list display as a tuple: it need not become a list first."""
    items = sequence(v)
    return v if items is None else items


def composed(*functions: Any) -> Callable[[Function], Function]:
    """Decorator: calling one of NumPy's ``functions`` means calling this Python function."""

    def register(python: Function) -> Function:
        code = python.__code__
        named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        name = functions[0].__name__

        def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
            for key in kwargs:
                if key not in named:
                    tr.error(f"np.{name} with the argument {key!r} is not supported")
            if len(args) > code.co_argcount:
                tr.error(f"np.{name} takes at most {code.co_argcount} arguments here, {len(args)} given")
            given = {key: _as_tuple(v) for key, v in kwargs.items()}
            return tr.call_python(python, [_as_tuple(v) for v in args], given, inline=True)

        registry.call(*functions)(handler)
        return python

    return register
