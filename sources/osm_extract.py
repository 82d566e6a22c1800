"""OpenStreetMap extracts (PBF or XML): buildings, places and land use, with every element's own time stamp.

Nothing that carries a building key is lost: where no outline can be made the row stands, with a `defect`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from sources._kit.duck import identifier
from sources._kit.errors import UnreadableSnapshotError
from sources._kit.hostile import stated_day
from sources._kit.snapshot import Box, Snapshot
from sources._osm.choose import read_rules
from sources._osm.elements import opl_table
from sources._osm.tables import TABLES, forget, newest, read_extract, write_elements


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

    last = write_elements(paths[0], snapshot, con)
    return stated_day(header_date(paths[0])) or last


def write_tables(path: Path, con: duckdb.DuckDBPyConnection, prefix: str, box: Box | None = None) -> dict[str, int]:
    """Make raw.<prefix>_building, _poi, _facility and _land_use without a snapshot; returns what `read_extract` does."""
    counts = read_extract(path, con, box)
    for table in TABLES:
        con.execute(f"CREATE OR REPLACE TABLE raw.{identifier(f'{prefix}_{table}')} AS FROM osm_{table}")
    forget(con)
    return counts


def data_date(path: Path) -> date | None:
    """Day (UTC) an extract tells of: from its header, else its newest tagged element; None if neither."""
    from sources._osm.export import export_elements
    from sources._osm.opening import header_date

    if stated := stated_day(header_date(path)):
        return stated
    con = duckdb.connect()
    with TemporaryDirectory(prefix="onbenut-osm-") as folder:
        opl = Path(folder, "elements.opl")
        export_elements(path, opl, read_rules().node_keys, lambda _tags: False)
        con.execute(
            f"CREATE TABLE osm_element AS SELECT nullif(substr(saved, 2), '') AS osm_timestamp FROM {opl_table(opl)}"
        )
        return newest(con)
