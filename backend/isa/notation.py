"""What the rows' notations of all ISAs have in common: operands with their access, and the table of rows.

    "add +reg.q rm?.q | ~$rcx"

First the mnemonic, then operands ``[access]place[?][.kind]`` in the order of the assembly text; behind ``|`` those that the
text does not show.

  access   nothing: read   ``=`` written   ``+`` read and written (one register: the def reuses the use)
           ``~`` written before everything is read (a temporary or an early result)
           ``!`` destroyed (only after ``|``)
  place    where the operand is encoded, a name of the ISA's; ``$name``: a fixed register; one of its names of immediates: no
           register at all
  ``?``    may be in a spill slot
  kind     how the operand is read and printed, a name of the ISA's
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from jitpy.backend.target.row import ANY, REG, reuse


class Rows(dict[str, Any]):
    """Rows by name; those in ``later`` are made when first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.later: dict[str, Callable[[str], Any]] = {}

    def __missing__(self, name: str) -> Any:
        make = self.later.pop(name, None)
        if make is None:
            raise KeyError(name)
        return make(name)


class Operand:
    """One operand of a row: where it is encoded, its kind, the index of its allocation (-1: none), its register if that is
    fixed (-1: not), and whether the text shows it."""

    __slots__ = ("alloc", "fixed", "kind", "place", "shown")

    def __init__(self, place: str, kind: str, alloc: int, fixed: int, shown: bool) -> None:
        self.place = place
        self.kind = kind
        self.alloc = alloc
        self.fixed = fixed
        self.shown = shown


#: Mnemonic, operands, def constraints, use constraints, early defs, clobbers.
Parsed = tuple[str, list[Operand], tuple[int, ...], tuple[int, ...], int, int]
_REUSES = -1000  # a def whose use is not numbered yet


def parse(text: str, immediates: Collection[str], fixed_registers: Mapping[str, tuple[int, str]]) -> Parsed:
    """What a row's text says. ``immediates``: places that are no registers; ``fixed_registers``: name -> (preg, kind)."""
    shown_text, _, hidden_text = text.partition("|")
    words = shown_text.split()
    mnemonic = words.pop(0)
    if mnemonic in ("lock", "dmb"):
        mnemonic += " " + words.pop(0)
    operands: list[Operand] = []
    defs: list[int] = []
    uses: list[int] = []
    early = clobbers = 0
    pending: list[tuple[Operand, str, int]] = []
    for shown, tokens in ((True, words), (False, hidden_text.split())):
        for token in tokens:
            access = token[0] if token[0] in "=+~!" else ""
            place, _, kind = token[len(access) :].partition(".")
            constraint = REG
            if place.endswith("?"):
                place, constraint = place[:-1], ANY
            fixed = -1
            if place[0] == "$":
                fixed, kind = fixed_registers[place[1:]]
                constraint, place = fixed, "fixed"
            operand = Operand(place, kind, -1, fixed, shown)
            operands.append(operand)
            if access == "!":
                clobbers |= 1 << fixed
            elif place not in immediates:
                pending.append((operand, access, constraint))
    for operand, access, constraint in pending:
        if access == "=" or access == "~":
            if access == "~":
                early |= 1 << len(defs)
            operand.alloc = len(defs)
            defs.append(constraint)
        elif access == "+":
            operand.alloc = len(defs)
            defs.append(_REUSES)
    done = 0
    for operand, access, constraint in pending:
        if access == "+":
            while defs[done] != _REUSES:
                done += 1
            defs[done] = constraint if constraint >= 0 else reuse(len(uses))
            uses.append(constraint)
        elif not access:
            operand.alloc = len(defs) + len(uses)
            uses.append(constraint)
    return mnemonic, operands, tuple(defs), tuple(uses), early, clobbers
