"""What a target is: a record; what a machine instruction is: a row."""
