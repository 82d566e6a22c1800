"""What `osm_extract` keeps, as a query in Overpass QL: made from the same lists, so that the two cannot drift apart.

The query asks for at least what is kept; which element goes to which table is decided where it is for an extract.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sources._osm.choose import BOOKKEEPING, read_lists

Box = tuple[float, float, float, float]

# Old-style multipolygons say nothing about themselves: their outer ways do, so they are found through these. Relations
# with more tags than bookkeeping needs are of no use, and borders would bring a whole country's ways.
OLD_STYLE = f'rel(bw.found)["type"~"^(multipolygon|boundary)$"][!"boundary"](if:count_tags()<={len(BOOKKEEPING)});'


def make_query(box: Box, timeout_s: int, maxsize_bytes: int) -> str:
    """A query for everything the house keeps that touches a box, whole: ways with their nodes, relations with their ways.

    Args:
        box: west, south, east, north in degrees; Overpass wants south first, and the wrong order is an empty answer.
        timeout_s: how long the server may work on it.
        maxsize_bytes: memory it may use.
    """
    west, south, east, north = box
    place = f"({south:.7f},{west:.7f},{north:.7f},{east:.7f})"
    asked = "\n".join(f"{kind}{clause}{place};" for kind, clause in clauses())
    return (
        f"[out:xml][timeout:{timeout_s}][maxsize:{maxsize_bytes}];\n"
        f"(\n{asked}\n)->.found;\n(.found;{OLD_STYLE})->.kept;\n(.kept;.kept >;);\nout meta;\n"
    )


def clauses() -> list[tuple[str, str]]:
    """Kinds of element with a filter on their tags; an element that matches one of them is asked for."""
    lists = read_lists()
    places, prefixes = lists["poi_keys"], _any(lists["lifecycle"])
    outlines = [
        _key("building"),
        '[~":building$"~"."]',
        _values("man_made", lists["structures"]),
        *_pairs(lists["land_use"]),
    ]
    spots = [
        *(_key(key) + _others(key, lists["street_furniture"].get(key, ())) for key in places),
        f'[~"^{prefixes}:{_any(places)}$"~"."]',
        f'[~"^({prefixes}:)?railway$"~"^{_any(lists["railway"])}$"]',
        *_pairs(lists["facility"]),
    ]
    return [(kind, clause) for clause in outlines for kind in ("way", "rel")] + [("nwr", clause) for clause in spots]


def _any(words: Iterable[str]) -> str:
    return f"({'|'.join(words)})"


def _key(key: str) -> str:
    return f'["{key}"]'


def _values(key: str, values: Iterable[str]) -> str:
    return f'["{key}"~"^{_any(values)}$"]'


def _pairs(lists: Mapping[str, Iterable[str]]) -> list[str]:
    return [_values(key, values) for key, values in lists.items()]


def _others(key: str, values: Iterable[str]) -> str:
    return f'["{key}"!~"^{_any(values)}$"]' if values else ""
