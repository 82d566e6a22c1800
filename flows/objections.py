"""Who objected to being shown: heard at once by whatever leaves the house, whether a run came in between or not.

Two lists hold: the one that the city file names, and the house's own, which `onbenut fieldcheck import` and `onbenut object` add to.
Both have ids of buildings, and nobody's name. An id holds for the building that stands there now, whatever it is called by then.
"""

from __future__ import annotations

import csv
import hashlib
import tomllib
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path

import duckdb

from flows.query import city_slug, own_city
from flows.workspace import EDITION, Workspace
from sources._kit.city import City
from sources._kit.duck import connect, literal
from sources._kit.errors import OnbenutError
from sources._kit.whole import put_in_place

COLUMNS = ("building_id", "objected_on")


def objected(city: str, space: Workspace) -> frozenset[str]:
    """Ids of the buildings that are in nothing public, as of this moment; of a variant those of its city.

    Args:
        city: slug, or path of a city file.
        space: where the house's own list is.

    Raises:
        OnbenutError: a list cannot be read. Then nothing may leave the house.
    """
    slug = own_city(city_slug(city))
    ids = set(_own(slug, space))
    if (named := _named_by_file(city, slug, space)) is not None:
        ids |= _read_ids(named, slug)
    return frozenset(ids | stand_now(slug, space, ids))


def stand_now(slug: str, space: Workspace, ids: Iterable[str]) -> frozenset[str]:
    """Ids of the buildings that took the place of those named: who objected under an old id need not know of a new one.

    Raises:
        OnbenutError: a warehouse of the city cannot be read.
    """
    wanted = frozenset(ids)
    found: set[str] = set()
    # The edition without OpenStreetMap has a history of its own.
    for path in (space.warehouse(slug), space.warehouse(f"{slug}~{EDITION}")):
        if wanted and path.exists():
            now = path.stat()
            found |= _successors(path, (now.st_ino, now.st_mtime_ns), wanted)
    return frozenset(found)


def add_objections(slug: str, space: Workspace, ids: Iterable[str], today: date) -> list[str]:
    """Add buildings to the house's own list; returns those that were not on it. It holds when this returns."""
    known = _own(slug, space)
    new = [one for one in ids if one not in known]
    if new:
        path = space.fieldwork(slug) / "objections.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows([*known.items(), *((one, today.isoformat()) for one in new)])
        put_in_place(part, path)
    return new


def load_objections(con: duckdb.DuckDBPyConnection, city: City, space: Workspace) -> str:
    """Make reference.objection from both lists; returns the fingerprint of its content.

    Raises:
        OnbenutError: a list is missing or holds anything but building ids; nobody's name belongs in it.
    """
    ids = set(_own(city.slug, space))
    if city.objections is not None:
        ids |= _read_ids(city.folder / city.objections, city.slug)
    con.execute("CREATE OR REPLACE TABLE reference.objection (building_id VARCHAR)")
    if ids:
        con.execute("INSERT INTO reference.objection SELECT unnest(?::VARCHAR[])", [sorted(ids)])
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()


@lru_cache(maxsize=8)
def _successors(path: Path, _version: tuple[int, int], ids: frozenset[str]) -> frozenset[str]:
    """Asked once a list and a night: `onbenut serve` wants to know at every question."""
    old = ", ".join(literal(one) for one in sorted(ids))
    try:
        with connect(path, read_only=True, spatial=False) as con:
            rows = con.execute(f"SELECT new_id FROM core.succession WHERE old_id IN ({old})").fetchall()
    except duckdb.CatalogException:
        return frozenset()  # no tables yet, so no layer either
    except duckdb.Error as error:
        raise OnbenutError(
            "the warehouse cannot be asked who took the place of whom",
            city=path.stem,
            file=path,
            next_step="see that it can be read; until then nothing leaves the house",
        ) from error
    return frozenset(new_id for (new_id,) in rows)


def _own(slug: str, space: Workspace) -> dict[str, str]:
    """The house's own list: id -> day."""
    path = space.fieldwork(slug) / "objections.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    if not lines or tuple(lines[0]) != COLUMNS or any(len(line) != len(COLUMNS) for line in lines[1:] if line):
        raise OnbenutError(
            "the list of objections is damaged",
            city=slug,
            file=path,
            next_step=f"its columns are {', '.join(COLUMNS)}; mend it, or nothing leaves the house",
        )
    return {line[0]: line[1] for line in lines[1:] if line}


def _read_ids(path: Path, slug: str) -> set[str]:
    where = {"city": slug, "file": path}
    if not path.exists():
        raise OnbenutError("no such list of objections", next_step="mend `objections` in the city file", **where)
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    if not lines or lines[0].strip() != "building_id":
        raise OnbenutError(
            "a list of objections has the one column building_id",
            value=lines[0] if lines else "empty file",
            next_step="keep who objected, and why, elsewhere",
            **where,
        )
    return {line.strip() for line in lines[1:] if line.strip()}


def _named_by_file(city: str, slug: str, space: Workspace) -> Path | None:
    """The list that the city file names, read without the model of a city, which would cost a second."""
    given = [Path(city)] if city.endswith(".toml") else []
    for path in (*given, space.cities / f"{slug}.toml", space.sample / slug / f"{slug}.toml"):
        if path.exists():
            try:
                named = tomllib.loads(path.read_text(encoding="utf-8")).get("objections")
            except (tomllib.TOMLDecodeError, UnicodeDecodeError):
                return None  # `onbenut cities` and `onbenut run` say what is wrong with it
            return path.parent / named if isinstance(named, str) else None
    return None
