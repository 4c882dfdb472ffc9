"""Options, signatures, types and decorators, without compiling."""

import numpy as np
import pytest
from jitpy.backend.errors import CompileError
from jitpy.frontend.types import types as ty

import jitpy
from jitpy import options, signatures, types


def test_unknown_options_name_the_nearest():
    with pytest.raises(options.OptionError, match="did you mean 'fastmath'"):
        jitpy.jit(fastmat=True)
    with pytest.raises(options.OptionError, match="error_model is 'python' or 'numpy'"):
        jitpy.jit(error_model="c")
    assert options.check({"fastmath": {"nnan", "contract"}})["fastmath"] == {"nnan", "contract"}
    for name in ("nopython", "nogil", "cache", "parallel", "boundscheck", "looplift", "forceobj", "inline", "debug"):
        assert name in options.OPTIONS


@pytest.mark.parametrize(
    "text, names",
    [("float64(float64, int64)", "float64(float64, int64)"), ("f8(f8[:,::1], i8)", "float64(float64[:, ::1], int64)"),
     ("void(f4[:], u1[::1, :])", "none(float32[:], uint8[::1, :])"), ("(f8, i8)", "(float64, int64)"), ("f8", "(float64)"),
     ("Tuple((i8, f8))(UniTuple(f4, 2))", "Tuple(int64, float64)(Tuple(float32, float32))")],
)  # fmt: skip
def test_signature_strings(text, names):
    assert repr(signatures.parse(text)) == names


def test_signature_objects():
    a = signatures.parse(types.float64(types.float64[:, ::1], types.int64))
    assert a == signatures.parse("float64(float64[:, ::1], int64)") and a.args[0].admits[0].layout == "C"
    assert signatures.parse((float, np.int32, np.dtype("f4"))).args[1].admits == (ty.int32,)
    assert jitpy.float32 is types.float32 and jitpy.int64[:].name == "int64[:]"


@pytest.mark.parametrize(
    "text, message",
    [
        ("flaot64(int64)", "did you mean float"),
        ("float64(", "signature"),
        ("float64[1:]", "axes"),
        ("f8[::1, ::1]", "last"),
    ],
)
def test_bad_signatures(text, message):
    with pytest.raises(CompileError, match=message):
        signatures.parse(text)


def test_specs_stand_for_numpy_types():
    assert types.float32(1) == np.float32(1) and isinstance(types.float32(1), np.float32)
    assert np.dtype(types.int16) == np.int16 and np.zeros(2, types.complex64).dtype == np.complex64


def matched(text, *args):
    got = signatures.match(signatures.parse(text), args, tuple(jitpy.typeof(a) for a in args))
    return got and (tuple(t.name for t in got[0]), got[1])


def test_64_bit_types_admit_both_kinds_and_narrow_ones_convert():
    assert matched("(f8, i8)", 1.5, 2) == (("float", "int"), (1.5, 2))
    assert matched("(f8,)", np.float64(1)) == (("float64",), (1.0,))
    names, values = matched("(f4,)", 1.5)
    assert names == ("float32",) and type(values[0]) is np.float32
    names, values = matched("(f8,)", 2)
    assert names == ("float",) and type(values[0]) is float
    assert matched("(i8,)", 1.5) is None and matched("(i8,)", "x") is None and matched("(i8,)", 1, 2) is None


def test_array_patterns():
    c, f = np.zeros((3, 3)), np.zeros((3, 3), order="F")
    assert matched("(f8[:, :],)", c)[0] == ("float64[:, :]",)
    assert matched("(f8[:, ::1],)", f) is None and matched("(f8[::1, :],)", f) is not None
    assert matched("(f4[:],)", c[0]) is None
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    assert matched("(f8[:],)", frozen) is None


def test_disabled(monkeypatch):
    monkeypatch.setenv("JITPY_DISABLE_JIT", "1")

    def f(x):
        return x

    assert jitpy.jit(f) is f and jitpy.njit(cache=True)(f) is f and jitpy.jit("f8(f8)")(f) is f


def test_what_cannot_be_decorated():
    for thing in (len, int, 3, classmethod(lambda c: 1)):
        with pytest.raises(TypeError, match=r"jit|signature|type"):
            jitpy.jit(thing)
    assert list(jitpy.prange(3)) == [0, 1, 2]
    with pytest.raises(AttributeError, match="nothing_like_this"):
        jitpy.nothing_like_this  # noqa: B018
