"""OPL text to the temp tables `osm_line` (text of what carries a wanted key) and `osm_element` (typed)."""

from __future__ import annotations

from pathlib import Path

import duckdb

from sources._kit.duck import literal

READ_OPL = r"""read_csv({file}, header = false, delim = ' ', new_line = '\n', quote = '', escape = '',
    auto_detect = false, null_padding = true, max_line_size = 67108864, columns = {{'id': 'VARCHAR',
    'version': 'VARCHAR', 'visible': 'VARCHAR', 'saved': 'VARCHAR', 'tags': 'VARCHAR', 'body': 'VARCHAR',
    'lat': 'VARCHAR'}})"""

# A line: `w5 v4 dV t2014-02-24T18:29:38Z Tbuilding=yes,name=De%20%Zaal Nn1x4.43y51.19,n2x4.44y51.20`.
# What would break the line is written as %hex%; a node without a known place as `n3xy`.
MACROS = r"""
CREATE OR REPLACE TEMP MACRO opl_text(s) AS CASE WHEN contains(s, '%') THEN
    array_to_string(list_transform(string_split(s, '%'), lambda part, i:
        CASE WHEN i % 2 = 0 THEN chr(CAST('0x' || part AS INTEGER)) ELSE part END), '')
    ELSE s END;
CREATE OR REPLACE TEMP MACRO opl_keys(s) AS
    list_transform(string_split(s, ','), lambda t: opl_text(split_part(t, '=', 1)));
CREATE OR REPLACE TEMP MACRO opl_values(s) AS
    list_transform(string_split(s, ','), lambda t: opl_text(split_part(t, '=', 2)));
-- A map holds a key once. OSM allows no doubles; where a file has them all values stay, joined with `;`.
CREATE OR REPLACE TEMP MACRO tag_map(k, v) AS CASE WHEN len(list_distinct(k)) = len(k) THEN map(k, v)
ELSE map(
    list_filter(k, lambda key, i: list_position(k, key) = i),
    list_transform(list_filter(k, lambda key, i: list_position(k, key) = i), lambda key:
        array_to_string(list_filter(v, lambda x, i: k[i] = key), ';'))) END;
"""

WANTED = """(visible <> 'dD' AND regexp_matches(substr(tags, 2), {wanted})
    OR (id[1] = 'r' AND regexp_full_match(substr(tags, 2), {untagged})))"""

ELEMENTS = r"""
CREATE OR REPLACE TEMP TABLE osm_line AS
SELECT id, version, saved, substr(tags, 2) AS tags, substr(body, 2) AS body, lat
FROM {opl} {chosen};
CREATE OR REPLACE TEMP TABLE osm_element AS
SELECT {place} AS seq, id AS osm_id, nullif(CAST(substr(version, 2) AS INTEGER), 0) AS osm_version,
    CAST(nullif(substr(saved, 2), '') AS TIMESTAMP) AS osm_timestamp,
    tag_map(opl_keys(tags), opl_values(tags)) AS tags
FROM osm_line WHERE NOT regexp_full_match(tags, {untagged}) ORDER BY seq;
"""


def opl_table(path: Path) -> str:
    """SQL that reads an OPL file as a table of text columns."""
    return READ_OPL.format(file=literal(path))


def load_elements(
    con: duckdb.DuckDBPyConnection,
    opl: Path,
    wanted: str,
    untagged: str,
    chosen: str | None = None,
    place: str = "rowid",
) -> None:
    """Make `osm_line` and `osm_element` in DuckDB's temp schema.

    Args:
        con: any connection.
        opl: text made by `export_elements`.
        wanted: SQL literal, regular expression over a tag list that an element must match.
        untagged: the same for relations that say nothing about themselves.
        chosen: what follows the text in SQL, if not all is loaded that is wanted.
        place: SQL for the place of a line in the text.
    """
    con.execute(MACROS)
    told = WANTED.format(wanted=wanted, untagged=untagged)
    con.execute(
        ELEMENTS.format(
            opl=opl_table(opl), wanted=wanted, untagged=untagged, chosen=chosen or f"WHERE {told}", place=place
        )
    )
