"""The emitter: typed IR, one instruction at a time, and the structured control flow that library code is written with.

`Translator` extends this with Python's operations on abstract values. Everything here speaks SSA values (ints) and CLIF types.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import F16, F32, F64, I8, I64, MASK
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.translate import exceptions
from jitpy.frontend.translate.exceptions import is_own

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitpy.backend.ir.function import Function
    from jitpy.frontend.module import KernelModule
    from jitpy.frontend.types.types import Type

_CHECKED = {o.IADD: fo.IADD_CHECK, o.ISUB: fo.ISUB_CHECK, o.IMUL: fo.IMUL_CHECK}
_CHECKED_UNSIGNED = {o.IADD: fo.UADD_CHECK, o.ISUB: fo.USUB_CHECK, o.IMUL: fo.UMUL_CHECK}
_UNCHECKED = {
    fo.IADD_CHECK: o.IADD, fo.ISUB_CHECK: o.ISUB, fo.IMUL_CHECK: o.IMUL,
    fo.UADD_CHECK: o.IADD, fo.USUB_CHECK: o.ISUB, fo.UMUL_CHECK: o.IMUL,
}  # fmt: skip
#: Operations whose low bits depend on their operands' low bits alone.
_LOW_BITS_THROUGH = frozenset({o.IADD, o.ISUB, o.IMUL, o.BAND, o.BOR, o.BXOR, o.BNOT, o.INEG})


class Emitter:
    """Writes into ``func`` at the end of block ``bb``; every instruction gets the source location ``srcloc``."""

    __slots__ = (
        "bb", "bounds", "counted", "func", "handler", "headers", "iconsts", "journal", "module", "open", "raised", "srcloc",
        "stepped",
    )  # fmt: skip

    def __init__(self, func: Function, module: KernelModule) -> None:
        self.func = func
        self.module = module
        self.bb = -1
        self.srcloc = 0
        self.iconsts: dict[Any, int] = {}  # constants of the current block
        self.bounds: dict[int, tuple[int, int]] = {}  # what is known about i64 values: smallest, largest
        #: loop header -> (index value, start, stop, step) of counted loops
        self.counted: dict[int, tuple[int, int, int, int]] = {}
        #: loop header -> (index value, start, stop, step value) of loops by other steps than one
        self.stepped: dict[int, tuple[int, int, int, int]] = {}
        #: loop header -> whether another loop is inside
        self.headers: dict[int, bool] = {}
        #: terminators whose targets are not all known: instruction -> (condition or None, targets)
        self.open: dict[int, tuple[int | None, list[tuple[int, tuple[int, ...]] | None]]] = {}
        #: how to undo what was done to older blocks, see `Frame.rewind`
        self.journal: list[Callable[[], object]] = []
        #: inside ``try``: (frame, its handler), and the edges to handlers that wait (see `exceptions`)
        self.handler: Any = None
        self.raised: list[Any] = []

    # -- instructions ----------------------------------------------------------------------------------------------------

    def op(self, opcode: int, type: int, *args: int, imm: Any = None) -> int:
        """One instruction with one result of CLIF type ``type``; returns the SSA value.

        ``type`` is the *result's* type. The node's controlling type is derived: for comparisons and the like it is the operand's.
        """
        f = self.func
        ctrl = type
        if opcode < 256:
            from_arg = o.CTRL[opcode]
            if from_arg and from_arg != ".":
                ctrl = f.value_types[args[int(from_arg)]]
        return f.value(self.bb, (opcode, ctrl, imm, *args), type, self.srcloc)

    def op_n(self, opcode: int, types: Sequence[int], *args: int, imm: Any = None) -> tuple[int, ...]:
        """An instruction with the results ``types`` (none, or several such as of ``sadd_overflow``)."""
        f = self.func
        ctrl = types[0] if types else 0
        if opcode < 256:
            from_arg = o.CTRL[opcode]
            if from_arg and from_arg != ".":
                ctrl = f.value_types[args[int(from_arg)]]
        inst = f.append(self.bb, (opcode, ctrl, imm, *args), tuple(types), self.srcloc)
        return f.results[inst]

    def iconst(self, n: int, type: int = I64) -> int:
        """The integer ``n`` (signed or unsigned reading) of an integer type; shared within the block."""
        key = (type, n & MASK[type])
        v = self.iconsts.get(key)
        if v is None:
            v = self.iconsts[key] = self.func.value(self.bb, (o.ICONST, type, key[1]), type, self.srcloc)
        return v

    def fconst(self, x: float, type: int = F64) -> int:
        """The float ``x`` in F16, F32 or F64, rounded to it."""
        if type == F64:
            bits, opcode = int.from_bytes(struct.pack("<d", x), "little"), o.F64CONST
        elif type == F32:
            try:
                raw = struct.pack("<f", x)
            except OverflowError:
                raw = struct.pack("<f", float("inf") if x > 0 else float("-inf"))
            bits, opcode = int.from_bytes(raw, "little"), o.F32CONST
        else:
            assert type == F16
            try:
                raw = struct.pack("<e", x)
            except OverflowError:
                raw = struct.pack("<e", float("inf") if x > 0 else float("-inf"))
            bits, opcode = int.from_bytes(raw, "little"), o.F16CONST
        key = (-type, bits)
        v = self.iconsts.get(key)
        if v is None:
            v = self.iconsts[key] = self.func.value(self.bb, (opcode, type, bits), type, self.srcloc)
        return v

    def icmp(self, cc: str, a: int, b: int) -> int:
        """Compare integers: an i8."""
        return self.func.value(self.bb, (o.ICMP, self.func.value_types[a], cc, a, b), I8, self.srcloc)

    def fcmp(self, cc: str, a: int, b: int) -> int:
        """Compare floats: an i8."""
        return self.func.value(self.bb, (o.FCMP, self.func.value_types[a], cc, a, b), I8, self.srcloc)

    def select(self, cond: int, a: int, b: int) -> int:
        """``a`` where ``cond`` is nonzero, else ``b``."""
        return self.op(o.SELECT, self.func.value_types[a], cond, a, b)

    def load(self, type: int, address: int, offset: int = 0, flags: int = 3) -> int:
        """A plain load (trusted by default)."""
        return self.func.value(self.bb, (o.LOAD_, type, (flags, offset), address), type, self.srcloc)

    def store(self, value: int, address: int, offset: int = 0, flags: int = 3) -> None:
        """A plain store."""
        t = self.func.value_types[value]
        self.func.append(self.bb, (o.STORE_, t, (flags, offset), value, address), (), self.srcloc)

    # -- Python ints -----------------------------------------------------------------------------------------------------

    def checked(self, opcode: int, a: int, b: int, unsigned: bool = False) -> int:
        """IADD, ISUB or IMUL on Python ints (i64): OverflowError where the result leaves the range; see `low_bits`.

        ``unsigned``: operands and result are in 0 .. 2**64-1 instead.
        """
        table = _CHECKED_UNSIGNED if unsigned else _CHECKED
        if unsigned:
            site = self.site(OverflowError, ("Python int outside 0 .. 2**64-1",))
        else:
            site = self.site(OverflowError, ("Python int too large to convert to C long",))
        return self.func.value(self.bb, (table[opcode], I64, site, a, b), I64, self.srcloc)

    def low_bits(self, v: int) -> int:
        """``v`` modulo 2**64 where only low bits matter (``& mask``, ``% 2**k``): checked operations below it lose their checks."""
        f = self.func
        memo: dict[int, int] = {}
        order: list[int] = []
        stack = [v]
        seen: set[int] = set()
        while stack:  # post-order over the tree of operations
            x = stack.pop()
            if x < 0:
                order.append(~x)
                continue
            if x in seen:
                continue
            seen.add(x)
            d = f.value_defs[x]
            if d >= 0:
                node = f.insts[d]
                if (node[0] in _UNCHECKED or node[0] in _LOW_BITS_THROUGH) and len(seen) < 64:
                    stack.append(~x)
                    stack.extend(node[3:])
        for x in order:
            node = f.insts[f.value_defs[x]]
            args = tuple(memo.get(a, a) for a in node[3:])
            opcode = _UNCHECKED.get(node[0], node[0])
            if opcode != node[0] or args != node[3:]:
                memo[x] = self.func.value(self.bb, (opcode, I64, None, *args), I64, self.srcloc)
        return memo.get(v, v)

    def bound(self, v: int, low: int, high: int) -> int:
        """Record that the i64 ``v`` lies in low .. high (inclusive); returns ``v``. Range analysis starts from this."""
        self.bounds[v] = (low, high)
        return v

    # -- errors ----------------------------------------------------------------------------------------------------------

    def site(self, exc_class: type[BaseException] | None, parts: tuple[Any, ...] = ()) -> int:
        """The index of a site at the current source line."""
        raise AssertionError("the translator knows the source line")

    def _message(self, exc_class: type[BaseException], message: tuple[Any, ...]) -> tuple[int, tuple[int, ...]]:
        parts: list[Any] = []
        raw: list[int] = []
        for part in message:
            if part.__class__ is str:
                parts.append(part)
            else:
                value, t = part
                parts.append((len(raw), t))
                raw.extend(value if value.__class__ is tuple else (value,))
        return self.site(exc_class, tuple(parts)), tuple(raw)

    def check(self, cond: int | bool, exc_class: type[BaseException], *message: Any) -> None:
        """Raise where ``cond`` (an i8) is nonzero. Message parts: str, or (SSA value or tuple of them, frontend Type); 4 slots."""
        if cond is False:
            return
        if cond is True:
            self.raise_(exc_class, *message)
            self.use(self.block())
            return
        site, raw = self._message(exc_class, message)
        if self.handler is not None and not is_own(message):
            exceptions.check(self, cond, site, raw)  # type: ignore[arg-type]
            return
        self.func.append(self.bb, (fo.CHECK, I8, site, cond, *raw), (), self.srcloc)

    def raise_(self, exc_class: type[BaseException], *message: Any) -> None:
        """Raise unconditionally; ends the current block."""
        site, raw = self._message(exc_class, message)
        if self.handler is not None and not is_own(message):
            exceptions.throw_site(self, site, raw)  # type: ignore[arg-type]
            return
        self.func.append(self.bb, (fo.RAISE, 0, site, *raw), (), self.srcloc)

    def never(self) -> None:
        """End the block where control does not come."""
        site, _ = self._message(RecursionError, ())
        self.func.append(self.bb, (fo.RAISE, 0, site), (), self.srcloc)

    def index(self, idx: int, extent: int, axis: int = 0, what: str = "") -> int:
        """Wrap a negative index and check the bounds (IndexError): the index in 0 .. extent-1."""
        if what:
            site = self.site(IndexError, (what,))
        else:
            from jitpy.frontend.types.types import py_int

            site = self.site(
                IndexError,
                ("index ", (0, py_int), f" is out of bounds for axis {axis} with size ", (1, py_int)),
            )
        if self.handler is not None:
            wrapped = self.select(self.icmp("slt", idx, self.iconst(0)), self.op(o.IADD, I64, idx, extent), idx)
            raw = () if what else (idx, extent)
            exceptions.check(self, self.icmp("uge", wrapped, extent), site, raw)  # type: ignore[arg-type]
            return wrapped
        return self.func.value(self.bb, (fo.INDEX_CHECK, I64, (site, axis), idx, extent), I64, self.srcloc)

    # -- blocks ----------------------------------------------------------------------------------------------------------

    def block(self) -> int:
        """A new block (appended to the layout)."""
        return self.func.block()

    def cold_block(self) -> int:
        """A new block that is seldom reached: it goes behind the others."""
        block, cold = self.func.block(), self.func.cold
        cold.add(block)
        self.journal.append(lambda: cold.discard(block))
        return block

    def param(self, block: int, type: int) -> int:
        """A new parameter of ``block``."""
        return self.func.param(block, type)

    def use(self, block: int) -> None:
        """Continue at the end of ``block``."""
        self.bb = block
        self.iconsts = {}

    def jump(self, block: int, args: Sequence[int] = ()) -> None:
        """Jump; ends the current block."""
        self.func.append(self.bb, (o.JUMP, 0, ((block, len(args)),), *args), (), self.srcloc)

    def brif(
        self, cond: int, then: int, then_args: Sequence[int], else_: int, else_args: Sequence[int]
    ) -> None:
        """Branch on a nonzero ``cond``; ends the current block."""
        targets = ((then, len(then_args)), (else_, len(else_args)))
        t = self.func.value_types[cond]
        self.func.append(self.bb, (o.BRIF, t, targets, cond, *then_args, *else_args), (), self.srcloc)

    def branch(
        self, cond: int | bool, then: Callable[[], Sequence[int]], else_: Callable[[], Sequence[int]],
        types: Sequence[int], seldom: bool = False,
    ) -> tuple[int, ...]:  # fmt: skip
        """Two callbacks that return SSA values of the CLIF types ``types``; the merged values. ``seldom``: the first is cold.

        Only the taken path's callback runs where the condition is known. A callback may end its block by raising if it returns ().
        """
        if cond is True:
            return tuple(then())
        if cond is False:
            return tuple(else_())
        a, b, join = self.cold_block() if seldom else self.block(), self.block(), self.block()
        self.brif(cond, a, (), b, ())
        for block, callback in ((a, then), (b, else_)):
            self.use(block)
            values = tuple(callback())
            if len(values) == len(types) and not self.ended():
                self.jump(join, values)
        params = tuple(self.param(join, t) for t in types)
        self.use(join)
        return params

    def ended(self) -> bool:
        """Whether the current block has its terminator."""
        insts = self.func.block_insts[self.bb]
        if not insts:
            return False
        opcode = self.func.insts[insts[-1]][0]
        return opcode in fo.TERMINATORS or (opcode < 256 and o.EFFECTS[opcode] & o.TERMINATOR != 0)

    def loop(
        self, count: int, body: Callable[[int, tuple[int, ...]], Sequence[int]], carried: Sequence[int] = (),
        start: int | None = None,
    ) -> tuple[int, ...]:  # fmt: skip
        """``for i in range(start or 0, count)``: ``body(i, carried)`` returns the carried values of the next turn; polls.

        Returns the carried values after the loop.
        """
        f = self.func
        types = [f.value_types[v] for v in carried]
        header, inside, out = self.block(), self.block(), self.block()
        first = self.iconst(0) if start is None else start
        self.jump(header, (first, *carried))
        i = self.param(header, I64)
        state = tuple(self.param(header, t) for t in types)
        self.use(header)
        self.brif(self.icmp("slt", i, count), inside, (), out, ())
        self.counted_loop(header, i, first, count, 1)
        self.loop_header(header)
        self.use(inside)
        after = tuple(body(i, state))
        step = self.op(o.IADD, I64, i, self.iconst(1))
        self.jump(header, (step, *after))
        self.use(out)
        return state

    def while_(
        self, carried: Sequence[int], cond: Callable[[tuple[int, ...]], int],
        body: Callable[[tuple[int, ...]], Sequence[int]],
    ) -> tuple[int, ...]:  # fmt: skip
        """``while cond(carried): carried = body(carried)``; polls. Returns the carried values after the loop."""
        f = self.func
        types = [f.value_types[v] for v in carried]
        header, inside, out = self.block(), self.block(), self.block()
        self.jump(header, tuple(carried))
        state = tuple(self.param(header, t) for t in types)
        self.use(header)
        self.loop_header(header)
        more = cond(state)
        self.brif(more, inside, (), out, ())
        self.use(inside)
        after = tuple(body(state))
        self.jump(header, after)
        self.use(out)
        return state

    def counted_loop(self, header: int, index: int, start: int, stop: int, step: int) -> None:
        """Note that ``header`` is a counted loop's: ``index`` runs from ``start`` while it is below (above, for -1) ``stop``."""
        self.counted[header] = (index, start, stop, step)

    def stepped_loop(self, header: int, index: int, start: int, stop: int, step: int) -> None:
        """Note that ``header`` enters its loop, by its first target, with what ``range(start, stop, step)`` gives as ``index``."""
        self.stepped[header] = (index, start, stop, step)

    def loop_header(self, block: int, inner: bool = False) -> None:
        """Note that a back edge leads to ``block``; ``inner``: the loop has another one inside."""
        self.headers[block] = inner

    # -- terminators whose targets come later ------------------------------------------------------------------------------

    def open_jump(self) -> int:
        """End the block with a jump; its target is given to `close`. Returns the instruction."""
        inst = self.func.append(self.bb, (o.JUMP, 0, None), (), self.srcloc)
        self.open[inst] = (None, [None])
        return inst

    def open_brif(self, cond: int) -> int:
        """End the block with a branch; its targets (0: then, 1: else) are given to `close`."""
        inst = self.func.append(self.bb, (o.BRIF, I8, None, cond), (), self.srcloc)
        self.open[inst] = (cond, [None, None])
        return inst

    def close(self, inst: int, slot: int, block: int, args: Sequence[int]) -> None:
        """Give an open terminator a target."""
        cond, targets = self.open[inst]
        insts = self.func.insts
        old_node, old_target = insts[inst], targets[slot]

        def undo() -> None:
            insts[inst] = old_node
            targets[slot] = old_target

        self.journal.append(undo)
        targets[slot] = (block, tuple(args))
        if cond is None:
            insts[inst] = (o.JUMP, 0, ((block, len(args)),), *args)
        elif targets[0] is not None and targets[1] is not None:
            (b0, a0), (b1, a1) = targets  # type: ignore[misc]
            insts[inst] = (o.BRIF, I8, ((b0, len(a0)), (b1, len(a1))), cond, *a0, *a1)

    def reopen(self, inst: int, bb: int) -> bool:
        """Take back the open jump ``inst`` at the end of ``bb`` and go on there; False if it is a branch."""
        if self.open[inst][0] is not None:
            return False
        insts = self.func.block_insts[bb]
        old = insts[:]
        self.journal.append(lambda: insts.__setitem__(slice(None), old))
        insts.pop()
        self.use(bb)
        return True

    def open_before(self, bb: int) -> tuple[int, dict[Any, int], int, int]:
        """Emit before the terminator of ``bb`` until `close_before`."""
        insts = self.func.block_insts[bb]
        old = insts[:]
        self.journal.append(lambda: insts.__setitem__(slice(None), old))
        saved = (self.bb, self.iconsts, bb, insts.pop())
        self.use(bb)
        return saved

    def close_before(self, saved: tuple[int, dict[Any, int], int, int]) -> None:
        """Go back to where emission was."""
        self.bb, self.iconsts, bb, terminator = saved
        self.func.block_insts[bb].append(terminator)

    # -- calls and memory -------------------------------------------------------------------------------------------------

    def reach(self, symbol: str) -> None:
        """The code needs this symbol of the runtime."""
        raise AssertionError("the translator knows the target")

    def call_extern(
        self, symbol: str, params: Sequence[int], returns: Sequence[int], *args: int
    ) -> tuple[int, ...]:
        """Call a runtime helper by the C convention; its results."""
        self.reach(symbol)
        return self.op_n(fo.CALL_EXTERN, returns, *args, imm=(symbol, tuple(params), tuple(returns)))

    def call_extern_status(self, symbol: str, params: Sequence[int], *args: int) -> None:
        """Call a runtime helper that returns an i32 status (0: fine); leaves with that status otherwise."""
        self.reach(symbol)
        site = self.site(None)
        self.op_n(fo.CALL_STATUS, (), *args, imm=(symbol, tuple(params), site))

    def vmctx(self) -> int:
        """The kernel's context pointer, to pass to helpers."""
        return self.func.block_params[0][0]

    def site_address(self, site: int) -> int:
        """The address of a site's cell, to pass to helpers."""
        return self.op(fo.SITE_ADDRESS, I64, imm=site)

    def alloc(self, nbytes: int) -> tuple[int, int]:
        """A new block of ``nbytes`` (an i64 value): its owner and its data address. MemoryError where there is none."""
        (data,) = self.call_extern("jitpy_alloc", (I64,), (I64,), nbytes)
        self.check(self.icmp("eq", data, self.iconst(0)), MemoryError)
        return self.op(fo.OWN, I64, data), data

    def stack_slots(self, values: Sequence[int]) -> int:
        """The address of a record on the stack that holds ``values``, each in a slot of 8 bytes."""
        slot = self.func.stack_slot(8 * max(len(values), 1))
        address = self.op(o.STACK_ADDR, I64, imm=(slot, 0))
        for i, v in enumerate(values):
            self.store(v, address, 8 * i)
        return address

    def keep(self, owner: int) -> None:
        """The block of ``owner`` is in use until here (needed after addresses were computed by hand)."""
        self.func.append(self.bb, (fo.KEEP, I64, None, owner), (), self.srcloc)

    def element_load(self, array: Type, ssa: Sequence[int], indices: Sequence[int], part: int = 0) -> int:
        """Load an element's component ``part`` of an array (its flat values) at checked indices; its storage type is the flat's."""
        n = array.ndim  # type: ignore[attr-defined]
        dtype = array.dtype  # type: ignore[attr-defined]
        t = dtype.flat[part]
        imm = (n, dtype.bits // 8, array.layout, part * (dtype.bits // 16))  # type: ignore[attr-defined]
        return self.func.value(
            self.bb, (fo.ELEMENT_LOAD, t, imm, ssa[0], ssa[1], *indices, *ssa[2 + n :]), t, self.srcloc
        )

    def element_store(
        self, value: int, array: Type, ssa: Sequence[int], indices: Sequence[int], part: int = 0
    ) -> None:
        """Store an element's component."""
        n = array.ndim  # type: ignore[attr-defined]
        dtype = array.dtype  # type: ignore[attr-defined]
        imm = (n, dtype.bits // 8, array.layout, part * (dtype.bits // 16))  # type: ignore[attr-defined]
        node = (fo.ELEMENT_STORE, dtype.flat[part], imm, value, ssa[0], ssa[1], *indices, *ssa[2 + n :])
        self.func.append(self.bb, node, (), self.srcloc)
