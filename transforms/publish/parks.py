"""Layers of business parks in the products: see `optional`, which says when they are there."""

from __future__ import annotations

PARK_LAYERS = {
    "business_parks": ("business_park", "park_id"),
    "business_park_parcels": ("business_park_parcel", "parcel_id"),
}
"""Layer of the product -> table of schema `layer`, and its key; polygons."""
PARK_TABLES = {"park_indicators": "park_indicator", "park_sharing": "park_sharing", "park_matches": "park_match"}
"""Attribute table of the product -> table of schema `layer`."""
