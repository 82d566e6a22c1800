"""Plants the hard cases: picks drawn buildings, and changes their state, traces and tags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sources.voorbeeldstad import state
from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Bools, Ints
from sources.voorbeeldstad.layout import Plots
from sources.voorbeeldstad.names import SHARED_STREETS
from sources.voorbeeldstad.shape import CODES
from sources.voorbeeldstad.text import draw
from sources.voorbeeldstad.typology import INDEX

VIP_DISTRICT = 2
"""Every third district keeps its list in the VIP file, the others in the city's register."""


class Planter:
    """Takes untouched main buildings, and clears what was drawn for them."""

    def __init__(self, seed: int, buildings: Buildings, plots: Plots, count: int) -> None:
        self.buildings, self.plots, self.count = buildings, plots, count
        self.order = draw(seed, "hard cases").permutation(len(plots.kind))
        mains = len(plots.kind)
        plain = ~np.isin(buildings.osm_form[:mains], [state.MERGED, state.ABSORBED])
        self.free: Bools = plain & ~buildings.gone[:mains] & (buildings.complex_of[:mains] < 0)
        # A street seen twice must not be touched by any case but its own.
        shared = np.isin(np.array(plots.streets, dtype=object)[plots.street], SHARED_STREETS)
        self.open: Bools = ~shared & ~plots.letter
        self.reserved: Bools = np.zeros(mains, dtype=bool)
        self.vip: Bools = plots.district % 3 == VIP_DISTRICT

    def take(
        self,
        label: str,
        kinds: Sequence[str],
        where: Bools | None = None,
        count: int | None = None,
        anywhere: bool = False,
    ) -> list[int]:
        """`count` buildings of these types; raises when the city has too few.

        `anywhere` also takes those in a street whose name or address is a case of its own.
        """
        wanted = self.count if count is None else count
        mask = self.free & np.isin(self.plots.kind, [INDEX[kind] for kind in kinds])
        if not anywhere:
            mask &= self.open & ~self.reserved
        if where is not None:
            mask &= where
        found = self.order[mask[self.order]][:wanted]
        if len(found) < wanted:
            raise ValueError(f"voorbeeldstad: {label}: {len(found)} of {wanted} found; take more buildings")
        return self.mark(label, found)

    def mark(self, label: str, found: Ints) -> list[int]:
        """Clear what was drawn and name the case."""
        b = self.buildings
        self.free[found] = False
        for flag in ("out", "gone", "disused", "prefixed", "present", "former_and_present", "shop_vacant"):
            getattr(b, flag)[found] = False
        b.vacant_share[found], b.row[found], b.former[found] = 0.0, 0, -1
        b.in_osm[found] = b.in_grb[found] = True
        b.osm_form[found[b.osm_form[found] == state.SPLIT]] = state.OWN
        b.case[found] = label
        b.cases.setdefault(label, []).extend(found.tolist())
        return [int(index) for index in found]

    def empty(self, found: Sequence[int], row: int = 1) -> None:
        """Out of use, with a register row (1 whole, 2 part, 0 none)."""
        index = np.asarray(found)
        self.buildings.out[index], self.buildings.vacant_share[index] = True, 1.0
        self.buildings.row[index] = row


def plant(seed: int, buildings: Buildings, plots: Plots, count: int) -> None:
    """Plant `count` or more of every hard case of `hard_cases.HARD_CASES`."""
    planter = Planter(seed, buildings, plots, count)
    _same_street(planter)
    _missing_streets(planter)
    _former_uses(planter)
    _tagging(planter)
    _register(planter)
    _broken(planter)
    _complexes(planter)


def _tagging(p: Planter) -> None:
    b = p.buildings
    for number, i in enumerate(p.take("church_untagged", ["church"], count=max(3, p.count), anywhere=True)):
        b.osm_tags[i] = {"building": "yes"}
        if number % 3 == 0:
            b.osm_tags[i]["name"] = "Sint-Voorbeeldkerk"
        elif number % 3 == 1:
            b.osm_tags[i]["amenity"] = "place_of_worship"
        else:
            b.poi_tags[i] = {
                "amenity": "place_of_worship",
                "religion": "christian",
                "name": "Heilig-Kruiskerk",
            }
    for i in p.take("police_tower", ["police_station"], anywhere=True):
        b.levels[i] = 12
        b.osm_tags[i] = {"building": "yes", "amenity": "police", "name": "Politietoren"}


def _former_uses(p: Planter) -> None:
    b = p.buildings
    for number, i in enumerate(p.take("church_deconsecrated", ["church"])):
        p.empty([i], row=number % 2)
        b.prefixed[i] = True
        b.osm_tags[i] = {
            "building": "church", "disused:amenity": "place_of_worship",
            "name": "Voormalige Sint-Voorbeeldkerk"
        }  # fmt: skip
    for i in p.take("police_now_library", ["library"], anywhere=True):
        b.former[i] = INDEX["police_station"]
        b.former_and_present[i] = True
        b.osm_tags[i] = {
            "building": "public", "disused:amenity": "police", "amenity": "library",
            "name": "Bibliotheek Het Oude Bureau",
        }  # fmt: skip
    for number, i in enumerate(p.take("fire_station_now_house", ["dwelling"])):
        b.former[i] = INDEX["fire_station"]
        b.osm_tags[i] = {"building": "house"} | (
            {"was:amenity": "fire_station"} if number % 2 == 0 else {"old_name": "Brandweerkazerne Voorbeeld"}
        )
    for i in p.take("school_contradicted", ["school"], anywhere=True):
        b.disused[i] = b.present[i] = True
        b.osm_tags[i] = {"building": "school", "disused": "yes", "name": "Basisschool De Voorbeeldige"}
        b.poi_tags[i] = {
            "amenity": "school", "name": "Basisschool De Voorbeeldige", "opening_hours": "Mo-Fr 08:00-16:00",
            "check_date": "2025-04-15",
        }  # fmt: skip
    for label, in_grb in (("gone_in_register", False), ("gone_in_grb", True)):
        for number, i in enumerate(p.take(label, ["dwelling", "warehouse", "shop"])):
            b.gone[i] = True
            b.in_grb[i] = in_grb
            b.row[i] = 0 if in_grb else 1
            b.osm_tags[i] = {("razed:building", "demolished:building")[number % 2]: "yes"}


def _register(p: Planter) -> None:
    b, csv, vip = p.buildings, ~p.vip, p.vip
    ordinary = ["dwelling", "shop", "office"]
    p.empty(p.take("dwelling_in_register", ["dwelling"]))
    p.empty(p.take("nine_units", ["apartments"], csv))
    for i in p.take("one_of_nine_units", ["apartments"], csv):
        b.row[i], b.vacant_share[i] = 2, round(1 / 9, 2)
    front = np.zeros(len(p.plots.kind), dtype=bool)
    front[np.setdiff1d(np.arange(len(front)), b.plot[len(front) :])] = True
    p.empty(p.take("split_parcel", ["dwelling", "shop"], vip & front & (p.plots.zone == 0)))
    _take_pairs(p, "number_range", csv, p.count)
    _take_pairs(p, "number_range", vip, 1)
    _take_pairs(p, "excel_date_range", vip & (p.plots.number <= 10), 2)
    p.empty(p.take("duplicate_register_key", ordinary, csv))
    for i in p.take("box_number", ["dwelling", "apartments"]):
        p.empty([i])


def _missing_streets(p: Planter) -> None:
    """Two streets, one per register, that the address file lacks; no other case may stand in them."""
    for where in (~p.vip, p.vip):
        free = np.bincount(p.plots.street[p.free & p.open & where], minlength=len(p.plots.streets))
        here = p.plots.street == int(np.argmax(free))
        p.empty(p.take("street_without_addresses", ["dwelling", "apartments", "shop"], here, count=2))
        p.reserved |= here


def _take_pairs(p: Planter, label: str, where: Bools, count: int) -> None:
    """Buildings with two house numbers; the neighbour keeps neither number nor case."""
    for _ in range(count):
        (i,) = p.take(label, ["dwelling", "shop", "office"], where & _has_free_neighbour(p), count=1)
        p.empty([i])
        p.free[i + 1] = False
        p.buildings.row[i + 1] = 0


def _has_free_neighbour(p: Planter) -> Bools:
    """Plots whose next plot stands on the same street side, higher by two, and is free and ordinary."""
    plots = p.plots
    result = np.zeros(len(plots.kind), dtype=bool)
    usable = p.free & p.open & (plots.kind == INDEX["dwelling"])
    result[:-1] = (
        usable[1:]
        & (plots.half_street[:-1] == plots.half_street[1:])
        & (np.abs(plots.number[1:] - plots.number[:-1]) == 2)
        & ~plots.letter[1:]
    )
    return result


def _same_street(p: Planter) -> None:
    """One address in a shared street, in the district of the row and in another one."""
    b, plots = p.buildings, p.plots
    usable = p.free & ~plots.letter & np.isin(plots.kind, [INDEX[c] for c in ("dwelling", "shop", "apartments")])
    left = p.count
    names = np.array(plots.streets, dtype=object)[plots.street]
    for street in SHARED_STREETS[:2] * p.count:
        here = np.flatnonzero(usable & p.free & (names == street))
        numbers, first = np.unique(plots.number[here], return_index=True)
        for number, at in zip(numbers.tolist(), first.tolist(), strict=True):
            same = here[plots.number[here] == number]
            elsewhere = same[plots.district[same] != plots.district[here[at]]]
            if len(elsewhere) and left:
                p.empty(p.mark("same_street_two_districts", here[at : at + 1]))
                p.mark("same_street_other_district", elsewhere)
                left -= 1
                break
    if left:
        raise ValueError(f"voorbeeldstad: {left} same_street cases not planted; take more buildings")
    b.case[np.asarray(b.cases["same_street_other_district"])] = "same_street_other_district"


def _broken(p: Planter) -> None:
    b = p.buildings
    ordinary = ["dwelling", "shop", "office", "warehouse"]
    for label, form in (
        ("osm_two_point_ring", state.TWO_POINTS), ("osm_unclosed_way", state.UNCLOSED),
        ("osm_missing_member", state.NO_MEMBER),
    ):  # fmt: skip
        for i in p.take(label, ordinary):
            b.osm_form[i] = form
            b.osm_tags[i] = {"building": "yes"}
            if form == state.NO_MEMBER:
                b.shape[i] = CODES["court"]
    p.take("lambert_2008", ordinary)
    p.take("empty_geometry", ordinary)
    towers = np.flatnonzero(b.is_structure() & (b.complex_of < 0) & b.is_main)[: p.count]
    p.mark("same_oidn", towers)
    p.take("same_oidn", ordinary, count=len(towers))
    b.osm_form[p.take("stale_reference", ordinary, count=max(2, p.count))] = state.REFERENCED


def _complexes(p: Planter) -> None:
    """The first complex stands empty; its whole ground has one register row and one tag."""
    b = p.buildings
    members = np.flatnonzero(b.complex_of >= 0)
    for flag in ("disused", "prefixed", "present", "former_and_present"):
        getattr(b, flag)[members] = False
    b.row[members] = 0
    b.in_grb[members] = b.in_osm[members] = True
    b.case[members[~b.is_chimney[members]]] = "factory_complex"
    b.cases["factory_complex"] = np.flatnonzero((b.complex_of >= 0) & b.is_main).tolist()
    first = np.flatnonzero((b.complex_of == 0) & ~b.is_chimney)
    b.out[first], b.vacant_share[first] = True, 1.0
    main = int(first[0])
    b.row[main], b.disused[main] = 1, True
