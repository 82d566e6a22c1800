"""The pins for the citizens' platform: GeoJSON after RFC 7946, one feature per line, as schemas/pins-1.schema.json says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from sources._kit.duck import identifier, literal
from transforms.publish.check import check_pins
from transforms.publish.deliverable import Deliverable
from transforms.publish.dictionary import Entry
from transforms.publish.feed import feed_head, hold_to_schema, write_feed
from transforms.publish.rows import ROWS, Product
from transforms.publish.schemas import read_schema, schema_file, schema_id

REASONS = 3
_PART = 102_400  # buildings
_DECIMALS = 7  # of a degree: about one centimetre

# How transforms/layer/building.sql and reuse.sql join lists; a reason or a title may hold a comma or a semicolon itself.
REASON_SEPARATOR = " | "
SOURCE_SEPARATOR = "; "
# Digits behind these mean nothing, and a web page would load them all.
_ROUNDED = {"probability": 4, "low": 4, "high": 4, "score": 2, "m": 1, "m2": 1, "m3": 1}
_COLUMNS = (
    "name", "type", "type_label", "type_label_en", "address", "site_id", "heritage", "underuse_band", "underuse_probability",
    "underuse_low", "underuse_high", "legal_status", "atypicality_score", "priority_score", "priority_rank", "footprint_m2", "height_m",
    "floors", "floor_area_m2", "floor_area_low_m2", "floor_area_high_m2", "volume_m3", "volume_low_m3", "volume_high_m3",
    "best_uses", "reasons", "reasons_en", "evidence_count", "last_verified_on", "licence", "attribution",
)  # fmt: skip


def own_attributions(table: str) -> str:
    """SQL: each distinct text in the column `sources` of a table, with the words that those sources ask for."""
    return f"""
        SELECT named.sources, string_agg(DISTINCT s.attribution, '; ' ORDER BY s.attribution) AS attribution
        FROM (
            SELECT sources, unnest(string_split(sources, {literal(SOURCE_SEPARATOR)})) AS source
            FROM (SELECT DISTINCT sources FROM {table} WHERE sources IS NOT NULL)
        ) AS named
        JOIN layer.source AS s ON named.source IN (s.feed, s.title)
        GROUP BY named.sources
    """


def write_pins(con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    """Write one point per building of `ROWS`: longitude and latitude in WGS 84, `id` the building's id.

    DuckDB makes the JSON text of each feature; Python only joins batches. A feature's `attribution` names the
    sources that the building itself rests on, the collection's all of them.
    """
    head = feed_head(con, product, schema_id("pins"), schema_file("pins"), product.row_count)
    write_feed(con, {"type": "FeatureCollection", **head}, "features", _queries(con, product), path)


def _queries(con: duckdb.DuckDBPyConnection, product: Product) -> Iterator[str]:
    """Part after part of `ROWS`, which are in writing order: lists and texts of a million buildings at once would not fit."""
    row = con.execute(f"SELECT coalesce(max(rowid), -1) FROM {ROWS}").fetchone()
    assert row is not None
    for first in range(0, row[0] + 1, _PART):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE publish_part AS FROM {ROWS} WHERE rowid >= {first} AND rowid < {first + _PART}"
        )
        yield _query(product)
    con.execute("DROP TABLE IF EXISTS temp.publish_part")


def _query(product: Product) -> str:
    properties = ", ".join(f"{name} := {_property(name, product)}" for name in _COLUMNS)
    return f"""
        WITH own AS ({own_attributions("temp.publish_part")}),
        word AS (SELECT code, title_en FROM layer.code WHERE column_name = 'type'),
        use AS ({_uses(product)}),
        placed AS (
            SELECT *, ST_Transform(point, {literal(product.crs)}, 'EPSG:4326', always_xy := true) AS place
            FROM temp.publish_part
        )
        SELECT CAST(to_json(struct_pack("type" := 'Feature', id := p.building_id,
            geometry := struct_pack("type" := 'Point',
                coordinates := [round(ST_X(place), {_DECIMALS}), round(ST_Y(place), {_DECIMALS})]),
            properties := struct_pack(building_id := p.building_id, {properties}))) AS VARCHAR)
        FROM placed AS p LEFT JOIN own ON own.sources = p.sources LEFT JOIN word ON word.code = p.type
        LEFT JOIN use ON use.building_id = p.building_id
        ORDER BY p.priority_rank NULLS LAST, p.building_id
    """


def _uses(product: Product) -> str:
    """SQL: the best uses of each building, as a list."""
    parts = ["use", "label", "label_en"]
    parts += [f"{name} := round({name}, 2)" for name in ("score", "low", "high", "known_share")]
    parts += [f"{name} := {_list(name)}" for name in ("to_check", "to_check_en")]
    packed = ", ".join(part if ":=" in part else f"{part} := {part}" for part in parts)
    return (
        f"SELECT building_id, list(struct_pack({packed}) ORDER BY place) AS best_uses "
        "FROM layer.reuse SEMI JOIN temp.publish_part USING (building_id) "
        f"WHERE audience = {literal(product.audience)} AND place <= 3 GROUP BY building_id"
    )


def _list(name: str) -> str:
    """Nothing to check is an empty list: it is known that nothing is."""
    return f"coalesce(string_split({name}, {literal(SOURCE_SEPARATOR)}), [])"


def _property(name: str, product: Product) -> str:
    if name.startswith("reasons"):
        return f"list_slice(string_split(p.{name}, {literal(REASON_SEPARATOR)}), 1, {REASONS})"
    special = {
        "type_label_en": "word.title_en",
        "best_uses": "use.best_uses",
        "last_verified_on": "p.newest_evidence_on",
        "attribution": f"coalesce(own.attribution, {literal(product.attribution)})",
    }
    decimals = _ROUNDED.get(name.rsplit("_", 1)[-1])
    column = special.get(name, f"p.{identifier(name)}")
    return column if decimals is None else f"round({column}, {decimals})"


def _check(con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    check_pins(path, product)
    hold_to_schema(con, product, path, "features", read_schema("pins"), "pin:$.properties")


PINS = Deliverable(
    "{stem}_pins.geojson",
    "Punten voor het platform (GeoJSON)",
    "Points for the platform (GeoJSON)",
    "application/geo+json",
    ("public", "osm_free"),
    write_pins,
    _check,
)
