"""What could be shared in a park and who could be there, where the warehouse knows: two tables that not every run makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from flows.explain import Row
from flows.park.map import ids
from flows.park.words import ParkWords
from flows.query import rows
from sources._kit.duck import literal

_MOST = 15
_HIDDEN_OFFER = "supply_kind = 'offer' AND supply_id IN (SELECT request_id FROM staging.space_request WHERE building_id IN ({hidden}))"
# Column that says which park, what is not shown, and the order.
_EXTRA = {
    "park_sharing": ("park_id", "subject_kind = 'building' AND subject_id IN ({hidden})", "place, score DESC, shared_use, subject_id"),
    "park_match": (
        "supply_park_id", f"supply_kind = 'building' AND supply_id IN ({{hidden}}) OR {_HIDDEN_OFFER}", "place, scope, request_id, supply_id",
    ),
}  # fmt: skip


def read_extra(
    con: duckdb.DuckDBPyConnection, table: str, park_id: str, audience: str, hidden: frozenset[str]
) -> list[dict[str, Any]] | None:
    """Rows of a table of schema layer that not every warehouse has, without those about buildings in `hidden`; None where it has none."""
    there = (
        f"SELECT 1 AS one FROM information_schema.tables WHERE table_schema = 'layer' AND table_name = {literal(table)}"
    )
    if not rows(con, there):
        return None
    column, not_shown, order = _EXTRA[table]
    where = f"audience = {literal(audience)} AND {column} = {literal(park_id)} AND NOT ({not_shown.format(hidden=ids(hidden))})"
    return rows(con, f"SELECT * FROM layer.{table} WHERE {where} ORDER BY {order}")


def sources_of_extra(sharing: list[Row] | None, matches: list[Row] | None) -> frozenset[str]:
    """Titles of the sources of what could be shared, and feeds of the adverts."""
    titles = {title for row in sharing or [] for title in str(row["sources"]).split("; ")}
    return frozenset(titles | {str(row["request_id"]).split(":", 1)[0] for row in matches or []})


def tell_sharing(rows: list[Row] | None, words: ParkWords) -> Mapping[str, Any] | None:
    """What could be shared, as a table of texts; None where nobody asked."""
    if rows is None:
        return None
    heads = [words.text(key) for key in ("shared_use", "where", "score", "why", "not_known")]
    told = [
        [
            _label(row, "shared_use_label", words),
            words.text(str(row["subject_kind"]), name=str(row["subject_name"] or row["subject_id"])),
            _score(row, words),
            _either(row, "why", words),
            _either(row, "unknown", words) or words.text("none"),
        ]
        for row in rows[:_MOST]
    ]
    return _table("sharing", heads, told, len(rows), words)


def tell_matches(rows: list[Row] | None, words: ParkWords) -> Mapping[str, Any] | None:
    """Adverts that could be served here, as a table of texts; None where nobody asked."""
    if rows is None:
        return None
    heads = [words.text(key) for key in ("advert", "use", "where", "score", "why")]
    told = [
        [
            str(row["request_id"]),
            _label(row, "use_label", words),
            words.text(str(row["supply_kind"]), name=str(row["supply_id"])),
            _score(row, words),
            _either(row, "why", words),
        ]
        for row in rows[:_MOST]
    ]
    return _table("matches", heads, told, len(rows), words)


def _table(name: str, heads: list[str], rows: list[list[str]], count: int, words: ParkWords) -> Mapping[str, Any]:
    more = words.text("more_rows", shown=str(len(rows)), count=str(count)) if count > len(rows) else ""
    return {
        "title": words.text(name),
        "heads": heads,
        "rows": rows,
        "more": more,
        "none": words.text(f"{name}_none"),
        "note": words.text("nobody_asked"),
    }


def _label(row: Row, key: str, words: ParkWords) -> str:
    return str(row[key] if words.lang == "nl" else row[f"{key}_en"])


def _either(row: Row, key: str, words: ParkWords) -> str:
    return _label(row, key, words).replace(" | ", "; ") if row[key] else ""


def _score(row: Row, words: ParkWords) -> str:
    low, high = (
        words.say("unknown") if row[key] is None else words.number(row[key]) for key in ("score_low", "score_high")
    )
    value = words.say("unknown") if row["score"] is None else words.number(row["score"])
    return words.text("interval", value=value, low=low, high=high)
