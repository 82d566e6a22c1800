import sqlite3
from pathlib import Path

import pytest

from flows.explain import explain
from flows.objections import objected
from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from sources.voorbeeldstad import make_city
from tests.flows.conftest import NAME, Home, one


@pytest.fixture
def city_file(tmp_path: Path) -> Path:
    path = make_city(tmp_path / "files", 1500, 5)
    path.write_text(path.read_text().replace("[feeds.osm]", 'objections = "objections.csv"\n\n[feeds.osm]', 1))
    return path


def shown(space: Workspace, audience: str) -> set[str]:
    with connect(space.warehouse("voorbeeldstad"), read_only=True) as con:
        rows = con.execute("SELECT building_id FROM layer.building WHERE audience = ?", [audience]).fetchall()
    return {building_id for (building_id,) in rows}


def test_who_objects_leaves_every_public_product_at_the_next_run(city_file: Path, tmp_path: Path) -> None:
    space, objections = Workspace(tmp_path / "home"), city_file.with_name("objections.csv")
    objections.write_text("building_id\n")
    run_city(load_city(city_file, space.cities), space)
    before = shown(space, "public")
    gone = sorted(before)[0]
    objections.write_text(f"building_id\n{gone}\n")
    outcome = run_city(load_city(city_file, space.cities), space)
    assert shown(space, "public") == before - {gone}
    assert gone in shown(space, "city")
    for name, path in outcome.products.items():
        if name.endswith((".parquet", ".geojson")) and "_city" not in name:
            assert gone.encode() not in path.read_bytes(), name
    public = sqlite3.connect(f"file:{outcome.products['voorbeeldstad.gpkg']}?mode=ro", uri=True)
    for table in ("buildings", "pins", "evidence"):
        assert public.execute(f"SELECT count(*) FROM {table} WHERE building_id = ?", [gone]).fetchone() == (0,)
    # The platform must hear that the pin goes: its id, and nothing else.
    assert public.execute("SELECT change, replaced_by FROM changes WHERE building_id = ?", [gone]).fetchall() == [
        ("withdrawn", None)
    ]


def test_a_list_of_objections_with_names_is_refused(city_file: Path, tmp_path: Path) -> None:
    city_file.with_name("objections.csv").write_text("building_id,naam\nosm:w1,iemand\n")
    space = Workspace(tmp_path / "home")
    with pytest.raises(OnbenutError, match="one column building_id"):
        run_city(load_city(city_file, space.cities), space)


def test_an_objection_under_an_old_id_is_heard_at_once_by_all_that_leaves_the_house(
    own_home: Home, tmp_path: Path
) -> None:
    """Between two nights: the id is of the building that stood there before it was measured again."""
    space = own_home.space
    new = str(one(own_home, "SELECT building_id FROM layer.building WHERE audience = 'public' ORDER BY priority_rank"))
    old = "grb:1"
    with connect(space.warehouse(NAME)) as con:
        con.execute("INSERT INTO core.succession VALUES (?, ?, 'overlap', 0.9)", [old, new])
    assert explain(NAME, new, space, "public").layer is not None
    assert new in export(own_home, tmp_path)
    done = own_home.onbenut("object", NAME, old)
    assert done.returncode == 0, done.stderr
    assert new in done.stdout
    (space.fieldwork(NAME) / "objections.csv").write_text(f"building_id,objected_on\n{old},2025-06-01\n")
    assert objected(NAME, space) == {old, new}
    assert new not in export(own_home, tmp_path)
    assert own_home.onbenut("dossier", NAME, new, "--to", tmp_path / "x.html").returncode == 1
    assert explain(NAME, new, space, "public").layer is None
    assert explain(NAME, new, space, "city").layer is not None
    assert own_home.onbenut("object", NAME, "grb:none").returncode == 1


def export(home: Home, folder: Path) -> str:
    assert home.onbenut("export", NAME, "--to", folder / "x.csv").returncode == 0
    return (folder / "x.csv").read_text(encoding="utf-8")
