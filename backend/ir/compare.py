"""Whether two functions are the same text: equal up to the numbering of instructions, which text does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function


def _entities(func: Function) -> tuple[Any, ...]:
    return (
        func.name,
        func.sig.key(),
        func.layout,
        [block in func.cold for block in func.layout],
        [(s.size, s.align_shift, s.key) for s in func.stack_slots],
        [sig.key() for sig in func.signatures],
        [(f.name, f.sig, f.colocated, f.patchable) for f in func.ext_funcs],
        [(g.kind, g.type, g.base, g.offset, g.flags, g.name, g.colocated, g.tls) for g in func.global_values],
        func.stack_limit,
        func.aliases,
        func.constants,
        func.regions,
        func.dynamic_types,
        func.dynamic_slots,
    )


def _block(func: Function, block: int) -> tuple[Any, ...]:
    types = func.value_types
    return (
        [(v, types[v]) for v in func.block_params[block]],
        [
            (
                func.insts[i],
                [(v, types[v]) for v in func.results[i]],
                func.srclocs[i],
                func.debug_tags.get(i, ()),
                func.stack_maps.get(i, ()),
            )
            for i in func.block_insts[block]
        ],
    )


def equivalent(a: Function, b: Function) -> bool:
    """Whether ``a`` and ``b`` print alike: same entities, blocks, nodes and values, whatever their instructions'
    numbers are.
    """
    return _entities(a) == _entities(b) and all(_block(a, k) == _block(b, k) for k in a.layout)
