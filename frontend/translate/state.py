"""Where paths meet: which abstract values can share a block, and in what common shape.

`join` gives the common shape of two values or None; `convert` gives the parts a value has in such a shape. A shape is an ordinary
abstract value whose parts do not count.

    the same key                     that value
    two numbers of one type          a run-time value of that type                          (constants become iconst, fconst)
    a constant and a wider number    an `EitherVal`: paths keep their types, uses decide     (SEMANTICS C5)
    a Python number and NumPy's twin  an `EitherVal` as well, but only where ``kinds`` asks for it
    a value and no value             a `MaybeUnbound`
    compounds of one make            the shapes of their children
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.types import types as ty
from jitpy.frontend.values import UNBOUND, Compound, Const, EitherVal, Marker, MaybeUnbound, Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

#: A name whose value no later use can see; joins with anything.
DEAD = Marker("DEAD")

_RANK = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
_INT_RANGE = {
    ("i", 8): (-128, 127), ("i", 16): (-(1 << 15), (1 << 15) - 1), ("i", 32): (-(1 << 31), (1 << 31) - 1),
    ("i", 64): (-(1 << 63), (1 << 63) - 1),
}  # fmt: skip


def in_range(n: int, t: ty.Scalar) -> bool:
    """Whether an int fits the integer type."""
    if t.kind == "u":
        return 0 <= n < 1 << t.bits
    low, high = _INT_RANGE["i", t.bits]
    return low <= n <= high


def exact(obj: Any, t: ty.Scalar) -> bool:
    """Whether the Python number ``obj`` converts to ``t`` without changing its value."""
    k = t.kind
    if k == "b" or obj.__class__ is complex:
        return False
    if k in "iu":
        return obj.__class__ in (int, bool) and in_range(int(obj), t)
    if obj != obj or obj in (float("inf"), float("-inf")):
        return True
    bits = t.bits // 2 if k == "c" else t.bits
    try:
        x = float(obj)
    except OverflowError:
        return False
    if x != obj:
        return False
    if bits == 64:
        return True
    import struct

    code = "<f" if bits == 32 else "<e"
    try:
        back: float = struct.unpack(code, struct.pack(code, x))[0]
    except OverflowError:
        return False
    return back == x


def _number(v: Value) -> ty.Scalar | None:
    if (v.__class__ is Val or v.__class__ is Const) and v.type.__class__ is ty.Scalar:
        return v.type
    return None


def runtime_shape(v: Value) -> Value:
    """The shape of ``v`` once its numbers may vary."""
    if v.__class__ is Const:
        t = v.type
        if t.__class__ is ty.Scalar and not (t is ty.py_int and not in_range(v.obj, t)):
            return Val(t, (-1,) * len(t.flat))
        if t is ty.py_int and in_range(v.obj, ty.py_uint):
            return Val(ty.py_uint, (-1,))
        return v
    if isinstance(v, Compound):
        children = v.children()
        new = tuple([runtime_shape(c) for c in children])
        if any(a is not b for a, b in zip(children, new, strict=True)):
            return v.rebuild(new)
    return v


def _either(c: Value, v: Value) -> Value | None:
    """The shape of the constant ``c`` where it meets the number ``v`` of another type."""
    if c.__class__ is not Const or c.obj.__class__ not in (int, float, bool):
        return None
    t, own = _number(v), _number(c)
    if t is None or own is None or _RANK[own.kind] > _RANK[t.kind] or own.kind == "b":
        return None
    if own is ty.py_int and v.__class__ is Const and t is ty.py_int:
        return None
    if not exact(c.obj, t):
        return None
    return EitherVal(Val(t, (-1,) * len(t.flat)), c, -1)


#: NumPy's scalar type with the bits of a Python number's type.
TWIN = {ty.py_bool: ty.np_bool, ty.py_int: ty.int64, ty.py_float: ty.float64, ty.py_complex: ty.complex128}


def _twins(weak: ty.Scalar | None, strong: ty.Scalar | None, *values: Value) -> Value | None:
    """The shape of numbers that differ in nothing but being Python's or NumPy's."""
    if weak is None or TWIN.get(weak) is not strong or strong is None:
        return None
    if any(v.__class__ is Const and weak is ty.py_int and not in_range(v.obj, weak) for v in values):
        return None
    parts = (-1,) * len(strong.flat)
    return EitherVal(Val(strong, parts), Val(weak, parts), -1)


def _join_either(a: EitherVal, b: Value, kinds: bool) -> Value | None:
    t, alt, own = a.typed.type, a.alt, _number(b)
    if b.__class__ is EitherVal:
        if not kinds or b.typed.type is not t or _number(alt) is not _number(b.alt):
            return None
        return _twins(_number(alt), t, alt, b.alt)
    if own is t or (b.__class__ is Const and b.key() == alt.key()):
        return a
    if own is None or own is not _number(alt):
        return None
    if alt.__class__ is Val:
        return a if _twins(own, t, b) is not None else None
    return _twins(own, t, alt, b) if kinds else None


def join(a: Value, b: Value, kinds: bool = False) -> Value | None:
    """The common shape of two values, None where they must stay apart.

    ``kinds``: Python's and NumPy's numbers of equal bits meet.
    """
    if a is b:
        return a
    if a is DEAD or b is DEAD:
        return DEAD
    ca, cb = a.__class__, b.__class__
    if a.key() == b.key():
        return a
    ta, tb = _number(a), _number(b)
    if ca is Val and cb is Val and a.type.__class__ is ty.List and b.type.__class__ is ty.List:
        item = _list_items(a.type.item, b.type.item)
        if item is None:
            return None
        return a if item is a.type.item else b if item is b.type.item else Val(ty.list_of(item), (-1,))
    if ca is Val and cb is Val and a.type.__class__ in (ty.Dict, ty.Set) and a.type.__class__ is b.type.__class__:
        return _join_dicts(a, b)  # type: ignore[arg-type]
    if ta is not None and tb is not None:
        if ta is tb:
            if ta is ty.py_int and any(v.__class__ is Const and not in_range(v.obj, ty.py_int) for v in (a, b)):
                return None
            return Val(ta, (-1,) * len(ta.flat))
        for c, v, t in ((a, b, tb), (b, a, ta)):
            if t is ty.py_uint and c.__class__ is Const and c.obj.__class__ is int and c.obj >= 0:
                return Val(ty.py_uint, (-1,)) if v.__class__ is Val else None
        found = _either(a, b) or _either(b, a)
        if found is None and kinds:
            found = _twins(ta, tb, a) or _twins(tb, ta, b)
        return found
    if ca is MaybeUnbound or cb is MaybeUnbound or a is UNBOUND or b is UNBOUND:
        va = a.value if ca is MaybeUnbound else a  # type: ignore[attr-defined]
        vb = b.value if cb is MaybeUnbound else b  # type: ignore[attr-defined]
        if va is UNBOUND or vb is UNBOUND:
            v = vb if va is UNBOUND else va
            if v.__class__ is MaybeUnbound:
                return v
            return MaybeUnbound(v, -1)
        inner = join(va, vb, kinds)
        return None if inner is None or inner is DEAD else MaybeUnbound(inner, -1)
    if ca is EitherVal:
        return _join_either(a, b, kinds)  # type: ignore[arg-type]
    if cb is EitherVal:
        return _join_either(b, a, kinds)  # type: ignore[arg-type]
    if ca is cb and isinstance(a, Compound) and isinstance(b, Compound):
        if a.static() != b.static():
            met = a.meet(b)
            if met is None:
                return None
            a = met
        xs, ys = a.children(), b.children()
        if len(xs) != len(ys):
            return None
        shapes = []
        for x, y in zip(xs, ys, strict=True):
            s = join(x, y, kinds)
            if s is None:
                return None
            shapes.append(s)
        return a.rebuild(tuple(shapes))
    return None


def _join_dicts(a: Val, b: Val) -> Val | None:
    """The common shape of two dicts or sets: one may be empty."""
    if a.type.key is ty.undetermined:
        return b
    if b.type.key is ty.undetermined or ty.unreflected(a.type) is b.type:
        return a if b.type.key is ty.undetermined else b
    return a if ty.unreflected(b.type) is a.type else None


def _list_items(a: ty.Type, b: ty.Type) -> ty.Type | None:
    """The item type of two lists that meet: one may be empty, or hold empty lists."""
    if a is b or b is ty.undetermined:
        return a
    if a is ty.undetermined:
        return b
    if a.__class__ is ty.List and b.__class__ is ty.List:
        item = _list_items(a.item, b.item)
        return None if item is None else ty.list_of(item)
    return None


def same(a: Value, b: Value) -> bool:
    """Whether two values are one: nothing needs a parameter."""
    return a is b or (a.key() == b.key() and a.parts() == b.parts())


def convert(tr: Translator, v: Value, shape: Value) -> tuple[int, ...] | None:
    """The parts of ``v`` in ``shape``, None where it has none there. Emits constants at most."""
    cs, cv = shape.__class__, v.__class__
    if shape is DEAD:
        return ()
    if cs is MaybeUnbound:
        inner = shape.value  # type: ignore[attr-defined]
        if v is UNBOUND:
            return (*[_zero(tr, t) for t in inner.part_types()], tr.iconst(0, 1))
        flag = v.flag if cv is MaybeUnbound else tr.iconst(1, 1)  # type: ignore[attr-defined]
        parts = convert(tr, v.value if cv is MaybeUnbound else v, inner)  # type: ignore[attr-defined]
        return None if parts is None else (*parts, flag)
    if cs is EitherVal and cv is not EitherVal:
        t = shape.typed.type  # type: ignore[attr-defined]
        if shape.alt.__class__ is Val and _number(v) is shape.alt.type:  # type: ignore[attr-defined]
            return (*tr.val(v).ssa, tr.iconst(0, 1))
        if cv is Const and v.key() == shape.alt.key():  # type: ignore[attr-defined]
            return (*tr.scalar_constant(v.obj, t), tr.iconst(0, 1))
        if _number(v) is t:
            return (*tr.val(v).ssa, tr.iconst(1, 1))
        return None
    if cs is Val and cv is Const:
        t = shape.type
        if t is ty.py_uint and v.type is ty.py_int and in_range(v.obj, t):
            return (tr.iconst(v.obj),)
        if v.type is not t or (t is ty.py_int and not in_range(v.obj, t)):
            return None
        return tr.scalar_constant(v.obj, t)
    if shape.key() == v.key():
        return v.parts()
    if cs is EitherVal and cv is EitherVal and shape.alt.__class__ is Val and shape.typed.type is v.typed.type:  # type: ignore[attr-defined]
        return v.parts()
    if cs is Val and cv is Val and shape.type.__class__ is ty.List and v.type.__class__ is ty.List:
        items = shape.type.item, v.type.item
        return v.parts() if _list_items(*items) is items[0] else None
    if cs is Val and cv is Val and shape.type.__class__ in (ty.Dict, ty.Set) and shape.type.__class__ is v.type.__class__:
        return v.parts() if v.type.key is ty.undetermined or ty.unreflected(v.type) is shape.type else None
    if cs is cv and isinstance(shape, Compound) and isinstance(v, Compound):
        if shape.static() != v.static():
            met = shape.meet(v)
            if met is None or met.static() != shape.static():
                return None
        xs, ys = shape.children(), v.children()
        if len(xs) != len(ys):
            return None
        out: list[int] = []
        for x, y in zip(xs, ys, strict=True):
            parts = convert(tr, y, x)
            if parts is None:
                return None
            out.extend(parts)
        return tuple(out)
    return None


def _zero(tr: Translator, t: int) -> int:
    from jitpy.backend.ir.types import IS_FLOAT

    return tr.fconst(0.0, t) if IS_FLOAT[t] else tr.iconst(0, t)
