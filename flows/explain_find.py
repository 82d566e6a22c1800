"""Which building somebody means."""

from __future__ import annotations

import re

import duckdb

from flows.query import rows
from sources._kit.duck import literal
from sources._kit.errors import OnbenutError

_OSM_WORDS = re.compile(r"^(?:osm:|https?://(?:www\.)?openstreetmap\.org/)?(way|relation|node)[/ ](\d+)/?$")
_BY_ID = (
    "core.building WHERE building_id = $id",
    "core.building WHERE substr(building_id, instr(building_id, ':') + 1) = $id",
    "core.building WHERE ends_with(building_id, ':' || $id)",
    "core.building WHERE list_has_any(osm_ids, [$id, 'osm:' || $id])",
    "core.link_place WHERE method = 'inside' AND place_id IN ($id, 'osm:' || $id)",
)
_NEAREST = """
    SELECT building_id FROM core.building
    ORDER BY levenshtein(string_split(building_id, ':')[-1], $id), building_id LIMIT 3
"""


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
    for query in _BY_ID:
        query = f"SELECT DISTINCT building_id FROM {query} ORDER BY building_id LIMIT 6"
        found = [row["building_id"] for row in rows(con, query.replace("$id", literal(given)))]
        if len(found) == 1:
            return str(found[0])
        if found:
            raise UnknownBuildingError(
                "several buildings go by this id",
                city=city,
                value=given,
                next_step=f"name one: {', '.join(found)}",
            )
    near = [row["building_id"] for row in rows(con, _NEAREST.replace("$id", literal(given.split(":")[-1])))]
    raise UnknownBuildingError(
        "no such building",
        city=city,
        value=given,
        next_step=f"the nearest ids are {', '.join(near) or 'none'}",
    )
