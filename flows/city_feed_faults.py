"""Faults of a city file that concern one feed: its source, settings, addresses, service and rights."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import ValidationError

from flows.city_faults import fault_at, is_crs, setting_of_part
from sources._kit.city import BOUNDARY_FEED, City, Feed
from sources._kit.contract import load_source, setting_error
from sources._kit.errors import CityFileError, OnbenutError
from sources._kit.secret import without_blanks

BY_PART = ("typename", "filter", "geometry", "sort_by")
"""Settings of a service that may be a table by part."""


def feed_faults(city: City) -> Iterator[OnbenutError]:
    """What is wrong with the feeds of a city, one by one."""
    for feed in city.feeds.values():
        at = ("feeds", feed.name)
        try:
            info = load_source(feed.source).info
        except CityFileError as error:
            yield fault_at(city, (*at, "source"), error.what, feed.source, error.next_step)
            continue
        wrong = []
        try:
            load_source(feed.source).settings_model.model_validate(feed.settings)
        except ValidationError as error:
            wrong = [setting_error(city, feed, one) for one in error.errors()]
        yield from wrong
        if not wrong:
            yield from _table_faults(city, feed)
        yield from _address_faults(city, feed, at)
        if feed.crs and not is_crs(feed.crs):
            yield fault_at(city, (*at, "crs"), "no coordinate reference system", feed.crs, "write EPSG:<code>")
        yield from _service_faults(city, feed, at)
        if feed.otherwise is not None:
            yield from _address_faults(city, feed.by_other_way(), (*at, "otherwise"))
            yield from _service_faults(city, feed.by_other_way(), (*at, "otherwise"))
        yield from _rights_faults(city, feed, info.licence, info.attribution, info.visibility)
        if feed.max_age_days and feed.hard_age_days and feed.hard_age_days < feed.max_age_days:
            yield fault_at(city, (*at, "hard_age_days"), "the run fails before it warns", feed.hard_age_days,
                         f"give more than max_age_days ({feed.max_age_days})")  # fmt: skip


def _table_faults(city: City, feed: Feed) -> Iterator[CityFileError]:
    at = ("feeds", feed.name)
    try:
        tables = load_source(feed.source).tables(feed)
    except CityFileError as error:
        yield fault_at(
            city,
            (*at, "url" if feed.url is not None else "path"),
            error.what,
            error.where.get("value"),
            error.next_step,
        )
        return
    if isinstance(feed.rows_min, dict):
        for name in sorted(set(feed.rows_min) - set(tables)):
            yield fault_at(city, (*at, "rows_min", name), "a floor for a table that the feed does not make", name,
                         f"its tables: {', '.join(tables)}")  # fmt: skip


def _address_faults(city: City, feed: Feed, at: tuple[str, ...]) -> Iterator[CityFileError]:
    for part, place in feed.locations.items():
        if fault := _address_fault(place, is_url=feed.url is not None):
            key = (*at, "url" if feed.url is not None else "path", *(() if part == "data" else (part,)))
            yield fault_at(city, key, fault, place, "write the whole address, https://... for a service")


def _service_faults(city: City, feed: Feed, at: tuple[str, ...]) -> Iterator[CityFileError]:
    """Settings of a service that only show when it is asked."""
    at, service = (*at, "service"), feed.service
    for name in BY_PART:
        value = getattr(service, name)
        if isinstance(value, dict):
            for part in sorted(set(value) - set(feed.locations)):
                yield fault_at(city, (*at, name, part), "a setting for a part that the feed does not have", part,
                             f"its parts: {', '.join(feed.locations)}")  # fmt: skip
        needed = service.kind == "wfs" and name in ("typename", "sort_by")
        for part in feed.locations if needed and value else ():
            if not setting_of_part(feed, name, part):
                yield fault_at(
                    city, (*at, name), f"a part without `{name}`", part, f'add it: {name} = {{ {part} = "..." }}'
                )
    if service.kind == "file" and service.bbox is not None and not load_source(feed.source).info.clips:
        yield fault_at(city, (*at, "bbox"), "the source reads all of a file and knows no bbox", service.bbox,
                     "leave `bbox` out, or ask a service (`kind`)")  # fmt: skip
    if service.bbox == "boundary" and not (city.extent or city.boundary):
        yield fault_at(city, (*at, "bbox"), "bbox is that of the boundary, and the city has none", service.bbox,
                     "give the city a `boundary`, or an `extent = [west, south, east, north]`")  # fmt: skip
    if service.bbox == "boundary" and not city.extent and city.boundary == BOUNDARY_FEED + feed.name:
        yield fault_at(city, (*at, "bbox"), "the feed of the boundary is asked for what lies in it", service.bbox,
                     "leave bbox out; give a filter that takes the city's municipality")  # fmt: skip


def _rights_faults(city: City, feed: Feed, licence: str, attribution: str, visibility: str) -> Iterator[CityFileError]:
    at = ("feeds", feed.name)
    licence = licence if feed.licence is None else feed.licence
    attribution = attribution if feed.attribution is None else feed.attribution
    for key, value in (("licence", licence), ("attribution", attribution)):
        if not value.strip():
            yield fault_at(
                city, (*at, key), f"no {key} is stated", repr(value), f"write {key} as the provider words it"
            )
    if (feed.visibility or visibility) == "public" and licence.strip().lower() == "unspecified":
        yield fault_at(city, (*at, "licence"), "public, and under no licence that is stated", licence,
                     "write the provider's licence, or visibility = \"city\"")  # fmt: skip


def _address_fault(place: str, *, is_url: bool) -> str | None:
    place = without_blanks(place)
    if "{" in place or "}" in place:
        return "a blank that nothing fills in"
    if not is_url:
        return None
    found = urlsplit(place)
    if found.scheme not in ("http", "https") or not found.hostname or " " in place:
        return "no address of a service or a file"
    return None
