"""Writes the registers as the two cities keep them: a CSV with a shifted row, and an Excel hand-over file."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl

from sources.voorbeeldstad.register import CSV, VIP, Row

CSV_COLUMNS = (
    "OBJECTID", "pnd_id", "pva_straat", "pva_huisnr1", "pva_huisnr2", "pva_busnr", "pnd_district_code",
    "pnd_district", "pva_postcode", "reg_entiteit", "reg_aard", "reg_opnamedatum", "reg_status",
    "SHAPE_Length",
    "SHAPE_Area",
)  # fmt: skip
VIP_COLUMNS = (
    "CapaKey", "DossierPrefix", "DossierType", "Dossiernummer", "InternNummer", "DatumOpname",
    "VIP-InventarisType",
    "VIP-Status", "VIP-StatusCode", "VIP-TypeOnroerendGoed", "Postcode", "Gemeente", "Straat", "Huisnummer",
    "Busnummer",
)  # fmt: skip
_STATUS_CODES = {"opname": "OPN", "kennisgeving": "KEN", "aanvraagschrapping": "SCH", "beroepOpname": "BER"}


def write_csv(path: Path, rows: list[Row], districts: list[str]) -> None:
    """Write `register.csv`: byte order mark, capitals, dates as text, one row shifted to the left."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        for row in rows:
            if row.file != CSV:
                continue
            name = districts[row.district] if row.district >= 0 else ""
            listed = [row.part, row.kind, row.listed_on.strftime("%Y/%m/%d 00:00:00+00"), row.status]
            if row.why == "shifted_row":
                listed = [row.kind, "", "", ""]
            writer.writerow([
                row.register_id, row.serial, row.street.upper(), row.number, row.number_to, row.box,
                name[:1], name,
                row.postcode, *listed, row.length_m, row.area_m2,
            ])  # fmt: skip


def write_xlsx(path: Path, rows: list[Row], districts: list[str]) -> None:
    """Write `vip.xlsx`: ranges in one cell, some of them eaten by Excel, some capakeys with `-`."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Inventaris")
    sheet.append(VIP_COLUMNS)
    for number, row in enumerate(row for row in rows if row.file == VIP):
        house: object = f"{row.number}-{row.number_to}" if row.number_to else row.number
        if row.why == "excel_date_range":
            # Dutch Excel reads 10-12 as the tenth of December of the year of typing.
            house = datetime(2024, int(row.number_to), int(row.number))  # noqa: DTZ001 - Excel knows no zones
        elif isinstance(house, str) and house.isdigit() and number % 2:
            house = int(house)
        capakey = row.capakey.replace("/", "-") if number % 6 == 5 else row.capakey
        sheet.append([
            capakey, "LEEG", "Leegstand", f"LEEG/{row.listed_on.year}/{row.serial}", row.register_id,
            datetime.combine(row.listed_on, datetime.min.time()), "Leegstand", row.status,
            _STATUS_CODES[row.status],
            row.kind.capitalize(), int(row.postcode), districts[row.district], row.street, house,
            row.box or None,
        ])  # fmt: skip
    raw = io.BytesIO()
    book.save(raw)
    path.write_bytes(_without_clock(raw.getvalue()))


def _without_clock(archive: bytes) -> bytes:
    """The same zip without the time of writing, in its entries and in its document properties."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2025-05-25T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, (2025, 5, 25, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return out.getvalue()
