"""Rows of match.coalition_try: made from what the solver found, and those of the last run that may still hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.lib as pa
import scipy  # type: ignore[import-untyped]

from transforms.match._coalition_pool import Parties, Pool
from transforms.match._coalition_solve import Coalition
from transforms.match._sides import Floats

_CODE = ("_coalition_model", "_coalition_pool", "_coalition_rows", "_coalition_solve", "_judge", "_judge_use", "_parts")
_WORDS, _NUMBER, _COUNT = pa.list_(pa.string()), pa.float64(), pa.int64()
_MEMBER = pa.struct(list({
    "request_id": pa.string(), "as_use": pa.string(), "area_m2": _NUMBER, "taken": _NUMBER, "middle": _NUMBER, "to_ask": pa.bool_(),
}.items()))  # fmt: skip
_SCHEMA = pa.schema(list({
    "building_id": pa.string(), "place": pa.int32(), "fill_share": _NUMBER, "middle": _NUMBER, "gap": _NUMBER, "status": pa.string(),
    "exchange": _WORDS, "to_ask_count": _COUNT, "members": pa.list_(_MEMBER), "pool_count": _COUNT, "tried_count": _COUNT,
    "no_area_count": _COUNT, "alone_count": _COUNT, "mark": pa.string(),
}.items()))  # fmt: skip
COLUMNS = ", ".join(_SCHEMA.names)
Row = dict[str, object]


@dataclass(frozen=True)
class Known:
    """What the last run found in a building."""

    mark: str
    tried: int
    status: str
    sets: list[Row]


def method_hash(con: duckdb.DuckDBPyConnection) -> str:
    """Hash of what decides a coalition beside building and parties: code, solver, weights, limits, the list of uses."""
    told = [Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8") for name in _CODE]
    tables = ("match_part", "match_limit", "coalition_limit", "reuse_use")
    told += [repr(con.execute(f"SELECT * FROM reference.{table} ORDER BY ALL").fetchall()) for table in tables]
    return hashlib.sha256("\n".join([scipy.__version__, *told]).encode()).hexdigest()


def read_known(con: duckdb.DuckDBPyConnection) -> dict[str, Known]:
    """What the last run found, by building; what a clock cut off is not to be kept."""
    there = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'match' AND table_name = 'coalition_try'"
    ).fetchall()
    if not there:
        return {}
    rows = con.execute(f"SELECT {COLUMNS} FROM match.coalition_try ORDER BY building_id, place")
    by_building: dict[str, list[Row]] = {}
    for row in rows.to_arrow_table().to_pylist():
        by_building.setdefault(row["building_id"], []).append(row)
    return {
        name: Known(str(search["mark"]), int(str(search["tried_count"])), str(search["status"]), sets)
        for name, (search, *sets) in by_building.items()
        if all(row["status"] != "cut_time" for row in (search, *sets))
    }


def search_row(building: str, status: str, pool: int, tried: int, left_out: Mapping[str, int], mark: str) -> Row:
    """The row of the search in a building."""
    counts = {
        "pool_count": pool,
        "tried_count": tried,
        **{f"{name}_count": number for name, number in left_out.items()},
    }
    return {"building_id": building, "place": 0, "status": status, "mark": mark, **counts}


def set_rows(
    building: str, pool: Pool, parties: Parties, found: Sequence[Coalition], usable: Floats, uses: Sequence[str], codes: Sequence[str]
) -> list[Row]:  # fmt: skip
    """A row for each set; `usable` is the building's usable area in m2 by use."""
    rows: list[Row] = []
    for place, one in enumerate(found, 1):
        member = pool.member[one.seats]
        party = pool.party[member]
        members: list[dict[str, Any]] = [
            {
                "request_id": parties.ids[party[at]],
                "as_use": uses[pool.use[seat]],
                "area_m2": float(one.share[at] * usable[pool.use[seat]]),
                "taken": float(one.share[at]),
                "middle": round(float(100 * pool.middle[seat]), 6),
                "to_ask": bool(parties.to_ask[party[at]]),
            }
            for at, seat in enumerate(one.seats)
        ]
        exchanged = pool.brings[member].any(axis=0) & pool.seeks[member].any(axis=0)
        rows.append({
            "building_id": building, "place": place, "fill_share": one.filled, "gap": one.gap, "status": one.status,
            "middle": float(100 * np.dot(one.share, pool.middle[one.seats]) / one.share.sum()),
            "exchange": [codes[code] for code in np.flatnonzero(exchanged).tolist()], "to_ask_count": int(parties.to_ask[party].sum()),
            "members": sorted(members, key=lambda row: str(row["request_id"])),
        })  # fmt: skip
    return rows


def write_rows(con: duckdb.DuckDBPyConnection, rows: Sequence[Row], append: bool) -> None:
    """Write rows into the temporary table tried_coalition, made anew or added to."""
    con.register("incoming_coalition", pa.Table.from_pylist(list(rows), schema=_SCHEMA))
    head = "INSERT INTO tried_coalition" if append else "CREATE OR REPLACE TEMP TABLE tried_coalition AS"
    con.execute(f"{head} SELECT * FROM incoming_coalition")
    con.unregister("incoming_coalition")
