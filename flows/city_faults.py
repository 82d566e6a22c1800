"""Faults of a city file that concern the city: its code, its boundary and extent, feeds that hold the same data."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from flows.cities import is_local
from flows.city_plays import Rows
from flows.gates.rules import rules_of
from flows.osm_free import OsmFreeError, free_city
from sources._kit.city import BOUNDARY_FEED, City, Feed
from sources._kit.contract import load_source
from sources._kit.errors import CityFileError, OnbenutError

MERGED_IN = 2025
"""A city that is looked at as it was before may have the code of before."""


def city_faults(city: City, reference: Rows) -> Iterator[CityFileError]:
    """What is wrong with the city as such.

    Args:
        city: the city, or as much of it as is well written.
        reference: reference tables by name.
    """
    if city.as_of is None or city.as_of.year >= MERGED_IN:
        new = {row["old_nis"]: row for row in reference["nis_2025"] if row["old_nis"] != row["new_nis"]}.get(
            str(city.nis)
        )
        if new:
            yield fault_at(city, ("nis",), "the municipality merged on 1 January 2025 and has another code", city.nis,
                         f"write nis = \"{new['new_nis']}\" ({new['new_name']})")  # fmt: skip
    boundary = city.boundary or ""
    if boundary.startswith(BOUNDARY_FEED):
        feed = city.feeds.get(boundary.removeprefix(BOUNDARY_FEED))
        if feed and "municipality" not in _roles(feed):
            yield fault_at(city, ("boundary",), "the feed of the boundary holds no municipalities", boundary,
                         "name a feed of be_boundary, or a file")  # fmt: skip
    elif boundary and not (city.folder / boundary).is_file():
        yield fault_at(city, ("boundary",), "no such boundary file", boundary, "put it there, or mend `boundary`")
    if city.objections and not (city.folder / city.objections).is_file():
        yield fault_at(city, ("objections",), "no such file of objections", city.objections, "put it there, or mend it")
    if city.extent and not _is_within(city.extent, str(city.crs)):
        yield fault_at(city, ("extent",), f"the extent lies outside the area that {city.crs} is for", list(city.extent),
                     "write west, south, east, north in metres of the city's CRS")  # fmt: skip
    if city.osm_free:
        try:
            free_city(city)
        except OsmFreeError as error:
            yield error
        except OnbenutError:
            pass  # an unknown source is told where feeds are held to theirs
    try:
        rules_of(city)
    except CityFileError as error:
        yield error
    seen: dict[tuple[str, str], str] = {}
    for feed in city.feeds.values():
        for part, place in feed.locations.items():
            key = (feed.source, f"{place} {setting_of_part(feed, 'typename', part) or ''}")
            if (other := seen.setdefault(key, feed.name)) != feed.name:
                yield fault_at(city, ("feeds", feed.name), f"the same data as in the feed {other}", place,
                             "keep one of the two, or every row counts twice")  # fmt: skip


def absent_files(city: City, feed: Feed) -> list[str]:
    """Files of a feed that are not there: handed over later, so no fault of the city file."""
    if not is_local(feed):
        return []
    places = [place for place in feed.locations.values() if not place.startswith("file://")]
    full = [(place, city.folder / place) for place in places]
    return [place for place, path in full if not path.is_file() and not glob.glob(str(path))]  # noqa: PTH207 (may be absolute)


def setting_of_part(feed: Feed, name: str, part: str) -> str | None:
    """A setting of the service that may differ by part."""
    value = getattr(feed.service, name)
    return value.get(part) if isinstance(value, dict) else value


def is_crs(code: str) -> bool:
    """Whether a text names a coordinate reference system."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        CRS.from_user_input(code)
    except CRSError:
        return False
    return True


def fault_at(city: City, key: tuple[str, ...], what: str, value: object, next_step: str) -> CityFileError:
    """A fault at a key, with the file that says it."""
    return CityFileError(what, file=city.file_of(key), column=".".join(key), value=value, next_step=next_step)


def _roles(feed: Feed) -> set[str]:
    try:
        return {table.role for table in load_source(feed.source).tables(feed).values() if table.role}
    except (OnbenutError, ValidationError):
        return set()


def _is_within(extent: Sequence[float], code: str) -> bool:
    """Whether an extent lies within the area its CRS is made for."""
    from pyproj import CRS, Transformer

    if not is_crs(code) or len(extent) != 4 or (area := CRS.from_user_input(code).area_of_use) is None:
        return True
    a, b, c, d = extent
    west, south, east, north = Transformer.from_crs(code, 4326, always_xy=True).transform_bounds(a, b, c, d)
    return bool(area.west <= west < east <= area.east and area.south <= south < north <= area.north)
