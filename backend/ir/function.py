"""A CLIF function: dense integer entities over parallel lists.

Values, instructions and blocks are ints. An instruction is a node tuple ``(op, type, imm, *args)`` (see `opcodes`);
its results, source location and so on stand in lists beside it at the same index. Blocks take parameters; there are
no phis. Nothing here checks anything: the verifier does.

The frontend's typed IR is the same container with more opcodes.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.ir.types import BYTES, Type

Node = tuple[Any, ...]

#: ``value_defs`` of a number that names no value (numbers may have gaps when they come from text); its type is INVALID.
NO_DEF = -1 << 31


class AbiParam:
    """One parameter or return of a signature: its type, ``uext``/``sext`` or "", and a purpose ("", sret, vmctx,
    sarg).
    """

    __slots__ = ("extension", "purpose", "size", "type")

    def __init__(self, type: Type, extension: str = "", purpose: str = "", size: int = 0) -> None:
        self.type = type
        self.extension = extension
        self.purpose = purpose
        self.size = size  # bytes of a struct argument (sarg)


class Signature:
    """Parameters, returns and calling convention of a function."""

    __slots__ = ("call_conv", "params", "returns")

    def __init__(
        self, params: list[AbiParam], returns: list[AbiParam], call_conv: str = "system_v"
    ) -> None:
        self.params = params
        self.returns = returns
        self.call_conv = call_conv

    def key(self) -> tuple[Any, ...]:
        return (
            tuple([(p.type, p.extension, p.purpose, p.size) for p in self.params]),
            tuple([(r.type, r.extension, r.purpose, r.size) for r in self.returns]),
            self.call_conv,
        )


def signature(params: list[Type], returns: list[Type], call_conv: str = "system_v") -> Signature:
    """A signature of plain types."""
    return Signature([AbiParam(t) for t in params], [AbiParam(t) for t in returns], call_conv)


class ExtFunc:
    """A function that can be called: its name (``%name`` without the sign, or ``u0:1``), signature reference,
    ``colocated`` (near).
    """

    __slots__ = ("colocated", "name", "patchable", "sig")

    def __init__(self, name: str, sig: int, colocated: bool = False, patchable: bool = False) -> None:
        self.name = name
        self.sig = sig
        self.colocated = colocated
        self.patchable = patchable


class StackSlot:
    """An explicit stack slot of ``size`` bytes, aligned to ``1 << align_shift``; ``key`` for debuggers."""

    __slots__ = ("align_shift", "key", "size")

    def __init__(self, size: int, align_shift: int = 0, key: int | None = None) -> None:
        self.size = size
        self.align_shift = align_shift
        self.key = key


class GlobalValue:
    """A global value: ``kind`` is vmctx, load, iadd_imm, symbol or dyn_scale_target_const; the rest as that kind needs.

    load: type, flags, base, offset; iadd_imm: type, base, offset; symbol: name, offset, colocated, tls.
    """

    __slots__ = ("base", "colocated", "flags", "kind", "name", "offset", "tls", "type")

    def __init__(
        self, kind: str, type: Type = 0, base: int = -1, offset: int = 0, flags: int = 0,
        name: str = "", colocated: bool = False, tls: bool = False,
    ) -> None:  # fmt: skip
        self.kind = kind
        self.type = type
        self.base = base
        self.offset = offset
        self.flags = flags
        self.name = name
        self.colocated = colocated
        self.tls = tls


class TryTargets:
    """The exceptional edges of a try_call: ``targets`` as a branch's (normal return first); ``handlers`` says how
    each is reached.

    ``handlers``: ("tag", n, target index), ("default", target index) or ("context", argument index), in written order.
    A target's argument counts name, besides values, ``ret``/``exn`` payloads: ``payloads[k]`` lists for target k
    its arguments as value positions (>= 0, into the instruction's args) or ("ret"|"exn", i). ``call_args`` counts
    the leading arguments that belong to the call, the callee of an indirect one included; then come target
    arguments and contexts as they are written.
    """

    __slots__ = ("call_args", "handlers", "payloads", "sig", "targets")

    def __init__(
        self, sig: int, targets: tuple[tuple[int, int], ...], call_args: int,
        handlers: tuple[tuple[Any, ...], ...], payloads: tuple[tuple[Any, ...], ...],
    ) -> None:  # fmt: skip
        self.sig = sig
        self.targets = targets
        self.call_args = call_args
        self.handlers = handlers
        self.payloads = payloads

    def key(self) -> tuple[Any, ...]:
        return self.sig, self.targets, self.call_args, self.handlers, self.payloads

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TryTargets) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())


class Function:
    """One function; see the module's docstring. ``value_defs[v]`` is the defining instruction, or ``~block`` for a
    parameter.
    """

    __slots__ = (
        "aliases", "block_insts", "block_params", "cold", "constants", "debug_tags", "dynamic_slots", "dynamic_types",
        "ext_funcs", "global_values", "insts", "layout", "name", "regions", "results", "sig", "signatures",
        "srclocs", "stack_limit", "stack_maps", "stack_slots", "value_defs", "value_types",
    )  # fmt: skip

    def __init__(self, name: str, sig: Signature) -> None:
        self.name = name
        self.sig = sig
        self.value_types: list[Type] = []
        self.value_defs: list[int] = []
        self.insts: list[Node] = []
        self.results: list[tuple[int, ...]] = []
        self.srclocs: list[int] = []  # 0: none
        self.block_params: list[list[int]] = []
        self.block_insts: list[list[int]] = []
        self.layout: list[int] = []  # blocks in order, entry first
        self.cold: set[int] = set()
        self.stack_slots: list[StackSlot] = []
        self.signatures: list[Signature] = []
        self.ext_funcs: list[ExtFunc] = []
        self.global_values: list[GlobalValue] = []
        self.stack_limit: int | None = None
        # What text carries and code generation mostly ignores.
        self.aliases: dict[int, int] = {}
        self.constants: dict[int, tuple[Type, bytes]] = {}
        self.regions: dict[int, tuple[int, str]] = {}
        self.dynamic_types: dict[int, tuple[Type, int]] = {}
        self.dynamic_slots: list[int] = []
        self.debug_tags: dict[int, tuple[Any, ...]] = {}
        self.stack_maps: dict[int, tuple[Any, ...]] = {}

    def block(self) -> int:
        """A new block at the end of the layout."""
        b = len(self.block_insts)
        self.block_insts.append([])
        self.block_params.append([])
        self.layout.append(b)
        return b

    def param(self, block: int, type: Type) -> int:
        """A new parameter of ``block``."""
        v = len(self.value_types)
        self.value_types.append(type)
        self.value_defs.append(~block)
        self.block_params[block].append(v)
        return v

    def append(self, block: int, node: Node, result_types: tuple[Type, ...] = (), srcloc: int = 0) -> int:
        """Append an instruction with no or several results; returns its number (``results[inst]`` names the values)."""
        inst = len(self.insts)
        self.insts.append(node)
        self.srclocs.append(srcloc)
        first = len(self.value_types)
        for t in result_types:
            self.value_types.append(t)
            self.value_defs.append(inst)
        self.results.append(tuple(range(first, first + len(result_types))))
        self.block_insts[block].append(inst)
        return inst

    def value(self, block: int, node: Node, type: Type, srcloc: int = 0) -> int:
        """Append an instruction with one result of ``type``; returns the value."""
        inst = len(self.insts)
        v = len(self.value_types)
        self.insts.append(node)
        self.srclocs.append(srcloc)
        self.value_types.append(type)
        self.value_defs.append(inst)
        self.results.append((v,))
        self.block_insts[block].append(inst)
        return v

    def import_signature(self, sig: Signature) -> int:
        """The reference of ``sig`` in this function, shared among equal ones."""
        key = sig.key()
        for i, other in enumerate(self.signatures):
            if other.key() == key:
                return i
        self.signatures.append(sig)
        return len(self.signatures) - 1

    def import_function(self, name: str, sig: Signature, colocated: bool = False) -> int:
        """The reference of the external function ``name``, shared."""
        for i, other in enumerate(self.ext_funcs):
            if other.name == name:
                return i
        self.ext_funcs.append(ExtFunc(name, self.import_signature(sig), colocated))
        return len(self.ext_funcs) - 1

    def import_symbol(self, name: str, offset: int = 0) -> int:
        """The global value naming the address of ``name``, shared; for ``symbol_value``."""
        for i, gv in enumerate(self.global_values):
            if gv.kind == "symbol" and gv.name == name and gv.offset == offset:
                return i
        self.global_values.append(GlobalValue("symbol", offset=offset, name=name))
        return len(self.global_values) - 1

    def slots(self) -> list[StackSlot]:
        """The explicit stack slots, and behind them the dynamic ones, each as large as its type, 16 bytes at least."""
        dynamic = [BYTES[self.dynamic_types[number][0]] for number in self.dynamic_slots]
        return [*self.stack_slots, *(StackSlot(max(size, 16), 4) for size in dynamic)]

    def stack_slot(self, size: int, align_shift: int = 3) -> int:
        """A new explicit stack slot."""
        self.stack_slots.append(StackSlot(size, align_shift))
        return len(self.stack_slots) - 1
