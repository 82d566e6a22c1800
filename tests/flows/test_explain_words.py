"""The words of explain: both languages whole, every code in words, and no English on a Dutch screen."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pytest

from flows.explain import read_explanation
from flows.explain_screen import screen
from flows.explain_words import LANGUAGES, Words, catalogue
from flows.workspace import CHECKOUT
from tests.flows.conftest import NAME

BOTH = pytest.mark.parametrize("lang", LANGUAGES)


def entries(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every text of the catalogue with its path."""
    for key, value in node.items():
        if any(isinstance(text, dict) for text in value.values()):
            yield from entries(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def gaps(text: str) -> set[str]:
    return {name for _text, name, _form, _how in string.Formatter().parse(text) if name}


def test_no_text_lacks_a_language_or_a_gap() -> None:
    texts = dict(entries(catalogue()))
    assert len(texts) > 100
    for path, text in texts.items():
        assert set(text) == set(LANGUAGES), path
        assert all(text.values()), path
        if path != "sentence.heritage":
            assert gaps(text["nl"]) == gaps(text["en"]), path


def test_every_label_and_sentence_is_used_and_every_used_one_is_there() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "flows").glob("explain_*.py"))
    for kind, call in (("label", r"label\("), ("sentence", r"say\(")):
        used = {
            name
            for word in re.findall(rf"{call}\s*([^)]*)", code)
            for name in re.findall(r"""["']([a-z_]+)["']""", word)
        }
        known = set(catalogue()[kind])
        made = {key for key in known if key.startswith("band_")} | {
            "floors",
            "height",
            "floors_unknown",
            "height_unknown",
        }
        made |= {"agreeing", "disagreeing"} if kind == "label" else set()
        assert known - used - made == set()


@pytest.mark.parametrize(
    ("group", "query"),
    [
        ("link", "SELECT DISTINCT kind FROM core.link"),
        ("method", "SELECT DISTINCT method FROM core.link UNION SELECT DISTINCT match_method FROM evidence.item"),
        ("origin", "SELECT DISTINCT origin FROM score.type_vote"),
        (
            "part",
            "SELECT DISTINCT item FROM score.atypicality_part UNION SELECT DISTINCT item FROM score.priority_part",
        ),
        ("tie", "SELECT DISTINCT unnest(string_split(methods, '; ')) FROM score.site_member"),
        ("band", "SELECT DISTINCT underuse_band FROM score.building"),
        ("source", "SELECT DISTINCT source FROM reference.feed"),
        (
            "size",
            "SELECT DISTINCT unnest(string_split(concat_ws('; contradicted by ', height_source, floors_source), '; contradicted by ')) "
            "FROM score.size WHERE height_source IS NOT NULL OR floors_source IS NOT NULL",
        ),
        ("licence", "SELECT DISTINCT licence FROM reference.feed"),
        ("heritage", "SELECT DISTINCT class FROM score.heritage"),
        ("state", "SELECT DISTINCT state FROM core.building"),
        (
            "refusal",
            "SELECT DISTINCT regexp_replace(unnest(string_split(reason, '; ')), '[0-9]+', '#', 'g') FROM core.refusal",
        ),
    ],
)
def test_every_code_of_the_made_up_city_has_words(con: duckdb.DuckDBPyConnection, group: str, query: str) -> None:
    found = {row[0] for row in con.execute(query).fetchall()}
    assert found
    assert found - set(catalogue()["code"][group]) == set()


@BOTH
def test_a_screen_is_in_one_language(con: duckdb.DuckDBPyConnection, lang: str) -> None:
    other = "en" if lang == "nl" else "nl"
    query = "SELECT building_id FROM core.building WHERE hash(building_id) % 50 = 0 OR building_id IN (SELECT building_id FROM evidence.item WHERE effect > 0)"
    foreign = set()
    for path, text in entries(catalogue()):
        # Only what this language has not: "type" is both.
        for piece in re.split(r"\{\w+\}|[:;,.()%]", text[other]):
            if len(piece.strip()) > 3 and not re.search(rf"\b{re.escape(piece.strip())}\b", text[lang]):
                foreign.add((path, piece.strip()))
    own = " | ".join(text[lang] for _path, text in entries(catalogue()))
    foreign = {(path, piece) for path, piece in foreign if not re.search(rf"\b{re.escape(piece)}\b", own)}
    for (building,) in con.execute(query).fetchall()[:60]:
        found = read_explanation(con, NAME, building, "city")
        shown = "\n".join(screen(found, Words(lang), 1000))
        # What a source says in its own words stays: attribution, tags, the register's words for a part, names.
        for source in found.sources:
            shown = shown.replace(source["attribution"], "")
        for item in found.evidence:
            shown = shown.replace(str(item["part"]), "").replace(str(item["detail"]), "")
        for vote in found.votes:
            shown = shown.replace(vote["source"], "")
        for link in found.links:
            shown = shown.replace(link["other_id"], "")
        for row in found.heritage:
            shown = shown.replace(row["label_nl"], "")
        assert [piece for piece in sorted(foreign) if re.search(rf"\b{re.escape(piece[1])}\b", shown)] == [], building


def test_numbers_and_days_are_written_as_the_language_does() -> None:
    dutch, english = Words("nl"), Words("en")
    assert (dutch.number(-1.25, 2, sign=True), english.number(-1.25, 2, sign=True)) == ("-1,25", "-1.25")
    assert (dutch.share(0.986, 1), english.share(0.986, 1)) == ("98,6%", "98.6%")
    assert (dutch.day("2024-05-12"), english.day("2024-05-12")) == ("12/05/2024", "2024-05-12")
    assert dutch.day(None) == "onbekend"
    assert dutch.own({"detail_nl": "uitgangskans 5.0%, versie 2.1"}, "detail") == "uitgangskans 5,0%, versie 2.1"


def test_the_reasons_of_a_refusal_keep_their_numbers_and_what_is_not_known_stays() -> None:
    reason = "no building of the other side within 12 m; something new 3"
    assert Words("nl").reasons(reason) == "geen gebouw van de andere kant binnen 12 m; something new 3"
    assert Words("en").reasons(reason) == reason


def test_a_text_is_the_same_in_both_languages_only_where_the_word_is() -> None:
    same = {path for path, text in entries(catalogue()) if text["nl"] == text["en"]}
    assert same == {
        "label.type",
        "label.site",
        "code.source.osm_extract",
        "code.source.osm_overpass",
        "code.source.be_grb",
        "code.heritage.monument",
        "code.method.capakey",
    }
