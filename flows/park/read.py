"""Everything a sheet says of business parks, as an audience may know it at this moment."""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from flows.dossier_facts import PUBLIC
from flows.explain import Row
from flows.objections import objected
from flows.park.find import find_park, read_parks
from flows.park.map import count_drawn, ids, read_park_map
from flows.park.sharing import read_extra, sources_of_extra
from flows.query import city_slug, open_warehouse, rows
from flows.window_map import WindowMap
from flows.workspace import Workspace
from sources._kit.duck import literal
from transforms.publish.park_terms import THEMES

WITHHELD = "withheld"
"""Key of the reason of a number that was made with a building somebody has objected to since."""
_JUDGED = ("idle_volume_m3", "unjudged_volume_m3")
_GONE = (
    "value",
    "low",
    "high",
    "detail_nl",
    "detail_en",
    "park_rank",
    "parks_compared",
    "previous_value",
    "previous_on",
)
_INDICATORS = """
    SELECT i.park_id, i.theme, t.label_nl AS theme_nl, t.label_en AS theme_en, i.indicator, i.label AS label_nl, i.label_en, i.value, i.low, i.high,
        i.unit, i.coverage, i.unknown_because AS why_nl, i.unknown_because_en AS why_en, i.detail AS detail_nl, i.detail_en,
        i.park_rank, i.parks_compared, i.previous_value, i.previous_on, s.feeds
    FROM layer.park_indicator AS i
    JOIN score.park_indicator AS s USING (audience, park_id, indicator)
    JOIN reference.park_indicator AS r USING (indicator)
    LEFT JOIN reference.park_code AS t ON t.about = 'theme' AND t.code = i.theme
    WHERE i.audience = {audience} AND {which}
    ORDER BY i.park_id, list_position({themes}, i.theme), r.rowid
"""
# What is drawn rests on sources too, and buildings and parcels come from feeds of their own.
_SOURCES = """
    SELECT feed, source, title, licence, attribution, snapshot_on FROM reference.feed
    WHERE (visibility = 'public' OR {audience} = 'city') AND (list_contains({feeds}, feed) OR list_contains({feeds}, title)
        OR feed IN (SELECT feed FROM core.business_park WHERE park_id IN ({parks}) UNION SELECT feed FROM core.park_parcel WHERE park_id IN ({parks})
            UNION SELECT feed FROM core.park_building WHERE park_id IN ({parks})))
    ORDER BY title, feed
"""


@dataclass(frozen=True)
class Parks:
    """Parks of a city with what is known of them; `indicators` by park, in the order of reference.park_indicator."""

    slug: str
    city: str
    audience: str
    run: dict[str, str | None]
    parks: list[Row]
    indicators: dict[str, list[Row]]
    sources: list[Row]


@dataclass(frozen=True)
class Sheet:
    """One park: `about` holds it alone; lists are None where the warehouse has no such table."""

    about: Parks
    park: Row
    counts: Row
    map: WindowMap
    sharing: list[Row] | None = field(default=None)
    matches: list[Row] | None = field(default=None)


def read_all(city: str, space: Workspace, audience: str) -> Parks:
    """All parks of a city.

    Raises:
        OnbenutError: the city was not run, or has no park that the audience may see.
    """
    with open_warehouse(city, space) as con:
        slug = city_slug(city)
        return _about(con, slug, read_parks(con, slug, audience), audience, _hidden(city, space, audience))


def read_sheet(city: str, given: str, space: Workspace, audience: str) -> Sheet:
    """One park of a city.

    Raises:
        OnbenutError: the city was not run, or has no such park.
    """
    slug, hidden = city_slug(city), _hidden(city, space, audience)
    with open_warehouse(city, space, spatial=True) as con:
        park = find_park(read_parks(con, slug, audience), given, slug)
        park_id = str(park["park_id"])
        sharing, matches = (
            read_extra(con, table, park_id, audience, hidden) for table in ("park_sharing", "park_match")
        )
        return Sheet(
            _about(con, slug, [park], audience, hidden, sources_of_extra(sharing, matches)),
            park,
            count_drawn(con, park_id, audience, hidden),
            read_park_map(con, park_id, audience, hidden),
            sharing,
            matches,
        )


def _hidden(city: str, space: Workspace, audience: str) -> frozenset[str]:
    return objected(city, space) if audience == PUBLIC else frozenset()


def _about(
    con: duckdb.DuckDBPyConnection,
    slug: str,
    parks: list[Row],
    audience: str,
    hidden: frozenset[str],
    also: frozenset[str] = frozenset(),
) -> Parks:
    run = {row["name"]: row["value"] for row in rows(con, "SELECT name, value FROM layer.run")}
    named = ids(park["park_id"] for park in parks)
    query = _INDICATORS.format(audience=literal(audience), which=f"i.park_id IN ({named})", themes=list(THEMES))
    known = rows(con, query)
    # What a building adds to a sum goes with it: where few stand out of use, the sum is that building.
    counted = f"SELECT DISTINCT park_id FROM score.park_stock WHERE band IS NOT NULL AND building_id IN ({ids(hidden)})"
    stale = {row["park_id"] for row in rows(con, counted)}
    for row in known:
        if row["park_id"] in stale and row["indicator"] in _JUDGED:
            row |= dict.fromkeys(_GONE) | {"coverage": 0.0, "why_nl": WITHHELD, "why_en": WITHHELD}
    of: dict[str, list[Row]] = {str(park["park_id"]): [] for park in parks}
    for row in known:
        of[row["park_id"]].append(row)
    feeds = sorted({feed for row in known for feed in row["feeds"]} | also)
    listed = f"[{', '.join(map(literal, feeds))}]::VARCHAR[]"
    return Parks(
        slug=slug,
        city=str(run.get("city") or slug),
        audience=audience,
        run=run,
        parks=parks,
        indicators=of,
        sources=rows(con, _SOURCES.format(audience=literal(audience), feeds=listed, parks=named)),
    )
