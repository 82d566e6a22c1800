"""How the map, the feed and the sheets speak of business parks: order of the themes, signs of the units, and whether there are any."""

from __future__ import annotations

from transforms.publish.rows import Product

THEMES = ("space", "energy", "mobility", "materials", "people", "environment")
"""Themes in the order in which a reader meets them."""
UNITS = {
    "share": "%", "m2 per m2": "m²/m²", "m3 per m2": "m³/m²", "m2": "m²", "m3": "m³", "kWp": "kWp", "m": "m", "degree C": "°C",
}  # fmt: skip
"""Unit of an indicator -> its sign, the same in both languages. What is counted has none: the indicator's name says what."""


def has_parks(product: Product) -> bool:
    """Whether a feed of parks has anything to say."""
    return "business_parks" in product.optional
