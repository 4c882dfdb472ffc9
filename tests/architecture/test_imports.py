"""The import law: jitpy -> frontend -> backend.ir, jitpy -> backend; ISAs apart; no cycles; nothing heavy at import."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PARTS = ("jitpy", "frontend", "backend")


def modules() -> dict[str, pathlib.Path]:
    """Module name -> file, for the sources of all three parts."""
    found = {}
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*.py")):
            relative = path.relative_to(ROOT).with_suffix("")
            if "_generated" in relative.parts:
                continue
            names = [*relative.parts]
            if names[-1] == "__init__":
                names.pop()
            found[".".join(names if part == "jitpy" else ["jitpy", *names])] = path
    return found


def imports(path: pathlib.Path, *, at_load_only: bool) -> set[str]:
    """The jitpy modules a file imports; ``at_load_only`` leaves out those inside functions and under TYPE_CHECKING."""
    found: set[str] = set()
    stack: list[ast.AST] = [ast.parse(path.read_text())]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and at_load_only:
            continue
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            stack.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        stack.extend(ast.iter_child_nodes(node))
    return {name for name in found if name.split(".")[0] == "jitpy"}


MODULES = modules()


def test_there_are_modules() -> None:
    assert len(MODULES) > 50
    assert {"jitpy", "jitpy.frontend", "jitpy.backend"} <= set(MODULES)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_direction(name: str) -> None:
    for target in imports(MODULES[name], at_load_only=False):
        if name.startswith("jitpy.backend"):
            assert target.startswith("jitpy.backend") or target == "jitpy", f"the backend imports {target}"
        elif name.startswith("jitpy.frontend"):
            allowed = ("jitpy.frontend", "jitpy.backend.ir", "jitpy.backend.errors")
            assert target.startswith(allowed) or target in ("jitpy", "jitpy.backend"), f"the frontend imports {target}"


@pytest.mark.parametrize("name", sorted(n for n in MODULES if n.startswith("jitpy.backend")))
def test_engine_and_isas_apart(name: str) -> None:
    isa = name.split(".")[3] if name.startswith("jitpy.backend.isa.") else None
    for target in imports(MODULES[name], at_load_only=False):
        if not target.startswith("jitpy.backend.isa."):
            continue
        other = target.split(".")[3]
        if isa is not None:
            assert other == isa or (ROOT / "backend/isa" / f"{other}.py").exists(), f"ISA {isa} imports {target}"
        else:
            assert name in ("jitpy.backend.isa",), f"{name}, which serves every ISA, imports {target}"


def test_no_cycles() -> None:
    """Strongly connected components of the imports that happen at load time (Tarjan, iterative by removal of leaves)."""
    graph = {
        name: {t for t in imports(path, at_load_only=True) if t in MODULES and t != name}
        for name, path in MODULES.items()
    }
    # A package's own __init__ is imported before its modules whatever they say: not an edge of ours.
    for name, targets in graph.items():
        graph[name] = {t for t in targets if not name.startswith(t + ".")}
    left = dict(graph)
    while True:
        leaves = [name for name, targets in left.items() if not targets & left.keys()]
        if not leaves:
            break
        for name in leaves:
            del left[name]
    assert not left, f"these import one another: {sorted(left)}"


def test_importing_jitpy_is_light() -> None:
    """`import jitpy` loads no compiler, no NumPy, none of the heavy standard modules."""
    program = (
        "import sys; before = set(sys.modules); import jitpy; new = set(sys.modules) - before; "
        "print(' '.join(sorted(new)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    for heavy in ("numpy", "typing", "enum", "dataclasses", "re", "capstone", "IPython", "jitpy.backend", "jitpy.frontend"):
        assert heavy not in loaded, f"import jitpy loads {heavy}"
