"""What a city can know and what it cannot, from the roles its feeds play and what the scores ask for; no network, no data.

Nothing here is said city by city: roles come from `roles.toml` and the sources' own TOMLs, who can speak from `evidence_authority`, criteria
from the matrix of reuse. `can` means that a feed is there that may say it, not that it says it of every building.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.city_criteria import KNOWN, UNKNOWN, criteria, known_shares
from flows.city_plays import Plays, Rows, heard_by, kinds_of, played
from sources._kit.city import City
from sources._kit.contract import roles

AUDIENCES = ("city", "public")


@dataclass(frozen=True)
class Gap:
    """Something a city cannot know, and why not."""

    what: str
    why: str


@dataclass(frozen=True)
class Known:
    """What a city can and cannot know.

    `can_confirm`: by audience, whether a building can reach the band `confirmed`. `heard`: feeds by authority. `criteria`: by criterion of
    reuse `known`, `in part` or `unknown`.
    """

    can_confirm: dict[str, bool]
    heard: dict[str, list[str]]
    criteria: dict[str, str]
    can: list[str] = field(default_factory=list)
    cannot: list[Gap] = field(default_factory=list)


def assess(city: City, reference: Rows) -> Known:
    """What the feeds of a city let it know.

    Args:
        city: a city whose feeds are valid.
        reference: reference tables by name.
    """
    plays = played(city)
    spoken = [(play, kinds_of(play, reference)) for play in plays]
    heard = heard_by(spoken, reference)
    legal = {row["kind"] for row in reference["evidence_kind"] if row["is_legal"]}
    can_confirm = {
        name: any(kinds & legal for play, kinds in spoken if name in ("city", play.visibility)) for name in AUDIENCES
    }
    states = criteria(plays, reference)
    known = Known(can_confirm, {name: sorted(feeds) for name, feeds in sorted(heard.items())}, states)
    _say_roles(known, plays)
    _say_register(known, plays)
    if city.boundary is None:
        known.cannot.append(Gap("where the city ends", "no boundary: neighbours within the data are in the layer"))
    for name in AUDIENCES:
        if not can_confirm[name]:
            why = "no register that has the force of law" if not can_confirm["city"] else "it is for the city alone"
            known.cannot.append(Gap(f"no building can be `confirmed` ({name})", why))
    public = {play.feed for play in plays if play.visibility == "public"}
    for row in (one for one in reference["evidence_authority"] if not one["is_own"]):
        feeds = heard.get(row["authority"], set())
        if not feeds & public:
            whom = "" if not feeds else " (public)"
            known.cannot.append(Gap(f"{row['label_en']}: not heard{whom}", f"a doubt about {_speaks_of(row)}"))
    _say_reuse(known, reference)
    return known


def _say_roles(known: Known, plays: list[Plays]) -> None:
    there = {play.role for play in plays}
    for name, role in roles().items():
        if name in there:
            known.can.append(
                f"{role.meaning.split(':')[0].split(';')[0]}: {', '.join(sorted({p.feed for p in plays if p.role == name}))}"
            )
        elif role.without:
            known.cannot.append(Gap(role.without, f"no feed has the role {name}"))


def _say_register(known: Known, plays: list[Plays]) -> None:
    """By which way the rows of each register find their building."""
    there = {play.role for play in plays}
    for play in plays:
        if play.role != "register_row":
            continue
        needs = {"capakey": "parcel", "street": "address"}
        ways = {column: role for column, role in needs.items() if column in play.table.intake}
        lost = [column for column, role in ways.items() if role not in there]
        if lost:
            left = [column for column in ways if column not in lost]
            rest = f"they match by {', '.join(left)} only" if left else "only those with a position of their own match"
            known.cannot.append(
                Gap(
                    f"rows of {play.feed} by {' and '.join(lost)}",
                    f"{rest}: no feed has the role {', '.join(ways[c] for c in lost)}",
                )
            )


def _say_reuse(known: Known, reference: Rows) -> None:
    labels = {row["criterion"]: row["label_en"] for row in reference["reuse_criterion"]}
    unknown = [name for name, state in known.criteria.items() if state == UNKNOWN]
    full = [labels[name] for name, state in known.criteria.items() if state == KNOWN]
    known.can.append(f"criteria of reuse: {', '.join(full) or 'none'}")
    if unknown:
        known.cannot.append(
            Gap(f"criteria of reuse: {', '.join(labels[name] for name in unknown)}", "no feed tells them")
        )
    vetoes = sorted({labels[row["criterion"]] for row in reference["reuse_veto"] if row["criterion"] in unknown})
    if vetoes:
        known.cannot.append(Gap(f"whether a veto stands in the way: {', '.join(vetoes)}", "the criterion is unknown"))
    least = next(row["value"] for row in reference["reuse_limit"] if row["name"] == "known_share_min")
    uses = {row["use"]: row["label_en"] for row in reference["reuse_use"]}
    short = [uses[use] for use, share in known_shares(known.criteria, reference).items() if share < least]
    if short:
        known.cannot.append(
            Gap(f"a best use: {', '.join(short)}", f"less than {least:.0%} of what matters can be known")
        )


def _speaks_of(row: Mapping[str, Any]) -> str:
    spoken = {"all": "every building", "non_residential": "every building that is no dwelling"}
    return spoken.get(row["applies_to"], f"each {row['applies_to'].replace(' ', ', ').replace('_', ' ')}")
