"""`make bench`: the made-up city end to end at two sizes, per floor, beside the same joins in plain geopandas.

    python -m flows.bench [--sizes 100000 1000000] [--home FOLDER] [--to docs/benchmark.md]

Each size runs in a process of its own, so that its peak memory is its own. Seconds are wall clock; memory is the
resident set of the process, sampled. Ratios, not seconds, are what may be compared between machines.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from flows.bench_peer import measure_joins
from flows.run import run_city
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import load_city
from sources.voorbeeldstad import make_city

SIZES = (100_000, 1_000_000)
SAMPLE_S = 0.05
FLOORS = ("fetch", "raw", "staging", "core", "evidence", "score", "match", "plan", "layer", "publish")
Figures = dict[str, dict[str, float]]


class PeakMeter:
    """Samples this process's resident set and keeps the highest value seen under each label, in bytes."""

    def __init__(self) -> None:
        self.label = "start"
        self.peaks: dict[str, int] = {}
        self._stop = threading.Event()
        self._process = psutil.Process()

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self.peaks[self.label] = max(self.peaks.get(self.label, 0), self._process.memory_info().rss)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Sample while the block runs."""
        thread = threading.Thread(target=self._sample, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()


def measure_size(buildings: int, home: Path) -> dict[str, object]:
    """Generate, run twice, and run the joins of the peer; returns figures as plain numbers."""
    files = home / f"raw_{buildings}"
    started = time.perf_counter()
    city_file = make_city(files, buildings, 1)
    generated = time.perf_counter() - started
    space = Workspace(home / f"home_{buildings}")
    city = load_city(city_file, space.cities)
    meter, seconds = PeakMeter(), dict.fromkeys(FLOORS, 0.0)
    mark = time.perf_counter()

    def progress(floor: str, _what: str) -> None:
        # The runner reports a table when it is done, the other floors when they begin: close enough for a peak.
        meter.label = floor

    with meter.running():
        outcome = run_city(city, space, progress=progress)
    total = time.perf_counter() - mark
    seconds.update(outcome.floors)
    seconds["fetch"] = total - sum(outcome.floors.values())
    mark = time.perf_counter()
    again = run_city(city, space)
    second = time.perf_counter() - mark
    assert again.unchanged
    return {
        "buildings": buildings,
        "generate_s": generated,
        "total_s": total,
        "second_s": second,
        "floors": {floor: {"seconds": seconds[floor], "peak_mb": meter.peaks.get(floor, 0) / 1e6} for floor in FLOORS},
        "peak_mb": max(meter.peaks.values()) / 1e6,
        "file_mb": outcome.warehouse.stat().st_size / 1e6,
        "joins": measure_joins(outcome.warehouse),
    }


def in_own_process(buildings: int, home: Path) -> dict[str, object]:
    """Measure one size in a fresh process."""
    command = [sys.executable, "-m", "flows.bench", "--one", str(buildings), "--home", str(home)]
    done = subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


def report(results: list[dict[str, object]]) -> str:
    """The figures as a page of Markdown."""
    small, large = results[0], results[-1]
    growth = _number(large, "buildings") / _number(small, "buildings")
    heads = " | ".join(f"{_size(r)}: s | MB at peak" for r in results)
    memory = os.environ.get("ONBENUT_MEMORY", "5GB")
    lines = [
        "# Benchmark",
        "",
        f"Made by `make bench`: the made-up city, end to end, on {os.cpu_count()} cores ({platform.machine()}), "
        f"DuckDB limited to {memory}. Memory is the whole process.",
        "",
        f"| floor | {heads} | growth for {growth:.0f}x |",
        f"|---|{'---:|' * (2 * len(results) + 1)}",
    ]
    for floor in FLOORS:
        cells = [_floor(r, floor) for r in results]
        figures = " | ".join(f"{s:.1f} | {m:,.0f}" for s, m in cells)
        ratio = f"{cells[-1][0] / cells[0][0]:.1f}" if cells[0][0] > 0.05 else "-"
        lines.append(f"| {floor} | {figures} | {ratio} |")
    totals = " | ".join(f"{_number(r, 'total_s'):.1f} | {_number(r, 'peak_mb'):,.0f}" for r in results)
    ratio = f"{_number(large, 'total_s') / _number(small, 'total_s'):.1f}"
    lines += [f"| **all** | {totals} | **{ratio}** |", "", "An unchanged second run:", ""]
    lines += ["| buildings | first run s | second run s | ratio |", "|---:|---:|---:|---:|"]
    for r in results:
        first, second = _number(r, "total_s"), _number(r, "second_s")
        lines.append(f"| {_size(r)} | {first:.1f} | {second:.1f} | {second / first:.3f} |")
    lines += ["", "The same joins written plainly in geopandas, on the same tables in the same process:", ""]
    lines += [
        "| join | buildings | geopandas s | DuckDB s | ratio | same answer |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for r in results:
        joins = r["joins"]
        assert isinstance(joins, dict)
        for name, f in joins.items():
            peer, own, same = f["peer_s"], f["own_s"], "yes" if f["same"] else "NO"
            lines.append(f"| {name} | {_size(r)} | {peer:.1f} | {own:.1f} | {peer / own:.1f} | {same} |")
    files = "; ".join(f"{_size(r)} buildings {_number(r, 'file_mb'):,.0f} MB" for r in results)
    lines += ["", f"Size of the DuckDB file: {files}.", ""]
    return "\n".join(lines)


def _size(result: dict[str, object]) -> str:
    return f"{_number(result, 'buildings'):,.0f}"


def _number(result: dict[str, object], name: str) -> float:
    value = result[name]
    assert isinstance(value, int | float)
    return float(value)


def _floor(result: dict[str, object], floor: str) -> tuple[float, float]:
    floors = result["floors"]
    assert isinstance(floors, dict)
    return floors[floor]["seconds"], floors[floor]["peak_mb"]


def main(say: Callable[[str], None] = print) -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--home", type=Path, help="where to work; a temporary folder otherwise")
    parser.add_argument("--to", type=Path, default=CHECKOUT / "docs" / "benchmark.md")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        say(json.dumps(measure_size(arguments.one, arguments.home)))
        return
    with tempfile.TemporaryDirectory(dir=arguments.home) as folder:
        results = []
        for size in arguments.sizes:
            say(f"{size:,} buildings ...")
            results.append(in_own_process(size, Path(folder)))
        page = report(results)
    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    arguments.to.write_text(page, encoding="utf-8")
    say(page)


if __name__ == "__main__":
    main()
