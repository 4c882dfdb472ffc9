"""What is not supported is one error at the user's line, with what to write instead."""

from __future__ import annotations

import numpy as np
import pytest
from jitpy.backend.errors import CompileError
from jitpy.frontend.translate.translator import Translator
from test_expressions import function

import jitpy

REFUSED = {
    "np.linalg.svd(a)": "np.linalg.svd is not supported",
    "np.fft.fft(a)": "np.fft.fft is not supported",
    "np.nditer(a)": "np.nditer is not supported",
    "np.einsum('i...->i', a)": "np.einsum is supported with letters",
    "np.datetime64('2020-01-01')": "np.datetime64 is not supported",
    "np.quantile(a, 0.5, method='lower')": "np.quantile with the argument 'method' is not supported",
    "np.pad(a, 1, 'linear_ramp')": "np.pad with the mode 'linear_ramp' is not supported",
    "np.nansum(a, axis=7)": "axis 7 is out of bounds",
    "np.split(a, j)": "the number of parts must be a constant here",
    "np.linalg.norm(a, 2)": "the matrix norm of order 2 is not supported",
    "np.nan_to_num(a, copy=False)": "np.nan_to_num with copy=False is not supported",
    "np.nan_to_num(a * 1j)": "np.nan_to_num of complex numbers is not supported",
    "np.take_along_axis(a[None], np.zeros((1, 1, 1), np.int64), 2)": "np.take_along_axis is supported for one and two dimensions",
    "np.linalg.matrix_power(a, -2)": "negative powers are not supported",
    "np.zeros(3, 'U5')": "arrays of dtype <U5 are not supported",
}


@pytest.mark.parametrize("line", REFUSED)
def test_refused(line: str) -> None:
    with pytest.raises(CompileError) as caught:
        jitpy.jit(function(line, 9000))(np.ones((2, 3)), 1, 2)
    message = str(caught.value).splitlines()
    assert message[0].startswith(REFUSED[line])
    assert "'<expression 9000>', line 2, in f" in message[1] and "^" in message[3]


def test_a_refusal_in_library_code_brings_its_advice() -> None:
    with pytest.raises(CompileError) as caught:
        jitpy.jit(function("np.linalg.matrix_power(a, -2)", 9001))(np.eye(2), 1, 2)
    assert str(caught.value).splitlines()[-1].strip() == "Write np.linalg.matrix_power(np.linalg.inv(a), -n)."


def test_a_refusal_in_a_kernel_of_its_own_brings_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    call = Translator.call_python
    monkeypatch.setattr(Translator, "call_python", lambda tr, f, args, kwargs=None, inline=None: call(tr, f, args, kwargs, False))
    with pytest.raises(CompileError) as caught:
        jitpy.jit(function("np.nan_to_num(a * 1j)", 9003))(np.ones((2, 3)), 1, 2)
    assert str(caught.value).splitlines()[0] == "np.nan_to_num of complex numbers is not supported"
    assert str(caught.value).splitlines()[-1].strip() == "Use their real and imaginary parts."


def test_a_refusal_that_hangs_on_a_number_is_raised_only_there() -> None:
    power = jitpy.jit(function("np.linalg.matrix_power(a, i)", 9002))
    assert power(2 * np.eye(2), 3, 2).tolist() == [[8.0, 0.0], [0.0, 8.0]]
    with pytest.raises(NotImplementedError, match="negative powers are not supported"):
        power(np.eye(2), -1, 2)
