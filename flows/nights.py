"""Which accepted night a past day means, and of what that was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flows.query import open_warehouse, rows
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.duck import literal
from sources._kit.errors import OnbenutError
from sources._kit.kept import fetched_by


class NoNightError(OnbenutError):
    """Nothing is stored of which a day in the past could be made."""


@dataclass(frozen=True)
class Night:
    """What a past day is made of: the manifest of each feed, and the stored bytes of city file and decisions (None: today's, none).

    `number` and `facts` are those of the accepted run, its row in history.run; 0 and empty where no run was accepted by then.
    """

    day: date
    feeds: Mapping[str, str]
    number: int = 0
    accepted_on: date | None = None
    city: str | None = None
    decisions: str | None = None
    osm_free: int | None = None
    facts: Mapping[str, Any] | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether a run of that very day was accepted; else it is that day looked at with what was known by then."""
        return self.accepted_on == self.day

    @property
    def origin(self) -> str:
        """Of what it is made, in words."""
        if self.accepted_on is None:
            return f"no run was accepted by {self.day}: made of the newest snapshots that were fetched by then, and of today's city file"
        run = f"run {self.number}, accepted as of {self.accepted_on}"
        return (
            f"made of the snapshots of {run}"
            if self.is_accepted
            else f"no run was accepted on {self.day}: {run}, is the last before; made of its snapshots"
        )


def find_night(city: City, space: Workspace, day: date) -> Night | None:
    """The night a day before that of the city's newest accepted run means; None for a later day, or a city never run.

    It is the last accepted run of that day, or else of the last day before that has one; or else the newest good snapshots that
    were fetched by then (UTC).

    Raises:
        NoNightError: there is nothing of the kind.
        OnbenutError: a version accepted it that did not write down what of.
    """
    if not space.warehouse(city.slug).exists():
        return None
    runs = accepted_runs(city.slug, space)
    if not runs or day >= runs[-1]["as_of"]:
        return None
    by_then = sorted((run for run in runs if run["as_of"] <= day), key=lambda run: (run["as_of"], run["number"]))
    if by_then and not by_then[-1]["made_of"]:
        raise NoNightError(
            "it was not written down what this night was made of",
            city=city.slug,
            value=by_then[-1]["as_of"],
            next_step="nights from the next accepted run on can be made again",
        )
    if by_then:
        facts = by_then[-1]
        made_of = json.loads(facts["made_of"])
        kept = {name: made_of.get(name) for name in ("city", "decisions", "osm_free")}
        return Night(day, made_of["feeds"], facts["number"], facts["as_of"], facts=facts, **kept)
    return Night(day, _fetched(city, space, day, runs))


def accepted_runs(slug: str, space: Workspace) -> list[dict[str, Any]]:
    """Rows of history.run by number, oldest first; none where a version made the warehouse that did not keep what runs are made of.

    Raises:
        OnbenutError: the warehouse cannot be opened.
    """
    con = open_warehouse(slug, space)
    try:
        known = (
            "SELECT 1 FROM duckdb_columns() WHERE schema_name = 'history' AND table_name = 'run' AND column_name = {}"
        )
        is_known = rows(con, known.format(literal("made_of")))
        return rows(con, "SELECT * FROM history.run ORDER BY number") if is_known else []
    finally:
        con.close()


def _fetched(city: City, space: Workspace, day: date, runs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found = {name: fetched_by(space.store, city, feed, day) for name, feed in city.feeds.items()}
    if missing := sorted(name for name, manifest in found.items() if manifest is None):
        raise NoNightError(
            "no run was accepted by that day, and not every feed has a snapshot that was fetched by then",
            city=city.slug,
            feed=", ".join(missing),
            value=day,
            next_step=f"the first accepted run is as of {min(run['as_of'] for run in runs)}; to look at that day with what is "
            f"fetched now, give a copy of the city file another name and `as_of = {day}`",
        )
    return {name: manifest for name, manifest in found.items() if manifest is not None}
