"""Writes the OSM extract: OPL text from Arrow columns, turned into PBF or XML by libosmium."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
import osmium
from pyproj import Transformer

from sources.voorbeeldstad import state
from sources.voorbeeldstad.arrow import Column, pa, pc
from sources.voorbeeldstad.footprint import Floats, Ints, starts
from sources.voorbeeldstad.osm_objects import FIRST_EDIT, FIRST_RELATION, FIRST_WAY, LAST_EDIT, OsmObjects
from sources.voorbeeldstad.text import draw, grouped, join, write_text

FIRST_NODE = 9_000_000_000
_CHUNK = 500_000
_CHANGESET = " dV c1 t"
_USER = " i1 uvoorbeeld"


def to_degrees(xy: Floats) -> Floats:
    """EPSG:31370 to longitude and latitude (EPSG:4326), rounded to OSM's seven decimals."""
    lon, lat = Transformer.from_crs(31370, 4326, always_xy=True).transform(xy[:, 0], xy[:, 1])
    return np.round(np.stack([lon, lat], 1), 7)


def write_osm(path: Path, seed: int, objects: OsmObjects, tags: Column, points: Floats, point_tags: Column) -> None:
    """Write nodes, ways and relations, sorted as OSM files are.

    Args:
        path: `.osm.pbf` or `.osm`.
        seed: of the city.
        objects: the areas.
        tags: OPL tags per area.
        points: points of interest, EPSG:31370.
        point_tags: OPL tags per point.
    """
    rng = draw(seed, "osm versions")
    shapes = objects.shapes
    stamp = _stamps(rng, objects.edited)
    version = rng.integers(1, 6, len(shapes))
    text = path.parent / (path.name + ".opl.part")
    with text.open("wb") as out:
        area = shapes.polygon_of_vertex()
        for begin in range(0, len(area), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            degrees = to_degrees(shapes.xy[part])
            number = np.arange(begin, begin + len(degrees)) + FIRST_NODE
            owner = pa.array(area[part])
            write_text(out, join(
                "n", number, " v1", _CHANGESET, stamp.take(owner), _USER, " T x", degrees[:, 0], " y",
                degrees[:, 1],
                "\n",
            ))  # fmt: skip
        degrees = to_degrees(points)
        number = FIRST_NODE + len(area) + np.arange(len(points))
        # Points are edited more often than outlines: half of them in the last two years.
        days = int((LAST_EDIT - FIRST_EDIT).astype(int))
        stamps = _stamps(rng, np.floor(days * rng.random(len(points)) ** 0.35).astype(np.int64))
        write_text(out, join(
            "n", number, " v2", _CHANGESET, stamps, _USER, " T", point_tags, " x", degrees[:, 0], " y",
            degrees[:, 1],
            "\n",
        ))  # fmt: skip
        _write_ways(out, objects, tags, stamp, version)
        _write_relations(out, objects, tags, stamp, version)
    _convert(text, path)
    text.unlink()


def _stamps(rng: np.random.Generator, days: Ints) -> Column:
    """OSM timestamps on the given days after `FIRST_EDIT`."""
    seconds = days * 86_400 + rng.integers(0, 86_400, len(days))
    moment = FIRST_EDIT.astype("datetime64[s]") + seconds.astype("timedelta64[s]")
    return join(pa.array(np.datetime_as_string(moment, unit="s")), "Z")


def _write_ways(out: BinaryIO, objects: OsmObjects, tags: Column, stamp: Column, version: Ints) -> None:
    """One way per ring. Broken areas lose nodes, or their shell altogether."""
    shapes = objects.shapes
    owner = shapes.polygon_of_ring()
    index, offsets = shapes.closed()
    is_shell = np.zeros(len(owner), dtype=bool)
    is_shell[shapes.polygons[:-1]] = True
    form = objects.form[owner]
    keep = np.ones(len(index), dtype=bool)
    for ring in np.flatnonzero(is_shell & (form == state.TWO_POINTS)):
        keep[offsets[ring] + 2 : offsets[ring + 1] - 1] = False
    keep[offsets[1:][form == state.UNCLOSED] - 1] = False
    size = np.add.reduceat(keep.astype(np.int64), offsets[:-1])
    nodes = join("n", FIRST_NODE + index[keep])
    refs = grouped(nodes, starts(size))
    tagged = pa.array(~objects.is_relation()[owner])
    text = pc.if_else(tagged, tags.take(pa.array(owner)), "")
    lines = join(
        "w", FIRST_WAY + np.arange(len(owner)), " v", version[owner], _CHANGESET,
        stamp.take(pa.array(owner)), _USER,
        " T", text, " N", refs, "\n",
    )  # fmt: skip
    write_text(out, lines.filter(pa.array(~(is_shell & (form == state.NO_MEMBER)))))


def _write_relations(out: BinaryIO, objects: OsmObjects, tags: Column, stamp: Column, version: Ints) -> None:
    shapes = objects.shapes
    relation = np.flatnonzero(objects.is_relation())
    own = shapes.take(relation)
    first = shapes.polygons[:-1][relation]
    position = np.arange(len(own.rings) - 1) - own.polygons[:-1][own.polygon_of_ring()]
    way = FIRST_WAY + first[own.polygon_of_ring()] + position
    role = pa.array(["outer", "inner"]).take(pa.array((position > 0).astype(np.int8)))
    members = grouped(join("w", way, "@", role), own.polygons)
    text = tags.take(pa.array(relation))
    write_text(out, join(
        "r", FIRST_RELATION + np.arange(len(relation)), " v", version[relation], _CHANGESET,
        stamp.take(pa.array(relation)), _USER, " Ttype=multipolygon,", text, " M", members, "\n",
    ))  # fmt: skip


def _convert(text: Path, path: Path) -> None:
    """OPL to the format that `path` names; the header says nothing about the day or the program."""
    header = osmium.io.Header()
    header.set("generator", "voorbeeldstad")
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for thing in osmium.FileProcessor(osmium.io.File(str(text), "opl")):
            writer.add(thing)
