"""``np.iinfo`` and ``np.finfo``: objects known while compiling, whose attributes fold to constants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import registry
from jitpy.frontend.library.conversions import numpy_class
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator


def _limits(tr: Translator, cls: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) != 1 or kwargs:
        tr.error(f"np.{cls.__name__} is called with one argument", "Write a dtype, a number or an array.")
    t: Any = tr.type_of(args[0])
    of: Any
    if args[0].__class__ is Const:
        of = args[0].obj
    elif t.__class__ is ty.Array:
        of = numpy_class(t.dtype)
    elif t.__class__ is ty.Scalar:
        of = numpy_class(t)
    else:
        tr.error(f"np.{cls.__name__} of {args[0].describe()} is not supported", "Write a dtype, a number or an array.")
    try:
        return Const(cls(of))
    except (TypeError, ValueError) as error:
        tr.error(str(error))


@registry.call(np.iinfo)
def iinfo(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``np.iinfo(dtype)``: its min and max are Python ints."""
    return _limits(tr, np.iinfo, args, kwargs)


@registry.call(np.finfo)
def finfo(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``np.finfo(dtype)``: its eps, max, tiny are scalars of the dtype."""
    return _limits(tr, np.finfo, args, kwargs)
