"""Writing to people and to machines: results on standard output, progress and warnings on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.table import Table

from sources._kit.hostile import printable

if TYPE_CHECKING:
    from flows.products import Progress

# A pipe or a log has no width: nothing is folded to fit a screen that is not there.
_WIDE = 1000


class _Plain(Console):
    """Names and words of others stay text: none of them clears a screen or writes over a line."""

    def print(self, *objects: Any, **how: Any) -> None:
        super().print(*(printable(one) if isinstance(one, str) else one for one in objects), **how)


def console(stream: TextIO | None = None) -> Console:
    """A console on a stream, standard output by default."""
    stream = stream or sys.stdout
    return _Plain(file=stream, width=None if stream.isatty() else _WIDE, highlight=False, markup=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str] = ()) -> Table:
    """A table; columns named in `right` hold numbers."""
    made = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*[text(value) for value in row])
    return made


def text(value: object) -> str:
    """A value for a reader: nothing for NULL, times without their fractions."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, float):
        return f"{value:.6g}"
    return printable(str(value))


def print_json(value: object, stream: TextIO | None = None) -> None:
    """JSON on standard output; decimals keep their digits, dates are ISO."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    print(json.dumps(value, indent=1, ensure_ascii=False, default=plain), file=stream or sys.stdout)


def plain(value: object) -> object:
    """What JSON has no word for."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Decimal):
        # Six places and the scores' sizes are within what a double writes back unchanged.
        return float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Path):
        return str(value)
    return str(value)


@contextmanager
def progress() -> Iterator[Progress]:
    """Shows where long work is: a moving line on a terminal, a line per step elsewhere."""
    if not sys.stderr.isatty():
        started = time.perf_counter()

        def write(floor: str, what: str) -> None:
            # Who reads along may leave (`onbenut run gent 2>&1 | head`): the run goes on.
            with suppress(BrokenPipeError):
                print(f"{time.perf_counter() - started:8.1f} s  {floor:9}{what}", file=sys.stderr, flush=True)

        yield write
        return
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(floor: str, what: str) -> None:
            bar.update(task, description=f"{floor}  {what}")

        yield show


def print_pairs(out: Console, pairs: Iterable[tuple[str, Any]]) -> None:
    """Name and value, one a line, without empty ones."""
    for name, value in pairs:
        if value not in (None, "", []):
            out.print(f"{name:<18}{text(value)}", soft_wrap=True)


def today() -> date:
    """The day where the cities are: a visitor's own day may have begun before that of UTC."""
    from zoneinfo import ZoneInfo

    return datetime.now(UTC).astimezone(ZoneInfo("Europe/Brussels")).date()
