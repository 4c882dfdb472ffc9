"""Results as a signature declares them: ``float32(float64)`` returns a float32.

A result of an admitted type stays as it is. Other numbers are converted where that keeps their kind (bool, int, float, complex,
in this order) or narrows it to the declared width; what would lose its kind, and all else, is an error at the ``return``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.library.ufuncs_scalar import convert
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

_ORDER = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def declared_result(tr: Translator, value: Value, admitted: tuple[ty.Type, ...]) -> Value:
    """``value`` as one of the ``admitted`` types."""
    if value.__class__ is not Val and value.__class__ is not Const:
        return value  # tuples stay as they are
    have: ty.Type = value.type
    if have in admitted:
        return value
    weak = isinstance(have, ty.Scalar) and have.weak and isinstance(admitted[0], ty.Scalar) and admitted[0].weak
    want = admitted[0] if weak else admitted[-1]
    if isinstance(have, ty.Scalar) and isinstance(want, ty.Scalar) and _ORDER[have.kind] <= _ORDER[want.kind]:
        return Val(want, convert(tr, value, want))
    if isinstance(have, ty.Array) and isinstance(want, ty.Array) and (have.dtype, have.ndim) == (want.dtype, want.ndim):
        return value
    name = tr.kernel.function_name
    tr.error(f"the signature says that {name} returns {want}, here it returns {have}", "Convert it, or change the signature.")
