"""The pins for the citizens' platform: GeoJSON after RFC 7946, one feature per line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb

from sources._kit.duck import identifier, literal
from transforms.publish.check import check_pins
from transforms.publish.deliverable import Deliverable
from transforms.publish.dictionary import Entry
from transforms.publish.rows import PIN_COLUMNS, ROWS, Product

REASONS = 3
_DECIMALS = 7  # about one centimetre
_BATCH = 20_480

# How transforms/layer/building.sql joins lists; a reason or a title may hold a comma or a semicolon itself.
REASON_SEPARATOR = " | "
SOURCE_SEPARATOR = "; "
# Attribution per distinct text in `sources`, which lists titles or feeds.
_OWN_ATTRIBUTIONS = f"""
    SELECT named.sources, string_agg(DISTINCT s.attribution, '; ' ORDER BY s.attribution) AS attribution
    FROM (
        SELECT sources, unnest(string_split(sources, {literal(SOURCE_SEPARATOR)})) AS source
        FROM (SELECT DISTINCT sources FROM {ROWS} WHERE sources IS NOT NULL)
    ) AS named
    JOIN layer.source AS s ON named.source IN (s.feed, s.title)
    GROUP BY named.sources
"""


def write_pins(con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    """Write one point per building of `ROWS`: longitude and latitude in WGS 84, `id` the building's id.

    DuckDB makes the JSON text of each feature; Python only joins batches. A feature's `attribution` names the
    sources that the building itself rests on, the collection's all of them.
    """
    head = {"type": "FeatureCollection", "attribution": product.attribution, "run_id": product.run.run_id}
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n')
        separator = ""
        for batch in con.execute(_query(product)).to_arrow_reader(_BATCH):
            file.write(separator + ",\n".join(batch.column(0).to_pylist()))
            separator = ",\n"
        file.write("\n]}\n")


def _query(product: Product) -> str:
    properties = [f"{name} := {_property(name)}" for name in PIN_COLUMNS]
    properties.append(f"attribution := coalesce(own.attribution, {literal(product.attribution)})")
    return f"""
        WITH own AS ({_OWN_ATTRIBUTIONS}),
        placed AS (
            SELECT *, ST_Transform(point, {literal(product.crs)}, 'EPSG:4326', always_xy := true) AS place
            FROM {ROWS}
        )
        SELECT CAST(to_json(struct_pack("type" := 'Feature', id := building_id,
            geometry := struct_pack("type" := 'Point',
                coordinates := [round(ST_X(place), {_DECIMALS}), round(ST_Y(place), {_DECIMALS})]),
            properties := struct_pack({", ".join(properties)}))) AS VARCHAR)
        FROM placed LEFT JOIN own ON own.sources = placed.sources
        ORDER BY priority_rank NULLS LAST, building_id
    """


def _property(name: str) -> str:
    if name == "reasons":
        return f"list_slice(string_split(reasons, {literal(REASON_SEPARATOR)}), 1, {REASONS})"
    return identifier(name)


def _check(_con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    check_pins(path, product)


PINS = Deliverable(
    "{stem}_pins.geojson",
    "Punten voor het platform (GeoJSON)",
    "Points for the platform (GeoJSON)",
    "application/geo+json",
    ("public", "osm_free"),
    write_pins,
    _check,
)
