"""docs/notebooks/city.ipynb runs from beginning to end with nothing of the project, and draws something."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from flows.workspace import CHECKOUT
from tests.flows.conftest import NAME, Demo
from tests.flows.queries_page import call

NOTEBOOK = CHECKOUT / "docs" / "notebooks" / "city.ipynb"
FIGURES = 4
# As a kernel does it: the cells in order, in one namespace; `plt.show` keeps the figures. Whoever imports the project fails.
KERNEL = """
import json, sys, warnings
warnings.simplefilter("error", UserWarning)

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"sources", "transforms", "flows", "tests"}:
            raise ImportError(f"the notebook imports {name}")

sys.meta_path.insert(0, Blocked())
import matplotlib.pyplot as plt
shown = []
def show():
    for number in plt.get_fignums():
        shown.append(number)
        plt.figure(number).savefig(f"{len(shown)}.png")
    plt.close("all")
plt.show = show
cells = json.load(sys.stdin)
space = {}
for cell in cells[:-1]:
    exec(compile(cell, "cell", "exec"), space)
*body, last = cells[-1].splitlines()
exec("\\n".join(body), space)
table = eval(last, space)
assert not {"sources", "transforms", "flows"} & set(sys.modules)
print("@" + json.dumps([len(shown), list(map(str, table.columns)), table.reset_index().astype(str).values.tolist()]))
"""


@pytest.fixture(scope="module")
def notebook() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return content


def test_it_is_a_notebook_of_format_4_without_stored_output_and_each_step_is_explained(
    notebook: dict[str, Any],
) -> None:
    assert set(notebook) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    cells = notebook["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    for cell in cells:
        wanted = {"cell_type", "id", "metadata", "source"}
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
            wanted |= {"outputs", "execution_count"}
        assert set(cell) == wanted
    kinds = [cell["cell_type"] for cell in cells]
    assert kinds[0] == "markdown"
    assert all("markdown" in pair for pair in pairwise(kinds))


@pytest.mark.parametrize("audience", ["public", "city"])
def test_it_runs_without_the_project_and_draws_what_it_says(
    notebook: dict[str, Any], demo: Demo, tmp_path: Path, audience: str
) -> None:
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    env = {
        "HOME": str(tmp_path),
        "MPLBACKEND": "Agg",
        "ONBENUT_WAREHOUSE": str(demo.home.space.warehouse(NAME)),
        "ONBENUT_AUDIENCE": audience,
    }
    printed = call(sys.executable, "-I", "-c", KERNEL, stdin=json.dumps(code), env=env, cwd=tmp_path)
    figures, columns, rows = json.loads(printed.rsplit("@", 1)[1])
    assert figures == FIGURES
    for number in range(1, FIGURES + 1):
        with Image.open(tmp_path / f"{number}.png") as picture:
            assert min(picture.size) > 300
            colours = picture.convert("RGB").getcolors(1 << 24)
            assert colours is not None
            white = sum(count for count, colour in colours if colour == (255, 255, 255))
            assert len(colours) > 40, number
            assert white < 0.97 * picture.width * picture.height, number
    with Image.open(tmp_path / "1.png") as picture:
        drawn = {colour for _count, colour in picture.convert("RGB").getcolors(1 << 24) or []}
    assert {(0xB9, 0xB9, 0xB9), (0xDD, 0x5A, 0x17)} <= drawn  # unknown is grey, what is worth a visit is not
    assert "reason 1" in columns
    assert [int(row[0]) for row in rows] == list(range(1, 11))
