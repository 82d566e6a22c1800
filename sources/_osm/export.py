"""OSM bytes to text that DuckDB reads: all of it in libosmium, only multipolygon relations come into Python.

The text is OPL (one element a line, one field a column); `elements.py` turns it into tables. Why so:
docs/decisions/0004-osm-reader.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import osmium
import pandas as pd

from sources._osm.clip import Clip
from sources._osm.opening import open_extract, reading
from sources._osm.relations import AssembledRelations, WantedRelations

# Locations cost 16 bytes a node; memory-mapped, so that growing never copies them.
LOCATIONS = "sparse_mmap_array"
OPL = "opl,add_metadata=version+timestamp,locations_on_ways=true"
Filter = TypeVar("Filter", osmium.filter.KeyFilter, osmium.filter.IdFilter)


@dataclass(frozen=True)
class Exported:
    """What libosmium found out beside the text."""

    assembled: pd.DataFrame
    """Assembled relations (osm_id, wkb_hex: multipolygon in lon/lat)."""
    locations: osmium.index.LocationTable
    """Where every node lies."""
    outside: list[str]
    """Ids of assembled relations that were left out, as they lie outside of the clip."""
    old_ways: list[str]
    """Ids of the outer ways of wanted relations that say nothing about themselves."""


def export_elements(
    path: Path,
    target: Path,
    node_keys: Iterable[str],
    is_area_wanted: Callable[[dict[str, str]], bool],
    is_untagged: Callable[[dict[str, str]], bool] = lambda _tags: False,
    clip: Clip | None = None,
) -> Exported:
    """Write tagged ways and relations, and nodes with one of `node_keys`, to `target` as OPL.

    Args:
        path: the extract.
        target: OPL file to make; ways carry the locations of their nodes.
        node_keys: keys that make a node worth keeping.
        is_area_wanted: told a multipolygon's tags, says whether to assemble it.
        is_untagged: the same, whether its outer ways say what it is.
        clip: leave out assembled relations outside of this, but those that are untagged.

    Raises:
        UnreadableSnapshotError: the bytes break off or are not OSM.
    """
    areas, wanted = osmium.area.AreaManager(), WantedRelations(is_area_wanted, is_untagged)
    found = AssembledRelations(clip, wanted.untagged)
    locations = osmium.index.create_map(LOCATIONS)
    with reading(path):
        with osmium.io.Reader(open_extract(path), osmium.osm.RELATION) as reader:
            osmium.apply(reader, wanted, areas.first_pass_handler())
        # Closed ways are assembled as well, but dropped before Python sees them: SQL makes their rings.
        only_relations = _only(osmium.osm.AREA, osmium.filter.IdFilter(wanted.area_ids))
        nodes = _only(osmium.osm.NODE, osmium.filter.KeyFilter(*node_keys))
        tagged = osmium.filter.EmptyTagFilter()
        with (
            osmium.SimpleWriter(osmium.io.File(str(target), OPL)) as writer,
            osmium.io.Reader(open_extract(path)) as reader,
        ):
            second = areas.second_pass_handler(only_relations, found)
            osmium.apply(reader, _known_locations(locations), second, nodes, tagged, writer)
    return Exported(found.table(), locations, found.outside, wanted.old_ways)


def export_ways(path: Path, target: Path, ids: Iterable[int], locations: osmium.index.LocationTable) -> None:
    """Write the ways with these ids to `target` as OPL, whether they carry tags or not."""
    with (
        reading(path),
        osmium.SimpleWriter(osmium.io.File(str(target), OPL)) as writer,
        osmium.io.Reader(open_extract(path), osmium.osm.WAY) as reader,
    ):
        osmium.apply(reader, osmium.filter.IdFilter(ids), _known_locations(locations), writer)


def _known_locations(locations: osmium.index.LocationTable) -> osmium.NodeLocationsForWays:
    handler = osmium.NodeLocationsForWays(locations)
    handler.ignore_errors()  # a node outside the extract is told per element, not fatal to all
    return handler


def _only(kind: osmium.osm.osm_entity_bits, test: Filter) -> Filter:
    test.enable_for(kind)
    return test
