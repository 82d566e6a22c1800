"""What `onbenut doctor` asks of the machine: versions, the extension, memory, clock, what PDF needs, Prefect's server."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.workspace import CHECKOUT, Workspace
from sources._kit.duck import DEFAULT_MEMORY, connect, extension_path, literal
from sources._kit.errors import OnbenutError

GOOD, WARNING, FAULT = "good", "warning", "fault"
_PINNED = (
    "duckdb",
    "duckdb-extension-spatial",
    "fastapi",
    "sqlalchemy",
    "prefect",
    "pyogrio",
    "shapely",
    "pyproj",
    "pyarrow",
)
_ZONE = "Europe/Brussels"


def check_python(_space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """Python 3.11 or newer."""
    said = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield "Python", GOOD if good else FAULT, said, "" if good else "install Python 3.11 or newer, then `make setup`"


def check_packages(_space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """Installed versions against requirements.lock."""
    from importlib.metadata import PackageNotFoundError, version

    pins = _pins(CHECKOUT / "requirements.lock")
    for name in _PINNED:
        try:
            installed = version(name)
        except PackageNotFoundError:
            yield f"package {name}", FAULT, "not installed", "`make setup`"
            continue
        wanted = pins.get(name, installed)
        is_same = installed == wanted
        yield (
            f"package {name}", GOOD if is_same else FAULT, installed if is_same else f"{installed}, the lock says {wanted}",
            "" if is_same else "`make setup`: other versions were not tried together",
        )  # fmt: skip


def _pins(lock: Path) -> dict[str, str]:
    """Versions that the lock names for this Python: a package may have one for each."""
    from packaging.markers import Marker

    pins = {}
    for line in lock.read_text(encoding="utf-8").splitlines() if lock.exists() else ():
        pin, _, marker = line.rstrip(" \\").partition(";")
        if "==" in pin and pin[:1].isalnum() and (not marker or Marker(marker.strip()).evaluate()):
            name, _, wanted = pin.partition("==")
            pins[name.strip().lower()] = wanted.strip()
    return pins


def check_spatial(_space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """The spatial extension loads from its package, without a network."""
    import duckdb

    try:
        with connect() as con:
            con.execute("SELECT ST_Area(ST_MakeEnvelope(0, 0, 1, 1))")
    except (duckdb.Error, ImportError, OnbenutError) as error:
        yield "DuckDB spatial", FAULT, " ".join(str(error).split())[:200], "`make setup`"
        return
    yield "DuckDB spatial", GOOD, extension_path().parent.name, ""


def check_memory(_space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """ONBENUT_MEMORY against what the machine has."""
    import duckdb
    import psutil

    asked = os.environ.get("ONBENUT_MEMORY", DEFAULT_MEMORY)
    try:
        with duckdb.connect() as con:
            con.execute(f"SET memory_limit = {literal(asked)}")
            row = con.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchone()
            assert row is not None
            limit = int(row[0])
    except duckdb.Error:
        yield "memory", FAULT, f"ONBENUT_MEMORY is {asked!r}", "write it as 5GB"
        return
    total = psutil.virtual_memory().total
    said = f"DuckDB may use {limit / 1e9:.1f} of {total / 1e9:.1f} GB"
    is_much = limit > 0.8 * total
    yield (
        "memory",
        WARNING if is_much else GOOD,
        said,
        "lower ONBENUT_MEMORY: Python and the disk cache want some too" if is_much else "",
    )


def check_clock(space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """The clock is not before what was made already, and the zone of the schedules is known."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    now = datetime.now(UTC)
    made = [
        path.stat().st_mtime
        for path in (CHECKOUT / "pyproject.toml", *space.warehouse("x").parent.glob("*.duckdb"))
        if path.exists()
    ]
    newest = datetime.fromtimestamp(max(made, default=0), UTC)
    is_sane = now + timedelta(minutes=5) >= newest
    yield (
        "clock", GOOD if is_sane else FAULT, f"{now:%Y-%m-%d %H:%M} UTC",
        "" if is_sane else f"there are files of {newest:%Y-%m-%d %H:%M}: set the clock (NTP)",
    )  # fmt: skip
    try:
        zone = ZoneInfo(_ZONE)
    except ZoneInfoNotFoundError:
        yield "time zone", FAULT, f"no data of {_ZONE}", "install the package tzdata"
        return
    yield "time zone", GOOD, f"{_ZONE} {now.astimezone(zone):%z}; this machine {time.strftime('%Z')}", ""


def check_pdf(_space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """Pango, which `onbenut dossier` needs for PDF."""
    from ctypes.util import find_library

    has = bool(find_library("pango-1.0"))
    yield (
        "PDF",
        GOOD if has else WARNING,
        "pango" if has else "no pango",
        "" if has else "install libpango-1.0-0 and libpangoft2-1.0-0, for dossiers as PDF",
    )


def check_prefect(_space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """Prefect's server answers."""
    import requests

    url = os.environ["PREFECT_API_URL"].rstrip("/")
    try:
        answer = requests.get(f"{url}/health", timeout=5)
        said = "answers" if answer.ok else f"status {answer.status_code}"
    except requests.RequestException as error:
        said = type(error).__name__
    step = "" if said == "answers" else "`prefect server start`, or mend PREFECT_API_URL"
    yield "Prefect", GOOD if not step else FAULT, said, step


def prefect_unasked(_space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """Prefect's server is not asked unless it is wanted."""
    yield "Prefect", GOOD, "PREFECT_API_URL is set; not asked", "--network asks it"
