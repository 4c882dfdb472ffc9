"""What stands between machine code and Python: memory, layouts, boxing, the callable type, errors, interrupts."""
