"""The rows of the two vacancy registers, and what is true of each.

A register is small: rows are plain objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from sources.voorbeeldstad.addresses import RANGE_CASES, AddressBook
from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Bools
from sources.voorbeeldstad.layout import Plots
from sources.voorbeeldstad.names import SHARED_STREETS
from sources.voorbeeldstad.parcel import Parcels
from sources.voorbeeldstad.plant import VIP_DISTRICT
from sources.voorbeeldstad.text import draw
from sources.voorbeeldstad.typology import TYPES

CSV, VIP = "register.csv", "vip.xlsx"
_WHOLE = ("volledig pand", "volledig pand", "volledig pand", "nvt", "Volledig Pand", "gebouw")
_PART = (
    "gelijkvloers", "handelsgelijkvloers", "1ste verdieping", "2de verdieping links", "3de verdieping midden",
    "Handelsgelijkvloers", "1ste, 2de en 3de verdieping", "woning 1", "appartement 2", "Verdieping 1",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One register row.

    Attributes:
        file: `register.csv` or `vip.xlsx`.
        building: the true building, -1 when the place cannot be known.
        why: a label of `REGISTER_CASES` or `HARD_CASES`.
        street, number, number_to, box: the address as written.
        district: index of the district; -1 when the row does not say it.
        postcode: as written, "" when the row does not say it.
        capakey: as written.
        part, kind, listed_on, status: what the register says.
        length_m, area_m2: of the parcel.
        register_id: given when the rows are complete.
        serial: number of the row's building in the register.
    """

    file: str
    building: int
    why: str
    street: str
    number: str
    number_to: str
    box: str
    district: int
    postcode: str
    capakey: str
    part: str
    kind: str
    listed_on: date
    status: str
    length_m: float
    area_m2: float
    register_id: int = 0
    serial: int = 0


def is_vip(b: Buildings, plots: Plots) -> Bools:
    """Buildings whose rows stand in the hand-over file of the other municipality `(n,)`."""
    return np.asarray(plots.district[b.plot] % 3 == VIP_DISTRICT)


def list_rows(
    seed: int, b: Buildings, plots: Plots, parcels: Parcels, book: AddressBook, has_osm_address: Bools,
    statuses: Sequence[str],
) -> list[Row]:  # fmt: skip
    """All rows of both registers, with ids, in the order of the files."""
    rng = draw(seed, "register")
    area, length = parcels.shapes.measures()
    labels, keys = book.label, parcels.register_key
    in_vip = is_vip(b, plots)
    rows: list[Row] = []
    for i in np.flatnonzero(b.row > 0).tolist():
        case = b.case[i]
        number, _, number_to = labels[i].as_py().partition("-")
        row = Row(
            file=VIP if in_vip[i] else CSV, building=i, why="", street=plots.streets[plots.street[i]],
            number=number,
            number_to=number_to, box="", district=int(plots.district[i]),
            postcode=str(9901 + 2 * int(plots.district[i]) + int(plots.zone[i] > 0)), capakey=keys[i].as_py(),
            part=str(rng.choice(_PART if b.row[i] == 2 else _WHOLE)),
            kind="woning" if TYPES[b.kind[i]].is_residential else "gebouw",
            listed_on=date(2012, 1, 1) + timedelta(days=int(4880 * rng.random() ** 0.4)),
            status=statuses[b.row_status[i]], length_m=round(float(length[i]), 12),
            area_m2=round(float(area[i]), 12),
        )  # fmt: skip
        row = replace(row, **_truth(row, case, b, bool(book.missing_street[i]), bool(has_osm_address[i])))
        rows.extend(_as_written(rng, row, case, int(b.levels[i])))
    rows = [rows[k] for k in rng.permutation(len(rows))]
    return _with_ids(_with_anomalies(rows))


def _truth(row: Row, case: str | None, b: Buildings, street_missing: bool, in_osm: bool) -> dict[str, Any]:
    """Whether the place can be known, and by what."""
    if case == "street_without_addresses" and row.file == CSV:
        return {"why": case, "building": -1}
    if case is not None:
        return {"why": case}
    if b.gone[row.building]:
        return {"why": "gone"}
    if row.file == VIP:
        return {"why": "capakey"}
    if street_missing and not in_osm:
        return {"why": "refuse_street_missing", "building": -1}
    return {"why": "osm_address" if street_missing else "address"}


def _as_written(rng: np.random.Generator, row: Row, case: str | None, levels: int) -> list[Row]:
    """The row as a clerk wrote it, or one row per unit."""
    if case not in (None, "gone_in_register"):
        row = replace(row, status="opname")
    if case == "nine_units":
        return [replace(row, part=f"appartement {unit}", kind="woning", box=str(unit)) for unit in range(1, 10)]
    if case == "one_of_nine_units":
        return [replace(row, part="appartement 4 (1 van 9)", kind="woning", box="4")]
    if case == "factory_complex":
        return [replace(row, part="volledige site", status="opname")]
    if case == "box_number":
        form = int(rng.integers(0, 3))
        written = (row.number, f"{row.number} bus 3", f"{row.number}/1")[form]
        return [replace(row, number=written, box="3" if form == 0 else "")]
    if case in RANGE_CASES:
        return [row]
    if case is None and row.why in ("address", "capakey") and row.kind == "woning" and levels > 2:
        units = int(rng.integers(1, 5))
        if units > 1:
            return [
                replace(row, part=f"{n}de verdieping", box=str(rng.choice(["", str(n)]))) for n in range(1, units + 1)
            ]
    return [row]


def _with_anomalies(rows: list[Row]) -> list[Row]:
    """Rows that every real register has: shifted, doubled, without a place."""
    usual = [k for k, row in enumerate(rows) if row.file == CSV and row.why == "address"]
    rows[usual[0]] = replace(rows[usual[0]], why="shifted_row")
    nowhere = replace(rows[usual[1]], building=-1)
    extra = [
        replace(nowhere, why="refuse_no_such_address", number=number, number_to="", box="")
        for number in ("9873", "4561")
    ] + [
        replace(
            nowhere,
            why="refuse_ambiguous_street",
            street=street,
            number="3",
            number_to="",
            postcode="",
            district=-1,
        )
        for street in SHARED_STREETS[:2]
    ]
    doubled = [row for row in rows if row.file == CSV and row.why == "duplicate_register_key"]
    second = [replace(row, part="gelijkvloers") for row in doubled]
    return rows + extra + second


def _with_ids(rows: list[Row]) -> list[Row]:
    """Number the rows per file; rows of one building share `serial`, doubled keys share `register_id`."""
    first = {CSV: 50_001, VIP: 7_001}
    doubled: dict[int, int] = {}
    serial: dict[int, int] = {}
    result = []
    for row in rows:
        number = first[row.file]
        if row.why == "duplicate_register_key" and row.building in doubled:
            number = doubled[row.building]
        else:
            first[row.file] += 1
        if row.why == "duplicate_register_key":
            doubled[row.building] = number
        result.append(replace(row, register_id=number, serial=serial.setdefault(row.building, len(serial) + 20_001)))
    return sorted(result, key=lambda row: row.file)
