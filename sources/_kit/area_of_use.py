"""Where the shapes of a raw table lie: an answer in another CRS than it says, or with its axes swapped, is no data."""

from __future__ import annotations

from functools import cache

import duckdb

from sources._kit.errors import UnreadableSnapshotError


@cache
def area_of_use(city_crs: str, crs: str) -> tuple[float, float, float, float] | None:
    """Area of use of a city's CRS as west, south, east, north in another CRS; None where it is not known."""
    from pyproj import CRS, Transformer

    area = CRS.from_user_input(city_crs).area_of_use
    if area is None:
        return None
    transformer = Transformer.from_crs(4326, crs, always_xy=True)
    west, south, east, north = transformer.transform_bounds(area.west, area.south, area.east, area.north)
    return west, south, east, north


def hold_to_area(con: duckdb.DuckDBPyConnection, target: str, city_crs: str, crs: str, **where: object) -> None:
    """Refuse a raw table none of whose shapes lies where the city's CRS is made for.

    Single shapes elsewhere are rows to reject, which staging does one by one; 0, 0 is how lists write that a place is not known.

    Args:
        con: the warehouse.
        target: quoted name of the raw table, with `geom` in `crs`.
        city_crs: CRS of the city.
        crs: CRS the feed says it is in.
        **where: source, city, feed, table.

    Raises:
        UnreadableSnapshotError: there are shapes, and all lie elsewhere.
    """
    box = area_of_use(city_crs, crs)
    if box is None:
        return
    west, south, east, north = box
    reaches = (
        f"ST_XMin(geom) <= {east} AND ST_XMax(geom) >= {west} AND ST_YMin(geom) <= {north} AND ST_YMax(geom) >= {south}"
    )
    found = con.execute(
        f"SELECT count(*), count(*) FILTER ({reaches}), any_value(ST_AsText(ST_Point(ST_XMin(geom), ST_YMin(geom)))) "
        f"FROM {target} WHERE geom IS NOT NULL AND NOT ST_IsEmpty(geom) AND (ST_XMin(geom) <> 0 OR ST_YMin(geom) <> 0)"
    ).fetchone()
    assert found is not None
    shapes, here, example = found
    if shapes and not here:
        raise UnreadableSnapshotError(
            "no shape lies in the area of the city's CRS: swapped axes, or another CRS than the feed says",
            value=f"{example} of {shapes} in {crs}",
            next_step="ask the service for the CRS of the feed, or mend `crs` in the city file",
            **where,
        )
