"""The notebooks run from the first cell to the last, and what is kept of them are such runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NOTEBOOKS = {
    "what_if": "400 of 400 tasks assigned",
    "quarter": "22 of 24 reps with work",
    "better_than_round_robin": "more than round robin in 12 of 12 quarters",
}
"""Name -> what its last plan, or its comparison, says."""

SECONDS = 300
"""For one cell; the solves in it have limits of their own."""

LIMIT = 4
"""For one solve: the cells are to run, not to find the best plans there are."""

if not EXAMPLES.exists():
    pytest.skip("no examples beside the tests", allow_module_level=True)


def texts(cells: list[dict[str, Any]]) -> str:
    """Join all text that cells have put out."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    found = [
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    ]
    return "\n".join(text if isinstance(text, str) else "".join(text) for text in found)


def charts(cells: list[dict[str, Any]]) -> int:
    """Count the pictures that cells have put out."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def path(name: str) -> Path:
    return EXAMPLES / f"{name}.ipynb"


def kept(name: str) -> list[dict[str, Any]]:
    cells = json.loads(path(name).read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_is_kept_is_one_run_without_errors(name: str) -> None:
    cells = kept(name)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {"stream", "execute_result"}
    assert all(output.get("name", "stdout") == "stdout" for output in outputs)
    assert charts(cells) == 3
    assert NOTEBOOKS[name] in texts(cells)
    assert str(Path.home()) not in path(name).read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore")  # those of the tools that run notebooks
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_notebook_runs(name: str) -> None:
    nbformat = pytest.importorskip("nbformat", reason="nbformat reads the notebook; see [dev]")
    nbclient = pytest.importorskip("nbclient", reason="nbclient runs the notebook; see [dev]")
    for module in ("ipykernel", "altair", "vl_convert"):
        pytest.importorskip(module, reason=f"the notebook needs {module}; see [dev]")
    notebook = nbformat.read(path(name), as_version=4)
    for cell in notebook.cells:
        cell.source = re.sub(r"time_limit=\d+", f"time_limit={LIMIT}", cell.source)
    nbclient.NotebookClient(notebook, timeout=SECONDS, kernel_name="python3").execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert charts(cells) == 3
    assert NOTEBOOKS[name] in texts(cells)
