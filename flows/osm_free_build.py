"""Building the edition without OpenStreetMap: the city once more, from its other feeds, in a warehouse of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from flows.feed_steps import load_raw
from flows.fetch_steps import Fetched
from flows.gates.gate import gates_of, hold
from flows.gates.overrule import Overrule
from flows.history_run import keep_run
from flows.history_states import keep_states
from flows.osm_free import free_city
from flows.outcome import Outcome, write_log
from flows.products import OsmFree, Progress, build_floors, layer_fingerprint, timed
from flows.retention import forget_history
from flows.swap import next_file
from flows.table_steps import drop_unknown, load_reference, prepare_warehouse, read_plan, table_facts
from flows.workspace import EDITION, Workspace
from sources._kit.city import City
from sources._kit.duck import connect
from sources._kit.whole import put_in_place
from transforms._kit.runner import plan


@contextmanager
def osm_free_edition(
    city: City,
    space: Workspace,
    fetched: list[Fetched],
    day: date,
    progress: Progress,
    overrule: Overrule | None = None,
) -> Iterator[OsmFree | None]:
    """Build the edition aside while the block lasts, and put its warehouse in place when that ends well.

    Gives None where the city file does not ask for it. It is read by the name `<city>~osm_free`.
    """
    if not city.osm_free:
        yield None
        return
    free, slug = free_city(city), f"{city.slug}~{EDITION}"
    target, started = space.warehouse(slug), datetime.now(UTC)
    seconds: dict[str, float] = {}
    with next_file(target, slug) as work:
        con = connect(work)
        try:
            prepare_warehouse(con)
            with timed(seconds, "raw"):
                loaded = [load_raw(con, item, space) for item in fetched if item.snapshot.feed.name in free.feeds]
            table_plan = read_plan(free, space, day, loaded, slug=slug)
            outcome = Outcome(slug, day, str(table_plan.params["run_id"]), False, target)
            given = load_reference(con, free, space, table_plan, loaded)
            outcome.made_of = table_facts(table_plan)
            prints = plan(table_plan.specs, given, table_plan.params)
            drop_unknown(con, table_plan, free)
            outcome.rebuilt = build_floors(
                con, table_plan, prints, seconds, lambda floor, what: progress(floor, f"{what} without OSM")
            )
            with timed(seconds, "gates"):
                gates = gates_of(free, loaded, day, overrule, edition=True)
                failed = hold(con, gates, outcome, bool(outcome.rebuilt))
            now = datetime.now(UTC)
            if (number := keep_run(con, table_plan, now)) is not None:
                keep_states(con, number)
                forget_history(con, free, now.date())
            last = con.execute("SELECT max(number) FROM history.run").fetchone()
            has_buildings = con.execute("SELECT count(*) FROM core.building").fetchone() != (0,)
            con.execute("CHECKPOINT")
        finally:
            con.close()
        yield OsmFree(work, layer_fingerprint(table_plan, prints), has_buildings, failed, last[0] if last else None)
        is_new = (
            bool(outcome.rebuilt or outcome.overruled) or any(item.was_parsed for item in loaded) or not target.exists()
        )
        if is_new:
            put_in_place(work, target)
    outcome.unchanged = not is_new
    outcome.seconds, outcome.floors = (
        sum(seconds.values()),
        {floor: round(taken, 3) for floor, taken in seconds.items()},
    )
    write_log(space, outcome, started)
