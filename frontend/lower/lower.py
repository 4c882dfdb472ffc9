"""Typed IR -> CLIF: one walk over a kernel's blocks in reverse postorder, into a new function.

What typed IR leaves implied is made explicit here: checks branch to cold blocks that store the site and the raw arguments to the
kernel's context and return status 1; element accesses become address arithmetic; calls pass a record for the results and test the
status; loops poll. Cold blocks are shared per site. Facts of range analysis (`passes.ranges`) make checks cheaper or drop them.

Polling (INTERFACES 5), by kind of loop:
    innermost, counted by one    the header compares the index with a limit at most 16,384 turns away instead of the end; reaching
                                 it, the cold path leaves the loop at the real end, else polls and moves the limit. No cost
                                 per turn.
    innermost, others            a countdown in a block parameter
    with loops or calls inside   the context's countdown, in memory
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import opcodes as o
from jitpy.backend.ir.function import Function, signature
from jitpy.backend.ir.types import I8, I32, I64
from jitpy.frontend.ir import opcodes as fo
from jitpy.frontend.lower import division
from jitpy.frontend.passes.graph import Graph, dominates
from jitpy.frontend.passes.ownership import owner_positions
from jitpy.frontend.translate.exceptions import is_own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitpy.frontend.module import KernelModule
    from jitpy.frontend.passes.ranges import Facts
    from jitpy.frontend.translate.kernel import Kernel
    from jitpy.frontend.values import Value

#: Turns of an innermost loop between polls.
STRIP = 16384
#: An innermost loop of at most so many turns does not poll.
SHORT = 256
#: Offsets in the kernel's context (docs/contracts.md 2).
STACK_LIMIT, COUNTDOWN, ERROR_SITE, TRACE_COUNT, TRACE, ERROR_ARGS = 0, 8, 16, 24, 64, 320
TRACE_MAX = 30
TRACE_FUNCTION = "$trace"
_TRUSTED = 3
#: Elements of arrays are where their array says, but arrays may be unaligned.
_ELEMENT = 1

_CHECKED = {
    fo.IADD_CHECK: (o.SADD_OVERFLOW, o.IADD), fo.ISUB_CHECK: (o.SSUB_OVERFLOW, o.ISUB), fo.IMUL_CHECK: (o.SMUL_OVERFLOW, o.IMUL),
    fo.UADD_CHECK: (o.UADD_OVERFLOW, o.IADD), fo.USUB_CHECK: (o.USUB_OVERFLOW, o.ISUB), fo.UMUL_CHECK: (o.UMUL_OVERFLOW, o.IMUL),
}  # fmt: skip


class Lowering:
    """The state of one function's lowering."""

    __slots__ = (
        "bb", "blocks", "cold", "facts", "graph", "idom", "kernel", "limits", "module", "out", "pending_cold", "releases",
        "results", "slots", "source", "srcloc", "values", "vmctx",
    )  # fmt: skip

    def __init__(self, kernel: Kernel, module: KernelModule, graph: Graph, facts: Facts) -> None:
        self.kernel = kernel
        self.module = module
        self.source = kernel.func
        self.graph = graph
        self.facts = facts
        self.out = Function(kernel.name, kernel.func.sig)
        self.values = [-1] * len(kernel.func.value_types)
        self.blocks = [-1] * len(kernel.func.block_insts)
        self.cold: dict[Any, int] = {}
        self.pending_cold: list[tuple[int, Any]] = []
        self.limits: dict[int, tuple[str, int]] = {}  # header -> (kind of polling, its extra parameter)
        self.releases: dict[int, tuple[int, ...]] = {}
        self.slots: dict[int, int] = {}
        self.idom: list[int] = []
        self.bb = -1
        self.srcloc = 0
        self.vmctx = -1
        self.results = -1

    # -- emission ----------------------------------------------------------------------------------------------------------

    def value(self, node: tuple[Any, ...], type: int) -> int:
        return self.out.value(self.bb, node, type, self.srcloc)

    def iconst(self, n: int, type: int = I64) -> int:
        return self.out.value(self.bb, (o.ICONST, type, n & ((1 << 64) - 1 if type == I64 else 0xFFFFFFFF)), type, self.srcloc)

    def emit(self, node: tuple[Any, ...], types: tuple[int, ...] = ()) -> int:
        return self.out.append(self.bb, node, types, self.srcloc)

    def jump(self, block: int, args: Sequence[int] = ()) -> None:
        self.emit((o.JUMP, 0, ((block, len(args)),), *args))

    def brif(self, cond: int, then: int, then_args: Sequence[int], else_: int, else_args: Sequence[int]) -> None:
        targets = ((then, len(then_args)), (else_, len(else_args)))
        self.emit((o.BRIF, self.out.value_types[cond], targets, cond, *then_args, *else_args))

    def cold_block(self) -> int:
        b = self.out.block()
        self.out.cold.add(b)
        return b

    def site_address(self, site: int) -> int:
        return self.value((o.SYMBOL_VALUE, I64, self.out.import_symbol("$sites", 8 * site)), I64)

    # -- the walk ------------------------------------------------------------------------------------------------------------

    def run(self) -> Function:
        """Lower the function."""
        f, out = self.source, self.out
        graph = self.graph
        order = graph.order
        for b in order:
            self.blocks[b] = out.block()
            if b in f.cold:
                out.cold.add(self.blocks[b])
            for p in f.block_params[b]:
                self.values[p] = out.param(self.blocks[b], f.value_types[p])
        self.vmctx, self.results = self.values[f.block_params[0][0]], self.values[f.block_params[0][1]]
        self._plan_polls()
        insts, results, srclocs = f.insts, f.results, f.srclocs
        value_types = f.value_types
        values = self.values
        first = True
        append = out.value
        for b in order:
            self.bb = self.blocks[b]
            if first:
                first = False
                self._entry()
            for i in f.block_insts[b]:
                node = insts[i]
                op = node[0]
                self.srcloc = srclocs[i]
                if op >= 256:
                    self._own(i, node)
                    continue
                res = results[i]
                if len(res) == 1:
                    v = res[0]
                    imm = node[2]
                    if op == o.SYMBOL_VALUE:
                        gv = f.global_values[imm]
                        imm = out.import_symbol(gv.name, gv.offset)
                    elif op == o.STACK_ADDR:
                        imm = (self._slot(imm[0]), imm[1])
                    args = node[3:]
                    if len(args) == 2:
                        made: tuple[Any, ...] = (op, node[1], imm, values[args[0]], values[args[1]])
                    elif len(args) == 1:
                        made = (op, node[1], imm, values[args[0]])
                    elif args:
                        made = (op, node[1], imm, *[values[a] for a in args])
                    else:
                        made = (op, node[1], imm)
                    values[v] = append(self.bb, made, value_types[v], self.srcloc)
                elif o.EFFECTS[op] & o.TERMINATOR:
                    self._terminator(b, node)
                else:
                    made = (op, node[1], node[2], *[values[a] for a in node[3:]])
                    inst = self.emit(made, tuple([value_types[r] for r in res]))
                    for r, v in zip(res, out.results[inst], strict=True):
                        values[r] = v
        self._finish_cold()
        out.layout = [b for b in out.layout if b not in out.cold] + [b for b in out.layout if b in out.cold]
        return out

    def _slot(self, slot: int) -> int:
        made = self.slots.get(slot)
        if made is None:
            old = self.source.stack_slots[slot]
            made = self.slots[slot] = self.out.stack_slot(old.size, old.align_shift)
        return made

    def _entry(self) -> None:
        """A function that calls out of line first compares its stack pointer with the limit."""
        if not self.kernel.compilation.options.get("stack_checks", True):
            return
        f = self.source
        for b in self.graph.order:
            for i in f.block_insts[b]:
                if f.insts[i][0] == fo.CALL_KERNEL:
                    sp = self.value((o.GET_STACK_POINTER, I64, None), I64)
                    limit = self.value((o.LOAD_, I64, (_TRUSTED, STACK_LIMIT), self.vmctx), I64)
                    bad = self.value((o.ICMP, I64, "ult", sp, limit), I8)
                    self._check(bad, self.kernel.recursion_site(), (), ())
                    return

    # -- errors --------------------------------------------------------------------------------------------------------------

    def _check(self, cond: int, site: int, raw: tuple[int, ...], owned: tuple[int, ...], kind: str = "raise") -> None:
        go_on = self.out.block()
        self.brif(cond, self._raise_block(site, raw, owned, kind), raw, go_on, ())
        self.bb = go_on

    def _raise_block(self, site: int, raw: tuple[int, ...], owned: tuple[int, ...], kind: str = "raise") -> int:
        key = (kind, site, owned)
        b = self.cold.get(key)
        if b is None:
            b = self.cold[key] = self.cold_block()
            types = self.out.value_types
            params = [self.out.param(b, types[v]) for v in raw]
            self.pending_cold.append((b, (kind, site, params, owned, self.srcloc)))
        return b

    def _leave_block(self, site: int, owned: tuple[int, ...]) -> int:
        key = ("leave", site, owned)
        b = self.cold.get(key)
        if b is None:
            b = self.cold[key] = self.cold_block()
            param = self.out.param(b, I32)
            self.pending_cold.append((b, ("leave", site, [param], owned, self.srcloc)))
        return b

    def _finish_cold(self) -> None:
        for b, (kind, site, params, owned, srcloc) in self.pending_cold:
            self.bb = b
            self.srcloc = srcloc
            if kind != "leave":
                if kind == "index" and params:
                    params[0] = self._unwrapped(*params)
                self.emit((o.STORE_, I64, (_TRUSTED, ERROR_SITE), self.site_address(site), self.vmctx))
                for k, p in enumerate(params):
                    t = self.out.value_types[p]
                    self.emit((o.STORE_, t, (_TRUSTED, ERROR_ARGS + 8 * k), p, self.vmctx))
                self._release(owned)
                status = self.iconst(1, I32)
            else:
                status = params[0]
                if site >= 0 and self.kernel.compilation.options.get("traces", True):
                    self._trace(site)
                self._release(owned)
            self.emit((o.RETURN, 0, None, status))

    def _trace(self, site: int) -> None:
        """Append a call's site to the traceback, by a small function that the module carries."""
        module = self.module
        if all(g.name != TRACE_FUNCTION for g in module.functions):
            module.functions.append(trace_function())
        ref = self.out.import_function(TRACE_FUNCTION, signature([I64, I64], []), True)
        self.emit((o.CALL_, 0, ref, self.vmctx, self.site_address(site)))

    def _release(self, owned: tuple[int, ...]) -> None:
        for v in owned:
            self.module.externs.add("jitpy_release")
            ref = self.out.import_function("jitpy_release", signature([I64], []))
            self.emit((o.CALL_, 0, ref, self.values[v]))

    # -- instructions of typed IR ----------------------------------------------------------------------------------------------

    def _own(self, i: int, node: tuple[Any, ...]) -> None:
        op = node[0]
        values = self.values
        result = self.source.results[i]
        imm = node[2]
        args = tuple([values[a] for a in node[3:]])
        owned = self.releases.get(i, ())
        if op in _CHECKED:
            with_overflow, plain = _CHECKED[op]
            if i in self.facts.no_overflow:
                values[result[0]] = self.value((plain, I64, None, *args), I64)
                return
            inst = self.emit((with_overflow, I64, None, *args), (I64, I8))
            v, overflow = self.out.results[inst]
            values[result[0]] = v
            self._check(overflow, imm, (), owned)
        elif op == fo.CHECK:
            if i not in self.facts.never:
                self._check(args[0], imm, args[1:], owned)
        elif op == fo.INDEX_CHECK:
            values[result[0]] = self._index_check(i, imm, args, owned)
        elif op == fo.ELEMENT_LOAD:
            address, offset = self._address(node, args, 0)
            t = node[1]
            values[result[0]] = self.value((o.LOAD_, t, (_ELEMENT, offset), address), t)
        elif op == fo.ELEMENT_STORE:
            address, offset = self._address(node, args, 1)
            self.emit((o.STORE_, node[1], (_ELEMENT, offset), args[0], address))
        elif op == fo.RETURN_VALUE:
            tag = self.iconst(imm)
            self.emit((o.STORE_, I64, (_TRUSTED, 0), tag, self.results))
            for k, v in enumerate(args):
                self.emit((o.STORE_, self.out.value_types[v], (_TRUSTED, 8 * (k + 1)), v, self.results))
            self.emit((o.RETURN, 0, None, self.iconst(0, I32)))
        elif op == fo.RAISE:
            self.jump(self._raise_block(imm, args, owned), args)
        elif op == fo.CALL_KERNEL:
            self._call_kernel(imm, args, result, owned)
        elif op == fo.LEAVE:
            self.jump(self._leave_block(imm, owned), args)
        elif op == fo.SITE_MATCH:
            values[result[0]] = self._site_match(imm, args[0])
        elif op == fo.CALL_EXTERN:
            symbol, params, returns = imm
            inst = self.emit((o.CALL_, 0, self._extern(symbol, params, returns), *args), returns)
            for r, v in zip(result, self.out.results[inst], strict=True):
                values[r] = v
        elif op == fo.CALL_STATUS:
            symbol, params, site = imm
            inst = self.emit((o.CALL_, 0, self._extern(symbol, params, (I32,)), *args), (I32,))
            self._leave_if(self.out.results[inst][0], site, owned)
        elif op == fo.OWN:
            values[result[0]] = self.value((o.BOR, I64, None, args[0], self.iconst(1)), I64)
        elif op == fo.ADOPT:
            values[result[0]] = args[0]
        elif op == fo.RETAIN or op == fo.RELEASE:
            symbol = "jitpy_retain" if op == fo.RETAIN else "jitpy_release"
            self.emit((o.CALL_, 0, self._extern(symbol, (I64,), ()), args[0]))
        elif op == fo.FLOOR_REM or op == fo.FLOOR_DIV:
            divide = division.remainder if op == fo.FLOOR_REM else division.quotient
            values[result[0]] = divide(self, args[0], args[1], self.facts.division.get(i, 0))
        elif op == fo.SITE_ADDRESS:
            values[result[0]] = self.site_address(imm)
        # keep: a use only

    def _extern(self, symbol: str, params: Sequence[int], returns: Sequence[int]) -> int:
        self.module.externs.add(symbol)
        return self.out.import_function(symbol, signature(list(params), list(returns)))

    def _leave_if(self, status: int, site: int, owned: tuple[int, ...]) -> None:
        go_on = self.out.block()
        self.brif(status, self._leave_block(site, owned), (status,), go_on, ())
        self.bb = go_on

    def _index_check(self, i: int, imm: Any, args: tuple[int, ...], owned: tuple[int, ...]) -> int:
        idx, extent = args
        if i in self.facts.in_bounds:
            return idx
        same = self.facts.same.get(i)
        if same is not None:
            return self.values[same]
        if i in self.facts.not_negative:
            wrapped = idx
        else:
            negative = self.value((o.ICMP, I64, "slt", idx, self.iconst(0)), I8)
            moved = self.value((o.IADD, I64, None, idx, extent), I64)
            wrapped = self.value((o.SELECT, I64, None, negative, moved, idx), I64)
        if not self.kernel.compilation.options.get("bounds_checks", True):
            return wrapped
        bad = self.value((o.ICMP, I64, "uge", wrapped, extent), I8)
        site = imm[0]
        needed = self.module.sites[site].parts
        raw = (wrapped, extent) if any(p.__class__ is not str for p in needed) else ()
        self._check(bad, site, raw, owned, "index")
        return wrapped

    def _unwrapped(self, wrapped: int, extent: int) -> int:
        """The index as the user gave it, from what the check had: so the check alone keeps no register for the message."""
        negative = self.value((o.ICMP, I64, "slt", wrapped, self.iconst(0)), I8)
        given = self.value((o.ISUB, I64, None, wrapped, extent), I64)
        return self.value((o.SELECT, I64, None, negative, given, wrapped), I64)

    def _address(self, node: tuple[Any, ...], args: tuple[int, ...], skip: int) -> tuple[int, int]:
        """(address, constant offset) of an element."""
        ndim, itemsize, layout, offset = node[2]
        data = args[skip + 1]
        indices = args[skip + 2 : skip + 2 + ndim]
        strides = args[skip + 2 + ndim :]
        if ndim == 0:
            return data, offset
        address = data
        fast = ndim - 1 if layout == "C" else 0 if layout == "F" else -1
        for k in range(ndim):
            if k == fast:
                continue
            step = self.value((o.IMUL, I64, None, indices[k], strides[k]), I64)
            address = self.value((o.IADD, I64, None, address, step), I64)
        if fast >= 0:
            index = indices[fast]
            if itemsize > 1:
                shift = itemsize.bit_length() - 1
                index = self.value((o.ISHL, I64, None, index, self.iconst(shift)), I64)
            address = self.value((o.IADD, I64, None, address, index), I64)
        return address, offset

    def _call_kernel(self, imm: Any, args: tuple[int, ...], result: tuple[int, ...], owned: tuple[int, ...]) -> None:
        name, site, variants, *caught = imm
        out = self.out
        record = out.stack_slot(8 * (1 + max([len(v) for v in variants], default=0)))
        address = self.value((o.STACK_ADDR, I64, (record, 0)), I64)
        types = [out.value_types[a] for a in args]
        ref = out.import_function(name, signature([I64, I64, *types], [I32]), True)
        values = self.values
        if caught:  # what a call that raises leaves in the record is nothing to release
            for k in range(1 + max([len(v) for v in variants], default=0)):
                self.emit((o.STORE_, I64, (_TRUSTED, 8 * k), self.iconst(0), address))
        inst = self.emit((o.CALL_, 0, ref, self.vmctx, address, *args), (I32,))
        if caught:
            values[result[0]] = out.results[inst][0]
            result = result[1:]
        else:
            self._leave_if(out.results[inst][0], site, owned)
        if len(variants) > 1:
            values[result[0]] = self.value((o.LOAD_, I64, (_TRUSTED, 0), address), I64)
        at = 1
        for number, variant in enumerate(variants):
            owners: list[int] = []
            if len(variants) > 1:  # of a variant that did not come back: what is released counts nobody's references
                owners = owner_positions(self._variants(name)[number])
            for k, t in enumerate(variant):
                v = self.value((o.LOAD_, t, (_TRUSTED, 8 * (k + 1)), address), t)
                if k in owners:
                    came = self.value((o.ICMP, I64, "eq", values[result[0]], self.iconst(number)), I8)
                    v = self.value((o.SELECT, I64, None, came, v, self.iconst(0)), I64)
                values[result[at]] = v
                at += 1

    def _variants(self, name: str) -> Sequence[Value]:
        """The shapes of what the kernel of this name returns."""
        callee = next(k for k in self.kernel.compilation.kernels.values() if k.name == name)
        return callee.result_shapes() or ()
    def _site_match(self, classes: tuple[type[BaseException], ...], address: int) -> int:
        """Whether a site's exception is of the classes: its bit in words of 64 sites. All sites are known by now."""
        words: dict[int, int] = {}
        for i, site in enumerate(self.module.sites):
            if site.exc_class is not None and issubclass(site.exc_class, classes) and not is_own(site.parts):
                words[i >> 6] = words.get(i >> 6, 0) | 1 << (i & 63)
        offset = self.value((o.ISUB, I64, None, address, self.site_address(0)), I64)
        index = self.value((o.USHR, I64, None, offset, self.iconst(3)), I64)
        high = self.value((o.USHR, I64, None, index, self.iconst(6)), I64)
        word = self.iconst(0)
        for k, bits in words.items():
            here = self.value((o.ICMP, I64, "eq", high, self.iconst(k)), I8)
            word = self.value((o.SELECT, I64, None, here, self.iconst(bits), word), I64)
        bit = self.value((o.USHR, I64, None, word, self.value((o.BAND, I64, None, index, self.iconst(63)), I64)), I64)
        return self.value((o.ICMP, I64, "ne", self.value((o.BAND, I64, None, bit, self.iconst(1)), I64), self.iconst(0)), I8)

    # -- loops -----------------------------------------------------------------------------------------------------------------

    def _plan_polls(self) -> None:
        """Choose each loop's way to poll, and give its header the parameter for it."""
        kernel, graph = self.kernel, self.graph
        f = self.source
        headers: dict[int, list[int]] = {}
        for b in graph.order:
            for t in graph.succs[b]:
                if graph.index[t] <= graph.index[b]:
                    headers.setdefault(t, []).append(b)
        if not headers or not self.kernel.compilation.options.get("poll", True):
            return
        idom = self.idom = graph.dominators()
        calls = {b for b in graph.order if fo.CALL_KERNEL in [f.insts[i][0] for i in f.block_insts[b]]}
        for h, sources in headers.items():
            kind = "memory"
            if all(dominates(idom, graph.index, h, s) for s in sources):
                body = self._body(h, sources)
                if headers.keys() & body == {h} and not body & calls:
                    kind = "countdown"
                    counted = kernel.counted.get(h)
                    if counted is not None and self._is_short(counted):
                        continue
                    if counted is not None and counted[3] == 1 and self._strip_fits(h, counted):
                        kind = "strip"
            param = self.out.param(self.blocks[h], I64) if kind != "memory" else -1
            self.limits[h] = (kind, param)

    def _body(self, header: int, sources: list[int]) -> set[int]:
        body = {header}
        stack = list(sources)
        while stack:
            b = stack.pop()
            if b not in body:
                body.add(b)
                stack.extend(self.graph.preds[b])
        return body

    def _is_short(self, counted: tuple[int, int, int, int]) -> bool:
        """Whether a counted loop ends after a few turns, so that the loop around it may do the polling."""
        f = self.source
        ends = []
        for v in counted[1:3]:
            d = f.value_defs[v]
            if d < 0 or f.insts[d][0] != o.ICONST:
                return False
            n: int = f.insts[d][2]
            ends.append(n - (1 << 64) if n >> 63 else n)
        return abs(ends[1] - ends[0]) <= SHORT

    def _strip_fits(self, h: int, counted: tuple[int, int, int, int]) -> bool:
        """Whether the header is just the comparison, of a parameter with what is known before the loop."""
        f = self.source
        index, start, stop, _ = counted
        if index not in f.block_params[h]:
            return False
        own = f.block_insts[h]
        last = f.insts[own[-1]]
        if last[0] != o.BRIF or f.insts[own[-2]][:3] != (o.ICMP, I64, "slt") or f.insts[own[-2]][3:5] != (index, stop):
            return False
        if last[3] != f.results[own[-2]][0] or len(own) != 2:
            return False
        for v in (start, stop):
            d = f.value_defs[v]
            if d < 0 and ~d == h:
                return False
        return True

    def _terminator(self, b: int, node: tuple[Any, ...]) -> None:
        op = node[0]
        values, blocks = self.values, self.blocks
        if op == o.RETURN:
            self.emit((op, node[1], None, *[values[a] for a in node[3:]]))
            return
        own_limit = self.limits.get(b)
        at = 3 if op == o.JUMP else 4
        targets: list[tuple[int, int]] = []
        args: list[int] = []
        for t, count in node[2]:
            own = [values[a] for a in node[at : at + count]]
            at += count
            limit = self.limits.get(t)
            block = blocks[t]
            if limit is not None:
                if self.graph.index[t] <= self.graph.index[b]:
                    block, own = self._back_edge(t, own, limit, op == o.JUMP)
                elif limit[0] == "strip":
                    own.append(self._first_limit(self.kernel.counted[t]))
                elif limit[0] == "countdown":
                    own.append(self.iconst(STRIP))
            targets.append((block, len(own)))
            args.extend(own)
        if op == o.JUMP:
            if targets[0][0] >= 0:
                self.emit((op, 0, tuple(targets), *args))
            return
        cond = values[node[3]]
        if own_limit is not None and own_limit[0] == "strip":
            self._strip_test(b, cond, own_limit[1], targets, args)
            return
        self.emit((op, self.out.value_types[cond], tuple(targets), cond, *args))

    def _first_limit(self, counted: tuple[int, int, int, int]) -> int:
        """The first limit of a counted loop: at most a strip from its start, never beyond its end."""
        f = self.source
        start, stop = self.values[counted[1]], self.values[counted[2]]
        d = f.value_defs[counted[1]]
        known = f.insts[d][2] if d >= 0 and f.insts[d][0] == o.ICONST else None
        if known is not None and known < 1 << 62:
            return self.value((o.SMIN, I64, None, stop, self.iconst(known + STRIP)), I64)
        distance = self.value((o.ISUB, I64, None, stop, start), I64)
        chunk = self.value((o.UMIN, I64, None, distance, self.iconst(STRIP)), I64)
        more = self.value((o.ICMP, I64, "slt", start, stop), I8)
        far = self.value((o.IADD, I64, None, start, chunk), I64)
        return self.value((o.SELECT, I64, None, more, far, start), I64)

    def _strip_test(self, b: int, cond: int, limit: int, targets: list[tuple[int, int]], args: list[int]) -> None:
        """The header of a strip-mined loop: the body below the limit; else out at the end, or poll and go on."""
        index, _, stop, _ = self.kernel.counted[b]
        values, out = self.values, self.out
        # The comparison with the end is needed in the cold path only. Behind it may stand the limit of a loop that is next.
        out.block_insts[self.bb].remove(out.value_defs[cond])
        below = self.value((o.ICMP, I64, "slt", values[index], limit), I8)
        (then, n), (exit_, m) = targets
        # Not cold: it is the way out too, and what only cold blocks lead to counts as cold itself.
        at_limit, poll = self.out.block(), self.cold_block()
        self.brif(below, then, args[:n], at_limit, ())
        self.bb = at_limit
        more = self.value((o.ICMP, I64, "slt", values[index], values[stop]), I8)
        self.brif(more, poll, (), exit_, args[n : n + m])
        self.bb = poll
        params = [values[p] for p in self.source.block_params[b]]
        self._poll(b, params)
        distance = self.value((o.ISUB, I64, None, values[stop], values[index]), I64)
        chunk = self.value((o.UMIN, I64, None, distance, self.iconst(STRIP)), I64)
        far = self.value((o.IADD, I64, None, values[index], chunk), I64)
        self.jump(self.blocks[b], (*params, far))

    def _poll(self, header: int, args: Sequence[int]) -> None:
        """Call the poll helper and leave if it says so; stays in cold code. ``args``: what ``header`` is (or would be) given."""
        inst = self.emit((o.CALL_, 0, self._extern("jitpy_poll", (I64,), (I32,)), self.vmctx), (I32,))
        go_on, leave = self.cold_block(), self.cold_block()
        status = self.out.results[inst][0]
        self.brif(status, leave, (), go_on, ())
        self.bb = leave
        passed = dict(zip(self.source.block_params[header], args, strict=False))
        for v in self.releases.get(~header, ()):
            self.emit((o.CALL_, 0, self._extern("jitpy_release", (I64,), ()), passed.get(v, self.values[v])))
        self.emit((o.RETURN, 0, None, status))
        self.bb = go_on

    def _back_edge(self, header: int, args: list[int], limit: tuple[str, int], direct: bool) -> tuple[int, list[int]]:
        """Where an edge back to ``header`` leads: (block, arguments). Counts down on the way."""
        kind, param = limit
        if kind == "strip":
            return self.blocks[header], [*args, param]
        saved = self.bb
        if not direct:
            self.bb = latch = self.out.block()
        poll = self.cold_block()
        target = self.blocks[header]
        if kind == "countdown":
            left = self.value((o.IADD, I64, None, param, self.iconst(-1)), I64)
            self.brif(left, target, [*args, left], poll, ())
            self.bb = poll
            self._poll(header, args)
            self.jump(target, [*args, self.iconst(STRIP)])
        else:
            old = self.value((o.LOAD_, I64, (_TRUSTED, COUNTDOWN), self.vmctx), I64)
            left = self.value((o.IADD, I64, None, old, self.iconst(-1)), I64)
            self.emit((o.STORE_, I64, (_TRUSTED, COUNTDOWN), left, self.vmctx))
            more = self.value((o.ICMP, I64, "sgt", left, self.iconst(0)), I8)
            self.brif(more, target, args, poll, ())
            self.bb = poll
            self._poll(header, args)
            self.jump(target, args)
        self.bb = saved
        if direct:
            return -1, []
        return latch, []


def trace_function() -> Function:
    """``$trace(vmctx, site)``: one more traceback entry, up to the limit."""
    f = Function(TRACE_FUNCTION, signature([I64, I64], []))
    entry = f.block()
    vmctx, site = f.param(entry, I64), f.param(entry, I64)
    store, out = f.block(), f.block()
    count = f.value(entry, (o.LOAD_, I64, (_TRUSTED, TRACE_COUNT), vmctx), I64)
    room = f.value(
        entry, (o.ICMP, I64, "ult", count, f.value(entry, (o.ICONST, I64, TRACE_MAX), I64)), I8
    )
    f.append(entry, (o.BRIF, I8, ((store, 0), (out, 0)), room))
    scaled = f.value(store, (o.ISHL, I64, None, count, f.value(store, (o.ICONST, I64, 3), I64)), I64)
    f.append(store, (o.STORE_, I64, (_TRUSTED, TRACE), site, f.value(store, (o.IADD, I64, None, vmctx, scaled), I64)))
    more = f.value(store, (o.IADD, I64, None, count, f.value(store, (o.ICONST, I64, 1), I64)), I64)
    f.append(store, (o.STORE_, I64, (_TRUSTED, TRACE_COUNT), more, vmctx))
    f.append(store, (o.JUMP, 0, ((out, 0),)))
    f.append(out, (o.RETURN, 0, None))
    return f


def lower(kernel: Kernel, module: KernelModule, graph: Graph, facts: Facts, releases: dict[int, tuple[int, ...]]) -> Function:
    """The CLIF function of a translated kernel."""
    lowering = Lowering(kernel, module, graph, facts)
    lowering.releases = releases
    return lowering.run()
