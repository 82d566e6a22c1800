"""What a building is, where, and what was linked to it: the sections of a screen that are about the building itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from flows.explain import Explanation, Row
from flows.explain_lines import INDENT, pair, some
from flows.explain_words import Words

_REFUSALS = 3


def describe_building(found: Explanation, words: Words) -> Iterator[str]:
    """What and where it is, with what names its type."""
    building, kind = found.building, found.type
    name = " ".join(filter(None, (building["building_id"], building["name"])))
    about = words.say("seen_from", day=words.day(found.run["as_of"]), audience=words.code("audience", found.audience))
    yield pair(words.label("building"), f"{name}  -  {about}")
    if building["state"] != "standing":
        yield pair(words.label("state"), words.code("state", building["state"]))
    if kind is not None:
        yield from _type(found.votes, kind, words)
    if found.addresses:
        yield pair(
            words.label("address"), some([" ".join(filter(None, row.values())) for row in found.addresses], words)
        )
    if found.parcels:
        parcels = [f"{row['capakey']} ({words.share(row['share'])})" for row in found.parcels]
        yield pair(words.label("parcel"), some(parcels, words))
    yield pair(words.label("size"), "; ".join(_sizes(building, words)))
    if found.site is not None:
        yield pair(words.label("site"), _site(found.site, words))
    if found.heritage:
        heritage = [" - ".join(filter(None, (_heritage(row, words), row["name"]))) for row in found.heritage]
        yield pair(words.label("heritage"), some(heritage, words))


def _type(votes: Sequence[Row], kind: Row, words: Words) -> Iterator[str]:
    label = words.own(kind, "label")
    sure = kind["confidence"]
    yield pair(words.label("type"), label if sure is None else words.say("sure", type=label, share=words.share(sure)))
    for key, agrees in (("agreeing", True), ("disagreeing", False)):
        said = [_vote(vote, words, agrees) for vote in votes if (vote["type"] == kind["type"]) is agrees]
        if said:
            yield pair("  " + words.label(key), some(said, words))
    if kind["former_type"] is not None:
        yield pair(words.label("former"), words.own(kind, "former_label"))


def _site(site: Row, words: Words) -> str:
    return words.say(
        "site",
        id=" ".join(filter(None, (site["site_id"], site["name"]))),
        count=str(site["building_count"]),
        area=words.number(site["footprint_m2"]) + " m²",
        methods=", ".join(words.code("tie", method) for method in site["methods"].split("; ")),
        score=words.number(site["score"], 2),
        probability=words.share(site["probability"], 1),
        band=words.code("band", site["band"]),
    )


def _heritage(row: Row, words: Words) -> str:
    return words.say("heritage", **{"class": words.code("heritage", row["class"]), "kind": row["label_nl"]})


def _vote(vote: Row, words: Words, agrees: bool) -> str:
    source = words.say("was", source=vote["source"]) if vote["is_former"] else vote["source"]
    said = f"{source} ({words.code('origin', vote['origin'])}, {words.number(vote['weight'], 2)})"
    return said if agrees else f"{words.own(vote, 'label')}: {said}"


def _sizes(building: Row, words: Words) -> Iterator[str]:
    source = words.code("source", building["source"] or "")
    source += f", {building['official_type']}" if building["official_type"] else ""
    yield words.say("footprint", area=words.number(building["footprint_m2"]) + " m²", source=source)
    for key, unit in (("floors", ""), ("height", "_m")):
        value, low, high = (building[f"{key}{end}{unit}"] for end in ("", "_low", "_high"))
        if value is None:
            yield words.say(f"{key}_unknown")
        else:
            text = words.number(value, 0 if float(value).is_integer() else 1) + unit.replace("_", " ")
            bounds = {"low": words.number(low, 1), "high": words.number(high, 1)}
            yield words.say(key, value=text, source=size_source(building[f"{key}_source"], words), **bounds)


def size_source(codes: str, words: Words) -> str:
    """What a size rests on, and what contradicts it."""
    source, *others = (words.code("size", code) for code in codes.split("; contradicted by "))
    return words.say("contradicted", source=source, others=", ".join(others)) if others else source


def list_links(found: Explanation, words: Words) -> Iterator[str]:
    """What was linked to it: per kind the other ids, with method and score."""
    for place, (kind, rows) in enumerate(groupby(found.links, key=lambda row: row["kind"])):
        links = [
            f"{row['other_id']} ({words.code('method', row['method'])}, {words.number(row['score'], 3)})"
            for row in rows
        ]
        count = f" ({len(links)})" if len(links) > 1 else ""
        name = words.label("links") if place == 0 else ""
        # Ten addresses say no more than one.
        said = some(links, words, 1 if kind == "address" else 3)
        yield f"{name:<{INDENT}}{words.code('link', kind)}{count}: {said}"


def list_refusals(found: Explanation, words: Words) -> Iterator[str]:
    """Matches with this building that were not made."""
    if found.refusals:
        yield words.label("refusals") + "  " + words.say("refusals", count=str(len(found.refusals)))
        for row in found.refusals[:_REFUSALS]:
            yield f"  {row['row_id'].replace('/', ' / ')}: {words.reasons(row['reason'])}"
        if len(found.refusals) > _REFUSALS:
            yield "  " + words.say("more", count=str(len(found.refusals) - _REFUSALS))


def tell_origin(found: Explanation, words: Words) -> Iterator[str]:
    """By which numbers it was scored, and from which sources, with the words they ask for."""
    config, run = found.run["config_version"], found.run["run_id"]
    yield words.label("origin") + "  " + words.say("judgement", config=config, run=run)
    for row in found.sources:
        yield "  " + words.say(
            "licence",
            source=words.code("source", row["source"]),
            day=words.day(row["snapshot_on"]),
            licence=words.code("licence", row["licence"]),
            attribution=row["attribution"],
        )
