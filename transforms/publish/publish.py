"""Publishing a city: all products of all audiences, written aside, checked, and swapped in as one set."""

from __future__ import annotations

from pathlib import Path

import duckdb

from transforms.publish.catalogue import write_catalogues
from transforms.publish.changes import CHANGES
from transforms.publish.deliverable import Deliverable, Made, WriteAbout
from transforms.publish.dictionary import read_dictionary
from transforms.publish.dictionary_page import write_dictionary
from transforms.publish.geopackage import GEOPACKAGE
from transforms.publish.geoparquet import GEOPARQUET
from transforms.publish.map.product import MAP
from transforms.publish.matches import MATCHES
from transforms.publish.optional import with_optional
from transforms.publish.park_feed import PARKS
from transforms.publish.pins import PINS
from transforms.publish.rows import layer_tables, prepare, read_run
from transforms.publish.schemas import write_schemas
from transforms.publish.staging import OnWritten, new_set, nothing_more, writing

DELIVERABLES: tuple[Deliverable, ...] = (GEOPACKAGE, GEOPARQUET, PINS, PARKS, CHANGES, MATCHES, MAP)
"""Every file of a set that is made from one edition's rows, in the order in which they are written."""
ABOUT: tuple[WriteAbout, ...] = (write_schemas, write_dictionary, write_catalogues)
"""What is written when all of them are there; the catalogue last, as it describes every file."""


def publish_city(
    con: duckdb.DuckDBPyConnection,
    slug: str,
    crs: str,
    outputs: Path,
    audiences: tuple[str, ...] = ("public", "city"),
    osm_free: duckdb.DuckDBPyConnection | None = None,
    on_written: OnWritten = nothing_more,
) -> dict[str, Path]:
    """Write the products of a city and swap them in together.

    Args:
        con: warehouse with schema `layer` and `meta.column`, and the spatial extension; only temporary
            tables are made.
        slug: the city; names the folder and the files.
        crs: the city's metric CRS, in which `layer.building.geom` is, as `EPSG:<code>`.
        outputs: folder of all cities' products.
        audiences: whose products; each deliverable says for whom it is.
        osm_free: warehouse of the same city made without OpenStreetMap, whose public layer becomes an edition.
        on_written: as `new_set` has it.

    Returns:
        File name -> path below `outputs/<slug>`, for example `gent.gpkg`.

    Raises:
        PublishError: the layer does not hold what it must, a product could not be written or did not read
            back; the old set is untouched and nothing temporary is left.
    """
    run = read_run(con, slug)
    published = outputs / slug
    editions = [(con, audience, audience) for audience in audiences]
    if osm_free is not None:
        editions.append((osm_free, "public", "osm_free"))
    with new_set(outputs, slug, run.run_id, on_written) as folder:
        made: list[Made] = []
        for source, audience, edition in editions:
            product = with_optional(source, prepare(source, slug, crs, audience, read_run(source, slug), edition))
            entries = read_dictionary(source, layer_tables(source, product))
            for deliverable in DELIVERABLES:
                if edition in deliverable.editions and deliverable.is_wanted(product):
                    name = deliverable.file_name(product)
                    with writing(published / name, slug):
                        deliverable.write(source, product, entries, folder / name)
                        deliverable.check(source, product, entries, folder / name)
                    made.append(Made(deliverable, product, source, folder / name))
        names = [item.path.name for item in made]
        for write_about in ABOUT:
            with writing(published, slug):
                names += [path.name for path in write_about(con, made, folder)]
    return {name: published / name for name in names}
