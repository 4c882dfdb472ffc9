"""CLIF text to functions.

A file is a header (test commands, one per line), then functions, with comments between them that tests speak
through. Each function is parsed in one pass over its tokens; what later lines decide (types of operands that are
defined further down, aliases) is settled at its end. Values and blocks keep the numbers they have in the text;
other entities are renumbered densely in their order.
"""

from __future__ import annotations

from jitpy.backend.ir.function import Function
from jitpy.backend.text.body import BodyParser
from jitpy.backend.text.cursor import Cursor
from jitpy.backend.text.lexer import END, Tokens
from jitpy.backend.text.preamble import parse_name, parse_preamble, parse_signature

#: Words that begin a line of a file's header.
HEADER_WORDS = ("test", "set", "target", "feature")


class ParsedFunction:
    """A function with what its text says around it: line, lines of its instructions, and (line, text) of comments.

    ``comments`` run from the function's first line to the next function.
    """

    __slots__ = ("comments", "func", "inst_lines", "line")

    def __init__(self, func: Function, line: int, inst_lines: list[int]) -> None:
        self.func = func
        self.line = line
        self.inst_lines = inst_lines
        self.comments: list[tuple[int, str]] = []


class ParsedFile:
    """A file: its ``text``, ``header`` lines as (line, words), the functions, and the comments before the first of them."""

    __slots__ = ("call_conv", "comments", "functions", "header", "path", "text")

    def __init__(self, path: str, text: str, call_conv: str) -> None:
        self.path = path
        self.text = text
        self.call_conv = call_conv
        self.header: list[tuple[int, list[str]]] = []
        self.functions: list[ParsedFunction] = []
        self.comments: list[tuple[int, str]] = []


def parse_file(text: str, path: str = "", call_conv: str = "system_v") -> ParsedFile:
    """Parse a whole .clif file; ``call_conv`` is for signatures that name none."""
    file = ParsedFile(path, text, call_conv)
    tokens = Tokens(text, _parse_header(text, file), path)
    cursor = Cursor(tokens)
    starts = []
    while cursor.kinds[cursor.i] != END:
        start = tokens.offsets[cursor.i]
        file.functions.append(_parse_function(cursor, call_conv))
        starts.append(start)
    _hand_out_comments(tokens, file, starts)
    return file


def parse_functions(text: str, path: str = "", call_conv: str = "system_v") -> list[Function]:
    """The functions of CLIF text."""
    return [parsed.func for parsed in parse_file(text, path, call_conv).functions]


def parse_function(text: str, path: str = "", call_conv: str = "system_v") -> Function:
    """The one function of CLIF text."""
    cursor = Cursor(Tokens(text, 0, path))
    func = _parse_function(cursor, call_conv).func
    if cursor.kinds[cursor.i] != END:
        raise cursor.error("expected one function only")
    return func


def _parse_header(text: str, file: ParsedFile) -> int:
    """Read the header's lines; returns the offset where functions begin."""
    offset = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        words = line.partition(";")[0].split()
        if words:
            if words[0] not in HEADER_WORDS:
                break
            file.header.append((number, words))
        comment = line.find(";")
        if comment >= 0:
            file.comments.append((number, line[comment:].rstrip("\n")))
        offset += len(line)
    return offset


def _hand_out_comments(tokens: Tokens, file: ParsedFile, starts: list[int]) -> None:
    function = -1
    line = 1
    position = 0
    for offset, text in tokens.comments:
        while function + 1 < len(starts) and starts[function + 1] < offset:
            function += 1
        line += tokens.text.count("\n", position, offset)
        position = offset
        comments = file.comments if function < 0 else file.functions[function].comments
        comments.append((line, text))


def _parse_function(cursor: Cursor, call_conv: str) -> ParsedFunction:
    line = cursor.tokens.line(cursor.offset())
    cursor.expect("function")
    name = parse_name(cursor)
    entities, func = parse_preamble(cursor, Function(name, parse_signature(cursor, call_conv)), call_conv)
    body = BodyParser(cursor, func, entities)
    body.parse()
    return ParsedFunction(func, line, body.inst_lines())
