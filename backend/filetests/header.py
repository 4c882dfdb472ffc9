"""What the header of a test file asks for.

    test run                          a command for every function of the file
    set opt_level=speed               settings for what follows
    target x86_64 sse41 has_bmi1      run natively with just these features; each such line is a run of its own
    target x86_64 sse41 has_bmi1=false

A file without a ``target`` line runs on the host with all the host's features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitpy.backend import isa
from jitpy.backend.errors import UnsupportedError
from jitpy.backend.ir.types import I32, I64, INVALID, Type

if TYPE_CHECKING:
    from jitpy.backend.text.parser import ParsedFile


#: ISA -> its name in CLIF files, where that differs.
LABELS = {"x64": "x86_64"}
#: Settings that change what registers a target has.
_CHOICES = ("enable_pinned_reg",)


class TargetLine:
    """``name``: an ISA, or "" where the file names none; ``label``: its name as CLIF files write it; ``flags``: its words as
    written; ``features``: what they say (None: the host's); ``problem``: why the flags cannot be read, or "".
    """

    __slots__ = ("features", "flags", "label", "name", "problem")

    def __init__(self, name: str, flags: list[str], settings: dict[str, str] | None = None) -> None:
        self.name = name
        self.label = LABELS.get(name or isa.host_name(), name or isa.host_name())
        self.flags = " ".join(flags)
        self.features: dict[str, int] | None = None
        self.problem = ""
        if name:
            try:
                self.features = isa.parse_features(name, flags)
                # What Cranelift sets apart from the target's features.
                self.features.update({f: 1 for f in _CHOICES if (settings or {}).get(f) == "true"})
            except UnsupportedError as error:
                self.problem = str(error)


class Header:
    """``commands``: (name, options); ``settings``: name -> value, a bare name is "true"; ``targets``: in order; ``pointer``: the
    type of addresses, by the last target line; INVALID where there is none.
    """

    __slots__ = ("commands", "pointer", "settings", "targets")

    def __init__(self, file: ParsedFile) -> None:
        self.commands: list[tuple[str, list[str]]] = []
        self.settings: dict[str, str] = {}
        self.targets: list[TargetLine] = []
        self.pointer: Type = INVALID
        named = False
        for _, (word, *rest) in file.header:
            if word == "test" and rest:
                self.commands.append((rest[0], rest[1:]))
            elif word == "set":
                for setting in rest:
                    name, _, value = setting.partition("=")
                    self.settings[name] = value or "true"
            elif word == "target" and rest:
                named = True
                self.pointer = I32 if "32" in rest[0] else I64
                if isa.NAMES.get(rest[0]):
                    self.targets.append(TargetLine(isa.NAMES[rest[0]], rest[1:], self.settings))
        if not named:
            self.targets.append(TargetLine("", []))

    @property
    def opt_level(self) -> str:
        """The level that the file asks for."""
        return self.settings.get("opt_level", "none")

