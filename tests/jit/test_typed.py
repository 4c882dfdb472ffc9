"""What type checkers see: the parameters and the result of the Python function behind every form of the decorator."""

import pathlib
import re
import subprocess
import sys

import pytest

from jitpy.dispatcher import Dispatcher
from jitpy.options import OPTIONS

ROOT = pathlib.Path(__file__).resolve().parents[2]

SAMPLE = '''
import jitpy
from jitpy import jit, njit, prange

@jit
def plain(x: float, y: int = 2) -> float:
    return x * y

@jit(cache=True, fastmath={"contract"})
def with_options(x: float) -> float:
    return x

@njit("float64(float64)")
def eager(x: float) -> float:
    return x

@jit([jitpy.float64(jitpy.float64)], nogil=True)
def several(x: float) -> float:
    return x

class A:
    @jit
    def method(self, x: float) -> float:
        return x
    @staticmethod
    @jit
    def static(x: float) -> float:
        return x

reveal_type(plain)  # jitpy.jitted.Jitted[[x: float, y: int =], float]
reveal_type(plain(1.0, y=3))  # float
reveal_type(with_options(1.0))  # float
reveal_type(eager(1.0))  # float
reveal_type(several(1.0))  # float
reveal_type(plain.py_func)  # def (x: float, y: int =) -> float
reveal_type(plain.check(1.0))  # float
reveal_type(plain.inspect_clif("float64(float64, int64)"))  # str
reveal_type(A().method(1.0))  # float
reveal_type(A.static(1.0))  # float
reveal_type(jitpy.clif.compile(""))  # dict[str, jitpy.clif.ClifFunction]
for i in prange(3):
    reveal_type(i)  # int
plain.compile(jitpy.float64(jitpy.float64[:, ::1], jitpy.int64))
plain("a")  # error
with_options(1.0, 2)  # error
A().method()  # error
jit(nopyton=True)  # error
jitpy.nothing  # error
'''


def test_the_sample_as_mypy_sees_it(tmp_path):
    pytest.importorskip("mypy")
    package = tmp_path / "jitpy"
    package.mkdir()
    for entry in [*(ROOT / "jitpy").iterdir(), ROOT / "frontend", ROOT / "backend"]:
        (package / entry.name).symlink_to(entry)
    sample = tmp_path / "sample.py"
    sample.write_text(SAMPLE)
    options = "--strict", "--follow-imports=silent", "--cache-dir", str(ROOT / ".mypy_cache")
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "sample.py"], cwd=tmp_path, capture_output=True, text=True
    )
    seen = {}
    for line, kind, text in re.findall(r"^sample\.py:(\d+): (note|error): (.*)$", ran.stdout, re.MULTILINE):
        seen[int(line)] = "error" if kind == "error" else text.partition('"')[2].rstrip('"')
    expected = {
        number: line.rpartition("  # ")[2] for number, line in enumerate(SAMPLE.splitlines(), 1) if "  # " in line
    }
    assert seen == expected, ran.stdout + ran.stderr


def public(text):
    """The names that a class body in the source text defines."""
    return set(re.findall(r"^    (?:def )?([a-z]\w*)(?=[(:])", text, re.MULTILINE))


def test_the_stub_has_what_jitted_functions_have():
    stub = (ROOT / "jitpy" / "jitted.pyi").read_text().partition("class Jitted")[2].partition("\nclass ")[0]
    real = {name for name in vars(Dispatcher) if name[0] != "_"} | {"py_func", "targetoptions"}
    assert public(stub) == real


def test_the_stub_has_every_option():
    source = (ROOT / "jitpy" / "decorators.py").read_text()
    for text in re.findall(r"signatures: Signatures \| None = None, /, \*, (.*?)\) -> Decorator", source, re.DOTALL):
        assert set(re.findall(r"(\w+): ", text)) == {name for name in OPTIONS if name[0] != "_"}
    assert source.count("-> Decorator") == 2
