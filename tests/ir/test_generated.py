"""What derives from the opcode table is current."""

import subprocess
import sys
from pathlib import Path

from jitpy.backend.ir import domains, infer, opcodes, types
from jitpy.backend.ir.instructions import PARAMETERS, Instructions, method_name
from jitpy.backend.text.syntax import SYNTAX

ROOT = Path(__file__).resolve().parents[2]


def test_generated_files_are_current() -> None:
    done = subprocess.run([sys.executable, "tools/gen_clif_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + "run tools/gen_clif_docs.py"


def test_every_opcode_has_syntax_method_and_domain() -> None:
    for op, name in enumerate(opcodes.NAME):
        assert opcodes.FORMAT[op] in SYNTAX
        assert opcodes.FORMAT[op] in PARAMETERS
        assert callable(getattr(Instructions, method_name(name)))
        if opcodes.CTRL[op]:
            assert domains.DOMAIN[op] != "anything", name
        free = "any" in opcodes.ARGS[op]
        assert free == (name in domains.FREE), name


def test_types_of_every_opcode_over_its_domain_exist() -> None:
    for op, name in enumerate(opcodes.NAME):
        if not opcodes.CTRL[op]:
            continue
        for t in domains.DOMAINS[domains.DOMAIN[op]]:
            if t & types.DYNAMIC or types.BITS[t] > 128:
                continue
            assert all(types.BITS[r] for r in infer.result_types(op, t)), (name, types.NAME[t])
