"""``python -m jitpy.backend.filetests PATH... [--command NAME] [--quiet]``: run .clif tests and count outcomes."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path

from jitpy.backend.filetests.runner import FAIL, SKIP, run_file


def main(arguments: list[str] | None = None) -> int:
    """Run the files and folders given; the exit code is 1 when something failed."""
    parser = ArgumentParser(prog="filetests", description="Run tests written as CLIF files.")
    parser.add_argument("paths", nargs="+", type=Path, help="files or folders")
    parser.add_argument("--command", action="append", help="run this instead of what files ask for")
    parser.add_argument("--quiet", action="store_true", help="print failures only as counts per file")
    parser.add_argument("--skips", action="store_true", help="print what was skipped too")
    options = parser.parse_args(arguments)
    totals: Counter[tuple[str, str]] = Counter()
    for top in options.paths:
        for path in sorted(top.rglob("*.clif")) if top.is_dir() else [top]:
            outcomes = run_file(path, options.command)
            totals.update((outcome.command, outcome.status) for outcome in outcomes)
            failed = [o for o in outcomes if o.status == FAIL or (options.skips and o.status == SKIP)]
            if options.quiet and failed:
                print(f"{path}: {len(failed)} of {len(outcomes)} failed, first: {failed[0].message}")
            elif failed:
                print("\n".join(map(str, failed)))
    for (command, status), count in sorted(totals.items()):
        print(f"{command:12} {status} {count}")
    return int(any(status == FAIL for _, status in totals))


if __name__ == "__main__":
    sys.exit(main())
