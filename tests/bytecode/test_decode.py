"""The decoder under the running Python version: against `dis`, against CPython's results, on every kernel there is.
Any version runs all of it.
"""

from __future__ import annotations

import copy
import dis
import importlib
import inspect
import opcode
import pkgutil
import sys
from pathlib import Path
from types import CodeType, FunctionType

import constructs
import neutral
import numpy as np
import pytest
from jitpy.backend.errors import CompileError
from jitpy.frontend.bytecode import decode as decoding
from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.bytecode.flow import Code, code_of

import jitpy

ROOT = Path(__file__).parents[2]
NAMES = [f"{f.__name__}-{k}" for k, (f, _) in enumerate(constructs.CONSTRUCTS)]

#: Decoded, but not yet compiled: lists made in a kernel, formatted text in print, np.errstate.
NOT_COMPILED = {f.__name__ for f, _ in constructs.CONSTRUCTS if f.__name__.startswith("comprehension")}
NOT_COMPILED |= {"spread", "texts", "errstate", "return_inside_with"}

#: Opcodes of module and class bodies, and of what the compiler or the interpreter puts in only while tracing or specializing.
NOT_IN_FUNCTIONS = {
    "CACHE", "EXTENDED_ARG", "RESERVED", "INTERPRETER_EXIT", "SETUP_ANNOTATIONS", "STORE_NAME", "DELETE_NAME",
    "LOAD_NAME", "LOAD_LOCALS", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_GLOBALS", "LOAD_FROM_DICT_OR_DEREF",
    "PRINT_EXPR", "IMPORT_STAR", "ENTER_EXECUTOR", "TRACE_RECORD", "ASYNC_GEN_WRAP", "PREP_RERAISE_STAR",
}  # fmt: skip


def functions_of(module: object) -> list[FunctionType]:
    return [f for _, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__]


def all_functions() -> list[FunctionType]:
    found = [f for f, _ in {f: 0 for f, _ in constructs.CONSTRUCTS}.items()]
    sys.path.insert(0, str(ROOT))
    try:
        import benchmarks.kernels
        import jitpy.demo.kernels

        found += functions_of(jitpy.demo.kernels)
        for info in pkgutil.iter_modules(benchmarks.kernels.__path__):
            found += functions_of(importlib.import_module(f"benchmarks.kernels.{info.name}"))
    finally:
        sys.path.remove(str(ROOT))
    return found


def codes_of(co: CodeType) -> list[CodeType]:
    inner = [codes_of(c) for c in co.co_consts if isinstance(c, CodeType) and c.co_name not in ("__annotate__", "<genexpr>")]
    return [co, *(c for codes in inner for c in codes)]


def effect(op: int, arg: object) -> tuple[int, int]:
    """How many values an instruction adds to the stack: going on, jumping."""
    fixed = {
        n.NOP: 0, n.LOAD_CONST: 1, n.LOAD_LOCAL: 1, n.STORE_LOCAL: -1, n.DELETE_LOCAL: 0, n.LOAD_CLEAR: 1, n.LOAD_FREE: 1,
        n.STORE_FREE: -1, n.LOAD_GLOBAL: 1, n.PUSH_NULL: 1, n.COPY: 1, n.SWAP: 0, n.BINARY: -1, n.INPLACE: -1, n.COMPARE: -1,
        n.UNARY: 0, n.GETITEM: -1, n.SETITEM: -3, n.DELITEM: -2, n.GETSLICE: -2, n.SETSLICE: -4, n.LIST_APPEND: -1,
        n.LIST_EXTEND: -1, n.LIST_TO_TUPLE: 0, n.LOAD_ATTR: 0, n.LOAD_METHOD: 1, n.JUMP: 0, n.JUMP_IF: -1, n.JUMP_IF_NONE: -1,
        n.GET_ITER: 0, n.RETURN: -1, n.SET_FUNCTION: -1, n.LOAD_CLOSURE: 1, n.IMPORT_NAME: -1, n.IMPORT_FROM: 1, n.ENTER_WITH: 1,
    }  # fmt: skip
    if op in fixed:
        return fixed[op], fixed[op]
    if op == n.POP or op == n.RAISE:
        return -arg, -arg
    if op == n.BUILD:
        return 1 - (arg[1] * 2 if arg[0] == "dict" else arg[1]), 0
    if op == n.FORMAT:
        return -arg[1], 0
    if op == n.CALL:
        return -1 - arg[0], 0
    if op == n.CALL_SPREAD:
        return -2 - (arg & 1), 0
    if op == n.JUMP_OR_POP:
        return -1, 0
    if op == n.FOR_ITER:
        return 1, -1
    if op == n.UNPACK:
        return arg - 1, 0
    if op == n.UNPACK_EX:
        return arg[0] + arg[1], 0
    if op == n.MAKE_FUNCTION:
        return -arg.bit_count(), 0
    raise AssertionError(f"no stack effect known: {n.NAMES[op]} {arg}")


@pytest.mark.parametrize("function", all_functions(), ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_control_flow(function: FunctionType) -> None:
    """Every way through a function finds the same stack depth at each instruction and ends with an empty stack."""
    for co in codes_of(function.__code__):
        code = Code(co)
        depths = {0: 0}
        waiting = [0]
        while waiting:
            index = waiting.pop()
            op, arg = code.instrs[index]
            assert op != n.UNSUPPORTED, arg
            going_on, jumping = effect(op, arg)
            ways = [] if op in n.ENDS else [(index + 1, depths[index] + going_on)]
            if op in n.JUMPS:
                ways.append((arg if isinstance(arg, int) else arg[0], depths[index] + jumping))
            if op == n.RETURN:
                assert depths[index] == 1
            for target, depth in ways:
                assert 0 <= target < len(code.instrs) and 0 <= depth <= co.co_stacksize + 1
                if target not in depths:
                    depths[target] = depth
                    waiting.append(target)
                assert depths[target] == depth, f"instruction {target}"
        for loop in code.loops.values():
            assert loop.header in depths and loop.blocks <= set(code.leaders)
        back_edges = [i for i in depths if code.instrs[i][0] == n.JUMP and code.instrs[i][1] <= i]
        assert {code.instrs[i][1] for i in back_edges} <= set(code.loops)
        # What is read before it is written on the way in is a parameter or (with a comprehension) may be unbound.
        parameters = co.co_argcount + co.co_kwonlyargcount + bool(co.co_flags & 4)
        cleared = {arg for op, arg in code.instrs if op == n.LOAD_CLEAR}
        read = {i for i, _ in enumerate(code.names) if code.live[0] >> i & 1 and not code.captured >> i & 1}
        maybe_unbound = {"found", "squares"} if function.__module__ != "constructs" else set()
        if function.__module__ == "constructs":
            assert read <= set(range(parameters)) | cleared | maybe_unbound


@pytest.mark.parametrize("function", all_functions(), ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_places_are_those_of_dis(function: FunctionType) -> None:
    """Lines, columns and jump targets agree with the standard library's disassembler."""
    for co in codes_of(function.__code__):
        code = Code(co)
        listed = {i.offset // 2: i for i in dis.get_instructions(co)}
        first = {}
        for index, unit in enumerate(code.offsets):
            first.setdefault(unit, index)
        for index, unit in enumerate(code.offsets):
            position = listed[unit].positions
            if position.lineno:
                assert code.lines[index] == position.lineno
                assert code.position(index) == (position.lineno, position.end_lineno, position.col_offset, position.end_col_offset)
            op, arg = code.instrs[index]
            if op in (n.JUMP, n.JUMP_IF, n.JUMP_IF_NONE):
                target = arg if op == n.JUMP else arg[0]
                goal = listed[unit].argval // 2
                while goal not in first:  # instructions without effect are left out
                    goal += 1
                assert first[goal] == target


@pytest.mark.parametrize(("function", "arguments"), constructs.CONSTRUCTS, ids=NAMES)
def test_neutral_code_computes_the_same(function, arguments, capsys) -> None:
    assert outcome(lambda *a: neutral.call(function, *a), arguments, capsys) == outcome(function, arguments, capsys)


@pytest.mark.parametrize(("function", "arguments"), constructs.CONSTRUCTS, ids=NAMES)
def test_compiled_code_computes_the_same(function, arguments, capsys) -> None:
    try:
        got = outcome(jitpy.jit(function), arguments, capsys)
    except CompileError as error:
        if function.__name__ in NOT_COMPILED:
            pytest.xfail(str(error))
        raise
    assert got == outcome(function, arguments, capsys)


def outcome(function, arguments, capsys):
    """What a call returns or raises, prints, and leaves in its arguments."""
    arguments = copy.deepcopy(arguments)
    try:
        result = ("returned", plain(function(*arguments)))
    except (ValueError, AssertionError, ZeroDivisionError) as error:
        result = ("raised", type(error), str(error))
    return result, plain(arguments), capsys.readouterr().out


def plain(value):
    """Comparable with ==, types included."""
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tolist()
    return type(value), value


def test_tables_agree_with_the_interpreter() -> None:
    v = decoding.version()
    table = importlib.import_module(f"jitpy.frontend.bytecode.py3{sys.version_info[1]}")
    for name, number in opcode.opmap.items():
        if number < 256 and not name.startswith("INSTRUMENTED_") and name not in NOT_IN_FUNCTIONS:
            assert number in v["TABLE"], f"{name} is not known"
    spellings = [spelling for _, spelling in opcode._nb_ops]
    count = len(v["OPERATORS"])
    assert list(v["OPERATORS"]) == spellings[:count]
    assert [s + "=" for s in v["OPERATORS"]] == spellings[count : 2 * count]
    assert spellings[2 * count :] in ([], ["[]"])
    assert v["COMPARISONS"] == opcode.cmp_op
    if hasattr(opcode, "_intrinsic_1_descs"):
        assert opcode._intrinsic_1_descs[5:7] == ["INTRINSIC_UNARY_POSITIVE", "INTRINSIC_LIST_TO_TUPLE"]
    if hasattr(opcode, "_common_constants"):
        assert list(table.COMMON_CONSTANTS) == list(opcode._common_constants)
    if hasattr(opcode, "_special_method_names"):
        assert opcode._special_method_names[:2] == ["__enter__", "__exit__"]


def test_disassembler_is_not_imported() -> None:
    for source in (ROOT / "frontend" / "bytecode").glob("*.py"):
        assert "import dis" not in source.read_text()


def made(source: str):
    namespace: dict = {"np": np}
    exec(source, namespace)
    return namespace["f"]


def test_far_jumps_and_many_constants() -> None:
    """Arguments above one byte and above two."""
    lines = "".join(f"        s = s * 3 % {1000 + k}\n        t{k} = s - {k}.5\n" for k in range(300))
    f = made(f"def f(n):\n    s = n\n    for i in range(n):\n{lines}    else:\n        s += 1\n    return s\n")
    assert neutral.call(f, 3) == f(3)
    assert max(len(code_of(f.__code__).instrs), 600) < 40000


REFUSED = [
    ("try:\n  return 1 // n\n except* ValueError:\n  n = 2", "except"),
    ("try:\n  return 1 // n\n except KeyboardInterrupt:\n  return 2", "KeyboardInterrupt"),
    ("try:\n  return 1 // n\n except n:\n  return 2", "exception classes"),
    ("yield n", "generator"),
    ("return [(yield)]", "generator"),
    ("global g\n g = n", "assignments to a global"),
    ("n.x = 3", "assignments to attributes"),
    ("del n.x", "deletions of attributes"),
    ("class A:\n  pass", "classes"),
    ("match n:\n  case {'a': 1}:\n   return 1", "match statements"),
]
if sys.version_info >= (3, 12):
    REFUSED.append(("def g[T](x: T):\n  return x\n return g(n)", "type parameters|generic"))
if sys.version_info >= (3, 14):
    REFUSED.append(("return t'{n}'", "template strings"))


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_what_is_refused_says_so(body: str, message: str) -> None:
    with pytest.raises(CompileError, match=message):
        jitpy.jit(made(f"def f(n):\n {body}\n"))(3)


def test_async_code_is_refused() -> None:
    f = made("async def f(n):\n await n\n")
    with pytest.raises(TypeError, match="asynchronous"):
        jitpy.jit(f)(3)


def test_unknown_opcodes_end_in_one_clear_error(monkeypatch) -> None:
    v = decoding.version()
    number = opcode.opmap["SWAP"]
    monkeypatch.setitem(v, "TABLE", {k: row for k, row in v["TABLE"].items() if k != number})
    f = made("def f(a, b):\n x = a, b\n while (a := a - 1):\n  b = a if 0 < a < b else a\n return b\n")
    with pytest.raises(CompileError, match=r"SWAP instructions of Python 3\.\d+ are not supported"):
        jitpy.jit(f)(3, 4)
