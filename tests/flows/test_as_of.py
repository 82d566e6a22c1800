"""An old night is made again from its own snapshots, beside the city."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from tests.flows.nights import FIRST, LATER, NAME, NEXT, City


def layer_differences(ours: Path, theirs: Path) -> list[str]:
    """Tables of the layer that hold a row that the other file does not."""
    with connect(ours, read_only=True) as con:
        con.execute(f"ATTACH '{theirs}' AS other (READ_ONLY)")
        names = [
            row[0]
            for row in con.execute(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'layer' AND database_name <> 'other'"
            ).fetchall()
        ]
        both = " UNION ALL ".join(
            f"SELECT '{name}' FROM (({a} EXCEPT ALL {b}) UNION ALL ({b} EXCEPT ALL {a}))"
            for name in names
            for a, b in [(f"SELECT * FROM layer.{name}", f"SELECT * FROM other.layer.{name}")]
        )
        assert "building" in names
        return [row[0] for row in con.execute(both).fetchall()]


def kept(city: City, folder: Path) -> Path:
    """A copy of what is out now: warehouse and products."""
    shutil.copytree(city.space.outputs / NAME, folder)
    return Path(shutil.copy(city.space.warehouse(NAME), folder / "kept.duckdb"))


def test_old_nights_are_made_again_exactly_and_the_city_stays(city: City, tmp_path: Path) -> None:
    nights = {FIRST: kept(city, tmp_path / "first")}
    city.list_two()
    city.space.decisions(NAME).parent.mkdir(parents=True, exist_ok=True)
    city.night(NEXT)
    nights[NEXT] = kept(city, tmp_path / "next")
    # A building goes, rows of a register go, and a match is decided by hand: none of that is of the nights before.
    ((gone,),) = city.rows(
        "SELECT building_id FROM layer.building WHERE audience = 'public' AND building_id LIKE 'grb:knw:%' LIMIT 1"
    )
    city.drop_footprint(gone)
    city.edit("snapshot_on = 2025-05-28", "snapshot_on = 2025-06-28")
    city.space.decisions(NAME).write_text(
        "left,right,verdict,decided_by,decided_on,why\nvacancy_register:990001,grb:1,different,surveyor,2026-03-02,seen\n"
    )
    city.night(LATER)
    assert {change.kind for change in city.changes(LATER, "public") if change.building_id == gone} == {"gone"}
    newest = city.space.warehouse(NAME).read_bytes()
    for day, before in nights.items():
        again = city.night(day)
        assert again.warnings == []
        assert again.warehouse.stem == f"{NAME}~{day:%Y_%m_%d}"
        assert layer_differences(again.warehouse, before) == []
        products = {path.name: path.read_bytes() for path in (city.space.outputs / again.warehouse.stem).iterdir()}
        assert products == {path.name: path.read_bytes() for path in before.parent.iterdir() if path != before}
    assert city.space.warehouse(NAME).read_bytes() == newest


def test_another_method_is_said_and_a_removed_snapshot_is_named(city: City, tmp_path: Path) -> None:
    city.night(NEXT)
    city.weigh(tmp_path / "checkout", "prior_atypical", 0.3)
    (warning,) = city.night(FIRST).warnings
    assert "reference_hash differ" in warning
    for manifest in city.space.store.folder(NAME, "vacancy_register").iterdir():
        manifest.unlink()
    with pytest.raises(OnbenutError, match=r"cannot be made again.*feed vacancy_register"):
        city.night(FIRST)
