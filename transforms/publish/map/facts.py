"""What the page knows besides the buildings: the run, its sources, the words for codes, the colours."""

from __future__ import annotations

from typing import Any

import duckdb

from transforms.publish.map import features
from transforms.publish.map.background import BACKGROUNDS
from transforms.publish.rows import Product, table_query
from transforms.publish.symbols import BANDS, PRIORITY_CLASSES, UNKNOWN_COLOUR

# Columns of layer.code that the page puts into words.
_CODES = ("type", "former_use", "use", "heritage", "legal_status", "kind", "authority", "park_source")
_SOURCE = ("feed", "title", "publisher", "licence", "attribution", "snapshot_on")
_PIXELS_PER_MM = 3.4  # outlines on a screen are read from nearer than on paper, so a little less than 96 dpi


def read_facts(con: duckdb.DuckDBPyConnection, product: Product) -> dict[str, Any]:
    """City, day, audience, counts, background, palette, codes and sources, ready for JSON."""
    run = dict(con.execute(table_query(con, "run", product.audience)).fetchall())
    background = BACKGROUNDS.get(product.crs)
    return {
        "city": run.get("city") or product.slug,
        "slug": product.slug,
        "audience": product.audience,
        "as_of": product.run.as_of.isoformat(),
        "run_id": product.run.run_id,
        "total": product.row_count,
        "shown": min(product.row_count, features.LIMIT),
        "attribution": product.attribution,
        "geopackage": f"{product.stem}.gpkg",
        "background": background
        and {"url": background.url, "attribution": background.attribution, "max_zoom": background.max_zoom},
        "classes": [{"low": item.low, "high": item.high, "colour": item.colour} for item in PRIORITY_CLASSES],
        "unknown_colour": UNKNOWN_COLOUR,
        "bands": [
            {
                "value": band.value,
                "nl": band.word_nl,
                "en": band.word_en,
                "colour": band.colour,
                "width": round(band.width_mm * _PIXELS_PER_MM, 2),
            }
            for band in BANDS
        ],
        "codes": _codes(con),
        "sources": _sources(con, product),
    }


def _codes(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, list[str]]]:
    rows = con.execute("SELECT column_name, code, title_nl, title_en FROM layer.code ORDER BY column_name, place, code")
    codes: dict[str, dict[str, list[str]]] = {name: {} for name in _CODES}
    for column, code, title_nl, title_en in rows.fetchall():
        if column in codes:
            codes[column][code] = [title_nl, title_en]
    return codes


def _sources(con: duckdb.DuckDBPyConnection, product: Product) -> list[dict[str, Any]]:
    """One row per feed that this audience may know of."""
    query = table_query(con, "source", product.audience)
    rows = con.execute(f"SELECT {', '.join(_SOURCE)} FROM ({query}) ORDER BY title, feed").fetchall()
    return [dict(zip(_SOURCE, (*row[:-1], row[-1] and row[-1].isoformat()), strict=True)) for row in rows]
