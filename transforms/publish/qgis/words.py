"""The words of a style that are no column's title and no code's meaning."""

from __future__ import annotations

from transforms.publish.symbols import Band, PriorityClass

LANGUAGES = ("nl", "en")
STYLE_NAMES = {"nl": "onbenut (Nederlands)", "en": "onbenut (English)"}
_WORDS = {
    "priority": ("Prioriteit (vulling)", "Priority (fill)"),
    "band": ("Gebruikssignaal (omtrek)", "Signal of underuse (outline)"),
    "unknown": ("onbekend, of zonder score", "unknown, or without a score"),
    "overview": ("Overzicht", "Overview"),
    "why": (
        "Waarom dit gebouw: een signaal, geen wettelijke status",
        "Why this building: a signal, not a legal status",
    ),
    "scores": ("Scores", "Scores"),
    "underuse": ("Onderbenutting", "Underuse"),
    "atypicality": ("Ongewoon in de gemeente", "Unusual in its municipality"),
    "reuse": ("Hergebruik", "Reuse"),
    "rank": ("Prioriteit", "Priority"),
    "size": ("Maten", "Size"),
    "building": ("Gebouw", "Building"),
    "site": ("Site", "Site"),
    "origin": ("Herkomst", "Origin"),
    "evidence": ("Waarnemingen en bronnen", "Evidence and sources"),
    "keys": ("Sleutels", "Keys"),
    "other": ("Overige", "Other"),
}


def word(key: str, language: str) -> str:
    """A word in `nl` or `en`."""
    return _WORDS[key][LANGUAGES.index(language)]


def class_label(item: PriorityClass, language: str) -> str:
    """Limits of a class as a legend says them; the upper one belongs to the next class."""
    to, more = ("tot", "en meer") if language == "nl" else ("to", "and more")
    return f"{item.low:g} {to} {item.high:g}" if item.high is not None else f"{item.low:g} {more}"


def band_label(band: Band, language: str) -> str:
    """A band's word."""
    return band.word_nl if language == "nl" else band.word_en
