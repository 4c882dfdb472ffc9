"""A process with jitted functions ends without a word."""

import subprocess
import sys


def test_nothing_is_printed_at_exit():
    program = (
        "import numpy as np\nfrom jitpy import jit\n"
        "@jit\ndef f(a, i):\n    return a[i]\n"
        "@jit\ndef g(n):\n    return f(np.ones(3), n)\n"
        "try:\n    g(5)\nexcept IndexError as error:\n    kept = error\n"
        "class Cycle:\n    pass\nc = Cycle()\nc.me = c\nc.f = f\nf.c = c\nprint(g(1))\n"
    )
    ran = subprocess.run([sys.executable, "-X", "dev", "-c", program], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("1.0\n", "", 0)
