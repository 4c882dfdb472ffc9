"""A Python function in, CLIF out: bytecode, type inference by abstract interpretation, typed IR, lowering."""
