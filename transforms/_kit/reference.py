"""The committed reference files as tables: `[[x]]` in data/reference/*.toml is the table reference.x.

`version.toml` holds the one version they carry together. Why a number is what it is stands in its row's column `origin`, or for
a whole column in the file's table `origin_<file>`; words about a number change no score, so the version's hash leaves them out.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from sources._kit.duck import identifier, literal
from transforms._kit.matrix import check_matrix
from transforms._kit.plan_inputs import check_plan

if TYPE_CHECKING:
    import pyarrow as pa

Scalar = str | float | int | bool | date | None
Row = Mapping[str, Any]
VERSION_FILE = "version.toml"
_VERSION = re.compile(r"^\d{4}\.[1-9]\d*$")


@dataclass(frozen=True)
class Reference:
    """Reference tables (name -> rows) and the version they carry together; `variant` names weights of somebody's own."""

    tables: Mapping[str, Sequence[Row]]
    version: str
    variant: str | None = None

    @property
    def digest(self) -> str:
        """Hash of every value, so that a changed number shows in each row scored with it; origins and order do not count."""
        body = {
            name: sorted(_line({key: value for key, value in row.items() if key != "origin"}) for row in rows)
            for name, rows in self.tables.items()
            if not name.startswith("origin_")
        }
        return hashlib.sha256(_line(body).encode()).hexdigest()

    @property
    def config_version(self) -> str:
        """What each scored row carries: version and the first eight places of the hash; `2026.1~mine+...` for own weights."""
        return f"{self.version}{'~' + self.variant if self.variant else ''}+{self.digest[:8]}"


def version_order(version: str) -> tuple[int, int]:
    """What versions are ordered by: 2026.10 comes after 2026.9.

    Raises:
        ValueError: not of the form <year>.<step>.
    """
    if not _VERSION.match(version):
        raise ValueError(f"a version is <year>.<step>, such as 2026.1, not {version!r}")
    year, step = version.split(".")
    return int(year), int(step)


def read_reference(folder: Path) -> Reference:
    """Read every TOML of the folder.

    Raises:
        ValueError: two files define the same table, or the version is missing, malformed or stated twice differently.
        MatrixError: the reuse matrix is not whole, or says something it may not.
        PlanInputError: so are the inputs of plans.
    """
    tables: dict[str, list[dict[str, Any]]] = {}
    path = folder / VERSION_FILE
    if not path.exists():
        raise ValueError(f"{path}: no such file; it holds the version of all reference files")
    version = str(tomllib.loads(path.read_text(encoding="utf-8"))["version"])
    version_order(version)
    for path in sorted(folder.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        if str(content.pop("version", version)) != version:
            raise ValueError(f"{path}: states another version than {VERSION_FILE}; remove that line")
        for name, rows in content.items():
            if name in tables:
                raise ValueError(f"{path}: reference.{name} is already defined elsewhere")
            tables[name] = rows
    check_matrix(tables)
    check_plan(tables)
    return Reference(tables, version)


def fingerprints(tables: Mapping[str, Sequence[Row]]) -> dict[str, str]:
    """What a table that reads reference numbers depends on, by the names its header may give them.

    `reference.x` is all of a table, `reference.x.column` the values of one column, `reference.parameter(name)` one parameter:
    who reads the keys of a rule is not built again when its weight changes.
    """
    found = {}
    for name, rows in tables.items():
        found[f"reference.{name}"] = fingerprint(rows)
        for column in columns(rows):
            values = sorted(_line(row.get(column)) for row in rows)
            found[f"reference.{name}.{column}"] = hashlib.sha256("\n".join(values).encode()).hexdigest()
    for row in tables.get("parameter", ()):
        found[f"reference.parameter({row['name']})"] = repr(float(row["value"]))
    return found


def fingerprint(rows: Sequence[Row]) -> str:
    """Hash of rows in their order."""
    body = json.dumps([dict(row) for row in rows], sort_keys=True, default=str)
    return hashlib.sha256(f"{columns(rows)}{body}".encode()).hexdigest()


def columns(rows: Sequence[Row]) -> list[str]:
    """Columns that any of the rows has, in their order."""
    return list(dict.fromkeys(key for row in rows for key in row))


def write_table(con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Row]) -> str:
    """Make reference.<name> from rows in their order; returns the fingerprint of its content.

    Whole numbers become BIGINT, others DOUBLE; a key that a row lacks is NULL.
    """
    keys, mark = columns(rows), fingerprint(rows)
    con.execute("CREATE SCHEMA IF NOT EXISTS reference")
    # The comment says what a table was made from: one that is there already need not be written again.
    found = con.execute(
        "SELECT comment FROM duckdb_tables() WHERE schema_name = 'reference' AND table_name = "
        f"{literal(name)} AND comment = {literal(mark)}"
    ).fetchone()
    if found is None:
        import pyarrow as pa

        con.register("incoming_reference", pa.table({key: _column([row.get(key) for row in rows]) for key in keys}))
        con.execute(f"CREATE OR REPLACE TABLE reference.{identifier(name)} AS SELECT * FROM incoming_reference")
        con.unregister("incoming_reference")
        con.execute(f"COMMENT ON TABLE reference.{identifier(name)} IS {literal(mark)}")
    return mark


def _line(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _column(values: Sequence[Scalar]) -> pa.Array:
    import pyarrow as pa

    if any(isinstance(value, float) for value in values):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())  # type: ignore[arg-type]
    return pa.array(values)
