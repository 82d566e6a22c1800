"""A second night on changed data: dead keys, vanished buildings, decisions by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.gates.overrule import Overrule
from flows.outcome import Outcome
from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from sources.voorbeeldstad import make_city
from tests.conftest import LEAN

Features = list[dict[str, Any]]


class Nights:
    def __init__(self, folder: Path) -> None:
        self.city_file = folder / "files" / "voorbeeldstad.toml"
        self.space = Workspace(folder / "home")

    def run(self, *accepted: str) -> Outcome:
        overrule = Overrule(frozenset(accepted), "the city of this test lost it on purpose") if accepted else None
        return run_city(load_city(self.city_file, self.space.cities), self.space, overrule=overrule)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with connect(self.space.warehouse("voorbeeldstad"), read_only=True) as con:
            return con.execute(query).fetchall()

    def change(self, collection: str, change: Callable[[Features], Features]) -> None:
        for path in sorted((self.city_file.parent / "grb").glob(f"{collection}_*.json")):
            page = json.loads(path.read_text())
            page["features"] = change(page["features"])
            page["numberReturned"] = len(page["features"])
            path.write_text(json.dumps(page))

    def decide(self, *lines: str) -> None:
        path = self.space.decisions("voorbeeldstad")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(["left,right,verdict,decided_by,decided_on,why", *lines]) + "\n")


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city after its first night; each test goes on from a copy."""
    folder = tmp_path_factory.mktemp("first")
    make_city(folder / "files", 1500, 11, LEAN)
    Nights(folder).run()
    return folder


@pytest.fixture
def nights(first_night: Path, tmp_path: Path) -> Nights:
    shutil.copytree(first_night, tmp_path / "city", symlinks=True)
    return Nights(tmp_path / "city")


BY_PARCEL = "SELECT feed || ':' || register_id, building_id FROM core.link_register WHERE method IN ('capakey', 'capakey and address')"


def test_a_row_whose_parcel_is_renumbered_keeps_its_building(nights: Nights) -> None:
    before = dict(nights.rows(BY_PARCEL))
    assert before
    row = sorted(before)[0]
    feed, register_id = row.split(":")
    ((key,),) = nights.rows(
        f"SELECT capakey FROM staging.register_row WHERE feed = '{feed}' AND register_id = '{register_id}'"
    )

    def renumber(features: Features) -> Features:
        for feature in features:
            if feature["properties"]["CAPAKEY"] == key:
                feature["properties"]["CAPAKEY"] = key[:5] + "Z9999/00_000"
                feature["properties"]["OIDN"] += 70_000_000
        return features

    nights.change("adp", renumber)
    # Without its address only the earlier parcel can tell.
    nights.city_file.write_text(nights.city_file.read_text().replace("[feeds.addresses]", "[feeds.addresses_gone]"))
    (nights.city_file.parent / "addresses.parquet").rename(nights.city_file.parent / "kept.parquet")
    text = nights.city_file.read_text()
    start = text.index("[feeds.addresses_gone]")
    nights.city_file.write_text(text[:start] + text[text.index("[feeds.", start + 1) :])
    # Without addresses most of the register is not found, which somebody must say is right.
    nights.run("rows_table", "rows_layer", "match_register", "bands", "score_mean", "score_drift")
    assert nights.rows(f"SELECT capakey FROM history.parcel WHERE capakey = '{key}'") == [(key,)]
    found = nights.rows(
        f"SELECT method, building_id FROM core.link_register WHERE feed || ':' || register_id = '{row}'"
    )
    assert {method for method, _ in found} <= {"earlier parcel", "earlier parcel, one of several buildings"}
    assert before[row] in {building for _, building in found}


def test_a_published_building_that_gets_another_id_leaves_a_tombstone_with_its_successor(nights: Nights) -> None:
    ((old,),) = nights.rows(
        "SELECT building_id FROM layer.building WHERE audience = 'public' AND regexp_matches(building_id, '^grb:[0-9]+$') "
        "AND building_id IN (SELECT right_id FROM core.link_footprint) ORDER BY priority_rank LIMIT 1"
    )
    number = int(old.split(":")[1])

    def redraw(features: Features) -> Features:
        for feature in features:
            if feature["properties"]["OIDN"] == number:
                feature["properties"]["OIDN"] = number + 50_000_000
        return features

    nights.change("gbg", redraw)
    nights.run()
    tombstones = nights.rows(f"SELECT audience, change, replaced_by FROM layer.change WHERE building_id = '{old}'")
    assert {(change, successor) for _, change, successor in tombstones} == {("replaced", f"grb:{number + 50_000_000}")}
    again = nights.run()
    assert again.unchanged
    assert nights.rows(f"SELECT count(*) > 0 FROM layer.change WHERE building_id = '{old}'") == [(True,)]


def test_a_published_building_that_vanishes_is_withdrawn(nights: Nights) -> None:
    ((old,),) = nights.rows(
        "SELECT building_id FROM layer.building WHERE audience = 'public' AND building_id LIKE 'grb:knw:%' ORDER BY building_id LIMIT 1"
    )
    number = int(old.rsplit(":", 1)[1])
    nights.change("knw", lambda features: [f for f in features if f["properties"]["OIDN"] != number])
    nights.run()
    changes = dict(nights.rows("SELECT building_id, change FROM layer.change WHERE audience = 'public'"))
    assert changes.get(old) in ("withdrawn", "replaced")
    assert nights.rows(f"SELECT * FROM layer.building WHERE building_id = '{old}'") == []


@pytest.mark.night
def test_a_decision_by_hand_wins_over_the_method_both_ways(nights: Nights) -> None:
    (row, taken), *_ = sorted(nights.rows("SELECT feed || ':' || register_id, building_id FROM core.link_register"))
    ((other,),) = nights.rows(
        f"SELECT building_id FROM core.building WHERE building_id <> '{taken}' ORDER BY building_id LIMIT 1"
    )
    query = f"SELECT building_id, method FROM core.link_register WHERE feed || ':' || register_id = '{row}'"
    nights.decide(f"{row},{taken},different,surveyor,2025-05-01,seen on the spot")
    nights.run()
    assert taken not in {building for building, _ in nights.rows(query)}
    nights.decide(f"{row},{other},same,surveyor,2025-05-02,seen again")
    nights.run()
    assert nights.rows(query) == [(other, "decided by hand")]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("osm:w1,grb:1,perhaps,surveyor,2025-05-01,", "a verdict is same or different"),
        ("osm:w1,grb:1,same,surveyor,yesterday,", "needs its day"),
        (",grb:1,same,surveyor,2025-05-01,", "needs left, right and a verdict"),
    ],
)
def test_a_decision_that_cannot_be_read_names_its_line(nights: Nights, line: str, says: str) -> None:
    nights.decide(line)
    with pytest.raises(OnbenutError, match=says) as raised:
        nights.run()
    assert "line 2" in str(raised.value)


@pytest.mark.night
def test_ids_are_carried_on_when_the_base_changes_from_osm_to_the_official_buildings(
    first_night: Path, tmp_path: Path
) -> None:
    shutil.copytree(first_night / "files", tmp_path / "files")
    nights = Nights(tmp_path)
    whole = nights.city_file.read_text()
    start = whole.index("[feeds.grb]")
    nights.city_file.write_text(whole[:start] + whole[whole.index("[feeds.", start + 1) :])
    nights.run()
    published = {one for (one,) in nights.rows("SELECT building_id FROM layer.building WHERE audience = 'public'")}
    assert published
    assert all(one.startswith("osm:") for one in published)
    nights.city_file.write_text(whole)
    nights.run()
    changes = nights.rows("SELECT building_id, change, replaced_by FROM layer.change WHERE audience = 'public'")
    replaced = {old: new for old, change, new in changes if change == "replaced"}
    kept = {one for (one,) in nights.rows("SELECT building_id FROM layer.building WHERE audience = 'public'")}
    assert published == {old for old, _, _ in changes} | (published & kept)
    assert len(replaced) > 0.8 * len(published)
    assert all(new.startswith("grb:") for new in replaced.values())


def test_an_objection_follows_a_building_that_is_renumbered(nights: Nights) -> None:
    """The authority measures a building again and gives it another number: who objected is heard all the same."""
    [(building, oidn)] = nights.rows("""
        SELECT building_id, split_part(building_id, ':', 2)::INTEGER FROM layer.building
        WHERE audience = 'public' AND building_id LIKE 'grb:3%' ORDER BY priority_rank LIMIT 1""")
    text = nights.city_file.read_text()
    nights.city_file.write_text(text.replace("[feeds.osm]", 'objections = "objections.csv"\n\n[feeds.osm]', 1))
    nights.city_file.with_name("objections.csv").write_text(f"building_id\n{building}\ngrb:1\n")
    renumbered = oidn + 5_000_000

    def renumber(features: Features) -> Features:
        for feature in features:
            if feature["properties"]["OIDN"] == oidn:
                feature["properties"]["OIDN"] = renumbered
        return features

    nights.change("gbg", renumber)
    outcome = nights.run()
    assert nights.rows(f"SELECT objection_id FROM core.objected WHERE building_id = 'grb:{renumbered}'") == [
        (building,)
    ]
    shown = nights.rows(f"SELECT audience FROM layer.building WHERE building_id = 'grb:{renumbered}'")
    assert shown == [("city",)]
    assert [one for one in outcome.warnings if "objections" in one] == [
        "objections: 1 ids belong to no building that stands now: grb:1"
    ]
    assert nights.rows(
        f"SELECT change, replaced_by FROM layer.change WHERE audience = 'public' AND building_id = '{building}'"
    ) == [("withdrawn", None)]
