"""Register allocation: VCode in, an ``Allocation`` out (``backend/vcode/vcode.py`` is the contract).

``linear`` optimizes; ``onepass`` is for compile speed. The checker verifies the output of both. ``docs/regalloc.md``
tells the story.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitpy.backend.vcode.vcode import Allocation, MachineEnv, VCode


def allocate(vcode: VCode, env: MachineEnv, algorithm: str = "linear") -> Allocation:
    """Allocate registers by ``algorithm``: "linear" (optimizing) or "onepass" (fast)."""
    if algorithm == "linear":
        from jitpy.backend.regalloc import linear

        return linear.allocate(vcode, env)
    if algorithm == "onepass":
        from jitpy.backend.regalloc import onepass

        return onepass.allocate(vcode, env)
    raise ValueError(f"no register allocator is called {algorithm!r}; there are 'linear' and 'onepass'")
