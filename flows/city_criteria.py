"""Which criteria of reuse a city's feeds can tell, from the matrix (data/reference/reuse.toml) and the roles the feeds play."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flows.city_plays import Plays, Rows

UNKNOWN, IN_PART, KNOWN = "unknown", "in part", "known"
STATES = (UNKNOWN, IN_PART, KNOWN)
"""From least to most. In part: for the buildings that a map tags, or by bounds alone."""
_PASSED_ON = re.compile(r'^"?\w+"?$')


def criteria(plays: list[Plays], reference: Rows) -> dict[str, str]:
    """The state of every criterion, in the order of the matrix.

    Raises:
        ValueError: `filled_by` of a measure has a word that is not known here.
    """
    measures = {row["measure"]: row for row in reference["reuse_measure"]}
    found = {}
    for row in reference["reuse_criterion"]:
        if row["kind"] in ("count_near", "nearest_m"):
            found[row["criterion"]] = _near(plays, row["tags"])
        else:
            found[row["criterion"]] = _filled(plays, measures[row["measure"]], reference)
    return found


def known_shares(states: Mapping[str, str], reference: Rows) -> dict[str, float]:
    """By use, the largest share of its weights that can be known of a building."""
    found = {}
    for use in (row["use"] for row in reference["reuse_use"]):
        # The row of the use itself wins over the one for all.
        weights = {
            rule["criterion"]: rule["weight"]
            for name in ("*", use)
            for rule in reference["reuse_rule"]
            if rule["use"] == name
        }
        told = sum(weight for name, weight in weights.items() if states[name] != UNKNOWN)
        found[use] = told / sum(weights.values())
    return found


def _near(plays: list[Plays], tags: str) -> str:
    """A criterion about what lies near; each audience is scored alike, so from public feeds only."""
    wanted = [tuple(pair.split("=", 1)) for pair in tags.split(" ") if not pair.startswith("-")]
    seen = [play for play in plays if play.visibility == "public"]
    tagged = [play for play in seen if play.role in ("place", "facility", "footprint") and _may_hold(play, wanted)]
    if any(key == "landuse" for key, _ in wanted):
        tagged += [play for play in seen if play.role == "land_use"]
    # A feed without places knows of its own things alone: how near the nearest may be stays open.
    maps = {play.feed for play in plays if play.role == "place"}
    return UNKNOWN if not tagged else KNOWN if any(play.feed in maps for play in tagged) else IN_PART


def _may_hold(play: Plays, wanted: Sequence[tuple[str, ...]]) -> bool:
    """Whether the tags of a table may hold one of the pairs: they are passed on, or their expression names it."""
    expression = play.table.intake.get("tags")
    if expression is None:
        return False
    if _PASSED_ON.match(expression):
        return True
    return any(f"'{key}'" in expression and (value == "*" or f"'{value}'" in expression) for key, value in wanted)


def _filled(plays: list[Plays], measure: Mapping[str, Any], reference: Rows) -> str:
    """A measure, by what its `filled_by` says: words joined by `and`, or by `, or` where one is enough."""
    first = re.split(r"[;:]", measure["filled_by"])[0].strip()
    options = [
        [_state(plays, word.strip(), measure, reference) for word in one.split(" and ")] for one in first.split(", or ")
    ]
    return max((min(option, key=STATES.index) for option in options), key=STATES.index)


def _state(plays: list[Plays], word: str, measure: Mapping[str, Any], reference: Rows) -> str:
    there = {play.role for play in plays}
    is_tagged = any(play.role == "footprint" and _may_hold(play, ()) for play in plays)
    by_tags = IN_PART if is_tagged else UNKNOWN
    name = measure["measure"]
    if word == "outline":
        return KNOWN if "footprint" in there else UNKNOWN
    if word == "height":
        return KNOWN if "elevation" in there else by_tags
    if word == "storeys":
        # A height bounds them.
        return IN_PART if "elevation" in there else by_tags
    if word == "OSM start_date":
        return by_tags
    if word == "designations":
        return KNOWN if "designation" in there else UNKNOWN
    if word == "class_rule":
        subjects = {row["subject"] for row in reference["class_rule"] if row["measure"] == name}
        return IN_PART if ("land_use" in subjects & there) or ("outline" in subjects and is_tagged) else UNKNOWN
    if word == "areas, by area_class":
        themes = {row["theme"] for row in reference["area_theme"] if row["measure"] == name}
        told = [play.words("theme", themes) for play in plays if play.role == "area" and play.visibility == "public"]
        return KNOWN if any(told) else UNKNOWN
    raise ValueError(f"reuse_measure {name}: `filled_by` says {word!r}, which flows/city_criteria.py does not know")
