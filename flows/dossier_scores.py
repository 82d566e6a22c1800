"""The scores of a dossier as bars with their words, and the uses a building may come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flows.dossier_words import PageWords
from flows.explain import Explanation, Row

_USES, _GAINS, _LIMITS = 3, 3, 2


def tell_scores(found: Explanation, words: PageWords) -> Iterator[Mapping[str, Any]]:
    """Three bars from 0 to 100: where the score is, between what it may lie, and both in words."""
    scores = found.scores
    if scores is None:
        return
    yield _bar(
        words.text("out_of_use"),
        100 * scores["underuse_probability"],
        100 * scores["underuse_low"],
        100 * scores["underuse_high"],
        words.text(
            "interval",
            value=words.share(scores["underuse_probability"], 1),
            low=words.share(scores["underuse_low"], 1),
            high=words.share(scores["underuse_high"], 1),
        ),
    )
    points = scores["atypicality_score"]
    yield _bar(words.text("unusual"), points, None, None, words.text("points", value=words.number(points, 1)))
    best = next((use for use in found.reuse if use["place"] == 1), None)
    if best is None:
        yield _bar(words.text("best_use_none"), None, 0, 100, words.say("unknown"))
    else:
        name = words.text("best_use", use=words.own(best, "label"))
        yield _bar(name, best["score"], best["low"], best["high"], _index(best, words))


def tell_uses(found: Explanation, words: PageWords) -> Iterator[Mapping[str, Any]]:
    """The uses that suit it best: index, what speaks for each and against it, and what is not known."""
    for use in found.reuse[:_USES]:
        gains = [part for part in use["parts"] if part["value"] > 0]
        limits = [
            part
            for part in use["parts"]
            if part["class"] and part["level"] < 0 and part["criterion"] not in _names(use["veto"])
        ]
        limits.sort(key=lambda part: (part["level"], part["criterion"]))
        vetoes = [words.text("veto", criterion=words.own(row, "label")) for row in use["veto"]]
        unknown = [words.own(row, "label") for row in use["to_check"]]
        lines = (
            ("for_it", [words.criterion(part) for part in gains[:_GAINS]]),
            ("against_it", [*vetoes, *(words.criterion(part) for part in limits[:_LIMITS])]),
            ("to_check", unknown),
        )
        bar = _bar(words.own(use, "label"), use["score"], use["low"], use["high"], _index(use, words))
        yield {
            **bar,
            "lines": [
                (words.text(key), "; ".join(told) or words.text("nothing"))
                for key, told in lines
                if told or key == "for_it"
            ],
        }


def _names(rows: list[Row]) -> set[str]:
    return {row["criterion"] for row in rows}


def _index(use: Row, words: PageWords) -> str:
    known = words.share(use["known_share"])
    ends = {key: words.say("unknown") if use[key] is None else words.number(use[key]) for key in ("low", "high")}
    if use["score"] is None:
        return words.text("index_unknown", known=known, **ends)
    return words.text("index", score=words.number(use["score"]), known=known, **ends)


def _bar(name: str, value: Any, low: Any, high: Any, told: str) -> Mapping[str, Any]:
    """A bar; the template draws what is not None."""
    ends = {
        key: None if number is None else round(float(number), 2)
        for key, number in (("value", value), ("low", low), ("high", high))
    }
    return {"name": name, "told": told, **ends}
