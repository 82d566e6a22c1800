"""A made-up market in a bare DuckDB: requests and supplies of every kind, much of it not known, and a plain judge of one pair."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.lib as pa
import shapely

from sources._kit.duck import connect
from transforms._kit.reference import read_reference, write_table

USES = ("care_education", "culture", "housing", "maker")
REFERENCE = read_reference(Path(__file__).parents[3] / "data" / "reference")
WEIGHTS = {row["part"]: row["weight"] for row in REFERENCE.tables["match_part"]}
LIMITS = {row["name"]: row["value"] for row in REFERENCE.tables["match_limit"]}
Row = dict[str, Any]


def requests(rng: np.random.Generator, count: int) -> dict[str, Row]:
    """Requests by id."""
    rows = {}
    for number in range(count):
        where = rng.integers(0, 3)
        corner = rng.random(2) * 8000
        least = _or_none(rng, 800 * rng.random())
        rows[f"r{number:04}"] = {
            "uses": sorted(rng.choice(USES, rng.integers(1, 4), replace=False).tolist()),
            "area_min_m2": least,
            "area_max_m2": _or_none(rng, (least or 100) + 300 * rng.random()),
            "height_min_m": _or_none(rng, 2 + 3 * rng.random(), 0.7),
            "height_max_m": _or_none(rng, 5 + 3 * rng.random(), 0.9),
            "x": rng.random() * 10000 if where == 1 else None,
            "y": rng.random() * 10000 if where == 1 else None,
            "radius_m": 500 + rng.random() * 6000 if where == 1 else None,
            "outline": shapely.box(*corner, *(corner + 3000)).wkt if where == 2 else None,
            "is_whole": bool(rng.random() < 0.4),
            "duration": _or_none(rng, ("temporary", "years", "permanent")[rng.integers(3)], 0.25),
            "from_on": _or_none(rng, f"2026-0{rng.integers(1, 9)}-01"),
            "budget_eur_m2_year": _or_none(rng, 20 + 100 * rng.random()),
            "atypical": _or_none(rng, float(rng.integers(2)), 0.3),
        }
    return rows


def supplies(rng: np.random.Generator, count: int) -> dict[str, Row]:
    """Supplies by id, a quarter of them offers."""
    rows = {}
    for number in range(count):
        usable, low, rent = 100 + 1500 * rng.random(), rng.random(), 20 + 80 * rng.random()
        height = _or_none(rng, 2 + 5 * rng.random())
        free = sorted(rng.random(2).tolist()) if rng.random() < 0.5 else [None, None]
        is_known, has_rent = rng.random() < 0.8, rng.random() < 0.7
        by_use = [
            {
                "use": use,
                "fit": _or_none(rng, fit, 0.1),
                "fit_low": fit * 0.6,
                "fit_high": min(1, fit * 1.3),
                "usable_low_m2": usable * 0.8 if is_known else None,
                "usable_m2": usable if is_known else None,
                "usable_high_m2": usable * 1.4 if is_known else None,
                "rent_low_eur_m2_year": rent * 0.6 if has_rent else None,
                "rent_eur_m2_year": rent if has_rent else None,
                "rent_high_eur_m2_year": rent * 1.5 if has_rent else None,
                "temporary_fit": low if has_rent else None,
                "years_fit": (1 + low) / 2 if has_rent else None,
                "permanent_fit": 1.0 if has_rent else None,
            }
            for use in USES
            if rng.random() < 0.7
            for fit in [rng.random()]
        ]
        rows[f"s{number:04}"] = {
            "supply_kind": "offer" if number % 4 == 0 else "building",
            "x": rng.random() * 10000,
            "y": rng.random() * 10000,
            "height_low_m": height,
            "height_high_m": None if height is None else height * 1.2,
            "atypical": rng.random(),
            "free_low": free[0],
            "free_high": free[1],
            "from_on": _or_none(rng, f"2026-0{rng.integers(1, 9)}-15", 0.7),
            "by_use": by_use,
        }
    return rows


def market(
    asked: Mapping[str, Row], offered: Mapping[str, Row], con: duckdb.DuckDBPyConnection | None = None
) -> duckdb.DuckDBPyConnection:
    """Write both sides into a warehouse, in place of those that are there."""
    if con is None:
        con = connect(None)
        con.execute("SET threads = 1; CREATE SCHEMA match")
        for name in ("match_part", "match_limit", "match_time"):
            write_table(con, name, REFERENCE.tables[name])
        write_table(con, "reuse_use", [{"use": use} for use in USES])
    con.execute("""
        CREATE OR REPLACE TABLE match.request (request_id VARCHAR, uses VARCHAR[], area_min_m2 DOUBLE, area_max_m2 DOUBLE, height_min_m DOUBLE,
            height_max_m DOUBLE, x DOUBLE, y DOUBLE, radius_m DOUBLE, outline GEOMETRY, is_whole BOOLEAN, duration VARCHAR, from_on DATE,
            budget_eur_m2_year DOUBLE, atypical DOUBLE, mark VARCHAR);
        CREATE OR REPLACE TABLE match.offered (supply_kind VARCHAR, supply_id VARCHAR, x DOUBLE, y DOUBLE, height_low_m DOUBLE,
            height_high_m DOUBLE, atypical DOUBLE, free_low DOUBLE, free_high DOUBLE, from_on DATE,
            by_use STRUCT(use VARCHAR, fit DOUBLE, fit_low DOUBLE, fit_high DOUBLE, usable_low_m2 DOUBLE, usable_m2 DOUBLE, usable_high_m2 DOUBLE,
                rent_low_eur_m2_year DOUBLE, rent_eur_m2_year DOUBLE, rent_high_eur_m2_year DOUBLE, temporary_fit DOUBLE, years_fit DOUBLE,
                permanent_fit DOUBLE)[], mark VARCHAR)""")
    _fill(con, "request", [{"request_id": name, **row, "mark": repr(row)} for name, row in asked.items()])
    _fill(con, "offered", [{"supply_id": name, **row, "mark": repr(row)} for name, row in offered.items()])
    return con


def _fill(con: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    con.register("incoming", pa.Table.from_pylist(rows))
    columns = con.execute(f"DESCRIBE match.{table}").fetchall()
    values = (
        f"ST_GeomFromText({name})" if kind == "GEOMETRY" else f"CAST({name} AS {kind})" for name, kind, *_ in columns
    )
    con.execute(f"INSERT INTO match.{table} SELECT {', '.join(values)} FROM incoming")
    con.unregister("incoming")


def judged(request: Row, supply: Row) -> tuple[str, str | None, float]:
    """One pair by the words of the method: the first condition not met or `can be`, the use, the middle of the bounds."""
    here = math.hypot(supply["x"] - (request["x"] or 0), supply["y"] - (request["y"] or 0))
    if request["radius_m"] is not None and here > request["radius_m"]:
        return "elsewhere", None, 0
    if request["outline"] and not shapely.intersects_xy(shapely.from_wkt(request["outline"]), supply["x"], supply["y"]):
        return "elsewhere", None, 0
    rows = [row for row in supply["by_use"] if row["use"] in request["uses"]]
    if not rows:
        return "other_use", None, 0
    if _less(supply["height_high_m"], request["height_min_m"]):
        return "too_low", None, 0
    if _less(request["height_max_m"], supply["height_low_m"]):
        return "too_high", None, 0
    if _less(request["from_on"], supply["from_on"]):
        return "too_late", None, 0
    most = request["area_max_m2"] if request["is_whole"] else None
    budget = request["budget_eur_m2_year"]
    for reason, kept in (
        (
            "too_small",
            [
                row
                for row in rows
                if not _less(row["usable_high_m2"], _times(request["area_min_m2"], LIMITS["size_under"]))
            ],
        ),
        ("too_large", [row for row in rows if not _less(_times(most, LIMITS["size_over"]), row["usable_low_m2"])]),
        ("too_dear", [row for row in rows if not _less(budget, row["rent_low_eur_m2_year"])]),
    ):
        rows = [row for row in rows if row in kept]
        if not rows:
            return reason, None, 0
    middles = [(_middle(request, supply, row, here, most), row["use"]) for row in rows]
    best = max(middle for middle, _ in middles)
    return "can be", next(use for middle, use in middles if middle == best), best


def _middle(request: Row, supply: Row, row: Row, here: float, most: float | None) -> float:
    parts = {"use": (row["fit_low"], row["fit_high"]), "free": (supply["free_low"], supply["free_high"])}
    least, low, high = request["area_min_m2"], row["usable_low_m2"], row["usable_high_m2"]
    if least is not None or request["area_max_m2"] is not None:
        fits = [min(1, area / (least or area), (most or area) / area) for area in (low, high) if area is not None]
        between = not _less(high, least) and not _less(most, low)
        parts["size"] = (min(fits) if len(fits) == 2 else 0, 1 if between else max(fits))
    if request["radius_m"] is not None:
        parts["place"] = (1 - 0.5 * here / request["radius_m"],) * 2
    budget, rents = request["budget_eur_m2_year"], [row[f"rent{n}_eur_m2_year"] for n in ("_low", "", "_high")]
    if budget is not None:
        value = None if rents[0] is None else float(np.interp(budget, rents, (0.25, 0.75, 1)))
        parts["budget"] = (value, value)
    if request["duration"]:
        parts["time"] = (row[f"{request['duration']}_fit"],) * 2
    if request["atypical"] is not None:
        parts["atypical"] = (1 - abs(request["atypical"] - supply["atypical"]),) * 2
    total = sum(
        WEIGHTS[name] * ((0 if low is None else low) + (1 if high is None else high)) / 2
        for name, (low, high) in parts.items()
    )
    unasked = sum(WEIGHTS[name] for name in WEIGHTS if name not in parts)
    return round(float(100 * (total + unasked / 2) / sum(WEIGHTS.values())), 6)


def _less(one: Any, other: Any) -> bool:
    """Whether it is known that one is less."""
    return one is not None and other is not None and one < other


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _or_none(rng: np.random.Generator, value: Any, share: float = 0.4) -> Any:
    return None if rng.random() < share else value
