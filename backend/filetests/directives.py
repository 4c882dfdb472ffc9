"""What the comments of a test file ask for.

    ; run: %add(1, 2) == 3
    ; run: %swap([1 2 3 4], 0x1.8p1) == [0x1.8p1, [1 2 3 4]]
    ; run: %div(1, 0) traps int_divz
    ; run                                   a function without parameters must return something nonzero
    ; error: substring                      the verifier's message for this line

A ``run`` comment belongs to the function before it. Values are read by the types of that function's signature.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jitpy.backend.ir import trapcode, types
from jitpy.backend.text import numbers
from jitpy.backend.text.cursor import Cursor
from jitpy.backend.text.lexer import END, Tokens
from jitpy.backend.text.preamble import parse_constant, parse_name

if TYPE_CHECKING:
    from jitpy.backend.ir.function import AbiParam, Function
    from jitpy.backend.text.parser import ParsedFunction

_RUN = re.compile(r"[ ;]*(run|print)\b(.*)", re.DOTALL)
_ERROR = re.compile(r"[ ;]*error:\s*(.*)")


class Run:
    """Call ``function`` with ``args``; ``expected`` results, or the trap code, or None: anything nonzero
    (``compare`` negates).
    """

    __slots__ = ("args", "equal", "expected", "line", "name", "text", "trap")

    def __init__(self, line: int, name: str, text: str) -> None:
        self.line = line
        self.name = name
        self.text = text
        self.args: list[int] = []
        self.expected: list[int] | None = None
        self.equal = True
        self.trap = ""


def run_directives(parsed: ParsedFunction, path: str = "") -> list[Run]:
    """The run directives behind a function."""
    found = []
    for line, text in _joined(parsed.comments):
        match = _RUN.match(text)
        if match and match[1] == "run":
            found.append(_parse_run(line, match.start(2), match[2], parsed.func, path))
    return found


def _joined(comments: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Comments with run directives whose brackets close on a later line joined to one."""
    joined: list[tuple[int, str]] = []
    for line, text in comments:
        if joined and _RUN.match(joined[-1][1]) and joined[-1][1].count("[") > joined[-1][1].count("]"):
            first, before = joined.pop()
            joined.append((first, before + " " + text.lstrip("; ")))
        else:
            joined.append((line, text))
    return joined


def error_directives(comments: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """(line, expected part of an error message), in order."""
    return [(line, match[1].strip()) for line, text in comments if (match := _ERROR.match(text))]


def _parse_run(line: int, column: int, text: str, func: Function, path: str) -> Run:
    run = Run(line, func.name, "run" + text.rstrip())
    if not text.strip():
        return run
    # Errors count lines and columns.
    cursor = Cursor(Tokens("\n" * (line - 1) + " " * column + text, 0, path))
    cursor.expect(":")
    parse_name(cursor)
    cursor.expect("(")
    run.args = _values(cursor, func.sig.params, ")", f"%{func.name} takes", "argument")
    if cursor.accept("traps"):
        run.trap = cursor.word(trapcode.INDEX, "a trap code")
        return run
    if cursor.kinds[cursor.i] == END:
        return run
    run.equal = cursor.texts[cursor.i] != "!="
    if not cursor.accept("!="):
        cursor.expect("==")
    returns = func.sig.returns
    if len(returns) == 1:
        run.expected = [parse_value(cursor, returns[0].type)]
        return run
    cursor.expect("[")
    run.expected = _values(cursor, returns, "]", f"%{func.name} returns", "value")
    return run


def _values(cursor: Cursor, params: list[AbiParam], end: str, does: str, what: str) -> list[int]:
    """One value for each of ``params``, with commas between, and the ``end`` behind."""
    values: list[int] = []
    while len(values) < len(params):
        if values and cursor.texts[cursor.i] != end:
            cursor.expect(",")
        if cursor.texts[cursor.i] == end:
            break
        values.append(parse_value(cursor, params[len(values)].type))
    if len(values) < len(params) or cursor.texts[cursor.i] == ",":
        raise cursor.error(f"{does} {len(params)} {what}{'s' * (len(params) != 1)}")
    cursor.expect(end)
    return values


def parse_value(cursor: Cursor, type: types.Type) -> int:
    """A value of a directive, as the interpreter's int."""
    return int.from_bytes(parse_constant(cursor, type), "little")


def format_value(value: int, type: types.Type) -> str:
    """A value as a directive would write it."""
    if types.IS_VECTOR[type]:
        return numbers.format_constant(value.to_bytes(types.BYTES[type], "little"), type)
    return numbers.format_scalar(value, type)


def format_values(values: list[int], func: Function) -> str:
    """The results of ``func`` as a directive would write them."""
    texts = [format_value(value, r.type) for value, r in zip(values, func.sig.returns)]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
