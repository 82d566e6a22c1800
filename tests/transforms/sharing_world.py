"""A random business park in memory through the queries of sharing, and the same ranking by hand in shapely and NumPy."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import shapely

from tests.transforms.park_world import REFERENCE, TABLES, park_world
from transforms._kit.header import read_spec
from transforms._kit.reference import write_table

STEPS = (
    "park_subject", "park_sharing_place", "park_sharing_thing", "park_sharing_pattern", "park_sharing_part", "park_sharing",
)  # fmt: skip
RULE = {row["name"]: row for row in REFERENCE["park_rule"]}
PATTERN = {row["type"]: [row["day"], row["evening"], row["weekend"]] for row in REFERENCE["park_use_pattern"]}
ROOF = {row["orientation"]: [row["low"], row["value"], row["high"]] for row in REFERENCE["park_roof"]}
CLASS = {
    (row["about"], row["code"]): [row["low"], row["value"], row["high"]] for row in REFERENCE["park_sharing_class"]
}
WALK = RULE["walk_m"]["value"]
Bounds = tuple[float | None, float, float]
"""Value, low and high; `math.inf` for no upper bound."""


@dataclass(frozen=True)
class World:
    """What was drawn: `con` holds it as tables, the rest as it went in. Coordinates in metres."""

    con: duckdb.DuckDBPyConnection
    seen: float
    parcels: dict[str, dict[str, Any]]
    buildings: dict[str, dict[str, Any]]
    things: list[tuple[dict[str, str], Any]]
    floods: list[tuple[str, Any]]


def draw_world(seed: int) -> World:
    """Twelve parcels of one park, eighteen buildings, amenities, car parks and flood zones; of much of it something is not known."""
    rng = np.random.default_rng(seed)
    # Of every third seed all of the park is seen (buildings beside it), of the next most of it, of the next less than half.
    wide = (600.0, 620.0, 1200.0)[seed % 3]
    beside = (
        [(-60, -60), (650, -60), (650, 500), (-60, 500)]
        if seed % 3 == 0
        else [(-60, -60), (450, -60), (450, 500)]
        if seed % 3 == 1
        else []
    )
    parcels: dict[str, dict[str, Any]] = {}
    buildings: dict[str, dict[str, Any]] = {}
    words = {
        "use": ("in gebruik", "niet in gebruik", None),
        "building": ("bebouwd", "onbebouwd", None),
        "availability": ("aangeboden", None),
    }
    for number in range(12):
        x, y = 150.0 * (number % 4), 150.0 * (number // 4)
        said = {about: rng.choice(np.array(options, dtype=object)) for about, options in words.items()}
        parcels[f"c{number:02d}"] = {
            "geom": shapely.box(x, y, x + 150, y + 150),
            "said": {k: v for k, v in said.items() if v is not None},
        }
    for number in range(18):
        x, y = rng.uniform(0, 550), rng.uniform(0, 400)
        shape = shapely.box(x, y, x + rng.uniform(10, 60), y + rng.uniform(10, 60))
        height = None if rng.random() < 0.3 else float(rng.uniform(3, 12))
        buildings[f"b{number:02d}"] = {
            "geom": shape, "type": str(rng.choice(["office", "warehouse", "shop", "tower", "unknown"])), "height": height, "floors": float(rng.integers(1, 4)) if rng.random() < 0.7 else None,
            "band": rng.choice(np.array(["confirmed", "likely", "signal", "unknown", None], dtype=object)), "reuse": None if rng.random() < 0.4 else float(rng.uniform(10, 90)),
            "veto": bool(rng.random() < 0.2), "roof": rng.dirichlet(np.ones(5)).tolist() if rng.random() < 0.5 else None,
        }  # fmt: skip
    tags = [
        {"amenity": "cafe"},
        {"amenity": "cafe", "disused": "yes"},
        {"amenity": "community_centre"},
        {"shop": "bakery"},
    ]
    things: list[tuple[dict[str, str], Any]] = [
        (tag, shapely.Point(rng.uniform(-500, 1300), rng.uniform(-500, 900))) for tag in tags
    ]
    for number in range(3):
        x, y = rng.uniform(0, 500), rng.uniform(0, 400)
        things.append(
            ({"amenity": "parking", **({"capacity": "30"} if number else {})}, shapely.box(x, y, x + 60, y + 40))
        )
    things.append(({"amenity": "parking", "capacity": "12"}, shapely.Point(rng.uniform(1, 590), rng.uniform(1, 440))))
    floods = [
        (word, shapely.box(x, 0, x + 120, 300)) for word, x in (("effectief", 20.0), ("??", 100.0), ("geen", 300.0))
    ]
    con = park_world(
        areas=[{"area_id": "p", "theme": "business_park", "geom": shapely.box(0, 0, wide, 450).wkt},
               *({"area_id": key, "theme": "park_parcel", "attributes": {"park_id": "p", **row["said"]}, "geom": row["geom"].wkt} for key, row in parcels.items()),
               *({"area_id": f"f{number}", "theme": "flood", "class": word, "geom": shape.wkt} for number, (word, shape) in enumerate(floods))],
        buildings=[*({"building_id": key, "geom": row["geom"].wkt} for key, row in buildings.items()),
                   *({"building_id": f"x{x}{y}", "geom": shapely.box(x, y, x + 5, y + 5).wkt} for x, y in beside)],
    )  # fmt: skip
    _fill(con, buildings, things)
    for step in STEPS:
        make(con, step)
    seen = con.execute("SELECT seen_share FROM core.business_park").fetchone()
    assert seen is not None
    return World(con, seen[0], parcels, buildings, things, floods)


def make(con: duckdb.DuckDBPyConnection, step: str) -> None:
    """Make score.<step>, anew."""
    con.execute(f"CREATE OR REPLACE TABLE score.{step} AS {read_spec(TABLES / 'score' / f'{step}.sql').sql}")


def _fill(
    con: duckdb.DuckDBPyConnection, buildings: dict[str, dict[str, Any]], things: list[tuple[dict[str, str], Any]]
) -> None:
    write_table(con, "area_class", REFERENCE["area_class"])
    con.execute(
        "DROP SCHEMA IF EXISTS score CASCADE; CREATE SCHEMA score; SET VARIABLE as_of = DATE '2025-06-01';"
        "ALTER TABLE staging.area ADD COLUMN valid_from DATE; ALTER TABLE staging.area ADD COLUMN valid_to DATE;"
        "CREATE OR REPLACE TABLE reference.feed AS SELECT 'f' AS feed, 'public' AS visibility, DATE '2025-01-01' AS snapshot_on;"
        "CREATE TABLE core.objected (building_id VARCHAR); CREATE TABLE staging.facility (tags MAP(VARCHAR, VARCHAR), feed VARCHAR, geom GEOMETRY);"
        "CREATE TABLE staging.place AS FROM staging.facility;"
        "CREATE TABLE core.roof_measured (building_id VARCHAR, feed VARCHAR, flat_share DOUBLE, north_share DOUBLE, east_share DOUBLE, south_share DOUBLE, west_share DOUBLE);"
        "CREATE TABLE score.reuse (building_id VARCHAR, use VARCHAR, score DECIMAL(18, 6), low DOUBLE, high DOUBLE, veto VARCHAR[]);"
        "CREATE TABLE score.size (building_id VARCHAR, height_m DOUBLE, height_low_m DOUBLE, height_high_m DOUBLE);"
        "CREATE TABLE score.type (building_id VARCHAR, is_residential BOOLEAN);"
        "CREATE TABLE score.park_stock (building_id VARCHAR, park_id VARCHAR, type VARCHAR, band VARCHAR, outline_m2 DOUBLE, floor_area_m2 DOUBLE, floor_area_low_m2 DOUBLE, "
        "floor_area_high_m2 DOUBLE, volume_m3 DOUBLE, volume_low_m3 DOUBLE, volume_high_m3 DOUBLE, feeds VARCHAR[], band_feeds VARCHAR[])"
    )
    for number, (tags, shape) in enumerate(things):
        con.execute(
            f"INSERT INTO staging.{'place' if number < 2 else 'facility'} VALUES (?, 'f', ST_GeomFromText(?))",
            [tags, shape.wkt],
        )
    for key, row in buildings.items():
        m2, high, floors = row["geom"].area, row["height"], row["floors"]
        floor = [None if floors is None else m2 * floors * way for way in (1, 0.8, 1.3)]
        volume = [None if high is None else m2 * high * way for way in (1, 0.9, 1.1)]
        con.execute(
            "INSERT INTO score.park_stock VALUES (?, 'p', ?, ?, ?, ?, ?, ?, ?, ?, ?, ['f'], ['f'])",
            [key, row["type"], row["band"], m2, *floor, *volume],
        )
        con.execute(
            "INSERT INTO score.size VALUES (?, ?, ?, ?)",
            [key, *(None if high is None else high * way for way in (1, 0.9, 1.1))],
        )
        con.execute("INSERT INTO score.type VALUES (?, false)", [key])
        if row["reuse"] is not None:
            con.execute(
                "INSERT INTO score.reuse VALUES (?, 'meeting', ?, ?, ?, ?)",
                [key, row["reuse"], row["reuse"] - 10, row["reuse"] + 10, ["fire"] if row["veto"] else []],
            )
        if row["roof"]:
            con.execute("INSERT INTO core.roof_measured VALUES (?, 'f', ?, ?, ?, ?, ?)", [key, *row["roof"]])


def by_hand(world: World) -> dict[tuple[str, str, str], tuple[float | None, float, float]]:
    """Score, low and high of every parcel and building for every use it can have, as the decision page says them."""
    measures = _measures(world)
    found = {}
    parts: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in REFERENCE["park_sharing_part"]:
        parts[row["subject_kind"], row["shared_use"]].append(row)
    for (kind, use), rows in parts.items():
        for key in world.parcels if kind == "parcel" else world.buildings:
            known = low = high = total = weight = 0.0
            for row in rows:
                value, least, most = measures[key].get(row["measure"], (None, 0.0, np.inf))
                fits = [min(1.0, number / row["full"]) for number in (least, most)]
                weight += row["weight"]
                low, high = low + row["weight"] * fits[0], high + row["weight"] * fits[1]
                if row["measure"] in measures[key]:
                    known += row["weight"]
                    total += row["weight"] * (sum(fits) / 2 if value is None else min(1.0, value / row["full"]))
            found[kind, key, use] = (100 * total / known if known else None, 100 * low / weight, 100 * high / weight)
    return found


def _measures(world: World) -> dict[str, dict[str, Bounds]]:
    seen, out = world.seen, defaultdict(dict)  # type: ignore[var-annotated]
    shapes = {key: row["geom"] for key, row in {**world.parcels, **world.buildings}.items()}
    # Of axis-parallel boxes the middle is the point on the surface.
    points = {key: np.array(shape.centroid.coords[0]) for key, shape in shapes.items()}
    area = {key: shape.area for key, shape in shapes.items()}
    stock = list(world.buildings)
    middle = sum(points[key] * area[key] for key in stock) / sum(area[key] for key in stock)
    wanted = {row["amenity"]: set(row["tags"].split(" ")) for row in REFERENCE["park_amenity"]}
    on = {}
    for key in stock:
        shares = {name: shapes[key].intersection(row["geom"]).area / area[key] for name, row in world.parcels.items()}
        most = max(sorted(shares), key=lambda name: shares[name])
        if shares[most] >= 0.05:
            on[key] = (most, shares[most])
    flood = dict(world.floods)
    for key, shape in shapes.items():
        value = max(0.0, 1 - float(np.hypot(*(points[key] - middle))) / WALK)
        if seen >= RULE["known_share_min"]["value"]:
            out[key]["central"] = (value, value * seen, value * seen + 1 - seen)
        for amenity in ("lunch", "meeting"):
            there = any(
                {f"{k}={v}" for k, v in tags.items()} & wanted[amenity] and "disused" not in tags and np.hypot(*(np.array(at.coords[0]) - points[key])) <= WALK
                for tags, at in world.things if at.geom_type == "Point"
            )  # fmt: skip
            out[key][f"no_{amenity}"] = (float(not there), 0.0, float(not there))
        sure = shape.intersection(flood["effectief"]).area / area[key]
        any_ = shape.intersection(flood["effectief"].union(flood["??"])).area / area[key]
        out[key]["flood"] = (sure, sure, any_)
        mine = [name for name in stock if name == key or (name in on and on[name][0] == key)]
        rest = [name for name in stock if name not in mine]
        out[key].update(_pattern(world, key, mine, rest, area))
    for key in stock:
        row = world.buildings[key]
        if row["band"] not in (None, "unknown"):
            least, value, most = CLASS["band", row["band"]]
            out[key]["idle"] = (value, least, most)
        if row["reuse"] is not None and row["band"] is not None:
            out[key]["reuse_meeting"] = (
                (0.0, 0.0, 0.0)
                if row["veto"]
                else (row["reuse"] / 100, row["reuse"] / 100 - 0.1, row["reuse"] / 100 + 0.1)
            )
        shares = (
            dict(zip(("flat", "north", "east", "south", "west"), row["roof"], strict=True))
            if row["roof"]
            else {"unknown": 1.0}
        )
        least, value, most = (
            area[key] * sum(share * ROOF[way][place] for way, share in shares.items()) for place in range(3)
        )
        out[key]["solar_m2"] = (value, least, most)
        out[key]["roof_m2"] = (area[key],) * 3
        if row["floors"] is not None:
            out[key]["floor_area"] = tuple(area[key] * row["floors"] * way for way in (1, 0.8, 1.3))
        if row["height"] is not None:
            out[key]["volume"] = tuple(area[key] * row["height"] * way for way in (1, 0.9, 1.1))
            out[key]["height"] = tuple(row["height"] * way for way in (1, 0.9, 1.1))
    for key, row in world.parcels.items():
        outlines = [area[name] * share for name, (parcel, share) in on.items() if parcel == key]
        built, words = sum(outlines), row["said"]
        sure = seen >= 1 or (words.get("building") == "onbebouwd" and not outlines)
        if sure or built:
            out[key]["roof_m2"] = (built, built, built if sure else np.inf)
        bare = max(0.0, area[key] - built)
        out[key]["open_m2"] = (bare, bare if sure else 0.0, bare)
        lots = [
            (tags, shape)
            for tags, shape in world.things
            if tags.get("amenity") == "parking" and shape.intersects(row["geom"])
        ]
        sizes = [shape.intersection(row["geom"]).area for _, shape in lots]
        out[key]["sealed_share"] = (None, min(1.0, max(built, sum(sizes)) / area[key]), 1.0)
        places = np.zeros(2)
        for (tags, shape), size in zip(lots, sizes, strict=True):
            share = size / shape.area if shape.area else 1.0
            each = RULE["place_m2"]
            places += (
                float(tags["capacity"]) * share
                if "capacity" in tags
                else np.array([size / each["value"], size / each["high"]])
            )
        if lots:
            out[key]["places"] = (places[0], places[1], np.inf)
        said = (
            [CLASS["in_use", {"in gebruik": "in_use", "niet in gebruik": "not_in_use"}[words["use"]]]]
            if "use" in words
            else []
        )
        said += [CLASS["availability", "offered"]] if "availability" in words else []
        if said:
            least, value, most = max(said, key=lambda one: one[1])
            out[key]["idle"] = (value, least, most)
    return out


def _pattern(world: World, key: str, mine: list[str], rest: list[str], area: dict[str, float]) -> dict[str, Bounds]:
    known = [name for name in rest if world.buildings[name]["type"] in PATTERN]
    if not known:
        return {}

    def taken(names: list[str]) -> Any:
        return sum(np.array(PATTERN[world.buildings[name]["type"]]) * area[name] for name in names) / sum(
            area[name] for name in names
        )

    there = taken(known)
    sure = world.seen * sum(area[name] for name in known) / sum(area[name] for name in rest)
    least, most = there * sure, there * sure + 1 - sure
    found: dict[str, Bounds] = {"neighbours_day": (there[0], least[0], most[0])}
    if key not in world.parcels:
        return found
    said = world.parcels[key]["said"]
    typed = [name for name in mine if world.buildings[name]["type"] in PATTERN]
    if said.get("use") == "niet in gebruik":
        here, told = np.zeros(3), 1.0
    elif not mine:
        if world.seen < 1 and said.get("building") != "onbebouwd":
            return found
        here, told = np.zeros(3), 1.0
    elif typed:
        # Outlines as they stand in the park, though a part of one may be over the border of the parcel.
        here, told = taken(typed), world.seen * sum(area[name] for name in typed) / sum(area[name] for name in mine)
    else:
        return found
    best = [
        float(np.minimum(free, wish).max())
        for free, wish in ((1 - here, there), (told * (1 - here), least), (1 - here * told, most))
    ]
    return {**found, "free_pattern": (best[0], min(best[0], best[1]), max(best[0], best[2]))}
