"""The observations of a dossier: what was seen, when, by whom, how it found the building; and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flows.dossier_words import PageWords
from flows.explain import Explanation, Row
from flows.explain_lines import some

# More than these make no clearer case; they are counted and summed in one line, and `explain` has them all.
_SHOWN, _NOT_COUNTED = 7, 2


def tell_evidence(found: Explanation, words: PageWords) -> Mapping[str, Any]:
    """Rows of the table, strongest first, a line for the rest, and what the weights mean."""
    # Strongest first, so what is not counted again stands last.
    counted = sum(1 for row in found.evidence if row["adds"])
    place = min(_SHOWN, counted + _NOT_COUNTED)
    shown, others = found.evidence[:place], found.evidence[place:]
    more = ""
    if others:
        total = sum((row["adds"] for row in others[1:]), others[0]["adds"])
        about = {"city": found.city, "id": found.building["building_id"]}
        sums = {"value": words.number(total, 1, sign=True)} if total else {}
        more = words.text("more" if total else "more_not_counted", count=str(len(others)), **sums, **about)
    prior = next((part["value"] for part in found.underuse if part["kind"] == "prior"), None)
    note = "" if prior is None else words.text("weights", prior=words.number(prior, 1, sign=True))
    return {"rows": [_row(row, words) for row in shown], "more": more, "note": note}


def _row(item: Row, words: PageWords) -> Mapping[str, str]:
    told = words.own(item, "text") + (f" ({item['part']})" if item["part"] else "")
    source = words.code("source", item["source"])
    # The row of a register is for the city alone; the query left it out for others.
    if item["source_id"]:
        source = words.text("row", source=source, id=item["source_id"])
    adds = item["adds"]
    return {
        "what": told,
        "day": words.day(item["observed_on"]),
        "source": source,
        "matched": f"{words.code('method', item['match_method'])}, {words.share(item['match_score'])}",
        "weight": words.number(adds, 1, sign=True) if adds else words.text("not_counted"),
        "tendency": "up" if adds > 0 else "down" if adds < 0 else "none",
    }


def tell_against(found: Explanation, words: PageWords) -> Iterator[str]:
    """What points to use, and what contradicts the type."""
    for item in found.evidence:
        if item["adds"] < 0:
            yield words.text(
                "against_evidence", text=words.own(item, "label"), value=words.number(item["adds"], 1, sign=True)
            )
    kind = found.type["type"] if found.type else None
    others = dict.fromkeys(
        words.own(vote, "label") for vote in found.votes if vote["type"] != kind and not vote["is_former"]
    )
    if others:
        yield words.text("against_type", types=some(list(others), words))
