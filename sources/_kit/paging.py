"""Pages of a service into the snapshot store: all of them, each as it came, or none.

A page is one part of the snapshot, under the name of the part of the feed. What was asked in tiles may give a feature
once per tile it touches; those stay in the pages, and staging keeps one of each.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from sources._kit.city import City
from sources._kit.errors import CityFileError, FetchRefusedError
from sources._kit.http import Client, Known
from sources._kit.near import is_near
from sources._kit.service import Service
from sources._kit.snapshot import Box, Part

PAGE_BYTES_MAX = 100 << 20
"""A page is held in memory while its features are counted."""
M_PER_DEGREE = 111_320.0
SATURATED = 10_000
"""GeoServer stops counting here: a total of exactly this many says `at least`."""


def nothing_known(_address: str) -> Part | None:
    """For who has no snapshot of before."""
    return None


@dataclass(frozen=True)
class Asked:
    """One part of a feed, as its city file asks for it; CRS of the answer and of bbox: EPSG:<code>.

    `extent` is the box around the city's boundary, in the city's CRS; None where nobody looked for it.
    """

    city: City
    service: Service
    part: str
    url: str
    crs: str
    extent: Box | None = None
    known: Known = nothing_known
    """What is stored of an address already."""

    def setting(self, name: str) -> str | None:
        """A setting that may differ by part."""
        value = getattr(self.service, name)
        return value.get(self.part) if isinstance(value, dict) else value


@dataclass(frozen=True)
class Page:
    """What a page says: its features' ids, the total on the server, where the next one is."""

    ids: Sequence[str]
    matched: int | None = None
    next_url: str | None = None
    exceeded: bool = False


class Tally:
    """What the pages of one query have given so far, held to what a server that pages well would give."""

    def __init__(self, where: dict[str, object]) -> None:
        self._where = where
        self._seen: set[str] = set()
        self._matched: int | None = None
        self._largest = 0
        self.count = 0

    def take(self, page: Page) -> None:
        """Count a page.

        Raises:
            FetchRefusedError: it repeats features, or the total changed since the page before.
        """
        known = [one for one in page.ids if one in self._seen]
        if page.ids and len(known) == len(page.ids):
            raise self._refused("a page came twice: the server repeats it or ignores where it should begin", self.count)
        if known or len(set(page.ids)) < len(page.ids):
            # The order moved between two pages: what came twice stands where something else is missing.
            first = known[0] if known else next(one for one in page.ids if list(page.ids).count(one) > 1)
            raise self._refused("a feature came twice: the pages have no firm order, so others are missing", first)
        if page.matched is not None and self._matched not in (None, page.matched):
            raise self._refused("the data changed while they were read", f"{self._matched}, then {page.matched}")
        self._seen.update(page.ids)
        self._matched = page.matched if page.matched is not None else self._matched
        self.count += len(page.ids)
        self._largest = max(self._largest, len(page.ids))

    def is_short(self, page: Page, limit: int) -> bool:
        """Whether a page is so short that it must be the last.

        Fewer than asked is no proof: a server may give fewer than it is asked for, always. It is one if an earlier page
        was larger, or if no ceiling would be so uneven a number.
        """
        size = len(page.ids)
        return size == 0 or size < self._largest or (size < limit and size % 50 != 0)

    def holds_all(self, total: int | None) -> bool:
        """Whether as many came as the server has, if it is known to count right."""
        return total is not None and total != SATURATED and self.count >= total

    def close(self, total: int | None = None) -> None:
        """Hold what came to the total.

        Raises:
            FetchRefusedError: fewer or more came than the server says it has.
        """
        total = self._matched if total is None else total
        if total is None or (self.count == total) or (total == SATURATED and self.count > total):
            return
        what = "pages are missing" if self.count < total else "more features came than the server says it has"
        raise self._refused(what, f"{self.count} of {total} features")

    def _refused(self, what: str, value: object) -> FetchRefusedError:
        return FetchRefusedError(
            what,
            value=value,
            next_step="the last good snapshot stays; fetch again, in `tile_m` if it persists",
            **self._where,
        )


def fetch_pages(client: Client, asked: Asked) -> list[Part]:
    """All pages of one part of a feed, in the order they came.

    Raises:
        FetchRefusedError: a page or a feature is missing, repeated, or an error.
        CityFileError: the settings do not fit the service.
    """
    module = import_module(f"sources._kit.page_{asked.service.kind.removesuffix('_features')}")
    pages: Callable[[Client, Asked], Iterator[Part]] = module.pages
    parts: list[Part] = []
    for part in pages(client, asked):
        parts.append(part)
        if sum(one.size_bytes for one in parts) > client.bytes_max:
            raise FetchRefusedError(
                "the pages together are larger than the ceiling",
                value=f"more than {client.bytes_max} bytes in {len(parts)} pages",
                next_step="give a bbox or a filter; the ceiling is [http] bytes_max of the source",
                **client.where,
                url=asked.url,
            )
    return [replace(part, file=_file(asked, number, len(parts))) for number, part in enumerate(parts, 1)]


def read_page(client: Client, part: Part, box: Box | None = None) -> tuple[Page, Part]:
    """Read a stored page of GeoJSON; the part with the number of its features.

    Args:
        client: whose store holds it.
        part: the page.
        box: what was asked for, in the CRS of the answer; None for everything.

    Raises:
        FetchRefusedError: it is no feature collection, has fewer features than it says, or lies nowhere near the box.
    """
    where = {**client.where, "url": part.location}
    try:
        body = json.loads(client.store.blob(part.sha256).read_bytes())
        features, links = body["features"], body.get("links") or []
        if not all(isinstance(one, dict) for one in (*features, *links)):
            raise TypeError("a feature or a link is no object")
        if not all(isinstance(one.get("geometry") or {}, dict) for one in features):
            raise TypeError("a geometry is no object")
    except (ValueError, KeyError, TypeError) as error:
        raise FetchRefusedError(
            "the page is no GeoJSON, or stops short",
            value=f"{type(error).__name__}: {error}"[:200],
            next_step="the last good snapshot stays; open the address and look",
            **where,
        ) from error
    returned = body.get("numberReturned")
    if isinstance(returned, int) and returned != len(features):
        raise FetchRefusedError(
            "the page stops short",
            value=f"{len(features)} of {returned} features",
            next_step="the last good snapshot stays; fetch again",
            **where,
        )
    shapes = [feature["geometry"] for feature in features if feature.get("geometry")]
    if box is not None and shapes and not any(is_near(shape, box) for shape in shapes):
        raise FetchRefusedError(
            "the answer lies nowhere near the box that was asked: swapped axes, or another CRS",
            value=str(shapes[0].get("coordinates"))[:100],
            next_step="the last good snapshot stays; ask the service for another CRS, or look at the bbox of the feed",
            **where,
        )
    matched = body.get("numberMatched", body.get("totalFeatures"))
    following = [link.get("href") for link in links if link.get("rel") == "next"]
    properties = body.get("properties") or {}
    page = Page(
        _identify(features),
        matched if isinstance(matched, int) else None,
        client.follow(part.location, following[0]) if following and following[0] else None,
        bool(body.get("exceededTransferLimit") or properties.get("exceededTransferLimit")),
    )
    return page, replace(part, features=len(features))


def boxes(asked: Asked) -> list[Box | None]:
    """What a part is asked in: nothing, one box, or the tiles of one, row by row from the south-west.

    Raises:
        CityFileError: the city's boundary is asked for and there is none.
    """
    bbox = asked.service.bbox
    if bbox == "boundary":
        bbox = _boundary(asked)
    side = asked.service.tile_m
    if bbox is None or side is None:
        return [bbox]
    west, south, east, north = bbox
    wide, high = _sides(asked.crs, side, south, north)
    columns, rows = max(1, math.ceil((east - west) / wide)), max(1, math.ceil((north - south) / high))
    return [
        (west + i * wide, south + j * high, min(east, west + (i + 1) * wide), min(north, south + (j + 1) * high))
        for j in range(rows)
        for i in range(columns)
    ]


def _sides(crs: str, side_m: float, south: float, north: float) -> tuple[float, float]:
    """Width and height of a tile in the unit of the CRS; degrees of longitude are those of the widest parallel."""
    from pyproj import CRS

    if not CRS.from_user_input(crs).is_geographic:
        return side_m, side_m
    nearest = 0.0 if south <= 0 <= north else min(abs(south), abs(north))
    return side_m / (M_PER_DEGREE * math.cos(math.radians(nearest))), side_m / M_PER_DEGREE


def axis_order(box: Box, crs: str) -> str:
    """A box as `urn:` and `http:` names of a CRS want it: in the order of the CRS's own axes.

    EPSG:4326 is latitude first; the wrong order is a successful empty answer.
    """
    from pyproj import CRS

    west, south, east, north = box
    is_north_first = CRS.from_user_input(crs).axis_info[0].direction == "north"
    return ",".join(f"{value:.12g}" for value in ((south, west, north, east) if is_north_first else box))


def _identify(features: Sequence[dict[str, Any]]) -> list[str]:
    """One id per feature; without any of the server's, or with one made up for this answer, its content."""
    ids = [feature.get("id") for feature in features]
    if all(one is not None and "fid-" not in str(one) for one in ids):
        return [str(one) for one in ids]
    digests = [
        hashlib.blake2b(json.dumps({**one, "id": None}, sort_keys=True).encode(), digest_size=16).hexdigest()
        for one in features
    ]
    seen: dict[str, int] = {}
    named = []
    for digest in digests:
        seen[digest] = seen.get(digest, 0) + 1
        named.append(f"{digest}.{seen[digest]}")
    return named


def _boundary(asked: Asked) -> Box:
    extent = asked.extent or asked.city.extent
    if extent is None:
        raise CityFileError(
            "bbox is that of the boundary, and the city has none",
            city=asked.city.slug,
            column="boundary",
            next_step="give `boundary`, or `extent = [west, south, east, north]` in the city's CRS",
        )
    margin = asked.service.margin_m
    extent = (extent[0] - margin, extent[1] - margin, extent[2] + margin, extent[3] + margin)
    if asked.crs == asked.city.crs:
        return extent
    from pyproj import Transformer

    # Points along the edges too: a straight edge is none in another CRS.
    west, south, east, north = Transformer.from_crs(asked.city.crs, asked.crs, always_xy=True).transform_bounds(*extent)
    return west, south, east, north


def _file(asked: Asked, number: int, pages: int) -> str:
    stem = asked.setting("typename") or asked.setting("coverage") or _last(asked.url)
    numbered = f"{stem.replace(':', '_')}_{number:0{len(str(pages))}d}"
    if asked.service.kind in ("overpass", "wcs"):
        return f"{numbered}.{'osm' if asked.service.kind == 'overpass' else 'tif'}"
    ending = asked.service.format if asked.service.format in ("csv", "json") else "geojson"
    return f"{numbered}.{ending}"


def _last(url: str) -> str:
    return [part for part in Path(url).parts if part not in ("items", "query")][-1]
