"""Element access without bounds checks, for library code that proves its indices itself.

`get` and `put` look like Python functions; calling them emits one load or store. The arrays are one-dimensional, the indices
non-negative Python ints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.library import indexing, registry
from jitpy.frontend.values import Const, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator


def get(a: Any, i: Any) -> Any:
    """``a[i]`` for an index known to be in bounds."""
    return a[i]


def put(a: Any, i: Any, value: Any) -> None:
    """``a[i] = value`` for an index known to be in bounds."""
    a[i] = value


@registry.call(get)
def _get(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return indexing.load(tr, args[0], (tr.val(args[1]).ssa[0],))  # type: ignore[arg-type]


@registry.call(put)
def _put(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    a: Any = args[0]
    indexing.store_parts(tr, a, (tr.val(args[1]).ssa[0],), indexing.element_value(tr, args[2], a.type.dtype))
    return Const(None)
