"""The house's own feed `adverts`: what was imported, read by every run without the city file naming it."""

from __future__ import annotations

from pathlib import Path

from flows.workspace import Workspace
from sources._kit.city import City, Feed
from sources._kit.errors import CityFileError

ADVERTS, LIST = "adverts", "adverts.json"


def with_adverts(city: City, space: Workspace) -> City:
    """The city with the feed `adverts`, where any were imported.

    Raises:
        CityFileError: the city file has a feed of that name.
    """
    if ADVERTS in city.feeds:
        raise CityFileError(
            "the name of this feed is the house's own: onbenut adverts import fills it",
            city=city.slug,
            file=city.file_of(("feeds", ADVERTS)),
            column=f"feeds.{ADVERTS}",
            next_step="give the feed another name, such as platform",
        )
    path = space.adverts(city.slug) / LIST
    if not path.exists():
        return city
    return city.model_copy(update={"feeds": {**city.feeds, ADVERTS: adverts_feed(ADVERTS, path)}})


def adverts_feed(name: str, path: Path) -> Feed:
    """A feed of adverts in a file. It may be empty: who imported an empty list has said so."""
    return Feed.model_validate(
        {"name": name, "source": "space_request", "path": str(path.resolve()), "rows_min": 0, "drop_max": 1.0}
    )
