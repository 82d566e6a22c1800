"""Publishing a city: all products of all audiences, written aside, checked, and swapped in as one set."""

from __future__ import annotations

from pathlib import Path

import duckdb

from transforms.publish.check import check_geopackage, check_geoparquet, check_pins
from transforms.publish.dictionary import Entry, read_dictionary
from transforms.publish.geopackage import write_geopackage
from transforms.publish.geoparquet import write_geoparquet
from transforms.publish.pins import write_pins
from transforms.publish.rows import (
    ATTRIBUTE_TABLES,
    SITES,
    Product,
    layer_tables,
    prepare,
    read_run,
    table_query,
)
from transforms.publish.staging import new_set, writing


def publish_city(
    con: duckdb.DuckDBPyConnection,
    slug: str,
    crs: str,
    outputs: Path,
    audiences: tuple[str, ...] = ("public", "city"),
) -> dict[str, Path]:
    """Write the products of a city and swap them in together.

    Args:
        con: warehouse with schema `layer` and `meta.column`, and the spatial extension; only temporary
            tables are made.
        slug: the city; names the folder and the files.
        crs: the city's metric CRS, in which `layer.building.geom` is, as `EPSG:<code>`.
        outputs: folder of all cities' products.
        audiences: `public` gives GeoPackage, GeoParquet and pins; any other only the first two, with its name
            in the file names.

    Returns:
        File name -> path below `outputs/<slug>`, for example `gent.gpkg`.

    Raises:
        PublishError: the layer does not hold what it must, a product could not be written or did not read
            back; the old set is untouched and nothing temporary is left.
    """
    names: list[str] = []
    run = read_run(con, slug)
    with new_set(outputs, slug, run.run_id) as folder:
        for audience in audiences:
            product = prepare(con, slug, crs, audience, run)
            names += _write_product(con, product, folder, outputs / slug)
    return {name: outputs / slug / name for name in names}


def _write_product(con: duckdb.DuckDBPyConnection, product: Product, folder: Path, published: Path) -> list[str]:
    entries = _dictionary(con, product)
    geopackage, geoparquet = f"{product.stem}.gpkg", f"{product.stem}.parquet"
    with writing(published / geopackage, product.slug):
        write_geopackage(con, product, entries, folder / geopackage)
        check_geopackage(folder / geopackage, product, entries, _counts(con, product, entries))
    with writing(published / geoparquet, product.slug):
        write_geoparquet(con, product, entries, folder / geoparquet)
        check_geoparquet(folder / geoparquet, product)
    if product.audience != "public":
        return [geopackage, geoparquet]
    pins = f"{product.stem}_pins.geojson"
    with writing(published / pins, product.slug):
        write_pins(con, product, folder / pins)
        check_pins(folder / pins, product)
    return [geopackage, geoparquet, pins]


def _dictionary(con: duckdb.DuckDBPyConnection, product: Product) -> list[Entry]:
    return read_dictionary(con, layer_tables(con, product))


def _counts(con: duckdb.DuckDBPyConnection, product: Product, entries: list[Entry]) -> dict[str, int]:
    counts = {"buildings": product.row_count, "pins": product.row_count, "dictionary": len(entries)}
    queries = {layer: table_query(con, table, product.audience) for layer, table in ATTRIBUTE_TABLES.items()}
    for layer, query in {"sites": f"FROM {SITES}", **queries}.items():
        row = con.execute(f"SELECT count(*) FROM ({query})").fetchone()
        assert row is not None
        counts[layer] = row[0]
    return counts
