"""``np.einsum`` with constant subscripts: loops over the labels of the result, sums over the others.

Products are added one after the other; NumPy's order may be another: floats agree to the error bound of a sum of products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jitpy.frontend.library import casts, elementwise_loops, indexing, registry, ufuncs_scalar
from jitpy.frontend.library.arrays_arguments import constant
from jitpy.frontend.library.arrays_shape import allocate, differ, extents
from jitpy.frontend.library.constructors_nested import as_array
from jitpy.frontend.types import promotion
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Val, Value

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

Parts = tuple[int, ...]


def _labels(tr: Translator, subscripts: str, arrays: list[Val]) -> tuple[list[str], str]:
    """The labels of each operand and of the result; without -> those that occur once, in order."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    operands = inputs.split(",")
    if "." in subscripts or not all(c.isalpha() or c in ",->" for c in subscripts.replace(" ", "")):
        tr.error("np.einsum is supported with letters as subscripts", "Write one letter for each axis.")
    if len(operands) != len(arrays) or any(len(s) != v.type.ndim for s, v in zip(operands, arrays, strict=False)):
        tr.error("np.einsum: the subscripts do not name each axis of each operand once")
    if not arrow:
        joined = "".join(operands)
        output = "".join(sorted({c for c in joined if joined.count(c) == 1}))
    if len(set(output)) < len(output) or not set(output) <= set("".join(operands)):
        tr.error("np.einsum: each label of the result must come from the operands, once")
    return operands, output


def _sizes(tr: Translator, operands: list[str], arrays: list[Val]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for labels, v in zip(operands, arrays, strict=True):
        for label, n in zip(labels, extents(v), strict=True):
            if label in sizes:
                tr.check(
                    differ(tr, n, sizes[label]), ValueError,
                    f"operands could not be broadcast together: label {label!r} has two extents (an extent of 1 is not repeated)",
                )  # fmt: skip
            sizes.setdefault(label, n)
    return sizes


@registry.call(np.einsum)
def _einsum(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    subscripts = constant(tr, args[0], "the subscripts")
    if kwargs or subscripts.__class__ is not str:
        tr.error("np.einsum is supported with a str of subscripts and arrays")
    arrays = [as_array(tr, v) for v in args[1:]]
    operands, output = _labels(tr, subscripts, arrays)
    sizes = _sizes(tr, operands, arrays)
    t = promotion.common([v.type.dtype for v in arrays])
    inner = ty.float32 if t is ty.float16 else t
    summed = [label for label in sizes if label not in output]

    def combined(ufunc: object, x: Parts, y: Parts) -> Parts:
        return ufuncs_scalar.emit(tr, ufunc, (inner, inner, inner), (x, y))[0]

    def term(at: dict[str, int]) -> Parts:
        result: Parts | None = None
        for labels, v in zip(operands, arrays, strict=True):
            x = casts.cast(tr, indexing.load_parts(tr, v, [at[label] for label in labels]), v.type.dtype, inner)
            result = x if result is None else combined(np.multiply, result, x)
        assert result is not None
        return result

    def total(at: dict[str, int], k: int, state: Parts) -> Parts:
        if k == len(summed):
            return combined(np.add, state, term(at))
        return tr.loop(sizes[summed[k]], lambda i, s: total({**at, summed[k]: i}, k + 1, s), state)

    def element(at: dict[str, int]) -> Parts:
        value = total(at, 0, casts.constant_parts(tr, 0, inner)) if summed else term(at)
        return casts.cast(tr, value, inner, t)

    if not output:
        return Val(t, element({}))
    out = allocate(tr, t, [sizes[label] for label in output], "C", True)

    def store(indices: list[int]) -> None:
        indexing.store_parts(tr, out, indices, element(dict(zip(output, indices, strict=True))))

    elementwise_loops.nest(tr, extents(out), "C", store)
    return out
