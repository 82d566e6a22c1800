"""`python -m flows.bench_matches`: adverts against buildings at the size of a large region, beside plain SQL and a second night.

    python -m flows.bench_matches [--adverts 20000] [--supplies 50000] [--buildings 20000] [--home FOLDER] [--to docs/benchmark_matches.md]

The adverts and the city are made up; buildings with a sign of underuse are repeated at other places until there are enough. Then floor
`match` is built as a run builds it: all of it, again after one advert and one building in a hundred changed, and from nothing for that
same night, which must give the same rows. The peer is the conditions alone as one plain join in SQL, over some of the adverts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from flows.bench import PeakMeter
from flows.run import run_city
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources.voorbeeldstad import Generation, make_city
from transforms._kit.header import TableSpec, read_specs
from transforms._kit.runner import build, define_macros, plan

GIVEN = ("match.supply", "match.supply_use")
"""Tables of the floor that hold the repeated buildings."""
SAMPLE = 400
REPEAT = """
CREATE OR REPLACE TEMP TABLE whole AS SELECT * FROM match.supply WHERE supply_kind = 'building';
CREATE OR REPLACE TEMP TABLE whole_use AS SELECT * FROM match.supply_use WHERE supply_kind = 'building';
CREATE OR REPLACE TEMP TABLE extent AS SELECT min(x) AS x, min(y) AS y, max(x) - min(x) AS w, max(y) - min(y) AS h FROM whole;
CREATE OR REPLACE TEMP TABLE copy AS SELECT supply_id AS of_id, k, supply_id || '/' || k AS supply_id
    FROM whole CROSS JOIN range(1, {times} + 1) AS t(k) QUALIFY row_number() OVER (ORDER BY k, of_id) <= {lacking};
INSERT INTO match.supply BY NAME SELECT w.* REPLACE (c.supply_id AS supply_id, c.supply_id AS building_id,
    e.x + e.w * (hash(c.supply_id, 1) % 10007) / 10007 AS x, e.y + e.h * (hash(c.supply_id, 2) % 10007) / 10007 AS y)
    FROM whole AS w JOIN copy AS c ON c.of_id = w.supply_id CROSS JOIN extent AS e;
INSERT INTO match.supply_use BY NAME SELECT w.* REPLACE (c.supply_id AS supply_id,
    w.usable_low_m2 * f AS usable_low_m2, w.usable_m2 * f AS usable_m2, w.usable_high_m2 * f AS usable_high_m2)
    FROM (SELECT *, 0.5 + (hash(supply_id, 3) % 1009) / 1009 AS f FROM copy) AS c JOIN whole_use AS w ON w.supply_id = c.of_id;
"""
CHANGE = """
UPDATE staging.space_request SET budget_eur_m2_year = budget_eur_m2_year + 1 WHERE hash(request_id) % 100 = 0;
UPDATE match.supply_use SET fit_low = fit_low / 2 WHERE hash(supply_id) % 100 = 0;
"""
PLAIN = """
SELECT r.request_id, count(DISTINCT s.supply_id)
FROM (SELECT *, unnest(uses) AS "use" FROM match.request WHERE request_id IN (SELECT request_id FROM sampled)) AS r
JOIN (SELECT supply_kind, supply_id, x, y, height_low_m, height_high_m, from_on, unnest(by_use, recursive := true) FROM match.offered) AS s ON s."use" = r."use"
WHERE s.supply_kind = 'building'
    AND coalesce(r.radius_m IS NULL OR hypot_m(s.x - r.x, s.y - r.y) <= r.radius_m, true)
    AND coalesce(r.outline IS NULL OR ST_Intersects(r.outline, ST_Point(s.x, s.y)), true)
    AND coalesce(s.height_high_m >= r.height_min_m, true) AND coalesce(s.height_low_m <= r.height_max_m, true)
    AND coalesce(s.from_on <= r.from_on, true) AND coalesce(s.usable_high_m2 >= {under} * r.area_min_m2, true)
    AND coalesce(NOT r.is_whole OR s.usable_low_m2 <= {over} * r.area_max_m2, true) AND coalesce(s.rent_low_eur_m2_year <= r.budget_eur_m2_year, true)
GROUP BY ALL ORDER BY ALL
"""


def measure(adverts: int, supplies: int, buildings: int, home: Path) -> dict[str, Any]:
    """Make the market and build floor `match` three times; returns figures as plain numbers.

    Raises:
        AssertionError: the second night, or the peer, found something else.
    """
    space = Workspace(home / "home")
    city_file = make_city(home / "raw", buildings, 1, Generation(adverts=adverts))
    warehouse = run_city(load_city(city_file, space.cities), space).warehouse
    con = connect(warehouse)
    con.execute("CREATE MACRO hypot_m(a, b) AS sqrt(a * a + b * b)")
    define_macros(con)
    specs = [s for s in read_specs(space.tables) if s.schema == "match" and s.full_name not in GIVEN]
    real = _count(con, "match.supply WHERE supply_kind = 'building'")
    con.execute(REPEAT.format(times=supplies // max(1, real) + 1, lacking=supplies - real))
    for name in ("pair", "coalition_try", "known_request", "known_supply"):
        con.execute(f"DROP TABLE match.{name}")
    meter = PeakMeter()
    with meter.running():
        first = _build(con, specs, "first")
        again = _build(con, specs, "again", CHANGE)
    rows = _rows(con)
    for name in ("pair", "coalition_try", "known_request", "known_supply"):
        con.execute(f"DROP TABLE match.{name}")
    anew = _build(con, specs, "anew")
    assert rows == _rows(con), "what is only judged where it changed is not what is judged anew"
    pairs, plain = _plain(con)
    asked, offered = _count(con, "match.request"), _count(con, "match.supply WHERE supply_kind = 'building'")
    judging = first["match.pair"]
    return {
        "adverts": asked, "supplies": offered, "real": real,
        "offers": _count(con, "match.supply WHERE supply_kind = 'offer'"),
        "first": first, "again": again, "anew": anew, "peak_mb": max(meter.peaks.values()) / 1e6,
        "own_us": 1e6 * judging / (asked * offered), "peer_us": 1e6 * plain / pairs,
    }  # fmt: skip


def _build(con: duckdb.DuckDBPyConnection, specs: list[TableSpec], label: str, change: str = "") -> dict[str, float]:
    """Seconds of each table, and `all`."""
    con.execute(change or "SELECT 1")
    made = {spec.full_name for spec in specs}
    given = {name: label for spec in specs for name in spec.inputs if name not in made}
    start = time.perf_counter()
    seconds = {b.name: b.seconds for b in build(con, specs, plan(specs, given, {}), {})}
    return seconds | {"all": time.perf_counter() - start}


def _plain(con: duckdb.DuckDBPyConnection) -> tuple[int, float]:
    """How many pairs the plain join looked at, and its seconds; it must find as many that can be."""
    con.execute(
        f"CREATE TEMP TABLE sampled AS SELECT request_id FROM match.request ORDER BY hash(request_id) LIMIT {SAMPLE}"
    )
    limits = dict(con.execute("SELECT name, value FROM reference.match_limit").fetchall())
    start = time.perf_counter()
    found = con.execute(PLAIN.format(under=limits["size_under"], over=limits["size_over"])).fetchall()
    seconds = time.perf_counter() - start
    own = con.execute(
        "SELECT request_id, supply_count FROM match.pair SEMI JOIN sampled USING (request_id) "
        "WHERE supply_kind = 'building' AND reason = 'can be' AND supply_count > 0 ORDER BY ALL"
    ).fetchall()
    assert own == found, "the plain join finds others that can be"
    return _count(con, "sampled") * _count(con, "match.offered WHERE supply_kind = 'building'"), seconds


def _rows(con: duckdb.DuckDBPyConnection) -> list[object]:
    """What came out, as hashes that do not mind the order."""
    tables = ("pair", "coalition", "coalition_member")
    return [
        con.execute(f"SELECT count(*), bit_xor(hash(CAST(t AS VARCHAR))) FROM match.{name} AS t").fetchone()
        for name in tables
    ]


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    assert row is not None
    return int(row[0])


def report(r: dict[str, Any]) -> str:
    """The figures as a page of Markdown."""
    first, again, anew = (r[name] for name in ("first", "again", "anew"))
    lines = [
        "# Benchmark of matches",
        "",
        f"Made by `make bench`: {r['adverts']:,} adverts that ask, against {r['offers']:,} that offer and {r['supplies']:,} buildings "
        f"({r['real']:,} of a made-up city, repeated at other places with other areas), on {os.cpu_count()} cores. "
        f"Memory of the whole process at its peak: {r['peak_mb']:,.0f} MB.",
        "",
        "| floor `match` | seconds | of which pairs | of which coalitions |",
        "|---|---:|---:|---:|",
    ]
    for words, night in (("all is new", first), ("one in a hundred changed", again), ("that night from nothing", anew)):
        lines.append(
            f"| {words} | {night['all']:.1f} | {night['match.pair']:.1f} | {night['match.coalition_try']:.1f} |"
        )
    own, peer = r["own_us"], r["peer_us"]
    lines += [
        "",
        f"The night of which one in a hundred changed takes {again['all'] / anew['all']:.2f} of the same night from nothing, and gives the same rows.",
        f"A pair takes {own:.3f} µs, conditions, score and both lists. The conditions alone, as one plain join in SQL over {SAMPLE} of the adverts, take {peer:.3f} µs a pair, "
        f"{peer / own:.1f} times as long, and find the same pairs.",
        "",
    ]
    return "\n".join(lines)


def main(say: Callable[[str], None] = print) -> None:
    """Read the arguments and measure, in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adverts", type=int, default=20_000)
    parser.add_argument("--supplies", type=int, default=50_000)
    parser.add_argument("--buildings", type=int, default=20_000)
    parser.add_argument("--home", type=Path, help="where to work; a temporary folder otherwise")
    parser.add_argument("--to", type=Path, default=CHECKOUT / "docs" / "benchmark_matches.md")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.one:
        say(json.dumps(measure(a.adverts, a.supplies, a.buildings, a.home)))
        return
    with tempfile.TemporaryDirectory(dir=a.home) as folder:
        sizes = [f"--{name}={getattr(a, name)}" for name in ("adverts", "supplies", "buildings")]
        command = [sys.executable, "-m", "flows.bench_matches", "--one", "--home", folder, *sizes]
        done = subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    page = report(json.loads(done.stdout.splitlines()[-1]))
    a.to.write_text(page, encoding="utf-8")
    say(page)


if __name__ == "__main__":
    main()
