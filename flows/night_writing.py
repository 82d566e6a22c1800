"""A night as a table for a terminal, as JSON lines for a machine, and as Markdown for Prefect and for a message."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from io import StringIO
from pathlib import Path

from rich.console import Console

from flows.commands.terminal import console, table
from flows.night_lines import CityLine, FeedLine, Night
from flows.workspace import Workspace
from sources._kit.hostile import printable
from sources._kit.whole import write_whole

_CITIES = ("city", "state", "seconds", "as of", "public", "why")
_FEEDS = ("city", "feed", "state", "rows", "change", "match rate", "refused", "rejects", "age", "seconds", "note")
_RIGHT = ("seconds", "public", "rows", "change", "match rate", "refused", "rejects", "age")


def print_night(night: Night, out: Console) -> None:
    """Print a night: a line a city, a line a feed."""
    out.print(f"Night of {night.began_at:%Y-%m-%d %H:%M} UTC: {night.headline}", soft_wrap=True)
    out.print(table("\nCities", _CITIES, [_city(one) for one in night.cities], right=_RIGHT))
    feeds = [_feed(one, feed) for one in night.cities for feed in one.feeds]
    if feeds:
        out.print(table("\nFeeds", _FEEDS, feeds, right=_RIGHT))
    for one in night.cities:
        for said in (*one.warnings, *([f"next step: {one.next_step}"] if one.next_step else [])):
            out.print(f"{one.city}: {said}", soft_wrap=True)


def as_text(night: Night) -> str:
    """A night as it is printed."""
    stream = StringIO()
    print_night(night, console(stream))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def as_json_lines(night: Night) -> Iterator[str]:
    """A night as lines of JSON: one for the night, one per city, one per feed; `what` says which."""
    yield _json({"what": "night", "began_at": night.began_at.isoformat(), "ended_at": night.ended_at.isoformat(),
                 "said": night.headline, "is_trouble": night.is_trouble, "exit_status": night.exit_status})  # fmt: skip
    for one in night.cities:
        facts = {name: value for name, value in asdict(one).items() if name != "feeds"}
        yield _json({"what": "city", **facts, "is_trouble": one.is_trouble})
        for feed in one.feeds:
            shares = {"change": feed.change, "match_rate": feed.match_rate}
            rounded = {name: None if share is None else round(share, 4) for name, share in shares.items()}
            yield _json({"what": "feed", "city": one.city, **asdict(feed), **rounded})


def as_markdown(night: Night) -> str:
    """A night as Markdown."""
    lines = [f"# Night of {night.began_at:%Y-%m-%d %H:%M} UTC", "", night.headline, ""]
    lines += _markdown(_CITIES, [_city(one) for one in night.cities])
    feeds = [_feed(one, feed) for one in night.cities for feed in one.feeds]
    lines += ["", *_markdown(_FEEDS, feeds)] if feeds else []
    said = [f"- {one.city}: {_plain(warning)}" for one in night.cities for warning in one.warnings]
    said += [f"- {one.city}: next step: {_plain(one.next_step)}" for one in night.cities if one.next_step]
    return "\n".join([*lines, *(["", *said] if said else []), ""])


def write_night(night: Night, space: Workspace) -> list[Path]:
    """Write a night to `data/nights`, as JSON lines and as Markdown; returns the files."""
    space.nights.mkdir(parents=True, exist_ok=True)
    name = f"{night.began_at:%Y%m%dT%H%M%SZ}"
    written = []
    for ending, content in (("jsonl", "\n".join(as_json_lines(night)) + "\n"), ("md", as_markdown(night))):
        path = space.nights / f"{name}.{ending}"
        written.append(write_whole(path, content))
    return written


def _city(one: CityLine) -> tuple[object, ...]:
    seconds = None if one.seconds is None else f"{one.seconds:.1f}"
    return one.city, one.state, seconds, one.as_of, one.buildings_public, one.why


def _feed(one: CityLine, feed: FeedLine) -> tuple[object, ...]:
    change = None if feed.change is None else f"{feed.change:+.1%}"
    rate = None if feed.match_rate is None else f"{feed.match_rate:.1%}"
    age = None if feed.age_days is None else f"{feed.age_days} d"
    if age and feed.max_age_days is not None:
        age = f"{feed.age_days} of {feed.max_age_days} d"
    seconds = None if feed.seconds is None else f"{feed.seconds:.1f}"
    return (
        one.city, feed.feed, feed.state, feed.rows, change, rate, feed.refused or None, feed.rejects or None, age,
        seconds, feed.note,
    )  # fmt: skip


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    bars = ["---:" if column in _RIGHT else "---" for column in columns]
    cells = [["" if cell is None else _plain(str(cell)) for cell in row] for row in rows]
    return ["| " + " | ".join(row) + " |" for row in [list(columns), bars, *cells]]


def _plain(text: str) -> str:
    """Words of others as text of Markdown: no link, picture, markup or cell of their own."""
    escaped = re.sub(r"([\\`|\[\]])", r"\\\1", printable(text))
    return " ".join(escaped.replace("<", "&lt;").split())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
