"""Fresh processes: importing, and importing plus the first kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

_PROGRAM = """
import time
start = time.perf_counter()
import numpy as np
numpy_done = time.perf_counter()
import {module}
imported = time.perf_counter()
def kernel(a):
    s = 0.0
    for i in range(a.shape[0]):
        s += a[i] * a[i]
    return s
f = {module}.njit(kernel)
f(np.ones(100))
done = time.perf_counter()
import json, resource
print(json.dumps({{"import": imported - numpy_done, "total": done - numpy_done,
                   "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}}))
"""


def measure(rounds: int = 5) -> dict[str, Any]:
    """Seconds after NumPy for the import and for import plus first kernel, and peak MiB: medians of processes in turn."""
    samples: dict[str, list[dict[str, float]]] = {"jitpy": [], "numba": []}
    # Modules are compiled once and kept, as they are for users; the first process of each is not counted.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(rounds + 1):
        for module, found in samples.items():
            text = subprocess.run(
                [sys.executable, "-c", _PROGRAM.format(module=module)], capture_output=True, text=True, check=False, env=environment
            )
            if text.returncode:
                raise RuntimeError(f"{module} failed in a fresh process:\n{text.stderr}")
            found.append(json.loads(text.stdout))
    for found in samples.values():
        del found[0]
    return {
        module: {key: sorted(s[key] for s in found)[len(found) // 2] for key in ("import", "total", "peak")}
        for module, found in samples.items()
    }
