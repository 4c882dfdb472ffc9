"""Exceptions that come from outside into a kernel, Ctrl-C above all, have the kernel's frames in their tracebacks."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from typing import Any

import pytest

from jitpy import jit


@jit
def endless(n):
    s = 0
    while s >= 0:
        s = (s + n) % 1000
    return s


@jit
def recursive(n):
    if n > 0:
        r = recursive(n - 1)
        return r + 1
    s = 0
    while s >= 0:
        s = (s + 7) % 1000
    return s


for function in (endless, recursive):
    function.compile("(int64,)")


def interrupted(call: Any, error: type[BaseException] = KeyboardInterrupt) -> list[tuple[str, int]]:
    """The frames from the call inwards: name and line, counted from the function's first."""
    threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(error) as info:
        call()
    frames = traceback.extract_tb(info.value.__traceback__)
    return [(f.name, f.lineno or 0) for f in frames if f.filename == __file__][2:]  # without ours


def lines(function: Any) -> range:
    first = function.py_func.__code__.co_firstlineno
    return range(first, first + 12)


def test_a_loop() -> None:
    for _ in range(2):
        ((name, line),) = interrupted(lambda: endless(3))
        assert name == "endless" and line in lines(endless)


def test_nested_kernels() -> None:
    frames = interrupted(lambda: recursive(3))
    assert [name for name, _ in frames] == ["recursive"] * 4 and len({line for _, line in frames[:3]}) == 1
    assert all(line in lines(recursive) for _, line in frames) and frames[3][1] > frames[2][1]


def test_the_frames_of_a_signal_handler_come_last() -> None:
    class Stop(Exception):
        pass

    def handler(number: int, frame: object) -> None:
        raise Stop("from the handler")

    before = signal.signal(signal.SIGINT, handler)
    try:
        frames = interrupted(lambda: endless(5), Stop)
    finally:
        signal.signal(signal.SIGINT, before)
    assert [name for name, _ in frames] == ["endless", "handler"]
