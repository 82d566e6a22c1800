from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine, from_origin
from rasterio.windows import Window

from flows.fetch_steps import _Told
from sources import be_elevation
from sources._kit import fetch, http
from sources._kit.city import Feed
from sources._kit.contract import load_source
from sources._kit.coverage import describe
from sources._kit.errors import FetchRefusedError, UnreadableSnapshotError
from sources._kit.fetch import fetch_files
from sources._kit.multipart import MultipartError, split
from sources._kit.snapshot import Snapshot, Store
from tests.sources.conftest import Con, make_city, taken_in
from tests.sources.loopback import Answer, Loopback, Request
from tests.sources.mapserver import mapserver
from tests.sources.test_http import Hurried
from tests.sources.wcs import Wcs, crop, refusal, related

WEST, NORTH, COLUMNS, ROWS = 150_000.0, 200_300.0, 400, 300
BOX = (150_050.0, 200_020.5, 150_330.0, 200_250.0)
Get = Callable[..., Snapshot]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(backoff_factor=0))
    monkeypatch.setattr(http, "PACE", Hurried())
    made = Loopback(lambda _request: Answer(status=404))
    yield made
    made.close()


@pytest.fixture(scope="module")
def rasters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A surface whose cells are all different, with a corner of sea, and the ground under it."""
    folder = tmp_path_factory.mktemp("rasters")
    cells = np.arange(COLUMNS * ROWS, dtype=np.float32).reshape(ROWS, COLUMNS)
    cells[200:, :150] = -9999
    made = {"DSM": cells, "DTM": np.where(cells == -9999, -9999, 5).astype(np.float32)}
    for name, values in made.items():
        with rasterio.open(
            folder / f"{name}.tif", "w", driver="GTiff", width=COLUMNS, height=ROWS, count=1, dtype="float32",
            crs="EPSG:31370", transform=from_origin(WEST, NORTH, 1, 1), nodata=-9999,
        ) as file:  # fmt: skip
            file.write(values, 1)
    return {name: folder / f"{name}.tif" for name in made}


@pytest.fixture
def wcs(server: Loopback, rasters: dict[str, Path]) -> Wcs:
    return Wcs(server, rasters)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def get(tmp_path: Path, store: Store, server: Loopback) -> Get:
    def run(progress: Any = None, crs: str | None = None, **service: object) -> Snapshot:
        plain = {"kind": "wcs", "coverage": {"dsm": "DSM", "dtm": "DTM"}, "bbox": BOX, "tile_px": 100}
        feed = {
            "name": "feed",
            "source": "be_elevation",
            "url": {"dsm": f"{server.url}/DHMV/wcs", "dtm": f"{server.url}/DHMV/wcs"},
            "service": {**plain, **service},
            "crs": crs,
        }
        city = make_city(tmp_path, feed)
        return fetch_files(city, city.feeds["feed"], store, progress)

    return run


def mosaic(snapshot: Snapshot, part: str) -> np.ndarray[Any, Any]:
    """The cells of all tiles of a part, each once, in the place where it lies."""
    cells = np.full((ROWS, COLUMNS), np.nan)
    for path in snapshot.paths(part):
        with rasterio.open(path) as tile:
            column, row = round(tile.bounds.left - WEST), round(NORTH - tile.bounds.top)
            spot = cells[row : row + tile.height, column : column + tile.width]
            assert np.isnan(spot).all()
            spot[:] = tile.read(1)
    return cells


def blobs(store: Store) -> list[Path]:
    return sorted(path for path in (store.root / "blobs").rglob("*") if path.is_file())


def test_tiles_are_the_coverage_over_the_box_and_nothing_else(
    wcs: Wcs, get: Get, rasters: dict[str, Path], con: Con
) -> None:
    seen: list[tuple[str, int, int | None]] = []
    snapshot = get(progress=lambda what, done, total: seen.append((what, done, total)))
    with rasterio.open(rasters["DSM"]) as whole:
        expected = np.full((ROWS, COLUMNS), np.nan)
        # The box ends in half a cell: that cell is asked for as well.
        expected[50:280, 50:330] = whole.read(1)[50:280, 50:330]
    np.testing.assert_array_equal(mosaic(snapshot, "dsm"), expected)
    assert [part.file for part in snapshot.parts if part.name == "dsm"] == [f"DSM_{n}.tif" for n in range(1, 10)]
    assert all(east - west <= 100 and north - south <= 100 for west, south, east, north in wcs.asked)
    assert [(done, total) for what, done, total in seen if what == "dsm tiles"] == [(n, 9) for n in range(1, 10)]
    be_elevation.parse(snapshot, con)
    tiles = taken_in(con, snapshot, "raster")
    assert (len(tiles), {tile["nodata"] for tile in tiles}) == (18, {-9999.0})


def test_the_raster_is_kept_as_it_came_and_the_rest_of_the_answer_is_not(wcs: Wcs, get: Get, store: Store) -> None:
    sent: list[bytes] = []
    wcs.cut = lambda raster, window: sent.append(crop(raster, window)) or sent[-1]  # type: ignore[func-returns-value]
    snapshot = get()
    assert [path.read_bytes() for path in snapshot.paths("dsm") + snapshot.paths("dtm")] == sent
    assert {path.name for path in blobs(store)} == {part.sha256 for part in snapshot.parts}
    assert not list((store.root / "partial").iterdir())


@pytest.mark.parametrize("labels", [("E", "N"), ("Long", "Lat"), ("X", "Y"), ("i", "j")])
def test_axes_are_called_what_the_service_calls_them(
    server: Loopback, rasters: dict[str, Path], get: Get, labels: tuple[str, str]
) -> None:
    wcs = Wcs(server, rasters, labels)
    get()
    assert wcs.asked[0] == (150_050.0, 200_150.0, 150_150.0, 200_250.0)


def test_axes_that_come_north_first_are_not_swapped(wcs: Wcs, get: Get) -> None:
    wcs.says = {
        "labels": "N E", "lower": f"{NORTH - ROWS} {WEST}", "upper": f"{NORTH} {WEST + COLUMNS}", "across": "0 1",
        "down": "-1 0", "origin": f"{NORTH - 0.5} {WEST + 0.5}",
    }  # fmt: skip
    wcs.labels = ("E", "N")
    get()
    assert wcs.asked[0] == (150_050.0, 200_150.0, 150_150.0, 200_250.0)


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ({"code": 3812}, "not in the feed's CRS.*/3812 instead of EPSG:31370"),
        ({"code": ""}, "not in the feed's CRS"),
        # Lambert 2008 under the name of Lambert 72, and Lambert 72 with north before east.
        (
            {"lower": "650000 700000", "upper": "650400 700300", "origin": "650000.5 700299.5"},
            "outside the area of its CRS",
        ),
        (
            {"lower": "20000 280000", "upper": "20400 280300", "origin": "20000.5 280299.5"},
            "outside the area of its CRS",
        ),
        ({"high": "398 299"}, "does not fill its envelope"),
        ({"origin": "150001.5 200299.5"}, "does not begin at its envelope"),
        ({"down": "0 -2"}, "not square"),
        ({"across": "1 0.1"}, "turned"),
        ({"down": "0 1"}, "not north up"),
        ({"labels": "x y t"}, "other axes than two"),
        ({"name": "OTHER"}, "does not describe the coverage"),
    ],
)
def test_a_coverage_that_cannot_be_laid_on_the_city_is_refused(
    wcs: Wcs, get: Get, store: Store, says: dict[str, object], message: str
) -> None:
    wcs.says = says
    with pytest.raises(FetchRefusedError, match=message) as error:
        get()
    assert {"source": "be_elevation", "city": "test", "feed": "feed"}.items() <= error.value.where.items()
    assert not blobs(store) if (store.root / "blobs").exists() else True


def test_a_city_beyond_the_coverage_is_refused(wcs: Wcs, get: Get) -> None:
    with pytest.raises(FetchRefusedError, match="does not reach the city"):
        get(bbox=(170_000, 200_000, 171_000, 201_000))


def shifted(raster: Any, window: Window) -> bytes:
    t = raster.window_transform(window)
    return crop(raster, window, transform=Affine(t.a, 0, t.c + 1, 0, t.e, t.f))


FAULTS: list[tuple[str, Callable[[Any, Window], bytes], str]] = [
    ("a shift of one cell", shifted, "does not lie where it was asked.*150051, 200250"),
    ("a column less", lambda r, w: crop(r, w, width=int(w.width) - 1), "another size than asked.*99 x 100"),
    ("two bands", lambda r, w: crop(r, w, count=2), "another size than asked.*2 bands"),
    ("coarser cells", lambda r, w: crop(r, w, transform=from_origin(150_050, 200_250, 2, 2)), "not lie where it was asked"),
    ("Lambert 2008", lambda r, w: crop(r, w, crs="EPSG:3812"), "another CRS than asked.*EPSG:3812 instead"),
    ("no CRS", lambda r, w: crop(r, w, crs=None), "another CRS than asked"),
    ("another nodata", lambda r, w: crop(r, w, nodata=-32768), "another value for no data"),
    ("cut short", lambda r, w: crop(r, w)[:-700], "stops short"),
    ("cut at the head", lambda r, w: crop(r, w)[:100], "stops short"),
    ("gaps of unknown value", lambda r, w: empty(r, w, nodata=None), "leaves out cells"),
]  # fmt: skip


def empty(raster: Any, window: Window, **profile: Any) -> bytes:
    """A raster none of whose cells were written, as GDAL makes it of nothing."""
    with rasterio.MemoryFile() as memory:
        plain = {
            "driver": "GTiff", "count": 1, "dtype": "float32", "crs": raster.crs, "nodata": -9999, "sparse_ok": True,
            "width": window.width, "height": window.height, "transform": raster.window_transform(window),
        }  # fmt: skip
        with memory.open(**{**plain, **profile}):
            pass
        return bytes(memory.read())


@pytest.mark.parametrize(("cut", "message"), [pytest.param(c, m, id=name) for name, c, m in FAULTS])
def test_a_tile_that_is_not_the_one_asked_for_is_refused_by_name(
    wcs: Wcs, get: Get, store: Store, cut: Callable[[Any, Window], bytes], message: str
) -> None:
    before = get()
    held = blobs(store)
    wcs.cut = cut
    # With an ETag what came of it could be gone on with: nothing of what was refused may stay.
    wcs.pack = lambda raster: Answer(related(raster).body, headers={**related(raster).headers, "ETag": '"one"'})
    with pytest.raises(FetchRefusedError, match=message) as error:
        get()
    assert error.value.where["tile"] == "150050, 200150, 150150, 200250"
    assert blobs(store) == held
    assert [path.suffix for path in (store.root / "partial").iterdir()] == []
    assert before.paths("dsm")[0].exists()


def test_a_tile_of_sea_is_no_fault(wcs: Wcs, get: Get, con: Con) -> None:
    wcs.cut = empty
    snapshot = get()
    be_elevation.parse(snapshot, con)
    with rasterio.open(snapshot.paths("dsm")[0]) as tile:
        assert (tile.read(1) == -9999).all()


def test_a_tile_without_a_value_for_no_data_needs_the_city_file(wcs: Wcs, get: Get, con: Con, tmp_path: Path) -> None:
    wcs.cut = lambda raster, window: crop(raster, window, nodata=None)
    snapshot = get()
    with pytest.raises(UnreadableSnapshotError, match="which value means no data"):
        be_elevation.parse(snapshot, con)
    feed = Feed.model_validate({**snapshot.feed.model_dump(), "settings": {"nodata": -9999}})
    city = snapshot.city.model_copy(update={"feeds": {"feed": feed}})
    be_elevation.parse(Snapshot(city, feed, snapshot.parts, snapshot.fetched_at, snapshot.store), con)


# --- how an answer is packed -----------------------------------------------------------------------------------------


def in_parts(*bodies: bytes) -> Answer:
    lines = b"".join(b"--wcs\r\nContent-Type: text/xml\r\n\r\n" + body + b"\r\n" for body in bodies)
    return Answer(lines + b"--wcs--\r\n", headers={"Content-Type": "multipart/related; boundary=wcs"})


def unnamed(raster: bytes) -> Answer:
    return Answer(related(raster).body, headers={"Content-Type": "application/octet-stream"})


@pytest.mark.parametrize(
    "pack",
    [
        related,
        lambda raster: related(raster, b"\n"),
        lambda raster: Answer(raster, headers={"Content-Type": "image/tiff"}),
        unnamed,
        # The dashes of the boundary within the raster's own bytes: here behind its last cell.
        lambda raster: related(raster + b"--wcs--\n--wcsx\r\n --wcs\r"),
        lambda raster: related(raster + b"\r", b"\n"),
    ],
    ids=["as served", "line feeds", "no parts", "no boundary named", "dashes inside", "a carriage return at the end"],
)
def test_a_raster_is_found_however_it_is_packed(
    wcs: Wcs, get: Get, pack: Callable[[bytes], Answer], rasters: dict[str, Path]
) -> None:
    wcs.pack = pack
    with rasterio.open(rasters["DSM"]) as whole:
        np.testing.assert_array_equal(mosaic(get(), "dsm")[50:280, 50:330], whole.read(1)[50:280, 50:330])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (refusal("NoApplicableCode", "out of memory", 200), "error and a good status.*out of memory"),
        (in_parts(refusal("NoApplicableCode", "no such file").body), "error and a good status.*no such file"),
        (in_parts(b"<gml/>"), "0 rasters among its parts"),
        (in_parts(b"II*\x00a", b"II*\x00b"), "2 rasters among its parts"),
        (Answer(related(b"II*\x00").body[:-10], headers={"Content-Type": "multipart/related; boundary=wcs"}), "stops short"),
        (Answer(b"nothing of note", headers={"Content-Type": "text/plain"}), "no raster.*nothing of note"),
        (Answer(b"<html>busy</html>", headers={"Content-Type": "text/html"}), "HTML"),
    ],
)  # fmt: skip
def test_an_answer_without_a_raster_is_named(wcs: Wcs, get: Get, store: Store, answer: Answer, message: str) -> None:
    wcs.pack = lambda _raster: answer
    with pytest.raises(FetchRefusedError, match=message):
        get()
    assert not (store.root / "blobs").exists() or blobs(store) == []


def test_parts_keep_every_byte() -> None:
    rng = np.random.default_rng(3)
    for eol in (b"\r\n", b"\n"):
        for ending in (b"", b"\r", b"\n", b"\r\n", b"--", b"\x00"):
            body = b"II*\x00" + rng.bytes(5000) + ending
            _, piece = split(related(body, eol).body, 'multipart/related; boundary="wcs"')
            assert piece.body == body
    packed = b"--b\nContent-Transfer-Encoding: base64\n\nSUkqAA==\n--b--"
    assert split(packed, "multipart/mixed; boundary=b")[0].body == b"II*\x00"
    with pytest.raises(MultipartError, match="quoted-printable"):
        split(packed.replace(b"base64", b"quoted-printable"), "multipart/mixed; boundary=b")


def test_a_description_with_entities_is_not_read() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
    with pytest.raises(FetchRefusedError, match="does not describe"):
        describe(bomb, "DSM", "EPSG:31370", {})


# --- again -----------------------------------------------------------------------------------------------------------


def test_tiles_that_did_not_change_are_not_sent_again(server: Loopback, wcs: Wcs, get: Get, store: Store) -> None:
    def tagged(request: Request) -> Answer:
        answer = wcs(request)
        answer.headers["ETag"] = '"one"'
        if request.headers.get("If-None-Match") == '"one"' and request.query["request"] == "GetCoverage":
            return Answer(status=304, headers={"ETag": '"one"'})
        return answer

    server.answer = tagged
    first = get()
    store.accept(first, {"raster": 18}, None)
    again = get()
    assert {part.status for part in again.parts} == {304}
    assert again.fingerprint == first.fingerprint


def test_what_broke_off_goes_on_where_it_stopped(server: Loopback, wcs: Wcs, get: Get, store: Store) -> None:
    def broken(request: Request) -> Answer:
        return Answer(status=404) if len(wcs.asked) == 6 and "subset" in dict(request.pairs) else wcs(request)

    server.answer = broken
    with pytest.raises(FetchRefusedError, match="404"):
        get(fixed=True)
    assert len(wcs.asked) == 6
    server.answer = wcs
    snapshot = get(fixed=True)
    assert len(wcs.asked) == len(set(wcs.asked)) + 9 == 18  # both models have the same tiles
    store.accept(snapshot, {"raster": 18}, None)
    wcs.asked.clear()
    assert get(fixed=True).fingerprint == snapshot.fingerprint
    assert wcs.asked == []
    # Without the promise that nothing changes, and without an ETag to ask by, all is fetched again.
    get()
    assert len(wcs.asked) == 18


def test_an_operator_is_told_which_tile_it_is_at(wcs: Wcs, get: Get) -> None:
    said: list[str] = []
    get(progress=_Told("elevation", said.append), tile_px=150)
    assert said == [f"elevation: {part} tiles {n} of 4" for part in ("dsm", "dtm") for n in (1, 4)]


def test_a_stored_tile_that_is_gone_is_asked_for_again(wcs: Wcs, get: Get, server: Loopback, store: Store) -> None:
    server.answer = lambda request: Answer(status=404) if len(wcs.asked) == 3 else wcs(request)
    with pytest.raises(FetchRefusedError):
        get(fixed=True)
    blobs(store)[0].unlink()
    server.answer = wcs
    get(fixed=True)
    assert len(wcs.asked) == 18 + 1


def test_a_wcs_is_asked_over_a_box_of_one_coverage() -> None:
    plain = {"name": "feed", "source": "be_elevation", "url": "http://127.0.0.1/wcs"}
    for service, said in (
        ({"kind": "wcs", "coverage": "DSM"}, "needs `coverage` and `bbox`"),
        ({"kind": "wcs", "bbox": "boundary"}, "needs `coverage` and `bbox`"),
        ({"kind": "wcs", "coverage": "DSM", "bbox": "boundary", "tile_m": 10}, "tile_px"),
        ({"kind": "ogc_features", "fixed": True}, "are of a wcs"),
    ):
        with pytest.raises(ValueError, match=re.escape(said)):
            Feed.model_validate({**plain, "service": service})
    assert load_source("be_elevation").info.native_crs == "EPSG:31370"


# --- another server --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"mediatype": "multipart/related"}], ids=["a raster alone", "in parts"])
def test_mapserver_gives_the_same_cells(
    server: Loopback, rasters: dict[str, Path], get: Get, tmp_path: Path, params: dict[str, str], con: Con
) -> None:
    server.answer = mapserver(tmp_path, rasters, f"{WEST} {NORTH - ROWS} {WEST + COLUMNS} {NORTH}")
    # Up to the edges of the coverage and beyond: what lies outside is not asked for.
    snapshot = get(params=params, bbox=(WEST - 50, NORTH - 250, WEST + 190.5, NORTH + 50), tile_px=128)
    with rasterio.open(rasters["DSM"]) as whole:
        expected = np.full((ROWS, COLUMNS), np.nan)
        expected[:250, :191] = whole.read(1)[:250, :191]
    np.testing.assert_array_equal(mosaic(snapshot, "dsm"), expected)
    be_elevation.parse(snapshot, con)
    assert {part.content_type for part in snapshot.parts if part.content_type} == (
        {"multipart/related; boundary=wcs"} if params else {"image/tiff"}
    )


def test_mapserver_is_refused_by_its_own_words(
    server: Loopback, rasters: dict[str, Path], get: Get, tmp_path: Path
) -> None:
    server.answer = mapserver(tmp_path, rasters, f"{WEST} {NORTH - ROWS} {WEST + COLUMNS} {NORTH}")
    with pytest.raises(FetchRefusedError, match="image/jp2"):
        get(format="image/jp2")
