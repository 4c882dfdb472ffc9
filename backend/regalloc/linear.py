"""The optimizing allocator: linear scan over SSA live intervals with holes, with live-range splitting.

The phases, each a file: ``liveness`` -> ``intervals`` -> ``scan`` -> ``resolve``.
"""

from __future__ import annotations

from jitpy.backend.regalloc.intervals import build_intervals
from jitpy.backend.regalloc.liveness import compute_liveness
from jitpy.backend.regalloc.resolve import Resolver
from jitpy.backend.regalloc.scan import Scan
from jitpy.backend.vcode.vcode import Allocation, MachineEnv, VCode


def allocate(vcode: VCode, env: MachineEnv) -> Allocation:
    """Allocate registers by linear scan."""
    liveness = compute_liveness(vcode)
    intervals = build_intervals(vcode, liveness)
    scan = Scan(vcode, env, intervals)
    scan.run()
    return Resolver(scan, liveness).run()
