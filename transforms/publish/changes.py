"""The changes for the citizens' platform: which points are gone, and what took their place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from sources._kit.duck import literal
from transforms.publish.deliverable import Deliverable
from transforms.publish.dictionary import Entry
from transforms.publish.feed import feed_head, hold_to_schema, items_query, write_feed
from transforms.publish.feed_check import refuse_contradictions
from transforms.publish.rows import ROWS, Product, table_query
from transforms.publish.schemas import read_schema, schema_file, schema_id

_SEPARATOR = "; "  # how transforms/layer/change.sql joins ids


def write_changes(con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    """Write one tombstone per building that was shown once and is not now, the newest first; nothing but ids, a word and a day."""
    rows = table_query(con, "change", product.audience)
    row = con.execute(f"SELECT count(*) FROM ({rows})").fetchone()
    assert row is not None
    query = f"""
        SELECT CAST(to_json(struct_pack(building_id := building_id, change := change,
            replaced_by := coalesce(string_split(replaced_by, {literal(_SEPARATOR)}), []), changed_on := changed_on)) AS VARCHAR)
        FROM ({rows}) ORDER BY changed_on DESC, building_id
    """
    head = feed_head(con, product, schema_id("changes"), schema_file("changes"), row[0])
    write_feed(con, head, "changes", [query], path)


def _check(con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    hold_to_schema(con, product, path, "changes", read_schema("changes"), "change:$")
    shown = f"SELECT building_id FROM {ROWS}"
    told = f"SELECT item->>'building_id' AS id, item->>'change' AS change, item->'replaced_by' AS new FROM ({items_query(path)})"
    problems = {
        "a building is gone and shown": f"SELECT id FROM ({told}) WHERE id IN ({shown})",
        "a building is gone twice": f"SELECT id FROM ({told}) GROUP BY id HAVING count(*) > 1",
        "a building is replaced by none, or withdrawn and replaced": (
            f"SELECT id FROM ({told}) WHERE (change = 'replaced') <> (json_array_length(new) > 0)"
        ),
        "a building is replaced by one that is not shown": (
            f"SELECT new FROM (SELECT unnest(CAST(new AS VARCHAR[])) AS new FROM ({told})) WHERE new NOT IN ({shown})"
        ),
    }
    refuse_contradictions(con, product, path, "change", problems)


CHANGES = Deliverable(
    "{stem}_changes.json",
    "Wijzigingen voor het platform (JSON)",
    "Changes for the platform (JSON)",
    "application/json",
    ("public", "osm_free"),
    write_changes,
    _check,
)
