import pathlib
import sys

# The opcode table as combinations of types is the fuzzer's.
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "fuzz"))
