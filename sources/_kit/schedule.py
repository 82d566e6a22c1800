"""When a city is run: its cron, and when that fired last and fires next.

Nothing here knows what time it is. The moments are those Prefect fires at, also in the two nights in which the clock is put
forward or back; a test holds them to Prefect's own.
"""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ConfigDict, Field, field_validator

ZONE = "Europe/Brussels"
_TURN = timedelta(hours=2)
"""More than a clock is ever put forward or back."""
_PLAIN = re.compile(r"[0-9A-Za-z*,/ -]+")
_FIELDS = 5
_BEFORE, _AFTER, _MINUTES = (0, 30), (3, 5), (90, 150)
"""Cities start between 00:30 and 02:00, or between 03:05 and 05:35: never in the hour that is there twice or not at all."""


class Schedule(BaseModel):
    """The table `schedule` of a city file.

    Without a cron a city starts every night at a minute of its own, which follows from its slug.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    cron: str | None = Field(None, description=f"minute, hour, day, month, weekday in {ZONE}; every night if not given")
    enabled: bool = Field(True, description="whether nights run the city")

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, value: str | None) -> str | None:
        if value is None:
            return None
        # Five plain fields are what every cron understands alike; what only one of them knows is refused here.
        if len(value.split()) != _FIELDS or not _PLAIN.fullmatch(value) or re.search(r"\bL|\d[LW]\b", value):
            raise ValueError('a cron is five fields: minute, hour, day, month, weekday, as in "30 1 * * *"')
        try:
            next(CronSim(value, datetime(2026, 1, 1)))  # noqa: DTZ001 - no moment is meant, only whether it ever fires
        except (CronSimError, StopIteration) as error:
            raise ValueError(f"no cron: {error or 'it never fires'}") from error
        return value

    def cron_of(self, slug: str) -> str:
        """The city's cron; without one a time of night that is its own, so that cities do not all start at once."""
        return self.cron or night_of(slug)


def night_of(slug: str) -> str:
    """A cron for every night, spread over cities by their slug; the same on every machine."""
    minute = zlib.crc32(slug.encode()) % sum(_MINUTES)
    (hour, start), minute = (_BEFORE, minute) if minute < _MINUTES[0] else (_AFTER, minute - _MINUTES[0])
    return f"{(start + minute) % 60} {hour + (start + minute) // 60} * * *"


def last_tick(cron: str, now: datetime) -> datetime:
    """The moment a cron fired last, `now` included; UTC."""
    local = now.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None) + _TURN
    ticks = (_moment(tick) for tick in CronSim(cron, local.replace(second=59), reverse=True))
    return next(tick for tick in ticks if tick <= now)


def next_tick(cron: str, now: datetime) -> datetime:
    """The moment a cron fires next, after `now`; UTC."""
    local = now.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None) - _TURN
    return next(tick for tick in (_moment(tick) for tick in CronSim(cron, local)) if tick > now)


def _moment(local: datetime) -> datetime:
    """The moment of a wall clock time: of one that is there twice the first, of one that is not there an hour before its like."""
    zone = ZoneInfo(ZONE)
    return min(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
