"""The packages of the lock: the real one, what is installed here, and locks and services that are not as they should be."""

from __future__ import annotations

import json
import stat
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

from flows.audit import NOT_ASKED, check_installed, check_licence, check_lock, main, verdict
from flows.audit_advisories import find_advisories
from flows.workspace import CHECKOUT

RULES = tomllib.loads((CHECKOUT / "ops" / "audit.toml").read_text(encoding="utf-8"))
HASH = "--hash=sha256:" + "0" * 64


def test_what_is_installed_here_is_what_the_lock_names_under_licences_on_the_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(tool=tmp_path / "absent")
    said = capsys.readouterr().err.splitlines()
    # Somebody may have put a tool of his own beside it; `make audit` in CI tells that too.
    others = [line for line in said[:-1] if not line.endswith("installed and not in the lock")]
    assert (others, status) == ([], NOT_ASKED if said[:-1] == [] else 1)
    assert said[-1].startswith("NOT AUDITED FOR KNOWN HOLES")
    assert len(list(distributions())) > 150


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        (f"a==1 {HASH}\n", []),
        (f"a==1 ; python_version < '3' \\\n    {HASH}\n    # via b\n", []),
        ("a==1\n", ["a: no hash"]),
        (f"a>=1 {HASH}\n", ["a: not pinned to one version"]),
        (f"a==1.* {HASH}\n", ["a: not pinned to one version"]),
        ("a @ file:a.whl\n", ["a: not pinned to one version"]),
        ("--find-links=elsewhere\n", ["the lock holds an option of pip: --find-links"]),
        ("-r other.txt\n", ["the lock holds an option of pip: -r"]),
    ],
)
def test_a_lock_pins_every_package_by_hash_and_leads_nowhere_else(lock: str, said: list[str]) -> None:
    assert list(check_lock(lock)) == said


def test_what_is_missing_other_or_more_than_the_lock_is_told() -> None:
    lock = f"a==1 {HASH}\nb==2 {HASH}\nc==3 ; python_version < '3' {HASH}\n"
    assert list(check_installed(lock, {"b": "2.1", "d": "4", "pip": "1"}, ["pip"])) == [
        "a: in the lock and not installed",
        "d 4: installed and not in the lock",
        "b: 2.1 is installed, the lock names 2",
    ]


@pytest.mark.parametrize(
    ("said", "is_allowed"),
    [
        (["MIT"], True),
        (["MIT License"], True),
        (["BSD-3-Clause AND 0BSD AND (MIT OR Proprietary)"], True),
        (["MIT OR GPL-3.0-only"], True),
        (["MIT AND GPL-3.0-only"], False),
        (["GPL-3.0-only AND MIT OR Apache-2.0"], True),
        (["Proprietary", "MIT License"], True),  # two classifiers are a choice
        (["AGPL-3.0-only"], False),
        (["Other/Proprietary License"], False),
        ([], False),
    ],
)
def test_a_licence_is_on_the_list_or_told(said: list[str], is_allowed: bool) -> None:
    assert (check_licence("a", said, RULES) is None) == is_allowed


def _tool(folder: Path, *answers: object) -> Path:
    """A program that answers as pip-audit was recorded to, the first time and after."""
    path = folder / "pip-audit"
    lines = [f"cat <<'X'\n{json.dumps(answer)}\nX" if answer is not None else "exit 1" for answer in answers]
    count = f'n=$(cat "{folder}/n" 2>/dev/null || echo 0); echo $((n+1)) > "{folder}/n"'
    path.write_text(f"#!/bin/sh\n{count}\nif [ $n = 0 ]; then\n{lines[0]}\nelse\n{lines[-1]}\nfi\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


KNOWN = {"dependencies": [{"name": "certifi", "version": "1", "vulns": []}], "fixes": []}
UNKNOWN = {"dependencies": [{"name": "certifi", "skip_reason": "Dependency not found"}], "fixes": []}
HOLE = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2"]}
HOLED = {"dependencies": [{"name": "requests", "version": "1", "vulns": [HOLE]}, *KNOWN["dependencies"]], "fixes": []}


@pytest.mark.parametrize(
    ("answers", "status", "said", "asked"),
    [
        ((KNOWN,), 0, "", 2),
        ((KNOWN, HOLED), 1, "requests 1: PYSEC-1, mended in 2", 2),
        ((UNKNOWN,), NOT_ASKED, "NOT AUDITED FOR KNOWN HOLES: the service knows nothing of 1 of 1", 1),
        ((KNOWN, UNKNOWN), NOT_ASKED, "NOT AUDITED FOR KNOWN HOLES", 2),
        ((KNOWN, {"dependencies": []}), NOT_ASKED, "NOT AUDITED FOR KNOWN HOLES", 2),
        ((None,), NOT_ASKED, "could not be reached", 1),
    ],
)
def test_no_answer_is_never_told_as_no_hole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answers: tuple[object, ...], status: int, said: str, asked: int
) -> None:
    found = find_advisories(_tool(tmp_path, *answers), CHECKOUT / "requirements.lock", {})
    assert verdict([], found) == status
    assert said in capsys.readouterr().err
    assert int((tmp_path / "n").read_text()) == asked
