"""Which business park somebody means."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from flows.dossier_facts import PUBLIC
from flows.explain import Row
from flows.query import rows
from sources._kit.duck import literal
from sources._kit.errors import OnbenutError

_NAMED = 12
_PARKS = """
    SELECT p.*, c.label_nl AS origin_nl, c.label_en AS origin_en
    FROM layer.business_park AS p LEFT JOIN reference.park_code AS c ON c.about = 'park_source' AND c.code = p.park_source
    WHERE p.audience = {audience} ORDER BY p.name NULLS LAST, p.park_id
"""


class ParkError(OnbenutError):
    """There is no such business park."""


def read_parks(con: duckdb.DuckDBPyConnection, slug: str, audience: str) -> list[Row]:
    """The parks of a city that an audience may see, by name; at least one.

    Raises:
        ParkError: there is none.
    """
    found = rows(con, _PARKS.format(audience=literal(audience)))
    if found:
        return found
    hidden = audience == PUBLIC and rows(con, "SELECT 1 AS one FROM layer.business_park LIMIT 1")
    raise ParkError(
        "this city has no business park that the public may see" if hidden else "this city has no business parks",
        city=slug,
        next_step="for what stays within the city, --audience city"
        if hidden
        else "name a source of them in the city file (be_business_park), or land use of OpenStreetMap, and run the city again",
    )


def find_park(parks: list[Row], given: str, slug: str) -> Row:
    """The park that `given` stands for: its id, with or without its issuer, its name, or a part of one name alone.

    Raises:
        ParkError: none goes by it, or several do; then they are named.
    """
    asked = given.strip().casefold()
    ways: tuple[Callable[[Row], bool], ...] = (
        lambda park: str(park["park_id"]).casefold() == asked,
        lambda park: str(park["park_id"]).casefold().endswith(f":{asked}"),
        lambda park: str(park["name"] or "").casefold() == asked,
        lambda park: asked != "" and asked in str(park["name"] or "").casefold(),
    )
    found = next(filter(None, ([park for park in parks if suits(park)] for suits in ways)), [])
    if len(found) == 1:
        return found[0]
    raise ParkError(
        "several business parks go by this name" if found else "no such business park",
        city=slug,
        value=given,
        next_step=f"name one by its id: {_list(found or parks)}",
    )


def _list(parks: list[Row]) -> str:
    named = ", ".join(
        f"{park['park_id']} ({park['name']})" if park["name"] else park["park_id"] for park in parks[:_NAMED]
    )
    return named if len(parks) <= _NAMED else f"{named} and {len(parks) - _NAMED} more: onbenut park CITY"
