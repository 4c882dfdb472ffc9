"""``cache=True``: compiled kernels on disk, shared by processes, correct when anything they depend on changes.

A file holds the machine code of one function for one tuple of types, found by the hash of what is known before
compiling: the function's bytecode, the types, the options, the compiler's version, the host's features. What a kernel
read from outside is not in the name but in the file: for each guard (`runtime.guards`) where the thing was found and
a digest of its value, functions by the bytecode of theirs. A file is used only if every guard's digest is what it is
now. Line numbers do not count: they are kept relative to the functions' first lines.

Files are written aside and renamed, carry a checksum, and are dropped when they do not read. The folder is bounded;
files that were not used for longest go first. A folder that another user could write to is not used: what lies there
is executed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import marshal
import os
import pickle
import sys
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

import numpy as np

from jitpy import fingerprint
from jitpy.compiler import Overload, compile_image, load_overload
from jitpy.frontend.module import KernelModule
from jitpy.frontend.types import types as ty
from jitpy.runtime import guards, memory
from jitpy.runtime.codegen import KERNEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAGIC = b"jitpy-2\n"
#: Kernels that differ only in what they read from outside (a global's value) live side by side.
VARIANTS = 4
_DEFAULT_MEGABYTES = 256

hits = misses = 0


class _Uncacheable(Exception):
    """A kernel depends on something that has no name or digest."""


def compile_overload(
    py_func: FunctionType, types: tuple[ty.Type, ...], options: Mapping[str, Any], exact: bool
) -> Overload:
    """As `compiler.compile_overload`, through the cache."""
    global hits, misses
    where = folder()
    if where is None or any(map(_is_named, types)):
        from jitpy import compiler

        return compiler.compile_overload(py_func, types, options, exact)
    stem = os.path.join(where, _key(py_func, types, options))
    for i in range(VARIANTS):
        overload = _load(f"{stem}.{i}", py_func, types, exact)
        if overload is not None:
            hits += 1
            return overload
    misses += 1
    compiled = compile_image(py_func, types, options)
    _save(where, stem, py_func, compiled.module, compiled.image, compiled.lines)
    overload = load_overload(compiled.module, compiled.image, types, exact)
    compiled.describe(overload)
    return overload


def _is_named(t: ty.Type) -> bool:
    """Whether a named tuple is in a type: its class may be another one in another process, so its kernels are not kept."""
    if isinstance(t, ty.Tuple):
        return t.cls is not None or any(map(_is_named, t.items))
    return isinstance(t, ty.List) and _is_named(t.item)


# -- where


def folder() -> str | None:
    """The folder in use, made if need be: ``JITPY_CACHE_DIR``, the user's cache folder, one in the temporary folder;
    or None.
    """
    chosen = os.environ.get("JITPY_CACHE_DIR")
    if chosen:
        candidates = [chosen]
    else:
        import tempfile

        home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        candidates = [os.path.join(home, "jitpy"), os.path.join(tempfile.gettempdir(), f"jitpy-{os.getuid()}")]
    for path in candidates:
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
            status = os.stat(path)
        except OSError:
            continue
        if status.st_uid == os.getuid() and not status.st_mode & 0o022 and os.access(path, os.W_OK | os.X_OK):
            return path
    return None


def clear() -> None:
    """Delete every file of the cache."""
    where = folder()
    if where:
        for name in os.listdir(where):
            _unlink(os.path.join(where, name))


def _unlink(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


# -- keys and digests


def _key(py_func: FunctionType, types: tuple[ty.Type, ...], options: Mapping[str, Any]) -> str:
    parts: list[object] = [fingerprint.compiler(), fingerprint.host(), sys.version, np.__version__, KERNEL.key()]
    parts += [py_func.__module__, py_func.__qualname__, code_digest(py_func.__code__)]
    parts += [_describe(t) for t in types]
    parts += [(name, repr(options[name])) for name in sorted(options)]
    return fingerprint.digest(parts)


def code_digest(code: CodeType) -> str:
    """A hash of a code object that its place in the file does not change."""
    h = hashlib.blake2b(digest_size=16)
    waiting = [code]
    while waiting:
        c = waiting.pop()
        h.update(c.co_code)
        h.update(c.co_linetable)
        h.update(c.co_exceptiontable)
        consts = [x for x in c.co_consts if not isinstance(x, CodeType)]
        parts = (
            c.co_names,
            c.co_varnames,
            c.co_freevars,
            c.co_cellvars,
            c.co_flags,
            c.co_argcount,
            c.co_kwonlyargcount,
        )
        h.update(repr((c.co_qualname, parts, consts, [type(x).__name__ for x in consts])).encode())
        waiting += [x for x in c.co_consts if isinstance(x, CodeType)]
    return h.hexdigest()


def _describe(t: ty.Type) -> object:
    """A type as plain data, the same in every process."""
    if isinstance(t, ty.Scalar):
        return "scalar", t.name, t.weak
    if isinstance(t, ty.Array):
        return "array", t.dtype.name, t.ndim, t.layout, t.readonly
    if isinstance(t, ty.Tuple):
        if t.cls is not None:
            raise _Uncacheable("named tuple")
        return "tuple", tuple(_describe(i) for i in t.items)
    if isinstance(t, ty.List):
        return "list", _describe(t.item), t.reflected
    if isinstance(t, ty.Dict):
        return "dict", _describe(t.key), _describe(t.value), t.reflected
    if isinstance(t, ty.Set):
        return "set", _describe(t.key), t.reflected
    if isinstance(t, ty.Record):
        return "record", t.keys, tuple(_describe(i) for i in t.items)
    if isinstance(t, ty.RandomSource):
        return "random", t.family, t.bits
    if isinstance(t, ty.Constant):
        return "constant", value_digest(t.value)
    return t.name


def value_digest(value: Any) -> str:
    """A text that is equal for values which mean the same to a kernel. Raises for values that have none."""
    cls = value.__class__
    if cls in (int, float, bool, str, bytes, complex, type(None)) or cls is type(Ellipsis):
        return f"{cls.__name__} {value!r}"
    if cls is tuple:
        return "tuple " + " ".join(value_digest(v) for v in value)
    if isinstance(value, np.generic):
        return f"{cls.__name__} {value.tobytes().hex()}"
    if isinstance(value, ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, type):
        return f"class {value.__module__}.{value.__qualname__}"
    if isinstance(value, FunctionType):
        defaults = value_digest(value.__defaults__ or ()), value_digest(tuple((value.__kwdefaults__ or {}).items()))
        return f"function {value.__module__} {code_digest(value.__code__)} {defaults}"
    if isinstance(value, CodeType):
        return f"code {code_digest(value)}"
    if isinstance(value, BuiltinFunctionType | np.ufunc):
        return f"builtin {getattr(value, '__module__', '')}.{value.__name__}"
    if isinstance(value, np.dtype):
        return f"dtype {value.str}"
    if isinstance(value, np.ndarray):
        from jitpy.arguments import typeof

        return f"array {typeof(value).name}"  # held by reference: only its type is in the code
    if value.__class__.__name__ in ("Random", "RandomState", "Generator"):
        from jitpy.arguments import random_type

        source = random_type(value)
        if source is not None:
            return f"random source {source.name}"  # held by reference
    inner = getattr(value, "py_func", None)
    if isinstance(inner, FunctionType):
        options = [(k, repr(v)) for k, v in sorted(value.targetoptions.items()) if k != "cache"]
        return f"jitted {value_digest(inner)} {options} {value._patterns if value._closed else ''}"
    if getattr(value, "__module__", None) and getattr(value, "__qualname__", None):
        return f"object {value.__module__}.{value.__qualname__}"
    raise _Uncacheable(f"{cls.__name__} object")


# -- guards as data


def _place(guard: tuple[Any, ...], functions: dict[int, tuple[Any, ...]]) -> tuple[Any, ...]:
    """Where a guard's subject is, as data: enough to find it again in another process. ``functions``: those reachable
    so far.
    """
    kind = guard[0]
    if kind in ("global", "builtin"):
        for path, function in functions.values():
            if function.__globals__ is guard[1]:
                return kind, path, guard[2]
        return "module", guard[1]["__name__"], guard[2], kind
    if kind == "attr":
        owner = guard[1]
        if isinstance(owner, ModuleType):
            return "attr", owner.__name__, "", guard[2]
        if isinstance(owner, type):
            return "attr", owner.__module__, owner.__qualname__, guard[2]
    elif kind == "cell":
        for path, function in functions.values():
            for i, cell in enumerate(function.__closure__ or ()):
                if cell is guard[1]:
                    return "cell", path, i
    else:
        entry = functions.get(id(guard[1]))
        if entry is not None:
            return (kind, entry[0], guard[2]) if kind == "keyword" else (kind, entry[0])
    raise _Uncacheable(f"{kind} guard")


def _guard_at(place: tuple[Any, ...], functions: list[FunctionType]) -> tuple[Any, ...]:
    """The live guard at a place, with what it sees now."""
    kind = place[0]
    if kind in ("global", "builtin"):
        guard: tuple[Any, ...] = (kind, functions[place[1]].__globals__, place[2])
    elif kind == "module":
        guard = (place[3], sys.modules[place[1]].__dict__, place[2])
    elif kind == "attr":
        owner: Any = sys.modules[place[1]]
        for part in place[2].split(".") if place[2] else ():
            owner = getattr(owner, part)
        guard = ("attr", owner, place[3])
    elif kind == "cell":
        closure = functions[place[1]].__closure__
        assert closure is not None
        guard = ("cell", closure[place[2]])
    elif kind == "defaults":
        function = functions[place[1]]
        return "defaults", function, function.__defaults__, function.__kwdefaults__
    elif kind == "keyword":
        guard = (kind, functions[place[1]], place[2])
    else:
        guard = (kind, functions[place[1]])
    return (*guard, guards.current((*guard, None)))


def _function_of(value: Any) -> FunctionType | None:
    if isinstance(value, FunctionType):
        return value
    inner = getattr(value, "py_func", None)
    return inner if isinstance(inner, FunctionType) else None


# -- files


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, ty.Constant):
            raise _Uncacheable("a constant's type")
        if isinstance(obj, ty.Type):
            return _type_from, (_describe(obj),)
        if isinstance(obj, CodeType):
            return marshal.loads, (marshal.dumps(obj),)
        return NotImplemented


def _type_from(data: Any) -> ty.Type:
    if isinstance(data, str):
        return {"None": ty.none, "nothing yet": ty.undetermined}.get(data, ty.string)
    kind = data[0]
    if kind == "scalar":
        table = ty.PY_SCALARS if data[2] else ty.NP_SCALARS
        return next(t for t in table if t.name == data[1])
    if kind == "array":
        return ty.array_of(next(t for t in ty.NP_SCALARS if t.name == data[1]), data[2], data[3], data[4])
    if kind == "random":
        return ty.random_source(data[1], data[2])
    if kind == "tuple":
        return ty.tuple_of(tuple(_type_from(i) for i in data[1]))
    if kind == "dict":
        return ty.dict_of(_type_from(data[1]), _type_from(data[2]), data[3])
    if kind == "set":
        return ty.set_of(_type_from(data[1]), data[2])
    if kind == "record":
        return ty.record_of(data[1], tuple(_type_from(i) for i in data[2]))
    return ty.list_of(_type_from(data[1]), data[2])


_KEPT = ("entry", "result_types", "sites", "remarks", "lines", "variables", "codes")


def _save(
    where: str, stem: str, py_func: FunctionType, module: KernelModule, image: memory.Image,
    lines: list[tuple[int, int]],
) -> None:  # fmt: skip
    """Write a kernel's file; does nothing where that cannot be done."""
    try:
        functions: dict[int, tuple[Any, ...]] = {id(py_func): (0, py_func)}
        places = []
        for guard in module.guards:
            place = _place(guard, functions)
            seen = guards.current(guard)
            places.append((place, value_digest(seen)))
            function = _function_of(seen)
            if function is not None and id(function) not in functions:
                functions[id(function)] = (len(functions), function)
        live = {id(guards.current(g)): i for i, g in enumerate(module.guards)}
        constants: list[int | bytes] = []
        for obj in module.constants:
            if id(obj) in live:
                constants.append(live[id(obj)])
            elif id(obj) in functions:
                constants.append(~functions[id(obj)][0])
            elif obj.__class__ is np.ndarray:  # a table: arrays from outside have a guard
                constants.append(obj.tobytes())
            else:
                raise _Uncacheable("a constant without a name")
        starts = {_code_key(c): c.co_firstlineno for c in (f.__code__ for _, f in functions.values())}
        buffer = io.BytesIO()
        content = {name: getattr(module, name) for name in _KEPT}
        _Pickler(buffer, 5).dump((image.parts(), lines, places, constants, starts, content))
    except (_Uncacheable, pickle.PicklingError, TypeError, AttributeError, ValueError):
        return
    payload = buffer.getvalue()
    data = MAGIC + hashlib.blake2b(payload, digest_size=32).digest() + payload
    target = next((f"{stem}.{i}" for i in range(VARIANTS) if not os.path.exists(f"{stem}.{i}")), None)
    if target is None:  # the oldest variant goes
        target = min((f"{stem}.{i}" for i in range(VARIANTS)), key=os.path.getmtime)
    scratch = f"{target}.{os.getpid()}.new"
    try:
        _make_room(where, len(data))
        with open(scratch, "wb") as file:
            file.write(data)
        os.replace(scratch, target)
    except OSError:
        _unlink(scratch)


def _code_key(code: CodeType) -> tuple[str, str]:
    return code.co_filename, code.co_qualname


def _load(path: str, py_func: FunctionType, types: tuple[ty.Type, ...], exact: bool) -> Overload | None:
    """The overload in a file, if it is whole and everything it read is what it was."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return None
    payload = data[len(MAGIC) + 32 :]
    if (
        data[: len(MAGIC)] != MAGIC
        or hashlib.blake2b(payload, digest_size=32).digest() != data[len(MAGIC) : len(MAGIC) + 32]
    ):
        _unlink(path)
        return None
    try:
        image, lines, places, constants, starts, content = pickle.loads(payload)
        functions = [py_func]
        live = []
        for place, digest in places:
            guard = _guard_at(place, functions)
            seen = guards.current(guard)
            if value_digest(seen) != digest:
                return None
            live.append(guard)
            function = _function_of(seen)
            if function is not None and all(f is not function for f in functions):
                functions.append(function)
    except (
        _Uncacheable,
        LookupError,
        AttributeError,
        pickle.UnpicklingError,
        EOFError,
        TypeError,
        ValueError,
        ImportError,
    ):
        return None
    module = KernelModule(py_func, types)
    for name in _KEPT:
        setattr(module, name, content[name])
    module.guards = live
    module.constants = [_constant(i, live, functions) for i in constants]
    _rebase(module, starts, functions)
    overload = load_overload(module, memory.Image(*image), types, exact)
    overload.lines = lines
    with contextlib.suppress(OSError):
        os.utime(path)
    return overload


def _constant(saved: int | bytes, live: list[Any], functions: list[FunctionType]) -> object:
    if isinstance(saved, bytes):
        return np.frombuffer(saved, np.uint64)
    return guards.current(live[saved]) if saved >= 0 else functions[~saved]


def _rebase(module: KernelModule, starts: dict[tuple[str, str], int], functions: list[FunctionType]) -> None:
    """Move sites and remarks to where the functions stand now."""
    now = {f.__code__.co_qualname: f.__code__ for f in functions}
    moves = {}
    for (filename, qualname), first in starts.items():
        code = now.get(qualname)
        if code is not None:
            moves[filename, qualname.rpartition(".")[2]] = code.co_filename, code.co_firstlineno - first
    places: list[Any] = [*module.sites, *module.remarks]
    for item in places:
        move = moves.get((item.filename, item.function.rpartition(".")[2]))
        if move is not None:
            item.filename = move[0]
            item.line += move[1]


def _make_room(where: str, needed: int) -> None:
    """Delete the files not used for longest until ``needed`` more bytes fit the bound."""
    limit = int(float(os.environ.get("JITPY_CACHE_MB", _DEFAULT_MEGABYTES)) * (1 << 20))
    files = []
    total = needed
    with os.scandir(where) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            files.append((status.st_mtime_ns, status.st_size, entry.path))
            total += status.st_size
    if total <= limit:
        return
    for _, size, path in sorted(files):
        _unlink(path)
        total -= size
        if total <= limit * 3 // 4:
            return
