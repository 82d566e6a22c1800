"""Writes the platform's adverts (`adverts.json`) and what they were made for (`adverts_truth.parquet`).

Drawn apart from everything else, so that all other files are the same bytes with and without them. Good ones: planted matches, planted
coalitions with decoys, and ordinary adverts; one in five is an offer or looks for partners. Bad ones: every kind of `ADVERT_FAULTS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pyproj import Transformer

from sources.voorbeeldstad.advert_faults import plant_faults
from sources.voorbeeldstad.advert_plants import Advert, Planted, plant_coalitions, plant_matches
from sources.voorbeeldstad.advert_sites import find_sites
from sources.voorbeeldstad.arrow import pa, pq
from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Floats, Ints
from sources.voorbeeldstad.layout import Plots
from sources.voorbeeldstad.observations import Observation
from sources.voorbeeldstad.text import draw
from sources.voorbeeldstad.truth import grb_ids

MADE_ON = "2025-05-31"
FEWEST, PER_BUILDING = 300, 1 / 50
_USES = ("meeting", "culture", "maker", "care_education", "housing", "office", "logistics", "business_park")
_BRINGS = (
    "skills_building",
    "skills_finance",
    "capital_own",
    "capital_shares",
    "works_own",
    "network_members",
    "time_management",
)


def write_adverts(
    folder: Path, seed: int, b: Buildings, plots: Plots, oidn: Ints, found: list[Observation], count: int = 0
) -> None:
    """Write both files; `count` good adverts, or one per 50 buildings and 300 at least."""
    rng = draw(seed, "adverts")
    good = count or max(FEWEST, round(len(b) * PER_BUILDING))
    to_degrees = Transformer.from_crs(31370, 4326, always_xy=True)

    def where(point: Floats, radius_m: float | None) -> Advert:
        lon, lat = to_degrees.transform(*np.asarray(point, dtype=np.float64).tolist())
        return {"lon": round(lon, 6), "lat": round(lat, 6), "radius_m": radius_m}

    ids = grb_ids(b, oidn).to_pylist()
    sites = find_sites(b, plots, b.footprints(plots), ids, found)
    parts = [plant_matches(rng, sites, good // 5, where), plant_coalitions(rng, sites, good // 20, where)]
    # Small cities have few buildings to plant for: what is planted never takes the place of offers and partners.
    rest = max(good - sum(len(part.adverts) for part in parts), good // 5)
    parts.append(_ordinary(rng, b, plots, ids, rest, good // 5, where))
    total = sum(len(part.adverts) for part in parts)
    adverts = [advert for part in parts for advert in part.adverts]
    for advert, number in zip(adverts, (rng.permutation(total) + 1).tolist(), strict=True):
        advert["id"] = f"v{number:05d}"
    dated = [advert["id"] for advert in adverts if "updated_on" in advert]
    first = b.inside(plots, np.zeros(1, dtype=np.int64))[0]
    bad = plant_faults(max(1, good // 600), dated, where, first)
    truth = [one for part in (*parts, bad) for one in part.truth]
    pairs = sorted(zip([*adverts, *bad.adverts], truth, strict=True), key=lambda pair: str(pair[0].get("id")))
    lines = ",\n".join(json.dumps(advert, sort_keys=True) for advert, _ in pairs)
    head = f'{{"schema": "urn:onbenut:adverts:1", "made_on": "{MADE_ON}", "adverts": [\n'
    (folder / "adverts.json").write_text(head + lines + "\n]}\n", encoding="utf-8")
    table = pa.table({
        "row": pa.array(range(1, len(pairs) + 1), pa.int64()),
        "request_id": pa.array([f"platform:{advert['id']}" if "id" in advert else None for advert, _ in pairs], pa.string()),
        "building_id": pa.array([one[0] for _, one in pairs], pa.string()),
        "plant": pa.array([one[1] for _, one in pairs], pa.string()),
        "coalition": pa.array([one[2] for _, one in pairs], pa.int64()),
        "reason": pa.array([one[3] for _, one in pairs], pa.string()),
    })  # fmt: skip
    pq.write_table(table, folder / "adverts_truth.parquet", compression="zstd")


def _ordinary(
    rng: np.random.Generator, b: Buildings, plots: Plots, ids: list[str | None], count: int, others: int,
    where: Callable[..., Advert],
) -> Planted:  # fmt: skip
    """Adverts made for no building: `others` of them, offers and partners by turns, the rest looks for space."""
    at = rng.integers(0, len(b), count)
    points = b.inside(plots, at)
    small = np.round(np.exp(rng.normal(5.3, 0.9, count))).astype(int) + 20
    draws = rng.random((count, 8))
    uses = rng.integers(0, len(_USES), (count, 2))
    planted = Planted()
    for number in range(count):
        kind = "space" if number >= others else ("offer", "partner")[number % 2]
        chance, area = draws[number], int(small[number])
        advert: Advert = {
            "kind": kind, "uses": sorted({_USES[use] for use in uses[number]}), "area_min_m2": area,
            "area_max_m2": None if chance[0] < 0.2 and kind != "offer" else round(area * (1.3 + chance[0])),
            "height_min_m": 4.5 if chance[1] < 0.15 else None,
            **_place(kind, float(chance[2]), points[number], ids[at[number]], where),
            "from_on": f"2025-{7 + int(chance[3] * 6):02d}-01" if chance[3] < 0.8 else None,
            "duration": ("temporary", "years", "permanent", None)[int(chance[4] * 4)],
            "years": 2 if 0.25 <= chance[4] < 0.4 else None,
            "extent": ("part", "whole", "either", None)[int(chance[5] * 4)],
            "shares_with": (["*"], [], ["culture", "meeting"], None)[int(chance[6] * 4)],
            "budget_eur_m2_year": round(20 + 110 * float(chance[7]), 2) if chance[7] < 0.8 else None,
            "atypical": ("wanted", "indifferent", "unwanted", None)[int(chance[1] * 4)],
            "brings": [_BRINGS[number % len(_BRINGS)]] if kind != "offer" else None,
            "seeks": [_BRINGS[(number + 3) % len(_BRINGS)]] if kind == "partner" else None,
            "valid_until": "2027-12-31" if chance[6] < 0.5 else None, "updated_on": f"2025-0{1 + number % 5}-15",
        }  # fmt: skip
        planted.add(advert, None, "ordinary")
    return planted


def _place(kind: str, chance: float, point: Floats, building: str | None, where: Callable[..., Advert]) -> Advert:
    if kind == "offer":
        return {**where(point, None), "building_id": building if chance < 0.5 else None}
    if chance < 0.6:
        return where(point, round(300 + 4000 * chance))
    if chance < 0.75:
        corners = np.array([[-400, -300], [400, -300], [400, 300], [-400, 300], [-400, -300]]) * (1 + chance) + point
        ring = [[one["lon"], one["lat"]] for one in (where(corner, None) for corner in corners)]
        if chance < 0.7:
            return {"area": {"type": "Polygon", "coordinates": [ring]}}
        return {"area": f"POLYGON(({', '.join(f'{lon} {lat}' for lon, lat in ring)}))"}
    return {"nis_code": "99001"} if chance < 0.85 else {}
