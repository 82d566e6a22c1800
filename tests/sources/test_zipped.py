"""A zip that is damaged, incomplete, locked or too large is refused by name, and leaves nothing behind."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile

import pytest

from sources._kit.errors import UnreadableSnapshotError
from sources._read import zipped
from sources._read.zipped import unpacked
from tests.sources.conftest import Snap, Write
from tests.sources.zips import packed

FILES = {"address.csv": "a,b\n" + "1,2\n" * 5000, "meta.csv": "x\n"}


def refused(snap: Snap, write: Write, body: bytes) -> str:
    snapshot = snap("be_enterprise", data=write("a.zip", body))
    with pytest.raises(UnreadableSnapshotError) as error, unpacked(snapshot, ("address.csv",)):
        pass
    assert list(snapshot.store.root.glob(".unpacked*")) == []
    assert "file a.zip" in str(error.value)
    return str(error.value)


def test_members_are_found_in_any_folder_and_case_and_others_stay_packed(snap: Snap, write: Write) -> None:
    names = {"Map/ADDRESS.CSV": "a", "__MACOSX/Map/._x": "b", "__MACOSX/address.csv": "c", "denomination.csv": "d"}
    snapshot = snap("be_enterprise", data=write("a.zip", packed(names)))
    with unpacked(snapshot, ("address.csv",), ("meta.csv",)) as found:
        assert {name: path.read_text() for name, path in found.items()} == {"address.csv": "a"}
        assert [path.name for path in found["address.csv"].parent.iterdir()] == ["address.csv"]
    assert not found["address.csv"].exists()


def test_a_member_that_is_missing_or_twice_is_named(snap: Snap, write: Write) -> None:
    assert "missing from the archive (member address.csv" in refused(snap, write, packed({"meta.csv": "x"}))
    twice = refused(snap, write, packed({"a/address.csv": "x", "b/address.csv": "y"}))
    assert "twice in the archive (member address.csv, value a/address.csv, b/address.csv" in twice


def test_what_is_no_zip_or_a_damaged_one_is_refused(snap: Snap, write: Write) -> None:
    body = packed(FILES)
    assert "a page of HTML" in refused(snap, write, b"<!doctype html><html><body>Meld u aan</body></html>")
    assert "no zip archive" in refused(snap, write, b"a,b\n1,2\n")
    assert "damaged" in refused(snap, write, body[: len(body) // 2])
    spoiled = bytearray(body)
    spoiled[60] ^= 0xFF
    assert "damaged" in refused(snap, write, bytes(spoiled))


def test_a_locked_member_is_refused(snap: Snap, write: Write) -> None:
    body = bytearray(packed({"address.csv": "x"}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(signature) + at] |= 1
    assert "password" in refused(snap, write, bytes(body))


def test_a_bomb_is_refused_before_it_is_unpacked(snap: Snap, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "RATIO_FROM_BYTES", 1 << 20)
    bomb = packed({"address.csv": b"\0" * (4 << 20)})
    assert len(bomb) < 1 << 14
    assert "unpacks to more than such a table" in refused(snap, write, bomb)
    monkeypatch.setattr(zipped, "RATIO_FROM_BYTES", 1 << 40)
    monkeypatch.setattr(zipped, "SIZE_MAX_BYTES", 3 << 20)
    assert "unpacks to more than such a table" in refused(snap, write, bomb)


def test_a_bomb_that_lies_about_its_size_is_not_unpacked_past_it(snap: Snap, write: Write) -> None:
    body = bytearray(packed({"address.csv": b"\0" * (4 << 20)}))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        where = body.index(signature) + at
        assert struct.unpack("<I", body[where : where + 4]) == (4 << 20,)
        body[where : where + 4] = struct.pack("<I", 100)
    assert "damaged" in refused(snap, write, bytes(body))


def test_an_archive_larger_than_the_disk_is_refused(snap: Snap, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources._kit.snapshot.Store.free_bytes", lambda _self: 1000)
    assert "no room to unpack" in refused(snap, write, packed(FILES))


def test_two_archives_are_not_one_feed(snap: Snap, write: Write) -> None:
    snapshot = snap("be_enterprise", data=[write("a.zip", packed(FILES)), write("b.zip", packed({"meta.csv": "y"}))])
    with (
        pytest.raises(UnreadableSnapshotError, match="one archive is read, not 2"),
        unpacked(snapshot, ("address.csv",)),
    ):
        pass


def test_a_name_that_climbs_out_of_the_folder_stays_in_it(snap: Snap, write: Write) -> None:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../address.csv", "x")
    snapshot = snap("be_enterprise", data=write("a.zip", out.getvalue()))
    with unpacked(snapshot, ("address.csv",)) as found:
        assert found["address.csv"].resolve().is_relative_to(snapshot.store.root.resolve())
