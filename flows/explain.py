"""Everything behind the scores of one building, read from the warehouse."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import duckdb

from flows.query import city_slug, open_warehouse, rows
from flows.workspace import Workspace
from sources._kit.duck import literal
from sources._kit.errors import OnbenutError

Row = dict[str, Any]
_OSM_WORDS = re.compile(r"^(?:osm:|https?://(?:www\.)?openstreetmap\.org/)?(way|relation|node)[/ ](\d+)/?$")


class UnknownBuildingError(OnbenutError):
    """No building, or more than one, goes by this id."""


@dataclass
class Explanation:
    """One building for one audience. Parts are decimals that add up to their score exactly.

    `building` says what it is and where; `scores` is None for a building that stands no longer or not yet; `layer` is its
    row in the published layer, or None when it is not shown to this audience.
    """

    city: str
    audience: str
    building: Row
    scores: Row | None
    layer: Row | None
    addresses: list[str] = field(default_factory=list)
    parcels: list[Row] = field(default_factory=list)
    evidence: list[Row] = field(default_factory=list)
    underuse: list[Row] = field(default_factory=list)
    atypicality: list[Row] = field(default_factory=list)
    reuse: list[Row] = field(default_factory=list)
    priority: list[Row] = field(default_factory=list)


def explain(city: str, building: str, space: Workspace, audience: str = "city") -> Explanation:
    """Explain one building.

    Raises:
        OnbenutError: the city was not run, or no building goes by this id.
    """
    con = open_warehouse(city, space)
    try:
        building_id = find_building(con, building, city_slug(city))
        return _read(con, city_slug(city), building_id, audience)
    finally:
        con.close()


def _read(con: duckdb.DuckDBPyConnection, city: str, building_id: str, audience: str) -> Explanation:
    def read(query: str) -> list[Row]:
        return rows(con, query.replace("$id", literal(building_id)).replace("$audience", literal(audience)))

    return Explanation(
        city=city,
        audience=audience,
        building=read(_BUILDING)[0],
        scores=next(iter(read(_SCORES)), None),
        layer=next(iter(read(_LAYER)), None),
        addresses=[row["address"] for row in read(_ADDRESSES)],
        parcels=read(_PARCELS),
        evidence=read(_EVIDENCE),
        underuse=read(_UNDERUSE),
        atypicality=read(_ATYPICALITY),
        reuse=read(_REUSE),
        priority=read(_PRIORITY),
    )


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
_BUILDING = """
    SELECT b.building_id, b.name,
        CASE WHEN b.state = 'standing' AND b.building_id NOT IN (SELECT building_id FROM core.standing)
             THEN 'gone, by a register' ELSE b.state END AS state,
        b.is_official, b.official_type, b.osm_ids, b.feed, f.title AS source,
        b.footprint_m2, b.height_m, b.floors, b.observed_on, t.type, k.label_en AS type_label, k.label_nl AS type_label_nl,
        t.former_type, t.confidence AS type_confidence, t.disagreement, t.agreeing, t.disagreeing
    FROM core.building AS b
    LEFT JOIN score.type AS t USING (building_id)
    LEFT JOIN reference.building_type AS k ON k.type = t.type
    LEFT JOIN reference.feed AS f ON f.feed = b.feed
    WHERE b.building_id = $id
"""
_SCORES = "SELECT * EXCLUDE (building_id) FROM score.building WHERE building_id = $id AND audience = $audience"
_LAYER = """
    SELECT priority_rank, (SELECT count(*) FROM layer.building WHERE audience = $audience) AS out_of, reasons, heritage,
        vacant_share_low, vacant_share_high, run_id
    FROM layer.building WHERE building_id = $id AND audience = $audience
"""
_ADDRESSES = """
    SELECT DISTINCT concat_ws(' ', street, house_number, 'bus ' || box_number, postcode, municipality) AS address
    FROM core.address WHERE building_id = $id ORDER BY address
"""
_PARCELS = """
    SELECT capakey, share, is_main FROM core.link_parcel WHERE building_id = $id ORDER BY is_main DESC, share DESC, capakey
"""
_EVIDENCE = """
    SELECT i.item_id, i.kind, k.label_en AS label, i.detail, i.authority, i.feed, f.title AS source, i.source_id, i.visibility,
        i.observed_on, i.age_days, i.freshness, i.match_method, i.match_score, i.log_lr, i.log_lr_sd, i.effect, p.value AS adds
    FROM evidence.item AS i
    JOIN score.underuse_part AS p ON p.building_id = i.building_id AND p.item = i.item_id AND p.audience = $audience
    JOIN reference.evidence_kind AS k ON k.kind = i.kind
    JOIN reference.feed AS f ON f.feed = i.feed
    WHERE i.building_id = $id ORDER BY abs(p.value) DESC, abs(i.effect) DESC, i.item_id
"""
_UNDERUSE = """
    SELECT item, kind, value, value_sd, observed_on, detail_en AS detail FROM score.underuse_part
    WHERE building_id = $id AND audience = $audience ORDER BY kind <> 'prior', kind = 'cap', abs(value) DESC, item
"""
_ATYPICALITY = """
    SELECT item, value, detail_en AS detail FROM score.atypicality_part WHERE building_id = $id ORDER BY abs(value) DESC, item
"""
_REUSE = """
    SELECT r.use, u.label_en AS label, r.score, r.low, r.high, r.known_count, coalesce(c.labels, []) AS to_check
    FROM score.reuse AS r
    JOIN reference.reuse_use AS u USING (use)
    LEFT JOIN (
        SELECT k.use, list(c.label_en ORDER BY c.label_en) AS labels
        FROM (SELECT use, unnest(to_check) AS criterion FROM score.reuse WHERE building_id = $id) AS k
        JOIN reference.reuse_criterion AS c USING (criterion)
        GROUP BY k.use
    ) AS c USING (use)
    WHERE r.building_id = $id ORDER BY r.place NULLS LAST, r.middle DESC, r.use
"""
_PRIORITY = """
    SELECT item, value, detail_en AS detail FROM score.priority_part
    WHERE building_id = $id AND audience = $audience ORDER BY value DESC, item
"""
