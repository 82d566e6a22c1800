from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sources import be_address
from sources._kit import fetch, http
from sources._kit.errors import CityFileError, ColumnError, UnreadableSnapshotError
from sources._kit.snapshot import Store
from sources._read import points, zipped
from tests.sources.conftest import Con, Snap, Write, make_city, page, raw, taken_in
from tests.sources.loopback import Answer, Loopback
from tests.sources.registers import Address, csv_of, extract, feature, geopackage
from tests.sources.test_http import Hurried
from tests.sources.test_paging import Ogc
from tests.sources.tiny_city import X, Y, building, run_tiny

HERE = [
    Address(1, "Kerkstraat", "1", X + 10, Y + 10),
    Address(2, "Kerkstraat", "3", X + 50, Y + 10, box="A1"),
    Address(3, "Fa\u00e7ade\u2019straat", "5", X + 90, Y + 10, status="voorgesteld"),
    Address(4, "Kerkstraat", "7", X + 130, Y + 10, status="gehistoreerd"),
    Address(5, "Kerkstraat", "9", X + 170, Y + 10, status="afgekeurd"),
    Address(6, "Kerkstraat", "11", X + 210, Y + 10, status="iets nieuws"),
]
ELSEWHERE = [Address(n, "Kerkstraat", "1", X + 5000, Y + n, postcode="9000", nis="44021") for n in range(100, 200)]
WIDE = {"nis_codes": ["99003"]}
STAGED = "SELECT * EXCLUDE (feed, source_row, geom), round(ST_X(geom), 6), round(ST_Y(geom), 6) FROM staging.address ORDER BY address_id"
REGISTER = """
[feeds.register]
source = "vacancy_register"
path = "register.csv"
snapshot_on = 2025-05-01
[feeds.register.columns]
register_id = "nr"
street = "straat"
house_number = "huisnr"
postcode = "pc"
status = "status"
[feeds.register.values.status]
opgenomen = "active"
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(backoff_factor=0))
    monkeypatch.setattr(http, "PACE", Hurried())
    made = Loopback(lambda _request: Answer(status=404))
    yield made
    made.close()


def feed(keys: str) -> str:
    return f'\n[feeds.addresses]\nsource = "be_address"\nsnapshot_on = 2025-05-01\n{keys}\n'


def test_file_extract_and_service_give_the_same_addresses(
    server: Loopback, snap: Snap, write: Write, con: Con, tmp_path: Path
) -> None:
    Ogc(server, [feature(a) for a in HERE])
    everywhere = [*ELSEWHERE[:50], *HERE, *ELSEWHERE[50:]]
    geopackage(tmp_path / "adres.gpkg", everywhere)
    service = {"kind": "ogc_features", "page_size": 4}
    city = make_city(
        tmp_path,
        {"name": "feed", "source": "be_address", "url": f"{server.url}/collections/Adres", "service": service},
    )
    paged = fetch.fetch_files(city, city.feeds["feed"], Store(tmp_path / "pages"))
    assert len(paged.parts) == 2
    shots = [
        snap("be_address", settings=WIDE, data=write("e.zip", extract(tmp_path / "shapes", everywhere))),
        snap("be_address", settings={"postcodes": ["9990"]}, data=tmp_path / "adres.gpkg"),
        snap("be_address", data=write("adres.csv", csv_of(HERE))),
        paged,
    ]
    found = []
    for shot in shots:
        be_address.parse(shot, con)
        where = [row["geom"] for row in raw(con, shot, "address")]
        rows = taken_in(con, shot, "address")
        found.append([{**row, "_row": 0, "geom": point} for row, point in zip(rows, where, strict=True)])
    # All that staging reads of a row.
    assert found[0] == found[1] == found[2] == found[3]
    assert [row["status"] for row in found[0]] == ["in_use", "in_use", "proposed", "retired", "rejected", "iets nieuws"]
    assert {row["postcode"] for row in found[0]} == {"9990"}
    assert {(row["position_method"], row["position_of"]) for row in found[0]} == {
        ("afgeleidVanObject", "gebouweenheid")
    }


def test_only_addresses_in_use_place_a_row(tmp_path: Path) -> None:
    (tmp_path / "extract.zip").write_bytes(extract(tmp_path / "shapes", [*ELSEWHERE, *HERE]))
    register = "nr,straat,huisnr,pc,status\n" + "".join(
        f"{a.number},{a.street},{a.house_number},9990,opgenomen\n" for a in HERE
    )
    keys = f'path = "{tmp_path}/extract.zip"\nnis_codes = ["99003"]'
    outlines = [building(n, 40.0 * n, 0) for n in range(6)]
    city = run_tiny(tmp_path / "city", outlines, REGISTER + feed(keys), {"register.csv": register})
    assert city.one("SELECT count(*) FROM staging.address") == 6
    assert city.rows("SELECT address_id FROM core.address ORDER BY 1") == [("adres:1",), ("adres:2",)]
    assert city.rows("SELECT building_id FROM core.link_register ORDER BY 1") == [("grb:0",), ("grb:1",)]
    tally = "SELECT fate, row_count FROM raw.addresses_tally ORDER BY fate"
    assert city.rows(tally) == [("elsewhere", 100), ("in the city", 6)]


def test_an_extract_is_cut_by_what_the_city_file_says(snap: Snap, write: Write, con: Con, tmp_path: Path) -> None:
    file = write("e.zip", extract(tmp_path / "shapes", [*ELSEWHERE, *HERE]))
    for settings in (
        WIDE,
        {"postcodes": ["9990"]},
        {"bbox": [X, Y, X + 300, Y + 300]},
        {**WIDE, "postcodes": ["9990"]},
    ):
        shot = snap("be_address", settings=settings, data=file)
        assert be_address.parse(shot, con) is None
        rows = taken_in(con, shot, "address")
        assert [row["address_id"] for row in rows] == [f"adres:{n}" for n in range(1, 7)]
        assert {row["postcode"] for row in rows} == {"9990"}
        assert rows[2]["street"] == "Fa\u00e7ade\u2019straat"
        assert [(row["fate"], row["row_count"]) for row in raw(con, shot, "tally")] == [
            ("in the city", 6),
            ("elsewhere", 100),
        ]
    assert not list((tmp_path / "store").glob(".unpacked*"))


def test_the_encoding_of_the_table_is_the_one_it_declares(snap: Snap, write: Write, con: Con, tmp_path: Path) -> None:
    file = write("e.zip", extract(tmp_path / "shapes", HERE, "UTF-8", **{"Adres.cpg": b"UTF-8"}))
    shot = snap("be_address", settings=WIDE, data=file)
    be_address.parse(shot, con)
    assert taken_in(con, shot, "address")[2]["street"] == "Fa\u00e7ade\u2019straat"
    file = write("f.zip", extract(tmp_path / "shapes", HERE, "UTF-8", **{"Adres.cpg": b"CP437"}))
    with pytest.raises(UnreadableSnapshotError, match=r"unknown encoding.*CP437"):
        be_address.parse(snap("be_address", settings=WIDE, data=file), con)


def test_an_extract_of_all_of_flanders_is_no_city(snap: Snap, write: Write, con: Con, tmp_path: Path) -> None:
    file = write("e.zip", extract(tmp_path / "shapes", HERE))
    with pytest.raises(CityFileError, match=r'all of Flanders.*nis_codes = \["11002"\]'):
        be_address.parse(snap("be_address", data=file), con)
    with pytest.raises(UnreadableSnapshotError, match=r"no row of the list is the city's.*71022"):
        be_address.parse(snap("be_address", settings={"nis_codes": ["71022"]}, data=file), con)
    plain = write("a.csv", "STRAATNM,HUISNR,x,y\nA,1,2,3\n")
    with pytest.raises(ColumnError, match="gemeenteid or GemeenteObjectId or NISCODE"):
        be_address.parse(snap("be_address", settings=WIDE, data=plain), con)


def test_an_extract_that_is_not_whole_is_refused(
    snap: Snap, write: Write, con: Con, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract(tmp_path / "shapes", HERE)
    files = {end: (tmp_path / "shapes" / f"Adres.{end}").read_bytes() for end in ("dbf", "shp", "shx", "prj")}
    from tests.sources.zips import packed

    for wrong, said in (
        ({"dbf": files["dbf"][:-300]}, "the table stops short"),
        ({"shx": files["shx"][:-8]}, "6 rows, 5 shapes"),
        ({"dbf": b""}, "no header"),
        ({"prj": None}, "adres.prj"),
        ({"shp": b"nothing"}, "cannot be read"),
        ({"prj": files["prj"].replace(b"150000.013", b"650000.013")}, "not in the feed's CRS"),
    ):
        made = {f"Adres.{end}": content for end, content in {**files, **wrong}.items() if content is not None}
        with pytest.raises(UnreadableSnapshotError, match=said):
            be_address.parse(snap("be_address", settings=WIDE, data=write("e.zip", packed(made))), con)
    whole = packed({f"Adres.{end}": content for end, content in files.items()})
    with pytest.raises(UnreadableSnapshotError):
        be_address.parse(snap("be_address", settings=WIDE, data=write("e.zip", whole[:-200])), con)
    monkeypatch.setattr(zipped, "SIZE_MAX_BYTES", 1000)
    with pytest.raises(UnreadableSnapshotError, match="more than such a table ever holds"):
        be_address.parse(snap("be_address", settings=WIDE, data=write("e.zip", whole)), con)


def test_a_large_csv_is_streamed_and_reads_the_same(
    snap: Snap, write: Write, con: Con, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write("a.csv", csv_of([*HERE, *ELSEWHERE]))
    shot = snap("be_address", settings=WIDE, data=file)
    be_address.parse(shot, con)
    held = taken_in(con, shot, "address")
    monkeypatch.setattr(points, "STREAMED_FROM_BYTES", 100)
    be_address.parse(shot, con)
    assert [{**row, "_row": 0} for row in taken_in(con, shot, "address")] == [{**row, "_row": 0} for row in held]
    assert len(held) == 6
    broken = write("b.csv", csv_of(HERE) + "1;2;3\n")
    with pytest.raises(UnreadableSnapshotError, match="a line of the CSV cannot be read"):
        be_address.parse(snap("be_address", settings=WIDE, data=broken), con)


def test_pages_of_the_service_may_be_cut_as_well(snap: Snap, write: Write, con: Con) -> None:
    from tests.sources.registers import properties

    made = [{**properties(a), "geometry": {"type": "Point", "coordinates": [a.x, a.y]}} for a in [*HERE, *ELSEWHERE]]
    shot = snap("be_address", settings={"postcodes": ["9990"]}, data=write("a.json", page(made)))
    be_address.parse(shot, con)
    assert len(taken_in(con, shot, "address")) == 6
