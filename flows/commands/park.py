"""`onbenut park`: one business park on a sheet, or all parks of a city beside one another."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from flows.commands.terminal import console, table
from flows.park.compare import lines_of_parks
from flows.park.read import Parks, Sheet, read_all, read_sheet
from flows.park.tell import page_of_sheet
from flows.park.words import ParkWords
from flows.park.write import write_parks
from flows.workspace import Workspace

_COLUMNS = ("value", "bounds", "coverage", "place", "before")


def park(city: str, given: str | None, to: Path | None, space: Workspace, audience: str, lang: str) -> int:
    """Write the page and say where it is; without a file the same in short on the screen.

    Raises:
        OnbenutError: the city was not run, has no such park, or the page cannot be made; nothing was replaced.
    """
    words, out = ParkWords(lang), console()
    found: Parks | Sheet = read_sheet(city, given, space, audience) if given else read_all(city, space, audience)
    if to is not None:
        about = write_parks(found, to, words)
        out.print(
            f"{', '.join(about['parks'][:3])}{', ...' if len(about['parks']) > 3 else ''} in {to}", soft_wrap=True
        )
    elif isinstance(found, Sheet):
        _show_sheet(found, words, out)
    else:
        heads, lines = lines_of_parks(found, words)
        out.print(table(words.text("parks_of", city=found.city), heads, lines, right=heads[2:4]))
        out.print(f"\n{words.text('indicative')}", soft_wrap=True)
        out.print(words.text("next_park", city=city), soft_wrap=True)
    return 0


def _show_sheet(sheet: Sheet, words: ParkWords, out: Console) -> None:
    page = page_of_sheet(sheet, words)
    out.print(" · ".join([page["title"], *page["subtitle"]]), soft_wrap=True)
    out.print(f"{page['say']} {words.text('indicative')}", soft_wrap=True)
    for name, value in page["facts"]:
        out.print(f"{name:<18}{value}", soft_wrap=True)
    heads = [words.text(key) for key in ("indicator", *_COLUMNS)]
    for theme, rows in page["themes"]:
        out.print(table(f"\n{theme}", heads, [[row["name"], *(row[key] for key in _COLUMNS)] for row in rows]))
    for extra in filter(None, (page["sharing"], page["matches"])):
        out.print(
            table(f"\n{extra['title']}", extra["heads"], extra["rows"]) if extra["rows"] else f"\n{extra['none']}"
        )
