"""Errors in CLIF text with the line they are about, a caret below the column, and the opcode that was meant."""

from __future__ import annotations

from jitpy.backend.analysis.verifier import find_errors
from jitpy.backend.errors import ParseError, VerifierError
from jitpy.backend.ir.types import I64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitpy.backend.ir.types import Type
    from jitpy.backend.text.parser import ParsedFunction


def excerpt(text: str, line: int, column: int = 0) -> str:
    """A line of the text, and a caret below the column."""
    lines = text.splitlines()
    if not 0 < line <= len(lines):
        return ""
    shown = lines[line - 1]
    stripped = shown.lstrip()
    out = f"\n    {stripped.rstrip()}"
    return out + f"\n    {' ' * (column - 1 - len(shown) + len(stripped))}^" if column else out


def explained(error: ParseError, text: str) -> ParseError:
    """The same error with the line."""
    hint = excerpt(text, error.line, error.column) + _nearest_opcode(error.message)
    return ParseError(error.message + hint, error.line, error.column, error.path)


def _nearest_opcode(message: str) -> str:
    """Where an instruction was expected and something else found: the opcode that looks most like it."""
    if not message.startswith("expected an instruction, found '"):
        return ""
    import difflib

    from jitpy.backend.ir.opcodes import BY_NAME

    near = difflib.get_close_matches(message.split("'")[1], BY_NAME, 1)
    return f"\n    did you mean {near[0]}?" if near else ""


def verify(parsed: ParsedFunction, text: str, path: str = "", pointer: Type = I64) -> None:
    """Raise VerifierError, with the lines, where a function of ``text`` breaks CLIF's rules. ``pointer``: the type of addresses;
    INVALID: i32 or i64.
    """
    func, lines = parsed.func, parsed.inst_lines
    errors = []
    for error in find_errors(func, pointer):
        inst = error.inst
        if inst < 0 and error.block >= 0:
            inst = next(iter(func.block_insts[error.block]), -1)
        line = lines[inst] if inst >= 0 else parsed.line
        where = f"{path}:{line}" if path else f"line {line}"
        errors.append((f"{where}, in %{func.name}", error.message + excerpt(text, line)))
    if errors:
        raise VerifierError(errors)
