"""Adverts in every form a platform may give them in: the same rows, and nothing of who asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sources._kit.city import City, Feed
from sources._kit.contract import load_source
from sources._kit.duck import connect
from sources._kit.errors import ColumnError, OnbenutError, UnreadableSnapshotError
from sources._kit.fetch import fetch_files
from sources._kit.snapshot import Store
from sources.space_request import columns
from transforms._kit.intake import make_intake

SQUARE = [[[4.4, 51.0], [4.5, 51.0], [4.5, 51.1], [4.4, 51.0]]]
ADVERTS: list[dict[str, Any]] = [
    {"id": "a-1", "kind": "space", "uses": ["maker", "culture"], "area_min_m2": 120, "lon": 4.45, "lat": 51.05, "radius_m": 500,
     "shares_with": [], "budget_eur_m2_year": 65.5},
    {"id": "a-2", "kind": "partner", "uses": ["housing"], "area": {"type": "Polygon", "coordinates": SQUARE}, "seeks": ["capital_own"]},
    {"id": "a-3", "kind": "offer", "uses": ["office"], "area_max_m2": 80, "shares_with": ["*"], "valid_until": "2027-01-31"},
]  # fmt: skip


class Read:
    """A file read into the raw floor and its role view."""

    def __init__(self, folder: Path, content: str, name: str = "adverts.json", **keys: Any) -> None:
        (folder / name).write_text(content, encoding="utf-8")
        feed = Feed.model_validate({"name": "platform", "source": "space_request", "path": name, **keys})
        city = City.model_validate(
            {
                "slug": "x",
                "folder": folder,
                "name": "X",
                "nis": "99001",
                "crs": "EPSG:31370",
                "feeds": {"platform": feed},
            }
        )
        self.con: duckdb.DuckDBPyConnection = connect()
        self.con.execute("CREATE SCHEMA raw")
        self.made_on = load_source("space_request").parse(fetch_files(city, feed, Store(folder / "store")), self.con)
        make_intake(self.con, city, {"platform": ""})

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()


def as_geojson(adverts: list[dict[str, Any]]) -> str:
    features = []
    for one in adverts:
        advert = dict(one)
        shape = advert.pop("area", None)
        if "lon" in advert:
            shape = {"type": "Point", "coordinates": [advert.pop("lon"), advert.pop("lat")]}
        features.append({"type": "Feature", "id": advert.pop("id"), "geometry": shape, "properties": advert})
    return json.dumps({"type": "FeatureCollection", "features": features})


def as_csv(adverts: list[dict[str, Any]]) -> str:
    def cell(value: Any) -> str:
        if isinstance(value, list):
            return "|".join(value) or "[]"
        return f'"POLYGON(({", ".join(f"{x} {y}" for x, y in SQUARE[0])}))"' if isinstance(value, dict) else str(value)

    lines = [";".join(cell(one[name]) if name in one else "" for name in columns()) for one in adverts]
    return "\n".join([";".join(columns()), *lines]) + "\n"


SAID = """SELECT advert_id, kind, uses, CAST(area_min_m2 AS DOUBLE), CAST(area_max_m2 AS DOUBLE), shares_with, seeks, budget_eur_m2_year, valid_until,
    radius_m, ST_GeometryType(geom), round(ST_Area(geom)), round(ST_X(ST_Centroid(geom))), round(ST_Y(ST_Centroid(geom)))
    FROM raw.space_request ORDER BY 1"""


@pytest.mark.parametrize("form", ["list", "object", "geojson", "csv"])
def test_every_form_gives_the_same_adverts(tmp_path: Path, form: str) -> None:
    text = {
        "list": json.dumps(ADVERTS), "object": json.dumps({"made_on": "2025-05-31", "adverts": ADVERTS}),
        "geojson": as_geojson(ADVERTS), "csv": as_csv(ADVERTS),
    }[form]  # fmt: skip
    read = Read(tmp_path, text, f"adverts.{form}")
    found = read.rows(SAID)
    # x, y by pyproj, which knows nothing of DuckDB.
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, 31370, always_xy=True).transform(4.45, 51.05)
    assert found[0] == (
        "a-1", "space", "maker|culture", 120.0, None, "[]", None, "65.5", None, "500", "POINT", 0.0, round(x), round(y),
    )  # fmt: skip
    assert found[1][2:7] == ("housing", None, None, None, "capital_own")
    assert found[1][10] == "POLYGON"
    assert found[1][11] == pytest.approx(38_990_000, rel=0.01)
    assert found[2][:9] == ("a-3", "offer", "office", None, 80.0, "*", None, None, "2027-01-31")
    assert read.rows("SELECT count(*) FROM raw.space_request WHERE defect IS NOT NULL") == [(0,)]
    assert (read.made_on is not None) == (form == "object")


@pytest.mark.parametrize("form", ["json", "geojson", "csv"])
@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["voornaam"], "no names"),
        (["E-mail", "colour"], "no names"),
        (["gsm_nummer"], "no names"),
        (["colour", "shape"], "columns that no"),
    ],
)
def test_a_column_that_no_advert_has_refuses_the_file_and_says_why(
    tmp_path: Path, form: str, names: list[str], said: str
) -> None:
    advert = {"id": "a", "kind": "space", "uses": ["maker"], **dict.fromkeys(names, "Jan Modaal")}
    if form == "csv":
        text = f"id,kind,uses,{','.join(names)}\na,space,maker,{','.join('Jan Modaal' for _ in names)}\n"
    else:
        text = as_geojson([advert]) if form == "geojson" else json.dumps([advert])
    with pytest.raises(ColumnError, match=said) as raised:
        Read(tmp_path, text)
    assert "Modaal" not in str(raised.value)
    if said != "no names":
        assert raised.value.where["column"] == ", ".join(names)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"id": "jan@voorbeeld.example", "kin', "damaged or stops short"),
        ('{"items": []}', "no list of adverts"),
        ('{"adverts": [], "contact": "jan@voorbeeld.example"}', "something else"),
        ("", "empty"),
        ("<html><body>aanmelden</body></html>", "HTML"),
        (
            '{"type": "FeatureCollection", "features": [], "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::31370"}}}',
            "CRS",
        ),
        ("id;uses\na;maker\n", "missing"),
    ],
)
def test_what_is_no_list_of_adverts_is_refused_without_a_word_of_what_it_holds(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(OnbenutError, match=said) as raised:
        Read(tmp_path, text)
    assert "voorbeeld.example" not in str(raised.value)


def test_what_says_who_somebody_is_never_reaches_a_table(tmp_path: Path) -> None:
    cells = {
        "id": "jan@voorbeeld.example", "seeks": ["jan@voorbeeld.example"], "building_id": "+32 470 11 22 33", "kind": "0470/11.22.33",
        "nis_code": "85.07.30-033.28", "area": "jan@voorbeeld.example", "area_min_m2": "jan@voorbeeld.example",
    }  # fmt: skip
    adverts = [
        {"id": f"a{n}", "kind": "space", "uses": ["maker"], name: value}
        for n, (name, value) in enumerate(cells.items())
    ]
    kept = [
        {
            "id": "0470112233445566",
            "kind": "space",
            "uses": ["maker"],
            "building_id": "grb:0470112233",
            "lon": 4.123456789,
        }
    ]
    read = Read(tmp_path, json.dumps([*adverts, *kept]))
    table = str(read.rows("FROM raw.platform_advert"))
    assert not [part for part in ("@", "470 11", "470/11", "85.07.30") if part in table]
    found = read.rows("SELECT defect FROM raw.space_request ORDER BY source_row")
    assert [row[0].split(": ")[1] if row[0] else None for row in found] == [*cells, None]


def test_what_is_no_advert_keeps_its_place_and_nested_values_are_text(tmp_path: Path) -> None:
    deep = {"id": "a", "kind": {"x": [1]}, "uses": [["maker"], None, {"y": 2}], "lon": True, "area_min_m2": [1, 2]}
    read = Read(tmp_path, json.dumps([5, None, "x", [], deep]) + "\n")
    assert [row[0] for row in read.rows("SELECT defect FROM raw.platform_advert ORDER BY _row")] == [
        *["no advert, but another value"] * 4, None,
    ]  # fmt: skip
    assert read.rows(
        "SELECT kind, uses, lon, area_min_m2, ST_AsText(geom) FROM raw.space_request WHERE kind IS NOT NULL"
    ) == [('{"x":[1]}', '["maker"]|{"y":2}', "true", "1|2", None)]
    twice = Read(tmp_path, '[{"id": "a", "id": "b", "kind": "space", "uses": ["maker"]}]')
    assert twice.rows("SELECT defect FROM raw.space_request") == [("a key is there twice",)]


def test_an_empty_list_is_a_table_without_rows(tmp_path: Path) -> None:
    for number, text in enumerate(
        ("[]", '{"adverts": []}', '{"type": "FeatureCollection", "features": []}', ";".join(columns()) + "\n")
    ):
        (tmp_path / str(number)).mkdir()
        assert Read(tmp_path / str(number), text).rows("SELECT count(*) FROM raw.space_request") == [(0,)]


def test_places_are_in_the_crs_that_the_feed_names(tmp_path: Path) -> None:
    advert = {"id": "a", "kind": "space", "uses": ["maker"], "lon": 180_000, "lat": "198000,5", "radius_m": 100}
    read = Read(tmp_path, json.dumps([advert]), crs="EPSG:31370")
    assert read.rows("SELECT ST_X(geom), ST_Y(geom) FROM raw.space_request") == [(180_000.0, 198_000.5)]


def test_a_shape_of_a_million_letters_is_not_read(tmp_path: Path) -> None:
    ring = ", ".join(["4.4 51.0"] * 30_000)
    read = Read(tmp_path, json.dumps([{"id": "a", "kind": "space", "uses": ["maker"], "area": f"POLYGON(({ring}))"}]))
    assert read.rows("SELECT geom, length(area) > 200000 FROM raw.space_request") == [(None, True)]


def test_what_nests_without_end_is_refused_or_not_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSnapshotError, match="nested deeper"):
        Read(tmp_path, '[{"id": ' + "[" * 100_000 + "]" * 100_000 + "}]")
    deep = "GEOMETRYCOLLECTION(" * 9000 + "POINT(4.4 51)" + ")" * 9000
    read = Read(tmp_path, json.dumps([{"id": "a", "kind": "space", "uses": ["maker"], "area": deep}]))
    assert read.rows("SELECT geom, defect FROM raw.space_request") == [(None, None)]


def test_two_kinds_of_file_in_one_feed_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.list").write_text("id;kind;uses\n")
    with pytest.raises(UnreadableSnapshotError, match="no list of adverts"):
        Read(tmp_path, "[]", "a.list", path="*.list")
