"""Two business parks with their usage parcels, as VLAIO's WFS answers: `parks.json` (bedrter) and `park_parcels.json` (bedrperc).

The parks are industry of two districts; the second reaches past what is built, and holds reserve land there. What the park monitor
says of a building stands in its parcel too. Planted: codes as URIs, words that are on no list, a parcel that names no park and one
that names another, one that lies in none. What is so is in `park_truth.parquet`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sources.voorbeeldstad.arrow import Column, pa, pc, pq
from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Bools, Floats, Footprints, Ints, concat
from sources.voorbeeldstad.layout import Plots
from sources.voorbeeldstad.observations import Observation
from sources.voorbeeldstad.osm_objects import ground
from sources.voorbeeldstad.text import coordinates, draw, join, pick, write_text
from sources.voorbeeldstad.truth import truth_ids
from sources.voorbeeldstad.typology import INDEX, ZONES

PARKS = ("99001_01", "99001_02")
_NAMES = ("Voorbeeldkaai", "Nieuwe Akkers")
_BEYOND = 80.0
"""How far the second park reaches past its last street, m."""
_CONCEPT = "https://example.org/id/concept/gebruik/"
_SAID = "park_parcel_not_in_use"
_FUNCTIONS = {"factory": 0, "brewery": 0, "warehouse": 1, "office": 2, "shop": 3, "garage_workshop": 4}
_FUNCTION_WORDS = ("productie", "opslag", "kantoor", "detailhandel", "herstelplaats")
"""The last is a word that no list has."""
_OFFERS = ("aangeboden", "nietAangeboden", "optie", "in bespreking")
_LIMITS = ("geen", "teSaneren")


def write_parks(folder: Path, seed: int, b: Buildings, plots: Plots, found: list[Observation]) -> None:
    """Write both files and the truth.

    Args:
        folder: of the city.
        seed: of the city; nothing else is drawn from this stage.
        b: the real buildings.
        plots: the plots; one plot is one usage parcel.
        found: what others say, of which the park monitor's words are told again here.
    """
    rng = draw(seed, "parks")
    industry = np.flatnonzero(plots.area_zone == ZONES.index("industry"))[: len(PARKS)]
    outline = plots.area.take(industry)
    strip = _reach_out(outline)
    plot = np.flatnonzero((plots.zone == ZONES.index("industry")) & (plots.district < len(PARKS)))
    park = plots.district[plot]
    idle = _idle(b, plot, park, next(one for one in found if one.kind == _SAID).seen)
    gone = b.gone[: len(plots.kind)][plot]

    shapes = concat([ground(plots, plot), strip])
    count = len(shapes)
    of_park = np.append(park, 1)
    not_in_use = np.append(idle | gone, True)
    built = np.append(~gone, False)
    draws = rng.random((4, count))
    # One word more in a hundred than the lists have, and at least one of each.
    offer = np.where(not_in_use, np.where(draws[0] < 0.6, 0, 2), np.where(draws[0] < 0.05, 3, 1))
    kinds = np.full(len(INDEX), -1)
    for code, number in _FUNCTIONS.items():
        kinds[INDEX[code]] = number
    function = np.append(kinds[plots.kind[plot]], -1)
    has_limit = draws[1] < 0.7
    limit = np.where(draws[2] < 0.08, 1, 0)
    offer[0], offer[-1] = 3, 1

    use = pc.if_else(pa.array(not_in_use), "nietInGebruik", "inGebruik")
    named = pick(PARKS, of_park)
    # The second parcel names no park, the third another city's; the last but one has a word of its own for its use.
    place = np.arange(count)
    named = pc.if_else(pa.array(place == 1), pa.scalar(None, pa.string()), named)
    named = pc.if_else(pa.array(place == 2), "99002_07", named)
    written = pc.if_else(pa.array(place % 3 == 0), join(_CONCEPT, use), use)
    written = pc.if_else(pa.array(place == count - 2), "gedeeltelijk", written)
    limits = pc.if_else(pa.array(has_limit), pick(_LIMITS, limit), pa.scalar(None, pa.string()))
    limits = pc.if_else(pa.array(place == count - 1), "reservegrond", limits)
    functions = pc.if_else(
        pa.array(function >= 0), pick(_FUNCTION_WORDS, np.maximum(function, 0)), pa.scalar(None, pa.string())
    )
    ids = join("99001_P", pc.utf8_lpad(pc.cast(pa.array(place + 1), pa.string()), 5, "0"))
    stray = strip.moved(np.array([[5_000.0, 5_000.0]]), np.ones(1))

    _write(
        folder / "parks.json",
        "Bedrter",
        outline,
        {
            "IDBEDR": pick(PARKS, np.arange(2)),
            "NAAM": pick(_NAMES, np.arange(2)),
            "GEMEENTE": pick(["Voorbeeldstad"], np.zeros(2, int)),
            "TYPE": pick(["regionaal bedrijventerrein", "lokaal bedrijventerrein"], np.arange(2)),
        },
    )
    none = pa.array([None], pa.string())
    _write(
        folder / "park_parcels.json", "Bedrperc", concat([shapes, stray]),
        {
            "IDBEDR": _and(named, none), "IDPERC": _and(ids, pa.array(["99001_P99999"])), "InGebruik": _and(written, pa.array(["inGebruik"])),
            "Bebouwing": _and(pc.if_else(pa.array(built), "bebouwd", "onbebouwd"), pa.array(["onbebouwd"])),
            "Beschikbaarheid": _and(pick(_OFFERS, offer), none), "Functie": _and(functions, none), "Beperking": _and(limits, none),
        },
    )  # fmt: skip
    rejected = place == count - 2
    truth = {
        "parcel_id": join("vlaio:parcel:", ids),
        "park_id": join("vlaio:park:", pick(PARKS, of_park)),
        "truth_id": truth_ids(np.append(plot, -1)),
        "is_not_in_use": pc.if_else(pa.array(rejected), pa.scalar(None, pa.bool_()), pa.array(not_in_use)),
        "is_built": pa.array(built),
        "is_offered": pc.if_else(pa.array(offer == 3), pa.scalar(None, pa.bool_()), pa.array(offer == 0)),
        "is_reserve": pc.if_else(
            pc.is_valid(limits), pc.fill_null(pc.equal(limits, "reservegrond"), False), pa.scalar(None, pa.bool_())
        ),
        "is_refused": pa.array(rejected),
    }
    pq.write_table(pa.table(truth), folder / "park_truth.parquet", compression="zstd")


def _reach_out(outline: Footprints) -> Footprints:
    """Move the far side of the second rectangle outwards, in place; returns the strip that was won."""
    corner = outline.xy[4:8]
    along = (corner[1] - corner[0]) / np.hypot(*(corner[1] - corner[0]))
    near: Floats = corner[[1, 2]].copy()
    corner[[1, 2]] += _BEYOND * along
    ring = np.stack([near[0], corner[1], corner[2], near[1]])
    return Footprints(ring, np.array([0, 4]), np.array([0, 1]))


def _idle(b: Buildings, plot: Ints, park: Ints, seen: Bools) -> Bools:
    """Parcels whose main building the park monitor calls idle; in a park where it calls none, the first that is out of use."""
    idle: Bools = seen[plot].copy()
    for number in range(len(PARKS)):
        here = np.flatnonzero((park == number) & ~b.gone[plot])
        if not idle[here].any():
            likely = here[b.out[plot[here]]]
            idle[(likely if len(likely) else here)[:1]] = True
    return idle


def _and(values: Column, last: Column) -> Column:
    return pa.concat_arrays(
        [values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values, pa.array(last, pa.string())]
    )


def _write(path: Path, name: str, shapes: Footprints, columns: dict[str, Column]) -> None:
    """Write a layer as GeoServer answers a WFS in GeoJSON."""
    count = len(shapes)
    number = np.arange(1, count + 1)
    parts: list[object] = []
    for column, values in columns.items():
        text = pc.fill_null(join('"', values, '"'), "null")
        parts += [f'"{column}":', text, ","]
    line_end = np.full(count, ",\n", dtype=object)
    line_end[-1:] = "\n"
    features = join(
        f'{{"type":"Feature","id":"{name}.', number, '","geometry":{"type":"Polygon","coordinates":', coordinates(shapes),
        '},"geometry_name":"SHAPE","properties":{', *parts, '"OIDN":', 7_000_000 + number, ',"UIDN":', 70_000_000 + number, "}}",
        pa.array(line_end, pa.string()),
    )  # fmt: skip
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","features":[\n')
        write_text(out, features)
        tail = (
            f'],"totalFeatures":{count},"numberMatched":{count},"numberReturned":{count},"timeStamp":"2025-05-25T03:12:07.512Z",'
            '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::31370"}}}\n'
        )
        out.write(tail.encode())
