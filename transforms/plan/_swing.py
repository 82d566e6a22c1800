"""How far a plan moves when what it rests on does: one input at a time, at its low and at its high, as SQL over any relation of parts."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.plan._finance import FIGURES, INPUTS

FLOOR_AREA = "floor_area"


def varied(parts: str, inputs: str = "plan.input") -> str:
    """Every part with its inputs as columns: once as likely, and for each input once at its low and once at its high.

    Args:
        parts: name of a relation of parts, in the warehouse or of a CTE before.
        inputs: name of a relation with the inputs of the parts, as plan.input.

    Returns:
        A query: the columns of `parts`, `input` and `side` (`-` and `likely` for the plan itself), and a column per input. An input
        moves in all parts of a plan at once.
    """
    columns = ", ".join(
        f"any_value(CASE WHEN v.input = '{name}' AND v.side = 'low' THEN i.low WHEN v.input = '{name}' AND v.side = 'high' "
        f"THEN i.high ELSE i.likely END) FILTER (i.input = '{name}') AS {name}"
        for name in INPUTS
    )
    return f"""
        WITH variant AS (
            SELECT '-' AS input, 'likely' AS side
            UNION ALL SELECT input, unnest(['low', 'high']) FROM (SELECT '{FLOOR_AREA}' AS input UNION SELECT DISTINCT input FROM {inputs})
            WHERE input IN ('{FLOOR_AREA}', {_quoted(INPUTS)})
        ),
        cell AS (
            SELECT i.use, i.condition, i.heritage, v.input, v.side, {columns}
            FROM {inputs} AS i CROSS JOIN variant AS v GROUP BY ALL
        )
        SELECT p.* REPLACE (
            CASE WHEN c.input <> '{FLOOR_AREA}' THEN p.gross_m2 WHEN c.side = 'low' THEN p.gross_low_m2 ELSE p.gross_high_m2 END AS gross_m2
        ), c.* EXCLUDE (use, condition, heritage)
        FROM {parts} AS p JOIN cell AS c USING (use, condition, heritage)
    """


def swings(made: str, keys: Sequence[str]) -> str:
    """How far each figure moves down and up when its inputs do: root of the sum of squares of the moves of one at a time.

    Args:
        made: name of a relation `figures(varied)` with the keys, `input` and `side`.
        keys: columns that name a plan.

    Returns:
        A query: keys, and for each of FIGURES `<figure>_down` and `<figure>_up`, DOUBLE, in its unit, 0 or more.
    """
    moves = ", ".join(
        f"max(greatest(0, CAST(b.{name} - v.{name} AS DOUBLE))) AS {name}_down, max(greatest(0, CAST(v.{name} - b.{name} AS DOUBLE))) AS {name}_up"
        for name in FIGURES
    )
    sums = ", ".join(f"sqrt(sum(pow({name}_{way}, 2))) AS {name}_{way}" for name in FIGURES for way in ("down", "up"))
    key = ", ".join(keys)
    own = ", ".join(f"v.{name}" for name in keys)
    return f"""
        WITH move AS (
            SELECT {own}, v.input, {moves}
            FROM {made} AS v JOIN {made} AS b USING ({key}) WHERE b.side = 'likely' GROUP BY {own}, v.input
        )
        SELECT {key}, {sums} FROM move GROUP BY {key}
    """


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
