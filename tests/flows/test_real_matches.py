"""Made-up adverts against the recorded layer of a real city: who asks for a building like one that is there finds it among the first."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from flows.adverts.take import take_adverts
from flows.cities import find_city
from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from tests.conftest import RECORDED, SHARED, RunCity

DAY = date(2026, 3, 1)
WANTED = """
SELECT s.supply_id, u.use, round(u.usable_m2) AS area, ST_X(e) AS lon, ST_Y(e) AS lat
FROM (SELECT *, ST_Transform(ST_Point(x, y), 'EPSG:31370', 'EPSG:4326', always_xy := true) AS e FROM match.supply) AS s
JOIN match.supply_use AS u USING (supply_kind, supply_id)
WHERE s.supply_kind = 'building'
QUALIFY row_number() OVER (PARTITION BY s.supply_id ORDER BY u.fit_low + u.fit_high DESC, u.use) = 1 ORDER BY s.supply_id
"""


pytestmark = pytest.mark.night
Asked = tuple[RunCity, dict[str, str]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """Antwerpen with an advert drawn after each building with a sign, and as many that want much; advert -> building.

    Its register may be shown here: where only the city may see it, the public hears of no sign, and nothing is matched.
    """
    if not (SHARED / "antwerpen").exists():
        pytest.skip(f"no real data: {SHARED / 'antwerpen'} is absent (ONBENUT_SHARED)")
    folder = tmp_path_factory.mktemp("real")
    text = (
        (RECORDED / "antwerpen_recorded.toml").read_text(encoding="utf-8").replace("../../../shared/data", str(SHARED))
    )
    file = folder / "antwerpen.toml"
    file.write_text(text.replace("rows_min = 500", 'rows_min = 500\nvisibility = "public"'), encoding="utf-8")
    space = Workspace(folder / "home")
    city = load_city(file, space.cities)
    with connect(run_city(city, space, as_of=DAY).warehouse, read_only=True) as con:
        there = con.execute(WANTED).fetchall()
    rng = np.random.default_rng(8)
    adverts: list[dict[str, object]] = []
    meant: dict[str, str] = {}
    for number, (building, use, area, lon, lat) in enumerate(there):
        off = rng.normal(0, 0.0008, 2)
        name = f"p{number:05}"
        meant[f"adverts:{name}"] = building
        room = {} if area is None else {"area_min_m2": round(area * 0.9), "area_max_m2": round(area * 1.1)}
        near = {"lon": round(lon + off[0], 6), "lat": round(lat + off[1], 6), "radius_m": 300}
        adverts.append({"id": name, "kind": "space", "uses": [use], "extent": "whole", **room, **near})
        adverts.append({"id": f"o{number:05}", "kind": "space", "uses": ["culture", "maker"], "nis_code": "11002"})
    (folder / "list.json").write_text(json.dumps(adverts), encoding="utf-8")
    taken = take_adverts(folder / "list.json", city, space, DAY, DAY)
    assert taken.good == len(adverts)
    # The list is a feed of the city from now on.
    outcome = run_city(find_city(str(file), space), space, as_of=DAY)
    return RunCity(outcome, space, connect(outcome.warehouse, read_only=True)), meant


def test_in_antwerpen_who_asks_for_what_is_there_finds_it(asked: Asked) -> None:
    city, meant = asked
    places: dict[tuple[str, str], int | None] = {
        (request, building): place
        for request, building, place in city.rows(
            "SELECT request_id, building_id, request_place FROM match.request_building"
        )
    }
    found = [places.get(pair) for pair in meant.items()]
    assert len(found) >= 15
    assert sum(place is not None and place <= 5 for place in found) / len(found) >= 0.95


def test_in_antwerpen_nothing_but_the_public_layer_is_matched_and_every_building_is_counted(
    asked: Asked,
) -> None:
    city, _ = asked
    assert city.one("SELECT count(*) FROM layer.match") > 0
    assert (
        city.rows(
            "SELECT building_id FROM layer.match EXCEPT SELECT building_id FROM layer.building WHERE audience = 'public'"
        )
        == []
    )
    total = city.one("SELECT count(*) FROM match.supply WHERE supply_kind = 'building'")
    counted = "SELECT request_id FROM match.request_exclusion WHERE supply_kind = 'building' GROUP BY ALL HAVING sum(supply_count) <> "
    assert city.rows(counted + str(total)) == []
