"""The type of reviewed and of made-up buildings beside ours: what the figures of flows/evaluate_type.py are counted from."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from flows.feed_steps import load_raw
from flows.fetch_steps import fetch_city
from flows.table_steps import build_tables, load_reference, prepare_warehouse, read_plan
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import City
from sources._kit.duck import connect, literal
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


def build_types(con: duckdb.DuckDBPyConnection, city: City, space: Workspace) -> None:
    """Build score.type of a city, and only what it needs.

    Raises:
        OnbenutError: a feed or a check failed.
    """
    prepare_warehouse(con)
    loaded = [load_raw(con, item, space) for item in fetch_city(city, space)]
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
            feeds = {"osm": {"name": "osm", "source": "osm_extract", "path": path}}
            table = {"slug": name, "folder": data, "name": name, "nis": "00000", "crs": crs, "feeds": feeds}
            city = City.model_validate(table)
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
