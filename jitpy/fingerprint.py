"""What compiled code depends on besides its source: the compiler itself and the host. Part of every key under which
code is kept.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_compiler = ""


def digest(parts: Iterable[object]) -> str:
    """A short stable hash of the text of the parts."""
    import hashlib

    return hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=10).hexdigest()


def compiler() -> str:
    """A name for this version of the compiler. In a checkout it changes with every edit of its sources."""
    global _compiler
    if not _compiler:
        import jitpy

        parts: list[object] = [jitpy.__version__]
        root = os.path.dirname(os.path.dirname(os.path.abspath(jitpy.__file__)))
        if os.path.isdir(os.path.join(root, "backend", "ir")):
            for folder in ("backend", "frontend", "jitpy"):
                parts += _stamps(os.path.join(root, folder))
        _compiler = digest(parts)
    return _compiler


def _stamps(folder: str) -> Iterator[object]:
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.name[0] in "_." and not entry.name.startswith("__init__"):
                    continue
                if entry.is_dir():
                    waiting.append(entry.path)
                elif entry.name.endswith((".py", ".isle", ".clif")):
                    stat = entry.stat()
                    yield entry.path
                    yield stat.st_mtime_ns
                    yield stat.st_size


def host() -> str:
    """A name for the host's instruction set with its features, and the interpreter's ABI."""
    import sys
    from importlib import import_module

    from jitpy.backend.isa import host_name

    name = host_name()
    features = import_module(f"jitpy.backend.isa.{name}.features").host()
    return digest((name, *sorted(features.items()), sys.implementation.cache_tag))
