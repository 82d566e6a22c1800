"""Finding a building by what a reader has at hand: its id, the id without issuer, or the id of an OSM element in it."""

from __future__ import annotations

import re

import duckdb

from flows.query import rows
from sources._kit.errors import OnbenutError

_OSM_WORDS = re.compile(r"^(?:osm:|https?://(?:www\.)?openstreetmap\.org/)?(way|relation|node)[/ ](\d+)/?$")


class UnknownBuildingError(OnbenutError):
    """No building, or more than one, goes by this id."""


def find_building(con: duckdb.DuckDBPyConnection, given: str, city: str) -> str:
    """The building_id that `given` stands for.

    Accepted, in this order: the id itself; the id without its issuer; the id of an OSM outline that is (part of) an
    official building; the id of an OSM element inside one. `way/123` and an openstreetmap.org address are `w123`.

    Raises:
        UnknownBuildingError: none or several; the nearest ids are named.
    """
    given = given.strip()
    if match := _OSM_WORDS.match(given):
        given = f"osm:{match[1][0]}{match[2]}"
    for query in (
        "SELECT building_id FROM core.building WHERE building_id = $id",
        "SELECT building_id FROM core.building WHERE ends_with(building_id, ':' || $id)",
        "SELECT building_id FROM core.building WHERE list_contains(osm_ids, $id) OR list_contains(osm_ids, 'osm:' || $id)",
        "SELECT DISTINCT building_id FROM core.link_place WHERE method = 'inside' AND place_id IN ($id, 'osm:' || $id)",
    ):
        found = [row[0] for row in con.execute(f"{query} ORDER BY building_id LIMIT 6", {"id": given}).fetchall()]
        if len(found) == 1:
            return str(found[0])
        if found:
            raise UnknownBuildingError(
                "several buildings go by this id", city=city, value=given, next_step=f"name one: {', '.join(found)}"
            )
    near = [row["building_id"] for row in rows(con, _NEAREST, [given.split(":")[-1]])]
    raise UnknownBuildingError(
        "no such building", city=city, value=given, next_step=f"the nearest ids are {', '.join(near) or 'none'}"
    )


_NEAREST = """
    SELECT building_id FROM core.building
    ORDER BY levenshtein(split_part(building_id, ':', 2), ?), building_id LIMIT 3
"""
