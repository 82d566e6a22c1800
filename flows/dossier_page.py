"""What stands on the page of a dossier, in words: facts become sections the template only has to lay out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flows.dossier_building import tell_building
from flows.dossier_evidence import tell_against, tell_evidence
from flows.dossier_facts import CITY, Facts
from flows.dossier_scores import tell_scores, tell_uses
from flows.dossier_words import PageWords
from flows.explain_lines import some
from flows.explain_scores import tell_chance
from flows.plan.tell import tell_plan
from flows.plan.words import PlanWords

# A name that is longer stands in no title; the page stays a page.
_LONGEST = 160
Pair = tuple[str, str]


def page_of(facts: Facts, words: PageWords) -> Mapping[str, Any]:
    """All a template needs: texts of one language, numbers from 0 to 100 for bars, paths of the map."""
    found = facts.explanation
    day = words.day(found.run["as_of"])
    return {
        "lang": words.lang,
        "words": words,
        "kind": words.text("dossier"),
        "is_public": found.audience != CITY,
        "title": _title(facts, words),
        "subtitle": _subtitle(facts, words),
        "seen_on": words.text("seen_on", day=day),
        "band": found.scores["underuse_band"] if found.scores else "unknown",
        "chance": tell_chance(found, words) if found.scores else _no_scores(facts, words),
        "scores": list(tell_scores(found, words)),
        "visit": _visit(facts, words),
        "facts": list(tell_building(facts, words)),
        "map": facts.map,
        "map_title": words.text("map_of", width=words.number(facts.map.width_m)),
        "location": _location(facts, words),
        "evidence": tell_evidence(found, words),
        "against": list(tell_against(found, words)),
        "unheard": some([words.own(row, "label") for row in found.unheard], words) if found.unheard else "",
        "uses": list(tell_uses(found, words)),
        "uses_none": words.say("reuse_none"),
        "steps": [_step(step, words) for step in facts.steps],
        "sources": list(_sources(facts.sources, words)),
        "plan": _plan(facts, words),
        "made": words.text("made", run=found.run["run_id"], day=day, config=found.run["config_version"]),
    }


def _plan(facts: Facts, words: PageWords) -> Mapping[str, Any] | None:
    """The plan for the best use; a page without amounts says nothing that the first page does not."""
    if facts.plan is None or facts.plan.scenario["unknown"] is not None:
        return None
    return tell_plan(facts.plan, facts.explanation.run, PlanWords(words.lang))


def _title(facts: Facts, words: PageWords) -> str:
    name = facts.explanation.building["name"]
    if not name:
        kind = _type(facts, words)
        return kind[:1].upper() + kind[1:]
    return str(name) if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def _type(facts: Facts, words: PageWords) -> str:
    kind = facts.explanation.type
    # Reference data have a type for what is not known; it is no type to a reader.
    return words.text("type_unknown") if kind is None or kind["type"] == "unknown" else words.own(kind, "label")


def _subtitle(facts: Facts, words: PageWords) -> list[str]:
    found, kind = facts.explanation, facts.explanation.type
    # A building without a name is called by its type already.
    told = [_type(facts, words)] if found.building["name"] else []
    if kind is not None and kind["former_type"] not in (None, kind["type"]):
        told.append(words.text("formerly", type=words.own(kind, "former_label")))
    addresses = [" ".join(filter(None, row.values())) for row in found.addresses]
    told.append(some(addresses, words, 2) if addresses else words.text("no_address"))
    return [*told, facts.city, found.building["building_id"]]


def _no_scores(facts: Facts, words: PageWords) -> str:
    return words.text("no_scores", state=words.code("state", facts.explanation.building["state"]))


def _visit(facts: Facts, words: PageWords) -> str:
    scores, layer = facts.explanation.scores, facts.explanation.layer
    if scores is None:
        return ""
    score = words.number(scores["priority_score"], 1)
    if layer is None:
        return words.text("visit_none", score=score)
    return words.text("visit", score=score, rank=str(layer["priority_rank"]), count=str(layer["out_of"]))


def _location(facts: Facts, words: PageWords) -> Mapping[str, str]:
    place = facts.place
    # Digits and a point whatever the language: a navigator reads them.
    earth = f"{place['latitude']:.5f},{place['longitude']:.5f}"
    return {"geo": f"geo:{earth}", "earth": earth, "metres": f"{place['x']:.0f}, {place['y']:.0f} ({facts.crs})"}


def _step(step: Any, words: PageWords) -> Mapping[str, str]:
    return {key: str(getattr(step, f"{key}_{words.lang}")) for key in ("topic", "text", "ask")} | {
        "url": step.url or ""
    }


def dated_source(row: Mapping[str, Any], words: PageWords) -> str:
    """A source and the day of its data; one that `explain` has no words for goes by its own title."""
    name = words.code("source", row["source"])
    title = row["title"] if name == row["source"] else name
    return words.text("source_day", title=title, day=words.day(row["snapshot_on"]))


def _sources(rows: list[dict[str, Any]], words: PageWords) -> Iterator[str]:
    """Every source with its day, licence and the words it asks for; those that ask for the same words share a line."""
    shared: dict[Pair, list[str]] = {}
    for row in rows:
        asked = (words.code("licence", row["licence"] or "unspecified"), row["attribution"] or words.say("unknown"))
        day = dated_source(row, words)
        if day not in shared.setdefault(asked, []):
            shared[asked].append(day)
    for (licence, attribution), days in shared.items():
        yield words.text("source_line", titles=", ".join(days), licence=licence, attribution=attribution)
