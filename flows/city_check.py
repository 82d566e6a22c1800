"""Holding city files to everything that can be known of them without a network: all faults of a file, not only the first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from flows.city_faults import absent_files, city_faults
from flows.city_feed_faults import feed_faults
from flows.city_known import Known, assess
from flows.city_plays import Rows
from sources._kit.city import City, Feed, city_error, city_slug, feed_table, make_city
from sources._kit.errors import OnbenutError
from sources._kit.region import Written, read_written


@dataclass(frozen=True)
class Fault:
    """What is wrong in a city file: where, what it says, what to do."""

    what: str
    file: str
    key: str
    value: str
    next_step: str


@dataclass
class Checked:
    """A city file with all that was found wrong, and what the city can know if nothing is."""

    slug: str
    file: Path
    name: str | None = None
    nis: str | None = None
    feeds: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    waits_for: list[str] = field(default_factory=list)
    known: Known | None = None


def check_files(files: Iterable[Path], cities: Path, reference: Rows) -> list[Checked]:
    """Check city files, each for itself and then against each other; nothing is fetched.

    Args:
        files: the city files.
        cities: where region files are.
        reference: reference tables by name.
    """
    found = [check_file(file, cities, reference) for file in files]
    for key in ("slug", "nis"):
        first: dict[str, Checked] = {}
        for one in found:
            value = str(getattr(one, key) or "")
            other = first.setdefault(value, one) if value else one
            if other is not one:
                what = f"two city files have one {key}"
                next_step = f"{other.file} has it too: keep one, or mend it"
                one.faults.append(Fault(what, str(one.file), key, value, next_step))
    return found


def check_file(file: Path, cities: Path, reference: Rows) -> Checked:
    """Check one city file."""
    checked = Checked(city_slug(file), file)
    try:
        written = read_written(file, cities)
    except OnbenutError as error:
        checked.faults.append(_fault(error, file))
        return checked
    table = written.table
    checked.name, checked.nis = _text(table.get("name")), _text(table.get("nis"))
    city: City | None = None
    try:
        city = make_city(file, written)
    except ValidationError as error:
        checked.faults += [_fault(city_error(one, file, written), file) for one in error.errors()]
    whole = city or _stand_in(file, written)
    checked.feeds = list(whole.feeds)
    checked.faults += [_fault(one, file) for one in (*city_faults(whole, reference), *feed_faults(whole))]
    checked.waits_for = [
        f"{feed.name}: {place}" for feed in whole.feeds.values() for place in absent_files(whole, feed)
    ]
    if city and not checked.faults:
        checked.known = assess(city, reference)
    return checked


def _stand_in(file: Path, written: Written) -> City:
    """A city of the feeds that are well written, so that one fault does not hide those of the others."""
    feeds = {}
    tables = written.table.get("feeds")
    for name, value in tables.items() if isinstance(tables, dict) else ():
        try:
            feeds[name] = Feed.model_validate(feed_table(name, value))
        except ValidationError:
            continue  # told by the model of the whole city
    city = City.model_construct(slug=city_slug(file), folder=file.resolve().parent, feeds=feeds)
    for key, kind in {
        "nis": str,
        "crs": str,
        "as_of": date,
        "boundary": str,
        "objections": str,
        "extent": list,
        "osm_free": bool,
    }.items():
        value = written.table.get(key)
        # A frozen model; what is of another type is told by the model of the whole city.
        object.__setattr__(city, key, value if isinstance(value, kind) else None)
    city._written = written
    return city


def _fault(error: OnbenutError, file: Path) -> Fault:
    said = {key: str(error.where.get(key, "")) for key in ("file", "column", "value")}
    value = said["value"] if len(said["value"]) <= 200 else said["value"][:200] + "..."
    return Fault(error.what, said["file"] or str(file), said["column"], value, error.next_step)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
