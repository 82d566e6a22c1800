"""OSM bytes to text that DuckDB reads: all of it in libosmium, only multipolygon relations come into Python.

The text is OPL (one element a line, one field a column); `elements.py` turns it into tables. Why so:
docs/decisions/0004-osm-reader.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import osmium
import pandas as pd

from sources._osm.opening import open_extract, reading

# Locations cost 16 bytes a node; memory-mapped, so that growing never copies them.
LOCATIONS = "sparse_mmap_array"
OPL = "opl,add_metadata=version+timestamp,locations_on_ways=true"
Filter = TypeVar("Filter", osmium.filter.KeyFilter, osmium.filter.IdFilter)


def export_elements(
    path: Path, target: Path, node_keys: Iterable[str], is_area_wanted: Callable[[dict[str, str]], bool]
) -> tuple[pd.DataFrame, osmium.index.LocationTable]:
    """Write tagged ways and relations, and nodes with one of `node_keys`, to `target` as OPL.

    Args:
        path: the extract.
        target: OPL file to make; ways carry the locations of their nodes.
        node_keys: keys that make a node worth keeping.
        is_area_wanted: told a multipolygon's tags, says whether to assemble it.

    Returns:
        Assembled relations (osm_id, wkb_hex: multipolygon in lon/lat) and where every node lies.

    Raises:
        UnreadableSnapshotError: the bytes break off or are not OSM.
    """
    areas, wanted = osmium.area.AreaManager(), _WantedRelations(is_area_wanted)
    found = _AssembledRelations()
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
    return found.table(), locations


def export_ways(path: Path, target: Path, ids: Iterable[int], locations: osmium.index.LocationTable) -> None:
    """Write the ways with these ids to `target` as OPL, whether they carry tags or not."""
    with (
        reading(path),
        osmium.SimpleWriter(osmium.io.File(str(target), OPL)) as writer,
        osmium.io.Reader(open_extract(path), osmium.osm.WAY) as reader,
    ):
        osmium.apply(reader, osmium.filter.IdFilter(ids), _known_locations(locations), writer)


class _WantedRelations(osmium.SimpleHandler):
    """Lets multipolygons through that are worth assembling, and keeps their area ids."""

    def __init__(self, is_wanted: Callable[[dict[str, str]], bool]) -> None:
        super().__init__()
        self.is_wanted, self.area_ids = is_wanted, [0]

    def relation(self, relation: osmium.osm.Relation) -> bool:
        """True keeps the relation from the handlers after this one."""
        tags = {tag.k: tag.v for tag in relation.tags}
        if tags.get("type") not in ("multipolygon", "boundary") or not self.is_wanted(tags):
            return True
        # libosmium numbers areas so; negative ids are an editor's not yet uploaded elements.
        self.area_ids.append(abs(relation.id) * 2 + 1)
        return False


class _AssembledRelations(osmium.SimpleHandler):
    """Keeps the outlines of relations, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.shapes: list[str] = []
        self.factory = osmium.geom.WKBFactory()

    def area(self, area: osmium.osm.Area) -> None:
        """Keep an outline; an area without rings is one that libosmium could not put together."""
        if area.num_rings()[0] == 0:
            return
        self.ids.append(f"r{area.orig_id()}")
        self.shapes.append(self.factory.create_multipolygon(area))

    def table(self) -> pd.DataFrame:
        """Columns osm_id and wkb_hex, both text."""
        return pd.DataFrame({"osm_id": self.ids, "wkb_hex": self.shapes}, dtype="str")


def _known_locations(locations: osmium.index.LocationTable) -> osmium.NodeLocationsForWays:
    handler = osmium.NodeLocationsForWays(locations)
    handler.ignore_errors()  # a node outside the extract is told per element, not fatal to all
    return handler


def _only(kind: osmium.osm.osm_entity_bits, test: Filter) -> Filter:
    test.enable_for(kind)
    return test
