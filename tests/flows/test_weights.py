"""`onbenut run --weights`: a variant beside the city, scored again in seconds, with nothing of the city touched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.rescore import rescore_city
from flows.run import run_city
from flows.weights import NO_WEIGHT, WeightsError, apply_weights, find_bounds, key_of, read_rules, read_weights
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from tests.flows.conftest import NAME, Home
from transforms._kit.header import read_specs
from transforms._kit.reference import Reference, columns, fingerprints, read_reference
from transforms._kit.runner import plan

REFERENCE = read_reference(CHECKOUT / "data" / "reference")
# No weights: what a whole floor agrees on. `--weights` refuses them.
READ_BELOW = {"interval_z", "size_rule", "park_survey"}
LIKELIER = '[[parameter]]\nname = "prior_atypical"\nvalue = 0.3\n'


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, name: str = "mine.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


Write = Callable[..., Path]


def rows(space: Workspace, slug: str, query: str) -> list[tuple[Any, ...]]:
    with connect(space.warehouse(slug), read_only=True) as con:
        return con.execute(query).fetchall()


def files(home: Home) -> dict[str, bytes]:
    """All that belongs to the city itself: its warehouse, log, snapshots and products."""
    found = [
        *home.space.warehouse(NAME).parent.glob(f"{NAME}.*"),
        *home.space.outputs.joinpath(NAME).iterdir(),
        *home.space.outputs.joinpath(f".{NAME}").rglob("*"),
        *home.path.joinpath("data", "raw").rglob("*"),
    ]
    return {
        f"{path} {path.stat().st_mtime_ns}": path.read_bytes()
        for path in found
        if path.is_file() and path.name != ".in-use"
    }


def test_weights_build_scores_and_nothing_below_and_leave_the_city_as_it_was(own_home: Home, write: Write) -> None:
    (own_home.city.parent / "osm.osm.pbf").unlink()  # nothing is fetched, not even from a file
    before, link = files(own_home), own_home.space.outputs.joinpath(NAME).readlink()
    done = own_home.onbenut("run", NAME, "--weights", write(LIKELIER))
    assert done.returncode == 0, done.stderr
    assert "prior_atypical value: 0.05 -> 0.3" in done.stdout
    log = json.loads(own_home.space.run_log(f"{NAME}~mine").read_text())
    assert {name.split(".")[0] for name in log["rebuilt"]} == {"score", "match", "plan", "layer"}
    assert {"score.underuse_part", "score.building", "layer.building"} <= set(log["rebuilt"])
    assert not {"score.type", "score.atypicality_part"} & set(log["rebuilt"])  # they read other parameters
    assert log["weights"]["file"].endswith("mine.toml")
    assert len(log["weights"]["sha256"]) == 64
    assert files(own_home) == before
    assert own_home.space.outputs.joinpath(NAME).readlink() == link
    for table in ("history.parcel", "history.building", "history.published", "history.run"):
        assert rows(own_home.space, f"{NAME}~mine", f"SELECT count(*) FROM {table}") == rows(
            own_home.space, NAME, f"SELECT count(*) FROM {table}"
        )


def test_a_variant_reads_like_a_city_and_every_row_says_it_is_one(own_home: Home, write: Write) -> None:
    assert own_home.onbenut("run", NAME, "--weights", write(LIKELIER)).returncode == 0
    variant = f"{NAME}~mine"
    query = "SELECT building_id, config_version FROM layer.building WHERE audience = 'public' ORDER BY priority_rank LIMIT 1"
    building, version = rows(own_home.space, variant, query)[0]
    assert version.startswith(f"{REFERENCE.version}~mine+")
    ours, theirs = (
        {r[0]: r[1] for r in rows(own_home.space, slug, "SELECT building_id, underuse_probability FROM score.building "
                                  "WHERE audience = 'city' AND is_atypical")}
        for slug in (NAME, variant)
    )  # fmt: skip
    assert ours.keys() == theirs.keys()
    assert all(theirs[one] > ours[one] for one in ours)
    assert "0.3" in own_home.onbenut("sql", variant, "FROM reference.parameter WHERE name = 'prior_atypical'").stdout
    assert version in own_home.onbenut("explain", variant, building, "--audience", "public").stdout
    status = json.loads(own_home.onbenut("status", variant, "--json").stdout)
    assert {feed["state"] for feed in status["feeds"]} == {"good"}
    target = own_home.path / "part.csv"
    assert own_home.onbenut("export", variant, "--to", target, "--where", "priority_rank <= 5").returncode == 0
    assert version in target.read_text()
    assert own_home.space.outputs.joinpath(variant, f"{variant}.gpkg").exists()
    listed = json.loads(own_home.onbenut("cities", "--json").stdout)
    assert [entry["slug"] for entry in listed].count(variant) == 0


def test_the_same_weights_give_the_same_scores(own_home: Home, write: Write) -> None:
    whole_row = (
        '[[evidence_kind]]\nkind = "osm_disused"\nauthority = "OpenStreetMap"\nis_legal = false\norigin = "mine"\n'
    )
    kind = next(row for row in REFERENCE.tables["evidence_kind"] if row["kind"] == "osm_disused")
    run_weights(own_home, write(f"{whole_row}log_lr = {kind['log_lr']}\n", "same.toml"))
    for table in ("score.underuse_part", "score.atypicality_part", "score.reuse_part", "score.priority_part"):
        query = f"SELECT md5(string_agg(t::VARCHAR, '|')) FROM {table} AS t"
        assert rows(own_home.space, f"{NAME}~same", query) == rows(own_home.space, NAME, query)


def run_weights(home: Home, file: Path, checkout: Path = CHECKOUT) -> None:
    space = Workspace(home.path, checkout)
    rescore_city(load_city(home.city, space.cities), space, file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ("# nothing yet\n", ["empty"]),
        ("parameter = [\n", ["not TOML"]),
        ("parameter = 3\n", ["rows of a table", "[[parameter]]"]),
        ('[[parametre]]\nname = "band_likely"\nvalue = 0.7\n', ["no such table", "parametre", "parameter, "]),
        ('[[parameter]]\nname = "band_lykely"\nvalue = 0.7\n', ["no such row", "band_lykely", "band_likely"]),
        ("[[parameter]]\nvalue = 0.7\n", ["found by its key", "key: name"]),
        ('[[parameter]]\nname = "band_likely"\nvalu = 0.7\n', ["no such column", "valu", "columns: value"]),
        ('[[parameter]]\nname = "band_likely"\nvalue = "0.7"\n', ["another type", "write a number"]),
        ('[[parameter]]\nname = "band_likely"\nvalue = true\n', ["another type"]),
        ('[[parameter]]\nname = "band_likely"\nvalue = 1.7\n', ["outside its range", "from 0.0001 to 0.9999"]),
        ('[[parameter]]\nname = "band_likely"\nvalue = nan\n', ["outside its range"]),
        ('[[parameter]]\nname = "band_likely"\nvalue = inf\n', ["outside its range"]),
        ('[[parameter]]\nname = "band_likely"\nunit = "points"\n', ["no weight", "may differ: value"]),
        ('[[building_type]]\ntype = "dwelling"\nis_residential = false\n', ["no weight", "is_residential"]),
        (LIKELIER + LIKELIER, ["named twice"]),
    ],
)
def test_a_file_that_says_something_unknown_is_named_and_nothing_is_made(
    home: Home, write: Write, text: str, words: list[str]
) -> None:
    done = home.onbenut("run", NAME, "--weights", write(text))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    for word in words:
        assert word in done.stderr
    assert not home.space.warehouse(f"{NAME}~mine").exists()
    assert not home.space.outputs.joinpath(f"{NAME}~mine").exists()
    assert not home.space.failure_log(NAME).exists()


def test_wrong_names_and_places_are_named(home: Home, empty_home: Home, write: Write) -> None:
    assert "no such file of weights" in home.onbenut("run", NAME, "--weights", "nowhere.toml").stderr
    assert "names the variant" in home.onbenut("run", NAME, "--weights", write(LIKELIER, "mijn test.toml")).stderr
    done = home.onbenut("run", NAME, "--as-of", "2025-03-01", "--weights", write(LIKELIER))
    assert done.returncode == 1
    assert "newest run" in done.stderr
    done = empty_home.onbenut("run", home.city, "--weights", write(LIKELIER))
    assert done.returncode == 1
    assert "not run yet" in done.stderr


def test_weights_that_break_a_score_leave_the_variant_of_before(own_home: Home, write: Write) -> None:
    run_weights(own_home, write(LIKELIER))
    before = own_home.space.warehouse(f"{NAME}~mine").read_bytes()
    lines = [
        f'[[parameter]]\nname = "{name}"\nvalue = 100\n'
        for name in ("weight_rarity", "weight_outlier", "weight_heritage")
    ]
    with pytest.raises(OnbenutError, match="out of its bounds"):
        run_weights(own_home, write("".join(lines)))
    assert own_home.space.warehouse(f"{NAME}~mine").read_bytes() == before


def test_a_city_whose_file_is_older_than_what_it_is_made_of_is_run_first(own_home: Home, write: Write) -> None:
    decisions = own_home.space.decisions(NAME)
    decisions.parent.mkdir(parents=True)
    decisions.write_text(
        "left,right,verdict,decided_by,decided_on,why\nosm:w1,grb:1,different,surveyor,2025-01-01,seen\n"
    )
    with pytest.raises(OnbenutError, match=r"older than its newest snapshots.*onbenut run"):
        run_weights(own_home, write(LIKELIER))
    assert not own_home.space.warehouse(f"{NAME}~mine").exists()


def test_a_value_that_what_was_matched_depends_on_is_refused(own_home: Home, tmp_path: Path, write: Write) -> None:
    checkout = tmp_path / "checkout"
    for folder in ("transforms", "data/reference", "data/cities"):
        shutil.copytree(CHECKOUT / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__"))
    standing = checkout / "transforms" / "core" / "standing.sql"
    text = standing.read_text()
    text = text.replace("-- key:", "-- inputs: reference.parameter\n-- key:", 1)
    standing.write_text(text.replace("WHERE state", "WHERE param('prior_atypical') > 0 AND state", 1))
    space = Workspace(own_home.path, checkout)
    run_city(load_city(own_home.city, space.cities), space)
    with pytest.raises(WeightsError, match=r"more than scores.*core\.standing"):
        run_weights(own_home, write(LIKELIER), checkout)
    run_weights(own_home, write(LIKELIER.replace("prior_atypical", "prior_ordinary")), checkout)


def test_no_weight_reaches_what_lies_below_the_scores() -> None:
    rules = read_rules()["table"]
    specs = read_specs(CHECKOUT / "transforms")
    params: dict[str, Any] = {name: "x" for spec in specs for name in spec.params}
    given = {needed: "x" for spec in specs for needed in spec.inputs}
    before = plan(specs, {**given, **fingerprints(REFERENCE.tables)}, params)

    def moved(table: str, rows: list[dict[str, Any]]) -> set[str]:
        after = plan(specs, {**given, **fingerprints({**REFERENCE.tables, table: rows})}, params)
        return {spec.full_name for spec in specs if before[spec.full_name] != after[spec.full_name]}

    def other(value: Any) -> Any:
        return f"{value} " if isinstance(value, str) else value + 1

    for table, rule in rules.items():
        rows = [dict(row) for row in REFERENCE.tables[table]]
        for column in [name for name in rule if name not in NO_WEIGHT]:
            if table == "parameter":
                continue
            changed = [{**row, column: other(row[column])} if column in row else row for row in rows]
            found = moved(table, changed)
            assert found, f"no table reads {table}.{column}"
            below = [name for name in found if name.startswith(("staging.", "core."))]
            assert not below or table in READ_BELOW, (table, column)
    for row in REFERENCE.tables["parameter"]:
        found = moved(
            "parameter", [{**one, "value": one["value"] + (one == row)} for one in REFERENCE.tables["parameter"]]
        )
        assert found, f"no table reads {row['name']}"
        below = [name for name in found if name.startswith(("staging.", "core."))]
        assert not below or row["name"] in READ_BELOW, (row["name"], below)


def test_every_reference_table_has_a_key_and_every_number_in_it_bounds_that_hold() -> None:
    rules, units = read_rules()["table"], read_rules()["unit"]
    tables = {name: rows for name, rows in REFERENCE.tables.items() if not name.startswith("origin_")}
    assert set(rules) == set(tables), "declare key and bounds in transforms/_kit/reference.toml"
    for table, found in tables.items():
        rule = rules[table]
        keys = [tuple(row.get(name) for name in key_of(rule)) for row in found]
        assert len(set(keys)) == len(keys), f"{table}: {rule['key']} is no key"
        for column in columns(found):
            numbers = [row for row in found if type(row.get(column)) in (int, float)]
            if not numbers or column in key_of(rule):
                continue
            assert column in rule, f"{table}.{column}: declare its bounds in transforms/_kit/reference.toml"
            for row in numbers:
                low, high = find_bounds(row, column, rule, units)
                assert low is not None, f"{table}: declare bounds of {row} in transforms/_kit/reference.toml"
                assert high is not None
                assert low <= row[column] <= high, (table, row)


def test_only_the_named_value_differs(write: Write) -> None:
    weights = read_weights(write('[[reuse_rule]]\nuse = "housing"\ncriterion = "footprint"\nweight = 2\n'))
    changed, words = apply_weights(REFERENCE, weights)
    assert len(words) == 1
    assert changed.tables["reuse_rule"] != REFERENCE.tables["reuse_rule"]
    undone = [
        {**row, "weight": old["weight"]}
        for row, old in zip(changed.tables["reuse_rule"], REFERENCE.tables["reuse_rule"], strict=True)
    ]
    assert Reference({**changed.tables, "reuse_rule": undone}, REFERENCE.version).digest == REFERENCE.digest
    assert changed.digest != REFERENCE.digest


def test_a_text_of_levels_keeps_its_classes(write: Write) -> None:
    row = '[[reuse_rule]]\nuse = "housing"\ncriterion = "footprint"\nlevels = '
    for text in (
        "small:1 medium:2 large:0",
        "small:1 medium:2 large:0 very_large:-9",
        "small:1 medium:2 large:0 huge:1",
    ):
        with pytest.raises(WeightsError, match="another form"):
            apply_weights(REFERENCE, read_weights(write(f'{row}"{text}"\n')))
    apply_weights(REFERENCE, read_weights(write(f'{row}"small:2 medium:2 large:0 very_large:-1"\n')))
