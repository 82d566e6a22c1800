"""The questions of docs/queries.md, and ways to ask them that know nothing of the project."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.workspace import CHECKOUT

PAGE = CHECKOUT / "docs" / "queries.md"
CLI = Path(sys.executable).with_name("duckdb")
NO_EXTENSION = "SET autoinstall_known_extensions = false; SET autoload_known_extensions = false;"
# What only the extension `spatial` has, of the functions of the page.
_SPATIAL = re.compile(r"\bST_(DWithin|Distance|Area|Intersects|Transform)\b")
_QUESTION = re.compile(r"^### (\d+)\. (.+?)\n\n(.+?)\n\n```sql\n(.+?)\n```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Question:
    """One question: its number, heading, how to read the answer, and the query."""

    number: int
    title: str
    reading: str
    sql: str

    @property
    def is_spatial(self) -> bool:
        """Whether it needs the extension."""
        return bool(_SPATIAL.search(self.sql))


def read_page() -> dict[int, Question]:
    """All questions of the page by number."""
    found = _QUESTION.findall(PAGE.read_text(encoding="utf-8"))
    return {int(number): Question(int(number), *rest) for number, *rest in found}


def linked_packages(folder: Path, *names: str) -> Path:
    """A folder with nothing but these installed packages in it, for a Python that shall see no others."""
    folder.mkdir(exist_ok=True)
    installed = Path(duckdb.__file__).parents[1]
    for name in names:
        for pattern in (name, f"{name}.*", f"{name}-*.dist-info"):
            for path in installed.glob(pattern):
                (folder / path.name).symlink_to(path)
    return folder


def call(*words: object, stdin: str = "", env: dict[str, str], cwd: Path) -> str:
    """What a program prints; it must end well and say nothing on stderr."""
    done = subprocess.run(
        [str(word) for word in words], input=stdin, env=env, cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr or done.stdout
    assert not done.stderr, done.stderr
    return done.stdout
