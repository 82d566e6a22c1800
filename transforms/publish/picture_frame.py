"""What surrounds the printed map: heading, legend and attribution beside it; scale and north on it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from transforms.publish import symbols
from transforms.publish.symbols import BANDS, PRIORITY_CLASSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch

# Outlines are thinner than on a screen map: a terraced house is only a few points wide here.
OUTLINE_POINTS_PER_MM = 1.7
_INK, _QUIET = "#222222", "#66625a"
_LEFT = 0.09  # of the margin
_ROUND_METRES = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def draw_margin(axes: Axes, title: str, subtitle: str, attributions: Sequence[str]) -> None:
    """Fill the margin beside the map, from the top down.

    Args:
        axes: the margin; its own axes are hidden.
        title: heading; long ones are broken.
        subtitle: one quiet line below it.
        attributions: texts the sources ask for, all of them.
    """
    from matplotlib.patches import Patch

    axes.set_axis_off()
    lines = textwrap.wrap(title, 18)
    axes.text(_LEFT, 0.955, "\n".join(lines), fontsize=8.4, weight="bold", color=_INK, va="top", linespacing=1.25)
    below = 0.955 - 0.048 * len(lines)
    axes.text(_LEFT, below - 0.012, subtitle, fontsize=5, color=_QUIET, va="top")
    fills = [Patch(facecolor=item.colour, edgecolor="none", label=item.label) for item in reversed(PRIORITY_CLASSES)]
    fills.append(Patch(facecolor=symbols.UNKNOWN_COLOUR, edgecolor="none", label=symbols.UNKNOWN_LABEL_NL))
    outlines = [
        Patch(
            facecolor="#ffffff",
            edgecolor=band.colour,
            linewidth=band.width_mm * OUTLINE_POINTS_PER_MM,
            label=band.word_nl,
        )
        for band in BANDS
    ]
    _legend(axes, symbols.PRIORITY_TITLE_NL, fills, below - 0.085)
    _legend(axes, symbols.BAND_TITLE_NL, outlines, below - 0.085 - 0.285)
    text = "\n".join("\n".join(textwrap.wrap(attribution, 38)) for attribution in attributions)
    axes.text(_LEFT, 0.022, text, fontsize=3.9, color=_QUIET, va="bottom", linespacing=1.35)


def _legend(axes: Axes, title: str, handles: Sequence[Patch], top: float) -> None:
    from matplotlib.legend import Legend

    legend = Legend(
        axes,
        list(handles),
        [str(handle.get_label()) for handle in handles],
        title=title,
        loc="upper left",
        bbox_to_anchor=(_LEFT, top),
        borderaxespad=0,
        borderpad=0,
        frameon=False,
        alignment="left",
        fontsize=5,
        title_fontproperties={"size": 5.3, "weight": "bold"},
        handlelength=1.9,
        handleheight=1.1,
        labelspacing=0.5,
        labelcolor=_INK,
    )
    axes.add_artist(legend)


def draw_scale(axes: Axes) -> None:
    """Draw a scale bar of a round length and a north arrow in the corner of the map; its units are metres."""
    from matplotlib.patches import Polygon, Rectangle

    (left, right), (bottom, _) = axes.get_xlim(), axes.get_ylim()
    unit = (right - left) / 100  # a hundredth of the map's width, in metres
    fitting = [metres for metres in _ROUND_METRES if metres <= 22 * unit]
    length = fitting[-1] if fitting else _ROUND_METRES[0]
    x, y = left + 4 * unit, bottom + 4 * unit
    panel = Rectangle((left + 2 * unit, bottom + 2 * unit), length + 15 * unit, 8 * unit)
    panel.set(facecolor="#ffffff", alpha=0.92, edgecolor="none", zorder=19)
    axes.add_patch(panel)
    for part, colour in enumerate((_INK, "#ffffff")):
        bar = Rectangle((x + part * length / 2, y), length / 2, 0.9 * unit)
        bar.set(facecolor=colour, edgecolor=_INK, linewidth=0.5, zorder=20)
        axes.add_patch(bar)
    for share, text in ((0, "0"), (0.5, f"{length / 2:g}"), (1, f"{length:g} m")):
        axes.text(
            x + share * length,
            y + 1.9 * unit,
            text,
            fontsize=4.8,
            color=_INK,
            zorder=20,
            ha="center",
            va="bottom",
        )
    arrow_x = x + length + 9 * unit
    arrow = np.array([[0, 4.6], [1.1, 1.7], [0, 2.3], [-1.1, 1.7]]) * unit + (arrow_x, y)
    axes.add_patch(Polygon(arrow, closed=True, facecolor=_INK, edgecolor="none", zorder=20))
    axes.text(
        arrow_x,
        y - 0.2 * unit,
        "N",
        fontsize=5.2,
        weight="bold",
        color=_INK,
        zorder=20,
        ha="center",
        va="center",
    )
