"""dossier: one page that says what the warehouse says, to those who may read it, in two languages, as HTML and PDF."""

from __future__ import annotations

import io
import re
import shutil
import string
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pypdf
import pytest

from flows.dossier_facts import DossierError, Facts, read_facts
from flows.dossier_page import page_of
from flows.dossier_render import render_html, render_pdf
from flows.dossier_words import PageWords, dossier_catalogue
from flows.explain_words import LANGUAGES
from flows.plan.tell import tell_risk
from flows.plan.words import PlanWords
from flows.workspace import CHECKOUT
from sources._kit.duck import connect
from tests.flows.conftest import NAME, ONBENUT, Demo, Home, one

BOTH = pytest.mark.parametrize("lang", LANGUAGES)
LOADS = {"src", "srcset", "data", "poster", "background", "action", "formaction", "ping", "xlink:href"}
KINDS = {
    "church with evidence": "type = 'church' AND evidence_count > 0",
    "monument": "heritage = 'beschermd monument'",
    "nothing known": "evidence_count = 0 AND height_m IS NULL AND heritage IS NULL",
    "part of a site": "site_id IS NOT NULL",
}


class Page(HTMLParser):
    """Text of a page, its links, and everything it would fetch."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.links: list[str] = []
        self.loads: list[tuple[str, str | None]] = []
        self.tags: list[str] = []
        self.widths: list[float] = []
        self._skipped = 0
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.parts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._skipped += tag in ("style", "title")
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in LOADS or (name == "href" and tag != "a") or name.startswith("on"):
                self.loads.append((f"{tag} {name}", value))
            elif name == "style":
                self.widths += [float(found) for found in re.findall(r"(?:left|width):(-?[\d.]+)%", value or "")]

    def handle_endtag(self, tag: str) -> None:
        self._skipped -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.parts.append(data)


@pytest.fixture(scope="module")
def spatial(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the made-up city that may be changed, with the spatial extension."""
    copy = shutil.copy(demo.home.space.warehouse(NAME), tmp_path_factory.mktemp("dossier") / f"{NAME}.duckdb")
    with connect(Path(copy)) as connection:
        yield connection


@pytest.fixture
def changed(spatial: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same, put back after the test."""
    spatial.execute("BEGIN")
    yield spatial
    spatial.execute("ROLLBACK")


def pick(con: duckdb.DuckDBPyConnection, where: str, audience: str = "public") -> str:
    query = f"SELECT building_id FROM layer.building WHERE audience = '{audience}' AND {where} ORDER BY evidence_count DESC, building_id"
    row = con.execute(query).fetchone()
    assert row is not None, where
    return str(row[0])


def made(facts: Facts, lang: str) -> Page:
    return Page(render_html(page_of(facts, PageWords(lang))))


@BOTH
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_says_what_the_warehouse_says(spatial: duckdb.DuckDBPyConnection, kind: str, lang: str) -> None:
    building = pick(spatial, KINDS[kind])
    words, facts = PageWords(lang), read_facts(spatial, NAME, building, "public")
    html = render_html(page_of(facts, words))
    page = Page(html)
    row = spatial.execute(
        f"SELECT * FROM layer.building WHERE building_id = '{building}' AND audience = 'public'"
    ).fetchone()
    assert row is not None
    of = dict(zip([column[0] for column in spatial.description], row, strict=True))

    chance = [words.share(of[f"underuse_{end}"], 1) for end in ("probability", "low", "high")]
    assert words.text("interval", value=chance[0], low=chance[1], high=chance[2]) in page.text
    assert words.text("points", value=words.number(of["atypicality_score"], 1)) in page.text
    assert words.number(of["priority_score"], 1) in page.text
    assert f"{words.number(of['footprint_m2'])} m²" in page.text
    for key, unit in (("floor_area", " m²"), ("volume", " m³")):
        value, low, high = (of[f"{key}{end}_{'m2' if key == 'floor_area' else 'm3'}"] for end in ("", "_low", "_high"))
        assert f"{words.text(key)} {words.measure(value, low, high, unit)}" in page.text
    for use, index, low, high in spatial.execute(
        f"SELECT {'label' if lang == 'nl' else 'label_en'}, score, low, high FROM layer.reuse "
        f"WHERE building_id = '{building}' AND audience = 'public'"
    ).fetchall():
        told = words.text("index", score=words.number(index), low=words.number(low), high=words.number(high), known="|")
        assert f"{use} {told.split('|', maxsplit=1)[0]}" in page.text
    for told in (building, of["capakey"], of["address"], of["run_id"], of["config_version"]):
        assert (told or words.text("no_address")) in page.text
    evidence = spatial.execute(
        f"SELECT observed_on, match_score FROM layer.evidence WHERE building_id = '{building}' AND audience = 'public'"
    ).fetchall()
    assert (len(evidence) > 0) is (words.text("matched") in page.text)
    for day, score in evidence[:2]:
        assert words.day(day) in page.text
        assert words.share(score) in page.text
    for (attribution,) in spatial.execute(
        "SELECT attribution FROM layer.source WHERE visibility = 'public'"
    ).fetchall():
        assert attribution in page.text
    assert re.search(r"\b(None|nan|NaN|inf|Undefined|null)\b", page.text) is None
    assert page.loads == []
    assert [link for link in page.links if not link.startswith(("https://", "geo:"))] == []
    assert not {"script", "img", "link", "iframe", "object", "embed", "form"} & set(page.tags)
    assert "url(" not in html
    assert "@import" not in html
    assert all(0 <= width <= 100 for width in page.widths)
    assert page.tags.count("path") >= len(facts.map.paths) + 2


@pytest.mark.parametrize(("kind", "lang"), list(zip(KINDS, LANGUAGES * 2, strict=True)))
def test_a_building_fits_on_one_printed_page_and_its_plan_on_a_second(
    spatial: duckdb.DuckDBPyConnection, kind: str, lang: str
) -> None:
    facts = read_facts(spatial, NAME, pick(spatial, KINDS[kind]), "city")
    html = render_html(page_of(facts, PageWords(lang)))
    read = pypdf.PdfReader(io.BytesIO(render_pdf(html)))
    assert len(read.pages) == 1 + has_plan(facts)
    printed = squeezed(read)
    # Nothing of the page is cut off: every word of it is printed.
    missing = [word for word in Page(html).text.split() if word not in printed and "grb:" not in word]
    assert missing == []
    assert round(float(read.pages[0].mediabox.width)) == 595


def has_plan(facts: Facts) -> bool:
    return facts.plan is not None and facts.plan.scenario["unknown"] is None


@BOTH
def test_the_second_page_is_the_plan_for_the_best_use_and_says_that_it_is_indicative(
    spatial: duckdb.DuckDBPyConnection, lang: str
) -> None:
    planned = pick(spatial, "reuse_best IS NOT NULL AND floor_area_m2 IS NOT NULL")
    facts, words = read_facts(spatial, NAME, planned, "public"), PlanWords(lang)
    assert facts.plan is not None
    best = f"SELECT use, investment_eur FROM plan.scenario JOIN score.reuse USING (building_id, use) WHERE building_id = '{planned}' AND place = 1"
    assert (facts.plan.use, facts.plan.scenario["investment_eur"]) == spatial.execute(best).fetchone()
    html = render_html(page_of(facts, PageWords(lang)))
    second = pypdf.PdfReader(io.BytesIO(render_pdf(html))).pages[1].extract_text()
    assert re.sub(r"\s+", "", second).count(words.text("indicative").replace(" ", "")) == 2
    page = Page(html)
    assert words.plain(facts.plan.scenario["investment_eur"], "eur") in page.text
    for row in facts.plan.risks:
        assert tell_risk(row, words) in page.text
    assert re.search(r"\b(None|nan|NaN|Undefined|null)\b", page.text) is None
    bare = read_facts(spatial, NAME, pick(spatial, "floor_area_m2 IS NULL AND reuse_best IS NOT NULL"), "public")
    assert bare.plan is not None
    assert words.text("indicative") not in made(bare, lang).text


def squeezed(read: pypdf.PdfReader) -> str:
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in read.pages))


def test_a_very_busy_building_takes_two_pages_beside_its_plan_and_loses_nothing(
    changed: duckdb.DuckDBPyConnection,
) -> None:
    first = changed.execute("SELECT building_id FROM evidence.item GROUP BY ALL ORDER BY count(*) DESC, 1").fetchone()
    assert first is not None
    wish = "Bron: uitgever van deze gegevens, toestand op de dag die erbij staat, gratis open data licentie"
    changed.execute(f"UPDATE reference.feed SET attribution = '{wish} ' || feed")
    changed.execute(f"UPDATE core.building SET name = repeat('Zeer lange naam ', 40) WHERE building_id = '{first[0]}'")
    facts = read_facts(changed, NAME, str(first[0]), "city")
    html = render_html(page_of(facts, PageWords("nl")))
    read = pypdf.PdfReader(io.BytesIO(render_pdf(html)))
    assert len(read.pages) <= 2 + has_plan(facts)
    printed = squeezed(read)
    for source in facts.sources:
        assert source["attribution"].replace(" ", "") in printed
    total = len(facts.explanation.evidence)
    more = re.search(r"en (\d+) meer, al geteld", html)
    assert more is not None
    assert int(more[1]) + html.split("<tbody>")[1].count("<tr>") == total


def test_the_public_is_not_told_what_is_for_the_city(spatial: duckdb.DuckDBPyConnection) -> None:
    dwelling = pick(spatial, "type IN ('dwelling', 'apartments')", "city")
    with pytest.raises(DossierError, match="not in the public layer") as refused:
        read_facts(spatial, NAME, dwelling, "public")
    assert "--audience city" in str(refused.value)
    listed = pick(
        spatial,
        "building_id IN (SELECT building_id FROM evidence.item WHERE kind LIKE 'register%' AND visibility = 'public')",
    )
    row = spatial.execute(
        f"SELECT source_id FROM evidence.item WHERE building_id = '{listed}' AND kind LIKE 'register%' AND visibility = 'public'"
    ).fetchone()
    assert row is not None
    public, city = (read_facts(spatial, NAME, listed, audience) for audience in ("public", "city"))
    assert f", {row[0]} " in made(city, "nl").text
    assert f", {row[0]} " not in made(public, "nl").text
    hidden = {"vip_register", "observations"}
    assert {source["feed"] for source in city.sources} - {source["feed"] for source in public.sources} == hidden
    for lang, said in (("nl", "NIET VOOR PUBLICATIE"), ("en", "NOT FOR PUBLICATION")):
        assert said in made(city, lang).text
        assert said not in made(public, lang).text
    # Whoever objected is in no public dossier.
    spatial.execute("BEGIN")
    spatial.execute(f"DELETE FROM layer.building WHERE audience = 'public' AND building_id = '{listed}'")
    with pytest.raises(DossierError):
        read_facts(spatial, NAME, listed, "public")
    spatial.execute("ROLLBACK")


def test_what_a_source_writes_stays_text(changed: duckdb.DuckDBPyConnection) -> None:
    building = pick(changed, "type = 'church'")
    nasty = "<script>alert(1)</script><img src=http://evil.example/x> \"'&{{ 7*7 }}{% raw %}\u202etxt\x07"
    changed.execute(f"UPDATE core.building SET name = $${nasty}$$ WHERE building_id = '{building}'")
    changed.execute("UPDATE core.address SET street = '</text></svg><script>x</script>'")
    changed.execute("UPDATE reference.feed SET attribution = '<b onclick=x>' || feed, licence = 'javascript:x'")
    facts = read_facts(changed, NAME, building, "public")
    html = render_html(page_of(facts, PageWords("en")))
    page = Page(html)
    assert not {"script", "img"} & set(page.tags)
    assert page.loads == []
    assert [link for link in page.links if not link.startswith(("https://", "geo:"))] == []
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}{% raw %}" in page.text
    assert "\u202e" not in html
    assert "\x07" not in html
    assert len(pypdf.PdfReader(io.BytesIO(render_pdf(html))).pages) == 1 + has_plan(facts)


def test_the_map_shows_what_stands_around(spatial: duckdb.DuckDBPyConnection) -> None:
    building = pick(spatial, KINDS["part of a site"])
    facts = read_facts(spatial, NAME, building, "public")
    drawn = facts.map
    assert (drawn.width_m, drawn.scale_m) == (300, 50)
    assert {"self", "parcel", "site"} <= set(drawn.paths)
    assert "other" in read_facts(spatial, NAME, pick(spatial, KINDS["monument"]), "public").map.paths
    numbers = [float(number) for path in drawn.paths.values() for number in re.findall(r"-?[\d.]+", path)]
    assert min(numbers) >= -0.1
    assert max(numbers) <= drawn.width_m + 0.1
    # The building lies in the middle, and its area is the footprint: one metre is one unit.
    rings = [ring for ring in drawn.paths["self"].split("M") if ring.strip(" Z")]
    points = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", rings[0])]
    area = abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True))) / 2
    assert area == pytest.approx(facts.explanation.building["footprint_m2"], rel=0.01)
    xs, ys = ([point[axis] for point in points] for axis in (0, 1))
    assert (min(xs) + max(xs)) / 2 == pytest.approx(drawn.width_m / 2, abs=0.2)
    assert (min(ys) + max(ys)) / 2 == pytest.approx(drawn.height_m / 2, abs=0.2)
    # Belgium: latitude first, as a geo: link wants it.
    assert 49 < facts.place["latitude"] < 52
    assert 2 < facts.place["longitude"] < 7
    link = f"geo:{facts.place['latitude']:.5f},{facts.place['longitude']:.5f}"
    assert link in made(facts, "nl").links


def test_a_building_that_stands_no_longer_has_a_page_for_the_city(spatial: duckdb.DuckDBPyConnection) -> None:
    gone = spatial.execute("SELECT building_id FROM core.building WHERE state <> 'standing' ORDER BY 1").fetchone()
    assert gone is not None
    page = made(read_facts(spatial, NAME, str(gone[0]), "city"), "en")
    assert "There are no scores for this building" in page.text
    assert "None" not in page.text


def test_the_command_writes_both_forms_whole_and_the_same_each_time(home: Home, first: str, tmp_path: Path) -> None:
    for name in ("een.html", "twee.html", "een.PDF", "twee.pdf"):
        seed = {**home.env, "PYTHONHASHSEED": "1" if name.startswith("een") else "2", "ONBENUT_LANG": "nl"}
        words = (ONBENUT, "dossier", NAME, first, "--to", tmp_path / name, "--audience", "city")
        done = home.call("env", *(f"{key}={seed[key]}" for key in ("PYTHONHASHSEED", "ONBENUT_LANG")), *words)
        assert done.returncode == 0, done.stderr
        assert f"dossier of {first} in" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["een.PDF", "een.html", "twee.html", "twee.pdf"]
    assert (tmp_path / "een.html").read_bytes() == (tmp_path / "twee.html").read_bytes()
    pdf = (tmp_path / "een.PDF").read_bytes()
    assert pdf == (tmp_path / "twee.pdf").read_bytes()
    assert not {"/CreationDate", "/ModDate"} & set(pypdf.PdfReader(io.BytesIO(pdf)).metadata or {})
    assert '<html lang="nl">' in (tmp_path / "een.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("building", "file", "said"),
    [
        ("grb:31", "x.html", "no such building"),
        ("$first", "x.docx", "known extensions: .html, .pdf"),
        ("$first", "none/x.pdf", "no such folder"),
        ("$dwelling", "x.html", "--audience city"),
    ],
)
def test_what_cannot_be_made_is_said_and_leaves_nothing(
    home: Home, first: str, tmp_path: Path, building: str, file: str, said: str
) -> None:
    dwelling = "SELECT building_id FROM layer.building WHERE audience = 'city' AND type = 'dwelling' ORDER BY 1"
    building = {"$first": first, "$dwelling": str(one(home, dwelling))}.get(building, building)
    done = home.onbenut("dossier", NAME, building, "--to", tmp_path / file)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_pango_says_which_packages_and_that_html_works(home: Home, tmp_path: Path) -> None:
    broken = tmp_path / "lib"
    broken.mkdir()
    # The loader takes the first file of this name, and this one is no library.
    (broken / "libpango-1.0.so.0").write_bytes(b"")
    building = str(one(home, "SELECT building_id FROM layer.building WHERE audience = 'public' ORDER BY priority_rank"))
    words = ("env", f"LD_LIBRARY_PATH={broken}", ONBENUT, "dossier", NAME, building, "--to")
    done = home.call(*words, tmp_path / "x.pdf")
    assert done.returncode == 1, done.stderr
    for name in ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", ".html"):
        assert name in done.stderr
    assert not (tmp_path / "x.pdf").exists()
    assert home.call(*words, tmp_path / "x.html").returncode == 0


def test_every_text_is_there_in_both_languages_and_used() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder, pattern in (("flows", "dossier_*.py"), ("flows/templates", "dossier*"))
        for path in sorted((CHECKOUT / folder).glob(pattern))
    )
    for group, texts in dossier_catalogue().items():
        for key, text in texts.items():
            assert set(text) == set(LANGUAGES), key
            gaps = [{gap for _t, gap, _f, _c in string.Formatter().parse(text[lang]) if gap} for lang in LANGUAGES]
            assert gaps[0] == gaps[1], key
            assert group == "class" or f'"{key}"' in code, key
    assert set(dossier_catalogue()["class"]) == {row["class"] for row in _reuse()["reuse_class"]}


def _reuse() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "data" / "reference" / "reuse.toml").read_text(encoding="utf-8"))


@BOTH
def test_a_page_is_in_one_language(spatial: duckdb.DuckDBPyConnection, lang: str) -> None:
    other = next(name for name in LANGUAGES if name != lang)
    texts = dossier_catalogue()["text"]
    own = " | ".join(text[lang] for text in texts.values())
    foreign = {
        piece.strip()
        for text in texts.values()
        for piece in re.split(r"\{\w+\}|[:;,.()%]", text[other])
        if len(piece.strip()) > 4 and not re.search(rf"\b{re.escape(piece.strip())}\b", own)
    }
    for kind in KINDS.values():
        page = made(read_facts(spatial, NAME, pick(spatial, kind), "city"), lang)
        # Ids of things, as their source writes them, are no words.
        text = re.sub(r"\bvlaio:\S+", "", page.text)
        assert [piece for piece in foreign if re.search(rf"\b{re.escape(piece)}\b", text)] == []
