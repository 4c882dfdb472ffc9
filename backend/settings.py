"""What a caller may choose about compilation."""

from __future__ import annotations

from typing import Any

from jitpy.backend.errors import CompileError

#: What traps call where they are calls. No name in CLIF text can be this one.
TRAP = "$trap"

#: Settings that are words, with the words.
CHOICES = {
    "opt_level": ("none", "speed", "speed_and_size"),
    "regalloc": ("linear", "onepass"),
    "traps": ("signal", "call"),
}


class Settings:
    """``opt_level``: none, speed, speed_and_size. ``regalloc``: linear (good code) or onepass
    (fast). ``enable_verifier``: check CLIF before and after optimization. ``regalloc_checker``:
    check each allocation. ``align_loops``: pad loop headers as the target likes.
    ``enable_inlining``: small functions of a module into their callers (see `opt.inline`).
    ``enable_nan_canonicalization``: arithmetic gives one NaN only (see `opt.nan`).
    ``chaos_seed``: not 0: make free choices by dice from this seed (see `chaos`). ``traps``: a trap
    is an instruction that the processor refuses (signal), or a call of the symbol `TRAP` that never
    returns and whose return address says which trap it is (call). ``stack_limit``: not None: a
    function that calls others compares its stack pointer with the word that lies so far from the
    thread pointer, and traps with stk_ovf when it is below; a limit of its own goes first. ``is_pic``:
    all that code names is near, so that it holds no absolute address."""

    __slots__ = (
        "align_loops", "chaos_seed", "enable_inlining", "enable_nan_canonicalization", "enable_verifier", "is_pic", "opt_level",
        "regalloc", "regalloc_checker", "stack_limit", "traps",
    )  # fmt: skip

    def __init__(
        self, opt_level: str = "speed", regalloc: str = "linear", *, enable_verifier: bool = False,
        regalloc_checker: bool = False, align_loops: bool = True,
        enable_inlining: bool = False, enable_nan_canonicalization: bool = False, chaos_seed: int = 0, traps: str = "signal",
        stack_limit: int | None = None, is_pic: bool = False,
    ) -> None:  # fmt: skip
        self.opt_level = opt_level
        self.regalloc = regalloc
        self.enable_verifier = enable_verifier
        self.regalloc_checker = regalloc_checker
        self.align_loops = align_loops
        self.enable_inlining = enable_inlining
        self.enable_nan_canonicalization = enable_nan_canonicalization
        self.chaos_seed = chaos_seed
        self.traps = traps
        self.stack_limit = stack_limit
        self.is_pic = is_pic
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise CompileError(f"setting {name} is {getattr(self, name)!r}; it is one of {', '.join(choices)}")

    def key(self) -> tuple[Any, ...]:
        """What the generated code depends on, for caches."""
        return tuple([getattr(self, name) for name in self.__slots__])
