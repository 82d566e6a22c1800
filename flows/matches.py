"""What the newest run of a city found for an advert, for a building, or altogether. Who objected meanwhile is in no answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb

from flows.explain_find import find_building
from flows.objections import objected
from flows.query import city_slug, open_warehouse, rows
from flows.workspace import Workspace
from sources._kit.duck import literal
from sources._kit.errors import OnbenutError

Rows = list[dict[str, Any]]
# Every part of a score is told here, also where the advert looks: this is the city's and the platform's own screen.
_PAIR = """
    SELECT m.request_id, m.building_id, b.name, b.type_label, b.address, m.use, u.label_nl AS use_nl, u.label_en AS use_en,
        m.score, m.low, m.high, m.request_place, m.building_place, m.distance_m, m.use_part, m.size_part, m.place_part, m.budget_part,
        m.time_part, m.free_part, m.atypical_part, m.usable_low_m2, m.usable_m2, m.usable_high_m2, m.rent_low_eur_m2_year,
        m.rent_eur_m2_year, m.rent_high_eur_m2_year, m.to_check, l.why_building, l.why_building_en, a.who, a.who_en
    FROM match.request_building AS m
    JOIN layer.building AS b ON b.audience = 'public' AND b.building_id = m.building_id
    JOIN reference.reuse_use AS u ON u.use = m.use
    JOIN layer.advert AS a ON a.audience = 'city' AND a.request_id = m.request_id
    LEFT JOIN layer.match AS l ON l.audience = 'city' AND l.request_id = m.request_id AND l.building_id = m.building_id
"""
_COALITION = """
    SELECT c.coalition_id, c.place, c.fill_share, c.member_count, c.uses, c.score, c.exchange, c.status, c.to_ask_count,
        p.rent_low_eur_m2_year, p.rent_eur_m2_year, p.rent_high_eur_m2_year, m.members,
        'onbenut plan ' || {city} || ' ' || c.building_id || ' --coalition ' || c.place AS plan_command
    FROM match.coalition AS c LEFT JOIN plan.coalition AS p USING (coalition_id)
    JOIN (
        SELECT coalition_id, list({{'request_id': request_id, 'use': use, 'use_nl': label_nl, 'use_en': label_en}} ORDER BY request_id) AS members
        FROM match.coalition_member JOIN reference.reuse_use USING (use) GROUP BY coalition_id
    ) AS m USING (coalition_id)
    WHERE c.building_id = {id} AND c.building_id NOT IN ({hidden}) ORDER BY c.place
"""
_NEAREST = "SELECT request_id FROM staging.space_request ORDER BY levenshtein(request_id, {id}), request_id LIMIT 3"


@dataclass(frozen=True)
class Matches:
    """Matches of a city: of one advert, of one building, or the best of all. Rows are dictionaries, sorted by place.

    `excluded`: per kind of supply and reason how many; of one advert, or of all added up. `offers` and `partners` only of one advert;
    `coalitions` only of one building: who is in it for what, with the command that plans it.
    """

    city: str
    run_id: str
    advert: str | None
    building: str | None
    counts: dict[str, int]
    pairs: Rows
    offers: Rows = field(default_factory=list)
    partners: Rows = field(default_factory=list)
    excluded: Rows = field(default_factory=list)
    coalitions: Rows = field(default_factory=list)


def read_matches(
    city: str, space: Workspace, *, advert: str | None = None, building: str | None = None, most: int = 20
) -> Matches:
    """Read the matches of the newest run.

    Raises:
        OnbenutError: the city was not run, or no advert or building goes by the id.
    """
    slug = city_slug(city)
    with open_warehouse(city, space) as con:
        hidden = objected(city, space)
        own = None if building is None else find_building(con, building, slug)
        asked = None if advert is None else _find_advert(con, advert, slug)
        shown = f"m.building_id NOT IN ({_list(hidden)})"
        if asked is not None:
            where, order = f"m.request_id = {literal(asked)} AND m.request_place IS NOT NULL", "m.request_place"
        elif own is not None:
            where, order = f"m.building_id = {literal(own)} AND m.building_place IS NOT NULL", "m.building_place"
        else:
            where, order = "m.request_place = 1", "m.middle DESC"
        pairs = rows(
            con, f"{_PAIR} WHERE {shown} AND {where} ORDER BY {order}, m.request_id, m.building_id LIMIT {int(most)}"
        )
        one = f"WHERE request_id = {literal(asked)}" if asked else ""
        return Matches(
            slug,
            str(rows(con, "SELECT max(value) AS run FROM layer.run WHERE name = 'run_id'")[0]["run"]),
            asked,
            own,
            _counts(con),
            pairs,
            rows(con, f"SELECT * FROM match.request_offer {one} ORDER BY request_place LIMIT {int(most)}") if asked else [],
            rows(con, f"SELECT * FROM match.request_partner {one} ORDER BY place LIMIT {int(most)}") if asked else [],
            [] if own else rows(
                con,
                "SELECT supply_kind, reason, any_value(label_nl) AS label_nl, any_value(label_en) AS label_en, "
                "sum(supply_count)::BIGINT AS supply_count "
                f"FROM match.request_exclusion LEFT JOIN reference.match_reason USING (reason) {one} "
                "GROUP BY supply_kind, reason ORDER BY supply_kind, min(match.request_exclusion.place), reason",
            ),
            [] if own is None else rows(con, _COALITION.format(id=literal(own), city=literal(slug), hidden=_list(hidden))),
        )  # fmt: skip


def _counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    found = rows(
        con,
        "SELECT (SELECT count(*) FROM match.request) AS requests, "
        "(SELECT count(DISTINCT request_id) FROM match.pair WHERE supply_kind = 'building' AND supply_id IS NOT NULL) AS matched, "
        "(SELECT count(*) FROM match.supply WHERE supply_kind = 'building') AS buildings, "
        "(SELECT count(*) FROM match.supply WHERE supply_kind = 'offer') AS offers, "
        "(SELECT count(*) FROM staging.reject WHERE table_name = 'staging.space_request') AS refused",
    )
    return {name: int(value) for name, value in found[0].items()}


def _find_advert(con: duckdb.DuckDBPyConnection, given: str, city: str) -> str:
    """The request_id that `given` stands for: itself, or the platform's own id without the feed."""
    same = literal(given)
    found = rows(
        con,
        f"SELECT request_id FROM staging.space_request WHERE request_id = {same} OR ends_with(request_id, ':' || {same}) "
        f"ORDER BY request_id = {same} DESC, request_id LIMIT 2",
    )
    if len(found) == 1 or (found and found[0]["request_id"] == given):
        return str(found[0]["request_id"])
    if found:
        raise OnbenutError(
            "several adverts go by this id",
            city=city,
            value=given,
            next_step=f"name one: {', '.join(row['request_id'] for row in found)}",
        )
    near = ", ".join(row["request_id"] for row in rows(con, _NEAREST.format(id=same)))
    raise OnbenutError(
        "no such advert in the newest run",
        city=city,
        value=given,
        next_step=f"the nearest ids are {near or 'none'}; a refused one is told by `onbenut status {city}`",
    )


def _list(ids: frozenset[str]) -> str:
    return ", ".join(literal(one) for one in sorted(ids)) or "''"
