"""`onbenut explain`: one building on one screen."""

from __future__ import annotations

import re

from rich.text import Text

from flows.commands.terminal import console, print_json
from flows.explain import explain as read_explanation
from flows.explain_screen import screen
from flows.explain_words import Words
from flows.workspace import Workspace
from sources._kit.hostile import printable

_NARROW, _WIDE = 80, 118
_HEADING = re.compile(r"^[A-Z]{4,}(?=  )")


def explain(city: str, building: str, space: Workspace, audience: str, as_json: bool, lang: str) -> int:
    """Print everything behind the scores of one building.

    Raises:
        OnbenutError: the city has not been run, or no building goes by this id.
    """
    found = read_explanation(city, building, space, audience)
    if as_json:
        print_json(found)
        return 0
    out = console()
    # A file or a pipe gets the same screen as a person.
    width = max(_NARROW, min(out.width, _WIDE))
    for line in screen(found, Words(lang), width):
        text = Text(printable(line))
        text.highlight_regex(_HEADING, "bold")
        out.print(text, soft_wrap=True)
    return 0
