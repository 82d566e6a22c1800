"""park: a sheet that says what the warehouse says of a business park, and all parks of a city beside one another."""

from __future__ import annotations

import re
import shutil
import string
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flows.commands.park import park
from flows.explain_words import LANGUAGES
from flows.objections import add_objections
from flows.park.compare import page_of_parks
from flows.park.find import ParkError, find_park
from flows.park.read import Sheet, read_all, read_sheet
from flows.park.words import ParkWords, park_catalogue
from flows.park.write import html_of_parks, html_of_sheet, write_parks
from flows.workspace import CHECKOUT, Workspace
from sources._kit.duck import connect
from tests.flows.conftest import NAME, Demo, Home, one
from tests.flows.test_dossier import Page

BOTH = pytest.mark.parametrize("lang", LANGUAGES)
IDLE = "SELECT building_id FROM score.park_stock WHERE band IN ('confirmed', 'likely') ORDER BY ALL"
ABSENT = r"\b(None|nan|NaN|inf|Undefined|null)\b"


@pytest.fixture(scope="module")
def sheet(demo: Demo) -> Sheet:
    """A park with buildings that show a sign."""
    park = one(demo.home, f"SELECT park_id FROM score.park_stock WHERE building_id = ({IDLE} LIMIT 1)")
    return read_sheet(NAME, str(park), demo.home.space, "public")


@pytest.fixture
def space(demo: Demo, tmp_path: Path) -> Workspace:
    """A home with the warehouse alone, for a test that changes it."""
    mine = Workspace(tmp_path / "home")
    mine.warehouse(NAME).parent.mkdir(parents=True)
    shutil.copy(demo.home.space.warehouse(NAME), mine.warehouse(NAME))
    shutil.copytree(demo.home.city.parent, mine.sample / NAME)
    return mine


def change(space: Workspace, sql: str) -> None:
    with connect(space.warehouse(NAME)) as con:
        con.execute(sql)


@BOTH
def test_a_sheet_says_of_every_indicator_what_is_known_or_why_not(sheet: Sheet, lang: str) -> None:
    words, page = ParkWords(lang), Page(html := html_of_sheet(sheet, ParkWords(lang)))
    rows = sheet.about.indicators[str(sheet.park["park_id"])]
    assert len(rows) == 33
    assert {row["value"] is None for row in rows} == {True, False}
    # In the order in which the template puts them.
    told = iter(html.split("<tbody>", maxsplit=1)[1].split('<tr><th scope="row">')[1:])
    for row in rows:
        line = Page(next(told)).text
        assert line.startswith(words.own(row, "label"))
        assert (words.amount(row["value"], row["unit"]) if row["value"] is not None else words.own(row, "why")) in line
        assert words.bounds(row) in line
        assert words.share(row["coverage"]) in line
        if row["park_rank"] is not None:
            assert words.text("place_of", place=str(row["park_rank"]), count=str(row["parks_compared"])) in line
    assert page.text.count(words.text("indicative")) == 1
    for source in sheet.about.sources:
        assert source["attribution"] in page.text
    assert (page.loads, re.search(ABSENT, page.text)) == ([], None)
    # Real tables: each with its name, each head with what it is the head of.
    tables = 7 + bool(sheet.sharing) + bool(sheet.matches)
    assert page.tags.count("table") == html.count("<caption>") == tables
    assert html.count("<th ") == html.count("<th scope=")
    assert "<script" not in html


def test_numbers_of_a_sheet_carry_their_unit_and_what_is_unknown_is_no_zero() -> None:
    nl, en = ParkWords("nl"), ParkWords("en")
    assert (nl.amount(0.2149, "share"), en.amount(8008.0, "m2"), nl.amount(0.2673, "m2 per m2")) == (
        "21,5%",
        "8,008 m²",
        "0,27 m²/m²",
    )
    assert (nl.amount(3.0, "stops"), nl.amount(12345.6, "kWp")) == ("3", "12.346 kWp")
    ends = {"unit": "m2", "low": None, "high": None}
    assert nl.bounds(ends) == "geen grens bekend"
    assert nl.bounds({**ends, "low": 0.0}) == "minstens 0 m²"
    assert en.bounds({**ends, "high": 1500.0}) == "at most 1,500 m²"
    assert en.bounds({**ends, "low": 10.0, "high": 1500.0}) == "10 to 1,500 m²"


def test_the_value_before_is_told_with_its_day(sheet: Sheet) -> None:
    rows = [
        {**row, "previous_value": 0.5, "previous_on": date(2025, 3, 4)}
        for row in sheet.about.indicators[sheet.park["park_id"]]
    ]
    changed = replace(sheet, about=replace(sheet.about, indicators={sheet.park["park_id"]: rows}))
    assert "50%, sinds 04/03/2025" in html_of_sheet(changed, ParkWords("nl"))


@BOTH
def test_a_comparison_has_every_park_with_every_indicator_however_many_parks(demo: Demo, lang: str) -> None:
    about, words = read_all(NAME, demo.home.space, "public"), ParkWords(lang)
    html = html_of_parks(about, words)
    assert (html.count("<td "), html.count("<caption>")) == (33 * len(about.parks), 6)
    park, rows = about.parks[0], about.indicators[str(about.parks[0]["park_id"])]
    sixty = [{**park, "park_id": f"x:{place}"} for place in range(60)]
    many = replace(about, parks=sixty, indicators={str(row["park_id"]): rows for row in sixty})
    page = page_of_parks(many, words)
    assert [len(theme["rows"]) for theme in page["themes"]] == [60] * 6
    assert html_of_parks(many, words).count("<td ") == 33 * 60
    # Every letter that stands for a reason is explained.
    notes = dict(page["notes"])
    assert len(notes) == len(page["notes"]) > 1
    used = {
        cell["value"]
        for theme in page["themes"]
        for row in theme["rows"]
        for cell in row["cells"]
        if cell["state"] == "unknown"
    }
    assert used == {words.text("unknown_note", note=letter) for letter in notes}
    assert re.search(ABSENT, Page(html).text) is None


def test_who_objected_since_the_run_is_in_no_public_sheet(demo: Demo, space: Workspace, sheet: Sheet) -> None:
    building, park = str(one(demo.home, IDLE)), str(sheet.park["park_id"])
    change(
        space,
        f"""
        CREATE OR REPLACE TABLE layer.park_sharing AS SELECT audience, '{park}' AS park_id, 'building' AS subject_kind, s AS subject_id, 'Naam ' || s AS subject_name,
            'meeting' AS shared_use, 'vergaderzaal' AS shared_use_label, 'meeting room' AS shared_use_label_en, 1 AS place, 70.0 AS score, 50.0 AS score_low,
            NULL::DOUBLE AS score_high, 'groot' AS why, 'large' AS why_en, NULL AS unknown, NULL AS unknown_en, '' AS sources, '' AS licence, '' AS run_id
        FROM (VALUES ('public'), ('city')) AS a(audience), (VALUES ('{building}'), ('x:free')) AS t(s)
        """,
    )
    change(
        space,
        f"""
        CREATE OR REPLACE TABLE layer.park_match AS SELECT 'public' AS audience, 'p:' || s AS request_id, k AS supply_kind, s AS supply_id,
            '{park}' AS supply_park_id, 'inside' AS scope, 'culture' AS use, 'cultuur' AS use_label, 'culture' AS use_label_en, 60.0 AS score, 40.0 AS score_low,
            80.0 AS score_high, 1 AS place, 'past' AS why, 'fits' AS why_en, '' AS run_id
        FROM (VALUES ('building', '{building}'), ('building', 'x:free'), ('offer', 'o:theirs'), ('offer', 'o:free')) AS t(k, s);
        INSERT INTO staging.space_request BY NAME SELECT 'o:theirs' AS request_id, '{building}' AS building_id
        """,
    )
    before = read_sheet(NAME, park, space, "public")
    assert (len(before.sharing or []), len(before.matches or [])) == (2, 4)
    assert add_objections(NAME, space, [building], date(2025, 6, 2)) == [building]
    after = read_sheet(NAME, park, space, "public")
    assert [row["subject_id"] for row in after.sharing or []] == ["x:free"]
    assert [row["supply_id"] for row in after.matches or []] == ["o:free", "x:free"]
    assert after.counts["idle"] == before.counts["idle"] - 1
    html = html_of_sheet(after, ParkWords("nl"))
    assert building not in html
    assert "Wat hier gedeeld kan worden" in html
    assert after.map.paths["own"] != before.map.paths["own"]
    # A sum of which it was a part would give it away; nobody's number changes for another audience.
    for about in (after.about, read_all(NAME, space, "public")):
        volume = next(row for row in about.indicators[park] if row["indicator"] == "idle_volume_m3")
        assert (volume["value"], volume["low"], volume["high"]) == (None, None, None)
    assert "wordt bij de volgende run opnieuw geteld" in html
    city = read_sheet(NAME, park, space, "city")
    assert (city.counts["idle"] >= before.counts["idle"], len(city.sharing or [])) == (True, 2)
    assert "NIET VOOR PUBLICATIE" in html_of_sheet(city, ParkWords("nl"))


def test_without_those_tables_nothing_is_said_of_sharing(sheet: Sheet) -> None:
    if sheet.sharing is None:
        assert "gedeeld" not in html_of_sheet(sheet, ParkWords("nl"))
    bare = replace(sheet, sharing=[], matches=None)
    assert "Geen gedeeld gebruik gevonden" in html_of_sheet(bare, ParkWords("nl"))


def test_a_park_goes_by_its_id_or_by_a_name_that_only_it_has(demo: Demo, space: Workspace) -> None:
    parks = read_all(NAME, demo.home.space, "public").parks
    first, second = parks[0], parks[1]
    for given in (
        first["park_id"],
        first["park_id"].split(":", 1)[1].upper(),
        first["name"].lower(),
        first["name"][:4],
    ):
        assert find_park(parks, given, NAME) == first
    with pytest.raises(ParkError, match="several business parks") as several:
        find_park([first, {**second, "name": first["name"]}], first["name"], NAME)
    assert str(second["park_id"]) in str(several.value)
    with pytest.raises(ParkError, match="no such business park") as none:
        find_park(parks, "", NAME)
    assert str(first["park_id"]) in str(none.value)
    change(space, "DELETE FROM layer.business_park WHERE audience = 'public'")
    with pytest.raises(ParkError, match="--audience city"):
        read_all(NAME, space, "public")
    change(space, "DELETE FROM layer.business_park")
    with pytest.raises(ParkError, match="this city has no business parks"):
        read_sheet(NAME, "x", space, "city")


def test_what_a_source_writes_stays_text(space: Workspace, sheet: Sheet) -> None:
    nasty = "<script>alert(1)</script>\u202e {{ 7*7 }}"
    change(
        space,
        f"UPDATE layer.business_park SET name = $${nasty}$$, park_type = '<b>x'; UPDATE reference.feed SET attribution = '<b onclick=x>' || feed",
    )
    made = [
        html_of_sheet(read_sheet(NAME, sheet.park["park_id"], space, "public"), ParkWords("en")),
        html_of_parks(read_all(NAME, space, "public"), ParkWords("en")),
    ]
    for html in made:
        page = Page(html)
        assert not {"script", "b onclick"} & set(page.tags)
        assert "<script>alert(1)</script>" in page.text
        assert "\u202e" not in html


def test_the_command_tells_on_the_screen_and_writes_what_it_is_asked_for(
    home: Home, sheet: Sheet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = str(sheet.park["name"])
    assert [park(NAME, given, None, home.space, "public", "nl") for given in (None, name)] == [0, 0]
    said = capsys.readouterr().out
    assert said.count("Een signaal, geen status") == 2
    for row in sheet.about.indicators[str(sheet.park["park_id"])]:
        assert row["label_nl"] in said
    done = home.onbenut("park", NAME, name, "--to", tmp_path / "park.html")
    assert done.returncode == 0, done.stderr
    # The same bytes each time, also from within.
    write_parks(sheet, tmp_path / "again.html", ParkWords("en"))
    assert (tmp_path / "park.html").read_bytes() == (tmp_path / "again.html").read_bytes()
    wrong = home.onbenut("park", NAME, "nergens", "--to", tmp_path / "none.html")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (1, 1)
    assert "name one by its id" in wrong.stderr
    assert not (tmp_path / "none.html").exists()


def test_every_text_is_there_in_both_languages_and_used() -> None:
    parts = [
        *(CHECKOUT / "flows" / "park").glob("*.py"),
        *(CHECKOUT / "flows" / "templates").glob("park*"),
        CHECKOUT / "flows" / "commands" / "park.py",
    ]
    code = "".join(path.read_text(encoding="utf-8") for path in parts)
    for key, text in park_catalogue()["text"].items():
        assert set(text) == set(LANGUAGES), key
        gaps = [{gap for _t, gap, _f, _c in string.Formatter().parse(text[lang]) if gap} for lang in LANGUAGES]
        assert gaps[0] == gaps[1], key
        # A table without rows says so by its own name.
        # A kind is told by the word that the warehouse has for it.
        assert key in ("parcel", "building", "offer") or re.search(rf"[\"']{key.removesuffix('_none')}[\"']", code), key
