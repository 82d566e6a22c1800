"""What a night's summary is made of: one line a feed, one a city, and the night."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class FeedLine:
    """One feed of a city: what it gave, against the run before, and how much of it found a building.

    `state` is good, old, fallback or missing; `match_rate` is None where nothing of the feed is matched with buildings.
    """

    feed: str
    state: str
    rows: int | None
    rows_before: int | None
    matched: int
    refused: int
    rejects: int
    data_on: str | None
    age_days: int | None
    max_age_days: int | None
    seconds: float | None
    note: str | None

    @property
    def change(self) -> float | None:
        """Share by which the rows grew or shrank since the run before."""
        return None if self.rows is None or not self.rows_before else self.rows / self.rows_before - 1

    @property
    def match_rate(self) -> float | None:
        """Share of what was tried that found a building."""
        tried = self.matched + self.refused
        return self.matched / tried if tried else None


@dataclass
class CityLine:
    """One city. `state` is new, unchanged, in part (a product was not made), failed or not due."""

    city: str
    state: str
    tried_at: str | None = None
    as_of: str | None = None
    seconds: float | None = None
    buildings_public: int | None = None
    why: str | None = None
    next_step: str | None = None
    warnings: list[str] = field(default_factory=list)
    feeds: list[FeedLine] = field(default_factory=list)

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look: it failed, lacks a product, or stands on a feed that is old or stood in for."""
        stands_on = {feed.state for feed in self.feeds}
        return self.state in ("failed", "in part") or bool(stands_on & {"old", "fallback", "missing"})


@dataclass
class Night:
    """All cities of a night."""

    began_at: datetime
    ended_at: datetime
    cities: list[CityLine]

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look at any of the cities."""
        return any(city.is_trouble for city in self.cities)

    @property
    def headline(self) -> str:
        """The night in one line."""
        states = [city.state for city in self.cities]
        counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states)))
        worn = sum(feed.state in ("old", "fallback", "missing") for city in self.cities for feed in city.feeds)
        return (counts or "no cities") + (f"; feeds old, missing or stood in for: {worn}" if worn else "")

    @property
    def exit_status(self) -> int:
        """1 when a city failed, 3 when one lacks a product, else 0."""
        states = {city.state for city in self.cities}
        return 1 if "failed" in states else 3 if "in part" in states else 0
