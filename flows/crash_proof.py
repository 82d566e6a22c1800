"""`make night`, second part: nights that are killed at every moment, and readers while nights run.

Everything is real: a made-up city in a folder of its own, processes, SIGKILL, DuckDB, a server on the loopback address. `--quick` is what
the tests run: the swaps of one night, and two readers.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

os.environ.setdefault("ONBENUT_THREADS", "1")

from flows.night_proof_check import Check
from flows.proof_commands import go_back, kill_commands, run_twice
from flows.proof_kills import SEED, Night, kill_at_random, kill_at_renames, kill_in_a_row, make_night
from flows.proof_readers import MOST_S, read_through_nights

KILLS = 50
_NEEDED = (
    *(f"flows.commands.{name}" for name in ("export", "fieldwork", "run", "serve")),
    *(f"transforms.publish.{name}" for name in ("context", "publish")),
    *(f"sources.{name}" for name in ("osm_extract", "be_grb", "be_address", "vacancy_register")),
)


def main() -> int:
    """Prove it; returns 0 when every check passed."""
    parser = argparse.ArgumentParser(
        prog="python -m flows.crash_proof", description="Kill nights, and read while they run."
    )
    parser.add_argument("--quick", action="store_true", help="the swaps of one night and two readers")
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long readers read")
    given = parser.parse_args()
    began, passed = time.monotonic(), True
    _import_what_runs_need()
    with tempfile.TemporaryDirectory(prefix="onbenut-crash-") as name:
        for check, is_so, found in _checks(Path(name), given.quick, given.seconds):
            passed &= is_so
            print(f"{'PASS' if is_so else 'FAIL'}  {check}: {found}", flush=True)
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return 0 if passed else 1


def _checks(folder: Path, quick: bool, seconds: float) -> Iterator[Check]:
    night = make_night(folder)
    print(f"a run takes {night.seconds:.1f} s and renames {len(night.renames)} times", flush=True)
    if not quick:
        numbers = range(1, len(night.renames) + 1)
        yield _told(night, "killed before and after every rename", lambda: kill_at_renames(night, folder, numbers))
        yield _told(night, f"killed at {KILLS} moments (seed {SEED})", lambda: kill_at_random(night, folder, KILLS))
        yield _told(night, f"killed {KILLS} times in a row", lambda: kill_in_a_row(night, folder, KILLS))
        yield _told(night, "import and export killed at every rename", lambda: kill_commands(night, folder))
        yield _told(night, "two runs at once", lambda: run_twice(night, folder))
    yield _told(night, "killed between its swaps", lambda: go_back(night, folder))
    reads, nights = read_through_nights(night.town, 3.0 if quick else seconds, 2 if quick else 8)
    for read in reads:
        # Beside other tests a wait says nothing of us.
        is_so = not read.wrong and bool(read.waits) and (quick or max(read.waits) <= MOST_S)
        yield f"{read.who} while {nights} nights ran", is_so, "; ".join([read.said, *read.wrong[:3]])


def _told(night: Night, name: str, prove: Callable[[], object]) -> Check:
    known = len(night.wrong)
    night.found.clear()
    said = prove()
    wrong = night.wrong[known:]
    found = ", ".join(f"{count}x {what}" for what, count in sorted(night.found.items()))
    told = "; ".join(str(one) for one in (said, found, *wrong[:5]) if one)
    return name, not wrong, told or "as an undisturbed run"


def _import_what_runs_need() -> None:
    """Here, once: what forks need not import it again."""
    for name in _NEEDED:
        import_module(name)


if __name__ == "__main__":
    sys.exit(main())
