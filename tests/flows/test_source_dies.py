"""A source dies and stays dead: the layer lives on its last good snapshot and says so, until it is too old to be a layer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from flows.outcome import Outcome
from flows.run import run_city
from flows.serve.app import LayerApplication
from flows.status import city_status
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import GateError
from sources.voorbeeldstad import make_city
from tests.conftest import LEAN

CITY = "voorbeeldstad"
LICENCE = "https://example.org/licence"
RULES = f'rows_min = 5\nlicence_uri = "{LICENCE}"\nmax_age_days = 5\nhard_age_days = 30\n'


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up city whose register is as old as its snapshot: the city file names no day."""
    path = make_city(tmp_path_factory.mktemp("files"), 1500, 5, LEAN)
    text = path.read_text(encoding="utf-8")
    assert "snapshot_on = 2025-05-28\nrows_min = 5\n" in text
    path.write_text(text.replace("snapshot_on = 2025-05-28\nrows_min = 5\n", RULES, 1), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Workspace:
    """The home in which it was run once, today."""
    space = Workspace(tmp_path_factory.mktemp("home"))
    assert not run(files, space, 0).warnings
    return space


def run(files: Path, space: Workspace, days: int) -> Outcome:
    return run_city(load_city(files, space.cities), space, as_of=today() + timedelta(days))


def today() -> date:
    return datetime.now(UTC).date()


def read(space: Workspace, query: str) -> list[tuple[Any, ...]]:
    with connect(space.warehouse(CITY), read_only=True) as con:
        return con.execute(query).fetchall()


NONE = {"features": [], "totalFeatures": 0, "numberMatched": 0, "numberReturned": 0}
FAULTS: dict[str, tuple[Callable[[bytes], bytes | None], str]] = {
    "gone": (lambda _: None, "no such file"),
    "no rows": (
        lambda body: json.dumps({**json.loads(body), **NONE}).encode(),
        "fewer rows than this feed must have",
    ),
    "a column renamed": (lambda body: body.replace(b'"naam"', b'"benaming"'), "column"),
    "nested": (lambda _: b'{"features":' + b"[" * 99_000, "nested deeper"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_wrong_with_it_the_last_good_snapshot_stays_and_nothing_of_the_new_one_is_used(
    files: Path, space: Workspace, fault: str
) -> None:
    spoil, reason = FAULTS[fault]
    heritage = files.with_name("heritage.geojson")
    body = heritage.read_bytes()
    asked = "SELECT count(*), sum(hash(CAST(t AS VARCHAR))::HUGEINT) FROM raw.heritage_designation AS t"
    before = read(space, asked)
    good = set(space.store.folder(CITY, "heritage").glob("*.accepted"))
    spoilt = spoil(body)
    assert spoilt != body
    heritage.unlink()
    if spoilt is not None:
        heritage.write_bytes(spoilt)
    try:
        outcome = run(files, space, 0)
    finally:
        heritage.write_bytes(body)
    assert reason in str(outcome.feeds["heritage"].fallback)
    assert "used the snapshot of" in str(outcome.feeds["heritage"].fallback)
    assert read(space, asked) == before
    assert set(space.store.folder(CITY, "heritage").glob("*.accepted")) == good


def test_its_age_is_on_every_row_it_touches_then_a_warning_then_the_end(files: Path, space: Workspace) -> None:
    register = files.with_name("register.csv")
    body = register.read_bytes()
    register.unlink()
    try:
        outcome = run(files, space, 9)
        assert "no such file" in str(outcome.feeds["vacancy_register"].fallback)
        assert any("vacancy_register: the data are 9 days old, more than 5" in one for one in outcome.warnings)
        assert "9 dagen oud, meer dan 5" in read(space, "SELECT value FROM layer.run WHERE name = 'warnings'")[0][0]
        [(rows, told)] = read(
            space,
            """SELECT count(*), count(*) FILTER (b.old_sources LIKE '%(9)%' AND b.sources_age_days >= 9) FROM layer.building AS b
            SEMI JOIN (FROM layer.evidence WHERE feed = 'vacancy_register') AS e USING (audience, building_id)""",
        )
        assert rows == told > 0
        feed = next(one for one in city_status(CITY, space).feeds if one.feed == "vacancy_register")
        assert (feed.age_days, feed.max_age_days, feed.state) == (9, 5, "fallback")
        layer = (space.outputs / CITY).readlink()
        with pytest.raises(GateError, match=r"(?s)age.*vacancy_register.*40 days"):
            run(files, space, 40)
        assert (space.outputs / CITY).readlink() == layer
    finally:
        register.write_bytes(body)


def test_a_licence_with_an_address_is_linked_where_the_layer_is_served(space: Workspace) -> None:
    app = Client(LayerApplication(space.outputs / CITY, CITY, "http://localhost", is_public=True))
    body = app.get("/collections/buildings?f=json").get_json()
    assert [link["href"] for link in body["links"] if link["rel"] == "license"] == [LICENCE]
