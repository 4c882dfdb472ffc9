"""Many test files at once: in several processes, and held against the ledger of an earlier run.

A ledger is a text file that a project keeps beside its tests: what each file gave, so that a run that falls behind is seen.

    file TAB command target flags level TAB passed TAB line status, line status, ...

lists per file and way of running how many directives passed and, one by one, those that did not.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from jitpy.backend.errors import CompileError
from jitpy.backend.filetests.outcome import FAIL, PASS, Outcome
from jitpy.backend.filetests.runner import run_file

#: (file, what was run) -> (number that passed, {line: status of those that did not}).
Ledger = dict[tuple[str, str], tuple[int, dict[int, str]]]


def files_below(paths: list[str]) -> list[Path]:
    """The .clif files named by or lying below ``paths``, in order. Raises FileNotFoundError for what is not there."""
    found: list[Path] = []
    for top in map(Path, paths):
        if not top.exists():
            raise FileNotFoundError(2, "no such file or folder", str(top))
        found += sorted(top.rglob("*.clif")) if top.is_dir() else [top]
    return found


def run_files(
    files: list[Path], commands: list[str] | None, target: str, opt_level: str, jobs: int, emulated: bool = False
) -> Iterator[tuple[Path, list[Outcome]]]:  # fmt: skip
    """Run ``files`` in ``jobs`` processes; results in the order of the files."""
    run = partial(_run_file, commands=commands, target=target, opt_level=opt_level, emulated=emulated)
    if jobs == 1:
        yield from zip(files, map(run, files))
        return
    # Ctrl-C is the parent's business: it ends the pool. It waits while the processes start, which it would find unprepared.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    with multiprocessing.get_context("fork").Pool(jobs, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield from zip(files, pool.imap(run, files))


def _run_file(path: Path, commands: list[str] | None, target: str, opt_level: str, emulated: bool) -> list[Outcome]:
    try:
        return run_file(path, commands, target, opt_level, emulated)
    except UnicodeDecodeError as error:
        return [Outcome(str(path), 1, "parse", FAIL, f"this is no text: byte {error.start} is not UTF-8")]
    except Exception as error:  # one file's surprise must not end the run
        return [Outcome(str(path), 1, "runner", FAIL, f"{type(error).__name__} {error}")]


def ledger_of(outcomes: list[Outcome], top: Path) -> Ledger:
    """The ledger of a run, files named relative to ``top``."""
    made: Ledger = {}
    for outcome in outcomes:
        key = (str(Path(outcome.path).resolve().relative_to(top.resolve())), outcome.what)
        passed, others = made.get(key, (0, {}))
        if outcome.status == PASS:
            passed += 1
        else:
            others[outcome.line] = outcome.status
        made[key] = (passed, others)
    return made


def write_ledger(path: Path, ledger: Ledger) -> None:
    """Write a ledger as text, sorted."""
    lines = []
    for (name, what), (passed, others) in sorted(ledger.items()):
        rest = ", ".join(f"{line} {status}" for line, status in sorted(others.items()))
        lines.append(f"{name}\t{what}\t{passed}\t{rest}".rstrip())
    path.write_text("\n".join(lines) + "\n")


def read_ledger(path: Path) -> Ledger:
    """Read what `write_ledger` wrote. Raises CompileError, which names the line, for anything else."""
    ledger: Ledger = {}
    for number, row in enumerate(path.read_text(errors="replace").splitlines(), 1):
        try:
            name, what, passed, rest = [*row.split("\t"), ""][:4]
            others = (entry.split() for entry in rest.split(", ") if entry)
            ledger[name, what] = (int(passed), {int(line): status for line, status in others})
        except ValueError:
            raise CompileError(f"{path}:{number}: this is no line of a ledger: {row[:60]}") from None
    return ledger


def fallen_behind(ledger: Ledger, now: Ledger) -> list[str]:
    """Where ``now`` is worse than the ledger: fewer passed, or a line fails that did not. What ``now`` did not run does not
    count.
    """
    worse = []
    for key, (passed, others) in ledger.items():
        if key not in now:
            continue
        has, has_others = now[key]
        new = [f"line {line} {status}" for line, status in has_others.items() if others.get(line) not in (status, FAIL)]
        if has < passed or new:
            worse.append(f"{key[0]}: {key[1]}: {has} passed, {passed} in the ledger; {', '.join(new)}".rstrip("; "))
    return worse
