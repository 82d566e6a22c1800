"""Pages of GeoJSON as OGC API Features, WFS and ArcGIS serve them: is each page whole, what does it hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sources._kit.duck import identifier, literal
from sources._kit.errors import UnreadableSnapshotError
from sources._kit.hostile import is_too_deep
from sources._kit.snapshot import Snapshot
from sources._read.content import HEAD_BYTES, place
from sources._read.crs import hold_to_crs

_PAGE = (
    "{type: 'VARCHAR', features: 'STRUCT(properties MAP(VARCHAR, JSON))[]', numberReturned: 'VARCHAR',"
    " numberMatched: 'VARCHAR', timeStamp: 'VARCHAR', crs: 'JSON', links: 'JSON', properties: 'JSON',"
    " exceededTransferLimit: 'BOOLEAN'}"
)
_FEATURES = "{features: 'STRUCT(geometry JSON, properties MAP(VARCHAR, VARCHAR))[]'}"


@dataclass(frozen=True)
class Page:
    """What one page says about itself."""

    features: int
    properties: tuple[str, ...]
    matched: int | None
    stamped_at: str | None
    has_next: bool
    exceeded: bool


def inspect_pages(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, part: str, paths: Sequence[Path]) -> list[Page]:
    """Read everything but the geometry of all pages, and refuse what is not whole.

    Raises:
        UnreadableSnapshotError: no GeoJSON, a service's exception, a page with fewer features than it
            announces, more features on the server than in all pages, or another CRS than the feed's.
    """
    for path in paths:
        if is_too_deep(path):
            raise _refused("the JSON is nested deeper than any data is", "", snapshot, part, path)
    query = f"""
        SELECT filename, type, len(features),
            TRY_CAST(numberReturned AS BIGINT), TRY_CAST(numberMatched AS BIGINT),
            timeStamp, crs ->> '$.properties.name',
            coalesce(list_contains(links ->> '$[*].rel', 'next'), false),
            list_sort(list_distinct(flatten(list_transform(features, lambda f: map_keys(f.properties))))),
            coalesce(exceededTransferLimit, (properties ->> '$.exceededTransferLimit')::BOOLEAN, false),
            count(*) OVER (PARTITION BY filename)
        FROM {_read_json(paths, _PAGE, "filename := true")} ORDER BY filename"""
    try:
        rows = con.execute(query).fetchall()
    except duckdb.Error as error:
        raise _refused("the JSON cannot be read: it is damaged or stops short", str(error), snapshot, part) from error
    pages = []
    in_header = {snapshot.store.blob(one.sha256): one.crs for one in snapshot.parts if one.name == part}
    for name, kind, features, returned, matched, stamp, crs, has_next, keys, exceeded, documents in rows:
        path = Path(name)
        if kind != "FeatureCollection" or features is None or documents > paths.count(path):
            raise _refused("the answer is no GeoJSON feature collection", _opening(path), snapshot, part, path)
        if returned is not None and returned != features:
            raise _refused("the page stops short", f"{features} of {returned} features", snapshot, part, path)
        # A page that names another CRS than the header it came with is in neither for sure: both must fit.
        for said in {crs, in_header.get(path)} - {None} or {None}:
            hold_to_crs(snapshot, said, "EPSG:4326", **place(snapshot, part, path))
        pages.append(Page(features, tuple(keys or ()), matched, stamp, has_next, exceeded))
    _hold_whole(pages, snapshot, part)
    return pages


def _hold_whole(pages: Sequence[Page], snapshot: Snapshot, part: str) -> None:
    """Refuse pages that are not all there are, by what they say themselves or by what was counted when they came."""
    total = sum(page.features for page in pages)
    counts = [one.features for one in snapshot.parts if one.name == part]
    if counts and all(count is not None for count in counts):
        # They were held to the service's own total; a full last page may claim for ever that there is more.
        if (counted := sum(count or 0 for count in counts)) != total:
            raise _refused("the pages are not what was fetched", f"{total} of {counted} features", snapshot, part)
        return
    matched = max((page.matched or 0 for page in pages), default=0)
    if total < matched:
        raise _refused("pages are missing", f"{total} of {matched} features", snapshot, part)
    if pages and all(page.has_next for page in pages):
        raise _refused("pages are missing", "every page names a next one", snapshot, part)
    if pages and all(page.exceeded for page in pages):
        raise _refused("the server had more rows than it gave", "exceededTransferLimit", snapshot, part)


def pages_query(paths: Sequence[Path], properties: Sequence[str]) -> str:
    """Query over pages: properties as text, `geom` in their CRS (null if it cannot be made), `defect`."""
    values = [f"feature.properties[{literal(name)}] AS {identifier(name)}" for name in properties]
    columns = ", ".join([*values, "TRY(ST_GeomFromGeoJSON(feature.geometry)) AS geom"])
    broken = "CASE WHEN geom IS NULL AND feature.geometry IS NOT NULL THEN 'geometry cannot be read' END AS defect"
    features = f"SELECT unnest(features) AS feature FROM {_read_json(paths, _FEATURES)}"
    return f"(SELECT {columns}, {broken} FROM ({features}))"


def _read_json(paths: Sequence[Path], columns: str, option: str = "") -> str:
    names = ", ".join(literal(path) for path in paths)
    # DuckDB sets this much aside per thread, so it follows the largest page there is.
    size = max(path.stat().st_size for path in paths) + HEAD_BYTES
    extra = f", {option}" if option else ""
    return f"read_json([{names}], columns := {columns}, maximum_object_size := {size}{extra})"


def _opening(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as stream:
        text = stream.read(HEAD_BYTES)
    try:
        answer = json.loads(text)
    except ValueError:
        return text
    # A service's exception is short; its message says more than its first bytes.
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    said = (
        [error.get(key) for key in ("code", "title", "message", "description", "detail")]
        if isinstance(error, dict)
        else []
    )
    return ": ".join(str(word) for word in said if word) or text


def _refused(what: str, value: str, snapshot: Snapshot, part: str, path: Path | None = None) -> UnreadableSnapshotError:
    return UnreadableSnapshotError(
        what,
        value=" ".join(value.split())[:200],
        next_step="fetch again; the last good snapshot stays",
        **place(snapshot, part, path),
    )
