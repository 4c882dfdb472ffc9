"""What Python and NumPy names mean: the tables that library modules fill in and the translator looks up.

A handler gets the translator ``tr`` (see `translate.translator`) and abstract values, emits typed IR and returns an abstract
value. Tables are keyed by the *kind* of the operands (``value.kind()``): a class of `types` (Scalar, Str, NoneType, Array, List,
Constant) or of `values` (TupleVal, SliceVal, RangeVal, ...). Numbers known at compile time have kind Scalar as well: a handler
asks ``tr.const(v)`` or ``v.__class__ is Const`` when it wants to fold.

==============  ================================  =================================================================
table           key                               handler
==============  ================================  =================================================================
calls           the called object (by identity)   (tr, args: list[Value], kwargs: dict[str, Value]) -> Value
call_kinds      kind of the callee                (tr, callee, args, kwargs) -> Value
attributes      (kind, name)                      (tr, self) -> Value
methods         (kind, name)                      (tr, [self, *args], kwargs) -> Value
attribute_kinds kind                              (tr, self, name) -> Value | None      (fallback for any name)
binary          (operator, kind, kind)            (tr, a, b) -> Value          operator: + - * / // % ** @ << >> & | ^
inplace         (operator, kind, kind)            (tr, a, b) -> Value          for ``a += b``; without one: binary
compare         (operator, kind, kind)            (tr, a, b) -> Value          < <= == != > >= in
unary           (operator, kind)                  (tr, a) -> Value             - + ~
truth           kind                              (tr, a) -> i8 SSA value or Python bool
getitem         kind of the container             (tr, obj, index) -> Value
setitem         kind of the container             (tr, obj, index, value) -> None
delitem         kind of the container             (tr, obj, index) -> None
iterate         kind                              (tr, obj) -> Iterator
sequence        kind                              (tr, obj) -> (count, item): an i64, and item(tr, obj, k) -> Value for any checked
                                                  position k; plain iteration, enumerate, zip, reversed come from it
unpack          kind                              (tr, obj, n) -> list[Value]  of exactly n
settle          kind                              (tr, obj) -> Value           a value that is its own state: Val, TupleVal, Const
==============  ================================  =================================================================

In binary, inplace and compare one kind may be None: any. ``settle`` is applied before a value is returned, boxed, stored in a
list or passed to an out-of-line kernel (lazy expressions become arrays there).

Library modules are imported when a name of theirs is met first: ``modules`` says which for the root of the called object's
``__module__``; ``kinds`` which for a kind. Nothing of NumPy's library loads for a kernel that uses none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from jitpy.frontend.values import Value

    Handler = TypeVar("Handler", bound=Callable[..., Any])

calls: dict[int, Callable[..., Any]] = {}
call_kinds: dict[type, Callable[..., Any]] = {}
attributes: dict[tuple[type, str], Callable[..., Any]] = {}
methods: dict[tuple[type, str], Callable[..., Any]] = {}
attribute_kinds: dict[type, Callable[..., Any]] = {}
binary: dict[tuple[str, type | None, type | None], Callable[..., Any]] = {}
inplace: dict[tuple[str, type | None, type | None], Callable[..., Any]] = {}
compare: dict[tuple[str, type | None, type | None], Callable[..., Any]] = {}
unary: dict[tuple[str, type], Callable[..., Any]] = {}
truth: dict[type, Callable[..., Any]] = {}
getitem: dict[type, Callable[..., Any]] = {}
setitem: dict[type, Callable[..., Any]] = {}
delitem: dict[type, Callable[..., Any]] = {}
iterate: dict[type, Callable[..., Any]] = {}
sequence: dict[type, Callable[..., Any]] = {}
unpack: dict[type, Callable[..., Any]] = {}
settle: dict[type, Callable[..., Any]] = {}

#: Python functions that are always inlined (by id of the code object): library code written in Python.
always_inline: set[int] = set()

#: Root module of a called object -> library modules to import before looking it up.
modules: dict[str, tuple[str, ...]] = {
    "builtins": (
        "scalars", "scalars_compare", "conversions", "builtins", "containers", "positions", "lists", "iterators", "ranges",
        "keywords", "dicts", "strings",
    ),
    "math": ("math",),
    "cmath": ("complex_functions",),
    "operator": ("builtins",),
    "numpy": ("numpy", "conversions"),
}
#: Kind's class name -> library modules with its operators and methods.
kinds: dict[str, tuple[str, ...]] = {
    "Scalar": ("scalars", "scalars_compare", "conversions"),
    "Array": ("arrays",),
    "TupleVal": ("containers", "ranges", "named_tuples"),
    "RangeVal": ("containers", "ranges"),
    "SliceVal": ("ranges",),
    "Keywords": ("keywords",),
    "Text": ("strings",),
    "Dict": ("dicts",),
    "Set": ("dicts",),
    "List": ("lists",),
    "Str": ("strings",),
    "NoneType": ("containers",),
    "Constant": ("containers", "ranges"),
    "Generator": ("iterators",),
    "Together": ("iterators",),
    "RandomSource": ("random",),
}

_keep: list[object] = []  # objects whose ids are keys
_loaded: set[str] = set()


def call(*objects: object) -> Callable[[Handler], Handler]:
    """Decorator: this handler is what calling one of ``objects`` means."""

    def register(handler: Handler) -> Handler:
        for obj in objects:
            calls[id(obj)] = handler
            _keep.append(obj)
        return handler

    return register


def _named(handler: Callable[..., Any], name: str) -> Callable[..., Any]:
    return lambda tr, a, b: handler(tr, name, a, b)


def operator(
    table: dict[tuple[str, type | None, type | None], Callable[..., Any]],
    names: str, left: type | None, right: type | None,
) -> Callable[[Handler], Handler]:  # fmt: skip
    """Decorator for ``binary``, ``inplace``, ``compare``: ``names`` separated by blanks; of several the handler gets its own."""

    def register(handler: Handler) -> Handler:
        spelled = names.split()
        for name in spelled:
            table[name, left, right] = handler if len(spelled) == 1 else _named(handler, name)
        return handler

    return register


def entry(table: dict[Any, Callable[..., Any]], *keys: Any) -> Callable[[Handler], Handler]:
    """Decorator for the other tables."""

    def register(handler: Handler) -> Handler:
        for key in keys:
            table[key] = handler
        return handler

    return register


def load(module: str) -> None:
    """Import one library module, once."""
    if module not in _loaded:
        _loaded.add(module)
        name = "jitpy.frontend.library." + module
        try:
            __import__(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise


def load_kind(kind: type) -> None:
    """Import what a kind needs."""
    for module in kinds.get(kind.__name__, ()):
        load(module)


def is_library(namespace: dict[str, Any]) -> bool:
    """Whether these are the globals of library code in Python: it does not change, so that nothing of it is guarded."""
    name = namespace.get("__name__")
    return name == "random" or (name.__class__ is str and name.startswith("jitpy.frontend.library."))


class _ParallelRange:
    """What a `prange` is looked up as."""

    __module__ = "builtins"


PARALLEL_RANGE = _ParallelRange


def _ufunc_method(method: Any) -> Callable[..., Any] | None:
    """The handler of ``np.add.reduce`` and its like: a method made anew on each access."""
    from jitpy.frontend.library.ufunc_methods import METHODS

    handler = METHODS.get(method.__name__)
    return None if handler is None else lambda tr, args, kwargs: handler(tr, method.__self__, args, kwargs)


def find_call(obj: object) -> Callable[..., Any] | None:
    """The handler of a called object, after importing the modules that may define it."""
    handler = calls.get(id(obj))
    if handler is None and type(getattr(obj, "__self__", None)).__name__ == "ufunc":
        return _ufunc_method(obj)
    if handler is None and getattr(obj, "__jitpy_range__", False):
        return find_call(PARALLEL_RANGE)
    if handler is None:
        root = (getattr(obj, "__module__", None) or type(obj).__module__ or "builtins").partition(".")[0]
        if root in modules:
            for module in modules[root]:
                load(module)
        elif type(obj).__module__.partition(".")[0] == "numpy":
            for module in modules["numpy"]:
                load(module)
        handler = calls.get(id(obj))
    return handler


def find_operator(
    table: dict[tuple[str, type | None, type | None], Callable[..., Any]], name: str, left: Value, right: Value
) -> Callable[..., Any] | None:
    """The handler of a two-operand operator for these values' kinds."""
    a, b = left.kind(), right.kind()
    handler = table.get((name, a, b))
    if handler is None:
        load_kind(a)
        load_kind(b)
        handler = table.get((name, a, b)) or table.get((name, a, None)) or table.get((name, None, b))
    return handler


def find(table: dict[Any, Callable[..., Any]], kind: type, key: Any = None) -> Callable[..., Any] | None:
    """The handler for a kind (or for ``(…, kind)`` keys, given as ``key``)."""
    key = kind if key is None else key
    handler = table.get(key)
    if handler is None:
        load_kind(kind)
        handler = table.get(key)
    return handler
