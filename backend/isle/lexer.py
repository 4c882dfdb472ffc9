"""Text to nested lists.

ISLE's surface is S-expressions: atoms and parenthesised lists, ``;`` comments to the end of the line and
nested ``(; ... ;)`` comments. The reader builds the lists with an explicit stack, so that nesting is
bounded by a limit with a message and not by Python's stack; the parser then gives the lists meaning.
An ``@`` is an atom of its own wherever it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jitpy.backend.isle.diagnostics import Diagnostic, Pos

MAX_DEPTH = 200  # later phases walk trees recursively; no sane rule nests this deep

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\f]+ | ;[^\n]*)
  | (?P<newline>\n)
  | (?P<block>\(;)
  | (?P<open>\()
  | (?P<close>\))
  | (?P<at>@)
  | (?P<atom>[^\s();@]+)
    """,
    re.VERBOSE,
)
_INT = re.compile(r"[+-]?(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*)\Z")


@dataclass(slots=True)
class Atom:
    """One word: a symbol, an integer (``value`` set) or ``@``."""

    text: str
    pos: Pos
    value: int | None = None


@dataclass(slots=True)
class SList:
    """A parenthesised list; ``pos`` is its opening parenthesis."""

    items: list[Atom | SList]
    pos: Pos


SExpr = Atom | SList


def read_int(text: str) -> int | None:
    """The value of an integer literal (decimal, hex, octal, binary, ``_`` between digits), or None."""
    if not _INT.match(text):
        return None
    digits = text.replace("_", "")
    if digits in ("", "+", "-"):
        return None
    sign = -1 if digits[0] == "-" else 1
    digits = digits.lstrip("+-").lower()
    try:
        return sign * (int(digits, 0) if digits[:2] in ("0x", "0o", "0b") else int(digits, 10))
    except ValueError:  # "0x_" and the like
        return None


def read(text: str, path: str) -> tuple[list[SExpr], list[Diagnostic]]:
    """All top-level forms of a file, and what is wrong with their nesting."""
    errors: list[Diagnostic] = []
    top: list[SExpr] = []
    stack: list[SList] = []
    at, line, line_start = 0, 1, 0
    end = len(text)
    while at < end:
        match = _TOKEN.match(text, at)
        pos = Pos(path, line, at - line_start + 1)
        if match is None:
            errors.append(Diagnostic(pos, f"character {text[at]!r} has no meaning here"))
            at += 1
            continue
        kind = match.lastgroup
        at = match.end()
        if kind == "space":
            continue
        if kind == "newline":
            line += 1
            line_start = at
        elif kind == "block":
            depth = 1
            for mark in re.finditer(r"\(;|;\)|\n", text[at:]):
                word = mark.group()
                if word == "\n":
                    line += 1
                    line_start = at + mark.end()
                    continue
                depth += 1 if word == "(;" else -1
                if depth == 0:
                    at += mark.end()
                    break
            if depth:
                errors.append(Diagnostic(pos, "this block comment '(;' is never closed by ';)'"))
                break
        elif kind == "open":
            new = SList([], pos)
            (stack[-1].items if stack else top).append(new)
            stack.append(new)
            if len(stack) > MAX_DEPTH:
                errors.append(
                    Diagnostic(pos, f"forms nest deeper than {MAX_DEPTH}; split the term")
                )
                return [], errors
        elif kind == "close":
            if stack:
                stack.pop()
            else:
                errors.append(Diagnostic(pos, "')' without a '(' before it"))
        else:
            word = match.group()
            (stack[-1].items if stack else top).append(Atom(word, pos, read_int(word)))
    if stack:
        errors.append(Diagnostic(stack[0].pos, "this '(' is never closed"))
        top.pop()
    return top, errors
