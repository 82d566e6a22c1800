"""The matrix is rows in a file: adding some needs no SQL, and a row that says what it may not is a named error."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transforms.reuse_world import FOLDER, add_building, add_things, open_world, read_with, rows, run
from transforms._kit.matrix import WEIGHTS, MatrixError
from transforms._kit.reference import read_reference

SQUARE = "POLYGON((0 0, 30 0, 30 30, 0 30, 0 0))"


def test_a_use_a_criterion_and_a_class_are_rows(tmp_path: Path) -> None:
    more = """
        reuse_use: { use = "climbing", label_nl = "klimmen", label_en = "climbing" }
        reuse_criterion: { criterion = "old", kind = "number", measure = "built_year", label_nl = "oud", label_en = "old", origin = "judgement" }
        reuse_class: { criterion = "old", class = "before_1914", below = 1914.0, origin = "judgement" }
        reuse_class: { criterion = "old", class = "later", at_least = 1914.0, origin = "judgement" }
        reuse_criterion: { criterion = "ropes", kind = "count_near", radius_m = 300.0, tags = "shop=outdoor -shop=vacant", label_nl = "touw", label_en = "rope", origin = "judgement" }
        reuse_class: { criterion = "ropes", class = "none", below = 1.0, origin = "judgement" }
        reuse_class: { criterion = "ropes", class = "some", at_least = 1.0, origin = "judgement" }
        reuse_rule: { use = "*", criterion = "old", weight = 0.5, levels = "before_1914:1 later:0", origin = "judgement" }
        reuse_rule: { use = "*", criterion = "ropes", weight = 0.5, levels = "none:0 some:0", origin = "judgement" }
        reuse_rule: { use = "climbing", criterion = "ropes", weight = 2.0, levels = "none:-1 some:2", origin = "judgement" }
    """
    given = read_reference(FOLDER).tables["reuse_rule"]
    # The made-up use borrows the rows of an existing one where there is none for all.
    borrowed = [
        r
        for r in given
        if r["use"] == "culture" and ("*", r["criterion"]) not in {(g["use"], g["criterion"]) for g in given}
    ]
    for r in borrowed:
        more += f'\nreuse_rule: {{ use = "climbing", criterion = "{r["criterion"]}", weight = {r["weight"]}, levels = "{r["levels"]}", origin = "judgement" }}'
    con = open_world(read_with(tmp_path, more))
    add_building(con, "b", SQUARE)
    add_things(con, "staging.footprint", [("b", {"building": "church", "start_date": "1898-05"}, SQUARE)])
    add_things(
        con, "staging.place", [("p", {"shop": "outdoor"}, "POINT(100 0)"), ("q", {"shop": "vacant"}, "POINT(90 0)")]
    )
    run(con)
    found = {row["criterion"]: row for row in rows(con, "SELECT * FROM score.reuse_part WHERE use = 'climbing'")}
    assert (found["old"]["class"], found["old"]["level"]) == ("before_1914", 0.5)
    assert (found["ropes"]["class"], found["ropes"]["level"]) == ("some", 4.0)
    assert rows(con, "SELECT count(*) AS n FROM score.reuse WHERE use = 'climbing'") == [{"n": 1}]


def test_every_cell_has_a_weight_and_an_origin() -> None:
    tables = read_reference(FOLDER).tables
    con = open_world(read_reference(FOLDER))
    run(con, ["reuse_level"])
    cells = rows(con, "SELECT DISTINCT use, criterion, origin FROM score.reuse_level")
    assert len(cells) == len(tables["reuse_use"]) * len(tables["reuse_criterion"])
    known = {"judgement", *(row["source"] for row in tables["reuse_source"])}
    assert {cell["origin"] for cell in cells} <= known
    assert {row["weight"] for row in tables["reuse_rule"]} <= set(WEIGHTS)


def test_public_transport_and_facilities_weigh_the_same_as_their_source_says() -> None:
    rules = [row for row in read_reference(FOLDER).tables["reuse_rule"] if row["origin"] == "node_value"]
    weight = {row["criterion"]: row["weight"] for row in rules}
    transport = weight.pop("rail") + weight.pop("stop")
    assert sum(weight.values()) == transport


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('levels = "compact:1 plain:0 complex:-1"', 'levels = "compact:1 plain:0"', "gives each class"),
        ('levels = "compact:1 plain:0 complex:-1"', 'levels = "compact:1 plain:0 complex:-3"', "levels are 2 to -2"),
        ('levels = "compact:1 plain:0 complex:-1"', 'levels = "compact:1 plain:2 complex:1"', "can only help"),
        ('criterion = "stop", class = "reach", at_least = 300.0', 'criterion = "stop", class = "reach", at_least = 400.0', "follow each other"),
        ('measure = "compactness", label', 'measure = "compactnes", label', "reads a measure"),
        ('kind = "nearest_m", tags = "amenity=parking"', 'kind = "nearest", tags = "amenity=parking"', "no such kind"),
        ('tags = "amenity=parking"', 'tags = "amenity"', "needs tags"),
        ('origin = "node_value" },', 'origin = "nobody" },', "known origin"),
        ('criterion = "flood", class = "effective"', 'criterion = "flood", class = "deep"', "a veto on a class"),
        ('{ use = "*", criterion = "shape"', '{ use = "meeting", criterion = "shape"', "cell of the matrix is empty"),
        ('value = "ruinous", class = "poor"', 'value = "ruinous", class = "broken"', "its criterion does not have"),
        ('{ use = "*", criterion = "zoning", weight', '{ use = "home", criterion = "zoning", weight', "no such use"),
    ],
)  # fmt: skip
def test_a_row_that_is_wrong_is_a_named_error(tmp_path: Path, old: str, new: str, what: str) -> None:
    for path in FOLDER.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if path.name == "reuse.toml":
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    with pytest.raises(MatrixError, match=what) as caught:
        read_reference(tmp_path)
    assert caught.value.next_step
