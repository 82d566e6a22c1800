"""What must not leave the house is planted in the raw files, and looked for in every byte of every public product."""

from __future__ import annotations

import base64
import gzip
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flows.export import export_layer
from flows.export_format import WRITERS
from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources.voorbeeldstad import make_city

CITY = "voorbeeldstad"
OWNER, PART, ROW, REPORT = "Plantowner", "plantpart", "plantrow", "plantreport"
"""An owner's name, words on which part is empty, what every key of the register begins with, a citizen's report."""
_PACKED = re.compile(rb"[A-Za-z0-9+/]{200,}={0,2}")


@dataclass(frozen=True)
class Planted:
    """The city that was run: its home, who objected, and the dwellings that the city alone may see."""

    space: Workspace
    products: dict[str, Path]
    objected: str
    objected_name: str
    dwellings: tuple[str, ...]

    def of(self, *, is_public: bool) -> list[Path]:
        return [path for name, path in self.products.items() if ("_city" not in name) is is_public]


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """Everything a file says and where: its bytes, what is packed in them, and its rows where bytes do not show them."""
    raw = path.read_bytes()
    yield "bytes", raw.decode("utf-8", errors="replace")
    if path.suffix == ".html":
        for blob in _PACKED.findall(raw):
            with_padding = blob[: len(blob) // 4 * 4]
            if (unpacked := base64.b64decode(with_padding)).startswith(b"\x1f\x8b"):
                yield "packed", gzip.decompress(unpacked).decode("utf-8")
    if path.suffix == ".gpkg":
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            for (table,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'rtree%'"
            ).fetchall():
                for row in db.execute(f'SELECT * FROM "{table}"'):
                    yield table, " ".join(str(value) for value in row if not isinstance(value, bytes))
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        yield "metadata", str(table.schema.metadata)
        for row in table.drop_columns(["geom"]).to_pylist():
            yield "row", str(row)


def _found(path: Path, word: str) -> set[str]:
    """Where in a file a word stands."""
    return {where for where, text in _texts(path) if word.lower() in text.lower()}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    files = make_city(tmp_path_factory.mktemp("files"), 1500, 5)
    _plant(files)
    space = Workspace(tmp_path_factory.mktemp("home"))
    before = run_city(load_city(files, space.cities), space)
    with connect(before.warehouse, read_only=True) as con:
        # Of a name that stands once, or a brother of the same name would be found in its place.
        [(objected, name)] = con.execute("""
            SELECT building_id, name FROM layer.building WHERE audience = 'public' AND name IS NOT NULL
                AND name IN (SELECT name FROM core.building GROUP BY ALL HAVING count(*) = 1)
                AND site_id IS NULL ORDER BY underuse_probability DESC, building_id LIMIT 1""").fetchall()
    files.with_name("objections.csv").write_text(f"building_id\n{objected}\n", encoding="utf-8")
    after = run_city(load_city(files, space.cities), space)
    with connect(after.warehouse, read_only=True) as con:
        rows = con.execute("""
            SELECT building_id FROM layer.building WHERE audience = 'city' AND type IN ('dwelling', 'apartments')
            ORDER BY building_id""").fetchall()
    return Planted(space, after.products, objected, name, tuple(row[0] for row in rows))


def _plant(files: Path) -> None:
    register = files.with_name("register.csv")
    head, *lines = register.read_text(encoding="utf-8-sig").splitlines()
    columns = head.split(",")
    key, part = columns.index("OBJECTID"), columns.index("reg_entiteit")
    rows = [line.split(",") for line in lines]
    for row in rows:
        row[key] = ROW + row[key]
        row[part] = f"{row[part]} {PART}".strip()
    body = [
        ",".join([*columns, "eigenaar_naam"]),
        *(",".join([*row, f"{OWNER} {number}"]) for number, row in enumerate(rows)),
    ]
    register.write_text("\ufeff" + "\n".join(body) + "\n", encoding="utf-8")
    reports = files.with_name("observations.csv")
    reports.write_text(
        re.sub(r"^w", f"{REPORT}-w", reports.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8"
    )
    files.with_name("objections.csv").write_text("building_id\n", encoding="utf-8")
    city = files.read_text(encoding="utf-8")
    files.write_text(
        city.replace("[feeds.osm]", 'objections = "objections.csv"\nosm_free = true\n\n[feeds.osm]', 1),
        encoding="utf-8",
    )


def test_no_public_product_names_an_owner_a_register_row_or_a_report(planted: Planted) -> None:
    products = planted.of(is_public=True)
    assert {path.suffix for path in products} >= {".gpkg", ".parquet", ".geojson"}
    for path in products:
        for word in (OWNER, PART, ROW, REPORT):
            assert not _found(path, word), (path.name, word)
    # What the city sees shows that the search finds what is there; owners get nowhere.
    city = next(path for path in planted.of(is_public=False) if path.suffix == ".gpkg")
    assert {word for word in (OWNER, PART, ROW, REPORT) if _found(city, word)} == {PART, ROW, REPORT}
    assert not [path for path in planted.of(is_public=False) if _found(path, OWNER)]
    assert OWNER.encode() not in planted.space.warehouse(CITY).read_bytes()


def test_no_public_product_has_a_dwelling(planted: Planted) -> None:
    assert len(planted.dwellings) > 20
    for path in planted.of(is_public=True):
        texts = [text for _where, text in _texts(path)]
        ids = set(re.findall(r"\b(?:grb|osm):[a-z]*:?[0-9]+", " ".join(texts)))
        assert not ids & set(planted.dwellings), path.name
    city = next(path for path in planted.of(is_public=False) if path.suffix == ".gpkg")
    assert all(_found(city, building) for building in planted.dwellings[:3])


def test_of_a_building_that_was_withdrawn_only_its_id_is_left(planted: Planted) -> None:
    said = {path.name: _found(path, planted.objected) for path in planted.of(is_public=True)}
    for path in planted.of(is_public=True):
        assert not _found(path, planted.objected_name), path.name
        if path.suffix in (".gpkg", ".json") and not path.stem.endswith("_matches"):
            assert said[path.name] <= {"bytes", "changes"}
        else:
            assert not said[path.name]
    assert said[f"{CITY}.gpkg"] == {"bytes", "changes"}
    assert _found(planted.products[f"{CITY}_city.gpkg"], planted.objected_name)


@pytest.mark.parametrize("extension", sorted(WRITERS))
def test_an_export_is_under_the_same_rule(planted: Planted, tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"part{extension}"
    assert export_layer(CITY, path, planted.space, audience="public") > 10
    for word in (OWNER, PART, ROW, REPORT, planted.objected_name, *planted.dwellings[:5]):
        assert not _found(path, word), word
    # Whoever passes it on must know whose data these are.
    assert _found(path, "Voorbeeldstad: made-up data")


def test_who_owns_is_nowhere_but_in_the_bytes_that_came(planted: Planted) -> None:
    """The column is dropped while it is read: no table, product, record, log or list of ours holds it, nor the city's own edition."""
    home = planted.space.home
    files = sorted(one for one in home.rglob("*") if one.is_file() and not one.is_symlink())
    blobs = [one for one in files if one.is_relative_to(home / "data" / "raw" / "blobs")]
    assert any(OWNER.encode() in one.read_bytes() for one in blobs), "the plant is not there"
    for path in set(files) - set(blobs):
        assert not _found(path, OWNER), path
    warehouses = sorted(planted.space.warehouse("x").parent.glob("*.duckdb"))
    assert len(warehouses) == 2
    for path in warehouses:
        with connect(path, read_only=True) as con:
            # What a file of DuckDB holds is packed, so its bytes say nothing: every column of every table is asked.
            columns = con.execute("""
                SELECT format('{}."{}"', schema_name, table_name), string_agg(format('"{}"', column_name), ', ')
                FROM duckdb_columns() WHERE NOT internal AND data_type NOT LIKE 'GEOMETRY%' GROUP BY 1""").fetchall()
            assert len(columns) > 60
            for table, names in columns:
                rows = f"SELECT concat_ws('|', {names}) AS row FROM {table}"
                assert con.execute(f"SELECT count(*) FROM ({rows}) WHERE contains(lower(row), '{OWNER.lower()}')").fetchone() == (0,), table  # fmt: skip
