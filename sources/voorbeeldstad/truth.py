"""Writes what is really so: per building, and per register row."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sources.voorbeeldstad import state
from sources.voorbeeldstad.addresses import AddressBook
from sources.voorbeeldstad.arrow import Column, pa, pc, pq
from sources.voorbeeldstad.building import SPLIT_AT, Buildings
from sources.voorbeeldstad.footprint import Floats, Ints, starts
from sources.voorbeeldstad.layout import DEPTH, Plots
from sources.voorbeeldstad.osm_objects import OsmObjects
from sources.voorbeeldstad.parcel import Parcels
from sources.voorbeeldstad.register import Row
from sources.voorbeeldstad.text import column, join, pick
from sources.voorbeeldstad.typology import TYPES

BROKEN = (state.TWO_POINTS, state.UNCLOSED, state.NO_MEMBER)


def truth_ids(index: Ints) -> Column:
    """Ids of real buildings, `t0000001` and on; null for -1."""
    text = join("t", pc.utf8_lpad(column(index + 1), 7, "0"))
    return pc.if_else(pa.array(index >= 0), text, pa.scalar(None, pa.string()))


def grb_ids(b: Buildings, oidn: Ints) -> Column:
    """The ids the house gives: grb:<OIDN> for Gbg, with the collection for Knw, as OIDN is unique within one only; else null."""
    collection = pa.array(["", "knw:"]).take(pa.array(b.is_structure().astype(np.int8)))
    usable = b.in_grb.copy()
    usable[[*b.cases["lambert_2008"], *b.cases["empty_geometry"]]] = False
    return pc.if_else(pa.array(usable), join("grb:", collection, oidn), pa.scalar(None, pa.string()))


def write_truth(
    path: Path, b: Buildings, plots: Plots, parcels: Parcels, book: AddressBook, objects: OsmObjects,
    oidn: Ints,
    probability: Floats,
) -> None:  # fmt: skip
    """Write `truth.parquet`, one row per real building."""
    codes = [entry.code for entry in TYPES]
    count = len(b)
    ids = _osm_ids(b, objects)
    first = pc.list_element(pc.if_else(pc.greater(pc.list_value_length(ids), 0), ids, pa.scalar([None], ids.type)), 0)
    none = pa.scalar(None, pa.string())
    main = pa.array(b.is_main)
    plot = pa.array(b.plot)
    addressed = b.is_main.copy()
    addressed[np.flatnonzero(book.building != np.arange(len(book.building)))] = False
    has_address = pa.array(addressed)
    inside = b.inside(plots, np.arange(count))
    former = b.former
    house_fire = np.asarray(b.cases["fire_station_now_house"])
    atypical = b.is_atypical()
    atypical[house_fire] = True
    parcel = parcels.of_plot[b.plot].copy()
    # Behind the cut of a split parcel stands nothing but what was built there.
    split = np.isin(b.plot, parcels.is_split[: len(parcels.is_split) // 2])
    behind = split & (b.y0 > DEPTH[plots.zone[b.plot]] * SPLIT_AT)
    back = {int(front): len(plots.kind) + k for k, front in enumerate(np.sort(np.asarray(b.cases["split_parcel"])))}
    for i in np.flatnonzero(behind):
        parcel[i] = back[int(b.plot[i])]
    table = pa.table({
        "truth_id": truth_ids(np.arange(count)),
        "grb_id": grb_ids(b, oidn),
        "osm_id": first,
        "osm_ids": ids,
        "type": pick(codes, b.kind),
        "former_type": pc.if_else(pa.array(former >= 0), pick(codes, np.maximum(former, 0)), none),
        "is_atypical": atypical,
        "is_residential": b.is_residential(),
        "is_out_of_use": b.out,
        "vacant_share": b.vacant_share,
        "probability": probability,
        "is_gone": b.gone,
        "hard_case": pa.array(b.case, pa.string()),
        "street": pc.if_else(has_address, plots.street_names().take(plot), none),
        "house_number": pc.if_else(has_address, book.label.take(plot), none),
        "district": pick(plots.districts, plots.district[b.plot]),
        "capakey": parcels.capakey.take(pa.array(parcel)),
        "x": np.round(inside[:, 0], 3),
        "y": np.round(inside[:, 1], 3),
        "is_main": main,
        "levels": b.levels,
    })  # fmt: skip
    pq.write_table(table, path, compression="zstd")


def write_register_truth(path: Path, rows: list[Row]) -> None:
    """Write `register_truth.parquet`, one row per register row; `row` counts data rows in the file from 1."""
    place: dict[str, int] = {}
    number = []
    for row in rows:
        place[row.file] = place.get(row.file, 0) + 1
        number.append(place[row.file])
    table = pa.table({
        "file": [row.file for row in rows],
        "row": number,
        "register_id": [str(row.register_id) for row in rows],
        "truth_id": truth_ids(np.array([row.building for row in rows], dtype=np.int64)),
        "why": [row.why for row in rows],
    })  # fmt: skip
    pq.write_table(table, path, compression="zstd")


def _osm_ids(b: Buildings, objects: OsmObjects) -> Column:
    """The OSM elements of every building; none for broken elements, the shared one for merged neighbours."""
    drawn = np.flatnonzero((objects.building >= 0) & ~np.isin(objects.form, BROKEN))
    merged = drawn[objects.form[drawn] == state.MERGED]
    element = np.concatenate([drawn, merged])
    owner = np.concatenate([objects.building[drawn], objects.building[merged] + 1])
    order = np.argsort(owner, kind="stable")
    kind = pa.array(["osm:w", "osm:r"]).take(pa.array(objects.is_relation()[element].astype(np.int8)))
    text = join(kind, objects.ids()[element]).take(pa.array(order))
    return pa.ListArray.from_arrays(pa.array(starts(np.bincount(owner, minlength=len(b))), pa.int32()), text)
