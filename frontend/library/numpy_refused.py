"""NumPy functions that are not supported: what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator

OUTSIDE = "Call it outside the kernel and pass the result."
#: By name; then by module.
ADVICE = {
    "nditer": "Loop over the array, or over range(a.size) with a.flat[k].",
    "vectorize": "Call the function in a loop, or decorate it with jitpy.vectorize.",
    "apply_along_axis": "Loop over the lines of the array.",
    "apply_over_axes": "Loop over the axes.",
    "piecewise": "Use np.where or np.select.",
    "mgrid": "Use np.arange(n)[:, None] and np.arange(m)[None, :].",
    "block": "Use np.concatenate along each axis.",
    "lexsort": "Use np.argsort(kind='stable') for each key, the last key first.",
    "partition": "Use np.sort.",
    "argpartition": "Use np.argsort.",
    "putmask": "Write a[mask] = values.",
    "place": "Write a[mask] = values.",
    "put": "Write a.reshape(-1)[indices] = values for an array in C order.",
    "fromiter": "Fill an array from np.empty in a loop.",
    "einsum": "Write constant subscripts with -> and without '...', or loops.",
    "datetime64": "Times are not supported: pass a.view(np.int64).",
    "timedelta64": "Times are not supported: pass a.view(np.int64).",
    "histogram2d": "Count in a loop over np.searchsorted of both coordinates.",
    "poly1d": "Use np.polyval with the coefficients.",
    "shares_memory": OUTSIDE,
    "may_share_memory": OUTSIDE,
}
MODULES = {
    "numpy.fft": OUTSIDE,
    "numpy.linalg": OUTSIDE,
    "numpy.strings": "Strings in arrays are not supported.",
    "numpy.char": "Strings in arrays are not supported.",
    "numpy.ma": "Masked arrays are not supported: keep the mask in an array of its own.",
    "numpy.random": OUTSIDE,
}


def refuse(tr: Translator, obj: Any) -> NoReturn:
    """The error for a NumPy function or class that is called and not known."""
    module = getattr(obj, "__module__", None) or "numpy"
    name = getattr(obj, "__name__", None) or type(obj).__name__
    hint = ADVICE.get(name) or MODULES.get(module) or "Write it with loops or with other functions, or call it outside the kernel."
    tr.error(f"{module.replace('numpy', 'np', 1)}.{name} is not supported", hint)
