"""What was found in each building a coalition was looked for in: a row for the search itself (place 0), and one for each set.

Who fits one by one is as match.pair judges it. The sets are the solver's. A building that did not change, nor anybody it looked at, keeps
its rows of the last run: they are the same as when it is solved again.

inputs: match.coalition_building, match.party, match.request, match.offered, reference.reuse_use.use, reference.match_part,
  reference.match_limit, reference.coalition_limit
key: building_id, place
check: (place = 0) = (fill_share IS NULL)
check: place = 0 OR fill_share BETWEEN 0.6 AND 1
check: place = 0 OR len(members) >= 2
check: status IN ('found', 'none', 'optimal', 'pool_limit', 'cut_nodes', 'cut_time')
check: len(list_distinct(list_transform(members, lambda m: m.request_id))) = len(members)
code: match/_*.py
columns:
  building_id | VARCHAR | - | Gebouw | building
  place | INTEGER | - | Plaats | 0 the search itself; from 1 a set, the fullest and best first
  fill_share | DOUBLE | - | Gevuld | share of the usable area the set takes
  middle | DOUBLE | points | Midden | score of the members, by the share each takes
  gap | DOUBLE | - | Marge | by how much of it some other set could fill more, at most
  status | VARCHAR | - | Toestand | of a set: optimal within the gap, pool_limit (not all who fit were looked at), cut_nodes, cut_time (not the same twice); of a search: found, none, cut_nodes, cut_time
  exchange | VARCHAR[] | - | Uitwisseling | what one of them brings and another seeks
  to_ask_count | BIGINT | - | Te vragen | members who did not say with whom they share, or that a part will do
  members | STRUCT(request_id VARCHAR, as_use VARCHAR, area_m2 DOUBLE, taken DOUBLE, middle DOUBLE, to_ask BOOLEAN)[] | - | Leden | the members, by id
  pool_count | BIGINT | - | Kandidaten | of a search: parties that fit and share
  tried_count | BIGINT | - | Bekeken | the best of them, that were looked at
  no_area_count | BIGINT | - | Zonder oppervlakte | fit, but did not say how much they need
  alone_count | BIGINT | - | Deelt niet | fit, but share with nobody
  mark | VARCHAR | - | Kenmerk | of a search: hash of all it depends on
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import duckdb

from transforms.match._coalition_model import Limits
from transforms.match._coalition_pool import find_pool, pool_mark, read_parties
from transforms.match._coalition_rows import COLUMNS, method_hash, read_known, search_row, set_rows, write_rows
from transforms.match._coalition_solve import best_sets
from transforms.match._read import read_requests, read_supplies

_SOME = 64


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Solve what changed and keep the rest; returns the query of the table."""
    uses = [row[0] for row in con.execute("SELECT use FROM reference.reuse_use ORDER BY use").fetchall()]
    weights = dict(con.execute("SELECT part, weight FROM reference.match_part").fetchall())
    told = dict(con.execute("SELECT name, value FROM reference.coalition_limit").fetchall())
    limits = Limits(**{f: (int(told[f]) if kind == "int" else told[f]) for f, kind in Limits.__annotations__.items()})
    sizes = dict(con.execute("SELECT name, value FROM reference.match_limit").fetchall())
    request_ids, _, requests = read_requests(con, uses, sizes["size_under"], sizes["size_over"])
    parties, codes = read_parties(con, request_ids, uses)
    wanted = "(SELECT * FROM match.offered SEMI JOIN match.coalition_building AS c ON c.building_id = supply_id AND c.reason IS NULL)"
    ids, marks, supplies = read_supplies(con, wanted, "building", uses)
    method, known = method_hash(con), read_known(con)
    write_rows(con, [], append=False)

    def look(place: int) -> list[dict[str, object]]:
        pool, left_out = find_pool(requests, supplies, parties, place, weights)
        before = known.get(ids[place])
        if before and before.mark == pool_mark(method, marks[place], parties, pool, before.tried):
            tried, ended, sets = before.tried, before.status, before.sets
        else:
            found, tried, ended = best_sets(pool, limits)
            sets = set_rows(ids[place], pool, parties, found, supplies.usable[:, place], uses, codes)
        mark = pool_mark(method, marks[place], parties, pool, tried)
        return [search_row(ids[place], ended, len(pool), tried, left_out, mark), *sets]

    # HiGHS works outside Python's lock; results are taken in order, so that the number of threads changes nothing.
    with ThreadPoolExecutor(int(os.environ.get("ONBENUT_THREADS", 0)) or os.cpu_count()) as threads:
        for first in range(0, len(ids), _SOME):
            part = threads.map(look, range(first, min(first + _SOME, len(ids))))
            write_rows(con, [row for rows in part for row in rows], append=True)
    return f"SELECT {COLUMNS} FROM tried_coalition"
