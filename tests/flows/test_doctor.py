"""doctor: a good machine has no fault, and each thing that is wrong is named with a next step."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from flows.doctor import examine
from tests.flows.conftest import NAME, Home


def found(home: Home) -> dict[str, Any]:
    return {one.what: one for one in examine(home.space)}


def test_a_home_that_was_run_in_has_no_fault(home: Home) -> None:
    done = home.onbenut("doctor", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["faults"]) == (0, 0), done.stdout
    whats = {one["what"] for one in said["findings"]}
    assert {
        "Python",
        "package duckdb",
        "DuckDB spatial",
        "memory",
        "clock",
        "time zone",
        "disk",
        f"warehouse {NAME}",
        f"last run of {NAME}",
    } <= whats


def test_each_fault_is_named_with_a_next_step(own_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    space = own_home.space
    space.warehouse("broken").write_bytes(b"no database" * 500)
    own_home.city.write_text(
        own_home.city.read_text(encoding="utf-8").replace("rows_min", "rows_mni", 1), encoding="utf-8"
    )
    space.failure_log(NAME).write_text(json.dumps({"at": "2025-06-01", "error": "it broke", "next_step": "mend it"}))
    left = space.home / "data" / "warehouse" / f".{NAME}.next.duckdb"
    left.write_bytes(b"x")
    old = time.time() - 200_000
    os.utime(left, (old, old))
    ahead = time.time() + 90_000
    os.utime(space.warehouse(NAME), (ahead, ahead))
    monkeypatch.setenv("ONBENUT_MEMORY", "9000GB")
    said = found(own_home)
    wrong = {what: one.state for what, one in said.items() if one.state != "good"}
    assert wrong == {
        "warehouse broken": "fault", f"city {NAME}": "fault", "memory": "warning", "clock": "fault", "left over": "warning",
        f"last run of {NAME}": "warning", "last run of broken": "warning",
    }  # fmt: skip
    assert all(said[what].next_step for what in wrong)
    monkeypatch.setenv("ONBENUT_MEMORY", "a lot")
    assert found(own_home)["memory"].state == "fault"
    done = own_home.onbenut("doctor")
    assert done.returncode == 1
    assert "rows_mni" in done.stdout


def test_a_home_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    home = Home(tmp_path / "file" / "home")
    said = found(home)
    assert said[f"folder {home.path}"].state == "fault"


def test_another_version_than_the_locks_is_a_fault(
    empty_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.lock").write_text(
        "shapely==1.0 ; python_full_version < '3' \\\npyarrow==1.0 \\\n    --hash=x\n"
    )
    monkeypatch.setattr("flows.doctor_machine.CHECKOUT", tmp_path)
    said = found(empty_home)
    assert (said["package pyarrow"].state, said["package shapely"].state) == ("fault", "good")
    assert "the lock says 1.0" in said["package pyarrow"].said
