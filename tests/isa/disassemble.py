"""GNU objdump of the machine's own binutils (2.44, see `backend.emulation.programs`): an oracle that knows nothing of us."""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

import pytest
from jitpy.backend.emulation import programs
from jitpy.backend.errors import UnsupportedError

#: How objdump reads plain bytes.
_RAW = {
    "x64": ("-b", "binary", "-m", "i386:x86-64", "-M", "intel"),
    "aarch64": ("-b", "binary", "-m", "aarch64"),
    "s390x": ("-b", "binary", "-m", "s390:64-bit", "-EB"),
}
#: RISC-V's wants an ELF file whose attributes name the extensions.
_RISCV = (
    "rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0_v1p0_zicsr2p0_zifencei2p0_zicond1p0_zfa1p0_zfh1p0_zfhmin1p0_zca1p0_zcb1p0_zcd1p0_"
    "zba1p0_zbb1p0_zbc1p0_zbs1p0_zbkb1p0_zvfh1p0_zvbb1p0_zmmul1p0_zacas1p0_zabha1p0"
)


def disassembled(isa: str, code: bytes, folder: Path, *options: str) -> dict[int, tuple[int, str]]:
    """Offset -> (bytes, text) of the instructions. ``options``: further ones of objdump. Skips the test where it is not here."""
    try:
        objdump = programs.gnu(isa, "objdump")
    except UnsupportedError as error:
        pytest.skip(str(error))
    file = folder / "code.bin"
    file.write_bytes(code if isa in _RAW else _riscv_object(code))
    command = [objdump, "-D", "-z", "-w", *_RAW.get(isa, ("-j", ".text")), *options, str(file)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(.*)", line)
        if match:
            found[int(match[1], 16)] = (len(match[2].replace(" ", "")) // 2, match[3])
    return found


def _riscv_object(code: bytes) -> bytes:
    """A relocatable file with this text, and the architecture as an attribute."""
    text = b"riscv\0" + b"\x01" + struct.pack("<I", 5 + 1 + len(_RISCV) + 1) + b"\x05" + _RISCV.encode() + b"\0"
    attributes = b"A" + struct.pack("<I", len(text) + 4) + text
    names = b"\0.text\0.riscv.attributes\0.shstrtab\0"
    at, body = 64, b""
    sections = [bytes(64)]
    for name, kind, flags, data in (
        (b".text", 1, 6, code), (b".riscv.attributes", 0x70000003, 0, attributes), (b".shstrtab", 3, 0, names),
    ):  # fmt: skip
        number = names.index(b"\0" + name) + 1
        sections.append(struct.pack("<IIQQQQIIQQ", number, kind, flags, 0, at + len(body), len(data), 0, 0, 4, 0))
        body += data + bytes(-len(data) % 8)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 1, 243, 1, 0, 0, at + len(body), 5, 64, 0, 0, 64, len(sections), 3
    )  # fmt: skip
    return header + body + b"".join(sections)
