"""`onbenut retention`: what is past its days, and removing it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flows.cities import find_city
from flows.commands.terminal import console
from flows.retention import doubt, kept_days, remove_snapshots
from flows.workspace import Workspace
from sources._kit.errors import OnbenutError


def retention(city: str, space: Workspace, remove: bool, today: date | None) -> int:
    """Say what would be removed, or remove it; returns the exit status.

    Raises:
        OnbenutError: it is to be removed, and the clock and the accepted runs do not agree.
    """
    loaded = find_city(city, space)
    day = today or datetime.now(UTC).date()
    why = doubt(kept_days(loaded, space), day)
    if remove and why and today is None:
        raise OnbenutError(
            f"nothing was removed: {why}",
            city=loaded.slug,
            value=day,
            next_step=f"if {day} is right: onbenut retention {city} --remove --today {day}",
        )
    said = remove_snapshots(loaded, space, day, is_sure=today is not None, is_trial=not remove)
    rules = ", ".join(f"{name} = {value}" for name, value in loaded.retention.model_dump().items())
    out = console()
    out.print(f"{loaded.name} on {day}, by [retention] {rules}", soft_wrap=True)
    for line in said or ["nothing is past its days"]:
        out.print(f"  {line}", soft_wrap=True)
    if why:
        out.print(f"A night removes nothing: {why}.", soft_wrap=True)
    if said and not remove:
        out.print(f"Nothing was removed. To remove it: onbenut retention {city} --remove", soft_wrap=True)
    return 0
