"""`make evaluate`: how good the underuse score is on made-up cities, whose truth is known.

    python -m flows.evaluate [--to docs/evaluation.md] [--keep FOLDER]

Prints tables in Markdown and draws the reliability curve; both go to `outputs/evaluation/` under ONBENUT_HOME.
With `--to`, what stands below the line `<!-- figures -->` of that page is replaced by the tables.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from flows.evaluate_cities import CITIES, WORKERS, Made, measure_cities, rows_file
from flows.evaluate_compare import methods, reliability_bins
from flows.evaluate_coverage import drawn_cities
from flows.evaluate_metrics import RESAMPLES, reliability
from flows.evaluate_page import write_page
from flows.evaluate_picture import draw_reliability
from flows.evaluate_rows import read_sample
from flows.evaluate_weights import stated_weights
from flows.workspace import workspace
from sources._kit.errors import OnbenutError

MARK = "<!-- figures -->"
Say = Callable[[str], None]


def evaluate(
    cities: Sequence[Made], drawn: Sequence[Made], rows: Path, target: Path, *,
    workers: int = WORKERS, resamples: int = RESAMPLES, say: Say = lambda _text: None,
) -> str:  # fmt: skip
    """Run the cities, measure, write `evaluation.md` and `reliability.png` into `target`.

    Args:
        cities: those the metrics and the fit are measured on; two or more.
        drawn: those the intervals are measured on.
        rows: folder for what is read from each run; what is there already is used.
        target: folder of the products.
        workers: processes.
        resamples: for the interval of every metric.
        say: told of every city that is done.

    Returns:
        The page.
    """
    stated = stated_weights()
    measure_cities([*cities, *drawn], rows, workers=workers, say=say)
    names = [made.name for made in cities]
    known = read_sample([(name, rows_file(rows, name)) for name in names])
    hideable = [made.name for made in cities if made.hide_register]
    hidden = read_sample([(name, rows_file(rows, name, hidden=True)) for name in hideable])
    intervals = read_sample([(made.name, rows_file(rows, made.name)) for made in drawn])
    plain = known.where(known.is_drawn)
    atypical = plain.where(plain.column("is_atypical"))
    page = write_page(cities, known, hidden, intervals, stated, resamples)
    target.mkdir(parents=True, exist_ok=True)
    (target / "evaluation.md").write_text(page, encoding="utf-8")
    truth = atypical.column("is_out_of_use")
    best = methods(atypical, stated)["ceiling"]
    curves = {
        "Onbenut, atypical": reliability_bins(atypical),
        "Onbenut, all": reliability_bins(plain),
        "ceiling, atypical": reliability(truth, best),
    }
    draw_reliability(curves, target / "reliability.png")
    return page


def replace_figures(page: Path, figures: str) -> None:
    """Put the figures below the mark of a page; what is above was written by hand and stays.

    Raises:
        OnbenutError: the page has no mark.
    """
    head, mark, _ = page.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise OnbenutError("the page has no place for figures", file=page, next_step=f"add a line {MARK}")
    page.write_text(f"{head}{mark}\n\n{figures}", encoding="utf-8")


def main(say: Say = print) -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, help=f"page whose text below {MARK} is replaced")
    parser.add_argument("--keep", type=Path, help="folder for the rows of each run; a temporary one otherwise")
    arguments = parser.parse_args()
    target = workspace().outputs / "evaluation"
    with tempfile.TemporaryDirectory() as folder:
        page = evaluate(CITIES, drawn_cities(stated_weights()), arguments.keep or Path(folder), target, say=say)
    say(page)
    if arguments.to:
        replace_figures(arguments.to, page)
    say(f"{target / 'evaluation.md'}\n{target / 'reliability.png'}")


if __name__ == "__main__":
    main()
