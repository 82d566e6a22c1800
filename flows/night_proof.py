"""`make night`: a real Prefect server, a worker and schedules that fire, over three made-up cities of which one has a dead source.

A fourth city has a dead source and no snapshot from before, so it fails alone. All is in a folder of its own and ends with it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen
from zoneinfo import ZoneInfo

from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.schedule import ZONE
from sources.voorbeeldstad import make_city

BUILDINGS = 2000
READY_S, DONE_S = 120, 420
CITIES = ("eenstad", "tweestad", "doodstad", "leegstad")
Check = tuple[str, bool, str]


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
    dead = f'url = "http://127.0.0.1:{_free_port()}/heritage.geojson"'
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
        # The clock is looked at last: the schedules fire in the coming minutes.
    local = datetime.now(UTC).astimezone(ZoneInfo(ZONE)) + timedelta(seconds=75)
    for slug in CITIES:
        path = space.sample / slug / f"{slug}.toml"
        cron = f'schedule = {{ cron = "{local.minute} {local.hour} * * *" }}\n'
        path.write_text(cron + path.read_text(encoding="utf-8"), encoding="utf-8")


def _night(space: Workspace) -> list[Check]:
    port = _free_port()
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
    tick = datetime.now(UTC).astimezone(ZoneInfo(ZONE)) + timedelta(minutes=4)
    prefect = Path(sys.executable).with_name("prefect")
    server = [str(prefect), "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    worker = [sys.executable, "-m", "flows.cli", "worker", "--summary", f"{tick.minute} {tick.hour} * * *"]
    with _running(server, env, space.home / "server.log"):
        _say("server", f"port {port}")
        _wait(lambda: _answers(f"http://127.0.0.1:{port}/api/health"), READY_S)
        with _running(worker, env, space.home / "worker.log"):
            _say("worker", f"cities at the next minutes, the summary at {tick:%H:%M}")
            _wait(lambda: any(space.nights.glob("*.md")), DONE_S)
            _wait(lambda: _artifact(port) is not None, 30)
            artifact = _artifact(port)
            if not any(space.nights.glob("*.md")):
                print((space.home / "worker.log").read_text(encoding="utf-8")[-4000:])
        return _checks(space, artifact, (space.home / "worker.log").read_text(encoding="utf-8"))


def _checks(space: Workspace, artifact: str | None, log: str) -> list[Check]:
    lines = [json.loads(line) for path in space.nights.glob("*.jsonl") for line in path.read_text().splitlines()]
    cities = {line["city"]: line for line in lines if line["what"] == "city"}
    heritage = {line["city"]: line for line in lines if line["what"] == "feed" and line["feed"] == "heritage"}
    found: list[Check] = []
    for slug in ("eenstad", "tweestad"):
        state = cities.get(slug, {}).get("state")
        found.append((f"{slug} is done", state == "new", str(state)))
    note = str(heritage.get("doodstad", {}).get("note"))
    found.append(
        ("doodstad stands on its last good snapshot", heritage.get("doodstad", {}).get("state") == "fallback", note)
    )
    why = cities.get("leegstad", {})
    found.append(("leegstad failed alone", why.get("state") == "failed", str(why.get("why"))))
    found.append(("a failed city publishes nothing", not (space.outputs / "leegstad").exists(), "no products"))
    found.append(("summary as JSON lines", len(cities) == len(CITIES), f"{len(lines)} lines"))
    found.append(
        ("summary as Markdown in Prefect", bool(artifact and "leegstad" in artifact), f"{len(artifact or '')} letters")
    )
    printed = [line for line in log.splitlines() if "Night of" in line and "leegstad" in line]
    found.append(("summary as a table in the log", bool(printed), f"{len(printed)} lines of log hold it"))
    fired = {line["tried_at"] for line in cities.values()}
    found.append(("schedules fired", all(fired) and len(fired) > 0, ", ".join(sorted(str(one) for one in fired))))
    return found


@contextmanager
def _running(command: list[str], env: dict[str, str], log: Path) -> Iterator[None]:
    """A process and all it starts, ended with the block."""
    with log.open("w") as handle:
        process = subprocess.Popen(command, env=env, stdout=handle, stderr=handle, start_new_session=True)  # noqa: S603
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


def _artifact(port: int) -> str | None:
    try:
        with urlopen(f"http://127.0.0.1:{port}/api/artifacts/night/latest", timeout=10) as answer:
            body: dict[str, Any] = json.load(answer)
    except (URLError, TimeoutError):
        return None
    return str(body["data"])


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - of our own server
            return bool(answer.status == 200)
    except (URLError, TimeoutError, ConnectionError):
        return False


def _wait(is_done: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not is_done() and time.monotonic() < until:
        time.sleep(1)


def _free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def _say(what: str, text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S}  {what:8}{text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
