"""The priority of many buildings under many drawings of the weights, vectorised; seeded, so that a run can be repeated.

Every weight has its own stream of numbers, named after it: a new weight does not disturb the draws of the others.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SEED = 20260101


@dataclass(frozen=True)
class Draws:
    """How often and how far weights are drawn, and the numbers that are no weights."""

    count: int
    spread: float
    parameter: dict[str, float]
    kinds: list[str]
    authorities: dict[str, list[str]]

    @classmethod
    def read(cls, con: duckdb.DuckDBPyConnection) -> Draws:
        """Read them from the reference tables."""
        parameter = dict(con.execute("SELECT name, value FROM reference.parameter").fetchall())
        told = con.execute("SELECT kind, authority FROM reference.evidence_kind ORDER BY kind").fetchall()
        authorities: dict[str, list[str]] = {}
        for kind, authority in told:
            authorities.setdefault(authority, []).append(kind)
        return cls(int(parameter["rank_draws"]), parameter["rank_spread"], parameter, [k for k, _ in told], authorities)

    def factor(self, name: str) -> Floats:
        """Factors of one weight `(count,)`, uniform between 1 - spread and 1 + spread."""
        return np.asarray(1 + self.spread * (2 * self.share(name) - 1))

    def share(self, name: str) -> Floats:
        """Numbers between 0 and 1 `(count,)`."""
        return np.random.default_rng([SEED, zlib.crc32(name.encode())]).random(self.count)


def drawn_scores(con: duckdb.DuckDBPyConnection, draws: Draws, audience: str, first: int, last: int) -> Floats:
    """Priority of the rows `first`..`last` of ranked_row under every draw `(rows, draws)`.

    Probability and atypicality are recomputed from their parts with every weight drawn again; so is the index of every
    use, of which the best counts; the share that is empty is drawn between its bounds.
    """

    def read(query: str) -> dict[str, Any]:
        where = f"r.audience = '{audience}' AND r.place >= {first} AND r.place < {last}"
        return con.execute(query.replace("$rows", where)).fetchnumpy()

    rows = last - first
    probability = _probability(read(_UNDERUSE), draws, first, rows)
    atypicality = _atypicality(read(_ATYPICALITY), read(_TYPE), draws, first, rows)
    reuse, has_reuse = _reuse(read(_SPAN), read(_REUSE), read(_NAMED), draws, first, rows)
    state = read(_SHARE)
    low, high = (np.ma.filled(np.ma.asarray(state[name], dtype=np.float64), np.nan) for name in ("low", "high"))
    share = np.where(np.isnan(low)[:, None], 1.0, low[:, None] + (high - low)[:, None] * draws.share("vacant share"))
    weight_a = draws.parameter["priority_atypicality"] * draws.factor("priority_atypicality")
    weight_r = draws.parameter["priority_reuse"] * draws.factor("priority_reuse")
    both = weight_a * atypicality + weight_r * reuse
    return np.asarray(probability * share * np.where(has_reuse[:, None], both, atypicality))


def _probability(part: dict[str, Any], draws: Draws, first: int, rows: int) -> Floats:
    place = part["place"] - first
    kind = part["kind"].astype(str)
    value = part["value"].astype(np.float64)
    log_odds = np.zeros((rows, draws.count))
    prior = kind == "prior"
    log_odds[place[prior]] += value[prior, None] * draws.factor("prior")
    for kinds in draws.authorities.values():
        column = {name: number for number, name in enumerate(kinds)}
        chosen = np.isin(kind, kinds)
        if chosen.any():
            index = np.array([column[name] for name in kind[chosen]])
            said = _table(place[chosen], index, value[chosen], (rows, len(kinds))) @ np.stack(
                [draws.factor(f"evidence {name}") for name in kinds]
            )
            cap = draws.parameter["authority_cap"]
            log_odds += np.clip(said, -cap, cap)
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _atypicality(part: dict[str, Any], kind: dict[str, Any], draws: Draws, first: int, rows: int) -> Floats:
    total = np.zeros((rows, draws.count))
    item = part["item"].astype(str)
    value = part["value"].astype(np.float64)
    for name in np.unique(item):
        chosen = item == name
        total[part["place"][chosen] - first] += value[chosen, None] * draws.factor(f"atypicality {name}")
    highest = np.where(kind["may_exceed"].astype(bool), 100.0, draws.parameter["ordinary_max"])
    return np.clip(total, 0.0, highest[:, None])


def _reuse(
    span: dict[str, Any], level: dict[str, Any], named: dict[str, Any], draws: Draws, first: int, rows: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Middle of the bounds of the best use that may be named `(rows, draws)`, and whether there is one `(rows,)`."""
    best = np.full((rows, draws.count), -1.0)
    for use in np.unique(span["use"].astype(str)):
        of_use = span["use"].astype(str) == use
        names = span["criterion"][of_use].astype(str)
        factors = np.stack([draws.factor(f"reuse {use} {name}") for name in names])
        told = level["use"].astype(str) == use
        column = np.searchsorted(names, level["criterion"][told].astype(str))
        bounds = []
        for bound, unknown in (("level_low", "worst"), ("level_high", "best")):
            table = np.tile(span[unknown][of_use].astype(np.float64), (rows, 1))
            table[level["place"][told] - first, column] = level[bound][told]
            weighed = np.abs(table) @ factors
            # Nothing for and nothing against: the bound stays where it can be.
            open_end = 0.0 if bound == "level_low" else 100.0
            ratio = 100 * (np.maximum(table, 0) @ factors) / np.where(weighed > 0, weighed, 1.0)
            bounds.append(np.where(weighed > 0, ratio, open_end))
        may = np.zeros(rows, dtype=bool)
        may[named["place"][named["use"].astype(str) == use] - first] = True
        best = np.where(may[:, None], np.maximum(best, (bounds[0] + bounds[1]) / 2), best)
    return np.maximum(best, 0.0), best[:, 0] >= 0


def _table(row: NDArray[np.int64], column: NDArray[np.int64], value: Floats, shape: tuple[int, int]) -> Floats:
    """Values at their places, added where several share one; zero elsewhere."""
    flat = np.bincount(row * shape[1] + column, weights=value, minlength=shape[0] * shape[1])
    return np.asarray(flat.reshape(shape))


_UNDERUSE = """
    SELECT r.place, p.kind, p.value::DOUBLE AS value FROM ranked_row AS r JOIN score.underuse_part AS p USING (audience, building_id)
    WHERE $rows AND p.kind <> 'cap' AND p.value <> 0 ORDER BY r.place, p.item
"""
_ATYPICALITY = """
    SELECT r.place, p.item, p.value::DOUBLE AS value FROM ranked_row AS r JOIN score.atypicality_part AS p USING (building_id)
    WHERE $rows AND p.item NOT IN ('ordinary', 'floor') ORDER BY r.place, p.item
"""
_TYPE = """
    SELECT t.is_atypical OR t.type = 'unknown' AS may_exceed FROM ranked_row AS r JOIN score.type AS t USING (building_id)
    WHERE $rows ORDER BY r.place
"""
_SPAN = """
    SELECT use, criterion, any_value(worst) AS worst, any_value(best) AS best FROM score.reuse_level GROUP BY ALL ORDER BY ALL
"""
_REUSE = """
    SELECT r.place, p.use, p.criterion, p.level_low, p.level_high FROM ranked_row AS r JOIN score.reuse_part AS p USING (building_id)
    WHERE $rows ORDER BY r.place, p.use, p.criterion
"""
_NAMED = """
    SELECT r.place, u.use FROM ranked_row AS r JOIN score.reuse AS u USING (building_id)
    WHERE $rows AND u.place IS NOT NULL ORDER BY r.place, u.use
"""
_SHARE = """
    SELECT u.vacant_low AS low, u.vacant_high AS high FROM ranked_row AS r JOIN score.underuse AS u USING (audience, building_id)
    WHERE $rows ORDER BY r.place
"""
