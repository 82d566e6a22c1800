"""Drawing a field list: the buildings that promise most, and a random rest by which the scores can be calibrated."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import duckdb

from flows.export_place import Box
from flows.query import rows
from sources._kit.duck import literal
from sources._kit.errors import OnbenutError

ROWS = "field_row"
_DRAW = f"""
CREATE OR REPLACE TEMP TABLE {ROWS} AS
WITH shown AS (
    SELECT building_id, name, type_label, address, underuse_probability, underuse_band, priority_rank, geom
    FROM layer.building WHERE audience = $audience AND $place AND building_id NOT IN ($gone)
),
top AS (
    SELECT *, 'top' AS stratum, 1.0::DOUBLE AS inclusion_probability
    FROM shown ORDER BY priority_rank NULLS LAST, building_id LIMIT $top
),
rest AS (
    -- By a hash of seed and id: the same list again, on any machine and with any number of threads.
    SELECT *, 'random' AS stratum, least(1.0, $random / count(*) OVER ())::DOUBLE AS inclusion_probability
    FROM shown ANTI JOIN top USING (building_id) ORDER BY md5($seed || building_id), building_id LIMIT $random
),
drawn AS (FROM top UNION ALL FROM rest),
point AS (SELECT *, ST_PointOnSurface(geom) AS point FROM drawn),
around AS (
    SELECT min(ST_X(point)) AS x0, min(ST_Y(point)) AS y0, max(ST_X(point)) + 1 AS x1, max(ST_Y(point)) + 1 AS y1 FROM point
)
-- Along a Hilbert curve neighbours on the sheet are neighbours on the ground.
SELECT row_number() OVER (ORDER BY ST_Hilbert(ST_X(point), ST_Y(point), ST_Extent(ST_MakeEnvelope(x0, y0, x1, y1))), building_id)
        AS row_id, * EXCLUDE (x0, y0, x1, y1)
FROM point CROSS JOIN around
"""


@dataclass(frozen=True)
class Wanted:
    """What list to draw: how many, which share at random, from which seed (None: from the run), where."""

    n: int = 40
    share_random: float = 1 / 3
    seed: str | None = None
    box: Box | None = None
    area: bytes | None = None
    audience: str = "city"


@dataclass(frozen=True)
class Drawn:
    """A list that stands in the temporary table `field_row`: columns of layer.building, stratum, inclusion_probability, point, row_id."""

    list_id: str
    seed: str
    top: int
    random: int
    shown: int


def draw(con: duckdb.DuckDBPyConnection, slug: str, wanted: Wanted, gone: frozenset[str]) -> Drawn:
    """Draw a list from the layer; no building is on it twice.

    The top is certain. The others of those shown have one and the same chance, which stands on every row: weighed by its
    inverse, what is seen speaks for all buildings shown.

    Args:
        con: warehouse with the spatial extension.
        slug: the city.
        wanted: what to draw; places in metres of the city's CRS.
        gone: buildings that a visitor found to be gone.

    Raises:
        OnbenutError: no number of buildings, no share, or nothing to draw from.
    """
    if wanted.n < 1 or not 0 <= wanted.share_random <= 1:
        raise OnbenutError(
            "a list has one building or more, and a share at random between 0 and 1",
            city=slug,
            value=f"--n {wanted.n} --share-random {wanted.share_random:g}",
            next_step="such as --n 40 --share-random 0.33",
        )
    run = {row["name"]: row["value"] for row in rows(con, "SELECT name, value FROM layer.run")}
    seed = wanted.seed if wanted.seed is not None else str(run["run_id"])
    random = round(wanted.n * wanted.share_random)
    gaps = {
        "$audience": literal(wanted.audience), "$place": _place(wanted), "$gone": _ids(gone), "$top": str(wanted.n - random),
        "$random": str(random), "$seed": literal(seed + " "),
    }  # fmt: skip
    con.execute(_filled(_DRAW, gaps))
    counted = (
        "SELECT count(*) FILTER (stratum = 'top') AS top, count(*) FILTER (stratum = 'random') AS random FROM " + ROWS
    )
    found = rows(con, counted)[0]
    if not found["top"] + found["random"]:
        raise OnbenutError(
            "no building to draw from", city=slug, audience=wanted.audience, next_step="name another place, or none"
        )
    shown = rows(con, _filled("SELECT count(*) AS n FROM layer.building WHERE audience = $audience AND $place", gaps))
    made_of = repr((run["run_id"], seed, wanted, sorted(gone)))
    list_id = f"{slug}-{run['as_of']}-{hashlib.sha256(made_of.encode()).hexdigest()[:8]}"
    return Drawn(list_id, seed, found["top"], found["random"], shown[0]["n"])


def _place(wanted: Wanted) -> str:
    tests = ["true"]
    if wanted.box is not None:
        tests.append(f"ST_Intersects(geom, ST_MakeEnvelope({', '.join(map(repr, wanted.box))}))")
    if wanted.area is not None:
        tests.append(f"ST_Intersects(geom, ST_GeomFromHEXWKB('{wanted.area.hex()}'))")
    return " AND ".join(tests)


def _ids(ids: frozenset[str]) -> str:
    # An empty id is no building's, and an empty list is no SQL.
    return ", ".join(literal(one) for one in sorted(ids)) or "''"


def _filled(query: str, gaps: dict[str, str]) -> str:
    for gap, text in gaps.items():
        query = query.replace(gap, text)
    return query
