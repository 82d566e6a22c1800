"""What a platform that polls now and then is told of buildings that are no longer shown, night after night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from flows.history import keep_history
from flows.workspace import CHECKOUT
from sources._kit.duck import connect, literal

CHANGE = (CHECKOUT / "transforms" / "layer" / "change.sql").read_text(encoding="utf-8")
CHURCH, NEXT, HOUSE = "grb:1", "grb:2", "grb:3"


class Nights:
    """The tables that tombstones are made from, and no other floor."""

    def __init__(self) -> None:
        self.con = connect()
        self.con.execute("""
            CREATE SCHEMA layer; CREATE SCHEMA core; CREATE SCHEMA reference;
            CREATE TABLE core.succession (old_id VARCHAR, new_id VARCHAR, score DOUBLE);
            CREATE TABLE reference.objection (building_id VARCHAR);
            CREATE TABLE layer.building (audience VARCHAR, building_id VARCHAR)""")

    def run(self, day: int, public: set[str], city: set[str] | None = None) -> list[tuple[Any, ...]]:
        """One night that shows these buildings; returns the public's tombstones."""
        keep_history(self.con, date(2026, 3, day))
        self.con.execute("DELETE FROM layer.building")
        for audience, ids in (("public", public), ("city", public if city is None else city)):
            for one in sorted(ids):
                self.con.execute(f"INSERT INTO layer.building VALUES ('{audience}', {literal(one)})")
        return self.of("public")

    def of(self, audience: str) -> list[tuple[Any, ...]]:
        rows = self.con.execute(f"SELECT * FROM ({CHANGE}) WHERE audience = '{audience}' ORDER BY building_id")
        return [row[1:] for row in rows.fetchall()]

    def replace(self, old: str, new: str, score: float = 0.9) -> None:
        self.con.execute(f"INSERT INTO core.succession VALUES ({literal(old)}, {literal(new)}, {score})")


@pytest.fixture
def nights() -> Iterator[Nights]:
    nights = Nights()
    yield nights
    nights.con.close()


def test_the_day_is_that_of_the_first_run_without_it_and_stays(nights: Nights) -> None:
    """Not of the run after the first one that showed it: a platform that polls weekly would not see it as new."""
    assert nights.run(1, {CHURCH, NEXT}) == []
    for day in (2, 8):
        assert nights.run(day, {CHURCH, NEXT}) == []
    gone = [(CHURCH, "withdrawn", None, date(2026, 3, 9))]
    for day in (9, 10, 20):
        assert nights.run(day, {NEXT}) == gone


def test_a_building_that_comes_back_has_no_tombstone_and_gets_a_new_day_when_it_goes_again(nights: Nights) -> None:
    nights.run(1, {CHURCH})
    assert len(nights.run(2, set())) == 1
    assert nights.run(5, {CHURCH}) == []
    assert nights.run(9, set()) == [(CHURCH, "withdrawn", None, date(2026, 3, 9))]


def test_the_public_hears_only_of_successors_it_is_shown(nights: Nights) -> None:
    nights.run(1, {CHURCH})
    nights.replace(CHURCH, HOUSE, 0.9)
    assert nights.run(2, set(), {HOUSE}) == [(CHURCH, "withdrawn", None, date(2026, 3, 2))]
    assert nights.of("city")[0][1:3] == ("replaced", HOUSE)
    nights.replace(CHURCH, NEXT, 0.5)
    assert nights.run(3, {NEXT}, {NEXT, HOUSE})[0][1:3] == ("replaced", NEXT)
    assert nights.of("city")[0][1:3] == ("replaced", f"{HOUSE}; {NEXT}")


def test_of_a_building_objected_to_the_public_hears_its_id_alone(nights: Nights) -> None:
    nights.run(1, {CHURCH, NEXT})
    nights.replace(CHURCH, NEXT)
    nights.con.execute(f"INSERT INTO reference.objection VALUES ({literal(CHURCH)})")
    assert nights.run(2, {NEXT}, {CHURCH, NEXT}) == [(CHURCH, "withdrawn", None, date(2026, 3, 2))]
    assert nights.of("city") == []


def test_what_only_the_city_was_shown_leaves_no_public_tombstone(nights: Nights) -> None:
    nights.run(1, {CHURCH}, {CHURCH, HOUSE})
    assert nights.run(2, {CHURCH}, {CHURCH}) == []
    assert [row[0] for row in nights.of("city")] == [HOUSE]
