"""The cache on disk, with a frontend that counts what it is asked."""

import os
import sys
import types

import numpy as np
import pytest
from kernels import identity

from jitpy import cache, dispatcher, options

K = 5


def keep(x):
    return x + K


@pytest.fixture
def disk(monkeypatch, tmp_path):
    monkeypatch.setenv("JITPY_CACHE_DIR", str(tmp_path))
    asked = []

    def compile_kernel(py_func, arg_types, opts):
        from jitpy.backend.text.parser import parse_functions
        from jitpy.frontend.module import KernelModule

        asked.append(arg_types)
        module = KernelModule(py_func, arg_types)
        text, module.result_types = identity(0)(arg_types, module)
        module.entry, module.functions = "kernel", parse_functions(text)
        for name in py_func.__code__.co_names:
            if name in py_func.__globals__:
                module.guard("global", py_func.__globals__, name, py_func.__globals__[name])
        module.site(
            py_func.__code__.co_name, py_func.__code__.co_filename, py_func.__code__.co_firstlineno + 1, ValueError
        )
        return module

    fake = types.ModuleType("jitpy.frontend.pipeline")
    fake.compile_kernel = compile_kernel
    monkeypatch.setitem(sys.modules, "jitpy.frontend.pipeline", fake)
    return asked


def jit(f):
    return dispatcher.make_dispatcher(f, options.check({"cache": True}))


def fresh(source, **names):
    names["__name__"] = "fresh_module"
    exec(compile(source, "fresh.py", "exec"), names)
    return names["f"]


def test_a_second_process_compiles_nothing(disk, tmp_path):
    assert jit(keep)(1) == 1 and len(disk) == 1
    f = jit(keep)
    assert f(2) == 2 and len(disk) == 1 and f(2.5) == 2.5 and len(disk) == 2
    assert len(list(tmp_path.iterdir())) == 2
    site = f.overloads[f.signatures[0]].module.sites[0]
    assert site.exc_class is ValueError and site.line == keep.__code__.co_firstlineno + 1


def test_globals_bytecode_and_callees_count(disk):
    source = "def g(x):\n    return x\ndef f(x):\n    return g(x) + K\n"
    assert jit(fresh(source, K=1))(1) == 1 and len(disk) == 1
    assert jit(fresh(source, K=1))(1) == 1 and len(disk) == 1
    assert jit(fresh(source, K=2))(1) == 1 and len(disk) == 2
    assert jit(fresh(source, K=2.0))(1) == 1 and len(disk) == 3
    assert jit(fresh(source.replace("return x\n", "return -x\n"), K=1))(1) == 1 and len(disk) == 4
    assert jit(fresh(source.replace("+ K", "- K"), K=1))(1) == 1 and len(disk) == 5
    assert jit(fresh(source, K=1))(1) == 1 and jit(fresh(source, K=2))(1) == 1 and len(disk) == 5


def test_moving_a_function_is_no_change(disk):
    source = "def f(x):\n    return x\n"
    jit(fresh(source))(1)
    f = jit(fresh("\n\n\n" + source))
    f(1)
    assert len(disk) == 1 and f.overloads[f.signatures[0]].module.sites[0].line == 5


def test_damaged_files_are_dropped(disk, tmp_path):
    jit(keep)(1)
    [file] = tmp_path.iterdir()
    good = file.read_bytes()
    for bad in (b"", good[:50], good[:-1], b"x" + good[1:], good[:-20] + bytes(20)):
        file.write_bytes(bad)
        before = len(disk)
        assert jit(keep)(1) == 1 and len(disk) == before + 1
        assert file.read_bytes() != bad


def test_variants_and_size_are_bounded(disk, tmp_path, monkeypatch):
    for k in range(10):
        jit(fresh("def f(x):\n    return x + K\n", K=k))(1)
    assert len(list(tmp_path.iterdir())) == cache.VARIANTS
    monkeypatch.setenv("JITPY_CACHE_MB", "0.01")
    for k in range(20):
        jit(fresh(f"def f(x):\n    return x + {k}\n"))(1)
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 0.01 * 2**20
    cache.clear()
    assert not list(tmp_path.iterdir())


def test_folders_that_others_can_write_to_are_ignored(disk, tmp_path):
    os.chmod(tmp_path, 0o777)
    assert cache.folder() is None and jit(keep)(1) == 1 and jit(keep)(1) == 1 and len(disk) == 2
    os.chmod(tmp_path, 0o700)
    assert cache.folder() == str(tmp_path)


def test_digests_tell_kinds_apart():
    values = [
        1,
        1.0,
        True,
        "1",
        b"1",
        1 + 0j,
        None,
        np.int8(1),
        np.int64(1),
        (1,),
        (1.0,),
        -0.0,
        0.0,
        np.sin,
        np.cos,
        int,
        len,
    ]
    digests = [cache.value_digest(v) for v in values]
    assert len(set(digests)) == len(values)
    assert cache.value_digest(np.zeros(3)) == cache.value_digest(np.ones(5)) != cache.value_digest(np.zeros((1, 1)))
