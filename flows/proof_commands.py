"""Other moments: an import of field checks and an export that are killed, inputs that go back, two runs at once."""

from __future__ import annotations

import csv
import os
import time
from functools import partial
from pathlib import Path

from flows.proof_kills import Night, watch
from flows.proof_town import SLUG, Town, layer, run, start


def kill_commands(night: Night, folder: Path) -> int:
    """Kill `fieldcheck import` and `export` before and after each rename, and begin each again; returns how many kills."""
    town = night.town.copy(folder / "commands")
    _end(town, ["fieldlist", SLUG, "--n", "9", "--to", str(folder / "list.gpkg")])
    _fill(folder / "list.csv", town)
    kills = 0
    for words in (
        ["fieldcheck", "import", "list.csv", "--city", SLUG],
        ["export", SLUG, "--to", "out.gpkg"],
        ["export", SLUG, "--to", "out.csv"],
    ):
        whole, log = town.copy(folder / "command"), folder / "command.renames"
        log.unlink(missing_ok=True)
        _end(whole, _in(whole, words), partial(watch, whole, 0, False, log))
        wanted = _written(whole)
        for number, name in enumerate(log.read_text(encoding="utf-8").splitlines(), 1):
            for is_after in (False, True):
                one = town.copy(folder / "command")
                where = f"{words[0]} killed {'after' if is_after else 'before'} {number} {name}"
                _, status = os.waitpid(start(one, partial(watch, one, number, is_after, None), _in(one, words)), 0)
                kills += os.WIFSIGNALED(status)
                _end(one, _in(one, words))
                if _written(one) != wanted:
                    night.wrong.append(f"{where}: begun again it wrote something else")
    return kills


def go_back(night: Night, folder: Path) -> None:
    """Kill a run between its two swaps, of the set and of the warehouse; let the next run end, on the same data and on those of before.

    On those of before the warehouse has nothing to build, and the set that is out is another than it says.
    """
    town = night.town.copy(folder / "back")
    number = next(number for number, name in enumerate(night.renames, 1) if name.startswith("replace outputs/"))
    os.waitpid(start(town, partial(watch, town, number, True, None)), 0)
    night.look(town, "killed between the swaps")
    night.recover(town.copy(folder / "recovered"), "killed between the swaps")
    town.change(1)
    run(town)
    if layer(town)["set"] != night.before["set"]:
        night.wrong.append("after a run killed between its swaps, one on the data of before left the other set out")


def run_twice(night: Night, folder: Path) -> str:
    """Two runs of one city at once; returns what the second said."""
    town = night.town.copy(folder / "twice")
    first = start(town)
    time.sleep(night.seconds / 3)
    _, status = os.waitpid(start(town, log="second"), 0)
    said = (town.space.home / "second").read_text(encoding="utf-8").strip()
    if os.waitstatus_to_exitcode(status) != 1 or "another run of this city is under way" not in said:
        night.wrong.append(f"a second run at once ended with {status}: {said[-300:]}")
    _, status = os.waitpid(first, 0)
    if status or layer(town) != night.after or town.space.failure_log(SLUG).exists():
        night.wrong.append("the first of two runs at once made another layer, or left a failure")
    return said


def _end(town: Town, words: list[str], before: partial[None] | None = None) -> None:
    _, status = os.waitpid(start(town, before or (lambda: None), words, log="command.log"), 0)
    if status:
        raise RuntimeError((town.space.home / "command.log").read_text(encoding="utf-8")[-2000:])


def _in(town: Town, words: list[str]) -> list[str]:
    return [str(town.space.home / word) if word.endswith((".csv", ".gpkg")) else word for word in words]


def _fill(path: Path, town: Town) -> None:
    """Fill in a list as a visitor does, with one objection; it lies in the home afterwards."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    for number, row in enumerate(rows):
        row |= {"seen_on": "2025-05-20", "seen_use": ("in_use", "out_of_use")[number % 2], "access": "street"}
    rows[0]["objection"] = "yes"
    with (town.space.home / "list.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def _written(town: Town) -> dict[str, bytes]:
    """What these commands write, and whatever else lies there."""
    places = [*town.space.home.glob("out.*"), *town.space.home.glob(".out*"), *town.space.fieldwork(SLUG).rglob("*")]
    return {str(path.relative_to(town.space.home)): path.read_bytes() for path in places if path.is_file()}
