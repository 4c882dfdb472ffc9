"""Machine code as text, through capstone, which is wanted for that alone and may not be here."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: ISA -> capstone's names of its architecture and mode.
_KINDS = {
    "x64": ("CS_ARCH_X86", "CS_MODE_64"), "aarch64": ("CS_ARCH_ARM64", "CS_MODE_ARM"),
    "riscv64": ("CS_ARCH_RISCV", "CS_MODE_RISCV64"), "s390x": ("CS_ARCH_SYSZ", "CS_MODE_BIG_ENDIAN"),
}  # fmt: skip


def disassembler(isa: str) -> Any:
    """capstone's disassembler for an ISA; what it takes for no instruction comes as bytes. ModuleNotFoundError without capstone."""
    try:
        import capstone
    except ImportError:
        what = "showing machine code as assembly needs capstone: pip install capstone"
        raise ModuleNotFoundError(what, name="capstone") from None
    engine = capstone.Cs(*(getattr(capstone, name) for name in _KINDS[isa]))
    engine.skipdata = True
    return engine
