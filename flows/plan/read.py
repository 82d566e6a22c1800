"""Everything a plan of one building says: figures of every use, what moves them, what would make it fail."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flows.explain import Row
from flows.query import rows
from sources._kit.duck import literal
from sources._kit.errors import OnbenutError

SCHEMA_VERSION = "1"
_SCENARIOS = """
    SELECT s.*, r.place, r.score AS index, u.label_nl, u.label_en, p.unit_nl, p.unit_en
    FROM plan.scenario AS s JOIN score.reuse AS r USING (building_id, use) JOIN reference.reuse_use AS u USING (use)
    JOIN reference.plan_use AS p USING (use)
    WHERE s.building_id = $id ORDER BY r.place NULLS LAST, r.middle DESC, s.use
"""
_INPUTS = """
    SELECT i.input, l.label_nl, l.label_en, i.low, i.likely, i.high, i.unit, i.origin, i.valued_on
    FROM plan.input AS i JOIN reference.plan_label AS l USING (input) JOIN plan.scenario AS s USING (use, condition, heritage)
    WHERE s.building_id = $id AND s.use = $use ORDER BY i.input
"""
_SENSITIVITY = """
    SELECT v.place, v.input, l.label_nl, l.label_en, v.low, v.likely, v.high, v.unit, v.rent_at_low_eur_m2_year, v.rent_at_high_eur_m2_year
    FROM plan.sensitivity AS v JOIN reference.plan_label AS l USING (input)
    WHERE v.building_id = $id AND v.use = $use ORDER BY v.place
"""
_RISKS = """
    SELECT k.risk, k.subject, p.label_nl, p.label_en, c.label_nl AS subject_nl, c.label_en AS subject_en, k.value, k.limit_value, p.unit
    FROM plan.risk AS k JOIN reference.plan_risk AS p USING (risk) LEFT JOIN reference.reuse_criterion AS c ON c.criterion = k.subject
    WHERE k.building_id = $id AND k.use = $use ORDER BY k.place, k.subject
"""
_COALITIONS = """
    SELECT coalition_id, place, member_count, fill_share, rent_low_eur_m2_year, rent_eur_m2_year, rent_high_eur_m2_year
    FROM plan.coalition WHERE building_id = $id ORDER BY place
"""


class PlanError(OnbenutError):
    """There is no plan as asked for."""


@dataclass(frozen=True)
class Plan:
    """A plan for one use, beside the figures of all uses and the coalitions of the building. Money in EUR, areas in m2; low..likely..high hold in four of five cases."""

    schema_version: str
    is_indicative: bool
    building_id: str
    use: str
    scenario: Row
    scenarios: list[Row]
    inputs: list[Row]
    sensitivity: list[Row]
    risks: list[Row]
    coalitions: list[Row]


def read_plan(con: duckdb.DuckDBPyConnection, building_id: str, use: str | None = None) -> Plan | None:
    """The plan of a building for a use, or for the one it suits best; None where it has none.

    Raises:
        OnbenutError: the warehouse was made by a version whose tables differ.
    """

    def read(query: str, wanted: str = "") -> list[Row]:
        return rows(con, query.replace("$id", literal(building_id)).replace("$use", literal(wanted)))

    scenarios = read(_SCENARIOS)
    found = next((row for row in scenarios if (row["place"] == 1 if use is None else row["use"] == use)), None)
    if found is None:
        return None
    parts = [read(query, found["use"]) for query in (_INPUTS, _SENSITIVITY, _RISKS, _COALITIONS)]
    return Plan(SCHEMA_VERSION, True, building_id, found["use"], found, scenarios, *parts)
