"""x86-64 as data: registers, instruction rows, rules, conventions, and nothing the other ISAs also need."""
