"""What `jitpy.cross.compile` gives: C that compilers take, objects that linkers take, and one clear error where it cannot."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from jitpy.backend.errors import CompileError, UnsupportedError

import jitpy
from jitpy import cli
from jitpy.cross import targets
from jitpy.cross.targets import TargetError
from jitpy.signatures import SignatureError

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
TABLE = np.array([[0.5, 1.5], [2.5, 3.5]])


def weighted(a, b):
    """The sum of products, weighted.

    */ does not end the comment."""
    s = 0.0
    for i in range(len(a)):
        s += a[i] * math.sin(b[i]) * TABLE[i % 2, 1]
    return s


def scaled(a, k):
    return a * k


def both(n, x, z):
    return n + 1, x * 2, z * 1j


def divide(a, b):
    return a // b


def half(x):
    return x / np.float16(2)


def fill(a, v):
    a[:] = v


KERNELS = [weighted, scaled, both, divide, half, fill]
SIGNATURES = [
    "float64(float64[::1], float64[:])", "float64[:, ::1](float64[:, ::1], float64)", "(int64, float32, complex128)",
    "int64(int64, int64)", "(float16,)", "void(uint16[:], uint16)",
]  # fmt: skip


@pytest.fixture(scope="module")
def library():
    return jitpy.cross.compile(KERNELS, SIGNATURES, target="x86_64", name="kernels")


PROGRAM = r"""
#include <stdio.h>
#include <string.h>
#include "kernels.h"
int main(void)
{
    double items[6] = {1, 2, 3, 4, 5, 6}, s;
    jitpy_array_float64_1d a = {items, {3}, {8}, 0}, b = {items + 5, {3}, {-16}, 0};
    if (weighted(&s, &a, &b)) return 1;
    printf("%a\n", s);
    b.shape[0] = 2;
    int32_t status = weighted(&s, &a, &b);
    printf("%s\n", jitpy_error_message(status));
    jitpy_array_float64_2d m = {items, {2, 3}, {24, 8}, 0}, r;
    if (scaled(&r, &m, 0.5)) return 2;
    printf("%g %g %d\n", ((double *)r.data)[0], r.data[5], (int)r.shape[1]);
    jitpy_release(r.owner);
    both_result t;
    if (both(&t, 41, 1.25f, 2.0, 3.0)) return 3;
    printf("%d %g %g %g\n", (int)t.f0, t.f1, t.f2_real, t.f2_imag);
    int64_t q;
    status = divide(&q, 1, 0);
    printf("%s\n", jitpy_error_message(status));
    if (divide(&q, -7, 2)) return 4;
    printf("%d\n", (int)q);
    uint16_t h;
    if (half(&h, 0x4400)) return 5;
    printf("%04x\n", h);
    uint16_t u[3] = {1, 2, 3};
    jitpy_array_uint16_1d v = {u, {2}, {4}, 0};
    if (fill(0, &v, 65535)) return 6;
    printf("%d %d %d\n", u[0], u[1], u[2]);
    printf("%s, %s\n", jitpy_error_message(0), jitpy_error_message(12345));
    return strcmp(jitpy_error_message(-1), jitpy_error_message(12345));
}
"""


def expected() -> list[str]:
    items = np.arange(1.0, 7.0)
    where = divide.__code__.co_firstlineno + 1
    index = weighted.__code__.co_firstlineno + 6
    return [
        float(weighted(items[:3], items[5::-2])).hex(),
        f"IndexError: index ... is out of bounds for axis 0 with size ... (test_cross_compile.py:{index} in weighted)",
        "0.5 3 3", "42 2.5 -3 2",
        f"ZeroDivisionError: integer division or modulo by zero (test_cross_compile.py:{where} in divide)", "-4", "4000",
        "65535 2 65535", "no error, an unknown status",
    ]  # fmt: skip


def check(output: str) -> None:
    lines = output.splitlines()
    wanted = expected()
    assert float.fromhex(lines[0]) == float.fromhex(wanted[0])
    assert lines[1:] == wanted[1:]


@needs_gcc
@pytest.mark.parametrize("linked", ["object", "shared", "static"])
def test_a_c_program_calls_the_kernels(library, tmp_path, linked) -> None:
    library.write(tmp_path)
    (tmp_path / "main.c").write_text(PROGRAM)
    how = {"object": ["kernels.o"], "static": ["kernels.o", "-static"], "shared": ["-L.", "-lkernels", "-Wl,-rpath,."]}[linked]
    command = ["gcc", "-Wall", "-Wextra", "-Werror", "-std=c11", "main.c", *how, "-o", "main"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    ran = subprocess.run(["./main"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran
    check(ran.stdout)


@needs_gcc
def test_the_example_is_c_and_runs(library, tmp_path) -> None:
    library.write(tmp_path)
    done = subprocess.run(["make", "-s", "CC=gcc -Werror", "example"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    output = subprocess.run(["./example"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert [line.partition(":")[0] for line in output.splitlines()] == [f.__name__ for f in KERNELS]
    header = subprocess.run(["gcc", "-x", "c++", "-fsyntax-only", "kernels.h"], cwd=tmp_path, capture_output=True, text=True)
    assert header.returncode == 0, header.stderr


@needs_gcc
def test_names_that_c_has_itself_are_no_trouble(tmp_path) -> None:
    def keep(status, new, result, double):
        status[0] = new + result + double

    done = jitpy.cross.compile([keep, main], ["(float64[:], int64, int64, int64)", "int64(int64)"], target="x86_64", prefix="c_")
    done.write(tmp_path)
    subprocess.run(["make", "-s", "CC=gcc -Werror", "example"], cwd=tmp_path, check=True)
    for language in ("c", "c++"):
        subprocess.run(["gcc", "-x", language, "-Wall", "-Werror", "-fsyntax-only", "c_keep.h"], cwd=tmp_path, check=True)


def test_what_allocates_nothing_needs_nothing() -> None:
    alone = jitpy.cross.compile(weighted, "float64(float64[::1], float64[::1])", target="x86_64")
    assert alone.undefined == [] and "Needs no C library" in alone.header
    assert jitpy.cross.compile(scaled, "(float64[::1], float64)", target="x86_64").undefined == ["free", "malloc"]


def test_header_and_listing(library) -> None:
    assert "/* weighted(a: float64[::1], b: float64[:]) -> float64\n * The sum of products, weighted.\n" in library.header
    assert "int32_t divide(int64_t *result, int64_t a, int64_t b);" in library.header
    assert library.header.count("typedef struct { double *data; int64_t shape[1];") == 1
    assert "weighted:" in library.asm and "s += a[i] * math.sin(b[i]) * TABLE[i % 2, 1]" in library.asm
    assert "weighted" in repr(library) and "<code>weighted</code>" in library._repr_html_()


def test_a_listing_shows_lines_labels_and_what_is_outside() -> None:
    text = jitpy.cross.compile([weighted, divide], SIGNATURES[:1] + SIGNATURES[3:4], target="riscv64").asm
    assert re.search(r"^weighted:\n +0  \w+ +addi +sp,sp,-16$", text, re.MULTILINE)
    assert re.search(r"# .*test_cross_compile.py:\d+: s \+= a\[i\] \* math.sin", text)
    assert re.search(r"^\.L\d+:\n", text, re.MULTILINE) and re.search(r"\bbne .*,\.L\d+$", text, re.MULTILINE)
    assert re.search(r"auipc .*# riscv_pcrel jitpy_constant\.0\.0$", text, re.MULTILINE)


def test_code_is_shown_without_any_disassembler(monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "capstone", None)
    f = jitpy.njit("int64(int64)")(main)
    assert "return new" in f.inspect_asm(f.signatures[0])
    clif = "function %one(i64) -> i64 {\n    fn0 = %two(i64) -> i64\nblock0(v0: i64):\n    v1 = call fn0(v0)\n    return v1\n}\n"
    (tmp_path / "one.clif").write_text(clif)
    assert cli.main(["compile", str(tmp_path / "one.clif")]) == 0
    text = capsys.readouterr().out
    assert text.startswith("%one:\n       0  ") and "two" in text


def test_bounds_checks_can_be_left_out() -> None:
    def pick(a, i):
        return a[i]

    signature = "float64(float64[::1], int64)"
    checked = jitpy.cross.compile(pick, signature, target="riscv64")
    bare = jitpy.cross.compile(pick, signature, target="riscv64", boundscheck=False)
    assert "out of bounds" in " ".join(str(part) for site in checked.library.sites for part in site.parts)
    assert len(bare.library.module.code) < len(checked.library.module.code)
    assert jitpy.cross.run(pick, np.arange(3.0), -1, target="riscv64", boundscheck=False) == 2.0
    with pytest.raises(IndexError):
        jitpy.cross.run(pick, np.arange(3.0), 3, target="riscv64", boundscheck=False)


def test_prefix() -> None:
    one = jitpy.cross.compile(divide, "(int64, int64)", target="x86_64", prefix="dsp_")
    assert "int32_t dsp_divide(int64_t *result" in one.header and "dsp_jitpy_error_message(int32_t" in one.header
    assert {name for name, s in one.unit.symbols.items() if s.exported} == {"dsp_divide", "dsp_jitpy_error_message"}


def test_signatures_come_from_the_decorator() -> None:
    jitted = jitpy.njit("float64(float64[::1], float64[::1])")(weighted)
    assert jitpy.cross.compile(jitted, target="x86_64").kernels[0].types == jitted.signatures[0]
    with pytest.raises(CompileError, match="weighted has no signature"):
        jitpy.cross.compile(weighted, target="x86_64")


def test_results_of_one_form_are_one_type_in_c() -> None:
    def first(a):
        return a[0] if len(a) else 0.0  # float64 or float

    def either(n):
        return n if n > 0 else 0.5

    assert jitpy.cross.compile(first, "(float64[:],)", target="x86_64").header
    with pytest.raises(UnsupportedError, match="either returns int or float, and C needs one type"):
        jitpy.cross.compile(either, "(int64,)", target="x86_64")


def printing(n):
    print(n)
    return n


def drawing(rng):
    return np.random.random()


def listing(xs):
    return len(xs)


def making(n):
    return [n]


def double(x):
    return x


def main(new):
    return new


def keywords(**options):
    return 1


async def waiting(x):
    return x


class Thing:
    pass


def making_object(x):
    return Thing()


several = jitpy.njit(["(int64, int64)", "(int32, int32)"])(divide)
vectorized = jitpy.vectorize("int64(int64, int64)")(divide)


@pytest.mark.parametrize(
    ("function", "signature", "target", "options", "error", "text"),
    [
        (divide, "(int64, int64)", "riscv46", {}, TargetError, "no target 'riscv46'; did you mean 'riscv64'"),
        (divide, "(int64, int64)", 64, {}, TargetError, "a target is a name such as 'riscv64', not 64"),
        (divide, "(int64, int64)", "x86_64", {"cpu": "haswel"}, TargetError, "no processor 'haswel'; did you mean 'haswell'"),
        (divide, "(int64, int64)", "x86_64", {"features": "avx3"}, TargetError, "no feature 'avx3'; did you mean 'avx'"),
        (divide, "(int64, int64)", "x86_64", {"features": [3]}, TargetError, "a feature is a name such as 'zba', not 3"),
        (divide, "(int64, int64)", "x86_64", {"features": 3}, TargetError, "features are names such as 'zba,zbb', not 3"),
        (divide, "(int64, int64)", "x86_64", {"features": {3: True}}, TargetError, "x86_64 has no feature '3'"),
        (divide, "(int64, int64)", "x86_64", {"features": "fma=maybe"}, TargetError, "write fma, -fma, fma=true or fma=false"),
        (divide, "(int64, int64)", "x86_64", {"features": {"fma": None}}, TargetError, "'fma=none' is neither on nor off"),
        (divide, "(int64, int64)", "x86_64", {"features": "-haswell"}, TargetError, "haswell stands for several features"),
        (divide, "(int64,)", "x86_64", {}, SignatureError, "has 1 arguments, and divide(a, b) takes 2"),
        (divide, "(int46, int64)", "x86_64", {}, SignatureError, "there is no type int46; did you mean int"),
        (divide, "(int64, int64)", "x86_64", {"fastmat": True}, CompileError, "no option 'fastmat'; did you mean 'fastmath'"),
        (divide, "(int64, int64)", "x86_64", {"name": "a b"}, CompileError, "'a b' cannot be the name of files"),
        (divide, "(int64, int64)", "riscv64", {"cpu": "haswell"}, TargetError, "no processor 'haswell'; it is one of x86_64"),
        (divide, "(int64, int64)", "riscv64", {"features": "-d"}, TargetError, "riscv64 cannot leave out d: every board"),
        (divide, "(int64, int64)", "riscv64", {"features": "-zca"}, TargetError, "zca cannot be left out of these features"),
        (divide, "(int64, int64)", "riscv64", {"features": "zba,+"}, TargetError, "a feature is a name such as 'zba', not '+'"),
        (divide, None, "x86_64", {}, CompileError, "divide has no signature: say which types"),
        (divide, "int64(", "x86_64", {}, SignatureError, "'int64(' is not a signature: '(' was never closed"),
        (divide, {}, "x86_64", {}, SignatureError, "{} is not a type that can stand in a signature"),
        (divide, "float64[:](int64, int64)", "x86_64", {}, UnsupportedError, "^\n  Convert it"),
        (divide, "(int64, int64)", "x86_64", {"name": 3}, CompileError, "3 cannot be the name of files"),
        (divide, "(int64, int64)", "x86_64", {"prefix": 3}, CompileError, "3 cannot be the prefix of names in C"),
        (several, None, "x86_64", {}, CompileError, "divide has 2 signatures: say which types"),
        (vectorized, None, "x86_64", {}, CompileError, "not Vectorized objects; write a function that calls it"),
        (waiting, "(int64,)", "x86_64", {}, CompileError, "waiting is asynchronous"),
        (making_object, "(int64,)", "x86_64", {}, UnsupportedError, "           ^^^^^^^\n  Objects cannot"),
        (printing, "(int64,)", "x86_64", {}, UnsupportedError, "    print(n)\n    ^^^^^^^^\n  Take it out"),
        (drawing, "(int64,)", "x86_64", {}, UnsupportedError, "random()\n           ^^^^^^^^^^^^^^^^^^\n  Pass"),
        (listing, "(List(int64),)", "x86_64", {}, UnsupportedError, "argument 1 is of type list[int], which has no C form"),
        (making, "(int64,)", "x86_64", {}, UnsupportedError, "the result is of type list[int], which has no C form"),
        (double, "(float64,)", "x86_64", {}, CompileError, "'double' cannot be the name of a kernel in C: give a prefix"),
        (main, "(float64,)", "x86_64", {}, CompileError, "'main' cannot be the name of a kernel in C: give a prefix"),
        (divide, "(int64, int64)", "x86_64", {"prefix": "3-", "name": "x"}, CompileError, "'3-' cannot be the prefix"),
        (keywords, "()", "x86_64", {}, SignatureError, "keywords takes **options"),
        (math.sin, "(float64,)", "x86_64", {}, CompileError, "only Python functions can be compiled"),
        ([], "(float64,)", "x86_64", {}, CompileError, "there is no function to compile"),
        ([divide, divide], "(int64, int64)", "x86_64", {}, CompileError, "two functions of one library are called divide"),
        ([divide], ["(int64, int64)"] * 2, "x86_64", {}, CompileError, "1 functions and 2 signatures"),
    ],
)
def test_bad_input(function, signature, target, options, error, text) -> None:
    with pytest.raises(error) as caught:
        jitpy.cross.compile(function, signature, target=target, **options)
    assert text in str(caught.value)


def plus(a, debug=0):
    return a + debug


@pytest.mark.parametrize(
    ("args", "named", "error", "text"),
    [
        ((), {}, TypeError, "plus(): missing a required argument: 'a'"),
        ((1, 2, 3), {}, TypeError, "plus(): too many positional"),
        ((1,), {"debug": 1}, CompileError, "debug= is a parameter of plus and an option of jit: pass"),
        ((1,), {"b": 1}, CompileError, "plus() has no parameter 'b', and jit has no such option"),
        ((1,), {"fastmat": 1}, CompileError, "and jit has no such option; did you mean 'fastmath'?"),
        ((1 << 64,), {}, OverflowError, "needs more than 64 bits"),
        ((object(),), {}, UnsupportedError, "plus(): a: an object of type builtins.object cannot be an argument"),
        (([1, 2.0],), {}, UnsupportedError, "a list argument must have items of one type"),
        ((np.zeros(2, ">f8"),), {}, UnsupportedError, "convert it with a.astype('float64')"),
        ((np.zeros(2, "M8[s]"),), {}, UnsupportedError, "use a.view(np.int64)"),
        ((np.zeros(2, object),), {}, UnsupportedError, "convert it to a numeric dtype"),
        ((np.zeros(2, "i4,f8"),), {}, UnsupportedError, "pass its fields one by one"),
        (("x",), {}, UnsupportedError, "    return a + debug\n           ^^^^^^^^^\n"),
    ],
)
def test_bad_arguments_of_run(args, named, error, text) -> None:
    with pytest.raises(error) as caught:
        jitpy.cross.run(plus, *args, target="riscv64", **named)
    assert text in str(caught.value)


def test_without_an_emulator(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("JITPY_TOOLS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    target = "s390x" if sys.byteorder == "little" else "riscv64"
    with pytest.raises(jitpy.cross.EmulatorError, match=r"needs the program qemu-\w+: .* tools/unpack_other_isas fetches it"):
        jitpy.cross.run(lambda x: x + 3, 1, target=target)


def test_a_folder_that_is_a_file(library, tmp_path) -> None:
    (tmp_path / "build").write_text("")
    with pytest.raises(NotADirectoryError, match="this is a file, and the files go into a folder"):
        library.write(tmp_path / "build")


def test_what_always_raises_returns_nothing() -> None:
    def fail(n):
        raise ValueError("never")

    assert "int32_t fail(void *result, int64_t n);" in jitpy.cross.compile(fail, "(int64,)", target="x86_64").header


def test_features() -> None:
    on = {f for f, value in targets.resolve("amd64", "haswell", "-fma has_avx512f=true").features.items() if value}
    assert "has_avx2" in on and "has_avx512f" in on and "has_fma" not in on
    assert not targets.resolve("x86_64").features["has_sse41"]
    assert targets.resolve("x86_64", features={"fma": True}).features["has_fma"]
    assert not targets.resolve("x86_64", "haswell", {"fma": "off", "has_avx2": 0}).features["has_fma"]


def test_everything_has_a_line() -> None:
    text = targets.listing()
    for name in targets.TARGETS:
        assert f"\n{name}" in "\n" + text
    for line in text.splitlines():
        if line.startswith("    "):
            assert len(line.split(None, 1)) == 2, f"nothing is said about {line.strip()}"


def test_the_first_compilation_is_quick() -> None:
    program = (
        "import time, jitpy\n"
        "def f(a):\n    s = 0.0\n    for x in a:\n        s += x\n    return s\n"
        "start = time.process_time()\n"
        "jitpy.cross.compile(f, '(float64[::1],)', target='x86_64').object\n"
        "print(time.process_time() - start)"
    )
    code = f"import linecache\nexec(compile({program!r}, 'f.py', 'exec'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 2, "0.4 s of processor time on a quiet machine"
