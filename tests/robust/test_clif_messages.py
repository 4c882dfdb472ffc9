"""Errors of hand-written CLIF show the line; the notebook's magic has help and can be taken back."""

import linecache
import traceback
import types

import numpy as np
import pytest

import jitpy
from jitpy import clif, jit


def message(text, path=""):
    with pytest.raises(jitpy.CompileError) as caught:
        clif.compile(text, path)
    files = [str(entry.frame.code.path) for entry in caught.traceback]
    assert not any("backend" in file for file in files)
    return str(caught.value)


def test_parse_errors_have_line_column_and_caret():
    text = "function %f(i32) -> i32 {\nblock0(v0: i32):\n    v1 = iaddd v0, v0\n    return v1\n}\n"
    assert message(text, "<cell>") == (
        "<cell>:3:10: expected an instruction, found 'iaddd'\n    v1 = iaddd v0, v0\n         ^\n    did you mean iadd?"
    )
    assert message(text.replace("iaddd v0, v0", "iadd v0, v9")) == (
        "line 3, column 19: v9 is not defined\n    v1 = iadd v0, v9\n                  ^"
    )


def test_broken_rules_have_their_line():
    text = "function %f(i32) -> i64 {\nblock0(v0: i32):\n    v1 = iadd v0, v0\n    return v1\n}\n"
    found = message(text, "<cell>")
    assert found.startswith("<cell>:4, in %f: ") and found.endswith("\n    return v1")
    found = message(text.replace("block0(v0: i32)", "block0(v0: i64)"))
    assert "line 3, in %f: " in found


def test_the_magic_has_help_and_is_taken_back():
    from IPython.testing.globalipapp import get_ipython, start_ipython

    shell = start_ipython() or get_ipython()
    shell.run_line_magic("load_ext", "jitpy")
    assert "--show" in shell.find_cell_magic("clif").__doc__
    shell.run_cell_magic("clif", "", "function %seven() -> i32 {\nblock0:\n v0 = iconst.i32 7\n return v0\n}\n")
    assert shell.user_ns["seven"]() == 7
    shell.run_line_magic("unload_ext", "jitpy")
    assert shell.find_cell_magic("clif") is None


def test_frames_of_kernels_begin_where_their_functions_do():
    lines = ["from jitpy import jit", "@jit", "def far(a,", "        i):", *["    a[0] = 1"] * 300, "    return a[i]"]
    linecache.cache["<far>"] = (1, None, [f"{line}\n" for line in lines], "<far>")
    names: dict = {}
    exec(compile("\n".join(lines), "<far>", "exec"), names)
    with pytest.raises(IndexError) as caught:
        names["far"](np.ones(3), 9)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.name, last.lineno, last.line) == ("far", 305, "return a[i]")
    tb: types.TracebackType = caught.value.__traceback__
    while tb.tb_next:
        tb = tb.tb_next
    assert (tb.tb_frame.f_code.co_firstlineno, tb.tb_frame.f_lineno) == (2, 305)
    with pytest.raises(IndexError):
        jit(lambda a: a[7])(np.ones(3))
