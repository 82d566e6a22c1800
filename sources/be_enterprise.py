"""KBO open data (the full zip): at which addresses an establishment is active, and nothing about who.

Of the archive only `address.csv`, `meta.csv` and, where it is there, `activity.csv` are unpacked. Their lines become one row per
street and house number with counts by NACE section, before anything is stored: the number of an establishment joins the files and
goes no further, and no name is read. A registered seat is no sign of use and makes no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from sources._kit.city import Feed
from sources._kit.contract import Table, load_source, settings_of, write_raw
from sources._kit.duck import literal
from sources._kit.errors import UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources._read.content import place
from sources._read.streamed import csv_query, reading
from sources._read.zipped import unpacked

_DAY = "%d-%m-%Y"
_COUNTED = "establishment at an address"
# One pass over the file. Letters and spaces of a house number do not make another address.
_READ = """
CREATE OR REPLACE TEMP TABLE enterprise_address AS
WITH line AS MATERIALIZED (
    SELECT EntityNumber, TypeOfAddress, trim(Zipcode) AS Zipcode, trim(MunicipalityNL) AS MunicipalityNL,
        trim(MunicipalityFR) AS MunicipalityFR, trim(StreetNL) AS StreetNL, trim(StreetFR) AS StreetFR,
        regexp_replace(upper(trim(HouseNumber)), ' +', ' ', 'g') AS HouseNumber,
        CASE WHEN TypeOfAddress = 'REGO' THEN 'registered seat: no sign of use'
             WHEN TypeOfAddress IS DISTINCT FROM {establishment} THEN 'address of another kind: ' || coalesce(left(TypeOfAddress, 8), '')
             WHEN try_strptime(DateStrikingOff, {day}) IS NOT NULL THEN 'establishment struck off'
             WHEN DateStrikingOff IS NOT NULL THEN 'day of striking-off that cannot be read'
             WHEN CountryNL IS NOT NULL OR CountryFR IS NOT NULL THEN 'establishment abroad'
             WHEN nullif(trim(Zipcode), '') IS NULL THEN 'establishment without a postcode'
             WHEN {elsewhere} THEN 'establishment with a postcode of elsewhere'
             ELSE {counted} END AS fate
    FROM ({file})
),
place AS (
    SELECT fate, count(*) AS establishment_count, min(nullif(MunicipalityNL, '')) AS MunicipalityNL,
        min(nullif(MunicipalityFR, '')) AS MunicipalityFR, min(nullif(StreetNL, '')) AS StreetNL, min(nullif(StreetFR, '')) AS StreetFR,
        CASE WHEN fate = {counted} THEN Zipcode END AS Zipcode,
        CASE WHEN fate = {counted} THEN coalesce(nullif(StreetNL, ''), StreetFR, '') END AS street,
        CASE WHEN fate = {counted} THEN coalesce(HouseNumber, '') END AS HouseNumber
    FROM line GROUP BY fate, 7, 8, 9
),
section AS (
    SELECT Zipcode, street, HouseNumber, map_from_entries(list({{'key': section, 'value': n}} ORDER BY section)) AS activities
    FROM (
        SELECT Zipcode, coalesce(nullif(StreetNL, ''), StreetFR, '') AS street, coalesce(HouseNumber, '') AS HouseNumber,
            said.section, CAST(count(DISTINCT EntityNumber) AS INTEGER) AS n
        FROM line LEFT JOIN enterprise_section AS s USING (EntityNumber)
        CROSS JOIN LATERAL (SELECT unnest(['*', coalesce(s.section, '?')]) AS section) AS said
        WHERE fate = {counted} GROUP BY ALL
    )
    GROUP BY ALL
)
SELECT * FROM place LEFT JOIN section USING (Zipcode, street, HouseNumber)
"""
# What an establishment does, by section; versions 2008 and 2025 of NACE put the same divisions together but for letters.
_SECTIONS = """
CREATE OR REPLACE TEMP TABLE enterprise_section AS
SELECT DISTINCT EntityNumber, section
FROM (
    SELECT EntityNumber, CASE {sections} END AS section
    FROM (
        SELECT EntityNumber, try_cast(left(trim(NaceCode), 2) AS INTEGER) AS division
        FROM ({file}) WHERE Classification = 'MAIN' AND NaceVersion IN ({versions})
    )
)
WHERE section IS NOT NULL
"""


class Settings(BaseModel):
    """What is taken of the country's list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    postcodes: list[str] = Field(
        default_factory=list, description="postcodes of the city; default those that its addresses have"
    )


def tables(feed: Feed) -> dict[str, Table]:
    """The raw tables; a list that was cut to named postcodes is no longer wider than the city."""
    found = dict(load_source("be_enterprise").info.tables)
    if feed.settings.get("postcodes"):
        activity = found["activity"]
        found["activity"] = activity.model_copy(update={"intake": {**activity.intake, "is_wide": "false"}})
    return found


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw tables `activity` and `tally`; returns the day of the extract.

    Raises:
        UnreadableSnapshotError: no whole zip, a member missing, a line that cannot be read, or an extract of changes.
        ColumnError: a column is missing, or an undeclared one came.
    """
    settings: Settings = settings_of(snapshot.city, snapshot.feed)
    reader = load_source("be_enterprise").info.reader
    where = place(snapshot, "data", snapshot.paths()[0])
    with unpacked(snapshot, ("address.csv", "meta.csv"), ("activity.csv",)) as found:
        day = _day(con, csv_query(found["meta.csv"], {**where, "member": "meta.csv"}, ("Variable", "Value")), where)
        here = {**where, "member": "address.csv"}
        file = csv_query(found["address.csv"], here, reader["columns"], known=reader["columns"])
        codes = ", ".join(literal(code) for code in settings.postcodes)
        _read_sections(con, found.get("activity.csv"), reader, where)
        with reading(where):
            con.execute(
                _READ.format(
                    establishment=literal(reader["establishment"]),
                    day=literal(_DAY),
                    counted=literal(_COUNTED),
                    elsewhere=f"trim(Zipcode) NOT IN ({codes})" if codes else "false",
                    file=file,
                )
            )
    try:
        write_raw(
            con, snapshot, "activity",
            "SELECT * EXCLUDE (fate, street) REPLACE (nullif(HouseNumber, '') AS HouseNumber), "
            "row_number() OVER (ORDER BY Zipcode, street, HouseNumber) AS _row "
            f"FROM enterprise_address WHERE fate = {literal(_COUNTED)}",
        )  # fmt: skip
        write_raw(
            con, snapshot, "tally",
            "SELECT 'address.csv' AS member, fate, CAST(sum(establishment_count) AS BIGINT) AS row_count, "
            "row_number() OVER (ORDER BY fate) AS _row FROM enterprise_address GROUP BY fate",
        )  # fmt: skip
    finally:
        con.execute("DROP TABLE IF EXISTS enterprise_address; DROP TABLE IF EXISTS enterprise_section")
    return day


def _read_sections(
    con: duckdb.DuckDBPyConnection, path: Path | None, reader: Mapping[str, Any], where: dict[str, object]
) -> None:
    """Make `enterprise_section`: establishment and NACE section; empty without the member."""
    if path is None:
        con.execute("CREATE OR REPLACE TEMP TABLE enterprise_section (EntityNumber VARCHAR, section VARCHAR)")
        return
    columns = reader["activity_columns"]
    file = csv_query(path, {**where, "member": path.name}, columns, known=columns)
    cases = [
        f"WHEN division BETWEEN {low} AND {high} THEN {literal(section)}"
        for section, (low, high) in reader["section"].items()
    ]
    versions = ", ".join(literal(version) for version in reader["nace_versions"])
    with reading(where):
        con.execute(_SECTIONS.format(sections=" ".join(cases), versions=versions, file=file))


def _day(con: duckdb.DuckDBPyConnection, meta: str, where: dict[str, object]) -> date:
    """The day the extract is of; an extract of changes alone is refused."""
    with reading(where):
        said = dict(con.execute(f"SELECT Variable, Value FROM ({meta})").fetchall())
    if str(said.get("ExtractType")).lower() != "full":
        raise UnreadableSnapshotError(
            "the archive is not the full extract",
            value=said.get("ExtractType"),
            next_step="fetch the archive whose name ends in Full",
            **where,
        )
    try:
        return datetime.strptime(str(said.get("SnapshotDate")), _DAY).replace(tzinfo=None).date()  # noqa: DTZ007 (a day has no zone)
    except ValueError as error:
        raise UnreadableSnapshotError(
            "meta.csv does not say of which day the extract is", value=said.get("SnapshotDate"),
            next_step="look what the provider changed", **where,
        ) from error  # fmt: skip
