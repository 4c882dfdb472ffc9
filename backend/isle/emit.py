"""Python text: lines with indentation, the names in scope, and small questions about expressions."""

from __future__ import annotations

import ast as python
import re
from functools import lru_cache

_ATOM = re.compile(r"[A-Za-z_][\w.]*\Z|\d+\Z")
_WORD = re.compile(r"[A-Za-z_]\w*")


def is_atom(expression: str) -> bool:
    """A name or a number: free to repeat."""
    return _ATOM.match(expression) is not None


@lru_cache(maxsize=4096)
def wrap(expression: str) -> str:
    """The expression, in parentheses where an operator beside it could tear it apart."""
    if is_atom(expression):
        return expression
    node = python.parse(expression, mode="eval").body
    closed = (python.Call, python.Subscript, python.Attribute, python.Tuple, python.List, python.Name)
    if isinstance(node, closed) or (
        isinstance(node, python.Constant) and not isinstance(node.value, int | float | complex)
    ):
        return expression if expression[0] != "(" or isinstance(node, python.Tuple) else f"({expression})"
    return f"({expression})"


def sanitize(name: str) -> str:
    """A term's name as part of a Python name."""
    return re.sub(r"\W", "_", name)


def words(text: str) -> set[str]:
    """All identifiers in a piece of code."""
    return set(_WORD.findall(text))


class Writer:
    """The body of one function under construction."""

    def __init__(self, level: int = 1) -> None:
        self.lines: list[str] = []
        self.level = level
        self.loops = 0

    def line(self, text: str) -> None:
        """One line at the current indentation."""
        self.lines.append("    " * self.level + text)
