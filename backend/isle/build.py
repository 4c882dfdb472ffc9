"""When rules are compiled, and where the result lies.

``generated`` gives the module of a set of rules. Its source is ``backend/_generated/<name>.py``; the first
line carries a stamp over everything it was made from. In a checkout the stamp is compared at each load
(reading files and one hash: nothing of the compiler is imported) and the module is made again if it
differs. In a wheel nothing is compared. Writing is atomic, so several processes may do this at once; where
nothing can be written the module lives in memory only.

    python -m jitpy.backend.isle.build module:function ...

calls each function; each is expected to call ``generated``.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module, invalidate_caches
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(os.path.dirname(_HERE), "_generated")
PACKAGE = "jitpy.backend._generated"


def _module_file(name: str) -> str | None:
    """The source file of a module, found without importing it."""
    parts = name.split(".")
    paths: Sequence[str] = sys.path
    loaded = sys.modules.get(parts[0])
    if loaded is not None and hasattr(loaded, "__path__"):
        paths = list(loaded.__path__)
        parts = parts[1:]
    for path in paths:
        base = os.path.join(path, *parts)
        for candidate in (base + ".py", os.path.join(base, "__init__.py")):
            if os.path.isfile(candidate):
                return candidate
    return None


def stamp_of(sources: Sequence[str], host: str, depends: Sequence[str] = ()) -> str:
    """A hash over the rules, the host's declaration, what it depends on, and the compiler."""
    from importlib.util import source_hash

    files = [*sources, *depends]
    host_file = _module_file(host.partition(":")[0])
    if host_file is not None:
        files.append(host_file)
    pieces = [host.encode(), _compiler()]
    for path in files:
        with open(path, "rb") as file:
            data = file.read()
        pieces.append(f"{os.path.basename(path)} {len(data)}".encode())
        pieces.append(data)
    data = b"\0".join(pieces)
    return source_hash(data).hex() + source_hash(b"again" + data).hex()


_compiler_bytes: list[bytes] = []


def _compiler() -> bytes:
    """The compiler's own sources, read once per process."""
    if not _compiler_bytes:
        for name in sorted(os.listdir(_HERE)):
            if name.endswith(".py"):
                with open(os.path.join(_HERE, name), "rb") as file:
                    _compiler_bytes.append(file.read())
        _compiler_bytes[:] = [b"\0".join(_compiler_bytes)]
    return _compiler_bytes[0]


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().rstrip("\n")
    except OSError:
        return ""


def generated(
    name: str,
    sources: Sequence[str],
    host: str,
    depends: Sequence[str] = (),
    *,
    folder: str = FOLDER,
    package: str = PACKAGE,
) -> ModuleType:
    """The module compiled from ``sources`` with the host that ``module:function`` makes."""
    full = f"{package}.{name}"
    path = os.path.join(folder, name + ".py")
    if os.path.exists(os.path.join(folder, "WHEEL")) or not all(map(os.path.exists, sources)):
        return import_module(full)
    stamp = stamp_of(sources, host, depends)
    loaded = sys.modules.get(full)
    if loaded is not None and getattr(loaded, "STAMP", None) == stamp:
        return loaded
    if _first_line(path) != f"# stamp: {stamp}":
        text = _compile(sources, host, stamp)
        if not _write(path, text):
            return _in_memory(full, path, text)
    sys.modules.pop(full, None)
    invalidate_caches()
    return import_module(full)


def _compile(sources: Sequence[str], host: str, stamp: str) -> str:
    """Run the compiler; only here is it imported."""
    from jitpy.backend.isle.driver import compile_files

    module, _, function = host.partition(":")
    return compile_files(list(sources), getattr(import_module(module), function)(), stamp)


def _write(path: str, text: str) -> bool:
    """Put a file in place as a whole, and drop what was cached of the old one."""
    from contextlib import suppress
    from importlib.util import cache_from_source

    temporary = f"{path}.{os.getpid()}"
    try:
        folder = os.path.dirname(path)
        os.makedirs(folder, exist_ok=True)
        package = os.path.join(folder, "__init__.py")
        if not os.path.exists(package):
            with open(package, "w", encoding="utf-8"):
                pass
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        with suppress(OSError):  # a cached file of equal size and second would be taken for the new one
            os.unlink(cache_from_source(path))
        os.replace(temporary, path)
        return True
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        return False


def _in_memory(full: str, path: str, text: str) -> ModuleType:
    """A module that no file holds."""
    module = ModuleType(full)
    exec(compile(text, path, "exec"), module.__dict__)
    sys.modules[full] = module
    return module


def main(arguments: list[str]) -> int:
    """Call each ``module:function``; report what it raises."""
    if not arguments:
        print("usage: python -m jitpy.backend.isle.build module:function ...", file=sys.stderr)
        return 2
    from jitpy.backend.errors import CompileError

    failed = False
    for argument in arguments:
        module, _, function = argument.partition(":")
        try:
            made = getattr(import_module(module), function)()
        except CompileError as error:
            print(f"{argument}:\n{error}", file=sys.stderr)
            failed = True
        else:
            print(f"{argument}: {getattr(made, '__file__', made)}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
