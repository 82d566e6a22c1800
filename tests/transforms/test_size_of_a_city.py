"""The made-up city with its rasters and without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.run import run_city
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources.voorbeeldstad import Generation, make_city
from tests.conftest import LEAN, RunCity
from transforms._kit.header import read_specs
from transforms._kit.reference import fingerprints, read_reference
from transforms._kit.runner import plan

# What sources/voorbeeldstad/elevation.py builds: sheds of 3 m, others 3.1 m a storey and a roof of 2 m; halls vary.
SURE = "h.covered_share > 0.95 AND NOT t.is_gone AND t.type NOT IN ('church', 'chapel', 'sports_hall', 'factory', 'warehouse', 'supermarket', 'market_hall', 'greenhouse', 'farm')"
TRUE_M = "CASE WHEN t.type IN ('shed', 'garage_box') THEN 3.0 ELSE 3.1 * t.levels + 2 END"


@pytest.fixture(scope="module")
def flat(voorbeeldstad_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunCity]:
    """The same city without the feed of rasters."""
    folder = tmp_path_factory.mktemp("flat") / "voorbeeldstad"
    file = make_city(folder, 3000, 7, Generation(without=LEAN.without | {"elevation"}))
    for path in sorted(folder.rglob("*.*")):
        if path.is_file() and path != file:
            assert path.read_bytes() == (voorbeeldstad_files.parent / path.relative_to(folder)).read_bytes()
    space = Workspace(tmp_path_factory.mktemp("flat_home"))
    outcome = run_city(load_city(file, space.cities), space)
    con = connect(outcome.warehouse, read_only=True)
    yield RunCity(outcome, space, con)
    con.close()


def test_rasters_give_the_true_height_of_what_stood_then(voorbeeldstad: RunCity) -> None:
    measured = f"FROM core.height_measured AS h JOIN truth AS t USING (building_id) JOIN core.size AS s USING (building_id) WHERE {SURE} "
    seen = measured + "AND s.elevation_feed = 'elevation'"
    assert voorbeeldstad.one(f"SELECT count(*) {seen}") > 200
    assert voorbeeldstad.one(f"SELECT median(abs(s.height_m - {TRUE_M})) {seen}") < 0.05
    assert voorbeeldstad.one(f"SELECT avg(({TRUE_M} BETWEEN s.height_low_m AND s.height_high_m)::INT) {seen}") > 0.8
    # Built after the flight: the rasters show a field, which is not a building of no height.
    field = measured + "AND h.middle_m = 0"
    assert voorbeeldstad.one(f"SELECT count(*) {field}") > 0
    assert voorbeeldstad.one(f"SELECT count(*) {field} AND (s.elevation_feed IS NOT NULL OR s.height_m < 2)") == 0


def test_storeys_from_rasters_hold_the_true_ones(voorbeeldstad: RunCity) -> None:
    derived = (
        "FROM score.size AS s JOIN truth AS t USING (building_id) WHERE s.floors_source = 'height / storey height'"
    )
    assert voorbeeldstad.one(f"SELECT count(*) {derived}") > 200
    assert voorbeeldstad.one(f"SELECT avg((t.levels BETWEEN s.floors_low AND s.floors_high)::INT) {derived}") >= 0.8
    halls = "FROM score.size AS s JOIN score.type AS t USING (building_id) WHERE t.type = 'church' AND s.height_m > 8"
    assert voorbeeldstad.one(f"SELECT count(*) {halls}") > 0
    assert voorbeeldstad.rows(f"SELECT DISTINCT floors {halls} AND s.floors_source = 'hall'") == [(1.0,)]


def test_without_rasters_only_tags_speak_and_unknown_stays_unknown(flat: RunCity) -> None:
    assert flat.one("SELECT count(*) FROM core.height_measured") == 0
    differ = "FROM core.building AS b JOIN core.size AS s USING (building_id) WHERE"
    assert flat.one(f"SELECT count(*) {differ} s.height_m IS DISTINCT FROM b.height_m") == 0
    assert flat.one(f"SELECT count(*) {differ} s.floors IS DISTINCT FROM b.floors") == 0
    assert flat.one("SELECT count(*) FROM core.building") == flat.one("SELECT count(*) FROM core.size")
    assert flat.one("SELECT count(*) FROM layer.building WHERE height_m IS NULL AND volume_m3 IS NOT NULL") == 0
    assert flat.one("SELECT count(*) FROM layer.building WHERE height_m IS NULL") > 0


def test_buildings_beyond_the_rasters_are_as_without_them(voorbeeldstad: RunCity, flat: RunCity) -> None:
    beyond = "SELECT * FROM core.size WHERE elevation_feed IS NULL ORDER BY building_id"
    here = voorbeeldstad.rows(beyond)
    ids = {row[0] for row in here}
    assert len(ids) > 2000
    assert here == [row for row in flat.rows("SELECT * FROM core.size ORDER BY building_id") if row[0] in ids]


def test_the_layer_names_the_source_of_a_size_and_credits_it(voorbeeldstad: RunCity) -> None:
    shown = "FROM layer.building WHERE size_source LIKE '%hoogte: elevation%'"
    assert voorbeeldstad.one(f"SELECT count(*) {shown}") > 0
    assert voorbeeldstad.one(f"SELECT count(*) {shown} AND sources NOT LIKE '%Hoogtemodel%'") == 0
    assert (
        voorbeeldstad.one(
            "SELECT count(*) FROM layer.building WHERE (height_m IS NULL AND floors IS NULL) <> (size_source IS NULL)"
        )
        == 0
    )


def test_no_table_and_no_fingerprint_holds_where_the_store_is(voorbeeldstad: RunCity) -> None:
    home = str(voorbeeldstad.space.home)
    assert [row for row in voorbeeldstad.rows("FROM raw.elevation_raster") if home in str(row)] == []
    specs = read_specs(CHECKOUT / "transforms")
    names = {
        needed for spec in specs for needed in spec.inputs if needed.split(".")[0] in ("raw", "reference", "history")
    }
    params = {name: "x" for spec in specs for name in spec.params}
    given = {**dict.fromkeys(names, "x"), **fingerprints(read_reference(CHECKOUT / "data" / "reference").tables)}
    assert plan(specs, given, {**params, "store": "/here"}) == plan(specs, given, {**params, "store": "/there"})
