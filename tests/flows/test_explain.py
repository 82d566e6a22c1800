"""explain: the whole reasoning of a building, on one screen in two languages and as JSON that adds up."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from decimal import Decimal
from io import StringIO
from typing import Any

import duckdb
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.commands.terminal import print_json
from flows.explain import Explanation, read_explanation
from flows.explain_screen import screen
from flows.explain_words import LANGUAGES, Words
from flows.workspace import CHECKOUT
from tests.flows.conftest import NAME, ONBENUT, Home, one

SCHEMA = json.loads((CHECKOUT / "docs" / "explain.schema.json").read_text(encoding="utf-8"))
WIDTH, SCREEN = 118, 56
SCORES = {"underuse": "underuse_log_odds", "atypicality": "atypicality_score", "priority": "priority_score"}
AMOUNT = re.compile(r"^ *([+-]\d+[.,]\d{6})  (= )?")


@pytest.fixture(scope="module")
def buildings(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Every building, those with most to tell first."""
    query = "SELECT b.building_id FROM core.building AS b LEFT JOIN layer.building AS l ON l.building_id = b.building_id AND l.audience = 'city' ORDER BY l.priority_rank NULLS LAST, b.building_id"
    return [row[0] for row in con.execute(query).fetchall()]


def body_of(found: Explanation) -> dict[str, Any]:
    """What a machine reads from --json."""
    stream = StringIO()
    print_json(found, stream)
    body: dict[str, Any] = json.loads(stream.getvalue(), parse_float=Decimal, parse_int=Decimal)
    return body


def told(home: Home, *words: object) -> dict[str, Any]:
    done = home.onbenut("explain", NAME, *words, "--json")
    assert done.returncode == 0, done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return body


def test_the_parts_of_every_score_add_up_to_it_exactly(con: duckdb.DuckDBPyConnection) -> None:
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for building, audience, score, value in con.execute(
        "SELECT building_id, audience, score, value FROM score.contribution"
    ).fetchall():
        for one_audience in ("public", "city") if audience == "both" else (audience,):
            sums[building, one_audience, score] += value
    totals = con.execute(
        "SELECT building_id, audience, unnest(['underuse', 'atypicality', 'priority']), "
        "unnest([underuse_log_odds, atypicality_score, priority_score]) FROM score.building"
    ).fetchall()
    totals += con.execute(
        "SELECT building_id, unnest(['public', 'city']), 'reuse:' || use, coalesce(score, 0) FROM score.reuse"
    ).fetchall()
    assert len(totals) > 10_000
    assert [row for row in totals if sums[row[0], row[1], row[2]] != row[3]] == []


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10**6), audience=st.sampled_from(["city", "public"]), near_top=st.booleans())
def test_what_explain_tells_adds_up_fits_a_screen_and_keeps_to_the_schema(
    con: duckdb.DuckDBPyConnection, buildings: list[str], place: int, audience: str, near_top: bool
) -> None:
    building = buildings[place % (400 if near_top else len(buildings))]
    found = read_explanation(con, NAME, building, audience)
    body = body_of(found)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(body, default=float)))
    if body["scores"] is not None:
        for parts, score in SCORES.items():
            assert sum((part["value"] for part in body[parts]), Decimal(0)) == body["scores"][score], parts
    for use in body["reuse"]:
        assert sum((part["value"] for part in use["parts"]), Decimal(0)) == (use["score"] or 0)
    for lang in LANGUAGES:
        lines = screen(found, Words(lang), WIDTH)
        assert len(lines) <= SCREEN
        assert max(map(len, lines)) <= WIDTH
        assert_the_amounts_add_up(lines)


def assert_the_amounts_add_up(lines: list[str]) -> None:
    """Of the lines as printed, those before each `=` add up to it."""
    total = Decimal(0)
    for match in filter(None, map(AMOUNT.match, lines)):
        value = Decimal(match[1].replace(",", "."))
        if match[2]:
            assert value == total
            value = -total
        total += value
    assert total == 0


def test_every_item_of_evidence_is_told_with_what_it_adds(home: Home, first: str) -> None:
    body = told(home, first)
    assert len(body["evidence"]) == one(home, f"SELECT count(*) FROM evidence.item WHERE building_id = '{first}'")
    assert {row["item_id"] for row in body["evidence"]} == {row["item"] for row in body["underuse"]} - {"prior"}
    screened = " ".join(home.onbenut("explain", NAME, first).stdout.split())
    strongest = body["evidence"][0]
    assert strongest["source_id"] in screened
    assert "not counted twice" in screened
    assert re.search(r"and \d+ more, together", screened)
    for words in ("UNDERUSE", "80% interval", "ATYPICALITY", "REUSE", "PRIORITY", "LINKS", "ORIGIN", "number"):
        assert words in screened


def test_links_show_method_score_and_both_ids(home: Home, first: str) -> None:
    body = told(home, first)
    assert len(body["links"]) == one(home, f"SELECT count(*) FROM core.link WHERE building_id = '{first}'")
    screened = home.onbenut("explain", NAME, first).stdout
    register = [row for row in body["links"] if row["kind"] == "register_row"]
    assert f"register row ({len(register)}): {register[0]['other_id']} (address, exact, " in screened
    addresses = [row for row in body["links"] if row["kind"] == "address"]
    assert f"address ({len(addresses)}): {addresses[0]['other_id']} (inside, 1.000); and" in screened


def test_a_refused_match_shows_with_its_candidate(home: Home) -> None:
    outline = str(one(home, "SELECT row_id FROM core.refusal WHERE table_name = 'core.link_footprint' ORDER BY row_id"))
    for side in outline.split("/"):
        assert outline in [row["row_id"] for row in told(home, side)["refusals"]]
    register, building = str(
        one(
            home,
            "SELECT r.row_id || ' ' || a.building_id FROM core.refusal AS r JOIN core.address AS a "
            "ON contains(r.value, '; ' || a.street || ' ' || a.house_number || ' at') "
            "WHERE r.table_name = 'core.link_register' AND a.building_id IS NOT NULL ORDER BY ALL",
        )
    ).split()
    assert register in [row["row_id"] for row in told(home, building)["refusals"]]
    assert register.replace("/", " / ") in home.onbenut("explain", NAME, building).stdout
    assert register not in [row["row_id"] for row in told(home, building, "--audience", "public")["refusals"]]


def test_the_public_does_not_see_what_is_for_the_city(home: Home) -> None:
    query = "SELECT building_id FROM evidence.item WHERE visibility = 'city' ORDER BY building_id"
    building = str(one(home, query))
    assert "city" in {item["visibility"] for item in told(home, building)["evidence"]}
    public = told(home, building, "--audience", "public")
    assert {item["visibility"] for item in public["evidence"]} <= {"public"}
    assert not [part for part in public["underuse"] if "vip_register" in part["item"]]
    assert "register_row" not in {link["kind"] for link in public["links"]}
    assert {source["visibility"] for source in public["sources"]} == {"public"}
    for item in public["evidence"]:
        assert not item["kind"].startswith("register") or (item["part"], item["source_id"]) == (None, None)


def test_a_language_is_asked_for_or_set(home: Home, first: str) -> None:
    dutch = home.onbenut("explain", NAME, first, "--lang", "nl").stdout
    assert "ONDERBENUT" in dutch
    assert home.onbenut("explain", NAME, first).stdout.count("UNDERUSE") == 1
    told_by_setting = home.call("env", "ONBENUT_LANG=nl", ONBENUT, "explain", NAME, first).stdout
    assert told_by_setting == dutch
    assert home.onbenut("explain", NAME, first, "--lang", "fr").returncode == 2


def test_a_building_goes_by_its_id_without_issuer_and_by_its_osm_elements(home: Home) -> None:
    query = (
        "SELECT building_id || ' ' || osm_ids[1] FROM core.building WHERE is_official AND len(osm_ids) = 1 ORDER BY 1"
    )
    building, outline = str(one(home, query)).split()
    way = outline.removeprefix("osm:")
    forms = [
        building.removeprefix("grb:"),
        outline,
        way,
        f"way/{way[1:]}",
        f"https://www.openstreetmap.org/way/{way[1:]}",
    ]
    assert {told(home, form)["building"]["building_id"] for form in forms} == {building}


def test_a_building_that_is_gone_has_no_scores(home: Home) -> None:
    building = str(one(home, "SELECT building_id FROM core.building WHERE state = 'gone' ORDER BY building_id"))
    assert told(home, building)["scores"] is None
    assert "No scores: this building is gone" in home.onbenut("explain", NAME, building).stdout


def test_an_unknown_building_is_answered_with_the_nearest_ids(home: Home, first: str) -> None:
    done = home.onbenut("explain", NAME, first + "9")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no such building")
    assert first in done.stderr
