from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from sources import vacancy_register
from sources._kit.contract import load_source, raw_name, settings_of
from sources._kit.errors import CityFileError, ColumnError, UnreadableSnapshotError
from sources._read.rows import cell_text
from tests.sources.conftest import Con, Rows, Shared, Snap, Write, page, raw, taken_in

ANTWERP: dict[str, Any] = {
    "columns": {
        "register_id": "OBJECTID",
        "building_number": "pnd_id",
        "street": "pva_straat",
        "house_number": "pva_huisnr1",
        "house_number_to": "pva_huisnr2",
        "box_number": "pva_busnr",
        "postcode": "pva_postcode",
        "municipality": "pnd_district",
        "part": "reg_entiteit",
        "kind": "reg_aard",
        "status": "reg_status",
        "listed_on": "reg_opnamedatum",
    },
    "constants": {"inventory": "vacancy"},
    "values": {
        "kind": {"woning": "dwelling", "gebouw": "building", "kamer": "room"},
        "status": {
            "opname": "active",
            "kennisgeving": "announced",
            "beroepOpname": "appealed",
            "aanvraagschrapping": "striking_off_requested",
        },
    },
    "ignore": ["pnd_district_code", "SHAPE_Length", "SHAPE_Area"],
}
VIP: dict[str, Any] = {
    "columns": {
        "register_id": "Dossiernummer",
        "capakey": "CapaKey",
        "street": "Straat",
        "house_number": "Huisnummer",
        "box_number": "Busnummer",
        "postcode": "Postcode",
        "municipality": "Gemeente",
        "kind": "VIP-TypeOnroerendGoed",
        "inventory": "VIP-InventarisType",
        "status": "VIP-StatusCode",
        "listed_on": "DatumOpname",
    },
    "values": {
        "kind": {"Woning": "dwelling", "Gebouw": "building", "Bedrijfsruimte": "business_premises"},
        "inventory": {"Leegstand": "vacancy", "Verwaarlozing": "neglect"},
        "status": {"1": "active", "9": "struck_off"},
    },
    "ignore": ["DossierPrefix", "DossierType", "InternNummer", "VIP-Status"],
}
# fmt: off
VIP_HEADER = [
    "CapaKey", "DossierPrefix", "DossierType", "Dossiernummer", "InternNummer", "DatumOpname",
    "VIP-InventarisType", "VIP-Status", "VIP-StatusCode", "VIP-TypeOnroerendGoed", "Postcode", "Gemeente",
    "Straat", "Huisnummer", "Busnummer",
]
# fmt: on
SMALL: dict[str, Any] = {
    "columns": {
        "register_id": "id",
        "street": "straat",
        "house_number": "nr",
        "status": "stand",
        "listed_on": "sinds",
    },
    "values": {"status": {"opname": "active"}},
}
HEADER = "id;straat;nr;stand;sinds\n"


def read(snap: Snap, con: Con, path: Path, settings: Mapping[str, Any] = SMALL) -> Rows:
    """Rows of the role, each with `raw`: the same row as it came."""
    shot = snap("vacancy_register", settings=settings, data=path)
    vacancy_register.parse(shot, con)
    given = raw(con, shot, "register")
    return [{**row, "raw": before} for row, before in zip(taken_in(con, shot, "register"), given, strict=True)]


def sheet(path: Path, *rows: Sequence[object], others: Sequence[str] = ()) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    book.active.title = "lijst"
    for row in rows:
        book.active.append(list(row))
    for title in others:
        book.create_sheet(title)
    book.save(path)
    return path


def test_list_becomes_register_rows(snap: Snap, write: Write, con: Con) -> None:
    (row,) = read(snap, con, write("l.csv", HEADER + "7; Kerkstraat ;12-14;OPNAME;23/10/2014\n"))
    assert (row["register_id"], row["street"], row["house_number"]) == ("7", "Kerkstraat", "12-14")
    assert (row["status"], row["listed_on"], row["defect"]) == ("active", "23/10/2014", None)
    assert row["raw"]["straat"] == " Kerkstraat "
    assert row["raw"]["stand"] == "OPNAME"
    assert row["_row"] == 2


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        ((HEADER + "1;Visésträat;1;opname;\n").encode(), "utf-8-sig, delimiter ';'"),
        (b"\xef\xbb\xbf" + (HEADER + "1;Visésträat;1;opname;\n").encode(), "utf-8-sig"),
        ((HEADER + "1;Visésträat;1;opname;\n").encode("cp1252"), "cp1252"),
        ((HEADER + "1;Visésträat;1;opname;\n").encode("utf-16"), "utf-16"),
        ((HEADER + '1;"Visésträat";1;opname;\r\n').replace(";", ",").encode(), "delimiter ','"),
        ((HEADER + "1;Visésträat;1;opname;\n").replace(";", "\t").encode(), "delimiter '\\t'"),
        (("sep=;\n" + HEADER + "1;Visésträat;1;opname;\n").encode(), "delimiter ';'"),
        (('"id, eigen";' + HEADER[3:] + "1;Visésträat;1;opname;\n").encode(), "delimiter ';'"),
    ],
)
def test_encodings_and_delimiters(snap: Snap, write: Write, con: Con, content: Any, remark: str) -> None:
    settings = json.loads(json.dumps(SMALL).replace('"id"', '"id, eigen"')) if b"eigen" in content else SMALL
    (row,) = read(snap, con, write("l.csv", content), settings)
    assert (row["register_id"], row["street"]) == ("1", "Visésträat")
    assert row["_row"] == (3 if content.startswith(b"sep") else 2)
    said = con.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'feed_register'").fetchone()
    assert said is not None
    assert remark in said[0]


def test_mark_before_a_named_encoding(snap: Snap, write: Write, con: Con) -> None:
    file = write("l.csv", b"\xef\xbb\xbf" + HEADER.encode() + b"1;A;1;opname;\n")
    assert read(snap, con, file, {**SMALL, "encoding": "utf-8"})[0]["register_id"] == "1"


def test_bytes_of_no_encoding_are_refused(snap: Snap, write: Write, con: Con) -> None:
    with pytest.raises(UnreadableSnapshotError, match="not cp1252"):
        read(snap, con, write("l.csv", HEADER.encode() + b"1;\x81\x8d;1;opname;\n"))
    with pytest.raises(UnreadableSnapshotError, match="not utf-8"):
        read(
            snap,
            con,
            write("m.csv", HEADER.encode() + b"1;Vis\xe9;1;opname;\n"),
            {**SMALL, "encoding": "utf-8"},
        )


def test_lines_that_do_not_fit_are_kept_and_named(snap: Snap, write: Write, con: Con) -> None:
    lines = "1;A;1;opname;\n2;B;2\n3;C;3;opname;;te;veel\n4;D;4;opname;;;\n\n;;;;\n"
    lines += '5;"E\nF";5;opname;\n6;G;6;opname;\n'
    rows = read(snap, con, write("l.csv", HEADER + lines))
    assert [row["register_id"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert rows[1]["defect"].startswith("line 3 has 3 fields, the header 5")
    assert rows[2]["defect"] == "line 4 has 7 fields, the header 5"
    assert [rows[n]["defect"] for n in (0, 3, 4, 5)] == [None] * 4
    assert [row["_row"] for row in rows] == [2, 3, 4, 5, 8, 10]
    assert rows[4]["street"] == "E\nF"


def test_unclosed_quotation_mark_swallows_nothing(snap: Snap, write: Write, con: Con) -> None:
    with pytest.raises(UnreadableSnapshotError, match="cut into fields"):
        read(snap, con, write("l.csv", HEADER + '1;"A;1;opname;\n2;B;2;opname;\n'))


def test_header_alone_is_no_rows(snap: Snap, write: Write, con: Con) -> None:
    assert read(snap, con, write("l.csv", HEADER)) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"<!doctype html>\n<html><body>log in</body></html>", "HTML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        (b"PK\x03\x04rest", "damaged"),
        (b"\x1f\x8b\x08\x00rest", "binary"),
        (b'{"error":{"code":400,"message":"no such layer"}}', "no such layer"),
    ],
)
def test_what_is_no_list_is_a_named_error(snap: Snap, write: Write, con: Con, content: Any, said: str) -> None:
    with pytest.raises(UnreadableSnapshotError, match=said) as caught:
        read(snap, con, write("register.csv", content))
    assert (caught.value.where["source"], caught.value.where["file"]) == ("vacancy_register", "register.csv")


def test_columns_are_held_to(snap: Snap, write: Write, con: Con) -> None:
    with pytest.raises(ColumnError, match="mapped to house_number is missing") as caught:
        read(snap, con, write("a.csv", "id;straat;stand;sinds\n1;A;opname;\n"))
    assert caught.value.where["column"] == "nr"
    assert "id, sinds, stand, straat" in str(caught.value)
    with pytest.raises(ColumnError, match="bewoner"):
        read(snap, con, write("b.csv", "bewoner;" + HEADER + "X;1;A;1;opname;\n"))
    with pytest.raises(ColumnError, match="two columns with one name"):
        read(snap, con, write("c.csv", "ID;" + HEADER + "9;1;A;1;opname;\n"))
    with pytest.raises(ColumnError, match="without a name"):
        read(snap, con, write("d.csv", ";" + HEADER + "geheim;1;A;1;opname;\n"))
    assert len(read(snap, con, write("e.csv", ";" + HEADER.strip() + ";\n;1;A;1;opname;;\n"))) == 1


def test_ignored_and_personal_columns_go_no_further(snap: Snap, write: Write, con: Con) -> None:
    file = write("l.csv", "bewoner;Naam_Eigenaar;" + HEADER + "X;Jan Peeters;1;A;1;opname;\n")
    (row,) = read(snap, con, file, {**SMALL, "ignore": ["Bewoner"]})
    assert not {"bewoner", "Naam_Eigenaar"} & set(row["raw"])
    assert "Peeters" not in str(row)


@pytest.mark.parametrize(
    "name", ["eigenaar", "Naam eigenaar", "OWNER_NAME", "Rijksregisternr.", "e-mail", "Zakelijk gerechtigde"]
)
def test_personal_column_cannot_be_mapped(snap: Snap, write: Write, con: Con, name: str) -> None:
    settings = {**SMALL, "columns": {**SMALL["columns"], "part": name}}
    with pytest.raises(CityFileError, match="personal data"):
        read(snap, con, write("l.csv", f"{name};" + HEADER + "X;1;A;1;opname;\n"), settings)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"columns": {}}, "columns"),
        ({"columns": {"straat": "straat"}}, "no column of a register row"),
        ({"values": {"status": {"opname": "empty"}}}, "no status"),
        ({"values": {"kind": {"woning": "dwelling"}}}, "`columns` does not name"),
        ({"constants": {"inventory": "leegstand"}}, "no inventory"),
        ({"constants": {"status": "active"}}, "both in"),
        ({"kolommen": {}}, "kolommen"),
        ({"delimiter": ";;"}, "delimiter"),
    ],
)
def test_settings_are_held_to(snap: Snap, write: Write, change: dict[str, Any], said: str) -> None:
    shot = snap("vacancy_register", settings={**SMALL, **change}, data=write("l.csv", HEADER))
    with pytest.raises(CityFileError, match=said):
        settings_of(shot.city, shot.feed)


def test_word_nobody_knows_is_a_defect(snap: Snap, write: Write, con: Con) -> None:
    rows = read(snap, con, write("l.csv", HEADER + "1;A;1;gesloopt;\n2;A;1;;\n3;A;1;opname;\n"))
    assert [row["defect"] for row in rows] == ["unknown value in stand: gesloopt", "stand is empty", None]
    assert [row["status"] for row in rows] == [None, None, "active"]
    empty_too = {**SMALL, "values": {"status": {"opname": "active", "": "active", "gesloopt": "demolished"}}}
    rows = read(snap, con, write("m.csv", HEADER + "1;A;1;gesloopt;\n2;A;1;;\n"), empty_too)
    assert [(row["status"], row["defect"]) for row in rows] == [("demolished", None), ("active", None)]


def test_free_column_keeps_words_it_has_no_translation_for(snap: Snap, write: Write, con: Con) -> None:
    settings = {**SMALL, "values": {**SMALL["values"], "street": {"GM": "Grote Markt"}}}
    rows = read(snap, con, write("l.csv", HEADER + "1;gm;1;opname;\n2;Dorp;1;opname;\n"), settings)
    assert [row["street"] for row in rows] == ["Grote Markt", "Dorp"]


@pytest.mark.parametrize(
    ("number", "is_eaten"),
    [
        ("2025-10-12", True), ("12/10/2025", True), ("12-okt", True), ("okt/12", True), ("12-10-2025", True),
        ("12-14", False), ("10", False), ("12A", False), ("0", False), ("12/14", False), ("50-52-54", False),
    ],
)  # fmt: skip
def test_number_that_became_a_date(snap: Snap, write: Write, con: Con, number: str, is_eaten: bool) -> None:
    (row,) = read(snap, con, write("l.csv", HEADER + f"1;A;{number};opname;\n"))
    assert row["raw"]["nr"] == number
    assert row["defect"] == (f"nr is a date: {number}" if is_eaten else None)


@pytest.mark.parametrize(
    ("day", "is_day"),
    [
        ("2014/10/23 00:00:00+00", True), ("2014-10-23T00:00:00", True), ("23/10/2014", True),
        ("23-10-14", True), ("20141023", True), ("1414022400000", True), ("", True),
        ("opname", False), ("woning", False), ("45231", False),
    ],
)  # fmt: skip
def test_day_of_listing(snap: Snap, write: Write, con: Con, day: str, is_day: bool) -> None:
    (row,) = read(snap, con, write("l.csv", HEADER + f"1;A;1;opname;{day}\n"))
    assert row["listed_on"] == (day or None)
    assert (row["defect"] is None) == is_day


def test_duplicate_key_stays_twice(snap: Snap, write: Write, con: Con) -> None:
    rows = read(snap, con, write("l.csv", HEADER + "1;A;1;opname;\n1;A;1;opname;\n"))
    assert [row["register_id"] for row in rows] == ["1", "1"]


def test_list_without_ids_gets_lines(snap: Snap, write: Write, con: Con) -> None:
    settings = {"columns": {"street": "straat"}, "ignore": ["id", "nr", "stand", "sinds"]}
    rows = read(snap, con, write("l.csv", HEADER + "1;A;1;x;\n2;B;1;x;\n"), settings)
    assert [row["register_id"] for row in rows] == ["row 2", "row 3"]


def test_excel_hand_over(snap: Snap, con: Con, tmp_path: Path) -> None:
    given = [
        "24062A0001/00B000",
        "LW",
        "L",
        1001.0,
        None,
        datetime.fromisoformat("2023-05-04"),
        "Leegstand",
        "Actief",
        1,
        "Gebouw",
        9000,
    ]
    given += ["Gent", "Kouter", "12-14", None]
    eaten = [*given[:13], date(2025, 10, 12), "0101"]
    lost = [None, *eaten[1:]]
    path = sheet(tmp_path / "vip.bin", VIP_HEADER, given, [None] * 15, eaten, lost, [None] * 15, others=["Blad2"])
    first, second, third = read(snap, con, path, VIP)
    assert (first["register_id"], first["capakey"], first["postcode"]) == (
        "1001",
        "24062A0001/00B000",
        "9000",
    )
    assert (first["kind"], first["inventory"], first["status"]) == ("building", "vacancy", "active")
    assert (first["listed_on"], first["house_number"], first["defect"]) == ("2023-05-04", "12-14", None)
    # The CAPAKEY still places the row; without one nothing does, and the number is not guessed.
    assert (second["raw"]["Huisnummer"], second["house_number"], second["defect"]) == ("2025-10-12", None, None)
    assert third["defect"] == "Huisnummer is a date: 2025-10-12"
    assert second["box_number"] == "0101"
    assert [first["_row"], second["_row"]] == [2, 4]


def test_number_of_a_sheet_has_no_decimal_point() -> None:
    assert [cell_text(value) for value in (12.0, 12.5, 9000, "0101", None)] == [
        "12",
        "12.5",
        "9000",
        "0101",
        None,
    ]


def test_several_filled_sheets_need_a_name(snap: Snap, con: Con, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    path = sheet(tmp_path / "l.xlsx", HEADER.strip().split(";"), ["1", "A", 1, "opname", None], others=["uitleg"])
    book = load_workbook(path)
    book["uitleg"]["A1"] = "lees dit"
    book.save(path)
    with pytest.raises(UnreadableSnapshotError, match="lijst, uitleg"):
        read(snap, con, path)
    assert len(read(snap, con, path, {**SMALL, "sheet": "lijst"})) == 1


def test_arcgis_geojson(snap: Snap, write: Write, con: Con) -> None:
    shape = {"type": "Polygon", "coordinates": [[[4.4, 51.2], [4.5, 51.2], [4.5, 51.3], [4.4, 51.2]]]}
    row = {"id": 1, "straat": "A", "nr": "1", "stand": "opname", "sinds": 1414022400000, "geometry": shape}
    file = write("l.json", page([row, {**row, "id": 2, "stand": "?"}], crs=None))
    first, second = read(snap, con, file)
    assert (first["listed_on"], first["status"], first["defect"]) == ("1414022400000", "active", None)
    assert first["raw"]["geom"].startswith("POLYGON")
    assert second["defect"] == "unknown value in stand: ?"
    with pytest.raises(UnreadableSnapshotError, match="exceededTransferLimit"):
        read(snap, con, write("m.json", page([row], crs=None, exceededTransferLimit=True)))


def test_two_files_are_two_feeds(snap: Snap, write: Write, con: Con) -> None:
    files = [write("a.csv", HEADER), write("b.csv", HEADER + "1;A;1;opname;\n")]
    with pytest.raises(UnreadableSnapshotError, match="one file, not 2"):
        vacancy_register.parse(snap("vacancy_register", settings=SMALL, data=files), con)


def test_register_is_for_the_city_unless_said(snap: Snap) -> None:
    info = load_source("vacancy_register").info
    assert (info.visibility, info.licence) == ("city", "unspecified")


def test_antwerp(snap: Snap, shared: Shared, con: Con) -> None:
    path = shared("antwerpen/vacancy_register.csv")
    rows = read(snap, con, path, ANTWERP)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        given = list(csv.DictReader(stream))
    assert len(rows) == len(given) == 1_045
    for row, before in zip(rows, given, strict=True):
        assert {name: row["raw"][name] for name in ANTWERP["columns"].values()} == {
            name: before[name] for name in ANTWERP["columns"].values()
        }
    bad = [row for row in rows if row["defect"]]
    assert [(row["_row"], row["defect"]) for row in bad] == [(753, "reg_aard is empty; reg_status is empty")]
    assert sum(row["status"] == "active" for row in rows) == sum(r["reg_status"] == "opname" for r in given)
    assert {row["inventory"] for row in rows} == {"vacancy"}


def test_raw_holds_what_the_city_file_names_only(snap: Snap, shared: Shared, con: Con) -> None:
    shot = snap("vacancy_register", settings=ANTWERP, data=shared("antwerpen/vacancy_register.csv"))
    vacancy_register.parse(shot, con)
    found = {row[0] for row in con.execute(f"DESCRIBE {raw_name(shot.feed, 'register')}").fetchall()}
    assert found == {*ANTWERP["columns"].values(), "geom", "defect", "_row"}
