"""Everything behind the scores of one building, read from the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from flows.explain_find import find_building
from flows.explain_queries import MANY, ONE, OWN_ADDRESS
from flows.query import city_slug, open_warehouse, rows
from flows.workspace import Workspace
from sources._kit.duck import literal

Row = dict[str, Any]
# Version of the JSON: a key that goes or changes its meaning is a new one (docs/explain.schema.json).
SCHEMA_VERSION = "1"


@dataclass
class Explanation:
    """One building for one audience. Values of parts are decimals that add up to their score exactly.

    Parts: `underuse` (log-odds) to `underuse_log_odds`, `atypicality` (points) to `atypicality_score`, `priority` (points)
    to `priority_score`, and the parts of each use in `reuse` to that use's score. `scores` is None for a building that
    stands no longer or not yet; `layer` is its place in the published layer, or None when it is not shown to this
    audience. Lengths in m, areas in m2, dates of the observation itself.
    """

    schema_version: str
    city: str
    audience: str
    run: Row
    building: Row
    type: Row | None
    site: Row | None
    scores: Row | None
    layer: Row | None
    votes: list[Row]
    heritage: list[Row]
    addresses: list[Row]
    parcels: list[Row]
    underuse: list[Row]
    unheard: list[Row]
    evidence: list[Row]
    atypicality: list[Row]
    reuse: list[Row]
    priority: list[Row]
    links: list[Row]
    refusals: list[Row]
    sources: list[Row]


def explain(city: str, building: str, space: Workspace, audience: str = "city") -> Explanation:
    """Explain one building.

    Raises:
        OnbenutError: the city was not run, or no building goes by this id.
    """
    con = open_warehouse(city, space)
    try:
        slug = city_slug(city)
        building_id = find_building(con, building, slug)
        found = read_explanation(con, slug, building_id, audience)
        if audience == "public":
            # Here, because it brings the model of a city along, which takes longer than the rest.
            from flows.objections import objected

            if building_id in objected(city, space):
                found.layer = None  # also before the next run takes it out
        return found
    finally:
        con.close()


def read_explanation(con: duckdb.DuckDBPyConnection, city: str, building_id: str, audience: str) -> Explanation:
    """Explain one building of an open warehouse.

    Raises:
        OnbenutError: the warehouse was made by a version whose tables differ.
    """

    def read(query: str) -> list[Row]:
        return rows(con, query.replace("$id", literal(building_id)).replace("$audience", literal(audience)))

    read(OWN_ADDRESS)
    answers: dict[str, Any] = {name: next(iter(read(query)), None) for name, query in ONE.items()}
    answers |= {name: read(query) for name, query in MANY.items()}
    parts, labels = answers.pop("reuse_parts"), {row["criterion"]: row for row in answers.pop("criteria")}
    for use in answers["reuse"]:
        use |= {key: [labels[criterion] for criterion in use[key]] for key in ("to_check", "veto")}
        use["parts"] = [{key: part[key] for key in part if key != "use"} for part in parts if part["use"] == use["use"]]
    return Explanation(schema_version=SCHEMA_VERSION, city=city, audience=audience, **answers)
