"""The twelve facts that are most often got wrong: what a naive client makes of each, and what the house makes of it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import requests
from pyproj import Proj, Transformer

from flows.boundary import choose_codes
from flows.workspace import CHECKOUT
from sources import be_business_park, be_enterprise, be_grb, vacancy_register
from sources._kit import fetch, http
from sources._kit.contract import load_source, roles
from sources._kit.fetch import fetch_files
from sources._kit.snapshot import Snapshot, Store
from tests.servers.mapserver import MapServer
from tests.servers.running import Grb
from tests.sources.conftest import Con, Snap, Write, make_city, page, raw, square, taken_in
from tests.sources.loopback import Answer, Loopback, Request
from tests.sources.test_be_business_park import parcel
from tests.sources.test_http import Hurried
from tests.sources.test_vacancy_register import ANTWERP
from tests.sources.tiny_city import Tiny, X, Y, building, run_tiny
from tests.sources.zips import META, address, address_csv, packed

REFERENCE = CHECKOUT / "data" / "reference"
TO_LONLAT = Transformer.from_crs(31370, 4326, always_xy=True)
WFS = {"kind": "wfs", "typename": "gbg", "sort_by": "OIDN", "page_size": 10_000, "format": "geojson"}
GET_FEATURE = {"service": "WFS", "version": "2.0.0", "request": "GetFeature", "typeNames": "gbg"}


def get(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, **keys: Any) -> Snapshot:
    """The GRB's buildings from a WFS."""
    monkeypatch.setattr(http, "PACE", Hurried())
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(backoff_factor=0))
    service = {**WFS, **keys.pop("service", {})}
    city = make_city(folder, {"name": "feed", "source": "be_grb", "url": {"gbg": url}, "service": service, **keys})
    return fetch_files(city, city.feeds["feed"], Store(folder / "store"))


def features(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [one for path in snapshot.paths("gbg") for one in json.loads(path.read_bytes())["features"]]


# --- 1 and 2: a real WFS ---------------------------------------------------------------------------------------------


@pytest.fixture
def saturated(mapserver: MapServer) -> Iterator[Loopback]:
    """MapServer behind GeoServer's habit of counting no further than 10,000."""

    def say(request: Request) -> Answer:
        body = requests.get(mapserver.url, params=request.query, timeout=60).content
        if request.query.get("resultType") == "hits":
            counted = int(body.split(b'numberMatched="')[1].split(b'"')[0])
            body = body.replace(b'numberMatched="%d"' % counted, b'numberMatched="%d"' % min(counted, 10_000))
        return Answer(body)

    server = Loopback(say)
    yield server
    server.close()


def test_1_hits_saturate(saturated: Loopback, grb: Grb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hits = requests.get(saturated.url, params={**GET_FEATURE, "resultType": "hits"}, timeout=60).text
    total = int(hits.split('numberMatched="')[1].split('"')[0])
    asked = {**GET_FEATURE, "outputFormat": "geojson", "count": str(total)}
    naive = requests.get(saturated.url, params=asked, timeout=60).json()["features"]
    assert len(naive) == total == 10_000  # all there is, by what the service says
    ours = features(get(tmp_path, saturated.url, monkeypatch))
    assert len(ours) == len({one["id"] for one in ours}) == len(grb.placed("gbg")) > 12_000


def test_2_the_wrong_order_of_axes_is_a_successful_empty_answer(
    mapserver: MapServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, con: Con
) -> None:
    box = TO_LONLAT.transform_bounds(178_500, 197_000, 180_500, 199_500)
    urn = "urn:ogc:def:crs:EPSG::4326"
    asked = {**GET_FEATURE, "outputFormat": "geojson", "bbox": f"{','.join(map(str, box))},{urn}"}
    naive = requests.get(mapserver.url, params=asked, timeout=60)
    assert (naive.status_code, naive.json()["features"]) == (200, [])
    assert len(features(get(tmp_path, mapserver.url, monkeypatch, crs="EPSG:4326", service={"bbox": box}))) > 1000
    transform = "ST_Transform(ST_Point(150000, 200000), 'EPSG:31370', 'EPSG:4326'{})"
    (naive_x, ours_x) = con.execute(
        f"SELECT ST_X({transform.format('')}), ST_X({transform.format(', always_xy := true')})"
    ).fetchone() or (0, 0)
    assert naive_x > 50 > 5 > ours_x


# --- 3, 4, 6, 7, 9, 12: one small city -------------------------------------------------------------------------------

FEEDS = """
[feeds.more]
source = "be_grb"
path = { adp = "adp.json", knw = "knw.json" }
snapshot_on = 2025-05-01

[feeds.osm]
source = "osm_extract"
path = "osm.osm"
snapshot_on = 2025-05-01

[feeds.register]
source = "vacancy_register"
path = "register.csv"
snapshot_on = 2025-05-01
columns = { register_id = "nr", capakey = "perceel", box_number = "bus", status = "stand", listed_on = "sinds" }
constants = { inventory = "vacancy", kind = "building" }
values = { status = { opname = "active", kennisgeving = "announced" } }
"""
# The first five digits are the cadastral division: 99003 is the city.
CAPAKEY = "24126B0031/00V00{}"
REGISTER = (
    "nr;perceel;bus;stand;sinds\n"
    "1;24126b0031-00v001;1;opname;2024-03-01\n2;24126b0031-00v001;2;opname;2024-03-01\n"
    "3;24126b0031-00v001;3;opname;2024-03-01\n4;24126B0031/00V002;;kennisgeving;2024-03-01\n"
)
TAGS = {
    "disused_right": {"building": "industrial", "disused": "yes"},
    "disused_old": {"disused:building": "industrial"},
    "demolished": {"demolished:building": "industrial"},
    "plain": {"building": "industrial"},
}


def drawn(number: int, x: float, y: float, tags: dict[str, str]) -> str:
    """A square of 20 m as OSM has it, in longitude and latitude."""
    corners = [TO_LONLAT.transform(X + x + a, Y + y + b) for a, b in ((0, 0), (20, 0), (20, 20), (0, 20))]
    nodes = "".join(
        f'<node id="{10 * number + n}" version="1" timestamp="2025-01-01T00:00:00Z" lon="{lon:.9f}" lat="{lat:.9f}"/>'
        for n, (lon, lat) in enumerate(corners)
    )
    refs = "".join(f'<nd ref="{10 * number + n}"/>' for n in (0, 1, 2, 3, 0))
    said = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
    return f'{nodes}|<way id="{number}" version="1" timestamp="2025-01-01T00:00:00Z">{refs}{said}</way>'


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """Buildings 1 and 2 on parcels of the register, 3 a factory in no register, 11 to 14 tagged in OSM, 20 lost in Lambert 2008."""
    grounds = [building(1, 0, 0), building(2, 100, 0), building(3, 200, 0, 50)]
    grounds += [building(11 + n, 100 * n, 300) for n in range(len(TAGS))]
    grounds += [building(20, 500_000, 500_000)]
    day = {"BEGINDATUM": "2020-01-01", "VERSDATUM": "2020-01-01"}
    parcels = [
        {"UIDN": n, "OIDN": n, "VERSIE": 1, **day, "CAPAKEY": CAPAKEY.format(n), "NISCODE": "99003",
         "geometry": square(X + 100 * (n - 1) - 10, Y - 10, 60)}
        for n in (1, 2)
    ]  # fmt: skip
    tower = {**building(1, 400, 0, 15, "watertoren")}
    ways = [drawn(100 + n, 100 * n, 300, tags).split("|") for n, tags in enumerate(TAGS.values())]
    given = {
        "adp.json": page(parcels),
        "knw.json": page([tower]),
        "register.csv": REGISTER,
        "osm.osm": f'<osm version="0.6">{"".join(n for n, _ in ways)}{"".join(w for _, w in ways)}</osm>',
    }
    return run_tiny(tmp_path_factory.mktemp("facts"), grounds, FEEDS, given)


def band(city: Tiny, number: int, audience: str = "city") -> tuple[Any, ...]:
    query = f"SELECT band, probability, low, high FROM score.underuse WHERE building_id = 'grb:{number}' AND audience = '{audience}'"
    return city.rows(query)[0]


def test_3_no_register_row_is_no_sign_of_use(city: Tiny) -> None:
    listed = {row[0] for row in city.rows("SELECT building_id FROM core.link_register")}
    naive = 1.0 if "grb:3" in listed else 0.0
    said, probability, low, high = band(city, 3)
    assert naive == 0.0 < low < probability < high < 1
    assert said == "unknown"
    assert city.one("SELECT count(*) FROM evidence.item WHERE building_id = 'grb:3'") == 0
    # The inventory of business premises is one of its own, and a city without any register has a layer too.
    assert "business_premises" in load_source("vacancy_register").info.reader["vocabulary"]["inventory"]


def test_4_the_key_of_a_parcel_names_a_division_and_has_two_spellings(city: Tiny) -> None:
    keys, spelt = [CAPAKEY.format(n) for n in (1, 2)], [line.split(";")[1] for line in REGISTER.splitlines()[1:]]
    assert not [key for key in keys if key.startswith("99003")]  # naive: the parcels of the city by their first digits
    assert len([key for key in spelt if key in keys]) == 1  # naive: equal texts
    assert set(city.rows("SELECT nis_code, capakey FROM core.parcel")) == {("99003", key) for key in keys}
    links = city.rows("SELECT register_id, building_id FROM core.link_register ORDER BY ALL")
    assert links == [("1", "grb:1"), ("2", "grb:1"), ("3", "grb:1"), ("4", "grb:2")]


def test_5_a_merger_gave_a_city_of_the_same_name_another_code() -> None:
    mergers = tomllib.loads((REFERENCE / "nis_2025.toml").read_text(encoding="utf-8"))["nis_2025"]
    before, since = {"71022", "73040", "11002"}, {"71072", "11002"}
    assert not [code for code in since if code == "71022"]  # naive: the code of last year in a file of today
    assert choose_codes("71022", since, mergers) == ["71072"]
    assert choose_codes("71072", before, mergers) == ["71022", "73040"]
    assert choose_codes("71072", {"71022", "11002"}, mergers) == []  # half a city is not the city


def test_6_lambert_2008_looks_like_lambert_72_and_a_lost_datum_like_a_street_away(city: Tiny, con: Con) -> None:
    # Naive: metres, positive, the area right, within a degree of where the CRS may go.
    (area,) = con.execute(
        f"SELECT ST_Area(ST_GeomFromGeoJSON('{json.dumps(square(X + 5e5, Y + 5e5, 20))}'))"
    ).fetchone() or (0,)
    assert area == 400
    rejected = city.rows(
        "SELECT reason FROM staging.reject WHERE table_name = 'staging.footprint' AND reason LIKE 'coordinate%'"
    )
    assert rejected == [("coordinate outside the area of the CRS",)]
    assert city.one("SELECT count(*) FROM core.building WHERE building_id = 'grb:20'") == 0
    naive = Transformer.from_crs(4326, 31370, always_xy=True).transform(*Proj(31370)(X, Y, inverse=True))
    assert 90 < ((naive[0] - X) ** 2 + (naive[1] - Y) ** 2) ** 0.5 < 120
    # What OSM drew in longitude and latitude lies on the GRB to the centimetre.
    (worst, links) = city.rows("SELECT min(score), count(*) FROM core.link_footprint")[0]
    assert worst > 0.95
    assert links >= len(TAGS) - 1  # what is demolished need not be linked


def test_7_the_tag_beside_the_building_counts_most_and_demolished_is_gone(city: Tiny) -> None:
    naive = {name for name, tags in TAGS.items() if any(":" in key for key in tags)}
    assert naive == {"disused_old", "demolished"}  # any prefix is vacancy: the right tagging missed, the gone one taken
    probability = {name: band(city, 11 + n) for n, name in enumerate(TAGS)}
    assert probability["disused_right"][1] > probability["disused_old"][1] > probability["plain"][1]
    assert "demolished" not in {
        row[0] for row in city.rows("SELECT kind FROM evidence.item WHERE building_id = 'grb:13'")
    }
    assert city.one("SELECT count(*) FROM evidence.item WHERE building_id = 'grb:13' AND kind = 'osm_disused'") == 0


def test_8_the_reference_map_knows_no_use_no_year_and_no_storeys(
    city: Tiny, snap: Snap, write: Write, con: Con
) -> None:
    facts = load_source("be_grb").info.tables["gbg"]
    # Naive: OPNDATUM taken for the year of construction. It is the day of the survey, and no role has a year of one.
    assert facts.intake["observed_on"] == "OPNDATUM"
    assert not {"use", "built_on", "year", "storeys", "floor_area"} & set(roles()["footprint"].columns)
    assert city.rows("SELECT floors, floor_area_m2, height_m FROM score.size WHERE building_id = 'grb:1'") == [
        (None, None, None)
    ]
    assert city.rows("SELECT type FROM score.type WHERE building_id = 'grb:1'") == [("unknown",)]
    # Naive: all buildings are in GBG. The water tower is in KNW, under an OIDN that GBG has too.
    assert city.rows("SELECT building_id FROM core.building WHERE building_id LIKE '%:1' ORDER BY ALL") == [
        ("grb:1",),
        ("grb:knw:1",),
    ]
    # Naive: properties["OPPERVL"]; the service does not give it.
    given = {
        "UIDN": 1,
        "OIDN": 1,
        "VERSIE": 1,
        "BEGINDATUM": "2020-01-01",
        "VERSDATUM": "2020-01-01",
        "CAPAKEY": "k",
        "NISCODE": "1",
    }
    shot = snap("be_grb", adp=write("a.json", page([{**given, "geometry": square(X, Y)}])))
    be_grb.parse(shot, con)
    assert [row["OPPERVL"] for row in raw(con, shot, "adp")] == [None]


def test_9_a_register_has_a_row_per_box_and_a_notice_is_no_listing(
    city: Tiny, snap: Snap, write: Write, con: Con
) -> None:
    naive = len(REGISTER.splitlines()) - 1
    listed = city.rows(
        "SELECT DISTINCT building_id FROM core.link_register JOIN staging.register_row USING (feed, register_id) WHERE status = 'active'"
    )
    assert (naive, listed) == (4, [("grb:1",)])
    legal = city.rows(
        "SELECT kind, count(*) FROM evidence.item WHERE building_id IN ('grb:1', 'grb:2') GROUP BY ALL ORDER BY ALL"
    )
    assert len({kind for kind, _ in legal}) == len(legal) == 2  # a notice is a kind of its own
    assert band(city, 1)[1] > band(city, 2)[1]
    # The same day, in JSON and in CSV.
    columns = ANTWERP["columns"]
    row = dict.fromkeys(columns.values(), "1") | {
        "reg_aard": "gebouw",
        "reg_status": "opname",
        "reg_opnamedatum": 1414022400000,
    }
    shot = snap("vacancy_register", settings=ANTWERP, data=write("a.json", page([{**row, "geometry": None}], crs=None)))
    vacancy_register.parse(shot, con)
    assert [one["listed_on"] for one in taken_in(con, shot, "register")] == ["1414022400000"]


def test_10_a_parcel_in_use_says_nothing_of_its_buildings(snap: Snap, write: Write, con: Con) -> None:
    given = [parcel(n, used, built, 100 * n) for n, (used, built) in enumerate([
        ("inGebruik", "bebouwd"), ("nietInGebruik", "bebouwd"), ("nietInGebruik", "onbebouwd")])]  # fmt: skip
    naive_idle = [one["IDPERC"] for one in given if one["InGebruik"] == "nietInGebruik"]
    naive_used = [one["IDPERC"] for one in given if one["InGebruik"] == "inGebruik"]
    assert (naive_idle, naive_used) == (["P1", "P2"], ["P0"])
    shot = snap("be_business_park", bedrperc=write("p.json", page(given)))
    be_business_park.parse(shot, con)
    tables = load_source("be_business_park").tables(shot.feed)
    said = [
        (row["kind"], row["observation_id"])
        for name, table in tables.items()
        if table.role == "observation"
        for row in taken_in(con, shot, name)
    ]
    # Idle and built on is a signal; in use means some part of it, and is no sign of use of any building.
    assert said == [("park_parcel_not_in_use", "vlaio:parcel:P1")]


def test_11_absence_is_no_evidence_and_a_seat_is_no_use(snap: Snap, write: Write, con: Con) -> None:
    lines = [address("Kerkstraat", "1", kind="REGO"), address("Kerkstraat", "2")]
    naive = {line[9] for line in lines}
    body = packed({"address.csv": address_csv(lines), "meta.csv": META})
    shot = snap("be_enterprise", data=write("kbo.zip", body))
    be_enterprise.parse(shot, con)
    assert {row["HouseNumber"] for row in raw(con, shot, "activity")} == {"2"} != naive
    assert "registered seat: no sign of use" in {row["fate"] for row in raw(con, shot, "tally")}
    # Naive: where no establishment is, nobody is. The source can only say that somebody is; that nobody is, a person must have seen.
    assert {row["kind"] for row in taken_in(con, shot, "activity")} == {"enterprise_active"}
    makers = [
        entry.name
        for entry in files("sources").iterdir()
        if entry.name.endswith(".toml") and "enterprise_none" in entry.read_text()
    ]
    assert makers == ["observation_list.toml"]
    kinds = tomllib.loads((REFERENCE / "evidence.toml").read_text(encoding="utf-8"))["evidence_kind"]
    assert not [one["kind"] for one in kinds if "declined" in one["kind"]]


def test_12_what_may_be_shown_is_settled_before_anything_is_scored(city: Tiny) -> None:
    names = [entry.name[:-5] for entry in files("sources").iterdir() if entry.name.endswith(".toml")]
    infos = {name: load_source(name).info for name in names}
    assert all(info.licence and info.visibility in ("public", "city") for info in infos.values())
    assert {info.visibility for info in infos.values() if info.licence == "unspecified"} == {"city"}
    naive = city.one("SELECT count(*) FROM evidence.item WHERE feed = 'register'")  # every row that there is
    assert naive > 0
    shown = dict(city.rows("SELECT audience, count(*) FILTER (feed = 'register') FROM layer.evidence GROUP BY ALL"))
    assert shown.get("public", 0) == 0 < shown["city"]
    assert band(city, 1, "public")[1] < band(city, 1, "city")[1]
    bands = {row[0] for row in city.rows("SELECT DISTINCT band FROM score.underuse")}
    assert bands <= {"confirmed", "likely", "signal", "unknown"}
