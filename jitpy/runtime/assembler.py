"""A short hand for writing CLIF functions in Python: what the wrapper generator says instead of node tuples."""

from __future__ import annotations

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.function import AbiParam, Function, Signature
from jitpy.backend.ir.memflags import TRUSTED
from jitpy.backend.ir.types import I8, I32, I64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitpy.backend.ir.types import Type


def signature(params: tuple[Type, ...], returns: tuple[Type, ...]) -> Signature:
    """A System V signature of plain types; small integers are zero-extended as C has them."""
    return Signature([AbiParam(t) for t in params], [AbiParam(t) for t in returns])


class Assembler:
    """Appends instructions to the current block of ``func``. Methods return the value made."""

    __slots__ = ("block", "func")

    def __init__(self, name: str, params: tuple[Type, ...], returns: tuple[Type, ...]) -> None:
        self.func = Function(name, signature(params, returns))
        self.block = self.func.block()

    def arguments(self) -> list[int]:
        """The entry block's parameters."""
        return [self.func.param(0, p.type) for p in self.func.sig.params]

    def label(self, *types: Type, cold: bool = False) -> int:
        """A new block with parameters of these types."""
        b = self.func.block()
        for t in types:
            self.func.param(b, t)
        if cold:
            self.func.cold.add(b)
        return b

    def at(self, block: int) -> list[int]:
        """Continue in ``block``; its parameters."""
        self.block = block
        return self.func.block_params[block]

    def iconst(self, n: int, type: Type = I64) -> int:
        """An integer constant."""
        return self.func.value(self.block, (op.ICONST, type, n), type)

    def symbol(self, name: str) -> int:
        """The address of an extern symbol."""
        return self.func.value(self.block, (op.SYMBOL_VALUE, I64, self.func.import_symbol(name)), I64)

    def load(self, type: Type, at: int, offset: int = 0, flags: int = TRUSTED) -> int:
        """Load from memory; as a rule, known to be there and aligned."""
        return self.func.value(self.block, (op.LOAD_, type, (flags, offset), at), type)

    def load_u8(self, at: int, offset: int) -> int:
        """Load a byte, zero-extended to i64."""
        return self.func.value(self.block, (op.ULOAD8, I64, (TRUSTED, offset), at), I64)

    def load_u32(self, at: int, offset: int) -> int:
        """Load 32 bits, zero-extended to i64."""
        return self.func.value(self.block, (op.ULOAD32, I64, (TRUSTED, offset), at), I64)

    def store(self, value: int, at: int, offset: int = 0, flags: int = TRUSTED) -> None:
        """Store to memory; as a rule, known to be there and aligned."""
        type = self.func.value_types[value]
        self.func.append(self.block, (op.STORE_, type, (flags, offset), value, at))

    def binary(self, opcode: int, a: int, b: int) -> int:
        """An operation of two operands of one type."""
        type = self.func.value_types[a]
        return self.func.value(self.block, (opcode, type, None, a, b), type)

    def unary(self, opcode: int, a: int, result: Type) -> int:
        """An operation of one operand; the controlling type is the result's where text writes it."""
        type = result if op.CTRL[opcode] == "." else self.func.value_types[a]
        return self.func.value(self.block, (opcode, type, None, a), result)

    def icmp(self, condition: str, a: int, b: int) -> int:
        """An integer comparison: i8 0 or 1."""
        return self.func.value(self.block, (op.ICMP, self.func.value_types[a], condition, a, b), I8)

    def slot(self, size: int) -> int:
        """A stack slot of this many bytes."""
        return self.func.stack_slot(size, 3)

    def slot_address(self, slot: int, offset: int = 0) -> int:
        """The address of a stack slot."""
        return self.func.value(self.block, (op.STACK_ADDR, I64, (slot, offset)), I64)

    def call(self, name: str, params: tuple[Type, ...], returns: tuple[Type, ...], *args: int) -> int:
        """Call an extern function by name; its first result, or -1."""
        ref = self.func.import_function(name, signature(params, returns))
        inst = self.func.append(self.block, (op.CALL_, 0, ref, *args), returns)
        return self.func.results[inst][0] if returns else -1

    def call_pointer(self, target: int, params: tuple[Type, ...], returns: tuple[Type, ...], *args: int) -> int:
        """Call through an address; its first result, or -1."""
        ref = self.func.import_signature(signature(params, returns))
        inst = self.func.append(self.block, (op.CALL_INDIRECT, I64, ref, target, *args), returns)
        return self.func.results[inst][0] if returns else -1

    def call_signature(self, target: int, sig: Signature, args: list[int]) -> tuple[int, ...]:
        """Call through an address with a given signature; its results."""
        ref = self.func.import_signature(sig)
        inst = self.func.append(
            self.block, (op.CALL_INDIRECT, I64, ref, target, *args), tuple(r.type for r in sig.returns)
        )
        return self.func.results[inst]

    def jump(self, block: int, *args: int) -> None:
        """End the block with a jump."""
        self.func.append(self.block, (op.JUMP, 0, ((block, len(args)),), *args))

    def brif(
        self, condition: int, then: int, otherwise: int,
        then_args: tuple[int, ...] = (), else_args: tuple[int, ...] = (),
    ) -> None:  # fmt: skip
        """End the block with a two-way branch."""
        type = self.func.value_types[condition]
        targets = ((then, len(then_args)), (otherwise, len(else_args)))
        self.func.append(self.block, (op.BRIF, type, targets, condition, *then_args, *else_args))

    def leave_if(self, condition: int, out: int, *args: int) -> None:
        """Branch to ``out`` when the condition is nonzero; continue in a fresh block."""
        go_on = self.label()
        self.brif(condition, out, go_on, args)
        self.block = go_on

    def ret(self, *values: int) -> None:
        """Return."""
        self.func.append(self.block, (op.RETURN, 0, None, *values))


__all__ = ["I8", "I32", "I64", "Assembler", "signature"]
