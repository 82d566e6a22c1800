"""A plan as it is asked for on the command line: for whom, for which use or coalition, and what to check first."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flows.dossier_facts import PUBLIC, DossierError, check_not_objected, criteria_of, known_of
from flows.explain import Explanation, read_explanation
from flows.explain_find import find_building
from flows.next_step import NextStep, next_steps
from flows.plan.coalition import CoalitionPlan, read_coalition
from flows.plan.read import Plan, PlanError, read_plan
from flows.query import city_slug, open_warehouse, rows
from flows.workspace import Workspace
from sources._kit.duck import literal


@dataclass(frozen=True)
class PlanFacts:
    """A plan, whose building it is and what to check first."""

    plan: Plan | CoalitionPlan
    explanation: Explanation
    steps: list[NextStep]


def plan_building(
    city: str, building: str, space: Workspace, audience: str, use: str | None, coalition: str | None
) -> PlanFacts:
    """Plan a building as it is asked for on the command line.

    Raises:
        DossierError: the audience may not see the building.
        PlanError: it has no plan, or not for that use.
        OnbenutError: the city was not run, or no building goes by this id.
    """
    con = open_warehouse(city, space)
    try:
        slug = city_slug(city)
        building_id = find_building(con, building, slug)
        if audience == PUBLIC:
            check_not_objected(city, slug, building_id, space)
        found = read_explanation(con, slug, building_id, audience)
        if audience == PUBLIC and found.layer is None:
            raise DossierError(
                "this building is not in the public layer", city=slug, value=building_id, next_step="--audience city"
            )
        plan: Plan | CoalitionPlan
        if coalition is not None:
            plan = read_coalition(con, slug, building_id, coalition, use)
        else:
            plan = read_plan(con, building_id, use) or _refuse(con, slug, building_id, use)
        nis = rows(con, "SELECT value FROM layer.run WHERE name = 'nis_code'")[0]["value"]
        return PlanFacts(plan, found, next_steps(nis, known_of(found, criteria_of(found))))
    finally:
        con.close()


def _refuse(con: duckdb.DuckDBPyConnection, slug: str, building_id: str, use: str | None) -> Plan:
    known = rows(con, "SELECT list(use ORDER BY use) AS uses FROM reference.plan_use")[0]["uses"]
    planned = rows(con, f"SELECT count(*) AS n FROM plan.scenario WHERE building_id = {literal(building_id)}")[0]["n"]
    if not planned:
        raise PlanError(
            "no plan is made for this building: plans are for buildings of the public layer",
            city=slug,
            value=building_id,
            next_step=f"onbenut explain {slug} {building_id} says what is known of it",
        )
    raise PlanError(
        "no such use" if use else "too little is known to name a best use of this building",
        city=slug,
        value=use or building_id,
        next_step=f"name one with --use: {', '.join(known)}",
    )
