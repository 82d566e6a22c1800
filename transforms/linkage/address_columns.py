"""Which column of a file is the street, which the number: told by well-known spellings, or by the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sources._kit.duck import identifier
from sources._kit.errors import ColumnError

# Per role, groups of spellings in order of preference: the first group of which a file has any decides, and two columns of
# one group are a question for the caller. Letters and digits only, lower case.
SPELLINGS: dict[str, tuple[tuple[str, ...], ...]] = {
    "street": (
        ("straatnm", "straatnaam", "pvastraat", "straat", "street", "streetname", "streetnl", "addrstreet"),
        ("openbareruimtenaam", "nomvoie", "rue", "strasse"),
    ),
    "house_number": (
        ("huisnr", "huisnummer", "pvahuisnr1", "huisnr1", "housenumber", "addrhousenumber", "hausnummer"),
        ("nummer", "number", "nr", "numero"),
    ),
    "house_number_to": (("pvahuisnr2", "huisnr2", "housenumberto", "huisnummertot", "huisnrtot"),),
    "postcode": (
        ("postcode", "pvapostcode", "postalcode", "zipcode", "zip", "addrpostcode", "pkancode"),
        ("postinfoobjectid", "plz", "codepostal"),
    ),
    # A district says more than the city around it.
    "municipality": (
        ("pnddistrict", "district", "deelgemeente"),
        (
            "gemeente",
            "gemeentenaam",
            "municipality",
            "municipalitynl",
            "addrcity",
            "city",
            "woonplaats",
            "woonplaatsnaam",
        ),
    ),
}
# A flat and a box are the same thing in two columns: the first that is filled counts.
BOXES = ("busnr", "busnummer", "pvabusnr", "boxnumber", "box", "bus", "boite", "apptnr", "appartementnummer")
ROW_IDS = ("rowid", "registerid", "objectid", "internnummer", "id")
ADDRESS_IDS = ("addressid", "objectid", "id", "identificator")
POSITIONS = (
    ("xlambert72", "ylambert72", "EPSG:31370"),
    ("lon", "lat", "EPSG:4326"),
    ("longitude", "latitude", "EPSG:4326"),
    ("x", "y", None),
)


def plain(name: str) -> str:
    """A column name reduced to letters and digits."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def told(columns: Sequence[str], said: Mapping[str, str], **where: object) -> dict[str, str]:
    """The columns the caller named, under the file's own spelling.

    Raises:
        ColumnError: the file has no such column.
    """
    own = {name.lower(): name for name in columns}
    for role, name in said.items():
        if name.lower() not in own:
            raise ColumnError(
                f"the column named for {role} is missing",
                column=name,
                value=f"the file has {', '.join(columns)}",
                next_step="name one of these",
                **where,
            )
    return {role: own[name.lower()] for role, name in said.items()}


def guess_columns(columns: Sequence[str], said: Mapping[str, str], **where: object) -> dict[str, str]:
    """SQL for the text columns street, house_number, house_number_to, box_number, postcode, municipality.

    Args:
        columns: of the file.
        said: role -> column, as the caller named them; these are not guessed.
        **where: the file, for errors.

    Raises:
        ColumnError: no street or number, or two columns that could be one.
    """
    named = told(columns, said, **where)
    found: dict[str, str] = {}
    for role, groups in SPELLINGS.items():
        hits = [[c for c in columns if plain(c) in group] for group in groups]
        chosen = [named[role]] if role in named else next((hit for hit in hits if hit), [])
        if len(chosen) > 1:
            raise ColumnError(
                f"several columns could be the {role}",
                column=", ".join(chosen),
                next_step=f"say which: {role}={chosen[0]}",
                **where,
            )
        if not chosen and role in ("street", "house_number"):
            raise ColumnError(
                f"no column looks like the {role}",
                column=role,
                value=f"the file has {', '.join(columns)}",
                next_step=f"say which: {role}=COLUMN",
                **where,
            )
        found[role] = _text(chosen)
    boxes = sorted((c for c in columns if plain(c) in BOXES), key=lambda c: BOXES.index(plain(c)))
    found["box_number"] = _text([named["box_number"]] if "box_number" in named else boxes)
    return found


def guess_id(columns: Sequence[str], spellings: Sequence[str]) -> str | None:
    """The column that looks like an id, in order of preference; None where there is none."""
    ranked = sorted((c for c in columns if plain(c) in spellings), key=lambda c: spellings.index(plain(c)))
    return ranked[0] if ranked else None


def _text(columns: Sequence[str]) -> str:
    cells = [f"nullif(trim(CAST({identifier(c)} AS VARCHAR)), '')" for c in columns]
    return f"coalesce({', '.join(cells)})" if cells else "CAST(NULL AS VARCHAR)"
