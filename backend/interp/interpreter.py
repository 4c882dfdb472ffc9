"""Running functions: frames, control flow, calls, and what depends on the frame.

    Interpreter(functions, externs).call("f", [1, 2]) -> [3]

Values are ints (see `meaning`). Each function is prepared once: an instruction becomes a step, which pairs an
evaluation from `MEANING` with the values it reads and defines, or a control handler with the node. Frames are
explicit, so no program overflows Python's stack. Addresses of functions, frames and handlers are opaque numbers in
a range of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jitpy.backend.interp.convert
import jitpy.backend.interp.float
import jitpy.backend.interp.memory
import jitpy.backend.interp.vector  # noqa: F401  the themes fill MEANING
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.interp.meaning import MEANING, Evaluate, Trap
from jitpy.backend.interp.memory import LowStackMemory, StackMemory, read, write
from jitpy.backend.ir import memflags, types
from jitpy.backend.ir import opcodes as O
from jitpy.backend.ir.byteorder import big
from jitpy.backend.ir.infer import call_signature

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function, Node, Signature, TryTargets

#: Functions, frames and handlers have addresses from here on, where no process has memory.
_OPAQUE = 0x7A00_0000_0000_0000
_FRAMES = _OPAQUE + (1 << 48)
_STACKS = _OPAQUE + (2 << 48)
_FRAME_SIZE = 1 << 20
#: Calls nested deeper than this trap with stk_ovf.
MAX_DEPTH = 20_000

#: A callable from outside: takes the arguments, returns None, one value, or a sequence of values.
Extern = Callable[..., Any]
Step = tuple[int, "Evaluate | None", tuple[int, ...], tuple[int, ...]]


class OutOfFuel(Exception):
    """The allowed number of instructions was executed and the call has not returned."""


class Throw(Exception):
    """Raised by an extern to unwind to the innermost try_call with a handler for ``tag``, giving it ``payloads``."""

    def __init__(self, tag: int, payloads: Sequence[int]) -> None:
        super().__init__(f"uncaught exception with tag {tag}")
        self.tag = tag
        self.payloads = payloads


class _Prepared:
    """A function ready to run: the steps of each block."""

    def __init__(self, func: Function, big_endian: bool) -> None:
        self.func = func
        self.big_endian = big_endian
        self.low_addresses = any(node[0] == O.STACK_ADDR and node[1] == types.I32 for node in func.insts)
        self.steps: dict[int, list[Step]] = {}
        for block in func.layout:
            self.steps[block] = [self.step(inst) for inst in func.block_insts[block]]

    def step(self, inst: int) -> Step:
        func = self.func
        node = func.insts[inst]
        op, args = node[0], node[3:]
        results = func.results[inst]
        maker = MEANING.get(op)
        if maker is not None:
            arg_types = tuple([func.value_types[a] for a in args])
            imm = big(node)[2] if self.big_endian else node[2]
            return inst, maker(node[1], imm, arg_types), args, results
        if op not in _CONTROL:
            raise UnsupportedError(
                f"{func.name}: the interpreter cannot run {O.NAME[op]}; run it natively on a target that has it"
            )
        return inst, None, args, results


class _Frame:
    """One activation."""

    __slots__ = ("address", "code", "env", "func", "index", "slots", "steps")

    def __init__(self, code: _Prepared, args: Sequence[int], address: int, fill: int, moved: int) -> None:
        self.code = code
        self.func = func = code.func
        self.address = address
        memory = LowStackMemory if code.low_addresses else StackMemory
        self.slots = [memory(slot.size, 1 << slot.align_shift, fill, moved) for slot in func.slots()]
        self.env: dict[int, int] = {}
        entry = func.layout[0]
        self.env.update(zip(func.block_params[entry], args))
        self.steps = code.steps[entry]
        self.index = 0

    def enter(self, block: int, values: Sequence[int]) -> None:
        """Continue at the start of ``block``."""
        self.env.update(zip(self.func.block_params[block], values))
        self.steps = self.code.steps[block]
        self.index = 0


class Interpreter:
    """Runs the functions of one module.

    ``externs`` maps the names of what is not in the module to callables, or to ints for addresses of data.
    ``pinned`` is the pinned register; ``fill`` the byte that fresh stack slots are full of;
    ``big_endian``: accesses that say nothing else are; ``moved``: all addresses are so much higher (a multiple of 16).
    """

    def __init__(
        self, functions: Sequence[Function], externs: Mapping[str, Extern | int] | None = None, fill: int = 0,
        big_endian: bool = False, moved: int = 0,
    ) -> None:  # fmt: skip
        self.functions = {func.name: func for func in functions}
        self.externs = dict(externs or {})
        self.pinned = 0
        self.fill = fill
        self.big_endian = big_endian
        self.moved = moved
        self._prepared: dict[str, _Prepared] = {}
        self._symbols: list[str] = []
        self._addresses: dict[str, int] = {}

    def call(self, name: str, args: Sequence[int], fuel: int | None = None) -> list[int]:
        """Call a function of the module; runs at most ``fuel`` instructions. Raises Trap, OutOfFuel or Throw."""
        func = self.functions[name]
        if len(args) != len(func.sig.params):
            raise TypeError(f"{name} takes {len(func.sig.params)} arguments, not {len(args)}")
        values = [arg & types.MASK[p.type] for arg, p in zip(args, func.sig.params)]
        return _Run(self, fuel).run(self.prepared(name), values)

    def prepared(self, name: str) -> _Prepared:
        found = self._prepared.get(name)
        if found is None:
            found = self._prepared[name] = _Prepared(self.functions[name], self.big_endian)
        return found

    def address_of(self, name: str) -> int:
        """The address that stands for a function, or that of an extern's data."""
        extern = self.externs.get(name)
        if isinstance(extern, int):
            return extern
        if name not in self._addresses:
            if name not in self.functions and extern is None:
                raise UnsupportedError(f"nothing is known of the symbol {name}: give it in externs")
            self._addresses[name] = _OPAQUE + self.moved + 16 * len(self._symbols)
            self._symbols.append(name)
        return self._addresses[name]

    def symbol_at(self, address: int) -> str:
        """The function behind an address made by `address_of`."""
        index, rest = divmod(address - _OPAQUE - self.moved, 16)
        if rest or not 0 <= index < len(self._symbols):
            raise Trap("heap_oob")
        return self._symbols[index]


class _Run:
    """One call from outside: the stack of frames."""

    def __init__(self, interpreter: Interpreter, fuel: int | None) -> None:
        self.interpreter = interpreter
        self.fuel = -1 if fuel is None else fuel
        self.frames: list[_Frame] = []
        self.first = self.frames  # the stack of the call from outside
        self.switches = 0
        self.suspended: dict[int, list[_Frame]] = {}  # stacks that wait, by the address written to their control context
        self.results: list[int] | None = None

    def run(self, code: _Prepared, args: Sequence[int]) -> list[int]:
        self.push(code, args)
        while self.results is None:
            try:
                self.run_frame(self.frames[-1])
            except Trap as trap:
                if not trap.function:
                    self.locate(trap)
                raise
        return self.results

    def locate(self, trap: Trap) -> None:
        if not self.frames:
            return
        frame = self.frames[-1]
        inst = frame.steps[frame.index - 1][0]
        trap.function, trap.inst, trap.srcloc = frame.func.name, inst, frame.func.srclocs[inst]

    def run_frame(self, frame: _Frame) -> None:
        """Run until the stack of frames changes."""
        env, insts = frame.env, frame.func.insts
        count = len(self.frames)
        while True:
            if self.fuel == 0:
                raise OutOfFuel
            self.fuel -= 1
            inst, evaluate, args, results = frame.steps[frame.index]
            frame.index += 1
            if evaluate is not None:
                value = evaluate(*[env[a] for a in args])
                if len(results) == 1:
                    env[results[0]] = value
                elif results:
                    env.update(zip(results, value))
                continue
            node = insts[inst]
            _CONTROL[node[0]](self, frame, node, results)
            if len(self.frames) != count or self.frames[-1] is not frame:
                return

    # Calls

    def push(self, code: _Prepared, args: Sequence[int]) -> None:
        depth = len(self.frames)
        if depth >= MAX_DEPTH:
            raise Trap("stk_ovf")
        if not code.func.layout:
            raise UnsupportedError(f"{code.func.name} has no blocks")
        moved = self.interpreter.moved
        self.frames.append(_Frame(code, args, _FRAMES + moved - depth * _FRAME_SIZE, self.interpreter.fill, moved))

    def enter(self, name: str, sig: Signature, args: Sequence[int], tail: bool = False) -> None:
        """Call ``name``: push its frame, or run the extern and hand out its results at once."""
        if name in self.interpreter.functions:
            code = self.interpreter.prepared(name)
            if tail:
                self.frames.pop()
            self.push(code, args)
            return
        extern = self.interpreter.externs.get(name)
        if extern is None or isinstance(extern, int):
            raise UnsupportedError(f"the function {name} is not defined: give it in externs")
        try:
            results = _as_values(extern(*args), sig)
        except Throw as thrown:
            self.unwind(thrown)
            return
        if tail:
            self.leave(results)
        else:
            self.finish_call(self.frames[-1], results)

    def leave(self, results: list[int]) -> None:
        """Return from the innermost frame."""
        self.frames.pop()
        if self.frames:
            self.finish_call(self.frames[-1], results)
        elif self.frames is not self.first:
            raise Trap("stk_ovf")  # the first function of another stack has nowhere to return to
        else:
            self.results = results

    def finish_call(self, frame: _Frame, results: Sequence[int]) -> None:
        """Continue a frame behind its call."""
        inst, _, _, names = frame.steps[frame.index - 1]
        node = frame.func.insts[inst]
        if O.FORMAT[node[0]] in ("try_call", "try_call_indirect"):
            self.enter_target(frame, node, 0, results, ())
        else:
            frame.env.update(zip(names, results))

    def enter_target(
        self, frame: _Frame, node: Node, index: int, returned: Sequence[int], thrown: Sequence[int]
    ) -> None:
        """Continue at a target of a try_call."""
        table: TryTargets = node[2][1]
        args = node[3:]
        values = [
            frame.env[args[p]] if isinstance(p, int) else (returned if p[0] == "ret" else thrown)[p[1]]
            for p in table.payloads[index]
        ]
        frame.enter(table.targets[index][0], values)

    def unwind(self, thrown: Throw) -> None:
        """Drop frames up to a try_call that handles ``thrown``."""
        while self.frames:
            frame = self.frames[-1]
            node = frame.func.insts[frame.steps[frame.index - 1][0]]
            if O.FORMAT[node[0]] in ("try_call", "try_call_indirect"):
                for handler in node[2][1].handlers:
                    if handler[0] == "default" or handler[:2] == ("tag", thrown.tag):
                        self.enter_target(frame, node, handler[-1], (), thrown.payloads)
                        return
            self.frames.pop()
        raise thrown

    def global_value(self, frame: _Frame, index: int) -> int:
        """The value of a global value: a chain of loads and additions onto vmctx or a symbol."""
        func = frame.func
        chain = []
        while func.global_values[index].kind in ("load", "iadd_imm"):
            chain.append(func.global_values[index])
            index = chain[-1].base
            if len(chain) > len(func.global_values):
                raise UnsupportedError(f"{func.name}: gv{index} depends on itself")
        root = func.global_values[index]
        if root.kind == "vmctx":
            purposes = [param.purpose for param in func.sig.params]
            value = frame.env[func.block_params[func.layout[0]][purposes.index("vmctx")]]
        elif root.kind == "symbol":
            value = self.interpreter.address_of(root.name) + root.offset
        else:
            value = 1  # the scale of dynamic vectors
        for gv in reversed(chain):
            if gv.kind == "load":
                value = read(value + gv.offset, types.BYTES[gv.type], gv.flags)
            else:
                value = value + gv.offset & types.MASK[gv.type]
        return value


def _as_values(returned: Any, sig: Signature) -> list[int]:
    if returned is None:
        returned = ()
    elif isinstance(returned, int):
        returned = (returned,)
    if len(returned) != len(sig.returns):
        raise TypeError(f"an extern returned {len(returned)} values, its signature has {len(sig.returns)}")
    return [value & types.MASK[r.type] for value, r in zip(returned, sig.returns)]


# Control handlers: what an opcode without an entry in MEANING does to the run.

_Handler = Callable[[_Run, _Frame, "Node", tuple[int, ...]], None]
_CONTROL: dict[int, _Handler] = {}


def _control(*names: str) -> Callable[[_Handler], _Handler]:
    def register(handler: _Handler) -> _Handler:
        for name in names:
            _CONTROL[O.BY_NAME[name]] = handler
        return handler

    return register


def _take(frame: _Frame, node: Node, index: int, first: int) -> None:
    """Branch to target ``index``; the targets' arguments begin at operand ``first`` of the node."""
    targets = node[2]
    start = 3 + first + sum([count for _, count in targets[:index]])
    block, count = targets[index]
    env = frame.env
    frame.enter(block, [env[a] for a in node[start : start + count]])


@_control("jump")
def _jump(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    _take(frame, node, 0, 0)


@_control("brif")
def _brif(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    _take(frame, node, 0 if frame.env[node[3]] else 1, 1)


@_control("br_table")
def _br_table(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    index = frame.env[node[3]] + 1
    _take(frame, node, index if index < len(node[2]) else 0, 1)


@_control("trap")
def _trap(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    raise Trap(node[2])


@_control("trapz", "trapnz")
def _cond_trap(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    if bool(frame.env[node[3]]) == (node[0] == O.TRAPNZ):
        raise Trap(node[2])


@_control("return")
def _return(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    run.leave([frame.env[a] for a in node[3:]])


@_control("call", "call_indirect", "return_call", "return_call_indirect", "try_call", "try_call_indirect")
def _call(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    format = O.FORMAT[node[0]]
    values = [frame.env[a] for a in node[3:]]
    sig_ref = call_signature(frame.func, node)
    assert sig_ref is not None
    sig = frame.func.signatures[sig_ref]
    if format.startswith("try"):
        values = values[: node[2][1].call_args]
    if format.endswith("indirect"):
        name = run.interpreter.symbol_at(values.pop(0))
    else:
        reference = node[2][0] if format == "try_call" else node[2]
        name = frame.func.ext_funcs[reference].name
    run.enter(name, sig, values, tail=bool(O.EFFECTS[node[0]] & O.TERMINATOR and "try" not in format))


@_control("func_addr")
def _func_addr(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    frame.env[results[0]] = run.interpreter.address_of(frame.func.ext_funcs[node[2]].name)


@_control("stack_addr")
def _stack_addr(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    slot, offset = node[2]
    frame.env[results[0]] = frame.slots[slot].address + offset & types.MASK[node[1]]


@_control("dynamic_stack_addr")
def _dynamic_stack_addr(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    slot = len(frame.func.stack_slots) + node[2]
    frame.env[results[0]] = frame.slots[slot].address & types.MASK[node[1]]


@_control("symbol_value", "tls_value")
def _symbol_value(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    frame.env[results[0]] = run.global_value(frame, node[2]) & types.MASK[node[1]]


@_control("get_pinned_reg")
def _get_pinned_reg(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    frame.env[results[0]] = run.interpreter.pinned


@_control("set_pinned_reg")
def _set_pinned_reg(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    run.interpreter.pinned = frame.env[node[3]]


@_control("get_frame_pointer", "get_stack_pointer", "get_return_address")
def _frame_address(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    offset = {O.GET_STACK_POINTER: 0, O.GET_FRAME_POINTER: 16, O.GET_RETURN_ADDRESS: 24}[node[0]]
    frame.env[results[0]] = frame.address + offset


@_control("get_exception_handler_address")
def _handler_address(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    block, index = node[2]
    frame.env[results[0]] = _FRAMES + run.interpreter.moved + 16 * (block << 16 | index)


@_control("stack_switch")
def _stack_switch(run: _Run, frame: _Frame, node: Node, results: tuple[int, ...]) -> None:
    """A control context has three words: stack pointer, frame pointer, and where to go on. This stack's go to the first
    context, those of the other come from the second: one that was written so, or a fresh one with the address of a
    function, which gets the payload as its first argument."""
    store, load, payload = [frame.env[a] for a in node[3:]]
    order = memflags.BIG if run.interpreter.big_endian else 0
    goal = read(load + 16, 8, order)
    here = _STACKS + run.interpreter.moved + 16 * run.switches
    run.switches += 1
    for word, value in enumerate((frame.address, frame.address + 16, here)):
        write(store + 8 * word, value, 8, order)
    run.suspended[here] = run.frames
    if goal in run.suspended and goal != here:
        run.frames = run.suspended.pop(goal)
        other = run.frames[-1]
        other.env[other.steps[other.index - 1][3][0]] = payload
        return
    code = run.interpreter.prepared(run.interpreter.symbol_at(goal))
    run.frames = []
    run.push(code, [payload, *[0] * len(code.func.sig.params)][: len(code.func.sig.params)])
