"""Builtins that give or take iterators: map, filter, iter, next, sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.frontend.library import dicts, iteration, registry
from jitpy.frontend.library.functions import call_function
from jitpy.frontend.library.generators import Generator, Together
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator


def _is_none(v: Value) -> bool:
    return v.__class__ is Const and v.obj is None


@registry.call(map)
def map_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``map(function, a, b, ...)``."""
    if kwargs or len(args) < 2:
        tr.error("map() takes a function and iterables, all by position")
    if len(args) == 2:
        return call_function(tr, iteration.mapped, args, {}, True)
    rows = tr.call(Const(zip), args[1:])
    return call_function(tr, iteration.mapped_over, [args[0], rows], {}, True)


@registry.call(filter)
def filter_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``filter(function, values)``, ``filter(None, values)``."""
    if kwargs or len(args) != 2:
        tr.error("filter() takes a function and an iterable, by position")
    if _is_none(args[0]):
        return call_function(tr, iteration.filtered_by_truth, args[1:], {}, True)
    return call_function(tr, iteration.filtered, args, {}, True)


@registry.call(iter)
def iter_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``iter(values)``."""
    if kwargs or len(args) != 1:
        tr.error("iter() with a sentinel is not supported", "Write a while loop.")
    return call_function(tr, iteration.each, args, {}, True)


@registry.call(next)
def next_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``next(iterator)``, ``next(iterator, default)``: the first item of one made here."""
    if kwargs or not 1 <= len(args) <= 2:
        tr.error("next() takes an iterator and a default")
    return call_function(tr, iteration.first if len(args) == 1 else iteration.first_or, args, {}, True)


@registry.operator(registry.compare, "in", None, Generator)
@registry.operator(registry.compare, "in", None, Together)
def contains(tr: Translator, x: Value, values: Value) -> Value:
    """``x in generator``."""
    return tr.call_python(iteration.contains, (values, x), inline=True)


@registry.call(sorted)
def sorted_(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``sorted(values, key=None, reverse=False)``: a new list."""
    if len(args) != 1 or set(kwargs) - {"key", "reverse"}:
        tr.error("sorted() takes one iterable, key= and reverse=")
    down = kwargs.get("reverse", Const(False))
    key = kwargs.get("key", Const(None))
    values = tr.settle(args[0])
    if values.kind() is ty.Set and _is_none(key):
        values = dicts.members(tr, values)
    if _is_none(key):
        return call_function(tr, iteration.ordered, [values, down], {}, True)
    return call_function(tr, iteration.ordered_by, [values, key, down], {}, True)
