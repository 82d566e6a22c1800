"""The matches for the citizens' platform, both ways: what suits each advert, and who could be in each building.

There every night, also where nobody looks for anything: to a program that reads many cities a file that is absent looks like one that
broke off, and lists that are empty do not. Said as schemas/matches-1.schema.json has it; where an advert looks is in none of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from sources._kit.duck import literal
from transforms.publish.deliverable import Deliverable
from transforms.publish.dictionary import Entry
from transforms.publish.feed import feed_head, hold_to_schema, items_query, write_lists
from transforms.publish.feed_check import refuse_contradictions
from transforms.publish.match_items import ADVERT, BUILDING
from transforms.publish.rows import ROWS, Product
from transforms.publish.schemas import read_schema, schema_file, schema_id

_PART = 2_048  # adverts, or buildings: each has lists of texts
_STATEMENT = (
    "Een match is een signaal uit gegevens: niemand werd iets gevraagd, en geen gebouw is daarmee beschikbaar of leeg. "
    "/ A match is a signal made from data: nobody was asked anything, and no building is thereby available or empty."
)


def write_matches(con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    """Write one item per advert that the audience may see, and one per building of `ROWS` that suits one, by their ids."""
    _prepare(con, product)
    adverts, buildings = (_count(con, table) for table in ("publish_advert", "publish_place"))
    head = feed_head(con, product, schema_id("matches"), schema_file("matches"), adverts)
    del head["count"]
    head |= {"statement": _STATEMENT, "advert_count": adverts, "building_count": buildings}
    lists = {"adverts": _queries(ADVERT, adverts), "buildings": _queries(BUILDING, buildings)}
    write_lists(con, head, lists, path)


def _prepare(con: duckdb.DuckDBPyConnection, product: Product) -> None:
    """What the audience may see of each table, as views, and adverts and buildings in the order in which they are written."""
    audience = f"audience = {literal(product.audience)}"
    for table, condition in {
        "match": f"AND building_id IN (SELECT building_id FROM {ROWS})",
        "coalition": f"AND building_id IN (SELECT building_id FROM {ROWS})",
        "advert_offer": "",
        "advert_partner": "",
    }.items():
        con.execute(f"CREATE OR REPLACE TEMP VIEW publish_{table} AS FROM layer.{table} WHERE {audience} {condition}")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE publish_advert AS
        SELECT *, row_number() OVER (ORDER BY request_id) - 1 AS number FROM layer.advert WHERE {audience} ORDER BY request_id;
        CREATE OR REPLACE TEMP TABLE publish_place AS
        SELECT building_id, row_number() OVER (ORDER BY building_id) - 1 AS number
        FROM (SELECT building_id FROM publish_match WHERE building_place IS NOT NULL UNION SELECT building_id FROM publish_coalition)
        ORDER BY building_id
    """)


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM temp.{table}").fetchone()
    assert row is not None
    return int(row[0])


def _queries(query: str, count: int) -> Iterator[str]:
    for first in range(0, count, _PART):
        yield query.format(part=f"number >= {first} AND number < {first + _PART}")


def _check(con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    schema = read_schema("matches")
    hold_to_schema(con, product, path, "adverts", schema, "advert:$", "request_id", "advert_count")
    hold_to_schema(con, product, path, "buildings", schema, "building:$", "building_id", "building_count")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE told_advert AS {items_query(path, "request_id")};
        CREATE OR REPLACE TEMP TABLE told_building AS {items_query(path, "building_id")};
        CREATE OR REPLACE TEMP TABLE told AS
        SELECT coalesce(request_id, m->>'request_id') AS request_id, coalesce(building_id, m->>'building_id') AS building_id, m->>'use' AS use,
            m->>'score' AS score
        FROM (
            SELECT item->>'request_id' AS request_id, NULL AS building_id, unnest(CAST(item->'buildings' AS JSON[])) AS m FROM told_advert
            UNION ALL
            SELECT NULL, item->>'building_id', unnest(CAST(item->'adverts' AS JSON[])) FROM told_building
        )
    """)
    adverts = f"SELECT request_id FROM layer.advert WHERE audience = {literal(product.audience)}"
    named = " UNION ALL ".join(
        f"SELECT unnest(json_extract_string(item, '$.{place}[*].request_id')) AS request_id FROM {table}"
        for table, place in (
            ("told_advert", "offers"), ("told_advert", "partners"), ("told_advert", "seekers"),
            ("told_building", "adverts"), ("told_building", "coalitions[*].members"),
        )
    )  # fmt: skip
    problems = {
        "an advert is not there, or not for this audience": (
            f"SELECT request_id FROM (({adverts}) EXCEPT SELECT item->>'request_id' FROM told_advert "
            f"UNION ALL (SELECT item->>'request_id' FROM told_advert EXCEPT ({adverts})))"
        ),
        "an advert is named that is not there": f"SELECT request_id FROM ({named}) WHERE request_id NOT IN ({adverts})",
        "a building is not shown": (
            "SELECT building_id FROM (SELECT building_id FROM told UNION SELECT item->>'building_id' FROM told_building) "
            f"WHERE building_id NOT IN (SELECT building_id FROM {ROWS})"
        ),
        "advert and building do not say the same": (
            "SELECT building_id FROM told GROUP BY building_id, request_id HAVING count(DISTINCT (use, score)) > 1"
        ),
    }
    refuse_contradictions(con, product, path, "match", problems)


MATCHES = Deliverable(
    "{stem}_matches.json",
    "Matches voor het platform (JSON)",
    "Matches for the platform (JSON)",
    "application/json",
    ("public", "osm_free"),
    write_matches,
    _check,
)
