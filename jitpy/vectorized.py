"""``vectorize``: a function of numbers, called with arrays, element by element, as a ufunc is.

    @vectorize
    def clipped(x, low): return x if x > low else low

    clipped(a, 0.0)     clipped(a, b, out=c)     clipped.reduce(a, axis=1)     clipped.accumulate(a)     clipped.outer(a, b)

Every element of the result is what the function gives for the elements of the arguments, which are broadcast; its dtype is the type
of that. Python numbers stay Python numbers, so that they are weak, as everywhere (SEMANTICS C1). Without arrays the call is a call
of the function. With signatures, the first one that the arguments can safely be converted to is taken, and converts them.

The loops are Python source, made per rank and kind of the arguments, and jitted; the function is inlined into them.
"""

from __future__ import annotations

import numpy as np

from jitpy import signatures as signature_syntax
from jitpy.arguments import typeof
from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.decorators import jit
from jitpy.frontend.types import types as ty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FunctionType
    from typing import Any

    from jitpy.types import Signature

_MOST_AXES = 6
_NUMBERS = (bool, int, float, complex)
#: Python's numbers as NumPy promotes them.
_WEAK = {ty.py_bool: False, ty.py_int: 0, ty.py_uint: 0, ty.py_float: 0.0, ty.py_complex: 0j}
_KIND = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
_PYTHON_KIND = {bool: 0, int: 1, float: 2, complex: 3}


def vectorize(signatures_or_function: Any = None, *, identity: Any = None, target: str | None = None, **options: Any) -> Any:
    """Make a function of numbers work on arrays: ``@vectorize``, ``@vectorize(option=...)``, ``@vectorize([signatures])``.

    ``identity``: what `reduce` begins with (0, 1; None: the first element). Options are those of `jit`; ``target`` "cpu" and
    "parallel" make the same code. Returns a `Vectorized`. Raises CompileError for unknown options and bad signatures.
    """
    if target not in (None, "cpu", "parallel"):
        raise UnsupportedError(f"vectorize for the target {target!r} is not supported; leave target out")
    given: Any = signatures_or_function
    signatures = None
    if given is not None and signature_syntax.is_signature(given):
        signatures, given = signature_syntax.parse_all(given), None

    def decorate(function: FunctionType) -> Vectorized:
        return Vectorized(function, signatures, identity, options)

    return decorate if given is None else decorate(given)


class _Loop:
    """The function for one signature (or any, ``inputs`` None), and the loops over it that were made."""

    __slots__ = ("function", "inputs", "made", "output")

    def __init__(self, function: Any, inputs: tuple[Any, ...] | None = None, output: Any = None) -> None:
        self.function = function
        self.inputs = inputs
        self.output = output
        self.made: dict[str, Any] = {}

    def compiled(self, source: str) -> Any:
        """The jitted function of this source, in which ``f`` is the function."""
        found = self.made.get(source)
        if found is None:
            namespace: dict[str, Any] = {"f": self.function, "__name__": "jitpy.vectorized"}
            exec(compile(source, f"<loop over {self.function.__name__}>", "exec"), namespace)
            found = self.made[source] = jit(namespace["loop"])
        return found


class Vectorized:
    """A function over arrays. ``py_func`` is the Python function, ``jitted`` the function of numbers, ``types`` the signatures."""

    def __init__(self, function: FunctionType, signatures: list[Signature] | None, identity: Any, options: dict[str, Any]) -> None:
        self.py_func = function
        for name in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(self, name, getattr(function, name, None))
        self.__wrapped__ = function
        self.nin = function.__code__.co_argcount
        self.nout = 1
        self.nargs = self.nin + 1
        self.identity = identity
        options = {"inline": "always", **options}
        self.jitted = jit(function, **options)
        if signatures is None:
            self._loops = [_Loop(self.jitted)]
        else:
            self._loops = [self._typed(function, s, options) for s in signatures]

    def _typed(self, function: FunctionType, signature: Signature, options: dict[str, Any]) -> _Loop:
        specs = [*signature.args, *([signature.returns] if signature.returns else [])]
        if len(signature.args) != self.nin or not all(hasattr(s, "dtype") for s in specs):
            raise signature_syntax.SignatureError(f"vectorize: {signature} is no signature of {self.nin} numbers")
        typed = jit(signature, **options)(function)
        return _Loop(typed, tuple([s.dtype for s in signature.args]), signature.returns.dtype if signature.returns else None)

    @property
    def types(self) -> list[str]:
        """The signatures as NumPy writes them, such as ``dd->d``; none where everything is taken."""
        return [
            "".join(d.char for d in loop.inputs) + "->" + (loop.output.char if loop.output is not None else "?")
            for loop in self._loops if loop.inputs is not None
        ]  # fmt: skip

    @property
    def ntypes(self) -> int:
        """How many signatures there are."""
        return len(self.types)

    def __repr__(self) -> str:
        return f"<vectorized function {self.__qualname__}>"  # type: ignore[attr-defined]  # set in __init__, as functions have it

    def __reduce__(self) -> Any:
        raise TypeError(f"{self!r} cannot be pickled; decorate the function where it is needed")

    def __call__(self, *args: Any, out: Any = None, where: Any = True) -> Any:
        """The function of every element of the broadcast arguments.

        ``out``: where the result goes, of the broadcast shape; ``where``: a mask, elements outside of it are left as they are.
        Raises ValueError for shapes that do not broadcast, TypeError for types that no signature takes.
        """
        if len(args) != self.nin:
            raise TypeError(f"{self.py_func.__name__}() takes {self.nin} arguments, {len(args)} given")
        if isinstance(out, tuple):
            (out,) = out
        values = [_operand(a) for a in args]
        loop, values = self._loop(values)
        shapes = [v.shape for v in values if isinstance(v, np.ndarray)]
        if not isinstance(where, bool | np.bool_):
            where = np.asarray(where, bool)
            shapes.append(where.shape)
        elif not where:
            where = np.zeros((), bool)
        if not shapes and out is None and where is True:
            result = loop.function(*values)
            return result if loop.output is None else loop.output.type(result)
        shape = np.broadcast_shapes(*shapes)
        dtype = loop.output if loop.output is not None else self._result(loop, [_sample(v) for v in values])
        target = out
        if out is None:
            target = np.empty(shape, dtype)
        elif not isinstance(out, np.ndarray):
            raise TypeError("out must be an array")
        elif np.broadcast_shapes(shape, out.shape) != out.shape:
            raise ValueError(f"out has the shape {out.shape}, the arguments broadcast to {shape}")
        elif not np.can_cast(dtype, out.dtype, "same_kind"):
            raise TypeError(f"the result, {dtype}, cannot be stored in out, {out.dtype}, under the rule 'same_kind'")
        elif out.dtype != dtype or any(_overlaps(out, v) for v in (*values, where)):
            target = np.empty(out.shape, dtype)
            if where is not True:
                target[...] = out
        _run(loop, target, values, where)
        if out is not None:
            if target is not out:
                np.copyto(out, target, casting="same_kind")
            return out
        return target

    def _loop(self, values: list[Any]) -> tuple[_Loop, list[Any]]:
        """The loop for these arguments, and them converted for it."""
        if self._loops[0].inputs is None:
            return self._loops[0], values
        for loop in self._loops:
            assert loop.inputs is not None
            if all(map(_fits, values, loop.inputs)):
                return loop, [_converted(v, d) for v, d in zip(values, loop.inputs)]
        given = ", ".join(str(getattr(v, "dtype", type(v).__name__)) for v in values)
        raise TypeError(f"{self.py_func.__name__} takes {', '.join(self.types)}; it was called with ({given})")

    def _result(self, loop: _Loop, samples: Sequence[Any]) -> Any:
        """The dtype of what the function gives for numbers of the types of ``samples``."""
        types = tuple([typeof(s) for s in samples])
        overload = loop.function.overloads.get(types)
        if overload is None or not overload.holds():
            _, overload, _ = loop.function._find(tuple(samples))
        found = []
        for t in overload.module.result_types:
            if t.__class__ is not ty.Scalar:
                raise UnsupportedError(f"{self.py_func.__name__} gives {t}; a vectorized function gives one number")
            found.append(_WEAK[t] if t.weak else np.dtype(t.name.rstrip("_")))
        if not found:
            raise CompileError(f"{self.py_func.__name__} never returns a number for {types}")
        return np.result_type(*found)

    # Methods of functions of two numbers

    def _binary(self) -> None:
        if self.nin != 2:
            raise ValueError(f"{self.py_func.__name__} takes {self.nin} arguments; this is for functions of two")

    def _steady(self, a: Any) -> tuple[_Loop, Any]:
        """A loop whose result has the dtype of its arguments, and the array in that dtype."""
        for _ in range(3):
            sample = a.dtype.type(1)
            loop, (first, _) = self._loop([sample, sample])
            dtype = loop.output if loop.output is not None else self._result(loop, [first, first])
            if first.dtype == dtype:
                return loop, a.astype(dtype, copy=False)
            a = a.astype(dtype)
        raise TypeError(f"{self.py_func.__name__} of {a.dtype} does not settle on a type")

    def reduce(
        self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None
    ) -> Any:  # fmt: skip
        """The function of all elements along ``axis`` (an int, several, or None: all), from first to last in C order."""
        self._binary()
        a = np.asarray(array, dtype)
        axes = tuple(range(a.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = np.lib.array_utils.normalize_axis_tuple(axes, a.ndim)
        loop, a = self._steady(a)
        if initial is None:
            initial = self.identity
        kept = [k for k in range(a.ndim) if k not in axes]
        shape = tuple([a.shape[k] for k in kept])
        rows = a.transpose(*kept, *sorted(axes)).reshape(*shape, -1) if a.size else a
        length = int(np.prod([a.shape[k] for k in axes], dtype=int))
        result = np.empty(shape, a.dtype)
        if length == 0:
            if initial is None:
                raise ValueError(f"zero-size array to reduction operation {self.py_func.__name__} which has no identity")
            result[...] = initial
        elif a.size:
            begin = "r[i, 0]" if initial is None else "x"
            source = (
                "def loop(out, r, x):\n    for i in range(r.shape[0]):\n"
                f"        s = {begin}\n        for j in range({int(initial is None)}, r.shape[1]):\n            s = f(s, r[i, j])\n"
                "        out[i] = s\n"
            )
            start = a.dtype.type(0 if initial is None else initial)
            loop.compiled(source)(result.reshape(-1), rows.reshape(-1, length), start)
        if keepdims:
            result = result.reshape([1 if k in axes else n for k, n in enumerate(a.shape)])
        if out is not None:
            np.copyto(out, result, casting="same_kind")
            return out
        return result if result.ndim else result[()]

    def accumulate(self, array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        """All the results of `reduce` on the way along ``axis``."""
        self._binary()
        a = np.asarray(array, dtype)
        loop, a = self._steady(a)
        rows = np.moveaxis(a, axis, -1)
        result = np.empty(rows.shape, a.dtype)
        if a.size:
            source = (
                "def loop(out, r):\n    for i in range(r.shape[0]):\n        s = r[i, 0]\n        out[i, 0] = s\n"
                "        for j in range(1, r.shape[1]):\n            s = f(s, r[i, j])\n            out[i, j] = s\n"
            )
            loop.compiled(source)(result.reshape(-1, rows.shape[-1]), np.ascontiguousarray(rows).reshape(-1, rows.shape[-1]))
        result = np.moveaxis(result, -1, axis)
        if out is not None:
            np.copyto(out, result, casting="same_kind")
            return out
        return np.ascontiguousarray(result)

    def outer(self, a: Any, b: Any, **keywords: Any) -> Any:
        """The function of every element of ``a`` with every element of ``b``."""
        self._binary()
        left, right = np.asarray(a), np.asarray(b)
        return self(left.reshape(left.shape + (1,) * right.ndim), right, **keywords)

    def at(self, a: Any, indices: Any, b: Any = None) -> None:
        """``a[i] = f(a[i], b)`` for every index, one after the other, also where an index occurs twice."""
        if self.nin > 2:
            raise ValueError(f"{self.py_func.__name__} takes {self.nin} arguments; this is for functions of one or two")
        places = np.arange(a.size).reshape(a.shape)[indices].ravel()
        others = None if self.nin == 1 else np.broadcast_to(b, np.arange(a.size).reshape(a.shape)[indices].shape).ravel()
        for k, place in enumerate(places):
            where = np.unravel_index(place, a.shape)
            a[where] = self(a[where]) if others is None else self(a[where], others[k])


# -- arguments


def _operand(value: Any) -> Any:
    """An argument as an array, or a number: Python's as it is, what has no dimensions as a NumPy scalar."""
    if value.__class__ in _NUMBERS:
        return value
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
        typeof(value)  # says what is wrong with it
    array = np.asarray(value)
    return array if array.ndim else array[()]


def _sample(value: Any) -> Any:
    return value.dtype.type(1) if isinstance(value, np.ndarray) else value


def _fits(value: Any, dtype: Any) -> bool:
    kind = _PYTHON_KIND.get(value.__class__)
    if kind is None:
        return bool(np.can_cast(value.dtype, dtype, "safe"))
    if kind == 1 and dtype.kind in "iu":
        info = np.iinfo(dtype)
        return bool(info.min <= value <= info.max)
    return kind <= _KIND[dtype.kind]


def _converted(value: Any, dtype: Any) -> Any:
    return value.astype(dtype, copy=False) if isinstance(value, np.ndarray) else dtype.type(value)


def _overlaps(out: Any, value: Any) -> bool:
    """Whether storing into ``out`` could change elements of ``value`` that are read later."""
    if not isinstance(value, np.ndarray) or not np.may_share_memory(out, value):
        return False
    same = out.__array_interface__["data"] == value.__array_interface__["data"]
    return not (same and out.shape == value.shape and out.strides == value.strides)


# -- loops


def _run(loop: _Loop, out: Any, values: list[Any], where: Any) -> None:
    """Fill ``out``."""
    if out.size == 0:
        return
    operands = [*values] if where is True else [where, *values]
    arrays = [np.broadcast_to(v, out.shape) if isinstance(v, np.ndarray) and v.shape != out.shape else v for v in operands]
    every = [out, *[v for v in arrays if isinstance(v, np.ndarray)]]
    flat = out.ndim == 1 or all(v.flags.c_contiguous for v in every)
    if out.ndim > _MOST_AXES and not flat:
        arrays = [np.ascontiguousarray(v) if isinstance(v, np.ndarray) else v for v in arrays]
        if not out.flags.c_contiguous:
            copy = np.ascontiguousarray(out)
            _run(loop, copy, arrays[where is not True :], where if where is True else arrays[0])
            out[...] = copy
            return
        flat = True
    if flat:
        out, *arrays = [v.reshape(-1) if isinstance(v, np.ndarray) else v for v in (out, *arrays)]
    kinds = "".join("a" if isinstance(v, np.ndarray) else "s" for v in arrays)
    loop.compiled(_source(kinds, out.ndim, where is not True))(out, *arrays)


def _source(kinds: str, rank: int, masked: bool) -> str:
    """A nest of loops: ``out[i, j] = f(v0[i, j], v1)``, where v0 is an array ("a") and v1 a number ("s")."""
    index = ", ".join([f"i{k}" for k in range(rank)])
    names = [f"v{k}" for k in range(len(kinds))]
    items = [f"{n}[{index}]" if kind == "a" else n for n, kind in zip(names, kinds)]
    lines = [f"def loop(out, {', '.join(names)}):"]
    for k in range(rank):
        lines.append("    " * (k + 1) + f"for i{k} in range(out.shape[{k}]):")
    indent = "    " * (rank + 1)
    if masked:
        lines.append(f"{indent}if {items.pop(0)}:")
        indent += "    "
    lines.append(f"{indent}out[{index}] = f({', '.join(items)})")
    return "\n".join(lines) + "\n"


