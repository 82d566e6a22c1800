"""A small made-up city whose nights a test decides."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

from flows.changes import Change, find_changes
from flows.gates.overrule import Overrule
from flows.outcome import Outcome
from flows.run import past_night, run_city
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from tests.flows.conftest import Home

NAME = "voorbeeldstad"
FIRST, NEXT, LATER = date(2026, 3, 1), date(2026, 3, 2), date(2026, 9, 1)
MAY_MOVE = Overrule(frozenset({"score_drift", "score_mean", "bands"}), "the test moves day and weights", "tester")


class City:
    """A small made-up city whose nights a test decides."""

    def __init__(self, folder: Path) -> None:
        self.file, self.home = folder / "files" / f"{NAME}.toml", Home(folder / "home")
        self.space = self.home.space

    def edit(self, old: str, new: str) -> None:
        """Change the city file."""
        text = self.file.read_text(encoding="utf-8")
        assert old in text
        self.file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def night(self, day: date) -> Outcome:
        """Run the city as of a day; a past one is made again. The gates for scores are overruled: they are to move here."""
        model = load_city(self.file, self.space.cities)
        if made := past_night(model, self.space, day):
            return made
        return run_city(model, self.space, as_of=day, overrule=MAY_MOVE)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with connect(self.space.warehouse(NAME), read_only=True) as con:
            return con.execute(query).fetchall()

    def changes(self, since: date = NEXT, audience: str = "city") -> list[Change]:
        return find_changes(NAME, self.space, since, audience)

    def states(self) -> int:
        return int(self.rows("SELECT count(*) FROM history.building_state")[0][0])

    def list_two(self) -> set[str]:
        """List two buildings in the register of which nothing is known; returns them."""
        found = self.rows("""
            SELECT b.building_id, any_value(a.street), any_value(a.house_number)
            FROM layer.building AS b JOIN core.address AS a USING (building_id)
            WHERE b.audience = 'public' AND b.underuse_band = 'unknown' AND b.building_id LIKE 'grb:%'
                AND (SELECT count(*) FROM core.address AS o WHERE o.street = a.street AND o.house_number = a.house_number) = 1
            GROUP BY b.building_id HAVING count(*) = 1 ORDER BY b.building_id LIMIT 2""")
        assert len(found) == 2
        path = self.file.parent / "register.csv"
        body = path.read_bytes()
        names, model = (line.split(",") for line in body.decode("utf-8-sig").splitlines()[:2])
        for place, (_building, street, number) in enumerate(found):
            told = dict(zip(names, model, strict=True))
            told |= {"OBJECTID": f"{990001 + place}", "pva_straat": street, "pva_huisnr1": number, "pva_busnr": ""}
            told |= {"pnd_id": "", "pva_postcode": "", "pnd_district": "", "reg_entiteit": "gebouw"}
            body += (",".join(told.values()) + "\n").encode()
        path.write_bytes(body)
        return {row[0] for row in found}

    def drop_footprint(self, building: str) -> None:
        """Take a building of the collection knw out of the reference map."""
        number = int(building.rsplit(":", 1)[1])
        for path in sorted((self.file.parent / "grb").glob("knw_*.json")):
            page = json.loads(path.read_text(encoding="utf-8"))
            page["features"] = [one for one in page["features"] if one["properties"]["OIDN"] != number]
            page["numberReturned"] = len(page["features"])
            path.write_text(json.dumps(page), encoding="utf-8")

    def weigh(self, folder: Path, name: str, value: float) -> None:
        """Change a reference number, in a checkout of the test's own."""
        shutil.copytree(CHECKOUT / "data" / "reference", folder / "data" / "reference")
        (folder / "transforms").symlink_to(CHECKOUT / "transforms")
        path = folder / "data" / "reference" / "scoring.toml"
        text, n = re.subn(rf'(name = "{name}", value = )[\d.]+', rf"\g<1>{value}", path.read_text(encoding="utf-8"))
        assert n == 1
        path.write_text(text, encoding="utf-8")
        self.space = Workspace(self.home.path, folder)
