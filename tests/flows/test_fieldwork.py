"""Field checks: drawn, filled in by the truth, taken back, and heard by the next run; objections at once."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from werkzeug.test import Client

from flows.cities import find_city
from flows.commands.fieldwork import fieldlist
from flows.fieldwork.draw import ROWS, Wanted, draw
from flows.fieldwork.take import Taken, take_checks
from flows.objections import add_objections, objected
from flows.run import run_city
from flows.serve.app import LayerApplication
from sources._kit.duck import connect
from sources._kit.errors import CityFileError, OnbenutError
from tests.flows.conftest import NAME, Home, one
from tests.transforms.publish.test_geopackage_valid import validate
from tests.transforms.publish.test_qgis import PYTHON, _has

TODAY = date(2025, 6, 1)
HEAD = "list_id,row_id,building_id,seen_on,seen_use,share_empty,access,note,photo,objection"
Row = dict[str, str]


def drawn_ids(home: Home, wanted: Wanted) -> list[tuple[Any, ...]]:
    with connect(home.space.warehouse(NAME), read_only=True) as con:
        draw(con, NAME, wanted, frozenset())
        return con.execute(f"SELECT building_id, stratum, inclusion_probability FROM {ROWS} ORDER BY row_id").fetchall()


def a_list(home: Home, n: int = 12, share_random: float = 1 / 3, seed: str | None = None) -> Path:
    """A list in the home; the path of its GeoPackage."""
    assert fieldlist(NAME, home.space, n, share_random, seed, None, None, "city", None) == 0
    return max(home.space.fieldwork(NAME).glob("*.gpkg"), key=lambda path: path.stat().st_mtime_ns)


def edit(path: Path, query: str, values: list[Any]) -> None:
    """What QField does: it writes into the GeoPackage, with the functions that its triggers need."""
    with closing(sqlite3.connect(path)) as db, db:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            db.create_function(name, 1, lambda _shape: 0)
        assert db.execute(query, values).rowcount == 1


def listed(path: Path) -> list[Row]:
    with path.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def fill(path: Path, rows: list[Row]) -> None:
    query = "UPDATE checks SET seen_on = ?, seen_use = ?, share_empty = ?, access = 'street' WHERE row_id = ?"
    for row in rows:
        edit(path, query, [row["seen_on"], row["seen_use"], row["share_empty"] or None, row["row_id"]])


def take(home: Home, path: Path) -> Taken:
    return take_checks(path, home.space, TODAY)


def run(home: Home) -> None:
    run_city(find_city(NAME, home.space), home.space, offline=True)


def test_a_list_is_the_top_and_a_random_rest_that_speaks_for_all_and_comes_back_the_same(home: Home) -> None:
    rows = drawn_ids(home, Wanted(40, 0.25))
    assert rows == drawn_ids(home, Wanted(40, 0.25)) != drawn_ids(home, Wanted(40, 0.25, seed="other"))
    ids = [row[0] for row in rows]
    assert len(ids) == len(set(ids)) == 40
    top = {row[0] for row in rows if row[1] == "top"}
    assert len(top) == 30
    assert (
        one(
            home,
            f"SELECT max(priority_rank) FROM layer.building WHERE audience = 'city' AND building_id IN {tuple(top)}",
        )
        == 30
    )
    # Weighed by the inverse of its chance, the list counts all buildings that are shown.
    shown = one(home, "SELECT count(*) FROM layer.building WHERE audience = 'city'")
    assert sum(1 / row[2] for row in rows) == pytest.approx(shown)
    everything = drawn_ids(home, Wanted(10 * shown, 0.5))
    assert len(everything) == shown
    assert {row[2] for row in everything} == {1.0}


def test_neighbours_on_the_sheet_are_neighbours_on_the_ground(home: Home) -> None:
    length = (
        "SELECT sum(ST_Distance(point, following)) FROM (SELECT point, lead(point) OVER (ORDER BY {}) AS following FROM "
        + ROWS
        + ")"
    )
    with connect(home.space.warehouse(NAME), read_only=True) as con:
        draw(con, NAME, Wanted(60), frozenset())
        walked, by_chance = (
            con.execute(length.format(order)).fetchall()[0][0] for order in ("row_id", "md5(building_id)")
        )
    assert walked < by_chance / 2


def test_what_was_seen_moves_the_next_run_to_the_truth_and_stays_within_the_city(own_home: Home) -> None:
    path, files = a_list(own_home), own_home.city.parent
    with duckdb.connect() as con:
        truth = dict(
            con.execute(f"SELECT coalesce(grb_id, osm_id), is_out_of_use FROM '{files / 'truth.parquet'}'").fetchall()
        )
    rows = listed(path)
    for row in rows:
        row |= {"seen_on": "2025-05-20", "seen_use": "out_of_use" if truth[row["building_id"]] else "in_use"}
    # Who stood there earlier, on another list, saw the opposite of it.
    earlier = a_list(own_home, seed="other")
    opposite = {"in_use": "out_of_use", "out_of_use": "in_use"}
    seen = {row["building_id"]: row["seen_use"] for row in rows}
    again = [row for row in listed(earlier) if row["building_id"] in seen]
    fill(earlier, [row | {"seen_on": "2025-03-01", "seen_use": opposite[seen[row["building_id"]]]} for row in again])
    assert take(own_home, earlier).taken == len(again) > 0
    fill(path, rows)
    gone = one(
        own_home, f"SELECT building_id FROM layer.building WHERE audience = 'public' AND building_id IN {tuple(seen)}"
    )
    assert add_objections(NAME, own_home.space, [gone], TODAY) == [gone]
    before = scores(own_home, "city")
    public = scores(own_home, "public")
    taken = take(own_home, path)
    assert (taken.rows, taken.taken, taken.wrong, taken.empty) == (12, 12, 0, 0)
    run(own_home)
    after = scores(own_home, "city")
    for row in rows:
        was, (now, band) = before[row["building_id"]], after.get(row["building_id"], (0.0, "unknown"))
        if truth[row["building_id"]]:
            assert now > was[0]
            assert band in ("likely", "confirmed")
        else:
            assert now < was[0]
    assert scores(own_home, "public") == {name: score for name, score in public.items() if name != gone}
    assert one(own_home, "SELECT count(*) FROM evidence.item WHERE feed = 'field_checks'") == 12
    said = own_home.onbenut("explain", NAME, rows[0]["building_id"])
    assert "seen on the spot" in said.stdout
    assert "field_checks" in own_home.onbenut("status", NAME).stdout
    assert [
        feed["note"] for feed in json.loads(own_home.onbenut("status", NAME, "--json").stdout)["feeds"] if feed["note"]
    ] == []


def scores(home: Home, audience: str) -> dict[str, tuple[float, str]]:
    query = f"SELECT building_id, underuse_probability, underuse_band FROM layer.building WHERE audience = '{audience}'"
    with connect(home.space.warehouse(NAME), read_only=True, spatial=False) as con:
        return {row[0]: (row[1], row[2]) for row in con.execute(query).fetchall()}


def test_a_second_import_adds_nothing_and_a_later_visit_replaces_an_earlier_one(own_home: Home) -> None:
    path = a_list(own_home)
    row = listed(path)[0]
    fill(path, [row | {"seen_on": "2025-05-01", "seen_use": "partly", "share_empty": "0.4"}])
    assert (take(own_home, path).taken, take(own_home, path).known) == (1, 1)
    folder = own_home.space.fieldwork(NAME)
    before = {name: (folder / name).read_bytes() for name in ("checks.csv", "evidence.csv")}
    take(own_home, path)
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert b"field_check_partly" in before["evidence.csv"]
    fill(path, [row | {"seen_on": "2025-05-09", "seen_use": "in_use"}])
    assert take(own_home, path).taken == 1
    # An older sheet that comes in last does not undo what was seen since, nor does a visit that saw nothing.
    fill(path, [row | {"seen_on": "2025-04-09", "seen_use": "out_of_use"}])
    take(own_home, path)
    fill(path, [row | {"seen_on": "2025-05-30", "seen_use": "not_seen"}])
    take(own_home, path)
    assert [line.split(",")[1] for line in (folder / "evidence.csv").read_text().splitlines()] == [
        "kind",
        "field_check_in_use",
    ]
    assert len((folder / "checks.csv").read_text().splitlines()) == 5


BAD = {
    "a formula": ({"note": "=cmd|' /C calc'!A0"}, "note"),
    "a cell of a megabyte less": ({"note": "x" * 90_000}, "note"),
    "a share of 1.4": ({"share_empty": "1.4"}, "share_empty"),
    "a share that is no number": ({"share_empty": "half"}, "share_empty"),
    "a share that is none": ({"share_empty": "nan"}, "share_empty"),
    "a share against the use": ({"share_empty": "1", "seen_use": "in_use"}, "share_empty"),
    "a day to come": ({"seen_on": "2999-06-02"}, "seen_on"),
    "no day": ({"seen_on": "31/02/2025"}, "seen_on"),
    "no day at all": ({"seen_on": ""}, "seen_on"),
    "another word": ({"seen_use": "leegstaand"}, "seen_use"),
    "no word": ({"seen_use": ""}, "seen_use"),
    "another building": ({"building_id": "grb:1"}, "building_id"),
    "no building": ({"building_id": ""}, "building_id"),
    "another row": ({"row_id": "4711"}, "row_id"),
    "another list": ({"list_id": f"{NAME}-2025-06-01-00000000"}, "list_id"),
    "a list outside": ({"list_id": f"{NAME}-../../../../etc/passwd"}, "list_id"),
    "a photograph outside": ({"photo": "../../etc/passwd.jpg"}, "photo"),
    "a telephone number": ({"note": "bel 0470 12 34 56"}, "note"),
    "mail": ({"note": "iemand@example.org vraagt uitleg"}, "note"),
    "an objection that is neither": ({"objection": "misschien"}, "objection"),
    "access by a window": ({"access": "'); DROP TABLE log; --"}, "access"),
}  # fmt: skip


def test_every_bad_row_of_a_hostile_file_is_named_and_no_other_is_lost(own_home: Home, tmp_path: Path) -> None:
    rows = [row for seed in ("a", "b", "c") for row in listed(a_list(own_home, 12, 1, seed))]
    assert len(rows) > len(BAD)
    good = {
        "seen_on": "2025-05-20",
        "seen_use": "partly",
        "share_empty": "0,5",
        "access": "street",
        "note": "",
        "photo": "DCIM/gevel 1.jpg",
    }
    path = tmp_path / "lijst.csv"
    with path.open("w", encoding="cp1252", newline="") as file:
        writer = csv.DictWriter(file, HEAD.split(","), extrasaction="ignore")
        writer.writeheader()
        bad = [row | good | wrong for row, (wrong, _) in zip(rows, BAD.values(), strict=False)]
        writer.writerows([*bad, *(row | good | {"note": "façade hersteld"} for row in rows[len(bad) :])])
    done = own_home.onbenut("fieldcheck", "import", path)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    with (tmp_path / "lijst.csv.errors.csv").open(encoding="utf-8-sig", newline="") as file:
        faults = list(csv.DictReader(file, delimiter=";"))
    assert all(fault["what"] and fault["next_step"] for fault in faults)
    told = {int(fault["row"]): fault["column"] for fault in faults}
    assert told == {line: column for line, (_, column) in enumerate(BAD.values(), 2)}
    assert not any(fault["value"].startswith("=") for fault in faults)
    log = (own_home.space.fieldwork(NAME) / "checks.csv").read_text(encoding="utf-8")
    assert len(log.splitlines()) == 1 + len(rows) - len(BAD)
    assert "façade hersteld" in log
    assert objected(NAME, own_home.space) == frozenset()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"<html><body>no</body></html>", "HTML"),
        (b"SQLite format 3\x00" + b"\xff" * 5000, "no layer"),
        (b"a,b\n1,2\n", "column of a field list is missing"),
        (HEAD.encode() + b'\n"never closed,1,2\n', "cut into fields"),
        (HEAD.encode() + b"\n", "does not say of which city"),
    ],
)
def test_what_is_no_list_is_one_line_and_takes_nothing(
    own_home: Home, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(OnbenutError, match=said):
        take(own_home, tmp_path / "x.csv")
    assert not (own_home.space.fieldwork(NAME) / "checks.csv").exists()


def test_who_objects_is_gone_from_export_dossier_and_service_before_any_run(own_home: Home, tmp_path: Path) -> None:
    space = own_home.space
    app = Client(
        LayerApplication(
            space.outputs / NAME, NAME, "http://localhost", is_public=True, withheld=lambda: objected(NAME, space)
        )
    )
    gone = one(
        own_home,
        "SELECT building_id FROM layer.building WHERE audience = 'public' AND site_id IS NOT NULL ORDER BY priority_rank",
    )
    site = one(own_home, f"SELECT site_id FROM layer.building WHERE audience = 'public' AND building_id = '{gone}'")
    address = f"/collections/buildings/items/{gone}?f=json"
    assert app.get(address).status_code == 200
    path = a_list(own_home, 2000)
    row = next(row for row in listed(path) if row["building_id"] == gone)
    # Even where the rest of the row is wrong.
    edit(path, "UPDATE checks SET objection = 'yes', seen_use = 'nonsense' WHERE row_id = ?", [row["row_id"]])
    assert take(own_home, path).objections == [gone]
    assert app.get(address).status_code == 404
    assert gone not in app.get("/collections/pins/items?f=json&limit=5000").text
    for suffix in (".gpkg", ".csv", ".geojson"):
        assert own_home.onbenut("export", NAME, "--to", tmp_path / f"x{suffix}").returncode == 0
        assert gone.encode() not in (tmp_path / f"x{suffix}").read_bytes(), suffix
        assert site.encode() not in (tmp_path / f"x{suffix}").read_bytes(), suffix
    refused = own_home.onbenut("dossier", NAME, gone, "--to", tmp_path / "x.html")
    assert (refused.returncode, "objected" in refused.stderr) == (1, True)
    assert own_home.onbenut("export", NAME, "--to", tmp_path / "city.csv", "--audience", "city").returncode == 0
    assert gone.encode() in (tmp_path / "city.csv").read_bytes()


def test_an_objection_by_telephone_needs_no_list(own_home: Home) -> None:
    gone = one(own_home, "SELECT building_id FROM layer.building WHERE audience = 'public' ORDER BY priority_rank")
    done = own_home.onbenut("object", NAME, gone.removeprefix("grb:"))
    assert done.returncode == 0, done.stderr
    assert f"onbenut run {NAME} --offline" in done.stdout
    assert objected(NAME, own_home.space) == objected(f"{NAME}~mine", own_home.space) == {gone}
    (own_home.space.fieldwork(NAME) / "objections.csv").write_text("naam\niemand\n")
    assert own_home.onbenut("export", NAME, "--to", own_home.path / "x.csv").returncode == 1


def test_the_name_of_the_houses_own_feed_is_taken(own_home: Home) -> None:
    own_home.city.write_text(own_home.city.read_text().replace("[feeds.observations", "[feeds.field_checks"))
    with pytest.raises(CityFileError, match="house's own"):
        find_city(NAME, own_home.space)


def test_a_list_is_never_written_over(own_home: Home, tmp_path: Path) -> None:
    to = tmp_path / "mine.gpkg"
    assert own_home.onbenut("fieldlist", NAME, "--to", to).returncode == 0
    before = to.read_bytes()
    again = own_home.onbenut("fieldlist", NAME, "--to", to)
    assert (again.returncode, "never written over" in again.stderr) == (1, True)
    assert to.read_bytes() == before
    assert validate(to) == (0, "")


_PROBE = """
import json, sys
from qgis.core import QgsApplication, QgsVectorLayer
app = QgsApplication([], False); app.initQgis()
layer = QgsVectorLayer(sys.argv[1] + "|layername=checks", "checks", "ogr")
form = layer.editFormConfig()
fields = [layer.fields().at(i) for i in range(layer.fields().count())]
print(json.dumps({"widgets": {f.name(): f.editorWidgetSetup().type() for f in fields},
    "words": {f.name(): [list(p.values())[0] for p in f.editorWidgetSetup().config().get("map", [])] for f in fields},
    "closed": [f.name() for i, f in enumerate(fields) if form.readOnly(i)], "tabs": [t.name() for t in form.tabs()],
    "rules": layer.renderer().type(), "edits": layer.startEditing(), "title": layer.displayExpression(),
    "alias": {f.name(): f.alias() for f in fields}}))
"""


def test_qgis_opens_the_list_with_a_form_to_fill_in(own_home: Home, tmp_path: Path) -> None:
    if not _has("qgis.core"):
        pytest.skip("no PyQGIS: install the Debian package python3-qgis")
    path = a_list(own_home)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    env = {**kept, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        [PYTHON, "-c", _PROBE, str(path)], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["edits"]
    assert said["widgets"]["seen_use"] == said["widgets"]["access"] == "ValueMap"
    assert (said["widgets"]["seen_on"], said["widgets"]["photo"]) == ("DateTime", "ExternalResource")
    assert said["words"]["seen_use"] == ["in_use", "partly", "out_of_use", "gone", "not_seen"]
    assert {"list_id", "row_id", "building_id", "inclusion_probability"} <= set(said["closed"])
    assert not {"seen_on", "seen_use", "share_empty", "note", "photo", "objection"} & set(said["closed"])
    assert (said["tabs"], said["rules"]) == (["Bezoek", "Sleutels"], "RuleRenderer")
    assert "geen namen" in said["alias"]["note"]
