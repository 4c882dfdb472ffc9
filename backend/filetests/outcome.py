"""The result of one thing tried: a run directive on an engine, or a command on a function."""

from __future__ import annotations

from collections.abc import Iterator

PASS, FAIL, SKIP = "pass", "fail", "skip"


class Outcome:
    """``path``, ``line`` and ``function``: where; ``command``, ``target``, ``flags``, ``opt_level``: what was tried, "" where it
    does not apply; ``status``: pass, fail or skip; ``detail``: why not.
    """

    __slots__ = ("command", "detail", "flags", "function", "line", "opt_level", "path", "status", "target")

    def __init__(
        self, path: str, line: int, command: str, status: str, detail: str = "", *, function: str = "",
        target: str = "", flags: str = "", opt_level: str = "",
    ) -> None:  # fmt: skip
        self.path = path
        self.line = line
        self.command = command
        self.status = status
        self.detail = detail
        self.function = function
        self.target = target
        self.flags = flags
        self.opt_level = opt_level

    @property
    def what(self) -> str:
        """Command, target, flags and level, as one text."""
        return " ".join(filter(None, (self.command, self.target, self.flags, self.opt_level)))

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.status}: {self.what}: {self.detail}"

    def row(self) -> dict[str, str | int]:
        """As a row of the JSON report."""
        return {
            "file": self.path, "function": self.function, "line": self.line, "command": self.command, "target": self.target,
            "flags": self.flags, "opt_level": self.opt_level, "status": self.status, "detail": self.detail,
        }  # fmt: skip


Outcomes = Iterator[Outcome]
