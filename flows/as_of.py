"""Making an old night again, exactly, from the snapshots it was made of: beside the city, never in its place.

`<city>~<day>` has a warehouse and products of its own. City file, decisions by hand and history are those of that night too. The code
and the numbers of data/reference are today's: where those changed since, the outcome warns. Objections are today's on purpose.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from flows.feed_steps import load_again
from flows.gates.gate import Gates
from flows.gates.rules import rules_of
from flows.history import history_fingerprints
from flows.outcome import FeedOutcome, Outcome, write_log
from flows.products import Progress, build_and_publish, timed
from flows.query import open_warehouse, rows
from flows.swap import next_file
from flows.table_steps import drop_unknown, load_given, prepare_warehouse, read_plan, table_facts, write_reference
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.duck import connect, literal
from sources._kit.errors import OnbenutError
from sources._kit.kept import read_manifest
from transforms._kit.runner import define_macros, plan

Night = dict[str, Any]
"""A row of history.run."""


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
    """Name of an old night: `antwerpen~2026_03_01`."""
    return f"{city}~{day:%Y_%m_%d}"


def find_night(city: City, space: Workspace, day: date) -> Night | None:
    """The last accepted run of a day before that of the city's newest run; None where there was none."""
    if not space.warehouse(city.slug).exists():
        return None
    con = open_warehouse(city.slug, space)
    try:
        if not rows(con, "SELECT 1 FROM duckdb_columns() WHERE schema_name = 'history' AND column_name = 'made_of'"):
            return None
        found = rows(
            con,
            f"SELECT * FROM history.run WHERE as_of = CAST({literal(day)} AS DATE) AND as_of < (SELECT arg_max(as_of, number) FROM history.run) "
            "ORDER BY number DESC LIMIT 1",
        )
    finally:
        con.close()
    return found[0] if found else None


def remake_night(
    city: City, space: Workspace, night: Night, *, progress: Progress = lambda _floor, _what: None
) -> Outcome:
    """Make an accepted night again beside the city.

    Raises:
        OnbenutError: a snapshot of that night was removed, by retention or because it held personal data; or the night was
            made by a version that did not write down what of.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    slug = night_slug(city.slug, night["as_of"])
    target = space.warehouse(slug)
    with next_file(target, slug, space.warehouse(city.slug)) as work:
        outcome = _remake(city, space, night, slug, work, progress)
        work.replace(target)
        link = space.outputs / slug
        if not link.is_symlink():
            link.symlink_to(Path(".nights", slug, city.slug))
    outcome.city, outcome.warehouse, outcome.seconds = slug, target, time.perf_counter() - clock
    write_log(space, outcome, started)
    return outcome


def _remake(city: City, space: Workspace, night: Night, slug: str, work: Path, progress: Progress) -> Outcome:
    seconds: dict[str, float] = {}
    made_of = _made_of(city, night)
    then = _city_then(city, space, made_of["city"])
    decided = space.store.blob(made_of["decisions"]) if made_of["decisions"] else None
    night_space = _NightSpace(space.home, space.checkout, decided, slug)
    con = connect(work)
    try:
        prepare_warehouse(con)
        with timed(seconds, "raw"):
            loaded = []
            for feed, manifest in made_of["feeds"].items():
                progress("raw", feed)
                loaded.append(load_again(con, read_manifest(space.store, then, then.feeds[feed], manifest)))
        cut_history(con, night["number"])
        table_plan = read_plan(then, night_space, night["as_of"], loaded)
        outcome = Outcome(city.slug, night["as_of"], str(table_plan.params["run_id"]), False, work)
        outcome.feeds = {
            item.feed: FeedOutcome(
                then.feeds[item.feed].source, item.rows, item.snapshot_on.isoformat(), item.was_parsed, None, None
            )
            for item in loaded
        }
        given = write_reference(con, table_plan.reference)
        given.update(load_given(con, then, night_space, table_plan, loaded))
        given.update(history_fingerprints(con))
        outcome.made_of = table_facts(table_plan)
        outcome.warnings = _differences(night, outcome.made_of, has_edition=then.osm_free)
        define_macros(con)
        drop_unknown(con, table_plan, then)
        # The fingerprint of the list of changes does not hold what was published, and that is of another night now.
        con.execute("DELETE FROM meta.build WHERE table_name IN ('layer.change', 'publish')")
        prints = plan(table_plan.specs, given, table_plan.params)
        gates = Gates(then, rules_of(then), [], is_variant=True)  # it passed them on its own night
        build_and_publish(con, then.crs, night_space, table_plan, prints, outcome, seconds, progress, gates)
    finally:
        con.close()
    return outcome


def cut_history(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Make schema history what run `number` saw when its tables were built."""
    for name, key in (("parcel", "capakey"), ("building", "building_id")):
        con.execute(f"""
            CREATE OR REPLACE TABLE history.{name} AS
            SELECT * FROM history.{name} WHERE coalesce(known_from, 0) <= {number}
            UNION ALL SELECT * EXCLUDE (known_to) FROM history.{name}_back WHERE coalesce(known_from, 0) <= {number} AND known_to > {number}
            ORDER BY {key};
            DELETE FROM history.{name}_back WHERE known_to > {number}""")
    con.execute(f"""
        CREATE OR REPLACE TABLE history.published AS
        WITH version AS (
            SELECT audience, building_id, min(known_from) AS first, max(known_from) FILTER (known_from < {number}) AS newest
            FROM history.building_state GROUP BY ALL
        )
        SELECT p.audience, p.building_id,
            CASE WHEN v.building_id IS NULL THEN p.last_seen_on
                 ELSE (SELECT r.as_of FROM history.run AS r WHERE r.number = least(s.known_to, {number})) END AS last_seen_on
        FROM (
            SELECT audience, building_id, last_seen_on FROM history.published
            UNION ALL SELECT audience, building_id, NULL FROM version ANTI JOIN history.published USING (audience, building_id)
        ) AS p
        LEFT JOIN version AS v USING (audience, building_id)
        LEFT JOIN history.building_state AS s ON s.audience = v.audience AND s.building_id = v.building_id AND s.known_from = v.newest
        WHERE v.building_id IS NULL OR v.first < {number} ORDER BY 1, 2;
        DELETE FROM history.run WHERE number > {number};
        DELETE FROM history.building_state WHERE known_from > {number};
        UPDATE history.building_state SET known_to = NULL, true_to = NULL, end_cause = NULL WHERE known_to > {number}""")


def _made_of(city: City, night: Night) -> dict[str, Any]:
    if not night["made_of"]:
        raise OnbenutError(
            "it was not written down what this night was made of",
            city=city.slug,
            value=night["as_of"],
            next_step="nights from the next accepted run on can be made again",
        )
    made_of: dict[str, Any] = json.loads(night["made_of"])
    return made_of


def _city_then(city: City, space: Workspace, sha256: str) -> City:
    """The city file of the night; today's place, as paths in it are relative to that."""
    text = space.store.blob(sha256).read_text(encoding="utf-8")
    return City.model_validate_json(text).model_copy(update={"folder": city.folder})


def _differences(night: Night, now: dict[str, str | None], *, has_edition: bool) -> list[str]:
    """What is not as it was that night, in words."""
    method = [name for name in ("version", "method_hash", "reference_hash") if night[name] != now[name]]
    said = []
    if method:
        was = f"version {night['version']}, {night['config_version']}"
        said.append(
            f"made by another method than that night ({was}; {', '.join(method)} differ): its numbers may differ; check out that version for the same"
        )
    elif night["data_hash"] != now["data_hash"]:
        said.append("boundary file or objections changed since that night: today's hold")
    if has_edition:
        said.append("the edition without OpenStreetMap is not made again")
    return said
