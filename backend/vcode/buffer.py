"""The sink that encoders write to, and its end: branches sized, labels placed, fields patched.

Encoders append to ``code``. A branch of variable length is an *item*: one placeholder byte stands
for it, so that places before and after it differ; all places are recorded in this raw code.
``finish`` starts every item at its shortest form, lengthens those whose label is out of reach until
all fit (they only ever grow, so that ends), then joins the pieces and translates every recorded
place. Long-range forms make veneers unnecessary: the whole function is known before anything is
placed.

Padding for alignment is an item too, whose size follows from where it falls.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from jitpy.backend.errors import UnsupportedError

if TYPE_CHECKING:
    from jitpy.backend.target.target import CallSite, Fixup, Form, Target
    from jitpy.backend.vcode.frame import Frame

#: Place behind a call; handlers (kind, tag or place of a context above the stack pointer, place of the handler); stack map
#: (type, place above the stack pointer); debug tags; patchable.
CallRecord = tuple[int, tuple[tuple[str, int, int], ...], tuple[Any, ...], tuple[Any, ...], bool]

_ALIGN = -1  # as an item's label: padding


class Sink:
    """See the module's docstring and ``docs/backend.md``. Labels below the number of blocks are
    blocks."""

    __slots__ = (
        "_addresses",
        "_align",
        "_calls",
        "_constants",
        "_data",
        "_fixups",
        "_items",
        "_labels",
        "_relocs",
        "_trap_stubs",
        "_traps",
        "code",
        "features",
        "frame",
        "lines",
        "mode",
        "prologue_end",
        "returns",
        "srcloc",
        "stack_limit",
        "target",
        "thread",
        "trap_symbol",
    )  # fmt: skip

    def __init__(self, target: Target, frame: Frame, blocks: int) -> None:
        self.target = target
        self.features = target.features
        self.frame = frame
        self.code = bytearray()
        self._align = target.code_align
        self.srcloc = 0
        self.lines: list[tuple[int, int]] = []
        self.trap_symbol = ""  # what traps call; none: they are instructions
        self.stack_limit: int | None = None
        self.mode: Any = None  # what the ISA knows of the processor's state here; nothing at the start of a block
        self.prologue_end = 0
        self.returns: list[tuple[int, int, bool]] = []  # see `CompiledFunction`
        self.thread = list(range(blocks))  # block -> the block that a branch to it reaches in the end
        self._labels: list[int] = [-1] * blocks  # raw places
        self._items: list[tuple[int, tuple[Form, ...], int, Any]] = []  # place, forms, label, data
        self._fixups: list[tuple[int, Fixup, int, int]] = []
        self._relocs: list[tuple[int, str, str, int]] = []
        self._traps: list[tuple[int, str]] = []
        self._calls: list[tuple[int, CallSite]] = []
        self._data: list[tuple[int, int]] = []
        self._constants: dict[bytes, int] = {}
        self._addresses: dict[tuple[str, str, int], int] = {}
        self._trap_stubs: dict[tuple[str, int], int] = {}

    # -- what encoders call -----------------------------------------------------------------------

    def here(self) -> int:
        """The current place, in raw code."""
        return len(self.code)

    def label(self) -> int:
        """A new label."""
        self._labels.append(-1)
        return len(self._labels) - 1

    def bind(self, label: int) -> None:
        """``label`` is here."""
        self._labels[label] = len(self.code)

    def block_label(self, block: int) -> int:
        """The label of a block, or of where its only jump leads."""
        return self.thread[block]

    def relax(self, forms: tuple[Form, ...], label: int, data: Any) -> None:
        """A branch to ``label`` in the shortest of ``forms`` that reaches."""
        self._items.append((len(self.code), forms, label, data))
        self.code.append(0)

    def align(self, size: int) -> None:
        """Pad with the target's nops to a multiple of ``size``."""
        if size > 1:
            self._items.append((len(self.code), (), _ALIGN, size))
            self.code.append(0)

    def fixup(self, kind: Fixup, label: int, addend: int = 0, back: int = 4) -> None:
        """The field that starts ``back`` bytes before the end gets the displacement of
        ``label``."""
        self._fixups.append((len(self.code) - back, kind, label, addend))

    def constant(self, data: bytes) -> int:
        """The label of ``data`` in the constant pool."""
        label = self._constants.get(data)
        if label is None:
            label = self._constants[data] = self.label()
        return label

    def address_constant(self, kind: str, symbol: str, addend: int = 0) -> int:
        """The label of 8 bytes in the constant pool that a relocation fills: ``abs8``, the symbol's address, or ``pcrel8``, its
        distance from there."""
        key = kind, symbol, addend
        label = self._addresses.get(key)
        if label is None:
            label = self._addresses[key] = self.label()
        return label

    def reloc(self, kind: str, symbol: str, addend: int = 0, back: int = 4) -> None:
        """The field that starts ``back`` bytes before the end is filled when the code is loaded."""
        self._relocs.append((len(self.code) - back, kind, symbol, addend))

    def trap(self, code: str) -> None:
        """The instruction that starts here may trap with ``code``."""
        self._traps.append((len(self.code), code))

    def trap_label(self, code: str) -> int:
        """The label of a trap behind the function, for the current source location."""
        key = (code, self.srcloc)
        label = self._trap_stubs.get(key)
        if label is None:
            label = self._trap_stubs[key] = self.label()
        return label

    def call(self, site: CallSite) -> None:
        """A call ends here; it is noted where a thrower, a collector or a debugger must find it."""
        if site.handlers or site.stack_map or site.tags or site.patchable:
            self._calls.append((len(self.code), site))

    def data(self, size: int) -> None:
        """The next bytes, so many, are no instructions: listings must know."""
        self._data.append((len(self.code), size))

    # -- the end ----------------------------------------------------------------------------------

    def trap_stubs(self) -> None:
        """Write the traps behind the function."""
        for (code, srcloc), label in self._trap_stubs.items():
            self.bind(label)
            if srcloc != self.srcloc:
                self.srcloc = srcloc
                self.lines.append((len(self.code), srcloc))
            self._traps.append((len(self.code), code))
            self.target.emit_trap(self, code)

    def pool(self) -> None:
        """Write the constants, widest first so that none needs padding after the first, and addresses."""
        if self._constants or self._addresses:
            widest = max(map(len, self._constants), default=8)
            self.align(widest)
            self._align = max(self._align, widest)
            self.data(sum(map(len, self._constants)) + 8 * len(self._addresses))
            for data, label in sorted(self._constants.items(), key=_by_size):
                self.bind(label)
                self.code += data
            for (kind, symbol, addend), label in self._addresses.items():
                self.bind(label)
                self.code += bytes(8)
                self.reloc(kind, symbol, addend, 8)

    def finish(self) -> Finished:
        """Place everything."""
        if not self._items:
            code = self.code
            self._patch(code, self._labels, [f[0] for f in self._fixups])
            return Finished(
                bytes(code), self._align, self._relocs, self._traps, self.lines, self.prologue_end, self.returns,
                [self._call_record(p, site, self._labels) for p, site in self._calls], self._data,
            )  # fmt: skip
        places = [item[0] for item in self._items]
        grown, target_places = self._sizes(places)
        # Pieces between items, and the items.
        raw = self.code
        out = bytearray()
        at = 0
        nop = self.target.nop
        for k, (place, forms, label, data) in enumerate(self._items):
            out += raw[at:place]
            if label == _ALIGN:
                out += nop(grown[k])
            else:
                out += forms[grown[k]].write(data, target_places[label] - len(out))
            at = place + 1
        out += raw[at:]
        shift = self._shifts(grown)
        fixup_places = [f[0] + shift[bisect_left(places, f[0])] for f in self._fixups]
        self._patch(out, target_places, fixup_places)
        return Finished(
            bytes(out),
            self._align,
            [(p + shift[bisect_left(places, p)], k, s, a) for p, k, s, a in self._relocs],
            [(p + shift[bisect_left(places, p)], c) for p, c in self._traps],
            [(p + shift[bisect_left(places, p)], s) for p, s in self.lines],
            self.prologue_end + shift[bisect_left(places, self.prologue_end)],
            [(p + shift[bisect_left(places, p)], q + shift[bisect_left(places, q)], s) for p, q, s in self.returns],
            [self._call_record(p + shift[bisect_left(places, p)], site, target_places) for p, site in self._calls],
            [(p + shift[bisect_left(places, p)], size) for p, size in self._data],
        )

    def _call_record(self, place: int, site: CallSite, labels: list[int]) -> CallRecord:
        """What is known of the call that ends at ``place``, with the places of its handlers."""
        handlers = []
        for kind, number, block in site.handlers:
            if kind == "context":
                handlers.append((kind, self.frame.slots + number, -1))
            else:
                handlers.append((kind, number, labels[self.block_label(block)]))
        frame = self.frame
        stack_map = tuple([(type, frame.slots + frame.slot_offset(slot) + at) for type, slot, at in site.stack_map])
        return place, tuple(handlers), stack_map, site.tags, site.patchable

    def _shifts(self, grown: list[int]) -> list[int]:
        """How far a place behind the first k items moves, for each k."""
        total = 0
        shift = [0]
        for (_, forms, label, _), form in zip(self._items, grown):
            total += (form if label == _ALIGN else forms[form].size) - 1
            shift.append(total)
        return shift

    def _sizes(self, places: list[int]) -> tuple[list[int], list[int]]:
        """The form of each item (of padding: its size), and the final places of the labels."""
        items = self._items
        labels = self._labels
        grown = [0] * len(items)
        index = [bisect_left(places, p) for p in labels]  # items in front of each label
        while True:
            # Padding falls into place from front to back.
            shift = [0]
            total = 0
            for k, (place, forms, label, data) in enumerate(items):
                if label == _ALIGN:
                    grown[k] = -(place + total) % data
                    total += grown[k] - 1
                else:
                    total += forms[grown[k]].size - 1
                shift.append(total)
            final = [p + shift[k] for p, k in zip(labels, index)]
            changed = False
            for k, (place, forms, label, _) in enumerate(items):
                if label == _ALIGN:
                    continue
                distance = final[label] - place - shift[k]
                form = forms[grown[k]]
                while not form.low <= distance <= form.high:
                    grown[k] += 1
                    if grown[k] == len(forms):
                        raise UnsupportedError(f"a branch over {distance} bytes: the function is too large")
                    form = forms[grown[k]]
                    changed = True
            if not changed:
                return grown, final

    def _patch(self, code: bytearray, labels: list[int], places: list[int]) -> None:
        for (_, kind, label, addend), place in zip(self._fixups, places):
            distance = labels[label] + addend - place
            if not kind.low <= distance <= kind.high:
                raise UnsupportedError(f"{kind.name} over {distance} bytes: the function is too large")
            kind.patch(code, place, distance)


def _by_size(entry: tuple[bytes, int]) -> tuple[int, int]:
    return -len(entry[0]), entry[1]


class Finished:
    """What comes out: bytes, the alignment they want, and tables of places in them; ``data``: (place, size) of what is no code."""

    __slots__ = ("align", "calls", "code", "data", "lines", "prologue_end", "relocs", "returns", "traps")

    def __init__(
        self, code: bytes, align: int, relocs: list[tuple[int, str, str, int]], traps: list[tuple[int, str]],
        lines: list[tuple[int, int]], prologue_end: int, returns: list[tuple[int, int, bool]], calls: list[CallRecord],
        data: list[tuple[int, int]],
    ) -> None:  # fmt: skip
        self.calls = calls
        self.data = data
        self.code = code
        self.align = align
        self.relocs = relocs
        self.traps = traps
        self.lines = lines
        self.prologue_end = prologue_end
        self.returns = returns
