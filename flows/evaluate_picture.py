"""Draws the reliability curve: what the score said against how often it was so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flows.evaluate_metrics import Bin

_DPI = 130
_COLOURS = ("#1b4f72", "#c0641c", "#7a7a7a")
_LEAST = 0.004


def draw_reliability(curves: Mapping[str, Sequence[Bin]], picture: Path) -> Path:
    """Draw one curve per name on logarithmic axes, with the 80% interval of every bin.

    Probabilities of most buildings are small: on plain axes all of them would lie in one corner.

    Args:
        curves: name -> bins, at most three curves.
        picture: PNG to write.

    Returns:
        `picture`.
    """
    # The object interface: no window system, and no state left behind for another thread.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(6.2, 5.6), dpi=_DPI, facecolor="#ffffff", layout="constrained")
    axes = figure.add_subplot()
    axes.plot([_LEAST, 1], [_LEAST, 1], color="#bbbbbb", linewidth=1, zorder=0)
    axes.annotate("above the line: more is out of use than was said", (0.012, 0.45), color="#888888", fontsize=8)
    axes.annotate("below the line: less", (0.2, 0.012), color="#888888", fontsize=8)
    for number, (name, unsorted) in enumerate(curves.items()):
        bins = sorted(unsorted, key=lambda one: one.said)
        said = np.array([one.said for one in bins])
        so = np.array([one.is_so for one in bins])
        low, high = np.array([one.low for one in bins]), np.array([one.high for one in bins])
        shown = np.maximum(so, _LEAST)
        error = np.stack([np.maximum(shown - np.maximum(low, _LEAST), 0), np.maximum(high - shown, 0)])
        # Curves a little aside of each other: equal bins would hide each other.
        axes.errorbar(
            said * (1 + 0.03 * (number - 1)), shown, yerr=error, label=name, color=_COLOURS[number],
            marker="os^"[number], markersize=4, linewidth=1.2, elinewidth=0.9, capsize=2,
        )  # fmt: skip
    ticks = [0.01, 0.03, 0.1, 0.3, 1.0]
    axes.set(xscale="log", yscale="log", xlim=(_LEAST, 1.08), ylim=(_LEAST * 0.9, 1.15), xticks=ticks, yticks=ticks)
    axes.set_xticklabels([f"{tick:g}" for tick in ticks])
    axes.set_yticklabels([f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("said: mean probability of underuse in the bin")
    axes.set_ylabel("so: share out of use, with its 80% interval")
    axes.set_title("Reliability on made-up cities", loc="left", fontsize=11)
    axes.grid(color="#eeeeee", linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    picture.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(64).save(picture, optimize=True)
    return picture
