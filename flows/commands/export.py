"""`onbenut export`: a part of the layer as a file."""

from __future__ import annotations

import sys
from pathlib import Path

from flows.commands.terminal import console
from flows.export import export_layer
from flows.export_place import parse_box
from flows.workspace import Workspace


def export(
    city: str, to: Path, space: Workspace, where: str | None, bbox: str | None, area: Path | None, audience: str
) -> int:
    """Write the file and say how many buildings are in it.

    Raises:
        OnbenutError: the export cannot be made; nothing was replaced.
    """
    box = parse_box(bbox) if bbox is not None else None
    count = export_layer(city, to, space, where=where, box=box, area=area, audience=audience)
    if count == 0:
        console(sys.stderr).print("warning: no building answers; the file is empty", soft_wrap=True)
    console().print(f"{count} buildings in {to}", soft_wrap=True)
    return 0
