"""`make record-version`: which numbers come out of a fixed city under which version, written down for a test to hold.

The version in data/reference/version.toml steps when reference values change, or when the same data give other numbers because
a query changed. The record is tests/transforms/recorded_versions.toml; digests round to six places, so that platforms agree, and
sort their rows.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from flows.workspace import CHECKOUT, Workspace
from sources._kit.contract import roles
from sources._kit.duck import connect, identifier
from transforms._kit.header import read_specs
from transforms._kit.reference import VERSION_FILE, Reference, read_reference, version_order
from transforms._kit.runner import method_hash

RECORD = CHECKOUT / "tests" / "transforms" / "recorded_versions.toml"
BUILDINGS, SEED = 3000, 7  # of the made-up city whose numbers are recorded
_NUMBER = re.compile(r"^(DECIMAL.*|DOUBLE|FLOAT|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|BOOLEAN|DATE)$")
_CLASSES = ("type", "former_type", "band", "class", "use", "kind", "reuse_best", "underuse_band")
MEND = "run `make record-version` and commit what it writes"


@dataclass(frozen=True)
class Measured:
    """What one version gave: hashes of the reference values, the queries, the inputs, and of each table's numbers."""

    version: str
    reference: str
    method: str
    inputs: str
    tables: dict[str, str] = field(default_factory=dict)

    @property
    def numbers(self) -> str:
        """One hash of all tables."""
        return _hash(f"{name} {digest}" for name, digest in sorted(self.tables.items()))


def measure(con: duckdb.DuckDBPyConnection, reference: Reference, space: Workspace) -> Measured:
    """Measure a run of the fixed city; its raw role views are its inputs, evidence, scores and plans its numbers."""
    specs = read_specs(space.tables)
    inputs = _hash(f"{role} {digest(con, f'raw.{identifier(role)}', lambda _n, _t: True)}" for role in sorted(roles()))
    tables = {
        spec.full_name: digest(con, spec.full_name, _is_number_or_one_of(*spec.key, *_CLASSES))
        for spec in specs
        if spec.schema in ("evidence", "score", "plan") and not spec.is_view
    }
    return Measured(reference.version, reference.digest, method_hash(specs), inputs, tables)


def digest(con: duckdb.DuckDBPyConnection, relation: str, is_wanted: Callable[[str, str], bool]) -> str:
    """Hash of the wanted columns of a relation, whatever the order of its rows.

    Args:
        con: the warehouse.
        relation: table or view.
        is_wanted: called with a column's name and DuckDB type.
    """
    described = con.execute(f"DESCRIBE {relation}").fetchall()
    columns = sorted((row[0], row[1]) for row in described if is_wanted(row[0], row[1]))
    texts = [f"coalesce({_text(identifier(name), kind)}, '-')" for name, kind in columns]
    line = f"concat_ws('|', {', '.join(texts)})"
    row = con.execute(
        f"SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (SELECT {line} AS line FROM {relation})"
    )
    found = row.fetchone()
    assert found is not None
    return _hash([*(name for name, _kind in columns), str(found[0])])


def problems(newest: Measured | None, earlier: dict[str, str], found: Measured) -> list[str]:
    """What is wrong between the record and what came out, in words; empty when nothing is.

    Args:
        newest: what was recorded last.
        earlier: version -> hash of all that was recorded under it before.
        found: what came out now.
    """
    if newest is None:
        return [f"no version is recorded yet: {MEND}"]
    if found.version != newest.version:
        if version_order(found.version) < version_order(newest.version) or found.version in earlier:
            return [
                f"version {found.version} is over, {newest.version} was recorded after it: a version never comes back"
            ]
        return [f"version {found.version} is not recorded, the newest record is {newest.version}: {MEND}"]
    wrong = []
    if found.reference != newest.reference:
        wrong.append(
            f"reference values changed and the version did not step ({found.version}): {MEND}, it steps the version"
        )
    changed = sorted(n for n in {*newest.tables, *found.tables} if newest.tables.get(n) != found.tables.get(n))
    if found.inputs != newest.inputs:
        wrong.append(f"the made-up city or how it is read changed, so its numbers say nothing about the method: {MEND}")
    elif changed and found.reference == newest.reference:
        wrong.append(
            f"the same data give other numbers under the same version ({found.version}), so the method changed: {MEND}, it "
            f"steps the version. Tables: {', '.join(changed)}"
        )
    return wrong


def must_step(newest: Measured | None, found: Measured) -> bool:
    """Whether the numbers changed for another reason than the inputs; with other inputs and queries nobody can tell: yes."""
    if newest is None or found.version != newest.version:
        return False
    if found.reference != newest.reference:
        return True
    return found.numbers != newest.numbers and (found.inputs == newest.inputs or found.method != newest.method)


def next_version(version: str) -> str:
    """2026.9 -> 2026.10."""
    year, step = version_order(version)
    return f"{year}.{step + 1}"


def read_record(path: Path = RECORD) -> tuple[Measured | None, dict[str, str]]:
    """The newest record, and the hash of each earlier version."""
    if not path.exists():
        return None, {}
    content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Measured(**content["newest"]), content.get("earlier", {})


def write_record(newest: Measured, earlier: dict[str, str], path: Path = RECORD) -> None:
    """Write the newest record out in full and of each earlier version its hash."""
    lines = [
        "# Made by `make record-version`: what comes out of the made-up city under a version. Not edited by hand.",
        "[newest]",
        *(f'{name} = "{getattr(newest, name)}"' for name in ("version", "reference", "method", "inputs")),
        "[newest.tables]",
        *(f'"{name}" = "{found}"' for name, found in sorted(newest.tables.items())),
        "[earlier]",
        *(f'"{version}" = "{earlier[version]}"' for version in sorted(earlier, key=version_order)),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def record(found: Measured, version_file: Path, path: Path = RECORD) -> Measured:
    """Step the version where it must, and write down what came out."""
    newest, earlier = read_record(path)
    if must_step(newest, found):
        stepped = replace(found, version=next_version(found.version))
        text = version_file.read_text(encoding="utf-8")
        version_file.write_text(text.replace(f'"{found.version}"', f'"{stepped.version}"'), encoding="utf-8")
        found = stepped
    if newest is not None and newest.version != found.version:
        earlier = {**earlier, newest.version: newest.numbers}
    write_record(found, earlier, path)
    return found


def measure_fixed_city(folder: Path) -> Measured:
    """Make and run the fixed city below a folder, and measure it."""
    from flows.run import run_city
    from sources._kit.city import load_city
    from sources.voorbeeldstad import make_city

    space = Workspace(folder / "home")
    outcome = run_city(load_city(make_city(folder / "files", BUILDINGS, SEED), space.cities), space)
    with connect(outcome.warehouse, read_only=True) as con:
        return measure(con, read_reference(space.reference), space)


def _is_number_or_one_of(*names: str) -> Callable[[str, str], bool]:
    return lambda name, kind: name in names or bool(_NUMBER.match(kind))


def _text(name: str, kind: str) -> str:
    if kind == "GEOMETRY":
        corners = ", ".join(f"round(ST_{corner}({name}), 2)" for corner in ("XMin", "YMin", "XMax", "YMax"))
        return f"concat_ws(' ', {corners})"
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        return f"CAST(round(CAST({name} AS DOUBLE), 6) + 0.0 AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def main() -> None:
    """Measure, step where needed, record."""
    with tempfile.TemporaryDirectory() as folder:
        found = measure_fixed_city(Path(folder))
    before, _earlier = read_record()
    after = record(found, CHECKOUT / "data" / "reference" / VERSION_FILE)
    stepped = "stepped to" if after.version != found.version else "stays"
    print(f"version {stepped} {after.version}; {'nothing else' if before == after else RECORD.name} changed")


if __name__ == "__main__":
    main()
