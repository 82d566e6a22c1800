"""Bad input ends in a named error or a counted reject; the old layer stays whole, and nothing is lost."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.outcome import Outcome
from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import CityFileError, ColumnError, FetchRefusedError, OnbenutError, UnreadableSnapshotError
from sources.voorbeeldstad import make_city
from tests.conftest import LEAN


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small made-up city that was run once: its files and its home."""
    files, home = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("night")
    make_city(files, 1500, 3, LEAN)
    run_city(load_city(files / "voorbeeldstad.toml", home), Workspace(home))
    return files, home


class Night:
    """A second night on a copy of the first: spoil a file, run, look."""

    def __init__(self, files: Path, home: Path) -> None:
        self.files, self.space = files, Workspace(home)

    @property
    def city_file(self) -> Path:
        return self.files / "voorbeeldstad.toml"

    def spoil(self, name: str, change: Callable[[bytes], bytes]) -> None:
        path = self.files / name
        path.write_bytes(change(path.read_bytes()))

    def edit_city(self, old: str, new: str) -> None:
        text = self.city_file.read_text()
        assert old in text
        self.city_file.write_text(text.replace(old, new, 1))

    def run(self) -> Outcome:
        return run_city(load_city(self.city_file, self.space.cities), self.space)

    def rejects(self, outcome: Outcome) -> dict[tuple[str, str], int]:
        with connect(outcome.warehouse, read_only=True) as con:
            rows = con.execute("SELECT feed, reason, count(*) FROM staging.reject GROUP BY ALL").fetchall()
        return {(feed, reason): count for feed, reason, count in rows}

    def layer(self) -> dict[str, str]:
        folder = self.space.outputs / "voorbeeldstad"
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}

    def fresh_home(self, home: Path) -> None:
        self.space = Workspace(home)


@pytest.fixture
def night(first_night: tuple[Path, Path], tmp_path: Path) -> Night:
    files, home = first_night
    shutil.copytree(files, tmp_path / "files")
    shutil.copytree(home, tmp_path / "home", symlinks=True)
    return Night(tmp_path / "files", tmp_path / "home")


CAPAKEY = b"CapaKey"


def cut(share: float) -> Callable[[bytes], bytes]:
    return lambda body: body[: int(len(body) * share)]


HTML = b"<!DOCTYPE html><html><body>Service unavailable</body></html>"


@pytest.mark.parametrize(
    ("name", "change", "error", "says"),
    [
        ("osm.osm.pbf", cut(0.6), UnreadableSnapshotError, ("osm_extract", "voorbeeldstad")),
        ("osm.osm.pbf", lambda _: HTML, UnreadableSnapshotError, ("osm_extract", "voorbeeldstad")),
        ("register.csv", lambda _: b"", FetchRefusedError, ("vacancy_register", "voorbeeldstad", "empty")),
        ("register.csv", lambda _: HTML, UnreadableSnapshotError, ("vacancy_register", "HTML")),
        ("register.csv", lambda body: body.replace(b"reg_status", b"status", 1), ColumnError, ("reg_status", "vacancy_register")),
        ("register.csv", lambda body: body.replace(b"pnd_district_code", b"pnd_wijk", 1), ColumnError, ("pnd_wijk", "vacancy_register")),
        ("vip.xlsx", cut(0.7), UnreadableSnapshotError, ("vip_register",)),
        ("heritage.geojson", cut(0.5), UnreadableSnapshotError, ("be_heritage",)),
        ("grb/gbg_0001.json", lambda body: body.replace(b"EPSG::31370", b"EPSG::3812"), UnreadableSnapshotError, ("3812", "be_grb")),
        ("grb/adp_0001.json", lambda body: body.replace(b'"CAPAKEY"', b'"CAPA_KEY"'), ColumnError, ("be_grb", "CAPA")),
        ("addresses.parquet", cut(0.8), UnreadableSnapshotError, ("be_address",)),
    ],
)  # fmt: skip
def test_a_spoilt_file_is_a_named_error_on_the_first_night_and_a_warning_on_the_second(
    night: Night,
    tmp_path: Path,
    name: str,
    change: Callable[[bytes], bytes],
    error: type[OnbenutError],
    says: tuple[str, ...],
) -> None:
    before = night.layer()
    night.spoil(name, change)
    outcome = night.run()
    assert outcome.tables_built == 0
    assert night.layer() == before
    assert any(all(word in warning for word in says) for warning in outcome.warnings), outcome.warnings
    night.fresh_home(tmp_path / "fresh")
    with pytest.raises(error) as raised:
        night.run()
    for word in says:
        assert word in str(raised.value)
    assert "Next step" in str(raised.value)
    assert not night.space.outputs.exists()
    assert not night.space.warehouse("voorbeeldstad").exists()


def test_the_shifted_row_the_duplicate_key_and_the_two_point_ring_are_counted_rejects(night: Night) -> None:
    outcome = night.run()
    rejects = night.rejects(outcome)
    reasons = {reason for _feed, reason in rejects}
    assert any(feed == "vacancy_register" and "reg_status is empty" in reason for feed, reason in rejects)
    assert rejects["vacancy_register", "duplicate key"] > 0
    assert {"ring of two points", "ring not closed", "member ways missing", "no geometry"} <= reasons
    assert rejects["grb", "coordinate outside the area of the CRS"] > 0


def test_a_byte_order_mark_and_cp1252_change_nothing(night: Night) -> None:
    before = night.layer()
    body = (night.files / "register.csv").read_bytes()
    assert body.startswith(b"\xef\xbb\xbf")
    night.spoil("register.csv", lambda body: body.removeprefix(b"\xef\xbb\xbf").decode().encode("cp1252"))
    assert night.run().warnings == []
    pins = [name for name in before if name.endswith("_pins.geojson")]
    after = night.layer()
    assert len(pins) == 1

    def places(path: Path) -> list[object]:
        return [(f["id"], f["properties"]["underuse_band"]) for f in json.loads(path.read_text())["features"]]

    assert places(night.space.outputs / "voorbeeldstad" / pins[0])
    assert set(after) == set(before)


def test_far_fewer_rows_than_the_floor_are_refused(night: Night) -> None:
    night.spoil("register.csv", lambda body: b"\n".join(body.splitlines()[:3]) + b"\n")
    outcome = night.run()
    assert any("fewer rows than this feed must have" in warning for warning in outcome.warnings)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("nis = ", "nsi = ", ("nsi", "known keys", "nis")),
        ('source = "be_grb"', 'source = "be_gbr"', ("be_gbr", "known sources", "be_grb")),
        ("rows_min = ", "row_min = ", ("row_min", "known keys")),
        ("EPSG:31370", "EPSG:4326", ("EPSG:4326", "metres")),
        ("[feeds.osm]", "[feeds.osm", ("not TOML",)),
        ('ignore = ["pnd_district_code"', 'ignor = ["pnd_district_code"', ("ignor", "known keys")),
    ],
)
def test_a_misspelt_city_file_names_the_key_and_the_known_ones(
    night: Night, old: str, new: str, says: tuple[str, ...]
) -> None:
    before = night.layer()
    night.edit_city(old, new)
    with pytest.raises(CityFileError) as raised:
        night.run()
    for word in says:
        assert word in str(raised.value)
    assert night.layer() == before


def test_data_past_their_hard_age_publish_nothing(night: Night) -> None:
    before = night.layer()
    night.edit_city("rows_min = 100\n", "rows_min = 100\nhard_age_days = 3\n")
    with pytest.raises(OnbenutError, match="too old to publish"):
        night.run()
    assert night.layer() == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB; needs root."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_while_publishing_leaves_the_old_layer_whole(night: Night, small_disk: Path) -> None:
    outputs = night.space.outputs
    before = night.layer()
    night.edit_city("as_of = 2025-06-01", "as_of = 2025-05-30")
    # The old set moves to the small disk together with its link; the new one cannot fit beside it.
    size = sum(path.stat().st_size for path in (outputs / "voorbeeldstad").resolve().iterdir())
    subprocess.run(["mount", "-o", f"remount,size={size + 200_000}", str(small_disk)], check=True)
    shutil.copytree(outputs, small_disk, symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(outputs)
    outputs.symlink_to(small_disk)
    link = small_disk / "voorbeeldstad"
    stored = sorted((small_disk / ".voorbeeldstad").iterdir())
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(next(path for path in stored if path.is_dir()))
    warehouse = night.space.warehouse("voorbeeldstad").read_bytes()
    with pytest.raises(OnbenutError) as raised:
        night.run()
    assert "Next step" in str(raised.value)
    assert night.layer() == before
    assert night.space.warehouse("voorbeeldstad").read_bytes() == warehouse
