"""How the made-up city is drawn: prevalence, and how often a state leaves a trace in a source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

SAID: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "citizen_report": (0.03, 0.03 / math.exp(2)),
        "citizen_report_verified": (0.02, 0.02 / math.exp(5)),
        "enterprise_active": (0.2 / math.exp(1.5), 0.2),
        "permit_recent": (0.05 / math.exp(1), 0.05),
        "church_deconsecrated": (0.2, 0.2 / math.exp(3.5)),
        "park_parcel_not_in_use": (0.1, 0.1 / math.exp(6)),
        "register_premises": (0.3, 0.3 / math.exp(6)),
    }
)
"""Kind of evidence -> how often it is said of a building out of use, and of one in use; by the scoring table's ratios."""

STATUS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "opname": (0.93, 6.0),
        "kennisgeving": (0.0595, 4.0),
        "beroepOpname": (0.01, 4.0),
        "aanvraagschrapping": (0.0005, -2.0),
    }
)
"""Status of a register row -> its share of the rows of buildings out of use, and its log ratio against those in use.

With these, one row in ten asks to be struck off, most of them of buildings in use: as many as in the register of Antwerpen.
"""


@dataclass(frozen=True)
class Generation:
    """Parameters of one made-up city; every field is a share between 0 and 1 unless it says otherwise.

    A trace has two rates, `..._given_out` and `..._given_in`: their ratio is the strength of that evidence.
    The
    defaults keep the ratios of the scoring table and lift both rates of the OSM traces for atypical
    buildings by
    `atypical_evidence` (times), so that a demo of 4,000 buildings holds tens of buildings worth a visit; with
    `atypical_evidence=1` mapping is as rare as it really is.

    Attributes:
        out_of_use_atypical: out of use, of the atypical buildings.
        out_of_use_ordinary: out of use, of the ordinary ones.
        partly_given_out: of those out of use, only partly empty (more than half, not all).
        partly_given_in: of shops and apartment buildings in use, partly empty (less than half).
        gone: demolished but still in one of the sources.
        atypical: atypical buildings, of all buildings.
        register_given_out: a register row, when out of use.
        register_status: status of a row -> share of the rows given out, log ratio out against in (`STATUS`).
        register_industrial_given_out: the same for factories and warehouses, which another inventory holds.
        register_part_given_partly: a row for a part, when partly empty.
        disused_given_out: OSM `disused=yes` or `abandoned=yes`.
        disused_given_in: the same when in use.
        prefix_given_out: a lifecycle prefix on the main tag (`disused:amenity=school`).
        prefix_given_in: the same when in use.
        atypical_evidence: factor on the four OSM rates above for atypical buildings.
        present_given_out: opening hours or a named point of interest, non-residential.
        present_given_in: the same when in use.
        former_and_present_given_out: a present use beside a former one, atypical.
        former_and_present_given_in: the same when in use.
        shop_vacant_given_out: `shop=vacant` on an empty shop.
        shop_vacant_given_in: the same on a shop in use.
        osm_missing: buildings that OSM lacks.
        grb_missing: buildings that GRB lacks.
        osm_reference: OSM buildings with `source:geometry:ref`.
        osm_split: OSM buildings drawn as two.
        osm_merged: OSM buildings drawn as one with their neighbour.
        streets_without_addresses: streets that the address file lacks.
        said: what others say of a building: kind of evidence -> rate given out, rate given in (`SAID`).
        without: feeds to leave out: any of `grb`, `addresses`, `vacancy_register`, `vip_register`,
            `heritage`, `observations`, `premises`, `elevation`, `platform`, `business_parks`.
        adverts: good adverts on the platform; 0: one per 50 buildings, and 300 at least.
        osm_format: `pbf` or `xml`.
    """

    out_of_use_atypical: float = 0.05
    out_of_use_ordinary: float = 0.03
    partly_given_out: float = 0.2
    partly_given_in: float = 0.01
    gone: float = 0.001
    atypical: float = 0.07
    register_given_out: float = 0.4
    register_status: Mapping[str, tuple[float, float]] = field(default_factory=lambda: STATUS)
    register_industrial_given_out: float = 0.1
    register_part_given_partly: float = 0.4
    disused_given_out: float = 1 / 50
    disused_given_in: float = 1 / 5000
    prefix_given_out: float = 1 / 100
    prefix_given_in: float = 1 / 10000
    atypical_evidence: float = 15.0
    present_given_out: float = 0.05
    present_given_in: float = 0.22
    former_and_present_given_out: float = 0.00002
    former_and_present_given_in: float = 0.003
    shop_vacant_given_out: float = 0.3
    shop_vacant_given_in: float = 0.003
    osm_missing: float = 0.08
    grb_missing: float = 0.03
    osm_reference: float = 0.85
    osm_split: float = 0.008
    osm_merged: float = 0.008
    streets_without_addresses: float = 0.01
    said: Mapping[str, tuple[float, float]] = field(default_factory=lambda: SAID)
    without: frozenset[str] = frozenset()
    adverts: int = 0
    osm_format: Literal["pbf", "xml"] = "pbf"
