from pathlib import Path

import pytest

from flows.workspace import CHECKOUT
from transforms._kit.header import read_spec, read_specs

HEADER = """-- One row per thing.
-- inputs: {inputs}
-- key: thing_id
-- columns:
--   thing_id | VARCHAR | - | Ding | the thing
SELECT 'a' AS thing_id
"""


def write(root: Path, name: str, inputs: str) -> None:
    path = root / f"{name.replace('.', '/')}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER.format(inputs=inputs))


def test_every_committed_table_reads_and_comes_after_its_inputs() -> None:
    specs = read_specs(CHECKOUT / "transforms")
    seen: set[str] = set()
    names = {spec.full_name for spec in specs}
    for spec in specs:
        assert {needed for needed in spec.inputs if needed in names} <= seen
        seen.add(spec.full_name)
    assert {"core.building", "evidence.item", "score.contribution", "layer.building"} <= seen


def test_every_schema_qualified_name_in_a_query_is_a_declared_input() -> None:
    import re

    for spec in read_specs(CHECKOUT / "transforms"):
        body = re.sub(r"--.*", "", spec.sql)
        used = set(re.findall(r"\b((?:raw|staging|core|evidence|score|layer|reference|history)\.[a-z_]+)\b", body))
        if "param(" in body:
            used.add("reference.parameter")
        declared = {".".join(needed.split(".")[:2]) for needed in spec.inputs}
        assert used <= declared, f"{spec.full_name} reads {used - declared} undeclared"


def test_a_table_that_declares_one_column_of_a_reference_table_reads_no_other() -> None:
    import re

    found = 0
    for spec in read_specs(CHECKOUT / "transforms"):
        for schema, table, column in (n.split(".") for n in spec.inputs if n.count(".") == 2):
            mentions = len(re.findall(rf"\b{schema}\.{table}\b", spec.sql))
            alone = len(
                re.findall(rf"\bSELECT (?:DISTINCT )?{column} FROM {schema}\.{table}\b(?!\s+(?:AS|JOIN))", spec.sql)
            )
            assert mentions == alone, f"{spec.full_name} reads more of {schema}.{table} than {column}"
            found += 1
    assert found


def test_every_parameter_in_a_query_is_declared() -> None:
    import re

    macro_params = {"crs_min_x", "crs_min_y", "crs_max_x", "crs_max_y"}
    for spec in read_specs(CHECKOUT / "transforms"):
        used = set(re.findall(r"getvariable\('([a-z_]+)'\)", "\n".join([spec.sql, *spec.checks])))
        if "geometry_problem(" in spec.sql:
            used |= macro_params
        assert used <= set(spec.params), f"{spec.full_name} uses {used - set(spec.params)} undeclared"


def test_inputs_in_a_circle_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "core.a", "core.b")
    write(tmp_path, "core.b", "core.a")
    with pytest.raises(ValueError, match="circle"):
        read_specs(tmp_path)


def test_reading_a_higher_floor_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "core.a", "score.b")
    write(tmp_path, "score.b", "raw.x")
    with pytest.raises(ValueError, match="higher floor"):
        read_specs(tmp_path)


def test_an_unknown_input_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "core.a", "core.nothing")
    with pytest.raises(ValueError, match="no such input"):
        read_specs(tmp_path)


def test_a_column_line_with_too_few_parts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    path = tmp_path / "core" / "a.sql"
    path.write_text("-- A thing.\n-- columns:\n--   x | VARCHAR\nSELECT 1")
    with pytest.raises(ValueError, match="five parts"):
        read_spec(path)


LIKE = "-- The things.\n-- view: yes\n-- inputs: core.a\n-- like: {like}\n{own}SELECT * FROM core.a"
OWN = "-- columns:\n--   size_m | INTEGER | m | Maat | size\n"


def test_a_view_that_is_like_a_table_has_its_columns_and_then_its_own(tmp_path: Path) -> None:
    write(tmp_path, "core.a", "raw.x")
    (tmp_path / "core" / "alone.sql").write_text(LIKE.format(like="core.a", own=""))
    (tmp_path / "core" / "less.sql").write_text(LIKE.format(like="core.a without thing_id", own=OWN))
    columns = {spec.name: spec.columns for spec in read_specs(tmp_path)}
    assert columns["alone"] == columns["a"]
    assert [column.name for column in columns["less"]] == ["size_m"]


@pytest.mark.parametrize(
    ("like", "message"), [("core.b", "none of its inputs"), ("core.a without age", "core.a has no column age")]
)
def test_a_view_that_is_like_nothing_known_is_refused(tmp_path: Path, like: str, message: str) -> None:
    write(tmp_path, "core.a", "raw.x")
    (tmp_path / "core" / "seen.sql").write_text(LIKE.format(like=like, own=""))
    with pytest.raises(ValueError, match=message):
        read_specs(tmp_path)


def test_every_published_column_has_a_title_and_a_meaning_in_both_languages() -> None:
    for spec in read_specs(CHECKOUT / "transforms"):
        if spec.schema == "layer":
            for column in spec.columns:
                assert column.title_nl
                assert column.meaning
                assert column.meaning_nl, f"{spec.full_name}.{column.name}"
