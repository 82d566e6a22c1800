"""What stands on the sheet of one business park, in words: a template or a screen only has to lay it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from flows.dossier_facts import CITY
from flows.dossier_page import dated_source
from flows.explain import Row
from flows.park.read import WITHHELD, Parks, Sheet
from flows.park.sharing import tell_matches, tell_sharing
from flows.park.words import ParkWords

_HECTARE = 10_000


def page_of_sheet(sheet: Sheet, words: ParkWords) -> Mapping[str, Any]:
    """All the template of a sheet needs."""
    about, park = sheet.about, sheet.park
    rows = about.indicators[str(park["park_id"])]
    known = words.text("known", known=str(sum(row["value"] is not None for row in rows)), count=str(len(rows)))
    facts = list(_facts(sheet, words))
    told = dict(facts)
    return {
        **frame_of(about, words, "park"),
        "title": words.name_of(park),
        "subtitle": [str(park["park_type"] or words.text("no_type")), about.city, str(park["park_id"])],
        "say": known,
        "facts": facts,
        "map": sheet.map,
        "map_title": words.text(
            "map_of_park",
            width=words.grouped(sheet.map.width_m),
            buildings=told[words.text("buildings")],
            parcels=told[words.text("parcels")],
        ),
        "themes": list(tell_themes(rows, about, words)),
        "sharing": tell_sharing(sheet.sharing, words),
        "matches": tell_matches(sheet.matches, words),
    }


def frame_of(about: Parks, words: ParkWords, kind: str) -> Mapping[str, Any]:
    """What a sheet and a comparison share: whose it is, of which day, and from which sources."""
    day = words.day(about.run.get("as_of"))
    run = {
        key: str(about.run.get(name) or words.say("unknown"))
        for key, name in (("run", "run_id"), ("config", "config_version"))
    }
    return {
        "lang": words.lang,
        "words": words,
        "kind": words.text(kind),
        "is_public": about.audience != CITY,
        "seen_on": words.text("seen_on", day=day),
        "sources": [tell_source(row, words) for row in about.sources],
        "made": words.text("made_park", day=day, **run),
    }


def tell_source(row: Row, words: ParkWords) -> str:
    """A source with its day, its licence and the words it asks for."""
    licence = words.code("licence", row["licence"] or "unspecified")
    return words.text(
        "source_line",
        titles=dated_source(row, words),
        licence=licence,
        attribution=row["attribution"] or words.say("unknown"),
    )


def tell_themes(rows: list[Row], about: Parks, words: ParkWords) -> Iterator[tuple[str, list[Mapping[str, str]]]]:
    """Name of each theme and its indicators, every one of them with a text for every column."""
    number = {row["feed"]: place for place, row in enumerate(about.sources, 1)}
    for _theme, own in groupby(rows, key=lambda row: row["theme"]):
        told = list(own)
        yield theme_name(told[0], words), [_indicator(row, number, words) for row in told]


def theme_name(row: Row, words: ParkWords) -> str:
    """A theme as a heading."""
    name = words.own(row, "theme") if row["theme_nl"] else str(row["theme"])
    return name[:1].upper() + name[1:]


def why_unknown(row: Row, words: ParkWords) -> str:
    """Why an indicator has no value."""
    return words.text(WITHHELD) if row["why_nl"] == WITHHELD else words.own(row, "why")


def _indicator(row: Row, number: Mapping[str, int], words: ParkWords) -> Mapping[str, str]:
    unit, is_known = row["unit"], row["value"] is not None
    before = words.text("none")
    if row["previous_value"] is not None:
        value = words.amount(row["previous_value"], unit)
        before = words.text("since", value=value, day=words.day(row["previous_on"]))
    place = words.text("none")
    if row["park_rank"] is not None:
        place = words.text("place_of", place=str(row["park_rank"]), count=str(row["parks_compared"]))
    return {
        "name": words.own(row, "label"),
        "detail": words.own(row, "detail") if row["detail_nl"] else "",
        "value": words.amount(row["value"], unit)
        if is_known
        else words.text("unknown_why", why=why_unknown(row, words)),
        "state": "known" if is_known else "unknown",
        "bounds": words.bounds(row),
        "coverage": words.share(row["coverage"]),
        "place": place,
        "before": before,
        "source_numbers": ", ".join(map(str, sorted({number[feed] for feed in row["feeds"] if feed in number})))
        or words.text("none"),
    }


def hectares(park: Row, words: ParkWords) -> str:
    """Area of a park as people who know parks say it."""
    return words.text("area_of", area=words.grouped(park["area_m2"] / _HECTARE, 1))


def _facts(sheet: Sheet, words: ParkWords) -> Iterator[tuple[str, str]]:
    park, counts = sheet.park, sheet.counts
    yield words.text("area"), hectares(park, words)
    yield words.text("origin"), words.own(park, "origin") if park["origin_nl"] else str(park["park_source"])
    yield words.text("seen"), words.text("seen_of", share=words.share(park["seen_share"]))
    yield (
        words.text("buildings"),
        words.text(
            "buildings_of", count=str(park["building_count"]), idle=str(counts["idle"]), hint=str(counts["hint"])
        ),
    )
    parcels = {key: str(counts[f"parcels_{key}"]) for key in ("idle", "offered", "unknown")}
    yield words.text("parcels"), words.text("parcels_of", count=str(park["parcel_count"]), **parcels)
