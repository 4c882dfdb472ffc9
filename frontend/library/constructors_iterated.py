"""``np.fromiter``: an array of what an iterable gives, by way of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jitpy.frontend.library import registry
from jitpy.frontend.values import Const, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator


@registry.call(np.fromiter)
def fromiter(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``np.fromiter(values, dtype, count=-1)``."""
    given = dict(zip(("iter", "dtype", "count"), args, strict=False)) | kwargs
    count = given.pop("count", Const(-1))
    if set(given) != {"iter", "dtype"} or count.__class__ is not Const or count.obj != -1:
        tr.error("np.fromiter takes an iterable and a dtype here", "Leave count out.")
    made = tr.call(Const(np.empty), [Const(0)], {"dtype": given["dtype"]})
    values = tr.call(Const(list), [given["iter"]])
    if values.type.item.name == "nothing yet":
        return made
    return tr.call(Const(np.array), [values], {"dtype": given["dtype"]})
