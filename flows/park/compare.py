"""All business parks of a city beside one another: a table a theme, so that two parks read as well as sixty."""

from __future__ import annotations

from collections.abc import Mapping
from string import ascii_lowercase
from typing import Any

from flows.explain import Row
from flows.park.read import Parks
from flows.park.tell import frame_of, hectares, theme_name, why_unknown
from flows.park.words import ParkWords
from transforms.publish.park_terms import THEMES

_HEADLINES = ("idle_parcel_share", "offered_m2", "idle_volume_m3", "solar_kwp", "stops_500m", "establishments")
"""What a screen has room for."""


def page_of_parks(about: Parks, words: ParkWords) -> Mapping[str, Any]:
    """All the template of the comparison needs; reasons of unknown values are letters that the foot of the page explains."""
    letters: dict[str, str] = {}
    themes = [_theme(theme, about, words, letters) for theme in THEMES]
    return {
        **frame_of(about, words, "parks"),
        "title": words.text("parks_of", city=about.city),
        "subtitle": [words.text("count_parks", count=str(len(about.parks)))],
        "say": words.text("compared"),
        "themes": [theme for theme in themes if theme],
        "notes": [(letter, why) for why, letter in letters.items()],
    }


def _theme(theme: str, about: Parks, words: ParkWords, letters: dict[str, str]) -> Mapping[str, Any] | None:
    own = {park: [row for row in rows if row["theme"] == theme] for park, rows in about.indicators.items()}
    first = next(iter(own.values()))
    if not first:
        return None
    heads = [words.own(row, "label") for row in first]
    rows = [
        {
            "name": words.name_of(park),
            "about": ", ".join([str(park["park_id"]), hectares(park, words)]),
            "cells": [_cell(row, words, letters) for row in own[str(park["park_id"])]],
        }
        for park in about.parks
    ]
    return {"title": theme_name(first[0], words), "heads": heads, "rows": rows}


def _cell(row: Row, words: ParkWords, letters: dict[str, str]) -> Mapping[str, str]:
    has_bounds = row["low"] is not None or row["high"] is not None
    bounds = words.bounds(row) if has_bounds and not row["low"] == row["high"] == row["value"] else ""
    if row["value"] is not None:
        return {"value": words.amount(row["value"], row["unit"]), "bounds": bounds, "state": "known"}
    why = why_unknown(row, words)
    note = letters.setdefault(why, ascii_lowercase[len(letters) % len(ascii_lowercase)])
    return {"value": words.text("unknown_note", note=note), "bounds": bounds, "state": "unknown"}


def lines_of_parks(about: Parks, words: ParkWords) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of a short comparison for a screen."""
    shown = {park: {row["indicator"]: row for row in rows} for park, rows in about.indicators.items()}
    first = next(iter(shown.values()))
    keys = [key for key in _HEADLINES if key in first]
    heads = [
        words.text("name"),
        "id",
        words.text("area"),
        words.text("indicators"),
        *(words.own(first[key], "label") for key in keys),
    ]
    rows = []
    for park in about.parks:
        own = shown[str(park["park_id"])]
        count = sum(row["value"] is not None for row in own.values())
        cells = [words.name_of(park), str(park["park_id"]), hectares(park, words), f"{count}/{len(own)}"]
        rows.append([*cells, *(_short(own[key], words) for key in keys)])
    return heads, rows


def _short(row: Row, words: ParkWords) -> str:
    if row["value"] is not None:
        return words.amount(row["value"], row["unit"])
    has_bounds = row["low"] is not None or row["high"] is not None
    return f"{words.say('unknown')} ({words.bounds(row)})" if has_bounds else words.say("unknown")
