"""The map among the deliverables."""

from __future__ import annotations

from transforms.publish.deliverable import Deliverable
from transforms.publish.map.check import check_map
from transforms.publish.map.page import write_map

MAP = Deliverable(
    "map{tail}.html",
    "Kaart voor de browser (HTML)",
    "Map for the browser (HTML)",
    "text/html",
    ("public", "city", "osm_free"),
    write_map,
    check_map,
)
