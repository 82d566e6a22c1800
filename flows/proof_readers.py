"""Readers while nights run back to back: analysts who ask the warehouse and the published files, and a client of `onbenut serve`.

A wait is what an answer took, less the time its process stood in the machine's own queue for a core: two cores are shared by
readers, nights and whoever else is there, and only what holds a reader back through a file or a lock is ours to answer for.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from flows.night_proof_kit import answers, free_port, wait
from flows.proof_processes import begin_apart
from flows.proof_town import SLUG, Town, run, start

PAUSE_S = 0.2
MOST_S = 1.0
_ONE = """
    SELECT (SELECT value FROM layer.run WHERE name = 'run_id') AS run_id, count(DISTINCT run_id), min(run_id),
        count(*) FILTER (audience = 'public'), (SELECT value::INTEGER FROM layer.run WHERE name = 'buildings_public')
    FROM layer.building"""


@dataclass(frozen=True)
class Read:
    """What readers met: how many answers, of how many runs, their waits in seconds, and what was wrong."""

    who: str
    runs: int
    waits: list[float]
    wrong: list[str]

    @property
    def said(self) -> str:
        """In one line."""
        waits = sorted(self.waits) or [0.0]
        late = waits[int(len(waits) * 0.99)]
        return f"{len(waits)} answers of {self.runs} runs; waits p50 {waits[len(waits) // 2]:.3f}, p99 {late:.3f}, most {waits[-1]:.3f} s"


def read_through_nights(town: Town, seconds: float, analysts: int) -> tuple[list[Read], int]:
    """Let analysts and one server read while nights run for so many seconds; returns what they met, and how many nights there were."""
    port, done = free_port(), town.space.home / "done"
    server = _serve(town, port)
    try:
        wait(lambda: answers(f"http://127.0.0.1:{port}/"), 60)
        questions = (_ask, _hold, _files)
        readers = [
            begin_apart(_read, town, questions[number % 3], f"analyst {number + 1}", done) for number in range(analysts)
        ]
        readers.append(begin_apart(_read, (port, server), _served, "serve", done))
        until, nights = time.monotonic() + seconds, 0
        while time.monotonic() < until or nights < 1:
            town.change(1 + (nights + 8) % 19)
            run(town)
            nights += 1
        done.touch()
        return [Read(**end()) for end in readers], nights
    finally:
        os.kill(server, signal.SIGTERM)
        os.waitpid(server, 0)


def _serve(town: Town, port: int) -> int:
    return start(town, words=["serve", SLUG, "--port", str(port)], log="serve.log")


def _read(place: Any, question: Callable[[Any], tuple[str, bool]], who: str, done: Path) -> dict[str, Any]:
    """Ask again and again; a question answers with the run it saw and whether all it saw was of that run."""
    waits: list[float] = []
    runs, wrong = set(), []
    others = [place[1]] if isinstance(place, tuple) else []
    while not done.exists():
        began, queued = time.monotonic(), _queued(others)
        try:
            seen, is_whole = question(place)
            runs.add(seen)
            wrong += [] if is_whole else [f"torn: {seen}"]
        except Exception as error:  # noqa: BLE001 - whatever a reader meets is what is asked here
            wrong.append(f"{type(error).__name__}: {error}"[:300])
        waits.append(max(0.0, time.monotonic() - began - (_queued(others) - queued)))
        time.sleep(PAUSE_S)
    return {"who": who, "runs": len(runs), "waits": waits, "wrong": wrong}


def _ask(town: Town) -> tuple[str, bool]:
    """As `onbenut sql` does: a connection for one question."""
    from flows.query import ask

    row = next(iter(ask(SLUG, town.space, _ONE).batches))[0]
    return str(row[0]), row[1] == 1 and row[0] == row[2] and row[3] == row[4]


def _hold(town: Town) -> tuple[str, bool]:
    """Several questions on one connection: they are about one run, whatever is swapped in meanwhile."""
    from flows.query import open_warehouse

    with closing(open_warehouse(SLUG, town.space)) as con:
        rows = [con.execute(_ONE).fetchone() for _ in range(3)]
        row = con.execute("SELECT count(*) FROM layer.building ANTI JOIN core.building USING (building_id)").fetchone()
    return str(rows[0][0]), len(set(rows)) == 1 and row == (0,)  # type: ignore[index]


def _files(town: Town) -> tuple[str, bool]:
    """The files of one set: which folder it is, is looked up once."""
    import pyarrow.parquet as pq

    folder = (town.space.outputs / SLUG).resolve()
    with closing(sqlite3.connect(f"{(folder / f'{SLUG}.gpkg').as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        run_id = db.execute("SELECT value FROM run WHERE name = 'run_id'").fetchone()[0]
        count = db.execute("SELECT count(*) FROM buildings").fetchone()[0]
    table = pq.ParquetFile(folder / f"{SLUG}.parquet")
    about = json.loads(table.schema_arrow.metadata[b"onbenut"])
    pins = json.loads((folder / f"{SLUG}_pins.geojson").read_text(encoding="utf-8"))
    is_whole = about["run_id"] == run_id and table.metadata.num_rows == count == len(pins["features"])
    return str(run_id), is_whole and run_id.startswith(folder.name.split("~")[0])


def _served(place: tuple[int, int]) -> tuple[str, bool]:
    address = f"http://127.0.0.1:{place[0]}/collections/buildings/items?f=json&limit=20"
    with urlopen(address, timeout=30) as answer:
        body = json.load(answer)
    runs = {one["properties"]["run_id"] for one in body["features"]} | {body["run_id"]}
    return str(body["run_id"]), len(runs) == 1 and len(body["features"]) == min(20, body["numberMatched"])


def _queued(others: list[int]) -> float:
    """Seconds for which the threads of this process, and of others, stood ready and had no core."""
    total = 0
    for process in (os.getpid(), *others):
        for task in Path(f"/proc/{process}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text(encoding="ascii").split()[1])
            except (OSError, IndexError):
                continue  # it ended, or the kernel does not count
    return total / 1e9
