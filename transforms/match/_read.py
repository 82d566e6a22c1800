"""Requests and supplies as arrays, from their tables; and which of them are not as they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import shapely
from numpy.typing import NDArray

from transforms.match._sides import DURATIONS, Floats, Requests, Supplies

_REQUESTS = """
SELECT request_id, mark, uses, area_min_m2, area_max_m2, height_min_m, height_max_m, x, y, radius_m, ST_AsWKB(outline) AS outline, is_whole,
    duration, date_diff('day', DATE '2000-01-01', from_on)::DOUBLE AS from_day, budget_eur_m2_year, atypical
FROM match.request ORDER BY request_id
"""
_SUPPLIES = """
SELECT supply_id, mark, x, y, height_low_m, height_high_m, atypical, free_low, free_high,
    date_diff('day', DATE '2000-01-01', from_on)::DOUBLE AS from_day
FROM {table} WHERE supply_kind = '{kind}' ORDER BY supply_id
"""
_BY_USE = """
SELECT s.place, list_position($uses, u.use) - 1 AS use, {columns}
FROM (SELECT supply_id, row_number() OVER (ORDER BY supply_id) - 1 AS place FROM {table} WHERE supply_kind = '{kind}') AS s
JOIN (SELECT supply_id, unnest(by_use, recursive := true) FROM {table} WHERE supply_kind = '{kind}') AS u USING (supply_id)
"""
_USE_COLUMNS = {
    "fit": "fit", "fit_low": "fit_low", "fit_high": "fit_high",
    "usable_low": "usable_low_m2", "usable": "usable_m2", "usable_high": "usable_high_m2",
    "rent_low": "rent_low_eur_m2_year", "rent": "rent_eur_m2_year", "rent_high": "rent_high_eur_m2_year",
    "temporary": "temporary_fit", "years": "years_fit", "permanent": "permanent_fit",
}  # fmt: skip
Texts = NDArray[np.object_]


def read_requests(
    con: duckdb.DuckDBPyConnection, uses: Sequence[str], under: float, over: float
) -> tuple[Texts, Texts, Requests]:
    """Ids, marks and arrays of the requests, in the order of their ids.

    Args:
        con: the warehouse.
        uses: the uses, in the order of the arrays.
        under: what is less than this share of the smallest area excludes.
        over: what is more than this many times the largest excludes, for who takes a whole building.
    """
    rows = con.execute(_REQUESTS).to_arrow_table()
    count = len(rows)
    wants = np.zeros((len(uses), count), dtype=np.bool_)
    wanted = rows["uses"].combine_chunks()
    place = np.repeat(np.arange(count), np.diff(wanted.offsets.to_numpy()))
    wants[[uses.index(use) for use in wanted.flatten().to_pylist()], place] = True
    names = [*DURATIONS, None]
    smallest, largest = _floats(rows, "area_min_m2"), _floats(rows, "area_max_m2")
    is_whole = np.asarray(rows["is_whole"]).astype(np.bool_)
    return (
        _texts(rows["request_id"]),
        _texts(rows["mark"]),
        Requests(
            wants,
            smallest,
            largest,
            smallest * under,
            np.where(is_whole, largest * over, np.nan),
            _floats(rows, "height_min_m"),
            _floats(rows, "height_max_m"),
            _floats(rows, "x"),
            _floats(rows, "y"),
            _floats(rows, "radius_m"),
            shapely.from_wkb(_texts(rows["outline"])),
            is_whole,
            np.array([names.index(name) for name in rows["duration"].to_pylist()], dtype=np.int64),
            _floats(rows, "from_day"),
            _floats(rows, "budget_eur_m2_year"),
            _floats(rows, "atypical"),
        ),
    )


def read_supplies(
    con: duckdb.DuckDBPyConnection, table: str, kind: str, uses: Sequence[str]
) -> tuple[Texts, Texts, Supplies]:
    """Ids, marks and arrays of the supplies of one kind, in the order of their ids."""
    rows = con.execute(_SUPPLIES.format(table=table, kind=kind)).to_arrow_table()
    shape = (len(uses), len(rows))
    query = _BY_USE.format(table=table, kind=kind, columns=", ".join(_USE_COLUMNS.values()))
    told = con.execute(query, {"uses": list(uses)}).to_arrow_table()
    place, use = np.asarray(told["place"]), np.asarray(told["use"])
    by_use = {name: np.full(shape, np.nan) for name in _USE_COLUMNS}
    for name, column in _USE_COLUMNS.items():
        by_use[name][use, place] = _floats(told, column)
    is_open = np.zeros(shape, dtype=np.bool_)
    is_open[use, place] = True
    unsaid = np.full(shape, np.nan)
    time_fit = np.stack([*(by_use.pop(name) for name in DURATIONS), unsaid])
    single = ("x", "y", "atypical", "free_low", "free_high", "from_day")
    arrays: dict[str, Any] = {name: _floats(rows, name) for name in single}
    arrays |= {"height_low": _floats(rows, "height_low_m"), "height_high": _floats(rows, "height_high_m")}
    return (
        _texts(rows["supply_id"]),
        _texts(rows["mark"]),
        Supplies(**arrays, **by_use, is_open=is_open, time_fit=time_fit),
    )


def _floats(rows: Any, name: str) -> Floats:
    return np.asarray(rows[name].cast("double").to_numpy(zero_copy_only=False), dtype=np.float64)


def _texts(column: Any) -> Texts:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=object)
