"""CLIF in, machine code out; knows nothing of Python functions."""
