"""An observation with an address: which building it reaches, held to a small street in which everything can be seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flows.workspace import CHECKOUT
from sources._kit.duck import connect
from tests.transforms.reuse_world import Con
from transforms._kit.header import read_specs
from transforms._kit.runner import define_macros

SPECS = {spec.full_name: spec for spec in read_specs(CHECKOUT / "transforms")}
# street, number, box, postcode, municipality, building
POINTS = [
    ("Kerkstraat", "12", None, "9000", "Gent", "a"),
    ("Kerkstraat", "12A", None, "9000", "Gent", "b"),
    ("Kerkstraat", "12", None, "9050", "Ledeberg", "c"),
    ("Molenlaan", "3", "1", "9000", "Gent", "d"),
    ("Molenlaan", "3", "2", "9000", "Gent", "e"),
    ("Veldweg", "1", None, "9000", "Gent", None),
    ("Dorp", "7", None, None, "Gént", "f"),
    ("Dorp", "7", None, None, "Ledeberg", "g"),
    ("Dorp", "8", None, None, None, "h"),
]


@pytest.fixture
def con() -> Iterator[Con]:
    with connect() as connection:
        for schema in ("staging", "core", "reference"):
            connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute("CREATE TABLE reference.parameter (name VARCHAR, value DOUBLE)")
        define_macros(connection)
        for name in ("staging.observation", "core.building", "core.address", "core.succession"):
            columns = ", ".join(f"{column.name} {column.type}" for column in SPECS[name].columns)
            connection.execute(f"CREATE TABLE {name} ({columns})")
        for number, (street, house, box, postcode, town, building) in enumerate(POINTS):
            connection.execute(
                "INSERT INTO core.address BY NAME SELECT ? AS address_id, street_key(?) AS street_key, house_number_value(?) AS number_value, "
                "house_number_suffix(?) AS number_suffix, ? AS box_number, ? AS postcode, ? AS municipality, ? AS building_id, "
                "CASE WHEN ? IS NULL THEN NULL ELSE 0.0 END AS distance_m",
                [str(number), street, house, house, box, postcode, town, building, building],
            )
        yield connection


def reached(con: Con, street: str, house: str, box: str | None, postcode: str | None, town: str | None) -> str:
    con.execute(
        "INSERT INTO staging.observation BY NAME SELECT 'f' AS feed, '1' AS observation_id, ? AS street, street_key(?) AS street_key, "
        "? AS house_number, house_number_value(?) AS number_value, house_number_suffix(?) AS number_suffix, ? AS box_number, "
        "? AS postcode, ? AS municipality",
        [street, street, house, house, house, box, postcode, town],
    )
    rows = con.execute(
        f"SELECT coalesce(reject_reason, building_id) FROM ({SPECS['core.link_observation'].sql})"
    ).fetchall()
    assert len(rows) == 1
    return str(rows[0][0])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (("KERKSTR.", "12", None, "9000", "Ledeberg"), "a"),  # the postcode decides, whatever the place is called
        (("Kerkstraat", "12 a", None, "9000", None), "b"),
        (("Kerkstraat", "12", None, "9050", None), "c"),
        (("Kerkstraat", "12", None, None, "ledeberg "), "c"),
        (("Kerkstraat", "12", None, None, None), "the address lies in several buildings"),
        (("Kerkstraat", "12", None, "9030", "Gent"), "the house number is not in the address file"),
        (("Kerkstraat", "12b", None, "9000", None), "the house number is not in the address file"),
        (("Kerkplein", "12", None, "9000", None), "the street is not in the address file"),
        (("Molenlaan", "3", "2", "9000", None), "e"),
        (("Molenlaan", "3", None, "9000", None), "the address lies in several buildings"),
        (("Molenlaan", "3", "9", "9000", None), "the address lies in several buildings"),
        (("Veldweg", "1", None, "9000", None), "the address is known, no building lies there"),
        (("Dorp", "7", None, "9000", "Gent"), "f"),  # the file has no postcode there
        (("Dorp", "7", None, "9000", None), "the address lies in several buildings"),
        (("Dorp", "8", None, "9000", "Gent"), "h"),
    ],
)  # fmt: skip
def test_an_address_reaches_the_one_building_it_can_mean(
    con: Con, written: tuple[str, str, str | None, str | None, str | None], meant: str
) -> None:
    assert reached(con, *written) == meant
