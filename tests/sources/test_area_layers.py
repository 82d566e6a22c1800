"""Zoning, flood and permits: layers of areas, from the provider's words to what they say of a building."""

from __future__ import annotations

import pytest

from flows.workspace import CHECKOUT
from sources import be_flood, be_permit, be_zoning
from sources._kit.errors import CityFileError, ColumnError, UnreadableSnapshotError
from tests.sources.conftest import Con, Snap, Write, page, raw, square, taken_in
from tests.sources.tiny_city import Tiny, X, Y, building, run_tiny
from transforms._kit.matrix import MatrixError, check_matrix
from transforms._kit.reference import read_reference

FEEDS = """
[feeds.zoning]
source = "be_zoning"
path = { gwp = "gwp.json", gewrup = "rup.json" }
crs = "EPSG:31370"
snapshot_on = 2025-05-01
[feeds.flood]
source = "be_flood"
path = { fluvial = "fluvial.json", pluvial = "pluvial.json" }
snapshot_on = 2025-05-01
columns = { klasse = "KANS" }
[feeds.permits]
source = "be_permit"
path = { project = "permits.json" }
crs = "EPSG:31370"
snapshot_on = 2025-05-01
"""
FACTORY = "chemische installatie"


def zone(words: str | None, x: float, width: float, **more: object) -> dict[str, object]:
    ring = [[X + x, Y], [X + x + width, Y], [X + x + width, Y + 100], [X + x, Y + 100], [X + x, Y]]
    return {"svnaam": words, **more, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def flood(words: str, x: float, width: float) -> dict[str, object]:
    return {"KANS": words, "geometry": zone("", x, width)["geometry"]}


def permit(number: str, day: str | None, x: float, side: float = 60.0) -> dict[str, object]:
    return {"projectnummer": number, "datum_indiening": day, "geometry": square(X + x, Y, side)}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    buildings = [building(number, 100 * number, 10, 50, FACTORY) for number in range(8)]
    files = {
        "gwp.json": page(
            [
                zone("Woongebieden", 0, 320),  # 0, 1, 2 and 20 of the 50 metres of 3
                zone("natuurgebieden", 320, 180),  # 30 metres of 3, and 4
                zone("woongebieden", 490, 110, datum_goedkeuring="2026-01-01"),  # 5: not yet in force
                zone("gebied voor iets nieuws", 600, 100),  # 6: a word nobody knows; 7 lies in no zone
                zone(None, 700, 10),
            ]
        ),
        "rup.json": page(
            [zone("Zone voor natuur", 100, 100), zone("Zone voor natuur", 200, 10)]
        ),  # over 1, a fifth of 2
        "fluvial.json": page([flood("C", 0, 60), flood("A", 100, 60), flood("B", 200, 25)]),
        "pluvial.json": page([flood("D", 0, 60), flood("B", 300, 45)]),
        "permits.json": page(
            [
                {**permit("OMV_1", "2025-04-01T00:00:00Z", -5), "naam_aanvrager": "Jan"},
                permit("OMV_2", "2015-04-01", 95),
                permit("OMV_3", "2026-04-01", 195),
                permit("OMV_4", None, 295),
                {**permit("OMV_5", "2025-04-01", 0), "geometry": {"type": "Point", "coordinates": [X + 420, Y + 20]}},
            ]
        ),
    }
    return run_tiny(tmp_path_factory.mktemp("areas"), buildings, FEEDS, files)


def classes(tiny: Tiny, measure: str) -> dict[int, str]:
    query = f"SELECT building_id[5:]::INT, class FROM score.measure_class WHERE measure = '{measure}' ORDER BY 1"
    return dict(tiny.rows(query))


def test_a_newer_plan_replaces_the_regional_one_and_a_shared_building_is_unknown(tiny: Tiny) -> None:
    assert classes(tiny, "zoning") == {0: "allows", 1: "forbids", 2: "allows", 4: "forbids"}
    shares = tiny.rows(
        "SELECT building_id[5:], class, round(share, 2) FROM score.area_class WHERE measure = 'zoning' ORDER BY 1"
    )
    assert shares[3] == ("3", None, 0.6)
    assert shares[-1] == ("6", None, 1.0)  # covered by words that nobody knows
    rejects = tiny.rows("SELECT reason, count(*) FROM staging.reject WHERE feed = 'zoning' GROUP BY ALL")
    assert rejects == [("no class", 1)]


def test_outside_every_flood_area_there_is_none_and_the_worst_of_two_holds(tiny: Tiny) -> None:
    found = classes(tiny, "flood")
    assert found[0] == "effective"  # C from the river, D from rain
    assert found[1] == "none"
    assert 2 not in found  # half B, half outside
    assert found[3] == "possible"  # nine tenths B
    assert [found[number] for number in (4, 5, 6, 7)] == ["none"] * 4
    levels = tiny.rows("SELECT DISTINCT class FROM score.criterion WHERE criterion = 'flood' AND building_id = 'grb:0'")
    assert levels == [("effective",)]


def test_a_permit_says_in_use_as_long_as_it_is_fresh_and_names_nobody(tiny: Tiny) -> None:
    items = tiny.rows("SELECT source_id, building_id, round(freshness, 2), effect < 0 FROM evidence.item ORDER BY 1")
    assert [row[1] for row in items] == ["grb:0", "grb:1", "grb:4"]
    assert [row[2] for row in items] == [0.94, 0.03, 0.94]  # half after two years
    assert all(row[3] for row in items)
    assert "Jan" not in str(tiny.rows("FROM raw.permits_project"))
    rejects = tiny.rows("SELECT reason FROM staging.reject WHERE feed = 'permits'")
    assert rejects == [("no day of request",)]


def test_without_a_source_nothing_is_known(tiny: Tiny) -> None:
    assert classes(tiny, "soil") == {}
    assert tiny.rows("SELECT * FROM score.area_class WHERE measure = 'soil'") == []


def test_parts_crs_and_columns_are_held_to(snap: Snap, write: Write, con: Con) -> None:
    file = write("z.json", page([zone("woongebied", 0, 10)]))
    with pytest.raises(UnreadableSnapshotError, match="31370 instead of EPSG:3812"):
        be_zoning.parse(snap("be_zoning", gwp=file), con)
    with pytest.raises(CityFileError, match="gwp, bpa, gewrup"):
        be_zoning.parse(snap("be_zoning", crs="EPSG:31370", plan=file), con)
    with pytest.raises(ColumnError, match="klasse"):
        be_flood.parse(snap("be_flood", fluvial=file), con)
    shot = snap("be_zoning", crs="EPSG:31370", gwp=file, bpa=file)
    be_zoning.parse(shot, con)
    ids = [taken_in(con, shot, name)[0]["area_id"] for name in ("gwp", "bpa")]
    assert ids[0] != ids[1]
    assert [taken_in(con, shot, name)[0]["precedence"] for name in ("gwp", "bpa")] == [0, 1]
    given = [{**permit("1", "2025-01-01", 0), "aantal_bezwaren": 3, "aanvrager": "Jan"}]
    with pytest.raises(ColumnError, match="aantal_bezwaren"):
        be_permit.parse(snap("be_permit", crs="EPSG:31370", project=write("p.json", page(given))), con)
    shot = snap(
        "be_permit", crs="EPSG:31370", settings={"ignore": ["aantal_bezwaren"]}, project=write("p.json", page(given))
    )
    be_permit.parse(shot, con)
    assert "aanvrager" not in raw(con, shot, "project")[0]


def test_a_pattern_that_gives_a_class_the_criterion_lacks_is_refused() -> None:
    tables = dict(read_reference(CHECKOUT / "data" / "reference").tables)
    tables["area_class"] = [{"theme": "flood", "place": 1, "pattern": "x", "class": "wet", "origin": "judgement"}]
    with pytest.raises(MatrixError, match="wet"):
        check_matrix(tables)


@pytest.mark.parametrize(
    ("theme", "words", "expected"),
    [
        ("zoning", "woongebieden met landelijk karakter", "allows"),
        ("zoning", "landschappelijk waardevolle agrarische gebieden", "unclear"),
        ("zoning", "Natuurgebieden met wetenschappelijke waarde of natuurreservaten", "forbids"),
        ("zoning", "gebieden voor gemeenschapsvoorzieningen en openbare nutsvoorzieningen", "unclear"),
        ("zoning", "woonuitbreidingsgebieden", "unclear"),
        ("zoning", "milieubelastende industrieën", "unclear"),
        ("flood", "Effectief overstromingsgevoelig", "effective"),
        ("flood", "mogelijk overstromingsgevoelig", "possible"),
        ("flood", "D - middelgrote kans op overstromingen", "effective"),
        ("flood", "C - kleine kans op overstromingen", "possible"),
        ("flood", "A - geen overstroming gemodelleerd", "none"),
        ("flood", "niet overstromingsgevoelig", "none"),
        ("zoning", "iets anders", None),
    ],
)
def test_the_words_of_the_provider_find_their_class(con: Con, theme: str, words: str, expected: str | None) -> None:
    rows = [
        row for row in read_reference(CHECKOUT / "data" / "reference").tables["area_class"] if row["theme"] == theme
    ]
    query = "SELECT regexp_matches(lower(strip_accents(?)), ?)"
    found = [
        r["class"]
        for r in sorted(rows, key=lambda r: r["place"])
        if con.execute(query, [words, r["pattern"]]).fetchall()[0][0]
    ]
    assert (found[0] if found else None) == expected
