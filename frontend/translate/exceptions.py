"""try: checks inside it branch to the handler instead of leaving the function.

While an instruction is translated that a handler covers, ``tr.handler`` is (frame, handler), also in the frames inlined below
it. Then `Emitter.check` and its like come here: where one would raise, the site and the raw arguments are stored in the context
as ever, and an edge leads to the handler with the frame's names, the stack cut to the handler's depth and the exception
(`Caught`). Edges wait in ``tr.raised`` until the instruction is done (it may be taken back and done again); then they join the
frame's other edges.

A caught exception is the address of its site, whose class decides what catches it: known now where all raising places are, else
looked up at run time (``site_match``). Its arguments stay in the context; a handler saves them first, as what it calls may raise.
Kernels called inside ``try`` hand back their status (``call_kernel`` with a fourth immediate).

What is never caught: an exception that Python has set (Ctrl-C, a broken stdout), and what jitpy raises where CPython goes on
(`OWN`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import I8, I32, I64
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import Compound, Const, Val, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.frontend.translate.frame import Frame
    from jitpy.frontend.translate.translator import Translator

#: Offsets in the kernel's context (docs/contracts.md 2).
_SITE, _TRACE_COUNT, _ARGUMENTS = 16, 24, 320
_ARGUMENT_BYTES = 64

#: How the messages of refusals begin: jitpy raises them where CPython goes on, so they are nobody's to catch.
OWN = (
    "Python int too large to convert to C long", "Python int outside", "the item type of ", "the list already holds",
    "the list became shorter", "the dict already has", "a result with a type that depends", "an int to a negative power",
)  # fmt: skip


def is_own(parts: tuple[Any, ...]) -> bool:
    """Whether a message is a refusal's."""
    return bool(parts) and parts[0].__class__ is str and parts[0].startswith(OWN)


class Caught(Compound):
    """An exception on its way to a handler or in it. ``classes``: what it may be, None for anything that can be caught.

    Its parts are the site's address and, once a handler has saved it, the address of its arguments.
    """

    __slots__ = ("classes", "fields")

    def __init__(self, classes: frozenset[type[BaseException]] | None, fields: tuple[Value, ...]) -> None:
        self.classes = classes
        self.fields = fields

    def children(self) -> tuple[Value, ...]:
        return self.fields

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return Caught(self.classes, children)

    def static(self) -> Any:
        return self.classes, len(self.fields)

    def meet(self, other: Compound) -> Compound | None:
        """This exception or the other."""
        if len(self.fields) != len(other.fields):  # type: ignore[attr-defined]
            return None
        theirs: frozenset[type[BaseException]] | None = other.classes  # type: ignore[attr-defined]
        both = None if self.classes is None or theirs is None else self.classes | theirs
        return Caught(both, self.fields)

    def describe(self) -> str:
        return "caught exception"


class Handled(Compound):
    """Below the stack of a handler: the exception that a bare ``raise`` raises again."""

    __slots__ = ("exception",)

    def __init__(self, exception: Value) -> None:
        self.exception = exception

    def children(self) -> tuple[Value, ...]:
        return (self.exception,)

    def rebuild(self, children: tuple[Value, ...]) -> Value:
        return Handled(children[0])


# -- raising ---------------------------------------------------------------------------------------------------------------------


def check(tr: Translator, cond: int, site: int, raw: tuple[int, ...]) -> None:
    """Raise at ``site`` where ``cond`` is nonzero."""
    bad, good = tr.block(), tr.block()
    tr.brif(cond, bad, (), good, ())
    tr.use(bad)
    throw_site(tr, site, raw)
    tr.use(good)


def throw_site(tr: Translator, site: int, raw: Sequence[int]) -> None:
    """Raise at ``site``; ends the block."""
    context = tr.vmctx()
    address = tr.site_address(site)
    tr.store(address, context, _SITE)
    for k, v in enumerate(raw):
        tr.store(v, context, _ARGUMENTS + 8 * k)
    _throw(tr, Caught(frozenset({tr.module.sites[site].exc_class}), (Val(ty.py_int, (address,)),)))  # type: ignore[arg-type]


def _throw(tr: Translator, exception: Caught) -> None:
    """An edge to the handler with an exception whose arguments lie in the context."""
    from jitpy.frontend.translate.frame import Edge

    frame, handler = tr.handler
    stack = frame.stack[: handler.depth]
    if handler.lasti:
        stack.append(Const(0))
    stack.append(exception)
    live = frame.code.live[handler.target]
    names = frame.locals
    inner: Any = tr.frame
    while inner is not frame:  # what functions that are left have assigned by nonlocal
        if inner.enclosing is frame:
            for slot, name in inner.code.written:
                frame.locals = list(frame.locals)
                frame.locals[frame.code.names.index(name)] = inner.locals[slot]
        inner = inner.outer
    tr.raised.append((frame, handler.target, Edge(tr.bb, tr.open_jump(), 0, frame.state(live, stack))))
    frame.locals = names


def land(tr: Translator, status: int, site: int) -> None:
    """A called kernel has raised: to the handler if that can catch it, else out of this kernel; ends the block."""
    context = tr.vmctx()
    address = tr.load(I64, context, _SITE)
    known = tr.op(fo.SITE_MATCH, I8, address, imm=(BaseException,))
    caught = tr.op(o.BAND, I8, tr.icmp("eq", status, tr.iconst(1, I32)), known)
    here, out = tr.block(), tr.block()
    tr.brif(caught, here, (), out, ())
    tr.use(out)
    tr.func.append(tr.bb, (fo.LEAVE, 0, site, status), (), tr.srcloc)
    tr.use(here)
    tr.store(tr.iconst(0), context, _TRACE_COUNT)
    _throw(tr, Caught(None, (Val(ty.py_int, (address,)),)))


def rethrow(tr: Translator, exception: Caught) -> None:
    """Raise a caught exception again; ends the block."""
    context = tr.vmctx()
    tr.store(exception.fields[0].parts()[0], context, _SITE)
    if len(exception.fields) == 2:
        saved = exception.fields[1].parts()[0]
        for at in range(0, _ARGUMENT_BYTES, 8):
            tr.store(tr.load(I64, saved, at), context, _ARGUMENTS + at)
    if tr.handler is not None:
        _throw(tr, Caught(exception.classes, exception.fields[:1]))
    else:
        tr.func.append(tr.bb, (fo.LEAVE, 0, tr.site(None), tr.iconst(1, I32)), (), tr.srcloc)


# -- in handlers -----------------------------------------------------------------------------------------------------------------


def push(frame: Frame) -> None:
    """PUSH_EXC: the handler begins."""
    tr = frame.tr
    exception: Caught = frame.stack.pop()  # type: ignore[assignment]
    context = tr.vmctx()
    slot = tr.func.stack_slot(_ARGUMENT_BYTES)
    saved = tr.op(o.STACK_ADDR, I64, imm=(slot, 0))
    for at in range(0, _ARGUMENT_BYTES, 8):
        tr.store(tr.load(I64, context, _ARGUMENTS + at), saved, at)
    exception = Caught(exception.classes, (exception.fields[0], Val(ty.py_int, (saved,))))
    frame.stack.extend((Handled(exception), exception))


def matches(tr: Translator, exception: Value, wanted: Value) -> Value:
    """CHECK_EXC: ``except wanted``."""
    from jitpy.frontend.library.builtins import constant_classes

    classes = constant_classes(wanted)
    several = classes if classes.__class__ is tuple else (classes,)
    if classes is None or not all(isinstance(c, type) and issubclass(c, BaseException) for c in several):
        tr.error("what except names must be exception classes known at compile time", "Name the classes.")
    if any(issubclass(KeyboardInterrupt, c) and c is not BaseException for c in several):
        tr.error("KeyboardInterrupt cannot be caught inside a kernel", "Catch it around the call.")
    possible: frozenset[type[BaseException]] | None = exception.classes  # type: ignore[attr-defined]
    if possible is not None:
        answers = {issubclass(c, several) for c in possible}
        if len(answers) == 1:
            return Const(answers.pop())
    address = exception.parts()[0]
    return Val(ty.py_bool, (tr.op(fo.SITE_MATCH, I8, address, imm=several),))


def raise_again(frame: Frame) -> None:
    """``raise`` alone: the exception that is handled here or in a frame this one is inlined into."""
    at: Frame | None = frame
    while at is not None:
        for v in reversed(at.stack):
            if v.__class__ is Handled:
                rethrow(frame.tr, v.exception)  # type: ignore[arg-type]
                return
        at = at.outer
    frame.tr.error("raise without an exception is supported in handlers only", "Name the exception: raise ValueError(...).")
