"""The ready city files, what is wrong with a bad one, and what a city cannot know; all of it without a network."""

from __future__ import annotations

import json
import shutil
import socket
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyproj import Transformer

from flows.cities import city_paths
from flows.city_check import Checked, Fault, check_files
from flows.city_criteria import IN_PART, KNOWN, UNKNOWN, criteria, known_shares
from flows.city_known import Known, assess
from flows.city_plays import Rows, played
from flows.commands.cities import cities
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import city_files, load_city
from sources._kit.errors import CityFileError
from sources._kit.paging import Asked, boxes
from tests.conftest import SHARED
from transforms._kit.reference import read_reference

READY = [
    "aalst",
    "antwerpen",
    "brugge",
    "genk",
    "gent",
    "hasselt",
    "kortrijk",
    "leuven",
    "mechelen",
    "oostende",
    "utrecht",
]
CITIES = CHECKOUT / "data" / "cities"
SMALL = """name = "Mijnstad"
nis = "99002"
crs = "EPSG:31370"
extent = [150000, 200000, 151000, 201000]
[feeds.osm]
source = "osm_extract"
url = "https://example.org/osm.pbf"
"""
Check = Callable[[str], list[Fault]]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*address: object, **_more: object) -> None:
        raise AssertionError(f"a socket was opened: {address}")

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def reference() -> Rows:
    return read_reference(CHECKOUT / "data" / "reference").tables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project's city files in a folder of the test's own."""
    shutil.copytree(CITIES, tmp_path / "cities")
    return tmp_path / "cities"


@pytest.fixture
def faults(folder: Path, reference: Rows) -> Check:
    """Faults of a city file with this text."""

    def check(text: str) -> list[Fault]:
        file = folder / "mijnstad.toml"
        file.write_text(text, encoding="utf-8")
        (found,) = check_files([file], folder, reference)
        return found.faults

    return check


def known(name: str, reference: Rows, folder: Path = CITIES) -> Known:
    return assess(load_city(name, folder), reference)


def gaps(found: Known) -> str:
    return "\n".join(f"{gap.what} | {gap.why}" for gap in found.cannot)


# ---- the ready cities


def test_the_eleven_ready_cities_pass_without_a_network(reference: Rows, capsys: pytest.CaptureFixture[str]) -> None:
    found = check_files(city_files(CITIES), CITIES, reference)
    assert [one.slug for one in found] == READY
    assert [fault for one in found for fault in one.faults] == []
    assert all(one.known for one in found)
    assert cities(Workspace(CHECKOUT / "nowhere"), as_json=True, check=True) == 0
    said = {one["slug"]: one for one in json.loads(capsys.readouterr().out)}
    assert list(said) == READY
    assert said["hasselt"]["nis"] == "71072"
    assert said["antwerpen"]["known"]["can_confirm"] == {"city": True, "public": False}


def test_no_two_cities_write_the_same_address() -> None:
    own = [
        line
        for path in city_files(CITIES)
        for line in path.read_text(encoding="utf-8").splitlines()
        if "https://" in line
    ]
    addresses = [line for line in own if not line.startswith("#")]
    assert len(addresses) == len(set(addresses)) == 2  # Antwerp's register, the province of Utrecht


def test_codes_are_those_of_the_lists() -> None:
    lists = SHARED / "flanders"
    if not lists.exists():
        pytest.skip(f"no real data: {lists} is absent (ONBENUT_SHARED)")
    named = {one["name"]["nl"]: one["id"] for one in json.loads((lists / "municipalities_2025.json").read_text())}
    post = json.loads((lists / "postal-codes.json").read_text())
    for name in READY[:-1]:
        city = load_city(name, CITIES)
        assert city.nis == named[city.name]
        assert sorted(city.postcodes) == sorted(one["postalCode"] for one in post if one["municipality"] == city.nis)


def test_a_service_is_asked_in_the_extent_of_the_city_in_its_own_crs() -> None:
    city = load_city("gent", CITIES)
    gent = (94_600.0, 185_600.0, 113_700.0, 209_000.0)
    asked = Asked(city, city.feeds["zoning"].service, "gwp", "u", "EPSG:3812", gent)
    ((west, south, east, north),) = [box for box in boxes(asked) if box]
    corners = Transformer.from_crs(31370, 3812, always_xy=True).transform([94600, 113700], [185600, 209000])
    assert (west, east, south, north) == pytest.approx((*corners[0], *corners[1]), abs=5)
    assert west == pytest.approx(94600 + 500_000, abs=200)


# ---- region files


def test_a_region_is_filled_in_and_the_citys_own_keys_hold(folder: Path) -> None:
    (folder / "_r.toml").write_text(
        'crs = "EPSG:31370"\n[feeds.a]\nsource = "be_heritage"\nurl = "https://example.org/{nis}"\nrows_min = 5\n'
        '[feeds.a.service]\nkind = "wfs"\ntypename = "t"\nsort_by = "s"\nfilter = "POST IN ({postcodes})"\n'
        '[feeds.b]\nsource = "be_enterprise"\npath = "kbo/*.zip"\npostcodes = "{postcodes}"\n'
        '[feeds.c]\nsource = "be_address"\nurl = "https://example.org/c"\n'
    )
    (folder / "x.toml").write_text(
        'extends = "r"\nname = "X"\nnis = "99002"\npostcodes = ["1", "2"]\n'
        '[feeds]\nc = false\n[feeds.a]\nrows_min = 9\nservice.sort_by = "id"\n'
    )
    city = load_city("x", folder)
    assert set(city.feeds) == {"a", "b"}
    assert city.feeds["a"].url == "https://example.org/99002"
    assert city.feeds["a"].rows_min == 9
    assert city.feeds["a"].service.filter == "POST IN ('1', '2')"
    assert (city.feeds["a"].service.typename, city.feeds["a"].service.sort_by) == ("t", "id")
    assert city.feeds["b"].settings == {"postcodes": ["1", "2"]}
    assert city.file_of(("feeds", "a", "rows_min")) == folder / "x.toml"
    assert city.file_of(("feeds", "a", "url")) == folder / "_r.toml"


def test_a_path_of_a_region_is_relative_to_the_region(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "elsewhere" / "x.toml"
    file.write_text((folder / "genk.toml").read_text().replace('"flanders"', '["flanders", "kbo"]'))
    path = load_city(file, folder).feeds["enterprises"].path
    assert isinstance(path, str)
    assert (file.parent / path) == folder / "../../hand-over/kbo/KboOpenData_*_Full.zip"


def test_a_feed_of_the_city_in_place_of_the_regions_service_is_a_file(folder: Path) -> None:
    own = (folder / "genk.toml").read_text() + '[feeds.addresses]\npath = "addresses.parquet"\n'
    (folder / "x.toml").write_text(own)
    feed = load_city("x", folder).feeds["addresses"]
    assert (feed.url, feed.service.kind, feed.rows_min) == (None, "file", 5000)


@pytest.mark.parametrize(
    ("change", "file", "column", "value", "what"),
    [
        (("{nis}", "{niscode}"), "_flanders.toml", "feeds.boundary.service.filter", "NISCODE='{niscode}'", "niscode"),
        (('"be_address"', '"be_address"\nbogus = 1'), "_flanders.toml", "feeds.addresses.bogus", "1", "bogus"),
        (("max_age_days = 500", "max_age_days = 0"), "_flanders.toml", "feeds.flood.max_age_days", "0", "greater"),
        (
            ('source = "be_grb"', 'source = "be_grbb"'),
            "_flanders.toml",
            "feeds.grb.source",
            "be_grbb",
            "no such source",
        ),
    ],
)
def test_a_fault_in_a_region_names_the_region(
    folder: Path, reference: Rows, change: tuple[str, str], file: str, column: str, value: str, what: str
) -> None:
    region = folder / "_flanders.toml"
    text = region.read_text()
    assert change[0] in text
    region.write_text(text.replace(change[0], change[1], 1))
    (found,) = check_files([folder / "genk.toml"], folder, reference)
    fault = found.faults[0]
    assert (Path(fault.file).name, fault.key, fault.value) == (file, column, value)
    assert what in fault.what
    assert fault.next_step


def test_a_region_that_is_absent_or_a_feed_that_no_region_has_is_named(folder: Path) -> None:
    text = (folder / "genk.toml").read_text()
    for bad, told in (
        (text.replace("flanders", "flandres"), "no such region file"),
        (text + "[feeds]\nnope = false\n", "taken away"),
    ):
        (folder / "x.toml").write_text(bad)
        with pytest.raises(CityFileError, match=told) as error:
            load_city("x", folder)
        assert error.value.where["file"] == folder / "x.toml"
        assert "flanders" in error.value.next_step or "grb" in error.value.next_step


def test_a_region_is_no_city(folder: Path) -> None:
    with pytest.raises(CityFileError, match="no such city"):
        load_city("_flanders", folder)
    assert not [slug for slug in city_paths(Workspace(CHECKOUT / "nowhere")) if slug.startswith("_")]


# ---- faults


def test_a_good_file_has_no_fault(faults: Check) -> None:
    assert faults(SMALL) == []


@pytest.mark.parametrize(
    ("old", "new", "key", "value", "what", "step"),
    [
        ("[feeds.osm]", "[feeds.osm", "", "", "not TOML", "mend"),
        ("crs =", "crss =", "crss", "EPSG:31370", "Extra inputs", "known keys: name"),
        ("EPSG:31370", "EPSG:4326", "crs", "EPSG:4326", "not a projected CRS", "known keys"),
        ('nis = "99002"', 'nis = "71022"', "nis", "71022", "another code", "71072"),
        ("150000, 200000, 151000, 201000", "150000, 200000, 140000, 201000", "extent", "140000", "west, south", "known keys"),
        ("150000, 200000, 151000, 201000", "650000, 700000, 651000, 701000", "extent", "650000", "outside the area", "metres"),
        ("extent", 'boundary = "no.geojson"\nextent', "boundary", "no.geojson", "no such boundary file", "mend"),
        ("extent", 'boundary = "feed:osm"\nextent', "boundary", "feed:osm", "no municipalities", "be_boundary"),
        ("extent", 'boundary = "feed:nope"\nextent', "feeds", "", "nope, which is not there", "known keys"),
        ("extent", 'objections = "no.csv"\nextent', "objections", "no.csv", "no such file of objections", "mend"),
        ("osm_extract", "osm_extrakt", "feeds.osm.source", "osm_extrakt", "no such source", "osm_extract"),
        ("https://example.org", "htp://example.org", "feeds.osm.url", "htp://example.org/osm.pbf", "no address", "https"),
        ("/osm.pbf", "/{year}/osm.pbf", "feeds.osm.url", "https://example.org/{year}/osm.pbf", "blank", "whole address"),
        ("/osm.pbf\"", "/osm.pbf\"\ncrs = \"EPSG:99\"", "feeds.osm.crs", "EPSG:99", "no coordinate", "EPSG:<code>"),
        ("/osm.pbf\"", "/osm.pbf\"\nnope = 1", "feeds.osm.nope", "1", "Extra inputs", "rows_min"),
        ("/osm.pbf\"", "/osm.pbf\"\nlicence = \"\"", "feeds.osm.licence", "''", "no licence", "as the provider"),
        ("/osm.pbf\"", "/osm.pbf\"\nlicence = \"unspecified\"", "feeds.osm.licence", "unspecified", "no licence that is stated|under no", "city"),
        ("/osm.pbf\"", "/osm.pbf\"\nattribution = \" \"", "feeds.osm.attribution", "' '", "no attribution", "as the provider"),
        ("/osm.pbf\"", "/osm.pbf\"\nvisibility = \"all\"", "feeds.osm.visibility", "all", "pattern", "known keys"),
        ("/osm.pbf\"", "/osm.pbf\"\nmax_age_days = 9\nhard_age_days = 3", "feeds.osm.hard_age_days", "3", "before it warns", "9"),
        ("/osm.pbf\"", "/osm.pbf\"\nrows_min = { roof = 3 }", "feeds.osm.rows_min.roof", "roof", "does not make", "building"),
        ("/osm.pbf\"", "/osm.pbf\"\nservice = { kind = \"wfs\" }", "feeds.osm.service", "wfs", "typename", "sort_by"),
        ("/osm.pbf\"", "/osm.pbf\"\nservice = { kind = \"wfs\", typename = { b = \"x\" }, sort_by = \"y\" }", "feeds.osm.service.typename.b", "b", "does not have", "data"),
        ("/osm.pbf\"", "/osm.pbf\"\n[feeds.two]\nsource = \"osm_extract\"\nurl = \"https://example.org/osm.pbf\"", "feeds.two", "https://example.org/osm.pbf", "same data", "keep one"),
        ("/osm.pbf\"", "/osm.pbf\"\n[feeds.g]\nsource = \"be_grb\"\nurl = { gbgg = \"https://example.org\" }", "feeds.g.url", "gbgg", "part", "gbg"),
        ("/osm.pbf\"", "/osm.pbf\"\nservice = { bbox = \"boundary\" }\n[feeds.a]\nsource = \"be_address\"\nurl = \"https://example.org/a\"\nservice = { bbox = \"boundary\" }", "feeds.a.service.bbox", "boundary", "reads all of a file", "kind"),
        ("extent = [150000, 200000, 151000, 201000]\n[feeds.osm]", "[feeds.osm]\nservice = { bbox = \"boundary\" }", "feeds.osm.service.bbox", "boundary", "the city has none", "extent"),
        ("extent = [150000, 200000, 151000, 201000]\n[feeds.osm]", "[feeds.osm]\nservice = { kind = \"arcgis\", bbox = \"boundary\" }", "feeds.osm.service.bbox", "boundary", "the city has none", "extent"),
    ],
)  # fmt: skip
def test_each_kind_of_fault_names_file_key_value_and_next_step(
    faults: Check, folder: Path, old: str, new: str, key: str, value: str, what: str, step: str
) -> None:
    assert old in SMALL
    found = [fault for fault in faults(SMALL.replace(old, new, 1)) if fault.key == key]
    assert found, faults(SMALL.replace(old, new, 1))
    assert found[0].file == str(folder / "mijnstad.toml")
    assert value in found[0].value
    assert any(part in found[0].what for part in what.split("|"))
    assert step in found[0].next_step


def test_all_faults_are_told_and_not_only_the_first(faults: Check) -> None:
    bad = SMALL.replace("crs =", "crss =").replace("osm_extract", "osm_extrakt").replace("99002", "71022")
    bad += '[feeds.list]\nsource = "vacancy_register"\nurl = "https://example.org/x"\ncolumns = { owner = "a", streat = "b" }\n'
    keys = {fault.key for fault in faults(bad)}
    assert {"crss", "crs", "nis", "feeds.osm.source", "feeds.list.columns"} <= keys


def test_a_city_looked_at_as_it_was_before_the_merger_keeps_its_code(faults: Check) -> None:
    assert faults(SMALL.replace('nis = "99002"', 'nis = "71022"\nas_of = 2020-01-01')) == []


def test_two_files_with_one_slug_or_one_code_are_told(folder: Path, reference: Rows) -> None:
    shutil.copy(folder / "genk.toml", folder / "genk-oud.toml")
    shutil.copy(folder / "genk.toml", folder / "genk_oud.toml")
    found = {one.file.name: one for one in check_files(city_files(folder), folder, reference)}
    told = {(name, fault.key) for name, one in found.items() for fault in one.faults}
    assert told == {("genk.toml", "nis"), ("genk_oud.toml", "nis"), ("genk_oud.toml", "slug")}


def test_a_file_still_to_be_handed_over_is_no_fault_but_is_told(folder: Path, reference: Rows) -> None:
    (folder / "x.toml").write_text((folder / "genk.toml").read_text().replace('"flanders"', '["flanders", "kbo"]'))
    (found,) = check_files([folder / "x.toml"], folder, reference)
    assert found.faults == []
    assert found.waits_for == ["enterprises: ../../hand-over/kbo/KboOpenData_*_Full.zip"]


def test_the_command_ends_with_one_and_prints_every_fault(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkout = folder.parent / "checkout"
    shutil.copytree(CHECKOUT / "data" / "reference", checkout / "data" / "reference")
    (checkout / "data" / "cities").mkdir()
    for name, text in (("a", SMALL.replace("osm_extract", "x")), ("b", SMALL.replace("99002", "71022"))):
        (checkout / "data" / "cities" / f"{name}.toml").write_text(text)
    space = replace(Workspace(folder), checkout=checkout)
    assert cities(space, as_json=False, check=True) == 1
    said = capsys.readouterr()
    assert "no such source" in said.err
    assert "71072" in said.err
    assert "Next step" in said.err
    assert said.out.count("faults: 1") == 2
    assert cities(space, as_json=True, check=True) == 1
    assert [one["faults"][0]["key"] for one in json.loads(capsys.readouterr().out)] == ["feeds.osm.source", "nis"]


# ---- what a city cannot know


def without(folder: Path, name: str, *feeds: str) -> str:
    """The city with feeds taken away."""
    text = (folder / f"{name}.toml").read_text()
    table: dict[str, Any] = tomllib.loads(text)
    own = [feed for feed in feeds if feed in table.get("feeds", {})]
    assert not own
    lines = "".join(f"feeds.{feed} = false\n" for feed in feeds)
    (folder / "less.toml").write_text(text.replace("extends =", f"{lines}extends =", 1))
    return "less"


def test_what_a_city_cannot_know_changes_when_a_feed_is_taken_away(folder: Path, reference: Rows) -> None:
    whole = known("antwerpen", reference, folder)
    assert whole.criteria["zoning"] == whole.criteria["flood"] == whole.criteria["heritage"] == KNOWN
    assert whole.criteria["shops"] == whole.criteria["rail"] == KNOWN
    assert whole.criteria["volume"] == KNOWN
    assert (
        known(without(folder, "antwerpen", "elevation"), reference, folder).criteria["volume"] == IN_PART
    )  # by tags alone
    assert whole.criteria["soil"] == UNKNOWN
    for feed, criterion in (("zoning", "zoning"), ("flood", "flood"), ("heritage", "heritage"), ("osm", "shops")):
        less = known(without(folder, "antwerpen", feed), reference, folder)
        assert less.criteria[criterion] == UNKNOWN
        assert {name for name, state in less.criteria.items() if state != whole.criteria[name]} >= {criterion}
        if feed in ("zoning", "flood"):
            assert f"whether a veto stands in the way: {feed}" in gaps(less)
            assert f"whether a veto stands in the way: {feed}" not in gaps(whole)
    deaf = known(without(folder, "antwerpen", "permits"), reference, folder)
    assert "permit register: not heard" in gaps(deaf)
    assert "permit register: not heard" not in gaps(whole)


def test_without_a_register_of_law_no_building_can_be_confirmed(reference: Rows) -> None:
    assert known("gent", reference).can_confirm == {"city": False, "public": False}
    assert known("antwerpen", reference).can_confirm == {"city": True, "public": False}
    assert known("utrecht", reference).can_confirm == {"city": True, "public": True}
    assert "no building can be `confirmed` (public) | it is for the city alone" in gaps(known("antwerpen", reference))
    assert "municipal register: not heard (public)" in gaps(known("antwerpen", reference))
    assert "confirmed" not in gaps(known("utrecht", reference))


def test_a_register_without_addresses_or_parcels_says_how_its_rows_match(folder: Path, reference: Rows) -> None:
    whole, less = (
        known("antwerpen", reference, folder),
        known(without(folder, "antwerpen", "addresses"), reference, folder),
    )
    assert "rows of vacancy_register" not in gaps(whole)
    assert "rows of vacancy_register by street | only those with a position of their own match" in gaps(less)
    register = folder / "antwerpen.toml"
    register.write_text(
        register.read_text().replace('register_id = "OBJECTID"', 'register_id = "OBJECTID"\ncapakey = "k"')
    )
    less = known(without(folder, "antwerpen", "addresses"), reference, folder)
    assert "rows of vacancy_register by street | they match by capakey only" in gaps(less)


def test_a_timetable_tells_of_stops_in_part_and_of_nothing_else(folder: Path, reference: Rows) -> None:
    (folder / "x.toml").write_text(
        (folder / "genk.toml").read_text().replace('"flanders"', '["flanders", "timetables"]')
    )
    found = known(without(folder, "x", "osm"), reference, folder)
    assert (found.criteria["rail"], found.criteria["stop"]) == (IN_PART, IN_PART)
    assert found.criteria["parking"] == found.criteria["shops"] == UNKNOWN


def test_what_is_for_the_city_alone_tells_no_criterion(folder: Path, reference: Rows) -> None:
    for feed, criterion in (("zoning", "zoning"), ("osm", "shops")):
        text = (folder / "genk.toml").read_text() + f'[feeds.{feed}]\nvisibility = "city"\n'
        (folder / "x.toml").write_text(text)
        assert known("x", reference, folder).criteria[criterion] == UNKNOWN


def test_the_share_that_can_be_known_takes_the_row_of_the_use_itself() -> None:
    rules = [("*", "a", 1.0), ("*", "b", 1.0), ("office", "a", 2.0)]
    matrix: dict[str, list[dict[str, Any]]] = {
        "reuse_use": [{"use": "office"}, {"use": "housing"}],
        "reuse_rule": [{"use": use, "criterion": name, "weight": weight} for use, name, weight in rules],
    }
    assert known_shares({"a": IN_PART, "b": UNKNOWN}, matrix) == {"office": 2 / 3, "housing": 1 / 2}


def test_too_little_known_names_the_uses_without_a_best(reference: Rows, faults: Check, folder: Path) -> None:
    assert faults(SMALL.replace("osm_extract", "be_address")) == []
    found = known("mijnstad", reference, folder)
    assert set(found.criteria.values()) == {UNKNOWN}
    assert "there is no building to look at, and no layer" in gaps(found)
    assert "a best use: meeting and neighbourhood, culture" in gaps(found)


def test_every_measure_says_what_fills_it_in_known_words(reference: Rows) -> None:
    plays = played(load_city("antwerpen", CITIES))
    rows = [
        {"criterion": row["measure"], "kind": row["kind"], "measure": row["measure"]}
        for row in reference["reuse_measure"]
    ]
    assert len(criteria(plays, {**reference, "reuse_criterion": rows})) == len(rows)
    strange = [{**row, "filled_by": "hearsay"} for row in reference["reuse_measure"]]
    with pytest.raises(ValueError, match="hearsay"):
        criteria(plays, {**reference, "reuse_measure": strange})


def test_a_checked_city_with_a_fault_says_nothing_of_what_it_knows(folder: Path, reference: Rows) -> None:
    (folder / "x.toml").write_text(SMALL.replace("osm_extract", "x"))
    found: list[Checked] = check_files([folder / "x.toml"], folder, reference)
    assert found[0].known is None
    assert found[0].feeds == ["osm"]
