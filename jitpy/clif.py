"""CLIF from Python: ``jitpy.clif.compile(text)`` makes its functions callable.

    f = jitpy.clif.compile('''
        function %gcd(i64, i64) -> i64 { ... }
    ''')["gcd"]
    f(12, 18)

Arguments and results are those of the declared signature. Integers come back signed unless the return is ``uext``;
i128 is ``int``, f16 ``np.float16``, f128 16 ``bytes``, vectors one-dimensional arrays with lane 0 first, several
results a tuple; an array as an argument passes its address. A trap raises `jitpy.Trap`. Calls run without the GIL.
Code that writes through wrong pointers can corrupt the process, as in C.
"""

from __future__ import annotations

import signal
import struct
import weakref
from bisect import bisect_right

import numpy as np

from jitpy.backend.errors import CompileError, ParseError, VerifierError
from jitpy.backend.ir import types as ir
from jitpy.backend.object import exceptions
from jitpy.backend.text.parser import parse_file
from jitpy.excerpt import explained, verify
from jitpy.runtime import helpers, memory, traps
from jitpy.runtime.assembler import Assembler
from jitpy.runtime.codegen import machine_code
from jitpy.runtime.interrupts import stack_of_this_thread
from jitpy.runtime.libc import address, ffi
from jitpy.trap import Trap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jitpy.backend.ir.function import Function, Signature
    from jitpy.backend.text.parser import ParsedFunction

_LANES = {
    ir.I8: "i1", ir.I16: "i2", ir.I32: "i4", ir.I64: "i8", ir.F16: "f2", ir.F32: "f4", ir.F64: "f8",
}  # fmt: skip
_SIGNALS: dict[int, str] = {
    signal.SIGFPE: "int_divz", signal.SIGBUS: "heap_oob", signal.SIGTRAP: "debugtrap",
    signal.SIGILL: "illegal instruction",
}  # fmt: skip
#: How far from the stack pointer and from the stack's end an overflowing access is.
_FAR = 1 << 20


class Module:
    """Loaded CLIF: the code, and where its traps and lines are."""

    __slots__ = ("__weakref__", "lines", "loaded", "starts", "traps")

    def __init__(self, loaded: memory.Loaded, code: Any) -> None:
        self.loaded = loaded
        self.traps = {start + offset: trap for start, f in code.functions for offset, trap in f.traps}
        self.lines = sorted((start + offset, line) for start, f in code.functions for offset, line in f.lines)
        self.starts = sorted((at, name) for name, at in code.symbols.items())
        _modules.add(self)

    def trap(self, number: int, pc: int, wild: int, stack: int, more: int) -> Trap:
        """The exception for what `traps.call` returns: a trap at a program counter, by a check, or by a signal for an access to an
        address with a stack pointer; or an exception that nobody caught.
        """
        if not self.has(pc):
            home = next((m for m in list(_modules) if m.has(pc)), None)
            if home is not None:
                return home.trap(number, pc, wild, stack, more)
        offset = pc - self.loaded.address
        name, line = self.place(offset)
        if number == traps.UNCAUGHT:
            return Trap("uncaught", name, line, f"exception tag{more} with {wild:#x} and {stack:#x}", (more, wild, stack))
        code = self.traps.get(offset)
        if code == "stk_ovf":
            return Trap(code, name, line, "the stack overflowed")
        if number == signal.SIGSEGV:
            lowest, _ = stack_of_this_thread()
            if abs(wild - stack) < _FAR and lowest - _FAR < wild < lowest + _FAR:
                return Trap("stk_ovf", name, line, "the stack overflowed")
            detail = f"access to address {wild:#x}" if wild else "access to address 0 or one no pointer can have"
            return Trap(code or "heap_oob", name, line, detail)
        return Trap(code or _SIGNALS.get(number, f"signal {number}"), name, line)

    def has(self, pc: int) -> bool:
        """Whether a program counter is in this code."""
        return 0 <= pc - self.loaded.address < self.loaded.size

    def place(self, offset: int) -> tuple[str, int]:
        """The function and the line of an offset; of a prologue, which has no line, the function's first."""
        index = bisect_right(self.starts, (offset, "\x7f")) - 1
        start, name = self.starts[index] if index >= 0 else (0, "")
        end = self.starts[index + 1][0] if index + 1 < len(self.starts) else self.loaded.size
        lines = [(at, source) for at, source in self.lines if start <= at < end]
        line = next((source for at, source in reversed(lines) if at <= offset), 0)
        return name, line or next((source for _, source in lines if source), 0)


#: Those that are alive: code may call code of another text by its address.
_modules: weakref.WeakSet[Module] = weakref.WeakSet()


class ClifFunction:
    """A compiled CLIF function. ``address`` is its own; ``signature`` the declared one."""

    __slots__ = ("__name__", "_enter", "_entry", "_module", "_pack", "_size", "_unpack", "address", "signature")

    def __init__(self, func: Function, module: Module, entry: memory.Loaded) -> None:
        self.__name__ = func.name
        self.signature: Signature = func.sig
        self.address = module.loaded.symbols[func.name]
        self._module = module
        self._entry = entry
        self._enter = entry.symbols["entry"]
        offsets, self._size = _slots([p.type for p in func.sig.params], [r.type for r in func.sig.returns])
        count = len(func.sig.params)
        self._pack = [(offset, _packer(p.type)) for offset, p in zip(offsets, func.sig.params)]
        self._unpack = [
            (offset, ir.BYTES[r.type], _unpacker(r.type, r.extension == "uext"))
            for offset, r in zip(offsets[count:], func.sig.returns)
        ]

    def __call__(self, *args: Any) -> Any:
        if len(args) != len(self._pack):
            raise TypeError(f"%{self.__name__} takes {len(self._pack)} arguments, {len(args)} given")
        memory_block = ffi.new("uint64_t[]", self._size // 8)
        buffer = ffi.buffer(memory_block)
        for (offset, pack), value in zip(self._pack, args):
            data = pack(value)
            buffer[offset : offset + len(data)] = data
        memory_block[0] = self.address
        outcome = traps.call(self._enter, address(memory_block))
        if outcome is not traps.RETURNED:
            raise self._module.trap(*outcome)
        results = [unpack(bytes(buffer[offset : offset + size])) for offset, size, unpack in self._unpack]
        return results[0] if len(results) == 1 else tuple(results) if results else None

    def __repr__(self) -> str:
        params = ", ".join(ir.NAME[p.type] for p in self.signature.params)
        returns = ", ".join(ir.NAME[r.type] for r in self.signature.returns)
        return f"<CLIF function %{self.__name__}({params}){' -> ' + returns if returns else ''}>"


def compile(text: str, path: str = "", settings: Any = None) -> dict[str, ClifFunction]:
    """Compile every function of CLIF text; name -> callable.

    Functions may call each other by name. Names that the text does not define are C functions of the process. Raises ParseError
    and VerifierError, which show the line.
    """
    try:
        functions = [_checked(p, text, path) for p in parse_file(text, path).functions]
    except ParseError as error:
        raise explained(error, text).with_traceback(None) from None
    except VerifierError as error:
        raise error.with_traceback(None) from None
    code = machine_code(functions, settings or traps.settings(), thrower=not traps.supported())
    loaded = memory.load(memory.Image.of(code), _resolve)
    if exceptions.TABLE in loaded.symbols and traps.supported():
        loaded.registrations.append(traps.net().enter_table(loaded.address, loaded.size, loaded.symbols[exceptions.TABLE]))
    module = Module(loaded, code)
    traps.check()
    return {f.name: ClifFunction(f, module, _entry(f.sig)) for f in functions}


def _checked(parsed: ParsedFunction, text: str, path: str) -> Function:
    """A parsed function that keeps the rules, each instruction marked with its line."""
    func = parsed.func
    func.srclocs = [line or old for line, old in zip(parsed.inst_lines, func.srclocs)]
    verify(parsed, text, path)
    return func


def _resolve(name: str) -> int:
    try:
        return helpers.resolve(name)
    except LookupError:
        raise CompileError(f"%{name} is neither defined in this text nor a function of a loaded C library") from None


def _slots(params: list[int], returns: list[int]) -> tuple[list[int], int]:
    """Offsets of arguments and results in the buffer (the first 16 bytes are the function's address), and its size."""
    offset = 16
    offsets = []
    for t in (*params, *returns):
        size = max(16, ir.BYTES[t])
        offsets.append(offset)
        offset += size
    return offsets, offset


_entries: dict[Any, memory.Loaded] = {}


def _entry(sig: Signature) -> memory.Loaded:
    """The function that reads arguments from a buffer, calls through its first word, and stores the results."""
    key = sig.key()
    got = _entries.get(key)
    if got is None:
        a = Assembler("entry", (ir.I64,), ())
        buffer = a.arguments()[0]
        offsets, _ = _slots([p.type for p in sig.params], [r.type for r in sig.returns])
        values = [a.load(p.type, buffer, offset, 0) for p, offset in zip(sig.params, offsets)]
        results = a.call_signature(a.load(ir.I64, buffer), sig, values)
        for value, offset in zip(results, offsets[len(values) :]):
            a.store(value, buffer, offset, 0)
        a.ret()
        code = machine_code([a.func])
        got = _entries[key] = memory.load(memory.Image.of(code), helpers.resolve)
    return got


def _packer(t: int) -> Callable[[Any], bytes]:
    """A function from a Python value to the bytes of a CLIF type."""
    if ir.IS_VECTOR[t]:
        return _vector_packer(t)
    if ir.IS_INT[t]:
        return _int_packer(t)
    if t == ir.F128:
        return _f128_bytes
    letter = {ir.F16: "e", ir.F32: "f", ir.F64: "d"}[t]
    return struct.Struct("<" + letter).pack


def _int_packer(t: int) -> Callable[[Any], bytes]:
    bits, size, mask = ir.BITS[t], ir.BYTES[t], ir.MASK[t]

    def pack(value: Any) -> bytes:
        if isinstance(value, np.ndarray):
            if t != ir.I64:
                raise TypeError(f"an array passes its address, which is an i64; this parameter is {ir.NAME[t]}")
            value = value.ctypes.data
        try:
            number = int(value.__index__())
        except AttributeError:
            raise TypeError(f"a parameter of type {ir.NAME[t]} takes an int, not {type(value).__name__}") from None
        if not -(1 << bits - 1) <= number < 1 << bits:
            raise OverflowError(f"{number} does not fit {ir.NAME[t]}")
        return (number & mask).to_bytes(size, "little")

    return pack


def _vector_packer(t: int) -> Callable[[Any], bytes]:
    lane, lanes = _LANES.get(ir.LANE[t]), ir.LANES[t]

    def pack(value: Any) -> bytes:
        if isinstance(value, bytes) and len(value) == ir.BYTES[t]:
            return value
        if lane is None:
            raise TypeError(f"a {ir.NAME[t]} is passed as {ir.BYTES[t]} bytes")
        source = np.asarray(value)
        if source.shape != (lanes,):
            raise TypeError(f"a {ir.NAME[t]} takes {lanes} lanes, not an array of shape {source.shape}")
        if lane[0] == "i":
            bits = ir.LANE_BITS[t]
            return b"".join((int(x) & (1 << bits) - 1).to_bytes(bits // 8, "little") for x in source.tolist())
        return source.astype("<" + lane).tobytes()

    return pack


def _f128_bytes(value: Any) -> bytes:
    if not isinstance(value, bytes) or len(value) != 16:
        raise TypeError("an f128 is passed as 16 bytes")
    return value


def _unpacker(t: int, unsigned: bool) -> Callable[[bytes], Any]:
    """A function from the bytes of a CLIF type to a Python value."""
    if ir.IS_VECTOR[t]:
        lane = _LANES.get(ir.LANE[t])
        if lane is None:
            return bytes
        return lambda data: np.frombuffer(data, "<" + lane).copy()
    if ir.IS_INT[t]:
        return lambda data: int.from_bytes(data, "little", signed=not unsigned)
    if t == ir.F128:
        return bytes
    if t == ir.F16:
        return lambda data: np.frombuffer(data, "<f2")[0]
    unpack = struct.Struct("<" + {ir.F32: "f", ir.F64: "d"}[t]).unpack
    return lambda data: unpack(data)[0]


def disassembly(functions: dict[str, ClifFunction]) -> str:
    """The machine code of functions that were compiled together, with the CLIF lines it comes from."""
    from jitpy.inspection import disassemble
    from jitpy.runtime.libc import pointer

    module = next(iter(functions.values()))._module
    loaded = module.loaded
    code = bytes(ffi.buffer(pointer(loaded.address), loaded.size))
    return disassemble(code, loaded.address, loaded.symbols, {at: f"line {line}" for at, line in module.lines if line})
