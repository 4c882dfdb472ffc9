"""Every test draws the same numbers whatever ran before it."""

from __future__ import annotations

import zlib

import differential
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def numbers(request: pytest.FixtureRequest) -> None:
    """A generator of the test's own, seeded by its name."""
    seed = zlib.crc32(request.node.name.encode())
    differential.rng.bit_generator.state = np.random.default_rng(seed).bit_generator.state
