"""The three reasons of a building: the strongest by one scale, in plain words, never against the band."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from flows.workspace import CHECKOUT
from sources._kit.duck import connect
from tests.conftest import RunCity
from transforms._kit.header import read_spec
from transforms._kit.reference import read_reference, write_table
from transforms._kit.runner import define_macros

REFERENCE = read_reference(CHECKOUT / "data" / "reference")
PARAMETER = {row["name"]: row["value"] for row in REFERENCE.tables["parameter"]}
NEW_KIND = {
    "kind": "field_check",
    "authority": "city",
    "label_nl": "ter plaatse bekeken",
    "label_en": "seen on the spot",
}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        connection.execute("CREATE SCHEMA evidence")
        for name, rows in REFERENCE.tables.items():
            write_table(connection, name, [*rows, NEW_KIND] if name == "evidence_kind" else rows)
        define_macros(connection)
        yield connection


def sentence(con: duckdb.DuckDBPyConnection, kind: str, detail: str | None, day: date) -> tuple[Any, ...]:
    """text_nl, text_en and part of one observation, by the project's own SQL."""
    told = "NULL" if detail is None else "'" + detail.replace("'", "''") + "'"
    authority = "OpenStreetMap" if kind.startswith("osm") else "register"
    con.execute(
        f"CREATE OR REPLACE TABLE evidence.item AS SELECT 'i' AS item_id, '{kind}' AS kind, '{authority}' AS authority, "
        f"CAST({told} AS VARCHAR) AS detail, DATE '{day}' AS observed_on"
    )
    query = read_spec(CHECKOUT / "transforms" / "evidence" / "sentence.sql").sql
    return con.execute(f"SELECT text_nl, text_en, part FROM ({query})").fetchall()[0]


@pytest.mark.parametrize(
    ("kind", "detail", "dutch", "english", "part"),
    [
        (
            "osm_former_use",
            "disused:amenity=police",
            "aanwijzing: volgens OpenStreetMap gesloten als politiegebouw (disused:amenity=police), gezien op 12/05/2024",
            "signal: closed as police station according to OpenStreetMap (disused:amenity=police), seen on 2024-05-12",
            None,
        ),
        (
            "osm_present_use",
            "amenity=library + disused:amenity=police",
            "volgens OpenStreetMap nu in gebruik als bibliotheek, na een vroeger gebruik als politiegebouw "
            "(amenity=library + disused:amenity=police), gezien op 12/05/2024",
            "now in use as library according to OpenStreetMap, after a former use as police station "
            "(amenity=library + disused:amenity=police), seen on 2024-05-12",
            None,
        ),
        (
            "osm_recent_use",
            "opening_hours=Mo-Fr 09:00-12:00 || sunrise-sunset",
            "openingsuren in OpenStreetMap (opening_hours=Mo-Fr 09:00-12:00 // sunrise-sunset), gezien op 12/05/2024",
            "opening hours in OpenStreetMap (opening_hours=Mo-Fr 09:00-12:00 // sunrise-sunset), seen on 2024-05-12",
            None,
        ),
        (
            "osm_disused",
            "disused=yes",
            "aanwijzing: volgens OpenStreetMap buiten gebruik (disused=yes), gezien op 12/05/2024",
            "signal: out of use according to OpenStreetMap (disused=yes), seen on 2024-05-12",
            None,
        ),
        (
            "register_active",
            "3de verdieping, midden, 2019-03-01",
            "in het leegstandsregister van de gemeente sinds 01/03/2019",
            "in the vacancy register of the municipality since 2019-03-01",
            "3de verdieping, midden",
        ),
        (
            "register_active",
            "nvt",
            "in het leegstandsregister van de gemeente",
            "in the vacancy register of the municipality",
            None,
        ),
        (
            "register_premises",
            None,
            "in de inventaris van leegstaande bedrijfsruimten",
            "in the inventory of vacant business premises",
            None,
        ),
        (
            "field_check",
            None,
            "ter plaatse bekeken, op 12/05/2024",
            "seen on the spot, on 2024-05-12",
            None,
        ),
    ],
)
def test_an_observation_becomes_a_sentence(
    con: duckdb.DuckDBPyConnection, kind: str, detail: str | None, dutch: str, english: str, part: str | None
) -> None:
    assert sentence(con, kind, detail, date(2024, 5, 12)) == (dutch, english, part)


def test_what_is_too_long_to_read_is_cut(con: duckdb.DuckDBPyConnection) -> None:
    text = sentence(con, "osm_recent_use", "opening_hours=" + "Mo 09:00-12:00; " * 30, date(2024, 5, 12))[0]
    assert len(text) < 140
    assert "…)" in text


def test_only_a_register_is_quoted_on_vacancy_and_a_tag_never_stands_alone(voorbeeldstad: RunCity) -> None:
    rows = voorbeeldstad.rows(
        "SELECT i.kind, s.text_nl, s.text_en FROM evidence.sentence AS s JOIN evidence.item AS i USING (item_id)"
    )
    assert len(rows) == voorbeeldstad.one("SELECT count(*) FROM evidence.item")
    for kind, dutch, english in rows:
        assert kind.startswith("register") or not re.search(r"\bleeg|\bvacan", f"{dutch} {english}", re.I)
        assert not re.search(r"\d{4}-\d\d-\d\d", dutch)
        for text in (dutch, english):
            assert "=" not in re.sub(r"\(.*\)", "", text)
            assert "log" not in text


def test_the_reasons_are_the_three_strongest_by_the_stated_scale(voorbeeldstad: RunCity) -> None:
    strength: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for building, audience, score, item, value in voorbeeldstad.rows(
        "SELECT building_id, audience, score, item, value FROM score.contribution WHERE score IN ('underuse', 'atypicality') "
        "AND NOT (score = 'atypicality' AND value <= 0) AND item NOT IN ('prior', 'floor') AND item NOT LIKE 'cap %' AND value <> 0"
    ):
        scale = PARAMETER["authority_cap"] if score == "underuse" else 100
        for one in ("public", "city") if audience == "both" else (audience,):
            strength[one, building][item] = abs(float(value)) / scale
    chosen: dict[tuple[str, str], list[str]] = defaultdict(list)
    for audience, building, item in voorbeeldstad.rows(
        "SELECT audience, building_id, item FROM score.reason ORDER BY audience, building_id, place"
    ):
        chosen[audience, building].append(item)
    exceptions = 0
    for key, items in chosen.items():
        best = sorted(strength[key], key=lambda item: -strength[key][item])[:3]
        assert len(items) == len(best)
        exceptions += set(items) != set(best)
        assert len(set(best) - set(items)) <= 1
    assert len(chosen) > 300
    assert exceptions < 0.2 * len(chosen)


def test_the_reasons_never_contradict_the_band(voorbeeldstad: RunCity) -> None:
    rows = voorbeeldstad.rows(
        "SELECT u.band, u.net, list(p.value > 0), list(k.is_legal), any_value(l.reasons), any_value(l.reasons_en) "
        "FROM (SELECT audience, building_id, band, CAST(sum(value) FILTER (kind NOT IN ('prior', 'cap')) AS DOUBLE) AS net "
        "FROM score.underuse JOIN score.underuse_part USING (audience, building_id) GROUP BY ALL) AS u "
        "JOIN layer.building AS l USING (audience, building_id) JOIN score.reason AS r USING (audience, building_id) "
        "LEFT JOIN score.underuse_part AS p ON p.audience = r.audience AND p.building_id = r.building_id AND p.item = r.item "
        "LEFT JOIN reference.evidence_kind AS k ON k.kind = p.kind GROUP BY u.audience, u.building_id, u.band, u.net"
    )
    seen = set()
    for band, net, speaks_for, is_legal, dutch, english in rows:
        if band == "confirmed":
            assert True in is_legal
        elif band in ("likely", "signal"):
            assert True in speaks_for
        elif net is not None and net <= -PARAMETER["prior_sd"]:
            assert False in speaks_for
            band = "in use"
        seen.add(band)
        assert dutch.count(" | ") == english.count(" | ") == len(speaks_for) - 1 <= 2
    assert {"confirmed", "signal", "in use", "unknown"} <= seen


def test_the_words_of_a_register_stay_with_the_city(voorbeeldstad: RunCity) -> None:
    parts = [row[0] for row in voorbeeldstad.rows("SELECT DISTINCT part FROM evidence.sentence WHERE length(part) > 3")]
    public, city = (
        [
            row[0]
            for row in voorbeeldstad.rows(
                f"SELECT reasons FROM layer.building WHERE audience = '{audience}' AND reasons IS NOT NULL"
            )
        ]
        for audience in ("public", "city")
    )
    assert [text for text in city if any(f"({part})" in text for part in parts)]
    assert not [text for text in public if any(f"({part})" in text for part in parts)]


def test_an_unusual_size_is_told_as_what_is_unusual(voorbeeldstad: RunCity) -> None:
    """What stands out may be size, height or shape: the reason says which, in the words of the part."""
    told = voorbeeldstad.rows(
        "SELECT DISTINCT r.text_nl = replace(p.detail_nl, '|', '/') AND r.text_en = replace(p.detail_en, '|', '/'), p.detail_en"
        " FROM score.reason AS r JOIN score.atypicality_part AS p USING (building_id, item) WHERE item = 'outlier'"
    )
    assert len(told) > 2
    assert all(same for same, _ in told), told
