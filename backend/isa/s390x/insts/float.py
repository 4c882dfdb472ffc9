"""Scalar floats: the single-element forms of the vector instructions, which take all registers, and moves.

f32 and f64 lie at the left end of a register, f128 fills it. ``sb db xb`` are the formats of 32, 64 and 128 bits.
Rounding: 0 as the mode register says, 4 to nearest even, 5 to zero, 6 up, 7 down.
"""

from __future__ import annotations

from typing import Any

from jitpy.backend.isa.s390x.insts.vector import MEMORY
from jitpy.backend.isa.s390x.regs import SCRATCH, V0
from jitpy.backend.isa.s390x.rows import ROWS, macro_mem, mem, row, table
from jitpy.backend.target.row import MInst

#: Operation -> operands, encoding; the last field of the encoding is that of the format.
_OPERATIONS = {
    "fa": ("=v1 v2 v3", "VRRc E7E3", "m4", "m5"), "fs": ("=v1 v2 v3", "VRRc E7E2", "m4", "m5"),
    "fm": ("=v1 v2 v3", "VRRc E7E7", "m4", "m5"), "fd": ("=v1 v2 v3", "VRRc E7E5", "m4", "m5"),
    "fsq": ("=v1 v2", "VRRa E7CE", "m3", "m4"), "fi": ("=v1 v2 m4.u m5.u", "VRRa E7C7", "m3", "m4"),
    "flc": ("=v1 v2", "VRRa E7CC", "m3", "m4"), "flp": ("=v1 v2", "VRRa E7CC m5=2", "m3", "m4"),
    "fma": ("=v1 v2 v3 v4", "VRRe E78F", "m6", "m5"), "fmax": ("=v1 v2 v3 m6.u", "VRRc E7EF", "m4", "m5"),
    "fmin": ("=v1 v2 v3 m6.u", "VRRc E7EE", "m4", "m5"), "fce": ("=v1 v2 v3", "VRRc E7E8", "m4", "m5"),
    "fch": ("=v1 v2 v3", "VRRc E7EB", "m4", "m5"), "fche": ("=v1 v2 v3", "VRRc E7EA", "m4", "m5"),
}  # fmt: skip
for _op, (_operands, _spec, _format, _single) in _OPERATIONS.items():
    for _code, _suffix in ((2, "sb"), (3, "db"), (4, "xb")):
        # fma of f128 and fmax of f64 would be both wfmaxb.
        _name = f"w{_op}{_suffix}" if _op != "fma" or _suffix != "xb" else "wfma:xb"
        if _op not in ("fce", "fch", "fche"):  # scalars are compared by condition code
            row(_name, f"w{_op}{_suffix} {_operands}", f"{_spec} {_format}={_code} {_single}=8")
        if _suffix != "xb":
            row(f"v{_op}{_suffix}", f"v{_op}{_suffix} {_operands}", f"{_spec} {_format}={_code}")
for _code, _suffix in ((2, "sb"), (3, "db"), (4, "xb")):
    row(f"wfc{_suffix}", f"wfc{_suffix} v1 v2", f"VRRa E7CB m3={_code}")

#: Between formats and integers of the same size, and between formats; those of 32-bit integers are z15's.
for _op, _spec, _operands in (
    ("flls", "VRRa E7C4 m3=2", ""), ("flrd", "VRRa E7C5 m3=3", " m4.u m5.u"),
    ("cdgb", "VRRa E7C3 m3=3", " m4.u m5.u"), ("cdlgb", "VRRa E7C1 m3=3", " m4.u m5.u"),
    ("cgdb", "VRRa E7C2 m3=3", " m4.u m5.u"), ("clgdb", "VRRa E7C0 m3=3", " m4.u m5.u"),
    ("cefb", "VRRa E7C3 m3=2", " m4.u m5.u"), ("celfb", "VRRa E7C1 m3=2", " m4.u m5.u"),
    ("cfeb", "VRRa E7C2 m3=2", " m4.u m5.u"), ("clfeb", "VRRa E7C0 m3=2", " m4.u m5.u"),
):  # fmt: skip
    if not _op.endswith(("efb", "elfb", "feb")):  # scalar integers are converted in 64 bits
        row("w" + _op, f"w{_op} =v1 v2{_operands}", _spec + " m4=8")
    row("v" + _op, f"v{_op} =v1 v2{_operands}", _spec)
row("wflld", "wflld =v1 v2", "VRRa E7C4 m3=3 m4=8")
row("wflrx", "wflrx =v1 v2 m4.u m5.u", "VRRa E7C5 m3=4 m4=8")
# Integers of 64 bits to f32, of floating-point registers alone.
row("cegbr", "cegbr =f1 r2", "RRE B3A4")
row("celgbr", "celgbr =f1 m3.u r2 m4.u", "RRFe B3A0")
# With an operand in memory, of floating-point registers alone.
table("""
aeb +f1 mem | RXE ED0A
adb +f1 mem | RXE ED1A
seb +f1 mem | RXE ED0B
sdb +f1 mem | RXE ED1B
meeb +f1 mem | RXE ED17
mdb +f1 mem | RXE ED1C
deb +f1 mem | RXE ED0D
ddb +f1 mem | RXE ED1D
ceb f1 mem | RXE ED09
cdb f1 mem | RXE ED19
""", mem)


def _with_memory(name: str, short: str, long: str, bits: int, result: bool) -> None:
    """An operation of any vector register and memory: the short instruction, or a load and the long one. The scratch register holds
    what is loaded."""
    near, far = ROWS[short], ROWS[long]
    load = ROWS[MEMORY[bits]]

    def family(n: int) -> Any:
        def encode(sink: Any, inst: MInst, allocs: tuple[int, ...]) -> None:
            x = allocs[0]
            if x < V0 + 16:
                near[n].encode(sink, MInst(near[n], (), (), inst.imm), allocs)
            else:
                load[n].encode(sink, MInst(load[n], (), (), inst.imm), (SCRATCH, *allocs[1 + result :]))
                far.encode(sink, MInst(far, (), (), None), (x, x, SCRATCH) if result else (x, SCRATCH))

        return encode

    macro_mem(name, f"{name} {'+' if result else ''}v1 mem", family)


for _suffix, _bits, _e in (("sb", 32, "e"), ("db", 64, "d")):
    for _op in "asd":
        _with_memory(f"f{_op}{_suffix}:m", f"{_op}{_e}b", f"wf{_op}{_suffix}", _bits, True)
    _with_memory(f"fm{_suffix}:m", "meeb" if _e == "e" else "mdb", f"wfm{_suffix}", _bits, True)
    _with_memory(f"fc{_suffix}:m", f"c{_e}b", f"wfc{_suffix}", _bits, False)
