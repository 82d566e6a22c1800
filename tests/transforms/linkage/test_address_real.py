"""The matcher on the recorded city: the asked figures, spellings disguised, streets hidden; and on the made-up city."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flows.bench_addresses import FILES, NEEDED_ANSWERED, NEEDED_RIGHT, data_folder, measure
from sources._kit.duck import connect, literal
from sources.voorbeeldstad import make_city
from transforms.linkage.address import match_addresses
from transforms.linkage.address_read import POINTS, ROWS, read_addresses, read_register

DATA = data_folder()
real = pytest.mark.skipif(
    not all((DATA / name).is_file() for name in FILES),
    reason=f"no recorded register: {DATA} is absent (set ONBENUT_SHARED)",
)


@pytest.fixture(scope="module")
def city() -> Iterator[duckdb.DuckDBPyConnection]:
    """The recorded register and addresses, with the answers to it in `answer` (row_id, x, y, postcode, name)."""
    with connect() as con:
        read_register(con, DATA / FILES[0], {}, None)
        read_addresses(con, DATA / FILES[1], {}, None)
        match_addresses(con, ROWS, POINTS)
        con.execute(f"""CREATE TEMP TABLE answer AS SELECT m.row_id, m.x, m.y, r.postcode, street_key(r.street) AS name
                        FROM address_match AS m JOIN {ROWS} AS r USING (row_id) WHERE m.rank = 1""")
        yield con


@real
def test_the_recorded_register_is_answered_as_asked() -> None:
    figures, _ = measure(DATA)
    everything, sure = figures
    assert sure.rows > 250
    assert sure.share_right >= NEEDED_RIGHT
    assert sure.share_answered >= NEEDED_ANSWERED
    # Two positions are a point on the street, with another number beside it; they may not become more.
    assert everything.answered - everything.right <= 2
    assert everything.share_answered >= NEEDED_ANSWERED


@real
def test_every_row_of_the_recorded_register_is_answered_or_refused_once(city: duckdb.DuckDBPyConnection) -> None:
    match_addresses(city, ROWS, POINTS)
    counts = city.execute(f"""
        SELECT (SELECT count(*) FROM {ROWS}), (SELECT count(*) FROM address_match WHERE rank = 1), (SELECT count(*) FROM address_refusal),
            (SELECT count(*) FROM address_match SEMI JOIN address_refusal USING (row_id))
    """).fetchall()[0]
    assert counts[0] == counts[1] + counts[2]
    assert counts[3] == 0
    assert counts[1] >= 0.97 * counts[0]


@real
def test_addresses_in_disguise_are_recovered(city: duckdb.DuckDBPyConnection) -> None:
    # Real points near answered rows that agree on the postcode: capitals, no accents, shortened, one letter in fifty lost.
    city.execute(f"""
        CREATE OR REPLACE TEMP TABLE known AS
        WITH drawn AS (SELECT * FROM {POINTS} WHERE hash(address_id) % 60 = 0),
        placed AS (
            SELECT p.address_id, any_value(p.street) AS street, any_value(p.house_number) AS house_number, any_value(p.x) AS x, any_value(p.y) AS y,
                min(a.postcode) AS postcode
            FROM drawn AS p JOIN answer AS a ON abs(a.x - p.x) <= 200 AND abs(a.y - p.y) <= 200
            GROUP BY p.address_id HAVING count(DISTINCT a.postcode) = 1 AND count(DISTINCT a.name) >= 2
        ),
        short AS (
            SELECT *, regexp_replace(upper(strip_accents(street)), '_[A-Z]+$', '') AS plain FROM placed
        )
        SELECT 'd' || address_id AS row_id, x, y, hash(address_id, 1) % 50 = 0 AND length(plain) >= 13 AS has_slip,
            CASE WHEN has_slip THEN left(plain, 5) || substr(plain, 7)
                 ELSE replace(replace(regexp_replace(regexp_replace(plain, 'STRAAT$', 'STR.'), '^SINT-', 'ST. '), 'BURGEMEESTER ', 'BURG. '), 'IJ', 'Y') END AS street,
            house_number, postcode
        FROM short
    """)
    city.execute(f"""CREATE OR REPLACE TEMP TABLE asked AS SELECT * FROM {ROWS}
        UNION ALL BY NAME SELECT row_id, street, house_number, postcode FROM known""")
    match_addresses(city, "asked", POINTS)
    asked, answered, right = city.execute("""
        SELECT count(*), count(m.row_id), count(*) FILTER (sqrt((m.x - k.x) ** 2 + (m.y - k.y) ** 2) <= 50)
        FROM known AS k LEFT JOIN address_match AS m ON m.row_id = k.row_id AND m.rank = 1
    """).fetchall()[0]
    assert asked > 1000
    print(f"{asked} disguised, {answered} answered, {right} right")
    assert right >= NEEDED_RIGHT * answered
    assert answered >= NEEDED_ANSWERED * asked


@real
def test_a_hidden_street_is_not_answered_by_its_namesake(city: duckdb.DuckDBPyConnection) -> None:
    # Where a name lies in several places, the place of the right answer is taken out of the file.
    city.execute(f"""
        CREATE OR REPLACE TEMP TABLE thinned AS
        WITH named AS MATERIALIZED (SELECT p.*, n.name FROM {POINTS} AS p JOIN (
            SELECT street, street_key(street) AS name FROM (SELECT DISTINCT street FROM {POINTS})) AS n USING (street)),
        far AS (SELECT p.* FROM named AS p ANTI JOIN answer AS a ON a.name = p.name AND abs(a.x - p.x) <= 1500 AND abs(a.y - p.y) <= 1500)
        SELECT * EXCLUDE (name) FROM far
        UNION ALL SELECT * EXCLUDE (name) FROM named WHERE name NOT IN (SELECT name FROM far)
    """)
    match_addresses(city, ROWS, "thinned")
    hidden, wrong = city.execute("""
        SELECT count(*), count(*) FILTER (sqrt((m.x - a.x) ** 2 + (m.y - a.y) ** 2) > 50)
        FROM answer AS a LEFT JOIN address_match AS m ON m.row_id = a.row_id AND m.rank = 1
        WHERE a.name IN (SELECT street_key(street) FROM (SELECT DISTINCT street FROM thinned)) AND NOT EXISTS
            (SELECT 1 FROM thinned AS p WHERE p.x BETWEEN a.x - 1 AND a.x + 1 AND p.y BETWEEN a.y - 1 AND a.y + 1)
    """).fetchall()[0]
    print(f"{hidden} rows whose street is hidden, {wrong} answered elsewhere")
    assert hidden > 100
    assert wrong <= 0.01 * hidden


@pytest.mark.parametrize("seed", [1, 2])
def test_the_made_up_city_is_answered_without_one_wrong_place(tmp_path: Path, seed: int) -> None:
    make_city(tmp_path, 3000, seed)
    for name in ("register.csv", "vip.xlsx"):
        with connect() as con:
            read_register(con, tmp_path / name, {}, None)
            con.execute(
                f"CREATE TEMP TABLE asked AS SELECT * REPLACE (row_number() OVER () || '' AS row_id) FROM {ROWS}"
            )
            read_addresses(con, tmp_path / "addresses.parquet", {}, None)
            match_addresses(con, "asked", POINTS)
            rows = con.execute(f"""
                SELECT r.why, sqrt((m.x - t.x) ** 2 + (m.y - t.y) ** 2), m.row_id IS NOT NULL
                FROM read_parquet({literal(tmp_path / "register_truth.parquet")}) AS r
                LEFT JOIN read_parquet({literal(tmp_path / "truth.parquet")}) AS t USING (truth_id)
                LEFT JOIN address_match AS m ON m.row_id = r.row || '' AND m.rank = 1
                WHERE r.file = {literal(name)}
            """).fetchall()
        refused = ("refuse_", "street_without_addresses", "excel_date_range")
        assert [why for why, _, answered in rows if answered and why.startswith(refused)] == []
        assert [(why, metres) for why, metres, answered in rows if answered and (metres is None or metres > 50)] == []
        assert [
            why
            for why, _, answered in rows
            if not answered and why in ("address", "same_street_two_districts", "number_range", "box_number")
        ] == []
