"""The whole evaluation on the smallest cities that hold the hard cases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from flows.evaluate import MARK, evaluate, replace_figures
from flows.evaluate_cities import REGISTERS, Made, rows_file
from flows.evaluate_compare import listed_in
from flows.evaluate_rows import read_sample
from flows.evaluate_weights import stated_weights
from sources._kit.errors import OnbenutError
from sources.voorbeeldstad import Generation

SIZE = 2000


# Whole cities, scored and fitted: as slow as what it proves.
pytestmark = pytest.mark.night


@dataclass(frozen=True)
class Done:
    page: str
    rows: Path
    target: Path
    cities: tuple[Made, ...]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    home = tmp_path_factory.mktemp("evaluate")
    cities = (
        Made("one", "nothing", SIZE, 21),
        Made("two", "no register", SIZE, 22, Generation(without=REGISTERS), hide_register=False),
    )
    # One city serves both: a third run would only cost time.
    page = evaluate(cities, cities[:1], home / "rows", home / "out", workers=1, resamples=5)
    return Done(page, home / "rows", home / "out", cities)


def test_every_part_is_reported(done: Done) -> None:
    for part in (
        "### The cities", "### Against the truth: atypical buildings", "### Against the truth: all buildings",
        "### Register hidden from the score, against the register's own rows",
        "### Reliability per main function", "### Weights: stated, counted, fitted", "### Leave one city out",
        "### The 80% interval over 1 cities", "| register only |", "| OSM tags only |", "| type prior |", "| ceiling |",
        "| one | nothing |", "| two | no register |",
    ):  # fmt: skip
        assert part in done.page, part
    assert (done.target / "evaluation.md").read_text(encoding="utf-8") == done.page
    assert "nan" not in done.page


def test_the_curve_is_a_small_picture(done: Done) -> None:
    picture = done.target / "reliability.png"
    assert picture.stat().st_size < 100_000
    with Image.open(picture) as image:
        assert image.width > 600
        assert len(set(image.convert("RGB").resize((60, 60)).tobytes())) > 20


def test_a_hidden_register_leaves_no_trace_in_the_score(done: Done) -> None:
    known = read_sample([("one", rows_file(done.rows, "one"))])
    hidden = read_sample([("one", rows_file(done.rows, "one", hidden=True))])
    kinds = [kind for kind in stated_weights().kinds if kind.startswith("register")]
    assert known.features(kinds).sum() > 0
    assert hidden.features(kinds).sum() == 0
    labels = listed_in(known, hidden)
    assert 0 < labels.sum() <= known.column("is_listed").sum()
    assert hidden.column("probability")[labels].mean() < known.column("probability")[known.column("is_listed")].mean()
    section = done.page.split("### Register hidden from the score")[1]
    assert "register only" not in section
    assert not rows_file(done.rows, "two", hidden=True).exists()


def test_kept_rows_are_not_made_again_and_give_the_same_page(done: Done, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in done.rows.iterdir()}
    assert evaluate(done.cities, done.cities[:1], done.rows, tmp_path, workers=1, resamples=5) == done.page
    assert {path: path.stat().st_mtime_ns for path in done.rows.iterdir()} == before
    assert not [path for path in done.rows.iterdir() if path.is_dir()]


def test_figures_replace_what_is_below_the_mark_only(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"by hand\n\n{MARK}\n\nold", encoding="utf-8")
    replace_figures(page, "new\n")
    assert page.read_text(encoding="utf-8") == f"by hand\n\n{MARK}\n\nnew\n"
    page.write_text("no mark", encoding="utf-8")
    with pytest.raises(OnbenutError, match="figures"):
        replace_figures(page, "new\n")
    assert page.read_text(encoding="utf-8") == "no mark"
