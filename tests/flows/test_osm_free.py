"""The layer without OpenStreetMap: nothing of it enters, and it comes and goes with the city's set."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flows.changes import find_changes
from flows.cities import list_cities
from flows.city_check import check_file
from flows.gates.overrule import Overrule
from flows.gates.rules import read_rules
from flows.osm_free import free_city, is_osm
from flows.query import ask
from flows.run import run_city
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import CityFileError, GateError
from sources.voorbeeldstad import make_city
from tests.conftest import LEAN
from transforms._kit.reference import read_reference

CITY = "voorbeeldstad"
FREE = [f"{CITY}_osm_free.gpkg", f"{CITY}_osm_free.parquet", f"{CITY}_osm_free_pins.geojson"]
ODBL = "Open Data Commons Open Database License 1.0"
MOVING = [f"{edition}{gate}" for edition in ("", "osm_free.") for gate in ("score_drift", "score_mean", "bands")]
NOT_OF_THE_RUN = "EXCLUDE (run_id)"


def _change(path: Path, old: str, new: str) -> None:
    content = path.read_text(encoding="utf-8")
    assert old in content, old
    path.write_text(content.replace(old, new, 1), encoding="utf-8")


def _feed(path: Path, name: str) -> str:
    """The table of a feed in a city file."""
    content = path.read_text(encoding="utf-8")
    start = content.index(f"[feeds.{name}]")
    return content[start : content.index("\n[", start + 1) + 1]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up city that asks for the edition; its OSM says whose licence it is under, one building objected."""
    path = make_city(tmp_path_factory.mktemp("files"), 1500, 5, LEAN)
    osm = _feed(path, "osm")
    licence = 'licence = "made up, free of rights"'
    _change(
        path,
        osm,
        osm.replace(licence, f'licence = "{ODBL}"').replace("Voorbeeldstad: made-up", "OpenStreetMap: made-up"),
    )
    _change(path, "[feeds.osm]", "osm_free = true\n\n[feeds.osm]")
    return path


@pytest.fixture(scope="module")
def space(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The home in which it was run."""
    space = Workspace(tmp_path_factory.mktemp("home"))
    outcome = run_city(load_city(files, space.cities), space)
    assert not outcome.not_made
    assert set(FREE) < set(outcome.products)
    return space


def test_the_edition_equals_a_city_that_never_heard_of_openstreetmap(
    files: Path, space: Workspace, tmp_path: Path
) -> None:
    other = files.with_name("other.toml")
    other.write_text(files.read_text(encoding="utf-8").replace("osm_free = true\n", ""), encoding="utf-8")
    _change(other, _feed(other, "osm"), "")
    without = Workspace(tmp_path)
    warehouse = run_city(load_city(other, without.cities), without).warehouse
    with connect() as con:
        con.execute(
            f"ATTACH '{space.warehouse(f'{CITY}~osm_free')}' AS free (READ_ONLY); ATTACH '{warehouse}' AS other (READ_ONLY)"
        )
        for table in (
            "layer.building",
            "layer.site",
            "layer.reuse",
            "layer.evidence",
            "layer.source",
            "staging.reject",
            "core.link",
        ):
            columns = NOT_OF_THE_RUN if table in ("layer.building", "layer.site") else ""
            for a, b in (("free", "other"), ("other", "free")):
                found = con.execute(
                    f"SELECT * {columns} FROM {a}.{table} EXCEPT ALL SELECT * {columns} FROM {b}.{table}"
                )
                assert found.fetchall() == [], (table, a)
        assert len(con.execute("SELECT 1 FROM free.layer.building WHERE audience = 'public'").fetchall()) > 5


def test_its_products_name_neither_the_licence_nor_a_building_of_openstreetmap(space: Workspace) -> None:
    folder = space.outputs / CITY
    with closing(sqlite3.connect(f"file:{folder / FREE[0]}?mode=ro", uri=True)) as db:
        ids = {row[0] for row in db.execute("SELECT building_id FROM buildings")}
        licences = {row[0] for row in db.execute("SELECT licence FROM buildings UNION SELECT licence FROM sources")}
        described = " ".join(row[0] for row in db.execute("SELECT description FROM gpkg_contents"))
        assert db.execute("SELECT count(*) FROM sources WHERE feed = 'osm'").fetchone() == (0,)
    assert ids
    assert not any(name.startswith("osm:") for name in ids)
    assert not any("Open Database" in text for text in licences)
    assert "OpenStreetMap: made-up" not in described
    assert set(pq.read_table(folder / FREE[1])["building_id"].to_pylist()) == ids
    assert "OpenStreetMap: made-up" not in (folder / FREE[2]).read_text(encoding="utf-8")
    # The layer with OpenStreetMap says so in each of these places.
    with closing(sqlite3.connect(f"file:{folder / f'{CITY}.gpkg'}?mode=ro", uri=True)) as db:
        assert ODBL in {row[0] for row in db.execute("SELECT licence FROM sources")}
        assert "OpenStreetMap: made-up" in " ".join(
            row[0] for row in db.execute("SELECT description FROM gpkg_contents")
        )
    assert "OpenStreetMap: made-up" in (folder / f"{CITY}_pins.geojson").read_text(encoding="utf-8")


def test_a_second_night_builds_and_writes_nothing(files: Path, space: Workspace) -> None:
    before = (space.outputs / CITY).readlink(), space.warehouse(f"{CITY}~osm_free").stat().st_ino
    outcome = run_city(load_city(files, space.cities), space)
    assert outcome.unchanged
    assert ((space.outputs / CITY).readlink(), space.warehouse(f"{CITY}~osm_free").stat().st_ino) == before


@pytest.mark.night
def test_a_past_night_is_made_again_with_its_edition_and_the_edition_has_changes_of_its_own(
    files: Path, space: Workspace, tmp_path: Path
) -> None:
    shutil.copytree(space.home, tmp_path / "home", symlinks=True)
    own, model = Workspace(tmp_path / "home"), load_city(files, space.cities)
    first = {path.name: path.read_bytes() for path in (own.outputs / CITY).iterdir()}
    assert set(FREE) < set(first)
    run_city(model, own, as_of=date(2026, 6, 1), overrule=Overrule(frozenset(MOVING), "half a year passes at once"))
    found = find_changes(f"{CITY}~osm_free", own, date(2026, 6, 1))
    assert found
    assert {change.cause for change in found} == {"time"}
    with connect(own.warehouse(f"{CITY}~osm_free"), read_only=True) as con:
        ids = con.execute("SELECT DISTINCT building_id FROM history.building_state").fetchall()
    assert not any(row[0].startswith("osm:") for row in ids)
    again = run_city(model, own, as_of=date(2025, 6, 1))
    assert "Exact" in again.made_from
    assert {path.name: path.read_bytes() for path in again.products.values()} == first
    assert not own.warehouse(f"{again.city}~osm_free").exists()


def test_who_objects_leaves_this_edition_too(files: Path, space: Workspace) -> None:
    with connect(space.warehouse(f"{CITY}~osm_free"), read_only=True) as con:
        (gone,) = con.execute("SELECT min(building_id) FROM layer.building WHERE audience = 'public'").fetchall()[0]
    files.with_name("objections.csv").write_text(f"building_id\n{gone}\n", encoding="utf-8")
    objecting = files.with_name(f"{CITY}_objecting.toml")
    objecting.write_text(
        files.read_text(encoding="utf-8").replace("osm_free", 'objections = "objections.csv"\nosm_free'),
        encoding="utf-8",
    )
    city = load_city(objecting, space.cities).model_copy(update={"slug": CITY})
    outcome = run_city(city, space)
    for name in FREE[1:]:
        assert gone.encode() not in outcome.products[name].read_bytes()


@pytest.mark.night
def test_a_gate_that_fails_in_this_edition_alone_keeps_both_old_ones(
    files: Path, space: Workspace, tmp_path: Path
) -> None:
    shutil.copytree(files.parent, tmp_path / "files")
    shutil.copytree(space.home, tmp_path / "home", symlinks=True)
    home, path = Workspace(tmp_path / "home"), tmp_path / "files" / files.name
    register = path.with_name("register.csv")
    lines = register.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    register.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")
    city, because = load_city(path, home.cities), "the register was weeded by the city itself"

    before = _state(home)
    own = frozenset(rule.name for rule in read_rules() if not rule.is_fixed)
    with pytest.raises(GateError) as raised:
        run_city(city, home, overrule=Overrule(own, because))
    gates = set(str(raised.value.where["gates"]).split(","))
    assert "osm_free.rows_raw" in gates
    assert all(name.startswith("osm_free.") for name in gates)
    assert _state(home) == before
    assert not list(home.warehouse("x").parent.glob(".*next*"))
    outcome = run_city(city, home, overrule=Overrule(own | gates, because))
    assert "rows_raw" in {line.split(":")[0] for line in outcome.overruled}
    after = _state(home)
    assert after.keys() == before.keys()
    assert not {name for name in after if name.endswith((".duckdb", ".gpkg")) and after[name] == before[name]}


def _state(space: Workspace) -> dict[str, str]:
    """Every byte of both editions, and of their warehouses."""
    found = [*sorted((space.outputs / CITY).iterdir()), space.warehouse(CITY), space.warehouse(f"{CITY}~osm_free")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def test_it_is_read_by_its_name_and_is_no_city_of_its_own(space: Workspace) -> None:
    asked = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name LIKE 'osm%'"
    assert next(ask(f"{CITY}~osm_free", space, asked).batches) == [(0,)]
    assert next(ask(CITY, space, asked).batches) != [(0,)]
    assert f"{CITY}~osm_free" not in [entry.slug for entry in list_cities(space)]


@pytest.mark.parametrize(
    ("new", "is_told"), [('osm_free = true\nboundary = "feed:osm"', True), ("osm_free = true", False)]
)
def test_a_city_whose_boundary_is_openstreetmaps_is_told(files: Path, tmp_path: Path, new: str, is_told: bool) -> None:
    path = files.with_name("told.toml")
    path.write_text(files.read_text(encoding="utf-8").replace("osm_free = true", new), encoding="utf-8")
    checked = check_file(path, Workspace(tmp_path).cities, read_reference(CHECKOUT / "data" / "reference").tables)
    assert ("osm_free, but the boundary is OpenStreetMap's" in [fault.what for fault in checked.faults]) is is_told


def test_osm_alone_is_refused_and_another_source_under_its_licence_counts_as_osm(files: Path) -> None:
    city = load_city(files, CHECKOUT / "data" / "cities")
    only = city.model_copy(update={"feeds": {"osm": city.feeds["osm"]}})
    with pytest.raises(CityFileError, match="every feed is OpenStreetMap's"):
        free_city(only)
    for licence in ("ODbL-1.0", "ODbL", ODBL, "Open Database License"):
        assert is_osm(city.feeds["observations"].model_copy(update={"licence": licence}))
    assert not is_osm(city.feeds["grb"])


@pytest.mark.night
def test_without_official_outlines_the_city_is_published_and_the_edition_said_to_be_missing(
    files: Path, tmp_path: Path
) -> None:
    path = files.with_name("no_outlines.toml")
    path.write_text(files.read_text(encoding="utf-8"), encoding="utf-8")
    _change(path, _feed(path, "grb"), "")
    outcome = run_city(load_city(path, CHECKOUT / "data" / "cities"), Workspace(tmp_path))
    assert list(outcome.not_made) == ["layer without OpenStreetMap"]
    assert "no_outlines.gpkg" in outcome.products
    assert not [name for name in outcome.products if "osm_free" in name]
