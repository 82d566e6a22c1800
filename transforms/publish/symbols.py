"""What the layer looks like: one palette for QGIS, for SLD and for the printed map.

Fill says priority (light to dark: worth a visit), outline says how sure it is that the building is out of
use, grey says that nothing is known. Class limits are fixed, not quantiles, so that cities and nights can
be compared.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PriorityClass:
    """Half-open class `low <= priority_score < high`; the last one has no upper limit."""

    low: float
    high: float | None
    colour: str

    @property
    def label(self) -> str:
        """Dutch text in a legend; the upper limit belongs to the next class."""
        return f"{self.low:g} tot {self.high:g}" if self.high is not None else f"{self.low:g} en meer"


@dataclass(frozen=True)
class Band:
    """A value of `underuse_band`: its words, and its outline (colour, width in millimetres)."""

    value: str
    word_nl: str
    word_en: str
    colour: str
    width_mm: float


PRIORITY_CLASSES = (
    PriorityClass(0, 10, "#fff1c2"),
    PriorityClass(10, 25, "#fed488"),
    PriorityClass(25, 50, "#fd9a3c"),
    PriorityClass(50, 75, "#dd5a17"),
    PriorityClass(75, None, "#8f2d04"),
)
BANDS = (
    Band("confirmed", "bevestigd", "confirmed", "#111111", 0.60),
    Band("likely", "waarschijnlijk", "likely", "#1d4f91", 0.46),
    Band("signal", "signaal", "signal", "#5b9bd5", 0.34),
    Band("unknown", "onbekend", "unknown", "#8f8f8f", 0.16),
)
UNKNOWN = BANDS[-1]
UNKNOWN_COLOUR = "#c6c6c6"
LABEL_COLOUR = "#222222"
LABEL_SCALE = 5000
OUTLINE_SCALE = 12000
"""Beyond it an outline would cover the fill of most buildings; the pins show both at any scale."""

PRIORITY_TITLE_NL = "Prioriteit (vulling)"
BAND_TITLE_NL = "Gebruikssignaal (omtrek)"
UNKNOWN_LABEL_NL = "onbekend, of zonder score"


def red_green_blue(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as three numbers from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def rgba(colour: str) -> str:
    """`#rrggbb` as QGIS writes an opaque colour."""
    return ",".join(str(part) for part in (*red_green_blue(colour), 255))
