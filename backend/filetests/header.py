"""What the header of a test file asks for.

    test run                          a command for every function of the file
    set opt_level=speed               settings for the target lines that follow, or for the host where there are none: the fields of
    set regalloc=onepass is_pic       `Settings` (a bare name is true); what Cranelift alone has says nothing
    target x86_64 sse41 has_bmi1      run natively with just these features; each such line is a run of its own
    target x86_64 sse41 has_bmi1=false

A file without a ``target`` line runs on the host with all the host's features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend import isa
from jitpy.backend.errors import ParseError, UnsupportedError
from jitpy.backend.ir.types import I32, I64, INVALID, Type
from jitpy.backend.settings import CHOICES, Settings

if TYPE_CHECKING:
    from jitpy.backend.target.target import Target
    from jitpy.backend.text.parser import ParsedFile

#: ISA -> its name in CLIF files, where that differs.
LABELS = {"x64": "x86_64"}
#: Settings that change what registers a target has.
_FEATURES = ("enable_pinned_reg",)
#: The others with what they are by default.
_FIELDS = {name: getattr(Settings(), name) for name in Settings.__slots__}
#: Checks: tests make them unless a file says otherwise.
_CHECKS = ("enable_verifier", "regalloc_checker")
_BOOLEANS = {"": True, "true": True, "1": True, "false": False, "0": False}
#: What Cranelift's files set that has no counterpart here.
_CRANELIFTS = {
    "bb_padding_log2_minus_one", "enable_alias_analysis", "enable_compact_unwind_abi",
    "enable_heap_access_spectre_mitigation", "enable_incremental_compilation_cache_checks",
    "enable_llvm_abi_extensions", "enable_multi_ret_implicit_sret", "enable_pcc", "enable_probestack",
    "enable_table_access_spectre_mitigation", "libcall_call_conv", "log2_min_function_alignment",
    "machine_code_cfg_info", "preserve_frame_pointers", "probestack_size_log2", "probestack_strategy",
    "regalloc_algorithm", "regalloc_verbose_logs", "stack_switch_model", "tls_model", "unwind_info",
    "use_colocated_libcalls",
}  # fmt: skip


class TargetLine:
    """``name``: an ISA, or "" where the file names none; ``label``: its name as CLIF files write it; ``flags``: its words as
    written; ``features``: what they say (None: the host's); ``problem``: why the flags cannot be read, or ""; ``settings``: those
    that the file sets in front of it, by name.
    """

    __slots__ = ("features", "flags", "label", "name", "problem", "settings")

    def __init__(self, name: str, flags: list[str], settings: dict[str, Any] | None = None) -> None:
        self.name = name
        self.label = LABELS.get(name or isa.host_name(), name or isa.host_name())
        self.flags = " ".join(flags)
        self.features: dict[str, int] | None = None
        self.problem = ""
        chosen = settings or {}
        self.settings = {setting: value for setting, value in chosen.items() if setting not in _FEATURES}
        if name:
            try:
                self.features = isa.parse_features(name, flags)
                # What Cranelift sets apart from the target's features.
                self.features.update({f: 1 for f in _FEATURES if chosen.get(f)})
            except UnsupportedError as error:
                self.problem = str(error)

    @property
    def opt_level(self) -> str:
        """The level that the file asks for."""
        return str(self.settings.get("opt_level", "none"))


class Header:
    """``commands``: (name, options); ``settings``: name -> value, as they are at its end; ``targets``: in order; ``pointer``: the
    type of addresses, by the last target line; INVALID where there is none. Raises ParseError for settings that there are not, and
    for values that they do not have.
    """

    __slots__ = ("commands", "pointer", "settings", "targets")

    def __init__(self, file: ParsedFile) -> None:
        self.commands: list[tuple[str, list[str]]] = []
        self.settings: dict[str, Any] = {}
        self.targets: list[TargetLine] = []
        self.pointer: Type = INVALID
        named = False
        for number, (word, *rest) in file.header:
            if word == "test" and rest:
                self.commands.append((rest[0], rest[1:]))
            elif word == "set":
                for setting in rest:
                    name, _, value = setting.partition("=")
                    if name not in _CRANELIFTS:
                        try:
                            self.settings[name] = _value(name, value)
                        except ValueError as error:
                            column = file.text.splitlines()[number - 1].find(setting) + 1
                            raise ParseError(str(error), number, column, file.path) from None
            elif word == "target" and rest:
                named = True
                self.pointer = I32 if "32" in rest[0] else I64
                if isa.NAMES.get(rest[0]):
                    self.targets.append(TargetLine(isa.NAMES[rest[0]], rest[1:], self.settings))
        if not named:
            self.targets.append(TargetLine("", [], self.settings))


def _value(name: str, text: str) -> Any:
    """What a setting is set to. Raises ValueError with what to write instead."""
    usual = _FIELDS.get(name, False)
    if name not in _FIELDS and name not in _FEATURES:
        raise ValueError(f"there is no setting {name!r}; there are {', '.join(sorted((*_FIELDS, *_FEATURES)))}")
    if name in CHOICES:
        if text not in CHOICES[name]:
            raise ValueError(f"{name} is one of {', '.join(CHOICES[name])}")
        return text
    if isinstance(usual, bool):
        if text not in _BOOLEANS:
            raise ValueError(f"{name} is true or false")
        return _BOOLEANS[text]
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f"{name} is a whole number: {name}=1") from None


def asking(settings: Settings, target: Target) -> list[str]:
    """The lines by which a file asks for ``settings``, but for the checks, and a target."""
    lines = []
    for name, usual in _FIELDS.items():
        value = getattr(settings, name)
        if name in ("opt_level", "regalloc") or (value != usual and name not in _CHECKS):
            lines.append(f"set {name}={str(value).lower() if isinstance(usual, bool) else value}")
    base = isa.lookup(target.name, {}).features
    flags = [name if on else f"{name}=false" for name, on in target.features.items() if on or base.get(name)]
    return [*lines, " ".join(["target", LABELS.get(target.name, target.name), *flags])]

