"""Which CRS a file says it is in, by EPSG code: names change between versions, codes do not."""

from __future__ import annotations

import re

from sources._kit.contract import load_source
from sources._kit.errors import UnreadableSnapshotError
from sources._kit.snapshot import Snapshot

CODE = re.compile(r"EPSG(?::[\d.]*:|/[\d.]+/|:|/)(\d{4,6})$", re.IGNORECASE)
LONGITUDE_LATITUDE = re.compile(r"(OGC[:/].*)?CRS84$", re.IGNORECASE)


def wanted_crs(snapshot: Snapshot) -> str:
    """CRS a feed's files must be in: what the city file says, else the source's own."""
    return snapshot.feed.crs or load_source(snapshot.feed.source).info.native_crs


def epsg_code(declared: str) -> str | None:
    """EPSG code in a name such as `urn:ogc:def:crs:EPSG::31370`, or None; CRS84 counts as 4326."""
    if LONGITUDE_LATITUDE.search(declared):
        return "4326"
    found = CODE.search(declared)
    return found.group(1) if found else None


def hold_to_crs(snapshot: Snapshot, declared: str | None, if_silent: str | None, **where: object) -> None:
    """Refuse a file that is in another CRS than the feed.

    Args:
        snapshot: what is being read.
        declared: the CRS as the file writes it; None where it says nothing.
        if_silent: the CRS the format gives a file that says nothing. The city file's own `crs` goes
            before it: whoever wrote that has looked.
        **where: source, city, feed, part, file.

    Raises:
        UnreadableSnapshotError: another CRS, or none and the city file does not say it either.
    """
    wanted = wanted_crs(snapshot)
    if declared is None and (snapshot.feed.crs is not None or if_silent == wanted):
        return
    said = declared if declared is not None else if_silent
    if said is None or epsg_code(said) != epsg_code(wanted):
        silence = "" if declared is not None else " (the file names none)"
        raise UnreadableSnapshotError(
            f"the file is not in the feed's CRS{silence}",
            value=f"{said or 'no CRS'} instead of {wanted}",
            next_step=f"ask the service for {wanted}, or set `crs` of this feed in the city file",
            **where,
        )
