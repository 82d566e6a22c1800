"""What changed in a city's layer from run to run, and whether data, method or time did it: read from the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flows.history_states import STEP_PRIORITY, STEP_PROBABILITY
from flows.query import open_warehouse, rows
from flows.workspace import Workspace
from sources._kit.duck import literal
from sources._kit.errors import OnbenutError

KINDS = ("appeared", "gone", "moved_band", "rescored", "redescribed")
STEPS = f"rescored: the probability moved {STEP_PROBABILITY} or more, or the priority {STEP_PRIORITY:g} points or more"


@dataclass(frozen=True)
class Change:
    """One change of one building: between which states, when the run that found it looked, what did it.

    `true_from` is the day since when the data say so; null where they do not say.
    """

    building_id: str
    name: str | None
    kind: str
    from_: str | None
    to: str | None
    known_on: date
    run: int
    true_from: date | None
    cause: str


_QUERY = """
WITH said AS (
    -- Of a building that was objected to, the public's list has the id and no more.
    SELECT * REPLACE (CASE WHEN is_silent THEN NULL ELSE name END AS name), CASE WHEN NOT is_silent THEN concat_ws(', ', type, underuse_band, round(underuse_probability, 2), 'priority ' || round(priority_score, 1), legal_status) END AS line
    FROM (
        SELECT s.*, s.audience = 'public' AND (s.building_id IN (SELECT building_id FROM core.objected)
            OR s.building_id IN (SELECT building_id FROM reference.objection)) AS is_silent
        FROM history.building_state AS s
        WHERE s.audience = {audience}
    )
),
change AS (
    SELECT n.building_id, n.name, n.true_from, n.known_from AS run, n.cause,
        CASE WHEN o.building_id IS NULL THEN 'appeared'
             WHEN n.underuse_band IS DISTINCT FROM o.underuse_band THEN 'moved_band'
             WHEN abs(n.underuse_probability - o.underuse_probability) >= {probability}
                OR abs(n.priority_score - o.priority_score) >= {priority} THEN 'rescored' ELSE 'redescribed' END AS kind,
        CASE kind WHEN 'moved_band' THEN o.underuse_band ELSE o.line END AS from_, CASE kind WHEN 'moved_band' THEN n.underuse_band ELSE n.line END AS "to"
    FROM said AS n LEFT JOIN said AS o ON o.building_id = n.building_id AND o.known_to = n.known_from
    WHERE n.cause <> 'first'
    UNION ALL
    SELECT o.building_id, o.name, NULL, o.known_to, o.end_cause, 'gone', o.line, NULL
    FROM said AS o ANTI JOIN said AS n ON n.building_id = o.building_id AND n.known_from = o.known_to
    WHERE o.known_to IS NOT NULL
)
SELECT c.building_id, c.name, c.kind, c.from_, c."to", r.as_of AS known_on, c.run, c.true_from, c.cause
FROM change AS c JOIN history.run AS r ON r.number = c.run
WHERE r.as_of >= CAST({since} AS DATE) AND ({kind} IS NULL OR c.kind = {kind})
ORDER BY c.run, array_position({kinds}, c.kind), c.building_id
"""


def find_changes(
    city: str, space: Workspace, since: date, audience: str = "public", kind: str | None = None
) -> list[Change]:
    """Changes that runs of `since` and later found, oldest first; the first run that was kept is no change.

    Raises:
        OnbenutError: the city was not run, or by no version that keeps history.
    """
    con = open_warehouse(city, space)
    try:
        if not rows(
            con, "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'history' AND table_name = 'building_state'"
        ):
            raise OnbenutError(
                "no history of this city's layer was kept yet",
                city=city,
                next_step=f"onbenut run {city}; from the run after that on there is something to compare",
            )
        query = _QUERY.format(
            audience=literal(audience),
            since=literal(since.isoformat()),
            kind=literal(kind),
            kinds=list(KINDS),
            probability=STEP_PROBABILITY,
            priority=STEP_PRIORITY,
        )
        return [Change(**row) for row in rows(con, query)]
    finally:
        con.close()
