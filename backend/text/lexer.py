"""CLIF text to tokens.

One regular expression recognises every token; tokens come out as three parallel lists (kind, text, offset), which
the parser walks by index. Comments are set aside with their offsets, because test files speak through them. Lines
and columns are worked out only when an error needs them.
"""

from __future__ import annotations

import re

from jitpy.backend.errors import ParseError

# Kinds of tokens.
PUNCT, NAME, SRCLOC, NUMBER, WORD, STRING, END = range(1, 8)

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<comment>;[^\n]*)
  | (?P<word>(?!(?:Inf|s?NaN)\b)[A-Za-z_][A-Za-z0-9_]*)
  | (?P<punct>->|==|!=|[(){}\[\],:=.*<>!])
  | (?P<number>[+-]?(?:0x[0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:p[+-]?[0-9]+)?
                     | [0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?
                     | (?:Inf|s?NaN(?::0x[0-9a-fA-F_]+)?)\b))
  | (?P<name>%(?:"(?:[^"\\\n]|\\.)*"|[A-Za-z0-9_.$]*))
  | (?P<srcloc>@[0-9a-fA-F]*)
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<end>\Z)
  | (?P<bad>.)
    )""",
    re.VERBOSE,
)
_KINDS = {
    "punct": PUNCT, "name": NAME, "srcloc": SRCLOC, "number": NUMBER, "word": WORD, "string": STRING, "end": END,
}  # fmt: skip
_KIND_OF_GROUP = {_TOKEN.groupindex[name]: kind for name, kind in _KINDS.items()}
_COMMENT, _BAD = _TOKEN.groupindex["comment"], _TOKEN.groupindex["bad"]


class Tokens:
    """The tokens of ``text`` from ``offset`` on, in parallel lists, closed by two END tokens, so that there is always one to look
    ahead to; ``comments`` are (offset, text).
    """

    __slots__ = ("comments", "kinds", "offsets", "path", "text", "texts")

    def __init__(self, text: str, offset: int = 0, path: str = "") -> None:
        self.text = text
        self.path = path
        self.kinds: list[int] = []
        self.texts: list[str] = []
        self.offsets: list[int] = []
        self.comments: list[tuple[int, str]] = []
        kinds, texts, offsets, kind_of_group = self.kinds, self.texts, self.offsets, _KIND_OF_GROUP
        for match in _TOKEN.finditer(text, offset):
            group = match.lastindex
            assert group is not None
            kind = kind_of_group.get(group)
            if kind is not None:
                kinds.append(kind)
                texts.append(match[group])
                offsets.append(match.start(group))
                if kind == END:
                    kinds.append(END)
                    texts.append("")
                    offsets.append(len(text))
                    break
            elif group == _COMMENT:
                self.comments.append((match.start(group), match[group]))
            else:
                raise self.error(f"unexpected character {match[group]!r}", match.start(group))

    def line(self, offset: int) -> int:
        """The line, from 1, of a character offset."""
        return self.text.count("\n", 0, offset) + 1

    def error(self, message: str, offset: int) -> ParseError:
        """An error at a character offset."""
        column = offset - (self.text.rfind("\n", 0, offset) + 1) + 1
        return ParseError(message, self.line(offset), column, self.path)
