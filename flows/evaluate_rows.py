"""Reads a run city beside its truth: one row per building, what the method knew and said of it, and what is so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from flows.evaluate_weights import Bools, Floats, stated_weights
from sources._kit.duck import connect, identifier, literal

_QUERY = """
WITH truth AS (
    FROM read_parquet({truth})
),
candidate AS (
    SELECT truth_id, grb_id AS building_id, 0 AS place FROM truth WHERE grb_id IS NOT NULL
    UNION ALL
    SELECT truth_id, unnest(osm_ids), 1 FROM truth
),
seen AS (
    SELECT truth_id, building_id FROM candidate JOIN core.building USING (building_id)
    QUALIFY row_number() OVER (PARTITION BY truth_id ORDER BY place, building_id) = 1
),
own AS (
    -- One outline over two real buildings has no one truth.
    SELECT * FROM seen QUALIFY count(*) OVER (PARTITION BY building_id) = 1
),
counted AS (
    -- The strongest item of each authority and direction: what the score counts.
    SELECT building_id, {features}
    FROM score.underuse_part AS p JOIN evidence.item AS i USING (building_id)
    WHERE p.audience = 'city' AND p.item = i.item_id AND p.value <> 0
    GROUP BY building_id
),
listed AS (
    SELECT DISTINCT building_id FROM evidence.item WHERE is_legal
)
SELECT t.truth_id, o.building_id, t.type AS true_type, f.main_function AS function, t.is_atypical, t.is_out_of_use,
    t.probability AS generating, t.is_main, t.hard_case, s.type AS scored_type, s.is_atypical AS scored_atypical,
    u.log_odds::DOUBLE AS log_odds, u.probability, u.low, u.high, u.band, u.evidence_count,
    o.building_id IN (FROM listed) AS is_listed, {columns}
FROM truth AS t
JOIN own AS o USING (truth_id)
JOIN score.underuse AS u ON u.building_id = o.building_id AND u.audience = 'city'
JOIN score.type AS s ON s.building_id = o.building_id
LEFT JOIN reference.building_type AS f ON f.type = t.type
LEFT JOIN counted AS c ON c.building_id = o.building_id
WHERE NOT t.is_gone
ORDER BY t.truth_id
"""


def write_rows(warehouse: Path, truth: Path, target: Path) -> None:
    """Join a run city with its truth and keep the rows as Parquet.

    Left out: what is demolished, what no source of the city shows, and outlines shared by two real buildings.
    """
    kinds = stated_weights().kinds
    features = ", ".join(
        f"coalesce(max(i.freshness * i.match_score) FILTER (i.kind = {literal(kind)}), 0) AS {identifier(kind)}"
        for kind in kinds
    )
    columns = ", ".join(f"coalesce(c.{identifier(kind)}, 0) AS {identifier(kind)}" for kind in kinds)
    with connect(warehouse, read_only=True) as con:
        rows = con.execute(_QUERY.format(truth=literal(truth), features=features, columns=columns)).to_arrow_table()
    pq.write_table(rows, target, compression="zstd")


@dataclass(frozen=True)
class Sample:
    """Buildings of one or more run cities, `n` rows; columns as in the query of this module, plus `city`."""

    table: pa.Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def column(self, name: str) -> npt.NDArray[Any]:
        """One column `(n,)`; null text stays None."""
        return np.asarray(self.table[name].to_numpy(zero_copy_only=False))

    def where(self, mask: Bools) -> Sample:
        """The rows for which `mask` `(n,)` holds."""
        return Sample(self.table.filter(pa.array(mask)))

    @property
    def is_drawn(self) -> Bools:
        """Not a planted hard case: its state and traces were drawn by the stated rates `(n,)`."""
        return np.array(self.table["hard_case"].is_null())

    def features(self, kinds: Sequence[str]) -> Floats:
        """Freshness times match of the counted item of each kind, 0 where there is none `(n, k)`."""
        return np.column_stack([self.column(kind) for kind in kinds])


def read_sample(files: Sequence[tuple[str, Path]]) -> Sample:
    """Rows of the named cities, one below the other."""
    tables = [
        table.append_column("city", pa.repeat(name, table.num_rows))
        for name, table in ((name, pq.read_table(path)) for name, path in files)
    ]
    return Sample(pa.concat_tables(tables, promote_options="permissive"))
