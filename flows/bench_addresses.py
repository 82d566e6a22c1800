"""`make bench-matching`, addresses: the matcher on a real register, against positions of the official address service.

    python -m flows.bench_addresses [--data FOLDER]

The service says itself how sure it is of a position. `hoog` is the house; below that it found the street and gives a
point on it, so that a distance to it says nothing about the house: both figures are printed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from flows.workspace import CHECKOUT
from sources._kit.duck import connect, literal
from transforms.linkage.address import match_addresses
from transforms.linkage.address_read import POINTS, ROWS, read_addresses, read_register

FILES = ("vacancy_register.csv", "addresses.parquet", "register_truth_sample.csv")
NEAR_M = 50
NEEDED_RIGHT, NEEDED_ANSWERED = 0.995, 0.97


@dataclass(frozen=True)
class Figures:
    """Of the rows with a known position.

    Attributes:
        of: which rows.
        rows, answered, right: rows; right ones lie within 50 m.
        existing, existing_answered: rows whose street and number the file has within 50 m of the position.
        methods: method -> (answered, right).
    """

    of: str
    rows: int
    answered: int
    right: int
    existing: int
    existing_answered: int
    methods: dict[str, tuple[int, int]]

    @property
    def share_right(self) -> float:
        """Of the answered rows."""
        return self.right / self.answered

    @property
    def share_answered(self) -> float:
        """Of the rows whose address exists."""
        return self.existing_answered / self.existing


def data_folder() -> Path:
    """Where the recorded city lies: ONBENUT_SHARED, else beside the checkout."""
    return Path(os.environ.get("ONBENUT_SHARED") or CHECKOUT.parent / "shared" / "data") / "antwerpen"


def measure(folder: Path) -> tuple[list[Figures], float]:
    """Match the whole register; returns the figures over all known positions, the sure ones, and the seconds taken."""
    register, addresses, truth = (folder / name for name in FILES)
    with connect() as con:
        read_register(con, register, {}, None)
        read_addresses(con, addresses, {}, None)
        started = time.perf_counter()
        match_addresses(con, ROWS, POINTS)
        seconds = time.perf_counter() - started
        # Street and number are compared here by letters and digits alone: the bench shall not borrow the matcher's own rules.
        con.execute(f"""
            CREATE TEMP TABLE known AS
            WITH truth AS (
                SELECT unnest(string_split(objectids, ' | ')) AS row_id, geocode_quality = 'hoog' AS is_sure,
                    x_lambert72::DOUBLE AS x, y_lambert72::DOUBLE AS y, pva_straat AS street, pva_huisnr1 AS house_number
                FROM read_csv({literal(truth)}, all_varchar = true)
            ),
            point AS (
                SELECT regexp_replace(regexp_replace(lower(strip_accents(street)), '_.*$', ''), '[^a-z0-9]', '', 'g') AS name, house_number, x, y
                FROM {POINTS}
            )
            SELECT t.row_id, t.is_sure, m.method, sqrt((m.x - t.x) ** 2 + (m.y - t.y) ** 2) <= {NEAR_M} AS is_right,
                t.row_id IN (SELECT u.row_id FROM truth AS u JOIN point AS p
                    ON p.name = regexp_replace(lower(strip_accents(u.street)), '[^a-z0-9]', '', 'g') AND p.house_number = u.house_number
                    WHERE sqrt((p.x - u.x) ** 2 + (p.y - u.y) ** 2) <= {NEAR_M}) AS does_exist
            FROM truth AS t LEFT JOIN address_match AS m ON m.row_id = t.row_id AND m.rank = 1
        """)
        figures = []
        for of, condition in (("all positions", "true"), ("positions of the house", "is_sure")):
            counts = con.execute(
                "SELECT count(*), count(method), count(*) FILTER (is_right), count(*) FILTER (does_exist), count(method) FILTER (does_exist)"
                f" FROM known WHERE {condition}"
            ).fetchall()[0]
            methods = con.execute(
                f"SELECT method, count(*), count(*) FILTER (is_right) FROM known WHERE {condition} AND method IS NOT NULL GROUP BY 1 ORDER BY 1"
            ).fetchall()
            rows, answered, right, existing, existing_answered = counts
            by_method = {str(name): (int(some), int(good)) for name, some, good in methods}
            figures.append(Figures(of, rows, answered, right, existing, existing_answered, by_method))
    return figures, seconds


def main() -> int:
    """Print the table; 1 where the figures over the positions of the house miss what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=data_folder())
    folder = parser.parse_args().data
    if missing := [name for name in FILES if not (folder / name).is_file()]:
        print(f"addresses: not measured, {folder} has no {', '.join(missing)}; ONBENUT_SHARED names another place")
        return 0
    figures, seconds = measure(folder)
    for f in figures:
        print(f"addresses, {f.of}: {f.rows} rows with a known position")
        print(
            f"  answered within {NEAR_M} m   {f.right}/{f.answered}  {f.share_right:.1%}  (asked: {NEEDED_RIGHT:.1%})"
        )
        print(
            f"  existing answered      {f.existing_answered}/{f.existing}  {f.share_answered:.1%}  (asked: {NEEDED_ANSWERED:.1%})"
        )
        for name, (answered, right) in f.methods.items():
            print(f"    {name:<12} {right}/{answered}")
    print(f"  {seconds:.1f} s for the whole register")
    sure = figures[-1]
    return int(sure.share_right < NEEDED_RIGHT or sure.share_answered < NEEDED_ANSWERED)


if __name__ == "__main__":
    sys.exit(main())
