"""The views of schema `layer`: one audience each, one row per thing, and every column explained in the file itself."""

from __future__ import annotations

import duckdb
import pytest

VIEWS = {"building_public": "building", "building_city": "building", "evidence_city": "evidence"}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_holds_one_audience_of_its_table_row_for_row(con: duckdb.DuckDBPyConnection, view: str) -> None:
    table, audience = VIEWS[view], view.split("_")[1]
    key = "item_id" if table == "evidence" else "building_id"
    shared = [row[0] for row in con.execute(f"DESCRIBE layer.{table}").fetchall() if row[0] != "audience"]
    rows = f"SELECT {', '.join(shared)} FROM layer.{view} ORDER BY {key}"
    expected = f"SELECT * EXCLUDE (audience) FROM layer.{table} WHERE audience = '{audience}' ORDER BY {key}"
    found = con.execute(rows).fetchall()
    assert found == con.execute(expected).fetchall()
    assert len({row[shared.index(key)] for row in found}) == len(found) > 100


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_and_each_of_its_columns_say_what_they_are(con: duckdb.DuckDBPyConnection, view: str) -> None:
    where = f"schema_name = 'layer' AND view_name = '{view}'"
    assert con.execute(f"SELECT comment FROM duckdb_views() WHERE {where} AND comment <> ''").fetchone()
    where = f"schema_name = 'layer' AND table_name = '{view}'"
    columns = con.execute(f"SELECT column_name, comment FROM duckdb_columns() WHERE {where}").fetchall()
    assert not [name for name, comment in columns if not comment]
    described = con.execute(f"SELECT column_name FROM meta.column WHERE {where} AND meaning_nl <> ''").fetchall()
    assert {name for name, _comment in columns} == {name for (name,) in described}
    assert "audience" not in dict(columns)


def test_every_public_building_is_atypical_and_the_city_sees_others_too(con: duckdb.DuckDBPyConnection) -> None:
    kinds = "SELECT is_atypical, count(*) FROM layer.building_city SEMI JOIN layer.building_public USING (building_id) GROUP BY ALL"
    assert [row[0] for row in con.execute(kinds).fetchall()] == [True]
    bands = "SELECT count(*) FILTER (positive_count > 0), count(*) FROM layer.building_city AS b JOIN score.underuse AS u USING (building_id) WHERE u.audience = 'city' AND NOT b.is_atypical"
    signs, others = con.execute(bands).fetchall()[0]
    assert signs == others > 0


def test_what_an_observation_counted_for_is_its_part_of_the_score(con: duckdb.DuckDBPyConnection) -> None:
    sums = """
        SELECT u.log_odds - (SELECT sum(counted) FROM layer.evidence_city AS e WHERE e.building_id = u.building_id)
            - (SELECT sum(value) FROM score.underuse_part AS p
               WHERE p.audience = 'city' AND p.building_id = u.building_id AND p.kind IN ('prior', 'cap')) AS left_over
        FROM score.underuse AS u SEMI JOIN layer.evidence_city USING (building_id) WHERE u.audience = 'city'
    """
    found = con.execute(f"SELECT count(left_over), count(*), max(abs(left_over)) < 1e-5 FROM ({sums})").fetchall()[0]
    assert found[0] == found[1] > 50
    assert found[2]
