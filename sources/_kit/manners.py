"""How a client behaves towards a service: how often it asks, how long it waits, when it gives up."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

RETRY_AFTER_MAX_S = 120.0
"""A service that asks for more patience is left alone until the next run, rather than asked sooner than it wants."""
TURN_POLL_S = 0.2


class Manners(BaseModel):
    """What a source's TOML says under `[http]`; the defaults hold for a service nobody said anything about."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    requests_per_second: float = Field(5.0, gt=0, description="to one host, whatever number of feeds asks it")
    seconds_max: float = Field(3600.0, gt=0, description="for one answer, with its retries and waits")
    bytes_max: int = Field(8 << 30, gt=0, description="of one answer, unpacked")
    patience: float = Field(1.0, gt=0, description="times the usual waits between attempts")
    one_at_a_time: bool = Field(
        False, description="ask a host nothing before it has answered, whoever asks on this machine"
    )
    allow_hosts: tuple[str, ...] = Field((), description="hosts a redirect or a `next` link may lead to")


class GivenUpError(Exception):
    """Waiting any longer would go over a ceiling; no OSError, which requests would take for a broken connection."""


class Pace:
    """Keeps requests to one host apart; for all clients of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}

    def wait(self, host: str, requests_per_second: float) -> None:
        """Sleep until the host may be asked again."""
        with self._lock:
            now = time.monotonic()
            at = max(now, self._free_at.get(host, now))
            self._free_at[host] = at + 1 / requests_per_second
        time.sleep(at - now)


class Budget:
    """Time left for one answer, in seconds; shared by all that waits for it."""

    def __init__(self) -> None:
        self._until = float("inf")

    def start(self, seconds: float) -> None:
        """Begin to count."""
        self._until = time.monotonic() + seconds

    def check(self, seconds: float = 0.0) -> None:
        """Hold a wait of so many seconds to what is left.

        Raises:
            GivenUpError: it would take too long.
        """
        if time.monotonic() + seconds > self._until:
            raise GivenUpError("the time for this answer is used up")


@contextmanager
def hold_turn(folder: Path, host: str, seconds_max: float) -> Iterator[None]:
    """Be the only one who asks a host, of all threads and processes that share the store; a turn ends with its process.

    Raises:
        GivenUpError: others had it all the time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waiting = Budget()
    waiting.start(seconds_max)
    with (folder / f"{host.replace(':', '_')}.turn").open("w") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiting.check(TURN_POLL_S)
                time.sleep(TURN_POLL_S)
        yield


class PatientRetry(Retry):
    """urllib3's retries, with `Retry-After` honoured up to a ceiling and no wait beyond the budget."""

    budget: Budget

    @classmethod
    def of(cls, retries: Retry, budget: Budget) -> PatientRetry:
        """The same retries, patient."""
        made = cls(
            total=retries.total,
            connect=retries.connect,
            read=retries.read,
            status=retries.status,
            redirect=0,
            backoff_factor=retries.backoff_factor,
            backoff_max=retries.backoff_max,
            status_forcelist=retries.status_forcelist,
            allowed_methods=retries.allowed_methods,
        )
        made.budget = budget
        return made

    def new(self, **changes: object) -> PatientRetry:
        """What urllib3 makes for each further attempt."""
        made = super().new(**changes)
        made.budget = self.budget
        return made

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Wait as the service asks, or else back off.

        Raises:
            GivenUpError: it asks for more than the ceiling, or the budget is used up.
        """
        try:
            asked = self.get_retry_after(response) if response is not None else None
        except InvalidHeader:
            asked = None
        if asked is not None and asked > RETRY_AFTER_MAX_S:
            raise GivenUpError(f"it asks to be left alone for {asked:.0f} s")
        seconds = self.get_backoff_time() if asked is None else asked
        if asked is None and response is not None:
            # urllib3 asks again at once after a first refusal; who said "later" is not asked at once.
            seconds = max(seconds, self.backoff_factor)
        self.budget.check(seconds)
        time.sleep(seconds)
