"""The notebooks run from top to bottom, and show what they say they show."""

from __future__ import annotations

import pathlib

import nbclient
import nbformat
import pytest

ROOT = pathlib.Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: What the outputs must contain, by notebook.
SHOWN = {
    "quickstart.ipynb": ["OverflowError:", "index 1000000000 is out of bounds for axis 0 with size 100000", "RecursionError",
                         "(20.0, 30.0)", "function %total", "21", "int_divz"],
}  # fmt: skip


def test_there_are_notebooks() -> None:
    assert {n.name for n in NOTEBOOKS} == set(SHOWN)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebook(path: pathlib.Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "notebooks are committed without outputs"
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    text = ""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            text += output.get("text", "") + str(output.get("data", {}).get("text/plain", "")) + "\n"
    for wanted in SHOWN[path.name]:
        assert wanted in text, text
