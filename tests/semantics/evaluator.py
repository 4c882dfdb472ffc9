"""A direct evaluator of typed IR, for testing what scalar operators mean before anything is lowered.

`build` translates one operation on operand types into a function of one kernel; `run` evaluates it on numbers.
Integers are kept as unsigned residues, floats as Python floats of the value's width. Only the opcodes that library
code for scalars emits are known.
"""

from __future__ import annotations

import math
import struct
from types import SimpleNamespace

import numpy as np
from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.ir.types import BITS, F16, F32, F64, I64, MASK, to_signed
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.library import scalars  # noqa: F401
from jitpy.frontend.translate.function_options import FunctionOptions
from jitpy.frontend.translate.translator import Translator
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Const, EitherVal, TupleVal, UnionVal, Val


class Refused(TypeError):
    """The operation is a compile error."""


class Harness(Translator):
    """A translator that walks no function: sites are recorded, errors raised plainly."""

    __slots__ = ("sites",)

    def __init__(self, options=None):
        self.func = Function("test", signature([], []))
        self.bb = -1
        self.srcloc = 0
        self.iconsts = {}
        self.bounds = {}
        self.headers, self.counted, self.journal, self.open = {}, {}, [], []
        self.frame = SimpleNamespace(options=FunctionOptions(options or {}), globals={})
        self.sites = []
        self.module = None
        self.handler = None
        self.compilation = SimpleNamespace(options={})

    def site(self, exc_class, parts=(), style="text"):
        self.sites.append((exc_class, parts))
        return len(self.sites) - 1

    def error(self, message, hint=""):
        raise Refused(message)

    def remark(self, text, kind="remark"):
        pass

    def call_python(self, function, args, kwargs=None, inline=None):
        """The call itself runs in CPython, at evaluation; its result's type is the function's annotation."""
        result = {"int": ty.py_int, "float": ty.py_float, "bool": ty.py_bool, "complex": ty.py_complex}[
            function.__annotations__["return"]
        ]
        vals = [a if isinstance(a, TupleVal) else self.val(a) for a in args]
        raw = [p for v in vals for p in v.parts()]
        imm = (function, tuple(vals), result)
        return Val(result, self.op_n(fo.CALL_KERNEL, result.flat, *raw, imm=imm))

    def counted_loop(self, *args):
        pass


def build(action, types, options=None):
    """Translate ``action(tr, values)`` for operands of ``types``; a Const instead of a type is passed as it is."""
    tr = Harness(options)
    block = tr.block()
    tr.use(block)
    values = []
    for t in types:
        if isinstance(t, Const):
            values.append(t)
        else:
            values.append(Val(t, tuple(tr.param(block, f) for f in t.flat)))
    result = action(tr, values)
    if not tr.ended():
        parts = result.parts()
        if isinstance(result, UnionVal):
            parts = (result.tag, *(p for v in result.options for p in v.parts()))
        tr.func.append(tr.bb, (fo.RETURN_VALUE, 0, 0, *parts))
    return tr, result


def flatten(value, t):
    """A Python or NumPy number as the raw values of its type's parts."""
    if t.kind == "c":
        return [_float(value.real, t.flat[0]), _float(value.imag, t.flat[0])]
    if t.kind == "f":
        return [_float(value, t.flat[0])]
    return [int(value) & MASK[t.flat[0]]]


def _float(x, flat):
    with np.errstate(all="ignore"):
        return float(np.float32(x)) if flat == F32 else float(np.float16(x)) if flat == F16 else float(x)


def unflatten(value, raw):
    """The Python or NumPy object that an abstract result stands for."""
    if isinstance(value, Const):
        return value.obj
    if isinstance(value, EitherVal):
        return unflatten(value.typed, raw[:-1]) if raw[-1] else value.alt.obj
    if isinstance(value, UnionVal):
        at = 1
        for option in value.options[: raw[0]]:
            at += len(option.parts())
        option = value.options[raw[0]]
        return unflatten(option, raw[at : at + len(option.parts())])
    if isinstance(value, TupleVal):
        out, at = [], 0
        for item in value.items:
            n = len(item.parts())
            out.append(unflatten(item, raw[at : at + n]))
            at += n
        return tuple(out)
    t = value.type
    if t is ty.none:
        return None
    if t.kind == "c":
        z = complex(*raw)
        return z if t.weak else np.dtype(t.name).type(z)
    if t.kind == "f":
        return raw[0] if t.weak else np.dtype(t.name).type(raw[0])
    n = raw[0] if t.kind in "bu" else to_signed(raw[0], t.flat[0])
    if t.kind == "b":
        assert n in (0, 1), n
        return bool(n) if t.weak else np.bool_(n)
    return n if t.weak else np.dtype(t.name).type(n)


def run(tr, result, operands):
    """Evaluate on (value, type) pairs; raises what the kernel would raise."""
    raw = [r for v, t in operands for r in flatten(v, t)]
    with np.errstate(all="ignore"):
        return unflatten(result, _evaluate(tr, raw))


def _cc(cc, x, y, t):
    if cc[0] == "s" or cc in ("eq", "ne"):
        x, y = to_signed(x, t), to_signed(y, t)
    cc = cc if cc in ("eq", "ne") else cc[1:]
    return {"eq": x == y, "ne": x != y, "lt": x < y, "le": x <= y, "gt": x > y, "ge": x >= y}[cc]


def _fcc(cc, x, y):
    un = x != x or y != y
    if cc in ("ord", "uno"):
        return un == (cc == "uno")
    base = cc[1:] if cc[0] == "u" or cc == "one" else cc
    ordered = {
        "eq": x == y, "ne": x != y, "lt": x < y, "le": x <= y, "gt": x > y, "ge": x >= y,
    }[base]  # fmt: skip
    if cc == "one":
        return not un and x != y
    return bool(ordered or (un and (cc[0] == "u" or cc == "ne")))


_S = {F16: np.float16, F32: np.float32, F64: np.float64}


def _saturate(x, bits, signed):
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if x != x:
        return 0
    if math.isinf(x):
        return high if x > 0 else low
    return min(max(int(x), low), high)


def _bits_of(x, flat):
    code = {F16: ("<e", "<H"), F32: ("<f", "<I"), F64: ("<d", "<Q")}[flat]
    return struct.unpack(code[1], struct.pack(code[0], x))[0]


def _of_bits(n, flat):
    code = {F16: ("<e", "<H"), F32: ("<f", "<I"), F64: ("<d", "<Q")}[flat]
    return struct.unpack(code[0], struct.pack(code[1], n))[0]


def _cbrt(x):
    return float(np.cbrt(x))


_LIBRARY = {
    "fmod": np.fmod, "pow": np.float_power, "hypot": np.hypot, "atan2": np.arctan2, "exp": np.exp, "exp2": np.exp2,
    "expm1": np.expm1, "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "sin": np.sin,
    "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh,
    "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "cbrt": np.cbrt,
}  # fmt: skip


def _extern(name, args):
    name = name.removeprefix("jitpy_math_")
    f = _LIBRARY.get(name)
    if f is not None:
        return float(f(*[np.float64(a) for a in args]))
    if name in ("erf", "erfc"):
        return getattr(math, name)(*args)
    if name == "remainder":
        x, y = args
        if math.isinf(x) or y == 0:
            return math.nan
        return math.remainder(x, y)
    try:
        return getattr(math, name)(*args)
    except OverflowError:
        return math.inf
    except ValueError:
        x = args[0]
        return math.inf if name == "lgamma" or x == 0 else math.nan


def _evaluate(tr, raw):
    f = tr.func
    types = f.value_types
    env = {}
    block = f.layout[0]
    incoming = raw
    fuel = 200_000
    while True:
        for p, v in zip(f.block_params[block], incoming, strict=True):
            env[p] = v
        for inst in f.block_insts[block]:
            fuel -= 1
            assert fuel, "does not end"
            node = f.insts[inst]
            code, t, imm = node[0], node[1], node[2]
            a = [env[x] for x in node[3:]]
            if code == fo.RETURN_VALUE:
                return a
            if code == fo.CHECK:
                if a[0]:
                    raise tr.sites[imm][0]("checked")
                continue
            if code == fo.RAISE:
                raise tr.sites[imm][0]("raised")
            if code == o.JUMP:
                block, incoming = imm[0][0], a
                break
            if code == o.BRIF:
                (then, n), (other, _) = imm
                block, incoming = (then, a[1 : 1 + n]) if a[0] else (other, a[1 + n :])
                break
            results = f.results[inst]
            out = _compute(tr, code, t, imm, a, [types[x] for x in node[3:]], types[results[0]] if results else 0)
            if isinstance(out, tuple):
                for r, v in zip(results, out, strict=True):
                    env[r] = v
            else:
                env[results[0]] = out
        else:
            raise AssertionError("block without terminator")


_INT2 = {
    o.IADD: lambda x, y: x + y, o.ISUB: lambda x, y: x - y, o.IMUL: lambda x, y: x * y, o.BAND: lambda x, y: x & y,
    o.BOR: lambda x, y: x | y, o.BXOR: lambda x, y: x ^ y,
    o.UMIN: min, o.UMAX: max,
}  # fmt: skip
_FLOAT2 = {
    o.FADD: np.add, o.FSUB: np.subtract, o.FMUL: np.multiply, o.FDIV: np.true_divide, o.FCOPYSIGN: np.copysign,
}  # fmt: skip
_FLOAT1 = {
    o.FNEG: np.negative, o.FABS: np.fabs, o.SQRT: np.sqrt, o.FLOOR: np.floor, o.CEIL: np.ceil, o.TRUNC: np.trunc,
    o.NEAREST: np.rint,
}  # fmt: skip
_OVERFLOW = {
    o.SADD_OVERFLOW: (o.IADD, 1), o.SSUB_OVERFLOW: (o.ISUB, 1), o.SMUL_OVERFLOW: (o.IMUL, 1),
    o.UADD_OVERFLOW: (o.IADD, 0), o.USUB_OVERFLOW: (o.ISUB, 0), o.UMUL_OVERFLOW: (o.IMUL, 0),
    fo.IADD_CHECK: (o.IADD, 1), fo.ISUB_CHECK: (o.ISUB, 1), fo.IMUL_CHECK: (o.IMUL, 1),
    fo.UADD_CHECK: (o.IADD, 0), fo.USUB_CHECK: (o.ISUB, 0), fo.UMUL_CHECK: (o.IMUL, 0),
}  # fmt: skip


def _compute(tr, code, t, imm, a, arg_types, result):
    if code == o.ICONST:
        return imm
    if code in (o.F64CONST, o.F32CONST, o.F16CONST):
        return _of_bits(imm, {o.F64CONST: F64, o.F32CONST: F32, o.F16CONST: F16}[code])
    if code in _INT2:
        return int(_INT2[code](*a)) & MASK[result]
    if code in _OVERFLOW:
        base, is_signed = _OVERFLOW[code]
        x, y = (to_signed(v, t) for v in a) if is_signed else a
        exact = _INT2[base](x, y)
        low, high = (-(1 << (BITS[t] - 1)), (1 << (BITS[t] - 1)) - 1) if is_signed else (0, MASK[t])
        over = not low <= exact <= high
        if code >= 256:
            if over:
                raise OverflowError
            return exact & MASK[t]
        return exact & MASK[t], int(over)
    if code in _FLOAT2:
        s = _S[t]
        return float(_FLOAT2[code](s(a[0]), s(a[1])))
    if code in _FLOAT1:
        return float(_FLOAT1[code](_S[t](a[0])))
    if code == o.FMA:
        return _fma(*a)
    if code == o.ICMP:
        return int(_cc(imm, a[0], a[1], t))
    if code == o.FCMP:
        return int(_fcc(imm, a[0], a[1]))
    if code == o.SELECT:
        return a[1] if a[0] else a[2]
    if code == o.UEXTEND:
        assert BITS[result] > BITS[arg_types[0]]
        return a[0]
    if code == o.SEXTEND:
        assert BITS[result] > BITS[arg_types[0]]
        return to_signed(a[0], arg_types[0]) & MASK[result]
    if code == o.IREDUCE:
        assert BITS[result] < BITS[arg_types[0]]
        return a[0] & MASK[result]
    if code in (o.FPROMOTE, o.FDEMOTE):
        assert (BITS[result] > BITS[arg_types[0]]) == (code == o.FPROMOTE)
        return float(_S[result](a[0]))
    if code == o.FCVT_FROM_SINT:
        return float(_round_int(to_signed(a[0], arg_types[0]), result))
    if code == o.FCVT_FROM_UINT:
        return float(_round_int(a[0], result))
    if code in (o.FCVT_TO_SINT_SAT, o.FCVT_TO_UINT_SAT):
        return _saturate(a[0], BITS[result], code == o.FCVT_TO_SINT_SAT) & MASK[result]
    if code in (o.FCVT_TO_SINT_PROVEN, o.FCVT_TO_UINT_PROVEN):
        n = int(a[0])
        signed = code == o.FCVT_TO_SINT_PROVEN
        assert (-(1 << (BITS[result] - 1)) if signed else 0) <= n <= (MASK[result] >> signed)
        return n & MASK[result]
    if code == o.BITCAST:
        assert BITS[result] == BITS[arg_types[0]]
        if arg_types[0] in _S:
            return _bits_of(a[0], arg_types[0])
        return _of_bits(a[0], result)
    if code in (fo.FLOOR_DIV, fo.FLOOR_REM):
        x, y = (to_signed(v, I64) for v in a)
        return (x // y if code == fo.FLOOR_DIV else x % y) & MASK[I64]
    if code in (o.SDIV_PROVEN, o.SREM_PROVEN):
        x, y = to_signed(a[0], t), to_signed(a[1], t)
        q = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
        if code == o.SDIV_PROVEN:
            assert q <= MASK[t] >> 1, "overflow in division"
            return q & MASK[t]
        return (x - q * y) & MASK[t]
    if code in (fo.FLOOR_DIV, fo.FLOOR_REM):
        x, y = to_signed(a[0], t), to_signed(a[1], t)
        if code == fo.FLOOR_REM:
            return (x % y) & MASK[t]
        assert x // y <= MASK[t] >> 1, "overflow in division"
        return (x // y) & MASK[t]
    if code == o.UDIV_PROVEN:
        return a[0] // a[1]
    if code == o.UREM_PROVEN:
        return a[0] % a[1]
    if code in (o.SMIN, o.SMAX):
        x, y = to_signed(a[0], t), to_signed(a[1], t)
        return (min(x, y) if code == o.SMIN else max(x, y)) & MASK[t]
    if code == o.INEG:
        return -a[0] & MASK[t]
    if code == o.BNOT:
        return ~a[0] & MASK[t]
    if code == o.IABS:
        return abs(to_signed(a[0], t)) & MASK[t]
    if code in (o.ISHL, o.USHR, o.SSHR):
        n = a[1] % BITS[t]
        if code == o.ISHL:
            return a[0] << n & MASK[t]
        return a[0] >> n if code == o.USHR else to_signed(a[0], t) >> n & MASK[t]
    if code == o.POPCNT:
        return a[0].bit_count()
    if code == o.CLZ:
        return BITS[t] - a[0].bit_length()
    if code == o.CTZ:
        return (a[0] & -a[0]).bit_length() - 1 if a[0] else BITS[t]
    if code == o.UMULHI:
        return a[0] * a[1] >> BITS[t]
    if code == fo.CALL_EXTERN:
        return (float(_extern(imm[0], a)),)
    if code == fo.CALL_KERNEL:
        function, types, result_type = imm
        args, at = [], 0
        for value in types:
            n = len(value.parts())
            args.append(unflatten(value, a[at : at + n]))
            at += n
        answer = function(*[Checked(x) if type(x) is int else x for x in args])
        answer = int(answer) if isinstance(answer, Checked) else answer
        if result_type is ty.py_int and not -(2**63) <= answer < 2**63:
            raise OverflowError
        assert type(answer).__name__ == result_type.name, (function, answer)
        return tuple(flatten(answer, result_type))
    raise AssertionError(f"opcode {o.NAME[code] if code < 256 else fo.NAME[code]}")


def _round_int(n, flat):
    """An int rounded once to a float width."""
    if flat == F64:
        return float(n)
    shift = max(n.bit_length() - 40, 0)
    # Rounding to odd first keeps the second rounding right.
    top = n >> shift
    return np.float32(float((top | int(n != top << shift)) << shift))


def _fma(x, y, z):
    from fractions import Fraction

    if not all(map(math.isfinite, (x, y, z))):
        return float(np.float64(x) * np.float64(y) + np.float64(z))
    exact = Fraction(x) * Fraction(y) + Fraction(z)
    if exact == 0:
        return float(np.float64(x) * np.float64(y) + np.float64(z))
    try:
        return exact.numerator / exact.denominator
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


class Checked(int):
    """A Python int as compiled code has it: OverflowError beyond 64 bits, so that no loop runs on in big numbers."""


def _checked(name):
    plain = getattr(int, name)

    def operation(self, other):
        result = plain(self, other)
        if type(result) is int:
            if not -(2**63) <= result < 2**64:
                raise OverflowError("more than 64 bits")
            return Checked(result)
        return result

    return operation


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "floordiv", "rfloordiv", "mod", "rmod"):
    setattr(Checked, f"__{_name}__", _checked(f"__{_name}__"))


# -- expressions
# ---------------------------------------------------------------------------------------------------------------


def expression_action(expression):
    """An action for `build` that translates a `space.Expression` through the library's tables."""
    import ast
    import builtins
    import cmath

    tree = ast.parse(expression.source, mode="eval").body
    scope = {"np": np, "math": math, "cmath": cmath}

    def action(tr, values):
        names = dict(zip(expression.names, values))

        def constant(node):
            if isinstance(node, ast.Name):
                return scope[node.id] if node.id in scope else getattr(builtins, node.id)
            return getattr(constant(node.value), node.attr)

        def walk(node):
            if isinstance(node, ast.Constant):
                return Const(node.value)
            if isinstance(node, ast.Tuple):
                return TupleVal(tuple(walk(e) for e in node.elts))
            if isinstance(node, ast.Name):
                return names[node.id] if node.id in names else Const(constant(node))
            if isinstance(node, ast.BinOp):
                left = walk(node.left)
                return tr.binary(_SYMBOL[type(node.op)], left, walk(node.right))
            if isinstance(node, ast.UnaryOp):
                if isinstance(node.op, ast.Not):
                    return tr.not_(walk(node.operand))
                return tr.unary(_SYMBOL[type(node.op)], walk(node.operand))
            if isinstance(node, ast.Compare):
                left = walk(node.left)
                return tr.compare(_SYMBOL[type(node.ops[0])], left, walk(node.comparators[0]))
            if isinstance(node, ast.Attribute):
                if isinstance(node.value, ast.Name) and node.value.id in names:
                    self_value = walk(node.value)
                    handler = registry.find(registry.attributes, self_value.kind(), (self_value.kind(), node.attr))
                    if handler is None:
                        raise Refused(node.attr)
                    return handler(tr, self_value)
                return Const(constant(node))
            assert isinstance(node, ast.Call)
            args = [walk(a) for a in node.args]
            callee = node.func
            if isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.Name) and callee.value.id in names:
                self_value = walk(callee.value)
                handler = registry.find(registry.methods, self_value.kind(), (self_value.kind(), callee.attr))
                if handler is None:
                    raise Refused(callee.attr)
                return handler(tr, [self_value, *args], {})
            if isinstance(constant(callee), np.ufunc):
                return ufuncs_scalar.element(tr, constant(callee), args)
            handler = registry.find_call(constant(callee))
            if handler is None:
                raise Refused(f"no handler for {ast.unparse(callee)}")
            return handler(tr, args, {})

        return walk(tree)

    import ast as _ast

    from jitpy.frontend.library import registry, ufuncs_scalar

    _SYMBOL = {
        _ast.Add: "+", _ast.Sub: "-", _ast.Mult: "*", _ast.Div: "/", _ast.FloorDiv: "//", _ast.Mod: "%", _ast.Pow: "**",
        _ast.LShift: "<<", _ast.RShift: ">>", _ast.BitAnd: "&", _ast.BitOr: "|", _ast.BitXor: "^", _ast.USub: "-",
        _ast.UAdd: "+", _ast.Invert: "~", _ast.Lt: "<", _ast.LtE: "<=", _ast.Eq: "==", _ast.NotEq: "!=", _ast.Gt: ">",
        _ast.GtE: ">=",
    }  # fmt: skip
    return action


def type_of_kind(kind):
    """The frontend's type of a `space.Kind`."""
    return {"bool": ty.py_bool, "int": ty.py_int, "float": ty.py_float, "complex": ty.py_complex}.get(
        kind.name
    ) or ty.BY_DTYPE_NAME[kind.name.rstrip("_")]


def evaluate_expression(action, kinds, values, constants=()):
    """The outcome of an expression on values: translated, then evaluated; operands whose index is in ``constants`` are
    known.
    """
    types = [type_of_kind(k) for k in kinds]
    given = [Const(v) if i in constants else t for i, (v, t) in enumerate(zip(values, types))]
    try:
        tr, result = build(action, given)
        return run(tr, result, [(v, t) for i, (v, t) in enumerate(zip(values, types)) if i not in constants])
    except (ArithmeticError, ValueError, TypeError) as error:
        return error
