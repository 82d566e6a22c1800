"""Writes the heritage designations as the Mercator WFS answers (`ps:ps_aandobj`). EPSG:31370."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from sources.voorbeeldstad import names
from sources.voorbeeldstad.arrow import pa, pc
from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Footprints
from sources.voorbeeldstad.layout import Plots
from sources.voorbeeldstad.text import column, coordinates, day_text, draw, join, pick, write_text
from sources.voorbeeldstad.typology import TYPES

_KINDS = (
    ("1", "Beschermd monument"), ("9", "Vastgesteld bouwkundig erfgoed"),
    ("7", "Beschermd stads- of dorpsgezicht, intrinsiek"),
)  # fmt: skip
_SHARE = {
    "church": 0.8, "chapel": 0.6, "monastery": 0.8, "presbytery": 0.6, "castle": 0.9, "town_hall": 0.7,
    "mill": 0.7,
    "brewery": 0.5, "courthouse": 0.5, "station": 0.5, "water_tower": 0.4, "theatre": 0.4, "school": 0.15,
    "factory": 0.1, "farm": 0.25, "dwelling": 0.012, "bunker": 0.3, "barracks": 0.3, "market_hall": 0.4,
}  # fmt: skip


def write_heritage(path: Path, seed: int, b: Buildings, plots: Plots, shapes: Footprints) -> None:
    """Write designations of buildings; one in twenty covers the next building too."""
    rng = draw(seed, "heritage")
    share = np.array([_SHARE.get(entry.code, 0.0) for entry in TYPES])[b.kind]
    index = np.flatnonzero(b.is_main & ~b.gone & (rng.random(len(b)) < share))
    count = len(index)
    number = 100_001 + np.arange(count)
    kind = rng.choice(len(_KINDS), count, p=(0.25, 0.65, 0.1))
    own = coordinates(shapes.take(index))
    second = (rng.random(count) < 0.05) & (index + 1 < int(b.is_main.sum()))
    other = coordinates(shapes.take(np.where(second, index + 1, index)))
    parts = pc.if_else(pa.array(second), join("[", own, ",", other, "]"), join("[", own, "]"))
    label = [entry.code.replace("_", " ").capitalize() for entry in TYPES]
    name = pc.coalesce(names.buildings(seed, b.kind).take(pa.array(index)), pick(label, b.kind[index]))
    plot = pa.array(b.plot[index])
    end = np.full(count, ",\n", dtype=object)
    end[-1:] = "\n"
    features = join(
        '{"type":"Feature","id":"ps_aandobj.', number, '","geometry":{"type":"MultiPolygon","coordinates":',
        parts,
        '},"geometry_name":"geom","properties":{"aanduid_id":', number, ',"naam":"', name,
        '","alt_naam":null,',
        '"type_uri":"https://example.org/thesauri/aanduidingstypes/', pick([code for code, _ in _KINDS],
        kind),
        '","type_naam":"', pick([text for _, text in _KINDS], kind), '","locatie":"',
        plots.street_names().take(plot), " ", column(plots.house_numbers().take(plot)), " (Voorbeeldstad)",
        '","geld_start":"', day_text("1980-01-01", rng.integers(0, 15_000, count)), '","geld_einde":null,',
        '"url":"https://example.org/aanduidingsobjecten/', number,
        '","uri":"https://example.org/id/aanduidingsobjecten/', number,
        '","dataverant":"https://example.org/id/actoren/501"}}', pa.array(end, pa.string()),
    )  # fmt: skip
    tail = {
        "totalFeatures": count, "numberMatched": count, "numberReturned": count,
        "timeStamp": "2025-05-25T04:00:11.872Z",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::31370"}},
    }  # fmt: skip
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","features":[\n')
        write_text(out, features)
        out.write(b"]," + json.dumps(tail).encode()[1:] + b"\n")
