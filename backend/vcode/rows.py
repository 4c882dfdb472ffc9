"""The machine instructions that every target has: the arrival of arguments and of exceptions, and the return."""

from __future__ import annotations

from typing import Any

from jitpy.backend.target.row import ARRIVES, RETURN, TERMINATOR, MInst, Row


def _nothing(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    pass


def _return(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.target.emit_return(sink)


def _note(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
    sink.call(inst.imm)


#: No code: its place is noted with its debug tags, as if it were a call.
SEQUENCE_POINT = Row("sequence_point", encode=_note)
#: First instruction of a function: defines the arguments that come in registers, each fixed to its
#: own.
ARGS = Row("args", flags=ARRIVES, encode=_nothing)
#: Uses the returned values, each fixed to its register.
RET = Row("ret", flags=TERMINATOR | RETURN, encode=_return)
#: First instruction behind a try_call: defines what it returned or what was thrown, each in its register. Early, so that no
#: move in front of it takes one of them.
LANDING = Row("landing", early_defs=-1, flags=ARRIVES, encode=_nothing)
