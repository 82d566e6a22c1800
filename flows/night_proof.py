"""`make night`: a real Prefect server, a worker and schedules that fire, over three made-up cities of which one has a dead source.

A fourth city has a dead source and no snapshot from before, so it fails alone. All is in a folder of its own and ends with it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.night_proof_check import Check, check_night
from flows.night_proof_kit import answers, artifact_of, free_port, running, wait
from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.schedule import ZONE
from sources.voorbeeldstad import make_city

BUILDINGS = 2000
READY_S, DONE_S = 120, 420
CITIES = ("eenstad", "tweestad", "doodstad", "leegstad")


def main() -> int:
    """Prove a night; returns 0 when every check passed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="onbenut-night-") as folder:
        space = Workspace(Path(folder))
        _say("cities", f"making {', '.join(CITIES)}")
        _make(space)
        checks = _night(space)
    for name, passed, found in checks:
        print(f"{'PASS' if passed else 'FAIL'}  {name}: {found}", flush=True)
    _say("end", f"{time.monotonic() - began:.0f} s")
    return 0 if checks and all(passed for _name, passed, _found in checks) else 1


def _make(space: Workspace) -> None:
    """Four cities: two whole, one whose heritage died after a good run, one whose heritage never was."""
    source = make_city(space.home / "made", BUILDINGS)
    dead = f'url = "http://127.0.0.1:{free_port()}/heritage.geojson"'
    for slug in CITIES:
        folder = space.sample / slug
        shutil.copytree(source.parent, folder)
        path = folder / f"{slug}.toml"
        (folder / source.name).rename(path)
        if slug == "doodstad":
            run_city(load_city(path, space.cities), space)
        if slug in ("doodstad", "leegstad"):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace('path = "heritage.geojson"', dead), encoding="utf-8")


def _set_clocks(space: Workspace) -> tuple[datetime, datetime]:
    """Let all cities fire at the minute after next, and the summary two minutes later; returns both, in local time.

    Called when the server is up and the worker is not: a machine under load may take a minute for either.
    """
    first = datetime.now(UTC).astimezone(ZoneInfo(ZONE)) + timedelta(minutes=2)
    for slug in CITIES:
        path = space.sample / slug / f"{slug}.toml"
        cron = f'schedule = {{ cron = "{first.minute} {first.hour} * * *" }}\n'
        path.write_text(cron + path.read_text(encoding="utf-8"), encoding="utf-8")
    return first, first + timedelta(minutes=2)


def _night(space: Workspace) -> list[Check]:
    port = free_port()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "ONBENUT_"))},
        "ONBENUT_HOME": str(space.home),
        "ONBENUT_CITIES": ",".join(CITIES),
        "ONBENUT_RETRY_BACKOFF_S": "1",
        "ONBENUT_LOG": "json",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_HOME": str(space.home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    prefect = Path(sys.executable).with_name("prefect")
    server = [str(prefect), "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with running(server, env, space.home / "server.log"):
        _say("server", f"port {port}")
        wait(lambda: answers(f"http://127.0.0.1:{port}/api/health"), READY_S)
        first, tick = _set_clocks(space)
        worker = [sys.executable, "-m", "flows.cli", "worker", "--summary", f"{tick.minute} {tick.hour} * * *"]
        with running(worker, env, space.home / "worker.log"):
            _say("worker", f"the cities at {first:%H:%M}, the summary at {tick:%H:%M}")
            wait(lambda: any(space.nights.glob("*.md")), DONE_S)
            wait(lambda: artifact_of(port) is not None, 30)
            artifact = artifact_of(port)
            if not any(space.nights.glob("*.md")):
                print((space.home / "worker.log").read_text(encoding="utf-8")[-4000:])
        return check_night(space, CITIES, artifact, (space.home / "worker.log").read_text(encoding="utf-8"))


def _say(what: str, text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S}  {what:8}{text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
