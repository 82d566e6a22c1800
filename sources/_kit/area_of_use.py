"""Where the shapes of a raw table lie: an answer in another CRS than it says, or with its axes swapped, is no data."""

from __future__ import annotations

from functools import cache

import duckdb

from sources._kit.errors import UnreadableSnapshotError

MARGIN_DEGREES = 1.0
"""Around the area of use of the city's CRS: neighbours of the country, and no more; 500 km is 4.5 degrees."""


@cache
def region(city_crs: str, crs: str) -> tuple[float, float, float, float] | None:
    """Area of use of a city's CRS as west, south, east, north in another CRS; None where it is not known."""
    from pyproj import CRS, Transformer

    area = CRS.from_user_input(city_crs).area_of_use
    if area is None:
        return None
    box = (area.west - MARGIN_DEGREES, area.south - MARGIN_DEGREES, area.east + MARGIN_DEGREES, area.north + MARGIN_DEGREES)
    west, south, east, north = Transformer.from_crs(4326, crs, always_xy=True).transform_bounds(*box)
    return west, south, east, north


def hold_to_region(con: duckdb.DuckDBPyConnection, target: str, city_crs: str, crs: str, **where: object) -> None:
    """Refuse a raw table none of whose shapes lies where the city's CRS is made for.

    Single shapes elsewhere are rows to reject, which staging does one by one.

    Args:
        con: the warehouse.
        target: quoted name of the raw table, with `geom` in `crs`.
        city_crs: CRS of the city.
        crs: CRS the feed says it is in.
        **where: source, city, feed, table.

    Raises:
        UnreadableSnapshotError: there are shapes, and all lie elsewhere.
    """
    box = region(city_crs, crs)
    if box is None:
        return
    west, south, east, north = box
    reaches = f"ST_XMin(geom) <= {east} AND ST_XMax(geom) >= {west} AND ST_YMin(geom) <= {north} AND ST_YMax(geom) >= {south}"
    found = con.execute(
        f"SELECT count(*), count(*) FILTER ({reaches}), any_value(ST_AsText(ST_Point(ST_XMin(geom), ST_YMin(geom)))) "
        f"FROM {target} WHERE geom IS NOT NULL AND NOT ST_IsEmpty(geom)"
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
