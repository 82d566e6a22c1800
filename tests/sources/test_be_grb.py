from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sources import be_grb
from sources._kit.contract import load_source, raw_name
from sources._kit.errors import CityFileError, ColumnError, UnreadableSnapshotError
from tests.sources.conftest import Con, Shared, Snap, Write, page, raw, square, taken_in

GBG = {
    "UIDN": 1,
    "OIDN": 3092114,
    "VERSIE": 2,
    "BEGINDATUM": "2012-04-12",
    "VERSDATUM": "2018-12-01",
    "TYPE": 1,
    "LBLTYPE": "hoofdgebouw\r\n",
    "OPNDATUM": "2011-05-06",
    "BGNINV": 5,
    "LBLBGNINV": "kadastrering\r\n",
}
ADP = {
    "UIDN": 1,
    "OIDN": 7,
    "VERSIE": 2,
    "BEGINDATUM": "2018-06-25T00:00:00Z",
    "VERSDATUM": "2019-07-25T00:00:00Z",
    "CAPAKEY": "24504E0281/00L000",
    "NISCODE": "24062",
}
HERE = square(172000, 174000)


def test_building_becomes_footprint(snap: Snap, write: Write, con: Con) -> None:
    shot = snap("be_grb", gbg=write("p.json", page([{**GBG, "geometry": HERE}], timeStamp="2025-11-27T14:23:48.752Z")))
    assert be_grb.parse(shot, con) == date(2025, 11, 27)
    (row,) = taken_in(con, shot, "gbg")
    assert row["footprint_id"] == "grb:3092114"
    assert (row["issuer"], row["is_official"], row["official_type"]) == ("grb", True, "hoofdgebouw")
    assert row["observed_on"] == date(2011, 5, 6)
    assert raw(con, shot, "gbg")[0]["LBLBGNINV"] == "kadastrering\r\n"  # raw is as given


def test_ids_name_their_collection(snap: Snap, write: Write, con: Con) -> None:
    shot = snap(
        "be_grb",
        knw=write("k.json", page([{**GBG, "geometry": HERE}])),
        adp=write("a.json", page([{**ADP, "geometry": HERE}])),
    )
    be_grb.parse(shot, con)
    assert taken_in(con, shot, "knw")[0]["footprint_id"] == "grb:knw:3092114"
    parcel = taken_in(con, shot, "adp")[0]
    assert (parcel["parcel_id"], parcel["capakey"], parcel["nis_code"]) == (
        "grb:adp:7",
        "24504E0281/00L000",
        "24062",
    )


def test_feed_has_the_tables_of_its_parts_only(snap: Snap, write: Write) -> None:
    shot = snap("be_grb", gbg=write("p.json", page([GBG])))
    assert list(load_source("be_grb").tables(shot.feed)) == ["gbg"]


def test_unknown_part_is_refused(snap: Snap, write: Write, con: Con) -> None:
    with pytest.raises(CityFileError, match="adp, gbg, knw"):
        be_grb.parse(snap("be_grb", data=write("p.json", page([GBG]))), con)


def test_same_object_on_two_pages_stays_twice(snap: Snap, write: Write, con: Con) -> None:
    one, other = write("a.json", page([GBG], nr=1)), write("b.json", page([GBG], nr=2))
    shot = snap("be_grb", gbg=[one, other, one])  # two of the files are the same, byte for byte
    be_grb.parse(shot, con)
    assert [row["OIDN"] for row in raw(con, shot, "gbg")] == [3092114] * 3
    assert [row["_row"] for row in raw(con, shot, "gbg")] == [1, 2, 3]


def test_oldest_page_dates_the_data(snap: Snap, write: Write, con: Con) -> None:
    pages = [write(f"{day}.json", page([GBG], timeStamp=f"2025-11-{day}T01:00:00Z")) for day in (28, 27)]
    assert be_grb.parse(snap("be_grb", gbg=pages), con) == date(2025, 11, 27)
    assert be_grb.parse(snap("be_grb", gbg=write("none.json", page([GBG]))), con) is None


def test_page_that_stops_short_is_refused(snap: Snap, write: Write, con: Con) -> None:
    with pytest.raises(UnreadableSnapshotError, match="1 of 2 features"):
        be_grb.parse(snap("be_grb", gbg=write("p.json", page([GBG], numberReturned=2))), con)


@pytest.mark.parametrize(
    "members",
    [{"numberMatched": 3}, {"links": [{"rel": "self"}, {"rel": "next"}]}, {"exceededTransferLimit": True}],
)
def test_missing_pages_are_noticed(snap: Snap, write: Write, con: Con, members: dict[str, Any]) -> None:
    with pytest.raises(UnreadableSnapshotError, match=r"pages are missing|more rows than it gave"):
        be_grb.parse(snap("be_grb", gbg=write("p.json", page([GBG], **members))), con)


def test_last_page_closes_the_chain(snap: Snap, write: Write, con: Con) -> None:
    first = write("a.json", page([GBG], links=[{"rel": "next"}], numberMatched=2))
    shot = snap("be_grb", gbg=[first, write("b.json", page([GBG], numberMatched=2))])
    be_grb.parse(shot, con)
    assert len(raw(con, shot, "gbg")) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \n", "the file is empty"),
        (b"<!DOCTYPE html><html><body>Service unavailable</body></html>", "HTML"),
        (b'<?xml version="1.0"?><ows:ExceptionReport/>', "XML"),
        (b'{"code":"InvalidParameterValue","description":"limit too high"}', "limit too high"),
        (b'{"error":{"code":400,"message":"Failed to execute query"}}', "Failed to execute query"),
        (b'{"type":"FeatureCollection","features":[{"type":"Fea', "stops short"),
        (b'{"type":"FeatureCollection"}', "no GeoJSON feature collection"),
        (
            b'{"type":"FeatureCollection","features":[]} {"type":"FeatureCollection","features":[]}',
            "no GeoJSON",
        ),
        (b"[1, 2]", "cannot be read"),
        (b"PAR1 and nothing more", "cannot be read"),
        (b"SQLite format 3\x00 and nothing more", "cannot be read"),
        (b"PK\x03\x04 and nothing more", "damaged"),
        (b"OIDN;UIDN\n1;2\n", "no features"),
    ],
)
def test_what_is_no_page_is_a_named_error(snap: Snap, write: Write, con: Con, content: Any, said: str) -> None:
    with pytest.raises(UnreadableSnapshotError, match=said) as caught:
        be_grb.parse(snap("be_grb", gbg=write("answer.json", content)), con)
    assert caught.value.where["city"] == "test"
    assert caught.value.next_step


def test_other_lambert_is_refused_by_code(snap: Snap, write: Write, con: Con) -> None:
    far = write("p.json", page([{**GBG, "geometry": square(672000, 674000)}], crs="EPSG::3812"))
    with pytest.raises(UnreadableSnapshotError, match="EPSG::3812 instead of EPSG:31370"):
        be_grb.parse(snap("be_grb", gbg=far), con)
    be_grb.parse(snap("be_grb", gbg=far, crs="EPSG:3812"), con)  # the city file knows better


def test_two_crs_in_one_part_are_refused(snap: Snap, write: Write, con: Con) -> None:
    pages = [write("a.json", page([GBG])), write("b.json", page([GBG], crs="EPSG::4258"))]
    with pytest.raises(UnreadableSnapshotError, match="4258") as caught:
        be_grb.parse(snap("be_grb", gbg=pages), con)
    assert caught.value.where["file"] == "b.json"


def test_silence_about_the_crs_means_longitude_and_latitude(snap: Snap, write: Write, con: Con) -> None:
    silent = write("p.json", page([GBG], crs=None))
    with pytest.raises(UnreadableSnapshotError, match="names none"):
        be_grb.parse(snap("be_grb", gbg=silent), con)
    be_grb.parse(snap("be_grb", gbg=silent, crs="EPSG:31370"), con)


@pytest.mark.parametrize("name", ["EPSG::31370", "EPSG:9.9.1:31370"])
def test_crs_spellings(snap: Snap, write: Write, con: Con, name: str) -> None:
    be_grb.parse(snap("be_grb", gbg=write("p.json", page([GBG], crs=name))), con)


def test_bad_geometry_keeps_its_row(snap: Snap, write: Write, con: Con) -> None:
    shapes = [
        HERE,
        None,
        {"type": "Polygon", "coordinates": [[["x", 1], [2, 3]]]},
        {"type": "Polygon", "coordinates": []},
        square(172, 174),  # far outside Belgium: staging's business
    ]
    shot = snap("be_grb", gbg=write("p.json", page([{**GBG, "OIDN": n, "geometry": g} for n, g in enumerate(shapes)])))
    be_grb.parse(shot, con)
    rows = raw(con, shot, "gbg")
    assert [row["OIDN"] for row in rows] == [0, 1, 2, 3, 4]
    assert [row["geom"] is None for row in rows] == [False, True, True, False, False]
    assert [row["defect"] for row in rows] == [None, None, "geometry cannot be read", None, None]


def test_missing_and_undeclared_columns(snap: Snap, write: Write, con: Con) -> None:
    without = {name: value for name, value in GBG.items() if name != "OIDN"}
    with pytest.raises(ColumnError, match="OIDN"):
        be_grb.parse(snap("be_grb", gbg=write("a.json", page([without]))), con)
    with pytest.raises(ColumnError, match="BOUWJAAR"):
        be_grb.parse(snap("be_grb", gbg=write("b.json", page([{**GBG, "BOUWJAAR": 1970}]))), con)
    with pytest.raises(ColumnError, match="two columns with one name"):
        be_grb.parse(snap("be_grb", gbg=write("c.json", page([{**GBG, "oidn": 1}]))), con)


def test_value_of_the_wrong_type_is_a_named_error(snap: Snap, write: Write, con: Con) -> None:
    with pytest.raises(ColumnError, match="gisteren"):
        be_grb.parse(snap("be_grb", gbg=write("a.json", page([{**GBG, "OPNDATUM": "gisteren"}]))), con)


def test_no_features_is_no_rows(snap: Snap, write: Write, con: Con) -> None:
    shot = snap("be_grb", gbg=write("p.json", page([])))
    be_grb.parse(shot, con)
    assert raw(con, shot, "gbg") == []


def test_formats_hold_the_same_rows(snap: Snap, write: Write, con: Con, tmp_path: Path) -> None:
    from shapely.geometry import box

    geopandas: Any = pytest.importorskip("geopandas")

    adp = {**ADP, "BEGINDATUM": "2018-06-25", "VERSDATUM": "2019-07-25"}
    frame = geopandas.GeoDataFrame([adp], geometry=[box(172000, 174000, 172010, 174010)], crs="EPSG:31370")
    frame["BEGINDATUM"], frame["VERSDATUM"] = date(2018, 6, 25), date(2019, 7, 25)
    frame.to_parquet(tmp_path / "a.dat")
    frame.to_file(tmp_path / "b.gpkg", layer="whatever")
    (tmp_path / "b.gpkg").rename(tmp_path / "b.dat")
    seen = []
    for path in (write("c.dat", page([{**adp, "geometry": HERE}])), tmp_path / "a.dat", tmp_path / "b.dat"):
        shot = snap("be_grb", adp=path)
        be_grb.parse(shot, con)
        con.execute(f"SELECT ST_Transform(geom, 'EPSG:31370', 'EPSG:4326') FROM {raw_name(shot.feed, 'adp')}")
        area = con.execute(f"SELECT ST_Area(geom), typeof(geom) FROM {raw_name(shot.feed, 'adp')}").fetchone()
        (row,) = raw(con, shot, "adp")
        seen.append((area, {name: value for name, value in row.items() if name != "geom"}))
    assert seen[0][0] == (100.0, "GEOMETRY")
    assert seen[0] == seen[1] == seen[2]
    for path in (tmp_path / "a.dat", tmp_path / "b.dat"):
        with pytest.raises(UnreadableSnapshotError, match="31370 instead of EPSG:3812"):
            be_grb.parse(snap("be_grb", adp=path, crs="EPSG:3812"), con)
    shot = snap("be_grb", adp=[tmp_path / "a.dat", tmp_path / "b.dat", write("c.dat", page([adp]))])
    be_grb.parse(shot, con)
    assert len(raw(con, shot, "adp")) == 3


def test_parquet_that_names_no_crs(snap: Snap, con: Con, tmp_path: Path) -> None:
    from shapely.geometry import box

    geopandas: Any = pytest.importorskip("geopandas")
    frame = geopandas.GeoDataFrame([ADP], geometry=[box(172000, 174000, 172010, 174010)])
    frame.to_parquet(tmp_path / "a.parquet", write_covering_bbox=True)
    with pytest.raises(UnreadableSnapshotError, match="names none"):
        be_grb.parse(snap("be_grb", adp=tmp_path / "a.parquet"), con)
    shot = snap("be_grb", adp=tmp_path / "a.parquet", crs="EPSG:31370")
    be_grb.parse(shot, con)
    assert raw(con, shot, "adp")[0]["geom"].startswith("POLYGON")
    frame.drop(columns="geometry").to_parquet(tmp_path / "b.parquet")
    with pytest.raises(UnreadableSnapshotError, match="no geometry column"):
        be_grb.parse(snap("be_grb", adp=tmp_path / "b.parquet"), con)


def test_geopackage_that_stops_short_is_refused(snap: Snap, write: Write, con: Con, tmp_path: Path) -> None:
    from shapely.geometry import box

    geopandas: Any = pytest.importorskip("geopandas")
    frame = geopandas.GeoDataFrame([ADP], geometry=[box(0, 0, 1, 1)], crs="EPSG:31370")
    frame.to_file(tmp_path / "whole.gpkg")
    whole = (tmp_path / "whole.gpkg").read_bytes()
    with pytest.raises(UnreadableSnapshotError, match="cannot be read"):
        be_grb.parse(snap("be_grb", adp=write("half.gpkg", whole[: len(whole) // 2])), con)


def test_layer_is_chosen_by_part(snap: Snap, con: Con, tmp_path: Path) -> None:
    from shapely.geometry import box

    geopandas: Any = pytest.importorskip("geopandas")

    for layer, oidn in (("GBG", 1), ("ADP", 2)):
        frame = geopandas.GeoDataFrame([{**ADP, "OIDN": oidn}], geometry=[box(0, 0, 1, 1)], crs="EPSG:31370")
        frame.to_file(tmp_path / "grb.gpkg", layer=layer)
    shot = snap("be_grb", adp=tmp_path / "grb.gpkg")
    be_grb.parse(shot, con)
    assert [row["OIDN"] for row in raw(con, shot, "adp")] == [2]
    with pytest.raises(UnreadableSnapshotError, match="2 layers"):
        be_grb.parse(snap("be_grb", knw=tmp_path / "grb.gpkg"), con)


def test_document_too_large_for_one_bite(snap: Snap, write: Write, con: Con, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write("p.json", page([{**GBG, "OIDN": n, "geometry": square(172000 + n, 174000)} for n in range(3)]))
    shot = snap("be_grb", gbg=file)
    be_grb.parse(shot, con)
    pages = raw(con, shot, "gbg")
    monkeypatch.setattr("sources._read.features.PAGE_MAX_BYTES", 10)
    be_grb.parse(shot, con)
    # GDAL takes the feature's own id for a column; all else is the same.
    assert [{**row, "id": None} for row in raw(con, shot, "gbg")] == pages
    with pytest.raises(UnreadableSnapshotError, match="3812"):
        be_grb.parse(snap("be_grb", gbg=file, crs="EPSG:3812"), con)


def test_recorded_pages(snap: Snap, shared: Shared, con: Con) -> None:
    folder = shared("responses/grb_ogc_features")
    files = sorted(folder.glob("*.json"))
    shot = snap("be_grb", adp=files)
    assert be_grb.parse(shot, con) == date(2025, 11, 27)
    features = [f for file in files for f in json.loads(file.read_text())["features"]]
    rows = raw(con, shot, "adp")
    assert [row["CAPAKEY"] for row in rows] == [f["properties"]["CAPAKEY"] for f in features]
    assert all(row["geom"] for row in rows)
    assert {row["LBLBGNINV"] for row in rows} == {f["properties"]["LBLBGNINV"] for f in features}


def test_leuven_parcels(snap: Snap, shared: Shared, con: Con) -> None:
    shot = snap("be_grb", adp=shared("leuven/parcels.parquet"))
    be_grb.parse(shot, con)
    table = raw_name(shot.feed, "adp")
    # Their own area agrees with the geometry: neither rows nor coordinates were mangled on the way.
    found = con.execute(f"SELECT count(*), sum(OPPERVL), sum(ST_Area(geom)) FROM {table}").fetchone()
    assert found is not None
    assert found[0] == 48_578
    assert found[2] == pytest.approx(found[1], rel=1e-3)
