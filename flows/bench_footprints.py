"""`python -m flows.bench_footprints`: footprint matching on the labelled pairs and at a million by a million.

    python -m flows.bench_footprints [--buildings 1000000] [--fit]

`--fit` chooses share_min, rival_share and touch_m anew, leaving out one region at a time (about ten minutes).
Data: ONBENUT_SHARED/conflation (default ../shared/data), the EUBUCCO conflation study; skipped where absent.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd

from flows.workspace import CHECKOUT
from sources._kit.duck import connect, literal
from transforms.linkage.footprint import DEFAULT, FootprintSettings, match_footprints

SHARED = Path(os.environ.get("ONBENUT_SHARED", CHECKOUT.parent / "shared" / "data"))
PAIRS = (("gov", "osm"), ("gov", "msft"), ("osm", "msft"))
GRID = tuple(itertools.product((0.03, 0.05, 0.1), (0.25, 1 / 3, 0.5), (0.3, 0.35, 0.4, 0.45)))
MADE_UP = """
CREATE TEMP TABLE {name} AS
SELECT '{name}' || i AS id, ST_MakeEnvelope(x + {dx}, y + {dy}, x + w + {dx}, y + h + {dy}) AS geom
FROM (SELECT i, (i % 1000) * 7.0 + ((i % 1000) // 8) * 10 AS x, (i // 1000) * 25.0 AS y,
        6 + (hash(i) % 101) / 100 AS w, 8 + (hash(i, 1) % 300) / 100 AS h FROM range({count}) AS t(i))
WHERE hash(i, {seed}) % 20 <> 0"""


def label_pairs(settings: FootprintSettings = DEFAULT, folder: Path = SHARED / "conflation") -> pd.DataFrame:
    """The labelled pairs with columns datasets, region, match, matched and the baselines any, iou, smaller (booleans)."""
    frames = []
    for a, b in PAIRS:
        with connect() as con:
            for name in (a, b):
                file = literal(folder / f"buildings_{name}.parquet")
                con.execute(
                    f"CREATE TEMP TABLE {name} AS SELECT building_id AS id, CAST(geometry AS GEOMETRY) AS geom FROM {file}"
                )
            match_footprints(con, a, b, settings=settings)
            frames.append(
                con.execute(
                    f"""SELECT datasets, left_id[:5] AS region, match, p.left_id IS NOT NULL AS matched, m2 > 0 AS "any",
                        m2 > 0.5 * (a_m2 + b_m2 - m2) AS iou, m2 > 0.3 * least(a_m2, b_m2) AS smaller
                    FROM (
                        SELECT y.*, ST_Area(ST_Intersection(a.geom, b.geom)) AS m2, ST_Area(a.geom) AS a_m2, ST_Area(b.geom) AS b_m2
                        FROM read_csv({literal(folder / "labelled_pairs.csv")}) AS y
                        JOIN {a} AS a ON a.id = left_id JOIN {b} AS b ON b.id = right_id WHERE datasets = '{a}-{b}'
                    ) AS y LEFT JOIN footprint_pair AS p USING (left_id, right_id) ORDER BY ALL"""
                ).df()
            )
    return pd.concat(frames, ignore_index=True)


def f1(rows: pd.DataFrame, answer: str = "matched") -> float:
    """F1 of one column of answers; NaN where nothing matches and nothing is said to."""
    total = int(rows[answer].sum()) + int(rows["match"].sum())
    return 2 * int((rows[answer] & rows["match"]).sum()) / total if total else float("nan")


def print_table(rows: pd.DataFrame) -> None:
    """F1 per dataset pair, per region and over all, beside the baselines."""
    print("| pairs | n | matched | any overlap | IoU > 0.5 | smaller > 0.3 |\n|---|---|---|---|---|---|")
    groups = [*rows.groupby("datasets"), *rows.groupby("region"), ("all", rows)]
    for name, part in groups:
        print(
            f"| {name} | {len(part)} | "
            + " | ".join(f"{f1(part, c):.4f}" for c in ("matched", "any", "iou", "smaller"))
            + " |"
        )


def cross_validate(folder: Path = SHARED / "conflation") -> float:
    """F1 over all regions, each judged by the numbers that were best on all others; prints what each fold chose."""
    answers = [label_pairs(FootprintSettings(share_min=s, rival_share=r, touch_m=t), folder) for s, r, t in GRID]
    held = []
    for region in sorted(answers[0]["region"].unique()):
        scores = [f1(rows[rows["region"] != region]) for rows in answers]
        best = int(np.argmax(scores))
        held.append(answers[best][answers[best]["region"] == region])
        print(f"without {region}: share_min, rival_share, touch_m = {GRID[best]}")
    return f1(pd.concat(held))


def measure_scale(count: int) -> tuple[float, float, float]:
    """Seconds of the bare intersection join, seconds of the match, and peak memory of the process in GB."""
    with connect() as con:
        con.execute("SET threads = 2")
        con.execute(MADE_UP.format(name="a", dx="2 * sin(x / 3000)", dy="1.0", count=count, seed=5))
        con.execute(MADE_UP.format(name="b", dx="0", dy="0", count=count, seed=6))
        started = time.perf_counter()
        con.execute(
            "SELECT count(*), sum(ST_Area(ST_Intersection(a.geom, b.geom))) FROM a JOIN b ON ST_Intersects(a.geom, b.geom)"
        ).fetchall()
        bare = time.perf_counter() - started
        started = time.perf_counter()
        match_footprints(con, "a", "b")
        return bare, time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--buildings", type=int, default=1_050_000)
    parser.add_argument("--fit", action="store_true")
    asked = parser.parse_args()
    if (SHARED / "conflation").exists():
        print_table(label_pairs())
        if asked.fit:
            print(f"leave-one-region-out F1: {cross_validate():.4f}")
    else:
        print(f"no labelled pairs: {SHARED / 'conflation'} is absent (ONBENUT_SHARED); skipped")
    bare, matched, memory = measure_scale(asked.buildings)
    print(
        f"{asked.buildings:,} x {asked.buildings:,}: bare join {bare:.1f} s, match {matched:.1f} s, ratio {matched / bare:.2f}, peak {memory:.1f} GB"
    )


if __name__ == "__main__":
    main()
