"""What a run did or why it failed: the record that `onbenut status` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.errors import OnbenutError
from sources._kit.whole import write_whole


@dataclass(frozen=True)
class FeedOutcome:
    """What a run took from one feed: rows per raw table, the day its data describe, why it fell back if it did, how long asking took."""

    source: str
    rows: dict[str, int]
    snapshot_on: str
    was_parsed: bool
    fallback: str | None
    max_age_days: int | None
    seconds: float = 0.0


@dataclass
class Outcome:
    """What a run did: where the products are, what it could not make and why, what it warns of."""

    city: str
    as_of: date
    run_id: str
    unchanged: bool
    warehouse: Path
    feeds: dict[str, FeedOutcome] = field(default_factory=dict)
    products: dict[str, Path] = field(default_factory=dict)
    was_published: bool = False
    overruled: list[str] = field(default_factory=list)
    not_made: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    made_from: str = ""
    """Of a day that was asked for: of what it was made, and whether that is exact; empty for a night."""
    floors: dict[str, float] = field(default_factory=dict)
    rebuilt: list[str] = field(default_factory=list)
    made_of: dict[str, str | None] = field(default_factory=dict)
    weights: dict[str, Any] | None = None
    seconds: float = 0.0

    @property
    def tables_built(self) -> int:
        """How many tables were made again."""
        return len(self.rebuilt)


def write_log(space: Workspace, outcome: Outcome, started: datetime) -> None:
    """Write down what a run did, for `onbenut status`; an earlier failure is over."""
    body = {
        "city": outcome.city,
        "as_of": outcome.as_of.isoformat(),
        "run_id": outcome.run_id,
        "unchanged": outcome.unchanged,
        "started_at": started.isoformat(timespec="seconds"),
        "seconds": round(outcome.seconds, 2),
        "floors": outcome.floors,
        "rebuilt": outcome.rebuilt,
        "made_of": outcome.made_of,
        "weights": outcome.weights,
        "feeds": {name: asdict(feed) for name, feed in outcome.feeds.items()},
        "products": {name: str(path) for name, path in outcome.products.items()},
        "not_made": outcome.not_made,
        "warnings": outcome.warnings,
        "overruled": outcome.overruled,
        "removed": outcome.removed,
        "made_from": outcome.made_from,
    }
    path = space.run_log(outcome.city)
    body["before"] = _rows_before(path)
    write_whole(path, json.dumps(body, indent=1))
    space.failure_log(outcome.city).unlink(missing_ok=True)


def _rows_before(path: Path) -> dict[str, Any] | None:
    """What the run before took from its feeds; None where there was none, or its record is damaged."""
    try:
        last = json.loads(path.read_text(encoding="utf-8"))
        return {"run_id": last["run_id"], "rows": {name: feed["rows"] for name, feed in last["feeds"].items()}}
    except (OSError, ValueError, KeyError):
        return None


@contextmanager
def noting_failure(city: City, space: Workspace) -> Iterator[None]:
    """Leave a record of what made a run fail, for `onbenut status`; the next good run removes it.

    The value an error met is left out: it may be a cell of a register, and records are not for personal data.
    """
    try:
        yield
    except OnbenutError as error:
        where = {name: str(value) for name, value in error.where.items() if name != "value"}
        body = {
            "city": city.slug,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "error": error.what,
            "where": where,
            "next_step": error.next_step,
        }
        path = space.failure_log(city.slug)
        with suppress(OSError):  # a full disk must not hide the error itself
            write_whole(path, json.dumps(body, indent=1))
        raise
