"""The swap: whole old set or whole new set, whatever happens."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import duckdb
import geopandas
import pytest

from sources._kit.errors import PublishError
from transforms.publish.publish import publish_city
from transforms.publish.staging import new_set

CRS = "EPSG:31370"
PUBLIC = ["adverts.schema.json", "changes.schema.json", "dcat.jsonld", "dictionary.csv", "dictionary.html", "gent.gpkg", "gent.parquet", "gent_changes.json",
          "gent_matches.json", "gent_pins.geojson", "map.html", "matches.schema.json", "pins.schema.json"]  # fmt: skip
FILES = sorted([*PUBLIC, "dcat_city.jsonld", "gent_city.gpkg", "gent_city.parquet", "map_city.html"])


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_set_has_all_files_behind_a_relative_link(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    paths = publish_city(layer, "gent", CRS, tmp_path)
    assert sorted(paths) == FILES == sorted(_contents(tmp_path / "gent"))
    assert all(path == tmp_path / "gent" / name for name, path in paths.items())
    assert not (tmp_path / "gent").readlink().is_absolute()
    moved = tmp_path.rename(tmp_path.with_name("elsewhere"))
    assert sorted(_contents(moved / "gent")) == FILES


def test_public_alone_has_no_city_file(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    publish_city(layer, "gent", CRS, tmp_path, ("public",))
    assert sorted(_contents(tmp_path / "gent")) == PUBLIC


def test_a_reader_with_the_old_file_open_keeps_it(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = publish_city(layer, "gent", CRS, tmp_path)["gent.gpkg"]
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        first = reader.execute("SELECT count(*) FROM buildings").fetchone()
        layer.execute("DELETE FROM layer.building WHERE building_id < 'grb:0000100'")
        for _night in range(3):  # even after its set has been removed
            publish_city(layer, "gent", CRS, tmp_path)
            assert reader.execute("SELECT count(*) FROM buildings").fetchone() == first == (180,)
            assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("SELECT count(*) FROM buildings").fetchone() == (90,)


def test_two_sets_are_kept(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for night in ("n1", "n2", "n3"):
        layer.execute("UPDATE layer.run SET value = ? WHERE key = 'run_id'", [night])
        publish_city(layer, "gent", CRS, tmp_path)
    assert sorted(path.name for path in (tmp_path / ".gent").iterdir()) == ["n2", "n3"]
    assert (tmp_path / "gent").resolve().name == "n3"


def test_the_same_run_may_be_published_again(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    publish_city(layer, "gent", CRS, tmp_path)
    before = _contents(tmp_path / "gent")
    publish_city(layer, "gent", CRS, tmp_path)
    assert _contents(tmp_path / "gent") == before


def test_a_reader_never_finds_nothing_or_half(tmp_path: Path) -> None:
    """One process swaps as fast as it can while this one looks."""
    script = f"""
        from pathlib import Path
        from transforms.publish.staging import new_set
        for night in range(300):
            with new_set(Path({str(tmp_path)!r}), "gent", f"n{{night}}") as folder:
                for name in ("a", "b"):
                    (folder / name).write_text(str(night))
    """
    with new_set(tmp_path, "gent", "first") as folder:
        for name in ("a", "b"):
            (folder / name).write_text("-1")
    looks = 0
    seen = set()
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)]) as process:
        while process.poll() is None:
            directory = os.open(tmp_path / "gent", os.O_RDONLY)
            try:
                texts = [_read_at(directory, name) for name in ("a", "b")]
            except FileNotFoundError:
                texts = []  # two nights went by between our two steps; the next look finds the new set
            finally:
                os.close(directory)
            assert (tmp_path / "gent").exists()
            if texts:
                assert texts[0] == texts[1]
                seen.add(texts[0])
                looks += 1
    assert process.returncode == 0
    assert looks > 50
    assert len(seen) > 5


def _read_at(directory: int, name: str) -> str:
    with open(name, opener=lambda path, flags: os.open(path, flags, dir_fd=directory), encoding="utf-8") as file:
        return file.read()


def test_what_a_killed_process_left_is_removed(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "gent.next-999999").mkdir()
    (tmp_path / "gent.next-999999" / "gent.gpkg").write_bytes(b"half")
    publish_city(layer, "gent", CRS, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gent", "gent"]


def test_two_processes_do_not_publish_one_city_at_once(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with new_set(tmp_path, "gent", "first"), pytest.raises(PublishError, match="another run"):
        publish_city(layer, "gent", CRS, tmp_path)
    assert (tmp_path / "gent").resolve().name == "first"
    publish_city(layer, "gent", CRS, tmp_path)
    assert (tmp_path / "gent").resolve().name == "run-7"


def test_a_folder_made_by_hand_is_left_alone(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "gent").mkdir()
    (tmp_path / "gent" / "mine.txt").write_text("keep")
    with pytest.raises(PublishError, match="no run has made"):
        publish_city(layer, "gent", CRS, tmp_path)
    assert (tmp_path / "gent" / "mine.txt").read_text() == "keep"


_LIMITED = """
    import resource, sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from conftest import make_layer
    from sources._kit.errors import PublishError
    from transforms.publish.publish import publish_city
    con = make_layer(400)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
    try:
        publish_city(con, "gent", "EPSG:31370", Path({outputs!r}))
    except PublishError as error:
        print(error)
        sys.exit(3)
"""


def _publish_with_limit(outputs: Path, limit: int) -> subprocess.CompletedProcess[str]:
    script = _LIMITED.format(tests=str(Path(__file__).parent), limit=limit, outputs=str(outputs))
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("share", [0.005, 0.1, 0.3, 0.6])
def test_a_full_disk_leaves_the_old_set_whole(layer: duckdb.DuckDBPyConnection, tmp_path: Path, share: float) -> None:
    """No file may grow past a share of the largest: writing fails in the middle, as on a full disk, at different moments."""
    paths = publish_city(layer, "gent", CRS, tmp_path)
    sizes = {name: path.stat().st_size for name, path in paths.items()}
    limit = int(share * max(sizes.values()))
    file = next(name for name, size in sizes.items() if size > limit)
    before = _contents(tmp_path / "gent")
    done = _publish_with_limit(tmp_path, limit)
    assert done.returncode == 3, done.stderr
    assert f"{tmp_path}/gent/{file}" in done.stdout
    assert "Next step: see that the disk" in done.stdout
    assert _contents(tmp_path / "gent") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gent", "gent"]
    assert len(list((tmp_path / ".gent").iterdir())) == 1


def test_with_room_enough_the_limited_process_publishes(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """The counterpart, without which the tests above would pass for any crash."""
    publish_city(layer, "gent", CRS, tmp_path)
    done = _publish_with_limit(tmp_path, 50_000_000)
    assert done.returncode == 0, done.stderr
    assert len(geopandas.read_file(tmp_path / "gent" / "gent.gpkg", layer="buildings")) == 360


@pytest.fixture
def small_disk(published: Path, tmp_path: Path) -> Path:
    """A file system in which the public products have room once and a half, where the machine lets us have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    size = sum(path.stat().st_size for path in published.iterdir() if "_city" not in path.name) * 3 // 2
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine mounts nothing")
    return folder


def test_a_disk_that_is_really_full_is_called_so(layer: duckdb.DuckDBPyConnection, small_disk: Path) -> None:
    try:
        publish_city(layer, "gent", CRS, small_disk, ("public",))  # fits once, but not a second time beside itself
        before = _contents(small_disk / "gent")
        with pytest.raises(PublishError, match="the disk is full"):
            publish_city(layer, "gent", CRS, small_disk, ("public",))
        assert _contents(small_disk / "gent") == before
        assert sorted(path.name for path in small_disk.iterdir()) == [".gent", "gent"]
    finally:
        subprocess.run(["umount", small_disk], check=True)
