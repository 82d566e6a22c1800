"""Real cities, as they were recorded: what must come out of them, whatever else changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flows.run import run_city
from sources._kit.city import load_city
from tests.conftest import RECORDED, RunCity

Recorded = Callable[..., RunCity]
POLICE_TOWER, LIBRARY, FIRE_STATION = "osm:w169976572", "osm:w232851010", "osm:w230505308"


def scored(city: RunCity, building_id: str) -> tuple[Any, ...]:
    rows = city.rows(
        f"SELECT type, former_type, underuse_band, is_residential FROM score.building WHERE building_id = '{building_id}' AND audience = 'city'"
    )
    assert len(rows) == 1
    return rows[0]


@pytest.fixture(params=["2014-12-01", "2026-03-01"])
def antwerpen(request: pytest.FixtureRequest, recorded: Recorded) -> RunCity:
    return recorded("antwerpen", request.param)


def test_landmarks_with_a_bare_building_tag_get_their_type(antwerpen: RunCity) -> None:
    assert scored(antwerpen, POLICE_TOWER)[0] == "police_station"
    named: dict[str, str] = dict(
        antwerpen.rows(
            "SELECT c.name, s.type FROM core.building AS c JOIN score.building AS s USING (building_id) JOIN staging.footprint AS f "
            "ON f.footprint_id = c.building_id WHERE s.audience = 'city' AND f.tags['building'] = 'yes' AND c.name IS NOT NULL"
        )
    )
    expected = {
        "Justitiepaleis Antwerpen": "courthouse",
        "Bourlaschouwburg": "theatre",
        "Koninklijk Museum voor Schone Kunsten": "museum",
        "Heilig Sacrament": "church",
        "Antwerp Expo": "market_hall",
        "Trammuseum": "museum",
        "Rijkswachtkazerne Sint-Andries": "police_station",
    }
    assert {name: named.get(name) for name in expected} == expected


def test_a_present_use_beside_a_former_one_is_not_flagged(antwerpen: RunCity) -> None:
    assert scored(antwerpen, LIBRARY)[:3] == ("library", "police_station", "unknown")


def test_a_house_that_was_a_fire_station_is_no_dwelling(antwerpen: RunCity) -> None:
    assert scored(antwerpen, FIRE_STATION)[0] == "fire_station"
    assert scored(antwerpen, FIRE_STATION)[3] is False


def test_fresh_osm_evidence_flags_and_old_evidence_fades(recorded: Recorded) -> None:
    fresh, faded = recorded("antwerpen", "2014-12-01"), recorded("antwerpen", "2026-03-01")
    query = (
        f"SELECT underuse_probability FROM score.building WHERE building_id = '{FIRE_STATION}' AND audience = 'city'"
    )
    assert fresh.one(query) > 0.5 > 0.2 > faded.one(query)
    assert scored(fresh, FIRE_STATION)[2] in ("likely", "signal")
    assert scored(faded, FIRE_STATION)[2] == "unknown"


def test_what_the_register_did_not_hold_yet_is_not_known(recorded: Recorded) -> None:
    early, late = recorded("antwerpen", "2014-12-01"), recorded("antwerpen", "2026-03-01")
    query = "SELECT count(*) FROM evidence.item WHERE kind LIKE 'register%'"
    assert 0 < early.one(query) < 0.15 * late.one(query)
    assert str(early.one("SELECT max(observed_on) FROM evidence.item")) <= "2014-12-01"
    assert late.one("SELECT count(*) FROM layer.building WHERE audience = 'city' AND underuse_band = 'confirmed'") > 100


def test_every_row_of_every_feed_is_accounted_for(antwerpen: RunCity) -> None:
    for raw, staged in (
        ("raw.osm_building", "staging.footprint"),
        ("raw.osm_poi", "staging.place"),
        ("raw.osm_land_use", "staging.land_use"),
        ("raw.addresses_address", "staging.address"),
        ("raw.vacancy_register_register", "staging.register_row"),
    ):
        rejected = antwerpen.one(f"SELECT count(*) FROM staging.reject WHERE table_name = '{staged}'")
        assert (
            antwerpen.one(f"SELECT count(*) FROM {raw}") == antwerpen.one(f"SELECT count(*) FROM {staged}") + rejected
        ), staged
    assert antwerpen.one("SELECT count(*) FROM raw.vacancy_register_register") == 1045
    # The two-point ring and the row shifted by one column: kept as rejects, with their reasons.
    assert antwerpen.one("SELECT count(*) FROM staging.reject WHERE feed = 'vacancy_register'") == 1
    decided = antwerpen.one("SELECT count(DISTINCT (feed, register_id)) FROM core.link_register")
    refused = antwerpen.one("SELECT count(*) FROM core.refusal WHERE table_name = 'core.link_register'")
    assert decided + refused == 1044
    assert antwerpen.one("SELECT count(*) FROM core.refusal WHERE reason IS NULL OR reason = ''") == 0


def test_an_unlicensed_register_stays_out_of_the_public_layer(recorded: Recorded) -> None:
    late = recorded("antwerpen", "2026-03-01")
    assert (
        late.one("SELECT count(*) FROM layer.building WHERE audience = 'public' AND underuse_band = 'confirmed'") == 0
    )
    assert late.one("SELECT count(*) FROM layer.evidence WHERE audience = 'public' AND feed = 'vacancy_register'") == 0


def test_an_unchanged_second_run_rebuilds_nothing_and_a_new_day_only_what_depends_on_it(
    recorded: Recorded,
) -> None:
    from datetime import date

    city = recorded("antwerpen", "2026-03-01")
    model = load_city(RECORDED / "antwerpen_recorded.toml", city.space.cities)
    before = city.outcome.warehouse.stat().st_ino
    again = run_city(model, city.space, as_of=date(2026, 3, 1))
    assert again.unchanged
    assert again.tables_built == 0
    assert city.outcome.warehouse.stat().st_ino == before
    assert again.run_id == city.outcome.run_id


def test_leuven_has_no_buildings_and_says_which_products_it_cannot_make(recorded: Recorded) -> None:
    leuven = recorded("leuven", "2026-03-01")
    assert "no feed gave a building outline" in next(iter(leuven.outcome.not_made.values()))
    assert leuven.one("SELECT count(*) FROM core.building") == 0
    assert leuven.one("SELECT count(*) FROM staging.parcel") == 48578
    assert leuven.one("SELECT count(*) FROM staging.designation") == 3152
    assert leuven.one("SELECT count(*) FROM core.address") == 116465
    assert leuven.outcome.warehouse.exists()
    assert leuven.outcome.products
    import pyogrio

    (context,) = leuven.outcome.products.values()
    layers = {name for name, _kind in pyogrio.list_layers(context)}
    assert {"parcels", "designations", "addresses"} <= layers


def test_brugge_keeps_the_official_reference_of_its_osm_buildings(recorded: Recorded) -> None:
    brugge = recorded("brugge", "2020-06-01")
    assert brugge.one("SELECT count(*) FROM staging.footprint WHERE official_id LIKE 'grb:%'") > 2200
    assert brugge.one("SELECT count(*) FROM core.building") > 2400
    factories = brugge.one(
        "SELECT count(*) FROM layer.building WHERE audience = 'public' AND type IN ('factory', 'warehouse')"
    )
    assert factories > 200
