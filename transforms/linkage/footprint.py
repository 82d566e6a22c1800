"""Footprint to footprint: which outlines of two sets are the same building, and why the others are not.

In order: the local offset is estimated from the data; both sides move half of it towards each other; overlapping outlines
compete (footprint_overlap.sql); what is left joins the block it touches (footprint_loose.sql) or its twin
(footprint_pair.sql); the rest is refused with its best candidate (footprint_refusal.sql). Set by set, in DuckDB; no
outcome depends on the order of rows or on which side is called left. docs/decisions/0006-footprint-matching.md has the
measurements.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import duckdb

from sources._kit.duck import identifier
from sources._kit.errors import OnbenutError
from transforms.linkage.footprint_offset import estimate_offsets

if TYPE_CHECKING:
    from transforms.linkage.footprint_files import MatchCounts

_HERE = Path(__file__).parent
_DISTANCE = _HERE.parent / "_kit" / "distance.sql"
# Tables for the work only; the answer stays.
_SCRATCH = ["vote", "origin", "cell", "overlap", "link"] + [
    name + side for name in ("", "moved_", "loose_", "near_", "touch_", "attached_") for side in ("left", "right")
]


@dataclass(frozen=True)
class FootprintSettings:
    """The numbers of the method; lengths in metres, shares of an area between 0 and 1.

    Checked on the labelled pairs by leaving out one region at a time (`python -m flows.bench_footprints --fit`): share_min,
    rival_share, touch_m. The others were set while looking at all regions; see the decision.

    Attributes:
        share_min: least part of the smaller outline that must lie in the other.
        rival_share: an overlap holds if it has at least this part of the best overlap of the smaller outline.
        touch_m: outlines of one side this close belong to one block; machine-drawn outlines leave such seams.
        host_share: least part of the smaller of host and partner for the host's annexes to follow it.
        like_share: two outlines are alike in size from this ratio of their areas on.
        size_m: and, to vote for an offset, when the sides of their boxes differ by no more.
        cell_m: side of the grid cells in which votes are counted.
        offset_max_m: greatest offset looked for.
        shrink_votes: the belief that there is no offset, in votes.
        near_m: how far a building without overlap looks for a candidate.
    """

    share_min: float = 0.05
    rival_share: float = 1 / 3
    touch_m: float = 0.4
    host_share: float = 0.3
    like_share: float = 0.8
    size_m: float = 3.0
    cell_m: float = 200.0
    offset_max_m: float = 6.0
    shrink_votes: float = 2.0
    near_m: float = 12.0


DEFAULT = FootprintSettings()


def match_footprints(
    con: duckdb.DuckDBPyConnection, left: str, right: str, *, settings: FootprintSettings = DEFAULT
) -> None:
    """Match two sets of footprints; makes temp tables footprint_pair and footprint_refusal.

    footprint_pair(left_id, right_id, relation, score, method, reasons): relation is `1:1`, `1:n`, `n:1` or `n:m`, by how many
    partners the buildings have that hang together. method and score: `overlap`, the shared part of the smaller outline after
    alignment; `attached`, that part for the house it touches, less its distance; `twin`, likeness in size, less the distance.
    footprint_refusal(side, id, reason, best_id, best_score): each building without partner, once.

    Args:
        con: connection with the spatial extension.
        left: name of a relation with columns id VARCHAR and geom GEOMETRY: valid polygons in a CRS of metres.
        right: likewise, in the same CRS.
        settings: the numbers of the method.

    Raises:
        OnbenutError: an id is missing or occurs twice, or an outline is missing.
    """
    numbers = asdict(settings)
    con.execute(_DISTANCE.read_text(encoding="utf-8"))
    _run(con, "side", own="left", relation=identifier(left))
    _run(con, "side", own="right", relation=identifier(right))
    _check_side(con, "left", left)
    _check_side(con, "right", right)
    _run(con, "vote", **numbers)
    estimate_offsets(con, settings.offset_max_m, settings.shrink_votes)
    _run(con, "move", own="left", sign=-0.5, **numbers)
    _run(con, "move", own="right", sign=0.5, **numbers)
    _run(con, "overlap", **numbers)
    _run(con, "loose", own="left", other="right", o="l", t="r", **numbers)
    _run(con, "loose", own="right", other="left", o="r", t="l", **numbers)
    _run(con, "pair", **numbers)
    _run(con, "refusal", **(numbers | {"near_m": f"{settings.near_m:g}"}))
    for name in _SCRATCH:
        con.execute(f"DROP TABLE IF EXISTS temp.footprint_{name}")


def _run(con: duckdb.DuckDBPyConnection, step: str, **values: object) -> None:
    text = (_HERE / f"footprint_{step}.sql").read_text(encoding="utf-8")
    con.execute(Template(text).substitute(values))


def _check_side(con: duckdb.DuckDBPyConnection, side: str, relation: str) -> None:
    bad = con.execute(
        f"SELECT id, count(*) AS n, count(m2) AS drawn FROM footprint_{side} GROUP BY id "
        "HAVING id IS NULL OR n > 1 OR drawn < n ORDER BY id NULLS FIRST LIMIT 1"
    ).fetchone()
    if bad is None:
        return
    what, column = ("a footprint has no outline", "geom") if bad[2] < bad[1] else ("an id occurs more than once", "id")
    if bad[0] is None:
        what, column = "a footprint has no id", "id"
    raise OnbenutError(
        what, table=relation, column=column, value=bad[0], next_step="give each building one id and one outline"
    )


def match_footprint_files(
    left: Path, right: Path, out: Path, *, left_id: str | None = None, right_id: str | None = None
) -> MatchCounts:
    """Match two files of footprints; see transforms/linkage/footprint_files.py."""
    from transforms.linkage import footprint_files

    return footprint_files.match_footprint_files(left, right, out, left_id=left_id, right_id=right_id)
