"""Arguments and results as a signature declares them, ``float32(float64)``, and names as ``locals={"x": float32}`` declares them.

A value of an admitted type stays as it is. Other numbers are converted where that keeps their kind (bool, int, float, complex,
in this order) or narrows it to the declared width; what would lose its kind, and all else, is an error at the ``return`` or at
the assignment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.library.ufuncs_scalar import convert
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, FunctionVal, TupleVal, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

_ORDER = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def declared_result(tr: Translator, value: Value, admitted: tuple[ty.Type, ...], function: str = "") -> Value:
    """``value`` as one of the ``admitted`` types; ``function``: whose result it is, if not the kernel's."""
    got = _as_declared(tr, value, admitted)
    if got is not None:
        return got
    name = function or tr.kernel.function_name
    tr.error(
        f"the signature says that {name} returns {admitted[-1]}, here it returns {value.describe()}",
        "Convert it, or change the signature.",
    )


def declared_local(tr: Translator, value: Value, name: str) -> Value:
    """``value`` as the type that ``locals=`` gives to ``name``, if it gives one."""
    spec = tr.frame.options.locals.get(name)
    if spec is None:
        return value
    if value.__class__ is TupleVal or value.__class__ is FunctionVal:
        got = None
    else:
        got = _as_declared(tr, value, spec.admits)
    if got is not None:
        return got
    tr.error(
        f"locals= says that {name!r} is {spec.name}, here it is {value.describe()}",
        "Convert it where it is assigned, or change the type in locals=.",
    )


def declared_arguments(tr: Translator, signatures: Any, args: list[Value]) -> tuple[list[Value], Any] | None:
    """The arguments of a jitted function as the first of its signatures that fits takes them, and that one; None: none fits."""
    args = [tr.settle(v) if v.lazy else v for v in args]
    for signature in signatures:
        if len(signature.args) != len(args):
            continue
        taken = [_as_declared(tr, v, spec.admits) for v, spec in zip(args, signature.args, strict=True)]
        if None not in taken:
            return taken, signature  # type: ignore[return-value]
    return None


def _as_declared(tr: Translator, value: Value, admitted: tuple[ty.Type, ...]) -> Value | None:
    """``value`` converted, or None where that is not possible."""
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
    return None
