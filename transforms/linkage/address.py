"""Find the address point of every row of a register, or refuse with candidates; docs/decisions/0007 says how and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from sources._kit.duck import literal
from sources._kit.errors import OnbenutError
from sources._read.cells import number

FOLDER = Path(__file__).parent
STREET = FOLDER.parent / "_kit" / "street.sql"
ROW_COLUMNS = ("street", "house_number", "house_number_to", "box_number", "postcode", "municipality")
POINT_COLUMNS = ("street", "house_number", "box_number", "postcode", "municipality")
OUTPUTS = ("address_match", "address_refusal")


@dataclass(frozen=True)
class Settings:
    """What the method needs to be told; metres are units of the CRS.

    Attributes:
        spot_m: addresses of one number closer together than this are one place.
        reach_m: rows farther away than this say nothing about a place.
        inside_min: share of the votes around a place that must be for the row's district.
        odds_min: by how much one place must be more inside than the next to be chosen.
        streets_min: a district is known once more than so many of its streets have one place.
        covered_min: share of a district's streets that the file must have, where nothing else tells the district.
        edge_rows_min: so many rows must be known before they say how far from its like a row may lie.
        range_max: longest range of house numbers.
        gap_max: how far the next number below or above may be from a missing number.
        between_m: how far apart these two may stand.
        one_slip_from, two_slips_from: letters before a street name's ending from which so many slips are forgiven.
        rounds: how often the votes are counted again with what was learned.
    """

    spot_m: float = 80
    reach_m: float = 2000
    inside_min: float = 0.04
    odds_min: float = 4
    streets_min: int = 2
    covered_min: float = 0.5
    edge_rows_min: int = 20
    range_max: int = 30
    gap_max: int = 6
    between_m: float = 60
    one_slip_from: int = 6
    two_slips_from: int = 11
    rounds: int = 3


DEFAULT = Settings()


def match_addresses(con: duckdb.DuckDBPyConnection, rows: str, addresses: str, *, settings: Settings = DEFAULT) -> None:
    """Make the temp tables `address_match` and `address_refusal`; every row is in exactly one of them.

    Args:
        con: a connection; the spatial extension is not needed.
        rows: relation with row_id, street, house_number, house_number_to, box_number, postcode, municipality, all text.
        addresses: relation with address_id, street, house_number, box_number, postcode, municipality, all text, and
            x, y in a metric CRS.
        settings: thresholds.

    `address_match` (row_id, rank): address_id, x, y, score 0..1, method, reasons. Rank 1 is the answer; a range has the
    addresses of its other numbers behind it. `address_id` is null where the number was inferred from its neighbours.
    `address_refusal` (row_id): reason, candidates (up to five, as text), candidate_count.

    Temp names that begin with `addr_` are the matcher's own; its tables are dropped again, its spelling macros stay.

    Raises:
        OnbenutError: a row without id, or two rows with one.
    """
    text = [f"CAST({name} AS VARCHAR) AS {name}" for name in ("row_id", *ROW_COLUMNS)]
    # A number that a spreadsheet has made a day of is none: 12-14 may have been anything.
    days = [f"{number(name)} AS {name}" for name in ("house_number", "house_number_to", "box_number")]
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW addr_row_in AS SELECT * REPLACE ({', '.join(days)}) FROM (SELECT {', '.join(text)} FROM {rows})"
    )
    text = [f"CAST({name} AS VARCHAR) AS {name}" for name in ("address_id", *POINT_COLUMNS)]
    con.execute(f"CREATE OR REPLACE TEMP VIEW addr_point_in AS SELECT {', '.join(text)}, x, y FROM {addresses}")
    bad = con.execute(
        "SELECT row_id, count(*) FROM addr_row_in GROUP BY row_id HAVING row_id IS NULL OR count(*) > 1 ORDER BY 1 LIMIT 1"
    ).fetchone()
    if bad is not None:
        raise OnbenutError(
            "a row id that is missing or not unique",
            column="row_id",
            value=bad[0],
            next_step="give every row an id of its own",
        )
    for name, value in asdict(settings).items():
        con.execute(
            f"SET VARIABLE addr_{name} = CAST({literal(value)} AS {'INTEGER' if isinstance(value, int) else 'DOUBLE'})"
        )
    con.execute(STREET.read_text(encoding="utf-8"))
    for step in ("spelling", "read", "candidate", "start", *["vote"] * settings.rounds, "answer"):
        con.execute((FOLDER / f"address_{step}.sql").read_text(encoding="utf-8"))
    _forget(con)


def _forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the tables in between."""
    tables = con.execute(
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_name LIKE 'addr\\_%' ESCAPE '\\'"
    ).fetchall()
    for name, kind in sorted(tables, key=lambda one: (one[1] != "VIEW", one[0])):
        con.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} IF EXISTS temp.{name}")
