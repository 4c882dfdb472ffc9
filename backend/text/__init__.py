"""CLIF text: a lexer, a parser, and a printer whose output parses back to the same function."""
