"""`onbenut doctor`: a machine and a configuration."""

from __future__ import annotations

from flows.commands.terminal import console, print_json, table
from flows.doctor import examine
from flows.doctor_machine import FAULT, WARNING
from flows.workspace import Workspace


def doctor(space: Workspace, as_json: bool, network: bool) -> int:
    """Print what was looked at; returns 1 when something is a fault."""
    found = examine(space, network=network)
    if as_json:
        print_json({"findings": [vars(one) for one in found], "faults": sum(one.state == FAULT for one in found)})
    else:
        lines = [(one.what, one.state, one.said, one.next_step) for one in found]
        console().print(table("", ("what", "state", "found", "next step"), lines))
        faults, warnings = (sum(one.state == state for one in found) for state in (FAULT, WARNING))
        console().print(f"\n{faults} faults, {warnings} warnings")
    return 1 if any(one.state == FAULT for one in found) else 0
