"""What can be published of a city that has no building outlines: its parcels, designations and addresses, cleaned."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyogrio

from transforms.publish.geopackage import VERSION, gdal_options
from transforms.publish.rows import ATTRIBUTE_TABLES, read_run, table_query
from transforms.publish.staging import OnWritten, new_set, nothing_more, writing

_BATCH = 20_480
# Layer -> geometry type and query; in the city's CRS. Only what a building layer would be made from.
_LAYERS = {
    "parcels": (
        "MultiPolygon",
        "SELECT parcel_id, capakey, nis_code, area_m2, CAST(ST_AsWKB(ST_Multi(geom)) AS BLOB) AS geom "
        "FROM core.parcel ORDER BY parcel_id",
    ),
    "designations": (
        "MultiPolygon",
        "SELECT designation_id, name, designation_type, valid_from, valid_to, url, CAST(ST_AsWKB(ST_Multi(geom)) AS BLOB) AS geom "
        "FROM staging.designation ORDER BY designation_id",
    ),
    "addresses": (
        "Point",
        "SELECT address_id, street, house_number, box_number, postcode, CAST(ST_AsWKB(geom) AS BLOB) AS geom "
        "FROM core.address ORDER BY address_id",
    ),
}


def publish_context(
    con: duckdb.DuckDBPyConnection, slug: str, crs: str, outputs: Path, on_written: OnWritten = nothing_more
) -> dict[str, Path]:
    """Write `<slug>_context.gpkg` and swap it in as the city's set of products.

    Args:
        con: warehouse with schemas `core`, `staging` and `layer`, and the spatial extension.
        slug: the city.
        crs: the city's metric CRS as `EPSG:<code>`.
        outputs: folder of all cities' products.
        on_written: as `new_set` has it.

    Returns:
        File name -> path; layers without rows are left out, the attribute tables `sources` and `run` are always there.

    Raises:
        PublishError: the file could not be written; the old set is untouched.
    """
    name = f"{slug}_context.gpkg"
    run = read_run(con, slug)
    with (
        new_set(outputs, slug, run.run_id, on_written) as folder,
        writing(outputs / slug / name, slug),
        gdal_options(OGR_CURRENT_DATE=run.last_change, OGR_SQLITE_SYNCHRONOUS="OFF"),
    ):
        for layer, (kind, query) in _LAYERS.items():
            if con.execute(f"SELECT count(*) FROM ({query})").fetchone() != (0,):
                rows = con.execute(query).to_arrow_reader(_BATCH)
                pyogrio.write_arrow(
                    rows,
                    folder / name,
                    layer=layer,
                    driver="GPKG",
                    geometry_name="geom",
                    crs=crs,
                    geometry_type=kind,
                    dataset_options={"VERSION": VERSION},
                )
        for layer in ("sources", "run"):
            rows = con.execute(table_query(con, ATTRIBUTE_TABLES[layer], "public")).to_arrow_reader(_BATCH)
            pyogrio.write_arrow(rows, folder / name, layer=layer, driver="GPKG")
    return {name: outputs / slug / name}
