"""Errors that say source, city, column, value and the next step.

Every error a user can meet derives from `OnbenutError`, so that the command line prints one readable line for it and a
traceback only for a defect of our own.
"""

from __future__ import annotations

from sources._kit.hostile import printable


class OnbenutError(Exception):
    """Something a user, operator or provider can mend; never a defect of the code.

    Args:
        what: what is wrong, as one sentence without a full stop.
        next_step: what the reader can do about it.
        **where: source, city, feed, file, table, column, value ... as far as known; None is left out.
    """

    def __init__(self, what: str, *, next_step: str = "", **where: object) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.where = {name: value for name, value in where.items() if value is not None}

    def __str__(self) -> str:
        # Values come from files and services: one line each, and nothing that steers the screen it is read on.
        place = ", ".join(f"{name} {' '.join(str(value).splitlines())}" for name, value in self.where.items())
        parts = [f"{self.what} ({place})" if place else self.what]
        if self.next_step:
            parts.append(f"Next step: {self.next_step}")
        return printable(". ".join(parts))

    def locate(self, **where: object) -> None:
        """Add what the code that raised it could not know: the city and feed it worked for."""
        self.where = {**where, **self.where}


class CityFileError(OnbenutError):
    """The city file cannot be read, or says something the model does not know."""


class FetchRefusedError(OnbenutError):
    """An answer looks whole and is not, or could not be had at all; the last good snapshot stays."""


class UnreadableSnapshotError(OnbenutError):
    """The bytes are there but are not what the source module reads: truncated, empty, a page of HTML."""


class ColumnError(OnbenutError):
    """A column is missing, or there is one that nobody has declared."""


class CheckFailedError(OnbenutError):
    """A built table is not what its header says it is."""


class PublishError(OnbenutError):
    """A product could not be written or did not read back; the old one is untouched."""


class GateError(OnbenutError):
    """What a run made did not pass the gates before publishing; nothing was published. It lists a line for each gate."""
