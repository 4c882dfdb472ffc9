"""Signatures as users write them, to patterns of argument types: strings, tuples of types, calls of types, lists of
these.
"""

from __future__ import annotations

from jitpy import types
from jitpy.arguments import typeof
from jitpy.backend.errors import CompileError
from jitpy.types import Signature, Spec, as_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    from jitpy.frontend.types.types import Type

__all__ = ["SignatureError", "is_signature", "local_types", "match", "named", "parse", "parse_all", "typeof"]


class SignatureError(CompileError):
    """A signature that does not read."""


def _namespace() -> dict[str, Any]:
    names: dict[str, Any] = {k: v for k, v in vars(types).items() if isinstance(v, Spec)}
    names.update(Array=types.Array, Tuple=types.Tuple, UniTuple=types.UniTuple, List=types.List, types=types)
    names.update(optional=types.optional, Optional=types.optional)
    names["__builtins__"] = {}
    return names


def parse(signature: Any) -> Signature:
    """One signature from any of its forms."""
    if isinstance(signature, str):
        signature = _evaluate(signature)
    if isinstance(signature, Signature):
        return signature
    if isinstance(signature, list):
        raise SignatureError("a list of signatures stands only at the decorator")
    items = signature if isinstance(signature, tuple) else (signature,)
    try:
        return Signature(None, tuple(as_spec(s) for s in items))
    except TypeError as error:
        raise SignatureError(str(error)) from None


def _evaluate(text: str) -> Any:
    names = _namespace()
    try:
        return eval(text, names)
    except NameError as error:
        import difflib

        missing = getattr(error, "name", None) or ""
        near = difflib.get_close_matches(missing, names, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise SignatureError(f"{text!r}: there is no type {missing}{hint}") from None
    except SyntaxError as error:
        raise SignatureError(f"{text!r} is not a signature: {error.msg}; write it as 'float64(float64[:], int64)'") from None
    except Exception as error:
        raise SignatureError(f"{text!r} is not a signature: {error}") from None


def named(name: str) -> Any:
    """The type of this name: how a type is unpickled."""
    return _evaluate(name)


def parse_all(signatures: Any) -> list[Signature]:
    """The signatures given to a decorator: one, or a list of them."""
    return [parse(s) for s in signatures] if isinstance(signatures, list) else [parse(signatures)]


def local_types(given: dict[Any, Any], code: CodeType) -> dict[str, Spec]:
    """The option ``locals``, its types read; SignatureError for names that the function does not have."""
    names = [*code.co_varnames, *(n for n in code.co_cellvars if n not in code.co_varnames)]
    found: dict[str, Spec] = {}
    for name, type in given.items():
        if name not in names:
            import difflib

            near = difflib.get_close_matches(str(name), names, 1, 0.5) or names[:1]
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise SignatureError(f"locals=: {code.co_name} has no local name {name!r}{hint}")
        try:
            spec = _evaluate(type) if isinstance(type, str) else as_spec(type)
        except SignatureError:
            raise
        except TypeError as error:
            raise SignatureError(f"locals=: the type of {name!r}: {error}") from None
        if not isinstance(spec, Spec):
            raise SignatureError(f"locals=: the type of {name!r} is a type such as float32, not {type!r}")
        found[name] = spec
    return found


def is_signature(obj: Any) -> bool:
    """Whether the first argument of a decorator is a signature and not a function."""
    return isinstance(obj, str | list | tuple | Signature | Spec)


def match(
    signature: Signature, args: tuple[Any, ...], actual: tuple[Type, ...]
) -> tuple[tuple[Type, ...], tuple[Any, ...]] | None:
    """(types, arguments) of a call under a signature, numbers converted where it asks for that; None when it does not
    fit.
    """
    if len(signature.args) != len(actual):
        return None
    chosen: list[Type] = []
    values = list(args)
    for i, (spec, t) in enumerate(zip(signature.args, actual)):
        if t in spec.admits:
            chosen.append(t)
            continue
        admitted = next((a for a in spec.admits if accepts(a, t)), None)
        if admitted is not None:
            chosen.append(admitted)
            continue
        converted = _convert(spec, values[i], t)
        if converted is None:
            return None
        values[i] = converted
        chosen.append(typeof(converted))
    return tuple(chosen), tuple(values)


def accepts(want: Type, have: Type) -> bool:
    """Whether a value of type ``have`` can be read as ``want`` without a change: arrays of a stricter layout."""
    from jitpy.frontend.types.types import Array

    return (
        isinstance(want, Array) and isinstance(have, Array)
        and want.dtype is have.dtype and want.ndim == have.ndim
        and (want.readonly or not have.readonly)
        and (want.layout in ("A", have.layout) or (want.ndim <= 1 and have.layout in "CF"))
    )  # fmt: skip


_ORDER = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def _convert(spec: Spec, value: Any, have: Type) -> Any:
    """The number converted to the spec's kind, or None where it is no number or would lose its kind (float to int)."""
    from jitpy.frontend.types.types import Scalar

    want = next((t for t in reversed(spec.admits) if isinstance(t, Scalar)), None)
    if want is None or not isinstance(have, Scalar) or _ORDER[have.kind] > _ORDER[want.kind]:
        return None
    if spec.converts:
        return spec.dtype.type(value)
    first = spec.admits[0]
    assert isinstance(first, Scalar)
    if first.weak and have.weak:
        return {"b": bool, "i": int, "f": float, "c": complex}[first.kind](value)
    return spec.dtype.type(value)
