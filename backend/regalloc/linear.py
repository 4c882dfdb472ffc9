"""The optimizing allocator: linear scan over SSA live intervals with holes, with live-range splitting.

The phases, each a file: ``liveness`` -> ``intervals`` -> ``scan`` -> ``resolve``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend.regalloc.intervals import build_intervals
from jitpy.backend.regalloc.liveness import compute_liveness
from jitpy.backend.regalloc.resolve import Resolver
from jitpy.backend.regalloc.scan import Scan

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.backend.regalloc.intervals import Intervals
    from jitpy.backend.vcode.vcode import Allocation, MachineEnv, VCode


def allocate(
    vcode: VCode, env: MachineEnv, scanning: Callable[[VCode, MachineEnv, Intervals], Scan] = Scan
) -> Allocation:
    """Allocate registers by linear scan; ``scanning`` makes the scan (`backend.chaos` has one that splits and spills by dice)."""
    liveness = compute_liveness(vcode)
    intervals = build_intervals(vcode, liveness)
    scan = scanning(vcode, env, intervals)
    scan.run()
    return Resolver(scan, liveness).run()
