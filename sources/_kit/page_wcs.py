"""WCS 2.0.1: a coverage in tiles of its own grid; what is stored is the raster of each answer, byte for byte.

An answer is a raster, or a document about it and the raster in parts (`multipart/related`). A tile is kept only once all its
cells were read and it lies where it was asked: a shift of one cell moves every roof.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from sources._kit.answer import said, shown
from sources._kit.coverage import TOLERANCE, Coverage, Tile, describe
from sources._kit.errors import FetchRefusedError
from sources._kit.http import Client
from sources._kit.journal import hold_journal
from sources._kit.multipart import MultipartError, is_multipart, split
from sources._kit.paging import PAGE_BYTES_MAX, Asked, boxes
from sources._kit.snapshot import Part

TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
ROWS_AT_ONCE = 256


def pages(client: Client, asked: Asked) -> Iterator[Part]:
    """All tiles over the box; the URL is that of the service.

    Raises:
        FetchRefusedError: the coverage is in another CRS or does not reach the box, or a tile is not what was asked.
    """
    name = asked.setting("coverage") or ""
    where = {**client.where, "part": asked.part, "url": asked.url}
    known = {"service": "WCS", "version": "2.0.1", "coverageId": name}
    coverage = describe(client.read(asked.url, {**known, "request": "DescribeCoverage"}), name, asked.crs, where)
    (box,) = boxes(asked)
    assert box is not None
    tiles = coverage.tiles(box, asked.service.tile_px)
    if not tiles:
        raise FetchRefusedError(
            "the coverage does not reach the city",
            value=f"{', '.join(f'{edge:.0f}' for edge in box)} in {asked.crs}",
            next_step="mend `bbox` of the service or `boundary` of the city",
            **where,
            coverage=name,
        )
    query = {**known, "request": "GetCoverage", "format": asked.service.format or "image/tiff", **asked.service.params}
    with hold_journal(client.store, f"{asked.city.slug} {asked.part} {asked.url} {name}") as journal:
        for number, tile in enumerate(tiles, 1):
            pairs = [*query.items(), *(("subset", one) for one in coverage.subset(tile))]
            url = f"{asked.url}{'&' if '?' in asked.url else '?'}{urlencode(pairs, quote_via=quote, safe='(),/:')}"
            stored = journal.find(url) or asked.known(url)
            if stored is not None and asked.service.fixed:
                part = stored
            else:
                take = partial(_take, client, coverage, tile, asked.crs)
                before = None if stored is None else lambda _url, one=stored: one
                part = client.download(asked.part, url, before=before, bytes_max=PAGE_BYTES_MAX, take=take)
            journal.add(part)
            client.progress(f"{asked.part} tiles", number, len(tiles))
            yield part


def _take(client: Client, coverage: Coverage, tile: Tile, crs: str, body: Path, content_type: str) -> Path:
    """The raster of an answer, beside it, once it is whole and the one that was asked for."""
    where = {**client.where, "tile": f"{tile.west:.12g}, {tile.south:.12g}, {tile.east:.12g}, {tile.north:.12g}"}
    raster = body.with_suffix(".tif")
    raster.write_bytes(_raster(body.read_bytes(), content_type, where))
    try:
        _hold_tile(raster, coverage, tile, crs, where)
    except FetchRefusedError:
        raster.unlink()
        raise
    return raster


def _raster(body: bytes, content_type: str, where: dict[str, object]) -> bytes:
    if body.startswith(TIFF):
        return body
    if not is_multipart(body, content_type):
        raise _refused("the answer is no raster", said(body[:4096].decode("utf-8", "replace")), where)
    try:
        pieces = split(body, content_type)
    except MultipartError as error:
        raise _refused("the parts of the answer cannot be told apart, or it stops short", error, where) from error
    rasters = [piece.body for piece in pieces if piece.body.startswith(TIFF)]
    if len(rasters) == 1:
        return rasters[0]
    texts = [
        said(piece.body[:65536].decode("utf-8", "replace")) for piece in pieces if b"Exception" in piece.body[:65536]
    ]
    if texts:
        raise _refused("the service answers with an error and a good status", texts[0], where)
    kinds = ", ".join(piece.headers.get_content_type() for piece in pieces) or "no parts"
    raise _refused(f"the answer has {len(rasters)} rasters among its parts", kinds, where)


def _hold_tile(path: Path, coverage: Coverage, tile: Tile, crs: str, where: dict[str, object]) -> None:
    """Refuse a raster that is not the tile.

    Raises:
        FetchRefusedError: not whole, several bands, of another CRS, size or place, or with another value for no data.
    """
    # Here, because only elevation needs GDAL.
    import rasterio
    from rasterio.errors import RasterioIOError
    from rasterio.windows import Window

    try:
        with rasterio.open(path, driver="GTiff") as raster:
            code = raster.crs.to_epsg() if raster.crs else None
            if f"EPSG:{code}" != crs:
                name = f"EPSG:{code}" if code else str(raster.crs)[:60]
                raise _refused("a tile is in another CRS than asked", f"{name} instead of {crs}", where)
            if (raster.count, raster.width, raster.height) != (1, tile.columns, tile.rows):
                size = f"{raster.width} x {raster.height} cells, {raster.count} bands, not {tile.columns} x {tile.rows}"
                raise _refused("a tile has another size than asked", size, where)
            _hold_place(raster, coverage, tile, where)
            if raster.nodata is None and raster.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", 1) is None:
                raise _refused(
                    "a tile leaves out cells and does not say which value they have", "no nodata value", where
                )
            if None not in (raster.nodata, coverage.nodata) and raster.nodata != coverage.nodata:
                values = f"{raster.nodata}, and {coverage.nodata} of the coverage"
                raise _refused("a tile has another value for no data than its coverage", values, where)
            # One that was cut short opens, and says so only when its cells are asked for.
            for row in range(0, tile.rows, ROWS_AT_ONCE):
                raster.read(1, window=Window(0, row, tile.columns, min(ROWS_AT_ONCE, tile.rows - row)))
    except RasterioIOError as error:
        raise _refused("a tile is no raster, or stops short", shown(error), where) from error


def _hold_place(raster: Any, coverage: Coverage, tile: Tile, where: dict[str, object]) -> None:
    t, cell = raster.transform, coverage.cell
    off = [t.c - tile.west, t.f - tile.north, (t.a - cell) * tile.columns, (t.e + cell) * tile.rows, t.b, t.d]
    if any(abs(one) > TOLERANCE * cell for one in off):
        at = f"{t.c:.12g}, {t.f:.12g} in cells of {t.a:.12g}, not {tile.west:.12g}, {tile.north:.12g} in cells of {cell:.12g}"
        raise _refused("a tile does not lie where it was asked", at, where)


def _refused(what: str, value: object, where: dict[str, object]) -> FetchRefusedError:
    advice = "the last good snapshot stays; ask for that tile by hand and look"
    return FetchRefusedError(what, value=value, next_step=advice, **where)
