"""The cities there are: files of the project and warehouses of earlier runs, each file held to the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from flows.adverts.feed import with_adverts
from flows.fieldwork.feed import with_field_checks
from flows.query import known_slugs, own_city
from flows.workspace import Workspace
from sources._kit.city import City, Feed, city_files, city_slug, load_city
from sources._kit.contract import load_source, settings_of
from sources._kit.errors import OnbenutError


@dataclass
class CityEntry:
    """One city; `problem` says why its file is not valid."""

    slug: str
    file: Path | None
    has_warehouse: bool
    name: str | None = None
    nis: str | None = None
    local: list[str] = field(default_factory=list)
    remote: list[str] = field(default_factory=list)
    problem: str | None = None


def list_cities(space: Workspace) -> list[CityEntry]:
    """All cities by slug. A city that was run from a file elsewhere has no file here."""
    files = city_paths(space)
    run = {slug for slug in known_slugs(space) if slug == own_city(slug)}
    return [_entry(slug, files.get(slug), slug in run, space) for slug in sorted({*files, *run})]


def city_paths(space: Workspace) -> dict[str, Path]:
    """City files by slug: those of the project, and of made-up cities. Of two files with one slug each has its own name."""
    files: dict[str, Path] = {}
    for path in city_files(space.cities):
        files[path.stem if city_slug(path) in files else city_slug(path)] = path
    for path in sorted(space.sample.glob("*/*.toml")):
        files.setdefault(path.stem, path)
    return files


def find_city(city: str, space: Workspace) -> City:
    """A city by slug or by the path of its file, with what was seen in the field and what was imported; a made-up city is found by its slug too.

    Raises:
        CityFileError: there is no such city, or its file is not valid.
    """
    made_up = space.sample / city / f"{city}.toml"
    if not (space.cities / f"{city}.toml").exists() and made_up.exists():
        return _with_own(load_city(made_up, space.cities), space)
    return _with_own(load_city(city, space.cities), space)


def _with_own(city: City, space: Workspace) -> City:
    """The city with the house's own feeds."""
    return with_adverts(with_field_checks(city, space), space)


def check_city(city: City) -> None:
    """Hold a city to what its sources ask of it.

    Raises:
        OnbenutError: a feed names an unknown source or setting.
    """
    for feed in city.feeds.values():
        load_source(feed.source)
        settings_of(city, feed)


def is_local(feed: Feed) -> bool:
    """Whether every part of a feed is a file."""
    return all(urlsplit(place).scheme not in ("http", "https") for place in feed.locations.values())


def _entry(slug: str, file: Path | None, has_warehouse: bool, space: Workspace) -> CityEntry:
    entry = CityEntry(slug, file, has_warehouse)
    if file is None:
        return entry
    try:
        city = load_city(file, space.cities)
        entry.name, entry.nis = city.name, city.nis
        for feed in city.feeds.values():
            (entry.local if is_local(feed) else entry.remote).append(feed.name)
        check_city(city)
    except OnbenutError as error:
        entry.problem = str(error)
    return entry
