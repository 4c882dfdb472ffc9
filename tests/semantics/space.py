"""The space of scalar operations: every operator and builtin, on every scalar type, at the values where rules change.

An `Expression` is Python source over the names x, y, z; a `Kind` is a scalar type with its edge values. `cases`
walks (or samples) the product; `outcome` says what CPython does; `agree` compares two outcomes as SEMANTICS.md
wants: value with the sign of zero, any NaN equal to any NaN, class of the value, class of the exception. Where the
law lets us refuse, or be an ulp off, the expression says so.
"""

from __future__ import annotations

import cmath
import math
import random
import warnings

import numpy as np

inf, nan = math.inf, math.nan

_INTS = [
    0, 1, -1, 2, 3, -3, 5, 7, 10, 63, 64, 127, 128, -128, 255, 256, -129, 1000, 32767, -32768, 65535, 70000,
    2**31 - 1, -(2**31), 2**32 - 1, 2**53, 2**53 + 1, -(2**53 + 1), 2**62, 2**63 - 1, -(2**63), 10**18 + 7,
    2**64 - 1, 2**63, 2**63 + 2**10 + 1,
]  # fmt: skip
_FLOATS = [
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 2.5, -2.5, 3.7, -7.25, 0.1, 10.0, 100.0, 1e-320, -5e-324, 1e-5, 1e300, -1e300, inf,
    -inf, nan, 2.0**53, 2.0**63, -(2.0**63), 65504.0, 1e10, 0.3, 171.5, 1e19, -0.7,
]  # fmt: skip
_PARTS = [0.0, -0.0, 1.5, -2.0, inf, nan, 1e300, 3e-310]


class Kind:
    """A scalar type: its name ("int" ... for Python's, "int8" ... for NumPy's), its class and edge values."""

    def __init__(self, name, cls, values):
        self.name = name
        self.python = cls.__module__ == "builtins"
        self.cls = cls
        with np.errstate(all="ignore"):
            self.values = [cls(v) for v in values]

    def __repr__(self):
        return self.name


def _kinds():
    complexes = [complex(a, b) for a in _PARTS for b in (0.0, -0.0, -1.0, 2.5, inf, nan, 1e200)]
    yield Kind("bool", bool, [False, True])
    yield Kind("int", int, [n for n in _INTS if -(2**63) <= n < 2**63])
    yield Kind("float", float, _FLOATS)
    yield Kind("complex", complex, complexes)
    yield Kind("bool_", np.bool_, [False, True])
    for bits in (8, 16, 32, 64):
        low, high = -(1 << (bits - 1)), 1 << (bits - 1)
        yield Kind(f"int{bits}", getattr(np, f"int{bits}"), [n for n in _INTS if low <= n < high])
    for bits in (8, 16, 32, 64):
        yield Kind(f"uint{bits}", getattr(np, f"uint{bits}"), [n for n in _INTS if 0 <= n < 1 << bits])
    for bits in (16, 32, 64):
        yield Kind(f"float{bits}", getattr(np, f"float{bits}"), _FLOATS)
    for bits in (64, 128):
        yield Kind(f"complex{bits}", getattr(np, f"complex{bits}"), complexes)


KINDS = {k.name: k for k in _kinds()}


class Expression:
    """Source over x, y, z; ``ulps``: how far a float result may be off; ``refuses``: exceptions of ours where Python
    answers.

    ``kinds``: names of the kinds to walk per operand (None: all of them). ``zeros``: whether the sign of a zero
    counts (NumPy's maximum of +0 and -0 depends on the width of its vectors).
    """

    def __init__(self, source, arity, group, ulps=0, refuses=(), kinds=None, zeros=True):
        self.zeros = zeros
        self.source = source
        self.arity = arity
        self.group = group
        self.ulps = ulps
        self.refuses = refuses
        self.kinds = kinds or [None] * arity
        self.names = ("x", "y", "z")[:arity]

    def function(self):
        """The expression as a Python function of its operands."""
        scope = {"np": np, "math": math, "cmath": cmath, "__name__": "space"}
        exec(f"def f({', '.join(self.names)}):\n    return {self.source}\n", scope)
        scope["f"].__doc__ = self.source
        return scope["f"]

    def __repr__(self):
        return self.source


_PY = ("bool", "int", "float", "complex")
_REAL_PY = ("bool", "int", "float")
_INT_PY = ("bool", "int")
_REAL = tuple(n for n in KINDS if "complex" not in n)
_NUMPY = tuple(n for n in KINDS if n not in _PY)

OPERATORS = [Expression(f"x {o} y", 2, "operator") for o in ("+", "-", "*", "/", "//", "%", "<<", ">>", "&", "|", "^")]
POWERS = [
    # Python's answer has another type there: a float for negative powers of ints, a complex for fractional ones of
    # negative floats.
    Expression("x ** y", 2, "power", ulps=2, refuses=(ValueError, OverflowError), kinds=[_REAL, _REAL]),
    Expression("x ** 2", 1, "power", ulps=1),
    Expression("x ** 3", 1, "power", ulps=1),
    Expression("x ** 0.5", 1, "power", ulps=1, refuses=(ValueError,)),
    Expression("x ** -1", 1, "power", ulps=1),
    *(
        # Large exponents turn the angle of a complex number beyond what its last digit can tell.
        Expression(f"x ** {y}", 1, "power", ulps=2, kinds=[("complex", "complex64", "complex128")])
        for y in ("5", "-3", "1.5", "(0.5-2j)", "0")
    ),
    Expression("2 ** x", 1, "power", ulps=1, refuses=(ValueError, OverflowError)),
    Expression("pow(x, y, z)", 3, "power", kinds=[_INT_PY] * 3, refuses=(ValueError, OverflowError)),
]
COMPARISONS = [Expression(f"x {o} y", 2, "comparison") for o in ("<", "<=", "==", "!=", ">", ">=")]
UNARY = [Expression(f"{o}x", 1, "unary") for o in ("-", "+", "~", "not ")]
BUILTINS = [
    Expression("abs(x)", 1, "builtin", ulps=1),
    Expression("int(x)", 1, "builtin"),
    Expression("float(x)", 1, "builtin"),
    Expression("complex(x)", 1, "builtin"),
    Expression("complex(x, y)", 2, "builtin", kinds=[_REAL, _REAL]),
    Expression("bool(x)", 1, "builtin"),
    Expression("round(x)", 1, "builtin"),
    Expression("round(x, 2)", 1, "builtin"),
    Expression("round(x, -1)", 1, "builtin"),
    Expression("divmod(x, y)", 2, "builtin"),
    Expression("min(x, y)", 2, "builtin"),
    Expression("max(x, y)", 2, "builtin"),
    Expression("x.real", 1, "attribute"),
    Expression("x.imag", 1, "attribute"),
    Expression("x.conjugate()", 1, "attribute"),
    Expression("x.item()", 1, "attribute", kinds=[_NUMPY]),
    Expression("x.is_integer()", 1, "attribute", kinds=[("float", "float32", "float64", "int32", "uint8")]),
    Expression("x.bit_length()", 1, "attribute", kinds=[_INT_PY]),
    Expression("x.bit_count()", 1, "attribute", kinds=[("bool", "int", "int8", "int32", "uint64", "int64")]),
]
CONSTRUCTORS = [Expression(f"np.{name}(x)", 1, "constructor") for name in _NUMPY]
_MATH_ONE = [
    "sqrt",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "erf",
    "erfc",
    "gamma",
    "lgamma",
    "cbrt",
    "floor",
    "ceil",
    "trunc",
    "fabs",
    "modf",
    "frexp",
    "degrees",
    "radians",
    "isnan",
    "isinf",
    "isfinite",
    "ulp",
]
_EXACT = {
    "sqrt",
    "floor",
    "ceil",
    "trunc",
    "fabs",
    "modf",
    "frexp",
    "isnan",
    "isinf",
    "isfinite",
    "ulp",
    "degrees",
    "radians",
}
# CPython's own gamma functions are off by some ulps.
_MATH_TWO = ["fmod", "copysign", "atan2", "pow", "hypot", "remainder", "nextafter", "log"]
MATH = [
    Expression(
        f"math.{n}(x)",
        1,
        "math",
        ulps=0 if n in _EXACT else 128 if n == "lgamma" else 16 if n == "gamma" else 2,
        kinds=[_REAL],
    )
    for n in _MATH_ONE
    if hasattr(math, n)
]
MATH += [
    Expression(
        f"math.{n}(x, y)", 2, "math", ulps=2 if n in ("atan2", "pow", "hypot", "log") else 0, kinds=[_REAL, _REAL]
    )
    for n in _MATH_TWO
]
MATH += [
    Expression("math.ldexp(x, y)", 2, "math", kinds=[("float", "int", "float32"), ("int", "bool", "int64")]),
    Expression("math.isclose(x, y)", 2, "math", kinds=[_REAL_PY, _REAL_PY]),
    Expression("math.gcd(x, y)", 2, "math", kinds=[("bool", "int", "int64"), ("bool", "int", "int64")]),
    Expression("math.lcm(x, y)", 2, "math", kinds=[_INT_PY, _INT_PY]),
    Expression("math.isqrt(x)", 1, "math", kinds=[_INT_PY]),
    Expression("math.factorial(x)", 1, "math", kinds=[_INT_PY]),
    Expression("math.comb(x, y)", 2, "math", kinds=[_INT_PY, _INT_PY]),
    Expression("math.perm(x, y)", 2, "math", kinds=[_INT_PY, _INT_PY]),
    Expression("math.fsum((x, y, z))", 3, "math", kinds=[("float",)] * 3),
    Expression("math.prod((x, y))", 2, "math", kinds=[_REAL_PY, _REAL_PY]),
    Expression("math.dist((x, y), (z, 1.0))", 3, "math", ulps=2, kinds=[("float",)] * 3),
    Expression("math.hypot(x, y, z)", 3, "math", ulps=2, kinds=[("float",)] * 3),
    Expression("sum((x, y))", 2, "builtin"),
]
_CMATH = [
    "sqrt",
    "exp",
    "log",
    "log10",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "phase",
    "polar",
    "isnan",
    "isinf",
    "isfinite",
]
CMATH = [
    Expression(
        f"cmath.{n}(x)", 1, "cmath", ulps=0 if n.startswith("is") else 4, kinds=[("complex", "float", "complex128")]
    )
    for n in _CMATH
]
_NP_EXACT_ONE = [
    "negative",
    "positive",
    "absolute",
    "fabs",
    "sign",
    "sqrt",
    "square",
    "reciprocal",
    "floor",
    "ceil",
    "trunc",
    "rint",
    "isnan",
    "isinf",
    "isfinite",
    "signbit",
    "invert",
    "logical_not",
    "conjugate",
    "spacing",
    "modf",
    "frexp",
    "bitwise_count",
]
_NP_ONE = [
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "cbrt",
    "degrees",
    "radians",
    "deg2rad",
    "rad2deg",
]
_NP_TWO = [
    "add",
    "subtract",
    "multiply",
    "true_divide",
    "floor_divide",
    "remainder",
    "fmod",
    "divmod",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "copysign",
    "nextafter",
    "heaviside",
    "gcd",
    "lcm",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "left_shift",
    "right_shift",
    "logical_and",
    "logical_or",
    "logical_xor",
    "less",
    "less_equal",
    "equal",
    "not_equal",
    "greater",
    "greater_equal",
]
UFUNCS = [Expression(f"np.{n}(x)", 1, "ufunc", kinds=[_REAL]) for n in _NP_EXACT_ONE]
UFUNCS += [Expression(f"np.{n}(x)", 1, "ufunc", ulps=2, kinds=[_REAL]) for n in _NP_ONE]
UFUNCS += [
    Expression(f"np.{n}(x, y)", 2, "ufunc", kinds=[_REAL, _REAL], zeros=n not in ("maximum", "minimum", "fmax", "fmin"))
    for n in _NP_TWO
]
UFUNCS += [
    Expression(f"np.{n}(x, y)", 2, "ufunc", ulps=3, kinds=[_REAL, _REAL])
    for n in ("power", "arctan2", "hypot", "float_power")
]
# The sum of a number and a logarithm may cancel.
UFUNCS += [Expression(f"np.{n}(x, y)", 2, "ufunc", ulps=64, kinds=[_REAL, _REAL]) for n in ("logaddexp", "logaddexp2")]
UFUNCS += [
    Expression("np.ldexp(x, y)", 2, "ufunc", kinds=[("float16", "float32", "float64"), ("int", "int32", "int64")])
]

EXPRESSIONS = OPERATORS + POWERS + COMPARISONS + UNARY + BUILTINS + CONSTRUCTORS + MATH + CMATH + UFUNCS


def outcome(function, args):
    """What CPython does: a value, or the exception. A Python int beyond 64 bits is the OverflowError we promise."""
    if any(type(a) is int and abs(a) > 4096 for a in args) and _astronomic(function, args):
        return OverflowError("more than 64 bits")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = function(*args)
        except MemoryError:
            return OverflowError("more than 64 bits")
        except Exception as error:
            return error
    return OverflowError("more than 64 bits") if _too_large(result) else result


def _astronomic(function, args):
    """Whether the exact answer would take CPython for ever: a huge power, factorial or binomial of Python ints."""
    source = function.__doc__
    if not all(type(a) in (int, bool) for a in args):
        return False
    if source == "x ** y":
        return abs(args[0]) > 1 and args[1] > 4096
    if source == "2 ** x" or source.startswith("math.factorial"):
        return args[0] > 4096
    if source.startswith("math.comb"):
        return 4096 < args[1] < args[0] - 4096
    return source.startswith("math.perm") and 4096 < args[1] <= args[0]


def _too_large(result):
    if type(result) is tuple:
        return any(map(_too_large, result))
    return type(result) is int and not -(2**63) <= result < 2**64


def agree(expected, actual, expression):
    """Whether ``actual`` (a value or an exception) is what the law asks for, given CPython's outcome."""
    refuses = expression.refuses
    if isinstance(actual, Exception):
        if isinstance(actual, refuses) or (
            type(expected) is int and expected >= 2**63 and type(actual) is OverflowError
        ):
            return True
        if isinstance(expected, Exception):
            # A compile error is a TypeError.
            return type(actual) is type(expected) or (isinstance(actual, TypeError) and isinstance(expected, TypeError))
        return False
    if isinstance(expected, Exception):
        return False
    if not expression.zeros and type(expected) is type(actual) and expected == actual:
        return True
    return _same(expected, actual, expression.ulps)


def _same(a, b, ulps):
    if type(a) is not type(b):
        return False
    if type(a) is tuple:
        return len(a) == len(b) and all(_same(x, y, ulps) for x, y in zip(a, b, strict=True))
    if isinstance(a, (complex, np.complexfloating)):
        if _same(a.real, b.real, ulps) and _same(a.imag, b.imag, ulps):
            return True
        # What is off by ulps is a function of polar coordinates: right as a whole, and CPython's and NumPy's own
        # answers are no better.
        with np.errstate(all="ignore"):
            if not (np.isfinite(a) and np.isfinite(b)):
                return bool(ulps)
            return bool(ulps and abs(a - b) <= 1024 * ulps * np.spacing(abs(a)))
    if isinstance(a, (float, np.floating)):
        if a != a or b != b:
            return bool(a != a and b != b)
        if a == b:
            return bool(np.signbit(a) == np.signbit(b))
        if not (np.isfinite(a) and np.isfinite(b)):
            # One ulp off the largest number is infinity.
            return bool(ulps and max(abs(a), abs(b)) == inf and min(abs(a), abs(b)) >= np.finfo(type(a)).max)
        with np.errstate(all="ignore"):
            return bool(abs(a - b) <= ulps * abs(np.spacing(a)))
    return a == b


def combinations(expression):
    """The kinds of the operands, all of them: tuples of `Kind`."""
    choices = [[KINDS[n] for n in (names or KINDS)] for names in expression.kinds]
    result = [()]
    for choice in choices:
        result = [(*r, k) for r in result for k in choice]
    return result


def operands(kinds, limit, seed):
    """Value tuples of these kinds: all, or a sample of ``limit``, the same for the same seed."""
    total = math.prod(len(k.values) for k in kinds)
    rng = random.Random(seed)
    picks = range(total) if total <= limit else rng.sample(range(total), limit)
    for pick in picks:
        values = []
        for k in kinds:
            pick, at = divmod(pick, len(k.values))
            values.append(k.values[at])
        yield tuple(values)
