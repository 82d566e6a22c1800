"""The file of the map: what stands in it, and what is refused before anybody opens it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

import duckdb
import numpy as np
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from sources._kit.errors import PublishError
from transforms.publish import map as map_package
from transforms.publish.map import features
from transforms.publish.map.check import check_map, read_page
from transforms.publish.map.page import SCRIPTS, leaflet_script, leaflet_style, write_map
from transforms.publish.publish import publish_city
from transforms.publish.rows import Product, prepare, read_run

CRS = "EPSG:31370"
# As the makers of Leaflet print them for release 1.9.4 on their page of downloads.
RELEASED = {
    "leaflet.js": "20nQCchB9co0qIjJZRGuk2/Z9VM+kNiyxNV1lvTlZBo=",
    "leaflet.css": "p4NxAoJBhIIN+hmNHrzRCf9tD/miZyoHS5obTRR9BMY=",
}
OWN = Path(map_package.__file__).parent


def _prepared(con: duckdb.DuckDBPyConnection, audience: str = "public", crs: str = CRS) -> Product:
    return prepare(con, "gent", crs, audience, read_run(con, "gent"))


@pytest.mark.parametrize("name", RELEASED)
def test_leaflet_is_the_release_itself(name: str) -> None:
    data = files("js_lib_leaflet").joinpath(f"static/js_lib_leaflet/{name}").read_bytes()
    assert base64.b64encode(hashlib.sha256(data).digest()).decode() == RELEASED[name]


def test_leaflet_carries_its_licence_and_points_at_no_file() -> None:
    assert "Leaflet 1.9.4" in leaflet_script()
    assert "Redistributions" in leaflet_script()
    assert "sourceMappingURL" not in leaflet_script()
    assert "url(" not in leaflet_style()


def test_same_rows_give_the_same_bytes(unchanged: duckdb.DuckDBPyConnection, tmp_path: Path, published: Path) -> None:
    write_map(unchanged, _prepared(unchanged), (), tmp_path / "map.html")
    assert (tmp_path / "map.html").read_bytes() == (published / "map.html").read_bytes()


def test_page_names_nothing_it_could_fetch(published: Path) -> None:
    text = (published / "map.html").read_text(encoding="utf-8")
    _, page = read_page(published / "map.html")
    assert page.addresses == []
    assert page.policy.startswith("default-src 'none'; script-src 'sha256-")
    assert page.policy.count("https://") == 1
    assert "unsafe" not in page.policy
    # All addresses in our own part: the background, its parameters, and the names of XML spaces in none.
    own = text.split('<script id="page">')[1]
    assert set(re.findall(r"https?://[^/\s\"'`]+", own)) == set()


@pytest.mark.parametrize(("crs", "host"), [("EPSG:28992", "https://service.pdok.nl"), ("EPSG:2154", None)])
def test_background_is_the_one_of_the_country(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path, crs: str, host: str | None
) -> None:
    write_map(layer, _prepared(layer, crs=crs), (), tmp_path / "map.html")
    data, page = read_page(tmp_path / "map.html")
    assert re.findall(r"https://\S+", page.policy.replace(";", " ")) == ([host] if host else [])
    assert (data["facts"]["background"] or {}).get("url", "").startswith(host or "")


def test_outlines_are_those_of_the_layer(published: Path, unchanged: duckdb.DuckDBPyConnection) -> None:
    data, _ = read_page(published / "map_city.html")
    rows = unchanged.execute(
        "SELECT building_id, CAST(ST_AsWKB(geom) AS BLOB) FROM layer.building WHERE audience = 'city'"
    ).fetchall()
    to_metres = Transformer.from_crs(4326, 31370, always_xy=True)
    wanted = {building_id: shapely.from_wkb(bytes(geom)) for building_id, geom in rows}
    ring, steps, at = iter(data["ring"]["points"]), np.array(data["ring"]["steps"]).reshape(-1, 2), 0
    for place, building_id in enumerate(data["building"]["id"]):
        shape: BaseGeometry = shapely.Polygon()
        for _ in range(data["ring"]["rings"][place]):
            count = next(ring)
            first = np.array(data["pin"][2 * place : 2 * place + 2])
            points = (first + np.cumsum(steps[at : at + count], axis=0)) / 1e6
            at += count
            # By the even-odd rule, as the canvas paints them: a hole takes away, another part adds.
            shape = shape.symmetric_difference(shapely.Polygon(np.column_stack(to_metres.transform(*points.T))))
        off = shape.symmetric_difference(wanted[building_id]).area / wanted[building_id].area
        assert off < 0.03, building_id  # a decimetre at every edge of ten metres


def test_only_the_most_promising_are_shown_of_very_many(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "LIMIT", 30)
    product = _prepared(layer)
    write_map(layer, product, (), tmp_path / "map.html")
    check_map(layer, product, (), tmp_path / "map.html")
    data, _ = read_page(tmp_path / "map.html")
    assert (data["facts"]["shown"], data["facts"]["total"]) == (30, 180)
    best = layer.execute(
        "SELECT building_id FROM layer.building WHERE audience = 'public' ORDER BY priority_rank NULLS LAST, building_id LIMIT 30"
    ).fetchall()
    assert data["building"]["id"] == [row[0] for row in best]
    assert max(data["evidence"]["building"]) < 30


def test_a_layer_without_buildings_gives_an_empty_map(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    layer.execute("DELETE FROM layer.building; DELETE FROM layer.evidence; DELETE FROM layer.reuse")
    data, _ = read_page(publish_city(layer, "gent", CRS, tmp_path)["map.html"])
    assert data["building"]["id"] == data["ring"]["steps"] == data["pin"] == data["reuse"]["use"] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (r'(id="data">)[^<]+', None, "rows in id"),
        ("OpenStreetMap contributors. Run", ". Run", "attribution"),
        ("<footer>", '<footer><img src="https://example.org/x.png">', "addresses"),
        ("<footer>", '<footer><link rel="stylesheet" href="//example.org/x.css">', "addresses"),
        ("default-src 'none'|default-src &#39;none&#39;", "default-src *", "policy"),
    ],
)
def test_a_page_that_reads_back_wrong_is_refused(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path, old: str, new: str | None, message: str
) -> None:
    path, product = tmp_path / "map.html", _prepared(layer)
    write_map(layer, product, (), path)
    check_map(layer, product, (), path)
    if new is None:  # the data of another audience's page
        write_map(layer, _prepared(layer, "city"), (), tmp_path / "other.html")
        found = re.search(old, (tmp_path / "other.html").read_text(encoding="utf-8"))
        assert found
        new = found[0]
    text, changes = re.subn(old, new, path.read_text(encoding="utf-8"), count=1)
    assert changes == 1
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PublishError, match=message):
        check_map(layer, product, (), path)


def test_every_word_is_there_in_two_languages_and_used() -> None:
    words: dict[str, list[str]] = json.loads((OWN / "words.json").read_text(encoding="utf-8"))
    code = "".join((OWN / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    page = (OWN / "map.html").read_text(encoding="utf-8")
    used = set(re.findall(r'word\("(\w+)"', code)) | set(re.findall(r'(?:said|group)\("(\w+)"', page))
    used |= set(re.findall(r'data-(?:word|label)="(\w+)"', page)) | set(re.findall(r"words\.(\w+)", page))
    used |= {f"band_{band}" for band in ("confirmed", "likely", "signal", "unknown")}
    # Named in lists: of parts, of pairs, of columns.
    named = {key for key in words if re.search(rf'"{key}"', code)}
    assert used <= words.keys()
    assert words.keys() <= used | named
    for key, texts in words.items():
        assert len(texts) == 2, key
        assert all(texts), key
        assert set(re.findall(r"\{\w+\}", texts[0])) == set(re.findall(r"\{\w+\}", texts[1])), key


def test_every_script_is_read_once() -> None:
    assert sorted(SCRIPTS) == sorted(path.stem for path in OWN.glob("*.js"))
    assert "innerHTML" not in "".join(path.read_text(encoding="utf-8") for path in OWN.glob("*.js"))
