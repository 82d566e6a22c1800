"""The pipeline's three heaviest joins, written as plainly as a geopandas user would, beside the SQL of the house."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import geopandas
import shapely

from sources._kit.duck import connect
from transforms._kit.runner import define_macros


def measure_joins(warehouse: Path) -> dict[str, dict[str, float | bool]]:
    """Run each join both ways on the tables of a warehouse.

    Returns:
        Join name -> seconds of the peer (`peer_s`), of the house (`own_s`), and whether both found the same.
        Reading the tables into memory is left out on both sides.
    """
    with connect(warehouse, read_only=True) as con:
        define_macros(con)
        buildings = _frame(con, "SELECT building_id, geom FROM core.building")
        parcels = _frame(con, "SELECT parcel_id, geom FROM core.parcel")
        addresses = _frame(con, "SELECT address_id, geom FROM core.address")
        outlines = _frame(con, "SELECT footprint_id, geom FROM staging.footprint WHERE NOT is_official")
        official = _frame(con, "SELECT footprint_id AS official_id, geom FROM staging.footprint WHERE is_official")
        return {
            "building x parcel, shared area": _compare(
                lambda: _overlay(buildings, parcels, "building_id", "parcel_id"),
                lambda: _rows(
                    con,
                    "SELECT count(*), sum(shared_area(b.geom, p.geom)) FROM core.building AS b JOIN core.parcel AS p "
                    "ON ST_Intersects(b.geom, p.geom) WHERE shared_area(b.geom, p.geom) >= 1",
                ),
            ),
            "OSM x official outline, shared area": _compare(
                lambda: _overlay(outlines, official, "footprint_id", "official_id"),
                lambda: _rows(
                    con,
                    "SELECT count(*), sum(shared_area(o.geom, g.geom)) FROM (FROM staging.footprint WHERE NOT is_official) AS o "
                    "JOIN (FROM staging.footprint WHERE is_official) AS g ON ST_Intersects(o.geom, g.geom) "
                    "WHERE shared_area(o.geom, g.geom) >= 1",
                ),
            ),
            "address in building": _compare(
                lambda: (float(len(geopandas.sjoin(addresses, buildings, predicate="intersects"))), 0.0),
                lambda: _rows(
                    con,
                    "SELECT count(*), 0 FROM core.address AS a JOIN core.building AS b ON ST_Intersects(b.geom, a.geom)",
                ),
            ),
        }


def _frame(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    table = con.execute(query.replace("geom", "ST_AsWKB(geom) AS geom", 1)).df()
    return geopandas.GeoDataFrame(table.drop(columns="geom"), geometry=shapely.from_wkb(table["geom"].map(bytes)))


def _overlay(left: Any, right: Any, left_id: str, right_id: str) -> tuple[float, float]:
    pairs = geopandas.sjoin(left, right, predicate="intersects")
    shared = shapely.area(
        shapely.intersection(
            left.geometry.loc[pairs.index].to_numpy(), right.geometry.loc[pairs["index_right"]].to_numpy()
        )
    )
    kept = shared >= 1
    return float(kept.sum()), float(shared[kept].sum())


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> tuple[float, float]:
    row = con.execute(query).fetchone()
    assert row is not None
    return float(row[0]), float(row[1])


def _compare(
    peer: Callable[[], tuple[float, float]], own: Callable[[], tuple[float, float]]
) -> dict[str, float | bool]:
    gc.collect()
    started = time.perf_counter()
    expected = peer()
    middle = time.perf_counter()
    found = own()
    ended = time.perf_counter()
    same = expected[0] == found[0] and abs(expected[1] - found[1]) <= 1e-6 * max(1.0, abs(expected[1]))
    return {"peer_s": middle - started, "own_s": ended - middle, "same": same}
