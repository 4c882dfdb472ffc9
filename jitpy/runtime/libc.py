"""The C library through cffi, without parsing declarations at run time.

``DECLARATIONS`` is the only C text. ``ffi`` comes from a module that cffi generates from it (out-of-line, ABI mode:
pure Python data, no compiler), because parsing a cdef costs 14 ms of every cold start. The generated file lies in
``jitpy/_generated/``, carries the hash of the declarations in its name, and is written by the first process that
misses it (or when the package is built: ``python -m jitpy.runtime.libc``). Where the folder cannot be written the
declarations are parsed once per process.

cffi releases the GIL around calls: only functions that do not touch Python are called through ``C``.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DECLARATIONS = """
void *mmap(void *, size_t, int, int, int, long);
int munmap(void *, size_t);
int mprotect(void *, size_t, int);
int memfd_create(const char *, unsigned);
void *malloc(size_t);
void free(void *);
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
unsigned long getauxval(unsigned long);
unsigned long pthread_self(void);
int pthread_key_create(unsigned *, void *);
int pthread_setspecific(unsigned, const void *);
void *pthread_getspecific(unsigned);
int pthread_getattr_np(unsigned long, void *);
int pthread_attr_getstack(void *, void **, size_t *);
int pthread_attr_destroy(void *);
int clock_gettime(int, void *);
typedef struct { void *handler; unsigned long mask[16]; int flags; void *restorer; } jitpy_sigaction;
typedef struct { void *sp; int flags; size_t size; } jitpy_stack;
int sigaction(int, const jitpy_sigaction *, jitpy_sigaction *);
int sigaltstack(const jitpy_stack *, jitpy_stack *);
typedef struct jitpy_gdb_entry {
    struct jitpy_gdb_entry *next, *prev; const char *symfile; uint64_t size;
} jitpy_gdb_entry;
typedef struct { uint32_t version, action; jitpy_gdb_entry *relevant, *first; } jitpy_gdb_descriptor;
extern jitpy_gdb_descriptor __jit_debug_descriptor;
void __jit_debug_register_code(void);
void __register_frame(void *);
void __deregister_frame(void *);
typedef int64_t (*jitpy_enter)(void *, void *, void *);
typedef int64_t (*jitpy_nullary)(void);
typedef void (*jitpy_unary)(void *);
"""

FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "_generated")


def _digest() -> str:
    import _cffi_backend

    text = DECLARATIONS + _cffi_backend.__version__
    value = 0xCBF29CE484222325  # FNV-1a: hashlib would be an import of its own
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def _generate(name: str) -> None:
    from cffi import FFI, recompiler

    builder = FFI()
    builder.cdef(DECLARATIONS)
    builder.set_source(name, None)
    os.makedirs(FOLDER, exist_ok=True)
    scratch = os.path.join(FOLDER, f"{name}.{os.getpid()}")
    recompiler.make_py_source(builder, name, scratch, verbose=False)
    os.replace(scratch, os.path.join(FOLDER, name + ".py"))


def _load() -> Any:
    name = "libc_" + _digest()
    path = os.path.join(FOLDER, name + ".py")
    try:
        if not os.path.exists(path):
            _generate(name)
        import importlib.util

        spec = importlib.util.spec_from_file_location("jitpy._generated." + name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.ffi
    except OSError:
        from cffi import FFI

        ffi = FFI()
        ffi.cdef(DECLARATIONS)
        return ffi


ffi: Any = _load()
C: Any = ffi.dlopen(None)


def address(pointer: Any) -> int:
    """The address a cffi pointer holds."""
    return int(ffi.cast("uintptr_t", pointer))


def pointer(address: int) -> Any:
    """``address`` as a ``void *``."""
    return ffi.cast("void *", address)


def function_address(name: str) -> int:
    """The address of a declared C function."""
    return address(ffi.addressof(C, name))


if __name__ == "__main__":
    _generate("libc_" + _digest())
