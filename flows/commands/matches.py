"""`onbenut matches`: who could be where, for one advert, one building, or the whole city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from flows.commands.terminal import console, print_json, table
from flows.matches import Matches, read_matches
from flows.workspace import Workspace

_WORDS = {
    "en": {
        "head": "{matched} of {requests} adverts with a building; {buildings} buildings, {offers} offers; {refused} adverts refused",
        "use": "use", "score": "score", "area": "usable m2", "rent": "rent needed, EUR/m2/year", "why": "why this building", "who": "who could live here",
        "advert": "advert", "building": "building", "place": "", "excluded": "Why others cannot be", "count": "how many", "reason": "reason",
        "none": "No building can serve it.", "none_building": "No advert can be served here.", "can be": "can be", "offers": "Offers",
        "partners": "Partners", "brings": "brings what is sought", "offer": "offers", "kind_building": "buildings", "best": "Best of each advert",
        "coalitions": "Coalitions: who could fill it together", "filled": "filled", "members": "members", "plan": "plan it",
        "indicative": "Matches are signals: nobody was asked, and the rent is an indicative calculation.",
    },
    "nl": {
        "head": "{matched} van {requests} zoekertjes met een gebouw; {buildings} gebouwen, {offers} aanbiedingen; {refused} zoekertjes geweigerd",
        "use": "gebruik", "score": "score", "area": "bruikbaar m2", "rent": "nodige huur, EUR/m2/jaar", "why": "waarom dit gebouw", "who": "wie kan hier terecht",
        "advert": "zoekertje", "building": "gebouw", "place": "", "excluded": "Waarom andere niet kunnen", "count": "aantal", "reason": "reden",
        "none": "Geen gebouw kan dienen.", "none_building": "Geen zoekertje kan hier terecht.", "can be": "kan", "offers": "Aanbod",
        "partners": "Partners", "brings": "brengt wat gezocht wordt", "offer": "aanbod", "kind_building": "gebouwen", "best": "Het beste van elk zoekertje",
        "coalitions": "Coalities: wie het samen kan vullen", "filled": "gevuld", "members": "leden", "plan": "plan",
        "indicative": "Matches zijn signalen: niemand is gevraagd, en de huur is een indicatieve berekening.",
    },
}  # fmt: skip


def matches(city: str, space: Workspace, advert: str | None, building: str | None, lang: str, as_json: bool) -> int:
    """Print the matches of the newest run; returns the exit status.

    Raises:
        OnbenutError: the city was not run, or no advert or building goes by the id.
    """
    found = read_matches(city, space, advert=advert, building=building)
    if as_json:
        print_json(found)
        return 0
    out, words = console(), _WORDS[lang]
    counts = found.counts
    out.print(f"{found.city}: {words['head'].format(**counts)} ({found.run_id})", soft_wrap=True)
    _print_pairs(found, lang, words, out)
    if found.offers:
        lines: list[tuple[object, ...]] = [
            (row["request_place"], row["offer_id"], row["use"], _number(row["score"])) for row in found.offers
        ]
        out.print(table(f"\n{words['offers']}", ("", words["advert"], words["use"], words["score"]), lines))
    if found.partners:
        lines = [(row["place"], row["partner_id"], ", ".join(row["brings"])) for row in found.partners]
        out.print(table(f"\n{words['partners']}", ("", words["advert"], words["brings"]), lines))
    if found.excluded:
        lines = [
            (words["kind_building" if row["supply_kind"] == "building" else "offer"], row[f"label_{lang}"] or words["can be"], row["supply_count"])
            for row in found.excluded
        ]  # fmt: skip
        out.print(
            table(f"\n{words['excluded']}", ("", words["reason"], words["count"]), lines, right=(words["count"],))
        )
    _print_coalitions(found, lang, words, out)
    out.print(f"\n{words['indicative']}", soft_wrap=True)
    return 0


def _print_coalitions(found: Matches, lang: str, words: Mapping[str, str], out: Console) -> None:
    if not found.coalitions:
        return
    heads = ("", words["filled"], words["score"], words["rent"], words["members"])
    lines = [
        (
            row["place"], f"{100 * row['fill_share']:.0f}%", _number(row["score"]), _span(row, "rent_low_eur_m2_year", "rent_high_eur_m2_year"),
            ", ".join(f"{one['request_id']} ({one[f'use_{lang}']})" for one in row["members"]),
        )
        for row in found.coalitions
    ]  # fmt: skip
    out.print(table(f"\n{words['coalitions']}", heads, lines, right=(words["filled"],)))
    for row in found.coalitions:
        # Not in the table: a command that is folded cannot be copied.
        out.print(f"{words['plan']}: {row['plan_command']}", soft_wrap=True, highlight=False)


def _print_pairs(found: Matches, lang: str, words: Mapping[str, str], out: Console) -> None:
    if not found.pairs:
        out.print(words["none_building"] if found.building else words["none"])
        return
    is_building = found.building is not None
    place = "building_place" if is_building else "request_place"
    tail = "" if lang == "nl" else "_en"
    columns: Sequence[str] = (
        "", words["advert"], words["building"], words["use"], words["score"], words["area"], words["rent"],
        words["who"] if is_building else words["why"],
    )  # fmt: skip
    lines = [
        (
            row[place] if found.advert or is_building else "",
            row["request_id"],
            row["name"] or row["address"] or row["building_id"],
            row[f"use_{lang}"],
            f"{_number(row['score'])} ({_number(row['low'])} - {_number(row['high'])})",
            _span(row, "usable_low_m2", "usable_high_m2"),
            _span(row, "rent_low_eur_m2_year", "rent_high_eur_m2_year"),
            row[("who" if is_building else "why_building") + tail],
        )
        for row in found.pairs
    ]
    out.print(table("" if found.advert or is_building else f"\n{words['best']}", columns, lines))


def _span(row: Mapping[str, Any], low: str, high: str) -> str:
    return "?" if row[low] is None else f"{_number(row[low])} - {_number(row[high])}"


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f}"
