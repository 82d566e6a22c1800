"""How many buildings of which type: quotas, so that even a small city holds every type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.voorbeeldstad.footprint import Ints
from sources.voorbeeldstad.generation import Generation
from sources.voorbeeldstad.text import draw
from sources.voorbeeldstad.typology import INDEX, TYPES

COMPLEX_FOOTPRINTS = 9
SMALLEST = 1000


@dataclass(frozen=True)
class Mix:
    """What must be placed.

    Attributes:
        main: type index of the main building of every plot `(plots,)`, in random order.
        outbuilding: type index of every shed and garage box.
        complexes: how many factories consist of nine footprints on one parcel.
        cases: how many of each hard case are planted.
    """

    main: Ints
    outbuilding: Ints
    complexes: int
    cases: int


def draw_mix(seed: int, buildings: int, settings: Generation) -> Mix:
    """Split `buildings` over the types of `typology.TYPES`."""
    if buildings < SMALLEST:
        raise ValueError(f"voorbeeldstad: {buildings} buildings cannot hold the hard cases; take {SMALLEST} or more")
    cases = max(2, int(2 * np.log10(buildings / 100)))
    fewest = dict.fromkeys(INDEX, 1) | {
        "church": 3 * cases + 2, "school": 2 * cases, "police_station": cases + 1, "library": cases + 1,
        "factory": 3 * cases, "office": cases, "warehouse": cases, "water_tower": 2, "power_station": 2,
        "monastery": 2,
    }  # fmt: skip
    counts = np.array(
        [
            max(fewest[kind.code], round(_share(kind.code, settings) * buildings)) if kind.is_atypical
            else round(kind.weight * buildings)
            for kind in TYPES
        ]
    )  # fmt: skip
    outbuilding = np.repeat([INDEX["garage_box"], INDEX["shed"]], counts[[INDEX["garage_box"], INDEX["shed"]]])
    counts[[INDEX["garage_box"], INDEX["shed"]]] = 0
    complexes = max(2, cases - 1)
    # Every complex brings eight more footprints and a chimney; dwellings make up the difference.
    surplus = counts.sum() + len(outbuilding) + complexes * COMPLEX_FOOTPRINTS - buildings
    counts[INDEX["dwelling"]] -= surplus
    main = np.repeat(np.arange(len(TYPES)), counts)
    rng = draw(seed, "mix")
    return Mix(rng.permutation(main), rng.permutation(outbuilding), complexes, cases)


def _share(code: str, settings: Generation) -> float:
    total = sum(kind.weight for kind in TYPES if kind.is_atypical)
    return settings.atypical * TYPES[INDEX[code]].weight / total
