"""The plan of a coalition: who and for what, figures, what moves them, what would make it fail. Members are adverts and uses, no more."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flows.explain import Row
from flows.plan.read import SCHEMA_VERSION, PlanError
from flows.query import rows
from sources._kit.duck import literal

_COALITIONS = "SELECT * FROM plan.coalition WHERE building_id = $id ORDER BY place"
_PARTS = """
    SELECT p.*, u.label_nl, u.label_en, x.unit_nl, x.unit_en
    FROM plan.coalition_part AS p LEFT JOIN reference.reuse_use AS u USING (use) LEFT JOIN reference.plan_use AS x USING (use)
    WHERE p.coalition_id = $id ORDER BY p.use = '-', p.filled_m2 DESC, p.use
"""
_MEMBERS = """
    SELECT m.request_id, m.use, u.label_nl, u.label_en
    FROM match.coalition_member AS m JOIN reference.reuse_use AS u USING (use) WHERE m.coalition_id = $id ORDER BY m.request_id
"""
_INPUTS = """
    SELECT i.use, i.input, l.label_nl, l.label_en, i.low, i.likely, i.high, i.unit, i.origin, i.valued_on
    FROM plan.input AS i JOIN reference.plan_label AS l USING (input)
    JOIN plan.coalition AS c ON list_contains(c.uses, i.use) AND c.condition = i.condition AND c.heritage = i.heritage
    WHERE c.coalition_id = $id ORDER BY i.use, i.input
"""
_SENSITIVITY = """
    SELECT v.place, v.input, l.label_nl, l.label_en, v.low, v.likely, v.high, v.unit, v.rent_at_low_eur_m2_year, v.rent_at_high_eur_m2_year
    FROM plan.coalition_sensitivity AS v JOIN reference.plan_label AS l USING (input) WHERE v.coalition_id = $id ORDER BY v.place
"""
_RISKS = """
    SELECT k.risk, k.subject, p.label_nl, p.label_en, c.label_nl AS subject_nl, c.label_en AS subject_en, m.request_id, k.value, k.limit_value, p.unit
    FROM plan.coalition_risk AS k JOIN reference.plan_risk AS p USING (risk)
    LEFT JOIN reference.reuse_criterion AS c ON c.criterion = k.subject
    LEFT JOIN match.coalition_member AS m ON m.coalition_id = k.coalition_id AND m.request_id = k.subject
    WHERE k.coalition_id = $id ORDER BY k.place, k.subject
"""


@dataclass(frozen=True)
class CoalitionPlan:
    """A plan for the parties of a coalition. Money in EUR, areas in m2; low..likely..high hold in four of five cases."""

    schema_version: str
    is_indicative: bool
    building_id: str
    coalition_id: str
    coalition: Row
    coalitions: list[Row]
    members: list[Row]
    parts: list[Row]
    inputs: list[Row]
    sensitivity: list[Row]
    risks: list[Row]


def read_coalition(
    con: duckdb.DuckDBPyConnection, slug: str, building_id: str, coalition: str, use: str | None
) -> CoalitionPlan:
    """The plan of a coalition of adverts for a building, by its place there or by its id.

    Raises:
        PlanError: there is no such coalition, or a use was named beside it.
        OnbenutError: the warehouse was made by a version whose tables differ.
    """
    if use is not None:
        raise PlanError(
            "a coalition has uses of its own", city=slug, value=use, next_step="leave --use or --coalition out"
        )
    made = rows(con, _COALITIONS.replace("$id", literal(building_id)))
    found = next((row for row in made if coalition in (str(row["place"]), row["coalition_id"])), None)
    if found is None:
        named = ", ".join(f"--coalition {row['place']}" for row in made)
        raise PlanError(
            "no such coalition for this building",
            city=slug,
            value=f"{coalition} in {building_id}",
            next_step=named or "no parties were found that fill it together; name a use with --use",
        )
    own = str(found["coalition_id"])
    parts = [rows(con, q.replace("$id", literal(own))) for q in (_MEMBERS, _PARTS, _INPUTS, _SENSITIVITY, _RISKS)]
    return CoalitionPlan(SCHEMA_VERSION, True, building_id, own, found, made, *parts)
