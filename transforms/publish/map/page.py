"""Putting the page together: template, style, library and data in one file that asks nobody for anything."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Sequence
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined

from transforms.publish.dictionary import Entry
from transforms.publish.map.background import BACKGROUNDS
from transforms.publish.map.facts import read_facts
from transforms.publish.map.features import read_features
from transforms.publish.map.parks import read_parks
from transforms.publish.rows import Product

_PACKAGE = "django-js-lib-leaflet"
# In the order in which they are read: what a file uses at once stands before it.
SCRIPTS = (
    "words",
    "data",
    "format",
    "filter",
    "background",
    "draw",
    "list",
    "legend",
    "panel",
    "detail",
    "park",
    "link",
    "main",
)


def write_map(con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    """Write the map of one audience's buildings (`rows.ROWS`) as one HTML file; same rows, same bytes."""
    facts = read_facts(con, product)
    parts = {"facts": json.dumps(facts, ensure_ascii=False), **read_features(con, product), **read_parks(con, product)}
    data = "{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}"
    words = json.loads(_own("words.json"))
    leaflet, script = leaflet_script(), _script(words)
    style = leaflet_style() + _own("map.css")
    background = BACKGROUNDS.get(product.crs)
    page = _environment().get_template("map.html")
    html = page.render(
        facts=facts,
        words={name: texts[0] for name, texts in words.items()},
        policy=_policy([leaflet, script], style, background.host if background else ""),
        style=style,
        leaflet=leaflet,
        script=script,
        # Without a time in it: the same rows must give the same bytes.
        data=base64.b64encode(gzip.compress(data.encode(), mtime=0)).decode("ascii"),
    )
    path.write_text(html, encoding="utf-8", newline="\n")


def leaflet_script() -> str:
    """The library as released, with its licence, and without the address of a source map beside it."""
    licence = distribution(_PACKAGE).read_text("LICENSE")
    assert licence
    code = files("js_lib_leaflet").joinpath("static/js_lib_leaflet/leaflet.js").read_text(encoding="utf-8")
    return f"/*\n{licence}*/\n" + re.sub(r"\n//# sourceMappingURL=\S*\s*$", "\n", code)


def leaflet_style() -> str:
    """The library's style without its pictures: of markers and a layer switch, which this map has none of."""
    css = files("js_lib_leaflet").joinpath("static/js_lib_leaflet/leaflet.css").read_text(encoding="utf-8")
    return re.sub(r"url\([^)]*\)", "none", css)


def _script(words: dict[str, list[str]]) -> str:
    # `<` is written as an escape wherever it stands in a text, so that no word can end the script.
    table = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    code = "\n".join(_own(f"{name}.js") for name in SCRIPTS)
    return f'(function () {{\n"use strict";\nconst WORDS = {table};\n{code}}})();\n'


def _policy(scripts: Sequence[str], style: str, host: str) -> str:
    """Content-Security-Policy: these scripts, this style, pictures of one host; nothing can be fetched or sent."""
    return "; ".join([
        "default-src 'none'",
        f"script-src {' '.join(map(_hash, scripts))}",
        f"style-src {_hash(style)}",
        f"img-src data: {host}".rstrip(),
        "base-uri 'none'",
        "form-action 'none'",
    ])  # fmt: skip


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _environment() -> Environment:
    loader = PackageLoader("transforms.publish", "map")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
