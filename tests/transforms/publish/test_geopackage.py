"""The GeoPackage, opened again with the readers its users have."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import geopandas
import pyogrio
import pytest

from sources._kit.errors import PublishError
from transforms.publish.publish import publish_city
from transforms.publish.qgis.fields import NULL_VALUE

CRS = "EPSG:31370"
TABLES = ("evidence", "reuse", "sources", "changes", "codes", "dictionary", "run")
BANDS = {"confirmed": "bevestigd", "likely": "waarschijnlijk", "signal": "signaal", "unknown": "onbekend"}


@pytest.fixture(params=["gent.gpkg", "gent_city.gpkg"])
def path(published: Path, request: pytest.FixtureRequest) -> Path:
    return published / str(request.param)


@pytest.fixture
def db(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        yield connection


def test_file_says_it_is_a_geopackage_and_is_whole(db: sqlite3.Connection) -> None:
    assert db.execute("PRAGMA application_id").fetchone()[0] == int.from_bytes(b"GPKG", "big")
    assert db.execute("PRAGMA user_version").fetchone()[0] == 10300
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    assert names >= {
        "gpkg_spatial_ref_sys", "gpkg_contents", "gpkg_geometry_columns", "gpkg_extensions",
        "gpkg_data_columns", "gpkg_data_column_constraints", "layer_styles",
        "rtree_buildings_geom", "rtree_sites_geom", "rtree_pins_geom",
    }  # fmt: skip


def test_layers_have_one_geometry_type_and_the_citys_crs(path: Path) -> None:
    layers = dict(pyogrio.list_layers(path))
    assert layers["buildings"] == "MultiPolygon"
    assert layers["sites"] == "MultiPolygon"
    assert layers["pins"] == "Point"
    assert {name for name, kind in layers.items() if kind is None} >= {*TABLES, "layer_styles"}
    for name in ("buildings", "pins"):
        frame = geopandas.read_file(path, layer=name)
        assert frame.crs.to_epsg() == 31370
        assert len(frame) == (200 if "city" in path.name else 180)
        assert set(frame.geom_type) == {"MultiPolygon" if name == "buildings" else "Point"}


def test_pins_lie_inside_their_buildings_and_holes_survive(path: Path) -> None:
    buildings = geopandas.read_file(path, layer="buildings").set_index("building_id")
    pins = geopandas.read_file(path, layer="pins").set_index("building_id")
    assert buildings.contains(pins.geometry.reindex(buildings.index)).all()
    odd = buildings.geometry["grb:0000001"]
    assert [len(part.interiors) for part in sorted(odd.geoms, key=lambda part: -part.area)] == [1, 0]
    assert odd.area == pytest.approx(20 * 20 - 6 * 6 + 8 * 8)


def test_sites_are_whole_unique_and_lie_where_their_buildings_lie(path: Path) -> None:
    buildings, sites = (geopandas.read_file(path, layer=layer) for layer in ("buildings", "sites"))
    assert len(sites) == 10
    assert sites.crs.to_epsg() == 31370
    assert sites["site_id"].is_unique
    wanted = buildings.dropna(subset="site_id").dissolve("site_id").area.to_dict()
    assert sites.set_index("site_id").area.to_dict() == pytest.approx(wanted)


def test_rows_come_by_rank_then_id_and_unranked_last(db: sqlite3.Connection) -> None:
    rows = db.execute("SELECT priority_rank, building_id FROM buildings ORDER BY fid").fetchall()
    assert rows == sorted(rows, key=lambda row: (row[0] is None, row[0] or 0, row[1]))
    assert rows[0][0] == 1
    assert rows[-1][0] is None
    assert [row[0] for row in db.execute("SELECT fid FROM buildings ORDER BY fid")] == list(range(1, len(rows) + 1))


def test_every_value_and_every_null_is_the_layers_own(
    db: sqlite3.Connection, path: Path, unchanged: duckdb.DuckDBPyConnection
) -> None:
    audience = "city" if "city" in path.name else "public"
    names = [row[1] for row in db.execute("PRAGMA table_info(buildings)") if row[1] not in ("fid", "geom")]
    assert "audience" not in names
    wanted = unchanged.execute(
        f"SELECT {', '.join(names)} FROM layer.building WHERE audience = ? ORDER BY building_id", [audience]
    ).fetchall()
    found = db.execute(f"SELECT {', '.join(names)} FROM buildings ORDER BY building_id").fetchall()
    as_text = [tuple(v.isoformat() if hasattr(v, "isoformat") else v for v in row) for row in wanted]
    assert found == as_text
    nulls = sum(value is None for row in found for value in row)
    assert nulls > 5 * len(found)  # the made-up layer has many; none may have become 0 or ''


def test_attribute_tables_hold_their_audiences_rows(
    db: sqlite3.Connection, path: Path, unchanged: duckdb.DuckDBPyConnection
) -> None:
    audience = "city" if "city" in path.name else "public"
    wanted = unchanged.execute("SELECT count(*) FROM layer.evidence WHERE audience = ?", [audience]).fetchall()
    assert db.execute("SELECT count(*) FROM evidence").fetchall() == wanted
    row = db.execute("SELECT weight, observed_on, fetched_at, tags FROM evidence WHERE weight IS NOT NULL").fetchone()
    assert row == (6.5, "2026-02-03", "2026-02-03T04:05:06.000Z", '["a","b"]')
    assert db.execute("SELECT count(*) FROM evidence WHERE weight IS NULL").fetchone()[0] > 0
    assert db.execute("SELECT count(*) FROM changes").fetchone()[0] == 0
    assert dict(db.execute("SELECT key, value FROM run"))["as_of"] == "2026-03-02"
    kinds = dict(db.execute("SELECT table_name, data_type FROM gpkg_contents"))
    assert {kinds[name] for name in (*TABLES, "layer_styles")} == {"attributes"}


def test_a_source_for_the_city_is_named_to_the_city_only(db: sqlite3.Connection, path: Path) -> None:
    feeds = {row[0] for row in db.execute("SELECT feed FROM sources")}
    texts = "".join(row[0] for row in db.execute("SELECT description FROM gpkg_contents"))
    assert feeds == ({"grb", "osm", "lijst"} if "city" in path.name else {"grb", "osm"})
    assert ("Interne lijst" in texts) == ("city" in path.name)


def test_every_column_has_title_and_description(db: sqlite3.Connection) -> None:
    told = {
        (row[0], row[1]): row[2:]
        for row in db.execute("SELECT table_name, column_name, title, description FROM gpkg_data_columns")
    }
    layers = ("buildings", "sites", "pins", *TABLES)
    columns = {
        (layer, row[1]) for layer in layers for row in db.execute(f"PRAGMA table_info({layer})") if row[1] != "fid"
    }
    assert set(told) == columns
    assert told["buildings", "name"] == ("NL name", "betekenis van name / meaning of name")
    assert told["pins", "footprint_m2"] == ("NL footprint_m2", "meaning of footprint_m2 [m2]")
    assert set(db.execute("SELECT table_name, column_name FROM dictionary")) == columns
    assert db.execute("SELECT unit FROM dictionary WHERE column_name = 'name'").fetchone() == (None,)
    extended = db.execute("SELECT table_name, scope FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'")
    assert set(extended) == {
        ("gpkg_data_columns", "read-write"),
        ("gpkg_data_column_constraints", "read-write"),
    }


def test_gdal_knows_the_bands_by_their_words(db: sqlite3.Connection) -> None:
    rows = db.execute(
        "SELECT value, c.description FROM gpkg_data_column_constraints AS c "
        "JOIN gpkg_data_columns USING (constraint_name) "
        "WHERE constraint_type = 'enum' AND table_name = 'buildings' AND column_name = 'underuse_band'"
    )
    assert dict(rows) == {value: f"{word} / {value}" for value, word in BANDS.items()}


def test_a_value_that_is_on_no_list_is_told_and_nothing_is_written(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    layer.execute("UPDATE layer.building SET type = 'ziggurat' WHERE building_id = 'grb:0000003'")
    with pytest.raises(PublishError) as error:
        publish_city(layer, "gent", CRS, tmp_path)
    for told in ("column type", "ziggurat", "transforms/layer/code.sql"):
        assert told in str(error.value)
    assert not (tmp_path / "gent").exists()


def test_contents_say_what_and_when_and_never_the_wall_clock(db: sqlite3.Connection) -> None:
    rows = db.execute("SELECT identifier, description, last_change FROM gpkg_contents").fetchall()
    assert len(rows) == 11
    assert {row[2] for row in rows} == {"2026-03-02T00:00:00.000Z"}
    assert all(row[0].startswith("gent") and " / " in row[1] for row in rows)
    assert sum("© OpenStreetMap contributors" in row[1] for row in rows) == 3
    assert set(db.execute("SELECT update_time FROM layer_styles")) == {("2026-03-02T00:00:00.000Z",)}


def test_each_layer_opens_with_exactly_one_default_style(db: sqlite3.Connection) -> None:
    rows = db.execute(
        "SELECT f_table_name, f_geometry_column, sum(useAsDefault), count(*) FROM layer_styles GROUP BY 1, 2"
    )
    assert set(rows) == {("buildings", "geom", 1, 2), ("sites", "geom", 1, 2), ("pins", "geom", 1, 2)}
    names = {row[0] for row in db.execute("SELECT styleName FROM layer_styles WHERE useAsDefault")}
    assert names == {"onbenut (Nederlands)"}
    # QGIS looks the style up with these two empty, not NULL.
    assert set(db.execute("SELECT f_table_catalog, f_table_schema FROM layer_styles")) == {("", "")}


def test_qml_has_classes_outlines_labels_aliases_and_words(db: sqlite3.Connection) -> None:
    roots = {
        layer: ElementTree.fromstring(qml)
        for layer, qml in db.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault")
    }
    for layer, root in roots.items():
        rules = {rule.get("label"): rule for rule in root.iter("rule") if rule.get("symbol")}
        assert len(rules) == 10  # five classes, grey, three sure outlines and one unsure (`onbekend` fills by ELSE)
        assert len(root.findall("./renderer-v2/symbols/symbol")) == 10
        assert {rule.get("symbol") for rule in rules.values()} == {str(i) for i in range(10)}
        assert set(BANDS.values()) <= set(rules)
        aliases = {alias.get("field"): alias.get("name") for alias in root.iter("alias")}
        columns = {row[1] for row in db.execute(f"PRAGMA table_info({layer})")} - {"fid", "geom"}
        assert aliases == {column: f"NL {column}" for column in columns}
        listed = root.findall(
            ".//field[@name='underuse_band']/editWidget[@type='ValueMap']//Option[@name='map']/Option/Option"
        )
        words = {option.get("value"): option.get("name") for option in listed}
        assert words == {**BANDS, NULL_VALUE: "onbekend"}
    rendering = roots["buildings"].find("./labeling/settings/rendering")
    text = roots["buildings"].find("./labeling/settings/text-style")
    assert rendering is not None
    assert text is not None
    assert (rendering.get("scaleVisibility"), rendering.get("scaleMax")) == ("1", "5000")
    assert text.get("fieldName") == 'coalesce("name", "type_label")'


def test_classes_share_no_building_and_leave_none_out(db: sqlite3.Connection) -> None:
    """QGIS's filters are SQL enough for SQLite to be the judge."""
    (qml,) = db.execute("SELECT styleQML FROM layer_styles WHERE f_table_name = 'buildings'").fetchone()
    fill = ElementTree.fromstring(qml).findall("./renderer-v2/rules/rule")[0]
    filters = [rule.get("filter") or "" for rule in fill]
    assert filters.count("ELSE") == 1
    per_class = [f"coalesce(({condition}), 0)" for condition in filters if condition != "ELSE"]
    hits = dict(db.execute(f"SELECT {' + '.join(per_class)} AS hits, count(*) FROM buildings GROUP BY 1"))
    assert set(hits) == {0, 1}
    (unknown,) = db.execute(
        "SELECT count(*) FROM buildings WHERE underuse_band = 'unknown' OR priority_score IS NULL"
    ).fetchone()
    assert hits[0] == unknown


def test_sld_is_well_formed_and_has_the_same_classes(db: sqlite3.Connection) -> None:
    se = "{http://www.opengis.net/se}"
    for layer, sld in db.execute("SELECT f_table_name, styleSLD FROM layer_styles"):
        root = ElementTree.fromstring(sld.encode())
        rules = list(root.iter(f"{se}Rule"))
        assert len(rules) == (10 if layer == "pins" else 12)
        scales = {scale.text for scale in root.iter(f"{se}MaxScaleDenominator")}
        assert scales == (set() if layer == "pins" else {"5000", "12000"})
        fills = {node.text for node in root.iter(f"{se}SvgParameter") if node.get("name") == "fill"}
        assert "#c6c6c6" in fills


def test_equal_input_gives_equal_bytes(published: Path, unchanged: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    again = publish_city(unchanged, "gent", CRS, tmp_path)
    assert again.keys() == {path.name for path in published.iterdir()}
    for name, path in again.items():
        assert path.read_bytes() == (published / name).read_bytes(), name


def test_the_order_of_the_rows_in_the_warehouse_does_not_matter(
    published: Path, layer: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    layer.execute("CREATE OR REPLACE TABLE layer.building AS SELECT * FROM layer.building ORDER BY hash(building_id)")
    layer.execute("CREATE OR REPLACE TABLE layer.evidence AS SELECT * FROM layer.evidence ORDER BY hash(building_id)")
    for name, path in publish_city(layer, "gent", CRS, tmp_path).items():
        assert path.read_bytes() == (published / name).read_bytes(), name
