"""`onbenut explain`: one building on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console

from flows.commands.terminal import console, print_json, print_pairs, table
from flows.explain import Explanation, Row
from flows.explain import explain as read_explanation
from flows.workspace import Workspace

_USES = 3


def explain(city: str, building: str, space: Workspace, audience: str, as_json: bool) -> int:
    """Print everything behind the scores of one building.

    Raises:
        OnbenutError: the city has not been run, or no building goes by this id.
    """
    found = read_explanation(city, building, space, audience)
    if as_json:
        print_json(found)
    else:
        _print(found, console())
    return 0


def _print(found: Explanation, out: Console) -> None:
    _print_building(found, out)
    scores = found.scores
    if scores is None:
        out.print(f"\nNo scores: this building is {found.building['state']}.")
        return
    out.print(
        f"\nUnderuse: probability {scores['underuse_probability']:.1%} of being out of use "
        f"(80% interval {scores['underuse_low']:.1%} - {scores['underuse_high']:.1%}), band {scores['underuse_band']}"
    )
    _print_parts(out, "log-odds", _with_evidence(found), scores["underuse_log_odds"])
    out.print(f"\nAtypicality: {scores['atypicality_score']:.1f} of 100")
    _print_parts(out, "points", found.atypicality, scores["atypicality_score"])
    _print_reuse(found, out)
    out.print(f"\nPriority: {scores['priority_score']:.1f} of 100{_rank(found)}")
    _print_parts(out, "points", found.priority, scores["priority_score"])
    out.print(f"\nA judgement by the numbers {scores['config_version']}, not a legal status.")


def _print_building(found: Explanation, out: Console) -> None:
    building = found.building
    heritage = (found.layer or {}).get("heritage")
    print_pairs(
        out,
        [
            ("Building", " ".join(filter(None, (building["building_id"], building["name"])))),
            ("Type", _type(building)),
            ("  agreeing", building["agreeing"]),
            ("  disagreeing", building["disagreeing"]),
            ("Formerly", building["former_type"]),
            ("Heritage", heritage),
            ("Outline", f"{building['footprint_m2']:.0f} m2, {building['source']}" + _official(building)),
            ("Height, storeys", _pair(building["height_m"], " m", building["floors"])),
            ("OSM", ", ".join(building["osm_ids"])),
            ("Address", _some(found.addresses)),
            ("Capakey", _some([f"{row['capakey']} ({row['share']:.0%})" for row in found.parcels])),
        ],
    )


def _with_evidence(found: Explanation) -> list[Row]:
    """The parts of the log-odds, each with what stands behind it on a second line."""
    items = {row["item_id"]: row for row in found.evidence}
    parts = []
    for part in found.underuse:
        detail = part["detail"]
        if item := items.get(part["item"]):
            detail += (
                f"\n  {item['source']}, {item['source_id']}, {item['observed_on']}: weight {item['log_lr']:+.2f}"
                f" x fresh {item['freshness']:.2f} x match {item['match_score']:.2f} ({item['match_method']})"
            )
        parts.append({"item": part["kind"], "value": part["value"], "detail": detail})
    return parts


def _print_parts(out: Console, unit: str, parts: Sequence[Row], total: Decimal) -> None:
    lines = [(f"{part['value']:+.3f}", part["item"], part["detail"]) for part in parts]
    lines.append((f"{total:+.3f}", "sum", ""))
    out.print(table("", (unit, "part", "what"), lines, right=(unit,)))


def _print_reuse(found: Explanation, out: Console) -> None:
    if not found.reuse:
        out.print("\nReuse: not assessed (an ordinary building without a sign of underuse)")
        return
    out.print("\nBest uses")
    lines = [
        (
            row["label"],
            "unknown" if row["score"] is None else f"{row['score']:.0f}",
            "" if row["low"] is None or row["high"] is None else f"{row['low']:.0f} - {row['high']:.0f}",
            ", ".join(row["to_check"]),
        )
        for row in found.reuse[:_USES]
    ]
    out.print(table("", ("use", "index", "low - high", "to check"), lines, right=("index", "low - high")))


def _rank(found: Explanation) -> str:
    if found.layer is None:
        return f"; not in the {found.audience} layer"
    return f"; number {found.layer['priority_rank']} of {found.layer['out_of']} in the {found.audience} layer"


def _type(building: Row) -> str:
    label = building["type_label"] or "unknown"
    return label if building["type_confidence"] is None else f"{label}, {building['type_confidence']:.0%} sure"


def _official(building: Row) -> str:
    return f", {building['official_type']}" if building["official_type"] else ""


def _pair(height: float | None, unit: str, floors: float | None) -> str | None:
    if height is None and floors is None:
        return None
    return f"{'unknown' if height is None else f'{height:g}{unit}'}, {'unknown' if floors is None else f'{floors:g}'}"


def _some(values: Sequence[str]) -> str:
    more = f" and {len(values) - 3} more" if len(values) > 3 else ""
    return "; ".join(values[:3]) + more
