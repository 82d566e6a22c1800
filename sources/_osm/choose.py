"""Which element goes to which table: the lists of osm_extract.toml as regular expressions and SQL."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb

from sources._kit.duck import literal

# Keys about the mapping, not about the thing: a relation with no others leaves its meaning to its outer ways.
BOOKKEEPING = {"type", "source", "created_by", "note", "fixme"}

# One row per element and tag that could decide; an element is in a table when one of its tags says so.
CLASSES = r"""
CREATE OR REPLACE TEMP TABLE osm_class AS
WITH tag AS (
    SELECT seq, osm_id[1] <> 'n' AS is_outline, unnest(map_keys(tags)) AS key,
        unnest(map_values(tags)) AS value
    FROM osm_element
), cut AS (
    SELECT *, regexp_replace(key, {lifecycle}, '') AS base, key || '=' || value AS pair,
        is_outline AND ends_with(key, ':building') AS is_prefixed,
        split_part(key, ':', 1) IN {remark_prefixes} AS is_remark
    FROM tag
)
SELECT seq,
    bool_or(is_outline AND key = 'building' OR is_prefixed AND NOT is_remark) AS has_building_key,
    bool_or(is_outline AND key = 'man_made' AND value IN {structures}) AS is_structure,
    bool_or((base IN {poi_keys} OR base = 'railway' AND value IN {railway})
        AND base || '=' || value NOT IN {street_furniture}) AS is_poi,
    bool_or(pair IN {facility}) AS is_facility,
    bool_or(is_outline AND pair IN {land_use}) AS is_land_use,
    bool_or(is_outline AND key = 'building:part') AS is_part,
    bool_or(is_prefixed AND is_remark) AS has_remark,
    bool_or(pair = 'area=no') AS is_line
FROM cut GROUP BY seq;
CREATE OR REPLACE TEMP TABLE osm_chosen AS
-- A path past a monument or a street's relation is no area, and nothing is wrong with it.
SELECT e.*, s.geom, s.defect, s.line, is_line OR NOT is_area AS is_no_area,
    has_building_key OR is_structure AND NOT is_no_area AS is_building, c.* EXCLUDE (seq)
FROM osm_element AS e JOIN osm_class AS c USING (seq) JOIN osm_shape AS s USING (osm_id);
"""
ROWS = {
    "building": "is_building",
    "poi": "is_poi AND NOT is_building AND NOT is_no_area",
    "facility": "is_facility AND NOT is_building AND NOT (is_poi AND NOT is_no_area)",
    "land_use": "is_land_use AND NOT is_building AND NOT is_no_area",
}
LEFT_OUT = {
    "building_part_only": "is_part AND NOT is_building",
    "building_in_a_remark": "has_remark AND NOT is_building",
    "poi_not_an_area": "is_poi AND NOT is_building AND is_no_area",
    "land_use_not_an_area": "is_land_use AND NOT is_building AND is_no_area",
}


@dataclass(frozen=True)
class Rules:
    """The lists, ready to use. `wanted` and `untagged` are regular expressions over `key=value,key=value`."""

    node_keys: tuple[str, ...]
    wanted: str
    untagged: str
    lists: dict[str, str]
    """SQL lists by name, and the lifecycle prefixes as a regular expression."""

    def is_area_wanted(self, tags: dict[str, str]) -> bool:
        """Whether a multipolygon relation with these tags is worth putting together."""
        text = ",".join(f"{key}=" for key in tags)
        return re.search(self.wanted, text) is not None or self.is_untagged(tags)

    def is_untagged(self, tags: dict[str, str]) -> bool:
        """Whether a relation with these tags leaves its meaning to its outer ways."""
        return re.fullmatch(self.untagged, ",".join(f"{key}=" for key in tags)) is not None


@cache
def read_lists() -> dict[str, Any]:
    """The lists of osm_extract.toml by name: of words, or of values by key."""
    table = tomllib.loads((files("sources") / "osm_extract.toml").read_text(encoding="utf-8"))
    lists: dict[str, Any] = table["reader"]
    return lists


@cache
def read_rules() -> Rules:
    """Make the rules from the lists."""
    lists = read_lists()
    placed = [*lists["poi_keys"], "railway"]
    keys = sorted({*placed, *lists["land_use"], "building", "building:part", "man_made"})
    sql = {name: lists[name] for name in ("remark_prefixes", "structures", "poi_keys", "railway")}
    for name in ("land_use", "facility", "street_furniture"):
        sql[name] = [f"{key}={value}" for key, values in lists[name].items() for value in values]
    # Most of what carries `highway` is of no use here: the value decides before a line is read.
    roads = f"(^|,)highway=({'|'.join(lists['facility']['highway'])})(,|$)"
    return Rules(
        node_keys=(*placed, "highway", *(f"{prefix}:{key}" for prefix in lists["lifecycle"] for key in placed)),
        wanted=f"(^|,)([^,=]+:)?({'|'.join(keys)})=|{roads}",
        untagged=f"(({'|'.join(sorted(BOOKKEEPING))})=[^,]*(,|$))+",
        lists={name: f"({', '.join(map(literal, values))})" for name, values in sql.items()}
        | {"lifecycle": literal(f"^({'|'.join(lists['lifecycle'])}):")},
    )


def classify_elements(con: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Make the temp table osm_chosen: elements, their shapes, and the table each belongs to."""
    con.execute(CLASSES.format(**rules.lists))
