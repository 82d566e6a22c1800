"""The made-up city: its raw files, made once per size and seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from flows.workspace import Workspace
from sources._kit.errors import OnbenutError

NAME = "voorbeeldstad"


def demo_city(space: Workspace, buildings: int, seed: int, on_make: Callable[[], None] = lambda: None) -> Path:
    """Path of the made-up city's file; its files are made when absent, or made with other arguments or code.

    Raises:
        OnbenutError: the city cannot be made this small.
    """
    folder = space.sample / NAME
    city, stamp = folder / f"{NAME}.toml", folder / "made.json"
    wanted = json.dumps({"buildings": buildings, "seed": seed, "code": _code(space)}, sort_keys=True)
    if city.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return city
    on_make()
    # Off while the files change: a half-made city must not be taken for a whole one.
    stamp.unlink(missing_ok=True)
    from sources.voorbeeldstad import make_city

    try:
        made = make_city(folder, buildings, seed)
    except ValueError as error:
        raise OnbenutError(
            "the made-up city cannot be made", value=error, next_step="onbenut demo --buildings 4000"
        ) from error
    stamp.write_text(wanted, encoding="utf-8")
    return made


def _code(space: Workspace) -> str:
    digest = hashlib.sha256()
    for path in sorted((space.checkout / "sources" / NAME).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
