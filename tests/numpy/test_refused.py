"""What is not supported is one error at the user's line, with what to write instead."""

from __future__ import annotations

import numpy as np
import pytest
from jitpy.backend.errors import CompileError
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
    "np.zeros(3, 'U5')": "arrays of dtype <U5 are not supported",
}


@pytest.mark.parametrize("line", REFUSED)
def test_refused(line: str) -> None:
    with pytest.raises(CompileError) as caught:
        jitpy.jit(function(line, 9000))(np.ones((2, 3)), 1, 2)
    message = str(caught.value).splitlines()
    assert message[0].startswith(REFUSED[line])
    assert "'<expression 9000>', line 2, in f" in message[1] and "^" in message[3]
