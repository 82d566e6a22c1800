"""Multipolygon relations as libosmium passes them: which are worth putting together, and the outlines that came of it."""

from __future__ import annotations

from collections.abc import Callable

import osmium
import pandas as pd

from sources._osm.clip import Clip

BATCH = 10_000
"""Outlines that wait to be held to the clip."""


class WantedRelations(osmium.SimpleHandler):
    """Lets multipolygons through that are worth assembling, and keeps their area ids."""

    def __init__(
        self, is_wanted: Callable[[dict[str, str]], bool], is_untagged: Callable[[dict[str, str]], bool]
    ) -> None:
        super().__init__()
        self.is_wanted, self.is_untagged, self.area_ids = is_wanted, is_untagged, [0]
        self.untagged, self.old_ways = set[int](), list[str]()

    def relation(self, relation: osmium.osm.Relation) -> bool:
        """True keeps the relation from the handlers after this one."""
        tags = {tag.k: tag.v for tag in relation.tags}
        if tags.get("type") not in ("multipolygon", "boundary") or not self.is_wanted(tags):
            return True
        # libosmium numbers areas so; negative ids are an editor's not yet uploaded elements.
        self.area_ids.append(abs(relation.id) * 2 + 1)
        if self.is_untagged(tags):
            self.untagged.add(relation.id)
            self.old_ways.extend(f"w{m.ref}" for m in relation.members if m.type == "w" and m.role in ("outer", ""))
        return False


class AssembledRelations(osmium.SimpleHandler):
    """Keeps the outlines of relations, as text."""

    def __init__(self, clip: Clip | None, untagged: set[int]) -> None:
        super().__init__()
        self.clip, self.untagged = clip, untagged
        self.ids: list[str] = []
        self.shapes: list[str] = []
        self.outside: list[str] = []
        self._looked_at = 0
        self.factory = osmium.geom.WKBFactory()

    def area(self, area: osmium.osm.Area) -> None:
        """Keep an outline; an area without rings is one that libosmium could not put together."""
        if area.num_rings()[0] == 0:
            return
        self.ids.append(f"r{area.orig_id()}")
        self.shapes.append(self.factory.create_multipolygon(area))
        if len(self.ids) - self._looked_at >= BATCH:
            self._leave_out()

    def table(self) -> pd.DataFrame:
        """Columns osm_id and wkb_hex, both text."""
        self._leave_out()
        return pd.DataFrame({"osm_id": self.ids, "wkb_hex": self.shapes}, dtype="str")

    def _leave_out(self) -> None:
        start, self._looked_at = self._looked_at, len(self.ids)
        if self.clip is None or start == self._looked_at:
            return
        ids, shapes = self.ids[start:], self.shapes[start:]
        del self.ids[start:], self.shapes[start:]
        for name, shape, is_inside in zip(ids, shapes, self.clip.are_inside(shapes), strict=True):
            if is_inside or int(name[1:]) in self.untagged:
                self.ids.append(name)
                self.shapes.append(shape)
            else:
                self.outside.append(name)
        self._looked_at = len(self.ids)
