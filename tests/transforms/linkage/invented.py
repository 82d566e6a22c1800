"""Invented rows and address points, and what the matcher makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sources._kit.duck import connect
from transforms.linkage.address import match_addresses

Row = tuple[str | None, ...]
ROW = "(row_id, street, house_number, house_number_to, box_number, postcode, municipality)"
WEST, EAST = (150_000.0, 210_000.0), (156_000.0, 210_000.0)


def row(row_id: str, street: str | None, number: str | None, **more: str) -> Row:
    return (row_id, street, number, *(more.get(k) for k in ("to", "box", "postcode", "municipality")))


def point(street: str, number: str, x: float, y: float, box: str | None = None, **more: str) -> tuple[Any, ...]:
    name = f"{street}|{number}|{box}|{x:.0f}|{y:.0f}"
    return (name, street, number, box, more.get("postcode"), more.get("municipality"), x, y)


def run(rows: Sequence[Row], points: Sequence[tuple[Any, ...]]) -> tuple[list[tuple[Any, ...]], dict[str, Any]]:
    """All matches in order, and the refusal per row: (reason, candidates, candidate_count)."""
    with connect(spatial=False) as con:
        con.execute(f"CREATE TABLE r {ROW.replace(',', ' VARCHAR,').replace(')', ' VARCHAR)')}")
        con.execute("CREATE TABLE p (address_id VARCHAR, street VARCHAR, house_number VARCHAR, box_number VARCHAR,"
                    " postcode VARCHAR, municipality VARCHAR, x DOUBLE, y DOUBLE)")  # fmt: skip
        if rows:
            con.executemany("INSERT INTO r VALUES (?, ?, ?, ?, ?, ?, ?)", [list(r) for r in rows])
        if points:
            con.executemany("INSERT INTO p VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [list(p) for p in points])
        match_addresses(con, "r", "p")
        left = con.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'addr\\_%' ESCAPE '\\'"
        )
        assert left.fetchall() == [(0,)], "tables in between stay behind"
        matches = con.execute(
            "SELECT row_id, rank, address_id, method, score, reasons, x, y FROM address_match ORDER BY row_id, rank"
        ).fetchall()
        refusals = con.execute("SELECT row_id, reason, candidates, candidate_count FROM address_refusal").fetchall()
    return matches, {r[0]: r[1:] for r in refusals}


def only(rows: Sequence[Row], points: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The answer to the row called `a`."""
    matches, refusals = run(rows, points)
    assert "a" not in refusals, refusals
    return next(m for m in matches if m[0] == "a" and m[1] == 1)


def district(name: str, at: tuple[float, float], postcode: str) -> tuple[list[Row], list[tuple[Any, ...]]]:
    """Nine streets that exist once, 150 m apart, with a row each: what shows where a postcode lies."""
    rows, points = [], []
    for k in range(9):
        street = f"{name}{'abcdefghi'[k] * 3}laan"
        rows.append(row(f"{name}{k}", street, "1", postcode=postcode))
        points.append(point(street, "1", at[0] + 150 * (k % 3), at[1] + 150 * (k // 3)))
    return rows, points


# One street of which some numbers stand.
STREET = [point("Ruimlaan", str(n), WEST[0] + 5 * n, WEST[1]) for n in (10, 11, 12, 14, 16, 50, 52)]
