"""Calling kernels as they run on a target: in a program that stands alone, under QEMU's user emulation.

    functions, types --freestanding--> unit, with memory (`heap.clif`) and a way in for each kernel
                     --backend.emulation--> an executable and a process that answers requests
    arguments --`guest.Image`--> bytes in its memory --call--> bytes --`guest.Guest`--> result, changed arguments, exception

A program serves many kernels and many calls. Here, unlike in a library, the stack is checked, so that endless recursion is the
RecursionError that it is in a call, and exceptions have the frames of the calls they came through.
"""

from __future__ import annotations

import struct

import numpy as np

from jitpy.backend import isa, pipeline
from jitpy.backend.emulation import program, programs
from jitpy.backend.emulation.process import Process, Stopped
from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import I32, I64
from jitpy.cross.freestanding import Library
from jitpy.cross.guest import Guest, Image
from jitpy.frontend.types import types as ty
from jitpy.runtime import errors, guards, values
from jitpy.runtime import record as rec
from jitpy.runtime.assembler import Assembler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FunctionType
    from typing import Any

    from jitpy.backend.target.target import Target
    from jitpy.cross.freestanding import Kernel

#: Memory of a program; more where the arguments need it, or the function, which else gets a MemoryError when it has this much.
HEAP_BYTES = 64 << 20
MOST_HEAP_BYTES = 1 << 30
#: Of the eight megabytes of stack that programs have, as the system gives them or the emulator does.
STACK_BYTES = 4 << 20
#: Bytes that go in or come out with one request.
_PIECE = program.ROOM - 32
#: Words of `cross_heap`: next address, end, lists of free blocks.
_HEAP_WORDS = 2 + 64


class EmulatorError(CompileError):
    """There is no emulator, or the program ended without an answer."""


class Runner:
    """Functions compiled into one program for a target. ``functions``: (function, argument types, options)."""

    def __init__(
        self, target: Target, functions: Sequence[tuple[FunctionType, tuple[ty.Type, ...], Mapping[str, Any]]],
        heap_bytes: int = HEAP_BYTES, emulated: bool | None = None,
    ) -> None:  # fmt: skip
        self.target = target
        self.order: Any = ">" if target.big_endian else "<"
        self.emulated = not _native(target) if emulated is None else emulated
        library = Library(target, whole=True)
        self.kernels = [library.add(f, types, options, c_face=False) for f, types, options in functions]
        for k in self.kernels:
            library.add_function(_entry(k), exported=True)
        for name in ("malloc", "free", "cross_copy"):
            library.export(name)
        unit = library.finish()
        unit.add_zeros("cross_heap", 8 * _HEAP_WORDS, exported=True)
        unit.add_zeros("cross_memory", heap_bytes, 4096, exported=True)
        arrays = {name: obj for name, obj in library.constants.items() if isinstance(obj, np.ndarray)}
        self.arrays = {name: a for name, a in arrays.items() if name not in library.tables}
        for name in self.arrays:
            for suffix in ("", ".items"):
                if name + suffix in unit.symbols:
                    unit.symbols[name + suffix].exported = True
        self.seen = {name: _layout(a) for name, a in self.arrays.items()}
        self.constants = {name: obj for name, obj in library.constants.items() if name in unit.symbols}
        for name in self.constants:
            unit.symbols[name].exported = True
        self.site_bases = [errors.register_sites(k.module.sites) for k in self.kernels]
        module = pipeline.link(program.parts(target), target)
        made = program.Program(module, target, [unit])
        self.addresses = made.addresses
        self.heap_bytes = heap_bytes
        self.process = self._process(made.file)

    def _process(self, file: bytes) -> Process:
        linux = isa.linux(self.target.name)
        lacks = sorted(name.removeprefix("has_") for name in linux.EMULATOR_LACKS if self.target.features.get(name))
        name = linux.EMULATOR[0]
        if self.emulated and lacks:
            raise EmulatorError(f"{name} cannot run code for {', '.join(lacks)}: choose another cpu= or leave these features out")
        try:
            return Process(file, self.target.name, self.target.big_endian, self.emulated, timeout=None)
        except UnsupportedError:
            raise EmulatorError(
                f"running code for {self.target.name} needs the program {name}: in a checkout of jitpy, tools/unpack_other_isas "
                f"fetches it without installing anything; else put QEMU 10's {name} into {programs.folder()}/bin"
            ) from None

    def holds(self) -> bool:
        """Whether everything that was frozen is still so (the values of global arrays are taken anew with each call)."""
        return all(guards.hold(k.module.guards) for k in self.kernels) and all(
            _layout(a) == self.seen[name] for name, a in self.arrays.items()
        )

    # -- memory ------------------------------------------------------------------------------------------------------------

    def _request(self, symbol: str, argument: bytes) -> bytes:
        return self.process.call(self.addresses[symbol], argument)

    def poke(self, at: int, data: bytes) -> None:
        """Write bytes to the program's memory."""
        room = self.addresses["emulation_argument"]
        for i in range(0, len(data), _PIECE):
            piece = data[i : i + _PIECE]
            self._request("cross_copy", struct.pack(f"{self.order}3Q", at + i, room + 24, len(piece)) + piece)

    def peek(self, at: int, size: int) -> bytes:
        """Bytes of the program's memory."""
        room = self.addresses["emulation_argument"]
        out = bytearray()
        while len(out) < size:
            count = min(_PIECE, size - len(out))
            got = self._request("cross_copy", struct.pack(f"{self.order}3Q", room + 24, at + len(out), count) + bytes(count))
            out += got[24:]
        return bytes(out)

    # -- a call ------------------------------------------------------------------------------------------------------------

    def call(self, number: int, args: tuple[Any, ...], grow: bool = False) -> Any:
        """Call a kernel with these arguments, which are of its types. ``grow``: raise `_TooSmall`, with the arguments as they were,
        in place of a MemoryError."""
        kernel = self.kernels[number]
        image = Image(self.addresses["cross_memory"], self.order)
        constants = {name: a for name, a in self.arrays.items() if name in self.addresses}
        image.share([*_arrays_in(args), *constants.values()])
        for name, obj in self.constants.items():
            image.objects[self.addresses[name]] = obj
        context = image.reserve(rec.CTX_BYTES)
        width = max((len(t.flat) for t in kernel.results), default=0)
        record = image.reserve(8 * (1 + width))
        slots = [context, record]
        request = b"".join(struct.pack(f"{self.order}Q", at) for at in slots)
        for t, obj in zip(kernel.types, args, strict=True):
            flats = image.flats(t, obj)
            if flats is None:
                raise UnsupportedError(f"an argument of type {t} has items of several types")
            request += b"".join(flats)
        top = image.reserve(0, 4096)
        end = image.base + self.heap_bytes
        if top + (self.heap_bytes >> 2) > end:
            raise _TooSmall(4 * (top - image.base))
        self.poke(image.base, bytes(image.data))
        self.poke(self.addresses["cross_heap"], struct.pack(f"{self.order}{_HEAP_WORDS}Q", top, end, *[0] * 64))
        for name, a in constants.items():
            self._freeze(name, image.array_address(a))
        try:
            answer = self._request(_entry_name(kernel), request)
        except Stopped as stopped:
            raise EmulatorError(f"{kernel.py_func.__name__} was stopped in the program for {self.target.name}: {stopped}") from None
        except BaseException:  # Ctrl-C: it is in the middle of a call
            self.process.close()
            raise
        (status,) = struct.unpack_from(f"{self.order}Q", answer)
        guest = Guest(_Cached(self.peek).read, image)
        raised = self._exception(number, guest, context) if status else None
        if grow and isinstance(raised, MemoryError):
            raise _TooSmall(4 * self.heap_bytes)
        chosen = guest.word(record) if len(kernel.results) > 1 and not status else 0
        result = None if status else guest.read(kernel.results[chosen], record + 8)
        guest.write_back()
        if raised is not None:
            raise raised
        return result

    def _freeze(self, name: str, at: int) -> None:
        """Let a global array's stand-in say that its items are where this call's are."""
        from jitpy.runtime import layout

        self.poke(self.addresses[name] + layout.ARRAY_DATA, struct.pack(f"{self.order}Q", at))

    def _exception(self, number: int, guest: Guest, context: int) -> BaseException:
        kernel, base = self.kernels[number], self.site_bases[number]
        first = 8 * kernel.first_site
        count = min(guest.word(context + rec.CTX_TRACE_COUNT), rec.CTX_TRACE_MAX)
        cells = [guest.word(context + rec.CTX_SITE), *(guest.word(context + rec.CTX_TRACE + 8 * k) for k in range(count))]
        site = kernel.module.sites[(cells[0] - first) >> 3]
        arguments = [values.part(part, context + rec.CTX_ARGUMENTS, guest.read) for part in site.parts]
        return errors.exception_of(site, arguments, [cell - first + base for cell in cells])

    def __del__(self) -> None:
        forget = getattr(errors, "forget_sites", None)
        for base in getattr(self, "site_bases", ()):
            if forget is not None:
                forget(base)


class _TooSmall(Exception):
    """The program's memory is too small for the arguments, or for what the function makes; so many bytes may do."""


class _Cached:
    """Reads of the program's memory by pages: what was called does not run in between."""

    def __init__(self, peek: Any) -> None:
        self.peek = peek
        self.pages: dict[int, bytes] = {}

    def read(self, at: int, size: int) -> bytes:
        page, offset = at >> 12, at & 4095
        if offset + size > 4096:
            return self.peek(at, size)  # type: ignore[no-any-return]  # bytes: `peek` is anything callable
        found = self.pages.get(page)
        if found is None:
            found = self.pages[page] = self.peek(page << 12, 4096)
        return found[offset : offset + size]


def _native(target: Target) -> bool:
    """Whether this machine runs the target's code itself."""
    if isa.host_name() != target.name:
        return False
    own = isa.host().features
    return all(own.get(name) for name, on in target.features.items() if on)


def _layout(a: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    return a.ctypes.data, a.shape, a.strides, a.dtype


def _entry_name(kernel: Kernel) -> str:
    return f"cross_call.{kernel.symbol}"


def _entry(kernel: Kernel) -> Any:
    """``(i64 argument)``: calls the kernel with the context, the record and the flat values in the argument's slots; leaves the
    status in the first."""
    flats = [f for t in kernel.types for f in t.flat]
    a = Assembler(_entry_name(kernel), (I64,), ())
    (slots,) = a.arguments()
    context = a.load(I64, slots)
    stack = a.func.value(a.block, (op.GET_STACK_POINTER, I64, None), I64)
    a.store(a.binary(op.ISUB, stack, a.iconst(STACK_BYTES)), context, rec.CTX_STACK_LIMIT)
    args = [context, a.load(I64, slots, 8), *(a.load(f, slots, 16 + 8 * i) for i, f in enumerate(flats))]
    status = a.call(kernel.symbol, (I64, I64, *flats), (I32,), *args)
    a.func.ext_funcs[-1].colocated = True
    a.store(a.unary(op.UEXTEND, status, I64), slots)
    a.ret()
    return a.func


def _arrays_in(obj: Any, met: set[int] | None = None) -> list[np.ndarray[Any, Any]]:
    """The arrays in arguments, at any depth; lists may hold one another."""
    if obj.__class__ is np.ndarray:
        return [obj]
    if not isinstance(obj, tuple | list | dict):
        return []
    met = set() if met is None else met
    if id(obj) in met:
        return []
    met.add(id(obj))
    items = obj.values() if isinstance(obj, dict) else obj
    return [a for item in items for a in _arrays_in(item, met)]


_runners: dict[Any, Runner] = {}


def run(
    py_func: FunctionType, args: tuple[Any, ...], named: Mapping[str, Any], target: Target, options: Mapping[str, Any]
) -> Any:
    """`jitpy.cross.run`, with the target resolved; ``named``: arguments by name. Programs are kept for later calls with arguments
    of the same types."""
    given = bound(py_func, args, named)
    types = tuple([_type_of(py_func, i, a) for i, a in enumerate(given)])
    chosen = tuple(sorted((name, repr(value)) for name, value in options.items()))
    key = py_func, py_func.__code__, types, target.name, tuple(target.features.items()), chosen
    runner = _runners.get(key)
    size = HEAP_BYTES
    if runner is not None and not runner.holds():
        runner = None
    while True:
        if runner is None:
            if len(_runners) >= _MOST_RUNNERS:
                _runners.pop(next(iter(_runners)))
            runner = _runners[key] = Runner(target, [(py_func, types, options)], size)
        try:
            return runner.call(0, given, grow=runner.heap_bytes < MOST_HEAP_BYTES)
        except _TooSmall as error:
            size, runner = 1 << (error.args[0] - 1).bit_length(), None


def _type_of(py_func: FunctionType, i: int, value: Any) -> ty.Type:
    """The type of an argument. CompileError, with the parameter's name, where it has none."""
    from jitpy.arguments import typeof

    try:
        return typeof(value)
    except CompileError as error:
        co = py_func.__code__
        name = co.co_varnames[i] if i < co.co_argcount + co.co_kwonlyargcount else f"argument {i + 1}"
        raise type(error)(f"{py_func.__name__}(): {name}: {error}") from None


#: Programs that are kept.
_MOST_RUNNERS = 16


def bound(py_func: FunctionType, args: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, ...]:
    """The arguments with defaults filled in. TypeError where they do not fit the function."""
    import inspect

    try:
        bound = inspect.signature(py_func).bind(*args, **named)
    except TypeError as error:
        raise TypeError(f"{py_func.__name__}(): {error}") from None
    bound.apply_defaults()
    return (*bound.args, *bound.kwargs.values())
