"""An Overpass over one OSM file: reads the query, filters the file for the box asked, and answers in Overpass's own words.

It knows the part of the language the house uses, and answers 400 to anything else, as the real one does to a slip.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from xml.sax.saxutils import quoteattr

import osmium
import shapely

from tests.sources.loopback import Answer, Request

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="Overpass API 0.7.62.8 e802775f">
<note>The data included in this document is from www.openstreetmap.org. The data is made available under ODbL.</note>
<meta osm_base="{osm_base}"/>

"""
TAIL = "\n</osm>\n"
REMARK = '<remark> runtime error: Query timed out in "query" at line 5 after 181 seconds. </remark>\n'
PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"
    "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head>
  <meta http-equiv="content-type" content="text/html; charset=utf-8" lang="en"/>
  <title>OSM3S Response</title>
</head>
<body>

<p>The data included in this document is from www.openstreetmap.org. The data is made available under ODbL.</p>
<p><strong style="color:#FF0000">Error</strong>: {error} </p>

</body>
</html>
"""
SETTINGS = re.compile(r"\[out:xml\]\[timeout:\d+\]\[maxsize:\d+\];")
STATEMENT = re.compile(r'(node|way|rel|nwr)((?:\[(?:"[^"]*"|[^"\]])*\])+)\(([-\d.]+),([-\d.]+),([-\d.]+),([-\d.]+)\);')
FILTER = re.compile(r'\[(!?)(~?)"([^"]*)"(?:(=|~|!~)"([^"]*)")?\]')
UPWARD = re.compile(
    r"\(\.found;rel\(bw\.found\)((?:\[(?:\"[^\"]*\"|[^\"\]])*\])+)\(if:count_tags\(\)<=(\d+)\);\)->\.kept;"
)
END = "(.kept;.kept >;);\nout meta;"
KINDS = {"node": "n", "way": "w", "rel": "r", "nwr": "nwr"}
Box = tuple[float, float, float, float]


class SyntaxProblemError(Exception):
    pass


@dataclass
class Element:
    kind: str
    number: int
    version: int
    stamp: str
    tags: dict[str, str]
    place: tuple[str, str] = ("", "")
    nodes: list[int] = field(default_factory=list)
    members: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.number


class MiniOverpass:
    """Answers to `/api/interpreter`; `held` may be changed, and `change` is told each answer before it is sent."""

    def __init__(self, path: Path, osm_base: str = "2025-12-10T16:59:34Z") -> None:
        self.osm_base, self.boxes = osm_base, list[Box]()
        self.held = {element.key: element for element in _read(path)}
        shapes = {key: self._shape(element) for key, element in self.held.items()}
        self.shapes = {key: shape for key, shape in shapes.items() if shape is not None}
        self.change: Callable[[str], Answer] = lambda text: Answer(text.encode(), headers=XML)

    def __call__(self, request: Request) -> Answer:
        try:
            found = self.find(request.form["data"])
        except SyntaxProblemError as error:
            return Answer(
                PAGE.format(error=escape(f"parse error: {error}")).encode(), 400, {"Content-Type": "text/html"}
            )
        body = "".join(_xml(self.held[key]) for key in sorted(found, key=lambda key: ("nwr".index(key[0]), key[1])))
        return self.change(HEAD.format(osm_base=self.osm_base) + body + TAIL)

    def find(self, query: str) -> set[tuple[str, int]]:
        """Keys of all elements a query gives, those by recursion too."""
        lines = query.strip().split("\n")
        if (
            not SETTINGS.fullmatch(lines[0])
            or lines[1] != "("
            or "\n".join(lines[-2:]) != END
            or lines[-4] != ")->.found;"
        ):
            raise SyntaxProblemError(lines[0])
        found: set[tuple[str, int]] = set()
        near: dict[Box, set[tuple[str, int]]] = {}
        for line in lines[2:-4]:
            statement = STATEMENT.fullmatch(line)
            if statement is None:
                raise SyntaxProblemError(line)
            south, west, north, east = map(float, statement.groups()[2:])
            if south > north:
                raise SyntaxProblemError("south is north of north")
            box = (west, south, east, north)
            if box not in near:
                self.boxes.append(box)
                near[box] = self._near(box)
            fits = _filters(statement.group(2))
            kinds = KINDS[statement.group(1)]
            found |= {key for key in near[box] if key[0] in kinds and fits(self.held[key].tags)}
        upward = UPWARD.fullmatch(lines[-3])
        if upward is None:
            raise SyntaxProblemError(lines[-3])
        fits, most = _filters(upward.group(1)), int(upward.group(2))
        found |= {
            key
            for key, one in self.held.items()
            if key[0] == "r" and len(one.tags) <= most and fits(one.tags)
            and any(member[:2] in found and member[0] == "w" for member in one.members)
        }  # fmt: skip
        ways = found | {m[:2] for key in found for m in self.held[key].members if m[0] in "nw" and m[:2] in self.held}
        nodes = {("n", n) for key in ways for n in self.held[key].nodes if ("n", n) in self.held}
        return ways | nodes

    def _near(self, box: Box) -> set[tuple[str, int]]:
        """Nodes in the box, ways with a node in it or a stretch across it, relations with such a member."""
        area, near = shapely.box(*box), set[tuple[str, int]]()
        shapely.prepare(area)
        for key, element in self.held.items():
            if element.kind == "r":
                hit = any(member[:2] in near for member in element.members if member[0] in "nw")
            else:
                hit = key in self.shapes and area.intersects(self.shapes[key])
            if hit:
                near.add(key)
        return near

    def _shape(self, element: Element) -> shapely.Geometry | None:
        numbers = element.nodes if element.kind == "w" else [element.number]
        points = [tuple(map(float, self.held["n", n].place)) for n in numbers if ("n", n) in self.held]
        if not points or element.kind == "r":
            return None
        return shapely.LineString(points) if len(points) > 1 else shapely.Point(points[0])


XML = {"Content-Type": "application/osm3s+xml"}


def _filters(text: str) -> Callable[[dict[str, str]], bool]:
    tests = [_filter(*match.groups(default="")) for match in FILTER.finditer(text)]
    if "".join(match.group(0) for match in FILTER.finditer(text)) != text:
        raise SyntaxProblemError(text)
    return lambda tags: all(test(tags) for test in tests)


def _filter(negated: str, of_keys: str, key: str, operator: str, value: str) -> Callable[[dict[str, str]], bool]:
    if negated:
        return lambda tags: key not in tags
    if of_keys:
        return lambda tags: any(re.search(key, k) and re.search(value, v) for k, v in tags.items())
    if operator == "=":
        return lambda tags: tags.get(key) == value
    if operator == "~":
        return lambda tags: key in tags and re.search(value, tags[key]) is not None
    if operator == "!~":
        return lambda tags: key not in tags or re.search(value, tags[key]) is None
    return lambda tags: key in tags


def _read(path: Path) -> Iterable[Element]:
    for found in osmium.FileProcessor(str(path)):
        assert isinstance(found, osmium.osm.Node | osmium.osm.Way | osmium.osm.Relation)
        kind = str(found.type_str())
        stamp = f"{found.timestamp:%Y-%m-%dT%H:%M:%SZ}" if found.timestamp.timestamp() else ""
        element = Element(kind, found.id, found.version, stamp, {tag.k: tag.v for tag in found.tags})
        if isinstance(found, osmium.osm.Node):
            element.place = (f"{found.location.x / 1e7:.7f}", f"{found.location.y / 1e7:.7f}")
        elif isinstance(found, osmium.osm.Way):
            element.nodes = [node.ref for node in found.nodes]
        else:
            element.members = [(member.type, member.ref, member.role) for member in found.members]
        yield element


def _xml(element: Element) -> str:
    name = {"n": "node", "w": "way", "r": "relation"}
    facts = f' lat="{element.place[1]}" lon="{element.place[0]}"' if element.kind == "n" else ""
    facts += f' version="{element.version}" timestamp="{element.stamp}"' if element.version else ""
    inner = [f'    <nd ref="{number}"/>\n' for number in element.nodes]
    inner += [f'    <member type="{name[k]}" ref="{n}" role={quoteattr(role)}/>\n' for k, n, role in element.members]
    inner += [f"    <tag k={quoteattr(k)} v={quoteattr(v)}/>\n" for k, v in element.tags.items()]
    head = f'  <{name[element.kind]} id="{element.number}"{facts} changeset="9" uid="77" user="Jan Mapper"'
    return f"{head}/>\n" if not inner else f"{head}>\n{''.join(inner)}  </{name[element.kind]}>\n"
