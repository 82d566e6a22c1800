"""What comes from outside may be made to harm: each case here once hung, ended or misled the reader, or leads where it must not."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.feed_steps import _last_modified
from sources import be_transit, observation_list, osm_extract
from sources._kit import fetch
from sources._kit.answer import find_error, said
from sources._kit.contract import load_source
from sources._kit.coverage import describe
from sources._kit.errors import FetchRefusedError, OnbenutError, UnreadableSnapshotError
from sources._kit.fetch import fetch_files
from sources._kit.hostile import MEMBERS_MAX, is_too_deep, open_archive
from sources._kit.snapshot import Snapshot, Store
from tests.sources.conftest import Con, Snap, Write, make_city
from tests.sources.loopback import Answer, Loopback
from tests.sources.zips import GTFS, packed

LIST = {"columns": {"observation_id": "nr", "kind": "wat"}}
FEED = {"name": "feed", "source": "be_grb", "rows_min": 0}
Get = Callable[[], Snapshot]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(total=0, backoff_factor=0))
    made = Loopback(lambda _request: Answer(b"a,b\n1,2\n"))
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def get(server: Loopback, store: Store, tmp_path: Path) -> Get:
    city = make_city(tmp_path, {**FEED, "url": f"{server.url}/x.csv"})
    return lambda: fetch_files(city, city.feeds["feed"], store)


# --- an answer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["<!---->" * 9000 + "<x", "<" * 60_000, "<script " * 8000, "<?xml ?><osm>" + "<remark>" * 8000]
)
def test_no_answer_keeps_us_busy(tmp_path: Path, text: str) -> None:
    (path := tmp_path / "x").write_text(text)
    began = time.process_time()
    find_error(path)
    said(text)
    assert time.process_time() - began < 1


DEEP = {
    "shape": '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":%s}}]}',
    "value": '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":{"a":"]\\\\\\"]]","b":%s}}]}',
    "broken": '{"type":"FeatureCollection","features":%s',
}


@pytest.mark.parametrize("kind", DEEP)
@pytest.mark.parametrize("nest", [("[", "]"), ('{"a":[', "]}"), ('{"]":', "}")])
def test_deep_json_is_refused_before_a_reader_falls_into_it(
    con: Con, snap: Snap, write: Write, get: Get, server: Loopback, store: Store, kind: str, nest: tuple[str, str]
) -> None:
    body = DEEP[kind] % (nest[0] * 100_000 + "1" + nest[1] * (0 if kind == "broken" else 100_000))
    with pytest.raises(UnreadableSnapshotError, match="nested deeper"):
        load_source("be_heritage").parse(snap("be_heritage", designation=write("x.json", body)), con)
    server.answer = lambda _request: Answer(body.encode())
    with pytest.raises(FetchRefusedError, match="nested deeper"):
        get()
    assert not list(store.root.glob("manifests/*/*/*.json"))


def test_json_as_deep_as_data_is_and_with_brackets_in_its_texts_is_none_of_that(tmp_path: Path) -> None:
    feature = {
        "geometry": {"type": "MultiPolygon", "coordinates": [[[[1, 2]] * 4] * 40] * 40},
        "properties": {"a": '[{"\\' * 500},
    }
    (path := tmp_path / "x").write_text(json.dumps({"features": [feature] * 20}))
    assert not is_too_deep(path)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "FeatureCollection", "features": [1, 2]},
        {"type": "FeatureCollection", "features": [{"geometry": [1]}]},
        {"type": "FeatureCollection", "features": [], "links": ["x"]},
        {"type": "FeatureCollection", "features": {"a": 1}},
    ],
)
def test_a_page_of_odd_things_is_refused(server: Loopback, store: Store, tmp_path: Path, body: object) -> None:
    server.answer = lambda _request: Answer(json.dumps(body).encode())
    feed = {**FEED, "url": {"gbg": f"{server.url}/collections/GBG/items"}, "service": {"kind": "ogc_features"}}
    city = make_city(tmp_path, feed)
    with pytest.raises(FetchRefusedError, match="no GeoJSON"):
        fetch_files(city, city.feeds["feed"], store)


@pytest.mark.parametrize("stamp", ["gisteren", "9999-99-99T00:00:00Z", "[]"])
def test_a_time_that_is_none_loses_no_rows(con: Con, snap: Snap, write: Write, stamp: str) -> None:
    feature = {"type": "Feature", "properties": {"nr": "1", "wat": "for_sale"}, "geometry": None}
    page = write("x.json", json.dumps({"type": "FeatureCollection", "timeStamp": stamp, "features": [feature]}))
    taken = snap("observation_list", data=page, settings=LIST)
    assert observation_list.parse(taken, con) is None
    assert _last_modified(replace(taken, parts=(replace(taken.parts[0], last_modified=stamp),))) is None


@pytest.mark.parametrize("etag", ['"a\x01\x1b[2Jb"', '"' + "x" * 20_000 + '"'])
def test_an_etag_that_is_no_header_of_ours_is_not_kept(server: Loopback, get: Get, etag: str) -> None:
    server.answer = lambda _request: Answer(b"a,b\n1,2\n", headers={"ETag": etag})
    assert get().parts[0].etag is None
    assert get().parts[0].status == 200  # and does not spoil the next night


# --- where it leads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("file:///etc/hostname", "away from TLS"),
        ("ftp://127.0.0.1/x", "away from TLS"),
        ("gopher://127.0.0.1:70/x", "away from TLS"),
        ("http://169.254.169.254/latest/meta-data/", "another host"),
        ("http://localhost:{port}/", "another host"),
        ("http://127.0.0.1:1/", "another host"),
        ("//127.0.0.1:22/", "another host"),
        ("http://127.0.0.1@evil.example/", "another host"),
        ("http://127.0.0.1:99999999/", "no address"),
        ("http://[::1/", "no address"),
        ("/x?k=${ONBENUT_SECRET_OTHER}", "asks for a key"),
        ("/x?k=$%7BONBENUT_SECRET_OTHER%7D", "asks for a key"),
    ],
)  # fmt: skip
def test_a_redirect_leads_nowhere_else(
    server: Loopback, get: Get, monkeypatch: pytest.MonkeyPatch, where: str, said: str
) -> None:
    monkeypatch.setenv("ONBENUT_SECRET_OTHER", "n0t-y0urs")
    to = where.replace("{port}", str(server.port))
    server.answer = lambda r: (
        Answer(status=302, headers={"Location": to}) if r.path == "/x.csv" else Answer(b"got\n1\n")
    )
    with pytest.raises(FetchRefusedError, match=said) as error:
        get()
    assert len(server.seen) == 1
    assert "n0t-y0urs" not in str(error.value)


def test_a_next_page_cannot_ask_for_a_key_either(
    server: Loopback, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBENUT_SECRET_OTHER", "n0t-y0urs")
    page = {"type": "FeatureCollection", "features": [{"id": 1, "geometry": None}]}
    page["links"] = [{"rel": "next", "href": f"{server.url}/more?k=${{ONBENUT_SECRET_OTHER}}"}]
    server.answer = lambda _request: Answer(json.dumps(page).encode())
    feed = {**FEED, "url": {"gbg": f"{server.url}/collections/GBG/items"}, "service": {"kind": "ogc_features"}}
    city = make_city(tmp_path, feed)
    with pytest.raises(FetchRefusedError, match="asks for a key"):
        fetch_files(city, city.feeds["feed"], store)
    assert len(server.seen) == 1


# --- the store -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sha256", ["../../../outside", "/etc/hostname", "..", "a" * 63, "A" * 64, "a" * 64 + "\n"])
def test_no_manifest_leads_out_of_the_store(get: Get, store: Store, tmp_path: Path, sha256: str) -> None:
    (tmp_path / "outside").write_text("a,b\n1,2\n")
    good = get()
    store.accept(good, {"x": 1}, None)
    assert store.last_good(good.city, good.feed) == good
    _spoil(good, sha256=sha256)
    assert store.last_good(good.city, good.feed) is None
    with pytest.raises(UnreadableSnapshotError, match="no SHA-256"):
        store.blob(sha256)
    (note,) = store.root.glob("urls/*.json") if list(store.root.glob("urls/*.json")) else (None,)
    assert note is None


@pytest.mark.parametrize(
    "changed",
    [
        {"clip": ["1); DROP", 2, 3, 4]},
        {"clip": [1, 2]},
        {"fetched_at": "gisteren"},
        {"parts": 1},
        {"parts": [{"x": 1}]},
    ],
)
def test_a_manifest_that_cannot_be_read_is_none(get: Get, store: Store, changed: dict[str, object]) -> None:
    good = get()
    store.accept(good, {"x": 1}, None)
    _spoil(good, **changed)
    assert store.last_good(good.city, good.feed) is None


def test_bytes_that_are_a_link_or_of_another_size_are_not_the_stores(get: Get, store: Store, tmp_path: Path) -> None:
    good = get()
    store.accept(good, {"x": 1}, None)
    blob = good.paths("data")[0]
    (tmp_path / "outside").write_bytes(blob.read_bytes())
    blob.unlink()
    blob.symlink_to(tmp_path / "outside")
    assert store.last_good(good.city, good.feed) is None
    blob.unlink()
    blob.write_text("other")
    assert store.last_good(good.city, good.feed) is None


def _spoil(snapshot: Snapshot, **changed: object) -> None:
    body: dict[str, Any] = json.loads(snapshot.manifest_path.read_text())
    if "sha256" in changed:
        body["parts"][0] |= changed
    else:
        body |= changed
    snapshot.manifest_path.write_text(json.dumps(body))


# --- archives --------------------------------------------------------------------------------------------------------


def test_an_archive_writes_nowhere_but_where_it_is_unpacked(con: Con, snap: Snap, write: Write, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("agency.txt")
    link.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in GTFS.items():
            archive.writestr(link if name == "agency.txt" else f"../../../{name}", text)
        archive.writestr("../../../elsewhere.txt", "x")
        archive.writestr("/tmp/onbenut-elsewhere.txt", "x")
    path = write("x.zip", out.getvalue())
    before = {one for one in tmp_path.parent.rglob("*") if one.is_file()}
    be_transit.parse(snap("be_transit", data=path), con)
    new = {one for one in tmp_path.parent.rglob("*") if one.is_file()} - before
    assert all(one.is_relative_to(tmp_path / "store" / "blobs") for one in new)
    assert not Path("/tmp/onbenut-elsewhere.txt").exists()


def test_an_archive_in_an_archive_is_not_opened(con: Con, snap: Snap, write: Write) -> None:
    with pytest.raises(UnreadableSnapshotError, match="missing from the archive"):
        be_transit.parse(snap("be_transit", data=write("x.zip", packed({"gtfs.zip": packed(GTFS)}))), con)


@pytest.mark.parametrize("is_honest", [True, False])
def test_an_archive_of_endless_members_is_not_listed(tmp_path: Path, is_honest: bool) -> None:
    body = packed({f"{number}.txt": b"" for number in range(MEMBERS_MAX + 1)})
    if not is_honest:  # the end says that there is one
        at = body.rindex(b"PK\x05\x06")
        body = body[: at + 8] + struct.pack("<HH", 1, 1) + body[at + 12 :]
    (path := tmp_path / "x.zip").write_bytes(body)
    said = f"{MEMBERS_MAX + 1} members, more" if is_honest else f"^more than {MEMBERS_MAX} members"
    with pytest.raises(zipfile.BadZipFile, match=said):
        open_archive(path)
    assert find_error(path) is not None


# --- Excel, CSV, XML, GeoPackage -------------------------------------------------------------------------------------

SHEET = (
    '<?xml version="1.0"?>%s<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="inlineStr"><is><t>nr</t></is></c><c r="B1" t="inlineStr"><is><t>wat%s</t></is></c>%s</row>%s</sheetData></worksheet>'
)


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        (SHEET % ("", "", "", '<row r="2000000000"><c r="A2000000000"><v>1</v></c></row>'), "numbered beyond"),
        (SHEET % ("", "", "", '<row r="x"><c r="A2"><v>1</v></c></row>'), "damaged"),
        (SHEET % ("", "", "", '<row r="2"><c r="ZZZZZZ2"><v>1</v></c></row>'), "damaged"),
        (SHEET % ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>', "&e;", "", ""), "XML that cannot be read"),
        (SHEET % ("", "", '<c r="XFD1" t="inlineStr"><is><t>zz</t></is></c>', ""), "column zz"),
    ],
    ids=["row", "no number", "column", "external entity", "wide"],
)  # fmt: skip
def test_an_odd_sheet_is_refused_at_once(con: Con, snap: Snap, write: Write, sheet: str, said: str) -> None:
    book, made, out = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, sheet if name.endswith("sheet1.xml") else old.read(name))
    began = time.process_time()
    with pytest.raises(OnbenutError, match=said):
        observation_list.parse(snap("observation_list", data=write("x.xlsx", out.getvalue()), settings=LIST), con)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"nr;wat\n" + b"x" * (3 << 20), "a line of 1048576 letters or more"),
        (b"x" * (3 << 20), "a line of 1048576 letters or more"),
        (b"nr;wat\n1;" + b"x" * 200_000 + b"\n", "cannot be cut into fields"),
    ],
)
def test_an_endless_line_is_refused(con: Con, snap: Snap, write: Write, body: bytes, said: str) -> None:
    with pytest.raises(UnreadableSnapshotError, match=said):
        observation_list.parse(snap("observation_list", data=write("x.csv", body), settings=LIST), con)


def test_an_endless_line_of_a_streamed_table_is_refused(con: Con, snap: Snap, write: Write) -> None:
    files = {**GTFS, "stop_times.txt": GTFS["stop_times.txt"] + "x" * (30 << 20)}
    with pytest.raises(UnreadableSnapshotError, match="cannot be read"):
        be_transit.parse(snap("be_transit", data=write("x.zip", packed(files))), con)


LAUGHS = '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "%s"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' % ("ha" * 500)
AWAY = '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
OSM = '<osm version="0.6"><node id="1" lat="51" lon="4" version="1"><tag k="name" v="%s"/></node>%s</osm>'


@pytest.mark.parametrize("head", [LAUGHS, AWAY], ids=["laughs", "external"])
@pytest.mark.parametrize("is_packed", [True, False])
def test_osm_with_entities_is_refused(con: Con, snap: Snap, write: Write, head: str, is_packed: bool) -> None:
    body = (head + OSM % (("&b;", "") if head is LAUGHS else ("x", "&b;"))).encode()
    path = write("x.osm", gzip.compress(body) if is_packed else body)
    with pytest.raises(UnreadableSnapshotError, match="entities are not supported"):
        osm_extract.parse(snap("osm_extract", data=path), con)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_coverage_described_with_entities_is_not_read_in_any_encoding(encoding: str) -> None:
    text = (
        '<!DOCTYPE a [<!ENTITY b "DSM">]><a><CoverageDescription><CoverageId>&b;</CoverageId></CoverageDescription></a>'
    )
    with pytest.raises(FetchRefusedError, match="does not describe"):
        describe(text.encode(encoding).decode("utf-8", "replace"), "DSM", "EPSG:31370", {})


def test_gml_is_told_and_not_opened(con: Con, snap: Snap, write: Write) -> None:
    path = write(
        "x.gml",
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><wfs:FeatureCollection>&b;</wfs:FeatureCollection>',
    )
    with pytest.raises(UnreadableSnapshotError, match="XML answer"):
        load_source("be_heritage").parse(snap("be_heritage", designation=path, crs="EPSG:31370"), con)


def test_a_geopackage_is_not_changed_and_its_triggers_never_run(con: Con, snap: Snap, tmp_path: Path) -> None:
    import geopandas
    import shapely

    path = tmp_path / "x.gpkg"
    declared = load_source("be_heritage").info.tables["designation"].columns
    columns: dict[str, list[str | None]] = {name: [None] for name in declared if name.lower() not in ("fid", "geom")}
    frame = geopandas.GeoDataFrame(columns, geometry=[shapely.box(104000, 194000, 104100, 194100)], crs="EPSG:31370")
    frame.to_file(path, layer="designation")
    with sqlite3.connect(path) as db:
        for event in ("INSERT", "UPDATE", "DELETE"):
            db.execute(f"CREATE TRIGGER t{event} AFTER {event} ON gpkg_contents BEGIN DELETE FROM designation; END")
        db.execute("CREATE VIEW v AS SELECT load_extension('/tmp/x.so') AS x")
    before = path.read_bytes()
    load_source("be_heritage").parse(snap("be_heritage", designation=path, crs="EPSG:31370"), con)
    assert path.read_bytes() == before


def test_parquet_with_a_crs_that_is_none_is_refused(con: Con, snap: Snap, tmp_path: Path) -> None:
    con.execute(
        f"COPY (SELECT ST_AsWKB(ST_Point(4, 51)) AS geometry) TO '{tmp_path}/x.parquet' (FORMAT parquet, KV_METADATA {{geo: "
        """'{"version":"1.0.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","crs":{"type":"\x1b[2J"}}}}'})"""
    )
    with pytest.raises(UnreadableSnapshotError):
        load_source("be_heritage").parse(snap("be_heritage", designation=tmp_path / "x.parquet", crs="EPSG:31370"), con)


def test_what_an_error_quotes_stays_on_its_line_and_steers_no_screen() -> None:
    error = OnbenutError(
        "it says 503 \x1b]0;mine\x07", value="a\nCRITICAL: forged\r\x1b[2J\x9b1m\u202e", next_step="look"
    )
    assert str(error).isprintable()
    assert "\\x1b[2J" in str(error)
