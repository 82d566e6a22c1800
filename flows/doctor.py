"""What is wrong with this machine and this configuration, before a night finds out. No network unless asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flows.doctor_cities import check_cities, check_warehouses
from flows.doctor_disk import check_disk, check_file_system, check_left_over
from flows.doctor_machine import (
    FAULT,
    check_clock,
    check_memory,
    check_packages,
    check_pdf,
    check_prefect,
    check_python,
    check_spatial,
    prefect_unasked,
)
from flows.workspace import Workspace
from sources._kit.errors import OnbenutError


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `state` is good, warning or fault."""

    what: str
    state: str
    said: str
    next_step: str = ""


Check = Callable[[Workspace], Iterator[tuple[str, str, str, str]]]


def examine(space: Workspace, *, network: bool = False) -> list[Finding]:
    """Look at everything; a check that itself breaks is a fault with what it met.

    Args:
        space: where runs work.
        network: also ask Prefect's server, where PREFECT_API_URL names one.
    """
    checks: list[Check] = [
        check_python, check_packages, check_spatial, check_memory, check_clock, check_pdf, check_file_system, check_disk,
        check_left_over, check_warehouses, check_cities,
    ]  # fmt: skip
    if os.environ.get("PREFECT_API_URL"):
        checks.append(check_prefect if network else prefect_unasked)
    found: list[Finding] = []
    for check in checks:
        try:
            found += [Finding(*one) for one in check(space)]
        except (OSError, OnbenutError) as error:
            name = check.__name__.removeprefix("check_").replace("_", " ")
            found.append(Finding(name, FAULT, str(error), "mend what it names, then ask again"))
    return found
