"""Memory alone: atomic operations and the fence. Plain loads and stores stand with their types in `int` and `float`."""

from __future__ import annotations

from jitpy.backend.isa.x64.insts.int import SIZES
from jitpy.backend.isa.x64.rows import mem, row

for _bits, (_k, _p) in SIZES.items():
    _wide = _bits != 8
    # xchg with memory locks the bus by itself.
    mem(f"xchg{_bits}_m", f"xchg mem.{_k} +reg.{_k}", f"{_p}{0x86 + _wide:02X} /r")
    mem(f"xadd{_bits}_m", f"lock xadd mem.{_k} +reg.{_k}", f"F0 {_p}0F {0xC0 + _wide:02X} /r")
    mem(f"cmpxchg{_bits}_m", f"lock cmpxchg mem.{_k} reg.{_k} | +$rax", f"F0 {_p}0F {0xB0 + _wide:02X} /r")
    for _digit, _op in ((0, "add"), (1, "or"), (4, "and"), (5, "sub"), (6, "xor")):
        mem(f"lock_{_op}{_bits}_mr", f"lock {_op} mem.{_k} reg.{_k}", f"F0 {_p}{8 * _digit + _wide:02X} /r")
mem("cmpxchg16b_m", "lock cmpxchg16b mem.x | +$rax +$rdx $rbx $rcx", "F0 REX.W 0F C7 /1")
row("mfence", "mfence", "0F AE F0")
