"""Running machine code of other ISAs in an emulator, as programs that stand alone: from functions to answers."""
