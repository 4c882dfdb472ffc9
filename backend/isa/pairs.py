"""Shifts, rotates and atomics of i128, which lies in two general registers, on any ISA.

One half receives bits that the other gives: going left the upper half receives, going right the lower one. Counts of 64 and more
(bit 6) exchange the halves first. By a constant that is known beforehand; by a register both results are made and one is chosen.
An ISA's integer lowering takes `PairShifts` beside its base, and supplies the operations on halves. Its memory lowering takes
`PairAtomics` where a compare-and-swap takes its halves from any registers and is all that there is for 128 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.ir import memflags


class PairShifts:
    """See the module's docstring. ``op``: shl, shr, sar, rol or ror."""

    if TYPE_CHECKING:
        put_in_regs: Any
        constant_of: Any
        imm: Any

        def shifted_half(self, op: str, r: Any, k: int) -> Any:
            """64 bits shifted by a constant from 1 to 63."""

        def shifted_half_by(self, op: str, r: Any, count: Any) -> Any:
            """The same by a register modulo 64."""

        def across(self, left: bool, to: Any, giver: Any, k: int) -> Any:
            """``to`` shifted by a constant from 1 to 63, with bits of ``giver`` coming in."""

        def across_by(self, left: bool, count: Any, *pairs: tuple[Any, Any]) -> list[Any]:
            """The same for each (to, giver), by a register modulo 64."""

        def where_far(self, count: Any, *choices: tuple[Any, Any]) -> list[Any]:
            """The first register of each choice where bit 6 of the count is set, else the second."""

    def shift_pair(self, op: str, x: Any, y: Any) -> tuple[Any, Any]:
        """shl, shr, sar."""
        k = self.constant_of(y)
        if k is None:
            return self.shift_pair_by(op, x, y)
        low, high = self.put_in_regs(x)
        k %= 128
        if not k:
            return low, high
        left = op == "shl"
        to, giver = (high, low) if left else (low, high)
        if k < 64:
            near, far = self.across(left, to, giver, k), self.shifted_half(op, giver, k)
        else:
            near, far = giver if k == 64 else self.shifted_half(op, giver, k - 64), self._fill(op, giver)
        return (far, near) if left else (near, far)

    def shift_pair_by(self, op: str, x: Any, y: Any) -> tuple[Any, Any]:
        """The same by a register."""
        low, high = self.put_in_regs(x)
        count = self.put_in_regs(y)[0]
        left = op == "shl"
        to, giver = (high, low) if left else (low, high)
        (across,) = self.across_by(left, count, (to, giver))
        alone, fill = self.shifted_half_by(op, giver, count), self._fill(op, giver)
        near, far = self.where_far(count, (alone, across), (fill, alone))
        return (far, near) if left else (near, far)

    def _fill(self, op: str, giver: Any) -> Any:
        """What comes in where all bits are gone."""
        return self.shifted_half("sar", giver, 63) if op == "sar" else self.imm(0)

    def rotate_pair(self, op: str, x: Any, y: Any) -> tuple[Any, Any]:
        """rol, ror."""
        k = self.constant_of(y)
        if k is None:
            return self.rotate_pair_by(op, x, y)
        low, high = self.put_in_regs(x)
        k %= 128
        if k >= 64:
            low, high, k = high, low, k - 64
        left = op == "rol"
        return (self.across(left, low, high, k), self.across(left, high, low, k)) if k else (low, high)

    def rotate_pair_by(self, op: str, x: Any, y: Any) -> tuple[Any, Any]:
        """The same by a register."""
        low, high = self.put_in_regs(x)
        count = self.put_in_regs(y)[0]
        a, b = self.where_far(count, (high, low), (low, high))
        low, high = self.across_by(op == "rol", count, (a, b), (b, a))
        return low, high


class PairAtomics:
    """See the module's docstring; for little-endian ISAs."""

    if TYPE_CHECKING:
        put_in_regs: Any
        imm: Any
        swapped: Any

        def cas_pair(self, flags: Any, a: Any, halves: list[Any]) -> tuple[Any, Any]:
            """The old halves at an address, replaced by the last two of ``halves`` if they are equal to the first two."""

    def atomic_load_pair(self, flags: Any, a: Any) -> tuple[Any, Any]:
        """A compare-and-swap of zero with zero; it writes what is there, so the memory must be writable."""
        return self._pair_in_order(flags, *self.cas_pair(flags, a, [self.imm(0) for _ in range(4)]))

    def atomic_cas_pair(self, flags: Any, a: Any, expected: Any, x: Any) -> tuple[Any, Any]:
        """The compare-and-swap itself."""
        halves = [*self._pair_in_order(flags, *self.put_in_regs(expected)), *self._pair_in_order(flags, *self.put_in_regs(x))]
        return self._pair_in_order(flags, *self.cas_pair(flags, a, halves))

    def _pair_in_order(self, flags: Any, low: Any, high: Any) -> tuple[Any, Any]:
        """What lies in memory in the order of ``flags``, or is to lie there."""
        return (self.swapped(64, high), self.swapped(64, low)) if flags & memflags.BIG else (low, high)
