"""What the processor can do, asked by the cpuid instruction through a few bytes of machine code."""

from __future__ import annotations

import ctypes
import mmap
import platform

#: Leaf 7, subleaf 1, as one number.
_LEAF_7_1 = 7 | 1 << 16
#: Feature -> (leaf, register (0 eax, 1 ebx, 2 ecx, 3 edx), bit).
_BITS = {
    "has_sse3": (1, 2, 0), "has_ssse3": (1, 2, 9), "has_fma": (1, 2, 12), "has_cmpxchg16b": (1, 2, 13),
    "has_sse41": (1, 2, 19),
    "has_sse42": (1, 2, 20), "has_popcnt": (1, 2, 23), "has_avx": (1, 2, 28), "has_f16c": (1, 2, 29),
    "has_bmi1": (7, 1, 3),
    "has_avx2": (7, 1, 5), "has_bmi2": (7, 1, 8), "has_avx512f": (7, 1, 16), "has_avx512dq": (7, 1, 17),
    "has_avx512ifma": (7, 1, 21), "has_avx512cd": (7, 1, 28), "has_avx512bw": (7, 1, 30), "has_avx512vl": (7, 1, 31),
    "has_avx512vbmi": (7, 2, 1), "has_avx512vbmi2": (7, 2, 6), "has_avx512bitalg": (7, 2, 12),
    "has_avx512vnni": (7, 2, 11), "has_avx512vpopcntdq": (7, 2, 14), "has_avx_vnni": (_LEAF_7_1, 0, 4),
    "has_lzcnt": (0x80000001, 2, 5),
}  # fmt: skip
#: What is chosen, not found: r15 holds `get_pinned_reg`; functions begin with endbr64.
CHOICES = ("enable_pinned_reg", "enable_cet")
FEATURES = (*_BITS, *CHOICES)

#: What the AMD64 psABI calls levels, names of single steps, and processors by the names compilers use.
_V2 = ("has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt", "has_cmpxchg16b")
_V3 = (*_V2, "has_avx", "has_avx2", "has_fma", "has_f16c", "has_bmi1", "has_bmi2", "has_lzcnt")
_V4 = (*_V3, "has_avx512f", "has_avx512cd", "has_avx512bw", "has_avx512dq", "has_avx512vl")
_ICELAKE = (*_V4, "has_avx512ifma", "has_avx512vbmi", "has_avx512vbmi2", "has_avx512bitalg", "has_avx512vpopcntdq")
PRESETS = {
    "baseline": (), "x86-64": (), "sse3": _V2[:1], "ssse3": _V2[:2], "sse41": _V2[:3], "sse42": _V2[:4],
    "x86-64-v2": _V2, "nehalem": _V2, "x86-64-v3": _V3, "haswell": _V3, "skylake": _V3, "znver3": _V3,
    "x86-64-v4": _V4, "skylake-avx512": _V4, "icelake-server": _ICELAKE, "icelake-client": _ICELAKE, "znver4": _ICELAKE,
}  # fmt: skip
#: Feature -> the one it is built on, which no processor with it lacks; bases first.
_BUILT_ON = {
    "has_ssse3": "has_sse3", "has_sse41": "has_ssse3", "has_sse42": "has_sse41", "has_avx": "has_sse42", "has_avx2": "has_avx",
    "has_fma": "has_avx", "has_f16c": "has_avx", "has_avx_vnni": "has_avx2", "has_avx512f": "has_avx2",
    **{f: "has_avx512f" for f in FEATURES if f.startswith("has_avx512") and f != "has_avx512f"},
}  # fmt: skip
_NEED_YMM = frozenset(f for f in FEATURES if f.startswith("has_avx")) | {"has_fma", "has_f16c"}
_NEED_ZMM = frozenset(f for f in FEATURES if f.startswith("has_avx512"))

# void cpuid(uint32_t leaf, uint32_t out[4], uint32_t subleaf): push rbx; mov eax, edi; mov ecx, edx; cpuid;
# store eax, ebx, ecx, edx; pop rbx; ret
_CPUID = bytes.fromhex("5389f889d10fa28906895e04894e0889560c5bc3")
# uint64_t xgetbv(): xor ecx, ecx; xgetbv; shl rdx, 32; or rax, rdx; ret
_XGETBV = bytes.fromhex("31c90f01d048c1e2204809d0c3")


def none() -> dict[str, int]:
    """The baseline: SSE2 alone."""
    return dict.fromkeys(FEATURES, 0)


def closed(features: dict[str, int]) -> dict[str, int]:
    """All features, those named as they say: one that is on brings what it is built on, one that is off takes along what is built
    on it.
    """
    off = {name for name, on in features.items() if not on}
    for name, base in _BUILT_ON.items():
        if base in off:
            off.add(name)
    found = {name: int(bool(features.get(name)) and name not in off) for name in FEATURES}
    for name, base in reversed(_BUILT_ON.items()):
        if found[name]:
            found[base] = 1
    return found


def host() -> dict[str, int]:
    """This machine's features; the baseline on another kind of machine. What the system does not save (AVX state) does
    not count.
    """
    found = none()
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return found
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    page.write(_CPUID.ljust(64, b"\xcc") + _XGETBV)
    holder = ctypes.c_char.from_buffer(page)
    address = ctypes.addressof(holder)
    # Never writable and executable at once.
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    if libc.mprotect(address, 4096, mmap.PROT_READ | mmap.PROT_EXEC):
        return found
    cpuid = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.POINTER(ctypes.c_uint32 * 4), ctypes.c_uint32)(address)
    xgetbv = ctypes.CFUNCTYPE(ctypes.c_uint64)(address + 64)
    out = (ctypes.c_uint32 * 4)()
    leaves: dict[int, list[int]] = {}
    for leaf in (1, 7, _LEAF_7_1, 0x80000001):
        number, subleaf = leaf & 0x8000FFFF, leaf >> 16 & 1
        cpuid(leaf & 0x80000000, ctypes.byref(out), 0)
        if out[0] >= number:
            cpuid(number, ctypes.byref(out), subleaf)
            leaves[leaf] = list(out)
    saved = xgetbv() if leaves.get(1, [0] * 4)[2] >> 27 & 1 else 0
    for name, (leaf, register, bit) in _BITS.items():
        if leaf in leaves and leaves[leaf][register] >> bit & 1:
            if name in _NEED_YMM and saved & 6 != 6:
                continue
            if name in _NEED_ZMM and saved & 0xE0 != 0xE0:
                continue
            found[name] = 1
    del holder
    return found
