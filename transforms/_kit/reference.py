"""The committed reference files as tables: `[[x]]` in data/reference/*.toml is the table reference.x."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from sources._kit.duck import identifier, literal
from transforms._kit.matrix import check_matrix

if TYPE_CHECKING:
    import pyarrow as pa

Scalar = str | float | int | bool | date | None


@dataclass(frozen=True)
class Reference:
    """Reference tables (name -> rows) and the version they carry together."""

    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    version: str

    @property
    def digest(self) -> str:
        """Hash of every value, so that a changed number shows in each row scored with it."""
        body = json.dumps({name: list(rows) for name, rows in self.tables.items()}, sort_keys=True, default=str)
        return hashlib.sha256(body.encode()).hexdigest()

    @property
    def config_version(self) -> str:
        """What each scored row carries: version and the first eight places of the hash."""
        return f"{self.version}+{self.digest[:8]}"


def read_reference(folder: Path) -> Reference:
    """Read every TOML of the folder.

    Raises:
        ValueError: two files define the same table, or none states `version`.
        MatrixError: the reuse matrix is not whole, or says something it may not.
    """
    tables: dict[str, list[dict[str, Any]]] = {}
    versions = []
    for path in sorted(folder.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        versions.append(str(content.pop("version")))
        for name, rows in content.items():
            if name in tables:
                raise ValueError(f"{path}: reference.{name} is already defined elsewhere")
            tables[name] = rows
    if not versions:
        raise ValueError(f"{folder}: no reference files")
    check_matrix(tables)
    return Reference(tables, max(versions))


def write_table(con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Make reference.<name> from rows in their order; returns the fingerprint of its content.

    Whole numbers become BIGINT, others DOUBLE; a key that a row lacks is NULL.
    """
    keys = list(dict.fromkeys(key for row in rows for key in row))
    body = json.dumps([dict(row) for row in rows], sort_keys=True, default=str)
    fingerprint = hashlib.sha256(f"{keys}{body}".encode()).hexdigest()
    con.execute("CREATE SCHEMA IF NOT EXISTS reference")
    # The comment says what a table was made from: one that is there already need not be written again.
    found = con.execute(
        "SELECT comment FROM duckdb_tables() WHERE schema_name = 'reference' AND table_name = "
        f"{literal(name)} AND comment = {literal(fingerprint)}"
    ).fetchone()
    if found is None:
        import pyarrow as pa

        con.register("incoming_reference", pa.table({key: _column([row.get(key) for row in rows]) for key in keys}))
        con.execute(f"CREATE OR REPLACE TABLE reference.{identifier(name)} AS SELECT * FROM incoming_reference")
        con.unregister("incoming_reference")
        con.execute(f"COMMENT ON TABLE reference.{identifier(name)} IS {literal(fingerprint)}")
    return fingerprint


def _column(values: Sequence[Scalar]) -> pa.Array:
    import pyarrow as pa

    if any(isinstance(value, float) for value in values):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())  # type: ignore[arg-type]
    return pa.array(values)
