"""``test``: run .clif test files, in several processes, with a summary per folder. ``agree``: compare the functions in them on
random arguments.

    python -m jitpy test PATH... [--target ISA] [--emulate] [--opt LEVEL] [--json FILE] [--ledger FILE [--update]] [-j N]
    python -m jitpy agree PATH... [--target ISA] [--emulate] [--opt LEVEL] [--json FILE] [-j N]

Exit status 1 where something failed, or where the run falls behind the ledger.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitpy.backend.filetests.outcome import Outcome

_TARGETS = ("interpret", "x86_64", "aarch64", "riscv64", "s390x")
#: Failures printed one by one; the JSON report has them all.
_SHOWN = 40


def add(commands: Any) -> None:
    """Declare the commands."""
    test = commands.add_parser("test", help="run .clif tests")
    test.add_argument("--target", choices=_TARGETS, help="only run directives, and only there (default: all that files ask for)")
    test.add_argument("--opt", choices=("none", "speed"), help="optimization level (default: as each file says)")
    test.add_argument("--command", action="append", metavar="NAME", help="do this instead of what files ask for")
    test.add_argument("--ledger", metavar="FILE", help="fail where the run is worse than this ledger")
    test.add_argument("--update", action="store_true", help="write the ledger instead of comparing with it")
    agree = commands.add_parser("agree", help="compare machine code with the interpreter, on random arguments")
    agree.add_argument("--target", choices=_TARGETS[1:], help="the machine (default: this one)")
    agree.add_argument("--opt", choices=("none", "speed"), help="optimization level (default: both)")
    agree.set_defaults(command=["agree"], ledger=None)
    for command in (test, agree):
        command.add_argument("paths", nargs="+", metavar="PATH", help="files or folders")
        command.add_argument("--emulate", action="store_true", help="run in the emulator what this machine could run itself, too")
        command.add_argument("--json", metavar="FILE", help="write every outcome as JSON")
        command.add_argument("--skips", action="store_true", help="list what was skipped, by reason")
        cores = os.cpu_count() or 1
        command.add_argument("-j", "--jobs", type=int, default=cores, metavar="N", help="processes (default: all cores)")
        command.set_defaults(run=_test)


def _test(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from jitpy.backend.filetests.outcome import FAIL
    from jitpy.backend.filetests.suite import files_below, run_files

    console = Console(highlight=False)
    files = files_below(options.paths)
    if not files:
        print(f"error: there is no .clif file below {', '.join(options.paths)}", file=sys.stderr)
        return 1
    outcomes: list[Outcome] = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("files", total=len(files))
        how = options.command, options.target or "", options.opt or "", max(options.jobs, 1), options.emulate
        for path, found in run_files(files, *how):
            outcomes += found
            progress.update(task, advance=1, description=path.name)
    failed = [outcome for outcome in outcomes if outcome.status == FAIL]
    for outcome in failed[:_SHOWN]:
        print(outcome)
    if len(failed) > _SHOWN:
        print(f"... and {len(failed) - _SHOWN} more failures (--json has them all)")
    if options.skips:
        _print_skips(outcomes)
    top = _top(options.paths)
    _print_summary(outcomes, top, console)
    if not outcomes:
        print("nothing was run: no file asks for it (a line such as 'test interpret', and '; run:' directives)", file=sys.stderr)
    if options.json:
        _write_json(options.json, outcomes)
    behind = _ledger(options, outcomes, top) if options.ledger else []
    for line in behind:
        print(f"behind the ledger: {line}")
    return int(bool(behind) if options.ledger else bool(failed))


def _top(paths: list[str]) -> Path:
    """The folder that all of them lie in."""
    top = Path(os.path.commonpath([Path(path).resolve() for path in paths]))
    return top if top.is_dir() else top.parent


def _print_summary(outcomes: list[Outcome], top: Path, console: Any) -> None:
    from rich.table import Table

    counts: Counter[tuple[str, str, str]] = Counter()
    for outcome in outcomes:
        what = " ".join(filter(None, (outcome.command, outcome.target, outcome.opt_level)))
        counts[os.path.relpath(Path(outcome.path).parent, top), what, outcome.status] += 1
    table = Table("folder", "command", "pass", "fail", "skip", box=None, pad_edge=False)
    for name in ("pass", "fail", "skip"):
        table.columns[("pass", "fail", "skip").index(name) + 2].justify = "right"
    for folder, what in dict.fromkeys((folder, what) for folder, what, _ in sorted(counts)):
        table.add_row(folder, what, *(str(counts[folder, what, status]) for status in ("pass", "fail", "skip")))
    console.print(table)
    totals = Counter(outcome.status for outcome in outcomes)
    print(f"{totals['pass']} passed, {totals['fail']} failed, {totals['skip']} skipped")


def _print_skips(outcomes: list[Outcome]) -> None:
    reasons = Counter(o.detail.rpartition(": ")[2] for o in outcomes if o.status == "skip")
    for reason, count in reasons.most_common():
        print(f"{count:7} skipped: {reason}")


def _write_json(path: str, outcomes: list[Outcome]) -> None:
    import json

    with open(path, "w", encoding="utf-8") as file:
        json.dump([outcome.row() for outcome in outcomes], file, indent=0)


def _ledger(options: argparse.Namespace, outcomes: list[Outcome], top: Path) -> list[str]:
    from jitpy.backend.filetests import suite

    now = suite.ledger_of(outcomes, top)
    path = Path(options.ledger)
    if options.update:
        suite.write_ledger(path, {**(suite.read_ledger(path) if path.exists() else {}), **now})
        return []
    return suite.fallen_behind(suite.read_ledger(path), now)
