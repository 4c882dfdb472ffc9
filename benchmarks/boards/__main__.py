"""Instructions executed and code size beside the cross GCC, for each ISA.

    python -m benchmarks.boards [--target riscv64 ...] [--kernels fir,...] [--json FILE]

Ten kernels (kernels.c, kernels.py) are compiled by the Debian cross compiler at ``-O2 -ffp-contract=off -fno-tree-vectorize``
and by `jitpy.cross` without bounds checks, and linked with one C program that gives both the same arguments and prints what they
answer.
QEMU runs it with one instruction per translation block and logs each block that is executed inside of the kernels' code: the
lines are the instructions, exactly. Ours count from the C entry on, with its unpacking of arrays. Needs the cross compilers
(``apt-get install gcc-riscv64-linux-gnu`` and so on) and the emulators (``tools/unpack_other_isas``).
"""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Any

from jitpy.backend import isa
from jitpy.backend.emulation import programs

from benchmarks.boards import kernels
from benchmarks.measure import geometric_mean
from jitpy import cross

HERE = pathlib.Path(__file__).parent
TARGETS = ("aarch64", "riscv64", "s390x")
FLAGS = ("-O2", "-ffp-contract=off", "-fno-tree-vectorize", "-static")
SIGNATURES = {
    "fir": "none(float64[::1], float64[::1], float64[::1])",
    "matmul": "none(float64[:, ::1], float64[:, ::1], float64[:, ::1])",
    "crc32": "uint32(uint8[::1])",
    "insertion_sort": "none(int64[::1])",
    "sieve": "int64(uint8[::1])",
    "histogram": "none(uint8[::1], int64[::1])",
    "collatz": "int64(int64)",
    "levenshtein": "int64(uint8[::1], uint8[::1], int64[::1])",
    "mandelbrot": "int64(int64, int64)",
    "heat": "none(float32[:, ::1], float32[:, ::1])",
}
#: How kernels.c takes the arrays (by their names here: data pointers and extents).
C_CALLS = {
    "fir": "fir(a0, N0, a1, N1, a2)",
    "matmul": "matmul(a0, a1, a2, N0)",
    "crc32": "crc32(a0, N0)",
    "insertion_sort": "insertion_sort(a0, N0)",
    "sieve": "sieve(a0, N0)",
    "histogram": "histogram(a0, N0, a1)",
    "collatz": "collatz(s0)",
    "levenshtein": "levenshtein(a0, N0, a1, N1, a2)",
    "mandelbrot": "mandelbrot(s0, s1)",
    "heat": "heat(a0, a1, N0)",
}


def program(chosen: list[str]) -> str:
    """The C program: ``program 0 k`` calls GCC's kernel number k, ``program 1 k`` ours; both print the result and the arrays."""
    out = ['#include <stdio.h>', '#include <stdlib.h>', '#include "kernels.h"']
    header = (HERE / "kernels.c").read_text()
    out += [line + ";" for line in header.splitlines() if line.endswith(")") and line[0].isalpha()]
    cases = []
    inputs = kernels.inputs()
    for k, name in enumerate(chosen):
        result = SIGNATURES[name].partition("(")[0]
        body: list[str] = []
        arguments: list[str] = []
        shows: list[str] = []
        for i, value in enumerate(inputs[name]):
            if isinstance(value, int):
                body.append(f"int64_t s{i} = {value};")
                arguments.append(f"s{i}")
                continue
            items = ", ".join(x.hex() if isinstance(x, float) else str(x) for x in value.ravel().tolist())
            dtype, rank = value.dtype.name, value.ndim
            c_type = {"float64": "double", "float32": "float"}.get(dtype, dtype + "_t")
            shape = ", ".join(map(str, value.shape))
            strides = ", ".join(map(str, value.strides))
            body.append(f"static {c_type} a{i}[] = {{{items}}}; const int64_t N{i} = {value.shape[0]}; (void)N{i};")
            body.append(f"jitpy_array_{dtype}_{rank}d v{i} = {{a{i}, {{{shape}}}, {{{strides}}}}};")
            arguments.append(f"&v{i}")
            shows.append(f"show(a{i}, sizeof a{i});")
        theirs, ours = C_CALLS[name], f"py_{name}({', '.join(['0' if result == 'none' else '&r', *arguments])})"
        if result != "none":
            body.append(f"{result}_t r = 0;")
            theirs = "r = " + theirs
            shows.append("show(&r, sizeof r);")
        call = f"if (ours) {{ if ({ours}) abort(); }} else {theirs};"
        cases.append(f"case {k}: {{ {' '.join(body)} {call} {' '.join(shows)} break; }}")
    out += [
        "static void show(const void *data, unsigned long size)",
        "{ for (unsigned long i = 0; i < size; i++) printf(\"%02x\", ((const unsigned char *)data)[i]); puts(\"\"); }",
        "int main(int argc, char **argv)", "{ int ours = atoi(argv[1]); switch (atoi(argv[2])) {", *cases, "} return argc != 3; }",
    ]  # fmt: skip
    return "\n".join(out) + "\n"


def code_of(link_map: str, object_file: str) -> tuple[int, int]:
    """Address and size of an object file's code in a program, from the linker's map."""
    found = re.search(rf"^ \.text\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) \S*{re.escape(object_file)}$", link_map, re.MULTILINE)
    assert found is not None, f"no code of {object_file} in the program"
    return int(found[1], 16), int(found[2], 16)


def sizes(path: pathlib.Path, target: str) -> dict[str, int]:
    """Bytes of each function of an object file."""
    text = subprocess.run([programs.gnu(target, "readelf"), "-sW", str(path)], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in text.splitlines()]
    return {row[7]: int(row[2], 0) for row in rows if len(row) == 8 and row[3] == "FUNC"}


def measure(target: str, chosen: list[str], folder: pathlib.Path) -> list[dict[str, Any]]:
    """For each kernel: instructions and bytes of both, and whether they agree."""
    functions = [getattr(kernels, name) for name in chosen]
    signatures = [SIGNATURES[name] for name in chosen]
    made = cross.compile(
        functions, signatures, target=target, name="kernels", prefix="py_", boundscheck=False, overflow="wrap"
    )  # fmt: skip
    made.write(folder)
    (folder / "program.c").write_text(program(chosen))
    gcc = [f"{isa.machine(target).triple}-gcc", *FLAGS]
    subprocess.run([*gcc, "-c", "-o", "gcc.o", str(HERE / "kernels.c")], cwd=folder, check=True)
    subprocess.run([*gcc, "-Wl,-Map=map", "-o", "program", "program.c", "gcc.o", "kernels.o"], cwd=folder, check=True)
    link_map = (folder / "map").read_text()
    emulator = isa.linux(target).EMULATOR
    objects = "gcc.o", "kernels.o"
    bytes_of = [sizes(folder / name, target) for name in objects]
    rows = []
    for k, name in enumerate(chosen):
        counts, answers = [], []
        for ours, object_file in enumerate(objects):
            low, size = code_of(link_map, object_file)
            logged = ["-one-insn-per-tb", "-d", "exec,nochain", "-dfilter", f"{low:#x}+{size:#x}", "-D", "log"]
            command = [programs.find(emulator[0]), *emulator[1:], *logged, "./program", str(ours), str(k)]
            answers.append(subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout)
            with (folder / "log").open("rb") as lines:
                counts.append(sum(line.startswith(b"Trace") for line in lines))
        rows.append({
            "kernel": name, "gcc": counts[0], "jitpy": counts[1], "ratio": counts[1] / counts[0], "gcc_bytes": bytes_of[0][name],
            "jitpy_bytes": sum(n for f, n in bytes_of[1].items() if name in f), "agrees": answers[0] == answers[1],
        })  # fmt: skip
    return rows


def main() -> int:
    """Measure; 0 when every kernel agrees with GCC's."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.boards", description=__doc__.partition("\n")[0])
    parser.add_argument("--target", action="append", choices=TARGETS, help="only this ISA (may be repeated)")
    parser.add_argument("--kernels", default="", help="only these, separated by commas")
    parser.add_argument("--json", default="benchmarks/results/boards.json", help="where the figures go")
    parser.add_argument("--keep", metavar="FOLDER", help="leave the programs here")
    options = parser.parse_args()
    chosen = list(filter(None, options.kernels.split(","))) or list(SIGNATURES)

    from rich.console import Console
    from rich.table import Table

    console = Console()
    figures: dict[str, Any] = {}
    for target in options.target or TARGETS:
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(options.keep) / target if options.keep else pathlib.Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            rows = figures[target] = measure(target, chosen, folder)
        table = Table(title=f"{target}: instructions executed and bytes of code, ours and GCC's")
        for heading in ("kernel", "jitpy", "GCC", "ratio", "bytes", "GCC bytes", "agrees"):
            table.add_column(heading, justify="left" if heading == "kernel" else "right")
        for row in rows:
            table.add_row(
                row["kernel"], f"{row['jitpy']:,}", f"{row['gcc']:,}", f"{row['ratio']:.2f}", f"{row['jitpy_bytes']:,}",
                f"{row['gcc_bytes']:,}", "yes" if row["agrees"] else "NO",
            )  # fmt: skip
        table.add_section()
        table.add_row("geometric mean", "", "", f"{geometric_mean([row['ratio'] for row in rows]):.2f}")
        console.print(table)
    path = pathlib.Path(options.json)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1))
    return 0 if all(row["agrees"] for rows in figures.values() for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
