"""The typology file: every name it uses exists, every number says where it comes from, every code is in the Flemish list."""

from __future__ import annotations

import csv
import tomllib
from typing import Any

import pytest

from flows.workspace import CHECKOUT
from tests.conftest import SHARED

TYPOLOGY: dict[str, Any] = tomllib.loads(
    (CHECKOUT / "data" / "reference" / "typology.toml").read_text(encoding="utf-8")
)
TYPES = {row["type"] for row in TYPOLOGY["building_type"]}
FAMILIES = {row["family"]: set(row["types"]) for row in TYPOLOGY["type_family"]}
TABLES = {name: rows for name, rows in TYPOLOGY.items() if isinstance(rows, list)}


def test_every_type_has_a_main_function_or_says_why_not() -> None:
    for row in TYPOLOGY["building_type"]:
        assert bool(row.get("main_function")) != bool(row.get("without_function")), row["type"]


def test_main_functions_are_entries_of_the_flemish_code_list() -> None:
    path = SHARED / "codelists" / "hoofdfunctie_stedenbouw.csv"
    if not path.exists():
        pytest.skip(f"no real data: {path} is absent (ONBENUT_SHARED)")
    with path.open(encoding="utf-8-sig", newline="") as file:
        codes = {row["id"].rsplit("/", 1)[1] for row in csv.DictReader(file) if row["id"].count("/concept/")}
    assert len(codes) >= 10
    used = {row["main_function"] for row in TYPOLOGY["building_type"] if "main_function" in row}
    assert used <= codes


def test_every_rule_names_a_known_type_and_family() -> None:
    for name in ("tag_rule", "name_word", "official_type_rule", "land_use_rule"):
        for row in TABLES[name]:
            assert row["type"] in TYPES - {"unknown"}, row
            if "family" in row:
                # Alone the word stands for its own type: that must be one of the family.
                assert row["type"] in FAMILIES[row["family"]], row
    assert set().union(*FAMILIES.values()) <= TYPES - {"unknown"}


def test_no_rule_is_written_twice() -> None:
    keys = {
        "building_type": ("type",), "tag_rule": ("key", "value", "m2_from", "m2_to", "floors_from"), "name_word": ("word",),
        "official_type_rule": ("official_type",), "land_use_rule": ("land_use", "m2_from"), "type_family": ("family",), "time_word": ("word",),
        "type_setting": ("name",), "lifecycle_prefix": ("prefix",),
    }  # fmt: skip
    for table, columns in keys.items():
        found = [tuple(row.get(column) for column in columns) for row in TABLES[table]]
        assert len(found) == len(set(found)), (table, [key for key in found if found.count(key) > 1])


def test_every_number_says_where_it_comes_from() -> None:
    stated = {(row["table"], row["column"]) for row in TYPOLOGY["origin_typology"]}
    numbers = set()
    for name, rows in TABLES.items():
        for row in rows:
            if "origin" not in row:
                numbers |= {
                    (name, key)
                    for key, value in row.items()
                    if isinstance(value, int | float) and not isinstance(value, bool)
                }
    assert numbers == stated
    for row in [*TYPOLOGY["origin_typology"], *TYPOLOGY["type_setting"]]:
        assert row["origin"].split(":")[0].split(" ")[0] in ("judgement", "measured"), row


def test_weights_are_above_zero_and_surroundings_too_weak_to_decide_alone() -> None:
    setting = {row["name"]: row["value"] for row in TYPOLOGY["type_setting"]}
    for name in ("tag_rule", "name_word", "official_type_rule", "land_use_rule"):
        assert all(row["weight"] > 0 for row in TABLES[name]), name
    for row in TYPOLOGY["land_use_rule"]:
        alone = row["weight"] / (row["weight"] + setting["decision_doubt"])
        assert (alone >= setting["decision_min"]) == ("m2_from" in row), row


def test_shares_of_all_types_come_to_a_whole_city() -> None:
    assert sum(row["prior_share"] for row in TYPOLOGY["building_type"]) == pytest.approx(1, abs=0.05)
