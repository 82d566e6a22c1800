"""Heights from the tiles of a service are those from one file: how a model is cut changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import rasterio

from sources import be_elevation
from sources._kit import http
from sources._kit.city import load_city
from sources._kit.contract import load_source
from sources._kit.duck import connect, literal
from sources._kit.fetch import fetch_files
from sources._kit.snapshot import Store
from tests.conftest import RunCity
from tests.sources.loopback import Answer, Loopback
from tests.sources.test_http import Hurried
from tests.sources.wcs import Wcs
from transforms.core import height_measured


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(http, "PACE", Hurried())
    made = Loopback(lambda _request: Answer(status=404))
    yield made
    made.close()


def test_tiles_of_a_service_measure_what_one_file_does(
    server: Loopback, voorbeeldstad: RunCity, voorbeeldstad_files: Path, tmp_path: Path
) -> None:
    rasters = {name: voorbeeldstad_files.parent / "elevation" / f"{name}.tif" for name in ("dsm", "dtm")}
    wcs = Wcs(server, rasters)
    with rasterio.open(rasters["dsm"]) as whole:
        west, south, east, north = whole.bounds
    city = load_city(voorbeeldstad_files, voorbeeldstad.space.cities)
    service = {
        "kind": "wcs",
        "coverage": {"dsm": "dsm", "dtm": "dtm"},
        "bbox": (west - 5, south - 5, east, north),
        "tile_px": 128,
    }
    url = {"dsm": server.url, "dtm": server.url}
    feed = city.feeds["elevation"].model_copy(update={"path": None, "url": url})
    feed = type(feed).model_validate({**feed.model_dump(), "service": service})
    city = city.model_copy(update={"feeds": {**city.feeds, "elevation": feed}})
    snapshot = fetch_files(city, feed, Store(tmp_path / "store"))
    assert len(wcs.asked) == 2 * 3 * 3

    con = connect()
    con.execute("CREATE SCHEMA raw; CREATE SCHEMA core")
    be_elevation.parse(snapshot, con)
    intake = load_source("be_elevation").info.tables["raster"].intake
    columns = ", ".join(f"{value} AS {name}" for name, value in intake.items())
    con.execute(f"CREATE VIEW raw.elevation AS SELECT 'elevation' AS feed, geom, {columns} FROM raw.elevation_raster")
    buildings = voorbeeldstad.con.execute(
        "SELECT * REPLACE (ST_AsWKB(geom) AS geom) FROM core.building"
    ).to_arrow_table()
    con.register("incoming", buildings)
    con.execute("CREATE TABLE core.building AS SELECT * REPLACE (ST_GeomFromWKB(geom) AS geom) FROM incoming")
    con.execute(f"SET VARIABLE store = {literal(tmp_path / 'store')}; SET VARIABLE crs = 'EPSG:31370'")
    found = con.execute(f"SELECT * FROM ({height_measured.build(con)}) ORDER BY building_id").fetchall()
    expected = voorbeeldstad.rows("SELECT * FROM core.height_measured ORDER BY building_id")
    assert len(expected) > 200
    assert found == expected
    con.close()
