"""Attributes, text, exceptions, `with`: what statements need besides operators."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir.types import I64
from jitpy.frontend.library import registry
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import NONE, BoundMethod, Compound, Const, EitherVal, TupleVal, Val, Value, advice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.frontend.translate.translator import Translator


def py_bool(x: int) -> Val:
    """An i8 of 0 or 1 as a Python bool."""
    return Val(ty.py_bool, (x,))


# -- attributes ------------------------------------------------------------------------------------------------------------------


def attribute(tr: Translator, obj: Value, name: str) -> Value:
    """``obj.name``."""
    from jitpy.frontend.library.functions import outside_value

    if obj.__class__ is EitherVal:
        tr.fork(obj)
    kind = obj.kind()
    handler = registry.find(registry.attributes, kind, (kind, name))
    if handler is not None:
        result: Value = handler(tr, obj)
        return result
    handler = registry.methods.get((kind, name))
    if handler is not None:
        return BoundMethod(obj, name, handler)
    handler = registry.attribute_kinds.get(kind)
    if handler is not None:
        found: Value | None = handler(tr, obj, name)
        if found is not None:
            return found
    if obj.__class__ is Const:
        owner: Any = obj.obj
        if not hasattr(owner, name):
            tr.error(f"{obj.describe()} has no attribute {name!r}", _similar(name, dir(owner)))
        if kind is ty.Constant:
            return outside_value(tr, _attribute_of_object(tr, owner, name))
    known = [n for table in (registry.attributes, registry.methods) for k, n in table if k is kind and n[0] != "_"]
    tr.error(f"the attribute {name!r} of {obj.describe()} is not supported", _similar(name, sorted(set(known))) or advice(obj, ""))


#: Modules whose classes compute attributes that never change: dtypes, finfo; members of enumerations.
_FIXED = ("numpy", "enum")
#: The flag of classes that are made at run time, whose attributes can be set.
_HEAP_TYPE = 1 << 9


def _attribute_of_object(tr: Translator, owner: Any, name: str) -> Any:
    """An attribute of an object from outside, guarded where it can change. What is computed on each access is refused."""
    value = getattr(owner, name)
    own: Any = getattr(owner, "__dict__", {})
    cls = type(owner)
    if isinstance(owner, ModuleType):
        if name in own:
            tr.guard("attr", owner, name, value)
            return value
        if isinstance(value, ModuleType):
            return value
        tr.error(f"{name!r} is computed by the module {owner.__name__} on each access", "Pass its value as an argument.")
    order = owner.__mro__ if isinstance(owner, type) else cls.__mro__
    found_in: Any = next((c for c in order if name in c.__dict__), None)
    if isinstance(owner, type):
        computed = found_in is None
        fixed = cls if computed else found_in
    else:
        raw = found_in.__dict__[name] if found_in is not None else None
        computed = hasattr(type(raw), "__set__") or isinstance(cls.__getattribute__, FunctionType)
        if name in own and not computed:
            tr.guard("attr", owner, name, value)
            return value
        computed = computed or found_in is None or hasattr(type(raw), "__get__")
        fixed = found_in or cls
    if not fixed.__flags__ & _HEAP_TYPE or fixed.__module__.partition(".")[0] in _FIXED:
        return value
    if computed:
        tr.error(
            f"the attribute {name!r} of {cls.__name__} objects is computed on each access, which is not supported",
            "Read it before, and pass the value as an argument.",
        )
    tr.guard("attr", owner, name, value)
    return value


def _similar(name: str, known: list[str]) -> str:
    """The hint for a misspelled name."""
    import difflib

    found = difflib.get_close_matches(name, known, 1)
    return f"Did you mean {found[0]!r}?" if found else ""


# -- text ------------------------------------------------------------------------------------------------------------------------


class Text(Compound):
    """A str that is put together: str constants and ``(value, conversion, spec)``. It can be raised and printed."""

    __slots__ = ("formats", "pieces")

    def __init__(self, pieces: tuple[Value, ...], formats: tuple[tuple[str, str] | None, ...]) -> None:
        self.pieces = pieces
        self.formats = formats  # None: a constant str; else (conversion, spec)

    def children(self) -> tuple[Value, ...]:
        return self.pieces

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return Text(children, self.formats)

    def static(self) -> Any:
        return self.formats

    def describe(self) -> str:
        return "formatted str"


#: Conversions of f-strings.
_CONVERSIONS: dict[str, Callable[[object], str]] = {"s": str, "r": repr, "a": ascii}


def format_value(tr: Translator, value: Value, conversion: str, spec: Value | None) -> Value:
    """One replacement field of an f-string."""
    text = ""
    if spec is not None:
        if spec.__class__ is not Const:
            tr.error("a format specification must be known at compile time", "Write it out in the f-string.")
        text = spec.obj
    if value.__class__ is Const:
        obj: Any = value.obj
        obj = _CONVERSIONS[conversion](obj) if conversion else obj
        return Const(format(obj, text))
    if value.__class__ is Text and not conversion and not text:
        return value
    return Text((value,), ((conversion, text),))


def join_text(tr: Translator, items: list[Value]) -> Value:
    """The str of an f-string's pieces."""
    pieces: list[Value] = []
    formats: list[tuple[str, str] | None] = []
    for item in items:
        if item.__class__ is Text:
            pieces.extend(item.pieces)
            formats.extend(item.formats)
        elif item.__class__ is Const:
            if pieces and formats[-1] is None:
                pieces[-1] = Const(pieces[-1].obj + item.obj)
            else:
                pieces.append(item)
                formats.append(None)
        else:
            pieces.append(item)
            formats.append(("", ""))
    if all(f is None for f in formats):
        return Const("".join([p.obj for p in pieces]))
    return Text(tuple(pieces), tuple(formats))


def _has_format_of_its_own(v: Value) -> bool:
    """NumPy formats its narrow floats as Python's, and shows them as their own."""
    t = getattr(v, "type", None)
    return t.__class__ is ty.Scalar and not t.weak and t.kind in "fc" and t.bits // (1 + (t.kind == "c")) < 64


def message_parts(tr: Translator, value: Value, repr_strings: bool = False) -> list[Any]:
    """A value as message parts for a site: str, or (SSA values, type[, conversion, spec])."""
    cls = value.__class__
    if cls is EitherVal:
        tr.fork(value)  # type: ignore[arg-type]
    if cls is Const:
        obj = value.obj
        return [repr(obj) if repr_strings else str(obj)]
    if cls is Text:
        parts: list[Any] = []
        for piece, form in zip(value.pieces, value.formats, strict=True):  # type: ignore[attr-defined]
            if form is None:
                parts.append(piece.obj)
                continue
            made = message_parts(tr, piece)
            if form != ("", "") or _has_format_of_its_own(piece):
                if len(made) != 1 or made[0].__class__ is str:
                    tr.error(f"a format of {piece.describe()} is not supported", "Format its elements.")
                made = [(*made[0][:2], *form)]
            parts.extend(made)
        return parts
    if cls is TupleVal:
        named = value.cls  # type: ignore[attr-defined]
        parts = ["(" if named is None else named.__name__ + "("]
        items = value.items
        for i, item in enumerate(items):
            if i:
                parts.append(", ")
            if named is not None:
                parts.append(f"{named._fields[i]}=")
            parts.extend(_as_repr(tr, item))
        parts.append(",)" if len(items) == 1 and named is None else ")")
        return parts
    settled = tr.settle(value)
    if settled.__class__ is Val:
        return [(settled.ssa, settled.type)]
    tr.error(f"{value.describe()} cannot be made text here", "Format numbers, strs and tuples of them.")


def _as_repr(tr: Translator, item: Value) -> list[Any]:
    made = message_parts(tr, item, True)
    if len(made) == 1 and made[0].__class__ is not str:
        return [(*made[0][:2], "r", "")]
    return made


# -- exceptions ------------------------------------------------------------------------------------------------------------------

#: Slots for raw arguments in the kernel's context.
ERROR_SLOTS = 8


def raise_value(tr: Translator, value: Value) -> None:
    """``raise value``; ends the block."""
    from jitpy.frontend.library.functions import Raisable
    from jitpy.frontend.translate.exceptions import Caught, rethrow

    if value.__class__ is Const and isinstance(value.obj, type) and issubclass(value.obj, BaseException):
        tr.raise_(value.obj)
        return
    if value.__class__ is Const and isinstance(value.obj, BaseException):
        tr.error("raising an exception object made outside is not supported", "Make it in the raise statement.")
    if value.__class__ is Caught:
        rethrow(tr, value)
        return
    if value.__class__ is not Raisable:
        tr.error(f"{value.describe()} cannot be raised", "Raise an exception class or a call of one.")
    args = value.arguments
    if value.exc_class is NotImplementedError and registry.is_library(tr.frame.globals) and len(args) == 1:
        tr.refusal = getattr(args[0], "obj", "")
    if len(args) == 1 and (args[0].__class__ is Text or (args[0].__class__ is Const and args[0].type is ty.string)):
        _raise(tr, value.exc_class, message_parts(tr, args[0]), "text")
        return
    parts: list[Any] = []
    for a in args:
        if a.__class__ is Const:
            parts.append(("const", a.obj))
        elif a.__class__ is Text:
            tr.error("a formatted str among several arguments of an exception is not supported", "Make it the only argument.")
        else:
            parts.extend(message_parts(tr, a))
    _raise(tr, value.exc_class, parts, "args")


def _raise(tr: Translator, exc_class: type[BaseException], parts: list[Any], style: str) -> None:
    site_parts, raw = site_arguments(parts)
    if len(raw) > ERROR_SLOTS:
        tr.error(f"an exception can carry {ERROR_SLOTS} numbers (a str counts as four)", "Shorten the message.")
    owners = owners_in(parts)
    if owners:  # the exception is made when this frame is left and its blocks are gone: the runtime reads them now
        call_with_parts(tr, tr.site(None, site_parts, "hold"), raw, owners)
    tr.raise_site(tr.site(exc_class, site_parts, style), raw)


def call_with_parts(tr: Translator, site: int, raw: tuple[int, ...], owners: list[int]) -> None:
    """Let the interpreter do what a site says (`runtime/printing.py`), with the raw arguments of its parts."""
    record = tr.stack_slots(raw)
    tr.call_extern_status("jitpy_print", (I64, I64, I64), tr.vmctx(), tr.site_address(site), record)
    for owner in owners:
        tr.keep(owner)


def owners_in(parts: list[Any]) -> list[int]:
    """The owners of the arrays and lists among message parts."""
    from jitpy.frontend.passes.ownership import owner_positions

    found = []
    for part in parts:
        if part.__class__ is not str and part[0].__class__ is tuple:
            ssa, t = part[:2]
            found += [ssa[k] for k in owner_positions(Val(t, ssa))]
    return found


def site_arguments(parts: list[Any]) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """Parts with SSA values -> (parts with slot numbers, the SSA values)."""
    made: list[Any] = []
    raw: list[int] = []
    for part in parts:
        if part.__class__ is str or part[0] == "const":
            made.append(part)
        else:
            ssa, t, *form = part
            made.append((len(raw), t, *form))
            raw.extend(ssa if ssa.__class__ is tuple else (ssa,))
    return tuple(made), tuple(raw)


# -- with ------------------------------------------------------------------------------------------------------------------------


class ErrState:
    """``np.errstate(...)``: accepted and without effect (SEMANTICS C4)."""


def _exit(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return NONE


_EXIT = ErrState()
registry.call(_EXIT)(_exit)


def errstate(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``np.errstate(...)``."""
    for name, v in kwargs.items():
        if v.__class__ is not Const or v.obj in ("raise", "call", "print", "log"):
            tr.error(
                f"np.errstate({name}={getattr(v, 'obj', '...')!r}) is not supported",
                "Kernels do not watch floating-point flags; test the result (np.isnan, np.isinf).",
            )
    return Const(_EXIT)


def _register_errstate() -> None:
    import sys

    numpy = sys.modules.get("numpy")
    if numpy is not None:
        registry.call(numpy.errstate)(errstate)


_register_errstate()


def enter_with(tr: Translator, manager: Value) -> tuple[Value, Value]:
    """The exit callable and the entered value of a context manager."""
    if manager.__class__ is Const and manager.obj is _EXIT:
        return manager, NONE
    tr.error("this context manager is not supported", "np.errstate(...) is the only one.")


def build_list(tr: Translator, items: Sequence[Value]) -> Value:
    """A list display."""
    from jitpy.frontend.library import lists

    return lists.build(tr, items)


def list_append(frame: Any, depth: int) -> None:
    """LIST_APPEND of a comprehension: the list stands ``depth`` below the top."""
    from jitpy.frontend.library import lists

    value = frame.stack.pop()
    target = frame.stack[-depth]
    if target.__class__ is lists.ListDisplay:  # a display of more than 30 items: LIST_APPEND within one block
        frame.stack[-depth] = lists.extend(frame.tr, target, [value])
        return
    lists.append(frame.tr, target, value)


def list_extend(frame: Any, depth: int) -> None:
    """LIST_EXTEND: a constant display, or an unpacked iterable."""
    from jitpy.frontend.library import lists

    items = frame.tr.settle(frame.stack.pop())
    if items.__class__ is TupleVal:
        frame.stack[-depth] = lists.extend(frame.tr, frame.stack[-depth], list(items.items))
        return
    target = frame.stack[-depth] = frame.tr.settle(frame.stack[-depth])
    frame.stack[-depth] = lists.extended(frame.tr, target, items)


def list_to_tuple(tr: Translator, v: Value) -> Value:
    """LIST_TO_TUPLE: (*a, b), and tuple displays of more than 30 items."""
    from jitpy.frontend.library.lists import ListDisplay

    if v.__class__ is ListDisplay:
        return TupleVal(v.items)
    return TupleVal(tuple(tr.unpack_all(v)))
