"""What GNU's tools and the command line make of cross-compiled files."""

from __future__ import annotations

import ctypes
import linecache
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from jitpy.backend.emulation import programs
from jitpy.backend.errors import UnsupportedError
from test_cross_compile import KERNELS, PROGRAM, SIGNATURES, check

import jitpy
from jitpy import cli
from jitpy.cross import targets

SOURCE = """\
import math
from jitpy import njit


@njit("float64(float64[::1])")
def sines(a):
    '''The sum of sines.'''
    s = 0.0
    for x in a:
        s += math.sin(x)
    return s


@njit("(float32[:, ::1], float32)")
def scaled(a, k):
    return a * k


def plain(x):
    return x
"""


def gnu(target: str, name: str) -> str:
    try:
        return programs.gnu(targets.TARGETS[target][0], name)
    except UnsupportedError as error:
        if target == "x86_64" and shutil.which(name):
            return name
        pytest.skip(str(error))


def tool(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not re.search("warning|error:", done.stderr + done.stdout, re.IGNORECASE), done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def libraries():
    return {}


@pytest.fixture
def library(libraries, target):
    if target not in libraries:
        libraries[target] = jitpy.cross.compile(KERNELS, SIGNATURES, target=target, name="kernels")
    return libraries[target]


def test_readelf_reads_them(library, target, tmp_path) -> None:
    library.write(tmp_path)
    for file in ("kernels.o", "libkernels.so"):
        text = tool(gnu(target, "readelf"), "-aW", "--debug-dump=info,abbrev,frames", str(tmp_path / file))
        assert "weighted" in text and "DW_TAG_subprogram" in text and "DW_CFA" in text
    lines = tool(gnu(target, "readelf"), "--debug-dump=decodedline", str(tmp_path / "libkernels.so"))
    assert "test_cross_compile.py" in lines


def test_gnu_ld_links_them(library, target, tmp_path) -> None:
    library.write(tmp_path)
    made = str(tmp_path / "theirs.so")
    tool(gnu(target, "ld"), "-shared", "-z", "text", "-o", made, str(tmp_path / "kernels.o"))
    symbols = tool(gnu(target, "readelf"), "-W", "--dyn-syms", made)
    frames = tool(gnu(target, "readelf"), "--debug-dump=frames", made)
    described = {int(at, 16) for at in re.findall(r"pc=([0-9a-f]+)\.\.", frames)}
    for function in KERNELS:
        (address,) = re.findall(rf"([0-9a-f]+) +\d+ FUNC .* {function.__name__}$", symbols, re.MULTILINE)
        assert int(address, 16) in described


def test_lines_are_those_of_the_source(library, target, tmp_path) -> None:
    library.write(tmp_path)
    text = tool(gnu(target, "readelf"), "--debug-dump=decodedline", str(tmp_path / "libkernels.so"))
    first = next(f for f in KERNELS if f.__name__ == "weighted").__code__.co_firstlineno
    numbers = {int(n) for n in re.findall(r"test_cross_compile\.py +(\d+) ", text)}
    assert first + 6 in numbers  # the loop's body


@pytest.mark.skipif(not shutil.which("gdb") or not shutil.which("gcc"), reason="needs gdb and gcc")
def test_gdb_shows_python_lines(tmp_path) -> None:
    done = jitpy.cross.compile(KERNELS, SIGNATURES, target="x86_64", name="kernels")
    done.write(tmp_path)
    (tmp_path / "main.c").write_text(PROGRAM)
    tool("gcc", "-g", "-o", str(tmp_path / "main"), str(tmp_path / "main.c"), str(tmp_path / "kernels.o"), f"-I{tmp_path}")
    commands = ["break weighted.0", "run", "bt", "list"]
    options = [word for command in commands for word in ("-ex", command)]
    out = subprocess.run(["gdb", "-batch", *options, str(tmp_path / "main")], capture_output=True, text=True, timeout=60).stdout
    assert "TABLE[i % 2, 1]" in out and re.search(r"#1 .* in weighted .*\n#2 .* in main ", out), out


@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc")
def test_gccs_unwinder_walks_through_them(tmp_path) -> None:
    library = jitpy.cross.compile(KERNELS, SIGNATURES, target="x86_64", name="kernels").shared_library
    path = tmp_path / "libkernels.so"
    path.write_bytes(library)
    loaded = ctypes.CDLL(str(path))
    finder = ctypes.CDLL("libgcc_s.so.1")._Unwind_Find_FDE
    finder.restype = ctypes.c_void_p
    address = ctypes.cast(loaded.weighted, ctypes.c_void_p).value
    assert address is not None
    assert finder(ctypes.c_void_p(address + 1), ctypes.create_string_buffer(64))


def test_debians_cross_compiler_links_them(library, target, tmp_path) -> None:
    """With the C library, statically, position-independent and as a shared library; the results are the host's."""
    compiler = f"{library.machine.triple}-gcc"
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    library.write(tmp_path)
    (tmp_path / "main.c").write_text(PROGRAM)
    run = [programs.find(f"qemu-{target}"), "-cpu", "max", "-L", f"/usr/{library.machine.triple}"] if target != "x86_64" else []
    for how in (["-static", "kernels.o"], ["kernels.o"], ["-L.", "-lkernels", "-Wl,-rpath,."]):
        made = subprocess.run([compiler, "-Wall", "-o", "main", "main.c", *how], cwd=tmp_path, capture_output=True, text=True)
        assert made.returncode == 0 and not made.stderr, made.stderr
        done = subprocess.run([*run, "./main"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done
        check(done.stdout)


# -- the README -------------------------------------------------------------------------------------------------------------------


def test_the_readmes_example(tmp_path, monkeypatch) -> None:
    if not all(map(programs.has, ("riscv64", "s390x"))):
        pytest.skip("needs the emulators")
    text = (pathlib.Path(__file__).parents[2] / "README.md").read_text()
    (block,) = (b for b in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "jitpy.cross.compile" in b)
    monkeypatch.chdir(tmp_path)

    def dot(a, b):
        s = 0.0
        for i in range(len(a)):
            s += a[i] * b[i]
        return s

    names = {"jitpy": jitpy, "dot": dot, "a": np.array([0.1, 2.0]), "b": np.array([0.3, -1.5])}
    *statements, last = block.strip().splitlines()
    exec("\n".join(statements), names)
    assert eval(last, names) == dot(names["a"], names["b"])
    written = {path.name for path in (tmp_path / "build").iterdir()}
    assert written == {"dot.o", "libdot.so", "dot.h", "dot.lst", "example.c", "Makefile"}
    assert jitpy.cross.run(dot, names["a"], names["b"], target="riscv64", cpu="sifive-u74") == dot(names["a"], names["b"])


# -- the command line ----------------------------------------------------------------------------------------------------------


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "jitpy", *arguments], capture_output=True, text=True)


def test_cross_writes_a_folder_per_target(tmp_path) -> None:
    (tmp_path / "kernels.py").write_text(SOURCE)
    file, folder = str(tmp_path / "kernels.py"), str(tmp_path / "build")
    done = command("cross", file, "--target", "x86_64", "--target", "amd64", "--cpu", "haswell", "-o", folder)
    assert done.returncode == 0, done.stderr
    assert "sines, scaled; needs free, malloc" in done.stdout and "haswell" in done.stdout
    names = {path.name for path in (tmp_path / "build" / "x86_64").iterdir()}
    assert names == {"kernels.o", "libkernels.so", "kernels.h", "kernels.lst", "example.c", "Makefile"}
    assert all(f"{name}  " in done.stdout for name in names)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--target", "riscv46"], "error: there is no target 'riscv46'; did you mean 'riscv64'?"),
        (["--target", "x86_64", "--cpu", "pentium"], "error: x86_64 has no processor 'pentium'"),
        (["--target", "x86_64", "--features", "sse41,neon"], "error: x86_64 has no feature 'neon'"),
        ([], "the following arguments are required: --target"),
    ],
)
def test_bad_arguments(arguments, text, tmp_path) -> None:
    (tmp_path / "kernels.py").write_text(SOURCE)
    done = command("cross", str(tmp_path / "kernels.py"), *arguments, "-o", str(tmp_path / "build"))
    assert done.returncode != 0 and text in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "build").exists()


JITTED = "import jitpy\n@jitpy.njit('int64(int64)')\n"
BAD_FILES = {
    "x = 1\n": "has no function with a signature",
    "import jitpy\n\n@jitpy.njit\ndef f(x): return x\n": "@njit('float64(float64[::1])') gives it; f in line 3 has none",
    "def f(:\n    pass\n": 'does not run:\n  File "kernels.py", line 1\n    def f(:\n          ^\nSyntaxError: invalid syntax',
    "import nowhere_to_be_found\n": "line 1, in <module>\n    import nowhere_to_be_found\nModuleNotFoundError: No module named",
    "def g():\n    return 1 // 0\n\ng()\n": "line 2, in g\n    return 1 // 0\n",
    "import sys\nsys.exit(3)\n": "kernels.py ends the program (SystemExit: 3) before its functions can be compiled",
    "\0": "kernels.py does not run:\nSyntaxError: source code",
    JITTED + "def double(x): return x\n": "cannot be the name of a kernel in C: give a prefix",
    JITTED + "def f(x):\n    print(x)\n    return x\n": "File 'kernels.py', line 4, in f\n    print(x)\n    ^^^^^^^^\n",
    JITTED.replace("int64(", "int46(") + "def f(x): return x\n": "there is no type int46; did you mean int",
}


@pytest.mark.parametrize("source", BAD_FILES)
def test_bad_files(source, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    linecache.clearcache()  # all files have one name
    (tmp_path / "kernels.py").write_text(source)
    assert cli.main(["cross", "kernels.py", "--target", "x86_64"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ") and BAD_FILES[source] in said and "Traceback" not in said
    assert not (tmp_path / "build").exists()


def test_a_file_that_is_not_there_and_a_folder(tmp_path, capsys) -> None:
    assert cli.main(["cross", str(tmp_path / "missing.py"), "--target", "x86_64"]) == 1
    assert "missing.py: No such file" in capsys.readouterr().err
    assert cli.main(["cross", str(tmp_path), "--target", "x86_64"]) == 1
    assert "is a folder: name one Python file" in capsys.readouterr().err


def test_callbacks_have_signatures_and_files_can_have_names(tmp_path, capsys) -> None:
    (tmp_path / "a b.py").write_text("import jitpy\n@jitpy.cfunc('int64(int64)')\ndef f(x): return x\n")
    command = ["cross", str(tmp_path / "a b.py"), "--target", "x86_64", "-o", str(tmp_path / "build")]
    assert cli.main(command) == 1 and "'a b' cannot be the name of files" in capsys.readouterr().err
    assert cli.main([*command, "--name", "ab"]) == 0 and (tmp_path / "build" / "x86_64" / "ab.o").exists()


def test_targets_lists_what_there_is() -> None:
    text = command("targets").stdout
    for word in ("x86_64 (this machine)" if sys.platform == "linux" else "x86_64", "haswell", "avx2", "fused multiply and add"):
        assert word in text
    assert "riscv64" not in command("targets", "x86_64").stdout
