"""The checking runner: builds declared tables in order, holds each to its header, rebuilds only what changed."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from sources._kit.duck import at_once, identifier, literal
from sources._kit.errors import CheckFailedError
from transforms._kit.header import FLOORS, REFUSALS, TableSpec

RUNNER_VERSION = "2"
MACROS = tuple(Path(__file__).with_name(f"{name}.sql") for name in ("distance", "macros", "street"))
Parameter = str | float | int | date | None
_NAMED = re.compile(r"\bparam\('(\w+)'\)")
_WHOLE = re.compile(r"\breference\.parameter\b")

_META = """
CREATE SCHEMA IF NOT EXISTS raw; CREATE SCHEMA IF NOT EXISTS meta; CREATE SCHEMA IF NOT EXISTS reference;
CREATE TABLE IF NOT EXISTS meta.build (
    table_name VARCHAR PRIMARY KEY, fingerprint VARCHAR, row_count BIGINT, refused_count BIGINT, seconds DOUBLE);
CREATE TABLE IF NOT EXISTS meta.column_entry (
    schema_name VARCHAR, table_name VARCHAR, column_name VARCHAR, position INTEGER, type VARCHAR, unit VARCHAR,
    title_nl VARCHAR, title_en VARCHAR, meaning_en VARCHAR, meaning_nl VARCHAR);
CREATE OR REPLACE VIEW meta.column AS SELECT * FROM meta.column_entry;
CREATE SCHEMA IF NOT EXISTS staging; CREATE SCHEMA IF NOT EXISTS core;
CREATE TABLE IF NOT EXISTS staging.reject (
    table_name VARCHAR, feed VARCHAR, source_row VARCHAR, row_id VARCHAR, reason VARCHAR, column_name VARCHAR, value VARCHAR);
CREATE TABLE IF NOT EXISTS core.refusal (
    table_name VARCHAR, feed VARCHAR, source_row VARCHAR, row_id VARCHAR, reason VARCHAR, column_name VARCHAR, value VARCHAR);
"""


@dataclass(frozen=True)
class Built:
    """What happened to one table."""

    name: str
    was_built: bool
    rows: int
    refused: int
    seconds: float


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables the runner itself writes to; a file made by another version of it is begun anew."""
    con.execute("CREATE SCHEMA IF NOT EXISTS meta; CREATE TABLE IF NOT EXISTS meta.runner (version VARCHAR)")
    if con.execute("FROM meta.runner").fetchall() != [(RUNNER_VERSION,)]:
        for schema in ("meta", *reversed(FLOORS)):
            con.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        con.execute("CREATE SCHEMA meta; CREATE TABLE meta.runner (version VARCHAR)")
        con.execute(f"INSERT INTO meta.runner VALUES ({literal(RUNNER_VERSION)})")
    con.execute(_META)
    for floor in FLOORS:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {floor}")


def define_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Define the spelling and geometry rules that tables share, for this connection only."""
    con.execute(_macros())


def _macros() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in MACROS)


def stored_fingerprints(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Fingerprint of each table as last built; empty for a new file."""
    try:
        return dict(con.execute("SELECT table_name, fingerprint FROM meta.build").fetchall())
    except duckdb.CatalogException:
        return {}


def method_hash(specs: Sequence[TableSpec]) -> str:
    """Hash of what tables are made with: queries without headers, comments and spacing, macros, modules as they are."""
    macros = re.sub(r"--.*", "", _macros())
    codes = [f"{spec.full_name} {_code(spec)}" for spec in sorted(specs, key=lambda spec: spec.full_name)]
    return hashlib.sha256("\n".join(" ".join(code.split()) for code in [macros, *codes]).encode()).hexdigest()


def plan(specs: Sequence[TableSpec], given: Mapping[str, str], params: Mapping[str, Parameter]) -> dict[str, str]:
    """Fingerprint each table would have: its text, its inputs' fingerprints and the parameters it declares.

    Args:
        specs: declared tables, inputs first.
        given: fingerprints of raw and reference tables.
        params: values of all parameters.
    """
    prints = dict(given)
    shared = f"{RUNNER_VERSION} {duckdb.__version__} {_macros()}"
    for spec in specs:
        lines = [shared, spec.text()]
        for needed in spec.inputs:
            if needed in REFUSALS.values():
                writers = [p for n, p in prints.items() if n.startswith(needed.split(".")[0] + ".")]
                lines.append(needed + "".join(sorted(writers)))
            elif needed == "reference.parameter" and _names_parameters(spec):
                lines += _named_parameters(spec, prints)
            elif needed not in prints:
                raise ValueError(f"{spec.full_name}: unknown input {needed}")
            else:
                lines.append(f"{needed}={prints[needed]}")
        lines += [f"{name}={params[name]!r}" for name in spec.params]
        prints[spec.full_name] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return prints


def _names_parameters(spec: TableSpec) -> bool:
    """Whether a query reads parameters by name only."""
    code = _code(spec)
    return not _WHOLE.search(code) and len(_NAMED.findall(code)) == code.count("param(")


def _named_parameters(spec: TableSpec, prints: Mapping[str, str]) -> list[str]:
    """The values of the parameters a query or a macro names: it does not depend on the others."""
    names = sorted({*_NAMED.findall(_code(spec)), *_NAMED.findall(_macros())})
    unknown = [name for name in names if f"reference.parameter({name})" not in prints]
    if unknown:
        raise ValueError(f"{spec.full_name}: no such parameter: {', '.join(unknown)}")
    return [f"{name}={prints[f'reference.parameter({name})']}" for name in names]


def _code(spec: TableSpec) -> str:
    """What a table is made with, without its header and comments."""
    return re.sub(r"--.*", "", "\n".join([spec.sql, *spec.checks])) if not spec.is_python else spec.text()


def build(
    con: duckdb.DuckDBPyConnection,
    specs: Sequence[TableSpec],
    prints: Mapping[str, str],
    params: Mapping[str, Parameter],
    on_table: Callable[[Built], None] = lambda _built: None,
) -> list[Built]:
    """Build every table whose fingerprint differs from the stored one, inputs first.

    Raises:
        CheckFailedError: a table does not hold what its header says.
    """
    stored = stored_fingerprints(con)
    counts = {
        name: (n, r)
        for name, n, r in con.execute("SELECT table_name, row_count, refused_count FROM meta.build").fetchall()
    }
    for name, value in params.items():
        kind = "DATE" if isinstance(value, date) else "DOUBLE" if isinstance(value, int | float) else "VARCHAR"
        con.execute(f"SET VARIABLE {identifier(name)} = CAST({literal(value)} AS {kind})")
    results = []
    for spec in specs:
        if stored.get(spec.full_name) == prints[spec.full_name]:
            rows, refused = counts[spec.full_name]
            results.append(Built(spec.full_name, False, rows, refused, 0.0))
        else:
            started = time.perf_counter()
            rows, refused = _build_table(con, spec)
            seconds = time.perf_counter() - started
            con.execute(
                "INSERT OR REPLACE INTO meta.build VALUES (?, ?, ?, ?, ?)",
                [spec.full_name, prints[spec.full_name], rows, refused, seconds],
            )
            results.append(Built(spec.full_name, True, rows, refused, seconds))
        on_table(results[-1])
    return results


def _build_table(con: duckdb.DuckDBPyConnection, spec: TableSpec) -> tuple[int, int]:
    # Forget the old build first: a run that dies half-way must not be taken for a finished one.
    con.execute("DELETE FROM meta.build WHERE table_name = ?", [spec.full_name])
    if spec.is_view:
        con.execute(f"CREATE OR REPLACE VIEW {spec.full_name} AS {spec.sql}")
        _check_columns(con, spec, spec.full_name)
        _document(con, spec)
        return _one(con, f"SELECT count(*) FROM {spec.full_name}"), 0
    order = f" ORDER BY {', '.join(spec.key)}" if spec.key else ""
    names = ", ".join(identifier(column.name) for column in spec.columns)
    query = _query(con, spec)
    refused = 0
    if "reject_reason" in query and spec.full_name not in REFUSALS.values():
        con.execute(f"CREATE OR REPLACE TEMP TABLE split_rows AS {query}")
        extra = ("reject_reason", "reject_column", "reject_value")
        _check_columns(con, spec, "split_rows", extra)
        target = REFUSALS[spec.schema]
        con.execute(f"DELETE FROM {target} WHERE table_name = ?", [spec.full_name])
        row_id = "concat_ws('/', " + ", ".join(f"CAST({key} AS VARCHAR)" for key in spec.key) + ")"
        con.execute(
            f"INSERT INTO {target} SELECT {literal(spec.full_name)}, feed, source_row, {row_id}, reject_reason, "
            "reject_column, reject_value FROM split_rows WHERE reject_reason IS NOT NULL ORDER BY feed, source_row, reject_reason"
        )
        refused = _one(con, "SELECT count(*) FROM split_rows WHERE reject_reason IS NOT NULL")
        con.execute(
            f"CREATE OR REPLACE TABLE {spec.full_name} AS SELECT {names} FROM split_rows WHERE reject_reason IS NULL{order}"
        )
        con.execute("DROP TABLE split_rows")
    else:
        con.execute(f"CREATE OR REPLACE TABLE {spec.full_name} AS SELECT {names} FROM ({query}){order}")
    _check_columns(con, spec, spec.full_name)
    _check_rows(con, spec)
    _document(con, spec)
    return _one(con, f"SELECT count(*) FROM {spec.full_name}"), refused


def _query(con: duckdb.DuckDBPyConnection, spec: TableSpec) -> str:
    if not spec.is_python:
        return spec.sql
    loader = importlib.util.spec_from_file_location(f"declared_{spec.schema}_{spec.name}", spec.path)
    assert loader is not None
    assert loader.loader is not None
    module = importlib.util.module_from_spec(loader)
    loader.loader.exec_module(module)
    return str(module.build(con))


def _check_columns(con: duckdb.DuckDBPyConnection, spec: TableSpec, relation: str, extra: tuple[str, ...] = ()) -> None:
    found = {row[0]: row[1] for row in con.execute(f"DESCRIBE {relation}").fetchall()}
    declared = {column.name: column.type for column in spec.columns}
    wrong = [f"{n} is {found.get(n, 'missing')}, not {t}" for n, t in declared.items() if found.get(n) != t]
    wrong += [f"{name} is not declared" for name in found if name not in declared and name not in extra]
    if wrong:
        raise CheckFailedError(
            "a table's columns are not what its header says",
            table=spec.full_name,
            value="; ".join(wrong),
            next_step=f"mend {spec.path.name}",
        )


def _check_rows(con: duckdb.DuckDBPyConnection, spec: TableSpec) -> None:
    """Key unique and without null, every stated check true, rows in = rows out + refused."""
    problems = []
    if spec.key:
        keys = ", ".join(identifier(key) for key in spec.key)
        nulls = " OR ".join(f"{identifier(key)} IS NULL" for key in spec.key)
        if count := _one(con, f"SELECT count(*) FROM {spec.full_name} WHERE {nulls}"):
            problems.append(f"{count} rows without key ({keys})")
        doubles = f"SELECT {keys} FROM {spec.full_name} GROUP BY ALL HAVING count(*) > 1"
        if example := con.execute(f"{doubles} LIMIT 1").fetchone():
            count = _one(con, f"SELECT count(*) FROM ({doubles})")
            problems.append(f"{count} keys occur more than once, such as {example}")
    # NaN is larger than every number, so it would fall into the highest class: what is not known is NULL.
    checks = (*spec.checks, *(f"isfinite({identifier(c.name)})" for c in spec.columns if c.type in ("DOUBLE", "FLOAT")))
    if checks:
        sums = ", ".join(f"count(*) FILTER (NOT coalesce(({check}), true))" for check in checks)
        counts = con.execute(f"SELECT {sums} FROM {spec.full_name}").fetchone() or ()
        problems += [f"{n} rows break `{check}`" for n, check in zip(counts, checks, strict=True) if n]
    if spec.accounts_for:
        rows_in = _one(con, f"SELECT count(*) FROM {spec.accounts_for}")
        target = REFUSALS[spec.schema]
        rows_out = _one(
            con,
            f"SELECT count(*) FROM (SELECT DISTINCT feed, source_row FROM {spec.full_name} UNION "
            f"SELECT feed, source_row FROM {target} WHERE table_name = {literal(spec.full_name)})",
        )
        if rows_in != rows_out:
            problems.append(f"{rows_in} rows came in from {spec.accounts_for}, {rows_out} are accounted for")
    if problems:
        raise CheckFailedError(
            "a table does not hold what its header says",
            table=spec.full_name,
            value="; ".join(problems),
            next_step=f"mend {spec.path.name} or look at its inputs",
        )


def _document(con: duckdb.DuckDBPyConnection, spec: TableSpec) -> None:
    """Say in the file what the table and its columns mean."""
    kind = "VIEW" if spec.is_view else "TABLE"
    where = f"schema_name = {literal(spec.schema)} AND table_name = {literal(spec.name)}"
    statements = [
        f"COMMENT ON {kind} {spec.full_name} IS {literal(spec.meaning)}",
        f"DELETE FROM meta.column_entry WHERE {where}",
    ]
    rows = []
    for position, column in enumerate(spec.columns, 1):
        unit = f" [{column.unit}]" if column.unit else ""
        name = identifier(column.name)
        statements.append(f"COMMENT ON COLUMN {spec.full_name}.{name} IS {literal(column.meaning + unit)}")
        place = (spec.schema, spec.name, column.name, position)
        words = (column.type, column.unit, column.title_nl, column.title_en, column.meaning, column.meaning_nl or None)
        rows.append(f"({', '.join(map(literal, (*place, *words)))})")
    if rows:
        statements.append(f"INSERT INTO meta.column_entry VALUES {', '.join(rows)}")
    with at_once(con):
        con.execute("; ".join(statements))


def _one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    assert row is not None
    return int(row[0])
