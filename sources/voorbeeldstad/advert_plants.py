"""Adverts made to fit: for single underused buildings, and for sets of small parties that fill a large one, with decoys.

Made from what really stands there (size, use, place), and from no score.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sources.voorbeeldstad.advert_sites import HALLS, Sites

Advert = dict[str, Any]
# What a building of a type is good for, best first, and what goes together in it.
_FIT = {
    "church": ("culture", "meeting"), "chapel": ("culture", "meeting"), "monastery": ("meeting", "care_education"),
    "school": ("care_education", "meeting"), "university": ("care_education", "office"), "factory": ("maker", "logistics"),
    "brewery": ("maker", "culture"), "warehouse": ("logistics", "maker"), "office": ("office", "meeting"),
    "farm": ("maker", "meeting"), "community_centre": ("meeting", "culture"), "theatre": ("culture", "meeting"),
    "cinema": ("culture", "meeting"), "garage_workshop": ("maker",), "supermarket": ("maker", "logistics"),
}  # fmt: skip
_TOGETHER = {
    "halls": ("maker", "culture", "logistics", "office"),
    "others": ("office", "meeting", "culture", "care_education"),
}


@dataclass
class Planted:
    """Adverts without ids, and of each what it was planted as."""

    adverts: list[Advert] = field(default_factory=list)
    truth: list[tuple[str | None, str, int | None, str | None]] = field(default_factory=list)
    """Building, kind of plant (match, coalition, decoy, fault), number of the coalition, reason of the refusal."""

    def add(
        self, advert: Advert, building: str | None, plant: str, coalition: int | None = None, reason: str | None = None
    ) -> None:
        """Add an advert with its truth."""
        self.adverts.append({key: value for key, value in advert.items() if value is not None})
        self.truth.append((building, plant, coalition, reason))


def plant_matches(rng: np.random.Generator, sites: Sites, count: int, where: Any) -> Planted:
    """Adverts that want one building whole: a use it is good for, just under its floor, a place around it.

    Args:
        rng: the stream of the adverts.
        sites: the buildings, used in turn.
        count: how many adverts.
        where: makes `lon`, `lat`, `radius_m` from a point in EPSG:31370 and metres.
    """
    planted = Planted()
    for number in range(count if len(sites.ids) else 0):
        of = number % len(sites.ids)
        fit = _FIT.get(sites.types[of], ("meeting", "culture"))
        usable, off = float(sites.usable_m2[of]), rng.uniform(-60, 60, 2)
        planted.add({
            "kind": "space", "uses": [fit[(number // len(sites.ids)) % len(fit)]],
            "area_min_m2": round(usable * rng.uniform(0.72, 0.8)), "area_max_m2": round(usable * rng.uniform(0.93, 0.99)),
            **where(sites.point[of] + off, round(float(rng.uniform(250, 450)))),
            "duration": "years", "years": int(rng.integers(8, 21)), "extent": "whole", "from_on": "2025-09-01",
            "budget_eur_m2_year": None if rng.random() < 0.3 else round(float(rng.uniform(120, 200)), 2), "atypical": "wanted",
            "brings": ["capital_own", "works_own"],
        }, sites.ids[of], "match")  # fmt: skip
    return planted


def plant_coalitions(rng: np.random.Generator, sites: Sites, count: int, where: Any) -> Planted:
    """Sets of three to six small parties that together fill 82 to 93% of a large building, and two decoys for each.

    Decoys would fit but for one thing: they share with nobody, look elsewhere, need more than there is, or want it whole.
    """
    planted = Planted()
    large = [of for of in range(len(sites.ids)) if sites.usable_m2[of] >= 500]
    for number in range(count if large else 0):
        of = large[number % len(large)]
        usable, members = float(sites.usable_m2[of]), int(rng.integers(3, 7))
        uses = _TOGETHER["halls" if sites.types[of] in HALLS else "others"]
        parts = rng.dirichlet(np.full(members, 12.0)) * usable * rng.uniform(0.82, 0.93)
        common = {"duration": "years", "years": 10, "extent": "part", "from_on": "2025-10-01", "atypical": "wanted"}
        for member, part in enumerate(parts.tolist()):
            planted.add({
                "kind": "space", "uses": [uses[member % len(uses)]], "area_min_m2": round(part), "area_max_m2": round(part * 1.05) + 1,
                **where(sites.point[of] + rng.uniform(-60, 60, 2), round(float(rng.uniform(300, 500)))), **common,
                "shares_with": sorted(uses) if member else ["*"], "budget_eur_m2_year": round(float(rng.uniform(120, 200)), 2),
                "brings": ["capital_shares"], "seeks": ["network_tenants"],
            }, sites.ids[of], "coalition", number + 1)  # fmt: skip
        small = round(usable * 0.15) + 1
        far = int(np.argmax(np.abs(sites.point - sites.point[of]).sum(1)))
        decoys: list[Advert] = [
            {"shares_with": []},
            {"shares_with": ["*"], **where(sites.point[far] + rng.uniform(-20, 20, 2), 100)},
            {"shares_with": ["*"], "area_min_m2": round(usable * 1.6), "area_max_m2": round(usable * 1.9)},
            {
                "shares_with": [],
                "extent": "whole",
                "area_min_m2": round(usable * 0.5),
                "area_max_m2": round(usable * 0.9),
            },
        ]
        for change in (decoys[number % 4], decoys[(number + 1) % 4]):
            planted.add({
                "kind": "space", "uses": [uses[0]], "area_min_m2": small, "area_max_m2": round(small * 1.1) + 1,
                **where(sites.point[of] + rng.uniform(-60, 60, 2), 400), **common, "budget_eur_m2_year": 150.0, **change,
            }, sites.ids[of], "decoy", number + 1)  # fmt: skip
    return planted
