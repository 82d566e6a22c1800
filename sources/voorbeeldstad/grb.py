"""Writes GRB's three collections as the pages that its OGC API Features service answers with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sources.voorbeeldstad.arrow import Column, pa, pc
from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Footprints, Ints
from sources.voorbeeldstad.layout import Plots
from sources.voorbeeldstad.parcel import Parcels
from sources.voorbeeldstad.shape import CODES
from sources.voorbeeldstad.text import coordinates, day_text, draw, join, pick, write_text
from sources.voorbeeldstad.typology import INDEX

PAGE = 10_000
FIRST_OIDN = 3_000_001
FIRST_PARCEL_OIDN = 5_000_001
_TIME_STAMP = "2025-05-25T03:12:07.512Z"
_LAMBERT_2008 = 500_000.0
_REASONS = (
    (13, "aanmaak uniek percelenplan\\r\\n"), (11, "adpupdate"), (3, "terreinupdate"),
    (4, "bijhouding binnengebieden"), (6, "globale bijhouding"), (16, "bijhouding managed service"),
)  # fmt: skip
_FORMATS = (
    ("text/html", "text%2Fhtml", "alternate", "This document as text/html"),
    ("application/json", "application%2Fjson", "alternate", "This document as application/json"),
    ("application/geo+json", "application%2Fgeo%2Bjson", "self", "This document"),
)


def number_buildings(seed: int, b: Buildings) -> Ints:
    """OIDN of every building. GBG and KNW count from the same number, so equal OIDNs occur."""
    rng = draw(seed, "oidn")
    oidn = np.zeros(len(b), dtype=np.int64)
    structure = b.is_structure()
    for collection in (structure, ~structure):
        index = np.flatnonzero(collection)
        oidn[index] = FIRST_OIDN + rng.permutation(len(index))
    # The planted pairs: a structure takes the number of an ordinary building that GBG surely holds.
    case = np.asarray(b.cases["same_oidn"])
    for tower, house in zip(case[structure[case]], case[~structure[case]], strict=True):
        for member, among in ((tower, structure), (house, ~structure)):
            target = FIRST_OIDN + int(np.searchsorted(np.sort(case[structure[case]]), tower))
            holder = np.flatnonzero(among & (oidn == target))[0]
            oidn[holder], oidn[member] = oidn[member], target
    return oidn


def write_buildings(folder: Path, seed: int, b: Buildings, shapes: Footprints, oidn: Ints) -> None:
    """Write `gbg_*.json` and `knw_*.json`; what GRB lacks is left out."""
    structure = b.is_structure()
    broken = np.zeros(len(b), dtype=np.int8)
    broken[b.cases["lambert_2008"]] = 1
    broken[b.cases["empty_geometry"]] = 2
    for name, members in (("GBG", ~structure), ("KNW", structure)):
        index = np.flatnonzero(b.in_grb & members)
        index = index[np.argsort(oidn[index], kind="stable")]
        rng = draw(seed, name)
        code, label = _kind(b, index, rng, name)
        surveyed = day_text("2008-01-01", rng.integers(0, 6000, len(index)))
        attributes = [
            *_life(rng, len(index), oidn[index], 20_000_000),
            ',"TYPE":', code, ',"LBLTYPE":"', label, '","OPNDATUM":"', surveyed, '"', *_reason(rng,
            len(index)),
        ]  # fmt: skip
        _write_pages(folder, name, oidn[index], shapes.take(index), attributes, broken[index])


def write_parcels(folder: Path, seed: int, parcels: Parcels, plots: Plots, broken: Ints) -> None:
    """Write `adp_*.json`; parcels at `broken` come in Lambert 2008."""
    count = len(parcels.shapes)
    rng = draw(seed, "ADP")
    oidn = FIRST_PARCEL_OIDN + rng.permutation(count)
    order = np.argsort(oidn)
    chosen = pa.array(order)
    flaw = np.zeros(count, dtype=np.int8)
    flaw[broken] = 1
    attributes = [
        *_life(rng, count, oidn[order], 40_000_000),
        ',"CAPAKEY":"', parcels.capakey.take(chosen), '","CANU":"', parcels.canu.take(chosen),
        '","NISCODE":"99001","FISCDATUM":"2024-01-01","BHRDR":2,"LBLBHRDR":"AAPD"', *_reason(rng, count),
    ]  # fmt: skip
    _write_pages(folder, "ADP", oidn[order], parcels.shapes.take(order), attributes, flaw[order])


def _kind(b: Buildings, index: Ints, rng: np.random.Generator, name: str) -> tuple[Column, Column]:
    """TYPE and LBLTYPE."""
    if name == "KNW":
        kind = np.select([b.is_chimney[index], b.kind[index] == INDEX["water_tower"]], [0, 1], 2)
        labels = ["schoorsteen", "watertoren", "koeltoren"]
        return pa.array(np.array([12, 5, 8])[kind]), pick(labels, kind)
    outbuilding = np.isin(b.kind[index], [INDEX["shed"], INDEX["garage_box"]])
    trimmed = ~outbuilding & (b.shape[index] == CODES["box"]) & (rng.random(len(index)) < 0.02)
    kind = np.select([outbuilding, trimmed], [1, 2], 0)
    labels = ["hoofdgebouw", "bijgebouw", "gebouw afgezoomd met virtuele gevels"]
    return pa.array(kind + 1), pick(labels, kind)


def _life(rng: np.random.Generator, count: int, oidn: Ints, first_uidn: int) -> list[object]:
    begin = rng.integers(0, 4700, count)
    changed = np.minimum(begin + rng.integers(0, 2500, count), 5500)
    return [
        '{"UIDN":', first_uidn + np.arange(count), ',"OIDN":', oidn, ',"VERSIE":', rng.integers(1, 6, count),
        ',"BEGINDATUM":"', day_text("2010-01-01", begin), '","VERSDATUM":"', day_text("2010-01-01",
        changed), '"',
    ]  # fmt: skip


def _reason(rng: np.random.Generator, count: int) -> list[object]:
    choice = rng.integers(0, len(_REASONS), count)
    return [
        ',"BGNINV":', pa.array([code for code, _ in _REASONS]).take(pa.array(choice)),
        ',"LBLBGNINV":"', pick([label for _, label in _REASONS], choice), '"}',
    ]  # fmt: skip


def _write_pages(
    folder: Path,
    name: str,
    oidn: Ints,
    shapes: Footprints,
    attributes: list[object],
    broken: NDArray[np.int8],
) -> None:
    """Pages of `PAGE` features, sorted by OIDN; `broken` is 1 for Lambert 2008, 2 for no geometry."""
    folder.mkdir(parents=True, exist_ok=True)
    properties = [part if isinstance(part, str) else pa.array(part) for part in attributes]
    for page, begin in enumerate(range(0, max(len(oidn), 1), PAGE), start=1):
        index = np.arange(begin, min(begin + PAGE, len(oidn)))
        flaw = broken[index]
        part = shapes.take(index).moved(
            np.where(flaw == 1, _LAMBERT_2008, 0.0)[:, None] * np.ones(2), np.ones(len(index))
        )
        box = np.round(part.bounds(), 5)
        geometry = join('{"type":"Polygon","coordinates":', coordinates(part), "}")
        bounds = join(',"bbox":[', box[:, 0], ",", box[:, 1], ",", box[:, 2], ",", box[:, 3], "]")
        missing = pa.array(flaw == 2)
        line_end = np.full(len(index), ",\n", dtype=object)
        line_end[-1:] = "\n"
        features = join(
            f'{{"type":"Feature","id":"{name}.', oidn[index], '","geometry":', pc.if_else(missing, "null",
            geometry),
            ',"geometry_name":"SHAPE","properties":',
            *[p if isinstance(p, str) else p.slice(begin, len(index)) for p in properties],
            pc.if_else(missing, "", bounds), "}", pa.array(line_end, pa.string()),
        )  # fmt: skip
        with (folder / f"{name.lower()}_{page:04d}.json").open("wb") as out:
            out.write(b'{"type":"FeatureCollection","features":[\n')
            write_text(out, features)
            out.write(b"]," + json.dumps(_tail(name, len(index), begin, len(oidn))).encode()[1:] + b"\n")


def _tail(name: str, returned: int, begin: int, total: int) -> dict[str, object]:
    """What follows the features: no total, as in the real service; `next` and `previous` where there are."""
    base = f"https://example.org/GRB/ogc/features/v1/collections/{name}"
    query = f"items?limit={PAGE}&startIndex="
    links: list[dict[str, str]] = [
        {"title": title, "type": kind, "rel": rel, "href": f"{base}/{query}{begin}&f={code}"}
        for kind, code, rel, title in _FORMATS
    ]
    if begin + returned < total:
        links.append({
            "title": "Next page", "type": "application/geo+json", "rel": "next",
            "href": f"{base}/{query}{begin + PAGE}&f=application%2Fgeo%2Bjson",
        })  # fmt: skip
    links.append({
        "title": "The collection description as application/json", "type": "application/json",
        "rel": "collection",
        "href": f"{base}?f=application%2Fjson",
    })  # fmt: skip
    return {
        "numberReturned": returned, "timeStamp": _TIME_STAMP, "links": links,
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::31370"}},
    }  # fmt: skip
