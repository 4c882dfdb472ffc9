"""Expected text in test files.

Behind a function stand the lines that a command is to print, each as a comment ``;| text``. `compare` says where they differ; with
``JITPY_BLESS=1`` in the environment it collects what was printed instead, and `rewrite` puts it into the file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitpy.backend.text.parser import ParsedFile, ParsedFunction

_MARK = ";|"
_printed: dict[str, dict[int, str]] = {}


def compare(file: ParsedFile, parsed: ParsedFunction, text: str) -> str:
    """What differs between the printed ``text`` and what the file expects; "" where nothing does, or where texts are blessed."""
    lines = text.rstrip().splitlines()
    if os.environ.get("JITPY_BLESS") == "1":
        _printed.setdefault(file.path, {})[parsed.line] = text
        return ""
    wanted = [comment[len(_MARK) :].removeprefix(" ") for _, comment in parsed.comments if comment.startswith(_MARK)]
    if not wanted:
        return f"the file expects no text for %{parsed.func.name}: run with JITPY_BLESS=1"
    for number, (has, want) in enumerate(zip([*lines, ""], [*wanted, ""])):
        if has.rstrip() != want.rstrip():
            return f"line {number + 1} of the text is {has.strip()!r}, expected {want.strip()!r}"
    return ""


def rewrite(file: ParsedFile) -> None:
    """Put the collected texts of ``file`` behind its functions."""
    texts = _printed.pop(file.path, None)
    if not texts:
        return
    starts = [parsed.line for parsed in file.functions]
    made: list[str] = []
    source = file.text.splitlines()
    for number, line in enumerate(source, 1):
        if line.startswith(_MARK):
            continue
        made.append(line)
        if line.startswith("}"):
            start = max(s for s in starts if s <= number)
            if start in texts:
                made += [f"{_MARK} {text}".rstrip() for text in texts[start].rstrip().splitlines()]
    Path(file.path).write_text("\n".join(made) + "\n")
