"""From raw to roles: one view per role over every feed's raw table that plays it, in the city's CRS."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import duckdb

from sources._kit.city import City, Feed
from sources._kit.contract import Table, load_source, raw_name, roles
from sources._kit.duck import identifier, literal

ROLE_COLUMNS = ("geom", "defect", "feed", "source_row")


def make_intake(con: duckdb.DuckDBPyConnection, city: City, fingerprints: Mapping[str, str]) -> dict[str, str]:
    """Make raw.<role> for each role; returns each view's fingerprint.

    Args:
        con: the city's warehouse, with the raw tables of the feeds in `fingerprints`.
        city: the city file.
        fingerprints: feed name -> fingerprint of what its raw tables were made of; a feed that is not here has no
            tables and contributes no rows.
    """
    branches: dict[str, list[str]] = {role: [] for role in roles()}
    hashes: dict[str, list[str]] = {role: [] for role in roles()}
    for name, fingerprint in sorted(fingerprints.items()):
        feed = city.feeds[name]
        for table_name, table in load_source(feed.source).tables(feed).items():
            if table.role is None:
                continue
            sql = _branch(city, feed, table_name, table, table.role)
            branches[table.role].append(sql)
            hashes[table.role].append(fingerprint + sql)
    result = {}
    for role, parts in branches.items():
        view = f"raw.{identifier(role)}"
        con.execute(f"CREATE OR REPLACE VIEW {view} AS {chr(10).join(_union(role, parts))}")
        result[f"raw.{role}"] = hashlib.sha256("\n".join(sorted(hashes[role])).encode()).hexdigest()
    return result


def _union(role: str, parts: Sequence[str]) -> list[str]:
    if not parts:
        empty = [f"CAST(NULL AS {c.type}) AS {identifier(n)}" for n, c in roles()[role].columns.items()]
        empty += ["CAST(NULL AS GEOMETRY) AS geom"]
        empty += [f"CAST(NULL AS VARCHAR) AS {name}" for name in ROLE_COLUMNS[1:]]
        return [f"SELECT {', '.join(empty)} WHERE false"]
    return [" UNION ALL ".join(parts)]


def _branch(city: City, feed: Feed, table_name: str, table: Table, role: str) -> str:
    native = feed.crs or load_source(feed.source).info.native_crs
    columns = []
    for name, column in roles()[role].columns.items():
        expression = table.intake.get(name, "NULL")
        cast = f"CAST({expression} AS {column.type})"
        if column.type == "DOUBLE":  # NaN and infinity are how some formats write "not known"
            cast = f"CASE WHEN isfinite({cast}) THEN {cast} END"
        columns.append(f"{cast} AS {identifier(name)}")
    geometry = f"({table.intake.get('geom', 'geom')})"
    if native != city.crs:
        geometry = f"ST_Transform({geometry}, {literal(native)}, {literal(city.crs)}, always_xy := true)"
    columns.append(f"{geometry} AS geom")
    columns.append(f"CAST({table.intake.get('defect', 'defect')} AS VARCHAR) AS defect")
    columns.append(f"{literal(feed.name)} AS feed")
    columns.append(f"{literal(table_name + ':')} || _row AS source_row")
    return f"SELECT {', '.join(columns)} FROM {raw_name(feed, table_name)}"
