"""Which file knows which NumPy function: imported when NumPy is first called, so that a kernel pays only for what it uses.

Every row is a module of this package and the names it defines; the function is entered in the registry with a handler that imports
the module, whose own handlers (`registry.call`) then take over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jitpy.frontend.library import registry

if TYPE_CHECKING:
    from jitpy.frontend.translate.translator import Translator
    from jitpy.frontend.values import Value

THEMES = {
    "constructors": "empty zeros ones full empty_like zeros_like ones_like full_like eye identity",
    "constructors_ranges": "arange linspace",
    "constructors_iterated": "fromiter",
    "constructors_nested": "array asarray ascontiguousarray asfortranarray copy asanyarray atleast_1d",
    "limits": "iinfo finfo",
    "arrays": "ndim shape size dtype",
    "dtypes": "result_type promote_types can_cast issubdtype isscalar iscomplexobj isrealobj",
    "views_reshape": "ravel reshape",
    "views": "transpose swapaxes squeeze expand_dims flip fliplr flipud broadcast_to moveaxis diagonal diag "
    "real imag",
    "elementwise_functions": "where select clip isclose copyto round around",
    "reductions": "sum prod min max amin amax mean std var argmin argmax all any count_nonzero ptp",
    "reductions_running": "cumsum cumprod diff",
    "sorting": "sort argsort searchsorted unique flatnonzero nonzero",
    "joining": "concatenate stack vstack hstack dstack column_stack append roll repeat tile take",
    "index_iteration": "ndindex ndenumerate",
    "einsum": "einsum",
    "padding": "pad",
    "splitting": "split array_split vsplit hsplit dsplit",
    "products": "dot matmul outer inner vdot trace",
    "statistics": "median histogram cov",
    "composed_nan": "nansum nanprod nancumsum nancumprod nanmin nanmax nanargmin nanargmax nanmean nanvar nanstd nanmedian "
    "nan_to_num",
    "composed_statistics": "average quantile percentile nanquantile nanpercentile corrcoef digitize",
    "composed_sets": "isin union1d intersect1d setdiff1d setxor1d",
    "composed_shapes": "rot90 rollaxis atleast_2d atleast_3d diagflat tri vander kron meshgrid broadcast_arrays argwhere "
    "extract compress delete insert take_along_axis fill_diagonal tril_indices "
    "triu_indices diag_indices resize trim_zeros",
    "composed_calculus": "trapezoid gradient convolve correlate cross unwrap ediff1d polyval logspace bartlett hanning hamming "
    "blackman sinc angle fix isreal "
    "iscomplex isneginf isposinf",
    "products_comparisons": "allclose array_equal interp bincount triu tril",
}  # fmt: skip
LINALG = {"linalg": "solve inv det cholesky norm", "norms": "matrix_power"}


def _later(theme: str, obj: Any) -> Any:
    def handler(tr: Translator, args: list[Value], kwargs: dict[str, Value]) -> Any:
        registry.load(theme)
        found = registry.calls[id(obj)]
        if found is handler:
            tr.error(f"np.{obj.__name__} is not supported")
        return found(tr, args, kwargs)

    return handler


def _ufunc(tr: Translator, args: list[Value], kwargs: dict[str, Value], ufunc: Any) -> Any:
    from jitpy.frontend.library import elementwise

    return elementwise.call_ufunc(tr, ufunc, args, kwargs)


def _register() -> None:
    for theme, names in THEMES.items():
        for name in names.split():
            obj = getattr(np, name, None)
            if obj is not None:
                registry.calls.setdefault(id(obj), _later(theme, obj))
    for theme, names in LINALG.items():
        for name in names.split():
            obj = getattr(np.linalg, name)
            registry.calls.setdefault(id(obj), _later(theme, obj))
    for name in dir(np):
        obj = getattr(np, name)
        if obj.__class__ is np.ufunc:
            registry.calls.setdefault(
                id(obj), lambda tr, args, kwargs, ufunc=obj: _ufunc(tr, args, kwargs, ufunc)
            )


_register()
