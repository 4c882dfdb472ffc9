"""CPython bytecode, decoded to one neutral instruction set; the control-flow facts that translation needs."""
