"""Making a past night again from the snapshots it was made of: beside the city, never in its place.

`<city>~<day>` has a warehouse and products of its own. City file, decisions by hand and history are those of that night too. The code
and the numbers of data/reference are today's; whether the layer came out the same is measured, not claimed. Objections are today's on purpose.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from flows.gates.gate import Gates
from flows.gates.keep import overruled_in, put_back_overruled
from flows.gates.overrule import Overrule
from flows.gates.rules import rules_of
from flows.history_cut import cut_history
from flows.nights import Night
from flows.osm_free import free_city
from flows.outcome import FeedOutcome, Outcome, write_log
from flows.products import OsmFree, Progress, build_and_publish, build_floors, layer_fingerprint, timed
from flows.remake_differences import compare
from flows.remake_inputs import city_then, load_night, plan_night
from flows.swap import next_file, refused_by_disk
from flows.table_steps import read_plan, table_facts
from flows.workspace import EDITION, Workspace
from sources._kit.city import City
from sources._kit.duck import connect
from sources._kit.whole import put_in_place


@dataclass(frozen=True)
class _NightSpace(Workspace):
    """The same workspace, with the decisions by hand of the night, and a folder for products of its own."""

    decided: Path | None = None
    folder: str = ""

    @property
    def outputs(self) -> Path:
        # Products carry the city's name, so that their bytes are those of the night.
        return self.home / "outputs" / ".nights" / self.folder

    def decisions(self, slug: str) -> Path:
        return self.decided or self.home / "data" / "decisions" / f".{slug}.none"


def night_slug(city: str, day: date) -> str:
    """Name of a past night: `antwerpen~2026_03_01`."""
    return f"{city}~{day:%Y_%m_%d}"


def remake_night(
    city: City, space: Workspace, night: Night, *, progress: Progress = lambda _floor, _what: None
) -> Outcome:
    """Make a past night again beside the city; `made_from` of the outcome says of what, and whether it came out the same.

    Raises:
        OnbenutError: a snapshot of that night was removed, by retention or because it held personal data.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    slug = night_slug(city.slug, night.day)
    target = space.warehouse(slug)
    decided = space.store.blob(night.decisions) if night.decisions else None
    night_space = _NightSpace(space.home, space.checkout, decided, slug)
    with (
        refused_by_disk(slug, target),
        space.store.in_use(),
        next_file(target, slug, space.warehouse(city.slug)) as work,
    ):
        then = city_then(city, space, night)
        with _edition(then, night_space, night, progress) as osm_free:
            outcome = _remake(then, night_space, night, work, progress, osm_free)
        put_in_place(work, target)
        link = space.outputs / slug
        if not link.is_symlink():
            link.symlink_to(Path(".nights", slug, city.slug))
    outcome.city, outcome.warehouse, outcome.seconds = slug, target, time.perf_counter() - clock
    write_log(space, outcome, started)
    return outcome


def _remake(
    city: City, space: Workspace, night: Night, work: Path, progress: Progress, osm_free: OsmFree | None
) -> Outcome:
    seconds: dict[str, float] = {}
    con = connect(work)
    try:
        with timed(seconds, "raw"):
            loaded = load_night(con, city, space, night, progress)
        cut_history(con, night.number)
        table_plan = read_plan(city, space, night.day, loaded)
        outcome = Outcome(city.slug, night.day, str(table_plan.params["run_id"]), False, work)
        outcome.feeds = {
            item.feed: FeedOutcome(
                city.feeds[item.feed].source, item.rows, item.snapshot_on.isoformat(), item.was_parsed, None, None
            )
            for item in loaded
        }
        prints = plan_night(con, city, space, table_plan, loaded)
        outcome.made_of = table_facts(table_plan)
        overruled = overruled_in(con, outcome.run_id)
        # It passed the gates on its own night, and what was overruled then needs no second word.
        overrule = Overrule(frozenset(row["gate"] for row in overruled), "overruled on that night")
        gates = Gates(city, rules_of(city), [], overrule, is_variant=True)
        build_and_publish(
            con, city.crs, space, table_plan, prints, outcome, seconds, progress, gates, osm_free,
            lambda: put_back_overruled(con, outcome.run_id, overruled),
        )  # fmt: skip
        outcome.overruled = [f"{row['gate']}: {row['sentence']}" for row in overruled]
        said = compare(con, night, outcome.made_of)
        outcome.made_from, outcome.warnings = said[0], [*outcome.warnings, *said[1:]]
    finally:
        con.close()
    return outcome


@contextmanager
def _edition(city: City, space: Workspace, night: Night, progress: Progress) -> Iterator[OsmFree | None]:
    """The edition without OpenStreetMap of that night, for the city's set of files; its warehouse is not kept."""
    source = space.warehouse(f"{city.slug}~{EDITION}")
    if not city.osm_free or not source.exists() or (night.osm_free is None and night.is_accepted):
        yield None
        return
    free = free_city(city)
    target = space.warehouse(f"{night_slug(city.slug, night.day)}~{EDITION}")
    with next_file(target, target.stem, source) as work:
        con = connect(work)
        try:
            loaded = load_night(con, free, space, night, progress)
            cut_history(con, night.osm_free or 0)
            table_plan = read_plan(free, space, night.day, loaded, slug=source.stem)
            prints = plan_night(con, free, space, table_plan, loaded)
            build_floors(con, table_plan, prints, {}, lambda floor, what: progress(floor, f"{what} without OSM"))
            has_buildings = con.execute("SELECT count(*) FROM core.building").fetchone() != (0,)
            con.execute("CHECKPOINT")
        finally:
            con.close()
        yield OsmFree(work, layer_fingerprint(table_plan, prints), has_buildings)
