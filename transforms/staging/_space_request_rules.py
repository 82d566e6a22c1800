"""What makes an advert one that cannot be taken: a rule per fault, in the order in which they are looked for."""

from __future__ import annotations

from sources._kit.duck import literal

Rule = tuple[str, str, str, str]
"""Column, SQL that is true for a fault, what is wrong, SQL of the value that is shown."""

NUMBERS = {
    "area_min_m2": (0, 10_000_000), "area_max_m2": (0, 10_000_000), "height_min_m": (0, 1_000), "height_max_m": (0, 1_000),
    "radius_m": (1, 100_000), "years": (0, 99), "budget_eur_m2_year": (0, 100_000),
}  # fmt: skip
"""Number -> smallest and largest that a real advert can mean."""
DAYS = ("from_on", "valid_until", "updated_on")
WORDS = {
    "kind": ("space", "partner", "offer"), "duration": ("temporary", "years", "permanent"), "extent": ("part", "whole", "either"),
    "atypical": ("wanted", "unwanted", "indifferent"),
}  # fmt: skip
CODED = ("shares_with", "brings", "seeks")
_ID = r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}"
_BUILDING = r"[a-z][a-z0-9_]*:[A-Za-z0-9_.:-]{1,64}"
_NONE = "CAST(NULL AS VARCHAR)"


def faults() -> list[Rule]:
    """The rules, over the columns of `raw.space_request` and what was read of them (`<column>_read`)."""
    rules: list[Rule] = [
        ("defect", "defect IS NOT NULL", "the row cannot be read", _NONE),
        ("id", "advert_id IS NULL", "no id", _NONE),
        # Not shown: an id that is none may be somebody's name.
        ("id", f"NOT regexp_full_match(advert_id, {literal(_ID)})", "no id: letters, digits and . _ : / - are", _NONE),
        ("kind", "kind IS NULL", "no kind", _NONE),
        *(_word(name, words) for name, words in WORDS.items()),
        ("uses", "uses IS NULL OR uses = '[]'", "no use", _NONE),
        ("uses", _beyond("uses", "known_uses"), "unknown use", _first("uses", "known_uses")),
        ("shares_with", _beyond("shares_with", "list_append(known_uses, '*')"), "unknown use",
         _first("shares_with", "list_append(known_uses, '*')")),
        *((name, _beyond(name, "known_codes"), "unknown code", _first(name, "known_codes")) for name in ("brings", "seeks")),
    ]  # fmt: skip
    for name, (low, high) in NUMBERS.items():
        rules += [
            (name, f"{name} IS NOT NULL AND {name}_read IS NULL", "no number", name),
            (name, f"{name}_read < 0", "negative", name),
            (name, f"{name}_read < {low}", f"less than {low}", name),
            (name, f"{name}_read > {high}", f"more than {high}", name),
        ]
    rules += [
        (name, f"{name}_read = 0", "nothing is no size", name) for name in ("area_max_m2", "height_max_m", "years")
    ]
    rules += [
        ("area_min_m2", "area_min_m2_read > area_max_m2_read", "smallest above largest", "area_min_m2 || ' > ' || area_max_m2"),
        ("height_min_m", "height_min_m_read > height_max_m_read", "smallest above largest", "height_min_m || ' > ' || height_max_m"),
        ("area_min_m2", "kind_read = 'offer' AND area_min_m2 IS NULL AND area_max_m2 IS NULL", "an offer without an area", _NONE),
        ("years", "duration_read = 'permanent' AND years IS NOT NULL", "years of what is permanent", "years"),
        *((name, f"{name} IS NOT NULL AND {name}_read IS NULL", "date that cannot be read", name) for name in DAYS),
        ("valid_until", "valid_until_read < getvariable('as_of')", "expired", "valid_until"),
        ("building_id", f"NOT regexp_full_match(building_id, {literal(_BUILDING)})", "no id of a building", "building_id"),
        *_places(),
    ]  # fmt: skip
    return rules


def _places() -> list[Rule]:
    """Faults of the place; no coordinate is shown, as where somebody looks may tell who it is."""
    placed = "CAST(area IS NOT NULL AS INTEGER) + CAST(lon IS NOT NULL OR lat IS NOT NULL AS INTEGER) + CAST(nis_code IS NOT NULL AS INTEGER)"
    no_number = "{0} IS NOT NULL AND try_cast(replace({0}, ',', '.') AS DOUBLE) IS NULL"
    return [
        ("area", f"{placed} > 1", "several places: a point, an area or a municipality", _NONE),
        ("lat", "lon IS NOT NULL AND lat IS NULL", "half a point", _NONE),
        ("lon", "lat IS NOT NULL AND lon IS NULL", "half a point", _NONE),
        *((name, no_number.format(name), "no number", _NONE) for name in ("lon", "lat")),
        ("area", "area IS NOT NULL AND geom IS NULL", "geometry cannot be read", _NONE),
        ("area", "is_placed AND geometry_problem(geom) = 'no geometry'", "no geometry", _NONE),
        ("lon", "is_point AND geometry_problem(geom) IS NOT NULL", "a point outside the area of the CRS", _NONE),
        ("area", "is_placed AND geometry_problem(geom) IS NOT NULL", "an area outside the area of the CRS", _NONE),
        ("area", "is_placed AND NOT is_point AND shape IS NULL", "geometry is broken, or no polygon and no point", _NONE),
        ("radius_m", "radius_m IS NOT NULL AND NOT is_point", "a radius without a point", "radius_m"),
        ("radius_m", "is_point AND radius_m IS NULL AND kind_read <> 'offer'", "a point without a radius", _NONE),
        ("nis_code", "nis_code <> getvariable('nis_code') AND NOT coalesce(list_contains(merged, nis_code), false)",
         "nothing of it is in the city", "nis_code"),
        ("area", "reach IS NOT NULL AND city_geom IS NOT NULL AND NOT ST_Intersects(reach, city_geom)", "nothing of it is in the city", _NONE),
    ]  # fmt: skip


def _word(column: str, words: tuple[str, ...]) -> Rule:
    return (column, f"{column}_read NOT IN ({', '.join(map(literal, words))})", f"unknown {column}", column)


def _beyond(column: str, known: str) -> str:
    return f"len(list_filter({column}_read, lambda w: NOT list_contains({known}, w))) > 0"


def _first(column: str, known: str) -> str:
    return f"list_filter({column}_read, lambda w: NOT list_contains({known}, w))[1]"
