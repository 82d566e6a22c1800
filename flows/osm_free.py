"""A city without OpenStreetMap: which feeds are left, and whether that is a city at all.

What OpenStreetMap touches (outlines, types, heights, uses, sites, what lies near) runs through every floor. A layer from which its rows
were taken at the end would still be derived from it, and so be under its licence. So nothing of it enters this edition.
"""

from __future__ import annotations

import re

from sources._kit.city import BOUNDARY_FEED, City, Feed
from sources._kit.contract import load_source
from sources._kit.errors import CityFileError

_OSM_LICENCE = re.compile(r"\bodbl\b|open data(base| commons open database)", re.IGNORECASE)


class OsmFreeError(CityFileError):
    """The city cannot be made without OpenStreetMap."""


def is_osm(feed: Feed) -> bool:
    """Whether a feed is OpenStreetMap, or says that it is under OpenStreetMap's licence."""
    licence = feed.licence or load_source(feed.source).info.licence
    return feed.source.startswith("osm_") or _OSM_LICENCE.search(licence) is not None


def free_city(city: City) -> City:
    """The city with the feeds that are not OpenStreetMap's.

    Raises:
        OsmFreeError: its boundary is such a feed, or it has no other.
    """
    feeds = {name: feed for name, feed in city.feeds.items() if not is_osm(feed)}
    where = {"city": city.slug, "file": city.file_of(("osm_free",))}
    if not feeds:
        raise OsmFreeError("osm_free, but every feed is OpenStreetMap's", next_step="leave osm_free out", **where)
    boundary = (city.boundary or "").removeprefix(BOUNDARY_FEED)
    if city.boundary is not None and city.boundary.startswith(BOUNDARY_FEED) and boundary not in feeds:
        raise OsmFreeError(
            "osm_free, but the boundary is OpenStreetMap's",
            column="boundary",
            value=city.boundary,
            next_step="take the boundary from the authority (be_boundary) or a file, or leave osm_free out",
            **where,
        )
    return city.model_copy(update={"feeds": feeds})
