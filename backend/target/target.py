"""What a target is: a record of tables and functions that an ISA fills in and the engine reads.

The engine (`vcode/`, `pipeline`) never asks which ISA it serves; an ISA never imports the engine,
it is handed the lowering context and the sink. ``docs/backend.md`` says what each side supplies.
Physical registers are the target's own dense ints.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import UnsupportedError
from jitpy.backend.ir.types import BYTES, IS_INT, NAME, Type

if TYPE_CHECKING:
    from jitpy.backend.target.row import MInst, Row
    from jitpy.backend.vcode.vcode import MachineEnv

# Where a stack access is based; the frame turns it into a displacement once its layout is known.
# This function's stack arguments; those of its calls; its explicit stack slots; offsets below the upper end of the
# stack arguments, for those of a tail call whose callee removes them.
INCOMING, OUTGOING, SLOT, TAIL = range(4)


class Abi:
    """One calling convention of a target.

    ``args[cls]``/``rets[cls]``: pregs that carry arguments and returns of a register class, in
    order; classes of one bank share a sequence when ``env.bank`` says so. ``clobbers``: mask of
    pregs that a call destroys. ``callee_saved``: mask of those it preserves. A preg in both masks, ``kept_in_part``, is a wide
    one of which a call keeps a part, the same in all conventions of the target: a function that writes it saves that
    part, but a caller leaves nothing there. ``stack_align``: of
    the stack pointer at calls. ``slot``: bytes of the smallest stack argument (1: each has
    its own size). ``shadow``: bytes the caller reserves below stack arguments. ``sret``: the preg of an sret address, -1: it is an
    argument like others. ``by_position``: one counter serves all classes
    (fastcall). ``even_pairs``: a two-register integer starts at an even register. ``split_pairs``:
    one may lie half in a register, half on the stack. ``floats_in_ints``: floats beyond the float registers take
    integer registers (`Target.between`). ``wide_by_reference``: values wider than a
    register are passed by address; ``vectors_by_value``: but for vectors, and what is wide is returned in memory,
    whose address is then the first argument. ``returns_sret``: an sret address comes back in the first return
    register. ``extend``: bits to which uext/sext arguments are extended. ``callee_pops``: a function
    removes its stack arguments when it returns, so that tail calls may have more of them or fewer.
    """

    __slots__ = (
        "args", "by_position", "callee_pops", "callee_saved", "clobbers", "even_pairs", "extend", "floats_in_ints", "kept_in_part",
        "name", "rets", "returns_sret", "shadow", "slot", "split_pairs", "sret", "stack_align", "vectors_by_value",
        "wide_by_reference",
    )  # fmt: skip

    def __init__(
        self, name: str, args: tuple[tuple[int, ...], ...], rets: tuple[tuple[int, ...], ...], clobbers: int,
        callee_saved: int, *, stack_align: int = 16, slot: int = 8, shadow: int = 0, by_position: bool = False,
        even_pairs: bool = False, split_pairs: bool = False, wide_by_reference: bool = False, extend: int = 64,
        returns_sret: bool = True, callee_pops: bool = False, sret: int = -1, vectors_by_value: bool = False,
        floats_in_ints: bool = False,
    ) -> None:  # fmt: skip
        self.callee_pops = callee_pops
        self.vectors_by_value = vectors_by_value
        self.floats_in_ints = floats_in_ints
        self.name = name
        self.args = args
        self.rets = rets
        self.clobbers = clobbers
        self.callee_saved = callee_saved
        self.kept_in_part = clobbers & callee_saved
        self.stack_align = stack_align
        self.slot = slot
        self.shadow = shadow
        self.by_position = by_position
        self.even_pairs = even_pairs
        self.split_pairs = split_pairs
        self.wide_by_reference = wide_by_reference
        self.extend = extend
        self.returns_sret = returns_sret
        self.sret = sret


class CallSite:
    """What a call instruction's ``imm`` says. ``symbol``: of a direct call. ``pops``: bytes of stack arguments that the callee
    removes. ``normal``: the machine block where a try_call goes on, -1 for other calls; ``handlers``: of a try_call, in order,
    ("tag", n, block), ("default", 0, block) or ("context", place, -1), the place being bytes above the stack pointer.
    ``tags``, ``stack_map``: what the CLIF instruction carries for debuggers and collectors; ``patchable``: it may become a nop.
    """

    __slots__ = ("handlers", "normal", "patchable", "pops", "stack_map", "symbol", "tags")

    def __init__(self, symbol: str = "", pops: int = 0) -> None:
        self.symbol = symbol
        self.pops = pops
        self.normal = -1
        self.handlers: tuple[tuple[str, int, int], ...] = ()
        self.tags: tuple[Any, ...] = ()
        self.stack_map: tuple[Any, ...] = ()
        self.patchable = False


class Form:
    """One way to write a relaxable branch: ``size`` bytes, reaching displacements ``low <= d <=
    high`` from its first byte to the label; ``write(data, d)`` makes the bytes."""

    __slots__ = ("high", "low", "size", "write")

    def __init__(self, size: int, low: int, high: int, write: Callable[[Any, int], bytes]) -> None:
        self.size = size
        self.low = low
        self.high = high
        self.write = write


class Fixup:
    """A field of fixed size that holds a displacement: ``patch(code, offset, d)`` writes it; d is
    ``label + addend - offset``. Outside of ``low..high`` the function is too large."""

    __slots__ = ("high", "low", "name", "patch")

    def __init__(self, name: str, low: int, high: int, patch: Callable[[bytearray, int, int], None]) -> None:
        self.name = name
        self.low = low
        self.high = high
        self.patch = patch


class Dwarf:
    """How unwinders see a target. ``registers``: preg -> DWARF number of those a prologue may save. ``initial``: call
    frame instructions at a function's entry. ``prologue``: (code offset, instructions) of each of its steps up to the
    frame pointer's setting; afterwards the CFA is ``frame_head`` above the frame pointer. ``epilogue``: back to the
    rules of the entry, between the epilogue and the return instruction. ``sign``: where return addresses are signed, that
    one is, or no longer is; ``augmentation``: letters of the CIE behind "zR"."""

    __slots__ = (
        "augmentation", "code_align", "data_align", "epilogue", "frame_head", "initial", "prologue", "registers", "return_column",
        "sign",
    )  # fmt: skip

    def __init__(
        self, registers: dict[int, int], return_column: int, initial: bytes, prologue: tuple[tuple[int, bytes], ...],
        epilogue: bytes, frame_head: int = 16, code_align: int = 1, data_align: int = -8, sign: bytes = b"",
        augmentation: bytes = b"",
    ) -> None:  # fmt: skip
        self.registers = registers
        self.return_column = return_column
        self.initial = initial
        self.prologue = prologue
        self.epilogue = epilogue
        self.frame_head = frame_head
        self.code_align = code_align
        self.data_align = data_align
        self.sign = sign
        self.augmentation = augmentation


class Target:
    """Everything the engine knows of an ISA. Set every attribute; those with a default here are
    optional.

    Facts
      name            "x64", "aarch64", ...
      pointer         the CLIF type of addresses
      big_endian      byte order of code's constants
      features        name -> bool or int, all names the ISA knows
      env             `MachineEnv`
      abis            calling convention name -> `Abi`; every name CLIF has that the target supports
      code_align      of a function's start
      loop_align      of loop headers (1: none)
      dwarf           `Dwarf`, for unwind tables (None: there are none)
      frame_head      bytes from the frame pointer up to where offsets of stack arguments count from
      frame_least     bytes below the frame pointer that every function has (an area that callers reserve)
      nop             size -> bytes that do nothing, for padding inside code

    Types
      parts(type)     ((register class, part type), ...) of a value, lowest first: i128 -> ((INT,
      I64), (INT, I64));
                      () if the target has no way to hold it. Called once per type.

    Lowering
      lacks           (opcode, type) pairs that ``backend.soft.expand`` replaces before lowering; ``lacks_types``: their types
      rules(ctx)      -> {"lower.table": [...], "lower_branch.table": [...]}: made once per context;
      see docs/backend.md unused_ok       opcodes (besides pure ones) dropped where no result is
      used: none by default

    Instructions over vregs that the engine asks for
      move(dst, src, cls) -> MInst               a row with MOVE
      jump(block) -> MInst                       a row with JUMP | TERMINATOR, imm = (block,)
      load_stack(dst, base, offset, type), store_stack(src, base, offset, type) -> MInst
      stack_address(dst, base, offset) -> MInst
      load(dst, base vreg, offset, type), store(src, base vreg, offset, type) -> MInst     plain
      memory, no trap extend(ctx, reg, from_type, bits, signed) -> vreg     emits
      between(dst, src, type, to_int) -> MInst   the bits of a float of this type from a float register to a general one, or back
      join_pair(ctx, low, high) -> vreg, split_pair(ctx, vreg, low, high)     emit what joins two general registers in
      a float register and parts them, where a convention returns i128 so
      symbol_address(ctx, name, addend) -> vreg  emits the load of an absolute address (relocation
      abs8)
      call_direct, call_indirect: Row            flags CALL; imm: a `CallSite`; use 0 of indirect: the address (REG)
      try_direct, try_indirect: Row              the same with BRANCH | TERMINATOR and row.imm == "try", or None
      tail_direct, tail_indirect: Row            jumps out after the epilogue, or None; imm: the same
      tail_address                               preg, not allocatable, of the address in an indirect tail call; -1: the
                                                 engine finds one that calls destroy
      payloads                                   pregs in which a thrower leaves exn0 and exn1
      resume                                     machine code of resume(pc, frame pointer, stack pointer, exn0, exn1)
      strip                                      machine code of strip(return address) -> it without its signature (b"": there
                                                 are none)
      block_address(dst, block) -> MInst         the address of a machine block

    Emission
      emit_move(sink, src, dst, cls)             allocations; never slot to slot; preserves flags; asks of the
                                                 frame no more than ``spills``, ``size``, ``realigned``
      emit_prologue(sink, frame)                 up to and including saves of frame.saved registers; where
                                                 sink.stack_limit is not None, a check of the stack in functions that call
      emit_epilogue(sink, frame, tail)           everything before the return instruction, or the jump of a tail call;
                                                 whether the return address is still signed, for the return authenticates it
      emit_return(sink)
      emit_jump(sink, label)
      emit_branch(sink, inst, allocs, label, invert)   two-way: to label if the condition holds (invert: does not)
      relocations                                kind -> `Fixup`: relocations relative to their
      field ("pcrel4"), for
                                                 calls inside a module; d = symbol + addend - field
      emit_trap(sink, code)                      a trapping instruction, after sink.trap(code); a call of sink.trap_symbol
                                                 where that is not empty
    """

    __slots__ = (
        "_parts",
        "abis",
        "baselines",
        "between",
        "big_endian",
        "block_address",
        "call_direct",
        "call_indirect",
        "code_align",
        "contexts",
        "dwarf",
        "emit_branch",
        "emit_epilogue",
        "emit_jump",
        "emit_move",
        "emit_prologue",
        "emit_return",
        "emit_trap",
        "env",
        "extend",
        "features",
        "frame_head",
        "frame_least",
        "join_pair",
        "jump",
        "lacks",
        "lacks_types",
        "load",
        "load_stack",
        "loop_align",
        "move",
        "name",
        "nop",
        "parts",
        "payloads",
        "pointer",
        "prices",
        "relocations",
        "resume",
        "rules",
        "split_pair",
        "stack_address",
        "store",
        "store_stack",
        "strip",
        "symbol_address",
        "tail_address",
        "tail_direct",
        "tail_indirect",
        "try_direct",
        "try_indirect",
    )  # fmt: skip

    name: str
    pointer: Type
    features: dict[str, int]
    env: MachineEnv
    abis: dict[str, Abi]
    parts: Callable[[Type], tuple[tuple[int, Type], ...]]
    rules: Callable[[Any], dict[str, Any]]
    move: Callable[[int, int, int], MInst]
    jump: Callable[[int], MInst]
    load_stack: Callable[[int, int, int, Type], MInst]
    store_stack: Callable[[int, int, int, Type], MInst]
    stack_address: Callable[[int, int, int], MInst]
    load: Callable[[int, int, int, Type], MInst]
    store: Callable[[int, int, int, Type], MInst]
    extend: Callable[[Any, int, Type, int, bool], int]
    symbol_address: Callable[[Any, str, int], int]
    call_direct: Row
    call_indirect: Row
    tail_direct: Row | None
    tail_indirect: Row | None
    try_direct: Row | None
    try_indirect: Row | None
    between: Callable[[int, int, Type, bool], MInst]
    join_pair: Callable[[Any, int, int], int]
    split_pair: Callable[[Any, int, int, int], None]
    block_address: Callable[[int, int], MInst]
    emit_move: Callable[[Any, int, int, int], None]
    emit_prologue: Callable[[Any, Any], None]
    emit_epilogue: Callable[[Any, Any, bool], bool]
    emit_return: Callable[[Any], None]
    emit_jump: Callable[[Any, int], None]
    emit_branch: Callable[[Any, MInst, tuple[int, ...], int, bool], None]
    emit_trap: Callable[[Any, str], None]
    nop: Callable[[int], bytes]

    def __init__(self, name: str) -> None:
        self.name = name
        self.big_endian = False
        self.code_align = 16
        self.loop_align = 1
        self.frame_head = 16
        self.tail_address = -1
        self.frame_least = 0
        self.tail_direct = None
        self.tail_indirect = None
        self.try_direct = None
        self.try_indirect = None
        self.payloads: tuple[int, ...] = ()
        self.resume = b""
        self.strip = b""
        self.relocations: dict[str, Fixup] = {}
        self.dwarf: Dwarf | None = None
        self.contexts: list[Any] = []  # the engine's lowering contexts made for this target, for reuse
        self.baselines: list[Any] = []  # what the baseline compiler keeps, likewise
        self.prices: Any = None  # the mid-end's, of trees of instructions
        self.lacks: frozenset[tuple[int, Type]] = frozenset()
        self.lacks_types: frozenset[Type] = frozenset()
        self._parts: dict[Type, tuple[tuple[int, Type], ...]] = {}

    def parts_of(self, type: Type) -> tuple[tuple[int, Type], ...]:
        """``parts(type)``, remembered; an error where the target cannot hold the type."""
        found = self._parts.get(type)
        if found is None:
            found = self.parts(type)
            if not found:
                raise UnsupportedError(f"{self.name}: values of type {NAME[type]} are not supported by this target")
            self._parts[type] = found
        return found

    def in_memory(self, type: Type) -> list[tuple[int, Type, int]]:
        """(register class, type, offset in memory) of each part: the lowest comes first, but that of an integer lies last
        where the byte order is big-endian."""
        found = []
        offset = 0
        parts = self.parts_of(type)
        backwards = self.big_endian and IS_INT[type]
        for cls, part in parts[::-1] if backwards else parts:
            found.append((cls, part, offset))
            offset += BYTES[part]
        return found[::-1] if backwards else found

    def abi(self, call_conv: str) -> Abi:
        """The calling convention of that name."""
        found = self.abis.get(call_conv)
        if found is None:
            known = ", ".join(sorted(self.abis))
            raise UnsupportedError(
                f"{self.name}: calling convention {call_conv!r} is not supported here; there are {known}"
            )
        return found
