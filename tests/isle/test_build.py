"""Generated modules: made once, made again when something changed, shipped without comparing."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from jitpy.backend.isle import build

RULES = "(type u32 (primitive u32)) (decl f (u32) u32) (rule (f x) {0})"
HOST = "from jitpy.backend.isle.host import Host\ndef host():\n    return Host()\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "isle_test_host.py").write_text(HOST)
    (tmp_path / "table.txt").write_text("1")
    rules = tmp_path / "r.isle"
    rules.write_text(RULES.format(11))
    monkeypatch.syspath_prepend(str(tmp_path))
    count = []
    real = build._compile
    monkeypatch.setattr(build, "_compile", lambda *a: count.append(1) or real(*a))

    def load():
        return build.generated(
            "isle_test_rules",
            [str(rules)],
            "isle_test_host:host",
            [str(tmp_path / "table.txt")],
            folder=str(tmp_path / "isle_out"),
            package="isle_out",
        )

    yield SimpleNamespace(path=tmp_path, rules=rules, load=load, count=count)
    for name in ("isle_test_host", "isle_out", "isle_out.isle_test_rules"):
        sys.modules.pop(name, None)


def value(module):
    return module.make(SimpleNamespace())["f"](0)


def test_compiles_once_and_again_when_stale(project):
    assert value(project.load()) == 11
    assert value(project.load()) == 11 and len(project.count) == 1
    assert project.load() is project.load()
    project.rules.write_text(RULES.format(12))  # same size, same second
    assert value(project.load()) == 12 and len(project.count) == 2
    (project.path / "table.txt").write_text("2")
    project.load()
    assert len(project.count) == 3
    (project.path / "isle_test_host.py").write_text(HOST + "# other\n")
    project.load()
    assert len(project.count) == 4
    assert not [f for f in os.listdir(project.path / "isle_out") if f.split(".")[-1].isdigit()]


def test_wheel_compares_nothing(project):
    project.load()
    (project.path / "isle_out" / "WHEEL").write_text("")
    project.rules.write_text(RULES.format(13))
    assert value(project.load()) == 11 and len(project.count) == 1
    (project.path / "isle_out" / "WHEEL").unlink()
    project.rules.unlink()
    assert value(project.load()) == 11 and len(project.count) == 1


def test_nothing_can_be_written(project, monkeypatch):
    monkeypatch.setattr(build, "_write", lambda path, text: False)
    assert value(project.load()) == 11


def test_loading_imports_no_compiler(project):
    project.load()
    code = (
        "import sys; from jitpy.backend.isle import build; "
        f"build.generated('isle_test_rules', [{str(project.rules)!r}], 'isle_test_host:host', "
        f"[{str(project.path / 'table.txt')!r}], folder={str(project.path / 'isle_out')!r}, "
        "package='isle_out'); "
        "print([m for m in sys.modules if m.startswith(('jitpy.backend.isle.', 'isle_test_host'))])"
    )
    paths = os.pathsep.join([str(project.path), os.getcwd()])
    env = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout.strip() == "['jitpy.backend.isle.build']", done.stdout + done.stderr


def test_command(project, capsys, tmp_path):
    (tmp_path / "isle_test_cmd.py").write_text(
        "from jitpy.backend.isle.driver import compile_texts\nfrom jitpy.backend.isle.host import Host\n"
        "def good(): return 'made'\n"
        "def bad(): return compile_texts([('x.isle', '(rule (f))')], Host())\n"
    )
    assert build.main(["isle_test_cmd:good"]) == 0
    assert build.main(["isle_test_cmd:bad"]) == 1
    out = capsys.readouterr()
    assert "isle_test_cmd:good: made" in out.out and "x.isle:1:1" in out.err
    assert build.main([]) == 2
