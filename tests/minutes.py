"""Fuzzing bounded by time: new seeds for `JITPY_FUZZ_MINUTES`, each within limits of time and memory.

A finding is kept as a file in `JITPY_FUZZ_FOLDER` (default: the current folder), named by what was checked and its seed; the search
goes on, and fails at its end. `JITPY_FUZZ_SEED` is the first seed, to see a finding again.
"""

from __future__ import annotations

import itertools
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

#: Seconds of processor time and bytes that one input may take, and findings after which a search ends.
SECONDS, BYTES, ENOUGH = 60, 6 << 30, 20

for_minutes = pytest.mark.skipif(
    "JITPY_FUZZ_MINUTES" not in os.environ, reason="JITPY_FUZZ_MINUTES is not set: this one runs for minutes"
)


def search(what: str, check: Callable[[int], str | None]) -> None:
    """``check(seed)`` for seed after seed. What it returns or raises is a finding, and so is a breach of the limits.

    ``what``: the name of findings' files.
    """
    end = time.monotonic() + 60 * float(os.environ["JITPY_FUZZ_MINUTES"])
    folder = Path(os.environ.get("JITPY_FUZZ_FOLDER", "."))
    first = int(os.environ.get("JITPY_FUZZ_SEED", time.time_ns() & 0x7FFFFFFF))
    began = time.process_time()
    found: list[str] = []

    def too_long(number: int, frame: object) -> None:
        raise TimeoutError(f"an input took more than {SECONDS} s")

    limit = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, limit[1]))
    before = signal.signal(signal.SIGPROF, too_long)
    seed = first
    try:
        for seed in itertools.count(first):
            if time.monotonic() > end or len(found) == ENOUGH:
                break
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            try:
                wrong = check(seed)
            except Exception:  # whatever it is, it is a finding
                wrong = f"; seed {seed}\n" + "".join(f"; {line}\n" for line in traceback.format_exc().splitlines())
            signal.setitimer(signal.ITIMER_PROF, 0)
            if wrong:
                path = folder / f"{what}-{seed}.txt"
                path.write_text(wrong)
                found.append(str(path))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_AS, limit)
    print(f"\n{what}: {seed - first} seeds from {first}, {(time.process_time() - began) / 60:.1f} minutes of processor time")
    assert seed > first, "no seed was done in time"
    assert not found, f"{len(found)} findings: {', '.join(found)}"
