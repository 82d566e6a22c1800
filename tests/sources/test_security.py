"""What comes from outside is never executed, never grows without bound, and no key stays in what is kept."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely

from sources import observation_list
from sources._kit import fetch
from sources._kit.city import load_city
from sources._kit.contract import load_source
from sources._kit.duck import identifier
from sources._kit.errors import CityFileError, ColumnError, FetchRefusedError, UnreadableSnapshotError
from sources._kit.fetch import fetch_files
from sources._kit.snapshot import Store
from tests.sources.conftest import Con, Snap, Write, make_city
from tests.sources.loopback import Answer, Loopback

KEY = "s3cr3t/with+signs"
CITY = 'name = "X"\nnis = "99001"\ncrs = "EPSG:31370"\n[feeds.a]\nsource = "be_heritage"\n'


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(total=0, backoff_factor=0))
    made = Loopback(lambda _request: Answer(b"a,b\n1,2\n"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('url = "https://example.org/x?api_key=s3cr3t"', "feeds.a.url"),
        ('url = "https://example.org/x?f=json&Token=s3cr3t"', "feeds.a.url"),
        ('url = "https://me:s3cr3t@example.org/x"', "feeds.a.url"),
        ('url = { ps_aandobj = "https://example.org/x?key=s3cr3t" }', "feeds.a.url.ps_aandobj"),
        ('url = "https://example.org/x"\ntoken = "s3cr3t"', "feeds.a.token"),
        ('url = "https://example.org/x"\n[feeds.a.service]\nkind = "arcgis"\nparams = { token = "s3cr3t" }',
         "feeds.a.service.params.token"),
        ('url = "https://example.org/x"\n[feeds.a.otherwise]\nurl = "https://example.org/y?password=s3cr3t"', "feeds.a.otherwise.url"),
    ],
)  # fmt: skip
def test_a_city_file_with_a_key_is_refused_without_repeating_it(tmp_path: Path, line: str, key: str) -> None:
    (tmp_path / "x.toml").write_text(CITY + line + "\n", encoding="utf-8")
    with pytest.raises(CityFileError, match="ONBENUT_SECRET_") as error:
        load_city(tmp_path / "x.toml", tmp_path)
    assert error.value.where["column"] == key
    assert "s3cr3t" not in str(error.value)


def test_a_placeholder_is_no_key_and_a_column_called_key_neither(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        CITY + 'url = "https://example.org/x?key=${ONBENUT_SECRET_GEO}&f=json"\n[feeds.a.columns]\nkey = "token"\n',
        encoding="utf-8",
    )
    assert load_city(tmp_path / "x.toml", tmp_path).feeds["a"].settings == {"columns": {"key": "token"}}


def test_a_key_is_sent_and_stays_out_of_all_that_is_kept(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBENUT_SECRET_GEO", KEY)
    store, told = Store(tmp_path / "store"), list[str]()
    feed = {"name": "feed", "source": "be_grb", "url": f"{server.url}/x.csv?key=${{ONBENUT_SECRET_GEO}}"}
    city = make_city(tmp_path, feed)
    server.answer = lambda request: (
        Answer(b"a,b\n1,2\n", headers={"ETag": '"1"'})
        if request.path == "/y.csv"
        else Answer(status=302, headers={"Location": f"/y.csv?key={request.query['key']}"})
    )
    fetch_files(city, city.feeds["feed"], store, lambda url, _held, _all: told.append(url))
    assert [request.query["key"] for request in server.seen] == [KEY, KEY]
    server.answer = lambda request: Answer(f"no such key: {request.query['key']}".encode(), status=403)
    with pytest.raises(FetchRefusedError, match="403") as error:
        fetch_files(city, city.feeds["feed"], Store(tmp_path / "other"))
    kept = " ".join(path.read_text() for path in store.root.rglob("*.json"))
    for text in (kept, " ".join(told), str(error.value)):
        assert "ONBENUT_SECRET_GEO" in text
        assert "s3cr3t" not in text


def test_a_key_that_is_not_set_or_would_go_in_the_open_is_not_asked_with(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = make_city(
        tmp_path, {"name": "feed", "source": "be_grb", "url": f"{server.url}/?key=${{ONBENUT_SECRET_NONE}}"}
    )
    with pytest.raises(FetchRefusedError, match="ONBENUT_SECRET_NONE"):
        fetch_files(city, city.feeds["feed"], Store(tmp_path / "store"))
    monkeypatch.setenv("ONBENUT_SECRET_NONE", KEY)
    city = make_city(
        tmp_path, {"name": "feed", "source": "be_grb", "url": "http://example.invalid/?key=${ONBENUT_SECRET_NONE}"}
    )
    with pytest.raises(FetchRefusedError, match="without TLS"):
        fetch_files(city, city.feeds["feed"], Store(tmp_path / "store"))
    assert server.seen == []


HOSTILE = ('a"); DROP TABLE raw.kept; --', "b'); DROP TABLE raw.kept; --", "c`; SELECT 1; --", "d{x}", "e\\")


@pytest.mark.parametrize("kind", ["csv", "geojson", "gpkg"])
def test_names_of_columns_and_cells_are_never_executed(
    con: Con, snap: Snap, write: Write, tmp_path: Path, kind: str
) -> None:
    con.execute("CREATE TABLE raw.kept AS SELECT 1 AS x")
    names = HOSTILE
    settings = {
        "columns": dict(zip(("observation_id", "building_id", "detail", "kind", "observed_on"), names, strict=True)),
        "values": {"kind": {"x'); DROP TABLE raw.kept; --": "citizen_report"}},
    }
    values = ["1'); DROP TABLE raw.kept; --", 'x"', "y", "x'); DROP TABLE raw.kept; --", "2025-01-01"]
    if kind == "csv":
        cells = [";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (names, values)]
        path = write("x.csv", "\n".join(cells) + "\n")
    elif kind == "geojson":
        feature = {"type": "Feature", "properties": dict(zip(names, values, strict=True)), "geometry": None}
        path = write("x.json", json.dumps({"type": "FeatureCollection", "features": [feature]}))
    else:
        path = tmp_path / "x.gpkg"
        pyogrio.raw.write(
            path, np.array([shapely.to_wkb(shapely.Point(104000, 194000))]), [np.array([v], object) for v in values], list(names),
            geometry_type="Point", crs="EPSG:31370", layer="t'; DROP TABLE kept; --",
        )  # fmt: skip
        # A layer with columns that nobody declared: the name of the first is told, and no more comes of it.
        with pytest.raises(ColumnError):
            load_source("be_heritage").parse(snap("be_heritage", designation=path, crs="EPSG:31370"), con)
        assert con.execute("FROM raw.kept").fetchall() == [(1,)]
        return
    observation_list.parse(snap("observation_list", data=path, settings=settings), con)
    assert con.execute("FROM raw.kept").fetchall() == [(1,)]
    (table_name,) = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%observation'"
    ).fetchone() or ("",)
    row = con.execute(f"SELECT {', '.join(identifier(n) for n in names)} FROM raw.{identifier(table_name)}").fetchall()
    assert row == [tuple(values)]


def _book(**members: bytes) -> bytes:
    """A workbook with members replaced or added."""
    book, made = openpyxl.Workbook(), io.BytesIO()
    book.create_sheet("lijst", 0).append(["nr", "wat"])
    book.save(made)
    out = io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, members.pop(name.replace("/", "__").replace(".", "_"), old.read(name)))
        for name, body in members.items():
            new.writestr(name, body)
    return out.getvalue()


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"ha" * 5000 + b'">'
    + b"".join(b'<!ENTITY %c "' % (98 + i) + b"&%c;" % (97 + i) * 10 + b'">' for i in range(9))
    + b']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    + b'<c r="A1" t="inlineStr"><is><t>&j;</t></is></c></row></sheetData></worksheet>'
)  # fmt: skip


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (lambda: _book(**{"xl/media/x.bin": bytes(80 << 20)}), "unpacks to more"),
        (lambda: _book(xl__worksheets__sheet1_xml=LAUGHS), "XML that cannot be read"),
    ],
    ids=["zip", "entities"],
)
def test_a_bomb_in_an_excel_file_is_refused(con: Con, snap: Snap, write: Write, body: object, said: str) -> None:
    path = write("x.xlsx", body())  # type: ignore[operator]
    assert path.stat().st_size < 1 << 20
    with pytest.raises(UnreadableSnapshotError, match=said):
        observation_list.parse(
            snap("observation_list", data=path, settings={"columns": {"observation_id": "nr", "kind": "wat"}}), con
        )


@pytest.mark.parametrize("name", ["../../x", "a/b", "..", "A", "x\x00y"])
def test_a_feed_by_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    text = CITY.replace("[feeds.a]", f"[feeds.{json.dumps(name)}]") + 'path = "x.geojson"\n'
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CityFileError):
        load_city(tmp_path / "x.toml", tmp_path)
