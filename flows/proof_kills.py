"""Runs that are killed: at random moments, and before and after every rename; what readers find then, and what the next run makes."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flows.proof_processes import kill_after
from flows.proof_town import Layer, Town, layer, make_town, run, start

SEED = 20
_CALLS = ("rename", "replace", "symlink", "link")


@dataclass
class Night:
    """A city before a night, what readers find before it and after an undisturbed one, and what went wrong when it was killed."""

    town: Town
    before: Layer
    after: Layer
    seconds: float
    bytes_used: int
    renames: list[str]
    found: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def look(self, town: Town, where: str) -> None:
        """Note which layer readers find: set and warehouse are each the old or the new, whole."""
        try:
            seen = layer(town)
        except RuntimeError as error:
            self.wrong.append(f"{where}: readers meet an error: {error}")
            return
        said = [f"{kind} {self._age(kind, seen[kind])}" for kind in seen]
        self.found[", ".join(said)] += 1
        self.wrong += [f"{where}: {one}" for one in said if one.endswith("torn")]

    def _age(self, kind: str, seen: dict[str, str]) -> str:
        return "old" if seen == self.before[kind] else "new" if seen == self.after[kind] else "torn"

    def recover(self, town: Town, where: str) -> None:
        """Run again, undisturbed, and hold what comes out to what an undisturbed night makes."""
        began = time.monotonic()
        try:
            run(town)
            took = time.monotonic() - began
            seen = layer(town)
        except RuntimeError as error:
            self.wrong.append(f"{where}: {error}")
            return
        self.seconds = took
        for kind, known in self.after.items():
            differs = sorted(name for name in {*seen[kind], *known} if seen[kind].get(name) != known.get(name))
            if differs:
                self.wrong.append(f"{where}: the next run made another {kind}: {', '.join(differs[:5])}")
        if left := town.left_over():
            self.wrong.append(f"{where}: left over: {', '.join(left[:5])}")
        if town.bytes_used() > self.bytes_used + 65_536:
            self.wrong.append(f"{where}: {town.bytes_used()} bytes on disk instead of {self.bytes_used}")


def make_night(folder: Path) -> Night:
    """A city whose providers gave something new, and what an undisturbed run makes of that."""
    town = make_town(folder / "before")
    before = layer(town)
    town.change(8)
    whole, log = town.copy(folder / "whole"), folder / "renames"
    began = time.monotonic()
    _, status = os.waitpid(start(whole, partial(watch, whole, 0, False, log)), 0)
    if status:
        raise RuntimeError((whole.space.home / "log").read_text(encoding="utf-8")[-2000:])
    seconds = time.monotonic() - began
    renames = log.read_text(encoding="utf-8").splitlines()
    return Night(town, before, layer(whole), seconds, whole.bytes_used(), renames)


def kill_at_random(night: Night, folder: Path, kills: int) -> None:
    """Kill as many runs, each of a fresh copy, spread over the time a run takes; let each next run end."""
    draw = random.Random(SEED)  # noqa: S311 - no secret
    for number in range(kills):
        share = (number + draw.random()) / kills
        town = night.town.copy(folder / "random")
        while (took := kill_after(start(town), share * night.seconds)) is not None:
            night.seconds = took  # others use this machine: it was faster than before
            town = night.town.copy(folder / "random")
        where = f"killed after {share:.0%} of a run"
        night.look(town, where)
        night.recover(town, where)


def kill_at_renames(night: Night, folder: Path, numbers: Iterable[int]) -> None:
    """Kill a run of a fresh copy before each of these renames, and another after it; let the next run end.

    Within the store one copy serves both, so that the run after a killed one is killed too.
    """
    for number in numbers:
        in_store = "/raw/" in night.renames[number - 1]
        for is_after in (False, True):
            if not (is_after and in_store):
                town = night.town.copy(folder / "rename")
            _, status = os.waitpid(start(town, partial(watch, town, number, is_after, None)), 0)
            where = f"killed {'after' if is_after else 'before'} {number} {night.renames[number - 1]}"
            if not os.WIFSIGNALED(status):
                night.wrong.append(f"{where}: it was not reached")
            night.look(town, where)
            if is_after or not in_store:
                night.recover(town, where)


def kill_in_a_row(night: Night, folder: Path, kills: int) -> None:
    """Kill run after run of one copy, each further than the one before, then let one end: nothing must have piled up."""
    town = night.town.copy(folder / "row")
    for number in range(kills):
        kill_after(start(town), number / kills * night.seconds)
    night.recover(town, f"after {kills} kills in a row")


def watch(town: Town, number: int, is_after: bool, log: Path | None) -> None:
    """Count what this process renames in its home; end it by SIGKILL before or after the given one, or write all of them to a log."""
    count = 0

    def watched(call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def rename(source: Any, target: Any, *more: Any, **named: Any) -> Any:
            nonlocal count
            if not str(target).startswith(str(town.space.home)):
                return call(source, target, *more, **named)
            count += 1
            if log is not None:
                with log.open("a", encoding="utf-8") as stream:
                    stream.write(f"{name} {Path(target).relative_to(town.space.home)}\n")
            if count == number and not is_after:
                os.kill(os.getpid(), signal.SIGKILL)
            done = call(source, target, *more, **named)
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return rename

    for name in _CALLS:
        setattr(os, name, watched(getattr(os, name), name))
