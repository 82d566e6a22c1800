from pathlib import Path

import geopandas
import pytest
import shapely

from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from tests.conftest import RunCity


def bounded(files: Path, tmp_path: Path, name: str) -> Path:
    text = files.read_text().replace('path = "', f'path = "{files.parent}/')
    for folder in ("grb", "elevation"):
        text = text.replace(f'= "{folder}/', f'= "{files.parent}/{folder}/')
    path = tmp_path / "voorbeeldstad.toml"
    path.write_text(text.replace("[feeds.osm]", f'boundary = "{name}"\n\n[feeds.osm]', 1))
    return path


def test_what_lies_outside_the_boundary_is_a_counted_reject(
    voorbeeldstad: RunCity, voorbeeldstad_files: Path, tmp_path: Path
) -> None:
    x = voorbeeldstad.one("SELECT median(ST_X(point)) FROM core.building")
    half = shapely.box(0, 0, x, 400000)
    geopandas.GeoDataFrame(geometry=[half], crs=31370).to_crs(4326).to_file(tmp_path / "half.geojson")
    space = Workspace(tmp_path / "home")
    outcome = run_city(load_city(bounded(voorbeeldstad_files, tmp_path, "half.geojson"), space.cities), space)
    with connect(outcome.warehouse, read_only=True) as con:
        kept = con.execute("SELECT count(*), max(ST_XMin(geom)) FROM staging.footprint").fetchone()
        out = con.execute(
            "SELECT count(*) FROM staging.reject WHERE reason = 'outside the area of interest' AND table_name = 'staging.footprint'"
        ).fetchone()
    assert kept is not None
    assert out is not None
    total = voorbeeldstad.one("SELECT count(*) FROM staging.footprint")
    assert kept[0] + out[0] == total
    assert 0.4 * total < kept[0] < 0.6 * total
    assert kept[1] <= x + 1


def test_a_boundary_that_is_not_there_is_a_named_error(voorbeeldstad_files: Path, tmp_path: Path) -> None:
    space = Workspace(tmp_path / "home")
    with pytest.raises(OnbenutError, match="no such boundary file"):
        run_city(load_city(bounded(voorbeeldstad_files, tmp_path, "nothing.geojson"), space.cities), space)
