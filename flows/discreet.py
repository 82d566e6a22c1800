"""Errors as they may be told to Prefect, in records and in messages: without the value they met, which may be a cell of a register."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.workspace import CHECKOUT
from sources._kit.errors import OnbenutError

_STOOD_IN = re.compile(r"(; used the snapshot of [0-9: -]+UTC|; asked the other service instead)$")


class DefectError(OnbenutError):
    """A defect of the code, told by where it is. Its own words stay out: they may quote a row."""


@contextmanager
def discreet(city: str) -> Iterator[None]:
    """Let errors out without values, and defects without their words.

    Raises:
        OnbenutError: what went wrong within, as it may be told.
    """
    try:
        yield
    except OnbenutError as error:
        raise without_value(error) from None
    except Exception as error:  # noqa: BLE001 - told, not hidden: as a failure of this city
        raise DefectError(
            f"a defect of ours: {type(error).__name__}",
            city=city,
            at=_place(error),
            next_step=f"run it by hand to see all of it: onbenut run {city}",
        ) from None


def without_value(error: OnbenutError) -> OnbenutError:
    """The same error without the value it met."""
    where = {name: value for name, value in error.where.items() if name != "value"}
    return type(error)(error.what, next_step=error.next_step, **where)


def told(reason: str) -> str:
    """A reason as it may leave the house: what is wrong, and what stood in for it.

    Args:
        reason: the text of an error, "what (where, value ...). Next step: ...", with or without what was used instead.
            Ids of buildings and addresses of services are cut off too: whose building is on a list is nobody's business.
    """
    stood_in = _STOOD_IN.search(reason)
    what = re.split(r" \(|\. Next step|: \w+:\S", reason, maxsplit=1)[0]
    return what if stood_in is None or what.endswith(stood_in[0]) else what + stood_in[0]


def _place(error: Exception) -> str:
    """The innermost line of our own code, relative to the checkout."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(CHECKOUT)] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
