"""Functions that CLIF text may call by well-known names: floating-point operations that some targets do out of line, and the
thrower of `backend.object.exceptions`.
"""

from __future__ import annotations

from collections.abc import Callable

from jitpy.backend.interp.float import FLOAT
from jitpy.backend.interp.interpreter import Throw
from jitpy.backend.ir import ieee, types
from jitpy.backend.ir import opcodes as O

_OPERATIONS = {"Ceil": "ceil", "Floor": "floor", "Trunc": "trunc", "Nearest": "nearest", "Fma": "fma"}
_TYPES = {"F32": types.F32, "F64": types.F64}

#: Name -> the opcode and type of the one instruction it stands for.
OPCODES: dict[str, tuple[int, types.Type]] = {
    f"{name}{suffix}": (O.BY_NAME[opcode], type) for name, opcode in _OPERATIONS.items() for suffix, type in _TYPES.items()
}


def _libcall(opcode: int, type: types.Type) -> Callable[..., int]:
    function, format = FLOAT[O.NAME[opcode]], ieee.FORMATS[type]
    return lambda *xs: function(*xs, format)


def _throw(entry: int, frame: int, tag: int, exn0: int, exn1: int) -> int:
    raise Throw(tag, (exn0, exn1))


#: Name -> callable on bits.
LIBCALLS: dict[str, Callable[..., int]] = {name: _libcall(*what) for name, what in OPCODES.items()}
LIBCALLS["jitpy_throw"] = _throw
