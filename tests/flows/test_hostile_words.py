"""What a source writes stays text wherever it ends: in a spreadsheet, on a screen, in a page of Markdown."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.night_lines import CityLine, FeedLine, Night
from flows.night_writing import as_json_lines, as_markdown, as_text
from sources._kit.duck import connect
from tests.flows.conftest import NAME, Home

FORMULAS = ("=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1")
SCREEN = "kerk\x1b[2J\x1b]0;mine\x07\x9b1m\u202e"


def test_an_export_for_spreadsheets_holds_no_formula_and_a_screen_is_not_steered(
    own_home: Home, tmp_path: Path
) -> None:
    with connect(own_home.space.warehouse(NAME)) as con:
        ids = [row[0] for row in con.execute("""
            SELECT building_id FROM layer.building WHERE audience = 'public' ORDER BY priority_rank LIMIT 7""").fetchall()]  # fmt: skip
        for building_id, name in zip(ids, (*FORMULAS, SCREEN), strict=True):
            con.execute("UPDATE layer.building SET name = ? WHERE building_id = ?", [name, building_id])
            con.execute("UPDATE core.building SET name = ? WHERE building_id = ?", [name, building_id])
    assert own_home.onbenut("export", NAME, "--to", tmp_path / "x.csv").returncode == 0
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["building_id"]: row for row in csv.DictReader(file)}
    assert [rows[one]["name"] for one in ids[:6]] == [f"'{name}" for name in FORMULAS]
    assert not [cell for row in rows.values() for cell in row.values() if cell[:1] in ("=", "@", "\t", "\r")]
    assert {rows[ids[6]]["name"]} == {SCREEN}  # the analyst's file is what the source wrote
    for words in (
        ("explain", NAME, ids[6]),
        ("sql", NAME, f"SELECT name FROM core.building WHERE building_id = '{ids[6]}'"),
    ):
        done = own_home.onbenut(*words)
        assert done.returncode == 0, done.stderr
        assert "kerk\\x1b[2J" in done.stdout
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(done.stdout)


@pytest.mark.parametrize(
    "words", ["<img src=x onerror=alert(1)>", "![x](https://x.invalid/)", "a|b\\|c", "`x` \x1b[2J\n# h"]
)
def test_a_night_is_told_in_plain_words(words: str) -> None:
    at = datetime(2025, 6, 1, tzinfo=UTC)
    feed = FeedLine("osm", "fallback", 1, 1, 0, 0, 0, None, 3, 2, 1.0, note=words)
    city = CityLine("x", "failed", why=words, warnings=[words], next_step=words, feeds=[feed])
    night = Night(at, at, [city])
    page = as_markdown(night)
    assert "<img" not in page
    assert "![" not in page.replace("!\\[", "")
    assert "\x1b" not in page + as_text(night) + "\n".join(as_json_lines(night))
    assert not [line for line in page.splitlines() if line.startswith("# h")]
    bars = {
        line.replace("\\\\", "").replace("\\|", "").count("|") for line in page.splitlines() if line.startswith("| x")
    }
    assert bars == {7, 12}
