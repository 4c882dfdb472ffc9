"""``fastmath``: the user's own float operations are contracted and divisions by constants become multiplications.

What comes in is typed IR with the results of the user's ``+ - * /`` marked by the translator (`mark`); the library's own
arithmetic, which may live on exact rounding, is not marked. What each flag does:

    contract     x*y + z, x*y - z, z - x*y with a product used once in the same block: one ``fma``, where the machine has it;
                 a loop's sum (``s += x*y``) stays: it waits for its own last value, and for an fma that takes longer
    arcp         x / constant: x * (1 / constant), where the reciprocal is a normal number
    fast, True   both

The other flags (afn ninf nnan nsz reassoc) permit what is not made use of: NaNs, infinities and the order of operations stay.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.types import F32, F64
from jitpy.frontend.library.registry import is_library

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function
    from jitpy.frontend.translate.kernel import Kernel
    from jitpy.frontend.translate.translator import Translator

#: Constant's opcode -> its struct code, the integer's, the bounds between which a number and its reciprocal are normal.
_CONST = {o.F64CONST: ("<d", "<Q", 2.0**-1021, 2.0**1021), o.F32CONST: ("<f", "<I", 2.0**-125, 2.0**125)}
_REAL = (F32, F64)


FLAGS = frozenset(("contract", "arcp"))


def flags(fastmath: Any) -> frozenset[str]:
    """Which of the rewrites the option asks for."""
    if not fastmath:
        return frozenset()
    if fastmath is True:
        return FLAGS
    chosen = {f for f in fastmath if not isinstance(fastmath, dict) or fastmath[f]}
    return FLAGS if "fast" in chosen else FLAGS & chosen


def mark(tr: Translator, v: int) -> int:
    """``v``, noted as the result of an operator that the user wrote."""
    relaxed = tr.frame.options.relaxed
    if relaxed and not is_library(tr.frame.globals):
        tr.kernel.written[v] = relaxed
    return v


def relax(kernel: Kernel, order: list[int]) -> None:
    """Rewrite the marked operations in the reachable blocks ``order``."""
    written: dict[str, set[int]] = {flag: set() for flag in FLAGS}
    for v, allowed in kernel.written.items():
        for flag in allowed:
            written[flag].add(v)
    if written["arcp"]:
        _reciprocals(kernel.func, order, written["arcp"])
    if written["contract"] and _has_fma(kernel.compilation.options.get("fma")):
        carried = {p for h in kernel.headers for p in kernel.func.block_params[h]}
        _contract(kernel.func, order, written["contract"], carried)


def _has_fma(option: Any) -> bool:
    """The option ``fma``: a bool, or a function that is asked when it matters."""
    return bool(option() if callable(option) else option)


def _reciprocals(func: Function, order: list[int], written: set[int]) -> None:
    insts, defs, results = func.insts, func.value_defs, func.results
    for b in order:
        for i in list(func.block_insts[b]):
            node = insts[i]
            if node[0] != o.FDIV or results[i][0] not in written or defs[node[4]] < 0:
                continue
            divisor = insts[defs[node[4]]]
            row = _CONST.get(divisor[0])
            if row is None:
                continue
            real, word, low, high = row
            number = struct.unpack(real, struct.pack(word, divisor[2]))[0]
            if not low <= abs(number) <= high:
                continue
            bits = struct.unpack(word, struct.pack(real, 1.0 / number))[0]
            factor = func.value(b, (divisor[0], divisor[1], bits), divisor[1], func.srclocs[i])
            table = func.block_insts[b]
            table.insert(table.index(i), table.pop())
            insts[i] = (o.FMUL, node[1], None, node[3], factor)


def _contract(func: Function, order: list[int], written: set[int], carried: set[int]) -> None:
    insts, defs, results = func.insts, func.value_defs, func.results
    uses = [0] * len(defs)
    for b in order:
        for i in func.block_insts[b]:
            for a in insts[i][3:]:
                uses[a] += 1
    for b in order:
        table = func.block_insts[b]
        products = {
            results[i][0]: i
            for i in table
            if insts[i][0] == o.FMUL and results[i][0] in written and uses[results[i][0]] == 1
        }
        if not products:
            continue
        out: list[int] = []
        gone: set[int] = set()
        for i in table:
            node = insts[i]
            op, t = node[0], node[1]
            if (op == o.FADD or op == o.FSUB) and t in _REAL and results[i][0] in written:
                left, right = node[3], node[4]
                product = products.get(left, products.get(right))
                if product is not None and left not in carried and right not in carried:
                    x, y = insts[product][3:]
                    rest = right if results[product][0] == left else left
                    if op == o.FADD:
                        gone.add(product)
                    else:  # the product's instruction becomes the negation, and moves here: it may need what comes later
                        negated = results[product][0]
                        gone.add(product)
                        out.append(product)
                        if rest == right:
                            insts[product] = (o.FNEG, t, None, rest)
                            rest = negated
                        else:
                            insts[product] = (o.FNEG, t, None, x)
                            x = negated
                    insts[i] = (o.FMA, t, None, x, y, rest)
            out.append(i)
        # A product stood before its only use: its first place goes.
        seen: set[int] = set()
        kept: list[int] = []
        for i in reversed(out):
            if i in gone and (i in seen or insts[i][0] == o.FMUL):
                continue
            seen.add(i)
            kept.append(i)
        table[:] = reversed(kept)


__all__ = ["flags", "mark", "relax"]
