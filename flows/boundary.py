"""The area of interest of a city: a file of its own, or its municipality in a feed of boundaries."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import duckdb

from sources._kit.city import BOUNDARY_FEED, City
from sources._kit.contract import load_source
from sources._kit.duck import connect, literal
from sources._kit.errors import OnbenutError
from sources._kit.snapshot import Box, Snapshot
from transforms._kit.intake import make_intake

Row = Mapping[str, object]


def load_boundary(con: duckdb.DuckDBPyConnection, city: City, mergers: Sequence[Row]) -> str:
    """Make reference.boundary: one polygon in the city's CRS, or no row where the city file names none.

    Args:
        con: the city's warehouse, with the view raw.municipality.
        city: the city file; `boundary` is a file, or `feed:` and the name of a feed.
        mergers: rows with `old_nis` and `new_nis`, for a feed that is older or newer than the city's code.

    Raises:
        OnbenutError: the file is missing or holds no polygon; none or several municipalities in the feed are the city.
    """
    con.execute("CREATE OR REPLACE TABLE reference.boundary (geom GEOMETRY)")
    if city.boundary is None:
        return "none"
    name = city.boundary.removeprefix(BOUNDARY_FEED)
    wkb = _read_file(city, name) if name == city.boundary else _read_feed(con, city, name, mergers)
    con.execute("INSERT INTO reference.boundary SELECT ST_GeomFromWKB(?)", [wkb])
    return hashlib.sha256(wkb).hexdigest()


def find_extent(city: City, snapshot: Snapshot | None, mergers: Sequence[Row]) -> Box | None:
    """The box around the area of interest (west, south, east, north) in the city's CRS, before there is a warehouse.

    Args:
        city: the city file.
        snapshot: of the feed that gives the area, where one does.
        mergers: as `load_boundary`.

    Raises:
        OnbenutError: as `load_boundary`, and where the feed cannot be read.
    """
    if city.boundary is None:
        return None
    if snapshot is None:
        wkb = _read_file(city, city.boundary)
    else:
        with connect() as con:
            con.execute("CREATE SCHEMA raw")
            load_source(snapshot.feed.source).parse(snapshot, con)
            make_intake(con, city, {snapshot.feed.name: ""})
            wkb = _read_feed(con, city, snapshot.feed.name, mergers)
    import shapely

    west, south, east, north = shapely.from_wkb(wkb).bounds
    return west, south, east, north


def _read_file(city: City, name: str) -> bytes:
    path = city.folder / name
    if not path.exists():
        raise OnbenutError(
            "no such boundary file", city=city.slug, file=path, next_step="mend `boundary` in the city file"
        )
    import geopandas

    frame = geopandas.read_file(path).to_crs(city.crs)
    shape = frame.geometry.union_all()
    if shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise OnbenutError("the boundary holds no polygon", city=city.slug, file=path, value=shape.geom_type)
    wkb: bytes = shape.wkb
    return wkb


def _read_feed(con: duckdb.DuckDBPyConnection, city: City, feed: str, mergers: Sequence[Row]) -> bytes:
    where = {"city": city.slug, "feed": feed}
    query = f"SELECT nis_code, count(*) FROM raw.municipality WHERE feed = {literal(feed)} GROUP BY nis_code"
    there: dict[str, int] = dict(con.execute(query).fetchall())
    wanted = choose_codes(city.nis, set(there), mergers)
    if not wanted:
        raise OnbenutError(
            "no municipality in the feed is the city",
            value=f"{city.nis}; the feed has {', '.join(sorted(filter(None, there))[:5])} ...",
            next_step="mend `nis` in the city file, or give a feed that holds all parts of a merged municipality",
            **where,
        )
    if twice := [code for code in wanted if there[code] > 1]:
        raise OnbenutError(
            "several rows of the feed are one municipality",
            value=f"{twice[0]}: {there[twice[0]]} rows",
            next_step="ask the provider which one holds",
            **where,
        )
    listed = ", ".join(literal(code) for code in wanted)
    # The macro that keeps polygons is not defined yet, and only one shape is wanted here.
    found = con.execute(
        "SELECT ST_AsWKB(ST_CollectionExtract(ST_MakeValid(ST_Force2D(ST_Union_Agg(geom))), 3)), count(geom), any_value(defect), "
        "coalesce(ST_Area(ST_Union_Agg(geom)), 0) "
        f"FROM raw.municipality WHERE feed = {literal(feed)} AND nis_code IN ({listed})"
    ).fetchone()
    assert found is not None
    wkb, shapes, defect, area = found
    if shapes < len(wanted) or defect is not None or not area > 0:
        raise OnbenutError(
            "the municipality in the feed has no polygon",
            value=defect or ", ".join(wanted),
            next_step="look into the file; the provider may have left the geometry out",
            **where,
        )
    return bytes(wkb)


def choose_codes(nis: str, there: set[str], mergers: Sequence[Row]) -> list[str]:
    """Codes of a feed that together are the city; empty where they are not all there.

    A feed of before a merger holds its parts, one of after it only the whole. A part that kept its code is not the whole
    while another part stands beside it.
    """
    parts = {str(row["old_nis"]) for row in mergers if row["new_nis"] == nis}
    beside = parts & there
    if nis in there:
        return sorted({nis, *beside})
    if parts:
        return sorted(parts) if beside == parts else []
    whole = [str(row["new_nis"]) for row in mergers if row["old_nis"] == nis]
    return [code for code in whole if code in there]
