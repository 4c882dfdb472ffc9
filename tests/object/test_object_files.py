"""Object files and our linker: GNU's tools read what we write, and what either linker makes runs."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from jitpy.backend import isa, pipeline
from jitpy.backend.errors import CompileError, UnsupportedError
from jitpy.backend.object import elf, link
from jitpy.backend.object.unit import Unit
from jitpy.backend.settings import Settings
from jitpy.backend.text.parser import parse_functions

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(isa.host_name() != "x64", reason="runs x86-64 programs")

MAIN = """
function %main(i64) -> i32 system_v {
    gv0 = symbol colocated %text
    fn0 = colocated %write(i64, i64, i64, i64) -> i64 system_v
    fn1 = colocated %answer() -> i32 system_v
block0(v0: i64):
    v1 = iconst.i64 1
    v2 = symbol_value.i64 gv0
    v3 = iconst.i64 6
    v4 = call fn0(v1, v1, v2, v3)
    v5 = call fn1()
    return v5
}
"""
#: Reads a number through a word that holds its address.
ANSWER = """
function %answer() -> i32 system_v {
    gv0 = symbol colocated %word
block0:
    v0 = symbol_value.i64 gv0
    v1 = load.i64 v0
    v2 = load.i32 v1
    return v2
}
"""
#: mov rdi, rsp; and rsp, -16; call [rip + main]; mov edi, eax; mov eax, 231; syscall; ud2; main's address
START = bytes.fromhex("4889e74883e4f0ff150b00000089c7b8e70000000f050f0b") + bytes(8)
#: mov rax, rdi; mov rdi, rsi; mov rsi, rdx; mov rdx, rcx; syscall; ret
WRITE = bytes.fromhex("4889f84889f74889d64889ca0f05c3")


def unit(text: str, *exported: str) -> Unit:
    target = isa.lookup("x64", {})
    made = Unit(target, isa.machine("x64"))
    made.add_code(pipeline.compile_module(parse_functions(text), target, Settings()), exported)
    return made


def main_unit() -> Unit:
    made = unit(MAIN, "main")
    made.add_data("text", b"hello\n")
    made.add_routine("write", WRITE)
    made.add_routine("_start", START, [(len(START) - 8, "abs8", "main", 0)], exported=True)
    return made


def answer_unit(number: int = 7) -> Unit:
    made = unit(ANSWER, "answer")
    made.add_data("text", number.to_bytes(4, "little"))  # the other unit's `text` is another one
    made.add_data("word", bytes(8), ".data.rel.ro", 8, [(0, "abs8", "text", 0)])
    made.add_zeros("unused", 1 << 20)
    return made


def save(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    path.chmod(0o755)
    return str(path)


def readelf(path: str, *options: str) -> str:
    done = subprocess.run(["readelf", "-W", *options, path], capture_output=True, text=True, check=True)
    assert "arning" not in done.stderr + done.stdout, done.stderr
    assert "rror" not in done.stderr
    return done.stdout


def run(path: str) -> tuple[bytes, int]:
    done = subprocess.run([path], capture_output=True, timeout=20)
    return done.stdout, done.returncode


def test_executable(tmp_path: Path) -> None:
    path = save(tmp_path / "program", link.executable([main_unit(), answer_unit()]))
    assert run(path) == (b"hello\n", 7)
    text = readelf(path, "-a")
    assert "EXEC (Executable file)" in text and "GNU_EH_FRAME" in text
    for segment in (line for line in text.splitlines() if line.strip().startswith(("LOAD", "GNU_STACK"))):
        assert not {"W", "E"} <= set(segment[70:].split("0x")[0]), "no segment is both writable and executable"


@pytest.mark.skipif(shutil.which("ld") is None, reason="needs GNU ld")
def test_gnu_ld_links_the_object_files(tmp_path: Path) -> None:
    objects = [
        save(tmp_path / "a.o", elf.relocatable(main_unit())), save(tmp_path / "b.o", elf.relocatable(answer_unit())),
    ]  # fmt: skip
    program = str(tmp_path / "program")
    done = subprocess.run(["ld", "--fatal-warnings", "-o", program, *objects], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert run(program) == (b"hello\n", 7)
    text = readelf(objects[0], "-rs")
    assert "R_X86_64_PC32" in text and "R_X86_64_PLT32" in text and "FUNC    GLOBAL DEFAULT" in text


def test_shared_library(tmp_path: Path) -> None:
    path = save(tmp_path / "libanswer.so", link.shared_library([answer_unit(41)], "libanswer.so"))
    assert ctypes.CDLL(path).answer() == 41
    text = readelf(path, "-d", "-r", "--dyn-syms")
    assert "R_X86_64_RELATIVE" in text and "Library soname: [libanswer.so]" in text and "TEXTREL" not in text


def test_a_library_takes_from_others_what_it_lacks(tmp_path: Path) -> None:
    made = unit(ANSWER, "answer")
    made.add_data("word", bytes(8), ".data.rel.ro", 8, [(0, "abs8", "malloc", 0)])
    library = ctypes.CDLL(save(tmp_path / "lib.so", link.shared_library([made])))
    code = ctypes.string_at(ctypes.cast(ctypes.CDLL(None).malloc, ctypes.c_void_p).value or 0, 4)
    assert library.answer() == int.from_bytes(code, "little", signed=True)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_gcc_links_a_position_independent_program(tmp_path: Path) -> None:
    source = tmp_path / "main.c"
    source.write_text("int answer(void);\nint main(void) { return answer(); }\n")
    object_file = save(tmp_path / "answer.o", elf.relocatable(answer_unit(23)))
    program = str(tmp_path / "program")
    done = subprocess.run(["gcc", "-pie", "-o", program, str(source), object_file], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert run(program) == (b"", 23)


@pytest.mark.parametrize("name", ["aarch64", "riscv64", "s390x", "x64"])
@pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf")
def test_every_machine(name: str, tmp_path: Path) -> None:
    """What does not need an ISA's code: headers, words and symbols, in its byte order."""
    machine = isa.machine(name)
    made = Unit(isa.lookup("x64", {}), machine)  # for its no-ops
    made.add_data("a", b"abcdefgh", exported=True)
    made.add_data("b", bytes(16), ".data", 8, [(0, "abs8", "a", 4), (8, "pcrel8", "a", 0)])
    text = readelf(save(tmp_path / "x.o", elf.relocatable(made)), "-a")
    assert {"aarch64": "AArch64", "riscv64": "RISC-V", "s390x": "IBM S/390", "x64": "X86-64"}[name] in text
    assert "a + 4" in text and ("big endian" in text) == machine.big_endian
    made.define("_start", ".rodata", 0, 8, exported=True)
    data = link.executable([made])
    where = data.index(b"abcdefgh")
    order: Any = "big" if machine.big_endian else "little"
    path = tmp_path / "x"
    pointer, distance = (int.from_bytes(data[at : at + 8], order, signed=True) for at in _words(path, data))
    assert pointer == link.BASE + where + 4
    assert distance == link.BASE + where - (_address(path) + 8)


def _address(path: Path) -> int:
    row = next(line for line in readelf(str(path), "-s").splitlines() if line.endswith(" b"))
    return int(row.split()[1], 16)


def _words(path: Path, data: bytes) -> tuple[int, int]:
    """Where in the file the two words of ``b`` are."""
    save(path, data)
    row = next(line for line in readelf(str(path), "-S").splitlines() if " .data " in line)
    fields = row.split("]")[1].split()
    offset = int(fields[3], 16) + _address(path) - int(fields[2], 16)
    return offset, offset + 8


def test_what_is_missing_or_too_much() -> None:
    with pytest.raises(CompileError, match="no unit defines 'answer'"):
        link.executable([main_unit()])
    with pytest.raises(CompileError, match="'answer' is defined in two"):
        link.executable([main_unit(), answer_unit(), answer_unit()])
    with pytest.raises(CompileError, match="no unit exports the entry 'start'"):
        link.executable([answer_unit()], "start")
    absolute = ANSWER.replace("symbol colocated %word", "symbol %word")
    made = unit(absolute, "answer")
    made.add_data("word", bytes(8))
    with pytest.raises(CompileError, match="absolute address of 'word'"):
        link.shared_library([made])
    with pytest.raises(CompileError, match="defined twice"):
        made.add_data("word", bytes(8))
    made = unit("function %f() system_v { block0: return }", "f")
    made.part(".text").relocs.append((0, "tlsgd4", "f", 0))
    with pytest.raises(UnsupportedError, match="no relocation tlsgd4"):
        link.executable([made], "f")
    made.part(".text").relocs.append((0, "thirds", "word", 0))
    with pytest.raises(UnsupportedError, match="cannot hold a relocation of kind thirds"):
        elf.relocatable(made)


def test_the_same_input_gives_the_same_bytes() -> None:
    assert elf.relocatable(main_unit()) == elf.relocatable(main_unit())
    assert link.executable([main_unit(), answer_unit()]) == link.executable([main_unit(), answer_unit()])
