"""Asking an advisory service about the packages of the lock, through pip-audit, and not believing it where it looked at nothing."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROBE = "certifi"
"""Asked first, alone: where nothing is known of it, the service is not there, and the others need not be asked."""
PATIENCE_S = 600


@dataclass
class Advisories:
    """How many packages the service knew, what it holds against them, and why not all were looked at."""

    asked: int = 0
    holes: list[str] = field(default_factory=list)
    not_asked: str | None = None


def find_advisories(tool: Path, lock: Path, accepted: Mapping[str, str]) -> Advisories:
    """Ask about every package of a lock.

    Args:
        tool: the program pip-audit, in an environment of its own: what it needs is none of ours.
        lock: requirements with hashes.
        accepted: advisories that were read and do not touch us, with the reason.
    """
    if not tool.exists():
        return Advisories(not_asked=f"no {tool.name} here; `make audit` installs it where it can be had")
    lines = lock.read_text(encoding="utf-8").splitlines()
    first = next((line.split()[0] for line in lines if line.startswith(f"{PROBE}==")), None)
    if first is not None:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as probe:
            probe.write(f"{first}\n")
            probe.flush()
            alone = _ask(tool, ["--disable-pip", "--no-deps", "-r", probe.name], {})
        if alone.not_asked:
            return alone
    return _ask(tool, ["--disable-pip", "--require-hashes", "-r", str(lock)], accepted)


def _ask(tool: Path, words: list[str], accepted: Mapping[str, str]) -> Advisories:
    command = [str(tool), "--format", "json", "--progress-spinner", "off", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)  # noqa: S603 (our own words)
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
        return Advisories(
            not_asked=f"{tool.name} gave no answer ({type(error).__name__}): the service could not be reached"
        )
    known = [one for one in packages if "skip_reason" not in one]
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole.get('fix_versions') or []) or 'no version yet'}"
        for one in known
        for hole in one.get("vulns", [])
        if not accepted.keys() & {hole["id"], *hole.get("aliases", [])}
    ]
    # pip-audit ends well, and says that nothing was found, where it could look at nothing.
    passed_over = len(packages) - len(known)
    why = (
        f"the service knows nothing of {passed_over} of {len(packages)} packages"
        if passed_over or not packages
        else None
    )
    return Advisories(len(known), holes, why)
