"""Which interpreters jitpy runs in: looked at once, before anything that relies on their memory layout is imported.

Compiled code reads the fields of objects and counts on the GIL, and NumPy and the code arena belong to one interpreter per
process. Builds without the GIL lay objects out differently; subinterpreters would share what must not be shared.
"""

from __future__ import annotations

import ctypes
import sys


def refusal(abiflags: str, main: bool) -> str:
    """Why jitpy cannot run in an interpreter, or nothing."""
    if "t" in abiflags:
        return "jitpy does not support free-threaded builds of Python yet; use the ordinary build of this version"
    if not main:
        return "jitpy does not run in subinterpreters; call it from the main interpreter, in threads or processes"
    return ""


def is_main() -> bool:
    """Whether this is the process's main interpreter."""
    api = ctypes.pythonapi
    for name in ("PyInterpreterState_Get", "PyInterpreterState_Main"):
        getattr(api, name).restype = ctypes.c_void_p
    return bool(api.PyInterpreterState_Get() == api.PyInterpreterState_Main())


def check() -> None:
    """RuntimeError where jitpy cannot run."""
    reason = refusal(getattr(sys, "abiflags", ""), is_main())
    if reason:
        raise RuntimeError(reason)


check()
