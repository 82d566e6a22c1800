"""Adverts that are wrong, one kind of fault each, with the reason that must come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sources.voorbeeldstad.advert_plants import Advert, Planted

_SQUARE = "POLYGON((4.4 51.0, 4.5 51.0, 4.5 51.1, 4.4 51.1, 4.4 51.0))"
_NO_PLACE = {"lon": None, "lat": None, "radius_m": None}

ADVERT_FAULTS: dict[str, tuple[Advert, str]] = {
    "kind_unknown": ({"kind": "huren"}, "unknown kind"),
    "kind_missing": ({"kind": None}, "no kind"),
    "use_unknown": ({"uses": ["maker", "discotheek"]}, "unknown use"),
    "use_missing": ({"uses": []}, "no use"),
    "duration_unknown": ({"duration": "forever"}, "unknown duration"),
    "extent_unknown": ({"extent": "half"}, "unknown extent"),
    "atypical_unknown": ({"atypical": True}, "unknown atypical"),
    "shares_unknown": ({"shares_with": ["everybody"]}, "unknown use"),
    "code_unknown": ({"brings": ["good_mood"]}, "unknown code"),
    "area_swapped": ({"area_min_m2": 500, "area_max_m2": 100}, "smallest above largest"),
    "height_swapped": ({"height_min_m": 9, "height_max_m": 3}, "smallest above largest"),
    "area_negative": ({"area_min_m2": -5}, "negative"),
    "area_no_number": ({"area_min_m2": "veel"}, "no number"),
    "area_infinite": ({"area_min_m2": "1e999"}, "no number"),
    "area_huge": ({"area_max_m2": 1e12}, "more than 10000000"),
    "budget_no_number": ({"budget_eur_m2_year": "n.v.t."}, "no number"),
    "radius_alone": ({"lon": None, "lat": None}, "a radius without a point"),
    "point_alone": ({"radius_m": None}, "a point without a radius"),
    "half_a_point": ({"lat": None}, "half a point"),
    "two_places": ({"nis_code": "99001"}, "several places: a point, an area or a municipality"),
    "axes_swapped": ({"lon": 51.0, "lat": 4.4}, "a point outside the area of the CRS"),
    "elsewhere": ({"lon": 2.93, "lat": 51.22, "radius_m": 500}, "nothing of it is in the city"),
    "other_city": ({**_NO_PLACE, "nis_code": "11002"}, "nothing of it is in the city"),
    "geometry_cut": ({**_NO_PLACE, "area": _SQUARE[:-20]}, "geometry cannot be read"),
    "geometry_line": ({**_NO_PLACE, "area": {"type": "LineString", "coordinates": [[4.4, 51.0], [4.5, 51.0]]}},
                      "geometry is broken, or no polygon and no point"),
    "geometry_empty": ({**_NO_PLACE, "area": "POLYGON EMPTY"}, "no geometry"),
    "date_unreadable": ({"from_on": "volgend jaar"}, "date that cannot be read"),
    "date_impossible": ({"valid_until": "2026-02-30"}, "date that cannot be read"),
    "expired": ({"valid_until": "2025-03-31"}, "expired"),
    "permanent_for_years": ({"duration": "permanent", "years": 4}, "years of what is permanent"),
    "offer_without_area": ({"kind": "offer", "area_min_m2": None, "area_max_m2": None}, "an offer without an area"),
    "building_no_id": ({"building_id": "dat mooie hoekpand"}, "no id of a building"),
    "id_missing": ({"id": None}, "no id"),
    "id_words": ({"id": "het atelier"}, "no id: letters, digits and . _ : / - are"),
    "id_mail": ({"id": "iemand{}@voorbeeldstad.example"}, "looks like mail, telephone or a national number"),
    "id_telephone": ({"id": "0470 00 {:02d} 00"}, "looks like mail, telephone or a national number"),
    "mail_in_code": ({"seeks": ["iemand@voorbeeldstad.example"]}, "looks like mail, telephone or a national number"),
    "id_twice": ({"id": "{twice}", "updated_on": "2024-01-01"}, "duplicate id"),
}  # fmt: skip
"""Kind of fault -> what differs from a good advert, and the reason of its refusal."""


def plant_faults(times: int, twice: list[str], where: Callable[..., Advert], point: Any) -> Planted:
    """Every kind of fault, `times` times; `twice` holds ids of good adverts, to be there again with an older day."""
    planted = Planted()
    good = {
        "kind": "space",
        "uses": ["maker"],
        "area_min_m2": 200,
        "area_max_m2": 400,
        **where(point, 500),
        "valid_until": "2027-12-31",
    }
    for number in range(times):
        for name, (change, reason) in ADVERT_FAULTS.items():
            advert = {**good, **change}
            if name == "id_twice":
                advert["id"] = twice[number % len(twice)]
            elif "id" in change and change["id"] is not None:
                advert["id"] = str(change["id"]).format(number)
            elif "id" not in change:
                advert["id"] = f"x-{name.replace('_', '-')}-{number + 1}"
            planted.add(advert, None, "fault", None, reason)
    return planted
