"""What is generated from the sources, all of it: called when a wheel is built, so that an installed jitpy generates nothing.

Decision code of the ISLE rules (mid-end, legalization, every ISA), the C library's declarations for cffi, the runtime's own machine
code, the math library, the soft library. In a checkout each is made when it is first needed, or when its sources change.
"""

from __future__ import annotations


def generate_all() -> None:
    """Make every generated file."""
    from jitpy.backend import isa
    from jitpy.backend.opt import vector
    from jitpy.backend.opt.egraph import EGraph
    from jitpy.backend.soft import host
    from jitpy.runtime import helpers

    EGraph()
    EGraph(counted=True)
    vector.module()
    vector.module(counted=True)
    host.module()
    for name in sorted(set(isa.NAMES.values())):
        isa.rules(name).generate()
    helpers.code()
    helpers.math_code()
    helpers.soft_code()


if __name__ == "__main__":
    generate_all()
