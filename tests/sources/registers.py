"""The Adressenregister as its three services write it: the daily extract, a file, features of a collection."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas
import pandas as pd
import shapely


@dataclass(frozen=True)
class Address:
    """One address; x and y in EPSG:31370."""

    number: int
    street: str
    house_number: str
    x: float
    y: float
    box: str | None = None
    postcode: str = "9990"
    nis: str = "99003"
    status: str = "inGebruik"


def extract(folder: Path, addresses: Sequence[Address], encoding: str = "cp1252", **files: bytes) -> bytes:
    """The zip with `Adres` as dBASE and shapes; other files of the extract go in as `files`."""
    frame = pd.DataFrame({
        "id": [f"https://data.vlaanderen.be/id/adres/{a.number}" for a in addresses],
        "adresid": [a.number for a in addresses],
        "creatieid": "2011-01-01T00:00:00+01:00",
        "versieid": "2023-11-01T16:29:02+01:00",
        "posspec": "gebouweenheid",
        "posgeommet": "afgeleidVanObject",
        "straatnmid": "10",
        "straatnm": [a.street for a in addresses],
        "huisnr": [a.house_number for a in addresses],
        "busnr": [a.box for a in addresses],
        "postcode": [a.postcode for a in addresses],
        "gemeenteid": [a.nis for a in addresses],
        "gemeentenm": "Klein",
        "status": [a.status for a in addresses],
        "offtoegknd": True,
        "voladres": [f"{a.street} {a.house_number}, {a.postcode} Klein" for a in addresses],
    })  # fmt: skip
    shapes = shapely.points([[a.x, a.y] for a in addresses])
    folder.mkdir(exist_ok=True)
    geopandas.GeoDataFrame(frame, geometry=shapes, crs="EPSG:31370").to_file(folder / "Adres.shp", encoding=encoding)
    made = {f"Adres{end}": (folder / f"Adres{end}").read_bytes() for end in (".dbf", ".shp", ".shx", ".prj", ".cpg")}
    # The extract has no .cpg: the encoding is in the head of the table.
    del made["Adres.cpg"]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**made, "Gemeente.dbf": b"\x03", **files}.items():
            archive.writestr(name, content)
    return out.getvalue()


def properties(address: Address) -> dict[str, object]:
    """An address as the OGC API writes it."""
    return {
        "Id": f"https://data.vlaanderen.be/id/adres/{address.number}",
        "ObjectId": address.number,
        "VersieId": "2023-11-01T16:29:02+01:00",
        "StraatnaamObjectId": 10,
        "Straatnaam": address.street,
        "Huisnummer": address.house_number,
        "Busnummer": address.box,
        "GemeenteObjectId": int(address.nis),
        "Gemeentenaam": "Klein",
        "PostinfoObjectId": int(address.postcode),
        "VolledigAdres": f"{address.street} {address.house_number}",
        # As the map services write the words.
        "AdresStatus": address.status[0].upper() + address.status[1:],
        "PositieGeometrieMethode": "afgeleidVanObject",
        "PositieSpecificatie": "gebouweenheid",
        "OfficieelToegekend": True,
    }


def feature(address: Address) -> dict[str, object]:
    """A feature of the collection `Adres`."""
    point = {"type": "Point", "coordinates": [address.x, address.y]}
    return {"type": "Feature", "id": f"Adres.{address.number}", "geometry": point, "properties": properties(address)}


def csv_of(addresses: Sequence[Address]) -> str:
    """A list of the register with its position in two columns."""
    rows: list[Mapping[str, object]] = [{**properties(a), "x": a.x, "y": a.y} for a in addresses]
    return pd.DataFrame(rows).to_csv(sep=";", index=False)


def geopackage(path: Path, addresses: Sequence[Address]) -> None:
    """A GeoPackage of the register."""
    made = [json.loads(json.dumps(feature(a))) for a in addresses]
    geopandas.GeoDataFrame.from_features(made, crs="EPSG:31370").to_file(path, layer="Adres", driver="GPKG")
