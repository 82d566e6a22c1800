"""What is installed beside us: is it what the lock names and nothing else, under licences we may build on, without known holes?

`python -m flows.audit` (`make audit`) exits with 0 when all of that was looked at and is sound, 1 when something is wrong, 3 when all that
can be looked at here is sound and no advisory service could be asked. "Not asked" is never told as "nothing found".
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from flows.audit_advisories import Advisories, find_advisories
from flows.workspace import CHECKOUT

NOT_ASKED = 3
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    """One package of the lock."""

    requirement: Requirement
    hashes: int

    @property
    def name(self) -> str:
        """As packages are compared."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str | None:
        """The one version it is pinned to; None where it is not."""
        found = [one.version for one in self.requirement.specifier if one.operator == "=="]
        return found[0] if len(found) == 1 and not found[0].endswith("*") else None


def read_lock(text: str) -> Iterator[Pin | str]:
    """Packages of a lock; a line that is none is given as it stands, as it would tell pip where else to look."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        words = re.sub(r"(^|\s)#.*", "", line).strip()
        if words.startswith("-"):
            yield words
        elif words:
            yield Pin(Requirement(words.split(" --hash")[0].strip()), len(_HASH.findall(words)))


def check_lock(text: str) -> Iterator[str]:
    """What is wrong with the lock itself."""
    for pin in read_lock(text):
        if isinstance(pin, str):
            yield f"the lock holds an option of pip: {pin.split('=')[0].split()[0]}"
        elif pin.version is None or pin.requirement.url:
            yield f"{pin.name}: not pinned to one version"
        elif not pin.hashes:
            yield f"{pin.name}: no hash"


def check_installed(text: str, installed: dict[str, str], tools: list[str]) -> Iterator[str]:
    """Where what is installed is not what the lock names for this Python and machine."""
    pins = [pin for pin in read_lock(text) if isinstance(pin, Pin)]
    wanted = {
        pin.name: pin.version for pin in pins if pin.requirement.marker is None or pin.requirement.marker.evaluate()
    }
    for name in sorted(wanted.keys() - installed.keys()):
        yield f"{name}: in the lock and not installed"
    for name in sorted(installed.keys() - wanted.keys() - set(tools)):
        yield f"{name} {installed[name]}: installed and not in the lock"
    for name in sorted(wanted.keys() & installed.keys()):
        if installed[name] != wanted[name]:
            yield f"{name}: {installed[name]} is installed, the lock names {wanted[name]}"


def check_licence(name: str, said: list[str], rules: dict[str, Any]) -> str | None:
    """What is wrong with a package's licence; None when it is allowed.

    Args:
        name: of the package.
        said: what its metadata say, the clearest first; the words of one entry hold together, entries are a choice.
        rules: ops/audit.toml.
    """
    named = [*said, *([rules["packages"][name]] if name in rules["packages"] else [])]
    if not named:
        return f"{name}: its metadata name no licence; read its own files and say it in ops/audit.toml"
    if any(_is_allowed(rules["words"].get(one, one), set(rules["allowed"])) for one in named):
        return None
    return f"{name}: its licence is not on the list: {' / '.join(named)}"


def licence_of(package: Distribution) -> list[str]:
    """What a package's metadata say of its licence: the expression, else the classifiers, else the first line of the text."""
    data: Any = package.metadata  # a message of e-mail, which its type does not say
    if expression := data.get("License-Expression"):
        return [expression]
    classes = [one.split(" :: ")[-1] for one in data.get_all("Classifier") or [] if one.startswith("License :: ")]
    if named := [one for one in classes if one != "OSI Approved"]:
        return named
    text = (data.get("License") or "").strip().splitlines()
    return text[:1]


def _is_allowed(expression: str, allowed: set[str]) -> bool:
    """Whether an SPDX expression can be satisfied with allowed licences; AND holds closer than OR, as SPDX has it."""
    if expression in allowed:
        return True
    inner = re.search(r"\(([^()]*)\)", expression)
    if inner:
        stand_in = "MIT" if _is_allowed(inner[1], allowed) else "no"
        return _is_allowed(expression[: inner.start()] + stand_in + expression[inner.end() :], allowed)
    choices = re.split(r"\s+OR\s+", expression)
    return any(all(one in allowed for one in re.split(r"\s+AND\s+", choice)) for choice in choices)


def main(lock: Path = CHECKOUT / "requirements.lock", tool: Path = CHECKOUT / ".audit" / "bin" / "pip-audit") -> int:
    """Look, tell, and give the exit status."""
    rules = tomllib.loads((CHECKOUT / "ops" / "audit.toml").read_text(encoding="utf-8"))
    text, packages = lock.read_text(encoding="utf-8"), list(distributions())
    installed: dict[str, str] = {canonicalize_name(one.metadata["Name"]): one.version for one in packages}
    faults = [*check_lock(text), *check_installed(text, installed, rules["tools"])]
    named = {canonicalize_name(one.metadata["Name"]): licence_of(one) for one in packages}
    faults += [
        fault for name in sorted(named.keys() - {"onbenut"}) if (fault := check_licence(name, named[name], rules))
    ]
    print(f"{len(installed)} packages held to {lock.name} and to the list of licences: {len(faults) or 'no'} faults")
    return verdict(faults, find_advisories(tool, lock, rules["advisories"]))


def verdict(faults: list[str], found: Advisories) -> int:
    """Tell what is wrong and what was not looked at; gives the exit status."""
    faults = [*faults, *found.holes]
    for fault in faults:
        print(fault, file=sys.stderr)
    if found.not_asked:
        print(f"NOT AUDITED FOR KNOWN HOLES: {found.not_asked}", file=sys.stderr)
    else:
        print(f"{found.asked} packages held to the advisories: {len(found.holes) or 'no'} holes")
    return 1 if faults else NOT_ASKED if found.not_asked else 0


if __name__ == "__main__":
    sys.exit(main())
