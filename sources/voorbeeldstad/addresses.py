"""The address points: one per dwelling or unit, without postcode, with a few streets missing. EPSG:4326."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from geopandas.geodataframe import GeoDataFrame

from sources.voorbeeldstad.arrow import Column, pa, pc
from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Bools, Ints
from sources.voorbeeldstad.generation import Generation
from sources.voorbeeldstad.layout import Plots
from sources.voorbeeldstad.names import SHARED_STREETS
from sources.voorbeeldstad.osm_file import to_degrees
from sources.voorbeeldstad.text import column, draw, join
from sources.voorbeeldstad.typology import INDEX

RANGE_CASES = ("number_range", "excel_date_range")


@dataclass(frozen=True)
class AddressBook:
    """Who has which address.

    Attributes:
        building: the main building that carries a plot's address `(plots,)`.
        label: house number, or the range `12-14`, per plot.
        missing_street: per plot, whether the address file lacks its street.
    """

    building: Ints
    label: Column
    missing_street: Bools


def keep_book(seed: int, b: Buildings, plots: Plots, settings: Generation) -> AddressBook:
    """Give every plot's address to a building: its own, or the neighbour that has two numbers."""
    owner = np.arange(len(plots.kind))
    label = plots.house_numbers()
    ranged = np.asarray([i for case in RANGE_CASES for i in b.cases[case]], dtype=np.int64)
    owner[ranged + 1] = ranged
    low = np.minimum(plots.number[ranged], plots.number[ranged + 1])
    span = join(column(low), "-", column(low + 2))
    for place in (ranged, ranged + 1):
        mask = np.zeros(len(owner), dtype=bool)
        mask[place] = True
        order = np.argsort(place)
        label = pc.replace_with_mask(label, pa.array(mask), span.take(pa.array(order)))
    rng = draw(seed, "missing streets")
    missing = rng.random(len(plots.streets)) < settings.streets_without_addresses
    # The planted streets are missing, the shared and the other planted ones are not.
    planted = [i for case, members in b.cases.items() if case != "street_without_addresses" for i in members]
    on_plot = b.plot[np.asarray(planted, dtype=np.int64)]
    missing[plots.street[on_plot]] = False
    missing[np.isin(np.array(plots.streets, dtype=object), SHARED_STREETS)] = False
    missing[plots.street[b.plot[np.asarray(b.cases["street_without_addresses"])]]] = True
    return AddressBook(owner, label, missing[plots.street])


def write_addresses(path: Path, seed: int, b: Buildings, plots: Plots, book: AddressBook) -> None:
    """Write `addresses.parquet` with CRAB's columns."""
    rng = draw(seed, "addresses")
    plot = np.flatnonzero(~book.missing_street)
    units = np.where(b.kind[book.building] == INDEX["apartments"], 1 + b.levels[book.building] * 2, 1)[plot]
    row = np.repeat(plot, units)
    unit = np.arange(len(row)) - np.repeat(np.cumsum(units) - units, units)
    several = np.repeat(units, units) > 1
    # Flats have an apartment number (floor and door) or a box; the choice is the building's.
    boxed = (rng.random(len(plots.kind)) < 0.3)[row]
    flat = column(100 * (unit // 2) + unit % 2 + 1)
    door = pc.utf8_lpad(flat, 3, "0")
    point = to_degrees(b.inside(plots, book.building[row]))
    street = plots.street_names().take(pa.array(row))
    frame = pd.DataFrame({
        "STRAATNM": street.to_pandas(),
        "HUISNR": plots.house_numbers().take(pa.array(row)).to_pandas(),
        "HNRLABEL": book.label.take(pa.array(row)).to_pandas(),
        "APPTNR": pc.if_else(pa.array(several & ~boxed), door, None).to_pandas(),
        "BUSNR": pc.if_else(pa.array(several & boxed), column(unit + 1), None).to_pandas(),
    })  # fmt: skip
    order = rng.permutation(len(frame))
    geometry = shapely.points(point[order])
    out = GeoDataFrame(frame.iloc[order].reset_index(drop=True), geometry=geometry, crs="EPSG:4326")
    out.to_parquet(path, index=False)
