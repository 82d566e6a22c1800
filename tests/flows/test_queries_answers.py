"""docs/queries.md: answers against a second calculation, in Python, from tables the query did not read or read otherwise."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import Any

import duckdb
import pytest
import shapely

from sources._kit.duck import extension_path
from tests.flows.queries_page import read_page

QUESTIONS = read_page()
Row = dict[str, Any]


@pytest.fixture(scope="module")
def loaded(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.load_extension(str(extension_path()))
    return con


def table(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    found = con.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def answer(con: duckdb.DuckDBPyConnection, number: int) -> list[Row]:
    return table(con, QUESTIONS[number].sql)


def layer(con: duckdb.DuckDBPyConnection, audience: str) -> list[Row]:
    return [row for row in table(con, "FROM layer.building") if row["audience"] == audience]


def atypical(con: duckdb.DuckDBPyConnection) -> list[Row]:
    types = {row["type"] for row in table(con, "FROM reference.building_type") if row["is_atypical"]}
    return [row for row in layer(con, "city") if row["type"] in types]


def test_the_least_sure_are_the_highest_of_those_with_a_wide_interval(loaded: duckdb.DuckDBPyConnection) -> None:
    wide = [row for row in layer(loaded, "public") if row["underuse_high"] - row["underuse_low"] > 0.5]
    wide.sort(key=lambda row: row["priority_rank"])
    every = table(loaded, QUESTIONS[1].sql.replace("LIMIT 20", ""))
    assert [row["building_id"] for row in every] == [row["building_id"] for row in wide]
    assert answer(loaded, 1) == every[:20]


def test_parcels_with_several_atypical_buildings(loaded: duckdb.DuckDBPyConnection) -> None:
    main = {row["building_id"]: row["capakey"] for row in table(loaded, "FROM core.link_parcel") if row["is_main"]}
    expected = Counter(main[row["building_id"]] for row in atypical(loaded) if row["building_id"] in main)
    found = {row["capakey"]: row["buildings"] for row in answer(loaded, 4)}
    assert found == {key: count for key, count in expected.items() if count > 1 and key is not None}


def test_floor_area_falls_apart_into_signal_never_observed_and_no_signal(loaded: duckdb.DuckDBPyConnection) -> None:
    rows = atypical(loaded)
    found = {row["building_type"]: row for row in answer(loaded, 6)}
    signal = sum(row["floor_area_m2"] or 0 for row in rows if row["underuse_band"] != "unknown")
    known = sum(row["floor_area_m2"] or 0 for row in rows)
    total = found.pop("all types")
    assert total["buildings"] == len(rows) == sum(row["buildings"] for row in found.values())
    assert total["percent_with_signal"] == pytest.approx(100 * signal / known, abs=0.06)
    for row in (total, *found.values()):
        parts = [row[name] or 0 for name in ("with_signal_m2", "never_observed_m2", "no_signal_m2")]
        assert sum(parts) == pytest.approx(row["known_m2"] or 0, abs=2)
        assert row["signal_but_unknown"] <= min(row["floor_area_unknown"], row["buildings_with_signal"])


def test_idle_volume_is_volume_times_probability_times_share(loaded: duckdb.DuckDBPyConnection) -> None:
    # Of all atypical buildings, lest so small a city hold none with a signal and a known volume.
    rows = atypical(loaded)
    known = [row for row in rows if row["volume_m3"] is not None]

    def share(row: Row, *ends: str) -> float:
        given = [row[f"vacant_share_{end}"] for end in ends]
        return 1.0 if None in given else sum(given) / len(given)

    total = table(loaded, QUESTIONS[7].sql.replace(" AND underuse_band <> 'unknown'", ""))[0]
    assert known
    assert total["volume_unknown"] == len(rows) - len(known)
    for name, ends, volume, chance in (
        ("idle_at_least_m3", ("low",), "volume_low_m3", "underuse_low"),
        ("idle_expected_m3", ("low", "high"), "volume_m3", "underuse_probability"),
        ("idle_at_most_m3", ("high",), "volume_high_m3", "underuse_high"),
    ):
        assert total[name] == pytest.approx(sum(row[volume] * row[chance] * share(row, *ends) for row in known), abs=1)


def test_convents_near_a_station_by_brute_force(loaded: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT building_id, ST_AsWKB(geom)::BLOB AS wkb FROM core.building"
    shapes = {row["building_id"]: shapely.from_wkb(row["wkb"]) for row in table(loaded, query)}
    rows = layer(loaded, "city")
    stations = [shapes[row["building_id"]] for row in rows if row["type"] == "station"]
    expected = {}
    for row in rows:
        if row["type"] == "monastery" and (row["floor_area_high_m2"] is None or row["floor_area_high_m2"] >= 2000):
            near = min(shapely.distance(shapes[row["building_id"]], station) for station in stations)
            if near <= 3000:  # farther than the page asks, lest nothing be compared
                expected[row["building_id"]] = round(near)
    wider = table(loaded, QUESTIONS[8].sql.replace(", 500)", ", 3000)"))
    assert {row["building_id"]: row["distance_m"] for row in wider} == expected
    assert expected


def test_register_rows_without_a_building_are_those_no_link_names(loaded: duckdb.DuckDBPyConnection) -> None:
    every = {(row["feed"], row["register_id"]) for row in table(loaded, "FROM staging.register_row")}
    linked = {(row["feed"], row["register_id"]) for row in table(loaded, "FROM core.link_register")}
    found = [(row["feed"], row["register_id"]) for row in answer(loaded, 10)]
    assert set(found) == every - linked
    assert len(found) == len(set(found)) > 0


def test_one_source_alone_and_sources_that_contradict(loaded: duckdb.DuckDBPyConnection) -> None:
    authority = {row["item_id"]: row["authority"] for row in table(loaded, "FROM evidence.item")}
    ups: dict[str, set[str]] = defaultdict(set)
    downs: dict[str, set[str]] = defaultdict(set)
    for row in table(loaded, "FROM score.underuse_part WHERE audience = 'city'"):
        if row["item"] in authority and row["value"]:
            (ups if row["value"] > 0 else downs)[row["building_id"]].add(authority[row["item"]])
    shown = {row["building_id"] for row in layer(loaded, "city")}
    banded = {row["building_id"] for row in atypical(loaded) if row["underuse_band"] != "unknown"}
    assert {row["building_id"] for row in answer(loaded, 12)} == {b for b in banded if len(ups[b]) == 1}
    both = {b for b in shown if ups[b] and downs[b] and len(ups[b] | downs[b]) > 1}
    assert {row["building_id"] for row in answer(loaded, 13)} == both


def test_what_weighs_adds_up_to_the_scores(loaded: duckdb.DuckDBPyConnection) -> None:
    first = next(row for row in layer(loaded, "public") if row["priority_rank"] == 1)
    sums: dict[str, float] = defaultdict(float)
    for row in table(loaded, QUESTIONS[14].sql.replace("round(value, 2)", "value")):
        assert row["building_id"] == first["building_id"]
        sums[row["score"]] += float(row["adds"])
    assert sums["atypicality"] == pytest.approx(first["atypicality_score"])
    assert sums["priority"] == pytest.approx(first["priority_score"])
    assert 1 / (1 + math.exp(-sums["underuse"])) == pytest.approx(first["underuse_probability"], abs=1e-6)


def test_ages_moves_and_what_was_not_used(loaded: duckdb.DuckDBPyConnection) -> None:
    told = Counter(row["feed"] for row in table(loaded, "FROM layer.evidence") if row["audience"] == "city")
    assert {row["feed"]: row["observations"] for row in answer(loaded, 15) if row["observations"]} == told
    bands = {
        (row["audience"], row["building_id"]): row["underuse_band"] for row in table(loaded, "FROM layer.building")
    }
    moved = {b for audience, b in bands if audience == "public" and bands["city", b] != bands["public", b]}
    assert {row["building_id"] for row in answer(loaded, 16)} == moved
    not_used = len(table(loaded, "FROM staging.reject")) + len(table(loaded, "FROM core.refusal"))
    assert sum(row["row_count"] for row in answer(loaded, 17)) == not_used > 0


def test_facts_that_are_known_and_what_openstreetmap_gave(loaded: duckdb.DuckDBPyConnection) -> None:
    rows = atypical(loaded)
    columns = {"vacant_share": "vacant_share_low", "any_observation_of_use": "newest_evidence_on"}
    for row in answer(loaded, 18):
        fact = str(row["fact"])
        known = sum(one[columns.get(fact, fact)] is not None for one in rows)
        assert (row["known"], row["buildings"]) == (known, len(rows))
    told = defaultdict(set)
    for row in table(loaded, "FROM layer.evidence"):
        if row["audience"] == "public" and row["effect"] > 0:
            told[row["building_id"]].add(row["authority"])
    signals = [row["building_id"] for row in layer(loaded, "public") if row["underuse_band"] != "unknown"]
    found = answer(loaded, 19)
    assert sum(row["buildings"] for row in found) == len(signals)
    assert sum(row["signal_from_osm_alone"] for row in found) == sum(told[b] == {"OpenStreetMap"} for b in signals)
