"""Questions about element types, answered while compiling: result_type, promote_types, can_cast, issubdtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import registry
from jitpy.frontend.library.arrays_arguments import constant
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator


def _type_or_value(tr: Translator, v: Value) -> Any:
    """What stands for an argument: a number's or array's dtype (of a Python number: its class), else the constant itself."""
    from jitpy.frontend.library.arrays import numpy_dtype

    t: Any = tr.type_of(v) if v.kind() in (ty.Scalar, ty.Array) else None
    if t.__class__ is ty.Array:
        return numpy_dtype(t.dtype)
    if t.__class__ is ty.Scalar:
        if t.weak:
            return {"b": True, "i": 0, "u": 0, "f": 0.0, "c": 0j}[t.kind]
        return numpy_dtype(t)
    return constant(tr, v, "the dtype")


def _answered(function: Any) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        values = [_type_or_value(tr, v) for v in args]
        named = {k: constant(tr, v, k) for k, v in kwargs.items()}
        try:
            return Const(function(*values, **named))
        except (TypeError, ValueError) as error:
            tr.error(str(error))

    return handler


for _function in (np.result_type, np.promote_types, np.can_cast, np.issubdtype):
    registry.call(_function)(_answered(_function))


@registry.call(np.isscalar)
def _isscalar(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Const(args[0].kind() in (ty.Scalar, ty.Str))


def _complex(wanted: bool) -> Callable[..., Value]:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        from jitpy.frontend.library.constructors_nested import as_array

        v = args[0] if args[0].kind() in (ty.Scalar, ty.Array) else as_array(tr, args[0])
        t: Any = tr.type_of(v)
        return Const(((t.dtype if t.__class__ is ty.Array else t).kind == "c") == wanted)

    return handler


registry.call(np.iscomplexobj)(_complex(True))
registry.call(np.isrealobj)(_complex(False))
