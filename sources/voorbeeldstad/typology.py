"""The building types of the made-up city: how common, how big, what shape, how OSM tags and names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Zone = Literal["core", "outer", "industry"]
ZONES: tuple[Zone, ...] = ("core", "outer", "industry")


@dataclass(frozen=True)
class BuildingType:
    """One type.

    Attributes:
        code: name in the truth.
        weight: for an atypical type its weight among the atypical; for an ordinary one its share of all
            buildings.
        zone: where it stands.
        width: smallest and largest size along the street, metres.
        depth: smallest and largest size away from it, metres.
        levels: fewest and most storeys.
        shapes: ground plans, drawn with equal chance.
        building: values of OSM `building`, drawn with equal chance.
        tag: what OSM says about the use, `key=value`, or "".
        names: patterns; `{}` becomes a saint or a made-up word.
        is_atypical: an ordinary dwelling, shop or shed is not.
        is_residential: somebody lives there by its purpose.
    """

    code: str
    weight: float
    zone: Zone
    width: tuple[float, float]
    depth: tuple[float, float]
    levels: tuple[int, int]
    shapes: tuple[str, ...]
    building: tuple[str, ...]
    tag: str = ""
    names: tuple[str, ...] = ()
    is_atypical: bool = True
    is_residential: bool = False


_T = BuildingType
_CIVIC = ("box", "ell", "tee", "wings")
_HALL = ("box", "box", "steps", "ell")

TYPES: tuple[BuildingType, ...] = (
    _T("dwelling", 0.555, "core", (5, 8.5), (8, 14), (1, 3), ("box", "box", "ell", "skew", "chamfer"),
       ("house", "house", "house", "yes", "residential", "terrace"), is_atypical=False, is_residential=True),
    _T("apartments", 0.06, "core", (11, 24), (11, 16), (3, 9), ("box", "box", "ell", "tee", "court"),
       ("apartments", "apartments", "residential", "yes"), is_atypical=False, is_residential=True),
    _T("shop", 0.045, "core", (5, 11), (9, 18), (1, 3), ("box", "ell"), ("retail", "yes", "house",
       "commercial"),
       "shop={}", ("Winkel {}", "{} Mode", "Bakkerij {}"), is_atypical=False),
    _T("cafe_restaurant", 0.015, "core", (6, 11), (9, 16), (1, 3), ("box", "ell"), ("yes", "house", "retail"),
       "amenity={}", ("Café {}", "De {}", "Brasserie {}"), is_atypical=False),
    _T("garage_box", 0.07, "core", (2.8, 3.4), (4.5, 6), (1, 1), ("box",), ("garage", "garage", "garages",
       "yes"),
       is_atypical=False),
    _T("shed", 0.18, "core", (2, 3.6), (2.5, 6), (1, 1), ("box", "skew"), ("shed", "shed", "yes", "roof"),
       is_atypical=False),
    _T("unknown", 0.015, "core", (6, 14), (7, 18), (1, 3), ("box", "skew", "ell"), ("yes",),
       is_atypical=False),
    _T("church", 5, "core", (18, 30), (24, 26), (1, 1), ("cross",), ("church", "church", "church", "yes"),
       "amenity=place_of_worship", ("Sint-{}kerk", "Onze-Lieve-Vrouwekerk van {}", "{}kerk")),
    _T("chapel", 3, "outer", (5, 8), (8, 14), (1, 1), ("tee", "box"), ("chapel", "chapel", "yes"),
       "amenity=place_of_worship", ("{}kapel", "Kapel van Sint-{}")),
    _T("monastery", 1.5, "core", (35, 60), (24, 26), (2, 4), ("court", "courts", "wings"),
       ("monastery", "convent", "yes"), "amenity=monastery", ("Klooster {}", "Abdij van {}",
       "Zusters van {}")),
    _T("presbytery", 2, "core", (12, 16), (10, 14), (2, 2), ("box", "ell"), ("presbytery", "house", "yes"),
       "",
       ("Pastorie {}",)),
    _T("school", 11, "core", (35, 65), (18, 26), (1, 4), ("wings", "ell", "court", "box"),
       ("school", "school", "school", "yes"), "amenity=school", ("Basisschool {}", "Sint-{}school",
       "Atheneum {}")),
    _T("university", 1, "core", (40, 70), (22, 26), (3, 7), _CIVIC, ("university", "yes"),
       "amenity=university",
       ("Hogeschool {}", "Campus {}")),
    _T("police_station", 1.5, "core", (20, 35), (16, 24), (2, 6), _CIVIC, ("public", "office", "yes"),
       "amenity=police", ("Politie {}", "Politiekantoor {}")),
    _T("fire_station", 1.2, "core", (22, 36), (16, 24), (1, 3), _CIVIC, ("fire_station", "public", "yes"),
       "amenity=fire_station", ("Brandweer {}", "Brandweerkazerne {}")),
    _T("barracks", 0.6, "industry", (40, 70), (14, 22), (2, 4), ("box", "wings", "court"), ("barracks",
       "military"),
       "military=barracks", ("Kazerne {}", "Rijkswachtkazerne {}")),
    _T("prison", 0.3, "industry", (50, 80), (40, 70), (2, 3), ("court", "courts"), ("prison", "public"),
       "amenity=prison", ("Gevangenis {}",)),
    _T("hospital", 0.8, "industry", (60, 95), (40, 75), (4, 9), ("courts", "wings", "tee"), ("hospital",
       "yes"),
       "amenity=hospital", ("AZ {}", "Gasthuis Sint-{}")),
    _T("care_home", 2, "core", (35, 60), (16, 24), (2, 5), _CIVIC, ("yes", "public", "apartments"),
       "amenity=nursing_home", ("Woonzorgcentrum {}", "Rusthuis {}")),
    _T("town_hall", 0.6, "core", (24, 40), (18, 24), (2, 4), _CIVIC, ("civic", "public", "yes"),
       "amenity=townhall", ("Stadhuis {}", "Gemeentehuis {}")),
    _T("courthouse", 0.3, "core", (24, 44), (18, 25), (3, 5), ("court", "box"), ("civic", "public"),
       "amenity=courthouse", ("Vredegerecht {}",)),
    _T("library", 1.2, "core", (18, 32), (14, 22), (1, 3), _CIVIC, ("public", "civic", "yes"),
       "amenity=library", ("Bibliotheek {}",)),
    _T("museum", 0.8, "core", (20, 40), (16, 25), (2, 4), ("court", "box", "ell"), ("museum", "public",
       "yes"),
       "tourism=museum", ("Museum {}",)),
    _T("theatre", 0.6, "core", (20, 32), (22, 26), (2, 4), ("box", "chamfer"), ("theatre", "yes"),
       "amenity=theatre", ("Schouwburg {}", "Theater {}")),
    _T("cinema", 0.6, "core", (14, 28), (22, 26), (2, 3), ("box", "chamfer"), ("cinema", "retail", "yes"),
       "amenity=cinema", ("Bioscoop {}", "Cinema {}")),
    _T("community_centre", 3, "core", (16, 34), (14, 24), (1, 2), _CIVIC, ("public", "yes"),
       "amenity=community_centre", ("Parochiezaal {}", "Gemeenschapscentrum {}")),
    _T("sports_hall", 2.5, "outer", (26, 45), (20, 28), (1, 1), ("box", "steps"), ("sports_hall", "yes"),
       "leisure=sports_hall", ("Sporthal {}",)),
    _T("swimming_pool", 0.6, "outer", (25, 45), (20, 28), (1, 1), ("box", "ell"), ("sports_centre", "yes"),
       "leisure=sports_centre", ("Zwembad {}",)),
    _T("station", 0.6, "core", (24, 50), (12, 18), (1, 2), ("tee", "box"), ("train_station", "yes"),
       "railway=station", ("Station {}",)),
    _T("post_office", 0.8, "core", (12, 22), (12, 20), (1, 3), ("box", "ell"), ("yes", "public", "office"),
       "amenity=post_office", ("Postkantoor {}",)),
    _T("office", 11, "core", (16, 40), (12, 20), (2, 12), ("box", "ell", "court"), ("office", "commercial",
       "yes"),
       "office=company", ("Kantoor {}", "{} Toren")),
    _T("factory", 10, "industry", (45, 95), (35, 78), (1, 3), _HALL, ("industrial", "factory", "yes",
       "industrial"),
       "man_made=works", ("Fabriek {}", "Weverij {}", "Gieterij {}")),
    _T("brewery", 0.7, "industry", (30, 60), (25, 50), (2, 5), _HALL, ("industrial", "brewery"),
       "craft=brewery", ("Brouwerij De {}",)),
    _T("mill", 0.6, "outer", (10, 16), (10, 16), (2, 5), ("box", "round"), ("windmill", "watermill", "yes"),
       "man_made=windmill", ("{}molen",)),
    _T("warehouse", 14, "industry", (40, 95), (30, 78), (1, 2), _HALL, ("warehouse", "industrial", "yes"), "",
       ("Magazijn {}", "Loods {}")),
    _T("garage_workshop", 4.5, "core", (14, 28), (14, 24), (1, 2), ("box", "ell"), ("retail", "garage",
       "yes"),
       "shop=car_repair", ("Garage {}",)),
    _T("fuel_station", 1.5, "outer", (14, 24), (10, 16), (1, 1), ("box",), ("roof", "retail"), "amenity=fuel",
       ("Tankstation {}",)),
    _T("parking_garage", 0.8, "core", (30, 55), (22, 26), (3, 6), ("box",), ("parking", "yes"),
       "amenity=parking",
       ("Parking {}",)),
    _T("water_tower", 0.6, "outer", (12, 16), (12, 16), (1, 1), ("round",), ("water_tower", "yes"),
       "man_made=water_tower", ("Watertoren {}",)),
    _T("power_station", 0.5, "industry", (40, 60), (40, 60), (1, 1), ("round", "steps"), ("industrial",
       "yes"),
       "power=plant", ("Centrale {}",)),
    _T("farm", 7, "outer", (18, 40), (14, 28), (1, 2), ("ell", "wings", "box"), ("farm", "barn",
       "farm_auxiliary"),
       "", ("{}hoeve", "Hoeve {}")),
    _T("castle", 0.6, "outer", (24, 40), (18, 28), (2, 4), ("court", "wings"), ("castle", "yes"),
       "historic=castle", ("Kasteel {}",)),
    _T("bunker", 1.2, "outer", (6, 14), (6, 12), (1, 1), ("box", "chamfer"), ("bunker", "yes"),
       "military=bunker",
       ("Bunker {}",)),
    _T("hotel", 1.5, "core", (16, 34), (14, 22), (3, 7), ("box", "ell", "court"), ("hotel", "yes"),
       "tourism=hotel", ("Hotel {}",)),
    _T("supermarket", 3, "outer", (28, 50), (22, 29), (1, 1), ("box", "steps"), ("supermarket", "retail",
       "yes"),
       "shop=supermarket", ("Markt {}",)),
    _T("department_store", 0.5, "core", (30, 55), (22, 26), (3, 5), ("box", "chamfer"), ("retail",
       "commercial"),
       "shop=department_store", ("Warenhuis {}",)),
    _T("market_hall", 0.4, "core", (25, 45), (20, 26), (1, 1), ("box",), ("retail", "civic"),
       "amenity=marketplace",
       ("Markthal {}",)),
    _T("greenhouse", 3, "outer", (25, 60), (20, 29), (1, 1), ("box",), ("greenhouse",), "", ()),
)  # fmt: skip
INDEX: dict[str, int] = {kind.code: index for index, kind in enumerate(TYPES)}
SHOPS = ("bakery", "clothes", "hairdresser", "butcher", "florist", "books", "electronics", "convenience")
CATERING = ("pub", "cafe", "restaurant", "fast_food")
