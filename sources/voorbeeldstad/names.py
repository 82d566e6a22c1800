"""Made-up Dutch names: districts, streets, buildings. Nobody is named here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sources.voorbeeldstad.arrow import Column, pa, pc
from sources.voorbeeldstad.text import draw, pick
from sources.voorbeeldstad.typology import INDEX, TYPES

SHARED_STREETS = ("Kerkstraat", "Statiestraat", "Schoolstraat")
"""Streets that every district has, with the same house numbers: the first streets of its core."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_DISTRICTS = ("Voorbeeldstad", "Oudekerke", "Rietbeek")
_DISTRICT_HEADS = (
    "Vlier",
    "Kwikstaart",
    "Zilver",
    "Hazel",
    "Mispel",
    "Kraanvogel",
    "Wulpen",
    "Turf",
    "Otter",
)
_DISTRICT_TAILS = ("hove", "dries", "monde", "wijk", "schans", "gaarde")
_STEMS = _words(
    "Abeel Akker Appel Baan Bak Balen Beek Beemd Berk Beuk Biezen Blauwverver Bloem Boekweit Boog Boom"
    " Boterbloem"
    " Braam Brem Brouwer Brug Buks Dal Das Distel Dorp Drie Duif Eend Egel Eik Els Es Fazant Gans Gerst"
    " Gilde Gors"
    " Graan Haag Haan Haver Hazelaar Hei Hert Hop Hulst Iep IJsvogel Jasmijn Kamille Kant Kapel Karren"
    " Kastanje"
    " Kers Kievit Klaver Klei Klok Koekoek Koren Kraan Kruid Kuip Laak Lariks Leeuwerik Leger Lijster Linde"
    " Lis"
    " Maan Mand Meers Meidoorn Merel Mezen Mole Mos Mus Nachtegaal Noot Olm Ooievaar Os Paard Papier Pauw"
    " Peer"
    " Pijl Plataan Poel Populier Raap Reiger Ring Rogge Roos Schaap Schip Schrijnwerker Sleutel Snoek Specht"
    " Spiegel Spoor Ster Tarwe Tijm Touw Tuin Uil Valk Varen Veen Veld Vest Vink Vlas Vos Wal Weide Wever"
    " Wilg"
    " Wolf Wouw Zand Zavel Zeis Zon Zwaan Zwaluw"
)
_TAILS = ("straat", "laan", "weg", "dreef", "lei", "pad", "plein", "hof", "baan", "wegel", "steeg", "kouter")
_HEADS = ("", "Oude ", "Nieuwe ", "Korte ", "Lange ", "Kleine ", "Grote ", "Hoge ", "Lage ")
_SAINTS = _words(
    "Jozef Anna Martinus Lambertus Amandus Catharina Rochus Barbara Laurentius Gummarus Ursula Godelieve Bavo"
    " Rumoldus Dimpna Eligius Hubertus Clara Michiel Niklaas"
)
_WORDS = _words(
    "Valk Ster Linde Zwaan Eendracht Toekomst Hoop Morgenster Klaver Reiger Eik Roos Leeuw Anker Zon Vlas"
    " Kroon"
    " Pelikaan Meiboom Zilveren Sleutel Watermolen Lelie Bron Kouter Merel Wilg Arend Kluis Brem"
)


def districts(count: int) -> list[str]:
    """Names of `count` districts; the first three are always the same."""
    made_up = [head + tail for tail in _DISTRICT_TAILS for head in _DISTRICT_HEADS]
    if count > len(_DISTRICTS) + len(made_up):
        raise ValueError(f"voorbeeldstad: no names for {count} districts")
    return [*_DISTRICTS, *made_up][:count]


def streets(seed: int, count: int) -> list[str]:
    """`count` street names; they repeat only where a city needs more than there are."""
    names = [head + stem + tail for head in _HEADS for stem in _STEMS for tail in _TAILS]
    order = draw(seed, "streets").permutation(len(names))
    return [names[order[index % len(names)]] for index in range(count)]


def buildings(seed: int, kind: NDArray[np.integer]) -> Column:
    """A name for every building whose type has name patterns, null for the others."""
    rng = draw(seed, "building names")
    pattern = rng.integers(0, 1 << 30, len(kind))
    word = rng.integers(0, 1 << 30, len(kind))
    pool: list[str | None] = [None]
    first = np.zeros(len(TYPES), dtype=np.int64)
    size = np.ones(len(TYPES), dtype=np.int64)
    for index, building_type in enumerate(TYPES):
        if building_type.names:
            first[index], size[index] = len(pool), len(building_type.names)
            pool.extend(building_type.names)
    patterns = pa.array(pool, pa.string()).take(pa.array(first[kind] + pattern % size[kind]))
    religious = np.isin(kind, [INDEX[code] for code in ("church", "chapel", "monastery", "school", "presbytery")])
    words = pick(
        [*_WORDS, *_SAINTS],
        np.where(religious, len(_WORDS) + word % len(_SAINTS), word % len(_WORDS)),
    )
    return _fill(patterns, words)


def _fill(patterns: Column, words: Column) -> Column:
    """Put `words` where `patterns` say `{}`."""
    halves = pc.split_pattern(patterns, "{}")
    has_hole = pc.equal(pc.list_value_length(halves), 2)
    before = pc.list_element(halves, 0)
    after = pc.replace_substring_regex(patterns, r"^.*\{\}", "")
    return pc.if_else(has_hole, pc.binary_join_element_wise(before, words, after, ""), patterns)
