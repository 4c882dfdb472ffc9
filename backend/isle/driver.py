"""From .isle texts and a host to the text of a Python module: the compiler on one page."""

from __future__ import annotations

from jitpy.backend.isle.codegen import ModuleCode
from jitpy.backend.isle.diagnostics import Reporter
from jitpy.backend.isle.host import Host
from jitpy.backend.isle.parser import parse_all
from jitpy.backend.isle.sema import analyze
from jitpy.backend.isle.terms import Program


def check(sources: list[tuple[str, str]], host: Host | None = None) -> Program:
    """Parse and analyse ``(path, text)`` pairs; without a host, terms may be left undefined."""
    reporter = Reporter()
    program = analyze(parse_all(_texts(sources, host)), host, reporter)
    reporter.check()
    return program


def _texts(sources: list[tuple[str, str]], host: Host | None) -> list[tuple[str, str]]:
    """What the host declares, then the sources."""
    if host is None:
        return sources
    return [("<host>", text) for text in host.declarations] + sources


def compile_texts(sources: list[tuple[str, str]], host: Host, stamp: str = "") -> str:
    """The Python source of the module that ``(path, text)`` pairs make with ``host``."""
    reporter = Reporter()
    declared = [("<host>", host.declarations)] if host.declarations else []
    program = analyze(parse_all([*declared, *sources]), host, reporter)  # syntax errors end it here
    module = ModuleCode(program, host, reporter)
    module.generate()  # raises with all errors of meaning
    return module.text(stamp, [path.rsplit("/", 1)[-1] for path, _ in sources])


def compile_files(paths: list[str], host: Host, stamp: str = "") -> str:
    """The same for files."""
    sources = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            sources.append((path, file.read()))
    return compile_texts(sources, host, stamp)
