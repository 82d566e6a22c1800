"""`python -m flows.evaluate_type`: how often the type is right, on real buildings typed by eye and on made-up cities.

    python -m flows.evaluate_type [--seeds 7 11 23] [--buildings 3000] [--mistakes]

The review list (tests/transforms/type_review.csv) holds facts and judgements only; the OSM extracts it speaks of lie
under ONBENUT_SHARED (default ../shared/data) and are skipped where absent. Parts: `development`, the half that rules were
mended on; `held out`, the other half; `fresh`, drawn and typed after that. `--mistakes` lists those of the first alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from flows.type_review import EXTRACTS, SHARED, answer_made_up, answer_review, build_types
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources.voorbeeldstad import make_city

ACCURACY = """
SELECT half, coalesce({by}, 'all') AS part, count(*) AS buildings, avg(CAST(answer IS NOT DISTINCT FROM type AS INT)) AS accuracy,
    count(*) FILTER (answer = 'unknown' AND type <> 'unknown') AS missed, count(*) FILTER (answer <> 'unknown' AND type = 'unknown') AS invented,
    count(*) FILTER (answer <> 'unknown' AND type <> 'unknown' AND answer <> type) AS confused,
    avg(CAST(former_answer IS NOT DISTINCT FROM former_type AS INT)) AS former_accuracy
FROM answer GROUP BY GROUPING SETS ((half, {by}), (half)) ORDER BY half, part"""
RELIABILITY = """
SELECT least(floor(confidence * 10), 9) / 10 AS confidence_from, count(*) AS buildings, avg(confidence) AS stated, avg(CAST(answer = type AS INT)) AS right_share
FROM answer WHERE confidence IS NOT NULL GROUP BY ALL ORDER BY ALL"""
PER_TYPE = """
WITH pair AS (SELECT type, answer, count(*) AS n FROM answer GROUP BY ALL), kind AS (SELECT DISTINCT type FROM answer)
SELECT k.type, sum(n) FILTER (p.type = k.type) AS buildings, coalesce(sum(n) FILTER (p.type = k.type AND p.answer = k.type), 0) AS hit,
    2 * hit / (sum(n) FILTER (p.type = k.type) + coalesce(sum(n) FILTER (p.answer = k.type), 0)) AS f1
FROM kind AS k JOIN pair AS p ON k.type IN (p.type, p.answer) GROUP BY ALL ORDER BY f1, k.type"""

MISTAKES = """
FROM answer WHERE half = 'development' AND (answer IS DISTINCT FROM type OR former_answer IS DISTINCT FROM former_type) ORDER BY ALL"""


def table(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Rows of one of the questions of this module."""
    found = con.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def accuracy(con: duckdb.DuckDBPyConnection, by: str = "richness") -> list[dict[str, Any]]:
    """Share of right answers per half and class of `by` (`richness`, `is_hard`, `extract`), and as a whole (`all`)."""
    return table(con, ACCURACY.format(by=by))


def macro_f1(con: duckdb.DuckDBPyConnection) -> float:
    """Mean of the F1 of every type that occurs, 0 to 1: a rare type counts as much as a dwelling."""
    per_type = table(con, PER_TYPE)
    return sum(float(row["f1"]) for row in per_type) / len(per_type)


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """Print rows under their names."""
    print(f"\n{title}")
    for row in [dict(zip(rows[0], rows[0], strict=True)), *rows] if rows else []:
        print("  ".join(f"{v:>13.3f}" if isinstance(v, float) else f"{v!s:>13}" for v in row.values()))


def figures(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """All figures of one table `answer`: `macro_f1`, `per_type` (weakest first), `reliability`, and `accuracy` of a review."""
    found: dict[str, Any] = {
        "macro_f1": macro_f1(con),
        "per_type": table(con, PER_TYPE),
        "reliability": table(con, RELIABILITY),
    }
    if con.execute("SELECT 1 FROM duckdb_columns() WHERE table_name = 'answer' AND column_name = 'half'").fetchone():
        found["accuracy"] = {by: accuracy(con, by) for by in ("richness", "is_hard", "extract")}
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, nargs="*", default=[7, 11, 23])
    parser.add_argument("--buildings", type=int, default=3000)
    parser.add_argument("--mistakes", action="store_true")
    asked = parser.parse_args()
    if all((SHARED / path).exists() for path, _crs in EXTRACTS.values()):
        with answer_review() as con:
            found = figures(con)
            for by, rows in found["accuracy"].items():
                show(f"accuracy by {by}", rows)
            show("reliability, all parts", found["reliability"])
            print(f"macro-F1 {found['macro_f1']:.3f}")
            if asked.mistakes:
                show("mistakes of the development half", table(con, MISTAKES))
    else:
        print(f"no real extracts under {SHARED} (ONBENUT_SHARED): review skipped")
    for seed in asked.seeds:
        with TemporaryDirectory() as folder, connect() as con:
            file = make_city(Path(folder), asked.buildings, seed)
            build_types(con, load_city(file, file.parent), Workspace(Path(folder)))
            with answer_made_up(con, file.parent / "truth.parquet") as made:
                found = figures(made)
        print(f"\nmade-up city, seed {seed}: macro-F1 {found['macro_f1']:.3f}")
        show("weakest types", found["per_type"][:12])
        show("reliability", found["reliability"])


if __name__ == "__main__":
    main()
