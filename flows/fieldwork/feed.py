"""The house's own feed: what was seen in the field, read by every run without the city file naming it."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from flows.fieldwork.log import EVIDENCE
from flows.workspace import Workspace
from sources._kit.city import City, Feed
from sources._kit.errors import CityFileError

FIELD_CHECKS = "field_checks"
_COLUMNS = {
    "observation_id": "check_id", "kind": "kind", "building_id": "building_id", "observed_on": "seen_on", "detail": "detail",
    "vacant_low": "share_empty",
}  # fmt: skip


def with_field_checks(city: City, space: Workspace) -> City:
    """The city with the feed `field_checks`, where any check holds; for the city alone, as its source says.

    Raises:
        CityFileError: the city file has a feed of that name.
    """
    path = space.fieldwork(city.slug) / EVIDENCE
    newest = _newest(path)
    if FIELD_CHECKS in city.feeds:
        raise CityFileError(
            "the name of this feed is the house's own: onbenut fieldcheck fills it",
            city=city.slug,
            file=city.file_of(("feeds", FIELD_CHECKS)),
            column=f"feeds.{FIELD_CHECKS}",
            next_step="give the feed another name",
        )
    if newest is None:
        return city
    feed = Feed.model_validate(
        {
            "name": FIELD_CHECKS,
            "source": "observation_list",
            "path": str(path),
            "snapshot_on": newest,
            "attribution": "eigen waarneming van de stad",
            "settings": {"columns": _COLUMNS},
        }
    )
    return city.model_copy(update={"feeds": {**city.feeds, FIELD_CHECKS: feed}})


def _newest(path: Path) -> date | None:
    if not path.exists():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        return max((date.fromisoformat(row["seen_on"]) for row in csv.DictReader(file)), default=None)
