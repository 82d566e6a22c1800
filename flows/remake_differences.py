"""Whether a night that was made again came out the same, and what differs where it did not."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from flows.history_run import layer_hash
from flows.nights import Night

_METHOD = {"version": "version", "method_hash": "code", "reference_hash": "numbers of data/reference"}


def compare(con: duckdb.DuckDBPyConnection, night: Night, now: Mapping[str, str | None]) -> list[str]:
    """What it was made of and whether all rows of the layer are those of that night; then a warning for each thing that differs.

    Args:
        con: the warehouse of the night, made again.
        night: what was asked for.
        now: what it is made of, as `table_facts` has it.
    """
    then = night.facts
    if then is None or not night.is_accepted:
        return [f"{night.origin}. No night to be the same as", *_method(then, now)]
    counted, here = then.get("layer_hash"), layer_hash(con)
    if counted == here:
        return [f"{night.origin}. Exact: every row of the layer is as it was"]
    if counted is None or counted.split(":")[0] != here.split(":")[0]:
        verdict = (
            "Whether it is exact cannot be told: that night kept no hash of its layer that this version can compare"
        )
    else:
        verdict = "NOT exact: rows of the layer differ from those of that night"
    return [f"{night.origin}. {verdict}", *(_method(then, now) or _data(then, now))]


def _method(then: Mapping[str, object] | None, now: Mapping[str, str | None]) -> list[str]:
    moved = [word for name, word in _METHOD.items() if then is not None and then[name] != now[name]]
    if then is None or not moved:
        return []
    return [
        f"another method than that night's: {', '.join(moved)} changed since (version {then['version']}, {then['config_version']} then; "
        f"{now['version']}, {now['config_version']} now). For the same numbers check out that version and ask again"
    ]


def _data(then: Mapping[str, object], now: Mapping[str, str | None]) -> list[str]:
    if then["data_hash"] == now["data_hash"]:
        return [
            "method and data are those of that night, and yet it differs: history that was forgotten, or other libraries"
        ]
    return ["boundary file or objections changed since that night: today's hold"]
