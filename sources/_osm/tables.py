"""The four raw tables of OpenStreetMap, whatever brought the elements: an extract, or the answers of Overpass."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from sources._kit.contract import write_raw
from sources._kit.duck import identifier, literal
from sources._kit.errors import CheckFailedError
from sources._kit.snapshot import Box, Snapshot
from sources._osm.choose import LEFT_OUT, ROWS, classify_elements, read_rules
from sources._osm.elements import load_elements, opl_table

TABLES = ("building", "poi", "facility", "land_use")
COLUMNS = "osm_id, osm_version, osm_timestamp, tags, geom, defect"
# A road is a line, and nothing is wrong with it.
LINE_COLUMNS = "osm_id, osm_version, osm_timestamp, tags, coalesce(geom, line) AS geom, CASE WHEN line IS NULL THEN defect END AS defect"
LINES = {"facility"}


def write_elements(path: Path, snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the feed's raw tables building, poi, facility and land_use (lon/lat, EPSG:4326) of one file.

    Of a snapshot that is of a box, only what reaches into that.

    Returns:
        Day (UTC) of the newest tagged element that was kept; None where no element is dated.

    Raises:
        UnreadableSnapshotError: the file is not a whole OSM extract.
        CheckFailedError: elements went missing on the way to the tables.
    """
    read_extract(path, con, snapshot.clip, snapshot.store.scratch)
    for table in TABLES:
        write_raw(con, snapshot, table, f"FROM osm_{table}")
    day = newest(con)
    forget(con)
    return day


def read_extract(
    path: Path, con: duckdb.DuckDBPyConnection, box: Box | None = None, scratch: Path | None = None
) -> dict[str, int]:
    """Make temp tables osm_building, osm_poi, osm_facility and osm_land_use from an extract.

    Columns: osm_id ('n1', 'w1', 'r1'), osm_version, osm_timestamp (UTC), tags, geom (lon/lat, EPSG:4326;
    polygon or multipolygon, point for nodes, line for an open way of osm_facility), defect (why geom is null or suspect), _row (1.. in file order).
    A copy of the tagged elements as text, about five times the PBF, stands in `scratch` meanwhile.

    Args:
        path: extract as PBF or XML (also .gz, .bz2), recognised by content.
        con: connection with the spatial extension.
        box: west, south, east, north (degrees, EPSG:4326); elements that do not reach into it are counted as `clipped`
            and left out.
        scratch: a folder of the store, which is cleared after a killed run; TMPDIR if not given.

    Returns:
        Rows per table, rows with a defect per table, and what was seen and left out, by reason.

    Raises:
        UnreadableSnapshotError: the file is not a whole OSM extract.
        CheckFailedError: elements went missing on the way to the tables.
    """
    from sources._osm.clip import CHOSEN, PLACE, Clip
    from sources._osm.export import export_elements, export_ways
    from sources._osm.shapes import make_shapes

    rules, clip = read_rules(), Clip(box) if box else None
    with TemporaryDirectory(prefix="onbenut-osm-", dir=scratch) as folder:
        opl, members = Path(folder, "elements.opl"), Path(folder, "members.opl")
        found = export_elements(path, opl, rules.node_keys, rules.is_area_wanted, rules.is_untagged, clip)

        def find_ways(numbers: list[int]) -> Path:
            export_ways(path, members, numbers, found.locations)
            found.locations.clear()  # 16 bytes a node, for which DuckDB has better use
            return members

        wanted, untagged = literal(rules.wanted), literal(rules.untagged)
        if clip is not None:
            clip.begin(con, opl_table(opl), wanted, untagged, found.outside, found.old_ways)
        load_elements(con, opl, wanted, untagged, *((CHOSEN, PLACE) if clip else ()))
        told = _count(con, f"{opl_table(opl)} WHERE id[1] <> 'n' AND regexp_matches(tags, '[T,]building=')")
        make_shapes(con, found.assembled, untagged, find_ways, clip)
    clipped, counts = 0, dict[str, int]()
    if clip is not None:
        counts["clipped"], clipped = clip.end(con)
    classify_elements(con, rules)
    for table, condition in ROWS.items():
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE osm_{table} AS SELECT {LINE_COLUMNS if table in LINES else COLUMNS}, "
            f"row_number() OVER (ORDER BY seq) AS _row FROM osm_chosen WHERE {condition} ORDER BY _row"
        )
        counts[table] = _count(con, f"osm_{table}")
        counts[f"{table}_with_defect"] = _count(con, f"osm_{table} WHERE defect IS NOT NULL")
    counts |= {name: _count(con, f"osm_chosen WHERE {condition}") for name, condition in LEFT_OUT.items()}
    _check_nothing_lost(con, path, told, clipped)
    return counts


def _check_nothing_lost(con: duckdb.DuckDBPyConnection, path: Path, told: int, clipped: int) -> None:
    """Hold the building table to a count made from the text alone, before any shape was joined to it."""
    found = _count(con, "osm_building WHERE map_contains(tags, 'building')")
    if found + clipped != told:
        beyond = f", and {clipped} lie outside the box" if clipped else ""
        raise CheckFailedError(
            f"the extract has {told} elements with key building, the table {found}{beyond}",
            source="osm_extract",
            file=path,
            next_step="report this: it is a defect of the reader",
        )


def _count(con: duckdb.DuckDBPyConnection, what: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {what}").fetchone()
    assert row is not None
    return int(row[0])


def newest(con: duckdb.DuckDBPyConnection) -> date | None:
    """Day (UTC) of the newest element; None where none is dated."""
    row = con.execute("SELECT CAST(max(CAST(osm_timestamp AS TIMESTAMP)) AS DATE) FROM osm_element").fetchone()
    return row[0] if row else None


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the working tables, which are as large as the raw ones."""
    names = "SELECT table_name FROM duckdb_tables() WHERE temporary AND starts_with(table_name, 'osm_')"
    for (name,) in con.execute(names).fetchall():
        con.execute(f"DROP TABLE temp.{identifier(name)}")
