"""No constant without origin: every number is in data/reference and says where it comes from."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.workspace import CHECKOUT
from transforms._kit.header import read_specs
from transforms._kit.reference import VERSION_FILE, columns

REFERENCE = sorted(p for p in (CHECKOUT / "data" / "reference").glob("*.toml") if p.name != VERSION_FILE)
ALLOWED = tomllib.loads(Path(__file__).with_name("allowed_constants.toml").read_text(encoding="utf-8"))
STRUCTURAL = {0.0, 1.0, 2.0}
_LEVELS = re.compile(r"^[a-z_]+:-?\d")  # a text that holds numbers: "small:1 medium:2"
_NOISE = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"|\bDECIMAL\s*\(\s*\d+\s*,\s*\d+\s*\)|\$\w+", re.IGNORECASE)
_CONSTANT = re.compile(r"(?<![\w.])(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)(?![\w.])", re.IGNORECASE)


def is_number(value: object) -> bool:
    return type(value) in (int, float) or (isinstance(value, str) and bool(_LEVELS.match(value)))


def missing_origins(stem: str, content: dict[str, Any]) -> list[str]:
    """What has no origin in one reference file, in words."""
    stated = {(row["table"], row["column"]): row["origin"] for row in content.get(f"origin_{stem}", [])}
    wrong = [f"origin_{stem} {key}: empty origin" for key, origin in stated.items() if not str(origin).strip()]
    met = set()
    for table, rows in content.items():
        if table.startswith("origin_") or not isinstance(rows, list):
            continue
        for column in columns(rows):
            numeric = [row for row in rows if is_number(row.get(column))]
            met.add((table, column))
            if numeric and (table, column) not in stated:
                without = [row for row in numeric if not str(row.get("origin", "")).strip()]
                if without:
                    wrong.append(f"{table}.{column}: {len(without)} rows have no origin, such as {without[0]}")
    wrong += [f"origin_{stem} {key}: no such column" for key in stated if key not in met]
    return wrong


def constants(path: Path) -> Iterator[str]:
    """The numbers that stand in a query or module, but for those inside quotes, comments and types."""
    text = path.read_text(encoding="utf-8")
    queries = [text]
    if path.suffix == ".py":
        tree = ast.parse(text)
        queries = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and type(node.value) in (int, float):
                yield str(node.value)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "SELECT" in node.value:
                queries.append(node.value)
    for query in queries:
        yield from _CONSTANT.findall(_NOISE.sub(" ", query))


@pytest.mark.parametrize("path", REFERENCE, ids=lambda path: path.stem)
def test_every_number_of_a_reference_file_has_an_origin(path: Path) -> None:
    wrong = missing_origins(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
    assert not wrong, "\n".join(wrong)


def test_a_number_without_origin_is_found() -> None:
    rows = [{"name": "a", "value": 1.0, "origin": "judgement"}, {"name": "b", "value": 2, "origin": " "}]
    assert "1 rows" in missing_origins("x", {"thing": rows})[0]
    assert missing_origins("x", {"thing": [{"name": "a", "is_b": True}]}) == []
    assert missing_origins("x", {"thing": [{"name": "a", "levels": "small:1 large:-2"}]})
    said: dict[str, Any] = {
        "thing": [{"name": "a", "value": 3}],
        "origin_x": [{"table": "thing", "column": "value", "origin": "law"}],
    }
    assert missing_origins("x", said) == []
    assert "no such column" in missing_origins("x", {"thing": [{"name": "a"}], "origin_x": said["origin_x"]})[0]
    said["origin_x"][0]["origin"] = ""
    assert "empty" in missing_origins("x", said)[0]


def test_no_number_stands_in_a_query_without_a_reason() -> None:
    allowed = {(entry["file"], entry["value"]) for entry in ALLOWED["allowed"]}
    met, wrong = set(), set()
    for spec in read_specs(CHECKOUT / "transforms"):
        if spec.schema not in ("evidence", "score", "plan"):
            continue
        name = f"{spec.schema}/{spec.path.name}"
        for value in constants(spec.path):
            key = (name, value)
            if known := {key, ("*", value)} & allowed:
                met |= known
            elif float(value) not in STRUCTURAL:
                wrong.add(key)
    assert not wrong, f"move to data/reference with an origin, or allow with a reason: {sorted(wrong)}"
    assert allowed == met, f"no longer there, remove from allowed_constants.toml: {sorted(allowed - met)}"
    assert all(entry["why"] for entry in ALLOWED["allowed"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT 0.85 * weight", ["0.85"]),
        ("SELECT x -- 0.85\nFROM a2 WHERE b > .5 AND c = 1e6", [".5", "1e6"]),
        ("SELECT '0.3', CAST(x AS DECIMAL(18, 6)), \"col 9\", t1.x, list[3]", ["3"]),
        ("SELECT param('storeys_max') + 30", ["30"]),
        ("SELECT 'it''s 4', x>=5", ["5"]),
    ],
)
def test_the_scan_sees_numbers_and_nothing_else(tmp_path: Path, text: str, found: list[str]) -> None:
    path = tmp_path / "a.sql"
    path.write_text(text)
    assert list(constants(path)) == found
    module = tmp_path / "a.py"
    module.write_text(f'"""Of 2019: SELECTed."""\nLIMIT = 7.5\n\ndef build(con):\n    return """{text}"""\n')
    assert "7.5" in list(constants(module))
    assert set(found) <= set(constants(module))
