from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine, from_origin

from sources import be_elevation
from sources._kit.errors import CityFileError, UnreadableSnapshotError
from tests.sources.conftest import Con, Shared, Snap, Write, taken_in

Tif = Callable[..., Path]


@pytest.fixture
def tif(tmp_path: Path) -> Tif:
    """Write a raster of 10 x 10 cells of 1 m; keywords replace what it says of itself."""

    def write(name: str, west: float = 100_000, north: float = 200_000, **profile: Any) -> Path:
        count = profile.get("count", 1)
        plain = {
            "driver": "GTiff", "width": 10, "height": 10, "count": count, "dtype": "float32", "nodata": -9999.0,
            "crs": "EPSG:31370", "transform": from_origin(west, north, 1, 1),
        }  # fmt: skip
        path = tmp_path / name
        with rasterio.open(path, "w", **{**plain, **profile}) as file:
            # Every tile with cells of its own: the store knows a file by its bytes.
            file.write(np.full((count, 10, 10), 5 + west % 97 + len(name), np.float32))
        return path

    return write


def test_a_tile_is_told_by_its_hash_and_never_by_its_path(snap: Snap, tif: Tif, con: Con) -> None:
    shot = snap("be_elevation", dsm=[tif("a.tif"), tif("b.tif", west=100_010)], dtm=tif("ground.tif"))
    # The terrain reaches only the first: its neighbour would have nothing under it.
    with pytest.raises(UnreadableSnapshotError, match=r"no terrain under it.*b\.tif"):
        be_elevation.parse(shot, con)
    shot = snap("be_elevation", dsm=tif("a.tif"), dtm=tif("ground.tif"))
    assert be_elevation.parse(shot, con) is None
    dsm, dtm = taken_in(con, shot, "raster")
    assert (dsm["kind"], dtm["kind"]) == ("dsm", "dtm")
    assert dsm["sha256"] == shot.parts[0].sha256
    assert (dsm["west"], dsm["south"], dsm["east"], dsm["north"]) == (100_000, 199_990, 100_010, 200_000)
    assert (dsm["crs"], dsm["cell_m"], dsm["row_count"], dsm["column_count"]) == ("EPSG:31370", 1.0, 10, 10)
    assert (dsm["nodata"], dsm["vertical_sd_m"]) == (-9999.0, 0.05)
    assert not any(str(shot.store.root) in str(value) for row in (dsm, dtm) for value in row.values())


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({"crs": None}, "the file names none"),
        ({"crs": "EPSG:3812"}, "EPSG:3812 instead of EPSG:31370"),
        ({"nodata": None}, "which value means no data"),
        ({"count": 2}, "several bands"),
        ({"transform": Affine(1, 0.2, 100_000, 0.2, -1, 200_000)}, "turned or not square"),
        ({"transform": from_origin(100_000, 200_000, 1, 2)}, "turned or not square"),
        ({"transform": from_origin(150_000, 200_000, 1, 1)}, "no terrain under it"),
    ],
)
def test_what_cannot_be_measured_is_refused_by_name(
    snap: Snap, tif: Tif, con: Con, profile: dict[str, Any], message: str
) -> None:
    shot = snap("be_elevation", dsm=tif("surface.tif", **profile), dtm=tif("ground.tif"))
    with pytest.raises(UnreadableSnapshotError, match=message) as error:
        be_elevation.parse(shot, con)
    assert "surface.tif" in str(error.value)


def test_the_city_file_may_say_what_the_file_does_not(snap: Snap, tif: Tif, con: Con) -> None:
    shot = snap(
        "be_elevation",
        crs="EPSG:31370",
        settings={"nodata": -32768.0, "vertical_sd_m": 0.2},
        dsm=tif("surface.tif", crs=None, nodata=None),
        dtm=tif("ground.tif"),
    )
    be_elevation.parse(shot, con)
    dsm, dtm = taken_in(con, shot, "raster")
    assert (dsm["nodata"], dtm["nodata"]) == (-32768.0, -9999.0)
    assert dsm["vertical_sd_m"] == 0.2


def test_tiles_off_the_common_grid_are_refused(snap: Snap, tif: Tif, con: Con) -> None:
    for other in (tif("half.tif", west=100_004.5), tif("coarse.tif", transform=from_origin(100_000, 200_000, 2, 2))):
        shot = snap("be_elevation", dsm=[tif("a.tif"), other], dtm=tif("ground.tif"))
        with pytest.raises(UnreadableSnapshotError, match="one grid"):
            be_elevation.parse(shot, con)


def test_a_surface_without_terrain_is_refused(snap: Snap, tif: Tif, con: Con) -> None:
    with pytest.raises(CityFileError, match="a surface model and a terrain model"):
        be_elevation.parse(snap("be_elevation", dsm=tif("surface.tif")), con)
    with pytest.raises(CityFileError, match="dhm"):
        be_elevation.parse(snap("be_elevation", dhm=tif("surface.tif")), con)


def test_other_files_and_files_cut_short_are_no_rasters(snap: Snap, tif: Tif, write: Write, con: Con) -> None:
    whole = tif("whole.tif").read_bytes()
    for name, content in (
        ("page.tif", b"<html>busy</html>"),
        ("cut.tif", whole[: len(whole) - 200]),
        ("none.tif", b""),
    ):
        shot = snap("be_elevation", dsm=write(name, content), dtm=tif("ground.tif"))
        with pytest.raises(UnreadableSnapshotError, match=f"not a raster.*{name}"):
            be_elevation.parse(shot, con)


def test_the_real_pair_is_read(snap: Snap, shared: Shared, con: Con) -> None:
    shot = snap("be_elevation", dsm=shared("elevation/dsm_1m.tif"), dtm=shared("elevation/dtm_1m.tif"))
    be_elevation.parse(shot, con)
    dsm, _ = taken_in(con, shot, "raster")
    assert (dsm["crs"], dsm["cell_m"], dsm["row_count"], dsm["nodata"]) == ("EPSG:31370", 1.0, 401, -9999.0)
