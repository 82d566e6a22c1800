"""What a city file says of who publishes, and under which licence its feeds are, reaches the layer as it was said."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flows.feed_steps import Loaded
from flows.table_steps import feed_rows, publisher_row
from sources._kit.city import load_city
from sources._kit.errors import CityFileError
from tests.conftest import RunCity

CITY = """
name = "Ergens"
nis = "99002"
crs = "EPSG:31370"
{publisher}
[feeds.osm]
source = "osm_extract"
path = "osm.osm.pbf"
{licence}
"""
PUBLISHER = """
[publisher]
name = "Stad Ergens"
contact_url = "https://ergens.example/vragen"
"""
ODBL = "https://opendatacommons.org/licenses/odbl/1-0/"


def write(folder: Path, publisher: str = "", licence: str = "") -> Path:
    path = folder / "ergens.toml"
    path.write_text(CITY.format(publisher=publisher, licence=licence), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("licence", "uri"),
    [
        ("", ODBL),
        ('licence = "Open Data Commons Open Database License 1.0"', ODBL),
        ('licence = "made up"', ""),
        ('licence = "made up"\nlicence_uri = "https://ergens.example/licentie"', "https://ergens.example/licentie"),
    ],
)
def test_the_address_of_a_licence_is_of_the_licence_that_holds(tmp_path: Path, licence: str, uri: str) -> None:
    city = load_city(write(tmp_path, licence=licence), tmp_path)
    (row,) = feed_rows(city, [Loaded("osm", "f", {"osm": 1}, date(2026, 3, 1), was_parsed=True, snapshot="s")])
    assert row["licence_uri"] == uri


def test_a_publisher_is_known_where_the_city_file_says_so(tmp_path: Path, voorbeeldstad: RunCity) -> None:
    known = publisher_row(load_city(write(tmp_path, PUBLISHER), tmp_path))
    assert known == {
        "name": "Stad Ergens",
        "url": None,
        "contact_url": "https://ergens.example/vragen",
        "download_url": None,
    }
    assert set(publisher_row(load_city(write(tmp_path), tmp_path)).values()) == {None}
    told = dict(voorbeeldstad.rows("SELECT name, value FROM layer.run"))
    assert (told["publisher"], told["download_url"]) == ("Voorbeeldstad", "https://voorbeeldstad.example/onbenut/")
    assert voorbeeldstad.rows("SELECT count(licence_uri), count(landing_page) > 5 FROM layer.source") == [(0, True)]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'contact_url = "https://ergens.example/vragen"',
            'contact_url = "iemand@ergens.example"',
            "publisher.contact_url",
        ),
        ('contact_url = "https://ergens.example/vragen"', "", "publisher.contact_url"),
        (
            'name = "Stad Ergens"',
            'name = "Stad Ergens"\nemail = "x"',
            "known keys: name, url, contact_url, download_url",
        ),
        (
            'name = "Stad Ergens"',
            'name = "Stad Ergens"\ndownload_url = "https://ergens.example/kaart"',
            "publisher.download_url",
        ),
    ],
)
def test_a_publisher_that_cannot_be_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(CityFileError, match=says):
        load_city(write(tmp_path, PUBLISHER.replace(old, new)), tmp_path)
