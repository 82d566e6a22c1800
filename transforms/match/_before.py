"""What the last run left of match.pair that still holds, in places of now."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from transforms.match._judge import REASONS
from transforms.match._lists import NONE, Pairs
from transforms.match._read import Texts, read_supplies
from transforms.match._rounds import Before
from transforms.match._sides import Places

_CODE = ("_before", "_detail", "_judge", "_lists", "_parts", "_read", "_rounds", "_sides", "pair")
# With more of it changed, going round everything is as fast.
_MOST = 0.3
_KNOWN = ("pair", "known_request", "known_supply")


def method_hash(con: duckdb.DuckDBPyConnection) -> str:
    """Hash of what decides a pair beside the two sides of it: code, weights, limits, the list of uses."""
    told = [Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8") for name in _CODE]
    tables = ("match_part", "match_limit", "reuse_use")
    told += [repr(con.execute(f"SELECT * FROM reference.{table} ORDER BY ALL").fetchall()) for table in tables]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def read_before(
    con: duckdb.DuckDBPyConnection,
    kind: str,
    uses: Sequence[str],
    requests: tuple[Texts, Texts],
    supplies: tuple[Texts, Texts],
    lengths: tuple[int, int],
) -> Before | None:
    """What the last run left for supplies of one kind; None where there is nothing to go on from, or too much changed.

    Args:
        con: the warehouse, with match.pair of the last run and what that was made of.
        kind: building or offer.
        uses: the uses, in the order of the arrays.
        requests: ids and marks of now, sorted by id.
        supplies: the same of the supplies of the kind.
        lengths: how long the lists of a request and of a supply are.
    """
    tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'match'").fetchall()
    if not {(name,) for name in _KNOWN} <= set(tables):
        return None
    rows = con.execute("SELECT request_id, mark, method FROM match.known_request ORDER BY request_id").fetchnumpy()
    if len(rows["method"]) == 0 or set(rows["method"]) != {method_hash(con)}:
        return None
    old_ids, old_marks, old = read_supplies(con, "match.known_supply", kind, uses)
    request_now = _Side(requests, (rows["request_id"], rows["mark"]))
    supply_now = _Side(supplies, (old_ids, old_marks))
    if request_now.changed > _MOST or supply_now.changed > _MOST:
        return None
    pairs, lost_request, lost_supply = _pairs(con, kind, uses, request_now, supply_now, lengths)
    return Before(
        pairs,
        _counts(con, kind, request_now),
        old.only(supply_now.gone),
        request_now.new,
        supply_now.new,
        lost_request,
        lost_supply,
    )


class _Side:
    """Requests or supplies of now beside those of before: which are the same, which are new, which are gone or were otherwise."""

    def __init__(self, now: tuple[Any, Any], before: tuple[Any, Any]) -> None:
        self.ids = now[0]
        known = dict(zip(*before, strict=True))
        same = np.array([known.get(name) == mark for name, mark in zip(*now, strict=True)], dtype=np.bool_)
        self.new: Places = np.flatnonzero(~same)
        kept = set(self.ids[same])
        self.gone: Places = np.array(
            [place for place, name in enumerate(before[0]) if name not in kept], dtype=np.int64
        )
        self.changed = (len(self.new) + len(self.gone)) / max(1, len(self.ids) + len(known))
        self.same_place = {name: place for place, name in enumerate(self.ids) if same[place]}

    def places(self, names: Any) -> Places:
        """Place of each of now, -1 for one that is not the same any more."""
        return np.array([self.same_place.get(name, -1) for name in names], dtype=np.int64)


def _pairs(
    con: duckdb.DuckDBPyConnection,
    kind: str,
    uses: Sequence[str],
    requests: _Side,
    supplies: _Side,
    lengths: tuple[int, int],
) -> tuple[Pairs, Places, Places]:
    """Pairs that still hold; and the requests and supplies whose list was full and lost one, so that others may follow."""
    rows = con.execute(
        "SELECT request_id, supply_id, use, middle::DOUBLE AS middle, coalesce(request_place, 0) AS request_place, "
        f"coalesce(supply_place, 0) AS supply_place FROM match.pair WHERE supply_kind = '{kind}' AND supply_id IS NOT NULL "
        "ORDER BY request_id, supply_id"
    ).fetchnumpy()
    if len(rows["middle"]) == 0:
        return NONE, np.empty(0, np.int64), np.empty(0, np.int64)
    ri, si = requests.places(rows["request_id"]), supplies.places(rows["supply_id"])
    lost_request = _short(ri, si < 0, np.asarray(rows["request_place"]), lengths[0])
    lost_supply = _short(si, ri < 0, np.asarray(rows["supply_place"]), lengths[1])
    index = {use: place for place, use in enumerate(uses)}
    use = np.array([index[name] for name in rows["use"]], dtype=np.int64)
    holds = (ri >= 0) & (si >= 0)
    return Pairs(ri, si, use, np.asarray(rows["middle"])).only(holds), lost_request, lost_supply


def _short(owner: Places, is_lost: Any, place: Any, full: int) -> Places:
    """Owners that are the same, whose list was full, and that lost a pair from it."""
    was_full = np.unique(owner[(place == full) & (owner >= 0)])
    lost = np.unique(owner[is_lost & (place > 0) & (owner >= 0)])
    return np.intersect1d(was_full, lost)


def _counts(con: duckdb.DuckDBPyConnection, kind: str, requests: _Side) -> Any:
    counts = np.zeros((len(requests.ids), len(REASONS)), dtype=np.int64)
    rows = con.execute(
        f"SELECT request_id, reason, supply_count FROM match.pair WHERE supply_kind = '{kind}' AND supply_id IS NULL "
        f"AND reason IN ({', '.join(repr(reason) for reason in REASONS)}) ORDER BY ALL"
    ).fetchall()
    place = requests.places([row[0] for row in rows])
    for at, (_, reason, number) in zip(place, rows, strict=True):
        if at >= 0:
            counts[at, REASONS.index(reason)] = number
    return counts
