"""Where random numbers come from: objects of `random.Random`, `np.random.RandomState` and `np.random.Generator`, by reference.

The functions of the modules `random` and `np.random` are methods of one hidden object each, so that a kernel which calls them
advances the interpreter's own state (SEMANTICS C7). A source is a value of type `types.RandomSource`: the object, and the address
of its bit generator; the symbol ``jitpy_bits_<class>`` is the distance between the two (`jitpy.runtime.random_layout`).

Methods are looked up in the table of the source's family; one that is missing is an error with advice.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import UnsupportedError
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I64
from jitpy.frontend.library import registry
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import BoundMethod, Val, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.translator import Translator

    Method = Callable[[Translator, Val, list[Value], dict[str, Value]], Value]

#: NumPy's own bit generators: what they do behind their C interface is known.
BIT_GENERATORS = frozenset(("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"))

#: Family -> name of a method -> handler(tr, source, args, kwargs).
methods: dict[str, dict[str, Method]] = {"Random": {}, "RandomState": {}, "Generator": {}}
#: Family -> the library module with its methods.
_MODULES = {"Random": "random.python", "RandomState": "random.legacy", "Generator": "random.generator"}


def method(family: str, *names: str) -> Callable[[Method], Method]:
    """Decorator: this handler is what the methods of these names mean."""

    def register(handler: Method) -> Method:
        for name in names:
            methods[family][name] = handler
        return handler

    return register


def type_of(obj: Any) -> ty.RandomSource | None:
    """The type of a random source, None for any other object. Raises UnsupportedError for a bit generator that is not NumPy's."""
    cls = obj.__class__
    module = cls.__module__
    if cls.__name__ == "Random" and module == "random":
        return ty.random_source("Random", "MT19937")
    if cls.__name__ not in ("RandomState", "Generator") or not module.startswith("numpy.random."):
        return None
    bits = obj._bit_generator.__class__
    if bits.__name__ not in BIT_GENERATORS or not bits.__module__.startswith("numpy.random."):
        raise UnsupportedError(
            f"the bit generator {bits.__qualname__} is not NumPy's own; use one of {', '.join(sorted(BIT_GENERATORS))}"
        )
    return ty.random_source(cls.__name__, bits.__name__)


#: The hidden object behind a module's functions: (module, name), and the family it belongs to.
_HIDDEN = (("random", "_inst"), ("numpy.random.mtrand", "_rand"))


def from_outside(tr: Translator, obj: Any) -> Val | None:
    """The value of a source that is a global, a cell or the owner of a bound method; None for any other object."""
    try:
        t = type_of(obj)
    except UnsupportedError as error:
        tr.error(str(error))
    if t is None:
        return None
    for module, name in _HIDDEN:
        found = sys.modules.get(module)
        if getattr(found, name, None) is obj:
            tr.guard("attr", found, name, obj)
    at = tr.symbol_address(tr.module.constant(obj))
    return Val(t, (at, tr.op(op.IADD, I64, at, tr.symbol_address("jitpy_bits_" + t.family))))


#: Plain functions of np.random -> the method of its hidden object that they call.
_FUNCTIONS = {"seed": "seed", "ranf": "random_sample", "sample": "random_sample"}


def bound(tr: Translator, obj: Any) -> Value | None:
    """A bound method of a source (``random.random``, ``np.random.rand``, ``draw = rng.normal``); None for any other object."""
    name = getattr(obj, "__name__", "")
    owner = getattr(obj, "__self__", None)
    if name in _FUNCTIONS:
        module = sys.modules.get("numpy.random.mtrand")
        if getattr(module, name, None) is obj:
            owner, name = module._rand, _FUNCTIONS[name]  # type: ignore[union-attr]
    source = from_outside(tr, owner)
    return None if source is None else _attribute(tr, source, name)


@registry.entry(registry.attribute_kinds, ty.RandomSource)
def _attribute(tr: Translator, source: Value, name: str) -> Value:
    t: ty.RandomSource = source.type
    registry.load(_MODULES[t.family])
    handler = methods[t.family].get(name)
    if handler is None:
        tr.error(
            f"{t.family}.{name} is not supported in jitted functions",
            "Call it outside and pass what it gives, or draw from the distributions that docs/random.md lists.",
        )

    def call(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return handler(tr, args[0], args[1:], kwargs)  # type: ignore[arg-type]

    return BoundMethod(source, name, call)
