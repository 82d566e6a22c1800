"""KBO open data (the full zip): at which addresses an establishment is active, and nothing about who.

Of the archive only `address.csv` and `meta.csv` are unpacked. Its lines become one row per street and house number, before
anything is stored in a table: no enterprise number, no name. A registered seat is no sign of use and makes no row.
"""

from __future__ import annotations

from datetime import date, datetime

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
WITH line AS (
    SELECT TypeOfAddress, trim(Zipcode) AS Zipcode, trim(MunicipalityNL) AS MunicipalityNL,
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
)
SELECT fate, count(*) AS establishment_count, min(nullif(MunicipalityNL, '')) AS MunicipalityNL,
    min(nullif(MunicipalityFR, '')) AS MunicipalityFR, min(nullif(StreetNL, '')) AS StreetNL, min(nullif(StreetFR, '')) AS StreetFR,
    CASE WHEN fate = {counted} THEN Zipcode END AS Zipcode,
    CASE WHEN fate = {counted} THEN coalesce(nullif(StreetNL, ''), StreetFR, '') END AS street,
    CASE WHEN fate = {counted} THEN coalesce(HouseNumber, '') END AS HouseNumber
FROM line GROUP BY fate, 7, 8, 9
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
    with unpacked(snapshot, ("address.csv", "meta.csv")) as found:
        day = _day(con, csv_query(found["meta.csv"], {**where, "member": "meta.csv"}, ("Variable", "Value")), where)
        here = {**where, "member": "address.csv"}
        file = csv_query(found["address.csv"], here, reader["columns"], known=reader["columns"])
        codes = ", ".join(literal(code) for code in settings.postcodes)
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
        con.execute("DROP TABLE IF EXISTS enterprise_address")
    return day


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
