"""What many cities have in common is written once: a city file `extends` region files and says only what is its own.

A region file, `_<name>.toml` beside the city files, has the keys of a city file. Its texts may hold `{nis}`, `{name}`, `{postcodes}`
or any other key of the city, and are filled in with that city's value. The city's own keys hold over the region's, key by key;
`feeds.<name> = false` takes a feed away.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sources._kit.errors import CityFileError
from sources._kit.secret import refuse_secrets

EXTENDS = "extends"
REGION_PREFIX = "_"
"""File names that begin so are parts of cities and no cities."""
PLACES = ("path", "boundary", "objections")
"""Keys whose value is a place relative to the file that says it."""
_BLANK = re.compile(r"\{([a-z_]+)\}")
Table = dict[str, Any]


@dataclass(frozen=True)
class Layer:
    """One file a city is made of, filled in for it."""

    file: Path
    table: Table


@dataclass(frozen=True)
class Written:
    """The files a city is made of, the city's own first and then from the strongest to the weakest, and what they say together."""

    layers: tuple[Layer, ...]
    table: Table

    def file_of(self, key: Sequence[str | int]) -> Path:
        """The file that says a key: of those that say most of its steps, the one that holds."""
        return max(self.layers, key=lambda layer: _steps(layer.table, key)).file


def read_written(path: Path, cities: Path) -> Written:
    """Read a city file and the region files it extends.

    Args:
        path: the city file.
        cities: where region files are looked for that are named by a word; a name that ends in .toml is relative to the city file.

    Raises:
        CityFileError: a file is absent or no TOML, holds a secret, or a text asks for a key that the city does not have.
    """
    own = read_toml(path)
    names = own.pop(EXTENDS, [])
    names = [names] if isinstance(names, str) else names
    where: Mapping[str, object] = {"city": path.stem, "file": path, "column": EXTENDS}
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CityFileError("`extends` is a name or a list of names", value=names, next_step="mend it", **where)
    slug = path.stem.lower().replace("-", "_")
    given = {"slug": slug, **{key: value for key, value in own.items() if _is_fillable(value)}}
    regions = []
    for name in names:
        file = path.parent / name if name.endswith(".toml") else cities / f"{REGION_PREFIX}{name}.toml"
        if not file.exists():
            known = sorted(one.stem.removeprefix(REGION_PREFIX) for one in cities.glob(f"{REGION_PREFIX}*.toml"))
            raise CityFileError(
                "no such region file", value=name, next_step=f"known ones: {', '.join(known) or 'none'}", **where
            )
        filled = _fill(read_toml(file), given, file, path.stem, ())
        regions.append(Layer(file, _placed(filled, file.parent, path.parent)))
    layers = (Layer(path, own), *reversed(regions))
    table: Table = {}
    for layer in reversed(layers):
        refuse_secrets(layer.table, city=path.stem, file=layer.file)
        table = _merge(table, layer, path.stem)
    return Written(layers, table)


def read_toml(path: Path) -> Table:
    """A TOML file as a table.

    Raises:
        CityFileError: it is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CityFileError("the city file is not TOML", file=path, value=error, next_step="mend that line") from error


def _is_fillable(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _fill(value: Any, given: Mapping[str, Any], file: Path, city: str, key: tuple[str, ...]) -> Any:
    """Fill in the blanks of all texts; a text that is one blank and nothing else becomes the value itself."""
    if isinstance(value, dict):
        return {name: _fill(one, given, file, city, (*key, name)) for name, one in value.items()}
    if isinstance(value, list):
        return [_fill(one, given, file, city, key) for one in value]
    if not isinstance(value, str):
        return value
    if missing := [name for name in _BLANK.findall(value) if name not in given]:
        raise CityFileError(
            f"the region asks for `{missing[0]}`, which the city file does not have",
            city=city,
            file=file,
            column=".".join(key),
            value=value,
            next_step=f"add `{missing[0]}` to the city file; it has {', '.join(sorted(given))}",
        )
    if whole := _BLANK.fullmatch(value):
        return given[whole.group(1)]
    return _BLANK.sub(lambda found: _words(given[found.group(1)]), value)


def _words(value: str | list[str]) -> str:
    """A value within a text: of a list what CQL and SQL write between the brackets of IN."""
    return value if isinstance(value, str) else ", ".join(f"'{one}'" for one in value)


def _placed(table: Table, here: Path, city: Path) -> Table:
    """The same with paths that a region file means from its own folder."""
    if here.resolve() == city.resolve():
        return table

    def place(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: place(one) for name, one in value.items()}
        is_local = isinstance(value, str) and "://" not in value and not value.startswith("feed:")
        return str(here.resolve() / value) if is_local else value

    moved = {key: place(value) if key in PLACES else value for key, value in table.items()}
    feeds = table.get("feeds")
    if isinstance(feeds, dict):
        moved["feeds"] = {
            name: {key: place(one) if key in PLACES else one for key, one in feed.items()}
            if isinstance(feed, dict)
            else feed
            for name, feed in feeds.items()
        }
    return moved


def _merge(under: Table, layer: Layer, city: str) -> Table:
    """A layer over what lies under it; feeds are merged key by key."""
    both = {**under, **layer.table}
    if isinstance(schedule := under.get("schedule"), dict) and isinstance(own := layer.table.get("schedule"), dict):
        both["schedule"] = _deep(schedule, own)
    feeds, own = under.get("feeds", {}), layer.table.get("feeds", {})
    if not isinstance(own, dict):
        return both
    merged = dict(feeds)
    for name, feed in own.items():
        if feed is False:
            if name not in merged:
                raise CityFileError(
                    "a feed is taken away that no region has",
                    city=city,
                    file=layer.file,
                    column=f"feeds.{name}",
                    value="false",
                    next_step=f"feeds of its regions: {', '.join(sorted(feeds)) or 'none'}",
                )
            del merged[name]
        else:
            merged[name] = _over(merged[name], feed) if isinstance(feed, dict) and name in merged else feed
    return {**both, "feeds": merged}


def _over(under: Table, over: Table) -> Table:
    """A feed of its own over the region's: another place, or another source, is another feed as far as it goes."""
    if over.get("source", under.get("source")) != under.get("source"):
        return over
    left = {"path": ("url", "service", "otherwise"), "url": ("path",)}
    dropped = {key for mine, theirs in left.items() if mine in over for key in theirs}
    return _deep({key: value for key, value in under.items() if key not in dropped}, over)


def _deep(under: Table, over: Table) -> Table:
    both = {
        key: _deep(under[key], value) if isinstance(value, dict) and isinstance(under.get(key), dict) else value
        for key, value in over.items()
    }
    return {**under, **both}


def _steps(table: Any, key: Sequence[str | int]) -> int:
    """How many steps of a key a table has."""
    for count, step in enumerate(key):
        if not isinstance(table, dict) or step not in table:
            return count
        table = table[step]
    return len(key)
