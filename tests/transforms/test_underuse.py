"""The underuse score against an independent calculation, and the promises it makes whatever the evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.workspace import CHECKOUT
from sources._kit.duck import connect
from transforms._kit.header import TableSpec, read_spec
from transforms._kit.reference import read_reference, write_table
from transforms._kit.runner import define_macros

Con = duckdb.DuckDBPyConnection
Item = dict[str, Any]
REFERENCE = read_reference(CHECKOUT / "data" / "reference")
KINDS = {row["kind"]: row for row in REFERENCE.tables["evidence_kind"]}
PARAMETER = {row["name"]: row["value"] for row in REFERENCE.tables["parameter"]}
SCORE: Sequence[TableSpec] = [
    read_spec(CHECKOUT / "transforms" / "score" / f"{n}.sql")
    for n in ("applicable", "silence", "underuse_part", "underuse")
]
AUTHORITIES = {row["authority"]: row for row in REFERENCE.tables["evidence_authority"]}
INVENTORY = {"municipal register": "vacancy", "regional business premises": "business_premises"}


@pytest.fixture(scope="module")
def con() -> Iterator[Con]:
    with connect() as connection:
        connection.execute("CREATE SCHEMA core; CREATE SCHEMA score; CREATE SCHEMA evidence; CREATE SCHEMA reference")
        for name, rows in REFERENCE.tables.items():
            write_table(connection, name, rows)
        define_macros(connection)
        connection.execute("CREATE TABLE core.building AS SELECT 'b' AS building_id")
        connection.execute(
            "CREATE TABLE score.type AS SELECT 'b' AS building_id, 'church' AS type, true AS is_atypical"
        )
        connection.execute("CREATE SCHEMA staging; CREATE TABLE staging.register_row (feed VARCHAR, inventory VARCHAR)")
        connection.execute("CREATE TABLE staging.observation (feed VARCHAR, kind VARCHAR)")
        connection.execute("CREATE OR REPLACE TABLE reference.feed (feed VARCHAR, source VARCHAR, visibility VARCHAR)")
        connection.execute(
            "CREATE TABLE evidence.item (item_id VARCHAR, building_id VARCHAR, kind VARCHAR, authority VARCHAR, "
            "visibility VARCHAR, detail VARCHAR, observed_on DATE, freshness DOUBLE, match_score DOUBLE, effect DOUBLE, "
            "effect_sd DOUBLE, is_legal BOOLEAN, vacant_low DOUBLE, vacant_high DOUBLE)"
        )
        yield connection


item = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(sorted(KINDS)),
        "freshness": st.floats(0, 1),
        "match": st.floats(0, 1),
        "visibility": st.sampled_from(["public", "city"]),
    }
)
items = st.lists(item, max_size=8)


def hear(con: Con, heard: frozenset[str]) -> None:
    """Give the city a public feed of each of these authorities."""
    con.execute("DELETE FROM staging.register_row; DELETE FROM staging.observation; DELETE FROM reference.feed")
    for authority in sorted(heard):
        source = AUTHORITIES[authority]["sources"].split(" ")[0] or "a list"
        con.execute("INSERT INTO reference.feed VALUES (?, ?, 'public')", [authority, source])
        if authority in INVENTORY:
            con.execute("INSERT INTO staging.register_row VALUES (?, ?)", [authority, INVENTORY[authority]])
        elif source == "a list":
            kind = min(name for name, row in KINDS.items() if row["authority"] == authority)
            con.execute("INSERT INTO staging.observation VALUES (?, ?)", [authority, kind])


def mean_square_of_silence(share: float) -> float:
    """By adding up: what silence would be worth, log(1 - s), for shares s from 0 to `share`."""
    steps = [share * (step + 0.5) / 20_000 for step in range(20_000)]
    return sum(math.log(1 - one) ** 2 for one in steps) / len(steps)


def speaks_of_churches(kind: str) -> bool:
    words = AUTHORITIES[KINDS[kind]["authority"]]["applies_to"]
    return words in ("all", "non_residential") or "church" in words.split(" ")


def score(
    con: Con, evidence: Sequence[Item], heard: frozenset[str] = frozenset(AUTHORITIES)
) -> dict[str, dict[str, Any]]:
    """Underuse per audience by the project's own SQL."""
    hear(con, heard)
    con.execute("DELETE FROM evidence.item")
    for number, one in enumerate(evidence):
        kind = KINDS[one["kind"]]
        weight = one["freshness"] * one["match"]
        con.execute(
            "INSERT INTO evidence.item VALUES (?, 'b', ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            [f"i{number}", one["kind"], kind["authority"], one["visibility"], date(2025, 1, 1), one["freshness"],
             one["match"], kind["log_lr"] * weight, kind["log_lr_sd"], kind["is_legal"],
             one.get("vacant_low"), one.get("vacant_high")],
        )  # fmt: skip
    for spec in SCORE:
        con.execute(f"CREATE OR REPLACE TABLE {spec.full_name} AS {spec.sql}")
    found = con.execute("SELECT * FROM score.underuse")
    names = [column[0] for column in found.description or []]
    return {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}


def expected(evidence: Sequence[Item], audience: str) -> float:
    """Log-odds calculated again, from the method's own words."""
    total = math.log(PARAMETER["prior_atypical"] / (1 - PARAMETER["prior_atypical"]))
    seen = [
        one
        for one in evidence
        if (audience == "city" or one["visibility"] == "public") and speaks_of_churches(one["kind"])
    ]
    for authority in {KINDS[one["kind"]]["authority"] for one in seen}:
        effects = [
            KINDS[one["kind"]]["log_lr"] * one["freshness"] * one["match"]
            for one in seen
            if KINDS[one["kind"]]["authority"] == authority
        ]
        group = max([0.0, *effects]) + min([0.0, *effects])
        cap = PARAMETER["authority_cap"]
        total += max(-cap, min(cap, group))
    return total


@settings(max_examples=60, deadline=None)
@given(items)
def test_the_log_odds_equal_an_independent_calculation(con: Con, evidence: list[Item]) -> None:
    found = score(con, evidence)
    for audience in ("public", "city"):
        assert float(found[audience]["log_odds"]) == pytest.approx(expected(evidence, audience), abs=1e-5)
        assert found[audience]["probability"] == pytest.approx(1 / (1 + math.exp(-float(found[audience]["log_odds"]))))


@settings(max_examples=40, deadline=None)
@given(items, item)
def test_more_evidence_of_vacancy_never_lowers_the_probability(con: Con, evidence: list[Item], extra: Item) -> None:
    before = score(con, evidence)["city"]["probability"]
    after = score(con, [*evidence, extra])["city"]["probability"]
    if KINDS[extra["kind"]]["log_lr"] > 0:
        assert after >= before - 1e-9
    else:
        assert after <= before + 1e-9


@settings(max_examples=30, deadline=None)
@given(items)
def test_the_order_of_rows_changes_nothing(con: Con, evidence: list[Item]) -> None:
    forth, back = score(con, evidence), score(con, evidence[::-1])
    for audience in forth:
        assert forth[audience]["log_odds"] == back[audience]["log_odds"]
        assert forth[audience]["band"] == back[audience]["band"]


@settings(max_examples=30, deadline=None)
@given(items)
def test_no_number_is_missing_or_outside_its_range(con: Con, evidence: list[Item]) -> None:
    for row in score(con, evidence).values():
        assert 0 < row["low"] < row["probability"] < row["high"] < 1
        assert not any(isinstance(value, float) and math.isnan(value) for value in row.values())


def test_without_evidence_the_band_is_unknown_and_the_share_is_not_zero(con: Con) -> None:
    row = score(con, [])["city"]
    assert row["band"] == "unknown"
    assert row["vacant_low"] is None
    assert row["vacant_high"] is None
    assert row["oldest_on"] is None


def test_evidence_that_names_no_share_leaves_it_unknown(con: Con) -> None:
    one = {"kind": "osm_disused", "freshness": 1.0, "match": 1.0, "visibility": "public"}
    row = score(con, [one])["public"]
    assert row["positive_count"] == 1
    assert (row["vacant_low"], row["vacant_high"]) == (None, None)


def test_a_registered_fact_is_confirmed_only_while_fresh_and_surely_matched(con: Con) -> None:
    def band(freshness: float, match: float) -> str:
        one = {"kind": "register_active", "freshness": freshness, "match": match, "visibility": "public"}
        return str(score(con, [one])["public"]["band"])

    assert band(1.0, 0.95) == "confirmed"
    assert band(1.0, 0.7) == "likely"
    assert band(0.3, 0.95) == "signal"
    assert band(0.05, 0.95) == "unknown"


WORN = {"kind": "register_appealed", "freshness": 0.0, "match": 1.0, "visibility": "public"}


@settings(max_examples=40, deadline=None)
@example([WORN, {**WORN, "freshness": 1.0}], "municipal register")
@given(items, st.sampled_from(sorted(name for name, row in AUTHORITIES.items() if not row["is_own"])))
def test_losing_a_source_never_narrows_the_interval(con: Con, evidence: list[Item], lost: str) -> None:
    """The interval is made on the log-odds, where evidence adds up; that is where its width is compared."""
    everyone = frozenset(AUTHORITIES)
    before = score(con, evidence, everyone)["city"]["sd"]
    left = [one for one in evidence if KINDS[one["kind"]]["authority"] != lost]
    after = score(con, left, everyone - {lost})["city"]["sd"]
    assert after >= before - 1e-9


def test_who_is_not_heard_leaves_the_interval_as_wide_as_its_unsurest_words(con: Con) -> None:
    everyone = frozenset(AUTHORITIES)
    heard = score(con, [], everyone)["city"]
    unheard = score(con, [], everyone - {"municipal register"})["city"]
    shares = {
        name: row["covers_up_to"]
        for name, row in AUTHORITIES.items()
        if row["applies_to"] in ("all", "non_residential", "church chapel") and not row["is_own"]
    }
    doubt = {name: mean_square_of_silence(share) for name, share in shares.items()}
    assert heard["sd"] == pytest.approx(math.sqrt(PARAMETER["prior_sd"] ** 2 + sum(doubt.values())), abs=1e-4)
    # Its unsurest word for is a listing under appeal (1.5), against it a striking-off (1).
    del doubt["municipal register"]
    assert unheard["sd"] == pytest.approx(
        math.sqrt(PARAMETER["prior_sd"] ** 2 + sum(doubt.values()) + 1.5**2 + 1.0**2), abs=1e-4
    )
    assert unheard["probability"] == heard["probability"]
    assert unheard["low"] < heard["low"] < heard["high"] < unheard["high"]


def test_an_authority_says_nothing_of_a_type_it_does_not_know(con: Con) -> None:
    park = {"kind": "park_parcel_not_in_use", "freshness": 1.0, "match": 1.0, "visibility": "public"}
    row = score(con, [park])["city"]
    assert row["probability"] == pytest.approx(PARAMETER["prior_atypical"])
    assert row["positive_count"] == 0


def test_rows_of_one_authority_add_up_and_two_authorities_may_mean_the_same_rooms(con: Con) -> None:
    row = {"freshness": 1.0, "match": 1.0, "visibility": "public"}
    listed = {"kind": "register_active", "vacant_low": 0.2, "vacant_high": 0.3, **row}
    premises = {"kind": "register_premises", "vacant_low": 0.3, "vacant_high": 0.5, **row}
    found = [score(con, given)["city"] for given in ([listed, listed], [listed, listed, premises])]
    assert [(one["vacant_low"], one["vacant_high"]) for one in found] == [(0.4, 0.6), (0.4, 1.0)]


def test_the_legal_status_stands_apart_from_the_probability(con: Con) -> None:
    old = {"kind": "register_active", "freshness": 0.01, "match": 1.0, "visibility": "public"}
    row = score(con, [old])["public"]
    assert (row["legal_status"], row["band"]) == ("registered", "unknown")
    assert score(con, [])["public"]["legal_status"] is None
    off = {"kind": "register_struck_off", "freshness": 1.0, "match": 1.0, "visibility": "city"}
    assert score(con, [off])["public"]["legal_status"] is None
    assert score(con, [off])["city"]["legal_status"] == "struck_off"
