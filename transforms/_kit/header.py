"""Reading the header of an SQL file: the one declaration of a table's inputs, key, columns and checks.

    -- One row per parcel of the cadastre, in the city's CRS.
    -- inputs: raw.parcel
    -- key: parcel_id
    -- params: crs_min_x, crs_max_x
    -- accounts_for: raw.parcel
    -- check: area_m2 > 0
    -- columns:
    --   parcel_id | VARCHAR | - | Perceel | issuer and the issuer's own id
    SELECT ...

What leaves the house gives its meaning in Dutch too, after ` // `.

A view for readers takes the columns of the table it shows with `like: layer.building without audience`, and declares only what
it adds: a column means the same in both, and is described once.

Where SQL is worse, a Python module declares a table in the same words in its docstring; its function `build(con)` makes
temporary tables and returns the query. `code:` names the files its result depends on beside its own.

A query that yields `reject_reason` (with `reject_column`, `reject_value`) is split by the runner: rows with a reason go to
the floor's table of refusals (`staging.reject`, `core.refusal`), the others make the table.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from pathlib import Path

FLOORS = ("staging", "core", "evidence", "score", "match", "plan", "layer")
# What a plan costs decides who can afford a building, and who fills a building decides what is planned: side by side.
_SIDE_BY_SIDE = {"match", "plan"}
REFUSALS = {"staging": "staging.reject", "core": "core.refusal"}
_FIELD = re.compile(r"^(inputs|key|params|accounts_for|check|columns|view|like|code):\s*(.*)$")


@dataclass(frozen=True)
class ColumnSpec:
    """A declared column: name, DuckDB type, unit ('' where it has none), Dutch title, meaning in English and Dutch."""

    name: str
    type: str
    unit: str
    title_nl: str
    meaning: str
    meaning_nl: str = ""

    @property
    def title_en(self) -> str:
        """English title, made from the name."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class TableSpec:
    """A declared table: folder = schema, file = table."""

    schema: str
    name: str
    meaning: str
    inputs: tuple[str, ...]
    key: tuple[str, ...]
    params: tuple[str, ...]
    accounts_for: str | None
    checks: tuple[str, ...]
    columns: tuple[ColumnSpec, ...]
    is_view: bool
    sql: str
    path: Path
    code: tuple[Path, ...] = ()
    like: str | None = None
    without: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """schema.table."""
        return f"{self.schema}.{self.name}"

    @property
    def is_python(self) -> bool:
        """Whether a module makes the query."""
        return self.path.suffix == ".py"

    def text(self) -> str:
        """All text the table's content depends on, for its fingerprint."""
        return "".join(path.read_text(encoding="utf-8") for path in (self.path, *self.code))


def read_specs(root: Path) -> list[TableSpec]:
    """All declared tables below `root`, in an order in which each comes after its inputs.

    Raises:
        ValueError: a header is incomplete, an input does not exist, or inputs run in a circle or upwards.
    """
    specs = {}
    for floor in FLOORS:
        for path in sorted([*(root / floor).glob("*.sql"), *(root / floor).glob("*.py")]):
            if path.stem.startswith("_"):  # a part of a table's module, or of the package
                continue
            spec = read_spec(path)
            specs[spec.full_name] = spec
    order: list[TableSpec] = []
    state: dict[str, int] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name not in specs or state.get(name) == 2:
            return
        if state.get(name) == 1:
            raise ValueError(f"inputs run in a circle: {' -> '.join((*trail, name))}")
        state[name] = 1
        for needed in specs[name].inputs:
            _check_input(specs, name, needed)
            visit(needed, (*trail, name))
        state[name] = 2
        specs[name] = _with_columns_of_like(specs, specs[name])
        order.append(specs[name])

    for name in specs:
        visit(name, ())
    return order


def _check_input(specs: dict[str, TableSpec], name: str, needed: str) -> None:
    schema = needed.split(".")[0]
    if schema in ("raw", "reference", "history") or needed in REFUSALS.values():
        return
    if needed not in specs:
        raise ValueError(f"{name}: no such input {needed}")
    own = name.split(".")[0]
    if FLOORS.index(schema) > FLOORS.index(own) and {schema, own} != _SIDE_BY_SIDE:
        raise ValueError(f"{name}: reads {needed}, which lies on a higher floor")


def _with_columns_of_like(specs: dict[str, TableSpec], spec: TableSpec) -> TableSpec:
    """The declaration with the columns of the table it is like before its own."""
    if spec.like is None:
        return spec
    if spec.like not in spec.inputs or spec.like not in specs:
        raise ValueError(f"{spec.full_name}: is like {spec.like}, which is none of its inputs")
    shown = specs[spec.like].columns
    if missing := set(spec.without) - {column.name for column in shown}:
        raise ValueError(f"{spec.full_name}: {spec.like} has no column {', '.join(sorted(missing))}")
    return replace(spec, columns=(*(c for c in shown if c.name not in spec.without), *spec.columns))


def read_spec(path: Path) -> TableSpec:
    """Read the declaration of one table: the comment that opens an SQL file, or the docstring of a module.

    Of a table that is `like` another it has the columns that are its own; `read_specs` adds the other's.
    """
    head, body = _head_and_body(path)
    fields: dict[str, list[str]] = {}
    meaning: list[str] = []
    columns: list[ColumnSpec] = []
    mode = "meaning"
    for content in head:
        if match := _FIELD.match(content):
            mode = match[1]
            if match[2]:
                fields.setdefault(mode, []).append(match[2])
        elif mode == "columns" and "|" in content:
            parts = [part.strip() for part in content.split("|", 4)]
            if len(parts) != 5:
                raise ValueError(f"{path}: a column line needs five parts: {content}")
            unit = "" if parts[2] == "-" else parts[2]
            english, _, dutch = parts[4].partition(" // ")
            columns.append(ColumnSpec(parts[0], parts[1], unit, parts[3], english.strip(), dutch.strip()))
        elif mode == "meaning":
            meaning.append(content)
        elif content:
            fields[mode][-1] += " " + content
    like, _, without = fields.get("like", [""])[0].partition(" without ")
    if not (columns or like) or not meaning:
        raise ValueError(f"{path}: the header lacks a meaning or columns")

    def names(field: str) -> tuple[str, ...]:
        return tuple(n.strip() for value in fields.get(field, []) for n in value.split(",") if n.strip())

    return TableSpec(
        schema=path.parent.name,
        name=path.stem,
        meaning=" ".join(part for part in meaning if part),
        inputs=names("inputs"),
        key=names("key"),
        params=names("params"),
        accounts_for=fields.get("accounts_for", [None])[0],
        checks=tuple(fields.get("check", [])),
        columns=tuple(columns),
        is_view="view" in fields,
        sql=body,
        path=path,
        like=like.strip() or None,
        without=tuple(name.strip() for name in without.split(",") if name.strip()),
        code=tuple(found for name in names("code") for found in sorted(path.parents[1].glob(name)) if found.is_file()),
    )


def _head_and_body(path: Path) -> tuple[list[str], str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        # Read, not imported: whoever only wants the declarations need not load what a table is made with.
        return [line.strip() for line in (ast.get_docstring(ast.parse(text)) or "").splitlines()], ""
    lines = text.splitlines()
    first = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    head = [line[2:].strip() for line in lines[:first]]
    return head, "\n".join(lines[first:]).strip().rstrip(";")
