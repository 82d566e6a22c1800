"""`onbenut dossier`: one building on a page to print."""

from __future__ import annotations

from pathlib import Path

from flows.commands.terminal import console
from flows.dossier import write_dossier
from flows.workspace import Workspace


def dossier(city: str, building: str, to: Path, space: Workspace, audience: str, lang: str) -> int:
    """Write the dossier and say where it is.

    Raises:
        OnbenutError: it cannot be made; nothing was replaced.
    """
    building_id = write_dossier(city, building, to, space, audience, lang)
    console().print(f"dossier of {building_id} in {to}", soft_wrap=True)
    return 0
