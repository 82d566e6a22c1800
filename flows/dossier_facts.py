"""Everything a dossier says of one building: its explanation, its place, its sizes, its surroundings, what to check."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flows.dossier_map import read_map
from flows.explain import Explanation, Row, read_explanation
from flows.next_step import Known, NextStep, next_steps
from flows.objections import objected
from flows.plan.read import Plan, read_plan
from flows.query import rows
from flows.window_map import WindowMap
from flows.workspace import Workspace
from sources._kit.duck import literal
from sources._kit.errors import OnbenutError

PUBLIC, CITY = "public", "city"
_CITY = """
    SELECT max(value) FILTER (name = 'city') AS city, max(value) FILTER (name = 'nis_code') AS nis_code,
        max(value) FILTER (name = 'crs') AS crs
    FROM layer.run
"""
# Longitude and latitude, whatever order the CRS itself has.
_PLACE = """
    SELECT ST_X(point) AS x, ST_Y(point) AS y, ST_X(earth) AS longitude, ST_Y(earth) AS latitude
    FROM (
        SELECT point, ST_Transform(point, $crs, 'EPSG:4326', always_xy := true) AS earth
        FROM (SELECT ST_PointOnSurface(geom) AS point FROM core.building WHERE building_id = $id)
    )
"""
_SIZE = """
    SELECT floor_area_m2, floor_area_low_m2, floor_area_high_m2, volume_m3, volume_low_m3, volume_high_m3, volume_source
    FROM score.size WHERE building_id = $id
"""
_TAGGED = """
    SELECT 1 AS tagged FROM core.tag
    WHERE building_id = $id AND key = 'heritage' AND prefix = '' AND origin = 'outline' AND value <> 'no' LIMIT 1
"""
# The map, the comparison with other buildings and the uses rest on sources beside those of the building itself.
_SOURCES = """
    SELECT feed, source, title, licence, licence_uri, attribution, snapshot_on FROM reference.feed
    WHERE visibility = 'public' OR $audience = 'city' ORDER BY title, feed
"""


class DossierError(OnbenutError):
    """The dossier cannot be made as asked."""


@dataclass(frozen=True)
class Facts:
    """What the page is made from. Coordinates: `x`, `y` in metres of `crs`; `longitude`, `latitude` in degrees of WGS 84."""

    city: str
    nis_code: str
    crs: str
    explanation: Explanation
    place: Row
    size: Row
    is_tagged_heritage: bool
    criteria: dict[str, str | None]
    sources: list[Row]
    map: WindowMap
    steps: list[NextStep]
    plan: Plan | None


def read_facts(con: duckdb.DuckDBPyConnection, slug: str, building_id: str, audience: str) -> Facts:
    """Read all of a building that an audience may see.

    Raises:
        DossierError: the public is not shown this building.
        OnbenutError: the warehouse was made by a version whose tables differ.
    """
    found = read_explanation(con, slug, building_id, audience)
    if audience == PUBLIC and found.layer is None:
        raise DossierError(
            "this building is not in the public layer: a dwelling, an ordinary building, one that stands no longer, or one withdrawn",
            city=slug,
            value=building_id,
            next_step="for a dossier that stays within the city, --audience city",
        )
    about = rows(con, _CITY)[0]

    def read(query: str) -> list[Row]:
        gaps = {"$id": building_id, "$audience": audience, "$crs": about["crs"]}
        for gap, value in gaps.items():
            query = query.replace(gap, literal(value))
        return rows(con, query)

    criteria = criteria_of(found)
    return Facts(
        city=str(about["city"]),
        nis_code=str(about["nis_code"]),
        crs=str(about["crs"]),
        explanation=found,
        place=read(_PLACE)[0],
        size=next(iter(read(_SIZE)), {}),
        is_tagged_heritage=bool(read(_TAGGED)),
        criteria=criteria,
        sources=read(_SOURCES),
        map=read_map(con, building_id, audience),
        steps=next_steps(str(about["nis_code"]), known_of(found, criteria)),
        plan=read_plan(con, building_id),
    )


def criteria_of(found: Explanation) -> dict[str, str | None]:
    """Every criterion of reuse that is not unknown, with its class; None where several are possible."""
    return {part["criterion"]: part["class"] for use in found.reuse for part in use["parts"]}


def known_of(found: Explanation, criteria: dict[str, str | None]) -> Known:
    """What of a building decides which steps apply to it."""
    kind = found.type or {}
    types = frozenset(kind[key] for key in ("type", "former_type") if kind.get(key))
    # A building that was not assessed for reuse has its designations all the same.
    if found.heritage and criteria.get("heritage") is None:
        criteria = {**criteria, "heritage": str(found.heritage[0]["class"])}
    listed = any(item["kind"].startswith("register") for item in found.evidence)
    return Known(criteria, types, listed or bool(found.scores and found.scores["legal_status"]))


def check_not_objected(city: str, slug: str, building_id: str, space: Workspace) -> None:
    """See that nobody objected to the building being shown, also since the last run.

    Raises:
        DossierError: somebody did.
    """
    if building_id in objected(city, space):
        raise DossierError(
            "somebody objected to this building being shown",
            city=slug,
            value=building_id,
            next_step="for what stays within the city, --audience city",
        )
