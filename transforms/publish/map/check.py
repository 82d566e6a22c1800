"""Opening the page again as a browser would: its parts, its policy, its data."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb

from transforms.publish.check import expect as expect
from transforms.publish.dictionary import Entry
from transforms.publish.map import features
from transforms.publish.park_terms import has_parks
from transforms.publish.rows import Product


class _Page(HTMLParser):
    """Collects the text of each element with an id, all text, and every address an element could fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.policy = ""
        self.data = ""
        self.text: list[str] = []
        self._inside: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        named = [found[name] or "" for name in ("src", "srcset", "href", "data", "action") if name in found]
        self.addresses += [address for address in named if not address.startswith(("#", "data:"))]
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found.get("content") or ""
        if tag in ("script", "style"):
            self._inside.append(found.get("id"))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.text.append(data)
        elif self._inside[-1] == "data":
            self.data += data


def read_page(path: Path) -> tuple[dict[str, Any], _Page]:
    """The data of a map and the parsed page around it."""
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    data: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(page.data, validate=True)))
    return data, page


def check_map(_con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    """Hold a map to its rows, its ids, its outlines, its attribution, and to asking nobody for anything.

    Raises:
        PublishError: one of them is not as meant.
    """
    data, page = read_page(path)
    wanted = min(product.row_count, features.LIMIT)
    building, ring = data["building"], data["ring"]
    for name, column in building.items():
        expect(path, product, f"rows in {name}", len(column), wanted)
    expect(path, product, "different ids", len(set(building["id"])), wanted)
    expect(path, product, "pins", len(data["pin"]), 2 * wanted)
    expect(path, product, "buildings with an outline", sum(count > 0 for count in ring["rings"]), wanted)
    expect(path, product, "rings", len(ring["points"]), sum(ring["rings"]))
    expect(path, product, "points", len(ring["steps"]), 2 * sum(ring["points"]))
    for table in ("reuse", "evidence"):
        places = data[table]["building"]
        expect(path, product, f"order of {table}", places, sorted(places))
    _check_parks(data, product, path)
    expect(path, product, "audience", data["facts"]["audience"], product.audience)
    text = re.sub(r"\s+", " ", " ".join(page.text))
    expect(path, product, "attribution", re.sub(r"\s+", " ", product.attribution) in text, True)
    expect(path, product, "addresses the page would fetch", page.addresses, [])
    expect(path, product, "policy that forbids all but what is named", "default-src 'none'" in page.policy, True)


def _check_parks(data: dict[str, Any], product: Product, path: Path) -> None:
    if not has_parks(product):
        return expect(path, product, "parks of a city without any", "park" in data, False)
    park, ring = data["park"], data["park_ring"]
    count = len(park["id"])
    expect(path, product, "different parks", len(set(park["id"])), count)
    expect(path, product, "pins of parks", len(data["park_pin"]), 2 * count)
    expect(path, product, "parks with an outline", sum(rings > 0 for rings in ring["rings"]), count)
    expect(
        path,
        product,
        "rings of parks",
        (len(ring["points"]), len(ring["steps"])),
        (sum(ring["rings"]), 2 * sum(ring["points"])),
    )
    for name in ("value", "low", "high", "coverage", "why"):
        expect(path, product, f"numbers in {name} of parks", len(park[name]), count * len(park["indicators"]))
    return None
