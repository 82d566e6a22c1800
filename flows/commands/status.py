"""`onbenut status`: feeds, refusals and the last run of a city, or a line for each city."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from flows.commands.links import print_matches
from flows.commands.terminal import console, print_json, print_pairs, table
from flows.status import CityStatus, all_status, city_status
from flows.workspace import Workspace


def status(city: str | None, space: Workspace, as_json: bool) -> int:
    """Print the status of one city or of all.

    Raises:
        OnbenutError: there is no such city, or its warehouse cannot be read.
    """
    if city is not None:
        found = city_status(city, space)
        if as_json:
            print_json(found)
        else:
            _print_city(found, console())
        return 0
    every = all_status(space)
    if as_json:
        print_json(every)
    elif every:
        lines = [_line(one) for one in every]
        columns = ("city", "as of", "last run", "buildings", "public", "feeds", "last attempt")
        console().print(table("", columns, lines, right=("buildings", "public")))
    else:
        console().print("no city has been run yet: `onbenut demo` runs the made-up one")
    return 0


def _line(one: CityStatus) -> tuple[object, ...]:
    states = [feed.state for feed in one.feeds]
    feeds = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states)))
    facts = one.facts
    last = (one.last_run or {}).get("started_at")
    return (
        one.city, facts.get("as_of"), _moment(last), facts.get("buildings"), facts.get("buildings_public"), feeds,
        "failed" if one.failure else "good",
    )  # fmt: skip


def _print_city(one: CityStatus, out: Console) -> None:
    facts, last = one.facts, one.last_run or {}
    print_pairs(
        out,
        [
            ("City", f"{facts.get('city', one.city)} ({one.city})"),
            ("Warehouse", one.warehouse or "none: this city was never run"),
            ("As of", facts.get("as_of")),
            ("Buildings", _buildings(facts)),
            ("Last good run", _last_run(last)),
            ("Run id", facts.get("run_id")),
            ("Numbers", facts.get("config_version")),
            ("Weights", (last.get("weights") or {}).get("file")),
        ],
    )
    if one.failure:
        where = ", ".join(f"{name} {value}" for name, value in one.failure["where"].items())
        print_pairs(
            out,
            [("Last attempt", f"failed {_moment(one.failure['at'])}: {one.failure['error']} ({where}). "
              f"Next step: {one.failure['next_step']}")],
        )  # fmt: skip
    for reason in [f"{product}: {why}" for product, why in last.get("not_made", {}).items()]:
        print_pairs(out, [("Not made", reason)])
    if overruled := facts.get("overruled"):
        print_pairs(out, [("Overruled", overruled)])
    for warning in last.get("warnings", []):
        print_pairs(out, [("Warning", warning)])
    feeds = [
        (feed.feed, feed.state, _moment(feed.fetched_at), feed.data_on, _age(feed.age_days, feed.max_age_days), feed.rows,
         feed.rejects, feed.visibility, feed.licence)
        for feed in one.feeds
    ]  # fmt: skip
    columns = ("feed", "state", "last good fetch", "data of", "age", "rows", "rejects", "for", "licence")
    out.print(table("\nFeeds", columns, feeds, right=("age", "rows", "rejects")))
    for feed in one.feeds:
        if feed.note:
            out.print(f"{feed.feed}: {feed.note}", soft_wrap=True)
    if one.rejects:
        lines = [(row["feed"], row["table_name"], row["reason"], row["rows"]) for row in one.rejects]
        out.print(table("\nRejects", ("feed", "table", "reason", "rows"), lines, right=("rows",)))
    print_matches(one, out)


def _buildings(facts: dict[str, str]) -> str | None:
    if "buildings" not in facts:
        return None
    return f"{facts['buildings']}; {facts['buildings_public']} in the public layer, {facts['buildings_city']} in the city's"


def _last_run(last: dict[str, object]) -> str | None:
    if not last:
        return None
    what = "nothing had changed" if last.get("unchanged") else "rebuilt"
    return f"{_moment(str(last['started_at']))}, {last['seconds']} s, {what}"


def _age(days: int | None, most: int | None) -> str:
    if days is None:
        return ""
    return f"{days} d" if most is None else f"{days} of {most} d"


def _moment(stamp: str | None) -> str | None:
    return datetime.fromisoformat(stamp).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if stamp else None
