"""One building's reasoning as the lines of one screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flows.explain import Explanation
from flows.explain_building import describe_building, list_links, list_refusals, tell_origin
from flows.explain_lines import folded
from flows.explain_scores import answer_atypicality, answer_priority, answer_reuse, answer_underuse
from flows.explain_words import Words

# In the order in which a reader asks. A section with nothing to say gives no line.
SECTIONS: tuple[Callable[[Explanation, Words], Iterator[str]], ...] = (
    describe_building,
    answer_underuse,
    answer_atypicality,
    answer_reuse,
    answer_priority,
    list_links,
    list_refusals,
    tell_origin,
)


def screen(found: Explanation, words: Words, width: int) -> list[str]:
    """All lines, each at most `width` wide; an empty one between two sections."""
    lines: list[str] = []
    for section in SECTIONS:
        made = [part for line in section(found, words) for part in folded(line, width)]
        lines += ["", *made] if made and lines else made
    return lines
