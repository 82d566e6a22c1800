"""A shapefile in a zip archive, streamed: whole, or refused before it is read."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sources._kit.duck import identifier, literal
from sources._kit.errors import UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources._read.content import place
from sources._read.crs import hold_to_crs
from sources._read.features import hold_apart
from sources._read.zipped import unpacked

SHX_HEADER, SHX_RECORD = 100, 8
LATIN = ("", "1252", "CP1252", "WINDOWS-1252", "ANSI 1252", "ISO-8859-1", "ISO88591", "88591", "LATIN1")
"""Names in a .cpg for what Windows of this part of the world writes; a table without one was written by it."""


@contextmanager
def zipped_shapefile(snapshot: Snapshot, name: str) -> Iterator[tuple[str, int]]:
    """Unpack `<name>.shp` and what belongs to it; gives a query (columns as text, `geom`) and the rows it has.

    The query holds while the block is open.

    Raises:
        UnreadableSnapshotError: no whole archive, a file of the four is missing or stops short, or another CRS than the feed.
    """
    # pyogrio says what it cannot open; DuckDB's own ST_Read_Meta takes the process down on a damaged file.
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    gdal: Any = pyogrio  # carries no types
    where = {**place(snapshot, "data", snapshot.paths()[0]), "member": f"{name}.shp"}
    needed = [f"{name}.{ending}" for ending in ("shp", "shx", "dbf", "prj")]
    with unpacked(snapshot, needed, [f"{name}.cpg"]) as found:
        count = _hold_whole(found, name, where)
        try:
            info = gdal.read_info(found[f"{name}.shp"])
        except (DataSourceError, DataLayerError) as error:
            raise UnreadableSnapshotError(
                "the shapefile cannot be read", value=error, next_step="fetch it again, or ask the provider", **where
            ) from error
        hold_to_crs(snapshot, info["crs"], None, **where)
        names = [str(one) for one in info["fields"]]
        hold_apart(names, **where)
        encoding, decode = _encoding(found.get(f"{name}.cpg"), where)
        values = ", ".join(
            f"{decode.format(f'CAST({identifier(one)} AS VARCHAR)')} AS {identifier(one)}" for one in names
        )
        source = f"ST_Read({literal(found[f'{name}.shp'])}, open_options := ['ENCODING={encoding}'])"
        yield f"SELECT {values}, geom::GEOMETRY AS geom, CAST(NULL AS VARCHAR) AS defect FROM {source}", count


def _encoding(declared: Path | None, where: Mapping[str, object]) -> tuple[str, str]:
    """How to open the table, and the expression that gives its text; the GDAL in DuckDB knows no code page but Latin-1."""
    said = declared.read_text(encoding="ascii", errors="replace").strip().upper() if declared else ""
    if said in ("UTF-8", "UTF8", "65001"):
        return "UTF-8", "{}"
    if said not in LATIN:
        raise UnreadableSnapshotError(
            "the table is in an unknown encoding", value=said, next_step="ask for UTF-8 or Windows-1252", **where
        )
    # Between the two lie 27 signs, a typographic apostrophe among them, where Latin-1 has control codes.
    codes = [byte for byte in range(0x80, 0xA0) if bytes([byte]).decode("cp1252", "ignore")]
    latin, windows = (bytes(codes).decode(name) for name in ("latin-1", "cp1252"))
    return "ISO-8859-1", f"translate({{}}, {literal(latin)}, {literal(windows)})"


def _hold_whole(found: Mapping[str, Path], name: str, where: Mapping[str, object]) -> int:
    """Rows of the shapefile, once its table has as many bytes as it says and its index as many shapes as the table rows."""
    table = found[f"{name}.dbf"]
    with table.open("rb") as stream:
        head = stream.read(32)
    if len(head) < 32:
        raise _short("the table has no header", table.stat().st_size, where)
    rows, start, width = struct.unpack("<IHH", head[4:12])
    if table.stat().st_size < start + rows * width:
        raise _short("the table stops short", f"{table.stat().st_size} of {start + rows * width} bytes", where)
    shapes = (found[f"{name}.shx"].stat().st_size - SHX_HEADER) // SHX_RECORD
    if shapes != rows:
        raise _short("the table has other rows than there are shapes", f"{rows} rows, {shapes} shapes", where)
    return int(rows)


def _short(what: str, value: object, where: Mapping[str, object]) -> UnreadableSnapshotError:
    return UnreadableSnapshotError(what, value=value, next_step="fetch it again, or ask the provider", **where)
