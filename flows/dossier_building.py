"""What a building is, on the page of a dossier: sizes with their bounds, heritage, parcel, site, legal status."""

from __future__ import annotations

from collections.abc import Iterator

from flows.dossier_facts import Facts
from flows.dossier_words import PageWords
from flows.explain_building import size_source
from flows.explain_lines import some

Pair = tuple[str, str]


def tell_building(facts: Facts, words: PageWords) -> Iterator[Pair]:
    """Name and value of what is known of the building itself, and of what is not."""
    found, size = facts.explanation, facts.size
    building = found.building
    source = words.code("source", building["source"] or "")
    yield words.text("footprint"), f"{words.measure(building['footprint_m2'], None, None, ' m²')} ({source})"
    for key, unit, mark in (("floors", "", ""), ("height", "_m", " m")):
        value, low, high = (building[f"{key}{end}{unit}"] for end in ("", "_low", "_high"))
        rests = building[f"{key}_source"]
        told = words.measure(value, low, high, mark)
        yield words.text(key), f"{told}, {size_source(rests, words)}" if rests and value is not None else told
    for key, unit, mark in (("floor_area", "_m2", " m²"), ("volume", "_m3", " m³")):
        yield (
            words.text(key),
            words.measure(size.get(f"{key}{unit}"), size.get(f"{key}_low{unit}"), size.get(f"{key}_high{unit}"), mark),
        )
    yield words.label("heritage"), _heritage(facts, words)
    parcels = [f"{row['capakey']} ({words.share(row['share'])})" for row in found.parcels]
    yield words.label("parcel"), some(parcels, words, 2) if parcels else words.text("parcel_unknown")
    if (site := found.site) is not None:
        name, area = site["name"] or site["site_id"], words.number(site["footprint_m2"]) + " m²"
        yield words.label("site"), words.text("site_of", name=name, count=str(site["building_count"]), area=area)
    yield words.text("legal"), _legal(facts, words)


def _heritage(facts: Facts, words: PageWords) -> str:
    found = facts.explanation
    if found.heritage:
        told = [
            words.say("heritage", **{"class": words.code("heritage", row["class"]), "kind": row["label_nl"]})
            for row in found.heritage
        ]
        names = [" - ".join(filter(None, (text, row["name"]))) for text, row in zip(told, found.heritage, strict=True)]
        return some(names, words, 2)
    if facts.is_tagged_heritage:
        return words.text("heritage_tagged")
    return words.text("heritage_none") if facts.criteria.get("heritage") == "none" else words.say("unknown")


def _legal(facts: Facts, words: PageWords) -> str:
    scores, layer = facts.explanation.scores or {}, facts.explanation.layer or {}
    if scores.get("legal_status") is None:
        return words.text("legal_none")
    status, low, high = (
        words.code("legal_status", scores["legal_status"]),
        layer.get("vacant_share_low"),
        layer.get("vacant_share_high"),
    )
    if low is None or high is None:
        return status
    share = words.share(low) if low == high else words.text("between", low=words.share(low), high=words.share(high))
    return words.text("vacant_share", status=status, share=share)
