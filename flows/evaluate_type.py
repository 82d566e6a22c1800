"""`python -m flows.evaluate_type`: how often the type is right, on real buildings typed by eye and on made-up cities.

    python -m flows.evaluate_type [--seeds 7 11 23] [--buildings 3000] [--mistakes]

The review list (tests/transforms/type_review.csv) holds facts and judgements only; the OSM extracts it speaks of lie
under ONBENUT_SHARED (default ../shared/data) and are skipped where absent. `--mistakes` lists the wrong answers of the half that rules may
be mended on; the held-out half is never listed.
"""

from __future__ import annotations

import argparse
import os
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from flows.feed_steps import fetch_feed, load_raw
from flows.table_steps import build_tables, load_reference, prepare_warehouse, read_plan
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import City, Feed, load_city
from sources._kit.duck import connect, literal
from sources.voorbeeldstad import make_city
from transforms._kit.header import TableSpec
from transforms._kit.runner import plan

SHARED = Path(os.environ.get("ONBENUT_SHARED", CHECKOUT.parent / "shared" / "data"))
REVIEW = CHECKOUT / "tests" / "transforms" / "type_review.csv"
EXTRACTS = {
    "antwerpen": ("antwerpen/osm.osm.pbf", "EPSG:31370"),
    "brugge": ("brugge_noord/osm.osm", "EPSG:31370"),
    "monaco": ("osm/monaco.osm.pbf", "EPSG:32632"),
    "prague": ("osm/prague_small.osm.pbf", "EPSG:32633"),
    "wechelderzande": ("osm/wechelderzande.osm.pbf", "EPSG:31370"),
}
# A razed building has no type to be right about. The half follows from the id alone, so that it cannot be chosen.
ANSWER = """
SELECT r.*, s.type AS answer, s.former_type AS former_answer, s.confidence, s.agreeing, s.disagreeing,
    CASE WHEN r.draw = '2' THEN 'fresh' WHEN right(md5(r.extract || ':' || r.osm_id), 1) < '8' THEN 'development' ELSE 'held out' END AS half
FROM read_csv({review}, all_varchar = true, nullstr = '') AS r
LEFT JOIN score.type AS s ON s.building_id = 'osm:' || r.osm_id
WHERE r.extract = {extract} AND r.note IS DISTINCT FROM 'gone' ORDER BY r.osm_id"""
ACCURACY = """
SELECT half, coalesce({by}, 'all') AS part, count(*) AS buildings, avg(CAST(answer = type AS INT)) AS accuracy,
    count(*) FILTER (answer = 'unknown' AND type <> 'unknown') AS missed, count(*) FILTER (answer <> 'unknown' AND type = 'unknown') AS invented,
    count(*) FILTER (answer <> 'unknown' AND type <> 'unknown' AND answer <> type) AS confused,
    avg(CAST(former_answer IS NOT DISTINCT FROM former_type AS INT)) AS former_accuracy
FROM answer GROUP BY GROUPING SETS ((half, {by}), (half)) ORDER BY half, part"""
RELIABILITY = """
SELECT least(floor(confidence * 10), 9) / 10 AS confidence_from, count(*) AS buildings, avg(confidence) AS stated, avg(CAST(answer = type AS INT)) AS right_share
FROM answer WHERE confidence IS NOT NULL GROUP BY ALL ORDER BY ALL"""
PER_TYPE = """
WITH pair AS (SELECT type, answer, count(*) AS n FROM answer GROUP BY ALL), kind AS (SELECT DISTINCT type FROM answer)
SELECT k.type, sum(n) FILTER (p.type = k.type) AS buildings, coalesce(sum(n) FILTER (p.type = k.type AND p.answer = k.type), 0) AS hit,
    2 * hit / (sum(n) FILTER (p.type = k.type) + coalesce(sum(n) FILTER (p.answer = k.type), 0)) AS f1
FROM kind AS k JOIN pair AS p ON k.type IN (p.type, p.answer) GROUP BY ALL ORDER BY f1, k.type"""


def build_types(con: duckdb.DuckDBPyConnection, city: City, space: Workspace) -> None:
    """Build score.type of a city, and only what it needs.

    Raises:
        OnbenutError: a feed or a check failed.
    """
    prepare_warehouse(con)
    loaded = [load_raw(con, fetch_feed(city, feed, space), space) for feed in city.feeds.values()]
    todo = read_plan(city, space, city.as_of or date(2026, 1, 1), loaded)
    todo.specs = _needed(todo.specs, "score.type")
    build_tables(con, todo, plan(todo.specs, load_reference(con, city, space, todo, loaded), todo.params))


def _needed(specs: list[TableSpec], wanted: str) -> list[TableSpec]:
    names = {wanted}
    for spec in reversed(specs):
        if spec.full_name in names:
            names |= set(spec.inputs)
    return [spec for spec in specs if spec.full_name in names]


def answer_review(data: Path = SHARED, review: Path = REVIEW) -> duckdb.DuckDBPyConnection:
    """Type the reviewed buildings of the real extracts.

    Returns:
        A connection with the table `answer`: a row per reviewed building that stands, with the type read by eye (`type`,
        `former_type`), ours (`answer`, `former_answer`, `confidence`) and the `half` it belongs to.

    Raises:
        OnbenutError: an extract is absent or cannot be read.
    """
    found = []
    with TemporaryDirectory() as folder:
        for name, (path, crs) in EXTRACTS.items():
            feed = Feed(name="osm", source="osm_extract", path=path)
            city = City(slug=name, folder=data, name=name, nis="00000", crs=crs, feeds={"osm": feed})
            with connect() as con:
                build_types(con, city, Workspace(Path(folder)))
                query = ANSWER.format(review=literal(review), extract=literal(name))
                found.append(con.execute(query).to_arrow_table())
    return _keep(pa.concat_tables(found, promote_options="permissive"))


def answer_made_up(con: duckdb.DuckDBPyConnection, truth: Path) -> duckdb.DuckDBPyConnection:
    """The same table `answer` for a made-up city whose score.type is in `con`; `truth` is its truth.parquet."""
    return _keep(
        con.execute(
            f"""SELECT t.type, t.former_type, s.type AS answer, s.former_type AS former_answer, s.confidence, hard_case
            FROM read_parquet({literal(truth)}) AS t JOIN score.type AS s ON s.building_id = coalesce(t.grb_id, t.osm_id)
            WHERE NOT t.is_gone"""
        ).to_arrow_table()
    )


def _keep(rows: pa.Table) -> duckdb.DuckDBPyConnection:
    kept = connect(spatial=False)
    kept.register("incoming", rows)
    kept.execute("CREATE TABLE answer AS FROM incoming")
    kept.unregister("incoming")
    return kept


def table(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Rows of one of the questions of this module."""
    found = con.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def accuracy(con: duckdb.DuckDBPyConnection, by: str = "richness") -> list[dict[str, Any]]:
    """Share of right answers per half and class of `by` (`richness`, `is_hard`, `extract`), and as a whole (`all`)."""
    return table(con, ACCURACY.format(by=by))


def macro_f1(con: duckdb.DuckDBPyConnection) -> float:
    """Mean of the F1 of every type that occurs, 0 to 1: a rare type counts as much as a dwelling."""
    per_type = table(con, PER_TYPE)
    return sum(float(row["f1"]) for row in per_type) / len(per_type)


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """Print rows under their names."""
    print(f"\n{title}")
    for row in [dict(zip(rows[0], rows[0], strict=True)), *rows] if rows else []:
        print("  ".join(f"{v:>13.3f}" if isinstance(v, float) else f"{v!s:>13}" for v in row.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, nargs="*", default=[7, 11, 23])
    parser.add_argument("--buildings", type=int, default=3000)
    parser.add_argument("--mistakes", action="store_true")
    asked = parser.parse_args()
    if all((SHARED / path).exists() for path, _crs in EXTRACTS.values()):
        with answer_review() as con:
            for by in ("richness", "is_hard", "extract"):
                show(f"accuracy by {by}", accuracy(con, by))
            show("reliability", table(con, RELIABILITY))
            print(f"macro-F1 of the review {macro_f1(con):.3f}")
            if asked.mistakes:
                wrong = "(answer IS DISTINCT FROM type OR former_answer IS DISTINCT FROM former_type)"
                show(
                    "mistakes of the development half",
                    table(con, f"FROM answer WHERE half = 'development' AND {wrong} ORDER BY ALL"),
                )
    else:
        print(f"no real extracts under {SHARED} (ONBENUT_SHARED): review skipped")
    for seed in asked.seeds:
        with TemporaryDirectory() as folder, connect() as con:
            file = make_city(Path(folder), asked.buildings, seed)
            build_types(con, load_city(file, file.parent), Workspace(Path(folder)))
            with answer_made_up(con, file.parent / "truth.parquet") as made:
                print(f"\nmade-up city, seed {seed}: macro-F1 {macro_f1(made):.3f}")
                show("weakest types", table(made, PER_TYPE)[:12])
                show("reliability", table(made, RELIABILITY))


if __name__ == "__main__":
    main()
