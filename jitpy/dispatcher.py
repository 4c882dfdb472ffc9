"""Jitted functions: the Python side of the callable, entered only when machine code does not know what to do.

A call reaches `slow_call` when no record (`runtime.record`) fits it: for types not seen before, a call with defaults
or keywords not seen before, or when something the kernel took for granted may have changed. It binds the arguments,
finds or compiles the overload, adds a record for the shape of the call, and says what to call again.
"""

from __future__ import annotations

import os
import threading

from jitpy import signatures
from jitpy.arguments import pass_as_constant, typeof
from jitpy.backend.errors import CompileError
from jitpy.compiler import Overload, Record, compile_overload
from jitpy.runtime import guards, helpers, layout
from jitpy.runtime.boxing import Shape, plain_shape
from jitpy.runtime.callable import install_block_type, make_callable, make_type, point
from jitpy.runtime.libc import address, ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType
    from typing import Any

    from jitpy.frontend.module import Remark
    from jitpy.frontend.types.types import Type
    from jitpy.types import Signature

#: One compilation at a time; reentrant, because compiling a function may compile what it calls.
compile_lock = threading.RLock()

#: Show the compiler's own frames in compile errors.
FULL_TRACEBACKS = bool(os.environ.get("JITPY_FULL_TRACEBACKS"))

#: Attributes of functions that are those of ``py_func``, which is what calls look at.
_OF_FUNCTIONS = frozenset((
    "__annotations__", "__annotate__", "__type_params__", "__defaults__", "__kwdefaults__", "__code__", "__globals__",
    "__closure__", "__builtins__",
))  # fmt: skip

_VARARGS, _VARKEYWORDS = 4, 8
_MOST_RECORDS = 64


def slow_call(self: Dispatcher, /, *args: Any, **kwargs: Any) -> tuple[Any, tuple[Any, ...]]:
    """Asked by machine code about a call that no record fits: what to call instead, with which arguments."""
    try:
        return self._call(args, kwargs)
    except CompileError as error:
        if FULL_TRACEBACKS:
            raise
        raise error.with_traceback(None) from None  # the message shows the place in the user's source


class Dispatcher:
    """A jitted function. ``f.py_func`` is the Python function."""

    __name__: str
    __qualname__: str
    py_func: Any
    targetoptions: dict[str, Any]
    _overloads: dict[tuple[Type, ...], Overload]
    _patterns: list[Signature] | None
    _slow_words: Any

    def _set_up(self, py_func: FunctionType, options: dict[str, Any]) -> None:
        self.py_func = py_func
        self.__wrapped__ = py_func
        for name in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(self, name, getattr(py_func, name, None))
        self.__dict__.update(py_func.__dict__)
        self.targetoptions = options
        code = py_func.__code__
        self._parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self._positional_only = code.co_posonlyargcount
        self._overloads = {}
        self._records: list[Record] = []
        self._retired: list[Record] = []
        self._patterns = None
        self._returns: dict[tuple[Type, ...], tuple[Type, ...]] = {}
        self._closed = False
        self._strikes = 0
        self._log: list[str] = []
        self._warned: set[tuple[str, int]] = set()
        self._inner: Any = None
        if code.co_kwonlyargcount:
            # Bound arguments go to another callable: positional ones must not reach keyword-only parameters from
            # outside.
            self._inner = make_callable(native_type(), 0, 0)
            self._inner._call = _refuse
            self._inner._records = []
            _end_chain(self._inner)
        _end_chain(self)

    # -- records
    # ---------------------------------------------------------------------------------------------------------------

    def _add_record(self, overload: Overload, shape: Shape, entry: Any) -> bool:
        """Let such calls of ``entry`` (this function or its inner callable) go to machine code; whether they did not
        already.
        """
        if not layout.KNOWN:
            return False  # calls do not go by records
        key = shape.key()
        if any(r.overload is overload and r.shape.key() == key for r in entry._records):
            return False
        record = Record(overload, shape, bool(self.targetoptions["nogil"]))
        if len(entry._records) >= _MOST_RECORDS:
            self._retired.append(entry._records.pop(0))
        entry._records.append(record)
        _link(entry)
        return True

    def _retire(self, overload: Overload) -> None:
        """Drop an overload's records; their memory is kept, a thread may be in their code."""
        for entry in (self, self._inner):
            if entry is not None:
                self._retired += [r for r in entry._records if r.overload is overload]
                entry._records = [r for r in entry._records if r.overload is not overload]
                _link(entry)

    # -- the slow path
    # ---------------------------------------------------------------------------------------------------------

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
        bound, shape = self._bind(args, kwargs)
        bound, overload, changed = self._find(bound)
        with compile_lock:
            entry = self if self._inner is None else self._inner
            changed |= self._add_record(overload, plain_shape(len(bound)), entry)
            if shape is not None:
                changed |= self._add_record(overload, shape, self)
        if changed or bound is not args:
            self._strikes = 0
        else:
            # Nothing was missing: another thread was faster, or the machine code is wrong.
            self._strikes += 1
            if self._strikes > 100:
                raise SystemError(
                    f"jitpy: the code made for {self.__name__}{overload.types} does not accept its arguments"
                )
        return entry, bound

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], Shape | None]:
        """The values of all parameters in order, and the shape of the call if machine code can bind such calls."""
        names = self._parameters
        code = self.py_func.__code__
        count = code.co_argcount
        given = len(args) if len(args) < count else count
        extra = args[count:]
        if not kwargs and given == len(names) and (not extra or code.co_flags & _VARARGS):
            return args, None
        if code.co_flags & _VARKEYWORDS:
            raise CompileError(f"{self.__name__}: **{code.co_varnames[-1]} is not supported; name the parameters")
        defaults = self.py_func.__defaults__ or ()
        keyword_defaults = self.py_func.__kwdefaults__ or {}
        first_default = count - len(defaults)
        order = {name: len(args) + i for i, name in enumerate(kwargs)}
        values: list[Any] = []
        sources: list[int] = []
        plain = True
        for i, name in enumerate(names):
            if i < given and name not in kwargs:
                values.append(args[i])
                sources.append(i)
            elif name in kwargs and i >= max(given, self._positional_only):
                values.append(kwargs[name])
                sources.append(order.pop(name))
            elif name not in kwargs and first_default <= i < count:
                values.append(defaults[i - first_default])
                sources.append(-1)
            elif name not in kwargs and i >= count and name in keyword_defaults:
                values.append(keyword_defaults[name])
                plain = False  # the dict of these may change without notice
            else:
                order[name] = -1  # missing or given twice
                break
        if order or (extra and not code.co_flags & _VARARGS):
            self._bind_by_inspect(args, kwargs)  # raises, in Python's words
            raise TypeError(f"{self.__name__}() got arguments that do not fit its parameters")
        sources += range(count, len(args))
        return (*values, *extra), Shape(tuple(sources), len(args), tuple(kwargs)) if plain else None

    def _bind_by_inspect(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raise the TypeError that Python would."""
        import inspect

        try:
            inspect.signature(self.py_func).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.__name__}() {error}") from None

    def _find(self, bound: tuple[Any, ...]) -> tuple[tuple[Any, ...], Overload, bool]:
        """The arguments, converted if a signature asks for it; their overload, compiled if need be; whether that or
        its guards are new.
        """
        try:
            types = tuple([typeof(v) for v in bound])
        except CompileError as error:
            raise self._argument_error(bound, error) from None
        exact = True
        if self._patterns is not None:
            for pattern in self._patterns:
                fit = signatures.match(pattern, bound, types)
                # After a mere warm-up by `compile`, no call is converted.
                if fit is not None and (self._closed or all(x is y for x, y in zip(fit[1], bound))):
                    exact = False
                    types, bound = fit
                    break
            else:
                if self._closed:
                    raise TypeError(
                        f"{self.__name__} takes {' or '.join(map(str, self._patterns))}; it was called with "
                        f"({', '.join(t.name for t in types)})"
                    )
        with compile_lock:
            overload = self._overloads.get(types)
            if overload is not None:
                if overload.holds():
                    return bound, overload, self._refresh(overload)
                self._retire(overload)
                self._log.append(f"{types}: {_what_changed(overload)}")
            elif self._closed and self._patterns is None:
                raise TypeError(f"{self.__name__} has no code for {types}, and compiling is disabled")
            overload = self._overloads[types] = self._compile(types, exact)
            return bound, overload, True

    def _argument_error(self, bound: tuple[Any, ...], error: CompileError) -> CompileError:
        """The error of the argument that has no type, with the parameter it was given for."""
        for i, value in enumerate(bound):
            try:
                typeof(value)
            except CompileError:
                parameter = self._parameters[i] if i < len(self._parameters) else f"argument {i + 1}"
                return type(error)(f"{self.__name__}(): {parameter}: {error}")
        return error

    def _refresh(self, overload: Overload) -> bool:
        """Bring the guards' rows up to date with memory; whether they were not."""
        changed = overload.refresh()
        for entry in (self, self._inner):
            for record in entry._records if entry is not None else ():
                if record.overload is overload:
                    changed |= record.update()
        return changed

    def _compile(self, types: tuple[Type, ...], exact: bool) -> Overload:
        install_block_type()
        options = self.targetoptions
        if types in self._returns:
            options = {**options, "returns": self._returns[types]}
        if options["cache"]:
            from jitpy import cache

            made = cache.compile_overload(self.py_func, types, options, exact)
        else:
            made = compile_overload(self.py_func, types, options, exact)
        if any(r.kind == "warning" for r in made.module.remarks):
            from jitpy.numeric_warning import issue

            issue(made.module, self._warned)
        return made

    # -- what users call
    # -------------------------------------------------------------------------------------------------------

    def compile(self, signature: Any) -> None:
        """Compile for a signature now. Raises CompileError."""
        try:
            self._compile_for(signature)
        except CompileError as error:
            if FULL_TRACEBACKS:
                raise
            raise error.with_traceback(None) from None

    def _compile_for(self, signature: Any) -> None:
        pattern = signatures.parse(signature)
        types = tuple(spec.admits[0] for spec in pattern.args)
        if len(types) != len(self._parameters) and not self.py_func.__code__.co_flags & _VARARGS:
            raise signatures.SignatureError(
                f"{self.__name__} has {len(self._parameters)} parameters, the signature {pattern} has {len(types)}"
            )
        if self._patterns is None:
            self._patterns = []
        if pattern not in self._patterns:
            self._patterns.append(pattern)
        with compile_lock:
            if pattern.returns is not None:
                self._returns[types] = pattern.returns.admits
            if types not in self._overloads:
                self._overloads[types] = self._compile(types, False)
            entry = self if self._inner is None else self._inner
            self._add_record(self._overloads[types], plain_shape(len(types)), entry)

    def disable_compile(self, val: bool = True) -> None:
        """From now on, calls with types that have no code raise TypeError."""
        self._closed = val

    def recompile(self) -> None:
        """Forget all code; it is made anew when it is needed (eager signatures: now)."""
        with compile_lock:
            for overload in list(self._overloads.values()):
                self._retire(overload)
            self._overloads.clear()
            patterns, self._patterns = self._patterns, None
            for pattern in patterns or ():
                self.compile(pattern)

    @property
    def signatures(self) -> list[tuple[Type, ...]]:
        """The argument types that there is code for."""
        return list(self._overloads)

    @property
    def nopython_signatures(self) -> list[tuple[Type, ...]]:
        """The same: all code is compiled whole."""
        return list(self._overloads)

    @property
    def overloads(self) -> dict[tuple[Type, ...], Overload]:
        """Argument types -> what was compiled for them."""
        return self._overloads

    @property
    def recompilations(self) -> list[str]:
        """Why overloads were compiled again, oldest first: ``(types): what had changed``.

        Kernels take for granted what they read from outside: globals, closure variables, attributes of modules,
        defaults, the code of helpers. Where one of these has changed at the next call, the kernel is compiled anew,
        and this log says which, for example ``(int64): global K changed``.
        """
        return list(self._log)

    @property
    def remarks(self) -> list[Remark]:
        """What the compiler has to say, in the order of the source: ``function``, ``filename``, ``line``, ``kind``, ``text``.

        Kind "warning": a name that begins as a Python number and becomes narrower (also issued as `NumericWarning`); kind
        "remark": where integers narrower than 64 bits can wrap, what runs serially, what goes through the interpreter.
        """
        found = {(r.filename, r.line, r.kind, r.text): r for o in self._overloads.values() for r in o.module.remarks}
        return [found[key] for key in sorted(found)]

    def stats(self) -> list[dict[str, Any]]:
        """Per compiled overload, in order: its ``types``, seconds spent in ``frontend``, ``backend`` and ``install``,
        ``clif_instructions``, and ``bytes`` of machine code. An overload from the cache spent time in install alone.
        """
        return [
            {
                "types": types, "frontend": o.frontend_seconds, "backend": o.backend_seconds,
                "install": o.install_seconds, "clif_instructions": o.clif_instructions,
                "bytes": o.loaded.size if o.loaded else 0,
            }
            for types, o in self._overloads.items()
        ]  # fmt: skip

    def get_metadata(self, signature: Any = None) -> dict[Any, Any]:
        """Figures of the compilation, per signature or of one."""
        table = {
            types: {"seconds": o.seconds, "bytes": o.loaded.size if o.loaded else 0, "remarks": list(o.module.remarks)}
            for types, o in self._overloads.items()
        }
        return table if signature is None else table[tuple(signature)]

    def inspect_types(self, file: Any = None, signature: Any = None, pretty: bool = False) -> None:
        """Print the source with the types of its names."""
        from jitpy import inspection

        inspection.print_types(self, file, signature)

    def inspect_clif(self, signature: Any = None) -> Any:
        """The CLIF of the kernel: per signature, or of one."""
        from jitpy import inspection

        return inspection.per_signature(self, signature, inspection.clif)

    def inspect_asm(self, signature: Any = None) -> Any:
        """The machine code, disassembled, with source lines: per signature, or of one."""
        from jitpy import inspection

        return inspection.per_signature(self, signature, inspection.assembly)

    def inspect_cfg(self, signature: Any = None) -> Any:
        """The control-flow graph as Graphviz text: per signature, or of one."""
        from jitpy import inspection

        return inspection.per_signature(self, signature, inspection.cfg)

    def parallel_diagnostics(self, signature: Any = None, level: int = 1) -> None:
        """Print the compiler's remarks."""
        print(*self.remarks, sep="\n")

    def check(self, *args: Any, **kwargs: Any) -> Any:
        """Call the Python function and the compiled one on copies of the arguments; AssertionError where they differ."""
        from jitpy import checking

        return checking.check(self, args, kwargs)

    @property
    def cffi(self) -> Any:
        """The kernel behind the C ABI, of the one signature there is: see `cabi`."""
        from jitpy import cabi

        return cabi.export(self)

    def __getattr__(self, name: str) -> Any:
        if name in _OF_FUNCTIONS:
            return getattr(self.py_func, name)
        raise AttributeError(f"a jitted function has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OF_FUNCTIONS:
            setattr(self.py_func, name, value)
        else:
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<jitted function {self.__qualname__} at {id(self):#x}>"

    def __copy__(self) -> Dispatcher:
        return self

    def __deepcopy__(self, memo: Any) -> Dispatcher:
        return self

    def __reduce__(self) -> Any:
        from jitpy import pickling

        return pickling.reduce(self)

    def __setstate__(self, state: Any) -> None:
        from jitpy import pickling

        pickling.set_state(self, state)


def _link(entry: Any) -> None:
    """Chain the records of a callable in their order and let its calls start at the first."""
    following = address(entry._slow_words)
    target = entry._slow_words[1]
    for record in reversed(entry._records):
        record.words[3] = following
        following, target = record.address, record.wrapper
    point(entry, target, following)


def _end_chain(obj: Any) -> None:
    """Give a callable its slow record, where every chain ends, and let calls start there."""
    words = ffi.new("uint64_t[6]")
    words[1] = helpers.code()["jitpy_slow_call"]
    words[2] = id(obj)
    obj._slow_words = words
    point(obj, words[1], address(words))


def _refuse(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    raise SystemError("jitpy: the code made for a function with keyword-only parameters does not accept its arguments")


def _what_changed(overload: Overload) -> str:
    for guard in overload.module.guards:
        if not guards.hold([guard]):
            subject = guard[2] if isinstance(guard[2], str) else getattr(guard[1], "__name__", "a closure variable")
            return f"{guard[0]} {subject} changed"
    return "nothing changed"


_native: Any = None


def native_type() -> type:
    """The type of jitted functions, made at first use."""
    global _native
    if _native is None:
        with compile_lock:
            if _native is None:
                made = make_type("jitpy.Dispatcher", vars(Dispatcher))
                pass_as_constant(made)
                _native = made
    kind: type = _native
    return kind


def make_dispatcher(py_func: FunctionType, options: dict[str, Any]) -> Any:
    """A new jitted function."""
    made = make_callable(native_type(), helpers.code()["jitpy_slow_call"], 0)
    made._set_up(py_func, options)
    return made


def is_dispatcher(obj: Any) -> bool:
    """Whether ``obj`` is a jitted function."""
    return _native is not None and obj.__class__ is _native


def after_fork() -> None:
    """In a forked child: locks that other threads held are free."""
    global compile_lock
    from jitpy.runtime.interrupts import forget_stack

    compile_lock = threading.RLock()
    forget_stack()


os.register_at_fork(after_in_child=after_fork)
