"""Walking over tokens: looking, expecting, and saying what was expected where."""

from __future__ import annotations

from collections.abc import Container

from jitpy.backend.errors import ParseError
from jitpy.backend.ir import types
from jitpy.backend.text.lexer import END, NUMBER, STRING, Tokens
from jitpy.backend.text.numbers import parse_int

#: Largest number an entity may have: functions keep values and blocks in lists indexed by number.
MAX_ENTITY = 4_000_000
_ESCAPES = {"n": "\n", "t": "\t"}


class Cursor:
    """A position ``i`` in a list of tokens."""

    __slots__ = ("dynamic_types", "i", "kinds", "texts", "tokens")

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.i = 0
        self.dynamic_types: dict[str, int] = {}

    def offset(self) -> int:
        return self.tokens.offsets[self.i]

    def error(self, message: str, at: int | None = None) -> ParseError:
        """An error at token ``at``, or at the current one."""
        return self.tokens.error(message, self.tokens.offsets[self.i if at is None else at])

    def expected(self, what: str) -> ParseError:
        found = "the end of the text" if self.kinds[self.i] == END else repr(self.texts[self.i])
        return self.error(f"expected {what}, found {found}")

    def accept(self, text: str) -> bool:
        """Step over ``text`` if it stands here."""
        if self.texts[self.i] == text:
            self.i += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if self.texts[self.i] != text:
            raise self.expected(repr(text))
        self.i += 1

    def entity_or_none(self, prefix: str) -> int | None:
        """The number of an entity such as ``v7``, if one with this prefix stands here."""
        text = self.texts[self.i]
        digits = text[len(prefix) :]
        if not text.startswith(prefix) or not digits.isdecimal():
            return None
        number = int(digits) if len(digits) < 10 else MAX_ENTITY + 1
        if number > MAX_ENTITY:
            raise self.error(f"the number of {text} is too large: numbers go up to {MAX_ENTITY}")
        self.i += 1
        return number

    def entity(self, prefix: str, what: str) -> int:
        number = self.entity_or_none(prefix)
        if number is None:
            raise self.expected(what)
        return number

    def value(self) -> int:
        text = self.texts[self.i]
        if text[:1] == "v" and text[1:].isdecimal() and len(text) < 8:
            self.i += 1
            return int(text[1:])
        return self.entity("v", "a value such as v0")

    def type(self) -> types.Type:
        text = self.texts[self.i]
        found = types.BY_NAME.get(text) or self.dynamic_types.get(text)
        if not found or (found & types.DYNAMIC and not self.dynamic_types):
            raise self.expected("a type such as i32")
        self.i += 1
        return found

    def word(self, allowed: Container[str], what: str) -> str:
        text = self.texts[self.i]
        if text not in allowed:
            raise self.expected(what)
        self.i += 1
        return text

    def number_text(self, what: str) -> str:
        if self.kinds[self.i] != NUMBER:
            raise self.expected(what)
        self.i += 1
        return self.texts[self.i - 1]

    def integer(self, what: str = "an integer") -> int:
        text = self.number_text(what)
        try:
            return parse_int(text)
        except ValueError:
            self.i -= 1
            raise self.expected(what) from None

    def range_integer(self, what: str, low: int, high: int) -> int:
        value = self.integer(what)
        if not low <= value <= high:
            raise self.error(f"{what} must be from {low} to {high}, not {value}", self.i - 1)
        return value

    def offset_or_zero(self) -> int:
        """A signed offset written right behind an address, as ``+8``; 0 when there is none."""
        if self.kinds[self.i] != NUMBER or self.texts[self.i][0] not in "+-":
            return 0
        return self.range_integer("an offset", -(1 << 31), (1 << 31) - 1)

    def string(self) -> str:
        if self.kinds[self.i] != STRING:
            raise self.expected("a string in double quotes")
        self.i += 1
        return unquoted(self.texts[self.i - 1])


def unquoted(text: str) -> str:
    """The content of a quoted string."""
    parts = text[1:-1].split("\\\\")
    for i, part in enumerate(parts):
        pieces = part.split("\\")
        parts[i] = pieces[0] + "".join([_ESCAPES.get(p[:1], p[:1]) + p[1:] for p in pieces[1:]])
    return "\\".join(parts)
