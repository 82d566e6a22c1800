"""Two footprint files in, a file of pairs and a file of refusals out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
from pyogrio.errors import DataLayerError, DataSourceError

from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from transforms.linkage.footprint import match_footprints
from transforms.linkage.footprint_read import metric_crs, place_outlines, read_footprints
from transforms.linkage.footprint_write import WRITABLE, write_rows

_PAIRS = """
SELECT p.*, ST_Multi(u.geom) AS geom FROM footprint_pair AS p JOIN usable_left AS u ON u.id = p.left_id
ORDER BY p.left_id, p.right_id"""
# An outline that cannot be matched is shown as the file has it: whoever mends it must see it.
_REFUSED = """
SELECT r.*, CASE WHEN u.id IS NULL THEN o.geom ELSE ST_Multi(u.geom) END AS geom
FROM footprint_refusal AS r
JOIN (SELECT 'left' AS side, * FROM outline_left UNION ALL SELECT 'right', * FROM outline_right) AS o USING (side, id)
LEFT JOIN (SELECT 'left' AS side, * FROM usable_left UNION ALL SELECT 'right', * FROM usable_right) AS u USING (side, id)
ORDER BY r.side, r.id"""


@dataclass(frozen=True)
class MatchCounts:
    """What a match of two files came to: buildings read, pairs written, buildings refused, rows without usable outline."""

    left: int
    right: int
    pairs: int
    refused: int
    unusable: int


def match_footprint_files(
    left: Path, right: Path, out: Path, *, left_id: str | None = None, right_id: str | None = None
) -> MatchCounts:
    """Match two files; writes `out` and, beside it, `<stem>_refused` with the same suffix.

    Args:
        left: GeoParquet, GeoPackage, GeoJSON, FlatGeobuf or shapefile of polygons, in any CRS the file names.
        right: likewise.
        out: .parquet, .gpkg, .geojson or .csv. GeoPackage and GeoJSON show a pair as the left building's outline.
        left_id: column of ids; by default the first that looks like one.
        right_id: likewise.

    Raises:
        OnbenutError: a file cannot be read or written; says file, column, value and the next step.
    """
    beside = out.with_name(f"{out.stem}_refused{out.suffix}")
    _check_target(out, beside, (left, right))
    with connect() as con:
        own = {side: read_footprints(con, side, path, name) for side, path, name in
               (("left", left, left_id), ("right", right, right_id))}  # fmt: skip
        crs = metric_crs(con, own["left"], own["right"])
        for side in own:
            place_outlines(con, side, own[side], crs)
        match_footprints(con, "usable_left", "usable_right")
        unusable = sum(_refuse_unusable(con, side) for side in own)
        try:
            write_rows(con, _PAIRS, crs, "MultiPolygon", out)
            write_rows(con, _REFUSED, crs, "Unknown" if unusable else "MultiPolygon", beside)
        except (duckdb.IOException, DataSourceError, DataLayerError, OSError) as error:
            raise OnbenutError("cannot write there", file=out, value=error, next_step="name another file") from error
        return MatchCounts(
            left=_count(con, "outline_left"),
            right=_count(con, "outline_right"),
            pairs=_count(con, "footprint_pair"),
            refused=_count(con, "footprint_refusal"),
            unusable=unusable,
        )


def _check_target(out: Path, beside: Path, inputs: tuple[Path, Path]) -> None:
    if out.suffix.lower() not in WRITABLE or not out.parent.exists():
        raise OnbenutError(
            "cannot write there",
            file=out,
            value=out.suffix,
            next_step=f"name an existing folder and one of {', '.join(WRITABLE)}",
        )
    for path in inputs:
        if path.exists() and path.resolve() in (out.resolve(), beside.resolve()):
            raise OnbenutError(
                "the pairs would take the place of what is matched", file=path, next_step="name another file"
            )


def _refuse_unusable(con: duckdb.DuckDBPyConnection, side: str) -> int:
    con.execute(
        f"INSERT INTO footprint_refusal SELECT '{side}', id, 'no usable outline', NULL, NULL "
        f"FROM outline_{side} ANTI JOIN usable_{side} USING (id)"
    )
    return _count(con, f"outline_{side}") - _count(con, f"usable_{side}")


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])
