"""OpenStreetMap extracts (PBF or XML): buildings, places and land use, with every element's own time stamp.

Nothing that carries a building key is lost: where no outline can be made the row stands, with a `defect`.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from sources._kit.contract import write_raw
from sources._kit.duck import identifier, literal
from sources._kit.errors import CheckFailedError, UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources._osm.choose import LEFT_OUT, ROWS, classify_elements, read_rules
from sources._osm.elements import load_elements, opl_table

TABLES = ("building", "poi", "facility", "land_use")
COLUMNS = "osm_id, osm_version, osm_timestamp, tags, geom, defect"
# A road is a line, and nothing is wrong with it.
LINE_COLUMNS = "osm_id, osm_version, osm_timestamp, tags, coalesce(geom, line) AS geom, CASE WHEN line IS NULL THEN defect END AS defect"
LINES = {"facility"}


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the feed's raw tables building, poi, facility and land_use (lon/lat, EPSG:4326); returns the extract's date.

    Raises:
        UnreadableSnapshotError: no single file, or not a whole OSM extract.
    """
    paths = snapshot.paths()
    if len(paths) != 1:
        merge = "merge overlapping extracts first (osmium merge), or give each its own feed"
        where = {"source": "osm_extract", "city": snapshot.city.slug, "feed": snapshot.feed.name}
        raise UnreadableSnapshotError("an extract is one file", next_step=merge, value=len(paths), **where)
    # libosmium and pandas are loaded where an extract is read: an unchanged night only asks what the tables are called.
    from sources._osm.opening import header_date

    read_extract(paths[0], con)
    for table in TABLES:
        write_raw(con, snapshot, table, f"FROM osm_{table}")
    stated = _day(header_date(paths[0])) or _newest(con)
    _forget(con)
    return stated


def write_tables(path: Path, con: duckdb.DuckDBPyConnection, prefix: str) -> dict[str, int]:
    """Make raw.<prefix>_building, _poi, _facility and _land_use without a snapshot; returns what `read_extract` does."""
    counts = read_extract(path, con)
    for table in TABLES:
        con.execute(f"CREATE OR REPLACE TABLE raw.{identifier(f'{prefix}_{table}')} AS FROM osm_{table}")
    _forget(con)
    return counts


def read_extract(path: Path, con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Make temp tables osm_building, osm_poi, osm_facility and osm_land_use from an extract.

    Columns: osm_id ('n1', 'w1', 'r1'), osm_version, osm_timestamp (UTC), tags, geom (lon/lat, EPSG:4326;
    polygon or multipolygon, point for nodes, line for an open way of osm_facility), defect (why geom is null or suspect), _row (1.. in file order).
    A copy of the tagged elements as text, about five times the PBF, stands in TMPDIR meanwhile.

    Args:
        path: extract as PBF or XML (also .gz, .bz2), recognised by content.
        con: connection with the spatial extension.

    Returns:
        Rows per table, rows with a defect per table, and what was seen and left out, by reason.

    Raises:
        UnreadableSnapshotError: the file is not a whole OSM extract.
        CheckFailedError: elements went missing on the way to the tables.
    """
    from sources._osm.export import export_elements, export_ways
    from sources._osm.shapes import make_shapes

    rules = read_rules()
    with TemporaryDirectory(prefix="onbenut-osm-") as folder:
        opl, members = Path(folder, "elements.opl"), Path(folder, "members.opl")
        assembled, locations = export_elements(path, opl, rules.node_keys, rules.is_area_wanted)

        def find_ways(numbers: list[int]) -> Path:
            export_ways(path, members, numbers, locations)
            locations.clear()  # 16 bytes a node, for which DuckDB has better use
            return members

        load_elements(con, opl, literal(rules.wanted), literal(rules.untagged))
        told = _count(con, f"{opl_table(opl)} WHERE id[1] <> 'n' AND regexp_matches(tags, '[T,]building=')")
        make_shapes(con, assembled, literal(rules.untagged), find_ways)
    classify_elements(con, rules)
    counts = {}
    for table, condition in ROWS.items():
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE osm_{table} AS SELECT {LINE_COLUMNS if table in LINES else COLUMNS}, "
            f"row_number() OVER (ORDER BY seq) AS _row FROM osm_chosen WHERE {condition} ORDER BY _row"
        )
        counts[table] = _count(con, f"osm_{table}")
        counts[f"{table}_with_defect"] = _count(con, f"osm_{table} WHERE defect IS NOT NULL")
    counts |= {name: _count(con, f"osm_chosen WHERE {condition}") for name, condition in LEFT_OUT.items()}
    _check_nothing_lost(con, path, told)
    return counts


def data_date(path: Path) -> date | None:
    """Day (UTC) an extract tells of: from its header, else its newest tagged element; None if neither."""
    from sources._osm.export import export_elements
    from sources._osm.opening import header_date

    if stated := _day(header_date(path)):
        return stated
    con = duckdb.connect()
    with TemporaryDirectory(prefix="onbenut-osm-") as folder:
        opl = Path(folder, "elements.opl")
        export_elements(path, opl, read_rules().node_keys, lambda _tags: False)
        con.execute(
            f"CREATE TABLE osm_element AS SELECT nullif(substr(saved, 2), '') AS osm_timestamp FROM {opl_table(opl)}"
        )
        return _newest(con)


def _check_nothing_lost(con: duckdb.DuckDBPyConnection, path: Path, told: int) -> None:
    """Hold the building table to a count made from the text alone, before any shape was joined to it."""
    found = _count(con, "osm_building WHERE map_contains(tags, 'building')")
    if found != told:
        raise CheckFailedError(
            f"the extract has {told} elements with key building, the table {found}",
            source="osm_extract",
            file=path,
            next_step="report this: it is a defect of the reader",
        )


def _count(con: duckdb.DuckDBPyConnection, what: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {what}").fetchone()
    assert row is not None
    return int(row[0])


def _day(stamp: str | None) -> date | None:
    return datetime.fromisoformat(stamp).date() if stamp else None


def _newest(con: duckdb.DuckDBPyConnection) -> date | None:
    row = con.execute("SELECT CAST(max(CAST(osm_timestamp AS TIMESTAMP)) AS DATE) FROM osm_element").fetchone()
    return row[0] if row else None


def _forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the working tables, which are as large as the raw ones."""
    names = "SELECT table_name FROM duckdb_tables() WHERE temporary AND starts_with(table_name, 'osm_')"
    for (name,) in con.execute(names).fetchall():
        con.execute(f"DROP TABLE temp.{identifier(name)}")
