"""The scores of a building in a sentence each, and what adds up to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flows.explain import Explanation, Row
from flows.explain_lines import INDENT, amount, rest, some, split
from flows.explain_words import Words

_USES = 3


def answer_underuse(found: Explanation, words: Words) -> Iterator[str]:
    """How likely it is out of use, and the observations that say so."""
    scores = found.scores
    if scores is None:
        yield words.say("no_scores", state=words.code("state", found.building["state"]))
        return
    yield f"{words.label('underuse')}  {tell_chance(found, words)}"
    if scores["legal_status"] is not None:
        yield "  " + words.say("legal", status=words.code("legal_status", scores["legal_status"]))
    layer = found.layer or {}
    if layer.get("vacant_share_low") is not None and layer["vacant_share_high"] is not None:
        low, high = words.share(layer["vacant_share_low"]), words.share(layer["vacant_share_high"])
        yield "  " + words.say("vacant_share", low=low, high=high)
    yield from _items(found, words)
    yield (
        amount(scores["underuse_log_odds"], words)
        + "= "
        + words.say("log_odds", sd=words.number(scores["underuse_sd"], 2))
    )
    if found.unheard:
        yield "  " + words.say("unheard", names=some([words.own(row, "label") for row in found.unheard], words))


def tell_chance(found: Explanation, words: Words) -> str:
    """The band in a plain sentence, with the probability and its interval; the building has scores."""
    scores = found.scores
    assert scores is not None
    chance = words.say(
        "chance",
        probability=words.share(scores["underuse_probability"], 1),
        low=words.share(scores["underuse_low"], 1),
        high=words.share(scores["underuse_high"], 1),
        band=words.code("band", scores["underuse_band"]),
    )
    return words.say(f"band_{_tendency(found)}", chance=chance)


def _tendency(found: Explanation) -> str:
    """The band; and where that is unknown, which way the little that is known points."""
    assert found.scores is not None
    if found.scores["underuse_band"] != "unknown":
        return str(found.scores["underuse_band"])
    # Less than the uncertainty of the starting probability itself says nothing.
    doubt = max((part["value_sd"] for part in found.underuse if part["kind"] == "prior"), default=0.0)
    net = sum(part["value"] for part in found.underuse if part["kind"] != "prior")
    if abs(net) < doubt:
        return "little" if found.evidence else "unknown"
    return "in_use" if net < 0 else "weak"


def _items(found: Explanation, words: Words) -> Iterator[str]:
    items = {row["item_id"]: row for row in found.evidence}
    shown, others = split(found.underuse)
    for part in shown:
        item = items.get(part["item"])
        if item is None:
            yield amount(part["value"], words) + words.own(part, "detail")
            continue
        told = words.own(item, "text") + (f" ({item['part']})" if item["part"] else "")
        if not part["value"]:
            # The part says why it does not count.
            yield amount(0, words) + f"{words.own(part, 'detail').rsplit('; ', 1)[-1]}: {told}"
            continue
        yield amount(part["value"], words) + told
        yield " " * (INDENT + 2) + words.say(
            "weight",
            source=words.code("source", item["source"]),
            id=item["source_id"] or item["feed"],
            day=words.day(item["observed_on"]),
            log_lr=words.number(item["log_lr"], 2, sign=True),
            freshness=words.number(item["freshness"], 3),
            match=words.number(item["match_score"], 3),
            method=words.code("method", item["match_method"]),
        )
    yield from rest(others, words)


def answer_atypicality(found: Explanation, words: Words) -> Iterator[str]:
    """How unusual it is."""
    if found.scores is not None:
        score = found.scores["atypicality_score"]
        yield words.label("atypicality") + "  " + words.say("atypicality", score=words.number(score, 1))
        yield from _points(found.atypicality, score, words)


def answer_priority(found: Explanation, words: Words) -> Iterator[str]:
    """What a visit is worth."""
    if found.scores is not None:
        score, audience = found.scores["priority_score"], words.code("audience", found.audience)
        rank = words.say("rank_none", audience=audience)
        if found.layer is not None:
            keys = ("priority_rank", "priority_rank_low", "priority_rank_high", "out_of")
            place, low, high, count = (str(found.layer[key]) for key in keys)
            rank = words.say("rank", rank=place, low=low, high=high, count=count, audience=audience)
        yield words.label("priority") + "  " + words.say("priority", score=words.number(score, 1), rank=rank)
        yield from _points(found.priority, score, words)


def _points(parts: Sequence[Row], score: object, words: Words) -> Iterator[str]:
    shown, others = split(parts)
    for part in shown:
        # The sources that disagree stand with the type, in words.
        detail = words.say("disagreement") if part["item"] == "disagreement" else words.own(part, "detail")
        yield amount(part["value"], words) + f"{words.code('part', part['item'])}: {detail}"
    yield from rest(others, words)
    yield amount(score, words) + "= " + words.say("sum")


def answer_reuse(found: Explanation, words: Words) -> Iterator[str]:
    """Which uses suit it best, what makes them do so, and what must be checked."""
    if found.scores is None:
        return
    name = words.label("reuse") + "  "
    best = next((row for row in found.reuse if row["place"] == 1), None)
    if best is None:
        yield name + words.say("reuse_unknown" if found.reuse else "reuse_none")
    else:
        yield name + words.say("reuse", use=words.own(best, "label"), **_range(best, words))
    for row in found.reuse[:_USES]:
        line = words.say("reuse_line", use=words.own(row, "label"), **_range(row, words))
        gains = [
            f"{words.own(part, 'label')} {words.number(part['value'], 1, sign=True)}"
            for part in row["parts"]
            if part["value"]
        ]
        veto = (
            words.say("veto", criteria=", ".join(words.own(item, "label") for item in row["veto"]))
            if row["veto"]
            else ""
        )
        yield "  " + "; ".join(filter(None, (line, some(gains, words, 2), veto)))
    if best is not None and best["to_check"]:
        yield "  " + words.say("to_check", criteria=", ".join(words.own(item, "label") for item in best["to_check"]))


def _range(row: Row, words: Words) -> dict[str, str]:
    bounds = {key: words.say("unknown") if row[key] is None else words.number(row[key]) for key in ("low", "high")}
    score = words.say("unknown") if row["score"] is None else words.number(row["score"])
    return {"score": score, "known": words.share(row["known_share"]), **bounds}
