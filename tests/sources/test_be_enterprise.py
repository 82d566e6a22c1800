"""KBO open data: only establishments that are open are signs of use, and nobody can be recognised."""

from __future__ import annotations

from datetime import date

import pytest

from sources._kit.contract import load_source, raw_name
from sources._kit.errors import CityFileError, ColumnError, UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources.be_enterprise import parse, tables
from tests.sources.conftest import Con, Snap, Write, raw, taken_in
from tests.sources.zips import ADDRESS, META, address, address_csv, packed

ROWS = [
    address("Kerkstraat", "12", entity="2.111.111.111", extra="c/o Jan Janssens"),
    address("Kerkstraat", "12 ", box="3", entity="2.111.111.112"),
    address("Kerkstraat", "12a", entity="2.111.111.113"),
    address("Kerkstraat", "14", off="31-12-2019"),
    address("Kerkstraat", "16", off="sometime"),
    address("Kerkstraat", "18", kind="REGO", entity="0123.456.789"),
    address("Kerkstraat", "12", kind="OBAD", entity="0123.456.789"),
    address("Rue Haute", "1", country="Frankrijk", postcode="59000"),
    address("Kerkstraat", "20", postcode=""),
    address('Plein "De Hoop", oost', "", postcode="2000"),
]


def shot(snap: Snap, write: Write, text: str, meta: str = META, **more: object) -> Snapshot:
    files = {
        "address.csv": "\ufeff" + text.replace("\n", "\r\n"),
        "meta.csv": meta,
        "denomination.csv": "a person's name",
    }
    return snap("be_enterprise", data=write("KboOpenData_0140_Full.zip", packed(files, "KBO/")), **more)


def test_only_open_establishments_become_rows_and_every_line_is_counted(con: Con, snap: Snap, write: Write) -> None:
    snapshot = shot(snap, write, address_csv(ROWS))
    assert parse(snapshot, con) == date(2025, 5, 28)
    found = [
        (r["Zipcode"], r["StreetNL"], r["HouseNumber"], r["establishment_count"])
        for r in raw(con, snapshot, "activity")
    ]
    assert found == [
        ("2000", 'Plein "De Hoop", oost', None, 1),
        ("9000", "Kerkstraat", "12", 2),
        ("9000", "Kerkstraat", "12A", 1),
    ]
    tally = {row["fate"]: row["row_count"] for row in raw(con, snapshot, "tally")}
    assert tally == {
        "establishment at an address": 4,
        "establishment struck off": 1,
        "day of striking-off that cannot be read": 1,
        "registered seat: no sign of use": 1,
        "address of another kind: OBAD": 1,
        "establishment abroad": 1,
        "establishment without a postcode": 1,
    }
    assert sum(tally.values()) == len(ROWS)
    taken = taken_in(con, snapshot, "activity")
    assert {row["kind"] for row in taken} == {"enterprise_active"}
    assert [row["detail"] for row in taken] == ["1 actieve vestiging", "2 actieve vestigingen", "1 actieve vestiging"]
    assert len({row["observation_id"] for row in taken}) == 3
    assert all(row["is_wide"] for row in taken)


def test_nothing_that_could_be_a_person_is_in_any_table(con: Con, snap: Snap, write: Write) -> None:
    snapshot = shot(snap, write, address_csv(ROWS))
    parse(snapshot, con)
    everything = ""
    for schema, table in con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall():
        everything += str(con.execute(f'FROM "{schema}"."{table}"').fetchall())
        assert "entity" not in str(con.execute(f'DESCRIBE "{schema}"."{table}"').fetchall()).lower()
    assert "Kerkstraat" in everything
    for word in ("111.111", "456.789", "Janssens", "person"):
        assert word not in everything, word
    assert con.execute("SELECT count(*) FROM duckdb_temporary_files()").fetchall() == [(0,)]
    assert list(snapshot.store.root.glob(".unpacked*")) == [], "what was unpacked is gone again"


def test_postcodes_of_the_city_file_leave_the_rest_of_the_country_out(con: Con, snap: Snap, write: Write) -> None:
    snapshot = shot(snap, write, address_csv(ROWS), settings={"postcodes": ["9000"]})
    parse(snapshot, con)
    assert {row["Zipcode"] for row in raw(con, snapshot, "activity")} == {"9000"}
    tally = {row["fate"]: row["row_count"] for row in raw(con, snapshot, "tally")}
    assert tally["establishment with a postcode of elsewhere"] == 1
    assert sum(tally.values()) == len(ROWS)
    assert tables(snapshot.feed)["activity"].intake["is_wide"] == "false"
    assert load_source("be_enterprise").info.tables["activity"].intake["is_wide"] == "true"


def test_a_postcode_that_is_none_is_refused(con: Con, snap: Snap, write: Write) -> None:
    with pytest.raises(CityFileError, match="postcodes"):
        parse(shot(snap, write, address_csv(ROWS), settings={"postcodes": [9000]}), con)


def test_the_same_lines_in_another_order_give_the_same_tables(con: Con, snap: Snap, write: Write) -> None:
    found = []
    for rows in (ROWS, ROWS[::-1]):
        snapshot = shot(snap, write, address_csv(rows))
        parse(snapshot, con)
        found.append((raw(con, snapshot, "activity"), raw(con, snapshot, "tally")))
    assert found[0] == found[1]


def test_an_extract_of_changes_is_refused(con: Con, snap: Snap, write: Write) -> None:
    with pytest.raises(UnreadableSnapshotError, match="not the full extract"):
        parse(shot(snap, write, address_csv(ROWS), META.replace('"full"', '"update"')), con)
    with pytest.raises(UnreadableSnapshotError, match="does not say of which day"):
        parse(shot(snap, write, address_csv(ROWS), META.replace("28-05-2025", "2025-05-28")), con)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("Zipcode", "PostalCode", "a column is missing.*Zipcode"),
        ('"Box"', '"Box","Email"', "nobody has declared.*Email"),
    ],
)
def test_a_renamed_or_new_column_is_named(con: Con, snap: Snap, write: Write, old: str, new: str, why: str) -> None:
    with pytest.raises(ColumnError, match=why):
        parse(shot(snap, write, address_csv(ROWS).replace(old, new, 1)), con)


def test_a_line_that_is_cut_is_named_by_its_number_and_not_shown(con: Con, snap: Snap, write: Write) -> None:
    text = ADDRESS + '"2.111.111.111","BAET","Jan Janssens"\n'
    with pytest.raises(UnreadableSnapshotError, match=r"address.csv.*Line: 2, Expected Number of Columns: 13") as error:
        parse(shot(snap, write, text), con)
    assert "111.111" not in str(error.value)
    assert error.value.__cause__ is None
    assert con.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'raw'").fetchone() == (0,)


def test_an_archive_without_establishments_is_an_empty_list(con: Con, snap: Snap, write: Write) -> None:
    snapshot = shot(snap, write, ADDRESS)
    parse(snapshot, con)
    assert con.execute(f"SELECT count(*) FROM {raw_name(snapshot.feed, 'activity')}").fetchone() == (0,)


def test_activities_are_counted_by_section_and_no_number_is_kept(con: Con, snap: Snap, write: Write) -> None:
    head = '"EntityNumber","ActivityGroup","NaceVersion","NaceCode","Classification"\n'
    lines = [
        ("2.111.111.111", "2008", "10710", "MAIN"),  # manufacturing
        ("2.111.111.111", "2025", "10710", "MAIN"),  # the same once more
        ("2.111.111.111", "2008", "47110", "MAIN"),  # and trade
        ("2.111.111.111", "2008", "68100", "SECO"),  # beside the point
        ("2.111.111.112", "2003", "25110", "MAIN"),  # divisions of before 2008 mean something else
        ("2.111.111.113", "2025", "62010", "MAIN"),
        ("0123.456.789", "2008", "01110", "MAIN"),  # an enterprise, no establishment
    ]
    activity = head + "".join(f'"{n}","001","{v}","{c}","{k}"\n' for n, v, c, k in lines)
    files = {"address.csv": address_csv(ROWS), "meta.csv": META, "activity.csv": activity}
    snapshot = snap("be_enterprise", data=write("KboOpenData_0140_Full.zip", packed(files)))
    parse(snapshot, con)
    found = {row["HouseNumber"]: row["activities"] for row in raw(con, snapshot, "activity")}
    assert found["12"] == {"*": 2, "?": 1, "C": 1, "G": 1}
    assert found["12A"] == {"*": 1, "J": 1}
    text = str([raw(con, snapshot, name) for name in ("activity", "tally")])
    assert "2.111" not in text
    assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'enterprise%'").fetchone() == (0,)
    observed = taken_in(con, snapshot, "activity")
    assert {"*": 2, "?": 1, "C": 1, "G": 1} in [row["activities"] for row in observed]


def test_an_extract_without_activities_says_that_none_is_known(con: Con, snap: Snap, write: Write) -> None:
    snapshot = shot(snap, write, address_csv(ROWS))
    parse(snapshot, con)
    found = {row["HouseNumber"]: row["activities"] for row in raw(con, snapshot, "activity")}
    assert found["12"] == {"*": 2, "?": 2}
