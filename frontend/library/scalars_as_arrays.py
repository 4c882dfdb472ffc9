"""NumPy's scalars have the methods and attributes of arrays: those of an array of no dimensions, whose result is a scalar again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.library import indexing, registry
from jitpy.frontend.library.arrays_shape import is_array
from jitpy.frontend.library.reductions import as_zero_d
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import BoundMethod, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

#: Methods that change the array, or are meaningless for a scalar.
_NONE = ("fill", "sort", "swapaxes", "partition", "put", "resize")


def _array_of(tr: Translator, scalar: Value) -> Val:
    return as_zero_d(tr, tr.val(scalar))


def _scalar(tr: Translator, v: Value) -> Value:
    """An array of no dimensions as its element."""
    if is_array(v) and not v.type.ndim:
        return indexing.load(tr, tr.settle(v), ())  # type: ignore[arg-type]
    return v


def attribute(tr: Translator, scalar: Value, name: str) -> Value | None:
    """``x.name`` as an array has it; None where arrays have no such name."""
    t: Any = tr.type_of(scalar)
    if t.weak or name in _NONE:
        return None
    handler = registry.find(registry.attributes, ty.Array, (ty.Array, name))
    if handler is not None:
        return _scalar(tr, handler(tr, _array_of(tr, scalar)))
    method = registry.find(registry.methods, ty.Array, (ty.Array, name))
    if method is None:
        return None

    def call(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return _scalar(tr, method(tr, [_array_of(tr, args[0]), *args[1:]], kwargs))

    return BoundMethod(scalar, name, call)


def getitem(tr: Translator, scalar: Value, index: Value) -> Value:
    """``x[()]``, ``x[...]``, ``x[None]``."""
    t: Any = tr.type_of(scalar)
    if t.weak:
        tr.error(f"indexing is not supported for {scalar.describe()}", "Arrays, tuples and lists have items.")
    return indexing.getitem(tr, _array_of(tr, scalar), index)
