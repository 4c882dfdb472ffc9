import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))


@pytest.fixture
def hand(monkeypatch):
    """Jitted functions with kernels written by hand (see `kernels`)."""
    from kernels import Handwritten

    from jitpy import dispatcher

    maker = Handwritten()
    monkeypatch.setattr(dispatcher, "compile_overload", maker.compile_overload)
    return maker
