"""Adverts that hold: who looks for space, for partners, or offers space; one spelling, units checked, the place in the city's CRS.

One row per live advert; what is wrong with the others is in staging.reject, the first fault of each. Unknown stays null.

inputs: raw.space_request, staging.city_area, reference.reuse_use.use, reference.advert_code.code, reference.nis_2025
key: request_id
params: as_of, nis_code, crs_min_x, crs_min_y, crs_max_x, crs_max_y
accounts_for: raw.space_request
code: staging/_space_request_rules.py
check: kind IN ('space', 'partner', 'offer')
check: len(uses) >= 1
check: area_min_m2 <= area_max_m2
check: height_min_m <= height_max_m
check: radius_m IS NULL OR point IS NOT NULL
columns:
  request_id | VARCHAR | - | Zoekertje | feed and the platform's own id of the advert
  feed | VARCHAR | - | Gegevensstroom | feed the advert is in
  source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
  kind | VARCHAR | - | Soort | space (looks for space), partner (looks for partners), offer (has space)
  uses | VARCHAR[] | - | Gebruik | uses wanted, or allowed by an offer; at least one, sorted
  area_min_m2 | DOUBLE | m2 | Oppervlakte vanaf | smallest floor area; null where not said
  area_max_m2 | DOUBLE | m2 | Oppervlakte tot | largest floor area; null where not said
  height_min_m | DOUBLE | m | Hoogte vanaf | smallest free height; null where not said
  height_max_m | DOUBLE | m | Hoogte tot | largest free height; null where not said
  geom | GEOMETRY | - | Waar | polygon, or the 64-gon of point and radius, or the point of an offer that gives no radius; null: anywhere in the city
  point | GEOMETRY | - | Punt | middle of where, if it is a point
  radius_m | DOUBLE | m | Straal | how far around the point
  nis_code | VARCHAR | - | NIS-code | the city's own code, where the advert names the municipality
  from_on | DATE | - | Vanaf | from which day; null: any
  duration | VARCHAR | - | Duur | temporary, years, permanent; null where not said
  years | DOUBLE | years | Jaren | for how many years; null where not said
  extent | VARCHAR | - | Omvang | part, whole, either; null where not said
  shares_with | VARCHAR[] | - | Deelt met | uses it would share a building with: * any, empty none, null not said
  budget_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Budget | budget, or the price an offer asks; null where not said
  atypical | VARCHAR | - | Atypisch | wanted, unwanted, indifferent; null where not said
  brings | VARCHAR[] | - | Brengt | codes of reference.advert_code; empty nothing, null not said
  seeks | VARCHAR[] | - | Zoekt | codes of reference.advert_code; empty nothing, null not said
  building_id | VARCHAR | - | Gebouw | building it is about, as the layer names it; null where not said
  valid_until | DATE | - | Geldig tot | last day on which it holds; null: as long as the feed has it
  updated_on | DATE | - | Gewijzigd op | day it was last changed; null where not said
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources._kit.duck import literal
from transforms.staging._space_request_rules import CODED, DAYS, NUMBERS, WORDS, faults

if TYPE_CHECKING:
    import duckdb


def _list(column: str) -> str:
    """Codes between `|` as a sorted list without doubles; `[]` is an empty one."""
    words = f"list_sort(list_distinct(list_transform(string_split(lower({column}), '|'), lambda w: trim(w))))"
    return f"CASE WHEN {column} = '[]' THEN CAST([] AS VARCHAR[]) ELSE {words} END"


def build(con: duckdb.DuckDBPyConnection) -> str:
    """The query: every value read once, every fault named, the newest of two adverts with one id kept."""
    number = "try_cast(replace({0}, ',', '.') AS DOUBLE)"
    read = [
        f"CASE WHEN isfinite({number.format(name)}) THEN {number.format(name)} END AS {name}_read" for name in NUMBERS
    ]
    read += [f"register_date({name}) AS {name}_read" for name in DAYS]
    read += [f"{_list(name)} AS {name}_read" for name in ("uses", *CODED)]
    read += [f"lower({name}) AS {name}_read" for name in WORDS]
    rules = " ".join(
        f"WHEN coalesce({test}, false) THEN {{'reason': {literal(what)}, 'column_name': {literal(column)}, 'value': {value}}}"
        for column, test, what, value in faults()
    )
    # A ring that does not close is an error of the library, not a null; it becomes one.
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE space_request_judged AS
        WITH known AS MATERIALIZED (
            SELECT (SELECT list(use) FROM reference.reuse_use) AS known_uses, (SELECT list(code) FROM reference.advert_code) AS known_codes,
                (SELECT list(old_nis) FROM reference.nis_2025 WHERE new_nis = getvariable('nis_code')) AS merged,
                (SELECT any_value(geom) FROM staging.city_area) AS city_geom
        ),
        spelled AS (
            SELECT r.*, {", ".join(read)}, coalesce(ST_GeometryType(geom) = 'POINT', false) AS is_point,
                TRY(only_polygons(geom)) AS polygons, area IS NOT NULL OR lon IS NOT NULL OR lat IS NOT NULL AS is_placed
            FROM raw.space_request AS r
        ),
        placed AS (
            SELECT *, CASE WHEN is_point AND geometry_problem(geom) IS NULL THEN ST_Force2D(geom) END AS spot,
                CASE WHEN NOT is_point AND geometry_problem(geom) IS NULL AND ST_Area(polygons) > 0 THEN polygons END AS shape
            FROM spelled
        ),
        reaching AS (
            SELECT *, CASE WHEN spot IS NULL THEN shape WHEN radius_m_read BETWEEN 1 AND 100000 THEN ST_Buffer(spot, radius_m_read, 16)
                WHEN radius_m IS NULL AND kind_read = 'offer' THEN spot END AS reach
            FROM placed
        )
        SELECT *, CASE {rules} END AS fault FROM reaching, known
    """)
    return f"""
        SELECT CASE WHEN fault.column_name IS DISTINCT FROM 'id' THEN feed || ':' || advert_id END AS request_id, feed, source_row, kind_read AS kind, uses_read AS uses,
            {", ".join(f"{name}_read AS {name}" for name in ("area_min_m2", "area_max_m2", "height_min_m", "height_max_m"))},
            reach AS geom, spot AS point, CASE WHEN spot IS NOT NULL THEN radius_m_read END AS radius_m,
            CASE WHEN nis_code IS NOT NULL THEN CAST(getvariable('nis_code') AS VARCHAR) END AS nis_code,
            from_on_read AS from_on, duration_read AS duration, years_read AS years, extent_read AS extent,
            CASE WHEN list_contains(shares_with_read, '*') THEN ['*'] ELSE shares_with_read END AS shares_with,
            try_cast(replace(budget_eur_m2_year, ',', '.') AS DECIMAL(18, 2)) AS budget_eur_m2_year, atypical_read AS atypical,
            brings_read AS brings, seeks_read AS seeks, building_id, valid_until_read AS valid_until, updated_on_read AS updated_on,
            coalesce(CASE WHEN defect IS NOT NULL THEN split_part(defect, ': ', 1) ELSE fault.reason END, CASE WHEN row_number() OVER (
                PARTITION BY feed, advert_id, fault IS NULL ORDER BY updated_on_read DESC NULLS LAST, length(source_row), source_row) > 1
                THEN 'duplicate id' END) AS reject_reason,
            CASE WHEN defect IS NOT NULL THEN nullif(split_part(defect, ': ', 2), '') WHEN fault IS NULL THEN 'id'
                ELSE fault.column_name END AS reject_column,
            CASE WHEN fault IS NULL THEN advert_id ELSE left(fault.value, 40) END AS reject_value
        FROM space_request_judged
    """
