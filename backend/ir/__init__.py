"""CLIF as data: types, the opcode table, functions, and the builder."""
