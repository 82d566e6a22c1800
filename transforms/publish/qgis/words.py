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
    "scores": ("Scores", "Scores"),
    "underuse": ("Onderbenutting", "Underuse"),
    "atypicality": ("Ongewoon in de gemeente", "Unusual in its municipality"),
    "reuse": ("Hergebruik", "Reuse"),
    "rank": ("Prioriteit", "Priority"),
    "size": ("Maten", "Size"),
    "building": ("Gebouw", "Building"),
    "site": ("Site", "Site"),
    "evidence": ("Waarnemingen en bronnen", "Evidence and sources"),
    "all": ("Alle velden", "All fields"),
    "identity": ("Wat en waar", "What and where"),
    "reasons": ("Redenen", "Reasons"),
    "time": ("Wanneer waargenomen", "When observed"),
    "sources": ("Bronnen", "Sources"),
    "class": ("Klasse", "Band"),
    "chance": ("Kans op onderbenutting", "Probability of underuse"),
    "legal": ("Wettelijke status", "Legal status"),
    "place": ("rang", "rank"),
    "best_use": ("Beste hergebruik", "Best reuse"),
    "footprint": ("Grondoppervlakte", "Footprint"),
    "floor_area": ("Vloeroppervlakte", "Floor area"),
    "volume": ("Volume", "Volume"),
    "heritage": ("Erfgoed", "Heritage"),
    "seen": ("Jongste waarneming", "Newest observation"),
    "kind": ("Type", "Type"),
    "address": ("Adres", "Address"),
    "range": ("{low} tot {high}", "{low} to {high}"),
    "park": ("Bedrijventerrein", "Business park"),
    "idle_built": ("bebouwd, niet in gebruik", "built, not in use"),
    "idle_unbuilt": ("onbebouwd, niet in gebruik", "not built, not in use"),
    "parcel_in_use": ("in gebruik (minstens een deel)", "in use (at least a part)"),
    "match_best": ("past goed (75 en meer)", "fits well (75 and more)"),
    "match_good": ("past (50 tot 75)", "fits (50 to 75)"),
    "match_weak": ("past minder (tot 50)", "fits less (to 50)"),
    "nothing": ("onbekend", "unknown"),
    "none": ("geen", "none"),
    "yes": ("ja", "yes"),
    "no": ("nee", "no"),
    "date": ("dd/MM/yyyy", "yyyy-MM-dd"),
    "note": (
        "Een inschatting uit gegevens, geen wettelijke status. Ga kijken voor u besluit.",
        "A judgement made from data, not a legal status. Go and look before you decide.",
    ),
    "no_reasons": ("geen redenen bekend", "no reasons known"),
    "no_evidence": ("geen waarnemingen", "no observations"),
    "observations": ("Alle waarnemingen", "All observations"),
    "add_table": (
        "Voeg de tabel evidence uit dit bestand toe aan het project om alle waarnemingen te zien.",
        "Add the table evidence of this file to the project to see all observations.",
    ),
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
